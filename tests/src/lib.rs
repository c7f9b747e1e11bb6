//! Acceptance tests: the whole house, through its doors.

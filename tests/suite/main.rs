//! The acceptance tests: the whole house, through its doors.

#![allow(clippy::unwrap_used, reason = "a test tells a fault by panicking")]

mod baseline;
mod dying_disk;
mod formats;
mod handover;
mod kept;
mod mariadb;
mod restarts;
mod scripts;
mod stepwise;
mod taking_back;
mod tidy;
mod waiting;

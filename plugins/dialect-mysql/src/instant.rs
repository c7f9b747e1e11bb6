//! Instants with an offset, in the only notation that every server reads: UTC, without one.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2024-02-29 14:00:00.5+02:00` as `2024-02-29 12:00:00.5`. MariaDB reads no offsets, and the session is in UTC. A text that
/// has none, or is no instant, is left for the server to judge.
pub(crate) fn in_utc(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(instant) => {
            let civil = instant.to_zoned(TimeZone::UTC).datetime();
            civil.to_string().replacen('T', " ", 1)
        }
        Err(_) => text.to_owned(),
    }
}

/// The text with exactly so many digits of a second, as the server gives it back. More digits are left for it to round.
pub(crate) fn with_precision(text: &str, precision: u8) -> String {
    let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
    let wanted = usize::from(precision);
    let digits = digits.trim_end_matches('0');
    if digits.len() > wanted || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return text.to_owned();
    }
    if wanted == 0 { whole.to_owned() } else { format!("{whole}.{digits:0<wanted$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_taken_out() {
        for (text, utc) in [
            ("2024-02-29 14:00:00.123456+02:00", "2024-02-29 12:00:00.123456"),
            ("2024-02-29T23:30:00-01:30", "2024-03-01 01:00:00"),
            ("2024-02-29T12:00:00Z", "2024-02-29 12:00:00"),
            ("2024-02-29 12:00:00", "2024-02-29 12:00:00"),
            ("0000-00-00 00:00:00", "0000-00-00 00:00:00"),
        ] {
            assert_eq!(in_utc(text), utc);
        }
    }

    #[test]
    fn digits_of_a_second_are_those_of_the_column() {
        assert_eq!(with_precision("12:00:00", 3), "12:00:00.000");
        assert_eq!(with_precision("12:00:00.50", 0), "12:00:00.50");
        assert_eq!(with_precision("12:00:00.000", 0), "12:00:00");
        assert_eq!(with_precision("12:00:00.5", 6), "12:00:00.500000");
    }
}

//! Times and sizes, as people write and read them.

use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

/// A length of time: a number with `s`, `m`, `h`, `d` or `w` behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Span(pub(crate) Duration);

/// A number of bytes: a number, with `K`, `M`, `G` or `T` behind it for powers of 1024.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Bytes(pub(crate) u64);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let units = [
            ("s", 1),
            ("m", 60),
            ("h", 3600),
            ("d", 86400),
            ("w", 7 * 86400),
        ];
        number_with(text, &units)
            .map(|seconds| Self(Duration::from_secs(seconds)))
            .ok_or_else(|| format!("{text:?} is no time, such as 90s, 15m, 36h, 7d or 4w"))
    }
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let units = [
            ("K", 1 << 10),
            ("M", 1 << 20),
            ("G", 1 << 30),
            ("T", 1 << 40),
            ("", 1),
        ];
        number_with(text, &units)
            .map(Self)
            .ok_or_else(|| format!("{text:?} is no number of bytes, such as 500K, 20M or 1G"))
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl TryFrom<String> for Bytes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

fn number_with(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    units.iter().find_map(|(unit, factor)| {
        let number = text.strip_suffix(unit)?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        number
            .parse::<u64>()
            .ok()
            .filter(|_| is_number)?
            .checked_mul(*factor)
    })
}

/// So many of them: `1 stream`, `2 streams`.
pub(crate) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// So many seconds in the largest unit that leaves two digits or fewer.
pub(crate) fn show_seconds(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7199 => format!("{}m", seconds / 60),
        7200..=172_799 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    }
}

/// So many bytes, rounded.
pub(crate) fn show_bytes(bytes: u64) -> String {
    let mut unit = 1u64;
    for name in ["", "K", "M", "G", "T"] {
        let whole = bytes / unit;
        if whole < 1024 {
            return match whole {
                0..=9 if unit > 1 => format!("{whole}.{}{name}", bytes % unit * 10 / unit),
                _ => format!("{whole}{name}"),
            };
        }
        unit <<= 10;
    }
    format!("{}P", bytes >> 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let seconds = |text: &str| text.parse::<Span>().ok().map(|span| span.0.as_secs());
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("36h"), Some(36 * 3600));
        assert_eq!(seconds("4w"), Some(28 * 86400));
        for text in [
            "",
            "s",
            "90",
            "-1s",
            "1.5h",
            "1 h",
            "99999999999999999w",
            "+1s",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_read_and_shown() {
        let bytes = |text: &str| text.parse::<Bytes>().ok().map(|bytes| bytes.0);
        assert_eq!(bytes("0"), Some(0));
        assert_eq!(bytes("20M"), Some(20 << 20));
        for text in ["", "M", "1X", "1.5G", "99999999999T"] {
            assert_eq!(bytes(text), None, "{text}");
        }
        let shown = [0, 1023, 1024, 1536, 10 << 10, (1 << 30) - 1, 1 << 50].map(show_bytes);
        assert_eq!(shown, ["0", "1023", "1.0K", "1.5K", "10K", "1023M", "1P"]);
    }

    #[test]
    fn times_are_shown() {
        let shown = [0, 119, 120, 7199, 7200, 172_800].map(show_seconds);
        assert_eq!(shown, ["0s", "119s", "2m", "119m", "2h", "2d"]);
    }
}

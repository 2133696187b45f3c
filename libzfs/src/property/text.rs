//! Numbers as people write them: `10G`, `1.5TiB`, `512`.

/// The number that a text stands for: digits, maybe with a decimal point, and a suffix, in either
/// case, of `B`, `K`, `M`, `G`, `T`, `P` or `E`, or one of these but the first with `B` or `iB`. Each
/// is 1024 times the one before. A fraction of one is dropped.
pub(super) fn parse_number(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, suffix) = text.split_at(end.unwrap_or(text.len()));
    let shift = shift_of(suffix)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let digits = |text: &str| match text {
        "" => Some(0),
        _ => text.parse::<u64>().ok(),
    };
    let whole = u128::from(digits(whole)?) << shift;
    // More digits than these are less than a byte of an exbibyte.
    let fraction = fraction.get(..18).unwrap_or(fraction);
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction = (u128::from(digits(fraction)?) << shift) / scale;
    u64::try_from(whole + fraction).ok()
}

fn shift_of(suffix: &str) -> Option<u32> {
    let suffix = suffix.to_ascii_uppercase();
    let Some(letter) = suffix.chars().next() else {
        return Some(0);
    };
    let power = "BKMGTPE".find(letter)?;
    let rest = &suffix[letter.len_utf8()..];
    let is_whole = rest.is_empty() || (letter != 'B' && matches!(rest, "B" | "IB"));
    is_whole.then(|| 10 * u32::try_from(power).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_read_as_zfs_reads_them() {
        for (text, number) in [
            ("0", 0),
            ("512", 512),
            ("512b", 512),
            ("1k", 1 << 10),
            ("10G", 10 << 30),
            ("10GB", 10 << 30),
            ("10gib", 10 << 30),
            ("1.5M", 3 << 19),
            (".5K", 512),
            ("1.", 1),
            ("0.0001K", 0),
            ("15E", 15 << 60),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse_number(text), Some(number), "{text}");
        }
        for text in [
            "",
            ".",
            "-1",
            "1.2.3",
            "G",
            "1X",
            "1BB",
            "1BiB",
            "16E",
            "1 G",
            " 1",
            "1Gi",
            "1é",
            "18446744073709551616",
            "none",
        ] {
            assert_eq!(parse_number(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic(text in "\\PC*") {
            let _ = parse_number(&text);
        }

        #[test]
        fn what_is_written_is_read(number: u64, power in 0..7_u32) {
            prop_assert_eq!(parse_number(&number.to_string()), Some(number));
            let small = number >> (10 * power);
            let suffix = ["", "K", "M", "G", "T", "P", "E"][power as usize];
            let bytes = small.checked_shl(10 * power).filter(|n| n >> (10 * power) == small);
            prop_assert_eq!(parse_number(&format!("{small}{suffix}")), bytes);
        }
    }
}

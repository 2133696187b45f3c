//! The OpenZFS releases that there are guests for.

use std::fmt;
use std::str::FromStr;

/// One supported series of OpenZFS, and where Debian ships it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Release {
    /// 2.1, in Debian 12 (bookworm).
    V2_1,
    /// 2.3, in Debian 13 (trixie).
    V2_3,
    /// 2.4, in trixie's backports; everything else in that guest is trixie's own.
    V2_4,
}

impl Release {
    /// All of them, oldest first.
    pub(crate) const ALL: [Self; 3] = [Self::V2_1, Self::V2_3, Self::V2_4];

    /// What is built once and runs in every guest is built against this one.
    pub(crate) const OLDEST: Self = Self::V2_1;

    /// The series as users write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V2_1 => "2.1",
            Self::V2_3 => "2.3",
            Self::V2_4 => "2.4",
        }
    }

    /// The Debian suite that the guest is made of.
    ///
    /// Always a stable one: `sid` moves under a test's feet, and hosts do not
    /// know the key that signs it.
    pub(crate) fn suite(self) -> &'static str {
        match self {
            Self::V2_1 => "bookworm",
            Self::V2_3 | Self::V2_4 => "trixie",
        }
    }

    /// Whether ZFS, and only ZFS, comes from the suite's backports.
    pub(crate) fn backported(self) -> bool {
        self == Self::V2_4
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|release| release.name() == text)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|release| release.name()).collect();
                format!("there are guests for OpenZFS {}", known.join(", "))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for release in Release::ALL {
            assert_eq!(release.name().parse(), Ok(release));
        }
        assert!("2.2".parse::<Release>().is_err());
        assert!("".parse::<Release>().is_err());
    }
}

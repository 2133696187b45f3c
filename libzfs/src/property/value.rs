//! Values to set, and the form in which the kernel takes them.

use thiserror::Error;

use super::{CanMount, Encryption};
use crate::name::check_user_property;
use crate::nvlist::Value;

/// A value to give to a property.
///
/// It is made from `bool` (`on` and `off`), numbers (numbers, sizes in bytes, times in seconds),
/// and texts: the text of a string or user property, or the name of one of an enumeration's
/// values, such as `"lz4"`. The kernel takes enumerations as numbers; the names of those that
/// this crate knows are looked up here, so that a misspelt one is found before anything is done.
///
/// A native property that this crate does not know is handed to the kernel as it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PropertyValue {
    /// `on` or `off`.
    Bool(bool),
    /// A number, a size in bytes, or the number of an enumeration's value.
    Number(u64),
    /// A text, or the name of an enumeration's value.
    Text(String),
}

/// Why a value does not suit a property.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The property's name is none.
    #[error(transparent)]
    Name(#[from] crate::name::NameError),
    /// No property of this name is known.
    #[error("no property {property:?} is known")]
    Unknown {
        /// The name.
        property: String,
    },
    /// The property cannot be inherited.
    #[error("{property} cannot be inherited, and so not be excluded")]
    NotInheritable {
        /// The property.
        property: String,
    },
    /// A text with a NUL byte, which C would take for its end.
    #[error("the value of {property} has a NUL byte")]
    Nul {
        /// The property.
        property: String,
    },
    /// An enumeration has no value of this name.
    #[error("{property} cannot be {value:?}; it can be {allowed}")]
    NotOneOf {
        /// The property.
        property: String,
        /// What was given.
        value: String,
        /// The names that there are.
        allowed: String,
    },
    /// A size that is no power of two of at least 512, which the kernel would take all the same.
    #[error("{property} is a power of two of at least 512, not {value}")]
    BlockSize {
        /// The property.
        property: String,
        /// What was given.
        value: u64,
    },
    /// The value is of another type than the property.
    #[error("{property} takes {expected}")]
    Type {
        /// The property.
        property: String,
        /// What it takes.
        expected: &'static str,
    },
}

/// Checks that `name` is a property that can be inherited: a native one that this crate knows, or
/// a user property.
pub(crate) fn check_name(name: &str) -> Result<(), ValueError> {
    if name.contains(':') {
        return Ok(check_user_property(name)?);
    }
    if NOT_INHERITABLE.contains(&name) {
        return Err(ValueError::NotInheritable {
            property: name.to_owned(),
        });
    }
    let known = names_of(name).is_some()
        || [TEXTS, NUMBERS, OTHERS]
            .iter()
            .any(|names| names.contains(&name));
    if known {
        Ok(())
    } else {
        Err(ValueError::Unknown {
            property: name.to_owned(),
        })
    }
}

/// What a dataset does not inherit; the kernel passes over a wish to have it so.
const NOT_INHERITABLE: &[&str] = &[
    "canmount",
    "filesystem_limit",
    "quota",
    "refquota",
    "refreservation",
    "reservation",
    "snapshot_limit",
    "version",
    "volsize",
];

/// Enumerations of which this crate does not know the values by name.
const OTHERS: &[&str] = &[
    "aclinherit",
    "aclmode",
    "casesensitivity",
    "dedup",
    "direct",
    "dnodesize",
    "encryption",
    "keyformat",
    "longname",
    "normalization",
    "pbkdf2salt",
    "prefetch",
    "version",
    "volthreading",
];

const BOOLEANS: &[&str] = &[
    "atime", "devices", "exec", "nbmand", "overlay", "readonly", "relatime", "setuid", "utf8only",
    "vscan", "zoned",
];

const TEXTS: &[&str] = &[
    "context",
    "defcontext",
    "fscontext",
    "keylocation",
    "mlslabel",
    "mountpoint",
    "rootcontext",
    "sharenfs",
    "sharesmb",
];

const NUMBERS: &[&str] = &[
    "copies",
    "filesystem_limit",
    "pbkdf2iters",
    "quota",
    "recordsize",
    "refquota",
    "refreservation",
    "reservation",
    "snapshot_limit",
    "special_small_blocks",
    "volblocksize",
    "volsize",
];

/// Sizes that the kernel does not check when a dataset is created with them.
const BLOCK_SIZES: &[&str] = &["recordsize", "volblocksize"];

type Names = &'static [(&'static str, u64)];

const ON_OFF: Names = &[("off", 0), ("on", 1)];
const CACHE: Names = &[("none", 0), ("metadata", 1), ("all", 2)];

/// The values of enumerations, by name. `zstd-N` is not listed: the level is part of the number.
const INDEXES: &[(&str, Names)] = &[
    ("acltype", &[("off", 0), ("posix", 1), ("nfsv4", 2)]),
    ("canmount", &[("off", 0), ("on", 1), ("noauto", 2)]),
    (
        "checksum",
        &[
            ("on", 1),
            ("off", 2),
            ("fletcher2", 6),
            ("fletcher4", 7),
            ("sha256", 8),
            ("noparity", 10),
            ("sha512", 11),
            ("skein", 12),
            ("edonr", 13),
            ("blake3", 14),
        ],
    ),
    (
        "compression",
        &[
            ("on", 1),
            ("off", 2),
            ("lzjb", 3),
            ("gzip-1", 5),
            ("gzip-2", 6),
            ("gzip-3", 7),
            ("gzip-4", 8),
            ("gzip-5", 9),
            ("gzip", 10),
            ("gzip-6", 10),
            ("gzip-7", 11),
            ("gzip-8", 12),
            ("gzip-9", 13),
            ("zle", 14),
            ("lz4", 15),
            ("zstd", 16),
        ],
    ),
    ("logbias", &[("latency", 0), ("throughput", 1)]),
    ("primarycache", CACHE),
    ("secondarycache", CACHE),
    (
        "redundant_metadata",
        &[("all", 0), ("most", 1), ("some", 2), ("none", 3)],
    ),
    ("snapdev", &[("hidden", 0), ("visible", 1)]),
    ("snapdir", &[("hidden", 0), ("visible", 1), ("disabled", 2)]),
    ("sync", &[("standard", 0), ("always", 1), ("disabled", 2)]),
    (
        "volmode",
        &[
            ("default", 0),
            ("full", 1),
            ("geom", 1),
            ("dev", 2),
            ("none", 3),
        ],
    ),
    ("xattr", &[("off", 0), ("dir", 1), ("on", 2), ("sa", 2)]),
];

/// `zstd-3` is the number of zstd with the level in the bits above the lowest seven.
fn zstd_level(name: &str) -> Option<u64> {
    const ZSTD: u64 = 16;
    let level: u64 = name.strip_prefix("zstd-")?.parse().ok()?;
    (1..=19).contains(&level).then_some(ZSTD | level << 7)
}

fn names_of(property: &str) -> Option<Names> {
    if BOOLEANS.contains(&property) {
        return Some(ON_OFF);
    }
    INDEXES
        .iter()
        .find(|(name, _)| *name == property)
        .map(|(_, names)| *names)
}

impl PropertyValue {
    /// The value in the form that the kernel takes for `property`.
    pub(crate) fn to_native(&self, property: &str) -> Result<Value, ValueError> {
        let wrong_type = |expected| {
            Err(ValueError::Type {
                property: property.to_owned(),
                expected,
            })
        };
        if matches!(self, Self::Text(text) if text.contains('\0')) {
            return Err(ValueError::Nul {
                property: property.to_owned(),
            });
        }
        if property.contains('\0') {
            return Err(ValueError::Unknown {
                property: property.to_owned(),
            });
        }
        if property.contains(':') {
            check_user_property(property)?;
            return match self {
                Self::Text(text) => Ok(Value::from(text.as_str())),
                _ => wrong_type("a text: it is a user property"),
            };
        }
        let as_name = match self {
            Self::Bool(on) => Some(if *on { "on" } else { "off" }),
            Self::Text(text) => Some(text.as_str()),
            Self::Number(_) => None,
        };
        if let (Some(names), Some(name)) = (names_of(property), as_name) {
            let index = names
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, index)| *index);
            let level = if property == "compression" {
                zstd_level(name)
            } else {
                None
            };
            return match index.or(level) {
                Some(index) => Ok(Value::U64(index)),
                None => Err(ValueError::NotOneOf {
                    property: property.to_owned(),
                    value: name.to_owned(),
                    allowed: names
                        .iter()
                        .map(|(name, _)| *name)
                        .collect::<Vec<_>>()
                        .join(", "),
                }),
            };
        }
        match self {
            Self::Number(_) if TEXTS.contains(&property) => wrong_type("a text"),
            Self::Bool(_) if TEXTS.contains(&property) => wrong_type("a text"),
            Self::Bool(_) | Self::Text(_) if NUMBERS.contains(&property) => wrong_type("a number"),
            Self::Number(number)
                if BLOCK_SIZES.contains(&property)
                    && !(*number >= 512 && number.is_power_of_two()) =>
            {
                Err(ValueError::BlockSize {
                    property: property.to_owned(),
                    value: *number,
                })
            }
            Self::Number(number) => Ok(Value::U64(*number)),
            Self::Bool(on) => Ok(Value::U64((*on).into())),
            Self::Text(text) => Ok(Value::from(text.as_str())),
        }
    }
}

impl From<bool> for PropertyValue {
    fn from(on: bool) -> Self {
        Self::Bool(on)
    }
}

impl From<u64> for PropertyValue {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for PropertyValue {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<&str> for PropertyValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for PropertyValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<CanMount> for PropertyValue {
    fn from(canmount: CanMount) -> Self {
        Self::Number(canmount.index())
    }
}

impl From<Encryption> for PropertyValue {
    fn from(suite: Encryption) -> Self {
        Self::Number(suite.index())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn native(property: &str, value: impl Into<PropertyValue>) -> Result<Value, ValueError> {
        value.into().to_native(property)
    }

    #[test]
    fn names_become_numbers() {
        assert_eq!(native("readonly", true), Ok(Value::U64(1)));
        assert_eq!(native("readonly", "off"), Ok(Value::U64(0)));
        assert_eq!(native("canmount", "noauto"), Ok(Value::U64(2)));
        assert_eq!(native("canmount", CanMount::Off), Ok(Value::U64(0)));
        assert_eq!(native("compression", "zstd-3"), Ok(Value::U64(16 | 3 << 7)));
        assert_eq!(native("compression", false), Ok(Value::U64(2)));
        assert_eq!(native("quota", 1_u64 << 30), Ok(Value::U64(1 << 30)));
        assert_eq!(native("mountpoint", "none"), Ok(Value::from("none")));
        assert_eq!(native("com.example:a", "b"), Ok(Value::from("b")));
    }

    #[test]
    fn what_does_not_suit_is_refused_with_the_reason() {
        let why = |property, value: PropertyValue| native(property, value).unwrap_err().to_string();
        assert!(why("readonly", "yes".into()).contains("off, on"));
        assert!(why("compression", "zstd-20".into()).contains("lz4"));
        assert!(why("quota", "1G".into()).contains("a number"));
        assert!(why("mountpoint", true.into()).contains("a text"));
        assert!(why("com.example:a", 1_u64.into()).contains("user property"));
        assert!(why("recordsize", 1000_u64.into()).contains("power of two"));
        assert!(native("recordsize", 1_u64 << 20).is_ok());
        assert!(native("Com.example:a", "b").is_err());
    }

    #[test]
    fn names_are_checked() {
        for known in [
            "readonly",
            "mountpoint",
            "recordsize",
            "dedup",
            "compression",
            "a:b",
        ] {
            assert_eq!(check_name(known), Ok(()));
        }
        for unknown in ["mountpiont", "", "A:b", "canmount", "quota"] {
            assert!(check_name(unknown).is_err(), "{unknown:?}");
        }
        assert!(native("a:b", "c\0d").is_err() && native("mount\0point", "c").is_err());
    }

    #[test]
    fn an_unknown_property_is_handed_on() {
        assert_eq!(native("newer", 7_u64), Ok(Value::U64(7)));
        assert_eq!(native("newer", "text"), Ok(Value::from("text")));
    }
}

//! Values to set, and the form in which the kernel takes them.

use thiserror::Error;

use super::index::{
    AclInherit, AclMode, AclType, CacheMode, CanMount, CaseSensitivity, Checksum, Compression,
    Dedup, DirectIo, DnodeSize, Encryption, FailMode, LogBias, Normalization, RedundantMetadata,
    SnapDev, SnapDir, SyncMode, VolMode, Xattr,
};
use super::info::{Access, IndexNames, PropertyHolder, PropertyInfo, PropertyKind, Release};
use super::text::parse_number;
use crate::name::check_user_property;
use crate::nvlist::Value;

/// A value to give to a property.
///
/// It is made from `bool` (`on` and `off`), numbers (numbers, sizes in bytes, times in seconds),
/// the enumerations of this module, and texts: the text of a string or user property, the name of
/// one of an enumeration's values, such as `"lz4"`, or a number as people write it, such as `"10G"`
/// or `"none"`. The kernel takes enumerations as numbers; names are looked up here, so that a
/// misspelt one is found before anything is done.
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
    #[error("{property} cannot be inherited")]
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
    /// Nobody sets it: it is a statistic or a state.
    #[error("{property} is read-only")]
    ReadOnly {
        /// The property.
        property: String,
    },
    /// It can only be set at other times, such as when a dataset is created.
    #[error("{property} can only be set {when}")]
    CannotBeSet {
        /// The property.
        property: String,
        /// When it can be set.
        when: &'static str,
    },
    /// What it was to be set on has no such property.
    #[error("a {holder} has no {property}")]
    WrongHolder {
        /// The property.
        property: String,
        /// What it was to be set on.
        holder: PropertyHolder,
    },
    /// The value is not one that the property can have.
    #[error("{property} is {allowed}, not {value:?}")]
    OutOfRange {
        /// The property.
        property: String,
        /// What was given.
        value: String,
        /// What it can be.
        allowed: String,
    },
    /// A text is longer than there is room for.
    #[error("the value of {property} has {len} bytes, with room for {max}")]
    TooLong {
        /// The property.
        property: String,
        /// How many bytes it has.
        len: usize,
        /// How many it may have.
        max: usize,
    },
    /// The property, or the value, came with a later release of OpenZFS than the loaded module's.
    #[error("{property} needs OpenZFS {since} or later")]
    NeedsRelease {
        /// The property, or the property with the value.
        property: String,
        /// The release that has it.
        since: Release,
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
    let property = || name.to_owned();
    match super::info(name) {
        Some(info) if info.access() == Access::ReadOnly => Err(ValueError::ReadOnly {
            property: property(),
        }),
        Some(_) if is_of_one_dataset(name) => Err(ValueError::NotInheritable {
            property: property(),
        }),
        Some(_) => Ok(()),
        None => Err(ValueError::Unknown {
            property: property(),
        }),
    }
}

/// What a dataset does not inherit, so that the kernel passes over a wish to have it so.
fn is_of_one_dataset(name: &str) -> bool {
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
    NOT_INHERITABLE.contains(&name) || name.starts_with("default")
}

/// Sizes that the kernel does not check.
const BLOCK_SIZES: &[&str] = &["recordsize", "volblocksize"];

/// What `none` and `auto` are of a number, where they are something.
fn word(property: &str, text: &str) -> Option<u64> {
    match (property, text) {
        ("quota" | "refquota" | "reservation" | "refreservation", "none") => Some(0),
        ("filesystem_limit" | "snapshot_limit", "none") => Some(u64::MAX),
        ("dedup_table_quota", "none") => Some(0),
        ("dedup_table_quota", "auto") => Some(u64::MAX),
        (property, "none") if property.starts_with("default") => Some(0),
        _ => None,
    }
}

impl PropertyInfo {
    /// The value in the form that the kernel takes.
    ///
    /// Texts are read as `zfs set` reads them: a size may be `10G`, a limit `none`.
    ///
    /// # Errors
    ///
    /// It is of another type, or none of an enumeration's, or a block size that is none.
    pub fn native_value(&self, value: &PropertyValue) -> Result<Value, ValueError> {
        let property = || self.name.to_owned();
        let wrong_type = |expected| {
            Err(ValueError::Type {
                property: property(),
                expected,
            })
        };
        match (self.kind, value) {
            (PropertyKind::Index(names), PropertyValue::Text(name)) => {
                index(self.name, names, name)
            }
            (PropertyKind::Index(names), PropertyValue::Bool(on)) => {
                index(self.name, names, if *on { "on" } else { "off" })
            }
            (PropertyKind::Index(_), PropertyValue::Number(number)) => Ok(Value::U64(*number)),
            (PropertyKind::Text, PropertyValue::Text(text)) => Ok(Value::from(text.as_str())),
            (PropertyKind::Text, _) => wrong_type("a text"),
            (PropertyKind::List, _) => Err(ValueError::ReadOnly {
                property: property(),
            }),
            (_, PropertyValue::Bool(_)) => wrong_type("a number"),
            (_, PropertyValue::Number(number)) => self.number(*number),
            (_, PropertyValue::Text(text)) => {
                match word(self.name, text).or_else(|| parse_number(text)) {
                    Some(number) => self.number(number),
                    None => wrong_type("a number, such as 512, 10G or 1.5T"),
                }
            }
        }
    }

    fn number(&self, number: u64) -> Result<Value, ValueError> {
        if BLOCK_SIZES.contains(&self.name) && !(number >= 512 && number.is_power_of_two()) {
            return Err(ValueError::BlockSize {
                property: self.name.to_owned(),
                value: number,
            });
        }
        Ok(Value::U64(number))
    }
}

fn index(property: &str, names: IndexNames, name: &str) -> Result<Value, ValueError> {
    match names.iter().find(|(known, _)| *known == name) {
        Some((_, index)) => Ok(Value::U64(*index)),
        None => Err(ValueError::NotOneOf {
            property: property.to_owned(),
            value: name.to_owned(),
            allowed: names_of(names),
        }),
    }
}

pub(super) fn names_of(names: IndexNames) -> String {
    let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

impl PropertyValue {
    /// The value in the form that the kernel takes for `property` of a dataset. A native one that
    /// this crate does not know is left as it is given.
    pub(crate) fn to_native(&self, property: &str) -> Result<Value, ValueError> {
        self.check_nul(property)?;
        if property.contains(':') {
            return self.to_user(property);
        }
        match (super::info(property), self) {
            (Some(info), value) => info.native_value(value),
            (None, Self::Number(number)) => Ok(Value::U64(*number)),
            (None, Self::Bool(on)) => Ok(Value::U64((*on).into())),
            (None, Self::Text(text)) => Ok(Value::from(text.as_str())),
        }
    }

    pub(super) fn check_nul(&self, property: &str) -> Result<(), ValueError> {
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
        Ok(())
    }

    /// The value of a user property.
    pub(super) fn to_user(&self, property: &str) -> Result<Value, ValueError> {
        check_user_property(property)?;
        match self {
            Self::Text(text) => Ok(Value::from(text.as_str())),
            _ => Err(ValueError::Type {
                property: property.to_owned(),
                expected: "a text: it is a user property",
            }),
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

macro_rules! from_enumerations {
    ($($enum:ident)*) => {$(
        impl From<$enum> for PropertyValue {
            fn from(value: $enum) -> Self {
                Self::Number(value.index())
            }
        }
    )*};
}

from_enumerations! {
    AclInherit AclMode AclType CacheMode CanMount CaseSensitivity Checksum Compression Dedup DirectIo
    DnodeSize Encryption FailMode LogBias Normalization RedundantMetadata SnapDev SnapDir SyncMode
    VolMode Xattr
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
        assert_eq!(native("quota", "1.5G"), Ok(Value::U64(3 << 29)));
        assert_eq!(native("quota", "none"), Ok(Value::U64(0)));
        assert_eq!(native("snapshot_limit", "none"), Ok(Value::U64(u64::MAX)));
        assert_eq!(native("mountpoint", "none"), Ok(Value::from("none")));
        assert_eq!(native("com.example:a", "b"), Ok(Value::from("b")));
    }

    #[test]
    fn what_does_not_suit_is_refused_with_the_reason() {
        let why = |property, value: PropertyValue| native(property, value).unwrap_err().to_string();
        assert!(why("readonly", "yes".into()).contains("off, on"));
        assert!(why("compression", "zstd-20".into()).contains("lz4"));
        assert!(why("quota", "1X".into()).contains("a number"));
        assert!(why("recordsize", "none".into()).contains("a number"));
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

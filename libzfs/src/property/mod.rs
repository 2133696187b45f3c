//! Properties: a value with its source, typed where ZFS gives it a type.
//!
//! Every dataset carries native properties, whose types ZFS knows, and user properties, which are
//! texts whose names have a `:`. [`Properties`] is what one call of the kernel returned; a
//! [`NativeProperty`] such as [`ENCRYPTION`] reads a typed value from it.

mod value;

use std::fmt;

use bstr::{BStr, ByteSlice};

use crate::key::KeyFormat;
use crate::name::DatasetName;
use crate::nvlist::{NvList, Value};

pub(crate) use self::value::check_name;
pub use self::value::{PropertyValue, ValueError};

/// Where a property's value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// Set on the dataset itself.
    Local,
    /// Not set anywhere; the default of the property.
    Default,
    /// Set on a dataset above, or received there.
    Inherited(DatasetName),
    /// Received with a stream.
    Received,
    /// Statistics and states: a value that nobody sets (`zfs get` shows `-`).
    None,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.pad("local"),
            Self::Default => f.pad("default"),
            Self::Inherited(from) => write!(f, "inherited from {from}"),
            Self::Received => f.pad("received"),
            Self::None => f.pad("-"),
        }
    }
}

/// A property's value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Property<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub source: Source,
}

impl<T> Property<T> {
    /// The same source with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Property<U> {
        Property {
            value: f(self.value),
            source: self.source,
        }
    }
}

impl<T: fmt::Display> fmt::Display for Property<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// A native property whose values have the type `T`.
///
/// The constants of this module are all there are today; [`Properties::raw`] has the rest.
#[derive(Clone, Copy)]
pub struct NativeProperty<T> {
    name: &'static str,
    decode: fn(&Value) -> Option<T>,
    /// What an absent property means; `None` where it means that the dataset has none.
    absent: Option<fn() -> T>,
}

impl<T> NativeProperty<T> {
    /// The property's name, as `zfs get` has it.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl<T> fmt::Debug for NativeProperty<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NativeProperty").field(&self.name).finish()
    }
}

macro_rules! native {
    ($($(#[$doc:meta])* $const:ident: $type:ty = $name:literal, $decode:expr $(, or $absent:expr)?;)*) => {
        $(
            $(#[$doc])*
            pub const $const: NativeProperty<$type> = NativeProperty {
                name: $name,
                decode: $decode,
                absent: native!(@absent $($absent)?),
            };
        )*
    };
    (@absent) => { None };
    (@absent $absent:expr) => { Some(|| $absent) };
}

native! {
    /// `encryption`: the cipher suite; [`Encryption::Off`] for a dataset that is not encrypted.
    ENCRYPTION: Encryption = "encryption", |v| v.as_u64().map(Encryption::from_index), or Encryption::Off;
    /// `keystatus`: whether the key is loaded; [`KeyStatus::None`] for one that is not encrypted.
    KEY_STATUS: KeyStatus = "keystatus", |v| v.as_u64().map(KeyStatus::from_index), or KeyStatus::None;
    /// `keyformat`: what the key is made from; none for a dataset that is not encrypted.
    KEY_FORMAT: KeyFormat = "keyformat", |v| v.as_u64().and_then(KeyFormat::from_index);
    /// `encryptionroot`: the dataset that this one has its key from, maybe itself.
    ENCRYPTION_ROOT: DatasetName = "encryptionroot", |v| v.as_str()?.parse().ok();
    /// `receive_resume_token`: there if a receive into this dataset was interrupted.
    RECEIVE_RESUME_TOKEN: String = "receive_resume_token", text;
    /// `keylocation`: where `zfs load-key` looks for the key: `prompt`, or a URL.
    KEY_LOCATION: String = "keylocation", text;
    /// `pbkdf2salt`: the salt of a passphrase.
    PBKDF2_SALT: u64 = "pbkdf2salt", |v| v.as_u64();
    /// `pbkdf2iters`: how many iterations make a key from a passphrase.
    PBKDF2_ITERS: u64 = "pbkdf2iters", |v| v.as_u64();
    /// `guid`: what identifies a dataset or snapshot on both sides of a replication.
    GUID: u64 = "guid", |v| v.as_u64();
    /// `createtxg`: the transaction group in which it was created.
    CREATE_TXG: u64 = "createtxg", |v| v.as_u64();
    /// `creation`: the time at which it was created, in seconds since 1970.
    CREATION: u64 = "creation", |v| v.as_u64();
    /// `used`: bytes that the dataset and what is below it take.
    USED: u64 = "used", |v| v.as_u64();
    /// `available`: bytes that can still be written.
    AVAILABLE: u64 = "available", |v| v.as_u64();
    /// `referenced`: bytes that the dataset itself refers to.
    REFERENCED: u64 = "referenced", |v| v.as_u64();
    /// `logicalreferenced`: the same before compression.
    LOGICAL_REFERENCED: u64 = "logicalreferenced", |v| v.as_u64();
    /// `ivsetguid`: what raw streams from and to an encrypted snapshot are matched by.
    IVSET_GUID: u64 = "ivsetguid", |v| v.as_u64();
    /// `userrefs`: how many holds a snapshot has.
    USER_REFS: u64 = "userrefs", |v| v.as_u64();
    /// `readonly`
    READONLY: bool = "readonly", flag, or false;
    /// `canmount`
    CANMOUNT: CanMount = "canmount", |v| v.as_u64().map(CanMount::from_index), or CanMount::On;
    /// `mountpoint`, as it is set: the path that results for a child is this one's with the
    /// rest of its name.
    MOUNTPOINT: String = "mountpoint", text;
    /// `origin`: the snapshot that a clone was made from.
    ORIGIN: String = "origin", text;
}

fn text(value: &Value) -> Option<String> {
    value.as_bstr().map(|text| text.to_str_lossy().into_owned())
}

fn flag(value: &Value) -> Option<bool> {
    value.as_u64().map(|number| number != 0)
}

/// The property `encryption`: with which cipher suite a dataset is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Encryption {
    /// Not at all. A raw send of such a dataset is plain text.
    Off,
    /// AES with a 128-bit key in CCM mode.
    Aes128Ccm,
    /// AES with a 192-bit key in CCM mode.
    Aes192Ccm,
    /// AES with a 256-bit key in CCM mode.
    Aes256Ccm,
    /// AES with a 128-bit key in GCM mode.
    Aes128Gcm,
    /// AES with a 192-bit key in GCM mode.
    Aes192Gcm,
    /// AES with a 256-bit key in GCM mode: what `encryption=on` stands for since OpenZFS 0.8.4.
    #[default]
    Aes256Gcm,
    /// A suite that is newer than this crate, with the kernel's number for it.
    Unknown(u64),
}

impl Encryption {
    /// The suite that the kernel has this number for.
    pub fn from_index(index: u64) -> Self {
        match index {
            0 | 2 => Self::Off,
            3 => Self::Aes128Ccm,
            4 => Self::Aes192Ccm,
            5 => Self::Aes256Ccm,
            6 => Self::Aes128Gcm,
            7 => Self::Aes192Gcm,
            // 1 stands for `on`, and the kernel replaces it when it stores the property.
            1 | 8 => Self::Aes256Gcm,
            other => Self::Unknown(other),
        }
    }

    /// The number that the kernel has for it.
    pub fn index(self) -> u64 {
        match self {
            Self::Off => 2,
            Self::Aes128Ccm => 3,
            Self::Aes192Ccm => 4,
            Self::Aes256Ccm => 5,
            Self::Aes128Gcm => 6,
            Self::Aes192Gcm => 7,
            Self::Aes256Gcm => 8,
            Self::Unknown(index) => index,
        }
    }

    /// Whether data is encrypted at all.
    pub fn is_on(self) -> bool {
        self != Self::Off
    }
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Off => "off",
            Self::Aes128Ccm => "aes-128-ccm",
            Self::Aes192Ccm => "aes-192-ccm",
            Self::Aes256Ccm => "aes-256-ccm",
            Self::Aes128Gcm => "aes-128-gcm",
            Self::Aes192Gcm => "aes-192-gcm",
            Self::Aes256Gcm => "aes-256-gcm",
            Self::Unknown(index) => return write!(f, "suite {index}"),
        })
    }
}

/// The property `keystatus`: whether a dataset's key is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyStatus {
    /// The dataset is not encrypted.
    None,
    /// It is encrypted and its key is not loaded: nothing of it can be read here.
    Unavailable,
    /// It is encrypted and its key is loaded.
    Available,
    /// A status that is newer than this crate, with the kernel's number for it.
    Unknown(u64),
}

impl KeyStatus {
    /// The status that the kernel has this number for.
    pub fn from_index(index: u64) -> Self {
        match index {
            0 => Self::None,
            1 => Self::Unavailable,
            2 => Self::Available,
            other => Self::Unknown(other),
        }
    }
}

impl fmt::Display for KeyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::Unavailable => "unavailable",
            Self::Available => "available",
            Self::Unknown(index) => return write!(f, "status {index}"),
        })
    }
}

/// The property `canmount`: whether a file system can be mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CanMount {
    /// Never.
    Off,
    /// With all others, at `mountpoint`.
    On,
    /// Only when asked for by name.
    NoAuto,
    /// A value that is newer than this crate, with the kernel's number for it.
    Unknown(u64),
}

impl CanMount {
    /// The value that the kernel has this number for.
    pub fn from_index(index: u64) -> Self {
        match index {
            0 => Self::Off,
            1 => Self::On,
            2 => Self::NoAuto,
            other => Self::Unknown(other),
        }
    }

    /// The number that the kernel has for it.
    pub fn index(self) -> u64 {
        match self {
            Self::Off => 0,
            Self::On => 1,
            Self::NoAuto => 2,
            Self::Unknown(index) => index,
        }
    }
}

impl fmt::Display for CanMount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Off => "off",
            Self::On => "on",
            Self::NoAuto => "noauto",
            Self::Unknown(index) => return write!(f, "canmount {index}"),
        })
    }
}

/// All properties of one dataset, snapshot, pool or vdev, as the kernel returned them.
#[derive(Debug, Clone, PartialEq)]
pub struct Properties {
    own: String,
    list: NvList,
}

/// What the kernel says of where a pool's or a vdev's property comes from (`ZPROP_SRC_DEFAULT`,
/// `ZPROP_SRC_LOCAL`); the rest (`ZPROP_SRC_NONE`) is set nowhere.
const SRC_DEFAULT: u64 = 2;
const SRC_LOCAL: u64 = 8;

impl Properties {
    /// The properties in `list`, of the dataset or snapshot `own`.
    pub(crate) fn new(own: impl Into<String>, list: NvList) -> Self {
        Self {
            own: own.into(),
            list,
        }
    }

    /// A native property; `None` where the dataset has no such property.
    ///
    /// # Errors
    ///
    /// The value has not the form that this crate knows.
    pub fn get<T>(&self, property: &NativeProperty<T>) -> Result<Option<Property<T>>, UnknownForm> {
        let unknown = || UnknownForm {
            property: property.name.into(),
        };
        match self.raw(property.name) {
            Some(Property { value, source }) => {
                let value = (property.decode)(value).ok_or_else(unknown)?;
                Ok(Some(Property { value, source }))
            }
            None => Ok(property.absent.map(|absent| Property {
                value: absent(),
                source: Source::Default,
            })),
        }
    }

    /// A user property, such as `com.example:set`; `None` where it is not set.
    pub fn user(&self, name: &str) -> Option<Property<&BStr>> {
        let Property { value, source } = self.raw(name)?;
        Some(Property {
            value: value.as_bstr()?,
            source,
        })
    }

    /// All user properties with their names.
    pub fn users(&self) -> impl Iterator<Item = (&BStr, Property<&BStr>)> {
        self.list
            .iter()
            .filter(|(name, _)| name.contains(&b':'))
            .filter_map(|(name, entry)| {
                let Property { value, source } = self.entry(entry)?;
                Some((
                    name,
                    Property {
                        value: value.as_bstr()?,
                        source,
                    },
                ))
            })
    }

    /// Any property by its name, in the form that the kernel has it: numbers for numbers, sizes
    /// and enumerations, texts for the rest.
    pub fn raw(&self, name: &str) -> Option<Property<&Value>> {
        self.entry(self.list.get(name)?)
    }

    /// The names of all properties that there are.
    pub fn names(&self) -> impl Iterator<Item = &BStr> {
        self.list.iter().map(|(name, _)| name)
    }

    fn entry<'a>(&self, entry: &'a Value) -> Option<Property<&'a Value>> {
        let entry = entry.as_list()?;
        let source = self.source(entry.get("source"));
        Some(Property {
            value: entry.get("value")?,
            source,
        })
    }

    /// The kernel names the dataset or snapshot on which a value is set, says `$recvd` where it
    /// was received, nothing for values that nobody sets, and `""` for defaults.
    ///
    /// For pools and vdevs it has a number (`zprop_source_t`).
    fn source(&self, setpoint: Option<&Value>) -> Source {
        match setpoint.and_then(Value::as_u64) {
            Some(SRC_DEFAULT) => return Source::Default,
            Some(SRC_LOCAL) => return Source::Local,
            _ => {}
        }
        match setpoint.and_then(Value::as_str) {
            None => Source::None,
            Some("") => Source::Default,
            Some("$recvd") => Source::Received,
            Some(own) if own == self.own => Source::Local,
            Some(above) => above.parse().map_or(Source::None, Source::Inherited),
        }
    }
}

/// A property whose value has not the form that this crate knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the property {property} has a value of an unknown form")]
pub struct UnknownForm {
    property: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(value: impl Into<Value>, source: Option<&str>) -> NvList {
        let list = NvList::new().with("value", value);
        match source {
            Some(source) => list.with("source", source),
            None => list,
        }
    }

    fn properties(entries: impl IntoIterator<Item = (&'static str, NvList)>) -> Properties {
        Properties::new("tank/a", entries.into_iter().collect())
    }

    #[test]
    fn sources_are_told_apart() {
        let set = properties([
            ("a:local", entry("1", Some("tank/a"))),
            ("a:received", entry("2", Some("$recvd"))),
            ("a:inherited", entry("3", Some("tank"))),
            ("readonly", entry(1_u64, Some(""))),
            ("used", entry(512_u64, None)),
        ]);
        let source = |name| set.raw(name).unwrap().source;
        assert_eq!(source("a:local"), Source::Local);
        assert_eq!(source("a:received"), Source::Received);
        assert_eq!(
            source("a:inherited"),
            Source::Inherited("tank".parse().unwrap())
        );
        assert_eq!(source("readonly"), Source::Default);
        assert_eq!(source("used"), Source::None);
        assert_eq!(set.users().count(), 3);
    }

    #[test]
    fn sources_of_pools_are_numbers() {
        let entry = |source: u64| NvList::new().with("value", 1_u64).with("source", source);
        let set = properties([
            ("size", entry(1)),
            ("version", entry(2)),
            ("comment", entry(8)),
        ]);
        let source = |name| set.raw(name).unwrap().source;
        assert_eq!(source("size"), Source::None);
        assert_eq!(source("version"), Source::Default);
        assert_eq!(source("comment"), Source::Local);
    }

    #[test]
    fn absent_properties_mean_what_zfs_means() {
        let none = properties([]);
        assert_eq!(
            none.get(&ENCRYPTION).unwrap().unwrap().value,
            Encryption::Off
        );
        assert_eq!(
            none.get(&KEY_STATUS).unwrap().unwrap().value,
            KeyStatus::None
        );
        assert_eq!(none.get(&ENCRYPTION_ROOT).unwrap(), None);
        assert_eq!(none.user("a:b"), None);
    }

    #[test]
    fn a_value_of_another_type_is_an_error_and_a_new_one_is_carried() {
        let odd = properties([
            ("encryption", entry("text", None)),
            ("keystatus", entry(9_u64, None)),
        ]);
        assert!(odd.get(&ENCRYPTION).is_err());
        assert_eq!(
            odd.get(&KEY_STATUS).unwrap().unwrap().value,
            KeyStatus::Unknown(9)
        );
    }

    #[test]
    fn indexes_go_both_ways() {
        for index in 3..=8 {
            assert_eq!(Encryption::from_index(index).index(), index);
        }
        assert!(!Encryption::from_index(2).is_on());
        assert_eq!(Encryption::from_index(99), Encryption::Unknown(99));
    }
}

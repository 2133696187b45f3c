//! What the kernel said of one dataset, snapshot, bookmark, pool or vdev.

use bstr::BStr;

use super::info::{PropertyHolder, PropertyInfo};
use super::native::NativeProperty;
use super::{Property, Source};
use crate::nvlist::{NvList, Value};

/// All properties of one dataset, snapshot, pool or vdev, as the kernel returned them.
#[derive(Debug, Clone, PartialEq)]
pub struct Properties {
    pub(super) own: String,
    pub(super) list: NvList,
    /// The values that were received, where they were asked for.
    pub(super) received: NvList,
    /// The pool's `altroot`, where it was asked for.
    pub(super) altroot: Option<String>,
}

/// What the kernel says of where a pool's or a vdev's property comes from (`ZPROP_SRC_DEFAULT`,
/// `ZPROP_SRC_LOCAL`); the rest (`ZPROP_SRC_NONE`) is set nowhere.
const SRC_DEFAULT: u64 = 2;
const SRC_LOCAL: u64 = 8;

/// What this crate says in the kernel's place of a value that a mount has for the time being. No
/// dataset has a name with a `$`.
pub(super) const TEMPORARY: &str = "$temporary";

/// Of these the kernel names no source where they are set, or counted: on the dataset itself.
const LOCAL_WITHOUT_SOURCE: &[&str] = &[
    "canmount",
    "filesystem_count",
    "filesystem_limit",
    "quota",
    "refquota",
    "refreservation",
    "reservation",
    "snapshot_count",
    "snapshot_limit",
    "volsize",
];

/// The kernel's number for the type of a volume (`DMU_OST_ZVOL`).
const DMU_OST_ZVOL: u64 = 3;

impl Properties {
    /// The properties in `list`, of the dataset, snapshot, bookmark, pool or vdev `own`.
    pub(crate) fn new(own: impl Into<String>, list: NvList) -> Self {
        Self {
            own: own.into(),
            list,
            received: NvList::new(),
            altroot: None,
        }
    }

    /// A native property; `None` where the dataset has no such property. One that is set nowhere
    /// has its default.
    ///
    /// # Errors
    ///
    /// The value has not the form that this crate knows.
    pub fn get<T>(&self, property: &NativeProperty<T>) -> Result<Option<Property<T>>, UnknownForm> {
        let info = &property.info;
        if !self.has(info) {
            return Ok(None);
        }
        let Some(Property { value, source }) = self.native(info.name) else {
            let default = info.default_value();
            let default = default.and_then(|value| (property.decode)(&value));
            return Ok(default.map(|value| Property {
                value,
                source: Source::Default,
            }));
        };
        match (property.decode)(value) {
            Some(value) => Ok(Some(Property { value, source })),
            None => Err(UnknownForm {
                property: info.name.into(),
            }),
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

    /// What a value was received as, in the form that the kernel has it, whether it holds or a
    /// local one does; as far as it was asked for, which
    /// [`Zfs::all_properties`](crate::Zfs::all_properties) does.
    pub fn received(&self, name: &str) -> Option<&Value> {
        self.received.get(name)?.as_list()?.get("value")
    }

    /// As [`raw`](Self::raw), with the source that the kernel does not name.
    pub(super) fn native(&self, name: &str) -> Option<Property<&Value>> {
        let mut property = self.raw(name)?;
        if property.source == Source::None && LOCAL_WITHOUT_SOURCE.contains(&name) {
            property.source = Source::Local;
        }
        Some(property)
    }

    /// What this is of.
    pub(super) fn holder(&self) -> PropertyHolder {
        match (self.own.contains('@'), self.own.contains('#')) {
            (true, _) => PropertyHolder::Snapshot,
            (_, true) => PropertyHolder::Bookmark,
            _ => self.head().unwrap_or(PropertyHolder::FileSystem),
        }
    }

    /// Whether it is of a volume, or of a snapshot of one, where the kernel says.
    fn head(&self) -> Option<PropertyHolder> {
        match self.raw("type")?.value.as_u64()? {
            DMU_OST_ZVOL => Some(PropertyHolder::Volume),
            _ => Some(PropertyHolder::FileSystem),
        }
    }

    /// Whether this is of something that has such a property, as far as can be told.
    pub(super) fn has(&self, info: &PropertyInfo) -> bool {
        if info.is_for(PropertyHolder::Pool) {
            return true;
        }
        match (self.holder(), self.head()) {
            (PropertyHolder::Snapshot, Some(head)) => info.is_for_snapshots_of(head),
            (PropertyHolder::FileSystem, None) => {
                info.is_for(PropertyHolder::FileSystem) || info.is_for(PropertyHolder::Volume)
            }
            (holder, _) => info.is_for(holder),
        }
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
            Some(TEMPORARY) => Source::Temporary,
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
    use super::super::*;
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
            ("atime", entry(0_u64, Some(TEMPORARY))),
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
        assert_eq!(source("atime"), Source::Temporary);
        assert_eq!(source("used"), Source::None);
        assert_eq!(set.users().count(), 3);
    }

    #[test]
    fn no_quota_and_a_quota_of_none_are_told_apart() {
        let quota = |set: &Properties| set.get(&QUOTA).unwrap().unwrap();
        let unset = Property {
            value: 0,
            source: Source::Default,
        };
        assert_eq!(quota(&properties([])), unset);
        assert_eq!(
            quota(&properties([("quota", entry(0_u64, Some("")))])),
            unset
        );
        let local = |value| Property {
            value,
            source: Source::Local,
        };
        let set = properties([("quota", entry(0_u64, Some("tank/a")))]);
        assert_eq!(quota(&set), local(0));
        let set = properties([("quota", entry(7_u64, None))]);
        assert_eq!(quota(&set), local(7));
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
        assert_eq!(none.get(&KEY_FORMAT).unwrap(), None);
        assert_eq!(none.get(&USED).unwrap(), None);
        assert_eq!(none.user("a:b"), None);
    }

    #[test]
    fn nothing_has_the_properties_of_another_kind() {
        let volume = properties([("type", entry(3_u64, None))]);
        assert_eq!(volume.get(&RECORDSIZE).unwrap(), None);
        assert!(volume.get(&COPIES).unwrap().is_some());
        let list: NvList = [("type", entry(2_u64, None))].into_iter().collect();
        let snapshot = Properties::new("tank/a@s", list);
        assert_eq!(snapshot.get(&COPIES).unwrap(), None);
        assert_eq!(snapshot.get(&VOLSIZE).unwrap(), None);
        assert!(snapshot.get(&EXEC).unwrap().is_some());
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
}

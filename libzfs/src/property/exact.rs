//! Values as texts, exactly as `zfs get -p` and `zpool get -p` print them.

use bstr::ByteSlice;

use super::info::{Access, PropertyHolder, PropertyInfo, PropertyKind, Release};
use super::{Properties, Property, Source, pool};
use crate::nvlist::Value;

/// Limits and counts that are shown as `none` where there is none.
const NONE_AT_MAX: &[&str] = &[
    "filesystem_count",
    "filesystem_limit",
    "snapshot_count",
    "snapshot_limit",
];

impl PropertyInfo {
    /// A value in the kernel's form as `zfs get -p` prints it. A value of an enumeration that this
    /// crate does not know is its number.
    ///
    /// OpenZFS calls one value of `xattr` by two names and prints `on` in some releases; this is
    /// always `dir` or `sa`.
    pub fn display_exact(&self, value: &Value) -> String {
        match (self.kind, value) {
            (PropertyKind::Index(names), Value::U64(number)) => {
                match names.iter().find(|(_, index)| index == number) {
                    Some((name, _)) => (*name).to_owned(),
                    None => number.to_string(),
                }
            }
            (PropertyKind::Ratio, Value::U64(number)) => {
                format!("{}.{:02}", number / 100, number % 100)
            }
            (_, Value::U64(u64::MAX)) if NONE_AT_MAX.contains(&self.name) => "none".into(),
            (_, Value::U64(number)) => number.to_string(),
            (_, value) => text_of(value),
        }
    }
}

fn text_of(value: &Value) -> String {
    if let Some(guids) = value.as_u64_array() {
        return match guids {
            [] => "none".into(),
            _ => join(guids.iter().map(u64::to_string)),
        };
    }
    if let Some(list) = value.as_list() {
        return join(list.iter().map(|(name, _)| name.to_string()));
    }
    match (value.as_bstr(), value.to_integer()) {
        (Some(text), _) => text.to_str_lossy().into_owned(),
        (None, Some(number)) => number.to_string(),
        (None, None) => format!("{value:?}"),
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

impl Properties {
    /// A property as `zfs get -p` or `zpool get -p` prints it, and its source; none where
    /// `get all` leaves it out.
    ///
    /// It can be no better than what was asked for: `zfs get` shows what
    /// [`Zfs::all_properties`](crate::Zfs::all_properties) reads. What is different is said at
    /// [`PropertyInfo::display_exact`], and a pool's `health` is not shown as `SUSPENDED` or
    /// `FAULTED` for what is not a state of its devices.
    pub fn exact(&self, info: &PropertyInfo) -> Option<Property<String>> {
        if info.is_for(PropertyHolder::Pool) {
            let is_there = info.since.is_none_or(Release::is_running);
            return is_there.then(|| self.exact_of_pool(info));
        }
        if !self.has(info) {
            return None;
        }
        let Some(Property { value, source }) = self.native(info.name) else {
            return self.exact_default(info);
        };
        let value = match (info.name, value) {
            ("type", _) => self.holder().to_string(),
            ("mountpoint", _) => self.mountpoint()?,
            ("snapshots_changed", Value::U64(0)) => return None,
            ("clones", Value::NvList(clones)) if clones.is_empty() => return None,
            (_, value) => info.display_exact(value),
        };
        Some(Property { value, source })
    }

    fn exact_default(&self, info: &PropertyInfo) -> Option<Property<String>> {
        let is_counter = NONE_AT_MAX.contains(&info.name);
        if info.name == "type" {
            return Some(Property {
                value: self.holder().to_string(),
                source: Source::None,
            });
        }
        if info.access == Access::ReadOnly && !is_counter {
            return None;
        }
        let value = match info.name {
            "mountpoint" => self.mountpoint()?,
            _ => info.display_exact(&info.default_value()?),
        };
        Some(Property {
            value,
            source: Source::Default,
        })
    }

    /// A received value as `zfs get -p -o received` prints it; none where it prints `-`.
    pub fn exact_received(&self, info: &PropertyInfo) -> Option<String> {
        let value = self.received(info.name)?;
        let unset = !self.has(info) || info.access == Access::ReadOnly;
        match (unset, info.name, value.as_str()) {
            (true, _, _) => None,
            (_, "mountpoint", Some(path)) => Some(self.below_altroot(path, "")),
            _ => Some(info.display_exact(value)),
        }
    }

    /// The path at which a file system is mounted, or would be: what is set, with the rest of the
    /// name where that is set above, below the pool's `altroot`; or `none` or `legacy`. None if
    /// this is not of a file system.
    ///
    /// The `altroot` is only known where [`Zfs::all_properties`](crate::Zfs::all_properties) asked
    /// for it.
    pub fn mountpoint(&self) -> Option<String> {
        if self.holder() != PropertyHolder::FileSystem {
            return None;
        }
        let (path, source) = match self.raw("mountpoint") {
            Some(Property { value, source }) => (value.as_str()?, source),
            None => ("/", Source::Default),
        };
        let rest = match &source {
            Source::Default => self.own.as_str(),
            Source::Inherited(above) => self.own.strip_prefix(above.as_str()).unwrap_or_default(),
            _ => "",
        };
        Some(self.below_altroot(path, rest.trim_start_matches('/')))
    }

    fn below_altroot(&self, path: &str, rest: &str) -> String {
        if !path.starts_with('/') {
            return path.to_owned();
        }
        let root = match self.altroot.as_deref() {
            None | Some("-" | "/") => "",
            Some(root) => root,
        };
        let alone = root.is_empty() && rest.is_empty();
        let path = if path == "/" && !alone { "" } else { path };
        match rest {
            "" => format!("{root}{path}"),
            rest => format!("{root}{path}/{rest}"),
        }
    }

    fn exact_of_pool(&self, info: &PropertyInfo) -> Property<String> {
        let present = self.raw(info.name);
        let source = match &present {
            Some(present) => present.source.clone(),
            None => Source::Default,
        };
        let default = info.default_value();
        let value = match present.map(|present| present.value).or(default.as_ref()) {
            None if matches!(info.kind, PropertyKind::Text) => "-".into(),
            None => info.display_exact(&Value::U64(0)),
            Some(value) => match (info.name, value) {
                ("expandsize" | "checkpoint", Value::U64(0)) => "-".into(),
                ("fragmentation", Value::U64(u64::MAX)) => "-".into(),
                ("dedup_table_quota", Value::U64(u64::MAX)) => "auto".into(),
                ("version", Value::U64(version)) if *version >= pool::VERSION_FEATURES => {
                    "-".into()
                }
                (_, value) => info.display_exact(value),
            },
        };
        Property { value, source }
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;
    use crate::nvlist::NvList;

    #[test]
    fn values_are_shown_as_zfs_shows_them() {
        let shown = |info: &PropertyInfo, number: u64| info.display_exact(&Value::U64(number));
        assert_eq!(shown(COMPRESS_RATIO.info(), 105), "1.05");
        assert_eq!(shown(QUOTA.info(), 0), "0");
        assert_eq!(shown(SNAPSHOT_LIMIT.info(), u64::MAX), "none");
        assert_eq!(shown(COMPRESSION.info(), 10), "gzip");
        assert_eq!(shown(SYNC.info(), 77), "77");
        let guids = |guids: &[u64]| Value::U64Array(guids.to_vec());
        let redacted = REDACT_SNAPS.info();
        assert_eq!(redacted.display_exact(&guids(&[])), "none");
        assert_eq!(redacted.display_exact(&guids(&[7, 8])), "7,8");
    }

    #[test]
    fn a_mountpoint_is_what_is_set_and_the_rest_of_the_name() {
        let path = |set: Option<(&str, &str)>, altroot: Option<&str>| {
            let mut list = NvList::new();
            if let Some((path, source)) = set {
                let entry = NvList::new().with("value", path).with("source", source);
                list = list.with("mountpoint", entry);
            }
            let mut properties = Properties::new("tank/a/b", list);
            properties.altroot = altroot.map(str::to_owned);
            properties.mountpoint().unwrap()
        };
        assert_eq!(path(None, None), "/tank/a/b");
        assert_eq!(path(None, Some("/mnt")), "/mnt/tank/a/b");
        assert_eq!(path(Some(("/x", "tank/a")), None), "/x/b");
        assert_eq!(path(Some(("/x", "tank/a/b")), Some("/mnt")), "/mnt/x");
        assert_eq!(path(Some(("/", "tank/a/b")), None), "/");
        assert_eq!(path(Some(("/", "tank/a")), None), "/b");
        assert_eq!(path(Some(("/x", "$recvd")), Some("/")), "/x");
        assert_eq!(path(Some(("none", "tank")), Some("/mnt")), "none");
    }
}

//! What the kernel would refuse without saying why, or take without a word.

use super::info::{Access, PropertyHolder, PropertyInfo, PropertyKind};
use super::value::names_of;
use super::{
    Encryption, Properties, PropertyValue, VERSION, VOLBLOCKSIZE, VOLSIZE, ValueError, pool,
};
use crate::nvlist::Value;

/// The kernel has room for 8192 bytes, the last of which is a NUL (`ZAP_MAXVALUELEN`).
const MAX_TEXT: usize = 8191;
/// The largest block (`SPA_MAXBLOCKSIZE`).
const MAX_BLOCK: u64 = 16 << 20;
/// The longest name of a file or directory (`NAME_MAX`), and the longest path.
const MAX_COMPONENT: usize = 255;
const MAX_PATH: usize = 4095;
/// The longest comment of a pool (`ZPROP_MAX_COMMENT`).
const MAX_COMMENT: usize = 32;

/// What properties are to be set on.
pub(super) struct Target<'a> {
    pub(super) holder: PropertyHolder,
    /// As they are; none of a pool.
    pub(super) properties: Option<&'a Properties>,
    /// Whether a volume may lose what is behind its new end.
    pub(super) may_shrink: bool,
}

impl Target<'_> {
    /// The value of a property in the form that the kernel takes, if this can have it now.
    pub(super) fn check(&self, name: &str, value: &PropertyValue) -> Result<Value, ValueError> {
        value.check_nul(name)?;
        let value = match (name.contains(':'), self.info(name)) {
            (true, _) => value.to_user(name)?,
            (false, Some(info)) => {
                self.check_settable(info)?;
                let value = info.native_value(value)?;
                check_value(info, &value)?;
                self.check_state(info, &value)?;
                value
            }
            (false, None) => {
                return Err(ValueError::Unknown {
                    property: name.to_owned(),
                });
            }
        };
        match value.as_bstr() {
            Some(text) if text.len() > MAX_TEXT => Err(ValueError::TooLong {
                property: name.to_owned(),
                len: text.len(),
                max: MAX_TEXT,
            }),
            _ => Ok(value),
        }
    }

    fn info(&self, name: &str) -> Option<&'static PropertyInfo> {
        match self.holder {
            PropertyHolder::Pool => pool::info(name),
            _ => super::info(name),
        }
    }

    /// Whether the property can be set on this at all.
    fn check_settable(&self, info: &PropertyInfo) -> Result<(), ValueError> {
        let property = || info.name.to_owned();
        let only = |when| {
            Err(ValueError::CannotBeSet {
                property: property(),
                when,
            })
        };
        match info.access {
            Access::ReadOnly => {
                return Err(ValueError::ReadOnly {
                    property: property(),
                });
            }
            Access::AtCreation | Access::AtCreationOrInherited => {
                return only("when a dataset is created");
            }
            Access::AtImport => return only("when a pool is imported or created"),
            Access::Settable | Access::Inheritable => {}
        }
        if info.name == "mlslabel" {
            return only("on a labeled system, which Linux is not");
        }
        // Snapshots have values of their dataset, and of their own user properties alone.
        if self.holder == PropertyHolder::Snapshot || !info.is_for(self.holder) {
            return Err(ValueError::WrongHolder {
                property: property(),
                holder: self.holder,
            });
        }
        check_release(info)
    }

    /// Whether the value goes with what this is like.
    fn check_state(&self, info: &PropertyInfo, value: &Value) -> Result<(), ValueError> {
        let Some(properties) = self.properties else {
            return Ok(());
        };
        let refuse = |allowed: String| Err(out_of_range(info, value, allowed));
        let is = |property| matches!(properties.get(property), Ok(Some(found)) if found.value);
        let number = |property| properties.get(property).ok()?.map(|found| found.value);
        let encryption = properties.get(&super::ENCRYPTION).ok().flatten();
        let is_encrypted = encryption.is_some_and(|found| found.value != Encryption::Off);
        match (info.name, value) {
            ("volsize", Value::U64(size)) => {
                let block = number(&VOLBLOCKSIZE).unwrap_or(512).max(1);
                let old = number(&VOLSIZE).unwrap_or(0);
                if *size == 0 || size % block != 0 {
                    return refuse(format!("a multiple of volblocksize, {block}"));
                }
                if *size < old && !self.may_shrink {
                    return refuse(format!(
                        "at least {old}, unless what is behind the new end may be lost"
                    ));
                }
                if is(&super::READONLY) {
                    return refuse("not changed while readonly is on".into());
                }
            }
            ("copies", Value::U64(3..)) if is_encrypted => {
                return refuse("at most 2 where data is encrypted".into());
            }
            ("version", Value::U64(version)) => {
                if let Some(old) = number(&VERSION).filter(|old| version < old) {
                    return refuse(format!("at least {old}, which it is now"));
                }
            }
            ("keylocation", value) if !is_encrypted && value.as_str() == Some("none") => {}
            ("keylocation", _) if !is_encrypted => {
                return refuse("none where nothing is encrypted".into());
            }
            ("keylocation", _) => {
                let root = properties.get(&super::ENCRYPTION_ROOT).ok().flatten();
                if root.is_some_and(|root| root.value.as_str() != properties.own) {
                    return refuse("set on the encryption root".into());
                }
                if value.as_str() == Some("none") {
                    return refuse(KEY_LOCATIONS.into());
                }
            }
            _ => {}
        }
        Ok(())
    }
}

const KEY_LOCATIONS: &str = "prompt, or a URL of the kind file:///, https:// or http://";

pub(super) fn check_release(info: &PropertyInfo) -> Result<(), ValueError> {
    match info.since.filter(|since| !since.is_running()) {
        Some(since) => Err(ValueError::NeedsRelease {
            property: info.name.to_owned(),
            since,
        }),
        None => Ok(()),
    }
}

fn out_of_range(info: &PropertyInfo, value: &Value, allowed: impl Into<String>) -> ValueError {
    ValueError::OutOfRange {
        property: info.name.to_owned(),
        value: info.display_exact(value),
        allowed: allowed.into(),
    }
}

/// Whether the property can have such a value at all.
fn check_value(info: &PropertyInfo, value: &Value) -> Result<(), ValueError> {
    let refuse = |allowed: &str| Err(out_of_range(info, value, allowed));
    if let (PropertyKind::Index(names), Value::U64(number)) = (info.kind, value) {
        if !names.iter().any(|(_, index)| index == number) {
            return refuse(&names_of(names));
        }
        if let Some(since) = info
            .value_since(*number)
            .filter(|since| !since.is_running())
        {
            return Err(ValueError::NeedsRelease {
                property: format!("{}={}", info.name, info.display_exact(value)),
                since,
            });
        }
    }
    match (info.name, value, value.as_str()) {
        ("recordsize", Value::U64(size), _) if *size > MAX_BLOCK => refuse("at most 16 MiB"),
        ("special_small_blocks", Value::U64(size), _) => {
            let any_size = super::Release([2, 4, 0]).is_running();
            let is_size = *size == 0 || (*size >= 512 && size.is_power_of_two());
            match *size <= MAX_BLOCK && (any_size || is_size) {
                true => Ok(()),
                false if any_size => refuse("at most 16 MiB"),
                false => refuse("0, or a power of two from 512 to 16 MiB"),
            }
        }
        ("mountpoint", _, Some(path)) if !is_mountpoint(path) => {
            refuse("none, legacy, or an absolute path without a name of more than 255 bytes")
        }
        ("keylocation", _, Some(place)) if !is_key_location(place) => refuse(KEY_LOCATIONS),
        ("ashift", Value::U64(shift), _) if *shift != 0 && !(9..=16).contains(shift) => {
            refuse("0, or from 9 to 16")
        }
        ("comment", _, Some(text)) if !text.bytes().all(|b| matches!(b, b' '..=b'~')) => {
            refuse("printable ASCII")
        }
        ("comment", _, Some(text)) if text.len() > MAX_COMMENT => Err(ValueError::TooLong {
            property: info.name.to_owned(),
            len: text.len(),
            max: MAX_COMMENT,
        }),
        ("version", Value::U64(version), _)
            if info.is_for(PropertyHolder::Pool) && *version > 28 =>
        {
            refuse("from 1 to 28, of a pool without features")
        }
        ("cachefile", _, Some(path)) if !is_cachefile(path) => {
            refuse("empty, none, or the absolute path of a file")
        }
        _ => Ok(()),
    }
}

fn is_mountpoint(path: &str) -> bool {
    let names = || path.split('/').all(|name| name.len() <= MAX_COMPONENT);
    matches!(path, "none" | "legacy")
        || (path.starts_with('/') && path.len() <= MAX_PATH && names())
}

fn is_key_location(place: &str) -> bool {
    let after = |scheme| {
        place
            .strip_prefix(scheme)
            .is_some_and(|rest: &str| !rest.is_empty())
    };
    matches!(place, "none" | "prompt") || ["file:///", "https://", "http://"].into_iter().any(after)
}

fn is_cachefile(path: &str) -> bool {
    let is_file = || !matches!(path.rsplit('/').next(), None | Some("" | "." | ".."));
    matches!(path, "" | "none") || (path.starts_with('/') && is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nvlist::NvList;

    fn properties(own: &str, entries: &[(&str, Value)]) -> Properties {
        let entry = |value: &Value| NvList::new().with("value", value.clone());
        let list = entries.iter().map(|(name, value)| (*name, entry(value)));
        Properties::new(own, list.collect())
    }

    fn why(target: &Target, name: &str, value: impl Into<PropertyValue>) -> String {
        match target.check(name, &value.into()) {
            Ok(value) => panic!("{name}: {value:?}"),
            Err(error) => error.to_string(),
        }
    }

    const FILE_SYSTEM: Target = Target {
        holder: PropertyHolder::FileSystem,
        properties: None,
        may_shrink: false,
    };

    #[test]
    fn what_cannot_be_set_is_refused_with_the_reason() {
        let why = |name, value: PropertyValue| why(&FILE_SYSTEM, name, value);
        assert!(why("nonsense", "x".into()).contains("no property"));
        assert!(why("used", 1_u64.into()).contains("read-only"));
        assert!(why("clones", "x".into()).contains("read-only"));
        assert!(why("casesensitivity", "mixed".into()).contains("created"));
        assert!(why("volsize", "1G".into()).contains("filesystem has no"));
        assert!(why("compression", 0_u64.into()).contains("lz4"));
        assert!(why("sync", 77_u64.into()).contains("standard"));
        assert!(why("recordsize", "32M".into()).contains("16 MiB"));
        assert!(why("recordsize", 1000_u64.into()).contains("power of two"));
        assert!(why("mountpoint", "here".into()).contains("absolute"));
        assert!(why("mountpoint", format!("/{}", "x".repeat(256)).into()).contains("255"));
        assert!(why("keylocation", "file://relative".into()).contains("URL"));
        assert!(why("a:b", "x".repeat(8192).into()).contains("8191"));
        assert!(why("sharenfs", "x".repeat(8192).into()).contains("8191"));
        assert!(why("a:b", 1_u64.into()).contains("user property"));
        assert!(why("mlslabel", "x".into()).contains("labeled"));
    }

    #[test]
    fn a_snapshot_has_but_user_properties() {
        let snapshot = Target {
            holder: PropertyHolder::Snapshot,
            ..FILE_SYSTEM
        };
        assert!(why(&snapshot, "exec", false).contains("snapshot has no exec"));
        assert_eq!(snapshot.check("a:b", &"c".into()), Ok("c".into()));
    }

    #[test]
    fn a_volume_keeps_what_it_has() {
        let volume = properties(
            "tank/v",
            &[
                ("type", Value::U64(3)),
                ("volsize", Value::U64(1 << 20)),
                ("volblocksize", Value::U64(16 << 10)),
            ],
        );
        let mut target = Target {
            holder: PropertyHolder::Volume,
            properties: Some(&volume),
            may_shrink: false,
        };
        assert_eq!(
            target.check("volsize", &"2M".into()),
            Ok(Value::U64(2 << 20))
        );
        assert!(why(&target, "volsize", "1000K").contains("multiple"));
        assert!(why(&target, "volsize", 0_u64).contains("multiple"));
        assert!(why(&target, "volsize", "512K").contains("lost"));
        target.may_shrink = true;
        assert_eq!(
            target.check("volsize", &"512K".into()),
            Ok(Value::U64(512 << 10))
        );
    }

    #[test]
    fn a_pool_has_its_own() {
        let pool = Target {
            holder: PropertyHolder::Pool,
            ..FILE_SYSTEM
        };
        assert!(why(&pool, "quota", 1_u64).contains("no property"));
        assert!(why(&pool, "ashift", 8_u64).contains("16"));
        assert!(why(&pool, "altroot", "/mnt").contains("imported"));
        assert!(why(&pool, "comment", "x".repeat(33)).contains("32"));
        assert!(why(&pool, "comment", "ä").contains("ASCII"));
        assert!(why(&pool, "cachefile", "/x/").contains("path"));
        assert!(why(&pool, "failmode", 7_u64).contains("wait"));
        assert_eq!(pool.check("cachefile", &"none".into()), Ok("none".into()));
    }
}

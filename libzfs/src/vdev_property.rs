//! Properties of vdevs.

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::{PoolName, check_user_property};
use crate::nvlist::{NvList, Value};
use crate::property::{Properties, PropertyValue};
use crate::vdev::VdevGuid;

/// The release that brought them.
const SINCE: &str = "2.2";

/// The longest text that a property can hold (`ZAP_MAXVALUELEN`, with a NUL at its end). The module
/// does not check it, and a longer one panics the kernel.
const MAX_TEXT: usize = 8 * 1024 - 1;

/// What can be set to `on` and `off`. Other values panic the kernel.
const BOOLEANS: &[&str] = &[
    "allocating",
    "autosit",
    "failfast",
    "sit_out",
    "slow_io_events",
];

const NUMBERS: &[&str] = &[
    "checksum_n",
    "checksum_t",
    "io_n",
    "io_t",
    "slow_io_n",
    "slow_io_t",
];

const TEXTS: &[&str] = &["comment", "path"];

/// With what the names begin that the kernel keeps its own state of a vdev under, beside the user
/// properties. To change that can panic it, and lose the pool.
const OF_THE_KERNEL: &[&str] = &["com.delphix:", "org.openzfs:", "org.zfsonlinux:"];

/// What can only be read.
const READ_ONLY: &[&str] = &[
    "allocated",
    "ashift",
    "asize",
    "capacity",
    "checksum_errors",
    "children",
    "claim_bytes",
    "claim_ops",
    "devid",
    "encpath",
    "expandsize",
    "fragmentation",
    "free",
    "free_bytes",
    "free_ops",
    "fru",
    "guid",
    "initialize_errors",
    "name",
    "null_bytes",
    "null_ops",
    "numchildren",
    "parent",
    "parity",
    "physpath",
    "psize",
    "raidz_expanding",
    "read_bytes",
    "read_errors",
    "read_ops",
    "removing",
    "size",
    "slow_ios",
    "state",
    "trim_bytes",
    "trim_errors",
    "trim_ops",
    "trim_support",
    "write_bytes",
    "write_errors",
    "write_ops",
];

impl Zfs {
    /// The properties of a vdev, each with its source: what `zpool get all POOL VDEV` shows, in
    /// the form that the kernel has them, of those that this crate knows, and all user properties.
    ///
    /// They are read by several calls of the kernel, not all at the same moment.
    ///
    /// Everybody may read them. Needs OpenZFS 2.2 or later.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PoolNotFound`], [`ErrorKind::VdevNotFound`], [`ErrorKind::Unsupported`];
    /// [`ErrorKind::VdevNotSupported`]: the vdev holds no properties, as the root of a pool
    /// without the feature `vdev_zaps_v2`
    #[doc(alias = "lzc_get_vdev_prop")]
    #[doc(alias = "vdev_prop")]
    pub fn vdev_properties(&self, pool: &PoolName, vdev: VdevGuid) -> Result<Properties> {
        // Without names the kernel answers with the texts that were set, of which it does not
        // know the source.
        let set = self.read_vdev_properties(pool, vdev, None)?;
        let users = set.names().filter(|name| name.contains(&b':'));
        let users: Vec<String> = users
            .map(ToString::to_string)
            .filter(|name| !is_of_the_kernel(name))
            .collect();
        let known = [BOOLEANS, NUMBERS, TEXTS, READ_ONLY].concat();
        let names: Vec<&str> = known
            .into_iter()
            .chain(users.iter().map(String::as_str))
            .collect();

        let mut found = NvList::new();
        let mut rest = &names[..];
        while !rest.is_empty() {
            // The kernel stops at a property that was never set, sometimes after answering it.
            let answer = self.read_vdev_properties(pool, vdev, Some(rest))?;
            let last = rest.iter().rposition(|name| answer.contains(name));
            found.extend(answer);
            rest = &rest[last.unwrap_or(0) + 1..];
        }
        Ok(Properties::new(vdev.to_string(), found))
    }

    fn read_vdev_properties(
        &self,
        pool: &PoolName,
        vdev: VdevGuid,
        names: Option<&[&str]>,
    ) -> Result<NvList> {
        let mut args = NvList::new().with("vdevprops_get_vdev", vdev.get());
        if let Some(names) = names {
            let names: NvList = names.iter().map(|name| (*name, Value::Boolean)).collect();
            args.push("vdevprops_get_props", names);
        }
        let operation = Operation::ReadVdevProperties;
        match self.library().get_vdev_prop(pool.as_str(), &args) {
            None => Err(Error::needs_release(operation, vdev.to_string(), SINCE)),
            Some(result) => result.map_err(|errno| {
                self.vdev_error(pool, Error::from_errno(operation, vdev.to_string(), errno))
            }),
        }
    }

    /// Sets a property of a vdev:
    ///
    /// * user properties such as `com.example:slot`, which an empty text removes, and `comment`.
    ///   Names that begin with `com.delphix:`, `org.openzfs:` or `org.zfsonlinux:` are the kernel's
    ///   own;
    /// * `allocating`, `failfast` (`bool`), since 2.4 `autosit`, `sit_out` and `slow_io_events`;
    /// * since 2.3 `checksum_n`, `checksum_t`, `io_n`, `io_t`, `slow_io_n` and `slow_io_t`
    ///   (numbers, of which [`u64::MAX`] is none);
    /// * `path`: where the device is, below `/dev`.
    ///
    /// It is not entered into the pool's history under the program's name: the module takes no such
    /// entry, as it takes none from `zpool set`.
    ///
    /// Needs root, and OpenZFS 2.2 or later.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs, vdev: libzfs::VdevGuid) -> libzfs::Result<()> {
    /// # let pool = libzfs::DatasetName::pool(&"tank".parse().unwrap());
    /// zfs.set_vdev_property(&pool, vdev, "com.example:slot", "rack 3, slot 7")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidProperty`]: no such property can be set, or not to such a value, as
    ///   `allocating` to `off` for the last vdev that allocates. The kernel says so too of a vdev
    ///   that holds no properties, as a spare;
    /// * [`ErrorKind::VdevNotSupported`]: such a vdev has no such property: `path` is one of devices
    ///   and files, `allocating` of top-level vdevs, and `off` not of those for logs;
    /// * [`ErrorKind::TooManySitOuts`];
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::VdevNotFound`], [`ErrorKind::Unsupported`],
    ///   [`ErrorKind::PermissionDenied`], [`ErrorKind::ReadOnlyPool`],
    ///   [`ErrorKind::PoolSuspended`]
    #[doc(alias = "lzc_set_vdev_prop")]
    pub fn set_vdev_property(
        &self,
        pool: &PoolName,
        vdev: VdevGuid,
        name: &str,
        value: impl Into<PropertyValue>,
    ) -> Result<()> {
        let operation = Operation::SetVdevProperty;
        let value = native(name, &value.into()).map_err(|why| {
            let kind = ErrorKind::InvalidProperty;
            Error::refused(operation, vdev.to_string(), kind, why)
        })?;
        if name == "allocating" && value == Value::U64(0) {
            self.check_no_log(pool, vdev)?;
        }
        tracing::debug!(%pool, %vdev, name, "set vdev property");
        let args = NvList::new()
            .with("vdevprops_set_vdev", vdev.get())
            .with("vdevprops_set_props", NvList::new().with(name, value));
        match self.library().set_vdev_prop(pool.as_str(), &args) {
            None => Err(Error::needs_release(operation, vdev.to_string(), SINCE)),
            // The kernel keeps a record of its own, and takes none of the program's.
            Some(result) => result.map_err(|errno| {
                let error = Error::from_errno(operation, vdev.to_string(), errno);
                // The kernel has one number for a pool that is read-only and a vdev without a path.
                if name == "path" && errno.raw() == libc::EROFS && self.is_writable(pool) {
                    return error.with_kind(ErrorKind::VdevNotSupported);
                }
                self.vdev_error(pool, error)
            }),
        }
    }

    fn is_writable(&self, pool: &PoolName) -> bool {
        self.pool_properties(pool).is_ok_and(|properties| {
            let read_only = properties.raw("readonly");
            read_only.is_some_and(|read_only| read_only.value.as_u64() == Some(0))
        })
    }

    /// Refuses a vdev for logs: to keep one from allocating makes the kernel follow a null pointer.
    fn check_no_log(&self, pool: &PoolName, vdev: VdevGuid) -> Result<()> {
        let operation = Operation::SetVdevProperty;
        let config = self.device().pool_stats(pool.as_str()).map_err(|errno| {
            self.vdev_error(pool, Error::from_errno(operation, vdev.to_string(), errno))
        })?;
        if is_for_logs(&config, vdev) {
            let kind = ErrorKind::VdevNotSupported;
            let why = "a vdev for logs cannot be kept from allocating";
            return Err(Error::refused(operation, vdev.to_string(), kind, why));
        }
        Ok(())
    }

    /// The kernel has one number for a missing pool and a missing vdev.
    fn vdev_error(&self, pool: &PoolName, error: Error) -> Error {
        if error.kind() == ErrorKind::VdevNotFound && self.is_missing(pool) {
            return error.with_kind(ErrorKind::PoolNotFound);
        }
        error
    }
}

fn is_of_the_kernel(name: &str) -> bool {
    OF_THE_KERNEL.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a vdev is one of those for logs, or a part of one, in a pool of this configuration.
fn is_for_logs(config: &NvList, vdev: VdevGuid) -> bool {
    fn children(vdev: &NvList) -> &[NvList] {
        vdev.get_list_array("children").unwrap_or_default()
    }
    fn contains(vdev: &NvList, guid: VdevGuid) -> bool {
        vdev.get_u64("guid") == Some(guid.get())
            || children(vdev).iter().any(|child| contains(child, guid))
    }
    let top_level = config.get_list("vdev_tree").map_or(&[][..], children);
    top_level
        .iter()
        .any(|top| top.get_u64("is_log") == Some(1) && contains(top, vdev))
}

/// The value in the form that the kernel takes, if it is one that the property can have.
fn native(name: &str, value: &PropertyValue) -> Result<Value, String> {
    if name.contains(':') {
        check_user_property(name).map_err(|error| error.to_string())?;
    }
    if is_of_the_kernel(name) {
        return Err(format!("{name:?} is the kernel's own"));
    }
    let takes = |what: &str| Err(format!("{name} takes {what}"));
    match value {
        _ if BOOLEANS.contains(&name) => match value {
            PropertyValue::Bool(on) => Ok(Value::U64((*on).into())),
            PropertyValue::Text(text) if text == "on" => Ok(Value::U64(1)),
            PropertyValue::Text(text) if text == "off" => Ok(Value::U64(0)),
            _ => takes("on and off"),
        },
        _ if NUMBERS.contains(&name) => match value {
            PropertyValue::Number(number) => Ok(Value::U64(*number)),
            _ => takes("a number"),
        },
        _ if TEXTS.contains(&name) || name.contains(':') => match value {
            PropertyValue::Text(text) if text.len() > MAX_TEXT => {
                takes(&format!("at most {MAX_TEXT} bytes"))
            }
            PropertyValue::Text(text) if text.contains('\0') => takes("a text without NUL"),
            PropertyValue::Text(text) => Ok(text.as_str().into()),
            _ => takes("a text"),
        },
        _ => Err(format!("{name:?} is no property of a vdev that can be set")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_gets_no_value_that_panics_it() {
        let check = |name: &str, value: PropertyValue| native(name, &value);
        assert_eq!(check("allocating", true.into()), Ok(Value::U64(1)));
        assert_eq!(check("failfast", "off".into()), Ok(Value::U64(0)));
        assert_eq!(check("io_n", u64::MAX.into()), Ok(Value::U64(u64::MAX)));
        assert_eq!(check("comment", "".into()), Ok("".into()));
        assert!(check("com.example:a", "x".repeat(MAX_TEXT).as_str().into()).is_ok());
        for (name, value) in [
            ("allocating", PropertyValue::Number(1)),
            ("failfast", PropertyValue::from("maybe")),
            ("io_n", PropertyValue::from("10")),
            ("comment", PropertyValue::Number(1)),
            ("comment", PropertyValue::from("a\0b")),
            ("com.example:a", PropertyValue::from(true)),
            (
                "com.example:a",
                PropertyValue::from("x".repeat(MAX_TEXT + 1).as_str()),
            ),
            ("com.Example:a", PropertyValue::from("x")),
            (
                "com.delphix:ms_unflushed_phys_txgs",
                PropertyValue::from("x"),
            ),
            ("org.openzfs:vdev_rebuild", PropertyValue::from("")),
            ("org.zfsonlinux:allocation_bias", PropertyValue::from("x")),
            ("guid", PropertyValue::Number(1)),
            ("no such", PropertyValue::from("x")),
        ] {
            assert!(check(name, value.clone()).is_err(), "{name} {value:?}");
        }
    }

    #[test]
    fn what_is_for_logs_is_known_by_its_top_level_vdev() {
        let vdev = |guid: u64| NvList::new().with("guid", guid);
        let log = vdev(2)
            .with("is_log", 1_u64)
            .with("children", vec![vdev(3), vdev(4)]);
        let data = vdev(1).with("is_log", 0_u64);
        let root = vdev(9).with("children", vec![data, log]);
        let config = NvList::new().with("vdev_tree", root);
        let for_logs = |guid| is_for_logs(&config, VdevGuid::new(guid));
        assert!(for_logs(2) && for_logs(3) && for_logs(4));
        assert!(!for_logs(1) && !for_logs(9) && !for_logs(5));
    }
}

//! Making pools.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::features::Features;
use super::layout::{Layout, layout_methods};
use super::new_vdev::{NewVdev, Role};
use crate::encryption::new_encryption_root;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::key::Key;
use crate::name::PoolName;
use crate::nvlist::{NvList, Value};
use crate::property::{Encryption, PropertyValue};

impl Zfs {
    /// Begins to create a pool; see [`CreatePool`].
    #[doc(alias = "zpool_create")]
    #[doc(alias = "ZFS_IOC_POOL_CREATE")]
    pub fn create_pool(&self, name: &PoolName) -> CreatePool {
        CreatePool {
            zfs: self.clone(),
            name: name.clone(),
            layout: Layout::default(),
            features: Features::AllBut(BTreeSet::new()),
            properties: NvList::new(),
            root: NvList::new(),
            encryption: None,
            invalid: None,
        }
    }
}

/// A pool about to be created; [`run`](Self::run) creates it.
///
/// It gets all features that the module has, as with `zpool create`. Its root dataset is not
/// mounted, and the pool is not entered into the system's cache file, so that nothing imports it
/// when the system starts: that is asked for with [`cache_file`](Self::cache_file).
///
/// A disk is used as it is, from its first byte to its last, and so is a partition; the first 8 KiB,
/// which ZFS leaves alone, are emptied once the pool is made, so that nothing takes the disk for what was
/// on it. `zpool create` makes a table of partitions (GPT) on a whole disk instead: the first, from
/// block 2,048 on, is the pool's, and the ninth, of 16,384 blocks, is behind it. The pool remembers that
/// (`whole_disk`), and `zpool online -e` and the daemon `zed` go by it when the disk has grown or was
/// changed for another. A pool that `zpool` made so is found and imported as others are.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// use libzfs::NewVdev;
///
/// zfs.create_pool(&"tank".parse()?)
///     .vdev(NewVdev::mirror(["/dev/disk/by-id/a", "/dev/disk/by-id/b"]))
///     .log("/dev/disk/by-id/c")
///     .ashift(12)
///     .root("compression", "zstd")
///     .run()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "no pool is created before run()"]
pub struct CreatePool {
    zfs: Zfs,
    name: PoolName,
    layout: Layout,
    features: Features,
    properties: NvList,
    root: NvList,
    encryption: Option<(Encryption, Key)>,
    /// The first property that was refused, and why.
    invalid: Option<String>,
}

impl CreatePool {
    layout_methods!();

    /// The smallest block that is written to the devices, as a power of two from 9 (512 bytes) to
    /// 16 (64 KiB). Otherwise it is what the devices say, as it is where their own are larger. Devices
    /// that come later have it as well.
    pub fn ashift(mut self, power: u8) -> Self {
        self.layout.ashift = Some(power);
        self
    }

    /// Leaves a feature disabled, by its short name such as `bookmarks`. Those that build on it must
    /// be left out as well.
    pub fn without_feature(mut self, name: &str) -> Self {
        self.features.leave_out(name);
        self
    }

    /// Leaves all features disabled, as `zpool create -d` does.
    pub fn without_features(mut self) -> Self {
        self.features = Features::None;
        self
    }

    /// Gives the pool only the features of a set, such as `openzfs-2.1-linux`, or those that several
    /// sets have in common, separated by commas. The sets are files in `/etc/zfs/compatibility.d`
    /// and `/usr/share/zfs/compatibility.d`. The pool keeps the name as its property
    /// `compatibility`, which `zpool upgrade` goes by.
    pub fn compatibility(mut self, sets: &str) -> Self {
        self.features = Features::Compatible(sets.to_owned());
        self.properties.insert("compatibility", sets);
        self
    }

    /// Sets a property of the pool, such as `autotrim`, `comment` or `failmode`.
    ///
    /// One that is on or off takes a `bool`. A `version`, 1 to 28, is for a pool
    /// [without features](Self::without_features). Properties that a pool can only have later, such as
    /// `bootfs` and those of the user's own, are refused.
    pub fn set(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        match native(name, &value.into()) {
            Ok(value) => {
                self.properties.insert(name, value);
            }
            Err(why) => self.refuse(why),
        }
        self
    }

    /// Sets a property of the pool's root dataset; see [`DatasetBuilder::set`].
    ///
    /// [`DatasetBuilder::set`]: crate::DatasetBuilder::set
    pub fn root(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        match value.into().to_native(name) {
            Ok(value) => {
                self.root.insert(name, value);
            }
            Err(error) => self.refuse(error.to_string()),
        }
        self
    }

    /// Encrypts the root dataset, and with it all that does not say otherwise; see
    /// [`DatasetBuilder::encryption`]. The key is loaded then.
    ///
    /// The request to the kernel is overwritten afterwards; memory that it outgrew while it was
    /// put together is not.
    ///
    /// [`DatasetBuilder::encryption`]: crate::DatasetBuilder::encryption
    pub fn encryption(mut self, suite: Encryption, key: Key) -> Self {
        self.encryption = Some((suite, key));
        self
    }

    /// Enters the pool into this cache file, from which it is imported when the system starts. The
    /// system's own is `/etc/zfs/zpool.cache`.
    pub fn cache_file(mut self, path: &str) -> Self {
        if path.starts_with('/') && !path.contains('\0') {
            self.properties.insert("cachefile", path);
        } else {
            self.refuse(format!("the cache file {path:?} is no absolute path"));
        }
        self
    }

    /// Puts the mount points of all of the pool's datasets below this directory for as long as it
    /// is imported.
    pub fn altroot(mut self, directory: &str) -> Self {
        if directory.starts_with('/') && !directory.contains('\0') {
            self.properties.insert("altroot", directory);
        } else {
            self.refuse(format!("the altroot {directory:?} is no absolute path"));
        }
        self
    }

    /// Takes devices that have something on them, too: a file system, partitions, a pool that is
    /// exported or that another host may have imported. **That is lost.** Devices of pools that are
    /// imported here, and disks that are mounted, are never taken.
    pub fn force_overwrite(mut self) -> Self {
        self.layout.overwrite = true;
        self
    }

    #[cfg(feature = "testing")]
    pub(crate) fn features(mut self, features: Features) -> Self {
        self.features = features;
        self
    }

    fn refuse(&mut self, why: String) {
        self.invalid.get_or_insert(why);
    }

    /// Creates it.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// Before the kernel is asked:
    ///
    /// * [`ErrorKind::InvalidLayout`]: no vdev for data, too few devices in one, a device twice, a
    ///   log that is a RAID-Z, something that is no device and no file;
    /// * [`ErrorKind::MixedRedundancy`];
    /// * [`ErrorKind::DeviceNotFound`], [`ErrorKind::DeviceTooSmall`] (less than 64 MiB),
    ///   [`ErrorKind::DeviceInUse`]: a device of a pool, one that is mounted, or one that has a
    ///   common file system, partitions or the like;
    /// * [`ErrorKind::InvalidProperty`]; [`ErrorKind::Unsupported`]: the module has no feature of a
    ///   name that is left out; [`ErrorKind::InvalidKey`], [`ErrorKind::KeyWouldShow`];
    /// * [`ErrorKind::FeatureDisabled`]: special vdevs, dRAIDs and encryption need features.
    ///
    /// Then [`ErrorKind::PoolExists`], [`ErrorKind::InvalidName`] for a name that `zpool`
    /// would take for a kind of vdev, [`ErrorKind::InvalidProperty`], [`ErrorKind::PermissionDenied`], [`ErrorKind::NoSpace`].
    ///
    /// [`ErrorKind::InvalidArgument`]: a feature that was to be left out is there all the same,
    /// because another builds on it. The pool is destroyed again; what was on its devices before is
    /// lost.
    pub fn run(mut self) -> Result<()> {
        let operation = Operation::CreatePool;
        let name = self.name.as_str();
        let refused = |kind, why: &str| Err(Error::refused(operation, name, kind, why));
        if let Some(why) = &self.invalid {
            return refused(ErrorKind::InvalidProperty, why);
        }
        if let Some(why) = reserved(name) {
            return refused(ErrorKind::InvalidName, why);
        }
        let data = |(role, _): &(Role, NewVdev)| *role == Role::Data;
        if !self.layout.vdevs.iter().any(data) {
            return refused(ErrorKind::InvalidLayout, "there is no vdev for data");
        }
        let features = self.features.choose(name)?;
        let class = |(role, _): &(Role, NewVdev)| matches!(role, Role::Special | Role::Dedup);
        if self.layout.vdevs.iter().any(class) && !features.contains("allocation_classes") {
            let why = "special vdevs need the feature allocation_classes";
            return refused(ErrorKind::FeatureDisabled, why);
        }
        let is_draid = |(_, vdev): &(Role, NewVdev)| vdev.is_draid();
        if self.layout.vdevs.iter().any(is_draid) && !features.contains("draid") {
            let why = "a draid needs the feature draid";
            return refused(ErrorKind::FeatureDisabled, why);
        }
        // The kernel does not look at the version of a pool that gets features.
        if self.properties.contains("version") && !matches!(self.features, Features::None) {
            let why = "pools of old versions have no features: it takes without_features()";
            return refused(ErrorKind::InvalidProperty, why);
        }
        let planned = self.layout.plan(&self.zfs, operation, name)?;
        if let Some(power) = self.layout.ashift {
            self.properties.insert("ashift", u64::from(power));
        }
        features.add_to(&mut self.properties);
        if !self.properties.contains("cachefile") {
            self.properties.insert("cachefile", "none");
        }
        let wrapping_key = match &self.encryption {
            Some((suite, key)) => {
                if !features.contains("encryption") {
                    let why = "encryption needs the feature encryption";
                    return refused(ErrorKind::FeatureDisabled, why);
                }
                Some(new_encryption_root(
                    operation,
                    name,
                    *suite,
                    key,
                    &mut self.root,
                )?)
            }
            None => None,
        };
        if !self.root.is_empty() {
            self.properties
                .insert("root-props-nvl", std::mem::take(&mut self.root));
        }
        tracing::debug!(pool = name, "create pool");
        let created = super::with_hidden_key(wrapping_key, &mut self.properties, |properties| {
            self.zfs
                .device()
                .pool_create(name, &planned.tree, properties)
        });
        created.map_err(|errno| Error::from_errno(operation, name, errno))?;
        self.zfs.record(operation, name);

        let config = self
            .zfs
            .device()
            .pool_stats(name)
            .map_err(|errno| Error::from_errno(operation, name, errno))?;
        let Some(unwanted) = features.unwanted(&config) else {
            return planned.empty_starts(operation, name);
        };
        let why = format!("another feature that is enabled needs {unwanted}");
        self.zfs.destroy_pool(&self.name)?;
        refused(ErrorKind::InvalidArgument, &why)
    }
}

/// Why `zpool` could not tell a pool of this name from a vdev, if so.
fn reserved(name: &str) -> Option<&'static str> {
    let vdev = ["mirror", "raidz", "draid", "spare"];
    (name == "log" || vdev.iter().any(|prefix| name.starts_with(prefix)))
        .then_some("names that begin like a kind of vdev are kept for ZFS")
}

/// What a pool that is made can be given, with the form of its value. The kernel takes others, and
/// writes them to the pool as they are.
fn native(name: &str, value: &PropertyValue) -> Result<Value, String> {
    const FLAGS: &[&str] = &[
        "autoexpand",
        "autoreplace",
        "autotrim",
        "delegation",
        "listsnapshots",
        "multihost",
    ];
    const FAILMODES: [&str; 3] = ["wait", "continue", "panic"];
    let flag = match value {
        PropertyValue::Bool(on) => Some(*on),
        PropertyValue::Text(text) if text == "on" => Some(true),
        PropertyValue::Text(text) if text == "off" => Some(false),
        PropertyValue::Number(number @ (0 | 1)) => Some(*number == 1),
        _ => None,
    };
    match (name, value) {
        (_, _) if FLAGS.contains(&name) => match flag {
            Some(on) => Ok(Value::U64(on.into())),
            None => Err(format!("{name} is on or off")),
        },
        ("failmode", PropertyValue::Text(mode)) => {
            let index = FAILMODES.iter().position(|known| known == mode);
            let index = index.and_then(|index| u64::try_from(index).ok());
            let allowed = || format!("failmode is one of {}", FAILMODES.join(", "));
            index.map(Value::U64).ok_or_else(allowed)
        }
        // `ZPROP_MAX_COMMENT`
        ("comment", PropertyValue::Text(text)) if text.len() > 32 => {
            Err("a comment has 32 bytes or less".into())
        }
        ("comment", PropertyValue::Text(text)) if text.contains('\0') => {
            Err("a comment has no NUL".into())
        }
        ("comment", PropertyValue::Text(text)) => Ok(Value::from(text.as_str())),
        // Those before there were features.
        ("version", PropertyValue::Number(number @ 1..=28)) => Ok(Value::U64(*number)),
        ("version", _) => Err("a version is 1 to 28".into()),
        ("failmode" | "comment", _) => Err(format!("{name} takes a text")),
        ("ashift" | "altroot" | "cachefile" | "compatibility", _) => {
            let function = name.replace("cachefile", "cache_file");
            Err(format!("{name} is set with {function}()"))
        }
        _ => Err(format!("a pool cannot be made with a property {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pool_properties_are_checked_before_the_kernel_takes_them() {
        let native = |name, value: PropertyValue| native(name, &value);
        assert_eq!(native("autotrim", true.into()), Ok(Value::U64(1)));
        assert_eq!(native("failmode", "continue".into()), Ok(Value::U64(1)));
        assert_eq!(native("comment", "text".into()), Ok(Value::from("text")));
        for (name, value) in [
            ("autotrim", PropertyValue::from(2_u64)),
            ("failmode", "never".into()),
            ("failmode", 9_u64.into()),
            ("comment", 1_u64.into()),
            ("comment", "a\0b".into()),
            ("size", 1_u64.into()),
            ("cachefile", "none".into()),
            ("feature@bookmarks", "enabled".into()),
        ] {
            assert!(native(name, value).is_err(), "{name}");
        }
    }
}

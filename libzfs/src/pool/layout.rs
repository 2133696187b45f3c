//! The vdevs that a pool gets: what they are made of, and why that may not be.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::foreign;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::label::{self, Label, PoolState};
use crate::nvlist::NvList;

/// The least that a device has to have (`SPA_MINDEVSIZE`).
const MIN_DEVICE: u64 = 64 << 20;
/// By how much devices of one vdev can differ and count as alike: what partitioning does.
const ALIKE: u64 = 16 << 20;

/// A vdev to be: a device, or several with redundancy.
///
/// A device is a block device or a file, by its path. One without `/` in front is taken from the
/// current directory. A disk is used as it is: nothing is partitioned.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NewVdev {
    kind: Kind,
    devices: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Single,
    Mirror,
    Raidz(u8),
    Draid {
        parity: u8,
        data: Option<usize>,
        spares: usize,
    },
}

impl NewVdev {
    /// A device by itself. What is on it is lost with it.
    pub fn single(device: impl Into<PathBuf>) -> Self {
        Self::new(Kind::Single, [device])
    }

    /// Devices that each have all data, two or more.
    pub fn mirror<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(Kind::Mirror, devices)
    }

    /// Devices of which any one may be lost, two or more.
    pub fn raidz1<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(Kind::Raidz(1), devices)
    }

    /// Devices of which any two may be lost, three or more.
    pub fn raidz2<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(Kind::Raidz(2), devices)
    }

    /// Devices of which any three may be lost, four or more.
    pub fn raidz3<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(Kind::Raidz(3), devices)
    }

    fn new<P: Into<PathBuf>>(kind: Kind, devices: impl IntoIterator<Item = P>) -> Self {
        Self {
            kind,
            devices: devices.into_iter().map(Into::into).collect(),
        }
    }

    /// How many devices may be lost without loss of data.
    fn tolerates(&self) -> usize {
        match self.kind {
            Kind::Single => 0,
            Kind::Mirror => self.devices.len().saturating_sub(1),
            Kind::Raidz(parity) | Kind::Draid { parity, .. } => parity.into(),
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        let alike = if self.kind.name() == other.kind.name() {
            self.devices.len() == other.devices.len()
        } else {
            // A mirror is as good as a RAID-Z that survives as much.
            self.kind != Kind::Single && other.kind != Kind::Single
        };
        alike && self.tolerates() == other.tolerates()
    }

    /// Why it cannot be, if so.
    fn flaw(&self, role: Role) -> Option<String> {
        let least = match self.kind {
            Kind::Single => 1,
            Kind::Mirror => 2,
            Kind::Raidz(parity) | Kind::Draid { parity, .. } => usize::from(parity) + 1,
        };
        let (kind, count) = (self.kind.name(), self.devices.len());
        if count < least {
            return Some(format!("a {kind} has {least} devices or more, not {count}"));
        }
        if !self.kind.has_parity() {
            return None;
        }
        if count > 255 {
            return Some(format!("a {kind} has 255 devices or less, not {count}"));
        }
        if role == Role::Log {
            return Some("a log is a device or a mirror".to_owned());
        }
        match self.kind {
            Kind::Draid {
                parity,
                data,
                spares,
            } => DraidShape::new(parity, data, spares, count).err(),
            _ => None,
        }
    }

    /// The path, of a device by itself.
    pub(super) fn path(&self) -> Option<&Path> {
        match (self.kind, &self.devices[..]) {
            (Kind::Single, [path]) => Some(path),
            _ => None,
        }
    }

    /// Whether it has to have the feature `draid`.
    pub(super) fn is_draid(&self) -> bool {
        matches!(self.kind, Kind::Draid { .. })
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Single => "device",
            Self::Mirror => "mirror",
            Self::Raidz(_) => "raidz",
            Self::Draid { .. } => "draid",
        }
    }

    fn has_parity(self) -> bool {
        matches!(self, Self::Raidz(_) | Self::Draid { .. })
    }
}

/// A dRAID to be: devices of which one, two or three may be lost, and which have spare space among
/// them, so that what was lost is soon there again. It becomes a [`NewVdev`]. Of each device it takes
/// more than the 64 MiB that others need.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// use libzfs::NewDraid;
///
/// let disks = (0..24).map(|number| format!("/dev/disk/by-vdev/bay{number}"));
/// let draid = NewDraid::draid2(disks).data(8).spares(2);
/// zfs.create_pool(&"tank".parse()?).vdev(draid).run()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use = "it is to become a vdev"]
pub struct NewDraid {
    devices: Vec<PathBuf>,
    parity: u8,
    data: Option<usize>,
    spares: usize,
}

impl NewDraid {
    /// Devices of which any one may be lost, two or more.
    pub fn draid1<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(1, devices)
    }

    /// Devices of which any two may be lost, three or more.
    pub fn draid2<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(2, devices)
    }

    /// Devices of which any three may be lost, four or more.
    pub fn draid3<P: Into<PathBuf>>(devices: impl IntoIterator<Item = P>) -> Self {
        Self::new(3, devices)
    }

    fn new<P: Into<PathBuf>>(parity: u8, devices: impl IntoIterator<Item = P>) -> Self {
        Self {
            devices: devices.into_iter().map(Into::into).collect(),
            parity,
            data: None,
            spares: 0,
        }
    }

    /// On how many devices the data of one group are, beside its parity; otherwise on 8, or on as
    /// many as there are.
    pub fn data(mut self, devices: usize) -> Self {
        self.data = Some(devices);
        self
    }

    /// The spare space that is spread over the devices: that of so many, at most 100; otherwise
    /// none. It is shown as spares of names such as `draid2-0-0`, which
    /// [`replace_device`](Zfs::replace_device) takes as the path of the new device.
    pub fn spares(mut self, devices: usize) -> Self {
        self.spares = devices;
        self
    }
}

impl From<NewDraid> for NewVdev {
    fn from(new: NewDraid) -> Self {
        Self {
            kind: Kind::Draid {
                parity: new.parity,
                data: new.data,
                spares: new.spares,
            },
            devices: new.devices,
        }
    }
}

/// How a dRAID is divided. The kernel computes with what it is given, so that it is right before.
#[derive(Debug, PartialEq, Eq)]
struct DraidShape {
    /// Devices that have data, in one group.
    data: usize,
    /// Groups until they begin at the first device again.
    groups: usize,
}

impl DraidShape {
    fn new(parity: u8, data: Option<usize>, spares: usize, devices: usize) -> Result<Self, String> {
        let parity = usize::from(parity);
        if spares > 100 {
            return Err(format!("a draid has 100 spares or less, not {spares}"));
        }
        let filled = devices.saturating_sub(spares);
        let most = filled.saturating_sub(parity);
        let data = data.unwrap_or(most.min(8));
        if data == 0 || data > most {
            return Err(format!(
                "a draid{parity} of {devices} devices with {spares} spares has 1 to {most} for \
                 data, not {data}"
            ));
        }
        let width = data + parity;
        let mut groups = 1;
        while groups * width % filled != 0 {
            groups += 1;
        }
        Ok(Self { data, groups })
    }
}

impl<P: Into<PathBuf>> From<P> for NewVdev {
    fn from(device: P) -> Self {
        Self::single(device)
    }
}

/// What a vdev is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Data,
    Special,
    Dedup,
    Log,
}

/// All vdevs of a new pool, or those to add.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    pub(super) vdevs: Vec<(Role, NewVdev)>,
    pub(super) caches: Vec<PathBuf>,
    pub(super) spares: Vec<PathBuf>,
    /// As a power of two; the devices say otherwise.
    pub(super) ashift: Option<u8>,
    /// Whether devices of pools that are not imported may be taken.
    pub(super) overwrite: bool,
    /// Whether the vdevs may differ in what they survive.
    pub(super) mixed: bool,
    /// Whether the devices may be spares that are not in use.
    pub(super) may_be_spare: bool,
    /// A vdev that the pool has, and whether it is of disks.
    pub(super) beside: Option<(NewVdev, bool)>,
}

/// The methods of a builder with a field `layout` that say which vdevs there are to be.
macro_rules! layout_methods {
    () => {
        /// Adds a vdev for data: a device by its path, or several as a [`NewVdev`] or a
        /// [`NewDraid`](crate::NewDraid).
        pub fn vdev(self, vdev: impl Into<NewVdev>) -> Self {
            self.with(Role::Data, vdev)
        }

        /// Adds a vdev for metadata and small blocks. The pool is lost with it, so it should
        /// survive what the others do.
        pub fn special(self, vdev: impl Into<NewVdev>) -> Self {
            self.with(Role::Special, vdev)
        }

        /// Adds a vdev for deduplication tables. The pool is lost with it.
        pub fn dedup(self, vdev: impl Into<NewVdev>) -> Self {
            self.with(Role::Dedup, vdev)
        }

        /// Adds a vdev for the intent log: a device or a mirror.
        pub fn log(self, vdev: impl Into<NewVdev>) -> Self {
            self.with(Role::Log, vdev)
        }

        fn with(mut self, role: Role, vdev: impl Into<NewVdev>) -> Self {
            self.layout.vdevs.push((role, vdev.into()));
            self
        }

        /// Adds a device as a cache for reading.
        pub fn cache(mut self, device: impl Into<PathBuf>) -> Self {
            self.layout.caches.push(device.into());
            self
        }

        /// Adds a device as a hot spare, which other pools can have as well.
        pub fn spare(mut self, device: impl Into<PathBuf>) -> Self {
            self.layout.spares.push(device.into());
            self
        }

        /// Allows vdevs that differ in what they survive, from each other or from those that the
        /// pool has, and devices of one vdev that differ in size or are disks and files. The pool
        /// is as weak as its weakest vdev.
        pub fn allow_mixed_redundancy(mut self) -> Self {
            self.layout.mixed = true;
            self
        }
    };
}
pub(super) use layout_methods;

/// Something that is wrong, on the way to an error.
type Refused = (ErrorKind, String);

/// A device that was looked at.
struct Found {
    /// The absolute path.
    path: String,
    is_disk: bool,
    size: u64,
}

impl Layout {
    /// The tree that the kernel takes, of devices that were found to be free.
    pub(super) fn tree(&self, zfs: &Zfs, operation: Operation, pool: &str) -> Result<NvList> {
        self.checked_tree(zfs)
            .map_err(|(kind, why)| Error::refused(operation, pool, kind, why))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.vdevs.is_empty() && self.caches.is_empty() && self.spares.is_empty()
    }

    fn checked_tree(&self, zfs: &Zfs) -> Result<NvList, Refused> {
        if let Some(power) = self.ashift.filter(|power| !(9..=16).contains(power)) {
            let why = format!("ashift is 9 to 16, not {power}");
            return Err((ErrorKind::InvalidProperty, why));
        }
        for (role, vdev) in &self.vdevs {
            if let Some(flaw) = vdev.flaw(*role) {
                return Err((ErrorKind::InvalidLayout, flaw));
            }
        }
        let mut devices = Devices {
            in_use: InUse::read(zfs)?,
            overwrite: self.overwrite,
            seen: BTreeMap::new(),
        };
        let mut children = Vec::new();
        let mut alike = self.beside.as_ref().map(|(vdev, is_disk)| (vdev, *is_disk));
        for (role, vdev) in &self.vdevs {
            let found = devices.look_at_all(&vdev.devices, self.may_be_spare)?;
            let is_disk = found.iter().any(|device| device.is_disk);
            if !self.mixed {
                check_devices_alike(&found)?;
                if *role != Role::Log {
                    if let Some((other, other_disk)) = alike {
                        if !vdev.is_like(other) || is_disk != other_disk {
                            let why = format!("a {} beside a {}", describe(vdev), describe(other));
                            return Err((ErrorKind::MixedRedundancy, why));
                        }
                    }
                    alike = Some((vdev, is_disk));
                }
            }
            children.push(self.top_level(*role, vdev.kind, &found));
        }
        let caches = devices.look_at_all(&self.caches, false)?;
        let spares = devices.look_at_all(&self.spares, true)?;
        let leaves = |found: Vec<Found>| -> Vec<NvList> {
            found.iter().map(|device| self.leaf(device)).collect()
        };
        let mut root = NvList::new()
            .with("type", "root")
            .with("children", children);
        if !caches.is_empty() {
            root.insert("l2cache", leaves(caches));
        }
        if !spares.is_empty() {
            root.insert("spares", leaves(spares));
        }
        Ok(root)
    }

    fn top_level(&self, role: Role, kind: Kind, devices: &[Found]) -> NvList {
        let leaves: Vec<_> = devices.iter().map(|device| self.leaf(device)).collect();
        let mut vdev = match (kind, devices) {
            (Kind::Single, [device, ..]) => self.leaf(device),
            (_, _) => NvList::new()
                .with("type", kind.name())
                .with("children", leaves),
        };
        match kind {
            Kind::Single | Kind::Mirror => {}
            Kind::Raidz(parity) => vdev.push("nparity", u64::from(parity)),
            Kind::Draid {
                parity,
                data,
                spares,
            } => {
                vdev.push("nparity", u64::from(parity));
                // There is one: this was looked at before.
                if let Ok(shape) = DraidShape::new(parity, data, spares, devices.len()) {
                    vdev.push("draid_ndata", shape.data as u64);
                    vdev.push("draid_nspares", spares as u64);
                    vdev.push("draid_ngroups", shape.groups as u64);
                }
            }
        }
        vdev.insert("is_log", u64::from(role == Role::Log));
        match role {
            Role::Data => {}
            Role::Special => vdev.push("alloc_bias", "special"),
            Role::Dedup => vdev.push("alloc_bias", "dedup"),
            Role::Log => vdev.push("alloc_bias", "log"),
        }
        vdev
    }

    fn leaf(&self, device: &Found) -> NvList {
        let mut leaf = NvList::new().with("path", device.path.as_str());
        if device.is_disk {
            leaf.push("type", "disk");
            leaf.push("whole_disk", 0_u64);
        } else {
            leaf.push("type", "file");
        }
        if let Some(ashift) = self.ashift {
            leaf.push("ashift", u64::from(ashift));
        }
        leaf
    }
}

fn describe(vdev: &NewVdev) -> String {
    match vdev.kind {
        Kind::Single => "single device".to_owned(),
        Kind::Mirror => format!("mirror of {}", vdev.devices.len()),
        Kind::Raidz(parity) | Kind::Draid { parity, .. } => {
            let kind = vdev.kind.name();
            format!("{kind}{parity} of {}", vdev.devices.len())
        }
    }
}

fn check_devices_alike(devices: &[Found]) -> Result<(), Refused> {
    let sizes = devices.iter().map(|device| device.size);
    let (least, most) = (sizes.clone().min(), sizes.max());
    if most.unwrap_or(0) - least.unwrap_or(0) > ALIKE {
        let why = "the devices of one vdev differ in size".to_owned();
        return Err((ErrorKind::MixedRedundancy, why));
    }
    let disks = devices.iter().filter(|device| device.is_disk).count();
    if disks != 0 && disks != devices.len() {
        let why = "one vdev has disks and files".to_owned();
        return Err((ErrorKind::MixedRedundancy, why));
    }
    Ok(())
}

/// The devices that are looked at for one pool.
struct Devices {
    in_use: InUse,
    overwrite: bool,
    /// What identifies each that was, to find one that is there twice under two names.
    seen: BTreeMap<(u64, u64), PathBuf>,
}

impl Devices {
    fn look_at_all(&mut self, paths: &[PathBuf], as_spare: bool) -> Result<Vec<Found>, Refused> {
        paths
            .iter()
            .map(|path| self.look_at(path, as_spare))
            .collect()
    }

    fn look_at(&mut self, path: &Path, as_spare: bool) -> Result<Found, Refused> {
        let shown = path.display();
        let failed = |error: std::io::Error| {
            let kind = match error.raw_os_error() {
                Some(libc::ENOENT | libc::ENOTDIR | libc::ENXIO | libc::ENODEV) => {
                    ErrorKind::DeviceNotFound
                }
                Some(libc::EACCES | libc::EPERM) => ErrorKind::PermissionDenied,
                Some(libc::EBUSY) => ErrorKind::DeviceInUse,
                _ => ErrorKind::Io,
            };
            (kind, format!("{shown}: {error}"))
        };
        let absolute = std::path::absolute(path).map_err(failed)?;
        let Some(text) = absolute.to_str().filter(|text| !text.contains('\0')) else {
            let why = format!("{shown} is no path that ZFS can keep");
            return Err((ErrorKind::InvalidLayout, why));
        };
        let metadata = absolute.metadata().map_err(failed)?;
        let is_disk = metadata.file_type().is_block_device();
        if !is_disk && !metadata.is_file() {
            let why = format!("{shown} is no block device and no file");
            return Err((ErrorKind::InvalidLayout, why));
        }
        let identity = match is_disk {
            true => (u64::MAX, metadata.rdev()),
            false => (metadata.dev(), metadata.ino()),
        };
        if let Some(other) = self.seen.insert(identity, absolute.clone()) {
            let why = format!("{shown} and {} are the same device", other.display());
            return Err((ErrorKind::InvalidLayout, why));
        }
        let open = |flags| {
            let mut options = OpenOptions::new();
            options.read(true).custom_flags(flags | libc::O_NONBLOCK);
            options.open(&absolute)
        };
        // A disk that is mounted, or that something else has for itself, cannot be had so.
        let exclusive = if is_disk { libc::O_EXCL } else { 0 };
        let device = match open(exclusive) {
            // ZFS itself has those of its pools, the spares too.
            Err(error) if as_spare && error.raw_os_error() == Some(libc::EBUSY) => {
                let device = open(0).map_err(failed)?;
                let label = label::read(&device).map_err(failed)?;
                if label.is_none_or(|label| label.state() != PoolState::Spare) {
                    return Err(failed(error));
                }
                device
            }
            opened => opened.map_err(failed)?,
        };
        let size = label::size(&device).map_err(failed)?;
        self.check_free(&device, as_spare)
            .map_err(failed)?
            .map_or(Ok(()), |why| {
                Err((ErrorKind::DeviceInUse, format!("{shown} {why}")))
            })?;
        if size < MIN_DEVICE {
            let why = format!("{shown} has {size} bytes of the {MIN_DEVICE} that it needs");
            return Err((ErrorKind::DeviceTooSmall, why));
        }
        Ok(Found {
            path: text.to_owned(),
            is_disk,
            size,
        })
    }

    /// By what the device is in use, if it is.
    fn check_free(&self, device: &File, as_spare: bool) -> std::io::Result<Option<String>> {
        let label = label::read(device)?;
        let Some(label) = label.as_ref().filter(|label| label.is_in_use()) else {
            // Also where there is the label of a pool that was destroyed: that can be an old one at
            // the end of a device that has something else in front.
            let foreign = match self.overwrite {
                true => None,
                false => foreign::look(device)?,
            };
            return Ok(foreign.map(|what| format!("has {what}")));
        };
        let of_pool = |label: &Label| match label.pool_name() {
            Some(name) => format!("is part of the pool {name}"),
            None => "is part of a pool".to_owned(),
        };
        let imported = self.in_use.guids.get(&label.guid());
        Ok(match (label.state(), imported) {
            (PoolState::Spare, _) if as_spare => None,
            (PoolState::Spare | PoolState::Cache, None) => None,
            (_, Some(pool)) => Some(format!("is part of the imported pool {pool}")),
            (_, None) if self.overwrite => None,
            (PoolState::Exported, None) => Some(format!("{}, which is exported", of_pool(label))),
            (_, None) => Some(format!("{}, maybe imported elsewhere", of_pool(label))),
        })
    }
}

/// The GUIDs of all devices of the imported pools, with the names of these.
struct InUse {
    guids: BTreeMap<u64, String>,
}

impl InUse {
    fn read(zfs: &Zfs) -> Result<Self, Refused> {
        let configs = zfs.device().pool_configs().map_err(|errno| {
            let why = format!("cannot read which pools are imported: {errno}");
            (ErrorKind::Io, why)
        })?;
        let mut guids = BTreeMap::new();
        for name in configs.names() {
            let name = name.to_string();
            // Only this has the spares and caches, too.
            let config = match zfs.device().pool_stats(&name) {
                Ok(config) => config,
                // It is gone since.
                Err(errno) if errno.raw() == libc::ENOENT => continue,
                Err(errno) => {
                    let why = format!("cannot read which devices {name} has: {errno}");
                    return Err((ErrorKind::Io, why));
                }
            };
            if let Some(root) = config.get_list("vdev_tree") {
                collect_guids(root, &name, &mut guids);
            }
        }
        Ok(Self { guids })
    }
}

fn collect_guids(vdev: &NvList, pool: &str, guids: &mut BTreeMap<u64, String>) {
    if let Some(guid) = vdev.get_u64("guid") {
        guids.insert(guid, pool.to_owned());
    }
    for list in ["children", "spares", "l2cache"] {
        for child in vdev.get_list_array(list).unwrap_or_default() {
            collect_guids(child, pool, guids);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vdevs_that_survive_the_same_are_alike() {
        let mirror = |n: usize| NewVdev::mirror((0..n).map(|i| format!("{i}")));
        let raidz2 = |n: usize| NewVdev::raidz2((0..n).map(|i| format!("{i}")));
        let single = || NewVdev::single("0");
        assert!(mirror(2).is_like(&mirror(2)) && single().is_like(&single()));
        assert!(!mirror(2).is_like(&mirror(3)) && !single().is_like(&mirror(2)));
        assert!(mirror(3).is_like(&raidz2(5)) && raidz2(5).is_like(&mirror(3)));
        assert!(!mirror(2).is_like(&raidz2(5)) && !raidz2(4).is_like(&raidz2(5)));
        assert!(!raidz2(4).is_like(&NewVdev::raidz1(["a", "b", "c", "d"])));
        let draid2 = |n: usize| NewVdev::from(NewDraid::draid2((0..n).map(|i| format!("{i}"))));
        assert!(draid2(6).is_like(&raidz2(5)) && mirror(3).is_like(&draid2(6)));
        assert!(draid2(6).is_like(&draid2(6)) && !draid2(6).is_like(&draid2(7)));
        assert!(!draid2(6).is_like(&single()) && !draid2(6).is_like(&mirror(2)));
    }

    #[test]
    fn a_draid_is_divided_as_zpool_divides_it() {
        let shape = |parity, data, spares, devices| {
            let shape = DraidShape::new(parity, data, spares, devices);
            shape.map(|shape| (shape.data, shape.groups))
        };
        assert_eq!(shape(1, None, 0, 4), Ok((3, 1)));
        assert_eq!(shape(1, Some(2), 1, 4), Ok((2, 1)));
        assert_eq!(shape(2, Some(8), 2, 24), Ok((8, 11)));
        assert_eq!(shape(2, None, 1, 52), Ok((8, 51)));
        assert_eq!(shape(1, None, 0, 255), Ok((8, 85)));
        for (data, spares, devices) in [
            (Some(0), 0, 4),
            (Some(4), 0, 4),
            (Some(usize::MAX), 0, 4),
            (None, 3, 4),
            (None, 4, 4),
            (Some(1), usize::MAX, 4),
            (None, 101, 255),
        ] {
            let shape = shape(1, data, spares, devices);
            assert!(shape.is_err(), "{data:?} {spares} {devices}: {shape:?}");
        }
    }

    #[test]
    fn a_vdev_has_as_many_devices_as_its_kind_needs() {
        let flawed = |vdev: NewVdev| vdev.flaw(Role::Data).is_some();
        assert!(flawed(NewVdev::mirror([""; 1])) && !flawed(NewVdev::mirror([""; 2])));
        assert!(flawed(NewVdev::raidz3([""; 3])) && !flawed(NewVdev::raidz3([""; 4])));
        assert!(flawed(NewVdev::raidz1([""; 0])) && flawed(NewVdev::raidz1([""; 256])));
        assert!(NewVdev::raidz1([""; 2]).flaw(Role::Log).is_some());
        assert!(NewVdev::mirror([""; 2]).flaw(Role::Log).is_none());
    }
}

//! The vdevs that a pool gets, as the tree that the kernel takes.

use std::path::PathBuf;

use super::new_vdev::{DraidShape, Kind, NewVdev, Role};
use super::probe::{Devices, Found, Refused};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::nvlist::NvList;

/// By how much devices of one vdev can differ and count as alike: what partitioning does.
const ALIKE: u64 = 16 << 20;

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

/// The tree that the kernel takes, of devices that were found to be free.
pub(super) struct Planned {
    pub(super) tree: NvList,
    devices: Vec<Found>,
}

impl Planned {
    /// That of a dRAID's spare space, which is no device.
    pub(super) fn of_spare_space(leaf: NvList) -> Self {
        Self {
            tree: root_of(vec![leaf]),
            devices: Vec::new(),
        }
    }

    /// The largest of the blocks that the devices have, as a power of two.
    pub(super) fn block_shift(&self) -> u8 {
        let shifts = self.devices.iter().map(|device| device.block_shift);
        shifts.max().unwrap_or_default()
    }

    /// Empties what is in front of the labels, once the devices are the pool's.
    pub(super) fn empty_starts(&self, operation: Operation, pool: &str) -> Result<()> {
        for device in &self.devices {
            device.empty_start().map_err(|error| {
                let path = &device.path;
                let why = format!("done, but the start of {path} could not be emptied: {error}");
                Error::refused(operation, pool, ErrorKind::Io, why)
            })?;
        }
        Ok(())
    }
}

impl Layout {
    pub(super) fn plan(&self, zfs: &Zfs, operation: Operation, pool: &str) -> Result<Planned> {
        self.checked(zfs)
            .map_err(|(kind, why)| Error::refused(operation, pool, kind, why))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.vdevs.is_empty() && self.caches.is_empty() && self.spares.is_empty()
    }

    fn checked(&self, zfs: &Zfs) -> Result<Planned, Refused> {
        if let Some(power) = self.ashift.filter(|power| !(9..=16).contains(power)) {
            let why = format!("ashift is 9 to 16, not {power}");
            return Err((ErrorKind::InvalidProperty, why));
        }
        for (role, vdev) in &self.vdevs {
            if let Some(flaw) = vdev.flaw(*role) {
                return Err((ErrorKind::InvalidLayout, flaw));
            }
        }
        let mut devices = Devices::new(zfs, self.overwrite)?;
        let mut all = Vec::new();
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
                            let why =
                                format!("a {} beside a {}", vdev.describe(), other.describe());
                            return Err((ErrorKind::MixedRedundancy, why));
                        }
                    }
                    alike = Some((vdev, is_disk));
                }
            }
            children.push(self.top_level(*role, vdev.kind, &found));
            all.extend(found);
        }
        let caches = devices.look_at_all(&self.caches, false)?;
        let spares = devices.look_at_all(&self.spares, true)?;
        let leaves = |found: &[Found]| -> Vec<NvList> {
            found.iter().map(|device| self.leaf(device)).collect()
        };
        let mut root = root_of(children);
        if !caches.is_empty() {
            root.insert("l2cache", leaves(&caches));
        }
        if !spares.is_empty() {
            root.insert("spares", leaves(&spares));
        }
        all.extend(caches);
        all.extend(spares);
        Ok(Planned {
            tree: root,
            devices: all,
        })
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
            // 2.1 would write smaller blocks than the device takes.
            leaf.push("ashift", u64::from(ashift.max(device.block_shift)));
        }
        leaf
    }
}

fn root_of(children: Vec<NvList>) -> NvList {
    NvList::new()
        .with("type", "root")
        .with("children", children)
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

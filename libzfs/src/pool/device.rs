//! The devices of a pool that is imported: taken offline and online, attached, replaced, detached,
//! added, removed.

use std::path::PathBuf;

use super::layout::{Layout, Planned, layout_methods};
use super::new_vdev::{NewDraid, NewVdev, Role};
use super::status::{PoolStatus, VdevClass, VdevKind, VdevState, VdevStatus};
use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::PoolName;
use crate::nvlist::NvList;
use crate::vdev::VdevGuid;

/// `VDEV_STATE_OFFLINE`
const OFFLINE: u64 = 2;
/// `VDEV_STATE_ONLINE`, which C has for another name of healthy.
const ONLINE: u64 = 7;
/// `ZFS_OFFLINE_TEMPORARY`
const TEMPORARY: u64 = 1;
/// `ZFS_ONLINE_EXPAND`
const EXPAND: u64 = 8;

impl Zfs {
    /// Takes a device offline, until it is [taken online](Self::online_device) again. What is
    /// written meanwhile it lacks then, and gets by a resilver.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::NoReplicas`]: no other device has the same data;
    /// * [`ErrorKind::VdevNotFound`]; [`ErrorKind::VdevNotSupported`]: it is no device or file;
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`],
    ///   [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PoolSuspended`]
    #[doc(alias = "zpool_vdev_offline")]
    #[doc(alias = "ZFS_IOC_VDEV_SET_STATE")]
    pub fn offline_device(&self, pool: &PoolName, device: VdevGuid) -> Result<()> {
        self.set_state(Operation::OfflineDevice, pool, device, OFFLINE, 0)
            .map(drop)
    }

    /// As [`offline_device`](Self::offline_device), at most until the pool is imported the next
    /// time.
    ///
    /// # Errors
    ///
    /// As there.
    #[doc(alias = "zpool_vdev_offline")]
    pub fn offline_device_temporarily(&self, pool: &PoolName, device: VdevGuid) -> Result<()> {
        self.set_state(Operation::OfflineDevice, pool, device, OFFLINE, TEMPORARY)
            .map(drop)
    }

    /// Takes a device online again; returns how it then is, which need not be
    /// [`VdevState::Online`]. Of a vdev that is made of others, all of them are opened anew; 2.1
    /// refuses that.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::VdevNotFound`], [`ErrorKind::VdevNotSupported`], [`ErrorKind::PoolNotFound`],
    /// [`ErrorKind::PermissionDenied`], [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PoolSuspended`]
    #[doc(alias = "zpool_vdev_online")]
    #[doc(alias = "ZFS_IOC_VDEV_SET_STATE")]
    pub fn online_device(&self, pool: &PoolName, device: VdevGuid) -> Result<VdevState> {
        self.set_state(Operation::OnlineDevice, pool, device, ONLINE, 0)
    }

    /// As [`online_device`](Self::online_device), and has the pool use all of a device that has
    /// grown (`zpool online -e`). The pool's size is another once the kernel has written it down, a
    /// moment later.
    ///
    /// # Errors
    ///
    /// As there.
    #[doc(alias = "zpool_vdev_online")]
    pub fn expand_device(&self, pool: &PoolName, device: VdevGuid) -> Result<VdevState> {
        self.set_state(Operation::OnlineDevice, pool, device, ONLINE, EXPAND)
    }

    fn set_state(
        &self,
        operation: Operation,
        pool: &PoolName,
        device: VdevGuid,
        state: u64,
        flags: u64,
    ) -> Result<VdevState> {
        tracing::debug!(%pool, %device, flags, "{operation}");
        let state = self
            .device()
            .vdev_set_state(pool.as_str(), device.get(), state, flags)
            .map_err(|errno| self.device_error(operation, pool, errno))?;
        self.record(operation, format_args!("{pool} {device}"));
        Ok(VdevState::from_number(state))
    }

    /// Begins to make a device a mirror of another, or one more of a mirror; or, since 2.3, to add
    /// it to a RAID-Z, which is named then. See [`AttachDevice`].
    #[doc(alias = "zpool_vdev_attach")]
    #[doc(alias = "ZFS_IOC_VDEV_ATTACH")]
    pub fn attach_device(
        &self,
        pool: &PoolName,
        to: VdevGuid,
        device: impl Into<PathBuf>,
    ) -> AttachDevice {
        AttachDevice::new(self, Operation::AttachDevice, pool, to, device.into())
    }

    /// Begins to put a device in the place of another, which is detached when the new one has all
    /// data. See [`AttachDevice`]. The path can be the same, for a disk that was changed; or the name
    /// of a dRAID's spare space, such as `draid1-0-0`.
    #[doc(alias = "zpool_vdev_attach")]
    #[doc(alias = "ZFS_IOC_VDEV_ATTACH")]
    pub fn replace_device(
        &self,
        pool: &PoolName,
        old: VdevGuid,
        new: impl Into<PathBuf>,
    ) -> AttachDevice {
        AttachDevice::new(self, Operation::ReplaceDevice, pool, old, new.into())
    }

    /// Takes a device out of a mirror, or ends a replacement. What is on it is given up.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::NoReplicas`]: no other device has the same data;
    /// * [`ErrorKind::VdevNotSupported`]: it is in no mirror;
    /// * [`ErrorKind::VdevNotFound`], [`ErrorKind::PoolNotFound`],
    ///   [`ErrorKind::PermissionDenied`], [`ErrorKind::ReadOnlyPool`],
    ///   [`ErrorKind::PoolSuspended`]
    #[doc(alias = "zpool_vdev_detach")]
    #[doc(alias = "ZFS_IOC_VDEV_DETACH")]
    pub fn detach_device(&self, pool: &PoolName, device: VdevGuid) -> Result<()> {
        let operation = Operation::DetachDevice;
        tracing::debug!(%pool, %device, "detach device");
        self.device()
            .vdev_detach(pool.as_str(), device.get())
            .map_err(|errno| self.device_error(operation, pool, errno))?;
        self.record(operation, format_args!("{pool} {device}"));
        Ok(())
    }

    /// Begins to add vdevs to a pool; see [`AddVdevs`].
    #[doc(alias = "zpool_add")]
    #[doc(alias = "ZFS_IOC_VDEV_ADD")]
    pub fn add_vdevs(&self, pool: &PoolName) -> AddVdevs {
        AddVdevs {
            zfs: self.clone(),
            pool: pool.clone(),
            layout: Layout::default(),
            mixed_block_sizes: false,
        }
    }

    /// The smallest block that the pool's devices are to have, as a power of two, if that was said.
    fn pool_ashift(&self, operation: Operation, pool: &PoolName) -> Result<Option<u8>> {
        let properties = self.pool_properties(pool);
        let properties = properties.map_err(|error| error.with_operation(operation))?;
        let ashift = properties.raw("ashift").and_then(|raw| raw.value.as_u64());
        let ashift = ashift.and_then(|power| u8::try_from(power).ok());
        Ok(ashift.filter(|&power| power != 0))
    }

    /// Removes a vdev at the top of a pool, a cache or a spare. What is on it moves to the others in
    /// the background ([`PoolActivity::Remove`](crate::PoolActivity::Remove)); a spare has to be one
    /// that is not in use.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::VdevNotSupported`]: it is no vdev at the top, or the pool has a RAID-Z or
    ///   blocks of different sizes;
    /// * [`ErrorKind::NoSpace`]: the others have no room for it;
    /// * [`ErrorKind::Busy`]: the spare is in use, or another is being removed;
    /// * [`ErrorKind::VdevNotFound`], [`ErrorKind::PoolNotFound`],
    ///   [`ErrorKind::PermissionDenied`], [`ErrorKind::ReadOnlyPool`],
    ///   [`ErrorKind::PoolSuspended`], [`ErrorKind::CheckpointExists`]
    #[doc(alias = "zpool_vdev_remove")]
    #[doc(alias = "ZFS_IOC_VDEV_REMOVE")]
    pub fn remove_vdev(&self, pool: &PoolName, vdev: VdevGuid) -> Result<()> {
        let operation = Operation::RemoveVdev;
        tracing::debug!(%pool, %vdev, "remove vdev");
        self.device()
            .vdev_remove(pool.as_str(), vdev.get())
            .map_err(|errno| self.device_error(operation, pool, errno))?;
        self.record(operation, format_args!("{pool} {vdev}"));
        Ok(())
    }

    /// The kernel has one number for what is missing.
    fn device_error(&self, operation: Operation, pool: &PoolName, errno: Errno) -> Error {
        let error = Error::from_errno(operation, pool.as_str(), errno);
        if errno.raw() == libc::ENOENT && self.is_missing(pool) {
            return error.with_kind(ErrorKind::PoolNotFound);
        }
        error
    }
}

/// A device about to be attached, or to replace another; [`run`](Self::run) begins it.
#[derive(Debug)]
#[must_use = "nothing is attached before run()"]
pub struct AttachDevice {
    zfs: Zfs,
    operation: Operation,
    pool: PoolName,
    at: VdevGuid,
    layout: Layout,
}

impl AttachDevice {
    fn new(
        zfs: &Zfs,
        operation: Operation,
        pool: &PoolName,
        at: VdevGuid,
        device: PathBuf,
    ) -> Self {
        Self {
            zfs: zfs.clone(),
            operation,
            pool: pool.clone(),
            at,
            layout: Layout {
                vdevs: vec![(Role::Data, NewVdev::single(device))],
                may_be_spare: operation == Operation::ReplaceDevice,
                ..Layout::default()
            },
        }
    }

    /// Takes a device that has something on it, too; see
    /// [`CreatePool::force_overwrite`](crate::CreatePool::force_overwrite). **That is lost.**
    pub fn force_overwrite(mut self) -> Self {
        self.layout.overwrite = true;
        self
    }

    /// Begins: the device gets its data by a resilver
    /// ([`PoolActivity::Resilver`](crate::PoolActivity::Resilver)).
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::DeviceNotFound`], [`ErrorKind::DeviceTooSmall`], [`ErrorKind::DeviceInUse`],
    ///   [`ErrorKind::InvalidLayout`];
    /// * [`ErrorKind::DeviceBlocksTooLarge`]: the blocks that the device has are larger than the
    ///   smallest of the vdev, which is that of the device as well then;
    /// * [`ErrorKind::VdevNotFound`]; [`ErrorKind::VdevNotSupported`]: nothing can be attached to
    ///   that vdev;
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`],
    ///   [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PoolSuspended`]
    pub fn run(mut self) -> Result<()> {
        let pool = self.pool.as_str();
        let (zfs, operation) = (&self.zfs, self.operation);
        let status = zfs.pool_status(&self.pool);
        let status = status.map_err(|error| error.with_operation(operation))?;
        let Some(top) = status.top_of(self.at) else {
            let kind = ErrorKind::VdevNotFound;
            return Err(Error::new(operation, pool, kind, kind.usual_errno()));
        };
        // Later releases take no other; 2.1 wants to be told.
        let shift = top.ashift.and_then(|shift| u8::try_from(shift).ok());
        let shift = shift.filter(|&shift| shift != 0);
        self.layout.ashift = shift;
        let planned = match self.draid_spare(&status) {
            Some(leaf) => Planned::of_spare_space(leaf),
            None => self.layout.plan(zfs, operation, pool)?,
        };
        if let Some(shift) = shift.filter(|&shift| shift < planned.block_shift()) {
            let blocks = [planned.block_shift(), shift].map(|shift| 1_u64 << shift);
            let why = format!("it has {} bytes, the vdev's {}", blocks[0], blocks[1]);
            let kind = ErrorKind::DeviceBlocksTooLarge;
            return Err(Error::refused(operation, pool, kind, why));
        }
        tracing::debug!(pool, at = %self.at, "{operation}");
        let replacing = operation == Operation::ReplaceDevice;
        zfs.device()
            .vdev_attach(pool, self.at.get(), &planned.tree, replacing)
            .map_err(|errno| Error::from_errno(operation, pool, errno))?;
        zfs.record(operation, format_args!("{pool} {}", self.at));
        planned.empty_starts(operation, pool)
    }

    /// The device as a vdev, where it is the spare space of one of the pool's dRAIDs.
    fn draid_spare(&self, status: &PoolStatus) -> Option<NvList> {
        let [(_, device)] = &self.layout.vdevs[..] else {
            return None;
        };
        let is_meant = |vdev: &&VdevStatus| {
            vdev.kind == VdevKind::DraidSpare && vdev.path.as_deref() == device.path()
        };
        let spare = status.vdevs().iter().find(is_meant)?;
        let path = spare.path.as_deref()?.to_str()?;
        Some(NvList::new().with("type", "dspare").with("path", path))
    }
}

/// Vdevs about to be added to a pool; [`run`](Self::run) adds them.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// use libzfs::NewVdev;
///
/// zfs.add_vdevs(&"tank".parse()?)
///     .vdev(NewVdev::mirror(["/dev/disk/by-id/d", "/dev/disk/by-id/e"]))
///     .run()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is added before run()"]
pub struct AddVdevs {
    zfs: Zfs,
    pool: PoolName,
    layout: Layout,
    mixed_block_sizes: bool,
}

impl AddVdevs {
    layout_methods!();

    /// The smallest block that is written to the new devices, as a power of two from 9 to 16.
    /// Otherwise it is the pool's property `ashift`, if that was set, or what the devices say, as it
    /// is where their own are larger.
    pub fn ashift(mut self, power: u8) -> Self {
        self.layout.ashift = Some(power);
        self
    }

    /// Allows a vdev whose smallest block differs from that of the others. **No vdev can be removed
    /// from the pool any more then.**
    pub fn allow_mixed_block_sizes(mut self) -> Self {
        self.mixed_block_sizes = true;
        self
    }

    /// Takes devices that have something on them, too; see
    /// [`CreatePool::force_overwrite`](crate::CreatePool::force_overwrite). **That is lost.**
    pub fn force_overwrite(mut self) -> Self {
        self.layout.overwrite = true;
        self
    }

    /// Adds them. A vdev for data cannot be taken out of every pool again.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * As for [`CreatePool::run`](crate::CreatePool::run) for the devices and their layout;
    ///   [`ErrorKind::InvalidLayout`] also if there is nothing to add;
    /// * [`ErrorKind::MixedBlockSizes`]; 2.1 does not tell, and adds such a vdev;
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`],
    ///   [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PoolSuspended`]
    pub fn run(mut self) -> Result<()> {
        let operation = Operation::AddVdevs;
        let pool = self.pool.as_str();
        let status = self.zfs.pool_status(&self.pool);
        let status = status.map_err(|error| error.with_operation(operation))?;
        if self.layout.is_empty() {
            let why = "there is nothing to add";
            let kind = ErrorKind::InvalidLayout;
            return Err(Error::refused(operation, pool, kind, why));
        }
        if self.layout.ashift.is_none() {
            self.layout.ashift = self.zfs.pool_ashift(operation, &self.pool)?;
        }
        let data = |vdev: &&VdevStatus| vdev.class == VdevClass::Data;
        self.layout.beside = status.vdevs().iter().filter(data).find_map(as_new);
        let planned = self.layout.plan(&self.zfs, operation, pool)?;
        tracing::debug!(pool, "add vdevs");
        self.zfs
            .device()
            .vdev_add(pool, &planned.tree, !self.mixed_block_sizes)
            .map_err(|errno| Error::from_errno(operation, pool, errno))?;
        self.zfs.record(operation, pool);
        planned.empty_starts(operation, pool)
    }
}

/// A vdev that is there as one to be, to compare them, and whether it is of disks.
fn as_new(vdev: &VdevStatus) -> Option<(NewVdev, bool)> {
    let devices = || {
        vdev.children
            .iter()
            .map(|child| child.path.clone().unwrap_or_default())
    };
    let new = match vdev.kind {
        VdevKind::Disk | VdevKind::File => NewVdev::single(vdev.path.clone().unwrap_or_default()),
        VdevKind::Mirror => NewVdev::mirror(devices()),
        VdevKind::Raidz(1) => NewVdev::raidz1(devices()),
        VdevKind::Raidz(2) => NewVdev::raidz2(devices()),
        VdevKind::Raidz(3) => NewVdev::raidz3(devices()),
        VdevKind::Draid(1) => NewDraid::draid1(devices()).into(),
        VdevKind::Draid(2) => NewDraid::draid2(devices()).into(),
        VdevKind::Draid(3) => NewDraid::draid3(devices()).into(),
        _ => return None,
    };
    let leaves = vdev.children.iter().chain([vdev]);
    let is_disk = leaves.into_iter().any(|leaf| leaf.kind == VdevKind::Disk);
    Some((new, is_disk))
}

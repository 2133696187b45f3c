//! The ioctls on whole pools that tests need: to make odd ones, and to break them.

use libzfs_sys::ioctl;

use super::{Command, Device, Result};
use crate::error::Errno;
use crate::nvlist::NvList;

/// What the structure calls a fault of a device (`ZINJECT_DEVICE_FAULT`).
const DEVICE_FAULT: u32 = 2;
/// Any type of input or output (`ZIO_TYPES`).
const ANY_IO: u32 = 7;
/// That a pool that fails to open is not to be rewound (`ZPOOL_NO_REWIND`).
const NO_REWIND: u64 = 1;

impl Device {
    /// `ZFS_IOC_POOL_CREATE`: a pool of the vdev tree `config`.
    pub(crate) fn pool_create(&self, name: &str, config: &NvList, props: &NvList) -> Result<()> {
        let command = Command::new(name)?.config(config)?.source(props)?;
        self.run(ioctl::ZFS_IOC_POOL_CREATE, command).map(drop)
    }

    /// `ZFS_IOC_POOL_DESTROY`; none of the pool's datasets may be mounted.
    pub(crate) fn pool_destroy(&self, name: &str) -> Result<()> {
        self.run(ioctl::ZFS_IOC_POOL_DESTROY, Command::new(name)?)
            .map(drop)
    }

    /// `ZFS_IOC_POOL_EXPORT`; none of the pool's datasets may be mounted.
    pub(crate) fn pool_export(&self, name: &str) -> Result<()> {
        self.run(ioctl::ZFS_IOC_POOL_EXPORT, Command::new(name)?)
            .map(drop)
    }

    /// `ZFS_IOC_POOL_IMPORT`: the pool that `config` describes, as
    /// [`pool_stats`](Self::pool_stats) had it.
    pub(crate) fn pool_import(&self, name: &str, config: &NvList, props: &NvList) -> Result<()> {
        let mut command = Command::new(name)?.config(config)?.source(props)?;
        command.zc.zc_guid = config
            .get_u64("pool_guid")
            .ok_or(Errno::new(libc::EINVAL))?;
        self.run(ioctl::ZFS_IOC_POOL_IMPORT, command).map(drop)
    }

    /// `ZFS_IOC_POOL_REOPEN`: opens the pool's devices anew.
    pub(crate) fn pool_reopen(&self, name: &str) -> Result<()> {
        let command = Command::new(name)?.source(&NvList::new().with("scrub_restart", false))?;
        self.run(ioctl::ZFS_IOC_POOL_REOPEN, command).map(drop)
    }

    /// `ZFS_IOC_POOL_SYNC`: writes a transaction group, with or without a reason, and waits for it.
    pub(crate) fn pool_sync(&self, name: &str) -> Result<()> {
        let command = Command::new(name)?.source(&NvList::new().with("force", true))?;
        self.run(ioctl::ZFS_IOC_POOL_SYNC, command).map(drop)
    }

    /// `ZFS_IOC_CLEAR`: forgets the errors of a pool and goes on with what they stopped.
    pub(crate) fn pool_clear(&self, name: &str) -> Result<()> {
        let mut command = Command::new(name)?;
        command.zc.zc_cookie = NO_REWIND;
        self.run(ioctl::ZFS_IOC_CLEAR, command).map(drop)
    }

    /// `ZFS_IOC_INJECT_FAULT`: a vdev that is gone, until the fault with the number that this
    /// returns is [cleared](Self::clear_fault). The pool can be neither exported nor destroyed
    /// until then.
    pub(crate) fn inject_absence(&self, pool: &str, vdev: u64) -> Result<u64> {
        let mut command = Command::new(pool)?;
        // 2.4 has its record at the same place, with two fields more.
        let tail = &mut command.zc.zc_tail;
        tail.legacy.zc_inject_record.zi_cmd = DEVICE_FAULT;
        tail.legacy.zc_inject_record.zi_guid = vdev;
        tail.legacy.zc_inject_record.zi_error = libc::ENXIO.unsigned_abs();
        tail.legacy.zc_inject_record.zi_iotype = ANY_IO;
        let done = self.run(ioctl::ZFS_IOC_INJECT_FAULT, command)?;
        Ok(done.zc.zc_guid)
    }

    /// `ZFS_IOC_CLEAR_FAULT`: takes an injected fault back.
    pub(crate) fn clear_fault(&self, fault: u64) -> Result<()> {
        let mut command = Command::new("")?;
        command.zc.zc_guid = fault;
        self.run(ioctl::ZFS_IOC_CLEAR_FAULT, command).map(drop)
    }
}

//! The ioctls that tests need to break pools and to change who may do what.

use libzfs_sys::ioctl;

use super::{Command, Device, Result};
use crate::nvlist::NvList;

/// What the structure calls a fault of a device (`ZINJECT_DEVICE_FAULT`).
const DEVICE_FAULT: u32 = 2;
/// Any type of input or output (`ZIO_TYPES`).
pub(crate) const ANY_IO: u32 = 7;

impl Device {
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

    /// `ZFS_IOC_INJECT_FAULT`: a vdev on which this type of input or output (`zio_type_t`) fails
    /// with this error, until the fault with the number that this returns is
    /// [cleared](Self::clear_fault). The pool can be neither exported nor destroyed until then.
    pub(crate) fn inject_fault(&self, pool: &str, vdev: u64, io: u32, error: i32) -> Result<u64> {
        let mut command = Command::new(pool)?;
        // 2.4 has its record at the same place, with two fields more.
        let tail = &mut command.zc.zc_tail;
        tail.legacy.zc_inject_record.zi_cmd = DEVICE_FAULT;
        tail.legacy.zc_inject_record.zi_guid = vdev;
        tail.legacy.zc_inject_record.zi_error = error.unsigned_abs();
        tail.legacy.zc_inject_record.zi_iotype = io;
        let done = self.run(ioctl::ZFS_IOC_INJECT_FAULT, command)?;
        Ok(done.zc.zc_guid)
    }

    /// `ZFS_IOC_CLEAR_FAULT`: takes an injected fault back.
    pub(crate) fn clear_fault(&self, fault: u64) -> Result<()> {
        let mut command = Command::new("")?;
        command.zc.zc_guid = fault;
        self.run(ioctl::ZFS_IOC_CLEAR_FAULT, command).map(drop)
    }

    /// `ZFS_IOC_SET_FSACL`: delegates permissions on a dataset, or takes them back.
    pub(crate) fn set_permissions(&self, dataset: &str, list: &NvList, remove: bool) -> Result<()> {
        let mut command = Command::new(dataset)?.source(list)?;
        command.zc.zc_perm_action = remove.into();
        self.run(ioctl::ZFS_IOC_SET_FSACL, command).map(drop)
    }
}

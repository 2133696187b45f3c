//! A device that fails.

use super::{Pool, Vdev};
use crate::error::{Error, Operation, Result};

/// What a device fails to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceFault {
    /// Reads.
    Reads,
    /// Writes.
    Writes,
    /// Both.
    ReadsAndWrites,
}

impl Pool {
    /// Has a device fail for as long as the guard lives: what it is asked to do ends with an
    /// input/output error, which the pool counts, and makes good from other devices where it has
    /// them. A pool on one device that cannot be written to is suspended.
    ///
    /// The pool can be neither exported nor destroyed meanwhile.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::VdevNotFound`](crate::ErrorKind::VdevNotFound),
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied)
    #[doc(alias = "ZFS_IOC_INJECT_FAULT")]
    pub fn fail_device(&self, device: &Vdev, fault: DeviceFault) -> Result<FailingDevice<'_>> {
        // `ZIO_TYPE_READ`, `ZIO_TYPE_WRITE`
        let types: &[u32] = match fault {
            DeviceFault::Reads => &[1],
            DeviceFault::Writes => &[2],
            DeviceFault::ReadsAndWrites => &[1, 2],
        };
        let name = self.name().as_str();
        let mut failing = FailingDevice {
            pool: self,
            faults: Vec::new(),
        };
        for &io in types {
            let fault = self
                .zfs()
                .device()
                .inject_fault(name, device.guid, io, libc::EIO)
                .map_err(|errno| Error::from_errno(Operation::InjectFault, name, errno))?;
            failing.faults.push(fault);
        }
        Ok(failing)
    }
}

/// A device that fails, until this is dropped.
#[derive(Debug)]
#[must_use = "the device is well again when this is dropped"]
pub struct FailingDevice<'a> {
    pool: &'a Pool,
    faults: Vec<u64>,
}

impl Drop for FailingDevice<'_> {
    fn drop(&mut self) {
        for fault in self.faults.drain(..) {
            if let Err(errno) = self.pool.zfs().device().clear_fault(fault) {
                tracing::error!(pool = %self.pool.name(), %errno, "a device fails on");
            }
        }
    }
}

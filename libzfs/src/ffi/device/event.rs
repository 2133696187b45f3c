//! The ioctls that read events. Where a reader is in them is kept with its descriptor.

use std::os::fd::AsRawFd;

use libzfs_sys::ioctl;

use super::{Command, Device, Result};
use crate::nvlist::NvList;

impl Device {
    /// `ZFS_IOC_EVENTS_NEXT`: the next event of this descriptor, and how many were lost before it.
    /// Where there is none yet, it is waited for, or `None` returned.
    pub(crate) fn next_event(&self, wait: bool) -> Result<Option<(NvList, u64)>> {
        /// `ZEVENT_NONBLOCK`
        const NONBLOCK: u64 = 1;
        let mut command = Command::new("")?.answer(8 << 10);
        command.zc.zc_cleanup_fd = self.0.as_raw_fd();
        command.zc.zc_guid = if wait { 0 } else { NONBLOCK };
        match self.run(ioctl::ZFS_IOC_EVENTS_NEXT, command) {
            Ok(done) => Ok(Some((done.list()?, done.zc.zc_cookie))),
            Err(errno) if !wait && errno.raw() == libc::ENOENT => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// `ZFS_IOC_EVENTS_SEEK`: goes to behind the event of this number, to before the first of those
    /// that are kept (0), or to behind the last (`u64::MAX`).
    pub(crate) fn seek_event(&self, number: u64) -> Result<()> {
        let mut command = Command::new("")?;
        command.zc.zc_cleanup_fd = self.0.as_raw_fd();
        command.zc.zc_guid = number;
        self.run(ioctl::ZFS_IOC_EVENTS_SEEK, command).map(drop)
    }
}

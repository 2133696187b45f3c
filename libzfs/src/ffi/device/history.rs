//! The ioctls on the history of pools.

use libzfs_sys::ioctl;

use super::{Command, Device, Result};
use crate::nvlist::NvList;

impl Command {
    /// A text for the history, if any, for the ioctls that enter it themselves; `""` is none.
    pub(super) fn history(mut self, text: Option<&str>) -> Self {
        let Some(text) = text else {
            return self;
        };
        if !text.is_empty() {
            self.history = text.bytes().filter(|&byte| byte != 0).collect();
            self.history.push(0);
        }
        self
    }
}

impl Device {
    /// `ZFS_IOC_LOG_HISTORY`: enters a text into the history of the pool that this thread's last
    /// successful ioctl was about, once for each that allows it.
    pub(crate) fn log_history(&self, text: &str) -> Result<()> {
        let command = Command::new("")?.source(&NvList::new().with("message", text))?;
        // A new ioctl wants room for an answer, of which there is none here.
        let command = command.answer(1024);
        self.run(ioctl::ZFS_IOC_LOG_HISTORY, command).map(drop)
    }

    /// `ZFS_IOC_POOL_GET_HISTORY`: up to `len` bytes of a pool's history from `offset` on, and the
    /// offset of what follows; none at the end.
    pub(crate) fn pool_history(
        &self,
        pool: &str,
        offset: u64,
        len: usize,
    ) -> Result<(Vec<u8>, u64)> {
        let mut command = Command::new(pool)?;
        command.history = vec![0; len];
        command.zc.zc_history_offset = offset;
        let mut done = self.run(ioctl::ZFS_IOC_POOL_GET_HISTORY, command)?;
        let read = usize::try_from(done.zc.zc_history_len).unwrap_or(len);
        let mut bytes = std::mem::take(&mut done.history);
        bytes.truncate(read);
        Ok((bytes, done.zc.zc_history_offset))
    }
}

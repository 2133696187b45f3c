//! The ioctls that change the vdevs of a pool.

use libzfs_sys::ioctl;

use super::{Command, Device, Result};
use crate::nvlist::NvList;

impl Device {
    /// `ZFS_IOC_VDEV_SET_STATE`: returns the state that the vdev then has.
    pub(crate) fn vdev_set_state(
        &self,
        pool: &str,
        vdev: u64,
        state: u64,
        flags: u64,
    ) -> Result<u64> {
        let mut command = Command::new(pool)?;
        command.zc.zc_guid = vdev;
        command.zc.zc_cookie = state;
        command.zc.zc_obj = flags;
        let done = self.run(ioctl::ZFS_IOC_VDEV_SET_STATE, command)?;
        Ok(done.zc.zc_cookie)
    }

    /// `ZFS_IOC_VDEV_ATTACH`: makes `tree`, a root with one leaf, a mirror of a vdev, or puts it in
    /// its place.
    pub(crate) fn vdev_attach(
        &self,
        pool: &str,
        vdev: u64,
        tree: &NvList,
        replacing: bool,
    ) -> Result<()> {
        let mut command = Command::new(pool)?.config(tree)?;
        command.zc.zc_guid = vdev;
        command.zc.zc_cookie = replacing.into();
        self.run(ioctl::ZFS_IOC_VDEV_ATTACH, command).map(drop)
    }

    /// `ZFS_IOC_VDEV_DETACH`
    pub(crate) fn vdev_detach(&self, pool: &str, vdev: u64) -> Result<()> {
        let mut command = Command::new(pool)?;
        command.zc.zc_guid = vdev;
        self.run(ioctl::ZFS_IOC_VDEV_DETACH, command).map(drop)
    }

    /// `ZFS_IOC_VDEV_ADD`: the vdevs of a tree like that of a new pool. If it is wanted, those are
    /// refused whose smallest blocks differ from those of the pool; 2.1 takes no notice.
    pub(crate) fn vdev_add(&self, pool: &str, tree: &NvList, same_blocks: bool) -> Result<()> {
        let mut command = Command::new(pool)?.config(tree)?;
        command.zc.zc_tail.legacy.zc_flags = same_blocks.into();
        self.run(ioctl::ZFS_IOC_VDEV_ADD, command).map(drop)
    }

    /// `ZFS_IOC_VDEV_REMOVE`
    pub(crate) fn vdev_remove(&self, pool: &str, vdev: u64) -> Result<()> {
        let mut command = Command::new(pool)?;
        command.zc.zc_guid = vdev;
        self.run(ioctl::ZFS_IOC_VDEV_REMOVE, command).map(drop)
    }
}

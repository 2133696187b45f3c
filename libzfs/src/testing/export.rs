//! A pool out of the system, and back in, read-only too.

use super::{Home, Pool};
use crate::error::{Error, Operation, Result};
use crate::handle::Zfs;
use crate::name::PoolName;
use crate::nvlist::NvList;

impl Pool {
    /// Exports the pool. What is mounted of it is unmounted.
    ///
    /// ```no_run
    /// # fn main() -> libzfs::Result<()> {
    /// # use libzfs::testing::Pool;
    /// let pool = Pool::create()?.export()?.import_read_only()?;
    /// assert!(pool.zfs().create(&pool.dataset("data")).run().is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy): something of it is in use,
    /// [`ErrorKind::PoolSuspended`](crate::ErrorKind::PoolSuspended)
    #[doc(alias = "ZFS_IOC_POOL_EXPORT")]
    pub fn export(mut self) -> Result<ExportedPool> {
        let operation = Operation::ExportPool;
        let name = self.home.name.as_str();
        let device = self.zfs.device();
        let config = device
            .pool_stats(name)
            .map_err(|errno| Error::from_errno(operation, name, errno))?;
        self.home
            .when_idle(operation, || device.pool_export(name, false, None))?;
        let exported = ExportedPool {
            zfs: self.zfs.clone(),
            home: self.home.clone(),
            config,
        };
        // There is nothing to destroy any more.
        self.home.keep = true;
        Ok(exported)
    }
}

/// A pool that no system has imported; its files are removed when it is dropped.
#[derive(Debug)]
pub struct ExportedPool {
    zfs: Zfs,
    home: Home,
    /// What the pool was like, which an import has to know.
    config: NvList,
}

impl ExportedPool {
    /// The name that it will have again.
    pub fn name(&self) -> &PoolName {
        &self.home.name
    }

    /// Imports the pool.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PoolExists`](crate::ErrorKind::PoolExists): another pool has taken its name.
    /// This pool is gone then.
    #[doc(alias = "ZFS_IOC_POOL_IMPORT")]
    pub fn import(self) -> Result<Pool> {
        self.import_with(NvList::new())
    }

    /// Imports the pool so that nothing in it can be changed (`zpool import -o readonly=on`).
    ///
    /// # Errors
    ///
    /// As for [`import`](Self::import).
    #[doc(alias = "ZFS_IOC_POOL_IMPORT")]
    pub fn import_read_only(self) -> Result<Pool> {
        self.import_with(NvList::new().with("readonly", 1_u64))
    }

    fn import_with(mut self, properties: NvList) -> Result<Pool> {
        let name = self.home.name.as_str();
        let properties = properties.with("cachefile", "none");
        self.zfs
            .device()
            .pool_import(name, &self.config, &properties, 0)
            .map_err(|failed| Error::from_errno(Operation::ImportPool, name, failed.errno))?;
        let pool = Pool {
            zfs: self.zfs.clone(),
            home: self.home.clone(),
        };
        // The files are the pool's again.
        self.home.keep = true;
        Ok(pool)
    }
}

impl Drop for ExportedPool {
    fn drop(&mut self) {
        if !self.home.keep && self.home.is_ours() {
            self.home.remove_directory();
        }
    }
}

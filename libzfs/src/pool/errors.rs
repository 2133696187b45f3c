//! Which data of a pool are damaged, and forgetting errors.

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::ffi::LoggedError;
use crate::handle::Zfs;
use crate::name::PoolName;
use crate::vdev::VdevGuid;

impl Zfs {
    /// Which blocks of a pool are known to be damaged and could not be repaired, as the list at the
    /// end of `zpool status -v` has them. Each is named as far as that can still be told.
    ///
    /// With the feature `head_errlog`, snapshots that share a damaged block are listed, too.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`], [`ErrorKind::PoolSuspended`]
    #[doc(alias = "zpool_get_errlog")]
    #[doc(alias = "zpool_obj_to_path")]
    #[doc(alias = "ZFS_IOC_ERROR_LOG")]
    #[doc(alias = "ZFS_IOC_DSOBJ_TO_DSNAME")]
    #[doc(alias = "ZFS_IOC_OBJ_TO_PATH")]
    pub fn pool_errors(&self, pool: &PoolName) -> Result<Vec<DamagedBlock>> {
        let logged = self
            .device()
            .pool_errors(pool.as_str())
            .map_err(|errno| Error::from_errno(Operation::ReadPoolErrors, pool.as_str(), errno))?;
        Ok(logged
            .into_iter()
            .map(|error| self.named(pool, error))
            .collect())
    }

    fn named(&self, pool: &PoolName, error: LoggedError) -> DamagedBlock {
        let device = self.device();
        // Objects of the pool's own are in none.
        let name = match error.dataset {
            0 => None,
            number => device.dataset_of(pool.as_str(), number).ok(),
        };
        let path = name
            .as_deref()
            .and_then(|name| device.path_of(name, error.object).ok());
        DamagedBlock {
            dataset: name,
            path,
            dataset_number: error.dataset,
            object: error.object,
            level: error.level,
            block: error.block,
        }
    }

    /// Forgets the errors of a pool, and goes on with what they stopped: of a suspended pool, if its
    /// devices are back.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Io`]: the pool stays suspended, since its devices still fail;
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::PoolActiveElsewhere`],
    ///   [`ErrorKind::PermissionDenied`], [`ErrorKind::ReadOnlyPool`]
    #[doc(alias = "zpool_clear")]
    #[doc(alias = "ZFS_IOC_CLEAR")]
    pub fn clear_errors(&self, pool: &PoolName) -> Result<()> {
        self.clear(pool, None)
    }

    /// Forgets the errors of one vdev and those in it, and takes it back into use if it was
    /// [faulted](crate::VdevState::Faulted) for them.
    ///
    /// # Errors
    ///
    /// As for [`clear_errors`](Self::clear_errors); [`ErrorKind::VdevNotFound`].
    #[doc(alias = "zpool_clear")]
    pub fn clear_vdev_errors(&self, pool: &PoolName, vdev: VdevGuid) -> Result<()> {
        if vdev.get() == 0 {
            // So the kernel is told that all are meant.
            let kind = ErrorKind::VdevNotFound;
            let errno = kind.usual_errno();
            return Err(Error::new(
                Operation::ClearErrors,
                pool.as_str(),
                kind,
                errno,
            ));
        }
        self.clear(pool, Some(vdev))
    }

    fn clear(&self, pool: &PoolName, vdev: Option<VdevGuid>) -> Result<()> {
        let operation = Operation::ClearErrors;
        tracing::debug!(%pool, ?vdev, "clear errors");
        self.device()
            .pool_clear(pool.as_str(), vdev.map(VdevGuid::get))
            .map_err(|errno| {
                let error = Error::from_errno(operation, pool.as_str(), errno);
                // The kernel's number for that is the one for a pool that stays suspended.
                if errno.raw() == libc::EIO && self.is_missing(pool) {
                    return error.with_kind(ErrorKind::PoolNotFound);
                }
                error
            })?;
        match vdev {
            Some(vdev) => self.record(operation, format_args!("{pool} {vdev}")),
            None => self.record(operation, pool),
        }
        Ok(())
    }
}

/// A block that is damaged; see [`Zfs::pool_errors`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DamagedBlock {
    /// The dataset or snapshot; nothing for what is the pool's own, or is destroyed by now.
    pub dataset: Option<String>,
    /// The file in the dataset, with `/` in front; nothing for what is no file, or is deleted by
    /// now.
    pub path: Option<String>,
    /// The number of the dataset in the pool; 0 for what is the pool's own.
    pub dataset_number: u64,
    /// The number of the object in the dataset.
    pub object: u64,
    /// Below what it is: 0 are data, those above them say where data are.
    pub level: u64,
    /// Which block of the object it is.
    pub block: u64,
}

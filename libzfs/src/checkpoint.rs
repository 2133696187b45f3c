//! The checkpoint of a pool.

#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::{Error, Operation, Result};
use crate::handle::Zfs;
use crate::name::PoolName;
#[cfg(doc)]
use crate::property::Properties;

impl Zfs {
    /// Takes a checkpoint: the state of the whole pool, to which it can be rewound when it is
    /// imported (`zpool import --rewind-to-checkpoint`).
    ///
    /// A pool has at most one. As long as it is there, nothing that it refers to is freed, and no
    /// device can be removed, attached, detached or split off. [`Properties`] has how much space
    /// it takes, as the pool's `checkpoint`.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::CheckpointExists`], [`ErrorKind::CheckpointDiscarding`];
    /// * [`ErrorKind::FeatureDisabled`]: the pool lacks `zpool_checkpoint`;
    /// * [`ErrorKind::DeviceRemovalRunning`], [`ErrorKind::VdevTooLarge`],
    ///   [`ErrorKind::RaidzExpansionRunning`], [`ErrorKind::NoSpace`];
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`],
    ///   [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PoolSuspended`]
    #[doc(alias = "lzc_pool_checkpoint")]
    pub fn checkpoint_pool(&self, pool: &PoolName) -> Result<()> {
        tracing::debug!(%pool, "checkpoint");
        let operation = Operation::CreateCheckpoint;
        let made = self.library().pool_checkpoint(pool.as_str());
        self.recorded(operation, pool, made)
            .map_err(|errno| Error::from_errno(operation, pool.as_str(), errno))
    }

    /// Discards the pool's checkpoint: the pool cannot be rewound to it any more.
    ///
    /// It is gone at once; what it kept is freed in the background
    /// ([`PoolActivity::DiscardCheckpoint`](crate::PoolActivity::DiscardCheckpoint)).
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CheckpointNotFound`], [`ErrorKind::CheckpointDiscarding`],
    /// [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`], [`ErrorKind::ReadOnlyPool`],
    /// [`ErrorKind::PoolSuspended`]
    #[doc(alias = "lzc_pool_checkpoint_discard")]
    pub fn discard_checkpoint(&self, pool: &PoolName) -> Result<()> {
        tracing::debug!(%pool, "discard checkpoint");
        let operation = Operation::DiscardCheckpoint;
        let discarded = self.library().pool_checkpoint_discard(pool.as_str());
        self.recorded(operation, pool, discarded)
            .map_err(|errno| Error::from_errno(operation, pool.as_str(), errno))
    }
}

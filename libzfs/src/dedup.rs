//! Tables of a pool: those of deduplication, and of cloned blocks.

use std::time::{Duration, SystemTime};

use libzfs_sys::optional;

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::PoolName;

/// A table that can be loaded into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PoolTable {
    /// The deduplication table.
    Dedup,
    /// The table of references to cloned blocks. Since 2.4.
    BlockReferences,
}

/// Which entries of a deduplication table are to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DedupPrune {
    /// Those that were made more than so long ago, in whole seconds; with [`Duration::ZERO`] all
    /// but those of this second.
    OlderThan(Duration),
    /// The oldest ones, so many per cent of them, from 1 to 100. It can be many more: the module
    /// takes or leaves all entries of about one age (of the last hour, of twice that, and so on)
    /// together, and it takes all there are where the percentage comes to less than one entry.
    OldestPercent(u8),
}

impl DedupPrune {
    /// The unit and amount that say this. The kernel does not check them: out of its range, 2.3
    /// takes an amount for all entries, and 2.4 takes the pruning for running ever after.
    fn to_kernel(self) -> Result<(optional::zpool_ddt_prune_unit_t, u64), String> {
        match self {
            Self::OlderThan(age) => {
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
                let now = now.map_or(0, |since| since.as_secs());
                // The kernel's clock can still be in the second before.
                match now.checked_sub(age.as_secs()) {
                    Some(2..) => Ok((optional::ZPOOL_DDT_PRUNE_AGE, age.as_secs())),
                    _ => Err("there is nothing older than 1970".into()),
                }
            }
            Self::OldestPercent(percent @ 1..=100) => {
                Ok((optional::ZPOOL_DDT_PRUNE_PERCENTAGE, percent.into()))
            }
            Self::OldestPercent(percent) => Err(format!("{percent} is not from 1 to 100")),
        }
    }
}

impl Zfs {
    /// Loads a table of a pool into memory, so that what needs it does not read it piece by piece.
    ///
    /// It returns when the table is loaded.
    ///
    /// Needs root, and OpenZFS 2.3 or later.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`], [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`],
    /// [`ErrorKind::PoolSuspended`]
    #[doc(alias = "lzc_pool_prefetch")]
    pub fn prefetch(&self, pool: &PoolName, table: PoolTable) -> Result<()> {
        let (number, since) = match table {
            PoolTable::Dedup => (optional::ZPOOL_PREFETCH_DDT, "2.3"),
            PoolTable::BlockReferences => (optional::ZPOOL_PREFETCH_BRT, "2.4"),
        };
        tracing::debug!(%pool, ?table, "prefetch");
        let operation = Operation::Prefetch;
        match self.library().pool_prefetch(pool.as_str(), number) {
            Some(Ok(())) => Ok(()),
            // A table that the module does not know.
            Some(Err(errno)) if errno.raw() != libc::EINVAL => {
                Err(Error::from_errno(operation, pool.as_str(), errno))
            }
            _ => Err(Error::needs_release(operation, pool.as_str(), since)),
        }
    }

    /// Removes entries from a pool's deduplication table that no second block has shared. What is
    /// written later and would have been equal to one of these is then not deduplicated; nothing
    /// else changes.
    ///
    /// It returns when it is done, or has been interrupted by a signal, without telling which.
    ///
    /// Needs root, and OpenZFS 2.3 or later.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidArgument`]: an age before 1970, or no percentage;
    /// * [`ErrorKind::FeatureDisabled`]: the pool lacks `fast_dedup`;
    /// * [`ErrorKind::AlreadyRunning`];
    /// * [`ErrorKind::Unsupported`], [`ErrorKind::PoolNotFound`],
    ///   [`ErrorKind::PermissionDenied`], [`ErrorKind::ReadOnlyPool`],
    ///   [`ErrorKind::PoolSuspended`]
    #[doc(alias = "lzc_ddt_prune")]
    pub fn prune_dedup_table(&self, pool: &PoolName, prune: DedupPrune) -> Result<()> {
        let operation = Operation::PruneDedupTable;
        let (unit, amount) = prune.to_kernel().map_err(|why| {
            Error::refused(operation, pool.as_str(), ErrorKind::InvalidArgument, why)
        })?;
        tracing::debug!(%pool, ?prune, "prune dedup table");
        match self.library().ddt_prune(pool.as_str(), unit, amount) {
            None => Err(Error::needs_release(operation, pool.as_str(), "2.3")),
            Some(result) => self
                .recorded(operation, pool, result)
                .map_err(|errno| Error::from_errno(operation, pool.as_str(), errno)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_amount_is_one_that_the_kernel_misunderstands() {
        let year = Duration::from_secs(365 * 24 * 3600);
        assert_eq!(
            DedupPrune::OlderThan(year).to_kernel(),
            Ok((optional::ZPOOL_DDT_PRUNE_AGE, year.as_secs()))
        );
        assert!(DedupPrune::OlderThan(Duration::ZERO).to_kernel().is_ok());
        assert!(DedupPrune::OldestPercent(100).to_kernel().is_ok());
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        for refused in [
            DedupPrune::OlderThan(now),
            DedupPrune::OlderThan(Duration::from_secs(now.as_secs())),
            DedupPrune::OlderThan(200 * year),
            DedupPrune::OlderThan(Duration::MAX),
            DedupPrune::OldestPercent(0),
            DedupPrune::OldestPercent(101),
        ] {
            assert!(refused.to_kernel().is_err(), "{refused:?}");
        }
    }
}

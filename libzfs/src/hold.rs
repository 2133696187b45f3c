//! User holds: what keeps a snapshot from being destroyed.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::handle::{Outcome, Zfs, name_items};
use crate::name::{HoldTag, SnapshotName};
use crate::nvlist::{NvList, Value};

impl Zfs {
    /// Holds snapshots of one pool with `tag`, until they are [released](Self::release).
    ///
    /// Snapshots that do not exist do not keep the others from being held; the result says which
    /// they were.
    ///
    /// Needs the permission `hold`.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// zfs.hold(&"rep".parse()?, &["tank/a@nightly".parse()?])?.all()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::failures`] has each that could not be held, as [`ErrorKind::HoldExists`] and so
    /// on. None was held then.
    #[doc(alias = "lzc_hold")]
    pub fn hold(&self, tag: &HoldTag, snapshots: &[SnapshotName]) -> Result<Holds> {
        let target = || name_items("snapshot", snapshots);
        tracing::debug!(snapshots = %target(), %tag, "hold");
        let list = snapshots
            .iter()
            .map(|name| (name.as_str(), Value::from(tag.as_str())))
            .collect();
        let pool = snapshots.first().map(SnapshotName::pool);
        let result = self.library().hold(&list, None);
        let outcome = self.batch(Operation::Hold, target, pool, result)?;
        Ok(Holds::new(Operation::Hold, snapshots, outcome))
    }

    /// Releases the holds that snapshots of one pool have with `tag`.
    ///
    /// Snapshots that do not exist, or have no such hold, do not keep the others from being
    /// released; the result says which they were.
    ///
    /// Needs the permission `release`.
    ///
    /// # Errors
    ///
    /// [`Error::failures`] has each hold that could not be released.
    #[doc(alias = "lzc_release")]
    pub fn release(&self, tag: &HoldTag, snapshots: &[SnapshotName]) -> Result<Holds> {
        let target = || name_items("snapshot", snapshots);
        tracing::debug!(snapshots = %target(), %tag, "release");
        let tags = NvList::new().with(tag.as_str(), Value::Boolean);
        let list = snapshots
            .iter()
            .map(|name| (name.as_str(), Value::from(tags.clone())))
            .collect();
        let pool = snapshots.first().map(SnapshotName::pool);
        let result = match self.library().release(&list) {
            // With nothing to release at all the kernel makes an error of it; for a caller it is
            // the same as with nothing to release but one.
            Ok((Err(errno), _))
                if matches!(errno.raw(), libc::ENOENT | libc::ESRCH)
                    && !pool.as_ref().is_some_and(|pool| self.is_missing(pool)) =>
            {
                let missing = snapshots.to_vec();
                return Ok(Holds {
                    operation: Operation::Release,
                    missing,
                    suppressed: 0,
                });
            }
            result => result,
        };
        let outcome = self.batch(Operation::Release, target, pool, result)?;
        Ok(Holds::new(Operation::Release, snapshots, outcome))
    }

    /// The holds of a snapshot, with the times at which they were made, by tag.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SnapshotNotFound`]
    #[doc(alias = "lzc_get_holds")]
    pub fn holds(&self, snapshot: &SnapshotName) -> Result<Vec<HoldTime>> {
        let failed = |errno| Error::from_errno(Operation::ReadHolds, snapshot.as_str(), errno);
        let list = self
            .library()
            .get_holds(snapshot.as_str())
            .map_err(failed)?;
        list.into_iter()
            .map(|(tag, since)| {
                let since = since
                    .as_u64()
                    .ok_or_else(|| failed(Errno::new(libc::EIO)))?;
                let since = SystemTime::UNIX_EPOCH + Duration::from_secs(since);
                Ok(HoldTime {
                    tag: tag.to_string(),
                    since,
                })
            })
            .collect()
    }
}

/// A hold as [`Zfs::holds`] lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HoldTime {
    /// The tag, whatever it is: not all that exist are ones that can be made.
    pub tag: String,
    /// When the hold was made, to the second.
    pub since: SystemTime,
}

/// What holding or releasing many snapshots came to: done, except for those that are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "snapshots that do not exist were not held; see all() and missing()"]
pub struct Holds {
    operation: Operation,
    missing: Vec<SnapshotName>,
    suppressed: u64,
}

impl Holds {
    fn new(operation: Operation, snapshots: &[SnapshotName], outcome: Outcome) -> Self {
        // The kernel names the snapshot, or the snapshot and behind a `#` the tag.
        let named: HashSet<&str> = outcome
            .items
            .iter()
            .filter_map(|(item, _)| item.split('#').next())
            .collect();
        let missing = snapshots
            .iter()
            .filter(|name| named.contains(name.as_str()))
            .cloned()
            .collect();
        Self {
            operation,
            missing,
            suppressed: outcome.suppressed,
        }
    }

    /// The snapshots that do not exist or, when releasing, have no such hold.
    pub fn missing(&self) -> &[SnapshotName] {
        &self.missing
    }

    /// Demands that none was missing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SnapshotNotFound`] after holding, [`ErrorKind::HoldNotFound`] after releasing.
    /// What was done for the others stays done.
    pub fn all(self) -> Result<()> {
        if self.missing.is_empty() && self.suppressed == 0 {
            return Ok(());
        }
        let errno = Errno::new(libc::ENOENT);
        let kind = match self.operation {
            Operation::Release => ErrorKind::HoldNotFound,
            _ => ErrorKind::SnapshotNotFound,
        };
        let target = name_items("snapshot", &self.missing);
        let failures = self
            .missing
            .into_iter()
            .map(|name| (name.to_string(), errno));
        Err(Error::new(self.operation, target, kind, errno)
            .with_failures(failures, self.suppressed))
    }
}

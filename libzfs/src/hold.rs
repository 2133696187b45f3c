//! User holds: what keeps a snapshot from being destroyed.

use std::collections::{BTreeMap, HashSet};
use std::os::fd::AsFd;
use std::time::{Duration, SystemTime};

use bstr::ByteVec;

use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::ffi::Device;
use crate::handle::{Items, Outcome, Zfs};
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
    /// * [`ErrorKind::HoldExists`], [`ErrorKind::PoolsDiffer`] and so on: none was held then, and
    ///   [`Error::failures`] has the snapshots that were the reason;
    /// * [`ErrorKind::PoolNotFound`];
    /// * [`ErrorKind::DatasetNotFound`]: that the dataset is missing, not only the snapshot, is an
    ///   error of the whole call for callers other than root.
    #[doc(alias = "lzc_hold")]
    pub fn hold(&self, tag: &HoldTag, snapshots: &[SnapshotName]) -> Result<Holds> {
        self.hold_many(&with_tag(tag, snapshots))
    }

    /// Holds snapshots of one pool in one transaction, each with a tag of its own: several snapshots
    /// with different tags, and one snapshot with several.
    ///
    /// Needs the permission `hold`.
    ///
    /// # Errors
    ///
    /// As for [`hold`](Self::hold). A pair that is there twice is [`ErrorKind::HoldExists`].
    #[doc(alias = "lzc_hold")]
    pub fn hold_many(&self, holds: &[(SnapshotName, HoldTag)]) -> Result<Holds> {
        self.hold_with(holds, None)
    }

    /// Holds until `cleanup` is closed, where there is one.
    pub(crate) fn hold_with(
        &self,
        holds: &[(SnapshotName, HoldTag)],
        cleanup: Option<&Device>,
    ) -> Result<Holds> {
        let target = name_holds(holds);
        tracing::debug!(holds = %target, temporary = cleanup.is_some(), "hold");
        // A snapshot is in the list as often as it has tags.
        let mut list = NvList::with_duplicates();
        for (snapshot, tag) in holds {
            list.push(snapshot.as_str(), tag.as_str());
        }
        let pool = holds.first().map(|(snapshot, _)| snapshot.pool());
        let result = self.library().hold(&list, cleanup.map(AsFd::as_fd));
        let outcome = self.batch(Operation::Hold, target, pool, result)?;
        Ok(Holds::new(Operation::Hold, holds, &outcome))
    }

    /// Releases the holds that snapshots of one pool have with `tag`.
    ///
    /// Snapshots that do not exist, or have no such hold, do not keep the others from being
    /// released; the result says which they were. A snapshot that was
    /// [destroyed](Self::destroy_snapshots) deferred goes with its last hold.
    ///
    /// Before it looks at anything else, the kernel tries to unmount each named snapshot below
    /// `.zfs/snapshot`, whether it would go with the hold or not, or has such a hold at all.
    ///
    /// Needs the permission `release`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::PoolsDiffer`] and so on: none was released then, and [`Error::failures`] has
    ///   the snapshots that were the reason;
    /// * [`ErrorKind::Busy`]: a snapshot would go with its last hold, and is being sent or is
    ///   mounted;
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::DatasetNotFound`] as for [`hold`](Self::hold).
    #[doc(alias = "lzc_release")]
    pub fn release(&self, tag: &HoldTag, snapshots: &[SnapshotName]) -> Result<Holds> {
        self.release_many(&with_tag(tag, snapshots))
    }

    /// Releases holds on snapshots of one pool in one transaction, each with a tag of its own. As with
    /// [`release`](Self::release), the kernel tries to unmount each snapshot below `.zfs/snapshot`
    /// first.
    ///
    /// Needs the permission `release`.
    ///
    /// # Errors
    ///
    /// As for [`release`](Self::release).
    #[doc(alias = "lzc_release")]
    pub fn release_many(&self, holds: &[(SnapshotName, HoldTag)]) -> Result<Holds> {
        let target = name_holds(holds);
        tracing::debug!(holds = %target, "release");
        let mut tags: BTreeMap<&str, NvList> = BTreeMap::new();
        for (snapshot, tag) in holds {
            tags.entry(snapshot.as_str())
                .or_default()
                .push(tag.as_str(), Value::Boolean);
        }
        let list = tags
            .into_iter()
            .map(|(snapshot, tags)| (snapshot, Value::from(tags)))
            .collect();
        let pool = holds.first().map(|(snapshot, _)| snapshot.pool());
        let result = self.library().release(&list);
        let outcome = self.batch(Operation::Release, target, pool, result)?;
        Ok(Holds::new(Operation::Release, holds, &outcome))
    }

    /// The holds of a snapshot, with the times at which they were made, by tag.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SnapshotNotFound`]
    #[doc(alias = "lzc_get_holds")]
    pub fn holds(&self, snapshot: &SnapshotName) -> Result<Vec<HoldTime>> {
        let failed = |errno| Error::from_errno(Operation::ReadHolds, snapshot.as_str(), errno);
        let list = self.device().holds(snapshot.as_str()).map_err(failed)?;
        list.into_iter()
            .map(|(tag, since)| {
                let since = since
                    .as_u64()
                    .ok_or_else(|| failed(Errno::new(libc::EIO)))?;
                let since = SystemTime::UNIX_EPOCH + Duration::from_secs(since);
                Ok(HoldTime {
                    tag: Vec::from(tag).into_string_lossy(),
                    since,
                })
            })
            .collect()
    }
}

/// One tag for many snapshots.
pub(crate) fn with_tag(tag: &HoldTag, snapshots: &[SnapshotName]) -> Vec<(SnapshotName, HoldTag)> {
    let pair = |snapshot: &SnapshotName| (snapshot.clone(), tag.clone());
    snapshots.iter().map(pair).collect()
}

/// The snapshots of some holds, as an error names them.
pub(crate) fn name_holds(holds: &[(SnapshotName, HoldTag)]) -> Items<'_, (SnapshotName, HoldTag)> {
    Items {
        what: "snapshot",
        items: holds,
        name: |(snapshot, _)| snapshot.as_str(),
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
    missing: Vec<(SnapshotName, HoldTag)>,
    suppressed: u64,
}

impl Holds {
    fn new(operation: Operation, holds: &[(SnapshotName, HoldTag)], outcome: &Outcome) -> Self {
        // The kernel names the snapshot that is missing, or behind a `#` the tag that it has not.
        let named: HashSet<&str> = outcome
            .items
            .iter()
            .map(|(item, _)| item.as_str())
            .collect();
        let missing = holds
            .iter()
            .filter(|hold| named.contains(hold.0.as_str()) || named.contains(&*item_name(hold)))
            .cloned()
            .collect();
        Self {
            operation,
            missing,
            suppressed: outcome.suppressed,
        }
    }

    /// What was not done: the holds of snapshots that do not exist and, when releasing, those that a
    /// snapshot has not.
    pub fn missing(&self) -> &[(SnapshotName, HoldTag)] {
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
        let failures = self.missing.iter().map(|hold| (item_name(hold), errno));
        Err(Error::new(
            self.operation,
            name_holds(&self.missing).to_string(),
            kind,
            errno,
        )
        .with_failures(failures, self.suppressed))
    }
}

/// `SNAPSHOT#TAG`, as the kernel names a hold.
fn item_name((snapshot, tag): &(SnapshotName, HoldTag)) -> String {
    format!("{snapshot}#{tag}")
}

//! Rolling a dataset back to a snapshot.

use std::ops::ControlFlow;

use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::{DatasetName, MAX_NAME_LEN, SnapshotName};
use crate::property;

impl Zfs {
    /// Prepares to roll a dataset back to its newest snapshot; see [`Rollback`].
    #[doc(alias = "lzc_rollback")]
    #[doc(alias = "lzc_rollback_to")]
    pub fn rollback(&self, dataset: &DatasetName) -> Rollback {
        Rollback {
            zfs: self.clone(),
            dataset: dataset.clone(),
            to: None,
        }
    }
}

/// A dataset about to be rolled back; [`discard_changes`](Self::discard_changes) does it.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// let prod = "tank/prod".parse()?;
/// let before = "tank/prod@before-upgrade".parse()?;
/// zfs.rollback(&prod).to(&before).discard_changes()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is rolled back before discard_changes()"]
pub struct Rollback {
    zfs: Zfs,
    dataset: DatasetName,
    to: Option<SnapshotName>,
}

impl Rollback {
    /// To this snapshot and no other. It must be the newest nevertheless: what is newer is never
    /// destroyed for it.
    ///
    /// Without this call it is whichever is the newest, maybe one that somebody made a moment ago.
    pub fn to(mut self, snapshot: &SnapshotName) -> Self {
        self.to = Some(snapshot.clone());
        self
    }

    /// Discards all that was written to the dataset since the snapshot, and returns which that was.
    /// Nothing brings it back.
    ///
    /// Of a clone without snapshots of its own it is the origin. What is below the dataset is left
    /// as it is. A mounted file system stays mounted, and a volume open; files that are open in it
    /// may be gone under their users' hands.
    ///
    /// Needs the permission `rollback`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::DatasetNotFound`];
    /// * [`ErrorKind::SnapshotNotFound`]: there is no such snapshot, or none at all;
    /// * [`ErrorKind::SnapshotMismatch`]: it is one of another dataset;
    /// * [`ErrorKind::NotLatestSnapshot`]: there are newer snapshots or bookmarks, which
    ///   [`Error::failures`] names. A bookmark can be newer than all snapshots: its own may be gone;
    /// * [`ErrorKind::Busy`]: something other than a mount is using it, such as a send of the dataset
    ///   itself;
    /// * [`ErrorKind::QuotaExceeded`]: the snapshot is larger than the `refquota` is now;
    /// * [`ErrorKind::NoSpace`]: there is none for its `refreservation` meanwhile;
    /// * [`ErrorKind::NameTooLong`]: the dataset's name has no room for the hidden dataset that the
    ///   module makes on the way; the kernel would panic;
    /// * [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PermissionDenied`]
    pub fn discard_changes(self) -> Result<SnapshotName> {
        self.check_room()?;
        let name = self.dataset.as_str();
        tracing::debug!(dataset = name, to = ?self.to, "roll back");
        match &self.to {
            Some(to) => match self.zfs.library().rollback_to(name, to.as_str()) {
                Ok(()) => {
                    self.zfs.record(Operation::Rollback, to);
                    Ok(to.clone())
                }
                Err(errno) => Err(self.failed(errno)),
            },
            None => match self.zfs.library().rollback(name) {
                Ok(to) => {
                    self.zfs.record(Operation::Rollback, &to);
                    to.parse()
                        .map_err(|error| self.refused(ErrorKind::UnexpectedAnswer, error))
                }
                Err(errno) => Err(self.failed(errno)),
            },
        }
    }

    fn check_room(&self) -> Result<()> {
        const HIDDEN: &str = "/%rollback";
        let room = MAX_NAME_LEN - HIDDEN.len();
        if self.dataset.as_str().len() <= room {
            return Ok(());
        }
        let why = format!("a dataset that is rolled back can have at most {room} bytes");
        Err(self.refused(ErrorKind::NameTooLong, why))
    }

    fn failed(&self, errno: Errno) -> Error {
        let error = Error::from_errno(Operation::Rollback, self.dataset.as_str(), errno);
        match (error.kind(), &self.to) {
            (ErrorKind::SnapshotNotFound, None) => error.with_source("it has none"),
            (ErrorKind::SnapshotNotFound, Some(to)) => {
                let exists = self.zfs.snapshot_exists(to).is_ok_and(|exists| exists);
                if exists {
                    error.with_kind(ErrorKind::SnapshotMismatch)
                } else {
                    error
                }
                .with_source(to.to_string())
            }
            (ErrorKind::NotLatestSnapshot, _) => match self.newer() {
                Ok(newer) => error.with_failures(newer.into_iter().map(|name| (name, errno)), 0),
                Err(_) => error,
            },
            _ => error,
        }
    }

    /// The snapshots and bookmarks that are newer than what was to be rolled back to, in their
    /// order.
    fn newer(&self) -> Result<Vec<String>> {
        let zfs = &self.zfs;
        let mut all = Vec::new();
        zfs.device()
            .each_snapshot(self.dataset.as_str(), |listed| {
                all.push((listed.create_txg, listed.name));
                ControlFlow::Continue(())
            })
            .map_err(|errno| {
                Error::from_errno(Operation::Rollback, self.dataset.as_str(), errno)
            })?;
        let newest = all.iter().map(|(txg, _)| *txg).max();
        let base = match (&self.to, newest) {
            (Some(to), _) => zfs.snapshot(to)?.create_txg()?,
            (None, Some(newest)) => newest,
            (None, None) => match zfs.dataset(&self.dataset)?.get(&property::ORIGIN)? {
                Some(origin) => {
                    let origin = origin.value.parse();
                    let origin =
                        origin.map_err(|error| self.refused(ErrorKind::UnexpectedAnswer, error))?;
                    zfs.snapshot(&origin)?.create_txg()?
                }
                None => 0,
            },
        };
        for bookmark in zfs.bookmarks(&self.dataset)? {
            all.push((bookmark.create_txg(), bookmark.name().to_string()));
        }
        all.retain(|(txg, _)| *txg > base);
        all.sort();
        Ok(all.into_iter().map(|(_, name)| name).collect())
    }

    fn refused(
        &self,
        kind: ErrorKind,
        why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::refused(Operation::Rollback, self.dataset.as_str(), kind, why)
    }
}

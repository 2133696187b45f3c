//! What keeps a replica's key from being changed unawares.
//!
//! A raw stream has the sender's wrapped master key in its first record, and an incremental receive
//! writes it over the replica's own. So a new key of a replica lasts until the next raw incremental
//! stream.

use std::ops::ControlFlow;

use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::{DatasetName, SnapshotName};
use crate::property;

impl Zfs {
    /// Refuses to change the key of a dataset whose encryption root looks like one that was
    /// received.
    ///
    /// What is received raw is an encryption root, while what is received otherwise below an
    /// encrypted dataset has its key from there: that root is asked, and a local one is none of a
    /// replica.
    pub(super) fn check_no_replica(&self, dataset: &Dataset) -> Result<()> {
        let Some(root) = dataset.encryption_root()? else {
            return Ok(());
        };
        let sign = if root == *dataset.name() {
            self.sign_of_replica(dataset)?
        } else {
            self.sign_of_replica(&self.dataset_to_change(&root)?)?
        };
        match sign {
            None => Ok(()),
            Some(why) => Err(Error::refused(
                Operation::ChangeKey,
                dataset.name().as_str(),
                ErrorKind::KeyOfReplica,
                why,
            )),
        }
    }

    /// Why a dataset is taken for a replica. The kernel does not keep a record of it, so that this
    /// is what a receive leaves behind.
    fn sign_of_replica(&self, dataset: &Dataset) -> Result<Option<String>> {
        let name = dataset.name();
        if dataset.get(&property::RECEIVE_RESUME_TOKEN)?.is_some() {
            return Ok(Some(format!("{name} has a part of a stream")));
        }
        let failed = |errno| Error::from_errno(Operation::ChangeKey, name.as_str(), errno);
        if self
            .device()
            .received_properties(name.as_str())
            .map_err(failed)?
            .is_some()
        {
            return Ok(Some(format!("{name} has received properties")));
        }
        let Some(oldest) = self.oldest_snapshot(name)? else {
            return Ok(None);
        };
        // A snapshot that was received has the time at which it was taken at the source, and the
        // dataset that at which it came into being here.
        let snapshot = self.read_properties(oldest.as_str())?;
        let taken = crate::dataset::required(&snapshot, oldest.as_str(), &property::CREATION)?;
        let made =
            crate::dataset::required(dataset.properties(), name.as_str(), &property::CREATION)?;
        Ok((taken < made).then(|| format!("{oldest} is older than its dataset")))
    }

    fn oldest_snapshot(&self, dataset: &DatasetName) -> Result<Option<SnapshotName>> {
        let mut oldest = None;
        self.device()
            .each_snapshot(dataset.as_str(), |snapshot| {
                if oldest
                    .as_ref()
                    .is_none_or(|(txg, _)| snapshot.create_txg < *txg)
                {
                    oldest = Some((snapshot.create_txg, snapshot.name));
                }
                ControlFlow::Continue(())
            })
            .map_err(|errno| Error::from_errno(Operation::ChangeKey, dataset.as_str(), errno))?;
        Ok(oldest.and_then(|(_, name)| name.parse().ok()))
    }
}

//! What the kernel's error number means for a receive: it has few numbers and many reasons.

use super::ReceiveBuilder;
use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind};
use crate::handle::Zfs;
use crate::name::{DatasetName, SnapshotName};
use crate::property::Encryption;
use crate::redaction::redact_snaps;
use crate::stream::{BeginRecord, Features};

impl Zfs {
    pub(super) fn has_partial_receive(&self, dataset: &DatasetName) -> bool {
        let dataset = self.dataset(dataset);
        dataset.is_ok_and(|dataset| matches!(dataset.receive_resume_token(), Ok(Some(_))))
    }

    pub(super) fn is_redacted(&self, snapshot: &SnapshotName) -> bool {
        let snapshot = self.snapshot(snapshot);
        snapshot.is_ok_and(|snapshot| redact_snaps(snapshot.properties()).is_some())
    }
}

pub(super) fn is_encrypted(dataset: &Dataset) -> bool {
    dataset.encryption().is_ok_and(Encryption::is_on)
}

impl ReceiveBuilder {
    /// The error that the kernel's stands for, as far as what is there tells.
    pub(super) fn explain(&self, begin: &BeginRecord, error: Error) -> Error {
        let zfs = &self.zfs;
        match error.kind() {
            ErrorKind::DatasetExists if zfs.snapshot(&self.snapshot).is_ok() => {
                error.with_kind(ErrorKind::SnapshotExists)
            }
            ErrorKind::DatasetNotFound => self.what_is_missing(begin, error),
            ErrorKind::Busy
                if !begin.is_resuming() && zfs.has_partial_receive(self.snapshot.dataset()) =>
            {
                error.with_kind(ErrorKind::ResumableStateExists)
            }
            ErrorKind::StreamFeatureUnsupported if self.encryption.is_some() => {
                error.with_kind(ErrorKind::FeatureDisabled)
            }
            // The kernel has one number for a key that is missing and for one that is another.
            ErrorKind::KeyNotLoaded if begin.is_raw() => error
                .with_kind(ErrorKind::EncryptionMismatch)
                .with_source("the stream is encrypted with another key than the dataset"),
            ErrorKind::BadStream if error.errno().raw() == libc::EINVAL => {
                match self.why_invalid(begin) {
                    Some((kind, why)) => error.with_kind(kind).with_source(why),
                    None => error,
                }
            }
            _ => error,
        }
    }

    fn is_suspended(&self) -> bool {
        let dataset = self.zfs.dataset(self.snapshot.dataset());
        dataset.is_err_and(|error| error.kind() == ErrorKind::PoolSuspended)
    }

    fn what_is_missing(&self, begin: &BeginRecord, error: Error) -> Error {
        // libzfs_core looks for the dataset first, and takes a suspended pool for an empty one.
        if self.is_suspended() {
            return error.with_kind(ErrorKind::PoolSuspended);
        }
        if self.zfs.is_missing(&self.snapshot.pool()) {
            return error.with_kind(ErrorKind::PoolNotFound);
        }
        if begin.is_resuming() {
            return error;
        }
        match &self.origin {
            Some(origin) if self.zfs.snapshot(origin).is_err() => error
                .with_kind(ErrorKind::SnapshotNotFound)
                .with_source(format!("the origin {origin}")),
            None if !begin.is_full() => error,
            _ => error.with_kind(ErrorKind::ParentNotFound),
        }
    }

    /// Why a stream does not fit, of the reasons for which the kernel says that it is invalid.
    fn why_invalid(&self, begin: &BeginRecord) -> Option<(ErrorKind, &'static str)> {
        if begin.is_resuming() {
            let why = "there is no such part of it, or it goes on at another place";
            return Some((ErrorKind::ResumeMismatch, why));
        }
        let name = self.snapshot.dataset();
        let there = self.zfs.dataset(name).ok();
        let parent = || self.zfs.dataset(&name.parent()?).ok();
        let base = match (&there, &self.origin) {
            (Some(_), Some(_)) => {
                let why = "a clone has to be a new dataset";
                return Some((ErrorKind::DatasetExists, why));
            }
            (None, Some(origin)) => Some(origin.clone()),
            (Some(dataset), None) => {
                if begin.is_raw() && !is_encrypted(dataset) {
                    let why = "the stream is raw, and the dataset not encrypted";
                    return Some((ErrorKind::EncryptionMismatch, why));
                }
                if begin.is_full() && is_encrypted(dataset) {
                    let why = "an encrypted dataset cannot be replaced";
                    return Some((ErrorKind::EncryptionMismatch, why));
                }
                let guid = begin.from_guid();
                guid.and_then(|guid| self.zfs.snapshot_with_guid(name, guid).ok()?)
            }
            (None, None) => None,
        };
        let holder = there.or_else(parent);
        if begin.features().contains(Features::EMBED_DATA)
            && holder.as_ref().is_some_and(is_encrypted)
        {
            let why = "it has embedded blocks, which encryption does not allow";
            return Some((ErrorKind::StreamFeatureUnsupported, why));
        }
        if base.is_some_and(|base| self.zfs.is_redacted(&base)) {
            let why = "the base here lacks blocks that the stream does not bring";
            return Some((ErrorKind::RedactionMismatch, why));
        }
        None
    }
}

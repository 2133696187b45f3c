//! The key of a dataset as it lies on disk.

use crate::error::ErrorKind;
use crate::handle::Zfs;
use crate::name::{DatasetName, SnapshotName};
use crate::replicate::{Error, Result, WrappedKey};
use crate::stream::ReadError;

/// That of the first record of a stream of any snapshot, since all have the one of today, and there
/// is no property that shows it.
pub(super) fn wrapped_key(zfs: &Zfs, dataset: &DatasetName) -> Result<Option<WrappedKey>> {
    let mut snapshots = match zfs.list(dataset).snapshots().run() {
        Err(error) if error.kind() == ErrorKind::DatasetNotFound => return Ok(None),
        listing => listing?,
    };
    let Some(entry) = snapshots.next().transpose()? else {
        return Ok(None);
    };
    let Some(snapshot) = entry.name().snapshot() else {
        return Ok(None);
    };
    if !zfs.dataset(dataset)?.encryption()?.is_on() {
        return Ok(None);
    }
    of_snapshot(zfs, snapshot)
}

/// That of the stream of a snapshot of an encrypted dataset; none where it may not be sent.
pub(super) fn of_snapshot(zfs: &Zfs, snapshot: &SnapshotName) -> Result<Option<WrappedKey>> {
    let stream = match zfs.send(snapshot).raw().start() {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(None),
        stream => stream?,
    };
    WrappedKey::read(stream).or_else(|error| match error {
        ReadError::Stream(error) => Err(error.into()),
        ReadError::Io { error, .. } => match error.downcast::<crate::Error>() {
            Ok(error) if error.kind() == ErrorKind::PermissionDenied => Ok(None),
            Ok(error) => Err(error.into()),
            Err(error) => Err(Error::Lost(error)),
        },
    })
}

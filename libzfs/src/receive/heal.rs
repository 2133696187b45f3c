//! Healing: a stream mends the damaged blocks of the snapshot that it was made from.

use std::collections::HashSet;
use std::fs;
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, PoisonError};

use super::explain::is_encrypted;
use super::intake::{Intake, Receiver};
use super::{Received, StreamSource};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::ffi::RawReceive;
use crate::handle::Zfs;
use crate::name::SnapshotName;
use crate::property::Properties;
use crate::redaction::redact_snaps;
use crate::snapshot::Snapshot;
use crate::stream::{BeginRecord, Features};
use crate::transfer::Watch;

/// One at a time: the kernel panics if it is to heal what it is healing.
static HEALING: Mutex<()> = Mutex::new(());

impl Zfs {
    /// Mends the damaged data blocks of `snapshot`, and with them those of the datasets and
    /// snapshots that share them, with a stream of that very snapshot (`zfs receive -c`): full or
    /// incremental, for the blocks that are in it.
    ///
    /// Only blocks whose checksum is wrong are written. They have to be in the stream as they were
    /// on disk: it fails if the stream's block size is another, as without
    /// [`SendFlags::LARGE_BLOCKS`](crate::SendFlags::LARGE_BLOCKS). What is returned is how many
    /// bytes were read behind the stream's first record; how many blocks were mended the kernel
    /// does not say, and a scrub tells what is left.
    ///
    /// **The snapshot itself is spoilt by it**, whether anything was damaged or not, and whether
    /// the healing succeeds or not. The kernel marks it as incomplete and never takes that back
    /// (seen on 2.3.9 and 2.4.4): it cannot be mounted any more, and a clone of it neither, which
    /// is moreover **destroyed** when the pool is imported the next time. It can still be sent, so
    /// that sending it to another dataset gives a good copy, and it can be healed again. The file
    /// system that it is a snapshot of is not affected.
    ///
    /// **The kernel panics** if the snapshot is mounted or otherwise open, as it is for some
    /// minutes after somebody has looked into `.zfs/snapshot`, or if another process is healing
    /// it. That it is not mounted is made sure of in every mount namespace that can be seen from
    /// here, but nobody can be kept from mounting it the moment after.
    ///
    /// Needs OpenZFS 2.2, and the permissions `receive`, `mount` and `create`.
    ///
    /// # Errors
    ///
    /// Found before anything is changed:
    ///
    /// * [`ErrorKind::Unsupported`]: with OpenZFS 2.1;
    /// * [`ErrorKind::SnapshotNotFound`], [`ErrorKind::DatasetNotFound`];
    /// * [`ErrorKind::WrongSnapshot`]: the stream is of another snapshot;
    /// * [`ErrorKind::Busy`]: the snapshot is mounted, or can be open as a volume's device
    ///   (`snapdev=visible`);
    /// * [`ErrorKind::EncryptionMismatch`]: the stream is raw and the dataset not encrypted;
    /// * [`ErrorKind::AlreadyRedacted`], [`ErrorKind::RedactionMismatch`],
    ///   [`ErrorKind::ResumeMismatch`]: a redacted snapshot or stream, or one that resumes another;
    /// * [`ErrorKind::KeyNotLoaded`]: the dataset is encrypted and the stream not raw;
    /// * [`ErrorKind::ResumableStateExists`]: there is a partial receive;
    /// * [`ErrorKind::PermissionDenied`], [`ErrorKind::ReadOnlyPool`], and what is found in the
    ///   stream's first record, as with [`ReceiveBuilder::run`](crate::ReceiveBuilder::run).
    ///
    /// Afterwards:
    ///
    /// * [`ErrorKind::BadStream`]: it is damaged itself, or has not what was on disk;
    /// * [`ErrorKind::StreamTruncated`], [`ErrorKind::SourceFailed`], [`ErrorKind::TimedOut`],
    ///   [`ErrorKind::Io`].
    #[doc(alias = "lzc_receive_with_heal")]
    #[doc(alias = "corrective receive")]
    pub fn force_heal(&self, snapshot: &SnapshotName, source: impl StreamSource) -> Result<u64> {
        let healed = source.feed(Intake {
            receiver: Receiver {
                zfs: self.clone(),
                operation: Operation::Heal,
                snapshot: snapshot.clone(),
            },
            watch: Watch::default(),
            take: Box::new(take),
        })?;
        Ok(healed.bytes())
    }
}

fn take(receiver: &Receiver, begin: BeginRecord, fd: BorrowedFd<'_>) -> Result<Received> {
    let (zfs, snapshot) = (&receiver.zfs, &receiver.snapshot);
    if libzfs_sys::optional::lzc_receive_with_heal().is_none() {
        let why = "it needs OpenZFS 2.2 or later";
        return Err(receiver.refused(ErrorKind::Unsupported, why));
    }
    let _one = HEALING.lock().unwrap_or_else(PoisonError::into_inner);
    let found = |error: Error| error.with_operation(Operation::Heal);
    let dataset = zfs.dataset(snapshot.dataset()).map_err(found)?;
    let target = zfs.snapshot(snapshot).map_err(found)?;
    let encrypted = is_encrypted(&dataset);
    check(receiver, &begin, &target, encrypted)?;
    check_closed(receiver, dataset.properties())?;
    tracing::debug!(%snapshot, raw = begin.is_raw(), "heal");
    let raw = RawReceive {
        snapshot: snapshot.as_str(),
        received_props: None,
        local_props: None,
        key: None,
        origin: None,
        force: false,
        // That would write a state for a resumed receive into the snapshot.
        resumable: false,
        heal: true,
        begin: &begin,
    };
    match receiver.run(&raw, fd)? {
        Ok(received) => Ok(Received::new(begin, received)),
        Err(error) => Err(match error.kind() {
            ErrorKind::Busy if zfs.has_partial_receive(snapshot.dataset()) => {
                error.with_kind(ErrorKind::ResumableStateExists)
            }
            _ => error,
        }),
    }
}

/// Refuses what the kernel does not check, and would write into the snapshot.
fn check(
    receiver: &Receiver,
    begin: &BeginRecord,
    target: &Snapshot,
    encrypted: bool,
) -> Result<()> {
    let (kind, why) = if begin.to_guid() != target.guid()? {
        let why = "the stream's GUID is not that of the snapshot";
        (ErrorKind::WrongSnapshot, why)
    } else if begin.is_raw() && !encrypted {
        let why = "the stream is raw, and the dataset not encrypted";
        (ErrorKind::EncryptionMismatch, why)
    } else if begin.features().contains(Features::REDACTED) {
        (ErrorKind::RedactionMismatch, "the stream is redacted")
    } else if begin.is_resuming() {
        (ErrorKind::ResumeMismatch, "the stream resumes another")
    } else if redact_snaps(target.properties()).is_some() {
        (
            ErrorKind::AlreadyRedacted,
            "it would not be known as that any more",
        )
    } else {
        return Ok(());
    };
    Err(receiver.refused(kind, why))
}

/// Refuses, as far as it can be seen, a snapshot that is open: the kernel panics.
fn check_closed(receiver: &Receiver, properties: &Properties) -> Result<()> {
    const VISIBLE: u64 = 1;
    let snapdev = properties
        .raw("snapdev")
        .and_then(|found| found.value.as_u64());
    // What the stream says that it is of is no promise.
    let is_volume = properties.raw("volsize").is_some();
    if is_volume && snapdev == Some(VISIBLE) {
        return Err(receiver.refused(ErrorKind::Busy, "it has a device (snapdev=visible)"));
    }
    if is_mounted(receiver.snapshot.as_str()) {
        return Err(receiver.refused(ErrorKind::Busy, "it is mounted"));
    }
    Ok(())
}

/// Whether it is mounted in a mount namespace of a process that can be seen.
fn is_mounted(snapshot: &str) -> bool {
    // As the kernel writes what would divide its fields.
    let snapshot = snapshot.replace(' ', "\\040");
    let in_mounts = |mounts: &str| {
        mounts
            .lines()
            .any(|line| line.split(' ').next() == Some(&snapshot))
    };
    let mut seen = HashSet::new();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .map(|process| process.path())
        .filter(|process| fs::read_link(process.join("ns/mnt")).is_ok_and(|ns| seen.insert(ns)))
        .filter_map(|process| fs::read_to_string(process.join("mounts")).ok())
        .any(|mounts| in_mounts(&mounts))
}

//! Sending many streams as one.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use super::PackageHead;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::hold_guard::HoldGuard;
use crate::name::SnapshotName;
use crate::send::{SendBuilder, SendFlags, SendStream};
use crate::stream::{Endian, Writer};
use crate::transfer::{self, Descriptor, IntoWrite, Suitability, TransferControl, Watch, Worker};

impl Zfs {
    /// Begins to send `snapshot` in a package; see [`PackageSend`].
    #[doc(alias = "zfs_send")]
    pub fn send_package(&self, snapshot: &SnapshotName) -> PackageSend {
        PackageSend {
            zfs: self.clone(),
            snapshot: snapshot.clone(),
            from: None,
            intermediates: false,
            recursive: false,
            properties: false,
            backup: false,
            holds: false,
            skip_missing: false,
            raw: false,
            flags: SendFlags::empty(),
            controls: Vec::new(),
        }
    }
}

/// A package about to be sent: what `zfs send -R`, `-I` and `-p` make, for `zfs receive` or
/// [`Zfs::receive_package`].
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// // zfs send -Rw -I @mon tank/prod@tue
/// let send = zfs
///     .send_package(&"tank/prod@tue".parse()?)
///     .from(&"tank/prod@mon".parse()?)
///     .intermediates()
///     .recursive()
///     .raw();
/// println!("about {} bytes", send.size()?);
/// send.write_to(&std::fs::File::create("/backup/prod-tue.zfs")?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before start() or write_to()"]
pub struct PackageSend {
    pub(super) zfs: Zfs,
    pub(super) snapshot: SnapshotName,
    pub(super) from: Option<SnapshotName>,
    pub(super) intermediates: bool,
    pub(super) recursive: bool,
    pub(super) properties: bool,
    pub(super) backup: bool,
    pub(super) holds: bool,
    pub(super) skip_missing: bool,
    pub(super) raw: bool,
    pub(super) flags: SendFlags,
    controls: Vec<TransferControl>,
}

impl PackageSend {
    /// Sends only what changed since `from`, an earlier snapshot of the same dataset (`-i`). In a
    /// tree, datasets go on from their snapshots of the same short name; one that has none is sent
    /// in full, a clone from its origin.
    pub fn from(mut self, from: &SnapshotName) -> Self {
        self.from = Some(from.clone());
        self
    }

    /// Sends all snapshots between as well (`-I`), or, without [`from`](Self::from), all that are
    /// earlier. A tree that is sent from the beginning has them all in any case.
    pub fn intermediates(mut self) -> Self {
        self.intermediates = true;
        self
    }

    /// Sends all below the dataset too, with their properties (`-R`). Clones are sent from their
    /// origins; of one that is not in the tree, the receiver has to have it.
    pub fn recursive(mut self) -> Self {
        self.recursive = true;
        self
    }

    /// Sends the properties that are set on the dataset or were received (`-p`).
    pub fn properties(mut self) -> Self {
        self.properties = true;
        self
    }

    /// Sends the properties as the datasets received them, whatever is set on them by now, and those
    /// alone (`-b`): so that what is sent back from a backup is as it once was sent there. Of a dataset
    /// that has never received properties none are sent.
    pub fn backup(mut self) -> Self {
        self.backup = true;
        self
    }

    /// Sends the tags of the snapshots' holds (`-h`).
    pub fn holds(mut self) -> Self {
        self.holds = true;
        self
    }

    /// Leaves out datasets of the tree that do not have the snapshot, with all below them (`-s`).
    /// Those that were made after it are left out in any case.
    pub fn skip_missing(mut self) -> Self {
        self.skip_missing = true;
        self
    }

    /// Sends what is on disk as it is; see [`SendBuilder::raw`].
    pub fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// Sets what else the streams may contain, in addition to what is set.
    pub fn flags(mut self, flags: SendFlags) -> Self {
        self.flags |= flags;
        self
    }

    /// Has all streams watched, and stopped, by `control`; see [`SendBuilder::controlled_by`].
    pub fn controlled_by(mut self, control: &TransferControl) -> Self {
        self.controls.push(control.clone());
        self
    }

    pub(super) fn is_raw(&self) -> bool {
        self.raw || self.flags.contains(SendFlags::RAW)
    }

    /// What the package says of itself.
    ///
    /// # Errors
    ///
    /// As for [`write_to_writer`](Self::write_to_writer), as far as they can be known without sending.
    pub fn head(&self) -> Result<PackageHead> {
        Ok(self.plan()?.head)
    }

    /// An estimate of the size of all streams in bytes; see [`SendBuilder::size`].
    ///
    /// # Errors
    ///
    /// As for [`head`](Self::head).
    pub fn size(&self) -> Result<u64> {
        let sends = self.plan()?.sends;
        sends
            .iter()
            .try_fold(0_u64, |sum, send| Ok(sum.saturating_add(send.size()?)))
    }

    /// Starts to send, in a thread of its own; the package is read from what is returned, or, with
    /// the feature `tokio`, from what [`SendStream::into_async`] makes of it.
    ///
    /// The snapshots of a package of more than one stream are held meanwhile, so that none of them
    /// is destroyed, with a tag that begins with `libzfs-send-`; on a pool that is read-only, where
    /// none can be destroyed, they are not.
    ///
    /// Needs what [`SendBuilder::start`] needs, for each dataset, and for more than one stream `hold`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`]. Of what the streams cannot be made of, before a byte is sent:
    ///
    /// * [`ErrorKind::DatasetNotFound`]; [`ErrorKind::SnapshotNotFound`]: also of a dataset in the
    ///   tree, unless it was made later;
    /// * [`ErrorKind::IncrementalSourceNotFound`], [`ErrorKind::NotAnAncestor`];
    /// * [`ErrorKind::WouldDecrypt`]: a dataset is encrypted, the send is not raw, and the package
    ///   would say what is in it, with which nobody could encrypt it again;
    /// * [`ErrorKind::InvalidArgument`]: a dataset is a clone of one that is below it;
    /// * [`ErrorKind::TooLarge`]: the list of snapshots and properties is longer than 64 MiB, which
    ///   `zfs receive` does not take.
    ///
    /// What goes wrong later is found while it is read: see [`SendStream`].
    #[doc(alias = "zfs_send")]
    pub fn start(&self) -> Result<SendStream> {
        let name = self.snapshot.as_str();
        let failed = |error| Error::from_io(Operation::Send, name, error);
        let plan = self.plan()?;
        let (begin, list) = plan
            .head
            .encode(Endian::HOST)
            .map_err(|error| Error::refused(Operation::Send, name, ErrorKind::TooLarge, error))?;
        let guard = self.hold(&plan.sends)?;
        tracing::debug!(snapshot = %self.snapshot, streams = plan.sends.len(), "send package");
        let mut watch = Watch::default();
        for control in &self.controls {
            watch.add(control).map_err(failed)?;
        }
        let (reader, writer) = transfer::pipe().map_err(failed)?;
        let snapshot = self.snapshot.clone();
        let work = move |pipe: BorrowedFd<'_>| {
            let failed = |error| Error::from_io(Operation::Send, snapshot.as_str(), error);
            let pipe = pipe.try_clone_to_owned().map_err(failed)?;
            let mut writer = Writer::new(File::from(pipe));
            writer.package_head(&begin, &list).map_err(failed)?;
            for send in &plan.sends {
                send.write_to(writer.get_mut())?;
            }
            writer.package_end().map_err(failed)?;
            guard.map_or(Ok(()), HoldGuard::release)
        };
        let worker = Worker::spawn("zfs-package", writer, watch.alarm(), work).map_err(failed)?;
        Ok(SendStream::new(reader, worker, watch, name))
    }

    /// Sends to a descriptor and returns when the package is written; see [`SendBuilder::write_to`].
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start) and of [`SendBuilder::write_to`].
    pub fn write_to(&self, to: &impl AsFd) -> Result<()> {
        let to = to.as_fd();
        let failed = |error| Error::from_io(Operation::Send, self.snapshot.as_str(), error);
        if transfer::writable(to).map_err(failed)? == Suitability::Unsuited {
            let why = "it is not open for writing";
            return Err(self.refused(ErrorKind::BadDescriptor, why));
        }
        let mut sink = Descriptor::new(to).map_err(failed)?;
        self.start()?.drain_into(&mut sink)
    }

    /// Sends to anything that writes, and flushes it at the end; see
    /// [`SendBuilder::write_to_writer`].
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start) and of [`SendBuilder::write_to_writer`].
    #[doc(alias = "zfs_send")]
    pub fn write_to_writer(&self, to: impl Write) -> Result<()> {
        let mut sink = IntoWrite(to);
        self.start()?
            .drain(|pipe, watch| transfer::drain(pipe, &mut sink, watch).map(Some))
    }

    /// Keeps the snapshots from being destroyed while others are sent.
    fn hold(&self, sends: &[SendBuilder]) -> Result<Option<HoldGuard>> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        if sends.len() < 2 {
            return Ok(None);
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let tag = format!("libzfs-send-{}-{number}", std::process::id());
        let tag = tag.parse().map_err(|error: crate::NameError| {
            Error::refused(Operation::Hold, tag.as_str(), ErrorKind::InvalidName, error)
        })?;
        let mut snapshots: Vec<SnapshotName> = Vec::new();
        for send in sends {
            // What it builds on is one that was sent before, or the base.
            if let Some(crate::IncrementalSource::Snapshot(base)) = send.incremental_source() {
                snapshots.push(base.clone());
            }
            snapshots.push(send.snapshot().clone());
        }
        snapshots.sort();
        snapshots.dedup();
        let mut guard = self.zfs.hold_guard()?;
        match guard.hold(&tag, &snapshots) {
            Ok(holds) => holds.all().map(|()| Some(guard)),
            Err(error) if error.kind() == ErrorKind::ReadOnlyPool => Ok(None),
            Err(error) => Err(error),
        }
    }
}

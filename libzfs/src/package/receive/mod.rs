//! Receiving many streams that came as one.

#[cfg(feature = "tokio")]
mod asynchronous;
mod outcome;
mod properties;
mod session;

use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::os::fd::AsFd;

pub use self::outcome::{ReceivedPackage, ReceivedStream, StreamOutcome};
pub use self::properties::LOCAL_PROPERTIES;
use self::session::Session;
use super::source::Source;
use super::{PackageError, PackageHead, PackageTarget};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::DatasetName;
use crate::property::PropertyValue;
#[cfg(doc)]
use crate::receive::ReceiveBuilder;
use crate::stream::{ReadError, StreamError};
use crate::transfer::{
    self, Descriptor, FromRead, Suitability, TransferControl, Watch, WatchedRead,
};

impl Zfs {
    /// Begins to receive a package; see [`PackageReceive`].
    #[doc(alias = "zfs_receive")]
    pub fn receive_package(&self, target: impl Into<PackageTarget>) -> PackageReceive {
        PackageReceive {
            zfs: self.clone(),
            target: target.into(),
            set: BTreeMap::new(),
            excluded: HashSet::new(),
            local_properties: false,
            resumable: false,
            force_rollback: false,
            rename_and_promote: false,
            destroy_missing: false,
            hold: false,
            origins_in: None,
            trust_encryption_roots: false,
            controls: Vec::new(),
        }
    }
}

/// A package about to be received: what `zfs send -R`, `-I` and `-p` or [`Zfs::send_package`] made.
///
/// # What happens
///
/// Each stream is received as [`ReceiveBuilder`] does it, in the order in which they come. Nothing is
/// mounted, now or by what is received: [`LOCAL_PROPERTIES`] are left out. What is inherited where it
/// is received holds: for a vault, `canmount=noauto` is to be [set](Self::set), so that nothing is
/// mounted with the next start of the machine either.
///
/// An incremental package of a tree (`-R` with `-I` or `-i`) says more than its streams do: which
/// datasets and snapshots have another name by now where they come from, which clones were promoted,
/// and what is not there any more. What is here is changed accordingly only where that is asked for,
/// with [`rename_and_promote`](Self::rename_and_promote) and
/// [`destroy_missing`](Self::destroy_missing), and only if the package is one of what is here. A
/// stream finds its dataset without that, whatever it is called here: datasets are known by the GUIDs
/// of their snapshots.
///
/// So without any option whose documentation says otherwise, nothing that is here is renamed, rolled
/// back or destroyed, whatever a package says; nor is anything made outside of the target.
///
/// What cannot be received does not keep the rest from it:
///
/// * a snapshot that is there already is passed over;
/// * a stream that is not the one that the package says it has is refused
///   ([`ErrorKind::BadStream`]);
/// * what follows in the same dataset on one that failed is skipped;
/// * so is what is below a dataset that failed and is not there; below one that is there, that is an
///   incremental stream failed, it is received.
///
/// # Encryption
///
/// A raw stream makes a dataset that is an encryption root of its own, also where it had its key from
/// another one: see [`trust_encryption_roots`](Self::trust_encryption_roots). What is not raw is
/// encrypted as the dataset here is that it comes below; `zfs receive` has it in plain text if the
/// package has properties.
///
/// # Example
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// let received = zfs
///     .receive_package(&"vault/prod".parse::<libzfs::DatasetName>()?)
///     .set("canmount", "noauto")
///     .set("readonly", true)
///     .resumable()
///     .run(std::fs::File::open("/backup/prod-tue.zfs")?)?;
/// for stream in received.streams() {
///     println!("{}: {:?}", stream.sent, stream.outcome);
/// }
/// received.all()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is received before run()"]
pub struct PackageReceive {
    pub(super) zfs: Zfs,
    target: PackageTarget,
    set: BTreeMap<String, PropertyValue>,
    excluded: HashSet<String>,
    local_properties: bool,
    resumable: bool,
    force_rollback: bool,
    pub(super) rename_and_promote: bool,
    destroy_missing: bool,
    hold: bool,
    origins_in: Option<DatasetName>,
    pub(super) trust_encryption_roots: bool,
    controls: Vec<TransferControl>,
}

impl PackageReceive {
    /// Sets a property of each dataset, in place of what the package brings. What only file systems
    /// have is not set on volumes.
    ///
    /// (`zfs receive -o` sets it on the top, and has it inherited below.)
    pub fn set(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        self.set.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a property out. What is set on a dataset that is there stays; what it received before
    /// of that property goes.
    pub fn exclude(mut self, name: &str) -> Self {
        self.excluded.insert(name.to_owned());
        self
    }

    /// Receives the [`LOCAL_PROPERTIES`] as well, as `zfs receive` does: so the package decides where
    /// its datasets are mounted, and whether they are shared.
    pub fn receive_local_properties(mut self) -> Self {
        self.local_properties = true;
        self
    }

    /// Keeps what was received of a stream that is interrupted (`zfs receive -s`). It is resumed
    /// alone, by [`Zfs::receive`] from [`Zfs::resume_send`]; the same package sent again then adds
    /// what was to come after it.
    pub fn resumable(mut self) -> Self {
        self.resumable = true;
        self
    }

    /// **Destroys** what stands in the way of a stream; see [`ReceiveBuilder::force_rollback`].
    pub fn force_rollback(mut self) -> Self {
        self.force_rollback = true;
        self
    }

    /// **Renames** datasets and snapshots as they were renamed where an incremental package of a tree
    /// comes from, and promotes the clones that were promoted there, which `zfs receive` does without
    /// being asked.
    ///
    /// A dataset is renamed with all below it, and only within what the package is received into. Two
    /// that have swapped their names need a third one meanwhile, which begins with `recv-`; where that
    /// is cut off, the same package received again goes on with it.
    pub fn rename_and_promote(mut self) -> Self {
        self.rename_and_promote = true;
        self
    }

    /// **Destroys** datasets and snapshots that are not in an incremental package of a tree, which
    /// `zfs receive -F` does too: what was destroyed where it comes from, what was made here, and what
    /// was left out of the package ([`PackageSend::skip_missing`](super::PackageSend::skip_missing)).
    /// Not the top itself; and not what the kernel does not let go, as what is held or mounted.
    ///
    /// That is done when all of the package is here. Before, only snapshots go that have the name of
    /// another one in the package.
    pub fn destroy_missing(mut self) -> Self {
        self.destroy_missing = true;
        self
    }

    /// Holds snapshots with the tags that they were held with where they come from (`zfs send -h`),
    /// if the package has them.
    pub fn hold(mut self) -> Self {
        self.hold = true;
        self
    }

    /// Looks for the origins of clones in this dataset and all below it, and not only among what the
    /// package is received into.
    ///
    /// The streams say by its GUID which snapshot a clone is to be made of, so that whoever made them
    /// gets to see it: do not name a dataset that others have theirs in.
    pub fn origins_in(mut self, dataset: &DatasetName) -> Self {
        self.origins_in = Some(dataset.clone());
        self
    }

    /// Has datasets of a raw package inherit their keys where they did so where they come from, and
    /// makes those encryption roots that were, as `zfs receive` does: with
    /// [`Zfs::force_inherit_key_without_rewrap`] and
    /// [`Zfs::force_encryption_root_without_rewrap`], whose dangers are those of a package that does
    /// not tell the truth. Where it can be seen that the keys differ, a dataset keeps its own.
    ///
    /// Without it each dataset is an encryption root, for which the same key is loaded.
    pub fn trust_encryption_roots(mut self) -> Self {
        self.trust_encryption_roots = true;
        self
    }

    /// Has all streams watched, and stopped, by `control`; see [`ReceiveBuilder::controlled_by`]. When
    /// one is stopped, so is the package: what was received completely stays, and of what was being
    /// received, what can be [resumed](Self::resumable), if it is to be.
    pub fn controlled_by(mut self, control: &TransferControl) -> Self {
        self.controls.push(control.clone());
        self
    }

    /// Receives the package that `source` has, which is read in the thread that calls. Nothing behind
    /// the package is read.
    ///
    /// All checksums are compared while the package is read. It is read record by record, for which a
    /// [`BufReader`](std::io::BufReader) is of use where it comes from a file or a pipe and has many
    /// small blocks.
    ///
    /// Needs what [`ReceiveBuilder::run`] needs, and for what else changes `rename`, `promote`,
    /// `destroy`, `change-key` and `hold`.
    ///
    /// # Errors
    ///
    /// Those of the package itself; nothing was changed then:
    ///
    /// * [`ErrorKind::EmptyStream`], [`ErrorKind::StreamTruncated`], [`ErrorKind::NotAStream`],
    ///   [`ErrorKind::BadStream`];
    /// * [`ErrorKind::NotAPackage`]: a single stream;
    /// * [`ErrorKind::InvalidName`]: there is no such name for the target;
    /// * [`ErrorKind::InvalidProperty`]: one that is to be set is none;
    /// * what reading failed with.
    ///
    /// Everything behind that is in what is returned: of each stream what became of it, and whether
    /// the package could be read to its end.
    #[doc(alias = "zfs_receive")]
    pub fn run(self, source: impl Read) -> Result<ReceivedPackage> {
        let watch = self.watch()?;
        self.receive(WatchedRead::new(
            FromRead(source),
            watch,
            self.target_name(),
        ))
    }

    /// Receives the package that comes out of a descriptor: a file, a pipe, a socket, blocking or not.
    /// A [control](Self::controlled_by) stops it also while there is nothing to read, which it cannot
    /// do with [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run), and [`ErrorKind::BadDescriptor`].
    pub fn run_from(self, source: &impl AsFd) -> Result<ReceivedPackage> {
        let fd = source.as_fd();
        let failed = |error| Error::from_io(Operation::Receive, self.target_name(), error);
        if transfer::readable(fd).map_err(failed)? == Suitability::Unsuited {
            return Err(self.refused(ErrorKind::BadDescriptor, "it is not open for reading"));
        }
        let descriptor = Descriptor::new(fd).map_err(failed)?;
        let watch = self.watch()?;
        self.receive(WatchedRead::new(descriptor, watch, self.target_name()))
    }

    fn receive(&self, source: impl Read) -> Result<ReceivedPackage> {
        for (name, value) in &self.set {
            if let Err(error) = value.clone().to_native(name) {
                return Err(self.refused(ErrorKind::InvalidProperty, error.to_string()));
            }
        }
        let mut source = Source::new(source);
        let head = PackageHead::read(source.reader()).map_err(|error| self.explain(error))?;
        let top = self.target.top(head.snapshot.dataset());
        let top = top.map_err(|error| self.refused(ErrorKind::InvalidName, error.to_string()))?;
        tracing::debug!(sent = %head.snapshot, %top, "receive package");
        let mut session = Session::new(self, &head, top);
        let interrupted = session.receive(&mut source).err();
        let (streams, changes) = session.into_results();
        Ok(ReceivedPackage {
            head,
            streams,
            changes,
            interrupted,
        })
    }

    /// Begins to watch the package, which goes on while no stream of it is received.
    fn watch(&self) -> Result<Watch> {
        let mut watch = Watch::default();
        for control in &self.controls {
            let added = watch.add(control);
            added.map_err(|error| Error::from_io(Operation::Receive, self.target_name(), error))?;
        }
        Ok(watch)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.controls.iter().any(TransferControl::is_cancelled)
    }

    fn target_name(&self) -> &str {
        match &self.target {
            PackageTarget::As(name)
            | PackageTarget::Below(name)
            | PackageTarget::BelowWithPath(name) => name.as_str(),
        }
    }

    fn refused(
        &self,
        kind: ErrorKind,
        why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::refused(Operation::Receive, self.target_name(), kind, why)
    }

    fn explain(&self, error: PackageError) -> Error {
        match error {
            PackageError::Read(error) => self.unread(error),
            PackageError::SingleStream => self.refused(ErrorKind::NotAPackage, error),
            error => self.refused(ErrorKind::BadStream, error),
        }
    }

    /// The error of a package that cannot be read on.
    fn unread(&self, error: ReadError) -> Error {
        let stream = match &error {
            ReadError::Stream(error) => Some(error),
            ReadError::Io { error, .. } => StreamError::in_io(error),
        };
        let kind = match stream {
            None => match error {
                ReadError::Io { error, .. } => {
                    let failed =
                        |error| Error::from_io(Operation::Receive, self.target_name(), error);
                    return error.downcast().unwrap_or_else(failed);
                }
                ReadError::Stream(_) => ErrorKind::BadStream,
            },
            Some(StreamError::Empty) => ErrorKind::EmptyStream,
            Some(error) if error.is_truncated() => ErrorKind::StreamTruncated,
            Some(
                StreamError::BadMagic { .. }
                | StreamError::NotBegin { .. }
                | StreamError::UnknownHeaderType { .. },
            ) => ErrorKind::NotAStream,
            Some(_) => ErrorKind::BadStream,
        };
        match stream.cloned() {
            Some(stream) => self.refused(kind, stream),
            None => self.refused(kind, error),
        }
    }
}

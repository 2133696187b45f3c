//! Receiving many streams that came as one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;

use bstr::ByteSlice;

use super::align::Aligner;
use super::destination::moved;
use super::local::{LocalSnapshot, existing, snapshots};
use super::source::{Source, Substream};
use super::{Change, PackageContents, PackageError, PackageHead, PackageTarget, PackagedSnapshot};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::{DatasetName, HoldTag, SnapshotName};
use crate::nvlist::{NvList, Value};
use crate::property::PropertyValue;
use crate::receive::{FromReader, ReceiveBuilder, Received};
use crate::stream::{BeginFlags, BeginRecord, ObjsetType, ReadError, StreamError};
use crate::transfer::TransferControl;

/// Properties that say what a machine does with a dataset, and not what it is: which a package from
/// elsewhere does not decide unless it is [asked](PackageReceive::receive_local_properties) to.
///
/// With them a package could have its content mounted over a directory of the receiver, shared, or
/// trusted with device nodes; or keep space for itself that others need.
pub const LOCAL_PROPERTIES: &[&str] = &[
    "canmount",
    "context",
    "defcontext",
    "devices",
    "exec",
    "fscontext",
    "jailed",
    "mlslabel",
    "mountpoint",
    "overlay",
    "refreservation",
    "reservation",
    "rootcontext",
    "setuid",
    "sharenfs",
    "sharesmb",
    "snapdev",
    "volmode",
    "zoned",
];

/// Properties that are never received, because they belong to a key and not to what is encrypted
/// with it: `keylocation` names a file or a URL that the receiver would read.
const KEY_PROPERTIES: &[&str] = &["keylocation"];

/// Properties that volumes do not have.
const OF_FILE_SYSTEMS: &[&str] = &[
    "aclinherit",
    "aclmode",
    "acltype",
    "atime",
    "canmount",
    "devices",
    "dnodesize",
    "exec",
    "mountpoint",
    "nbmand",
    "overlay",
    "quota",
    "recordsize",
    "refquota",
    "relatime",
    "setuid",
    "sharenfs",
    "sharesmb",
    "special_small_blocks",
    "vscan",
    "xattr",
    "zoned",
];

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
/// An incremental package of a tree (`-R` with `-I` or `-i`) says more than its streams do: datasets
/// and snapshots that have another name where they come from get it here too, and clones that were
/// promoted are promoted. What is not there any more stays here, unless
/// [`destroy_missing`](Self::destroy_missing) says otherwise. The datasets are known by the GUIDs of
/// their snapshots.
///
/// What cannot be received does not keep the rest from it:
///
/// * a snapshot that is there already is passed over;
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
    zfs: Zfs,
    target: PackageTarget,
    set: BTreeMap<String, PropertyValue>,
    excluded: HashSet<String>,
    local_properties: bool,
    resumable: bool,
    force_rollback: bool,
    destroy_missing: bool,
    hold: bool,
    origins_in: Option<DatasetName>,
    trust_encryption_roots: bool,
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

    /// **Destroys** datasets and snapshots that are not in an incremental package of a tree, which
    /// `zfs receive -F` does too: what was destroyed where it comes from, and what was made here. Not
    /// the top itself; and not what the kernel does not let go, as what is held or mounted.
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
    /// one is stopped, so is the package.
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
        let refused = |kind, why: String| self.refused(kind, why);
        for (name, value) in &self.set {
            if let Err(error) = value.clone().to_native(name) {
                return Err(refused(ErrorKind::InvalidProperty, error.to_string()));
            }
        }
        let mut source = Source::new(source);
        let head = PackageHead::read(source.reader()).map_err(|error| self.explain(error))?;
        let top = self.target.top(head.snapshot.dataset());
        let top = top.map_err(|error| refused(ErrorKind::InvalidName, error.to_string()))?;
        tracing::debug!(sent = %head.snapshot, %top, "receive package");
        let mut session = Session {
            request: &self,
            head: &head,
            top,
            datasets: HashSet::new(),
            known: HashMap::new(),
            origins: HashMap::new(),
            received: HashSet::new(),
            failed: HashSet::new(),
            streams: Vec::new(),
            changes: Vec::new(),
        };
        let interrupted = session.receive(&mut source).err();
        let Session {
            streams, changes, ..
        } = session;
        Ok(ReceivedPackage {
            head,
            streams,
            changes,
            interrupted,
        })
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
                    return Error::from_io(Operation::Receive, self.target_name(), error);
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

/// What became of a package.
#[derive(Debug)]
#[must_use = "streams may have failed; see all()"]
pub struct ReceivedPackage {
    head: PackageHead,
    streams: Vec<ReceivedStream>,
    changes: Vec<Change>,
    interrupted: Option<Error>,
}

impl ReceivedPackage {
    /// What the package says of itself.
    pub fn head(&self) -> &PackageHead {
        &self.head
    }

    /// Each stream, in the order in which they came, and what became of it.
    pub fn streams(&self) -> &[ReceivedStream] {
        &self.streams
    }

    /// What was changed of what was there before, in that order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Why the package could not be read, or gone on with, to its end.
    pub fn interrupted(&self) -> Option<&Error> {
        self.interrupted.as_ref()
    }

    /// Demands that the package came to its end, and all of it was received, with all properties, or
    /// was there before. Of what was to be changed, each has been.
    ///
    /// # Errors
    ///
    /// The first error that there is. What was received stays.
    pub fn all(self) -> Result<Vec<ReceivedStream>> {
        if let Some(error) = self.interrupted {
            return Err(error);
        }
        let mut received = Vec::new();
        for stream in self.streams {
            match stream.outcome {
                StreamOutcome::Failed(error) => return Err(error),
                StreamOutcome::Received(ref properties) => {
                    properties.all()?;
                    if let Some(error) = stream.snapshot_error {
                        return Err(error);
                    }
                }
                StreamOutcome::AlreadyThere | StreamOutcome::Skipped => {}
            }
            received.push(ReceivedStream {
                snapshot_error: None,
                ..stream
            });
        }
        for change in self.changes {
            change.result?;
        }
        Ok(received)
    }
}

/// A stream of a package.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReceivedStream {
    /// The name of the snapshot where it was sent, as the stream has it.
    pub sent: String,
    /// Its name here, if one could be found.
    pub snapshot: Option<SnapshotName>,
    /// What became of it.
    pub outcome: StreamOutcome,
    /// Why the snapshot, which was received, has not the properties or holds that it should have.
    pub snapshot_error: Option<Error>,
}

/// What became of a stream of a package.
#[derive(Debug)]
#[non_exhaustive]
pub enum StreamOutcome {
    /// It was received, if maybe without some property.
    Received(Box<Received>),
    /// The snapshot is there already.
    AlreadyThere,
    /// A stream that it builds on, or that would have made the dataset above, was not received.
    Skipped,
    /// It could not be received.
    Failed(Error),
}

/// A package being received.
struct Session<'a> {
    request: &'a PackageReceive,
    head: &'a PackageHead,
    top: DatasetName,
    /// The datasets that there are of what the package is received into, and their snapshots.
    datasets: HashSet<DatasetName>,
    known: HashMap<u64, Vec<SnapshotName>>,
    /// The snapshots that clones can be made of, besides.
    origins: HashMap<u64, SnapshotName>,
    /// Datasets of which a stream was received.
    received: HashSet<DatasetName>,
    /// Datasets of which a stream was not received.
    failed: HashSet<DatasetName>,
    streams: Vec<ReceivedStream>,
    changes: Vec<Change>,
}

impl<'a> Session<'a> {
    fn contents(&self) -> Option<&'a PackageContents> {
        self.head.contents.as_ref()
    }

    /// Receives all there is; the error is one of the package as a whole.
    fn receive(&mut self, source: &mut Source<impl Read>) -> Result<()> {
        // What cannot be changed yet may be when there is more.
        self.align(false)?;
        for dataset in existing(&self.request.zfs, &self.top)? {
            self.datasets.insert(dataset.name().clone());
            self.add(dataset.snapshots);
        }
        if let Some(origins) = &self.request.origins_in {
            for dataset in existing(&self.request.zfs, origins)? {
                let snapshots = dataset.snapshots.into_iter();
                self.origins
                    .extend(snapshots.map(|snapshot| (snapshot.guid, snapshot.name)));
            }
        }
        while let Some(stream) = source.next().map_err(|error| self.request.unread(error))? {
            self.stream(stream)?;
        }
        self.align(true)
    }

    fn add(&mut self, snapshots: impl IntoIterator<Item = LocalSnapshot>) {
        for snapshot in snapshots {
            self.known
                .entry(snapshot.guid)
                .or_default()
                .push(snapshot.name);
        }
    }

    /// Has what is here called and made as it is where the package comes from.
    fn align(&mut self, at_the_end: bool) -> Result<()> {
        let Some(contents) = self.contents() else {
            return Ok(());
        };
        let request = self.request;
        let sent_top = self.head.snapshot.dataset();
        let mut aligner = Aligner::new(&request.zfs, contents, sent_top, &self.top);
        aligner.destroy_missing = request.destroy_missing;
        aligner.trust_encryption_roots = request.trust_encryption_roots;
        let mut aligned = Ok(());
        if contents.recursive && contents.from.is_some() {
            aligned = aligner.run();
        }
        if at_the_end && aligned.is_ok() && contents.raw && request.trust_encryption_roots {
            aligned = aligner.align_encryption_roots();
        }
        let (made, failed) = aligner.into_changes();
        self.changes.extend(made);
        if at_the_end {
            self.changes.extend(failed);
        }
        aligned
    }

    /// Receives a stream, or passes over it; in either case it is read to its end.
    fn stream(&mut self, mut stream: Substream<'_, impl Read>) -> Result<()> {
        let begin = stream.begin.clone();
        let mut item = ReceivedStream {
            sent: begin.to_name().to_str_lossy().into_owned(),
            snapshot: None,
            outcome: StreamOutcome::Skipped,
            snapshot_error: None,
        };
        let received = match self.place(&begin, &mut item) {
            Ok(Some(place)) => match place.builder.run(FromReader(&mut stream)) {
                Ok(received) => Ok(Some((received, place.snapshot, place.packaged))),
                Err(error) => Err(error),
            },
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        let mut stopped = None;
        match received {
            Ok(Some((received, snapshot, packaged))) => {
                item.snapshot_error = self.finish(&begin, &snapshot, packaged);
                item.outcome = StreamOutcome::Received(Box::new(received));
            }
            Ok(None) => {}
            Err(error) => {
                stopped = Some(error.kind()).filter(|kind| {
                    use ErrorKind::{Cancelled, Stalled, StillRunning};
                    matches!(kind, Cancelled | Stalled | StillRunning)
                });
                let dataset = item.snapshot.as_ref().map(|name| name.dataset().clone());
                self.failed.extend(dataset);
                item.outcome = StreamOutcome::Failed(error);
            }
        }
        self.streams.push(item);
        let controls = &self.request.controls;
        let cancelled = || controls.iter().any(TransferControl::is_cancelled);
        if stopped.is_none() {
            let skipped = stream.skip(cancelled);
            skipped.map_err(|error| self.request.unread(error))?;
            stopped = cancelled().then_some(ErrorKind::Cancelled);
        }
        match stopped {
            Some(kind) => {
                let errno = kind.usual_errno();
                let name = self.request.target_name();
                Err(Error::new(Operation::Receive, name, kind, errno))
            }
            None => Ok(()),
        }
    }

    /// The snapshot with that GUID, among what the package is received into.
    fn by_guid(&self, guid: u64) -> Option<&SnapshotName> {
        self.known.get(&guid)?.first()
    }

    /// Where a stream goes; nowhere if it is there already, or has nothing to build on.
    fn place(&self, begin: &BeginRecord, item: &mut ReceivedStream) -> Result<Option<Place<'a>>> {
        let refused =
            |kind, why: String| Error::refused(Operation::Receive, &*item.sent, kind, why);
        let name: SnapshotName = item.sent.parse().map_err(|error: crate::NameError| {
            refused(ErrorKind::InvalidName, error.to_string())
        })?;
        let sent_top = self.head.snapshot.dataset();
        if !name.dataset().is_within(sent_top) {
            let why = format!("it is not within {sent_top}, of which the package is");
            return Err(refused(ErrorKind::BadStream, why));
        }
        let packaged = self
            .contents()
            .and_then(|contents| contents.dataset(name.dataset()));
        let is_clone = begin.flags().contains(BeginFlags::CLONE);
        let makes_dataset = (begin.is_full() || is_clone) && !begin.is_resuming();
        let too_long = |error: crate::NameError| refused(ErrorKind::NameTooLong, error.to_string());
        let mut dataset = moved(name.dataset(), sent_top, &self.top).map_err(too_long)?;
        if makes_dataset {
            // The dataset above may have another name here.
            let parent = dataset.parent().filter(|_| dataset != self.top);
            let missing = parent.is_some_and(|parent| !self.datasets.contains(&parent));
            let above = packaged.and_then(|packaged| packaged.parent_from_guid);
            if let (true, Some(above)) = (missing, above.and_then(|guid| self.by_guid(guid))) {
                let last = name
                    .dataset()
                    .as_str()
                    .rsplit('/')
                    .next()
                    .unwrap_or_default();
                dataset = above.dataset().child(last).map_err(too_long)?;
            }
        } else if dataset != self.top {
            // And so may the dataset itself: it is the one that has the base.
            let bases = begin.from_guid().and_then(|guid| self.known.get(&guid));
            let bases = bases.map_or(&[][..], Vec::as_slice);
            if !bases.iter().any(|base| *base.dataset() == dataset) {
                if let Some(base) = bases.first() {
                    dataset = base.dataset().clone();
                }
            }
        }
        let snapshot = dataset.snapshot(name.short_name()).map_err(too_long)?;
        item.snapshot = Some(snapshot.clone());
        let same = self.known.get(&begin.to_guid());
        if same.is_some_and(|same| same.iter().any(|name| *name.dataset() == dataset)) {
            item.outcome = StreamOutcome::AlreadyThere;
            return Ok(None);
        }
        let orphan = !self.datasets.contains(&dataset)
            && self.failed.iter().any(|above| dataset.is_within(above));
        if orphan || self.failed.contains(&dataset) {
            return Ok(None);
        }
        let mut builder = self.request.zfs.receive(&snapshot);
        if is_clone && !begin.is_resuming() {
            let guid = begin.from_guid().unwrap_or(0);
            let Some(origin) = self.by_guid(guid).or_else(|| self.origins.get(&guid)) else {
                let why = format!("its origin, with GUID {guid}, is not here");
                return Err(refused(ErrorKind::SnapshotNotFound, why));
            };
            builder = builder.origin(origin);
        }
        for control in &self.request.controls {
            builder = builder.controlled_by(control);
        }
        if self.request.resumable {
            builder = builder.resumable();
        }
        if self.request.force_rollback {
            builder = builder.force_rollback();
        }
        let is_volume = begin.objset_type() == ObjsetType::Zvol;
        for (name, value) in &self.request.set {
            if !(is_volume && OF_FILE_SYSTEMS.contains(&name.as_str())) {
                builder = builder.set(name, value.clone());
            }
        }
        if let Some(properties) = packaged.and_then(|packaged| packaged.properties.as_ref()) {
            builder = builder.received_properties(self.received(properties)?);
        }
        Ok(Some(Place {
            snapshot,
            builder,
            packaged: packaged.and_then(|packaged| packaged.snapshot(name.short_name())),
        }))
    }

    /// Those of the properties that are received.
    fn received(&self, properties: &NvList) -> Result<Vec<(String, PropertyValue)>> {
        let mut received = Vec::new();
        for (name, value) in properties.iter() {
            let name = name.to_str_lossy().into_owned();
            let left_out = self.request.excluded.contains(&name)
                || KEY_PROPERTIES.contains(&&*name)
                || (!self.request.local_properties && LOCAL_PROPERTIES.contains(&&*name));
            if left_out {
                continue;
            }
            let value = match value {
                Value::U64(number) => PropertyValue::Number(*number),
                value => match value.as_str() {
                    Some(text) => PropertyValue::Text(text.to_owned()),
                    None => {
                        let why = format!("the value of {name} is not UTF-8");
                        return Err(self.request.refused(ErrorKind::InvalidProperty, why));
                    }
                },
            };
            received.push((name, value));
        }
        Ok(received)
    }

    /// Takes down what was received, and gives the snapshot what belongs to it.
    fn finish(
        &mut self,
        begin: &BeginRecord,
        snapshot: &SnapshotName,
        packaged: Option<&PackagedSnapshot>,
    ) -> Option<Error> {
        let request = self.request;
        let dataset = snapshot.dataset();
        // With the first, what was in the way has gone.
        let first = self.received.insert(dataset.clone());
        let there = match request.force_rollback && first {
            true => snapshots(&request.zfs, dataset).ok(),
            false => None,
        };
        self.datasets.insert(dataset.clone());
        if let Some(there) = there {
            for names in self.known.values_mut() {
                names.retain(|name| name.dataset() != dataset);
            }
            self.add(there);
        } else {
            let names = self.known.entry(begin.to_guid()).or_default();
            names.push(snapshot.clone());
        }
        let packaged = packaged?;
        let empty = NvList::new();
        let properties = packaged.properties.as_ref().unwrap_or(&empty);
        let properties: NvList = properties
            .iter()
            .filter(|(name, _)| !request.excluded.iter().any(|excluded| *excluded == **name))
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        let mut result = Ok(());
        if !properties.is_empty() {
            let set = request
                .zfs
                .device()
                .set_received_properties(snapshot.as_str(), &properties);
            result = set.map_err(|errno| {
                Error::from_errno(Operation::SetProperty, snapshot.as_str(), errno)
            });
        }
        if let (true, Some(tags)) = (request.hold, &packaged.holds) {
            result = result.and(self.hold(snapshot, tags));
        }
        result.err()
    }

    fn hold(&self, snapshot: &SnapshotName, tags: &[(String, u64)]) -> Result<()> {
        if tags.is_empty() {
            return Ok(());
        }
        let tags = tags.iter().map(|(tag, _)| {
            let tag: HoldTag = tag.parse().map_err(|error: crate::NameError| {
                let kind = ErrorKind::InvalidName;
                Error::refused(Operation::Hold, snapshot.as_str(), kind, error)
            })?;
            Ok((snapshot.clone(), tag))
        });
        let holds: Vec<_> = tags.collect::<Result<_>>()?;
        self.request.zfs.hold_many(&holds)?.all()
    }
}

/// Where a stream goes.
struct Place<'a> {
    snapshot: SnapshotName,
    builder: ReceiveBuilder,
    packaged: Option<&'a PackagedSnapshot>,
}

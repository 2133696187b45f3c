//! A package being received, stream by stream.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::iter;

use bstr::ByteSlice;

use super::properties::is_of_volumes;
use super::{PackageReceive, ReceivedStream, StreamOutcome};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::name::{DatasetName, HoldTag, NameError, SnapshotName};
use crate::nvlist::NvList;
use crate::package::align::{Aligner, Destruction};
use crate::package::catalog::{Catalog, Entry};
use crate::package::destination::moved;
use crate::package::local::{LocalDataset, LocalSnapshot, existing, snapshots};
use crate::package::source::{Source, Substream};
use crate::package::{Change, ChangeKind, PackageHead, PackageTarget, PackagedSnapshot};
use crate::receive::{FromReader, ReceiveBuilder};
use crate::stream::{BeginFlags, BeginRecord, ObjsetType};

pub(super) struct Session<'a> {
    request: &'a PackageReceive,
    head: &'a PackageHead,
    catalog: Option<Catalog<'a>>,
    top: DatasetName,
    /// The datasets that there are of what the package is received into, and their snapshots.
    datasets: HashSet<DatasetName>,
    known: HashMap<u64, Vec<SnapshotName>>,
    /// Those of them that have another name in the package, with what that would be here.
    renamed: HashMap<DatasetName, DatasetName>,
    /// The snapshots that clones can be made of, besides.
    origins: HashMap<u64, SnapshotName>,
    /// Datasets of which a stream was received.
    received: HashSet<DatasetName>,
    /// Datasets of which a stream was not received.
    failed: HashSet<DatasetName>,
    streams: Vec<ReceivedStream>,
    changes: Vec<Change>,
}

/// When what was there before is changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    BeforeStreams,
    AfterStreams,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        request: &'a PackageReceive,
        head: &'a PackageHead,
        top: DatasetName,
    ) -> Self {
        Self {
            request,
            head,
            catalog: Catalog::new(head, &top),
            top,
            datasets: HashSet::new(),
            known: HashMap::new(),
            renamed: HashMap::new(),
            origins: HashMap::new(),
            received: HashSet::new(),
            failed: HashSet::new(),
            streams: Vec::new(),
            changes: Vec::new(),
        }
    }

    pub(super) fn into_results(self) -> (Vec<ReceivedStream>, Vec<Change>) {
        (self.streams, self.changes)
    }

    /// Receives all there is; the error is one of the package as a whole.
    pub(super) fn receive(&mut self, source: &mut Source<impl Read>) -> Result<()> {
        // What cannot be changed yet may be when there is more.
        self.align(Stage::BeforeStreams)?;
        self.make_parents()?;
        for dataset in existing(&self.request.zfs, &self.top)? {
            let name = dataset.name().clone();
            if let Some(other) = self.other_name(&dataset) {
                self.renamed.insert(name.clone(), other);
            }
            self.datasets.insert(name);
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
        self.align(Stage::AfterStreams)
    }

    fn add(&mut self, snapshots: impl IntoIterator<Item = LocalSnapshot>) {
        for snapshot in snapshots {
            self.known
                .entry(snapshot.guid)
                .or_default()
                .push(snapshot.name);
        }
    }

    /// What a dataset would be called if it was renamed as in an incremental package.
    fn other_name(&self, local: &LocalDataset) -> Option<DatasetName> {
        let catalog = self.catalog.as_ref()?;
        catalog.contents.from.as_ref()?;
        let becomes = catalog.counterpart(local)?.becomes.clone();
        becomes.filter(|becomes| becomes != local.name())
    }

    /// Makes the datasets that have to stand between the target and what is received.
    fn make_parents(&mut self) -> Result<()> {
        let PackageTarget::BelowWithPath(base) = &self.request.target else {
            return Ok(());
        };
        let zfs = &self.request.zfs;
        let above = iter::successors(self.top.parent(), DatasetName::parent);
        let between: Vec<_> = above
            .take_while(|name| name != base && name.is_within(base))
            .collect();
        for name in between.iter().rev() {
            if zfs.dataset_exists(name)? {
                continue;
            }
            let mut builder = zfs.create(name);
            for (property, value) in &self.request.set {
                builder = builder.set(property, value.clone());
            }
            builder.run()?;
            self.changes.push(Change {
                kind: ChangeKind::CreatedDataset(name.clone()),
                result: Ok(()),
            });
        }
        Ok(())
    }

    /// Has what is here called and made as it is where the package comes from, as far as that is
    /// asked for.
    fn align(&mut self, stage: Stage) -> Result<()> {
        let Some(catalog) = &self.catalog else {
            return Ok(());
        };
        let request = self.request;
        let at_the_end = stage == Stage::AfterStreams;
        let destruction = match (request.destroy_missing, stage) {
            (false, _) => Destruction::None,
            (true, Stage::BeforeStreams) => Destruction::InTheWay,
            (true, Stage::AfterStreams) if self.all_is_here() => Destruction::All,
            (true, Stage::AfterStreams) => Destruction::None,
        };
        let contents = catalog.contents;
        let mut aligner = Aligner::new(request, catalog, &self.top, destruction);
        aligner.promoted_before(&self.changes);
        let mut aligned = Ok(());
        if contents.recursive
            && contents.from.is_some()
            && (request.rename_and_promote || request.destroy_missing)
        {
            aligned = aligner.run(self.head.snapshot.short_name());
        }
        if at_the_end && aligned.is_ok() && contents.raw && request.trust_encryption_roots {
            aligned = aligner.align_encryption_roots();
        }
        let (made, failed) = aligner.into_changes();
        self.changes.extend(made);
        if at_the_end {
            self.changes.extend(failed);
        }
        aligned?;
        match request.is_cancelled() {
            true => Err(self.stopped(ErrorKind::Cancelled)),
            false => Ok(()),
        }
    }

    /// Whether each stream so far was received, or did not have to be.
    fn all_is_here(&self) -> bool {
        self.streams.iter().all(|stream| {
            matches!(
                stream.outcome,
                StreamOutcome::Received(_) | StreamOutcome::AlreadyThere
            )
        })
    }

    fn stopped(&self, kind: ErrorKind) -> Error {
        let name = self.request.target_name();
        Error::new(Operation::Receive, name, kind, kind.usual_errno())
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
        let cancelled = || self.request.is_cancelled();
        if stopped.is_none() {
            let skipped = stream.skip(cancelled);
            skipped.map_err(|error| self.request.unread(error))?;
            stopped = cancelled().then_some(ErrorKind::Cancelled);
        }
        stopped.map_or(Ok(()), |kind| Err(self.stopped(kind)))
    }

    /// The snapshot with that GUID, among what the package is received into.
    fn by_guid(&self, guid: u64) -> Option<&SnapshotName> {
        self.known.get(&guid)?.first()
    }

    /// Where a stream goes; nowhere if it is there already, or has nothing to build on.
    fn place(&self, begin: &BeginRecord, item: &mut ReceivedStream) -> Result<Option<Place<'a>>> {
        let refused =
            |kind, why: String| Error::refused(Operation::Receive, &*item.sent, kind, why);
        let too_long = |error: NameError| refused(ErrorKind::NameTooLong, error.to_string());
        let name: SnapshotName = item
            .sent
            .parse()
            .map_err(|error: NameError| refused(ErrorKind::InvalidName, error.to_string()))?;
        let sent_top = self.head.snapshot.dataset();
        if !name.dataset().is_within(sent_top) {
            let why = format!("it is not within {sent_top}, of which the package is");
            return Err(refused(ErrorKind::BadStream, why));
        }
        let entry = match &self.catalog {
            Some(catalog) => {
                let entry = catalog.sent_as(name.dataset());
                let listed = entry.and_then(|entry| entry.snapshot(name.short_name()));
                if listed.is_none_or(|listed| listed.guid != begin.to_guid()) {
                    let why = "the package does not say that it has this snapshot";
                    return Err(refused(ErrorKind::BadStream, why.to_owned()));
                }
                entry
            }
            None => None,
        };
        let dataset = self.destination(begin, &name, entry).map_err(too_long)?;
        let snapshot = dataset.snapshot(name.short_name()).map_err(too_long)?;
        item.snapshot = Some(snapshot.clone());
        let same = self.known.get(&begin.to_guid());
        if same.is_some_and(|same| same.iter().any(|name| *name.dataset() == dataset)) {
            item.outcome = StreamOutcome::AlreadyThere;
            return Ok(None);
        }
        let has_failed = |name: DatasetName| self.failed.contains(&name);
        let mut above = iter::successors(dataset.parent(), DatasetName::parent);
        let orphan = !self.datasets.contains(&dataset) && above.any(has_failed);
        if orphan || self.failed.contains(&dataset) {
            return Ok(None);
        }
        if let (true, Some(other)) = (makes_dataset(begin), self.renamed.get(&dataset)) {
            // Forced, it would destroy what is still to be had under its other name.
            let why = format!("it is what the package has for {other}; see rename_and_promote()");
            return Err(refused(ErrorKind::DatasetExists, why));
        }
        let mut builder = self.request.zfs.receive(&snapshot);
        if begin.flags().contains(BeginFlags::CLONE) && !begin.is_resuming() {
            let guid = begin.from_guid().unwrap_or(0);
            let Some(origin) = self.by_guid(guid).or_else(|| self.origins.get(&guid)) else {
                let why = format!("its origin, with GUID {guid}, is not here");
                return Err(refused(ErrorKind::SnapshotNotFound, why));
            };
            builder = builder.origin(origin);
        }
        let packaged = entry.map(|entry| entry.packaged);
        if let Some(properties) = packaged.and_then(|packaged| packaged.properties.as_ref()) {
            builder = builder.received_properties(self.request.received(properties)?);
            if self.datasets.contains(&dataset) {
                for (name, value) in self.request.kept(&dataset)? {
                    builder = builder.set(&name, value);
                }
            }
        }
        Ok(Some(Place {
            snapshot,
            builder: self.as_requested(builder, begin),
            packaged: entry.and_then(|entry| entry.snapshot(name.short_name())),
        }))
    }

    /// The dataset that a stream makes or adds to.
    fn destination(
        &self,
        begin: &BeginRecord,
        name: &SnapshotName,
        entry: Option<&Entry<'_>>,
    ) -> Result<DatasetName, NameError> {
        let sent = name.dataset();
        let dataset = moved(sent, self.head.snapshot.dataset(), &self.top)?;
        if dataset == self.top {
            return Ok(dataset);
        }
        if makes_dataset(begin) {
            // The dataset above may have another name here.
            let missing = dataset
                .parent()
                .is_some_and(|parent| !self.datasets.contains(&parent));
            let above = entry.and_then(|entry| entry.packaged.parent_from_guid);
            return match above.and_then(|guid| self.by_guid(guid)) {
                Some(above) if missing => {
                    let last = sent.as_str().rsplit('/').next().unwrap_or_default();
                    above.dataset().child(last)
                }
                _ => Ok(dataset),
            };
        }
        // And so may the dataset itself: it is the one that has the base, if that is only one.
        let bases = begin.from_guid().and_then(|guid| self.known.get(&guid));
        Ok(match bases.map(Vec::as_slice) {
            Some([base]) => base.dataset().clone(),
            _ => dataset,
        })
    }

    /// The receive with what was asked for.
    fn as_requested(&self, mut builder: ReceiveBuilder, begin: &BeginRecord) -> ReceiveBuilder {
        let request = self.request;
        for control in &request.controls {
            builder = builder.controlled_by(control);
        }
        if request.resumable {
            builder = builder.resumable();
        }
        if request.force_rollback {
            builder = builder.force_rollback();
        }
        let is_volume = begin.objset_type() == ObjsetType::Zvol;
        for (name, value) in &request.set {
            if !is_volume || is_of_volumes(name) {
                builder = builder.set(name, value.clone());
            }
        }
        builder
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
            let tag: HoldTag = tag.parse().map_err(|error: NameError| {
                let kind = ErrorKind::InvalidName;
                Error::refused(Operation::Hold, snapshot.as_str(), kind, error)
            })?;
            Ok((snapshot.clone(), tag))
        });
        let holds: Vec<_> = tags.collect::<Result<_>>()?;
        self.request.zfs.hold_many(&holds)?.all()
    }
}

/// Whether a stream makes a dataset, and does not add to one.
fn makes_dataset(begin: &BeginRecord) -> bool {
    let is_clone = begin.flags().contains(BeginFlags::CLONE);
    (begin.is_full() || is_clone) && !begin.is_resuming()
}

/// Where a stream goes.
struct Place<'a> {
    snapshot: SnapshotName,
    builder: ReceiveBuilder,
    packaged: Option<&'a PackagedSnapshot>,
}

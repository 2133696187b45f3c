//! Streams that are left for a receiver.

mod marks;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use self::marks::LostMark;
#[cfg(feature = "zstd")]
use super::Compression;
use super::directory::Directory;
#[cfg(feature = "filter")]
use super::filter::Filter;
use super::receiver::read_sidecar;
use super::stream::{Coding, Whole, digest_of};
use super::{RelativeName, Sidecar, SidecarBase};
use crate::name::{BookmarkName, DatasetName, SnapshotName};
use crate::replicate::{
    Action, Base, DatasetState, Error, Intermediates, Look, Marks, Plan, Policy, Request, Result,
    Source, Step, Transfer, plan,
};
use crate::stream::Require;
use crate::transfer::TransferControl;

/// Leaves the streams of a tree in a directory, for a receiver that cannot be asked what it has.
///
/// What was sent last is known by the marks of the set alone: its bookmark, and its hold. Each
/// destination has a set of its own, and a directory.
///
/// A file gets its name once all of it is on disk, and its sidecar, by which a stream is there for a
/// receiver, gets its own after that; the marks move on last. A run that ends anywhere leaves a stream
/// that is not there, or one that is there and may be sent once more by the next run, which a receiver
/// does not mind. What it left half-done the next run removes.
///
/// When a clone is promoted, the marks of what it takes along become its own. If it had been sent
/// itself, what it was a clone of gets a bookmark again and is gone on with. If it had not, nobody can
/// tell whether it has taken the other's place, with its name: it goes on from those marks as if so,
/// and what it was a clone of is sent as its clone. Where it has another name, a receiver has the one
/// wait then, until its copies are renamed to match.
///
/// ```no_run
/// # fn example(source: &dyn libzfs::replicate::Source) -> Result<(), Box<dyn std::error::Error>> {
/// use libzfs::replicate::Marks;
/// use libzfs::replicate::spool::{RelativeName, SpoolSender};
///
/// let sender = SpoolSender::new(source, "tank/prod".parse()?, Marks::new("offsite")?)
///     .destination(RelativeName::new("prod")?)
///     .snapshots("rep-");
/// let sent = sender.run("/media/carried")?;
/// for stream in sent.streams() {
///     println!("{}@{}: {} bytes", stream.source, stream.snapshot, stream.file_bytes);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SpoolSender<'a> {
    source: &'a dyn Source,
    top: DatasetName,
    set: Marks,
    destination: Option<RelativeName>,
    request: Request,
    coding: Coding,
    known: Vec<u64>,
    control: TransferControl,
}

/// What a run of a sender came to.
#[derive(Debug)]
#[non_exhaustive]
pub struct SpoolSent {
    /// What was to be done.
    pub plan: Plan,
    /// The datasets that there was something to be sent of, in the plan's order.
    pub datasets: Vec<DatasetSent>,
}

/// What came of one dataset.
#[derive(Debug)]
#[non_exhaustive]
pub struct DatasetSent {
    /// The dataset.
    pub source: DatasetName,
    /// The streams that are in the directory now, in their order.
    pub streams: Vec<Sidecar>,
    /// Why there are no more.
    pub error: Option<Error>,
}

impl SpoolSent {
    /// All streams.
    pub fn streams(&self) -> impl Iterator<Item = &Sidecar> {
        self.datasets.iter().flat_map(|dataset| &dataset.streams)
    }

    /// What went wrong, and with which dataset.
    pub fn errors(&self) -> impl Iterator<Item = (&DatasetName, &Error)> {
        self.datasets
            .iter()
            .filter_map(|dataset| Some((&dataset.source, dataset.error.as_ref()?)))
    }
}

impl<'a> SpoolSender<'a> {
    /// Sends this dataset with all below it, under the marks of that set.
    pub fn new(source: &'a dyn Source, top: DatasetName, set: Marks) -> Self {
        Self {
            source,
            top,
            set,
            destination: None,
            request: Request {
                policy: Policy::Vault,
                intermediates: Intermediates::All,
                snapshots: String::new(),
                allow_key_changes: false,
            },
            coding: Coding::default(),
            known: Vec::new(),
            control: TransferControl::new(),
        }
    }

    /// The name of the copy of the top below the receiver's prefix; by default the last component of
    /// the top's own.
    #[must_use]
    pub fn destination(mut self, name: RelativeName) -> Self {
        self.destination = Some(name);
        self
    }

    /// Sends only snapshots whose names begin so.
    #[must_use]
    pub fn snapshots(mut self, prefix: impl Into<String>) -> Self {
        self.request.snapshots = prefix.into();
        self
    }

    /// Which of several new snapshots are sent; all by default.
    #[must_use]
    pub fn intermediates(mut self, intermediates: Intermediates) -> Self {
        self.request.intermediates = intermediates;
        self
    }

    /// Goes on from the snapshots with these GUIDs, which the receiver is known to have, instead of
    /// from the marks: what helps where streams were lost. A receiver names what it waits for.
    ///
    /// The source needs the snapshot or a bookmark of it; other datasets go on as ever.
    #[must_use]
    pub fn go_on_from(mut self, guids: impl IntoIterator<Item = u64>) -> Self {
        self.known.extend(guids);
        self
    }

    /// Compresses the files with zstd at this level; 0 is its own choice. Encrypted data do not become
    /// smaller; the records around them do, which matters for small files.
    #[cfg(feature = "zstd")]
    #[must_use]
    pub fn zstd(mut self, level: i32) -> Self {
        self.coding.compression = Compression::Zstd;
        self.coding.level = level;
        self
    }

    /// Has each stream go through this program, behind the compression.
    #[cfg(feature = "filter")]
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.coding.filter = Some(filter);
        self
    }

    /// Lets this control watch the streams, and stop them.
    #[must_use]
    pub fn controlled_by(mut self, control: &TransferControl) -> Self {
        self.control = control.clone();
        self
    }

    /// What a run would send now. Nothing is changed. The copies in it have the names of the source,
    /// since the receiver's are not known.
    ///
    /// # Errors
    ///
    /// Those of looking at the source, and [`Error::Name`] if the copies could not have their names.
    pub fn plan(&self) -> Result<Plan> {
        Ok(self.prepare()?.plan)
    }

    /// Sends all that is new.
    ///
    /// What goes wrong with one dataset does not keep others from being sent, unless there is no more
    /// room in the directory.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] if another run of the set works in the directory, [`Error::File`] if it cannot
    /// be read, and those of [`plan`](Self::plan). What goes wrong later is with its dataset.
    pub fn run(&self, directory: impl AsRef<Path>) -> Result<SpoolSent> {
        let directory = Directory::open(directory.as_ref())?;
        let _lock = directory.lock(&format!(".{}.send.lock", self.set))?;
        self.clean(&directory)?;
        let mut prepared = self.prepare()?;
        let mut datasets = Vec::new();
        let mut blocked = Vec::new();
        for lost in &prepared.lost_marks {
            match self.mark_again(lost) {
                Ok(name) => rebase(&mut prepared.plan, lost, &name),
                Err(error) => {
                    // The mark is not to be lost before it was made again.
                    blocked.extend([&lost.clone, lost.ancestor.dataset()]);
                    datasets.push(DatasetSent {
                        source: lost.clone.clone(),
                        streams: Vec::new(),
                        error: Some(error),
                    });
                }
            }
        }
        let mut is_full = false;
        for step in &prepared.plan.steps {
            if blocked.contains(&&step.source) {
                continue;
            }
            if is_full || self.control.is_cancelled() {
                break;
            }
            let mut streams = Vec::new();
            let sent = self.dataset(&directory, &prepared, step, &mut streams);
            is_full = sent.as_ref().is_err_and(is_no_space);
            datasets.push(DatasetSent {
                source: step.source.clone(),
                streams,
                error: sent.err(),
            });
        }
        let unsettled = prepared.unsettled.iter();
        for (dataset, last) in unsettled.filter(|(dataset, _)| !blocked.contains(&dataset)) {
            if let Err(error) = self.settle_again(dataset, last) {
                datasets.push(DatasetSent {
                    source: dataset.clone(),
                    streams: Vec::new(),
                    error: Some(error),
                });
            }
        }
        Ok(SpoolSent {
            plan: prepared.plan,
            datasets,
        })
    }

    /// Removes what a run of this set left half-done: a stream that got its name while its sidecar did
    /// not, and what has a temporary name.
    fn clean(&self, directory: &Directory) -> Result<()> {
        let names = directory.names()?;
        let is_there = |name: &str| names.iter().any(|there| there == name);
        let ours = format!("{}.", self.set);
        for name in names.iter().filter(|name| name.starts_with(&ours)) {
            let Some(whole) = name.strip_suffix(PART) else {
                continue;
            };
            if let Some(stem) = whole.strip_suffix(super::SIDECAR) {
                // Without its sidecar nobody but us knows of the stream.
                if !is_there(whole) {
                    directory.remove(&format!("{stem}{}", super::STREAM))?;
                }
            }
            directory.remove(name)?;
        }
        Ok(())
    }

    fn prepare(&self) -> Result<Prepared> {
        let mut here = self.source.tree(&match self.known.is_empty() {
            true => Look::since(&self.top, &self.set),
            false => Look::all(&self.top),
        })?;
        // What was never sent may be a clone of what was sent long ago.
        let is_new = |state: &DatasetState| state.origin.is_some() && self.last(state).is_none();
        if here.datasets.iter().any(is_new) {
            here = self.source.tree(&Look::all(&self.top))?;
        }
        let lost_marks = self.lost_marks(&mut here)?;
        let mut plan = plan(&here, &self.sent(&here), &self.request);
        // Nothing but streams can be left for somebody.
        let is_transfer = |action: &Action| matches!(action, Action::Transfer(_));
        plan.steps
            .retain(|step| step.actions.iter().any(is_transfer));
        let mut unsettled = Vec::new();
        for state in &here.datasets {
            let step = plan.steps.iter_mut().find(|step| step.source == state.name);
            match step {
                Some(step) => self.include_begun(state, step)?,
                None => {
                    let begun = self.begun(state).next().is_some();
                    let held = state.anchors.as_ref().map_or(0, Vec::len);
                    if let Some(last) = self.last(state).filter(|_| begun || held > 1) {
                        let there = state.snapshots.iter().find(|point| point.guid == last.guid);
                        let there = there.map(|point| state.name.snapshot(&point.name));
                        let last = (last.guid, there.transpose()?);
                        unsettled.push((state.name.clone(), last));
                    }
                }
            }
        }
        let sequences = here.datasets.iter().flat_map(|state| &state.snapshots);
        Ok(Prepared {
            sequences: sequences.map(|at| (at.guid, at.create_txg)).collect(),
            unsettled,
            lost_marks,
            plan,
        })
    }

    /// What was begun with comes first, whether it would be sent now or not: if it is on its way
    /// already, nothing can be received that goes around it.
    fn include_begun(&self, state: &DatasetState, step: &mut Step) -> Result<()> {
        let mut base = None;
        let mut wanted = Vec::new();
        for action in &step.actions {
            if let Action::Transfer(transfer) = action {
                if wanted.is_empty() {
                    base.clone_from(&transfer.base);
                }
                wanted.push(transfer.guid);
            }
        }
        let after = self.last(state).map_or(0, |last| last.create_txg);
        let begun = self.begun(state).filter(|point| point.create_txg > after);
        wanted.extend(begun.map(|point| point.guid));
        let mut points: Vec<_> = state.snapshots.iter().collect();
        points.retain(|point| wanted.contains(&point.guid));
        points.sort_by_key(|point| point.create_txg);
        step.actions.clear();
        for point in points {
            let snapshot = state.name.snapshot(&point.name)?;
            let next = Base::Snapshot {
                name: snapshot.clone(),
                guid: point.guid,
                origin: None,
            };
            step.actions.push(Action::Transfer(Transfer {
                snapshot,
                guid: point.guid,
                base: base.replace(next),
                resumed: None,
                estimate: None,
            }));
        }
        Ok(())
    }

    fn dataset(
        &self,
        directory: &Directory,
        prepared: &Prepared,
        step: &Step,
        streams: &mut Vec<Sidecar>,
    ) -> Result<()> {
        let transfers = || {
            step.actions.iter().filter_map(|action| match action {
                Action::Transfer(transfer) => Some(transfer),
                _ => None,
            })
        };
        let all: Vec<_> = transfers().map(anchor).collect();
        self.source.anchor(&self.set.begun(), &all)?;
        // The marks move once for all of them, since each move waits for the pool. What is there by then
        // and was not marked is found to be there by the next run.
        let mut last = None;
        let queued: Result<()> = transfers().try_for_each(|transfer| {
            streams.push(self.queue(directory, prepared, transfer)?);
            last = Some(anchor(transfer));
            Ok(())
        });
        if let Some(last) = &last {
            self.source.anchor(&self.set, std::slice::from_ref(last))?;
        }
        // What was begun stays marked if not all of it was sent: the next run begins with that.
        queued?;
        last.map_or(Ok(()), |(_, guid)| self.settle(&step.source, guid))
    }

    /// The marks of what was sent last may be half-made.
    fn settle_again(
        &self,
        dataset: &DatasetName,
        (guid, snapshot): &(u64, Option<SnapshotName>),
    ) -> Result<()> {
        if let Some(snapshot) = snapshot {
            self.source
                .anchor(&self.set, &[(snapshot.clone(), *guid)])?;
        }
        self.settle(dataset, *guid)
    }

    fn settle(&self, dataset: &DatasetName, last: u64) -> Result<()> {
        let kept = |guids| [(dataset.clone(), guids)];
        self.source.settle(&self.set, &kept(vec![last]))?;
        self.source.settle(&self.set.begun(), &kept(Vec::new()))
    }

    /// Has a stream be in the directory.
    fn queue(
        &self,
        directory: &Directory,
        prepared: &Prepared,
        transfer: &Transfer,
    ) -> Result<Sidecar> {
        let destination = self.relative(transfer.snapshot.dataset())?;
        let mut sidecar = Sidecar::new(&self.set, &transfer.snapshot, transfer.guid, destination);
        sidecar.sequence = prepared.sequences.get(&transfer.guid).copied().unwrap_or(0);
        sidecar.base = transfer.base.as_ref().map(|base| SidecarBase {
            guid: base.guid(),
            clone: matches!(
                base,
                Base::Snapshot {
                    origin: Some(_),
                    ..
                }
            ),
        });
        let stem = stem(&sidecar);
        let [stream, about] = [super::STREAM, super::SIDECAR].map(|end| format!("{stem}{end}"));
        match read_sidecar(directory, &about) {
            Ok(Some(there))
                if is_same(&there, &sidecar) && self.is_whole(directory, &stream, &there)? =>
            {
                return Ok(there);
            }
            // Nobody is to take what is there for what is written now.
            _ => directory.remove(&about)?,
        }
        let written = self.write(directory, transfer, sidecar, &stream, &about);
        if written.is_err() {
            // What cannot be removed now is removed by the next run.
            for name in [&stream, &about] {
                let _ = directory.remove(&format!("{name}{PART}"));
            }
        }
        written
    }

    /// Whether the stream is there that the sidecar is of.
    fn is_whole(&self, directory: &Directory, name: &str, sidecar: &Sidecar) -> Result<bool> {
        let Some(file) = directory.read(name)? else {
            return Ok(false);
        };
        let digest = digest_of(&file, &self.control);
        let digest = digest.map_err(|error| directory.error(name, error))?;
        Ok(digest == sidecar.sha256)
    }

    fn write(
        &self,
        directory: &Directory,
        transfer: &Transfer,
        mut sidecar: Sidecar,
        stream: &str,
        about: &str,
    ) -> Result<Sidecar> {
        let stream_part = format!("{stream}{PART}");
        let about_part = format!("{about}{PART}");
        let file = directory.create(&stream_part)?;
        let outgoing = self.source.send(transfer, &self.control)?.into_reader();
        let require = Require::new().raw().to_guid(transfer.guid);
        let require = match &transfer.base {
            Some(base) => require.from_guid(base.guid()),
            None => require.full(),
        };
        let written = self.coding.write(&mut Whole::new(outgoing, require), file);
        let written = written.map_err(|error| directory.error(&stream_part, error))?;
        sidecar.stream_bytes = written.stream_bytes;
        sidecar.file_bytes = written.file_bytes;
        sidecar.sha256 = written.sha256;
        sidecar.compression = self.coding.compression;
        sidecar.filtered = self.coding.is_filtered();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        sidecar.created = now.map_or(0, |since| since.as_secs());
        let file = directory.create(&about_part)?;
        write_text(&file, &sidecar.to_json())
            .map_err(|error| directory.error(&about_part, error))?;
        directory.rename(&stream_part, stream)?;
        // The sidecar is not to be there before the stream, not even after a loss of power.
        directory.sync()?;
        directory.rename(&about_part, about)?;
        directory.sync()?;
        tracing::debug!(snapshot = %transfer.snapshot, bytes = sidecar.file_bytes, "queued");
        Ok(sidecar)
    }

    fn top_name(&self) -> Result<RelativeName> {
        match &self.destination {
            Some(name) => Ok(name.clone()),
            None => {
                let top = self.top.as_str();
                Ok(RelativeName::new(top.rsplit('/').next().unwrap_or(top))?)
            }
        }
    }

    fn relative(&self, dataset: &DatasetName) -> Result<RelativeName> {
        let below = &dataset.as_str()[self.top.as_str().len()..];
        Ok(RelativeName::new(format!("{}{below}", self.top_name()?))?)
    }
}

/// What a run does.
struct Prepared {
    plan: Plan,
    lost_marks: Vec<LostMark>,
    /// The number of each snapshot.
    sequences: HashMap<u64, u64>,
    /// Datasets that an earlier run was done with but for their marks, and what was sent last of them,
    /// with its name if it is still there.
    unsettled: Vec<(DatasetName, (u64, Option<SnapshotName>))>,
}

/// Has the first stream of a dataset go on from the bookmark that was made.
fn rebase(plan: &mut Plan, lost: &LostMark, name: &BookmarkName) {
    let steps = plan.steps.iter_mut();
    let of_clone = steps.filter(|step| step.source == lost.clone);
    for action in of_clone.flat_map(|step| &mut step.actions) {
        if let Action::Transfer(Transfer {
            base: Some(Base::Bookmark { name: base, guid }),
            ..
        }) = action
        {
            if *guid == lost.guid {
                base.clone_from(name);
            }
        }
    }
}

/// What the name of a file ends with until all of it is there.
const PART: &str = ".part";

/// The name of the files of a stream but for its end: the same for the same stream.
fn stem(sidecar: &Sidecar) -> String {
    let base = match sidecar.base {
        Some(base) => format!("{:016x}", base.guid),
        None => "full".to_owned(),
    };
    let (set, sequence, guid) = (&sidecar.set, sidecar.sequence, sidecar.guid);
    format!("{set}.{sequence:012}.{guid:016x}.{base}")
}

fn anchor(transfer: &Transfer) -> (SnapshotName, u64) {
    (transfer.snapshot.clone(), transfer.guid)
}

/// Whether both are of the same stream.
fn is_same(there: &Sidecar, new: &Sidecar) -> bool {
    there.guid == new.guid
        && there.base == new.base
        && there.destination == new.destination
        && there.snapshot == new.snapshot
}

fn write_text(mut file: &std::fs::File, text: &str) -> io::Result<()> {
    use io::Write as _;

    super::directory::step()?;
    file.write_all(text.as_bytes())?;
    super::directory::step()?;
    file.sync_all()
}

fn is_no_space(error: &Error) -> bool {
    let no_space = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
    matches!(error, Error::File { source, .. } if no_space.contains(&source.kind()))
}

impl std::fmt::Debug for SpoolSender<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpoolSender")
            .field("top", &self.top)
            .field("set", &self.set)
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

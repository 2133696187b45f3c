//! Streams that are taken out of a spool.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::directory::Directory;
#[cfg(feature = "filter")]
use super::filter::Filter;
use super::queue::{Copies, Next, Wait};
use super::stream::{Coding, Stream, Whole, cancelled, digest_of, drain};
use super::{MAX_SIDECAR_LEN, SIDECAR, STREAM, Sidecar, SidecarError};
use crate::name::{DatasetName, NameError, SnapshotName};
use crate::replicate::wrapped::keeping_key;
use crate::replicate::{Error, Look, Marks, Order, Outgoing, Policy, Proof, Result, Target};
use crate::stream::{Require, StreamError};
use crate::transfer::TransferControl;

/// Receives what lies in a directory, below a prefix that the sender cannot leave.
///
/// The order in which streams come does not matter: each waits for what it goes on from. One that is
/// on the target already, by its GUID, is removed, and so is one that was received and verified;
/// nothing else ever is. What is wrong with a stream is found before anything is changed on the target:
/// its file is read for its digest, and through all of its records, before it is read a third time to
/// be received. So what is in the spool should not be for others to write while it is worked on; what
/// is changed meanwhile all the same is refused where a receive finds it.
///
/// A digest tells damage and nothing of who made the file: that is for a filter to tell, if the
/// directory's permissions do not. Who can write there can give the copies below the prefix new
/// snapshots, and new copies; he cannot roll back, mount, or change anything else, nor the key by which
/// a copy is unlocked, unless [that is allowed](Self::allow_key_changes).
///
/// Several directories take several receivers, with a prefix for each.
///
/// ```no_run
/// # fn example(target: &dyn libzfs::replicate::Target) -> Result<(), Box<dyn std::error::Error>> {
/// use libzfs::replicate::spool::{Outcome, SpoolReceiver};
///
/// let receiver = SpoolReceiver::new(target, "vault/site-a".parse()?);
/// for stream in receiver.run("/var/spool/site-a")? {
///     match stream.outcome {
///         Outcome::Received(proof) => println!("received {}", proof.snapshot),
///         Outcome::Bad(why) => println!("{} is bad: {why}", stream.name),
///         Outcome::Waits(what) => println!("{} waits: {what}", stream.name),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SpoolReceiver<'a> {
    target: &'a dyn Target,
    prefix: DatasetName,
    policy: Policy,
    changes_keys: bool,
    sets: Vec<Marks>,
    coding: Coding,
    control: TransferControl,
}

/// A stream in a spool, and what became of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct SpoolStream {
    /// The name of its files, without the `.zfs` and `.json` behind it.
    pub name: String,
    /// What its sidecar says, if that can be read.
    pub sidecar: Option<Sidecar>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a stream in a spool.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// It was received and verified, and is removed.
    Received(Proof),
    /// It was there already, and is removed.
    AlreadyThere(SnapshotName),
    /// It can be received; where nothing is received, but looked at.
    Ready,
    /// It stays until what it waits for is there.
    Waits(Wait),
    /// It stays, and cannot ever be received as it is.
    Bad(BadStream),
    /// It stays, since something went wrong.
    Failed(Error),
}

/// What is wrong with a stream in a spool.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadStream {
    /// Its sidecar is none.
    #[error("its sidecar is none: {0}")]
    Sidecar(#[from] SidecarError),
    /// One of its files is a symbolic link, or no plain file.
    #[error(transparent)]
    File(Error),
    /// The copy could not have its name below this prefix.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It is not raw, by its own account.
    #[error("it is not raw")]
    NotRaw,
    /// The file has another size: it was cut, or is not all there yet.
    #[error("the file has {found} bytes, and not {expected}")]
    Size {
        /// How many bytes it should have.
        expected: u64,
        /// How many it has.
        found: u64,
    },
    /// The file has another digest: it was damaged.
    #[error("the file is damaged: it has not the digest that it was written with")]
    Digest,
    /// It is to go through a filter, and there is none; or the other way round.
    #[error("{}", match .filtered {
        true => "it went through a filter, and there is none here",
        false => "it did not go through a filter, as it has to here",
    })]
    Filter {
        /// Whether it went through one.
        filtered: bool,
    },
    /// What is in the file is not the stream that the sidecar says it is.
    #[error(transparent)]
    Stream(StreamError),
    /// What is in the file cannot be decompressed, or has another size.
    #[error("what is in the file is no stream: {0}")]
    Content(io::Error),
}

/// Why a stream is not received.
enum Refusal {
    Waits(Wait),
    Bad(BadStream),
    Failed(Error),
}

impl From<BadStream> for Refusal {
    fn from(bad: BadStream) -> Self {
        Self::Bad(bad)
    }
}

impl From<NameError> for Refusal {
    fn from(error: NameError) -> Self {
        Self::Bad(error.into())
    }
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Waits(wait) => Self::Waits(wait),
            Refusal::Bad(bad) => Self::Bad(bad),
            Refusal::Failed(error) => Self::Failed(error),
        }
    }
}

/// What lies in a spool, by name: sidecars, or what is wrong with them.
type Queue = BTreeMap<String, Result<Sidecar, Refusal>>;

/// The file by which one run works a directory.
const LOCK: &str = ".receive.lock";

impl<'a> SpoolReceiver<'a> {
    /// Receives below this dataset, which has to be there.
    pub fn new(target: &'a dyn Target, prefix: DatasetName) -> Self {
        Self {
            target,
            prefix,
            policy: Policy::Vault,
            changes_keys: false,
            sets: Vec::new(),
            coding: Coding::default(),
            control: TransferControl::new(),
        }
    }

    /// What the copies are for; [`Policy::Vault`] by default.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Lets streams change the key by which a copy is unlocked, as they do once the source's was
    /// changed; otherwise such a stream fails, and stays. Who can write to the directory can make a
    /// copy, with all its snapshots, unreadable for good then; see
    /// [`WrappedKey`](crate::replicate::WrappedKey). It is for the one run behind a change that is
    /// known of.
    #[must_use]
    pub fn allow_key_changes(mut self) -> Self {
        self.changes_keys = true;
        self
    }

    /// Receives what is of this set, and of others only if this is called for each; all, if it is not
    /// called. What is of another set waits ([`Wait::Set`]).
    ///
    /// A set is what copies are marked with. Who can write to the directory says of which it is, and could
    /// move the marks of another replication to the same copy.
    #[must_use]
    pub fn set(mut self, set: &Marks) -> Self {
        self.sets.push(set.clone());
        self
    }

    fn check_set(&self, sidecar: &Sidecar) -> Result<(), Refusal> {
        match self.sets.is_empty() || self.sets.contains(&sidecar.set) {
            true => Ok(()),
            false => {
                let set = sidecar.set.clone();
                Err(Refusal::Waits(Wait::Set { set }))
            }
        }
    }

    /// Has each file go through this program first, which undoes what the sender's filter did. What
    /// did not go through one there is refused then.
    #[cfg(feature = "filter")]
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.coding.filter = Some(filter);
        self
    }

    /// Lets this control watch the receives, and stop them.
    #[must_use]
    pub fn controlled_by(mut self, control: &TransferControl) -> Self {
        self.control = control.clone();
        self
    }

    /// What lies in a directory, and what waits for what. Nothing is changed, no stream is read, and
    /// another run may be at work.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the directory cannot be read, and those of looking at the target.
    pub fn list(&self, directory: impl AsRef<Path>) -> Result<Vec<SpoolStream>> {
        self.look(directory.as_ref(), |directory, name, sidecar| {
            self.file(directory, name, sidecar).map(drop)
        })
    }

    /// As [`list`](Self::list), and reads each stream that is not there yet, to see that it is good.
    ///
    /// # Errors
    ///
    /// As for [`list`](Self::list).
    pub fn examine(&self, directory: impl AsRef<Path>) -> Result<Vec<SpoolStream>> {
        self.look(directory.as_ref(), |directory, name, sidecar| {
            let file = self.file(directory, name, sidecar)?;
            self.examine_file(directory, name, file, sidecar).map(drop)
        })
    }

    fn look(
        &self,
        path: &Path,
        check: impl Fn(&Directory, &str, &Sidecar) -> Result<(), Refusal>,
    ) -> Result<Vec<SpoolStream>> {
        let directory = Directory::open(path)?;
        let queue = read_queue(&directory)?;
        let copies = self.copies()?;
        let outcome = |name: &str, sidecar: &Sidecar| -> Result<Outcome, Refusal> {
            self.check_set(sidecar)?;
            let destination = sidecar.destination.below(&self.prefix)?;
            match copies.next(&destination, sidecar)? {
                Next::Wait(wait) => check(&directory, name, sidecar).map(|()| Outcome::Waits(wait)),
                Next::Remove { snapshot, .. } => Ok(Outcome::AlreadyThere(snapshot)),
                Next::Receive { .. } => check(&directory, name, sidecar).map(|()| Outcome::Ready),
            }
        };
        let stream = |(name, sidecar): (String, Result<Sidecar, Refusal>)| match sidecar {
            Ok(sidecar) => SpoolStream {
                outcome: outcome(&name, &sidecar).unwrap_or_else(Outcome::from),
                sidecar: Some(sidecar),
                name,
            },
            Err(refusal) => SpoolStream {
                outcome: refusal.into(),
                sidecar: None,
                name,
            },
        };
        Ok(queue.into_iter().map(stream).collect())
    }

    /// Receives whatever can be received, and says what became of each stream.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] if another run works in the directory, [`Error::File`] if it cannot be read, and
    /// those of looking at the target. What goes wrong later is with its stream.
    pub fn run(&self, directory: impl AsRef<Path>) -> Result<Vec<SpoolStream>> {
        let directory = Directory::open(directory.as_ref())?;
        let _lock = directory.lock(LOCK)?;
        let mut copies = self.copies()?;
        let mut streams = Vec::new();
        let mut waiting = Vec::new();
        for (name, sidecar) in read_queue(&directory)? {
            match sidecar {
                Ok(sidecar) => waiting.push((name, sidecar)),
                Err(refusal) => streams.push(SpoolStream {
                    name,
                    sidecar: None,
                    outcome: refusal.into(),
                }),
            }
        }
        // As far as the sender's order is known, once is enough.
        waiting.sort_by(|(_, a), (_, b)| {
            (a.sequence, &a.destination).cmp(&(b.sequence, &b.destination))
        });
        loop {
            let mut has_changed = false;
            let mut still = Vec::new();
            for (name, sidecar) in waiting {
                let outcome = match self.control.is_cancelled() {
                    true => Outcome::Failed(cancelled().into()),
                    false => self
                        .stream(&directory, &mut copies, &name, &sidecar)
                        .unwrap_or_else(Outcome::from),
                };
                let is_done = matches!(outcome, Outcome::Received(_) | Outcome::AlreadyThere(_));
                has_changed |= is_done;
                still.push(SpoolStream {
                    name,
                    sidecar: Some(sidecar),
                    outcome,
                });
            }
            waiting = Vec::new();
            for stream in still {
                match stream {
                    SpoolStream {
                        name,
                        sidecar: Some(sidecar),
                        outcome: Outcome::Waits(_),
                    } if has_changed => waiting.push((name, sidecar)),
                    stream => streams.push(stream),
                }
            }
            if waiting.is_empty() {
                break;
            }
        }
        // What comes back after a loss of power is there already, and what became of the streams is to be
        // told all the same.
        if let Err(error) = directory.sync() {
            tracing::warn!(%error, "what was removed may come back");
        }
        streams.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(streams)
    }

    fn copies(&self) -> Result<Copies> {
        let tree = self.target.tree(&Look::all(&self.prefix))?;
        Ok(Copies::new(&tree)?)
    }

    fn stream(
        &self,
        directory: &Directory,
        copies: &mut Copies,
        name: &str,
        sidecar: &Sidecar,
    ) -> Result<Outcome, Refusal> {
        self.check_set(sidecar)?;
        let destination = sidecar.destination.below(&self.prefix)?;
        let outcome = match copies.next(&destination, sidecar)? {
            Next::Wait(wait) => {
                return self
                    .file(directory, name, sidecar)
                    .map(|_| Outcome::Waits(wait));
            }
            Next::Remove {
                snapshot,
                is_newest,
            } => {
                if is_newest {
                    // The run that received it may not have come to that.
                    self.finish(&self.order(sidecar, snapshot.clone(), None), sidecar)
                        .map_err(Refusal::Failed)?;
                }
                Outcome::AlreadyThere(snapshot)
            }
            Next::Receive {
                snapshot,
                origin,
                discard,
            } => {
                let file = self.file(directory, name, sidecar)?;
                let file = self.examine_file(directory, name, file, sidecar)?;
                if let Some(token) = discard {
                    self.target
                        .discard_partial(&destination, &token)
                        .map_err(Refusal::Failed)?;
                }
                let order = self.order(sidecar, snapshot.clone(), origin);
                let proof = self
                    .receive(&order, file, sidecar)
                    .map_err(Refusal::Failed)?;
                copies.received(sidecar.guid, snapshot);
                Outcome::Received(proof)
            }
        };
        // The sidecar last: without its stream it is found to be of no use by the next run.
        for end in [STREAM, SIDECAR] {
            directory
                .remove(&format!("{name}{end}"))
                .map_err(Refusal::Failed)?;
        }
        Ok(outcome)
    }

    fn order(
        &self,
        sidecar: &Sidecar,
        snapshot: SnapshotName,
        origin: Option<SnapshotName>,
    ) -> Order {
        Order {
            snapshot,
            guid: sidecar.guid,
            base: sidecar.base.map(|base| base.guid),
            origin,
            resumed: None,
            policy: self.policy,
        }
    }

    /// The file of a stream, as far as it can be known to be bad without reading it.
    fn file(&self, directory: &Directory, name: &str, sidecar: &Sidecar) -> Result<File, Refusal> {
        if !sidecar.raw {
            return Err(BadStream::NotRaw.into());
        }
        if sidecar.filtered != self.coding.is_filtered() {
            let filtered = sidecar.filtered;
            return Err(BadStream::Filter { filtered }.into());
        }
        let name = format!("{name}{STREAM}");
        let file = match directory.read(&name) {
            Ok(Some(file)) => file,
            Ok(None) => return Err(Refusal::Waits(Wait::Stream)),
            Err(error) => return Err(unopened(error)),
        };
        let found = file.metadata();
        let found = found.map_err(|error| Refusal::Failed(directory.error(&name, error)))?;
        let (expected, found) = (sidecar.file_bytes, found.len());
        match expected == found {
            true => Ok(file),
            false => Err(BadStream::Size { expected, found }.into()),
        }
    }

    /// Reads a file to see that all of it is as it has to be.
    fn examine_file(
        &self,
        directory: &Directory,
        name: &str,
        file: File,
        sidecar: &Sidecar,
    ) -> Result<File, Refusal> {
        let unread = |error| {
            unread(error, |error| {
                directory.error(&format!("{name}{STREAM}"), error)
            })
        };
        let digest = digest_of(&file, &self.control).map_err(unread)?;
        if digest != sidecar.sha256 {
            return Err(BadStream::Digest.into());
        }
        let stream = file.try_clone().and_then(|file| self.open(file, sidecar));
        match stream.and_then(|mut stream| drain(&mut stream, &self.control)) {
            Ok(()) => Ok(file),
            Err(error) => Err(unread(error)),
        }
    }

    /// The stream in a file, which ends with an error if it is not the one of the sidecar.
    fn open(&self, file: File, sidecar: &Sidecar) -> io::Result<Stream> {
        let mut coding = self.coding.clone();
        coding.compression = sidecar.compression;
        let require = Require::new().raw().known_features().to_guid(sidecar.guid);
        let require = match sidecar.base {
            Some(base) => require.from_guid(base.guid),
            None => require.full(),
        };
        let decoded = coding.open(file)?;
        Ok(Box::new(Sized {
            stream: Whole::new(decoded, require),
            left: sidecar.stream_bytes,
        }))
    }

    fn receive(&self, order: &Order, file: File, sidecar: &Sidecar) -> Result<Proof> {
        let stream = self.open(file, sidecar).map_err(|source| Error::File {
            path: order.snapshot.to_string(),
            source,
        })?;
        let stream = match self.changes_keys {
            true => Outgoing::Reader(stream),
            false => keeping_key(self.target, order, Outgoing::Reader(stream))?,
        };
        let received = self.target.receive(order, stream, &self.control);
        if received.is_err() {
            // A file is received from its beginning or not at all. What cannot be discarded now is
            // discarded by the next run.
            let _ = self.discard(order);
        }
        received?;
        self.finish(order, sidecar)
    }

    /// Discards the partial state of what is ordered, if there is any.
    fn discard(&self, order: &Order) -> Result<()> {
        let dataset = order.snapshot.dataset();
        let tree = self.target.tree(&Look::all(dataset))?;
        let state = tree.datasets.iter().find(|state| state.name == *dataset);
        match state.and_then(|state| state.partial.as_ref()) {
            Some(partial) if partial.to_guid == order.guid && partial.from_guid == order.base => {
                self.target.discard_partial(dataset, &partial.token)
            }
            _ => Ok(()),
        }
    }

    /// What is done once a stream was received, which may be done again.
    fn finish(&self, order: &Order, sidecar: &Sidecar) -> Result<Proof> {
        let proof = self.target.verify(&sidecar.set, order)?;
        let anchor = (order.snapshot.clone(), order.guid);
        self.target.anchor(&sidecar.set, &[anchor])?;
        let kept = (order.snapshot.dataset().clone(), vec![order.guid]);
        self.target.settle(&sidecar.set, &[kept])?;
        tracing::debug!(snapshot = %order.snapshot, "received from a spool");
        Ok(proof)
    }
}

/// What it means that reading a file failed so.
fn unread(error: io::Error, with_name: impl FnOnce(io::Error) -> Error) -> Refusal {
    if let Some(error) = StreamError::in_io(&error) {
        return BadStream::Stream(error.clone()).into();
    }
    match error.downcast::<crate::Error>() {
        Ok(cancelled) => Refusal::Failed(cancelled.into()),
        Err(error) if is_of_content(&error) => BadStream::Content(error).into(),
        Err(error) => Refusal::Failed(with_name(error)),
    }
}

/// Whether reading would fail so each time, and not because of the disk, the system or the filter.
fn is_of_content(error: &io::Error) -> bool {
    #[cfg(feature = "filter")]
    if error
        .get_ref()
        .is_some_and(<dyn std::error::Error + Send + Sync>::is::<super::filter::Complaint>)
    {
        return false;
    }
    // What comes from the system has a number, and a filter that cannot be started has a kind.
    let kinds = [
        io::ErrorKind::InvalidData,
        io::ErrorKind::UnexpectedEof,
        io::ErrorKind::Other,
    ];
    error.raw_os_error().is_none() && kinds.contains(&error.kind())
}

/// What it means that a file could not be opened or read so.
fn unopened(error: Error) -> Refusal {
    match &error {
        // A symbolic link, a socket, and what else is no plain file.
        Error::File { source, .. }
            if matches!(source.raw_os_error(), Some(libc::ELOOP | libc::ENXIO))
                || source.kind() == io::ErrorKind::Other =>
        {
            BadStream::File(error).into()
        }
        _ => Refusal::Failed(error),
    }
}

/// A stream of that many bytes.
struct Sized {
    stream: Whole,
    left: u64,
}

impl Read for Sized {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.stream.read(buf)?;
        let is_end = len == 0 && !buf.is_empty();
        match self.left.checked_sub(len as u64) {
            Some(left) if !(is_end && left > 0) => {
                self.left = left;
                Ok(len)
            }
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the stream has another size than it was written with",
            )),
        }
    }
}

fn read_queue(directory: &Directory) -> Result<Queue> {
    let names = directory.names()?;
    let mut queue = Queue::new();
    for name in &names {
        if let Some(stem) = name.strip_suffix(SIDECAR) {
            let sidecar = match read_sidecar(directory, name) {
                Ok(Some(sidecar)) => Ok(sidecar),
                // Another run has just removed it.
                Ok(None) => continue,
                Err(BadStream::File(error)) => Err(unopened(error)),
                Err(bad) => Err(bad.into()),
            };
            queue.insert(stem.to_owned(), sidecar);
        }
    }
    for name in &names {
        if let Some(stem) = name.strip_suffix(STREAM) {
            let waits = || Err(Refusal::Waits(Wait::Sidecar));
            queue.entry(stem.to_owned()).or_insert_with(waits);
        }
    }
    Ok(queue)
}

/// Reads the sidecar of that name, if it is there.
pub(super) fn read_sidecar(
    directory: &Directory,
    name: &str,
) -> Result<Option<Sidecar>, BadStream> {
    let Some(file) = directory.read(name).map_err(BadStream::File)? else {
        return Ok(None);
    };
    let mut text = Vec::new();
    file.take(MAX_SIDECAR_LEN as u64 + 1)
        .read_to_end(&mut text)
        .map_err(|error| BadStream::File(directory.error(name, error)))?;
    Ok(Some(Sidecar::parse(&text)?))
}

impl std::fmt::Debug for SpoolReceiver<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpoolReceiver")
            .field("prefix", &self.prefix)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

//! The side of a replication that another machine has.

use std::collections::HashSet;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::super::{
    Error, Look, Marks, Order, Outgoing, Proof, Result, Side, Source, Target, Transfer, Tree,
    WrappedKey,
};
use super::frame::{Chunk, Data, Input, Kind, Output, Patience, Stopped, nonsense};
use super::message::{Failure, Hello, Request, Role, VERSIONS, Welcome};
use super::pool::{Lease, Pool};
use crate::error::Operation;
use crate::name::{BookmarkName, DatasetName, SnapshotName};
use crate::stream::StreamError;
use crate::transfer::{RecordWalk, TransferControl, Watch};

/// The longest description of a tree that is read, in bytes: of some million snapshots.
const MAX_TREE: u64 = 512 << 20;
/// How much is read at most of a stream that nobody wants any more, before the connection is given
/// up instead.
const MAX_UNWANTED: u64 = 64 << 20;
/// How long is waited for that.
const UNWANTED: Duration = Duration::from_secs(1);
/// How long one waits for the other side if nothing else is said.
const LIMIT: Duration = Duration::from_secs(15 * 60);
/// How many connections there are at most if nothing else is said.
const CONNECTIONS: usize = 8;

/// Who looks after a connection: what it ends with, the connection does.
pub(super) trait Attendant: Send {
    /// What it knows of why the connection is lost.
    fn explain(&mut self) -> Option<String>;
}

/// A connection to a server.
pub struct Connection {
    pub(super) input: Input,
    pub(super) output: Output,
    // Dropped last, when the other side can know that it is over.
    attendant: Option<Box<dyn Attendant>>,
}

impl Connection {
    /// What a server says is read from the one, and what it is told is written to the other: pipes,
    /// or sockets, each not used by anybody else. They are set not to block.
    ///
    /// Writing to a pipe that nobody reads raises `SIGPIPE`, which Rust's own runtime ignores.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`], of a descriptor that is no such thing.
    pub fn new(input: impl Into<OwnedFd>, output: impl Into<OwnedFd>) -> Result<Self> {
        let patience = Patience::new(LIMIT);
        Ok(Self {
            input: Input::new(input.into(), patience.clone()).map_err(Error::Lost)?,
            output: Output::new(output.into(), patience).map_err(Error::Lost)?,
            attendant: None,
        })
    }

    #[cfg(feature = "ssh")]
    pub(super) fn attended_by(mut self, attendant: impl Attendant + 'static) -> Self {
        self.attendant = Some(Box::new(attendant));
        self
    }

    /// Says who one is, and is told whom one speaks with.
    fn greet(&mut self, limit: Duration) -> Result<Role> {
        self.wait(limit, None)?;
        let hello = Hello {
            zvault: VERSIONS.to_vec(),
        };
        // Whoever cannot be written to has maybe said why.
        let _ = self.output.text(Kind::Message, &hello);
        let welcome: Welcome = self.answer()??;
        if !VERSIONS.contains(&welcome.zvault) {
            let why = nonsense(format!("version {} of the protocol", welcome.zvault));
            return Err(self.lost(why));
        }
        Ok(welcome.role)
    }

    /// How long it waits from now on, and with which control.
    pub(super) fn wait(
        &mut self,
        limit: Duration,
        control: Option<&TransferControl>,
    ) -> Result<()> {
        let mut watch = Watch::default();
        if let Some(control) = control {
            watch.add(control).map_err(Error::Lost)?;
        }
        let watch = Arc::new(watch);
        let patience = Patience { limit, watch };
        self.output.patience = patience.clone();
        self.input.patience = patience;
        Ok(())
    }

    /// So much of a stream has gone over it.
    fn moved(&self, bytes: &[u8], walk: &mut RecordWalk) {
        let watch = &self.input.patience.watch;
        watch.moved(bytes.len(), walk.pass(bytes));
    }

    fn request(&mut self, request: &Request) -> Result<()> {
        match self.output.text(Kind::Message, request) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                Err(Error::Refused(error.to_string()))
            }
            said => said.map_err(|error| self.lost(error)),
        }
    }

    /// The answer to a request; the outer error is one of the connection.
    fn answer<T: DeserializeOwned>(&mut self) -> Result<Result<T>> {
        let read = |input: &Input| match input.head()? {
            Some((Kind::Message, len)) => {
                let answer = serde_json::from_slice(&input.text(len)?);
                Ok(Ok(answer.map_err(|error| nonsense(error.to_string()))?))
            }
            Some((Kind::Failure, len)) => Ok(Err(input.failure(len)?.into())),
            Some((kind, _)) => Err(nonsense(format!("{kind:?} in place of an answer"))),
            None => Err(super::frame::cut()),
        };
        read(&self.input).map_err(|error| self.lost(error))
    }

    /// What it means that the connection failed so.
    fn lost(&mut self, error: io::Error) -> Error {
        let stopped = error.get_ref().and_then(|error| error.downcast_ref());
        if let Some(Stopped(kind)) = stopped {
            return crate::Error::new(Operation::Receive, "", *kind, kind.usual_errno()).into();
        }
        match self.attendant.as_mut().and_then(|it| it.explain()) {
            Some(why) => Error::Lost(io::Error::new(error.kind(), format!("{error}; {why}"))),
            None => Error::Lost(error),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("input", &self.input)
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}

/// What another machine has, or may get, through the [`Server`](super::Server) there: a [`Source`] if
/// that sends, a [`Target`] if it receives.
///
/// What is refused there is [`Error::Refused`], what fails there [`Error::Remote`] (what has changed,
/// and a promise that is broken, are themselves), and after [`Error::Lost`] nothing is known of whether
/// what was asked for was done.
///
/// Calls from several threads go over connections of their own, which are made when they are needed
/// and kept; where only one can be had, they wait for each other. A stream that is received has one
/// until it has ended or is dropped.
#[derive(Debug)]
pub struct Remote {
    pool: Arc<Pool>,
    role: Role,
}

impl Remote {
    /// Uses the one connection that there is.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`], if nobody is there who speaks the protocol.
    pub fn over(mut connection: Connection) -> Result<Self> {
        let role = connection.greet(LIMIT)?;
        let pool = Arc::new(Pool::of(connection, LIMIT));
        Ok(Self { pool, role })
    }

    /// Has connections made as they are needed, up to 8, the first one at once.
    ///
    /// # Errors
    ///
    /// As for [`over`](Self::over), and those of making the connection.
    pub fn connecting(
        connect: impl Fn() -> Result<Connection> + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::with_limits(connect, CONNECTIONS, LIMIT)
    }

    /// As [`connecting`](Self::connecting), with that many connections at most, at least one, and with
    /// [`Error::Lost`] when the other side has said nothing for so long: whatever it does for one
    /// request has to be done in that time, as receiving the last of a stream.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn with_limits(
        connect: impl Fn() -> Result<Connection> + Send + Sync + 'static,
        connections: usize,
        limit: Duration,
    ) -> Result<Self> {
        let connect = move || {
            let mut connection = connect()?;
            let role = connection.greet(limit)?;
            Ok((connection, role))
        };
        let (first, role) = connect()?;
        let connect = Box::new(move || connect().map(|(connection, _)| connection));
        let pool = Pool::connecting(first, connect, connections.max(1), limit);
        let pool = Arc::new(pool);
        Ok(Self { pool, role })
    }

    /// What the other side is for.
    pub fn role(&self) -> Role {
        self.role
    }

    /// A connection, with the request on its way.
    fn begin(&self, request: &Request, control: Option<&TransferControl>) -> Result<Lease> {
        let mut lease = Pool::lease(&self.pool)?;
        lease.wait(self.pool.limit, control)?;
        match lease.request(request) {
            Ok(()) => Ok(lease),
            // Before any of it was written.
            Err(error @ Error::Refused(_)) => {
                lease.give_back();
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    fn ask<T: DeserializeOwned>(&self, request: &Request) -> Result<T> {
        let mut lease = self.begin(request, None)?;
        let answer = lease.answer()?;
        lease.give_back();
        answer
    }
}

impl Side for Remote {
    fn tree(&self, look: &Look) -> Result<Tree> {
        let asked = Request::Tree { look: look.clone() };
        let mut lease = self.begin(&asked, None)?;
        lease.input.begin_stream();
        let mut described = Incoming::new(&mut lease.input);
        let tree = serde_json::from_reader(BufReader::new((&mut described).take(MAX_TREE)));
        let ended = described.ended;
        match (tree, ended) {
            (_, Some(Some(failure))) => {
                lease.give_back();
                Err(failure.into())
            }
            (Ok(tree), Some(None)) if is_of(&tree, &look.top) => {
                lease.give_back();
                Ok(tree)
            }
            (Ok(_), Some(None)) => {
                let why = format!("something else than the tree of {}", look.top);
                Err(lease.lost(nonsense(why)))
            }
            (Ok(_), None) => Err(lease.lost(nonsense("a tree that is too large".to_owned()))),
            (Err(error), _) if error.is_io() => Err(lease.lost(error.into())),
            (Err(error), _) => Err(lease.lost(nonsense(error.to_string()))),
        }
    }

    fn anchor(&self, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
        let (marks, snapshots) = (marks.clone(), snapshots.to_vec());
        self.ask(&Request::Anchor { marks, snapshots })
    }

    fn settle(&self, marks: &Marks, kept: &[(DatasetName, Vec<u64>)]) -> Result<()> {
        let (marks, kept) = (marks.clone(), kept.to_vec());
        self.ask(&Request::Settle { marks, kept })
    }

    fn wrapped_key(&self, dataset: &DatasetName) -> Result<Option<WrappedKey>> {
        let dataset = dataset.clone();
        self.ask(&Request::WrappedKey { dataset })
    }
}

impl Source for Remote {
    fn take_snapshots(&self, snapshots: &[SnapshotName]) -> Result<()> {
        let snapshots = snapshots.to_vec();
        self.ask(&Request::TakeSnapshots { snapshots })
    }

    fn bookmark_ancestor(
        &self,
        marks: &Marks,
        clone: &DatasetName,
        ancestor: &SnapshotName,
        guid: u64,
    ) -> Result<BookmarkName> {
        let (marks, clone, ancestor) = (marks.clone(), clone.clone(), ancestor.clone());
        self.ask(&Request::BookmarkAncestor {
            marks,
            clone,
            ancestor,
            guid,
        })
    }

    fn estimate(&self, transfer: &Transfer) -> Result<u64> {
        let transfer = transfer.clone();
        self.ask(&Request::Estimate { transfer })
    }

    fn send(&self, transfer: &Transfer, control: &TransferControl) -> Result<Outgoing> {
        let transfer = transfer.clone();
        let mut lease = self.begin(&Request::Send { transfer }, Some(control))?;
        lease.input.begin_stream();
        // What is refused is so before there is any stream.
        match lease.input.begin_data() {
            Ok(Some(Data::Failure(failure))) => {
                lease.give_back();
                Err(failure.into())
            }
            Ok(None) => Ok(Outgoing::Reader(Box::new(Pulled {
                lease: Some(lease),
                walk: RecordWalk::or_package(),
            }))),
            Ok(Some(_)) => Err(lease.lost(StreamError::Empty.into())),
            Err(error) => Err(lease.lost(error)),
        }
    }
}

impl Target for Remote {
    fn rename(&self, from: &DatasetName, to: &DatasetName) -> Result<()> {
        let (from, to) = (from.clone(), to.clone());
        self.ask(&Request::Rename { from, to })
    }

    fn discard_partial(&self, dataset: &DatasetName, token: &str) -> Result<()> {
        let (dataset, token) = (dataset.clone(), token.to_owned());
        self.ask(&Request::DiscardPartial { dataset, token })
    }

    fn receive(&self, order: &Order, stream: Outgoing, control: &TransferControl) -> Result<()> {
        let order = order.clone();
        let mut lease = self.begin(&Request::Receive { order }, Some(control))?;
        let sent = match stream {
            Outgoing::Kernel(stream) => lease.push(*stream),
            Outgoing::Reader(reader) => lease.push(reader),
        };
        let answer = match sent {
            Ok(()) => lease.answer()?,
            Err(Unsent::Source(error)) => {
                // That it failed is known here better than there.
                let _ = lease.answer::<()>()?;
                Err(Error::of_source(error))
            }
            Err(Unsent::Answered) => match lease.answer::<()>()? {
                Ok(()) => {
                    let why = "success before the end of the stream".to_owned();
                    return Err(lease.lost(nonsense(why)));
                }
                refused => refused,
            },
            Err(Unsent::Connection(error)) => {
                // Whoever went has maybe said why.
                return match (has_gone(&error), lease.lost(error)) {
                    (true, lost) => Err(lease
                        .answer::<()>()
                        .ok()
                        .and_then(Result::err)
                        .unwrap_or(lost)),
                    (false, lost) => Err(lost),
                };
            }
        };
        lease.give_back();
        answer
    }

    fn verify(&self, marks: &Marks, order: &Order) -> Result<Proof> {
        let (marks, order) = (marks.clone(), order.clone());
        self.ask(&Request::Verify { marks, order })
    }
}

/// Why a stream was not sent to its end.
enum Unsent {
    /// What it was read from failed.
    Source(io::Error),
    /// The other side has answered already, and so not what one hopes for.
    Answered,
    /// It cannot be written.
    Connection(io::Error),
}

impl Connection {
    /// Sends a stream, for as long as the other side has nothing against it.
    fn push(&mut self, mut stream: impl Read) -> Result<(), Unsent> {
        let mut chunk = Chunk::new();
        let mut walk = RecordWalk::or_package();
        let over = loop {
            match stream.read(chunk.room()) {
                Ok(0) => break Ok(()),
                Ok(len) => match self.output.data(&mut chunk, len, &self.input) {
                    Ok(true) => self.moved(&chunk.room()[..len], &mut walk),
                    Ok(false) => break Err(Unsent::Answered),
                    Err(error) => return Err(Unsent::Connection(error)),
                },
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(Unsent::Source(error)),
            }
        };
        let told = match &over {
            Ok(()) => self.output.end(),
            Err(Unsent::Source(error)) => {
                let why = Failure::text(error.to_string());
                self.output.text(Kind::Failure, &why)
            }
            Err(_) => self.give_up(),
        };
        match (told, over) {
            (Err(error), Ok(())) => Err(Unsent::Connection(error)),
            (_, over) => over,
        }
    }

    /// Says that one wants no more of what goes on.
    fn give_up(&self) -> io::Result<()> {
        let why = Failure::text("it is not wanted any more");
        self.output.text(Kind::Failure, &why)
    }
}

/// A stream as it comes.
struct Incoming<'a> {
    input: &'a mut Input,
    /// When it is over: why, if it is not whole.
    ended: Option<Option<Failure>>,
}

impl<'a> Incoming<'a> {
    fn new(input: &'a mut Input) -> Self {
        let ended = None;
        Self { input, ended }
    }
}

impl Read for Incoming<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ended.is_some() || buffer.is_empty() {
            return Ok(0);
        }
        match self.input.data(buffer)? {
            Data::Some(len) => Ok(len),
            Data::End => {
                self.ended = Some(None);
                Ok(0)
            }
            Data::Failure(failure) => {
                self.ended = Some(Some(failure));
                Err(io::Error::other("it failed there"))
            }
        }
    }
}

/// A stream that was asked for; its connection is gone from it when it is over.
struct Pulled {
    lease: Option<Lease>,
    walk: RecordWalk,
}

impl Read for Pulled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (Some(lease), false) = (&mut self.lease, buffer.is_empty()) else {
            return Ok(0);
        };
        let over = match lease.input.data(buffer) {
            Ok(Data::Some(len)) => {
                lease.moved(&buffer[..len], &mut self.walk);
                return Ok(len);
            }
            Ok(Data::End) => Ok(0),
            Ok(Data::Failure(failure)) => Err(Error::from(failure)),
            Err(error) => {
                let kind = error.kind();
                let error = lease.lost(error);
                // With it the connection.
                self.lease = None;
                return Err(io::Error::new(kind, error));
            }
        };
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
        over.map_err(io::Error::other)
    }
}

impl Drop for Pulled {
    /// Keeps the connection if the other side stops soon.
    fn drop(&mut self) {
        let Some(mut lease) = self.lease.take() else {
            return;
        };
        if lease.wait(UNWANTED, None).is_err() {
            return;
        }
        let told = lease.give_up();
        if told.and_then(|()| lease.input.drain(MAX_UNWANTED)).is_ok() {
            lease.give_back();
        }
    }
}

/// Whether it is a tree of that dataset, in which each name is there once: a plan relies on that.
fn is_of(tree: &Tree, top: &DatasetName) -> bool {
    let mut names = HashSet::new();
    let mut datasets = tree.datasets.iter().map(|dataset| &dataset.name);
    let mut unreadable = tree.unreadable.iter().map(|lost| &lost.dataset);
    tree.top == *top
        && datasets.all(|name| name.is_within(top) && names.insert(name))
        && unreadable.all(|name| name.is_within(top))
}

/// Whether nobody reads what is written.
fn has_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

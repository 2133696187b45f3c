//! The end that does what it is asked for, as far as that is allowed.

use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::wrapped::check_key;
use super::super::{Error, Order, Outgoing, Result, Source, Target, Transfer, WrappedKey};
use super::confinement::Confinement;
use super::frame::{Chunk, Data, Input, Kind, Output, Patience, cut, nonsense};
use super::message::{Failure, Hello, Request, Role, VERSIONS, Welcome, plain};
use crate::stream::{Guard, Require};
use crate::transfer::TransferControl;

/// How much of a stream that was refused is read at most, while the client is to notice.
const MAX_UNWANTED: u64 = 64 << 20;
/// How often a client may ask for what it may not have.
const MAX_REFUSALS: u32 = 64;
/// How long a client may take to say or to take something.
const STALL: Duration = Duration::from_secs(5 * 60);
/// How long it may leave the connection alone.
const IDLE: Duration = Duration::from_secs(60 * 60);
/// How much of a tree is written at once.
const BUFFER: usize = 64 << 10;

/// Does what a [`Remote`](super::Remote) on another machine asks for, on what it is
/// [confined](Confinement) to. What is refused is logged.
///
/// It is made for the standard streams of a forced command of `sshd`, where the client is whoever has
/// the key, and may be anybody who broke into the machine that has it.
///
/// For the permissions that it takes see [`Replication`](super::super::Replication#permissions): those of
/// its side, and where it receives also `send`, unless streams
/// [may change keys](Confinement::allow_key_changes).
///
/// ```no_run
/// # fn example(target: &dyn libzfs::replicate::Target) -> Result<(), Box<dyn std::error::Error>> {
/// use std::os::fd::AsFd;
/// use libzfs::replicate::{Confinement, Marks, Server};
///
/// let confinement = Confinement::to(&"vault/prod".parse()?).marks(&Marks::new("offsite")?);
/// let (input, output) = (std::io::stdin(), std::io::stdout());
/// Server::receive_only(target, confinement).serve(
///     input.as_fd().try_clone_to_owned()?,
///     output.as_fd().try_clone_to_owned()?,
/// )?;
/// # Ok(())
/// # }
/// ```
pub struct Server<'a> {
    served: Served<'a>,
    confinement: Confinement,
    stall: Duration,
    idle: Duration,
}

/// What both kinds can do. (As `&dyn Side` it would take Rust 1.86.)
macro_rules! side {
    ($server:expr, $call:ident($($argument:expr),*)) => {
        match $server.served {
            Served::Target(side) => side.$call($($argument),*),
            Served::Source(side) | Served::Reading(side) => side.$call($($argument),*),
        }
    };
}

enum Served<'a> {
    Target(&'a dyn Target),
    Source(&'a dyn Source),
    Reading(&'a dyn Source),
}

impl<'a> Server<'a> {
    /// Receives raw streams, and sends none.
    pub fn receive_only(target: &'a dyn Target, confinement: Confinement) -> Self {
        Self::new(Served::Target(target), confinement)
    }

    /// Sends raw streams, and receives none. To hold and to bookmark what is sent is part of it.
    pub fn send_raw_only(source: &'a dyn Source, confinement: Confinement) -> Self {
        Self::new(Served::Source(source), confinement)
    }

    /// Tells what there is, sends nothing and changes nothing.
    pub fn read_only(source: &'a dyn Source, confinement: Confinement) -> Self {
        Self::new(Served::Reading(source), confinement)
    }

    fn new(served: Served<'a>, confinement: Confinement) -> Self {
        Self {
            served,
            confinement,
            stall: STALL,
            idle: IDLE,
        }
    }

    /// Ends the connection of a client that is in the middle of something and moves nothing for so
    /// long: 5 minutes if nothing is said.
    #[must_use]
    pub fn stall_limit(mut self, limit: Duration) -> Self {
        self.stall = limit;
        self
    }

    /// Ends the connection of a client that asks for nothing for so long: an hour if nothing is said.
    #[must_use]
    pub fn idle_limit(mut self, limit: Duration) -> Self {
        self.idle = limit;
        self
    }

    fn role(&self) -> Role {
        match self.served {
            Served::Target(_) => Role::ReceiveOnly,
            Served::Source(_) => Role::SendRawOnly,
            Served::Reading(_) => Role::ReadOnly,
        }
    }

    /// Serves one client until it goes: what it says is read from the one, and what it is told is
    /// written to the other. Both are pipes or sockets, and are set not to block.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`], if the client was cut off, stalled, spoke nonsense, or asked too often for what
    /// it may not have. What it had asked for before was done, and a stream that it was in the middle
    /// of can be resumed.
    pub fn serve(&self, input: impl Into<OwnedFd>, output: impl Into<OwnedFd>) -> Result<()> {
        let served = self.serve_client(input.into(), output.into());
        served.map_err(|error| {
            tracing::warn!(%error, "the connection of a client is ended");
            Error::Lost(error)
        })
    }

    fn serve_client(&self, input: OwnedFd, output: OwnedFd) -> io::Result<()> {
        if input.is_terminal() {
            return Err(io::Error::other(
                "this is for programs, and not for terminals",
            ));
        }
        let patience = Patience::new(self.stall);
        let mut session = Session {
            server: self,
            input: Input::new(input, patience.clone())?,
            output: Output::new(output, patience)?,
            refusals: 0,
        };
        if !session.greet()? {
            return Ok(());
        }
        while let Some(request) = session.request()? {
            session.serve(request)?;
        }
        Ok(())
    }

    fn target(&self) -> Result<&dyn Target> {
        match self.served {
            Served::Target(target) => Ok(target),
            _ => Err(Error::Refused(format!("this server is {}", self.role()))),
        }
    }

    fn source(&self) -> Result<&dyn Source> {
        match self.served {
            Served::Source(source) | Served::Reading(source) => Ok(source),
            Served::Target(_) => Err(Error::Refused(format!("this server is {}", self.role()))),
        }
    }

    /// Refuses a stream that is not what it has to be, and passes it on otherwise. Nothing has been
    /// done by then.
    fn admit(&self, order: &Order, stream: impl Read + Send + 'static) -> Result<Outgoing> {
        let require = Require::new().raw().single().known_features();
        let require = require
            .to_guid(order.guid)
            .from_guid(order.base.unwrap_or(0));
        let (key, stream) = WrappedKey::ahead(Guard::new(stream, require))?;
        if !self.confinement.allows_key_changes() {
            check_key(self.target()?, order, key)?;
        }
        Ok(Outgoing::Reader(Box::new(stream)))
    }
}

impl fmt::Debug for Server<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("role", &self.role())
            .field("confinement", &self.confinement)
            .finish_non_exhaustive()
    }
}

/// One client. What goes wrong with the connection is an error of input and output; all else is
/// answered.
struct Session<'a> {
    server: &'a Server<'a>,
    input: Input,
    output: Output,
    refusals: u32,
}

impl Session<'_> {
    /// Says who one is; false if nobody is there.
    fn greet(&mut self) -> io::Result<bool> {
        let hello: Hello = match self.input.head()? {
            Some((Kind::Message, len)) => serde_json::from_slice(&self.input.text(len)?)
                .map_err(|error| nonsense(error.to_string()))?,
            Some((kind, _)) => return Err(nonsense(format!("{kind:?} in place of a greeting"))),
            None => return Ok(false),
        };
        let Some(&version) = VERSIONS.iter().rev().find(|v| hello.zvault.contains(v)) else {
            let why = format!("this server speaks the versions {VERSIONS:?} of the protocol");
            self.fail(&Failure::text(why.as_str()))?;
            return Err(nonsense(format!("versions {:?}", hello.zvault)));
        };
        let welcome = Welcome {
            zvault: version,
            role: self.server.role(),
        };
        self.output.text(Kind::Message, &welcome)?;
        Ok(true)
    }

    /// The next request; none if the client has gone.
    fn request(&mut self) -> io::Result<Option<Request>> {
        loop {
            self.input.patience.limit = self.server.idle;
            let head = self.input.head();
            self.input.patience.limit = self.server.stall;
            let len = match head? {
                Some((Kind::Message, len)) => len,
                // It gave up a stream that had ended by then.
                Some((Kind::Failure, len)) => {
                    self.input.text(len)?;
                    continue;
                }
                Some((kind, _)) => return Err(nonsense(format!("{kind:?} in place of a request"))),
                None => return Ok(None),
            };
            let text = self.input.text(len)?;
            match serde_json::from_slice(&text) {
                Ok(request) => return Ok(Some(request)),
                Err(error) => {
                    // What follows it is not known.
                    let why = plain(&format!("this request: {error}"));
                    tracing::warn!(why, "refused");
                    self.fail(&Failure::Refused(why.clone()))?;
                    return Err(nonsense(why));
                }
            }
        }
    }

    fn serve(&mut self, request: Request) -> io::Result<()> {
        let name = request.name();
        tracing::debug!(request = name, "asked for");
        let allowed = self.server.confinement.check(self.server.role(), &request);
        let error = match (allowed, request) {
            (Ok(()), Request::Receive { order }) => self.receive(&order)?,
            (Err(error), Request::Receive { .. }) => {
                self.fail(&Failure::from(&error))?;
                self.input.begin_stream();
                self.input.drain(MAX_UNWANTED)?;
                Some(error)
            }
            (Err(error), _) => {
                self.fail(&Failure::from(&error))?;
                Some(error)
            }
            (Ok(()), Request::Send { transfer }) => self.send(&transfer)?,
            (Ok(()), Request::Tree { look }) => match side!(self.server, tree(&look)) {
                Ok(tree) => {
                    let mut frames = BufWriter::with_capacity(BUFFER, Frames(&self.output));
                    serde_json::to_writer(&mut frames, &tree)?;
                    frames.flush()?;
                    drop(frames);
                    self.output.end()?;
                    None
                }
                Err(error) => self.answer::<()>(Err(error))?,
            },
            (Ok(()), request) => self.answer_simply(request)?,
        };
        match error {
            Some(error @ (Error::Refused(_) | Error::Stream(_))) => {
                tracing::warn!(request = name, why = %error, "refused");
                self.refusals += 1;
                match self.refusals {
                    MAX_REFUSALS.. => Err(nonsense("nothing but what is refused".to_owned())),
                    _ => Ok(()),
                }
            }
            Some(error) => {
                tracing::debug!(request = name, %error, "failed");
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// What is one call and one answer.
    fn answer_simply(&mut self, request: Request) -> io::Result<Option<Error>> {
        let server = self.server;
        let (source, target) = (server.source(), server.target());
        match request {
            Request::Anchor { marks, snapshots } => {
                self.answer(side!(server, anchor(&marks, &snapshots)))
            }
            Request::Settle { marks, kept } => self.answer(side!(server, settle(&marks, &kept))),
            Request::WrappedKey { dataset } => self.answer(side!(server, wrapped_key(&dataset))),
            Request::TakeSnapshots { snapshots } => {
                self.answer(source.and_then(|source| source.take_snapshots(&snapshots)))
            }
            Request::BookmarkAncestor {
                marks,
                clone,
                ancestor,
                guid,
            } => self.answer(
                source.and_then(|source| source.bookmark_ancestor(&marks, &clone, &ancestor, guid)),
            ),
            Request::Estimate { transfer } => {
                self.answer(source.and_then(|source| source.estimate(&transfer)))
            }
            Request::Rename { from, to } => {
                self.answer(target.and_then(|target| target.rename(&from, &to)))
            }
            Request::DiscardPartial { dataset, token } => {
                self.answer(target.and_then(|target| target.discard_partial(&dataset, &token)))
            }
            Request::Verify { marks, order } => {
                self.answer(target.and_then(|target| target.verify(&marks, &order)))
            }
            // Those have streams.
            Request::Tree { .. } | Request::Send { .. } | Request::Receive { .. } => {
                let why = "this request has another answer".to_owned();
                self.answer::<()>(Err(Error::Refused(why)))
            }
        }
    }

    /// Answers, and says what went wrong with what was asked for.
    fn answer<T: serde::Serialize>(&mut self, result: Result<T>) -> io::Result<Option<Error>> {
        match result {
            Ok(value) => {
                self.output.text(Kind::Message, &value)?;
                Ok(None)
            }
            Err(error) => {
                self.fail(&Failure::from(&error))?;
                Ok(Some(error))
            }
        }
    }

    fn fail(&self, failure: &Failure) -> io::Result<()> {
        self.output.text(Kind::Failure, failure)
    }

    fn receive(&mut self, order: &Order) -> io::Result<Option<Error>> {
        self.input.begin_stream();
        let incoming = Incoming {
            input: Arc::new(Mutex::new(Some(self.input.another()?))),
            lost: Arc::default(),
        };
        let (lent, lost) = (incoming.input.clone(), incoming.lost.clone());
        let received = self.server.admit(order, incoming).and_then(|stream| {
            let target = self.server.target()?;
            target.receive(order, stream, &TransferControl::new())
        });
        // Whatever the target does with its stream from now on.
        if let Some(input) = lock(&lent).take() {
            self.input = input;
        }
        if let Some(lost) = lock(&lost).take() {
            return Err(lost);
        }
        if received.is_err() {
            // Said first, so that the client stops.
            let error = self.answer(received)?;
            self.input.drain(MAX_UNWANTED)?;
            return Ok(error);
        }
        match self.input.drain(MAX_UNWANTED)? {
            0 => {}
            bytes => tracing::warn!(bytes, "something came behind a stream"),
        }
        self.answer(received)
    }

    fn send(&mut self, transfer: &Transfer) -> io::Result<Option<Error>> {
        let control = TransferControl::new();
        let source = self.server.source();
        let stream = match source.and_then(|source| source.send(transfer, &control)) {
            Ok(Outgoing::Kernel(stream)) => stream as Box<dyn Read + Send>,
            Ok(Outgoing::Reader(reader)) => reader,
            Err(error) => return self.answer::<()>(Err(error)),
        };
        let require = Require::new().raw().single().to_guid(transfer.guid);
        let base = transfer.base.as_ref().map_or(0, super::super::Base::guid);
        let mut guard = Guard::new(stream, require.from_guid(base));
        let mut chunk = Chunk::new();
        let sent = loop {
            match guard.read(chunk.room()) {
                Ok(0) => break Ok(()),
                Ok(len) => {
                    if !self.output.data(&mut chunk, len, &self.input)? {
                        self.was_given_up()?;
                        let why = Failure::text("given up as it was asked for");
                        self.fail(&why)?;
                        return Ok(None);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        // That the last record is there is not all: only then it is known how the send went.
        let sent = sent.and_then(|()| match guard.into_inner().read(&mut [0])? {
            0 => Ok(()),
            _ => Err(nonsense("something behind the stream".to_owned())),
        });
        match sent {
            Ok(()) => {
                self.output.end()?;
                Ok(None)
            }
            Err(error) => self.answer::<()>(Err(Error::of_source(error))),
        }
    }

    /// The client says something while it is sent to, which can only be that it wants no more.
    fn was_given_up(&self) -> io::Result<()> {
        match self.input.head()? {
            Some((Kind::Failure, len)) => self.input.text(len).map(drop),
            Some((kind, _)) => Err(nonsense(format!("{kind:?} in the middle of a stream"))),
            None => Err(cut()),
        }
    }
}

/// Writes what is written as frames of data.
struct Frames<'a>(&'a Output);

impl Write for Frames<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.some_data(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream as it comes from the client.
struct Incoming {
    /// Taken away when the receive is over.
    input: Arc<Mutex<Option<Input>>>,
    /// What was wrong with the connection.
    lost: Arc<Mutex<Option<io::Error>>>,
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut input = lock(&self.input);
        let Some(input) = &mut *input else {
            return Err(io::Error::other("the receive is over"));
        };
        match input.data(buffer) {
            Ok(Data::Some(len)) => Ok(len),
            Ok(Data::End) => Ok(0),
            Ok(Data::Failure(_)) => Err(io::Error::other("the client has given it up")),
            Err(error) => {
                let told = io::Error::new(error.kind(), error.to_string());
                *lock(&self.lost) = Some(error);
                Err(told)
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! How a stream comes in: from a descriptor of any kind, or from a send.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::mem;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use super::Received;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::ffi::{RawReceive, RawReceived, SigpipeBlocked};
use crate::handle::{Zfs, kernel_release};
use crate::name::{MAX_NAME_LEN, SnapshotName};
use crate::send::SendStream;
use crate::stream::{BeginRecord, Features, ObjsetType, StreamError};
use crate::transfer::{
    self, Alarm, Descriptor, FromRead, Halt, Source, Suitability, Watch, Worker,
};

/// Something that a stream can be received from: a [`SendStream`], a descriptor, or, in a
/// [`FromReader`], anything that reads.
///
/// For all that [`AsFd`] is implemented for, such as `&File`, `&UnixStream` or a child's output.
pub trait StreamSource: sealed::Sealed {
    #[doc(hidden)]
    fn feed(self, intake: Intake) -> Result<Received>;
}

/// Anything that reads as something to receive from: a decompressor, a connection with TLS, bytes in
/// memory, or what is left of a descriptor from which some bytes have been taken, with those before
/// it ([`Read::chain`]).
///
/// Exactly the stream is read, so that what follows it is still there if the reader is borrowed. It
/// is read in the thread that calls; a [`TransferControl`](crate::TransferControl) stops the receive
/// between two reads, and cannot end one that does not come back. It has to wait for what it reads:
/// one that says that it [would block](io::ErrorKind::WouldBlock) has failed, with
/// [`ErrorKind::TimedOut`]. A descriptor that does not block is a source by itself.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs, rest: std::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
/// use std::io::Read;
/// use libzfs::FromReader;
///
/// # let taken = [0; 8];
/// let stream = taken.chain(&rest);
/// zfs.receive(&"vault/prod@mon".parse()?).run(FromReader(stream))?.all()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FromReader<R>(
    /// What is read.
    pub R,
);

mod sealed {
    pub trait Sealed {}
    impl<T: std::os::fd::AsFd> Sealed for T {}
    impl<R> Sealed for super::FromReader<R> {}
    impl Sealed for crate::send::SendStream {}
}

/// The most that may follow the first record: as much as `zfs receive` takes. OpenZFS 2.1 would try to
/// find memory for whatever the record says, up to 4 GiB; later ones have a limit of 256 MiB.
const MAX_PAYLOAD: u32 = 64 << 20;

/// What takes a stream in, on its way to the thread that does so.
#[doc(hidden)]
pub struct Intake {
    pub(super) receiver: Receiver,
    pub(super) watch: Watch,
    /// Takes what follows the first record.
    pub(super) take: Take,
}

pub(super) type Take =
    Box<dyn FnOnce(&Receiver, BeginRecord, BorrowedFd<'_>) -> Result<Received> + Send>;

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Intake")
            .field(&self.receiver.snapshot)
            .finish()
    }
}

impl Intake {
    /// Receives from a descriptor of any kind.
    fn descriptor(mut self, fd: BorrowedFd<'_>) -> Result<Received> {
        let failed = |error| self.receiver.failed(error);
        match transfer::readable(fd).map_err(failed)? {
            Suitability::Unsuited => {
                let why = "it is not open for reading";
                Err(self.receiver.refused(ErrorKind::BadDescriptor, why))
            }
            Suitability::Direct if !self.watch.is_active() => {
                let fd = fd.try_clone_to_owned().map_err(failed)?;
                self.begin(fd, None)?.join()
            }
            _ => {
                let mut source = Descriptor::new(fd).map_err(failed)?;
                let watch = mem::take(&mut self.watch);
                self.fed(&mut source, &watch)
            }
        }
    }

    /// Has the kernel receive from a pipe that blocks, in a thread that signals do not reach.
    pub(super) fn begin(
        self,
        fd: OwnedFd,
        alarm: Option<Arc<Alarm>>,
    ) -> Result<Worker<Result<Received>>> {
        let Self { receiver, take, .. } = self;
        let (name, operation) = (receiver.snapshot.clone(), receiver.operation);
        let work = move |fd: BorrowedFd<'_>| {
            let begin = receiver.read_begin(fd)?;
            receiver.check_begin(&begin)?;
            take(&receiver, begin, fd)
        };
        Worker::spawn("zfs-receive", fd, alarm, work)
            .map_err(|error| Error::from_io(operation, name.as_str(), error))
    }

    /// Receives from a pipe of ours, into which the stream is moved meanwhile.
    fn fed(self, source: &mut dyn Source, watch: &Watch) -> Result<Received> {
        let outcome = self.outcome();
        let (reader, writer) = transfer::pipe().map_err(|error| outcome.failed(error))?;
        let writer = File::from(writer);
        rustix::io::ioctl_fionbio(&writer, true).map_err(|errno| outcome.failed(errno.into()))?;
        let worker = self.begin(reader.into(), watch.alarm())?;
        let quiet = SigpipeBlocked::new();
        let fed = transfer::feed(source, &writer, watch);
        drop(quiet);
        // The end of the stream for the kernel, wherever that is.
        drop(writer);
        let received = match &fed {
            Err(Halt::Cancelled | Halt::Stalled) => worker.join_within(watch.patience()),
            _ => worker.join_watched(watch),
        };
        outcome.of(fed, received.map(transfer::joined))
    }

    pub(super) fn outcome(&self) -> Outcome {
        Outcome {
            operation: self.receiver.operation,
            snapshot: self.receiver.snapshot.clone(),
        }
    }
}

/// What becomes of a receive from a pipe of ours.
pub(super) struct Outcome {
    operation: Operation,
    snapshot: SnapshotName,
}

impl Outcome {
    pub(super) fn failed(&self, error: io::Error) -> Error {
        Error::from_io(self.operation, self.snapshot.as_str(), error)
    }

    /// How the moving ended, and what was received; none if the kernel has not given it up.
    pub(super) fn of(
        &self,
        fed: Result<(), Halt>,
        received: Option<Result<Received>>,
    ) -> Result<Received> {
        let Some(received) = received else {
            return Err(self.stopped(ErrorKind::StillRunning));
        };
        // Where the stream was cut, why it was is the reason. Any other reason the kernel had
        // before.
        received.map_err(|error| {
            if !matches!(
                error.kind(),
                ErrorKind::StreamTruncated | ErrorKind::EmptyStream
            ) {
                return error;
            }
            let why = match fed {
                Err(Halt::Cancelled) => self.stopped(ErrorKind::Cancelled),
                Err(Halt::Stalled) => self.stopped(ErrorKind::Stalled),
                Err(Halt::Source(source)) => {
                    source.downcast().unwrap_or_else(|error| self.failed(error))
                }
                _ => return error,
            };
            why.with_resume_token(error.resume_token().cloned())
        })
    }
}

impl Outcome {
    /// What became of a copy, of a receive and the send that it had its stream from; of that none if
    /// the kernel has not given it up.
    fn of_copy(&self, received: Result<Received>, sent: Option<Result<()>>) -> Result<Received> {
        // The end record was received and everything is in place; a send that fails after having
        // written it all has nothing to add.
        let error = match received {
            Ok(received) => return Ok(received),
            Err(error) => error,
        };
        let cut = matches!(
            error.kind(),
            ErrorKind::StreamTruncated | ErrorKind::EmptyStream
        );
        let stopped = matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Stalled);
        let why = match sent {
            None if stopped => self.stopped(ErrorKind::StillRunning),
            None => {
                tracing::warn!(target = %self.snapshot, "the kernel has not given the send up");
                return Err(error);
            }
            // What a receiver that gives up does to the send is no news. But one that was
            // interrupted cut the stream.
            Some(Err(send)) if send.kind() == ErrorKind::Interrupted && cut => send,
            Some(Err(send))
                if !matches!(send.kind(), ErrorKind::BrokenPipe | ErrorKind::Interrupted) =>
            {
                send
            }
            Some(_) => return Err(error),
        };
        Err(why.with_resume_token(error.resume_token().cloned()))
    }

    fn stopped(&self, kind: ErrorKind) -> Error {
        let errno = kind.usual_errno();
        Error::new(self.operation, self.snapshot.as_str(), kind, errno)
    }
}

/// What is received, and as what.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) zfs: Zfs,
    pub(super) operation: Operation,
    pub(super) snapshot: SnapshotName,
}

impl Receiver {
    pub(super) fn refused(
        &self,
        kind: ErrorKind,
        why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::refused(self.operation, self.snapshot.as_str(), kind, why)
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::from_io(self.operation, self.snapshot.as_str(), error)
    }

    /// Reads the stream's first record, and nothing behind it: that is the kernel's to read.
    fn read_begin(&self, fd: BorrowedFd<'_>) -> Result<BeginRecord> {
        let mut bytes = [0; BeginRecord::LEN];
        let len = transfer::read_up_to(fd, &mut bytes).map_err(|error| self.failed(error))?;
        BeginRecord::parse(&bytes[..len])
            .and_then(|begin| begin.require_single().map(|()| begin))
            .map_err(|error| {
                let kind = match error {
                    StreamError::Empty => ErrorKind::EmptyStream,
                    StreamError::TooShort { .. } => ErrorKind::StreamTruncated,
                    StreamError::Package => ErrorKind::PackageStream,
                    StreamError::Dedup => ErrorKind::StreamFeatureUnsupported,
                    _ => ErrorKind::NotAStream,
                };
                self.refused(kind, error)
            })
    }

    /// Refuses what the kernel trusts a stream not to be. This record has no checksum.
    fn check_begin(&self, begin: &BeginRecord) -> Result<()> {
        if !matches!(begin.objset_type(), ObjsetType::Zfs | ObjsetType::Zvol) {
            let why = format!(
                "byte 32 of the stream says that it is of a dataset of the type {:?}",
                begin.objset_type()
            );
            return Err(self.refused(ErrorKind::NotAStream, why));
        }
        if begin.to_name().len() > MAX_NAME_LEN {
            // The kernel looks for its end, beyond the record.
            let why = "the name at byte 56 of the stream has no end";
            return Err(self.refused(ErrorKind::NotAStream, why));
        }
        // Before 2.3 (2.1 does, 2.2 was not looked at) it sees no more than 30 features, and passes
        // over the others.
        let unseen = begin.features().bits() >> 30;
        if unseen != 0 && kernel_release().is_none_or(|release| release < [2, 3, 0]) {
            let why = format!(
                "byte 16 of the stream has features {}",
                begin.features().unknown()
            );
            return Err(self.refused(ErrorKind::UnknownStreamFeature, why));
        }
        if begin.payload_len() > MAX_PAYLOAD {
            let why = format!(
                "byte 4 of the stream says that {} bytes follow the first record, of at most \
                 {MAX_PAYLOAD}",
                begin.payload_len()
            );
            return Err(self.refused(ErrorKind::PayloadTooLarge, why));
        }
        if begin.features().contains(Features::REDACTED) && begin.payload_len() == 0 {
            // It would panic: it takes for granted that the payload says what it is redacted by.
            // Whether a payload that is there does, is not seen here: it is the kernel's to read.
            let why = "byte 16 of the stream says that it is redacted, and nothing by what";
            return Err(self.refused(ErrorKind::NotAStream, why));
        }
        Ok(())
    }

    /// Has the kernel receive. The inner error is the kernel's, which stands for many things.
    pub(super) fn run(
        &self,
        raw: &RawReceive<'_>,
        fd: BorrowedFd<'_>,
    ) -> Result<Result<RawReceived, Error>> {
        match self.zfs.library().receive(raw, fd) {
            // ZFS means something else by these numbers.
            Err(errno)
                if matches!(errno.raw(), libc::EAGAIN | libc::EIO)
                    && transfer::blocks_no_more(fd) =>
            {
                Err(self.failed(transfer::made_nonblocking()))
            }
            result => {
                let result = self.zfs.recorded(self.operation, &self.snapshot, result);
                let name = self.snapshot.as_str();
                Ok(result.map_err(|errno| Error::from_errno(self.operation, name, errno)))
            }
        }
    }
}

impl<T: AsFd> StreamSource for T {
    fn feed(self, intake: Intake) -> Result<Received> {
        intake.descriptor(self.as_fd())
    }
}

impl<R: Read> StreamSource for FromReader<R> {
    fn feed(self, mut intake: Intake) -> Result<Received> {
        let watch = mem::take(&mut intake.watch);
        intake.fed(&mut FromRead(self.0), &watch)
    }
}

impl StreamSource for SendStream {
    fn feed(mut self, mut intake: Intake) -> Result<Received> {
        let Some(pipe) = self.take_pipe() else {
            let why = "the stream has been read";
            return Err(intake.receiver.refused(ErrorKind::EmptyStream, why));
        };
        for control in self.watch().controls() {
            let added = intake.watch.add(control);
            added.map_err(|error| intake.receiver.failed(error))?;
        }
        let watch = mem::take(&mut intake.watch);
        let outcome = intake.outcome();
        // Its pipe is closed when that is done, so that a send whose receiver has given up ends
        // as well.
        let received = if watch.is_active() {
            let mut source = Descriptor::new(pipe.as_fd()).map_err(|e| outcome.failed(e))?;
            let received = intake.fed(&mut source, &watch);
            drop(pipe);
            received
        } else {
            intake.begin(pipe.into(), None).and_then(Worker::join)
        };
        outcome.of_copy(received, self.ended(&watch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome() -> Outcome {
        Outcome {
            operation: Operation::Receive,
            snapshot: "vault/data@s".parse().unwrap(),
        }
    }

    fn error(operation: Operation, kind: ErrorKind) -> Error {
        Error::new(operation, "tank/data@s", kind, kind.usual_errno())
    }

    /// What is said of a copy whose sides fail in this way; nothing is known of a send that goes on.
    fn told(received: ErrorKind, sent: Option<Result<(), ErrorKind>>) -> (Operation, ErrorKind) {
        let received = Err(error(Operation::Receive, received));
        let sent = sent.map(|sent| sent.map_err(|kind| error(Operation::Send, kind)));
        let error = outcome().of_copy(received, sent).unwrap_err();
        (error.operation(), error.kind())
    }

    #[test]
    fn a_copy_is_stopped_when_both_sides_are() {
        use ErrorKind::{Cancelled, SnapshotExists, Stalled, StillRunning};
        for kind in [Cancelled, Stalled] {
            assert_eq!(told(kind, None), (Operation::Receive, StillRunning));
            let sent = Some(Err(ErrorKind::BrokenPipe));
            assert_eq!(told(kind, sent), (Operation::Receive, kind));
        }
        let receivers = (Operation::Receive, SnapshotExists);
        assert_eq!(told(SnapshotExists, None), receivers);
    }

    #[test]
    fn of_a_copy_that_fails_the_side_is_told_that_failed_first() {
        use ErrorKind::{
            BadStream, BrokenPipe, EmptyStream, Interrupted, KeyNotLoaded, StreamTruncated,
        };
        for cut in [StreamTruncated, EmptyStream] {
            for sent in [Interrupted, KeyNotLoaded] {
                assert_eq!(told(cut, Some(Err(sent))), (Operation::Send, sent));
            }
            assert_eq!(told(cut, Some(Ok(()))), (Operation::Receive, cut));
        }
        for sent in [BrokenPipe, Interrupted] {
            let receivers = (Operation::Receive, BadStream);
            assert_eq!(told(BadStream, Some(Err(sent))), receivers);
        }
    }
}

//! How a stream comes in: from a descriptor of any kind, or from a send.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::thread;

use super::Received;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::ffi::{RawReceive, RawReceived};
use crate::handle::{Zfs, kernel_release};
use crate::name::{MAX_NAME_LEN, SnapshotName};
use crate::send::SendStream;
use crate::stream::{BeginRecord, Features, ObjsetType, StreamError};
use crate::transfer::{self, Blocking, CopyError, Suitability};

/// Something that a stream can be received from: a [`SendStream`] or a descriptor.
///
/// For all that [`AsFd`] is implemented for, such as `&File`, `&UnixStream` or a child's output.
pub trait StreamSource: sealed::Sealed {
    #[doc(hidden)]
    fn feed(self, intake: &Intake<'_>) -> Result<Received>;
}

mod sealed {
    pub trait Sealed {}
    impl<T: std::os::fd::AsFd> Sealed for T {}
    impl Sealed for crate::send::SendStream {}
}

/// The most that may follow the first record: as much as `zfs receive` takes. OpenZFS 2.1 would try to
/// find memory for whatever the record says, up to 4 GiB; later ones have a limit of 256 MiB.
const MAX_PAYLOAD: u32 = 64 << 20;

/// What takes a stream in.
#[doc(hidden)]
pub struct Intake<'a> {
    pub(super) zfs: &'a Zfs,
    pub(super) operation: Operation,
    pub(super) snapshot: &'a SnapshotName,
    /// Takes what follows the first record.
    pub(super) take: &'a dyn Fn(&Intake<'_>, BeginRecord, BorrowedFd<'_>) -> Result<Received>,
}

impl fmt::Debug for Intake<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Intake").field(self.snapshot).finish()
    }
}

impl Intake<'_> {
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

    /// Receives from a descriptor of any kind.
    fn descriptor(&self, fd: BorrowedFd<'_>) -> Result<Received> {
        match transfer::readable(fd).map_err(|error| self.failed(error))? {
            Suitability::Unsuited => {
                Err(self.refused(ErrorKind::BadDescriptor, "it is not open for reading"))
            }
            Suitability::Direct => self.blocking(fd),
            Suitability::Copied => thread::scope(|scope| {
                let (reader, writer) = transfer::pipe().map_err(|error| self.failed(error))?;
                let name = "zfs-receive-feed";
                let feeder =
                    transfer::spawn_scoped(scope, name, move || transfer::feed(fd, writer))
                        .map_err(|error| self.failed(error))?;
                let received = self.blocking(reader.as_fd());
                // Before the join: the feeder ends when its pipe has no reader.
                drop(reader);
                match (received, transfer::joined(feeder.join())) {
                    // That the source failed is why the stream was cut.
                    (Err(cut), Err(CopyError::Read(error)))
                        if matches!(
                            cut.kind(),
                            ErrorKind::StreamTruncated | ErrorKind::EmptyStream
                        ) =>
                    {
                        Err(self.failed(error))
                    }
                    (received, _) => received,
                }
            }),
        }
    }

    /// Receives from a descriptor that blocks.
    fn blocking(&self, fd: BorrowedFd<'_>) -> Result<Received> {
        let begin = self.read_begin(fd)?;
        self.check_begin(&begin)?;
        (self.take)(self, begin, fd)
    }

    /// Reads the stream's first record, and nothing behind it: that is the kernel's to read.
    fn read_begin(&self, fd: BorrowedFd<'_>) -> Result<BeginRecord> {
        let mut bytes = [0; BeginRecord::LEN];
        let len = transfer::read_up_to(
            Blocking::new(fd).map_err(|error| self.failed(error))?,
            &mut bytes,
        )
        .map_err(|error| self.failed(error))?;
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
            let why = format!("a dataset of the type {:?}", begin.objset_type());
            return Err(self.refused(ErrorKind::NotAStream, why));
        }
        if begin.to_name().len() > MAX_NAME_LEN {
            // The kernel looks for its end, beyond the record.
            let why = "the name in the first record has no end";
            return Err(self.refused(ErrorKind::NotAStream, why));
        }
        // Before 2.3 (2.1 does, 2.2 was not looked at) it sees no more than 30 features, and passes
        // over the others.
        let unseen = begin.features().bits() >> 30;
        if unseen != 0 && kernel_release().is_none_or(|release| release < [2, 3, 0]) {
            let why = format!("features {}", begin.features().unknown());
            return Err(self.refused(ErrorKind::UnknownStreamFeature, why));
        }
        if begin.payload_len() > MAX_PAYLOAD {
            let why = format!("{} bytes, of at most {MAX_PAYLOAD}", begin.payload_len());
            return Err(self.refused(ErrorKind::PayloadTooLarge, why));
        }
        if begin.features().contains(Features::REDACTED) && begin.payload_len() == 0 {
            // It would panic: it takes for granted that the payload says what it is redacted by.
            // Whether a payload that is there does, is not seen here: it is the kernel's to read.
            let why = "it says that it is redacted, but not by what";
            return Err(self.refused(ErrorKind::NotAStream, why));
        }
        Ok(())
    }

    /// Has the kernel receive, in a thread that signals do not reach. The inner error is the
    /// kernel's, which stands for many things.
    pub(super) fn run(
        &self,
        raw: &RawReceive<'_>,
        fd: BorrowedFd<'_>,
    ) -> Result<Result<RawReceived, Error>> {
        let result = thread::scope(|scope| {
            let work = || self.zfs.library().receive(raw, fd);
            let worker = transfer::spawn_scoped(scope, "zfs-receive", work)
                .map_err(|error| self.failed(error))?;
            Ok::<_, Error>(transfer::joined(worker.join()))
        })?;
        match result {
            Err(errno) if errno.raw() == libc::EAGAIN && transfer::has_time_limit(fd) => {
                Err(self.failed(io::Error::from_raw_os_error(libc::ETIMEDOUT)))
            }
            result => Ok(result
                .map_err(|errno| Error::from_errno(self.operation, self.snapshot.as_str(), errno))),
        }
    }
}

impl<T: AsFd> StreamSource for T {
    fn feed(self, intake: &Intake<'_>) -> Result<Received> {
        intake.descriptor(self.as_fd())
    }
}

impl StreamSource for SendStream {
    fn feed(self, intake: &Intake<'_>) -> Result<Received> {
        let Some(pipe) = self.pipe() else {
            return Err(intake.refused(ErrorKind::EmptyStream, "the stream has been read"));
        };
        let received = intake.blocking(pipe.as_fd());
        // Closes the pipe, so that a send whose receiver has given up ends as well.
        match (received, self.finish()) {
            // What a receiver that gives up does to the send is no news.
            (Err(error), Err(send))
                if matches!(send.kind(), ErrorKind::BrokenPipe | ErrorKind::Interrupted) =>
            {
                Err(error)
            }
            (Err(_), Err(send)) => Err(send),
            // The end record was received and everything is in place; a send that fails after
            // having written it all has nothing to add.
            (received, _) => received,
        }
    }
}

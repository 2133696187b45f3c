//! Receiving: a stream becomes a snapshot.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::thread;

use bstr::{BString, ByteSlice};

use crate::error::{Errno, Error, ErrorKind, Failure, Operation, Result};
use crate::ffi::{RawReceive, RawReceived};
use crate::handle::Zfs;
use crate::name::{MAX_NAME_LEN, SnapshotName};
use crate::nvlist::{NvList, Value};
use crate::property::{self, PropertyValue};
use crate::send::SendStream;
use crate::stream::{BeginRecord, StreamError};
use crate::transfer::{self, Blocking, CopyError, Suitability};

impl Zfs {
    /// Begins to receive a stream as `snapshot`; see [`ReceiveBuilder`].
    ///
    /// The snapshot gets this name, whatever the stream says of its own. A full stream makes the
    /// dataset, an incremental one adds to it.
    #[doc(alias = "lzc_receive")]
    pub fn receive(&self, snapshot: &SnapshotName) -> ReceiveBuilder {
        ReceiveBuilder {
            zfs: self.clone(),
            snapshot: snapshot.clone(),
            origin: None,
            properties: NvList::new(),
            resumable: false,
            force: false,
            invalid: None,
        }
    }
}

/// What a receive does not change here: how a dataset is encrypted is its parent's or the raw
/// stream's to say. Of these properties the kernel takes some, refuses some, and ignores some
/// without a word, depending on the stream.
const ENCRYPTION_PROPERTIES: &[&str] = &[
    "encryption",
    "keyformat",
    "keylocation",
    "pbkdf2iters",
    "pbkdf2salt",
];

/// A receive about to begin.
///
/// Nothing is mounted. Whether the stream is raw, resumes another, or carries a payload in its
/// first record is read from that record, and need not be said.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// let file = std::fs::File::open("/backup/prod-2.zfs")?;
/// let received = zfs
///     .receive(&"vault/prod@rep-2".parse()?)
///     .resumable()
///     .exclude("mountpoint")
///     .set("readonly", true)
///     .run(&file)?;
/// received.all()?;
/// println!("{} bytes, raw: {}", received.bytes(), received.begin().is_raw());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is received before run()"]
pub struct ReceiveBuilder {
    zfs: Zfs,
    snapshot: SnapshotName,
    origin: Option<SnapshotName>,
    properties: NvList,
    resumable: bool,
    force: bool,
    /// The first property that was refused, and why.
    invalid: Option<String>,
}

impl ReceiveBuilder {
    /// Keeps what was received if the stream is interrupted, to be resumed with the token in the
    /// dataset's `receive_resume_token` (`zfs receive -s`).
    pub fn resumable(mut self) -> Self {
        self.resumable = true;
        self
    }

    /// Sets a property of the dataset, in place of what the stream brings (`zfs receive -o`).
    ///
    /// Properties of encryption cannot be set: the dataset is encrypted as its parent is, or as
    /// the raw stream is.
    pub fn set(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        match value.into().to_native(name) {
            Ok(_) if ENCRYPTION_PROPERTIES.contains(&name) => {
                self.invalid
                    .get_or_insert(format!("{name} cannot be set by a receive"));
            }
            Ok(value) => {
                self.properties.insert(name, value);
            }
            Err(error) => {
                self.invalid.get_or_insert(error.to_string());
            }
        }
        self
    }

    /// Has a property inherited (`zfs receive -x`): what the stream brings of it is left out, and
    /// what is set on the dataset itself is **dropped**.
    pub fn exclude(mut self, name: &str) -> Self {
        match property::check_name(name) {
            Ok(()) if ENCRYPTION_PROPERTIES.contains(&name) => {
                self.invalid
                    .get_or_insert(format!("{name} cannot be excluded"));
            }
            Ok(()) => {
                self.properties.insert(name, Value::Boolean);
            }
            Err(error) => {
                self.invalid.get_or_insert(error.to_string());
            }
        }
        self
    }

    /// The snapshot here that the stream of a clone builds on (`zfs receive -o origin=`).
    pub fn origin(mut self, origin: &SnapshotName) -> Self {
        self.origin = Some(origin.clone());
        self
    }

    /// **Destroys** what stands in the way (`zfs receive -F`): changes of the destination since
    /// its newest snapshot, and snapshots that the stream's base does not have.
    pub fn force_rollback(mut self) -> Self {
        self.force = true;
        self
    }

    /// Receives the stream that `source` has: a [`SendStream`], or any descriptor open for
    /// reading; of a file from its current position on.
    ///
    /// Returns when the stream has ended. From a descriptor that blocks exactly the stream is read;
    /// from one that does not, what follows it may be read as well, and is lost.
    ///
    /// Needs the permissions `receive`, `mount` and `create`; since 2.3 `receive:append` is enough
    /// in place of the first without [`force_rollback`](Self::force_rollback). A property that is
    /// set needs its own, without which the data is received and the property not set.
    ///
    /// # Errors
    ///
    /// Found in the stream's first record, before anything is changed:
    ///
    /// * [`ErrorKind::EmptyStream`], [`ErrorKind::StreamTruncated`], [`ErrorKind::NotAStream`];
    /// * [`ErrorKind::PackageStream`]: a stream of `zfs send -R`, `-p` or `-I`;
    /// * [`ErrorKind::InvalidProperty`], [`ErrorKind::BadDescriptor`];
    /// * [`ErrorKind::NameTooLong`]: an incremental stream, or a forced one, for a dataset of more
    ///   than 249 bytes: the kernel would panic (seen on 2.3.9; the sources of 2.1 and 2.4 are alike).
    ///
    /// Found by the kernel:
    ///
    /// * [`ErrorKind::SnapshotExists`], [`ErrorKind::DatasetExists`] for a full stream,
    ///   [`ErrorKind::DatasetNotFound`], [`ErrorKind::ParentNotFound`],
    ///   [`ErrorKind::NoMatchingSnapshot`], [`ErrorKind::DestinationModified`],
    ///   [`ErrorKind::ResumableStateExists`] (of which the receive may still be running),
    ///   [`ErrorKind::Busy`];
    /// * [`ErrorKind::SourceFailed`], [`ErrorKind::TimedOut`]: of the descriptor;
    /// * [`ErrorKind::StreamTruncated`], [`ErrorKind::BadStream`],
    ///   [`ErrorKind::StreamFeatureUnsupported`], [`ErrorKind::IvsetGuidMismatch`];
    /// * [`ErrorKind::KeyNotLoaded`]: the stream is not raw and the dataset encrypted;
    /// * [`ErrorKind::NoSpace`], [`ErrorKind::QuotaExceeded`], [`ErrorKind::ReadOnlyPool`],
    ///   [`ErrorKind::PermissionDenied`].
    ///
    /// If `source` is a [`SendStream`] and the send failed by itself, its error is returned.
    #[doc(alias = "lzc_receive_with_cmdprops")]
    #[doc(alias = "lzc_receive_resumable")]
    pub fn run(self, source: impl StreamSource) -> Result<Received> {
        if let Some(why) = &self.invalid {
            return Err(self.refused(ErrorKind::InvalidProperty, why.clone()));
        }
        if self.snapshot.as_str().contains('%') {
            let why = "% is kept for ZFS's own names".to_owned();
            return Err(self.refused(ErrorKind::InvalidName, why));
        }
        source.receive(&self)
    }

    fn refused(
        &self,
        kind: ErrorKind,
        why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::refused(Operation::Receive, self.snapshot.as_str(), kind, why)
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::from_io(Operation::Receive, self.snapshot.as_str(), error)
    }

    /// Receives from a descriptor of any kind.
    fn receive_from(&self, fd: BorrowedFd<'_>) -> Result<Received> {
        match transfer::readable(fd).map_err(|error| self.failed(error))? {
            Suitability::Unsuited => {
                Err(self.refused(ErrorKind::BadDescriptor, "it is not open for reading"))
            }
            Suitability::Direct => self.receive_from_blocking(fd),
            Suitability::Copied => thread::scope(|scope| {
                let (reader, writer) = transfer::pipe().map_err(|error| self.failed(error))?;
                let name = "zfs-receive-feed";
                let feeder =
                    transfer::spawn_scoped(scope, name, move || transfer::feed(fd, writer))
                        .map_err(|error| self.failed(error))?;
                let received = self.receive_from_blocking(reader.as_fd());
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
    fn receive_from_blocking(&self, fd: BorrowedFd<'_>) -> Result<Received> {
        let begin = self.read_begin(fd)?;
        self.check_room(&begin)?;
        tracing::debug!(snapshot = %self.snapshot, raw = begin.is_raw(), "receive");
        let raw = RawReceive {
            snapshot: self.snapshot.as_str(),
            received_props: None,
            local_props: (!self.properties.is_empty()).then_some(&self.properties),
            origin: self.origin.as_ref().map(SnapshotName::as_str),
            force: self.force,
            // What a resumed stream adds to must not be lost if it is interrupted again.
            resumable: self.resumable || begin.is_resuming(),
            begin: &begin,
        };
        let result = thread::scope(|scope| {
            let work = || self.zfs.library().receive(&raw, fd);
            let worker = transfer::spawn_scoped(scope, "zfs-receive", work)
                .map_err(|error| self.failed(error))?;
            Ok(transfer::joined(worker.join()))
        })?;
        match result {
            Ok(received) => Ok(Received::new(begin, received)),
            Err(errno) if errno.raw() == libc::EAGAIN && transfer::has_time_limit(fd) => {
                Err(self.failed(io::Error::from_raw_os_error(libc::ETIMEDOUT)))
            }
            Err(errno) => Err(self.explain(&begin, errno)),
        }
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

    /// Refuses what would panic the kernel: into a dataset that exists it receives by way of a
    /// hidden one below, of whose name it takes for granted that it fits.
    fn check_room(&self, begin: &BeginRecord) -> Result<()> {
        const HIDDEN: &str = "/%recv";
        let room = MAX_NAME_LEN - HIDDEN.len();
        let dataset = self.snapshot.dataset().as_str();
        if dataset.len() <= room || (begin.is_full() && !self.force) {
            return Ok(());
        }
        let why = format!("a dataset that a stream is added to can have at most {room} bytes");
        Err(self.refused(ErrorKind::NameTooLong, why))
    }

    fn has_partial_state(&self) -> bool {
        let dataset = self.zfs.dataset(self.snapshot.dataset());
        dataset.is_ok_and(|dataset| matches!(dataset.receive_resume_token(), Ok(Some(_))))
    }

    fn is_suspended(&self) -> bool {
        let dataset = self.zfs.dataset(self.snapshot.dataset());
        dataset.is_err_and(|error| error.kind() == ErrorKind::PoolSuspended)
    }

    /// The error that `errno` stands for; some of it depends on what is there.
    fn explain(&self, begin: &BeginRecord, errno: Errno) -> Error {
        let error = Error::from_errno(Operation::Receive, self.snapshot.as_str(), errno);
        match error.kind() {
            ErrorKind::DatasetExists if self.zfs.snapshot(&self.snapshot).is_ok() => {
                error.with_kind(ErrorKind::SnapshotExists)
            }
            // libzfs_core looks for the dataset first, and takes a suspended pool for an empty one.
            ErrorKind::DatasetNotFound if self.is_suspended() => {
                error.with_kind(ErrorKind::PoolSuspended)
            }
            ErrorKind::DatasetNotFound if begin.is_full() => {
                error.with_kind(ErrorKind::ParentNotFound)
            }
            ErrorKind::Busy if !begin.is_resuming() && self.has_partial_state() => {
                error.with_kind(ErrorKind::ResumableStateExists)
            }
            _ => error,
        }
    }
}

/// Something that a stream can be received from: a [`SendStream`] or a descriptor.
///
/// For all that [`AsFd`] is implemented for, such as `&File`, `&UnixStream` or a child's output.
pub trait StreamSource: sealed::Sealed {
    #[doc(hidden)]
    fn receive(self, receive: &ReceiveBuilder) -> Result<Received>;
}

mod sealed {
    pub trait Sealed {}
    impl<T: std::os::fd::AsFd> Sealed for T {}
    impl Sealed for crate::send::SendStream {}
}

impl<T: AsFd> StreamSource for T {
    fn receive(self, receive: &ReceiveBuilder) -> Result<Received> {
        receive.receive_from(self.as_fd())
    }
}

impl StreamSource for SendStream {
    fn receive(self, receive: &ReceiveBuilder) -> Result<Received> {
        let Some(pipe) = self.pipe() else {
            return Err(receive.refused(ErrorKind::EmptyStream, "the stream has been read"));
        };
        let received = receive.receive_from_blocking(pipe.as_fd());
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

/// What was received.
#[derive(Debug, Clone)]
#[must_use = "properties may not have been set; see all() and property_failures()"]
pub struct Received {
    begin: BeginRecord,
    bytes: u64,
    failures: Vec<Failure>,
}

impl Received {
    fn new(begin: BeginRecord, raw: RawReceived) -> Self {
        let property_errors = raw
            .errors
            .into_iter()
            .map(|(name, errno): (BString, Value)| {
                let errno = errno.to_integer().and_then(|n| i32::try_from(n).ok());
                (
                    name.to_str_lossy().into_owned(),
                    Errno::new(errno.unwrap_or(libc::EIO)),
                )
            });
        let failures = Error::from_errno(Operation::SetProperty, "", Errno::new(libc::EINVAL))
            .with_failures(property_errors, 0)
            .failures()
            .to_vec();
        Self {
            begin,
            bytes: raw.bytes,
            failures,
        }
    }

    /// How many bytes were read behind the first record.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The stream's first record: its GUIDs and features, and whether it is raw.
    pub fn begin(&self) -> &BeginRecord {
        &self.begin
    }

    /// Demands that every property was set or left out as asked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidProperty`] and others, with the properties in
    /// [`Error::failures`](Error::failures). The data was received and stays.
    pub fn all(&self) -> Result<()> {
        let Some(first) = self.failures.first() else {
            return Ok(());
        };
        let error = Error::new(
            Operation::SetProperty,
            first.name.as_str(),
            first.kind,
            first.errno,
        );
        let failures = self
            .failures
            .iter()
            .map(|failure| (failure.name.clone(), failure.errno));
        Err(error.with_failures(failures, 0))
    }

    /// Properties that could not be set or left out. The data was received all the same.
    pub fn property_failures(&self) -> &[Failure] {
        &self.failures
    }
}

//! Sending: a snapshot becomes a stream.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::thread::{self, JoinHandle};

use bitflags::bitflags;
use libzfs_sys as sys;

use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::ffi::RawSend;
use crate::handle::Zfs;
use crate::name::{DatasetName, IncrementalSource, SnapshotName};
use crate::resume_token::ResumeToken;
use crate::transfer::{self, Blocking, CopyError, Suitability};

bitflags! {
    /// What a stream may contain; see `zfs-send(8)`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct SendFlags: u32 {
        /// Blocks stored in their pointers are sent so (`zfs send -e`).
        #[doc(alias = "LZC_SEND_FLAG_EMBED_DATA")]
        const EMBED_DATA = sys::LZC_SEND_FLAG_EMBED_DATA;
        /// Blocks over 128 KiB are sent whole (`zfs send -L`).
        #[doc(alias = "LZC_SEND_FLAG_LARGE_BLOCK")]
        const LARGE_BLOCKS = sys::LZC_SEND_FLAG_LARGE_BLOCK;
        /// Blocks are sent compressed as they are on disk (`zfs send -c`).
        #[doc(alias = "LZC_SEND_FLAG_COMPRESS")]
        const COMPRESSED = sys::LZC_SEND_FLAG_COMPRESS;
        /// Blocks are sent exactly as they are on disk: of an encrypted dataset the ciphertext
        /// (`zfs send -w`).
        #[doc(alias = "LZC_SEND_FLAG_RAW")]
        const RAW = sys::LZC_SEND_FLAG_RAW;
    }
}

impl Zfs {
    /// Begins to send `snapshot`; see [`SendBuilder`].
    #[doc(alias = "lzc_send")]
    pub fn send(&self, snapshot: &SnapshotName) -> SendBuilder {
        SendBuilder {
            zfs: self.clone(),
            snapshot: snapshot.clone(),
            from: None,
            flags: SendFlags::empty(),
            resume: None,
        }
    }

    /// Begins to send what is missing of an interrupted receive, as its token says.
    ///
    /// A token says what a *receiver* wants and anyone can write one, so that it is checked: only
    /// snapshots of `dataset` are sent. They are found by their GUIDs, renamed or not; what the
    /// stream builds on can be a bookmark. The stream gets the flags of the interrupted one: see
    /// [`SendBuilder::is_raw`] before sending something out that has to be raw.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResumeToken`]: the token is of a redacted send, which this does not
    /// resume; [`ErrorKind::SnapshotNotFound`], [`ErrorKind::IncrementalSourceNotFound`]: `dataset`
    /// has no such snapshot or bookmark any more; [`ErrorKind::DatasetNotFound`]
    #[doc(alias = "lzc_send_resume")]
    pub fn resume_send(&self, dataset: &DatasetName, token: &ResumeToken) -> Result<SendBuilder> {
        let not_found = |kind, guid| {
            Error::refused(
                Operation::Send,
                dataset.as_str(),
                kind,
                format!("none of it has the GUID {guid} that the resume token names"),
            )
        };
        let token = token.fields();
        if token.redact_snaps.is_some() || token.book_redact_snaps.is_some() {
            let why = "the token is of a redacted send";
            let kind = ErrorKind::InvalidResumeToken;
            return Err(Error::refused(Operation::Send, dataset.as_str(), kind, why));
        }
        // The listing below cannot tell a dataset that does not exist from one without snapshots.
        self.dataset(dataset)
            .map_err(|error| error.with_operation(Operation::Send))?;
        let mut guids: Vec<(SnapshotName, u64)> = Vec::new();
        let failed = |errno| Error::from_errno(Operation::Send, dataset.as_str(), errno);
        self.device()
            .each_snapshot(dataset.as_str(), |name, guid| {
                if let Ok(name) = name.parse() {
                    guids.push((name, guid));
                }
                ControlFlow::Continue(())
            })
            .map_err(failed)?;
        let by_guid = |guid| {
            guids
                .iter()
                .find(|(_, other)| *other == guid)
                .map(|(name, _)| name)
        };

        let snapshot = by_guid(token.to_guid)
            .ok_or_else(|| not_found(ErrorKind::SnapshotNotFound, token.to_guid))?;
        let from = match token.from_guid {
            None => None,
            Some(guid) => match by_guid(guid) {
                Some(snapshot) => Some(IncrementalSource::from(snapshot)),
                None => {
                    let bookmarks = self.bookmarks(dataset)?;
                    let bookmark = bookmarks.iter().find(|bookmark| bookmark.guid() == guid);
                    let missing = || not_found(ErrorKind::IncrementalSourceNotFound, guid);
                    Some(bookmark.ok_or_else(missing)?.name().into())
                }
            },
        };
        let mut flags = SendFlags::empty();
        flags.set(SendFlags::LARGE_BLOCKS, token.large_block);
        flags.set(SendFlags::EMBED_DATA, token.embed);
        flags.set(SendFlags::COMPRESSED, token.compress);
        flags.set(SendFlags::RAW, token.raw);
        let resume = Some((token.object, token.offset, token.bytes));
        Ok(SendBuilder {
            zfs: self.clone(),
            snapshot: snapshot.clone(),
            from,
            flags,
            resume,
        })
    }
}

/// A send about to begin.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// use libzfs::SnapshotName;
///
/// let base: SnapshotName = "tank/prod@rep-1".parse()?;
/// let send = zfs.send(&"tank/prod@rep-2".parse()?).from(&base).raw();
/// println!("about {} bytes", send.size()?);
/// send.write_to(&std::fs::File::create("/backup/prod-2.zfs")?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before start() or write_to()"]
pub struct SendBuilder {
    zfs: Zfs,
    snapshot: SnapshotName,
    from: Option<IncrementalSource>,
    flags: SendFlags,
    /// Object, offset and bytes received of an interrupted receive.
    resume: Option<(u64, u64, u64)>,
}

impl SendBuilder {
    /// Sends only what changed since `source`, a snapshot or a bookmark (`zfs send -i`).
    pub fn from(mut self, source: impl Into<IncrementalSource>) -> Self {
        self.from = Some(source.into());
        self
    }

    /// Sends what is on disk as it is on disk (`zfs send -w`): of an encrypted dataset the
    /// ciphertext, for which no key has to be loaded. Of a dataset that is *not* encrypted it is
    /// the plain data.
    pub fn raw(mut self) -> Self {
        self.flags |= SendFlags::RAW
            | SendFlags::COMPRESSED
            | SendFlags::EMBED_DATA
            | SendFlags::LARGE_BLOCKS;
        self
    }

    /// Sets what else the stream may contain, in addition to what is set.
    pub fn flags(mut self, flags: SendFlags) -> Self {
        self.flags |= flags;
        self
    }

    /// The snapshot that is sent.
    pub fn snapshot(&self) -> &SnapshotName {
        &self.snapshot
    }

    /// What it builds on, if it is incremental.
    pub fn incremental_source(&self) -> Option<&IncrementalSource> {
        self.from.as_ref()
    }

    /// Whether the stream will be raw.
    pub fn is_raw(&self) -> bool {
        self.flags.contains(SendFlags::RAW)
    }

    fn raw_send(&self) -> RawSend<'_> {
        RawSend {
            snapshot: self.snapshot.as_str(),
            from: self.from.as_ref().map(IncrementalSource::as_str),
            flags: self.flags.bits(),
            resume: self.resume,
        }
    }

    /// An estimate of the stream's size in bytes. It is the kernel's, from what the snapshots
    /// refer to: the stream can be smaller and larger.
    ///
    /// Needs the permission `send`.
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start), as far as they can be known without sending.
    #[doc(alias = "lzc_send_space")]
    pub fn size(&self) -> Result<u64> {
        self.zfs
            .library()
            .send_space(&self.raw_send())
            .map_err(|errno| self.explain(Operation::EstimateSend, errno))
    }

    /// Starts to send, in a thread of its own that signals do not reach; the stream is read from
    /// what is returned.
    ///
    /// Needs the permission `send`.
    ///
    /// # Errors
    ///
    /// That no pipe or thread is to be had. What goes wrong with the send itself is found while
    /// it is read: see [`SendStream`].
    #[doc(alias = "lzc_send")]
    pub fn start(&self) -> Result<SendStream> {
        let failed = |error| Error::from_io(Operation::Send, self.snapshot.as_str(), error);
        let (reader, writer) = transfer::pipe().map_err(failed)?;
        let send = self.clone();
        tracing::debug!(snapshot = %self.snapshot, from = ?self.from, flags = ?self.flags, "send");
        let worker = transfer::spawn("zfs-send", move || {
            // The pipe is closed when this ends, so that the reader sees the end.
            let writer = writer;
            send.run(writer.as_fd())
        })
        .map_err(failed)?;
        Ok(SendStream {
            pipe: Some(reader),
            worker: Some(worker),
            name: self.snapshot.clone(),
            failed: false,
        })
    }

    /// Sends to a descriptor and returns when the stream is written: a file, a pipe, a socket,
    /// blocking or not.
    ///
    /// A blocking pipe is handed to the kernel. To anything else a thread copies, because the
    /// kernel would take a socket that is full for an error, and cannot write to `/dev/null`.
    ///
    /// Needs the permission `send`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::SnapshotNotFound`], [`ErrorKind::IncrementalSourceNotFound`],
    ///   [`ErrorKind::NotAnAncestor`];
    /// * [`ErrorKind::KeyNotLoaded`]: the dataset is encrypted and the send is not raw;
    /// * [`ErrorKind::BadDescriptor`]: the descriptor is not open for writing;
    /// * what writing to it failed with: [`ErrorKind::BrokenPipe`], [`ErrorKind::NoSpace`],
    ///   [`ErrorKind::Io`]
    #[doc(alias = "lzc_send")]
    pub fn write_to(&self, to: &impl AsFd) -> Result<()> {
        let to = to.as_fd();
        let operation = Operation::Send;
        let failed = |error| Error::from_io(operation, self.snapshot.as_str(), error);
        match transfer::writable(to).map_err(failed)? {
            Suitability::Unsuited => Err(Error::refused(
                operation,
                self.snapshot.as_str(),
                ErrorKind::BadDescriptor,
                "it is not open for writing",
            )),
            Suitability::Direct => {
                let name = "zfs-send";
                thread::scope(|scope| {
                    let worker = transfer::spawn_scoped(scope, name, || self.run(to));
                    transfer::joined(worker.map_err(failed)?.join())
                })
            }
            Suitability::Copied => {
                let mut stream = self.start()?;
                let copied = thread::scope(|scope| {
                    // In a thread of ours as well: writing can raise SIGPIPE.
                    let work = || transfer::copy(&mut stream, Blocking(to));
                    let copier = transfer::spawn_scoped(scope, "zfs-send-copy", work);
                    Ok(transfer::joined(copier.map_err(failed)?.join()))
                })?;
                match copied {
                    Ok(()) => stream.finish(),
                    Err(CopyError::Write(error)) => Err(failed(error)),
                    // Reading fails with the send's own error.
                    Err(CopyError::Read(error)) => Err(error.downcast().unwrap_or_else(failed)),
                }
            }
        }
    }

    /// Sends in this thread, which signals must not reach.
    fn run(&self, to: std::os::fd::BorrowedFd<'_>) -> Result<()> {
        self.zfs
            .library()
            .send(&self.raw_send(), to)
            .map_err(|errno| self.explain(Operation::Send, errno))
    }

    /// The error that `errno` stands for; which of two names is missing the kernel does not say.
    fn explain(&self, operation: Operation, errno: Errno) -> Error {
        let error = Error::from_errno(operation, self.snapshot.as_str(), errno);
        match (error.kind(), &self.from) {
            (ErrorKind::SnapshotNotFound, Some(from))
                if self.zfs.snapshot(&self.snapshot).is_ok() =>
            {
                Error::refused(
                    operation,
                    self.snapshot.as_str(),
                    ErrorKind::IncrementalSourceNotFound,
                    from.to_string(),
                )
            }
            (ErrorKind::NotAnAncestor, Some(from)) => error.with_source(from.to_string()),
            _ => error,
        }
    }
}

/// A stream being sent, to be read with [`Read`].
///
/// Reading to its end tells whether it is complete: if the send failed, the last read fails with
/// its [`Error`] instead of reporting the end, so that a cut stream is never taken for a whole
/// one. Dropping it ends the send.
#[derive(Debug)]
pub struct SendStream {
    /// Gone once it has been handed on or closed.
    pipe: Option<File>,
    /// Gone once it has been joined.
    worker: Option<JoinHandle<Result<()>>>,
    name: SnapshotName,
    /// Whether a read has reported the send's error: then there is no end to report after it.
    failed: bool,
}

impl SendStream {
    /// The reading end of the pipe that the kernel writes to.
    pub(crate) fn pipe(&self) -> Option<&File> {
        self.pipe.as_ref()
    }

    /// Closes the pipe, waits for the send to end, and tells how it went. What was not read is
    /// lost, and the send fails then with [`ErrorKind::BrokenPipe`].
    ///
    /// # Errors
    ///
    /// Those of the send; see [`SendBuilder::write_to`].
    pub fn finish(mut self) -> Result<()> {
        self.join()
    }

    fn join(&mut self) -> Result<()> {
        // First, or the send would wait for a reader for ever.
        self.pipe = None;
        match self.worker.take() {
            Some(worker) => transfer::joined(worker.join()),
            None => Ok(()),
        }
    }
}

impl Read for SendStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.failed {
            return Err(io::Error::other("the send has failed"));
        }
        let Some(pipe) = &mut self.pipe else {
            return Ok(0);
        };
        match pipe.read(buffer)? {
            0 => {
                let ended = self.join();
                self.failed = ended.is_err();
                Ok(ended.map(|()| 0)?)
            }
            n => Ok(n),
        }
    }
}

impl Drop for SendStream {
    fn drop(&mut self) {
        if self.worker.is_some() {
            if let Err(error) = self.join() {
                tracing::debug!(snapshot = %self.name, %error, "send given up");
            }
        }
    }
}

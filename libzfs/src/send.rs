//! Sending: a snapshot becomes a stream.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::thread::{self, JoinHandle};

use bitflags::bitflags;
use libzfs_sys as sys;

use crate::dataset::Dataset;
use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::ffi::RawSend;
use crate::handle::Zfs;
use crate::name::{DatasetName, IncrementalSource, SnapshotName};
use crate::property;
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
    /// snapshots of `dataset` are sent, and an encrypted dataset only raw. They are found by their
    /// GUIDs, renamed or not; what the stream builds on can be a bookmark, or a snapshot of the
    /// dataset that `dataset` is a clone of.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidResumeToken`]: the token wants an encrypted dataset decrypted (see
    ///   [`resume_send_decrypted`](Self::resume_send_decrypted)), or is of a redacted send, which
    ///   this does not resume;
    /// * [`ErrorKind::SnapshotNotFound`], [`ErrorKind::IncrementalSourceNotFound`]: there is no
    ///   such snapshot or bookmark any more;
    /// * [`ErrorKind::DatasetNotFound`]
    ///
    /// Sending needs the permission `send`, and fails with [`ErrorKind::InvalidResumeToken`] if
    /// the token names a place in the snapshot that there is not.
    #[doc(alias = "lzc_send_resume")]
    pub fn resume_send(&self, dataset: &DatasetName, token: &ResumeToken) -> Result<ResumedSend> {
        self.resume(dataset, token, false)
    }

    /// As [`resume_send`](Self::resume_send), also where the token wants an encrypted dataset sent
    /// **in plain text**.
    ///
    /// # Errors
    ///
    /// As there.
    #[doc(alias = "lzc_send_resume")]
    pub fn resume_send_decrypted(
        &self,
        dataset: &DatasetName,
        token: &ResumeToken,
    ) -> Result<ResumedSend> {
        self.resume(dataset, token, true)
    }

    fn resume(
        &self,
        name: &DatasetName,
        token: &ResumeToken,
        decrypted: bool,
    ) -> Result<ResumedSend> {
        let token = token.fields();
        let refused =
            |kind, why: String| Err(Error::refused(Operation::Send, name.as_str(), kind, why));
        if token.redact_snaps.is_some() || token.book_redact_snaps.is_some() {
            let why = "it is of a redacted send".to_owned();
            return refused(ErrorKind::InvalidResumeToken, why);
        }
        // The listing below cannot tell a dataset that does not exist from one without snapshots.
        let dataset = self
            .dataset(name)
            .map_err(|error| error.with_operation(Operation::Send))?;
        if dataset.encryption()?.is_on() && !token.raw && !decrypted {
            let why = "it wants the plain text of an encrypted dataset".to_owned();
            return refused(ErrorKind::InvalidResumeToken, why);
        }
        let none = |guid: u64| format!("none has the GUID {guid} that the resume token names");
        let Some(snapshot) = self.snapshot_with_guid(name, token.to_guid)? else {
            return refused(ErrorKind::SnapshotNotFound, none(token.to_guid));
        };
        let mut from = None;
        if let Some(guid) = token.from_guid {
            from = self.base_with_guid(&dataset, guid)?;
            if from.is_none() {
                return refused(ErrorKind::IncrementalSourceNotFound, none(guid));
            }
        }
        let mut flags = SendFlags::empty();
        flags.set(SendFlags::LARGE_BLOCKS, token.large_block);
        flags.set(SendFlags::EMBED_DATA, token.embed);
        flags.set(SendFlags::COMPRESSED, token.compress);
        flags.set(SendFlags::RAW, token.raw);
        let resume = Some((token.object, token.offset, token.bytes));
        Ok(ResumedSend(SendBuilder {
            zfs: self.clone(),
            snapshot,
            from,
            flags,
            resume,
        }))
    }

    /// What a stream can build on that has this GUID: a snapshot of the dataset, the origin that
    /// it was cloned from, or a bookmark.
    fn base_with_guid(&self, dataset: &Dataset, guid: u64) -> Result<Option<IncrementalSource>> {
        if let Some(snapshot) = self.snapshot_with_guid(dataset.name(), guid)? {
            return Ok(Some(snapshot.into()));
        }
        let origin = dataset.get(&property::ORIGIN)?;
        let origin = origin.and_then(|origin| origin.value.parse::<SnapshotName>().ok());
        if let Some(origin) = origin {
            if let Some(snapshot) = self.snapshot_with_guid(origin.dataset(), guid)? {
                return Ok(Some(snapshot.into()));
            }
        }
        let bookmarks = self.bookmarks(dataset.name())?;
        Ok(bookmarks
            .iter()
            .find(|bookmark| bookmark.guid() == guid)
            .map(|b| b.name().into()))
    }

    fn snapshot_with_guid(&self, dataset: &DatasetName, guid: u64) -> Result<Option<SnapshotName>> {
        let mut found = None;
        self.device()
            .each_snapshot(dataset.as_str(), |listed| {
                if listed.guid != guid {
                    return ControlFlow::Continue(());
                }
                found = listed.name.parse().ok();
                ControlFlow::Break(())
            })
            .map_err(|errno| Error::from_errno(Operation::Send, dataset.as_str(), errno))?;
        Ok(found)
    }
}

/// What is missing of an interrupted receive, about to be sent; see [`Zfs::resume_send`].
///
/// What it sends is what the interrupted stream was: nothing of it can be chosen any more.
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before start() or write_to()"]
pub struct ResumedSend(SendBuilder);

impl ResumedSend {
    /// The snapshot that is sent.
    pub fn snapshot(&self) -> &SnapshotName {
        self.0.snapshot()
    }

    /// What it builds on, if it is incremental.
    pub fn incremental_source(&self) -> Option<&IncrementalSource> {
        self.0.incremental_source()
    }

    /// Whether the stream will be raw.
    pub fn is_raw(&self) -> bool {
        self.0.is_raw()
    }

    /// An estimate of what is missing, in bytes: that of the whole stream less what the receiver
    /// has. If it builds on a bookmark, the whole is told, because the kernel then sometimes
    /// counts only what is missing, and does not say so.
    ///
    /// # Errors
    ///
    /// As for [`SendBuilder::size`].
    #[doc(alias = "lzc_send_space_resume_redacted")]
    pub fn size(&self) -> Result<u64> {
        let whole = self.0.size()?;
        match (&self.0.from, self.0.resume) {
            (Some(IncrementalSource::Bookmark(_)), _) | (_, None) => Ok(whole),
            (_, Some((_, _, received))) => Ok(whole.saturating_sub(received)),
        }
    }

    /// Starts to send; see [`SendBuilder::start`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn start(&self) -> Result<SendStream> {
        self.0.start()
    }

    /// Sends to a descriptor; see [`SendBuilder::write_to`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn write_to(&self, to: &impl AsFd) -> Result<()> {
        self.0.write_to(to)
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
    /// Needs no permission.
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

    /// Starts to send, in a thread of its own with every signal blocked that can be blocked; the stream is read from
    /// what is returned.
    ///
    /// Needs the permission `send`; since 2.4 `send:raw` is enough for a raw stream.
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
    /// Needs the permission `send`; since 2.4 `send:raw` is enough for a raw stream.
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
                let sink = Blocking::new(to).map_err(failed)?;
                let mut stream = self.start()?;
                let copied = thread::scope(|scope| {
                    // In a thread of ours as well: writing can raise SIGPIPE.
                    let work = || transfer::copy(&mut stream, sink);
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
            (ErrorKind::SnapshotNotFound, from) if self.zfs.snapshot(&self.snapshot).is_ok() => {
                let refused =
                    |kind, why| Error::refused(operation, self.snapshot.as_str(), kind, why);
                match from {
                    Some(from) if !self.exists(from) => {
                        refused(ErrorKind::IncrementalSourceNotFound, from.to_string())
                    }
                    _ if self.resume.is_some() => {
                        let why = "there is no such place to go on from".to_owned();
                        refused(ErrorKind::InvalidResumeToken, why)
                    }
                    _ => error,
                }
            }
            (ErrorKind::NotAnAncestor, Some(from)) => error.with_source(from.to_string()),
            _ => error,
        }
    }

    fn exists(&self, source: &IncrementalSource) -> bool {
        match source {
            IncrementalSource::Snapshot(name) => self.zfs.snapshot(name).is_ok(),
            IncrementalSource::Bookmark(name) => {
                let bookmarks = self.zfs.bookmarks(name.dataset()).unwrap_or_default();
                bookmarks.iter().any(|bookmark| bookmark.name() == name)
            }
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
    /// Waits for the send to give up, which it does at its next write to the pipe.
    fn drop(&mut self) {
        self.pipe = None;
        if let Some(worker) = self.worker.take() {
            match worker.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(snapshot = %self.name, %error, "send given up"),
                // Panicking here, maybe during another panic, would abort.
                Err(_) => tracing::error!(snapshot = %self.name, "the sending thread panicked"),
            }
        }
    }
}

//! What all sends are underneath: what is sent from where, and how it is run.

use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};

use libzfs_sys as sys;

use super::SendStream;
use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::ffi::RawSend;
use crate::handle::Zfs;
use crate::name::{BookmarkName, DatasetName, IncrementalSource, SnapshotName};
use crate::redaction;
use crate::resume_token::TokenFields;
use crate::transfer::{self, Descriptor, IntoWrite, Suitability, TransferControl, Watch, Worker};

/// What is sent.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Snapshot(SnapshotName),
    /// A dataset as it is now.
    Head(DatasetName),
    /// What an interrupted receive into a dataset has left.
    Saved(DatasetName),
}

impl Target {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Snapshot(name) => name.as_str(),
            Self::Head(name) | Self::Saved(name) => name.as_str(),
        }
    }
}

/// Where a transfer that was interrupted goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) object: u64,
    pub(super) offset: u64,
    /// How many bytes the receiver has.
    pub(super) received: u64,
}

impl Place {
    pub(super) fn of(token: &TokenFields) -> Self {
        Self {
            object: token.object,
            offset: token.offset,
            received: token.bytes,
        }
    }
}

/// A send as the kernel is asked for it.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) zfs: Zfs,
    pub(super) target: Target,
    pub(super) from: Option<IncrementalSource>,
    /// Those of C, of which not all are ones that a caller can choose.
    pub(super) flags: u32,
    pub(super) resume: Option<Place>,
    pub(super) redaction: Option<BookmarkName>,
    pub(super) controls: Vec<TransferControl>,
}

impl Request {
    pub(super) fn new(zfs: &Zfs, target: Target) -> Self {
        Self {
            zfs: zfs.clone(),
            target,
            from: None,
            flags: 0,
            resume: None,
            redaction: None,
            controls: Vec::new(),
        }
    }

    pub(super) fn is_raw(&self) -> bool {
        self.flags & sys::LZC_SEND_FLAG_RAW != 0
    }

    fn raw(&self) -> RawSend<'_> {
        RawSend {
            name: self.target.as_str(),
            from: self.from.as_ref().map(IncrementalSource::as_str),
            flags: self.flags,
            resume: self
                .resume
                .map_or((0, 0), |place| (place.object, place.offset)),
            redaction: self.redaction.as_ref().map(BookmarkName::short_name),
        }
    }

    pub(super) fn size(&self) -> Result<u64> {
        self.check_redaction(Operation::EstimateSend)?;
        self.zfs
            .library()
            .send_space(&self.raw())
            .map_err(|errno| self.explain(Operation::EstimateSend, errno))
    }

    pub(super) fn start(&self) -> Result<SendStream> {
        let failed = |error| Error::from_io(Operation::Send, self.target.as_str(), error);
        let mut watch = Watch::default();
        for control in &self.controls {
            watch.add(control).map_err(failed)?;
        }
        let (reader, writer) = transfer::pipe().map_err(failed)?;
        let send = self.clone();
        tracing::debug!(
            what = self.target.as_str(), from = ?self.from, flags = self.flags,
            redaction = ?self.redaction, "send"
        );
        // The pipe is closed when this ends, so that the reader sees the end.
        let work = move |pipe: BorrowedFd<'_>| send.run(pipe);
        let worker = Worker::spawn("zfs-send", writer, watch.alarm(), work).map_err(failed)?;
        let stream = SendStream::new(reader, worker, watch, self.target.as_str());
        // What is left of a receive is sent without an end, so that it is not taken for all.
        Ok(match self.target {
            Target::Saved(_) => stream.endless(),
            _ => stream,
        })
    }

    pub(super) fn write_to(&self, to: &impl AsFd) -> Result<()> {
        let to = to.as_fd();
        let operation = Operation::Send;
        let failed = |error| Error::from_io(operation, self.target.as_str(), error);
        match transfer::writable(to).map_err(failed)? {
            Suitability::Unsuited => {
                let why = "it is not open for writing";
                Err(self.refused(operation, ErrorKind::BadDescriptor, why))
            }
            Suitability::Direct if self.controls.is_empty() => {
                self.run(to).map_err(|error| self.explain_pipe(to, error))
            }
            _ => {
                let mut sink = Descriptor::new(to).map_err(failed)?;
                self.start()?.drain_into(&mut sink)
            }
        }
    }

    pub(super) fn write_to_writer(&self, to: impl Write) -> Result<()> {
        let mut sink = IntoWrite(to);
        self.start()?
            .drain(|pipe, watch| transfer::drain(pipe, &mut sink, watch).map(Some))
    }

    /// What the kernel means when it could not write to a pipe of the caller's: to it all that is
    /// one.
    fn explain_pipe(&self, pipe: BorrowedFd<'_>, error: Error) -> Error {
        match error.errno().raw() {
            libc::EINTR if transfer::is_broken(pipe) => error.with_kind(ErrorKind::BrokenPipe),
            libc::EINTR | libc::EAGAIN if transfer::blocks_no_more(pipe) => {
                let why = transfer::made_nonblocking();
                Error::from_io(Operation::Send, self.target.as_str(), why)
            }
            _ => error,
        }
    }

    /// Sends in this thread, which signals must not reach.
    fn run(&self, to: BorrowedFd<'_>) -> Result<()> {
        self.check_redaction(Operation::Send)?;
        self.zfs
            .library()
            .send(&self.raw(), to)
            .map_err(|errno| self.explain(Operation::Send, errno))
    }

    fn refused(
        &self,
        operation: Operation,
        kind: ErrorKind,
        why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::refused(operation, self.target.as_str(), kind, why)
    }

    /// Makes sure that what is to be left out is known in full.
    ///
    /// The kernel takes any redaction bookmark of the dataset for any of its snapshots, finished or
    /// not, and would send what the bookmark does not know of.
    fn check_redaction(&self, operation: Operation) -> Result<()> {
        if let Some(bookmark) = &self.redaction {
            let Target::Snapshot(snapshot) = &self.target else {
                let why = "only a snapshot can be sent redacted";
                return Err(self.refused(operation, ErrorKind::InvalidArgument, why));
            };
            if self.is_raw() {
                let why = "a raw send cannot be redacted";
                return Err(self.refused(operation, ErrorKind::InvalidArgument, why));
            }
            self.zfs
                .check_redaction(snapshot, bookmark)
                .map_err(|error| error.with_operation(operation))?;
        }
        // Of blocks that were left out before, the receiver needs all.
        if let Some(IncrementalSource::Bookmark(base)) = &self.from {
            match self.zfs.redaction_of(base) {
                Ok(Some(redaction)) if !redaction.complete => {
                    let why = format!("{base}, the incremental source");
                    return Err(self.refused(operation, ErrorKind::RedactionIncomplete, why));
                }
                Ok(Some(_)) if !redaction::sends_last_blocks() => {
                    let why = "before 2.3.8, and 2.4.3, the last block of a file that was redacted is lost";
                    return Err(self.refused(operation, ErrorKind::Unsupported, why));
                }
                // The kernel says so with all the rest that may be wrong.
                Err(error) if error.kind() == ErrorKind::DatasetNotFound => {}
                known => {
                    known.map_err(|error| error.with_operation(operation))?;
                }
            }
        }
        Ok(())
    }

    /// The error that `errno` stands for; some of it depends on what is there.
    fn explain(&self, operation: Operation, errno: Errno) -> Error {
        let name = self.target.as_str();
        let error = Error::from_errno(operation, name, errno);
        let there = || match &self.target {
            Target::Snapshot(snapshot) => self.zfs.snapshot(snapshot).is_ok(),
            Target::Head(dataset) | Target::Saved(dataset) => self.zfs.dataset(dataset).is_ok(),
        };
        match (error.kind(), &self.from) {
            (ErrorKind::SnapshotNotFound | ErrorKind::IncrementalSourceNotFound, from) => {
                match (from, &self.target) {
                    _ if !there() => match &self.target {
                        Target::Snapshot(_) => error.with_kind(ErrorKind::SnapshotNotFound),
                        _ => error.with_kind(ErrorKind::DatasetNotFound),
                    },
                    // Which of two names is missing the kernel does not say.
                    (Some(from), _) if !self.exists(from) => {
                        let kind = ErrorKind::IncrementalSourceNotFound;
                        self.refused(operation, kind, from.to_string())
                    }
                    (_, Target::Saved(_)) => error.with_kind(ErrorKind::NoPartialReceive),
                    _ if self.resume.is_some() => {
                        let why = "there is no such place to go on from";
                        self.refused(operation, ErrorKind::InvalidResumeToken, why)
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

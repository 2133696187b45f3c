//! Sending: a snapshot becomes a stream.

#[cfg(feature = "tokio")]
mod asynchronous;
mod head;
mod request;
mod resume;
mod saved;
mod stream;

use std::io::Write;
use std::os::fd::AsFd;

use bitflags::bitflags;
use libzfs_sys as sys;

use self::request::{Request, Target};
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::Result;
use crate::handle::Zfs;
use crate::name::{BookmarkName, IncrementalSource, SnapshotName};
use crate::transfer::TransferControl;

#[cfg(feature = "tokio")]
pub use self::asynchronous::AsyncSendStream;
pub use self::head::HeadSend;
pub use self::resume::ResumedSend;
pub use self::saved::SavedSend;
pub use self::stream::SendStream;

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

impl SendFlags {
    /// What `zfs send -w` sets.
    const ALL_RAW: Self = Self::RAW
        .union(Self::COMPRESSED)
        .union(Self::EMBED_DATA)
        .union(Self::LARGE_BLOCKS);

    /// The flags as C takes them, and none that has no name here.
    fn native(self) -> u32 {
        Self::from_bits_truncate(self.bits()).bits()
    }
}

impl Zfs {
    /// Begins to send `snapshot`; see [`SendBuilder`].
    #[doc(alias = "lzc_send")]
    pub fn send(&self, snapshot: &SnapshotName) -> SendBuilder {
        SendBuilder {
            snapshot: snapshot.clone(),
            request: Request::new(self, Target::Snapshot(snapshot.clone())),
        }
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
    snapshot: SnapshotName,
    request: Request,
}

impl SendBuilder {
    /// Sends only what changed since `source`, a snapshot or a bookmark (`zfs send -i`).
    ///
    /// From a redaction bookmark it also sends what was left out of the redacted send that was made
    /// with it: so a redacted copy is completed, or gets what another redaction shows. Then
    /// `source` can be of the very snapshot that is sent. Before 2.3.8 and, of 2.4, before 2.4.3,
    /// OpenZFS loses data in such a send without a word, so that it is [`ErrorKind::Unsupported`]
    /// there.
    pub fn from(mut self, source: impl Into<IncrementalSource>) -> Self {
        self.request.from = Some(source.into());
        self
    }

    /// Sends what is on disk as it is on disk (`zfs send -w`): of an encrypted dataset the
    /// ciphertext, for which no key has to be loaded. Of a dataset that is *not* encrypted it is
    /// the plain data.
    pub fn raw(mut self) -> Self {
        self.request.flags |= SendFlags::ALL_RAW.native();
        self
    }

    /// Sets what else the stream may contain, in addition to what is set.
    pub fn flags(mut self, flags: SendFlags) -> Self {
        self.request.flags |= flags.native();
        self
    }

    /// Leaves out the blocks that `bookmark` has (`zfs send --redact`), a redaction bookmark that
    /// [`Zfs::redact`] made of this snapshot. The data of a raw send cannot be looked at, so that
    /// it cannot be redacted.
    ///
    /// That the bookmark is of this snapshot and complete is made sure of; the kernel would send
    /// with any, and send what that does not know of.
    #[doc(alias = "lzc_send_redacted")]
    pub fn redacted(mut self, bookmark: &BookmarkName) -> Self {
        self.request.redaction = Some(bookmark.clone());
        self
    }

    /// The snapshot that is sent.
    pub fn snapshot(&self) -> &SnapshotName {
        &self.snapshot
    }

    /// What it builds on, if it is incremental.
    pub fn incremental_source(&self) -> Option<&IncrementalSource> {
        self.request.from.as_ref()
    }

    /// What is left out, if something is.
    pub fn redaction_bookmark(&self) -> Option<&BookmarkName> {
        self.request.redaction.as_ref()
    }

    /// Whether the stream will be raw.
    pub fn is_raw(&self) -> bool {
        self.request.is_raw()
    }

    /// An estimate of the stream's size in bytes. It is the kernel's, from what the snapshots
    /// refer to: the stream can be smaller and larger. Of a redacted send it takes a walk through
    /// the snapshot's metadata.
    ///
    /// Needs no permission.
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start), as far as they can be known without sending.
    #[doc(alias = "lzc_send_space")]
    #[doc(alias = "lzc_send_space_resume_redacted")]
    pub fn size(&self) -> Result<u64> {
        self.request.size()
    }

    /// Has `control` watch the send and stop it.
    ///
    /// That costs next to nothing, but into a socket that blocks: the kernel cannot be kept from
    /// waiting for one if it moves the stream there itself, and so the stream is copied, for about half
    /// as much work again.
    pub fn controlled_by(mut self, control: &TransferControl) -> Self {
        self.request.controls.push(control.clone());
        self
    }

    /// Starts to send, in a thread of its own with every signal blocked that can be blocked; the
    /// stream is read from what is returned.
    ///
    /// What cannot be kept from it is that the process is stopped and continued (`SIGSTOP`), and that
    /// `setuid` or one of its kin is called in it, of which the C library tells every thread. Either can
    /// end the send with [`ErrorKind::Interrupted`].
    ///
    /// Needs the permission `send`; for a raw send, since OpenZFS 2.4, `send:raw` or, of an
    /// encrypted dataset, `send:encrypted` is enough.
    ///
    /// # Errors
    ///
    /// That no pipe or thread is to be had. What goes wrong with the send itself is found while
    /// it is read: see [`SendStream`].
    #[doc(alias = "lzc_send")]
    pub fn start(&self) -> Result<SendStream> {
        self.request.start()
    }

    /// Sends to a descriptor and returns when the stream is written: a file, a pipe, a socket,
    /// blocking or not.
    ///
    /// A blocking pipe is handed to the kernel. To anything else the stream goes through a pipe of
    /// this process, because the kernel would take a socket that is full for an error, and cannot
    /// write to `/dev/null`; from there it is spliced, or copied where that is not to be had. With a
    /// [control](Self::controlled_by) it is copied to all of them.
    ///
    /// A regular file is written at its current position. `SIGPIPE` is not raised.
    ///
    /// Where the process is stopped and continued, or calls `setuid`, just as the last records wait
    /// for room in a pipe, Linux has the kernel send once more: the whole stream follows what was
    /// written of it, and the send succeeds. That is found, and is [`ErrorKind::Interrupted`], where the
    /// stream is copied: not where the kernel has the pipe, nor where it is spliced. No receiver takes
    /// such a stream.
    ///
    /// A control stops a send to a pipe or a socket while that has no room. Writing to any other
    /// descriptor that blocks it cannot end, as to a file on a server that is gone, or to a terminal
    /// that has less room than it says.
    ///
    /// Needs the permissions that [`start`](Self::start) needs.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::SnapshotNotFound`], [`ErrorKind::IncrementalSourceNotFound`],
    ///   [`ErrorKind::NotAnAncestor`];
    /// * [`ErrorKind::KeyNotLoaded`]: the dataset is encrypted and the send is not raw;
    /// * [`ErrorKind::LargeMicrozap`]: the dataset has or had a large directory of a kind that
    ///   needs [`SendFlags::LARGE_BLOCKS`] (since OpenZFS 2.3);
    /// * [`ErrorKind::BookmarkNotFound`], [`ErrorKind::NotRedactionBookmark`],
    ///   [`ErrorKind::RedactionIncomplete`], [`ErrorKind::InvalidArgument`]: of a redacted send;
    /// * [`ErrorKind::Unsupported`]: it builds on a redaction bookmark, which this release cannot
    ///   do right;
    /// * [`ErrorKind::PermissionDenied`];
    /// * [`ErrorKind::BadDescriptor`]: the descriptor is not open for writing;
    /// * what writing to it failed with: [`ErrorKind::BrokenPipe`], [`ErrorKind::NoSpace`],
    ///   [`ErrorKind::QuotaExceeded`], [`ErrorKind::TimedOut`], [`ErrorKind::Io`]; the last also
    ///   where a block of the snapshot is damaged;
    /// * [`ErrorKind::Interrupted`]: see [`start`](Self::start);
    /// * with a control, [`ErrorKind::Cancelled`], [`ErrorKind::Stalled`],
    ///   [`ErrorKind::StillRunning`].
    #[doc(alias = "lzc_send")]
    #[doc(alias = "lzc_send_redacted")]
    #[doc(alias = "lzc_send_wrapper")]
    pub fn write_to(&self, to: &impl AsFd) -> Result<()> {
        self.request.write_to(to)
    }

    /// Sends to anything that writes, such as a compressor or a connection with TLS, and flushes
    /// it at the end.
    ///
    /// It writes in the thread that calls. A [control](Self::controlled_by) stops the send between
    /// two writes; one that does not come back it cannot end. To a descriptor
    /// [`write_to`](Self::write_to) is better in this, and faster.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut stream = Vec::new();
    /// zfs.send(&"tank/prod@mon".parse()?).raw().write_to_writer(&mut stream)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`write_to`](Self::write_to); where the writer's error has no number, it is the
    /// [source](std::error::Error::source).
    #[doc(alias = "lzc_send")]
    pub fn write_to_writer(&self, to: impl Write) -> Result<()> {
        self.request.write_to_writer(to)
    }
}

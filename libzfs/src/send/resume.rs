//! Sending what is missing of an interrupted receive.

use std::io::Write;
use std::ops::ControlFlow;
use std::os::fd::AsFd;

use super::request::{Place, Request, Target};
use super::{SendFlags, SendStream};
use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::{BookmarkName, DatasetName, IncrementalSource, SnapshotName};
use crate::property;
use crate::redaction::{redact_snaps, same_snapshots};
use crate::resume_token::{ResumeToken, TokenFields};
use crate::transfer::TransferControl;

impl Zfs {
    /// Begins to send what is missing of an interrupted receive, as its token says.
    ///
    /// A token says what a *receiver* wants and anyone can write one, so that it is checked: only
    /// snapshots of `dataset` are sent, and an encrypted dataset only raw. They are found by their
    /// GUIDs, renamed or not; what the stream builds on can be a bookmark, or a snapshot of the
    /// dataset that `dataset` is a clone of. What is left out of a redacted send is found by the
    /// GUIDs of the snapshots that its redaction bookmark was made with.
    ///
    /// A receiver that is to see redacted data only could leave the redaction out of its token:
    /// for such a one, make sure that [`redaction_bookmark`](ResumedSend::redaction_bookmark) is
    /// the one that it has to be.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidResumeToken`]: the token wants an encrypted dataset decrypted (see
    ///   [`resume_send_decrypted`](Self::resume_send_decrypted)), or what no send can be;
    /// * [`ErrorKind::SnapshotNotFound`], [`ErrorKind::IncrementalSourceNotFound`]: there is no
    ///   such snapshot or bookmark any more;
    /// * [`ErrorKind::BookmarkNotFound`], [`ErrorKind::RedactionIncomplete`]: of the redaction
    ///   bookmark;
    /// * [`ErrorKind::DatasetNotFound`]
    ///
    /// Sending needs the permission of any [`send`](Self::send), and fails with [`ErrorKind::InvalidResumeToken`] if
    /// the token names a place in the snapshot that there is not.
    #[doc(alias = "lzc_send_resume")]
    #[doc(alias = "lzc_send_resume_redacted")]
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
        let mut request = Request::new(self, Target::Snapshot(snapshot.clone()));
        if let Some(guid) = token.from_guid {
            let redaction = token.book_redact_snaps.as_deref();
            request.from = self.base_with_guid(&dataset, guid, redaction)?;
            if request.from.is_none() {
                return refused(ErrorKind::IncrementalSourceNotFound, none(guid));
            }
        }
        if let Some(snaps) = &token.redact_snaps {
            if token.raw {
                let why = "it wants a send that is raw and redacted".to_owned();
                return refused(ErrorKind::InvalidResumeToken, why);
            }
            request.redaction = Some(self.redaction_with(name, token.to_guid, snaps)?);
        }
        request.flags = flags_of(token).native();
        request.resume = Some(Place::of(token));
        Ok(ResumedSend { snapshot, request })
    }

    /// The complete redaction bookmark of the snapshot with this GUID, made with these snapshots.
    fn redaction_with(
        &self,
        dataset: &DatasetName,
        to_guid: u64,
        snaps: &[u64],
    ) -> Result<BookmarkName> {
        let refused =
            |kind, why: &str| Error::refused(Operation::Send, dataset.as_str(), kind, why);
        let bookmarks = self.redaction_bookmarks(dataset)?;
        let mut fitting = bookmarks
            .iter()
            .filter(|(_, known)| known.guid == to_guid && same_snapshots(&known.snaps, snaps))
            .peekable();
        if fitting.peek().is_none() {
            let why = "the redaction bookmark that the resume token means";
            return Err(refused(ErrorKind::BookmarkNotFound, why));
        }
        match fitting.find(|(_, known)| known.complete) {
            Some((name, _)) => Ok(name.clone()),
            None => Err(refused(
                ErrorKind::RedactionIncomplete,
                "the one that the resume token means",
            )),
        }
    }

    /// What a stream can build on that has this GUID: a snapshot of the dataset, the origin that
    /// it was cloned from, or a bookmark; with `redaction`, one that is redacted by these.
    pub(super) fn base_with_guid(
        &self,
        dataset: &Dataset,
        guid: u64,
        redaction: Option<&[u64]>,
    ) -> Result<Option<IncrementalSource>> {
        let origin = dataset.get(&property::ORIGIN)?;
        let origin = origin.and_then(|origin| origin.value.parse::<SnapshotName>().ok());
        let near = [
            Some(dataset.name()),
            origin.as_ref().map(SnapshotName::dataset),
        ];
        for name in near.into_iter().flatten() {
            if let Some(snapshot) = self.snapshot_with_guid(name, guid)? {
                let fits = match redaction {
                    None => true,
                    Some(snaps) => redact_snaps(self.snapshot(&snapshot)?.properties())
                        .is_some_and(|found| same_snapshots(&found, snaps)),
                };
                if fits {
                    return Ok(Some(snapshot.into()));
                }
            }
        }
        // A redaction bookmark stands for another stream than the snapshot that it was made of.
        let redacted = self.redaction_bookmarks(dataset.name())?;
        if let Some(snaps) = redaction {
            let fitting = redacted
                .into_iter()
                .find(|(_, known)| known.guid == guid && same_snapshots(&known.snaps, snaps));
            return Ok(fitting.map(|(name, _)| name.into()));
        }
        let bookmarks = self.bookmarks(dataset.name())?;
        Ok(bookmarks
            .iter()
            .filter(|plain| redacted.iter().all(|(name, _)| name != plain.name()))
            .find(|bookmark| bookmark.guid() == guid)
            .map(|bookmark| bookmark.name().into()))
    }

    pub(crate) fn snapshot_with_guid(
        &self,
        dataset: &DatasetName,
        guid: u64,
    ) -> Result<Option<SnapshotName>> {
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

/// The flags of the send that a token is of.
pub(super) fn flags_of(token: &TokenFields) -> SendFlags {
    let mut flags = SendFlags::empty();
    flags.set(SendFlags::LARGE_BLOCKS, token.large_block);
    flags.set(SendFlags::EMBED_DATA, token.embed);
    flags.set(SendFlags::COMPRESSED, token.compress);
    flags.set(SendFlags::RAW, token.raw);
    flags
}

/// What is missing of an interrupted receive, about to be sent; see [`Zfs::resume_send`].
///
/// What it sends is what the interrupted stream was: nothing of it can be chosen any more.
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before start() or write_to()"]
pub struct ResumedSend {
    snapshot: SnapshotName,
    request: Request,
}

impl ResumedSend {
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

    /// An estimate of what is missing, in bytes: that of the whole stream less what the receiver
    /// has; of a redacted send, what the kernel counts from there on. If it builds on a bookmark
    /// and is not redacted, the whole is told, because the kernel then sometimes counts only what
    /// is missing, and does not say so.
    ///
    /// # Errors
    ///
    /// As for [`SendBuilder::size`](super::SendBuilder::size).
    #[doc(alias = "lzc_send_space_resume_redacted")]
    pub fn size(&self) -> Result<u64> {
        let counted = self.request.size()?;
        let bookmark = matches!(self.request.from, Some(IncrementalSource::Bookmark(_)));
        match self.request.resume {
            Some(place) if !bookmark && self.request.redaction.is_none() => {
                Ok(counted.saturating_sub(place.received))
            }
            _ => Ok(counted),
        }
    }

    /// Has `control` watch the send; see
    /// [`SendBuilder::controlled_by`](super::SendBuilder::controlled_by).
    pub fn controlled_by(mut self, control: &TransferControl) -> Self {
        self.request.controls.push(control.clone());
        self
    }

    /// Starts to send; see [`SendBuilder::start`](super::SendBuilder::start).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn start(&self) -> Result<SendStream> {
        self.request.start()
    }

    /// Sends to a descriptor; see [`SendBuilder::write_to`](super::SendBuilder::write_to).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn write_to(&self, to: &impl AsFd) -> Result<()> {
        self.request.write_to(to)
    }

    /// Sends to anything that writes; see
    /// [`SendBuilder::write_to_writer`](super::SendBuilder::write_to_writer).
    ///
    /// # Errors
    ///
    /// As for [`write_to`](Self::write_to).
    pub fn write_to_writer(&self, to: impl Write) -> Result<()> {
        self.request.write_to_writer(to)
    }
}

//! Sending what an interrupted receive has left.

use std::io::Write;
use std::os::fd::AsFd;

use libzfs_sys as sys;

use super::request::{Place, Request, Target};
use super::resume::flags_of;
use super::{SendFlags, SendStream};
use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::{DatasetName, IncrementalSource};
use crate::resume_token::ResumeToken;
use crate::transfer::TransferControl;

impl Zfs {
    /// Begins to send what an interrupted resumable receive into `dataset` has left
    /// (`zfs send -S`), so that another machine need not get it again from the first sender.
    ///
    /// Its receiver has to be [`resumable`](crate::ReceiveBuilder::resumable): the stream has no
    /// end, and receiving it fails with [`ErrorKind::StreamTruncated`] when all of it is there.
    /// What is left then is a partial receive of the first sender's snapshot, which is completed
    /// by that sender with [`resume_send`](Self::resume_send), or by anyone who has the snapshot.
    ///
    /// What the stream is like is what the interrupted one was, and cannot be chosen.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::DatasetNotFound`];
    /// * [`ErrorKind::ReadOnlyPool`]: the kernel would send the dataset itself instead;
    /// * [`ErrorKind::NoPartialReceive`]: there is nothing left of a receive;
    /// * [`ErrorKind::IncrementalSourceNotFound`]: what it builds on is gone;
    /// * [`ErrorKind::InvalidArgument`]: it is of a redacted stream, whose redaction the kernel
    ///   would not tell the receiver;
    /// * [`ErrorKind::WouldDecrypt`]: the dataset is encrypted and the stream was not raw, so that it
    ///   would be sent **in plain text**; see
    ///   [`send_saved_decrypted`](Self::send_saved_decrypted).
    ///
    /// Sending needs the permission of any [`send`](Self::send), and fails with [`ErrorKind::Busy`] while the receive is
    /// running.
    #[doc(alias = "LZC_SEND_FLAG_SAVED")]
    #[doc(alias = "zfs_send_saved")]
    pub fn send_saved(&self, dataset: &DatasetName) -> Result<SavedSend> {
        self.saved(dataset, None, false)
    }

    /// As [`send_saved`](Self::send_saved), also where what is encrypted here is sent **in plain
    /// text**.
    ///
    /// # Errors
    ///
    /// As there, but for the last; while it is sent also [`ErrorKind::KeyNotLoaded`].
    pub fn send_saved_decrypted(&self, dataset: &DatasetName) -> Result<SavedSend> {
        self.saved(dataset, None, true)
    }

    /// As [`send_saved`](Self::send_saved), from where an interrupted receive of that stream says
    /// with `token` that it stopped.
    ///
    /// # Errors
    ///
    /// As there, and [`ErrorKind::InvalidResumeToken`]: the token is of another snapshot, or of
    /// another kind of stream: raw, compressed or with large blocks, where the partial receive is not.
    /// If that was begun with large blocks and had none when it was first sent on, the token does
    /// not say that it has them, and is refused as well.
    pub fn resume_send_saved(
        &self,
        dataset: &DatasetName,
        token: &ResumeToken,
    ) -> Result<SavedSend> {
        self.saved(dataset, Some(token), false)
    }

    fn saved(
        &self,
        name: &DatasetName,
        resume: Option<&ResumeToken>,
        decrypted: bool,
    ) -> Result<SavedSend> {
        let refused =
            |kind, why: &str| Err(Error::refused(Operation::Send, name.as_str(), kind, why));
        let dataset = self
            .dataset(name)
            .map_err(|error| error.with_operation(Operation::Send))?;
        self.check_writable(name)?;
        let Some(saved) = dataset.receive_resume_token()? else {
            let kind = ErrorKind::NoPartialReceive;
            return Err(Error::new(
                Operation::Send,
                name.as_str(),
                kind,
                kind.usual_errno(),
            ));
        };
        let fields = saved.fields();
        if fields.redact_snaps.is_some() || fields.book_redact_snaps.is_some() {
            return refused(ErrorKind::InvalidArgument, "it is of a redacted stream");
        }
        if dataset.encryption()?.is_on() && !fields.raw && !decrypted {
            let why = "what the interrupted receive got was not raw";
            return refused(ErrorKind::WouldDecrypt, why);
        }
        if let Some(resume) = resume.map(ResumeToken::fields) {
            // Whether there are embedded blocks the kernel decides by what is in this pool.
            let kind = |token| flags_of(token) - SendFlags::EMBED_DATA;
            if (resume.to_guid, resume.from_guid, kind(resume))
                != (fields.to_guid, fields.from_guid, kind(fields))
            {
                let why = "the resume token is not of what was received here";
                return refused(ErrorKind::InvalidResumeToken, why);
            }
        }
        let mut request = Request::new(self, Target::Saved(name.clone()));
        request.flags = flags_of(fields).native() | sys::LZC_SEND_FLAG_SAVED;
        request.from = self.saved_base(&dataset, fields.from_guid)?;
        request.resume = resume.map(|token| Place::of(token.fields()));
        Ok(SavedSend {
            request,
            received: fields.bytes,
        })
    }

    /// In a pool that is read-only the kernel does not look for the partial receive, and would send
    /// the dataset itself in its place.
    fn check_writable(&self, name: &DatasetName) -> Result<()> {
        let properties = self
            .pool_properties(&name.pool())
            .map_err(|error| error.with_operation(Operation::Send))?;
        let readonly = properties.raw("readonly");
        if readonly.and_then(|found| found.value.as_u64()) == Some(0) {
            return Ok(());
        }
        let why = "the kernel would send the dataset and not what the receive has left";
        let kind = ErrorKind::ReadOnlyPool;
        Err(Error::refused(Operation::Send, name.as_str(), kind, why))
    }

    fn saved_base(
        &self,
        dataset: &Dataset,
        guid: Option<u64>,
    ) -> Result<Option<IncrementalSource>> {
        let Some(guid) = guid else {
            return Ok(None);
        };
        match self.base_with_guid(dataset, guid, None)? {
            Some(base) => Ok(Some(base)),
            None => Err(Error::refused(
                Operation::Send,
                dataset.name().as_str(),
                ErrorKind::IncrementalSourceNotFound,
                format!("none has the GUID {guid} that the partial receive builds on"),
            )),
        }
    }
}

/// What an interrupted receive has left, about to be sent; see [`Zfs::send_saved`].
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before start() or write_to()"]
pub struct SavedSend {
    request: Request,
    /// How many bytes of its stream the interrupted receive got.
    received: u64,
}

impl SavedSend {
    /// What it builds on, if it is incremental.
    pub fn incremental_source(&self) -> Option<&IncrementalSource> {
        self.request.from.as_ref()
    }

    /// Whether the stream will be raw.
    pub fn is_raw(&self) -> bool {
        self.request.is_raw()
    }

    /// An estimate of the stream's size in bytes: what the interrupted receive got, less what the
    /// receiver has already. The kernel's own estimate knows nothing of partial receives.
    pub fn size(&self) -> u64 {
        let has = self.request.resume.map_or(0, |place| place.received);
        self.received.saturating_sub(has)
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
    /// As there, and while it is read [`ErrorKind::Busy`], if the receive is running.
    pub fn start(&self) -> Result<SendStream> {
        self.request.start()
    }

    /// Sends to a descriptor; see [`SendBuilder::write_to`](super::SendBuilder::write_to).
    ///
    /// # Errors
    ///
    /// As there, and [`ErrorKind::Busy`], if the receive is running.
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

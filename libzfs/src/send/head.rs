//! Sending a dataset as it is now, without a snapshot.

use std::io::Write;
use std::os::fd::AsFd;

use super::request::{Request, Target};
use super::{SendFlags, SendStream};
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::Result;
use crate::handle::Zfs;
use crate::name::{DatasetName, IncrementalSource};
use crate::transfer::TransferControl;

impl Zfs {
    /// Begins to send `dataset` as it is now (`zfs send tank/data`): what there is of a pool that
    /// is imported read-only, where no snapshot can be made.
    ///
    /// Elsewhere a snapshot is better: what is received from this send has no counterpart on this
    /// side, so that no incremental send can build on it. For as long as it is sent, the dataset
    /// can neither be mounted nor received into. There is no estimate of its size; the kernel
    /// knows that of snapshots alone.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// let rescued = zfs.receive(&"vault/rescued@now".parse()?);
    /// rescued.run(zfs.send_head(&"broken/data".parse()?).start()?)?.all()?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "lzc_send")]
    pub fn send_head(&self, dataset: &DatasetName) -> HeadSend {
        HeadSend(Request::new(self, Target::Head(dataset.clone())))
    }
}

/// A dataset about to be sent as it is now; see [`Zfs::send_head`].
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before start() or write_to()"]
pub struct HeadSend(Request);

impl HeadSend {
    /// Sends only what changed since `source`; see [`SendBuilder::from`](super::SendBuilder::from).
    pub fn from(mut self, source: impl Into<IncrementalSource>) -> Self {
        self.0.from = Some(source.into());
        self
    }

    /// Sends what is on disk as it is; see [`SendBuilder::raw`](super::SendBuilder::raw).
    pub fn raw(mut self) -> Self {
        self.0.flags |= SendFlags::ALL_RAW.native();
        self
    }

    /// Sets what else the stream may contain, in addition to what is set.
    pub fn flags(mut self, flags: SendFlags) -> Self {
        self.0.flags |= flags.native();
        self
    }

    /// Has `control` watch the send; see
    /// [`SendBuilder::controlled_by`](super::SendBuilder::controlled_by).
    pub fn controlled_by(mut self, control: &TransferControl) -> Self {
        self.0.controls.push(control.clone());
        self
    }

    /// Starts to send; see [`SendBuilder::start`](super::SendBuilder::start).
    ///
    /// # Errors
    ///
    /// As there. While it is read also [`ErrorKind::DatasetNotFound`] and
    /// [`ErrorKind::Busy`], if it is mounted or in use on a pool that is not read-only.
    pub fn start(&self) -> Result<SendStream> {
        self.0.start()
    }

    /// Sends to a descriptor; see [`SendBuilder::write_to`](super::SendBuilder::write_to).
    ///
    /// # Errors
    ///
    /// As there, and as for [`start`](Self::start).
    pub fn write_to(&self, to: &impl AsFd) -> Result<()> {
        self.0.write_to(to)
    }

    /// Sends to anything that writes; see
    /// [`SendBuilder::write_to_writer`](super::SendBuilder::write_to_writer).
    ///
    /// # Errors
    ///
    /// As for [`write_to`](Self::write_to).
    pub fn write_to_writer(&self, to: impl Write) -> Result<()> {
        self.0.write_to_writer(to)
    }
}

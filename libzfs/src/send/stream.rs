//! A stream that is being sent.

use std::fs::File;
use std::io::{self, Read};
#[cfg(feature = "tokio")]
use std::mem;

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::ffi::SigpipeBlocked;
use crate::receive::{ReceiveBuilder, Received};
use crate::transfer::{self, Descriptor, Halt, RecordWalk, Watch, Worker};

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
    worker: Option<Worker<Result<()>>>,
    watch: Watch,
    walk: RecordWalk,
    /// What is sent.
    name: String,
    /// Whether a read has reported the send's error: then there is no end to report after it.
    failed: bool,
}

/// What a [`SendStream`] is made of.
#[cfg(feature = "tokio")]
pub(super) struct Parts {
    pub(super) pipe: Option<File>,
    pub(super) worker: Option<Worker<Result<()>>>,
    pub(super) watch: Watch,
    pub(super) walk: RecordWalk,
    pub(super) name: String,
    pub(super) failed: bool,
}

impl SendStream {
    pub(crate) fn new(pipe: File, worker: Worker<Result<()>>, watch: Watch, name: &str) -> Self {
        Self {
            pipe: Some(pipe),
            worker: Some(worker),
            watch,
            walk: RecordWalk::or_package(),
            name: name.to_owned(),
            failed: false,
        }
    }

    /// The reading end of the pipe that the kernel writes to, to be handed on.
    pub(crate) fn take_pipe(&mut self) -> Option<File> {
        self.pipe.take()
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    /// What it consists of, all of which is gone from it then.
    #[cfg(feature = "tokio")]
    pub(super) fn dismantle(mut self) -> Parts {
        Parts {
            pipe: self.pipe.take(),
            worker: self.worker.take(),
            watch: mem::take(&mut self.watch),
            walk: mem::replace(&mut self.walk, RecordWalk::new()),
            name: mem::take(&mut self.name),
            failed: self.failed,
        }
    }

    /// Receives what is sent, on this machine: through one pipe, which nothing but the kernel
    /// touches unless one of the two has a [`TransferControl`](crate::TransferControl). The same as
    /// [`ReceiveBuilder::run`] with this stream.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// let copy = zfs.receive(&"vault/prod@mon".parse()?).resumable();
    /// zfs.send(&"tank/prod@mon".parse()?).raw().start()?.copy_to(copy)?.all()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the receive, of which the broken pipe on this side is only a consequence; that of
    /// the send if it failed by itself. See [`ReceiveBuilder::run`].
    pub fn copy_to(self, receive: ReceiveBuilder) -> Result<Received> {
        receive.run(self)
    }

    /// Closes the pipe, waits for the send to end, and tells how it went. What was not read is
    /// lost, and the send fails then with [`ErrorKind::BrokenPipe`].
    ///
    /// # Errors
    ///
    /// Those of the send; see [`SendBuilder::write_to`](super::SendBuilder::write_to).
    pub fn finish(mut self) -> Result<()> {
        self.join()
    }

    fn join(&mut self) -> Result<()> {
        // First, or the send would wait for a reader for ever.
        self.pipe = None;
        match self.worker.take() {
            Some(worker) => worker.join(),
            None => Ok(()),
        }
    }

    /// Waits a moment for the send to end whose pipe is closed, and tells how it went.
    pub(crate) fn ended(mut self) -> Option<Result<()>> {
        let worker = self.worker.take()?;
        worker
            .join_within(self.watch.patience())
            .map(transfer::joined)
    }

    /// Has `work` move the whole stream out of the pipe.
    pub(crate) fn drain(
        mut self,
        work: impl FnOnce(&File, &Watch) -> Result<(), Halt>,
    ) -> Result<()> {
        if let Some(pipe) = self.pipe.take() {
            let quiet = SigpipeBlocked::new();
            let moved = work(&pipe, &self.watch);
            drop(quiet);
            drop(pipe);
            if let Err(halt) = moved {
                return Err(self.halted(halt));
            }
        }
        self.join()
    }

    /// Moves the whole stream to a descriptor.
    pub(crate) fn drain_into(self, sink: &mut Descriptor<'_>) -> Result<()> {
        self.drain(|pipe, watch| {
            // What is looked at has to pass through here.
            if !watch.is_active() && sink.splice_from(pipe)? {
                return Ok(());
            }
            transfer::drain(pipe, sink, watch)
        })
    }

    /// Has the send given up, and says why.
    fn halted(&mut self, halt: Halt) -> Error {
        self.pipe = None;
        let worker = self.worker.take();
        let left = worker.is_some_and(|worker| match worker.join_within(self.watch.patience()) {
            Some(ended) => {
                // Its error is that it could not write.
                let _ = transfer::joined(ended);
                false
            }
            None => true,
        });
        let error = stopped(&self.name, halt);
        match error.kind() {
            ErrorKind::Cancelled | ErrorKind::Stalled if left => {
                let kind = ErrorKind::StillRunning;
                Error::new(
                    Operation::Send,
                    self.name.as_str(),
                    kind,
                    kind.usual_errno(),
                )
            }
            _ => error,
        }
    }
}

/// Why a send was stopped.
pub(super) fn stopped(name: &str, halt: Halt) -> Error {
    let kind = match halt {
        Halt::Source(error) | Halt::Sink(error) => {
            let failed = |error| Error::from_io(Operation::Send, name, error);
            return error.downcast().unwrap_or_else(failed);
        }
        Halt::Gone => ErrorKind::BrokenPipe,
        Halt::Cancelled => ErrorKind::Cancelled,
        Halt::Stalled => ErrorKind::Stalled,
    };
    Error::new(Operation::Send, name, kind, kind.usual_errno())
}

impl Read for SendStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.failed {
            return Err(io::Error::other("the send has failed"));
        }
        let Some(pipe) = &self.pipe else {
            return Ok(0);
        };
        match transfer::read_pipe(pipe, buffer, &self.watch) {
            Ok(0) => {
                let ended = self.join();
                self.failed = ended.is_err();
                Ok(ended.map(|()| 0)?)
            }
            Ok(len) => {
                if self.watch.is_active() {
                    self.watch.moved(len, self.walk.pass(&buffer[..len]));
                }
                Ok(len)
            }
            Err(halt) => {
                self.failed = true;
                Err(self.halted(halt).into())
            }
        }
    }
}

impl Drop for SendStream {
    /// Waits for the send to give up, which it does at its next write to the pipe; not for ever,
    /// because the pool may be suspended.
    fn drop(&mut self) {
        self.pipe = None;
        let worker = self.worker.take();
        match worker.map(|worker| worker.join_within(self.watch.patience())) {
            None | Some(Some(Ok(Ok(())))) => {}
            Some(Some(Ok(Err(error)))) => {
                tracing::debug!(what = self.name, %error, "send given up");
            }
            // Panicking here, maybe during another panic, would abort.
            Some(Some(Err(_))) => tracing::error!(what = self.name, "the sending thread panicked"),
            Some(None) => tracing::warn!(what = self.name, "the kernel has not given the send up"),
        }
    }
}

//! A stream that is being sent.

use std::fs::File;
use std::io::{self, Read};
use std::thread::JoinHandle;

use crate::error::Result;
#[cfg(doc)]
use crate::error::{Error, ErrorKind};
use crate::transfer;

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
    /// What is sent.
    name: String,
    /// Whether a read has reported the send's error: then there is no end to report after it.
    failed: bool,
}

impl SendStream {
    pub(super) fn new(pipe: File, worker: JoinHandle<Result<()>>, name: &str) -> Self {
        Self {
            pipe: Some(pipe),
            worker: Some(worker),
            name: name.to_owned(),
            failed: false,
        }
    }

    /// The reading end of the pipe that the kernel writes to.
    pub(crate) fn pipe(&self) -> Option<&File> {
        self.pipe.as_ref()
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
                Ok(Err(error)) => tracing::debug!(what = self.name, %error, "send given up"),
                // Panicking here, maybe during another panic, would abort.
                Err(_) => tracing::error!(what = self.name, "the sending thread panicked"),
            }
        }
    }
}

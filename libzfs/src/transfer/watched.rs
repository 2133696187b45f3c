//! Reading in the thread that calls, for as long as nothing wants it to stop.

use std::io::{self, Read};

use super::control::{Halt, Watch};
use super::pump::Source;
use crate::error::{Error, ErrorKind, Operation};

/// What is received, read from a source. Where a control stops it, its error is an [`Error`].
pub(crate) struct WatchedRead<S> {
    source: S,
    watch: Watch,
    /// What receives, for the error.
    target: String,
}

impl<S: Source> WatchedRead<S> {
    pub(crate) fn new(source: S, watch: Watch, target: &str) -> Self {
        Self {
            source,
            watch,
            target: target.to_owned(),
        }
    }
}

impl<S: Source> Read for WatchedRead<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let kind = match self.source.read(buffer, None, &self.watch) {
            Ok(len) => return Ok(len),
            Err(Halt::Source(error) | Halt::Sink(error)) => return Err(error),
            Err(Halt::Cancelled) => ErrorKind::Cancelled,
            Err(Halt::Stalled) => ErrorKind::Stalled,
            Err(Halt::Gone) => ErrorKind::BrokenPipe,
        };
        let errno = kind.usual_errno();
        Err(Error::new(Operation::Receive, self.target.as_str(), kind, errno).into())
    }
}

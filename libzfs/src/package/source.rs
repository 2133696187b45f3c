//! The streams of a package, one by one.

use std::io::{self, Read};

use crate::error::Error;
use crate::stream::{BeginRecord, Place, ReadError, Reader, RecordType, StreamError, Verify};

/// A package behind its head.
pub(super) struct Source<R> {
    reader: Reader<Verify<R>>,
}

impl<R: Read> Source<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            reader: Reader::new(Verify::new(inner)),
        }
    }

    /// What the head is read from, before all streams.
    pub(super) fn reader(&mut self) -> &mut Reader<Verify<R>> {
        &mut self.reader
    }

    /// The next stream, of which the one before has to have been read to its end; `None` behind the
    /// last.
    pub(super) fn next(&mut self) -> Result<Option<Substream<'_, R>>, ReadError> {
        let begin = match self.reader.next_record()? {
            Some(record) => record.begin(),
            None => None,
        };
        Ok(begin.map(|begin| Substream {
            held: begin.as_bytes().to_vec(),
            begin,
            passed: 0,
            ended: false,
            failed: None,
            reader: &mut self.reader,
        }))
    }
}

/// A stream of a package, to be read.
pub(super) struct Substream<'a, R> {
    pub(super) begin: BeginRecord,
    reader: &'a mut Reader<Verify<R>>,
    /// The record of which so much has been passed on.
    held: Vec<u8>,
    passed: usize,
    /// Whether that is the last.
    ended: bool,
    /// What reading failed with.
    failed: Option<ReadError>,
}

impl<R: Read> Substream<'_, R> {
    /// Reads what is left, up to the end of the stream.
    pub(super) fn skip(&mut self, stop: impl Fn() -> bool) -> Result<(), ReadError> {
        while !self.ended && self.failed.is_none() && !stop() {
            self.advance();
        }
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Goes on to the next record, behind the payload of this one.
    fn advance(&mut self) {
        match self.reader.next_record() {
            Ok(Some(record)) => {
                self.held.clear();
                self.held.extend_from_slice(record.as_bytes());
                self.passed = 0;
                self.ended =
                    record.record_type() == RecordType::End && record.place() == Place::Stream;
            }
            Ok(None) => self.ended = true,
            Err(error) => self.failed = Some(error),
        }
    }
}

impl<R: Read> Read for Substream<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(error) = &self.failed {
                return Err(copy_of(error));
            }
            let held = &self.held[self.passed..];
            if !held.is_empty() {
                let len = held.len().min(buf.len());
                buf[..len].copy_from_slice(&held[..len]);
                self.passed += len;
                return Ok(len);
            }
            match self.reader.payload().read(buf) {
                Ok(0) if self.ended => return Ok(0),
                Ok(0) => self.advance(),
                Ok(len) => return Ok(len),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let offset = self.reader.offset();
                    self.failed = Some(ReadError::Io { offset, error });
                }
            }
        }
    }
}

/// The same error for the receive, while the package keeps its own.
fn copy_of(error: &ReadError) -> io::Error {
    let error = match error {
        ReadError::Stream(error) => return error.clone().into(),
        ReadError::Io { error, .. } => error,
    };
    let ours = error.get_ref().and_then(|inner| inner.downcast_ref());
    match (ours, StreamError::in_io(error), error.raw_os_error()) {
        (Some(ours), ..) => again(ours).into(),
        (None, Some(error), _) => error.clone().into(),
        (None, None, Some(number)) => io::Error::from_raw_os_error(number),
        (None, None, None) => io::Error::new(error.kind(), error.to_string()),
    }
}

/// An error of ours that says the same.
fn again(error: &Error) -> Error {
    Error::new(
        error.operation(),
        error.target(),
        error.kind(),
        error.errno(),
    )
}

//! A stream that is looked at while it passes through.

use std::io::{self, Read};

use super::reader::{read_payload, within};
use super::record::{Place, RECORD_LEN, RecordType};
use super::walk::Walk;
use super::{Limits, Record, StreamError};

/// How much of what follows a first record memory is asked for before it has come.
const HELD_LEN: usize = 4 << 10;

/// Who looks at a stream.
pub(super) trait Inspect {
    /// A record, before it is let through.
    ///
    /// `payload` is what follows the first record of a stream, and empty for all others.
    fn record(&mut self, record: &Record<'_>, payload: &[u8]) -> Result<(), StreamError>;

    /// Some of the payload of a record of another kind, before it is let through; `last` if that
    /// ends it.
    fn payload(&mut self, bytes: &[u8], last: bool);
}

/// Reads a stream that passes through unchanged.
///
/// A record is let through when it is whole and the inspector has nothing against it, the first one
/// of a stream together with its payload; other payloads as they come. Of what is read from nothing
/// is read behind the stream.
pub(super) struct Pass<R, I> {
    inner: R,
    inspect: I,
    walk: Walk,
    /// A record that is not whole yet, or that is let through.
    header: [u8; RECORD_LEN],
    /// How much of the record, and behind it of `held`, has come.
    filled: usize,
    /// How much of both there has to be.
    wanted: usize,
    /// How much of both has been let through, once they may be.
    passed: Option<usize>,
    /// What follows the first record of a stream.
    held: Vec<u8>,
    /// How much of a payload is to come.
    left: u64,
    failed: Option<StreamError>,
}

impl<R, I> Pass<R, I> {
    pub(super) const fn new(inner: R, inspect: I, limits: Limits) -> Self {
        Self {
            inner,
            inspect,
            walk: Walk::new(limits),
            header: [0; RECORD_LEN],
            filled: 0,
            wanted: RECORD_LEN,
            passed: None,
            held: Vec::new(),
            left: 0,
            failed: None,
        }
    }

    pub(super) const fn inspector(&self) -> &I {
        &self.inspect
    }

    pub(super) fn into_parts(self) -> (R, I) {
        (self.inner, self.inspect)
    }

    /// Whether all of the stream has been let through.
    pub(super) const fn is_done(&self) -> bool {
        self.walk.is_done() && self.passed.is_none() && self.failed.is_none()
    }

    fn fail(&mut self, error: StreamError) -> io::Error {
        self.failed = Some(error.clone());
        error.into()
    }
}

impl<R: Read, I: Inspect> Pass<R, I> {
    /// Reads what is missing of a record, and of what follows it if it begins a stream.
    fn fill(&mut self) -> io::Result<()> {
        while self.filled < RECORD_LEN {
            let len = self.inner.read(&mut self.header[self.filled..])?;
            if len == 0 {
                return Err(self.fail(self.walk.cut_in_record(self.filled)));
            }
            self.filled += len;
        }
        if self.wanted == RECORD_LEN {
            // A try, on a copy: it is not over before what follows the record is there.
            let tried = self.walk.clone().step(&self.header).map(|record| {
                let held = record.record_type == RecordType::Begin && record.place == Place::Stream;
                if held { record.payload_len } else { 0 }
            });
            // Limited, and so not too long.
            let len = tried.map_err(|error| self.fail(error))?;
            self.wanted += within(usize::MAX - RECORD_LEN, len);
        }
        while self.filled < self.wanted {
            let have = self.filled - RECORD_LEN;
            if have == self.held.len() {
                let more = (self.wanted - self.filled).min(HELD_LEN);
                self.held.resize(have + more, 0);
            }
            let len = self.inner.read(&mut self.held[have..])?;
            if len == 0 {
                let offset = self.walk.offset() + self.filled as u64;
                let missing = (self.wanted - self.filled) as u64;
                return Err(self.fail(StreamError::Truncated { offset, missing }));
            }
            self.filled += len;
        }
        Ok(())
    }

    /// Lets a record through if it may.
    fn admit(&mut self) -> Result<(), StreamError> {
        let record = self.walk.step(&self.header)?;
        self.inspect.record(&record, &self.held)?;
        self.left = record.payload_len - self.held.len() as u64;
        Ok(())
    }

    pub(super) fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into());
        }
        if buf.is_empty() {
            return Ok(0);
        }
        if self.passed.is_none() && self.left > 0 {
            let payload = within(buf.len(), self.left);
            let payload = &mut buf[..payload];
            let (len, of_next) =
                read_payload(&mut self.inner, payload, self.left, &mut self.header)?;
            if len == 0 {
                return Err(self.fail(self.walk.cut_in_payload(self.left)));
            }
            self.filled = of_next;
            self.left -= len as u64;
            self.inspect.payload(&payload[..len], self.left == 0);
            return Ok(len);
        }
        let passed = match self.passed {
            Some(passed) => passed,
            None if self.walk.is_done() => return Ok(0),
            None => {
                self.fill()?;
                self.admit().map_err(|error| self.fail(error))?;
                0
            }
        };
        let from = match passed.checked_sub(RECORD_LEN) {
            None => &self.header[passed..],
            Some(passed) => &self.held[passed..],
        };
        let len = buf.len().min(from.len());
        buf[..len].copy_from_slice(&from[..len]);
        self.passed = Some(passed + len);
        if passed + len == self.wanted {
            self.passed = None;
            self.filled = 0;
            self.wanted = RECORD_LEN;
            // Not kept for the length of the stream, if it was long.
            self.held = Vec::new();
        }
        Ok(len)
    }
}

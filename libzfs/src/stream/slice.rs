//! A stream in memory, walked over without copying any of it.

use std::iter::FusedIterator;

use super::walk::Walk;
use super::{Limits, Record, StreamError};

/// The records of a stream or package in memory, each with its payload.
///
/// It ends with the record that ends the stream, or with the first error; [`rest`](Self::rest) is
/// what has not been walked over. Checksums are not looked at: see [`verify`](super::verify).
///
/// ```
/// use libzfs::stream::{Body, Records, StreamError};
///
/// fn largest_file_write(stream: &[u8]) -> Result<u64, StreamError> {
///     let mut largest = 0;
///     for item in Records::new(stream) {
///         let (record, payload) = item?;
///         assert_eq!(payload.len() as u64, record.payload_len());
///         if let Body::Write(write) = record.body() {
///             largest = largest.max(write.logical_size);
///         }
///     }
///     Ok(largest)
/// }
///
/// assert_eq!(largest_file_write(b""), Err(StreamError::Empty));
/// ```
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
    walk: Walk,
    failed: bool,
}

impl<'a> Records<'a> {
    /// Walks from the first byte on.
    #[must_use]
    pub fn new(stream: &'a [u8]) -> Self {
        Self::with_limits(stream, Limits::default())
    }

    /// Walks from the first byte on, with these limits on payloads.
    #[must_use]
    pub const fn with_limits(stream: &'a [u8], limits: Limits) -> Self {
        Self {
            rest: stream,
            walk: Walk::new(limits),
            failed: false,
        }
    }

    /// What has not been walked over: once all records have, what follows the stream.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next record, for whose payload [`payload`](Self::payload) is to be called.
    pub(super) fn header(&mut self) -> Result<Record<'a>, StreamError> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(self.walk.cut_in_record(self.rest.len()));
        };
        let record = self.walk.step(bytes)?;
        self.rest = rest;
        Ok(record)
    }

    pub(super) fn payload(&mut self, record: &Record<'_>) -> Result<&'a [u8], StreamError> {
        let here = usize::try_from(record.payload_len)
            .ok()
            .and_then(|len| self.rest.split_at_checked(len));
        let Some((payload, rest)) = here else {
            let missing = record.payload_len - self.rest.len() as u64;
            return Err(self.walk.cut_in_payload(missing));
        };
        self.rest = rest;
        Ok(payload)
    }

    pub(super) const fn is_done(&self) -> bool {
        self.walk.is_done()
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<(Record<'a>, &'a [u8]), StreamError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.is_done() {
            return None;
        }
        let item = self
            .header()
            .and_then(|record| Ok((record, self.payload(&record)?)));
        self.failed = item.is_err();
        Some(item)
    }
}

impl FusedIterator for Records<'_> {}

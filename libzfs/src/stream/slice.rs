//! A stream in memory, walked over without copying any of it.

use std::iter::FusedIterator;

use super::walk::Walk;
use super::{Limits, Record, StreamError};

/// The records of a stream or package in memory, each with its payload.
///
/// It ends with the record that ends the stream, or with the first error; [`rest`](Self::rest) is
/// what has not been walked over. Checksums are not looked at.
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

    fn step(&mut self) -> Result<(Record<'a>, &'a [u8]), StreamError> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(self.walk.cut_in_record(self.rest.len()));
        };
        let record = self.walk.step(bytes)?;
        let here = usize::try_from(record.payload_len)
            .ok()
            .and_then(|len| rest.split_at_checked(len));
        let Some((payload, rest)) = here else {
            let missing = record.payload_len - rest.len() as u64;
            return Err(self.walk.cut_in_payload(missing));
        };
        self.rest = rest;
        Ok((record, payload))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<(Record<'a>, &'a [u8]), StreamError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.walk.is_done() {
            return None;
        }
        let item = self.step();
        self.failed = item.is_err();
        Some(item)
    }
}

impl FusedIterator for Records<'_> {}

//! A stream read from anything, record by record.

use std::fmt;
use std::io::{self, IoSliceMut, Read};

use super::record::RECORD_LEN;
use super::walk::Walk;
use super::{Limits, ReadError, Record};

/// How much of a payload that nobody wants is read at once.
const SKIP_LEN: usize = 64 << 10;

/// Reads the records of a stream or package from anything that can be read.
///
/// Of a payload only what is asked for is kept: what [`payload`](Self::payload) or
/// [`read_payload`](Self::read_payload) does not read is passed over. So the memory that it takes
/// does not depend on the stream. Nothing behind the last record is read, and checksums are not
/// looked at: read from a [`Verify`](super::Verify) to have that done.
///
/// Records are read one by one, with a call for each record and each payload; a file or pipe with
/// many small ones should stand in a [`BufReader`](io::BufReader), which then reads ahead.
///
/// ```
/// use std::io::{self, IoSliceMut, Read};
///
/// use libzfs::stream::{Body, ReadError, Reader};
///
/// fn list(stream: impl Read) -> Result<(), ReadError> {
///     let mut reader = Reader::new(stream);
///     let mut content = Vec::new();
///     while let Some(record) = reader.next_record()? {
///         match record.body() {
///             Body::Begin(begin) => println!("{}", begin.to_name()),
///             Body::Write(write) => {
///                 println!("object {} at {}", write.object, write.offset);
///                 reader.read_payload(&mut content)?;
///             }
///             _ => {}
///         }
///     }
///     Ok(())
/// }
/// ```
pub struct Reader<R> {
    inner: R,
    walk: Walk,
    header: [u8; RECORD_LEN],
    /// How much of the header is there, so that reading can go on after an error that passes.
    filled: usize,
    /// How much of the payload is still to be read.
    left: u64,
    skipped: Vec<u8>,
}

impl<R: Read> Reader<R> {
    /// Reads from the first byte of a stream on.
    pub fn new(inner: R) -> Self {
        Self::with_limits(inner, Limits::default())
    }

    /// Reads from the first byte of a stream on, with these limits on payloads.
    pub const fn with_limits(inner: R, limits: Limits) -> Self {
        Self {
            inner,
            walk: Walk::new(limits),
            header: [0; RECORD_LEN],
            filled: 0,
            left: 0,
            skipped: Vec::new(),
        }
    }

    /// The next record; `None` behind the one that ends the stream.
    ///
    /// What is left of the payload of the record before is passed over.
    ///
    /// # Errors
    ///
    /// [`ReadError`] says at which byte. After one of what is read from, as that it would block,
    /// the call can be made again; after one of the stream it fails again.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, ReadError> {
        self.skip_payload()?;
        if self.walk.is_done() {
            return Ok(None);
        }
        while self.filled < RECORD_LEN {
            match read(&mut self.inner, &mut self.header[self.filled..]) {
                Ok(0) => return Err(self.walk.cut_in_record(self.filled).into()),
                Ok(len) => self.filled += len,
                Err(error) => return Err(self.failed(error)),
            }
        }
        // Not before it is known to be right: what is wrong is found again.
        let record = self.walk.step(&self.header)?;
        self.filled = 0;
        self.left = record.payload_len;
        Ok(Some(record))
    }

    /// The payload of the last record, or what is left of it, to be read as a stream of bytes.
    ///
    /// That the stream ends within it is an error and not the end.
    pub const fn payload(&mut self) -> Payload<'_, R> {
        Payload(self)
    }

    /// Reads the payload of the last record, or what is left of it, into memory.
    ///
    /// What was in `into` is dropped, and its memory is used again. It grows as bytes come, up to
    /// the limit for the record.
    ///
    /// # Errors
    ///
    /// [`ReadError`] says at which byte.
    pub fn read_payload(&mut self, into: &mut Vec<u8>) -> Result<(), ReadError> {
        into.clear();
        let got = (&mut self.inner).take(self.left).read_to_end(into);
        self.left -= into.len() as u64;
        got.map_err(|error| self.failed(error))?;
        match self.left {
            0 => Ok(()),
            missing => Err(self.walk.cut_in_payload(missing).into()),
        }
    }

    /// Passes over the payload of the last record, or what is left of it.
    fn skip_payload(&mut self) -> Result<(), ReadError> {
        if self.left > 0 && self.skipped.is_empty() {
            self.skipped.resize(SKIP_LEN, 0);
        }
        while self.left > 0 {
            let len = within(SKIP_LEN, self.left);
            let payload = &mut self.skipped[..len];
            match read_payload(&mut self.inner, payload, self.left, &mut self.header) {
                Ok((0, _)) => return Err(self.walk.cut_in_payload(self.left).into()),
                Ok((len, of_next)) => {
                    self.left -= len as u64;
                    self.filled = of_next;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(())
    }

    fn failed(&self, error: io::Error) -> ReadError {
        ReadError::Io {
            offset: self.offset(),
            error,
        }
    }

    /// How many bytes of the stream have been read.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.walk.offset() - self.left + self.filled as u64
    }

    /// What is read from, standing at [`offset`](Self::offset).
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("walk", &self.walk)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// The payload of a record, to be read.
#[derive(Debug)]
pub struct Payload<'a, R>(&'a mut Reader<R>);

impl<R: Read> Read for Payload<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Reader {
            inner, walk, left, ..
        } = self.0;
        let len = within(buf.len(), *left);
        if len == 0 {
            return Ok(0);
        }
        let len = inner.read(&mut buf[..len])?;
        if len == 0 {
            return Err(walk.cut_in_payload(*left).into());
        }
        *left -= len as u64;
        Ok(len)
    }
}

/// `len`, or what is left if that is less.
pub(super) fn within(len: usize, left: u64) -> usize {
    usize::try_from(left).map_or(len, |left| len.min(left))
}

/// Reads some of a payload of which `left` is to come, and once it is whole of the record behind it,
/// which there always is, in the same call. Says how much of each it was.
pub(super) fn read_payload(
    inner: &mut impl Read,
    payload: &mut [u8],
    left: u64,
    next: &mut [u8; RECORD_LEN],
) -> io::Result<(usize, usize)> {
    let room = payload.len();
    if left > room as u64 {
        return Ok((inner.read(payload)?, 0));
    }
    let mut parts = [IoSliceMut::new(payload), IoSliceMut::new(next)];
    let len = inner.read_vectored(&mut parts)?;
    Ok((len.min(room), len.saturating_sub(room).min(RECORD_LEN)))
}

/// Reads some bytes, however often a signal comes.
fn read(inner: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match inner.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

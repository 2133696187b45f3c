//! A stream whose checksums are compared while it passes through.

use std::fmt;
use std::io::{self, Read};

use super::check::Checks;
use super::pass::Pass;
use super::{Limits, Summary};

/// Passes a stream or package through unchanged, and compares each checksum on the way.
///
/// A record is passed on when it is whole and its checksum, which is that of all before it, is
/// right. A payload is passed on before its checksum is known, which the next record has; so what
/// was read before an error is not to be trusted, but no stream ends without one that should have
/// one: the record that ends it is passed on last. Behind that the end is reported, and nothing is
/// read from below.
///
/// Errors are [`io::Error`]s with a [`StreamError`](super::StreamError) in them: of the kind
/// `UnexpectedEof` if the stream ends too early, and otherwise `InvalidData`. Those of what is read
/// from are passed on as they are, and reading can go on after one that passes. It reads record by
/// record and payload by payload, for which a [`BufReader`](io::BufReader) is of use below.
///
/// Every bit of a stream is in some checksum, as OpenZFS makes them. In a package the records that
/// end its head and itself have none; what no other checksum covers has to be zero.
///
/// ```
/// use std::io;
///
/// use libzfs::stream::{StreamError, Verify};
///
/// fn store(stream: impl io::Read, mut to: impl io::Write) -> io::Result<u64> {
///     let mut verify = Verify::new(stream);
///     io::copy(&mut verify, &mut to)?;
///     let summary = verify.summary();
///     assert!(summary.complete);
///     for stream in &summary.streams {
///         println!("{} is right: {} bytes", stream.to_name, stream.bytes);
///     }
///     Ok(summary.bytes)
/// }
///
/// let error = store(&b"no stream"[..], io::sink()).unwrap_err();
/// assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
/// assert_eq!(StreamError::in_io(&error), Some(&StreamError::TooShort { got: 9 }));
/// ```
pub struct Verify<R>(Pass<R, Checks>);

impl<R> Verify<R> {
    /// Reads a stream from its first byte on.
    pub fn new(inner: R) -> Self {
        Self::with_limits(inner, Limits::default())
    }

    /// Reads a stream from its first byte on, with these limits on payloads.
    pub fn with_limits(inner: R, limits: Limits) -> Self {
        Self(Pass::new(inner, Checks::new(), limits))
    }

    /// Takes it for the end of a single stream that what is read from ends behind a record, as is
    /// so with what an interrupted receive has left (`zfs send -S`, `Zfs::send_saved`): the kernel
    /// leaves out the record that ends it.
    ///
    /// Whether more was to come is then not known, and [`Summary::complete`] stays false; and the
    /// payload of the last record is in no checksum.
    #[must_use]
    pub fn without_end(mut self) -> Self {
        self.0.takes_no_end();
        self
    }

    /// What is known of the stream so far.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.0.inspector().summary
    }

    /// Whether all of the stream has been passed on, and was right.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.0.is_done()
    }

    /// What is read from, and what is known of the stream.
    ///
    /// Once [`is_done`](Self::is_done), it stands right behind the stream.
    pub fn into_parts(self) -> (R, Summary) {
        let (inner, checks) = self.0.into_parts();
        (inner, checks.summary)
    }
}

impl<R: Read> Read for Verify<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl<R> fmt::Debug for Verify<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Verify").field(self.summary()).finish()
    }
}

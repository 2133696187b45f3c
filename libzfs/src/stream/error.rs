//! What can be wrong with a stream.

use std::io;

use super::guard::Unmet;
use super::{BeginRecord, Checksum, RecordType};
use crate::nvlist::DecodeError;

/// What is wrong with a send stream, and at which byte.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// There is no stream: it ended before its first byte.
    #[error("the stream is empty")]
    Empty,
    /// The stream ended within its first record.
    #[error(
        "the stream ends after {got} bytes, within its first record of {}",
        BeginRecord::LEN
    )]
    TooShort {
        /// How many bytes there were.
        got: usize,
    },
    /// It is no send stream: the magic number is not there in either byte order.
    #[error("no send stream: {found:#018x} at byte 8 is not its magic number")]
    BadMagic {
        /// What is there in its place, read in this machine's byte order.
        found: u64,
    },
    /// The first record is not the one that begins a stream.
    #[error("the record at byte 0 is of type {record_type}, and not the one that begins a stream")]
    NotBegin {
        /// The type that it has.
        record_type: u32,
    },
    /// The stream says neither that it is a single one nor that it is a package.
    #[error("unknown header type {found} in the version at byte 16 of the stream")]
    UnknownHeaderType {
        /// The type that it has.
        found: u8,
    },
    /// It is a package of streams (`zfs send -R`, `-I` or `-p`) where a single one is wanted.
    #[error(
        "the version at byte 16 says that it is a package of streams (as zfs send -R, -I and -p \
         make them), where a single stream is wanted"
    )]
    Package,
    /// The stream is deduplicated, which no supported release of OpenZFS can receive.
    #[error(
        "the version at byte 16 says that the stream is deduplicated, which OpenZFS has not been \
         able to receive since 2.0; zstream redup converts it"
    )]
    Dedup,
    /// What is wrong is wrong with the first record of a stream in a package.
    #[error("in the stream that begins at byte {start} of a package: {error}")]
    Substream {
        /// The byte at which that stream begins.
        start: u64,
        /// What is wrong, with bytes counted from there.
        error: Box<StreamError>,
    },
    /// The stream ended within a record or its payload.
    #[error("the stream ends at byte {offset}, {missing} bytes before the end of a record")]
    Truncated {
        /// The byte at which it ended.
        offset: u64,
        /// How many bytes are missing to the end of the record or payload, at least.
        missing: u64,
    },
    /// The stream ended behind a record, without one that ends it.
    #[error("the stream ends at byte {offset} without a record that ends it")]
    NoEnd {
        /// The byte at which it ended.
        offset: u64,
    },
    /// A record is of a type that nothing is known of.
    #[error("the record at byte {offset} is of the unknown type {record_type}")]
    UnknownRecordType {
        /// The byte at which the record begins.
        offset: u64,
        /// The type that it has.
        record_type: u32,
    },
    /// A record is where none of its type can be: a stream begins within another, or a package has
    /// something between its streams.
    #[error("at byte {offset} is a record of type {record_type}, which has no place there")]
    Misplaced {
        /// The byte at which the record begins.
        offset: u64,
        /// The type that it has.
        record_type: RecordType,
    },
    /// A record says that its payload is longer than it may be.
    #[error(
        "at byte {offset} a record of type {record_type} says that {claimed} bytes follow it, more \
         than the {limit} that may"
    )]
    PayloadTooLong {
        /// The byte at which it says so.
        offset: u64,
        /// The type of the record.
        record_type: RecordType,
        /// What it says.
        claimed: u64,
        /// What may be.
        limit: u64,
    },
    /// A record's own checksum does not fit what precedes it.
    #[error(
        "the checksum {found} at byte {offset}, of a record of type {record_type}, does not fit \
         what precedes it, which has {expected}"
    )]
    BadChecksum {
        /// The byte at which the checksum is. What is damaged is before it, and behind the checksum
        /// before it.
        offset: u64,
        /// The type of the record.
        record_type: RecordType,
        /// The checksum that it should be.
        expected: Checksum,
        /// The checksum that is there; 0 says that there is none, which is right only where no
        /// record of the stream has one.
        found: Checksum,
    },
    /// The checksum of the whole stream, in its last record, does not fit.
    #[error(
        "the checksum {found} at byte {offset}, of the whole stream, does not fit it: it has \
         {expected}"
    )]
    BadEndChecksum {
        /// The byte at which the checksum is.
        offset: u64,
        /// The checksum that it should be.
        expected: Checksum,
        /// The checksum that is there.
        found: Checksum,
    },
    /// An `END` record of a package, which is zeros but for type and checksum of what precedes it,
    /// has something else in it.
    #[error("byte {offset}, in a record that ends a package or its header, is not zero")]
    BadPackageEnd {
        /// The first byte that is not zero and should be.
        offset: u64,
    },
    /// What follows the first record is no nvlist, or one in which names may repeat.
    #[error("behind the first record, at byte {start}, {error}")]
    BadBeginPayload {
        /// The byte at which it begins.
        start: u64,
        /// What is wrong, with bytes counted from there.
        error: DecodeError,
    },
    /// The stream is not what it has to be.
    #[error("at byte {offset}: {unmet}")]
    Unmet {
        /// The byte from which that follows.
        offset: u64,
        /// What it is not.
        unmet: Unmet,
    },
}

impl StreamError {
    /// The byte at which what is wrong begins, counted from the start of the stream.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match self {
            Self::Empty | Self::NotBegin { .. } => 0,
            Self::TooShort { got } => *got as u64,
            Self::BadMagic { .. } => BeginRecord::MAGIC_AT as u64,
            Self::UnknownHeaderType { .. } | Self::Package | Self::Dedup => {
                BeginRecord::VERSION_AT as u64
            }
            Self::Substream { start, error } => start.saturating_add(error.offset()),
            Self::BadBeginPayload { start, error } => start.saturating_add(error.offset() as u64),
            Self::Truncated { offset, .. }
            | Self::NoEnd { offset }
            | Self::UnknownRecordType { offset, .. }
            | Self::Misplaced { offset, .. }
            | Self::PayloadTooLong { offset, .. }
            | Self::BadChecksum { offset, .. }
            | Self::BadEndChecksum { offset, .. }
            | Self::BadPackageEnd { offset }
            | Self::Unmet { offset, .. } => *offset,
        }
    }

    /// Whether the stream ended too early, and all that came of it was right as far as it was looked
    /// at.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        matches!(
            self,
            Self::Empty | Self::TooShort { .. } | Self::Truncated { .. } | Self::NoEnd { .. }
        )
    }

    /// The error in an [`io::Error`] that an adapter of this module made.
    ///
    /// ```
    /// use std::io;
    ///
    /// use libzfs::stream::{ReadError, StreamError};
    ///
    /// let error = io::Error::from(ReadError::Stream(StreamError::Empty));
    /// assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    /// assert_eq!(StreamError::in_io(&error), Some(&StreamError::Empty));
    /// ```
    #[must_use]
    pub fn in_io(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<StreamError> for io::Error {
    /// Of the kind `UnexpectedEof` if the stream ended too early, and otherwise `InvalidData`.
    fn from(error: StreamError) -> Self {
        let kind = if error.is_truncated() {
            io::ErrorKind::UnexpectedEof
        } else {
            io::ErrorKind::InvalidData
        };
        Self::new(kind, error)
    }
}

/// Why a stream could not be read on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// What it is read from failed.
    #[error("the stream could not be read at byte {offset}: {error}")]
    Io {
        /// The byte of the stream that could not be read.
        offset: u64,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// Something is wrong with the stream.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl ReadError {
    /// The byte of the stream at which it is.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match self {
            Self::Io { offset, .. } => *offset,
            Self::Stream(error) => error.offset(),
        }
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io { error, .. } => error,
            ReadError::Stream(error) => error.into(),
        }
    }
}

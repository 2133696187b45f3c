//! What can be wrong with a stream.

use super::BeginRecord;

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
}

impl StreamError {
    /// The byte at which what is wrong begins, counted from the start of the stream.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        match self {
            Self::Empty | Self::NotBegin { .. } => 0,
            Self::TooShort { got } => *got as u64,
            Self::BadMagic { .. } => BeginRecord::MAGIC_AT as u64,
            Self::UnknownHeaderType { .. } | Self::Package | Self::Dedup => {
                BeginRecord::VERSION_AT as u64
            }
        }
    }
}

//! Why a text is no resume token.

use super::{MAX_PACKED_LEN, MAX_TEXT_LEN};
use crate::nvlist::{DataType, DecodeError, EncodeError};

/// Why a text is no resume token.
///
/// Bytes are counted from the start of the text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The text is longer than [`MAX_TEXT_LEN`].
    #[error("a resume token of {len} bytes, more than the {MAX_TEXT_LEN} that one can have")]
    TooLong {
        /// The length of the text in bytes.
        len: usize,
    },
    /// The text ends before all four parts are there.
    #[error("a resume token has four parts with '-' between them; this one ends in its {part}")]
    Incomplete {
        /// The part in which it ends.
        part: &'static str,
    },
    /// A part is no number, or not one of 64 bits.
    #[error("the {part} at byte {offset} of a resume token is no number of 64 bits")]
    BadNumber {
        /// The part.
        part: &'static str,
        /// The byte at which it begins.
        offset: usize,
    },
    /// The version is not 1.
    #[error("unknown version {version} of a resume token")]
    UnknownVersion {
        /// The version.
        version: u64,
    },
    /// The token says that its nvlist is longer than [`MAX_PACKED_LEN`].
    #[error(
        "the resume token says at byte {offset} that it has {claimed} bytes inside, more than the \
         {MAX_PACKED_LEN} that are read"
    )]
    TooLarge {
        /// What it says.
        claimed: u64,
        /// The byte at which it says so.
        offset: usize,
    },
    /// The data have something that is no hexadecimal digit.
    #[error("byte {offset} of a resume token is no hexadecimal digit")]
    BadDigit {
        /// The byte.
        offset: usize,
    },
    /// The data end in half a byte.
    #[error("the data of a resume token end at byte {offset} with half a byte")]
    OddDigits {
        /// The byte at which the odd digit is.
        offset: usize,
    },
    /// The checksum is not that of the data, in neither byte order.
    #[error("the checksum {claimed:x} at byte {offset} of a resume token is not that of its data")]
    BadChecksum {
        /// The checksum that the token has.
        claimed: u64,
        /// The byte at which it is.
        offset: usize,
    },
    /// The data are not what zlib makes, or zlib's own checksum is not theirs.
    #[error("the data of a resume token can't be decompressed, at byte {offset}")]
    BadZlib {
        /// About where: the decompressor reads ahead.
        offset: usize,
    },
    /// The compressed data end too early.
    #[error("the data of a resume token end at byte {offset} before their end")]
    TruncatedZlib {
        /// The length of the text.
        offset: usize,
    },
    /// The data are longer than the token says, decompressed.
    #[error(
        "the data of a resume token are more than the {claimed} bytes that it says at byte {offset}"
    )]
    Overlong {
        /// What it says.
        claimed: usize,
        /// The byte at which it says so.
        offset: usize,
    },
    /// The data are shorter than the token says, decompressed.
    #[error(
        "the data of a resume token are {got} bytes, and not the {claimed} that it says at byte \
         {offset}"
    )]
    Underlong {
        /// What it says.
        claimed: usize,
        /// The byte at which it says so.
        offset: usize,
        /// What they are.
        got: usize,
    },
    /// Something follows the compressed data.
    #[error("something follows at byte {offset} of a resume token, behind its data")]
    TrailingBytes {
        /// The byte at which it begins.
        offset: usize,
    },
    /// What the token is to say has no encoding.
    #[error("the nvlist of a resume token can't be encoded: {0}")]
    Encode(#[from] EncodeError),
    /// The data are no nvlist in which names are unique.
    #[error("the data of a resume token, decompressed: {0}")]
    NvList(#[from] DecodeError),
    /// The data are an nvlist, but not in the native encoding and the checksum's byte order.
    #[error("the nvlist in a resume token is not of the encoding and byte order that it has to be")]
    WrongEncoding,
    /// Something is missing in the nvlist.
    #[error("a resume token without {name:?}")]
    MissingField {
        /// The name of the pair.
        name: &'static str,
    },
    /// Something in the nvlist is not of the type that it has to be.
    #[error("{name:?} in a resume token is a value of the type {found}")]
    WrongType {
        /// The name of the pair.
        name: &'static str,
        /// The type that it has.
        found: DataType,
    },
}

impl TokenError {
    /// The byte of the text at which what is wrong is, where it is at one.
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        match self {
            Self::BadNumber { offset, .. }
            | Self::TooLarge { offset, .. }
            | Self::BadDigit { offset }
            | Self::OddDigits { offset }
            | Self::BadChecksum { offset, .. }
            | Self::Overlong { offset, .. }
            | Self::Underlong { offset, .. }
            | Self::BadZlib { offset }
            | Self::TruncatedZlib { offset }
            | Self::TrailingBytes { offset } => Some(*offset),
            Self::UnknownVersion { .. } => Some(0),
            _ => None,
        }
    }
}

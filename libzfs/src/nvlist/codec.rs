//! What the two encodings have in common: the header, the errors, a reader that never reads past
//! the end.

use bstr::{BStr, BString};

use super::{DataType, Endian, NvList, Uniqueness, native, xdr};

/// How deep lists can stand in lists: 100, the limit of the C library in user space.
///
/// The kernel's own limit is 20; what goes to it should stay far below that.
pub const MAX_DEPTH: usize = 100;

/// Length of the header that names encoding and byte order.
pub(super) const HEADER_LEN: usize = 4;

/// The longest that an encoded list can be; C counts in `int`.
const MAX_LEN: usize = i32::MAX as usize;

/// The longest name without its NUL; C keeps the length with the NUL in an `int16_t`.
const MAX_NAME_LEN: usize = i16::MAX as usize - 1;

/// How a list is written as bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Encoding {
    /// `NV_ENCODE_NATIVE`: C's own structures in the writer's byte order. Ioctls, send streams and
    /// resume tokens use it.
    #[default]
    Native,
    /// `NV_ENCODE_XDR`: the same on every machine. Vdev labels and cache files use it.
    Xdr,
}

impl Encoding {
    const fn byte(self) -> u8 {
        match self {
            Self::Native => 0,
            Self::Xdr => 1,
        }
    }
}

/// Why a list can't be encoded: C has no way to say it.
///
/// Each names the pair itself, however deep in lists in lists it stands.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A name has a NUL in it; in C it would end there.
    #[error("the name {name:?} of a pair has a NUL in it")]
    NulInName {
        /// The name.
        name: BString,
    },
    /// A name has more than 32766 bytes.
    #[error("the name of a pair has {len} bytes, more than the {MAX_NAME_LEN} that C can hold")]
    NameTooLong {
        /// The name.
        name: BString,
        /// Its length in bytes.
        len: usize,
    },
    /// A string has a NUL in it; in C it would end there.
    #[error("the string in {name:?} has a NUL in it")]
    NulInString {
        /// The name of the pair.
        name: BString,
    },
    /// Lists stand in lists more than [`MAX_DEPTH`] deep.
    #[error("lists stand in lists more than {MAX_DEPTH} deep, at {name:?}")]
    TooDeep {
        /// The name of the pair.
        name: BString,
    },
    /// The encoded list would be longer than 2147483647 bytes.
    #[error("the encoded list would be longer than {MAX_LEN} bytes, at {name:?}")]
    TooLong {
        /// The name of the pair.
        name: BString,
    },
}

/// What is wrong with an encoded list, and at which byte.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("at byte {offset} of an nvlist: {kind}")]
pub struct DecodeError {
    offset: usize,
    kind: DecodeErrorKind,
}

impl DecodeError {
    pub(super) const fn new(offset: usize, kind: DecodeErrorKind) -> Self {
        Self { offset, kind }
    }

    /// The byte at which what is wrong begins, counted from the start of the list.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &DecodeErrorKind {
        &self.kind
    }
}

/// What is wrong with an encoded list.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The bytes end too early.
    #[error("{needed} bytes are needed, {left} are left")]
    Truncated {
        /// How many bytes are needed from here on.
        needed: u64,
        /// How many there are.
        left: usize,
    },
    /// The list ended before the bytes did; this many are left.
    #[error("the list ends here, but {0} bytes follow")]
    TrailingBytes(usize),
    /// The first byte is neither 0 (native) nor 1 (XDR).
    #[error("unknown encoding {0}")]
    UnknownEncoding(u8),
    /// The second byte of a native list is neither 0 (big-endian) nor 1 (little-endian).
    #[error("unknown byte order {0}")]
    UnknownEndian(u8),
    /// The version of a list is not 0.
    #[error("unknown version {0} of a list")]
    UnknownVersion(i32),
    /// Lists stand in lists more than [`MAX_DEPTH`] deep.
    #[error("lists stand in lists more than {MAX_DEPTH} deep")]
    TooDeep,
    /// The size of a pair is negative, or too small for what has to be in it.
    #[error("impossible size {0} of a pair")]
    BadPairSize(i32),
    /// The size of a name is not positive, or is larger than its pair.
    #[error("impossible size {0} of a name")]
    BadNameSize(i32),
    /// A name has a NUL before its end, or none there.
    #[error("a name does not end where it should")]
    BadName,
    /// A list does not say that its names are unique, where that is asked for: C looks nothing up in
    /// such a list.
    #[error("a list whose names may repeat")]
    RepeatableNames,
    /// A name occurs twice in a list that says that its names are unique.
    #[error("the name {0:?} occurs twice in a list of unique names")]
    DuplicateName(BString),
    /// No type has that number.
    #[error("unknown type {0}")]
    UnknownType(u32),
    /// The number of elements is negative, or not the one that the type has.
    #[error("impossible number {count} of elements for the type {data_type}")]
    BadElementCount {
        /// The type of the pair.
        data_type: DataType,
        /// The number of elements that it claims.
        count: i32,
    },
    /// The size of a value is not the one that its type and number of elements have.
    #[error("the type {data_type} needs {needed} bytes for its value, {got} are given")]
    BadValueSize {
        /// The type of the pair.
        data_type: DataType,
        /// How many bytes the value needs.
        needed: u64,
        /// How many bytes the pair has for it.
        got: usize,
    },
    /// A bool is neither 0 nor 1.
    #[error("a bool that is {0}")]
    BadBool(u32),
    /// A string has no end within its pair, or (in XDR) a NUL in it.
    #[error("a string does not end where it should")]
    BadString,
}

pub(super) fn encode(
    list: &NvList,
    encoding: Encoding,
    endian: Endian,
) -> Result<Vec<u8>, EncodeError> {
    let order = match endian {
        Endian::Big => 0,
        Endian::Little => 1,
    };
    let mut out = vec![encoding.byte(), order, 0, 0];
    match encoding {
        Encoding::Native => native::encode(list, endian, &mut out)?,
        Encoding::Xdr => xdr::encode(list, &mut out)?,
    }
    Ok(out)
}

/// Reads a list, and says how many of the bytes it has.
pub(super) fn decode(bytes: &[u8], accept: Accept) -> Result<(NvList, usize), DecodeError> {
    let mut reader = Reader::new(bytes, accept);
    let [encoding, order, _, _] = reader.array::<HEADER_LEN>()?;
    let list = match encoding {
        0 => {
            let endian = match order {
                0 => Endian::Big,
                1 => Endian::Little,
                _ => return Err(DecodeError::new(1, DecodeErrorKind::UnknownEndian(order))),
            };
            native::decode(&mut reader, endian)?
        }
        // Says the order of its writer too, which matters to nobody.
        1 => xdr::decode(&mut reader)?,
        _ => {
            return Err(DecodeError::new(
                0,
                DecodeErrorKind::UnknownEncoding(encoding),
            ));
        }
    };
    Ok((list, reader.offset()))
}

/// The name's bytes if C can hold them.
pub(super) fn check_name(name: &BStr) -> Result<(), EncodeError> {
    if name.contains(&0) {
        return Err(EncodeError::NulInName { name: name.into() });
    }
    if name.len() > MAX_NAME_LEN {
        return Err(EncodeError::NameTooLong {
            name: name.into(),
            len: name.len(),
        });
    }
    Ok(())
}

/// The string's bytes if C can hold them.
pub(super) fn check_string(name: &BStr, string: &BStr) -> Result<(), EncodeError> {
    if string.contains(&0) {
        return Err(EncodeError::NulInString { name: name.into() });
    }
    Ok(())
}

/// The length as C's `int`, if the encoded list can be that long.
pub(super) fn check_len(name: &BStr, len: usize) -> Result<i32, EncodeError> {
    i32::try_from(len).map_err(|_| EncodeError::TooLong { name: name.into() })
}

pub(super) fn check_depth(name: &BStr, depth: usize) -> Result<(), EncodeError> {
    if depth > MAX_DEPTH {
        return Err(EncodeError::TooDeep { name: name.into() });
    }
    Ok(())
}

/// Walks over bytes, and knows at which byte it stands.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// Where `bytes` begin in the encoded list.
    offset: usize,
    /// Which lists are taken.
    accept: Accept,
}

/// Which lists a decoder takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Accept {
    Any,
    /// Those whose names are unique, and in which all lists are so.
    UniqueNames,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8], accept: Accept) -> Self {
        Self {
            bytes,
            offset: 0,
            accept,
        }
    }

    pub(super) const fn offset(&self) -> usize {
        self.offset
    }

    pub(super) const fn left(&self) -> usize {
        self.bytes.len()
    }

    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(self.offset, kind)
    }

    /// The next so many bytes, which are left behind, as a reader of their own.
    pub(super) fn take(&mut self, len: usize) -> Result<Self, DecodeError> {
        match self.bytes.split_at_checked(len) {
            Some((head, tail)) => {
                let taken = Self {
                    bytes: head,
                    offset: self.offset,
                    accept: self.accept,
                };
                self.bytes = tail;
                self.offset += len;
                Ok(taken)
            }
            None => Err(self.error(DecodeErrorKind::Truncated {
                needed: len as u64,
                left: self.bytes.len(),
            })),
        }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.bytes.split_first_chunk() {
            Some((head, tail)) => {
                self.bytes = tail;
                self.offset += N;
                Ok(*head)
            }
            None => Err(self.error(DecodeErrorKind::Truncated {
                needed: N as u64,
                left: self.bytes.len(),
            })),
        }
    }

    /// The flags of a list.
    pub(super) fn uniqueness(&mut self, endian: Endian) -> Result<Uniqueness, DecodeError> {
        let at = *self;
        let uniqueness = Uniqueness::from_flags(endian.u32(self.array()?));
        if self.accept == Accept::UniqueNames && uniqueness != Uniqueness::Names {
            return Err(at.error(DecodeErrorKind::RepeatableNames));
        }
        Ok(uniqueness)
    }
}

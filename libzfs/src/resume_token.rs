//! The token by which an interrupted transfer is continued.
//!
//! A receiver that was told to keep what it has got shows a token in the property
//! `receive_resume_token`; the sender reads from it where to go on. So it comes from another
//! machine, and nothing in it is more than a claim: parse it, [`check`](ResumeToken::check) it
//! against what was sent, and only then send from it.
//!
//! ```
//! use libzfs::nvlist::Endian;
//! use libzfs::resume_token::{Expectation, ResumeToken, TokenFields};
//!
//! # let mut fields = TokenFields::new("tank/prod@mon", 0x1122);
//! # fields.raw = true;
//! # let text = ResumeToken::build(&fields, Endian::HOST)?.to_string();
//! let token: ResumeToken = text.parse()?;
//! token.check(
//!     &Expectation::new()
//!         .dataset("tank/prod")
//!         .to_guid(0x1122)
//!         .full()
//!         .raw(true),
//! )?;
//! println!("goes on at byte {}", token.fields().bytes);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Format
//!
//! `1-<checksum>-<length>-<data>`, the numbers hexadecimal: the data are a native
//! [nvlist](crate::nvlist), compressed with zlib and written as hexadecimal digits; the length is
//! that of the nvlist; the checksum is the first of the four sums of Fletcher-4 over the compressed
//! bytes. What is left over at their end when they are taken four by four is not part of the sum
//! (openzfs/zfs#10517), and so is protected by zlib's own checksum only. Both nvlist and checksum
//! have the byte order of the receiver's machine. The C library refuses tokens of the other byte
//! order; here they are read.

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use bstr::{BString, ByteSlice};
use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};

use crate::fletcher4::Fletcher4;
use crate::nvlist::{DataType, DecodeError, EncodeError, Encoding, Endian, NvList, Value};

/// The only version there is (`ZFS_SEND_RESUME_TOKEN_VERSION`).
const VERSION: u64 = 1;

/// The longest nvlist that a token may have inside: 1 MiB. Real ones have some hundred bytes, and
/// 8 more for each snapshot of a redaction bookmark.
pub const MAX_PACKED_LEN: usize = 1 << 20;

/// The longest text of a token. The kernel never lets compressed bytes be more than the nvlist's;
/// each is two digits, and what stands before them fits the rest.
pub const MAX_TEXT_LEN: usize = 2 * MAX_PACKED_LEN + 64;

/// A resume token that is well-formed, as text and as what it says.
#[doc(alias = "receive_resume_token")]
#[doc(alias = "zfs_send_resume_token_to_nvlist")]
#[derive(Clone, PartialEq)]
pub struct ResumeToken {
    text: String,
    endian: Endian,
    fields: TokenFields,
}

/// What a resume token says.
#[derive(Clone, PartialEq, Debug, Default)]
#[non_exhaustive]
pub struct TokenFields {
    /// The object to go on with.
    pub object: u64,
    /// The byte in that object.
    pub offset: u64,
    /// How many bytes of the stream the receiver has.
    pub bytes: u64,
    /// The GUID of the snapshot that is sent.
    pub to_guid: u64,
    /// The name of that snapshot on the sender, as it was when the transfer began.
    pub to_name: BString,
    /// The GUID of the base; `None` in a full transfer.
    pub from_guid: Option<u64>,
    /// Blocks larger than 128 KiB are sent as they are (`zfs send -L`).
    pub large_block: bool,
    /// Embedded blocks are sent as they are (`zfs send -e`).
    pub embed: bool,
    /// Compressed blocks are sent as they are (`zfs send -c`).
    pub compress: bool,
    /// Everything is sent as it is on disk (`zfs send -w`).
    pub raw: bool,
    /// The GUIDs of the snapshots that what is sent is redacted by.
    pub redact_snaps: Option<Vec<u64>>,
    /// The GUIDs of the snapshots in the redaction bookmark that is the base.
    pub book_redact_snaps: Option<Vec<u64>>,
    /// What else is in the token, such as what a newer release says in it.
    pub other: NvList,
}

impl TokenFields {
    /// A token of a full transfer of which nothing has arrived.
    pub fn new(to_name: impl Into<BString>, to_guid: u64) -> Self {
        Self {
            to_name: to_name.into(),
            to_guid,
            ..Self::default()
        }
    }

    fn from_list(mut list: NvList) -> Result<Self, TokenError> {
        let wrong_type = |name, value: &Value| TokenError::WrongType {
            name,
            found: value.data_type(),
        };
        let number = |list: &mut NvList, name| match list.remove(name) {
            Some(Value::U64(number)) => Ok(Some(number)),
            Some(other) => Err(wrong_type(name, &other)),
            None => Ok(None),
        };
        let needed =
            |list: &mut NvList, name| number(list, name)?.ok_or(TokenError::MissingField { name });
        let numbers = |list: &mut NvList, name| match list.remove(name) {
            Some(Value::U64Array(numbers)) => Ok(Some(numbers)),
            Some(other) => Err(wrong_type(name, &other)),
            None => Ok(None),
        };
        // What counts for C is that the pair is there, whatever its value; but what would not be
        // written so again is better not taken for it.
        let flag = |list: &mut NvList, name| match list.remove(name) {
            Some(Value::Boolean) => Ok(true),
            Some(other) => Err(wrong_type(name, &other)),
            None => Ok(false),
        };
        let list = &mut list;
        Ok(Self {
            object: needed(list, "object")?,
            offset: needed(list, "offset")?,
            bytes: needed(list, "bytes")?,
            to_guid: needed(list, "toguid")?,
            to_name: match list.remove("toname") {
                Some(Value::String(name)) => name,
                Some(other) => return Err(wrong_type("toname", &other)),
                None => return Err(TokenError::MissingField { name: "toname" }),
            },
            from_guid: number(list, "fromguid")?.filter(|&guid| guid != 0),
            large_block: flag(list, "largeblockok")?,
            embed: flag(list, "embedok")?,
            compress: flag(list, "compressok")?,
            raw: flag(list, "rawok")?,
            redact_snaps: numbers(list, "redact_snaps")?,
            book_redact_snaps: numbers(list, "book_redact_snaps")?,
            other: std::mem::take(list),
        })
    }

    /// The list in the order in which the kernel makes it.
    fn to_list(&self) -> NvList {
        let mut list = NvList::new();
        if let Some(guid) = self.from_guid {
            list.insert("fromguid", guid);
        }
        list.insert("object", self.object);
        list.insert("offset", self.offset);
        list.insert("bytes", self.bytes);
        list.insert("toguid", self.to_guid);
        list.insert("toname", self.to_name.clone());
        for (name, set) in [
            ("largeblockok", self.large_block),
            ("embedok", self.embed),
            ("compressok", self.compress),
            ("rawok", self.raw),
        ] {
            if set {
                list.insert(name, Value::Boolean);
            }
        }
        for (name, guids) in [
            ("redact_snaps", &self.redact_snaps),
            ("book_redact_snaps", &self.book_redact_snaps),
        ] {
            if let Some(guids) = guids {
                list.insert(name, guids.clone());
            }
        }
        for (name, value) in &self.other {
            if !list.contains(name) {
                list.insert(name, value.clone());
            }
        }
        list
    }
}

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
    #[error("the checksum {claimed:x} of a resume token is not that of its data")]
    BadChecksum {
        /// The checksum that the token has.
        claimed: u64,
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
    #[error("the data of a resume token are more than the {claimed} bytes that it says")]
    Overlong {
        /// What it says.
        claimed: usize,
    },
    /// The data are shorter than the token says, decompressed.
    #[error("the data of a resume token are {got} bytes, and not the {claimed} that it says")]
    Underlong {
        /// What it says.
        claimed: usize,
        /// What they are.
        got: usize,
    },
    /// Something follows the compressed data.
    #[error("something follows at byte {offset} of a resume token, behind its data")]
    TrailingBytes {
        /// The byte at which it begins.
        offset: usize,
    },
    /// The data are no nvlist.
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
            | Self::BadZlib { offset }
            | Self::TruncatedZlib { offset }
            | Self::TrailingBytes { offset } => Some(*offset),
            Self::UnknownVersion { .. } => Some(0),
            _ => None,
        }
    }
}

/// What a resume token is expected to say; nothing, until a method is called.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expectation {
    dataset: Option<BString>,
    to_guid: Option<u64>,
    from_guid: Option<Option<u64>>,
    raw: Option<bool>,
}

impl Expectation {
    /// Expects nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects a snapshot of that dataset, by the name it had on the sender.
    #[must_use]
    pub fn dataset(mut self, name: impl Into<BString>) -> Self {
        self.dataset = Some(name.into());
        self
    }

    /// Expects the snapshot with that GUID.
    #[must_use]
    pub const fn to_guid(mut self, guid: u64) -> Self {
        self.to_guid = Some(guid);
        self
    }

    /// Expects an incremental transfer from the base with that GUID.
    #[must_use]
    pub const fn from_guid(mut self, guid: u64) -> Self {
        self.from_guid = Some(Some(guid));
        self
    }

    /// Expects a full transfer.
    #[must_use]
    pub const fn full(mut self) -> Self {
        self.from_guid = Some(None);
        self
    }

    /// Expects a raw transfer, or one that is not.
    #[must_use]
    pub const fn raw(mut self, raw: bool) -> Self {
        self.raw = Some(raw);
        self
    }
}

/// What in a resume token is not as expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenMismatch {
    /// It is for a snapshot of another dataset.
    #[error("the resume token is for {found:?}, which is no snapshot of {expected:?}")]
    Dataset {
        /// The dataset's name.
        expected: BString,
        /// The snapshot's name in the token.
        found: BString,
    },
    /// It is for another snapshot.
    #[error("the resume token is for the snapshot with GUID {found}, and not {expected}")]
    ToGuid {
        /// The GUID expected.
        expected: u64,
        /// The GUID in the token.
        found: u64,
    },
    /// It is for a transfer from another base; `None` stands for a full one.
    #[error(
        "the resume token is for a transfer {}, and not {}",
        from(.found), from(.expected)
    )]
    FromGuid {
        /// The GUID expected.
        expected: Option<u64>,
        /// The GUID in the token.
        found: Option<u64>,
    },
    /// It is for a raw transfer and should not be, or the other way round.
    #[error(
        "the resume token is for a transfer that is {}raw, which it should {}be",
        if *.expected { "not " } else { "" }, if *.expected { "" } else { "not " }
    )]
    Raw {
        /// Whether a raw one is expected.
        expected: bool,
    },
}

fn from(guid: &Option<u64>) -> String {
    match guid {
        Some(guid) => format!("from the base with GUID {guid}"),
        None => "of everything".to_owned(),
    }
}

impl ResumeToken {
    /// Makes a token as a machine of that byte order does.
    ///
    /// Its text is not the one that OpenZFS would make, since the compressor is another; what it
    /// says is the same.
    ///
    /// # Errors
    ///
    /// A name with a NUL in it has no encoding.
    pub fn build(fields: &TokenFields, endian: Endian) -> Result<Self, EncodeError> {
        let packed = fields.to_list().encode_with(Encoding::Native, endian)?;
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
        let written = encoder.write_all(&packed).and_then(|()| encoder.finish());
        // A vector takes all that is written to it.
        let data = written.unwrap_or_default();
        Ok(Self {
            text: text(checksum(endian, &data), packed.len(), &data),
            endian,
            fields: fields.clone(),
        })
    }

    /// What the token says.
    #[must_use]
    pub const fn fields(&self) -> &TokenFields {
        &self.fields
    }

    /// The text, as `zfs get receive_resume_token` shows it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The byte order of the machine that made the token.
    #[must_use]
    pub const fn endian(&self) -> Endian {
        self.endian
    }

    /// Makes sure that the token says what is expected of it.
    ///
    /// # Errors
    ///
    /// The first [`TokenMismatch`] found.
    pub fn check(&self, expected: &Expectation) -> Result<(), TokenMismatch> {
        let found = &self.fields;
        if let Some(expected) = &expected.dataset {
            if found.to_name.split_once_str("@").map(|(name, _)| name) != Some(expected) {
                return Err(TokenMismatch::Dataset {
                    expected: expected.clone(),
                    found: found.to_name.clone(),
                });
            }
        }
        match expected.to_guid {
            Some(expected) if expected != found.to_guid => {
                return Err(TokenMismatch::ToGuid {
                    expected,
                    found: found.to_guid,
                });
            }
            _ => {}
        }
        match expected.from_guid {
            Some(expected) if expected != found.from_guid => {
                return Err(TokenMismatch::FromGuid {
                    expected,
                    found: found.from_guid,
                });
            }
            _ => {}
        }
        match expected.raw {
            Some(raw) if raw != found.raw => Err(TokenMismatch::Raw { expected: raw }),
            _ => Ok(()),
        }
    }
}

impl FromStr for ResumeToken {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        if text.len() > MAX_TEXT_LEN {
            return Err(TokenError::TooLong { len: text.len() });
        }
        let mut at = 0;
        let mut number = |part, radix| {
            let rest = &text[at..];
            let len = rest.find('-').ok_or(TokenError::Incomplete { part })?;
            let offset = at;
            at += len + 1;
            // The standard library takes a sign too.
            let digits = Some(&rest[..len]).filter(|digits| !digits.starts_with('+'));
            digits
                .and_then(|digits| u64::from_str_radix(digits, radix).ok())
                .map(|number| (number, offset))
                .ok_or(TokenError::BadNumber { part, offset })
        };
        let (version, _) = number("version", 10)?;
        if version != VERSION {
            return Err(TokenError::UnknownVersion { version });
        }
        let (claimed_sum, _) = number("checksum", 16)?;
        let (claimed_len, len_at) = number("length", 16)?;
        let packed_len = usize::try_from(claimed_len)
            .ok()
            .filter(|&len| len <= MAX_PACKED_LEN)
            .ok_or(TokenError::TooLarge {
                claimed: claimed_len,
                offset: len_at,
            })?;

        let data = unhex(text.as_bytes(), at)?;
        let sums = [Endian::Little, Endian::Big].map(|endian| checksum(endian, &data));
        if !sums.contains(&claimed_sum) {
            return Err(TokenError::BadChecksum {
                claimed: claimed_sum,
            });
        }
        let packed = inflate(&data, packed_len, at)?;
        let list = NvList::decode(&packed)?;
        // Encoding and byte order; the list could be decoded, so they are there.
        let (endian, sum) = match packed[..2] {
            [0, 0] => (Endian::Big, sums[1]),
            [0, 1] => (Endian::Little, sums[0]),
            _ => return Err(TokenError::WrongEncoding),
        };
        if sum != claimed_sum {
            return Err(TokenError::WrongEncoding);
        }
        Ok(Self {
            text: text.to_owned(),
            endian,
            fields: TokenFields::from_list(list)?,
        })
    }
}

fn checksum(endian: Endian, data: &[u8]) -> u64 {
    let mut sum = Fletcher4::new(endian);
    sum.update(data);
    sum.sums()[0]
}

fn text(checksum: u64, packed_len: usize, data: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = format!("{VERSION}-{checksum:x}-{packed_len:x}-");
    text.reserve(2 * data.len());
    for byte in data {
        text.push(DIGITS[usize::from(byte >> 4)].into());
        text.push(DIGITS[usize::from(byte & 15)].into());
    }
    text
}

/// The bytes that the digits from `start` on stand for.
fn unhex(text: &[u8], start: usize) -> Result<Vec<u8>, TokenError> {
    let digit = |at: usize| {
        let value = match text[at] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            _ => return Err(TokenError::BadDigit { offset: at }),
        };
        Ok(value)
    };
    let mut data = Vec::with_capacity((text.len() - start) / 2);
    for at in (start..text.len()).step_by(2) {
        let high = digit(at)?;
        if at + 1 == text.len() {
            return Err(TokenError::OddDigits { offset: at });
        }
        data.push(high << 4 | digit(at + 1)?);
    }
    Ok(data)
}

/// Decompresses what has to be `len` bytes; `start` is where the data are in the text.
///
/// Memory grows with what is decompressed, not with what is claimed, and never past the claim.
fn inflate(data: &[u8], len: usize, start: usize) -> Result<Vec<u8>, TokenError> {
    let mut inflater = Decompress::new(true);
    let mut out = Vec::new();
    loop {
        let used = usize::try_from(inflater.total_in()).unwrap_or(data.len());
        if out.len() == out.capacity() {
            // One byte more than claimed, so that the end is seen to be one.
            let room = (out.len().max(512) * 2).min(len + 1);
            out.reserve_exact(room.saturating_sub(out.len()));
        }
        let before = out.len();
        let status = inflater
            .decompress_vec(&data[used..], &mut out, FlushDecompress::None)
            .map_err(|_| TokenError::BadZlib {
                offset: start + 2 * used,
            })?;
        let used_now = usize::try_from(inflater.total_in()).unwrap_or(data.len());
        if out.len() > len {
            return Err(TokenError::Overlong { claimed: len });
        }
        match status {
            Status::StreamEnd if used_now < data.len() => {
                return Err(TokenError::TrailingBytes {
                    offset: start + 2 * used_now,
                });
            }
            Status::StreamEnd if out.len() < len => {
                return Err(TokenError::Underlong {
                    claimed: len,
                    got: out.len(),
                });
            }
            Status::StreamEnd => return Ok(out),
            Status::Ok | Status::BufError if out.len() > before || used_now > used => {}
            // Nothing goes in and nothing comes out, though there is room.
            Status::Ok | Status::BufError => {
                return Err(TokenError::TruncatedZlib {
                    offset: start + 2 * data.len(),
                });
            }
        }
    }
}

impl fmt::Display for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl AsRef<str> for ResumeToken {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResumeToken").field(&self.fields).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What OpenZFS makes of [`example`]: the nvlist packed by libnvpair 2.3.9, compressed by
    /// zlib's level 6. The data are 3 bytes more than a multiple of 4.
    const EXAMPLE: &str = concat!(
        "1-191dee38a9-1b0-",
        "789c636064000310a501c49c50360710a715e5e7a69766a63040c1cde71b1fafdcd9dca40064b323a9cb4fca4a4d",
        "2e81888100867c5a5a716a094826851126cf86249f5459925a0ca40f2c40c823eb2fc987b8c2ca4a4ba6afbb504f",
        "03499e132c9f97989b0aa413f3b2f50b8af2531c8a520b748dc0e6f03220fc979358949e9a94939f9c9d9f0d1293",
        "809a0f934fcd4d4a4d014a81f471238927e7e71614a51617437441f4b121c917259683a590ed130089a7a6242697",
        "c417e7251680bcc7e000c44240cc0c954fcacfcf8e47570435130498a034330302000046af3c08",
    );

    fn example() -> TokenFields {
        TokenFields {
            object: 7,
            offset: 0x164_0000,
            bytes: 0x164_a0c0,
            to_guid: 0x2e71_8b8e_1c2a_3a3a,
            to_name: BString::from("tank/prod@rep-2"),
            from_guid: Some(0x8283_b9a9_e3b1_e7d9),
            large_block: true,
            embed: true,
            compress: true,
            raw: true,
            redact_snaps: Some(vec![]),
            book_redact_snaps: Some(vec![1, 2, 3]),
            other: NvList::new(),
        }
    }

    /// A token with that list in it, right in all else.
    fn with_list(list: &NvList) -> String {
        let packed = list.encode_with(Encoding::Native, Endian::Little).unwrap();
        with_data(packed.len(), &deflate(&packed))
    }

    fn with_data(len: usize, data: &[u8]) -> String {
        text(checksum(Endian::Little, data), len, data)
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn error(text: &str) -> TokenError {
        text.parse::<ResumeToken>().unwrap_err()
    }

    #[test]
    fn reads_what_openzfs_writes() {
        let token: ResumeToken = EXAMPLE.parse().unwrap();
        assert_eq!(*token.fields(), example());
        assert_eq!(token.endian(), Endian::Little);
        assert_eq!(token.to_string(), EXAMPLE);
        let upper = EXAMPLE.to_uppercase();
        assert_eq!(*upper.parse::<ResumeToken>().unwrap().fields(), example());
    }

    #[test]
    fn reads_what_it_writes_in_both_byte_orders() {
        for endian in [Endian::Little, Endian::Big] {
            let built = ResumeToken::build(&example(), endian).unwrap();
            let token: ResumeToken = built.as_str().parse().unwrap();
            assert_eq!(token, built);
            assert_eq!(token.endian(), endian);
        }
        // The list inside is the same as that which the C library made, to the byte.
        let inside = |text: &str| {
            let at = text.rfind('-').unwrap() + 1;
            inflate(&unhex(text.as_bytes(), at).unwrap(), 0x1b0, at).unwrap()
        };
        let built = ResumeToken::build(&example(), Endian::Little).unwrap();
        assert_eq!(inside(built.as_str()), inside(EXAMPLE));
    }

    #[test]
    fn what_is_unknown_is_kept() {
        let mut fields = TokenFields::new("a@b", 5);
        fields.other = NvList::new()
            .with("savedok", Value::Boolean)
            .with("new", "thing");
        let built = ResumeToken::build(&fields, Endian::HOST).unwrap();
        let token: ResumeToken = built.as_str().parse().unwrap();
        assert_eq!(*token.fields(), fields);
        // It does not come before what is known.
        fields.other.insert("toguid", 6_u64);
        let built = ResumeToken::build(&fields, Endian::HOST).unwrap();
        let token: ResumeToken = built.as_str().parse().unwrap();
        assert_eq!(token.fields().to_guid, 5);
    }

    #[test]
    fn no_base_and_a_base_of_zero_are_the_same() {
        let mut list = TokenFields::new("a@b", 5).to_list();
        list.insert("fromguid", 0_u64);
        let token: ResumeToken = with_list(&list).parse().unwrap();
        assert_eq!(token.fields().from_guid, None);
    }

    #[test]
    fn the_parts_are_looked_at_one_by_one() {
        use TokenError::*;
        let bad = |part, offset| BadNumber { part, offset };
        assert_eq!(error(""), Incomplete { part: "version" });
        assert_eq!(error("1"), Incomplete { part: "version" });
        assert_eq!(error("-"), bad("version", 0));
        assert_eq!(error("+1-"), bad("version", 0));
        assert_eq!(error(" 1-"), bad("version", 0));
        assert_eq!(error("f-"), bad("version", 0));
        assert_eq!(error("2-0-0-"), UnknownVersion { version: 2 });
        assert_eq!(error("1-"), Incomplete { part: "checksum" });
        assert_eq!(error("1-12"), Incomplete { part: "checksum" });
        assert_eq!(error("1--"), bad("checksum", 2));
        assert_eq!(error("1-0x1-"), bad("checksum", 2));
        assert_eq!(error("1-10000000000000000-"), bad("checksum", 2));
        assert_eq!(error("1-0-"), Incomplete { part: "length" });
        assert_eq!(error("1-0-g-"), bad("length", 4));
        assert_eq!(
            error("1-0-1000000000000000-"),
            TooLarge {
                claimed: 1 << 60,
                offset: 4
            }
        );
        assert_eq!(
            error("1-0-100001-"),
            TooLarge {
                claimed: (1 << 20) + 1,
                offset: 4
            }
        );
        assert_eq!(error("1-0-0-0g"), BadDigit { offset: 7 });
        assert_eq!(error("1-0-0-00é"), BadDigit { offset: 8 });
        assert_eq!(error("1-0-0-000"), OddDigits { offset: 8 });
        assert_eq!(error("1-0-0-00-"), BadDigit { offset: 8 });
        assert_eq!(
            error(&format!("{EXAMPLE}\n")),
            BadDigit {
                offset: EXAMPLE.len()
            }
        );
        assert_eq!(error("1-1-0-00"), BadChecksum { claimed: 1 });
        let long = "0".repeat(MAX_TEXT_LEN + 1);
        assert_eq!(
            error(&long),
            TooLong {
                len: MAX_TEXT_LEN + 1
            }
        );
        assert_eq!(error("1-0-g-").offset(), Some(4));
    }

    #[test]
    #[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
    fn the_checksum_leaves_out_what_is_no_whole_word() {
        let start = EXAMPLE.rfind('-').unwrap() + 1;
        let data = unhex(EXAMPLE.as_bytes(), start).unwrap();
        assert_eq!(data.len() % 4, 3);
        for at in 0..data.len() {
            let mut changed = data.clone();
            changed[at] ^= 1;
            let changed = format!("{}{}", &EXAMPLE[..start], &text(0, 0, &changed)[6..]);
            let error = error(&changed);
            if at < data.len() - 3 {
                assert_eq!(
                    error,
                    TokenError::BadChecksum {
                        claimed: 0x19_1dee_38a9
                    }
                );
            } else {
                // What the checksum does not see, zlib's own does.
                assert!(matches!(error, TokenError::BadZlib { .. }), "{error}");
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
    fn the_data_have_to_be_as_long_as_they_say() {
        use TokenError::*;
        let packed = example()
            .to_list()
            .encode_with(Encoding::Native, Endian::Little)
            .unwrap();
        let (len, data) = (packed.len(), deflate(&packed));
        let parse = |len, data: &[u8]| with_data(len, data).parse::<ResumeToken>();
        parse(len, &data).unwrap();
        assert_eq!(
            parse(len + 1, &data),
            Err(Underlong {
                claimed: len + 1,
                got: len
            })
        );
        assert_eq!(parse(len - 1, &data), Err(Overlong { claimed: len - 1 }));
        assert_eq!(parse(0, &data), Err(Overlong { claimed: 0 }));

        for cut in 0..data.len() {
            let text = with_data(len, &data[..cut]);
            let start = text.rfind('-').unwrap() + 1;
            assert_eq!(
                error(&text),
                TruncatedZlib {
                    offset: start + 2 * cut
                },
                "{cut}"
            );
        }
        for more in 1..9 {
            let mut longer = data.clone();
            longer.extend(vec![0; more]);
            let text = with_data(len, &longer);
            let start = text.rfind('-').unwrap() + 1;
            assert_eq!(
                error(&text),
                TrailingBytes {
                    offset: start + 2 * data.len()
                }
            );
        }

        // A list with something behind it, all well compressed.
        let mut longer = packed.clone();
        longer.push(0);
        let error = parse(longer.len(), &deflate(&longer)).unwrap_err();
        assert!(matches!(error, NvList(error) if error.offset() == len));
    }

    #[test]
    #[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
    fn a_bomb_is_not_unpacked() {
        let bomb = deflate(&vec![0; 8 << 20]);
        assert!(bomb.len() < 16 << 10);
        assert_eq!(
            error(&with_data(MAX_PACKED_LEN, &bomb)),
            TokenError::Overlong {
                claimed: MAX_PACKED_LEN
            }
        );
        assert_eq!(
            error(&with_data(100, &bomb)),
            TokenError::Overlong { claimed: 100 }
        );
    }

    #[test]
    #[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
    fn the_list_has_to_say_all_and_in_the_right_types() {
        let list = example().to_list();
        for name in ["object", "offset", "bytes", "toguid", "toname"] {
            let mut list = list.clone();
            list.remove(name);
            assert_eq!(error(&with_list(&list)), TokenError::MissingField { name });
        }
        for (name, value) in &list {
            let mut list = list.clone();
            list.insert(name, 1_u32);
            let error = error(&with_list(&list));
            assert!(
                matches!(
                    error,
                    TokenError::WrongType { name: found, found: DataType::U32 } if name == found
                ),
                "{name} {value}: {error}"
            );
        }
    }

    #[test]
    fn byte_order_and_encoding_have_to_agree() {
        let list = example().to_list();
        let big = list.encode_with(Encoding::Native, Endian::Big).unwrap();
        let xdr = list.encode_with(Encoding::Xdr, Endian::Little).unwrap();
        for packed in [big, xdr] {
            let token = with_data(packed.len(), &deflate(&packed));
            assert_eq!(error(&token), TokenError::WrongEncoding);
        }
        assert!(matches!(
            error(&with_data(3, &deflate(&[0, 1, 0]))),
            TokenError::NvList(_)
        ));
    }

    #[test]
    fn what_is_not_expected_is_told() {
        let token: ResumeToken = EXAMPLE.parse().unwrap();
        let expect = Expectation::new;
        let (to, from) = (0x2e71_8b8e_1c2a_3a3a, 0x8283_b9a9_e3b1_e7d9);
        let right = expect()
            .dataset("tank/prod")
            .to_guid(to)
            .from_guid(from)
            .raw(true);
        assert_eq!(token.check(&expect()), Ok(()));
        assert_eq!(token.check(&right), Ok(()));
        assert_eq!(
            token.check(&right.clone().to_guid(1)),
            Err(TokenMismatch::ToGuid {
                expected: 1,
                found: to
            })
        );
        assert_eq!(
            token.check(&right.clone().from_guid(1)),
            Err(TokenMismatch::FromGuid {
                expected: Some(1),
                found: Some(from)
            })
        );
        let mismatch = token.check(&right.clone().full()).unwrap_err();
        assert_eq!(
            mismatch.to_string(),
            format!(
                "the resume token is for a transfer from the base with GUID {from}, and not of \
                 everything"
            )
        );
        let mismatch = token.check(&right.clone().raw(false)).unwrap_err();
        assert_eq!(mismatch, TokenMismatch::Raw { expected: false });
        assert_eq!(
            mismatch.to_string(),
            "the resume token is for a transfer that is raw, which it should not be"
        );
        for other in [
            "tank",
            "tank/pro",
            "tank/prod/",
            "tank/prod@rep-2",
            "",
            "ank/prod",
        ] {
            assert!(
                matches!(
                    token.check(&right.clone().dataset(other)),
                    Err(TokenMismatch::Dataset { .. })
                ),
                "{other}"
            );
        }
    }

    fn cases(cases: u32) -> ProptestConfig {
        ProptestConfig {
            cases: if cfg!(miri) { 2 } else { cases },
            failure_persistence: None,
            ..ProptestConfig::default()
        }
    }

    prop_compose! {
        fn fields()(
            [object, offset, bytes, to_guid] in any::<[u64; 4]>(),
            to_name in vec(1..=255_u8, 0..60),
            from_guid in proptest::option::of(1..=u64::MAX),
            [large_block, embed, compress, raw] in any::<[bool; 4]>(),
            redact_snaps in proptest::option::of(vec(any::<u64>(), 0..5)),
            book_redact_snaps in proptest::option::of(vec(any::<u64>(), 0..5)),
            other in proptest::option::of(any::<u64>()),
        ) -> TokenFields {
            TokenFields {
                object, offset, bytes, to_guid,
                to_name: to_name.into(),
                from_guid,
                large_block, embed, compress, raw,
                redact_snaps, book_redact_snaps,
                other: other.map(|n| ("other", n)).into_iter().collect(),
            }
        }
    }

    proptest! {
        #![proptest_config(cases(256))]

        #[test]
        #[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
    fn what_is_written_is_read(fields in fields(), big: bool) {
            let endian = if big { Endian::Big } else { Endian::Little };
            let built = ResumeToken::build(&fields, endian).unwrap();
            let token: ResumeToken = built.as_str().parse().unwrap();
            prop_assert_eq!(&token, &built);
            prop_assert_eq!(token.fields(), &fields);
        }

        #[test]
        #[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
    fn no_text_is_too_strange(text in "(1-)?[0-9a-f]{0,6}-?[0-9a-f]{0,3}-?(78)?\\PC{0,40}") {
            let _ = text.parse::<ResumeToken>();
        }

        /// With the checksum set right, since otherwise nothing behind it is reached.
        #[test]
        #[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
    fn no_list_is_too_strange(
            fields in fields(),
            changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            zlib: bool,
        ) {
            let change = |mut bytes: Vec<u8>| {
                for (at, byte) in &changes {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                }
                bytes
            };
            let packed = fields.to_list().encode_with(Encoding::Native, Endian::Little).unwrap();
            let len = packed.len();
            let data = if zlib { change(deflate(&packed)) } else { deflate(&change(packed)) };
            if let Ok(token) = with_data(len, &data).parse::<ResumeToken>() {
                let built = ResumeToken::build(token.fields(), token.endian()).unwrap();
                prop_assert_eq!(built.fields(), token.fields());
            }
        }
    }
}

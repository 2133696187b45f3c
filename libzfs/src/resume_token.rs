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

/// What a resume token is expected to say; nothing, until a method is called.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expectation {
    dataset: Option<BString>,
    to_guid: Option<u64>,
    from_guid: Option<Option<u64>>,
    raw: Option<bool>,
    redact_snaps: Option<Option<Vec<u64>>>,
    book_redact_snaps: Option<Option<Vec<u64>>>,
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

    /// Expects an incremental transfer from the base with that GUID; with 0, which says that there
    /// is none, a full one.
    #[must_use]
    pub const fn from_guid(mut self, guid: u64) -> Self {
        self.from_guid = Some(if guid == 0 { None } else { Some(guid) });
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

    /// Expects what is sent to be redacted by exactly the snapshots with these GUIDs, in any order.
    ///
    /// Without this a token may leave redaction out, and all is sent.
    #[must_use]
    pub fn redacted_by(mut self, guids: impl Into<Vec<u64>>) -> Self {
        self.redact_snaps = Some(Some(sorted(guids.into())));
        self
    }

    /// Expects that nothing is redacted.
    #[must_use]
    pub fn not_redacted(mut self) -> Self {
        self.redact_snaps = Some(None);
        self
    }

    /// Expects the base to be a redaction bookmark of exactly the snapshots with these GUIDs, in any
    /// order.
    #[must_use]
    pub fn base_redacted_by(mut self, guids: impl Into<Vec<u64>>) -> Self {
        self.book_redact_snaps = Some(Some(sorted(guids.into())));
        self
    }

    /// Expects that there is no redaction bookmark that is the base.
    #[must_use]
    pub fn base_not_redacted(mut self) -> Self {
        self.book_redact_snaps = Some(None);
        self
    }
}

fn sorted(mut guids: Vec<u64>) -> Vec<u64> {
    guids.sort_unstable();
    guids
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
    /// It is for a transfer redacted by other snapshots; `None` stands for one that is not redacted.
    #[error(
        "the resume token is for a transfer {}, where one {} is expected",
        redacted(.found), redacted(.expected)
    )]
    Redacted {
        /// The GUIDs expected, in ascending order.
        expected: Option<Vec<u64>>,
        /// The GUIDs in the token, in ascending order.
        found: Option<Vec<u64>>,
    },
    /// It is for a transfer from a redaction bookmark of other snapshots; `None` stands for a base
    /// that is none.
    #[error(
        "the resume token is for a transfer from a base {}, where one {} is expected",
        redacted(.found), redacted(.expected)
    )]
    BaseRedacted {
        /// The GUIDs expected, in ascending order.
        expected: Option<Vec<u64>>,
        /// The GUIDs in the token, in ascending order.
        found: Option<Vec<u64>>,
    },
}

fn redacted(guids: &Option<Vec<u64>>) -> String {
    match guids {
        Some(guids) => format!("redacted by the snapshots with GUIDs {guids:?}"),
        None => "that is not redacted".to_owned(),
    }
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
    /// [`TokenError::Encode`] for what has no encoding, such as a name with a NUL in it;
    /// [`TokenError::TooLarge`] or [`TokenError::TooLong`] for more than is read.
    pub fn build(fields: &TokenFields, endian: Endian) -> Result<Self, TokenError> {
        let packed = fields.to_list().encode_with(Encoding::Native, endian)?;
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
        let written = encoder.write_all(&packed).and_then(|()| encoder.finish());
        // A vector takes all that is written to it.
        let data = written.unwrap_or_default();
        // What would not be read is not made.
        text(checksum(endian, &data), packed.len(), &data).parse()
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
            Some(raw) if raw != found.raw => return Err(TokenMismatch::Raw { expected: raw }),
            _ => {}
        }
        let snaps = found.redact_snaps.clone().map(sorted);
        match &expected.redact_snaps {
            Some(expected) if *expected != snaps => {
                return Err(TokenMismatch::Redacted {
                    expected: expected.clone(),
                    found: snaps,
                });
            }
            _ => {}
        }
        let snaps = found.book_redact_snaps.clone().map(sorted);
        match &expected.book_redact_snaps {
            Some(expected) if *expected != snaps => Err(TokenMismatch::BaseRedacted {
                expected: expected.clone(),
                found: snaps,
            }),
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
        let (claimed_sum, sum_at) = number("checksum", 16)?;
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
                offset: sum_at,
            });
        }
        let packed = inflate(&data, (packed_len, len_at), at)?;
        let list = NvList::decode_unique(&packed)?;
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

/// Decompresses what has to be `len` bytes; `len_at` is where the text says so, and `start` where
/// the data are in it.
///
/// Memory grows with what is decompressed, not with what is claimed, and never past the claim.
fn inflate(
    data: &[u8],
    (len, len_at): (usize, usize),
    start: usize,
) -> Result<Vec<u8>, TokenError> {
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
            return Err(TokenError::Overlong {
                claimed: len,
                offset: len_at,
            });
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
                    offset: len_at,
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
mod tests;

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

mod error;
mod expectation;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use bstr::BString;
use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};

pub use self::error::TokenError;
pub use self::expectation::{Expectation, TokenMismatch};
use crate::fletcher4::Fletcher4;
use crate::nvlist::{Encoding, Endian, NvList, Value};

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

//! The XDR encoding (RFC 4506): every number big-endian and in units of four bytes.
//!
//! What C does that one would not guess:
//!
//! - An array of numbers without elements is written without the length in front, yet four bytes
//!   are counted for it: in the sizes of the pairs around it, and in the size of the whole, which
//!   so ends in four zero bytes too many for each.
//! - Numbers of 8 and 16 bits are written zero-extended by the kernel, which takes nothing else,
//!   and sign-extended by the C library, which looks at the low bits only. So they are
//!   zero-extended here, and only the low bits are read.
//! - The first size of a pair is for those who skip it; C does not look at it when it decodes.
//! - C refuses a pair that would take more memory than it guesses from the bytes that are left, and
//!   guesses too low for an array of empty strings near the end: some lists that C encodes, C can't
//!   decode. Here they are decoded.

use bstr::{BStr, BString, ByteSlice};

use super::codec::{
    DecodeError, DecodeErrorKind, EncodeError, MAX_DEPTH, Reader, check_depth, check_len,
    check_name, check_string,
};
use super::native::{check_count, element_count, pair_len};
use super::{DataType, Endian, Name, NvList, Value, name_of};

/// The byte order of all XDR.
const BIG: Endian = Endian::Big;

pub(super) fn encode(list: &NvList, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let mut encoder = Encoder { out, phantom: 0 };
    encoder.list(list, 0)?;
    let len = encoder.out.len() + encoder.phantom;
    check_len(BStr::new(""), len)?;
    out.resize(len, 0);
    Ok(())
}

struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    /// Bytes that are counted but not written.
    phantom: usize,
}

impl Encoder<'_> {
    fn u32(&mut self, value: u32) {
        self.out.extend(BIG.put_u32(value));
    }

    fn i32(&mut self, value: i32) {
        self.out.extend(BIG.put_i32(value));
    }

    fn list(&mut self, list: &NvList, depth: usize) -> Result<(), EncodeError> {
        self.u32(0);
        self.u32(list.uniqueness().flags());
        let mut last = BStr::new("");
        for (name, value) in list {
            self.pair(name, value, depth)?;
            last = name;
        }
        self.u32(0);
        self.u32(0);
        check_len(last, self.out.len())?;
        Ok(())
    }

    fn pair(&mut self, name: &BStr, value: &Value, depth: usize) -> Result<(), EncodeError> {
        check_name(name)?;
        let (start, phantom) = (self.out.len(), self.phantom);
        // The encoded size is known once the pair is written.
        self.u32(0);
        // What the pair takes in the memory of C, which allocates that much when it decodes.
        self.i32(pair_len(name, value)?);
        self.opaque(name, name)?;
        self.u32(value.data_type().number());
        let count = check_len(name, element_count(value))?;
        self.i32(count);
        self.value(name, value, count, depth)?;
        let len = check_len(name, self.out.len() - start + self.phantom - phantom)?;
        self.out[start..start + 4].copy_from_slice(&BIG.put_i32(len));
        Ok(())
    }

    /// A length, the bytes, and zeroes up to a multiple of four.
    fn opaque(&mut self, name: &BStr, bytes: &[u8]) -> Result<(), EncodeError> {
        let len = check_len(name, bytes.len())?;
        self.i32(len);
        self.padded(bytes);
        Ok(())
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        let padding = bytes.len().next_multiple_of(4) - bytes.len();
        self.out.resize(self.out.len() + padding, 0);
    }

    fn value(
        &mut self,
        name: &BStr,
        value: &Value,
        count: i32,
        depth: usize,
    ) -> Result<(), EncodeError> {
        macro_rules! numbers {
            ($values:expr, $put:ident, $ty:ty) => {
                if $values.is_empty() {
                    self.phantom += 4;
                } else {
                    self.i32(count);
                    for value in $values {
                        self.out.extend(BIG.$put(<$ty>::from(*value)));
                    }
                }
            };
        }
        // Sign bits are kept out of what is above the number's own bits.
        let unsigned = |value: i8| u32::from(value.to_be_bytes()[0]);
        let unsigned16 = |value: i16| u32::from(u16::from_be_bytes(value.to_be_bytes()));
        match value {
            Value::Boolean => {}
            Value::Bool(value) => self.u32((*value).into()),
            Value::Byte(value) | Value::U8(value) => self.u32((*value).into()),
            Value::I8(value) => self.u32(unsigned(*value)),
            Value::I16(value) => self.u32(unsigned16(*value)),
            Value::U16(value) => self.u32((*value).into()),
            Value::I32(value) => self.i32(*value),
            Value::U32(value) => self.u32(*value),
            Value::I64(value) | Value::HrTime(value) => self.out.extend(BIG.put_i64(*value)),
            Value::U64(value) => self.out.extend(BIG.put_u64(*value)),
            Value::Double(value) => self.out.extend(BIG.put_f64(*value)),
            Value::String(string) => self.string(name, string.as_bstr())?,
            Value::ByteArray(values) => self.padded(values),
            Value::U8Array(values) => numbers!(values, put_u32, u32),
            Value::I8Array(values) => {
                numbers!(
                    &values.iter().map(|&n| unsigned(n)).collect::<Vec<_>>(),
                    put_u32,
                    u32
                );
            }
            Value::I16Array(values) => {
                numbers!(
                    &values.iter().map(|&n| unsigned16(n)).collect::<Vec<_>>(),
                    put_u32,
                    u32
                );
            }
            Value::U16Array(values) => numbers!(values, put_u32, u32),
            Value::I32Array(values) => numbers!(values, put_i32, i32),
            Value::U32Array(values) => numbers!(values, put_u32, u32),
            Value::BoolArray(values) => numbers!(values, put_u32, u32),
            Value::I64Array(values) => numbers!(values, put_i64, i64),
            Value::U64Array(values) => numbers!(values, put_u64, u64),
            Value::StringArray(strings) => {
                for string in strings {
                    self.string(name, string.as_bstr())?;
                }
            }
            Value::NvList(list) => {
                check_depth(name, depth + 1)?;
                self.list(list, depth + 1)?;
            }
            Value::NvListArray(lists) => {
                check_depth(name, depth + 1)?;
                for list in lists {
                    self.list(list, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    fn string(&mut self, name: &BStr, string: &BStr) -> Result<(), EncodeError> {
        check_string(name, string)?;
        self.opaque(name, string)
    }
}

/// Reads a list whose header has been read.
pub(super) fn decode(reader: &mut Reader<'_>) -> Result<NvList, DecodeError> {
    let mut phantom = 0;
    let list = list(reader, 0, &mut phantom)?;
    // They belong to the list if they are there; a list cut to what was written has none.
    let mut ahead = *reader;
    if ahead
        .take(phantom)
        .is_ok_and(|zeroes| zeroes.bytes().iter().all(|&byte| byte == 0))
    {
        *reader = ahead;
    }
    Ok(list)
}

fn list(reader: &mut Reader<'_>, depth: usize, phantom: &mut usize) -> Result<NvList, DecodeError> {
    let at = *reader;
    let version = BIG.i32(reader.array()?);
    if version != 0 {
        return Err(at.error(DecodeErrorKind::UnknownVersion(version)));
    }
    let mut list = NvList::with_uniqueness(reader.uniqueness(BIG)?);
    loop {
        let start = *reader;
        reader.take(4)?;
        let at_size = *reader;
        let size = BIG.i32(reader.array()?);
        if size == 0 {
            return Ok(list);
        }
        let (name, value) = pair(reader, depth, phantom)?;
        if pair_len(&name, &value).ok() != Some(size) {
            return Err(at_size.error(DecodeErrorKind::BadPairSize(size)));
        }
        list.try_append(name, value)
            .map_err(|name| start.error(DecodeErrorKind::DuplicateName(name)))?;
    }
}

fn pair(
    reader: &mut Reader<'_>,
    depth: usize,
    phantom: &mut usize,
) -> Result<(Name, Value), DecodeError> {
    let at_name = *reader;
    let name = opaque(reader)?;
    if name.contains(&0) || check_name(BStr::new(name)).is_err() {
        return Err(at_name.error(DecodeErrorKind::BadName));
    }
    let at_type = *reader;
    let number = BIG.u32(reader.array()?);
    let data_type = DataType::from_number(number)
        .ok_or_else(|| at_type.error(DecodeErrorKind::UnknownType(number)))?;
    let at_count = *reader;
    let count = BIG.i32(reader.array()?);
    let count = check_count(data_type, count).map_err(|kind| at_count.error(kind))?;
    let value = match data_type {
        DataType::NvList => {
            let mut lists = lists(reader, count, depth, phantom)?;
            Value::NvList(lists.pop().unwrap_or_default())
        }
        DataType::NvListArray => Value::NvListArray(lists(reader, count, depth, phantom)?),
        _ => flat(reader, data_type, count, phantom)?,
    };
    Ok((name_of(name), value))
}

/// This is where lists in lists are followed. What can be elsewhere is, so that the deepest of
/// them need little of the stack.
fn lists(
    reader: &mut Reader<'_>,
    count: usize,
    depth: usize,
    phantom: &mut usize,
) -> Result<Vec<NvList>, DecodeError> {
    if depth >= MAX_DEPTH {
        return Err(reader.error(DecodeErrorKind::TooDeep));
    }
    // Version, flags and the end are the least that a list has. Memory still is only taken as lists
    // are found: arrays of lists can stand in each other.
    enough(reader, count as u64 * 16)?;
    let mut lists = Vec::new();
    for _ in 0..count {
        lists.push(list(reader, depth + 1, phantom)?);
    }
    Ok(lists)
}

/// A length, that many bytes, and padding, which C does not look at.
fn opaque<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], DecodeError> {
    let len = BIG.u32(reader.array()?);
    padded(reader, len as usize)
}

fn padded<'a>(reader: &mut Reader<'a>, len: usize) -> Result<&'a [u8], DecodeError> {
    let bytes = reader.take(len)?.bytes();
    reader.take(len.next_multiple_of(4) - len)?;
    Ok(bytes)
}

fn string(reader: &mut Reader<'_>) -> Result<BString, DecodeError> {
    let at = *reader;
    let string = opaque(reader)?;
    if string.contains(&0) {
        return Err(at.error(DecodeErrorKind::BadString));
    }
    Ok(string.into())
}

/// Checks the length that stands in front of the elements of an array, and that they are there.
fn array_len(
    reader: &mut Reader<'_>,
    data_type: DataType,
    count: usize,
    unit: u64,
) -> Result<(), DecodeError> {
    if count == 0 {
        return Ok(());
    }
    let at = *reader;
    let again = BIG.i32(reader.array()?);
    if usize::try_from(again) != Ok(count) {
        return Err(at.error(DecodeErrorKind::BadElementCount {
            data_type,
            count: again,
        }));
    }
    enough(reader, count as u64 * unit)
}

/// Whether so many bytes are left, to be known before memory for them is asked for.
fn enough(reader: &Reader<'_>, needed: u64) -> Result<(), DecodeError> {
    if needed > reader.left() as u64 {
        return Err(reader.error(DecodeErrorKind::Truncated {
            needed,
            left: reader.left(),
        }));
    }
    Ok(())
}

/// A number of 8 bits, in four bytes of which C only looks at the last.
fn byte(reader: &mut Reader<'_>) -> Result<u8, DecodeError> {
    let [_, _, _, byte] = reader.array()?;
    Ok(byte)
}

const fn signed(byte: u8) -> i8 {
    i8::from_be_bytes([byte])
}

/// A number of 16 bits, in four bytes.
fn short(reader: &mut Reader<'_>) -> Result<[u8; 2], DecodeError> {
    let [_, _, high, low] = reader.array()?;
    Ok([high, low])
}

fn bool(reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    let at = *reader;
    match BIG.u32(reader.array()?) {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(at.error(DecodeErrorKind::BadBool(other))),
    }
}

/// A value that is no list.
fn flat(
    reader: &mut Reader<'_>,
    data_type: DataType,
    count: usize,
    phantom: &mut usize,
) -> Result<Value, DecodeError> {
    macro_rules! numbers {
        ($unit:literal, $one:expr) => {{
            if count == 0 {
                *phantom += 4;
            }
            array_len(reader, data_type, count, $unit)?;
            (0..count)
                .map(|_| $one)
                .collect::<Result<Vec<_>, DecodeError>>()?
        }};
    }
    Ok(match data_type {
        DataType::Boolean => Value::Boolean,
        DataType::Bool => Value::Bool(bool(reader)?),
        DataType::Byte => Value::Byte(byte(reader)?),
        DataType::I8 => Value::I8(signed(byte(reader)?)),
        DataType::U8 => Value::U8(byte(reader)?),
        DataType::I16 => Value::I16(BIG.i16(short(reader)?)),
        DataType::U16 => Value::U16(BIG.u16(short(reader)?)),
        DataType::I32 => Value::I32(BIG.i32(reader.array()?)),
        DataType::U32 => Value::U32(BIG.u32(reader.array()?)),
        DataType::I64 => Value::I64(BIG.i64(reader.array()?)),
        DataType::U64 => Value::U64(BIG.u64(reader.array()?)),
        DataType::HrTime => Value::HrTime(BIG.i64(reader.array()?)),
        DataType::Double => Value::Double(BIG.f64(reader.array()?)),
        DataType::String => Value::String(string(reader)?),
        DataType::ByteArray => Value::ByteArray(padded(reader, count)?.to_vec()),
        DataType::I8Array => Value::I8Array(numbers!(4, byte(reader).map(signed))),
        DataType::U8Array => Value::U8Array(numbers!(4, byte(reader))),
        DataType::I16Array => {
            Value::I16Array(numbers!(4, short(reader).map(|bytes| BIG.i16(bytes))))
        }
        DataType::U16Array => {
            Value::U16Array(numbers!(4, short(reader).map(|bytes| BIG.u16(bytes))))
        }
        DataType::I32Array => Value::I32Array(numbers!(4, Ok(BIG.i32(reader.array()?)))),
        DataType::U32Array => Value::U32Array(numbers!(4, Ok(BIG.u32(reader.array()?)))),
        DataType::BoolArray => Value::BoolArray(numbers!(4, bool(reader))),
        DataType::I64Array => Value::I64Array(numbers!(8, Ok(BIG.i64(reader.array()?)))),
        DataType::U64Array => Value::U64Array(numbers!(8, Ok(BIG.u64(reader.array()?)))),
        DataType::StringArray => {
            enough(reader, count as u64 * 4)?;
            let mut strings = Vec::with_capacity(count);
            for _ in 0..count {
                strings.push(string(reader)?);
            }
            Value::StringArray(strings)
        }
        // Nothing comes here for them; the compiler does not know.
        DataType::NvList | DataType::NvListArray => {
            return Err(reader.error(DecodeErrorKind::UnknownType(data_type.number())));
        }
    })
}

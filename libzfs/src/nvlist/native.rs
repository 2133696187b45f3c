//! The native encoding: C's structures as they stand in memory, pointers zeroed.

use bstr::{BStr, BString, ByteSlice};

use super::codec::{
    DecodeError, DecodeErrorKind, EncodeError, MAX_DEPTH, Reader, check_depth, check_len,
    check_name, check_string,
};
use super::{DataType, Endian, Name, NvList, Uniqueness, Value, name_of};

/// Length of what stands before the name of a pair.
const PAIR_HEADER_LEN: usize = 16;
/// Length of the `nvlist_t` that stands for a list in a pair.
const LIST_HEADER_LEN: usize = 24;
/// About what the kernel's answer for one property takes, with its value and source.
const PROPERTY_LEN: usize = 96;
/// Room for a pointer, whatever the pointers of the machine.
const POINTER_LEN: usize = 8;

const fn aligned(len: usize) -> usize {
    len.next_multiple_of(8)
}

pub(super) fn encode(list: &NvList, endian: Endian, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let mut encoder = Encoder { endian, out };
    encoder.u32(0);
    encoder.u32(list.uniqueness().flags());
    encoder.pairs(list, 0)
}

struct Encoder<'a> {
    endian: Endian,
    out: &'a mut Vec<u8>,
}

impl Encoder<'_> {
    fn u32(&mut self, value: u32) {
        self.out.extend(self.endian.put_u32(value));
    }

    fn i32(&mut self, value: i32) {
        self.out.extend(self.endian.put_i32(value));
    }

    fn pairs(&mut self, list: &NvList, depth: usize) -> Result<(), EncodeError> {
        let mut last = BStr::new("");
        for (name, value) in list {
            self.pair(name, value, depth)?;
            last = name;
        }
        self.u32(0);
        check_len(last, self.out.len())?;
        Ok(())
    }

    fn pair(&mut self, name: &BStr, value: &Value, depth: usize) -> Result<(), EncodeError> {
        check_name(name)?;
        let name_len = name.len() + 1;
        let value_at = aligned(PAIR_HEADER_LEN + name_len);
        let size = pair_len(name, value)?;
        let len = value_at + aligned(value_len(value));
        // Before the bytes are there, so that a list that is too long does not first take them.
        check_len(name, self.out.len().saturating_add(len))?;
        let count = check_len(name, element_count(value))?;

        let start = self.out.len();
        self.out.reserve(len);
        self.i32(size);
        let name_len = i16::try_from(name_len).map_err(|_| EncodeError::NameTooLong {
            name: name.into(),
            len: name.len(),
        })?;
        self.out.extend(self.endian.put_i16(name_len));
        self.out.extend([0; 2]);
        self.i32(count);
        self.u32(value.data_type().number());
        self.out.extend_from_slice(name);
        self.out.resize(start + value_at, 0);
        self.value(name, value)?;
        self.out.resize(start + len, 0);

        match value {
            Value::NvList(list) => {
                check_depth(name, depth + 1)?;
                self.pairs(list, depth + 1)?;
            }
            Value::NvListArray(lists) => {
                check_depth(name, depth + 1)?;
                for list in lists {
                    self.pairs(list, depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn value(&mut self, name: &BStr, value: &Value) -> Result<(), EncodeError> {
        macro_rules! number {
            ($value:expr, $put:ident) => {
                self.out.extend(self.endian.$put($value))
            };
        }
        macro_rules! numbers {
            ($values:expr, $put:ident) => {
                for value in $values {
                    number!(*value, $put);
                }
            };
        }
        match value {
            Value::Boolean => {}
            Value::Bool(value) => self.u32((*value).into()),
            Value::Byte(value) | Value::U8(value) => self.out.push(*value),
            Value::I8(value) => number!(*value, put_i8),
            Value::I16(value) => number!(*value, put_i16),
            Value::U16(value) => number!(*value, put_u16),
            Value::I32(value) => number!(*value, put_i32),
            Value::U32(value) => number!(*value, put_u32),
            Value::I64(value) | Value::HrTime(value) => number!(*value, put_i64),
            Value::U64(value) => number!(*value, put_u64),
            Value::Double(value) => number!(*value, put_f64),
            Value::String(string) => self.string(name, string.as_bstr())?,
            Value::ByteArray(values) | Value::U8Array(values) => self.out.extend_from_slice(values),
            Value::I8Array(values) => numbers!(values, put_i8),
            Value::I16Array(values) => numbers!(values, put_i16),
            Value::U16Array(values) => numbers!(values, put_u16),
            Value::I32Array(values) => numbers!(values, put_i32),
            Value::U32Array(values) => numbers!(values, put_u32),
            Value::I64Array(values) => numbers!(values, put_i64),
            Value::U64Array(values) => numbers!(values, put_u64),
            Value::BoolArray(values) => {
                for value in values {
                    self.u32((*value).into());
                }
            }
            Value::StringArray(strings) => {
                self.zeroes(strings.len() * POINTER_LEN);
                for string in strings {
                    self.string(name, string.as_bstr())?;
                }
            }
            Value::NvList(list) => self.list_header(list),
            Value::NvListArray(lists) => {
                self.zeroes(lists.len() * POINTER_LEN);
                for list in lists {
                    self.list_header(list);
                }
            }
        }
        Ok(())
    }

    fn zeroes(&mut self, len: usize) {
        self.out.resize(self.out.len() + len, 0);
    }

    fn string(&mut self, name: &BStr, string: &BStr) -> Result<(), EncodeError> {
        check_string(name, string)?;
        self.out.extend_from_slice(string);
        self.out.push(0);
        Ok(())
    }

    fn list_header(&mut self, list: &NvList) {
        self.u32(0);
        self.u32(list.uniqueness().flags());
        self.zeroes(LIST_HEADER_LEN - 8);
    }
}

/// What the pair takes in C's memory and in this encoding, without the lists in it.
pub(super) fn pair_len(name: &BStr, value: &Value) -> Result<i32, EncodeError> {
    let value_len = check_len(name, value_len(value))?;
    let value_len = aligned(usize::try_from(value_len).unwrap_or_default());
    check_len(name, aligned(PAIR_HEADER_LEN + name.len() + 1) + value_len)
}

/// What the value takes in its pair, without padding.
fn value_len(value: &Value) -> usize {
    match value {
        Value::Boolean => 0,
        Value::Byte(_) | Value::I8(_) | Value::U8(_) => 1,
        Value::I16(_) | Value::U16(_) => 2,
        Value::Bool(_) | Value::I32(_) | Value::U32(_) => 4,
        Value::I64(_) | Value::U64(_) | Value::HrTime(_) | Value::Double(_) => 8,
        Value::String(string) => string.len() + 1,
        Value::ByteArray(values) | Value::U8Array(values) => values.len(),
        Value::I8Array(values) => values.len(),
        Value::I16Array(values) => size_of_val(&values[..]),
        Value::U16Array(values) => size_of_val(&values[..]),
        Value::I32Array(values) => size_of_val(&values[..]),
        Value::U32Array(values) => size_of_val(&values[..]),
        Value::I64Array(values) => size_of_val(&values[..]),
        Value::U64Array(values) => size_of_val(&values[..]),
        Value::BoolArray(values) => values.len().saturating_mul(4),
        Value::StringArray(strings) => strings.iter().fold(0_usize, |len, string| {
            len.saturating_add(POINTER_LEN + string.len() + 1)
        }),
        Value::NvList(_) => LIST_HEADER_LEN,
        Value::NvListArray(lists) => lists.len().saturating_mul(POINTER_LEN + LIST_HEADER_LEN),
    }
}

/// The number of elements that C notes for the value.
pub(super) fn element_count(value: &Value) -> usize {
    match value {
        Value::Boolean => 0,
        Value::ByteArray(values) | Value::U8Array(values) => values.len(),
        Value::I8Array(values) => values.len(),
        Value::I16Array(values) => values.len(),
        Value::U16Array(values) => values.len(),
        Value::I32Array(values) => values.len(),
        Value::U32Array(values) => values.len(),
        Value::I64Array(values) => values.len(),
        Value::U64Array(values) => values.len(),
        Value::BoolArray(values) => values.len(),
        Value::StringArray(values) => values.len(),
        Value::NvListArray(values) => values.len(),
        _ => 1,
    }
}

/// What one element takes in the pair, without what is only known from the content (strings).
pub(super) const fn element_len(data_type: DataType) -> usize {
    match data_type {
        DataType::Boolean | DataType::String => 0,
        DataType::Byte
        | DataType::I8
        | DataType::U8
        | DataType::ByteArray
        | DataType::I8Array
        | DataType::U8Array => 1,
        DataType::I16 | DataType::U16 | DataType::I16Array | DataType::U16Array => 2,
        DataType::Bool
        | DataType::I32
        | DataType::U32
        | DataType::I32Array
        | DataType::U32Array
        | DataType::BoolArray => 4,
        DataType::I64
        | DataType::U64
        | DataType::I64Array
        | DataType::U64Array
        | DataType::HrTime
        | DataType::Double => 8,
        DataType::StringArray => POINTER_LEN,
        DataType::NvList => LIST_HEADER_LEN,
        DataType::NvListArray => POINTER_LEN + LIST_HEADER_LEN,
    }
}

/// Checks a number of elements that an encoded list claims against its type.
pub(super) fn check_count(data_type: DataType, count: i32) -> Result<usize, DecodeErrorKind> {
    let fits = match data_type {
        DataType::Boolean => count == 0,
        DataType::ByteArray
        | DataType::I8Array
        | DataType::U8Array
        | DataType::I16Array
        | DataType::U16Array
        | DataType::I32Array
        | DataType::U32Array
        | DataType::I64Array
        | DataType::U64Array
        | DataType::BoolArray
        | DataType::StringArray
        | DataType::NvListArray => true,
        _ => count == 1,
    };
    usize::try_from(count)
        .ok()
        .filter(|_| fits)
        .ok_or(DecodeErrorKind::BadElementCount { data_type, count })
}

/// Reads a list whose header has been read.
pub(super) fn decode(reader: &mut Reader<'_>, endian: Endian) -> Result<NvList, DecodeError> {
    let mut list = NvList::with_uniqueness(list_header(reader, endian)?);
    // No more than what is there takes.
    list.pairs.reserve(reader.left() / PROPERTY_LEN);
    pairs(reader, endian, list, 0)
}

/// The version, which has to be 0, and the flags.
fn list_header(reader: &mut Reader<'_>, endian: Endian) -> Result<Uniqueness, DecodeError> {
    let at = *reader;
    let version = endian.i32(reader.array()?);
    if version != 0 {
        return Err(at.error(DecodeErrorKind::UnknownVersion(version)));
    }
    reader.uniqueness(endian)
}

/// The pairs of a list up to the zero that ends it.
fn pairs(
    reader: &mut Reader<'_>,
    endian: Endian,
    mut list: NvList,
    depth: usize,
) -> Result<NvList, DecodeError> {
    loop {
        let start = *reader;
        let size = endian.i32(reader.array()?);
        if size == 0 {
            return Ok(list);
        }
        *reader = start;
        let len = usize::try_from(size)
            .ok()
            .filter(|&len| len >= aligned(PAIR_HEADER_LEN + 1))
            .ok_or_else(|| start.error(DecodeErrorKind::BadPairSize(size)))?;
        let pair = reader.take(len)?;
        let (name, value) = self::pair(pair, reader, endian, depth)?;
        list.try_append(name, value)
            .map_err(|name| start.error(DecodeErrorKind::DuplicateName(name)))?;
    }
}

/// One pair; the lists in it, if any, are read from what follows it.
fn pair(
    mut pair: Reader<'_>,
    behind: &mut Reader<'_>,
    endian: Endian,
    depth: usize,
) -> Result<(Name, Value), DecodeError> {
    let len = pair.left();
    pair.take(4)?;
    let at = pair;
    let name_size = endian.i16(pair.array()?);
    pair.take(2)?;
    let bad_name_size = || at.error(DecodeErrorKind::BadNameSize(name_size.into()));
    let name_len = usize::try_from(name_size)
        .ok()
        .and_then(|size| size.checked_sub(1))
        .ok_or_else(bad_name_size)?;
    let value_at = aligned(PAIR_HEADER_LEN + name_len + 1);
    if value_at > len {
        return Err(bad_name_size());
    }

    let at_count = pair;
    let count = endian.i32(pair.array()?);
    let at_type = pair;
    let number = endian.u32(pair.array()?);
    let data_type = DataType::from_number(number)
        .ok_or_else(|| at_type.error(DecodeErrorKind::UnknownType(number)))?;
    let count = check_count(data_type, count).map_err(|kind| at_count.error(kind))?;

    let mut rest = pair.take(value_at - PAIR_HEADER_LEN)?;
    let at_name = rest;
    let name = rest.take(name_len)?.bytes();
    let [end] = rest.array()?;
    if end != 0 || name.contains(&0) {
        return Err(at_name.error(DecodeErrorKind::BadName));
    }
    let value = match data_type {
        DataType::NvList => {
            check_depth_and_len(&pair, data_type, count, depth)?;
            Value::NvList(list(&mut pair, behind, endian, depth)?)
        }
        DataType::NvListArray => Value::NvListArray(lists(pair, behind, endian, count, depth)?),
        _ => flat(pair, endian, data_type, count)?,
    };
    Ok((name_of(name), value))
}

/// Lists, whose headers are in the pair and whose pairs are behind it.
fn lists(
    mut reader: Reader<'_>,
    behind: &mut Reader<'_>,
    endian: Endian,
    count: usize,
    depth: usize,
) -> Result<Vec<NvList>, DecodeError> {
    check_depth_and_len(&reader, DataType::NvListArray, count, depth)?;
    reader.take(count * POINTER_LEN)?;
    // Memory is only taken as lists are found: arrays of lists can stand in each other.
    let mut lists = Vec::new();
    for _ in 0..count {
        lists.push(list(&mut reader, behind, endian, depth)?);
    }
    Ok(lists)
}

/// A list in a list, of which the header is next in the pair.
///
/// This is where lists in lists are followed. What can be elsewhere is, so that the deepest of
/// them need little of the stack.
fn list(
    headers: &mut Reader<'_>,
    behind: &mut Reader<'_>,
    endian: Endian,
    depth: usize,
) -> Result<NvList, DecodeError> {
    let uniqueness = list_header(&mut headers.take(LIST_HEADER_LEN)?, endian)?;
    pairs(
        behind,
        endian,
        NvList::with_uniqueness(uniqueness),
        depth + 1,
    )
}

fn check_depth_and_len(
    value: &Reader<'_>,
    data_type: DataType,
    count: usize,
    depth: usize,
) -> Result<(), DecodeError> {
    if depth >= MAX_DEPTH {
        return Err(value.error(DecodeErrorKind::TooDeep));
    }
    check_value_len(
        value,
        data_type,
        count as u64 * element_len(data_type) as u64,
    )
}

/// Makes sure that a value with so many bytes and its padding fills its pair.
fn check_value_len(
    value: &Reader<'_>,
    data_type: DataType,
    needed: u64,
) -> Result<(), DecodeError> {
    if needed.next_multiple_of(8) == value.left() as u64 {
        return Ok(());
    }
    Err(value.error(DecodeErrorKind::BadValueSize {
        data_type,
        needed,
        got: value.left(),
    }))
}

/// A value that is no list.
fn flat(
    mut reader: Reader<'_>,
    endian: Endian,
    data_type: DataType,
    count: usize,
) -> Result<Value, DecodeError> {
    let start = reader;
    let check_len = |needed| check_value_len(&start, data_type, needed);

    // Before anything is read or memory asked for: the elements fit the pair, which fits the input.
    let fixed = count as u64 * element_len(data_type) as u64;
    if !matches!(data_type, DataType::String | DataType::StringArray) {
        check_len(fixed)?;
    } else if fixed > start.left() as u64 {
        return Err(start.error(DecodeErrorKind::BadValueSize {
            data_type,
            needed: fixed,
            got: start.left(),
        }));
    }

    macro_rules! number {
        ($get:ident) => {
            endian.$get(reader.array()?)
        };
    }
    macro_rules! numbers {
        ($get:ident) => {
            (0..count)
                .map(|_| Ok(number!($get)))
                .collect::<Result<Vec<_>, DecodeError>>()?
        };
    }
    let bool = |reader: &mut Reader<'_>| {
        let at = *reader;
        match endian.u32(reader.array()?) {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(at.error(DecodeErrorKind::BadBool(other))),
        }
    };
    // C does not look at what pads a value, and neither is it looked at here.
    Ok(match data_type {
        DataType::Boolean => Value::Boolean,
        DataType::Bool => Value::Bool(bool(&mut reader)?),
        DataType::Byte => Value::Byte(number!(u8)),
        DataType::I8 => Value::I8(number!(i8)),
        DataType::U8 => Value::U8(number!(u8)),
        DataType::I16 => Value::I16(number!(i16)),
        DataType::U16 => Value::U16(number!(u16)),
        DataType::I32 => Value::I32(number!(i32)),
        DataType::U32 => Value::U32(number!(u32)),
        DataType::I64 => Value::I64(number!(i64)),
        DataType::U64 => Value::U64(number!(u64)),
        DataType::HrTime => Value::HrTime(number!(i64)),
        DataType::Double => Value::Double(number!(f64)),
        DataType::String => {
            let string = string(&mut reader)?;
            check_len(string.len() as u64 + 1)?;
            Value::String(string)
        }
        DataType::ByteArray => Value::ByteArray(reader.take(count)?.bytes().to_vec()),
        DataType::U8Array => Value::U8Array(reader.take(count)?.bytes().to_vec()),
        DataType::I8Array => Value::I8Array(numbers!(i8)),
        DataType::I16Array => Value::I16Array(numbers!(i16)),
        DataType::U16Array => Value::U16Array(numbers!(u16)),
        DataType::I32Array => Value::I32Array(numbers!(i32)),
        DataType::U32Array => Value::U32Array(numbers!(u32)),
        DataType::I64Array => Value::I64Array(numbers!(i64)),
        DataType::U64Array => Value::U64Array(numbers!(u64)),
        DataType::BoolArray => Value::BoolArray(
            (0..count)
                .map(|_| bool(&mut reader))
                .collect::<Result<_, _>>()?,
        ),
        DataType::StringArray => {
            reader.take(count * POINTER_LEN)?;
            // The room for their pointers is there, so this is not more than three times that.
            let mut strings = Vec::with_capacity(count);
            for _ in 0..count {
                strings.push(string(&mut reader)?);
            }
            check_len((start.left() - reader.left()) as u64)?;
            Value::StringArray(strings)
        }
        // Nothing comes here for them; the compiler does not know.
        DataType::NvList | DataType::NvListArray => {
            return Err(start.error(DecodeErrorKind::UnknownType(data_type.number())));
        }
    })
}

/// The bytes up to the next NUL, which is left behind too.
fn string(reader: &mut Reader<'_>) -> Result<BString, DecodeError> {
    let len = reader
        .bytes()
        .find_byte(0)
        .ok_or_else(|| reader.error(DecodeErrorKind::BadString))?;
    let string = reader.take(len)?.bytes().into();
    reader.take(1)?;
    Ok(string)
}

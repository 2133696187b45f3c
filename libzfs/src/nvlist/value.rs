//! What a pair of an nvlist can hold.

use std::fmt;

use bstr::{BStr, BString, ByteSlice};

use super::NvList;

macro_rules! data_types {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        /// The type of a [`Value`], numbered as in `data_type_t` of `sys/nvpair.h`.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum DataType {
            $(
                $(#[$doc])*
                $name = $number,
            )*
        }

        impl DataType {
            /// All types, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The number that stands for this type in C and in encoded lists.
            #[must_use]
            pub const fn number(self) -> u32 {
                self as u32
            }

            /// The type with that number, if there is one.
            ///
            /// ```
            /// use libzfs::nvlist::DataType;
            ///
            /// assert_eq!(DataType::from_number(8), Some(DataType::U64));
            /// assert_eq!(DataType::from_number(0), None);
            /// ```
            #[must_use]
            pub const fn from_number(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// A short name such as `u64` or `string array`, for messages.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

data_types! {
    /// `DATA_TYPE_BOOLEAN`: the pair is there, and that is all it says.
    Boolean = 1, "boolean";
    /// `DATA_TYPE_BYTE`.
    Byte = 2, "byte";
    /// `DATA_TYPE_INT16`.
    I16 = 3, "i16";
    /// `DATA_TYPE_UINT16`.
    U16 = 4, "u16";
    /// `DATA_TYPE_INT32`.
    I32 = 5, "i32";
    /// `DATA_TYPE_UINT32`.
    U32 = 6, "u32";
    /// `DATA_TYPE_INT64`.
    I64 = 7, "i64";
    /// `DATA_TYPE_UINT64`.
    U64 = 8, "u64";
    /// `DATA_TYPE_STRING`.
    String = 9, "string";
    /// `DATA_TYPE_BYTE_ARRAY`.
    ByteArray = 10, "byte array";
    /// `DATA_TYPE_INT16_ARRAY`.
    I16Array = 11, "i16 array";
    /// `DATA_TYPE_UINT16_ARRAY`.
    U16Array = 12, "u16 array";
    /// `DATA_TYPE_INT32_ARRAY`.
    I32Array = 13, "i32 array";
    /// `DATA_TYPE_UINT32_ARRAY`.
    U32Array = 14, "u32 array";
    /// `DATA_TYPE_INT64_ARRAY`.
    I64Array = 15, "i64 array";
    /// `DATA_TYPE_UINT64_ARRAY`.
    U64Array = 16, "u64 array";
    /// `DATA_TYPE_STRING_ARRAY`.
    StringArray = 17, "string array";
    /// `DATA_TYPE_HRTIME`.
    HrTime = 18, "hrtime";
    /// `DATA_TYPE_NVLIST`.
    NvList = 19, "nvlist";
    /// `DATA_TYPE_NVLIST_ARRAY`.
    NvListArray = 20, "nvlist array";
    /// `DATA_TYPE_BOOLEAN_VALUE`.
    Bool = 21, "bool";
    /// `DATA_TYPE_INT8`.
    I8 = 22, "i8";
    /// `DATA_TYPE_UINT8`.
    U8 = 23, "u8";
    /// `DATA_TYPE_BOOLEAN_ARRAY`.
    BoolArray = 24, "bool array";
    /// `DATA_TYPE_INT8_ARRAY`.
    I8Array = 25, "i8 array";
    /// `DATA_TYPE_UINT8_ARRAY`.
    U8Array = 26, "u8 array";
    /// `DATA_TYPE_DOUBLE`, which only user space knows: the kernel refuses it.
    Double = 27, "double";
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The value of a pair.
///
/// The kernel looks at the type as well as at the number: a property that is a number has to be
/// [`U64`](Self::U64), and a [`U32`](Self::U32) in its place is refused.
///
/// Strings are bytes that end at the first NUL in C; nothing says that they are UTF-8.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Value {
    /// The pair is there, and that is all it says.
    Boolean,
    /// True or false.
    Bool(bool),
    /// One byte; not the same type as [`U8`](Self::U8).
    Byte(u8),
    /// A number.
    I8(i8),
    /// A number.
    U8(u8),
    /// A number.
    I16(i16),
    /// A number.
    U16(u16),
    /// A number.
    I32(i32),
    /// A number.
    U32(u32),
    /// A number.
    I64(i64),
    /// A number; ZFS uses this type for nearly all its numbers.
    U64(u64),
    /// A string without a NUL in it.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "super::serial::text::serialize")
    )]
    String(BString),
    /// Bytes; not the same type as [`U8Array`](Self::U8Array).
    ByteArray(Vec<u8>),
    /// Numbers.
    I8Array(Vec<i8>),
    /// Numbers; keys are passed to the kernel in this type.
    U8Array(Vec<u8>),
    /// Numbers.
    I16Array(Vec<i16>),
    /// Numbers.
    U16Array(Vec<u16>),
    /// Numbers.
    I32Array(Vec<i32>),
    /// Numbers.
    U32Array(Vec<u32>),
    /// Numbers.
    I64Array(Vec<i64>),
    /// Numbers.
    U64Array(Vec<u64>),
    /// Each true or false.
    BoolArray(Vec<bool>),
    /// Strings, each without a NUL in it.
    #[cfg_attr(feature = "serde", serde(serialize_with = "super::serial::texts"))]
    StringArray(Vec<BString>),
    /// Nanoseconds.
    HrTime(i64),
    /// A list in the list.
    NvList(NvList),
    /// Lists in the list.
    NvListArray(Vec<NvList>),
    /// A floating-point number; the kernel refuses it.
    #[cfg_attr(feature = "serde", serde(serialize_with = "super::serial::bits"))]
    Double(f64),
}

macro_rules! accessors {
    (
        copied { $($as_copied:ident: $copied:ident($copied_ty:ty);)* }
        slices { $($as_slice:ident: $slice:ident([$slice_ty:ty]);)* }
    ) => {
        $(
            #[doc = concat!("The value, if it is a [`", stringify!($copied), "`](Self::", stringify!($copied), ").")]
            #[must_use]
            pub const fn $as_copied(&self) -> Option<$copied_ty> {
                match self {
                    Self::$copied(value) => Some(*value),
                    _ => None,
                }
            }
        )*
        $(
            #[doc = concat!("The values, if it is a [`", stringify!($slice), "`](Self::", stringify!($slice), ").")]
            #[must_use]
            pub fn $as_slice(&self) -> Option<&[$slice_ty]> {
                match self {
                    Self::$slice(values) => Some(values),
                    _ => None,
                }
            }
        )*
    };
}

/// Each accessor answers only for exactly its own type, as C's `nvpair_value_*` do.
impl Value {
    /// The type of the value.
    #[must_use]
    pub const fn data_type(&self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Bool(_) => DataType::Bool,
            Self::Byte(_) => DataType::Byte,
            Self::I8(_) => DataType::I8,
            Self::U8(_) => DataType::U8,
            Self::I16(_) => DataType::I16,
            Self::U16(_) => DataType::U16,
            Self::I32(_) => DataType::I32,
            Self::U32(_) => DataType::U32,
            Self::I64(_) => DataType::I64,
            Self::U64(_) => DataType::U64,
            Self::String(_) => DataType::String,
            Self::ByteArray(_) => DataType::ByteArray,
            Self::I8Array(_) => DataType::I8Array,
            Self::U8Array(_) => DataType::U8Array,
            Self::I16Array(_) => DataType::I16Array,
            Self::U16Array(_) => DataType::U16Array,
            Self::I32Array(_) => DataType::I32Array,
            Self::U32Array(_) => DataType::U32Array,
            Self::I64Array(_) => DataType::I64Array,
            Self::U64Array(_) => DataType::U64Array,
            Self::BoolArray(_) => DataType::BoolArray,
            Self::StringArray(_) => DataType::StringArray,
            Self::HrTime(_) => DataType::HrTime,
            Self::NvList(_) => DataType::NvList,
            Self::NvListArray(_) => DataType::NvListArray,
            Self::Double(_) => DataType::Double,
        }
    }

    accessors! {
        copied {
            as_bool: Bool(bool);
            as_byte: Byte(u8);
            as_i8: I8(i8);
            as_u8: U8(u8);
            as_i16: I16(i16);
            as_u16: U16(u16);
            as_i32: I32(i32);
            as_u32: U32(u32);
            as_i64: I64(i64);
            as_u64: U64(u64);
            as_hrtime: HrTime(i64);
            as_double: Double(f64);
        }
        slices {
            as_byte_array: ByteArray([u8]);
            as_i8_array: I8Array([i8]);
            as_u8_array: U8Array([u8]);
            as_i16_array: I16Array([i16]);
            as_u16_array: U16Array([u16]);
            as_i32_array: I32Array([i32]);
            as_u32_array: U32Array([u32]);
            as_i64_array: I64Array([i64]);
            as_u64_array: U64Array([u64]);
            as_bool_array: BoolArray([bool]);
            as_string_array: StringArray([BString]);
            as_list_array: NvListArray([NvList]);
        }
    }

    /// The string, if it is one and is UTF-8; [`as_bstr`](Self::as_bstr) does not ask for that.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_bstr()?.to_str().ok()
    }

    /// The string's bytes, if it is a [`String`](Self::String).
    #[must_use]
    pub fn as_bstr(&self) -> Option<&BStr> {
        match self {
            Self::String(value) => Some(value.as_bstr()),
            _ => None,
        }
    }

    /// The list, if it is an [`NvList`](Self::NvList).
    #[must_use]
    pub const fn as_list(&self) -> Option<&NvList> {
        match self {
            Self::NvList(list) => Some(list),
            _ => None,
        }
    }

    /// The list itself, or the value back if it is no [`NvList`](Self::NvList).
    pub fn into_list(self) -> Result<NvList, Self> {
        match self {
            Self::NvList(list) => Ok(list),
            other => Err(other),
        }
    }

    /// The string itself, or the value back if it is no [`String`](Self::String).
    pub fn into_bstring(self) -> Result<BString, Self> {
        match self {
            Self::String(string) => Ok(string),
            other => Err(other),
        }
    }

    /// The number, if it is a number of any integer type ([`Byte`](Self::Byte) and
    /// [`HrTime`](Self::HrTime) included).
    #[must_use]
    pub fn to_integer(&self) -> Option<i128> {
        Some(match *self {
            Self::Byte(n) | Self::U8(n) => n.into(),
            Self::I8(n) => n.into(),
            Self::I16(n) => n.into(),
            Self::U16(n) => n.into(),
            Self::I32(n) => n.into(),
            Self::U32(n) => n.into(),
            Self::I64(n) | Self::HrTime(n) => n.into(),
            Self::U64(n) => n.into(),
            _ => return None,
        })
    }
}

macro_rules! from {
    ($($ty:ty => $variant:ident;)*) => {$(
        impl From<$ty> for Value {
            fn from(value: $ty) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from! {
    bool => Bool;
    i8 => I8;
    u8 => U8;
    i16 => I16;
    u16 => U16;
    i32 => I32;
    u32 => U32;
    i64 => I64;
    u64 => U64;
    f64 => Double;
    &str => String;
    String => String;
    BString => String;
    &BStr => String;
    Vec<i8> => I8Array;
    Vec<u8> => U8Array;
    Vec<i16> => I16Array;
    Vec<u16> => U16Array;
    Vec<i32> => I32Array;
    Vec<u32> => U32Array;
    Vec<i64> => I64Array;
    Vec<u64> => U64Array;
    Vec<bool> => BoolArray;
    Vec<BString> => StringArray;
    &[i8] => I8Array;
    &[u8] => U8Array;
    &[i16] => I16Array;
    &[u16] => U16Array;
    &[i32] => I32Array;
    &[u32] => U32Array;
    &[i64] => I64Array;
    &[u64] => U64Array;
    &[bool] => BoolArray;
    NvList => NvList;
    Vec<NvList> => NvListArray;
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::String(value.as_str().into())
    }
}

impl From<Vec<&str>> for Value {
    fn from(values: Vec<&str>) -> Self {
        Self::StringArray(values.into_iter().map(BString::from).collect())
    }
}

impl From<Vec<String>> for Value {
    fn from(values: Vec<String>) -> Self {
        Self::StringArray(values.into_iter().map(BString::from).collect())
    }
}

impl fmt::Display for Value {
    /// The bare value: numbers in decimal, strings as they are (bytes that are not UTF-8 as
    /// U+FFFD), arrays in brackets, lists in braces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn array<T>(
            f: &mut fmt::Formatter<'_>,
            items: &[T],
            show: impl Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
        ) -> fmt::Result {
            f.write_str("[")?;
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    f.write_str(", ")?;
                }
                show(item, f)?;
            }
            f.write_str("]")
        }

        match self {
            Self::Boolean => f.write_str("present"),
            Self::Bool(value) => fmt::Display::fmt(value, f),
            Self::Byte(value) | Self::U8(value) => fmt::Display::fmt(value, f),
            Self::I8(value) => fmt::Display::fmt(value, f),
            Self::I16(value) => fmt::Display::fmt(value, f),
            Self::U16(value) => fmt::Display::fmt(value, f),
            Self::I32(value) => fmt::Display::fmt(value, f),
            Self::U32(value) => fmt::Display::fmt(value, f),
            Self::I64(value) | Self::HrTime(value) => fmt::Display::fmt(value, f),
            Self::U64(value) => fmt::Display::fmt(value, f),
            Self::Double(value) => fmt::Display::fmt(value, f),
            Self::String(value) => fmt::Display::fmt(value.as_bstr(), f),
            Self::NvList(list) => fmt::Display::fmt(list, f),
            Self::ByteArray(values) | Self::U8Array(values) => array(f, values, fmt::Display::fmt),
            Self::I8Array(values) => array(f, values, fmt::Display::fmt),
            Self::I16Array(values) => array(f, values, fmt::Display::fmt),
            Self::U16Array(values) => array(f, values, fmt::Display::fmt),
            Self::I32Array(values) => array(f, values, fmt::Display::fmt),
            Self::U32Array(values) => array(f, values, fmt::Display::fmt),
            Self::I64Array(values) => array(f, values, fmt::Display::fmt),
            Self::U64Array(values) => array(f, values, fmt::Display::fmt),
            Self::BoolArray(values) => array(f, values, fmt::Display::fmt),
            Self::StringArray(values) => array(f, values, |value, f| write!(f, "{value:?}")),
            Self::NvListArray(values) => array(f, values, fmt::Display::fmt),
        }
    }
}

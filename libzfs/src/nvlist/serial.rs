//! Lists for serde.
//!
//! A list is its uniqueness and its pairs in their order, each a name and a value; a value is its
//! type's name and what it holds. Nothing is lost: names and strings are text where they are UTF-8
//! and bytes where they are not, and floating-point numbers are the bits that they consist of.
//!
//! What is read is as little to be trusted as what is decoded: lists stand in lists at most
//! [`MAX_DEPTH`] deep, and nothing has a NUL in it that ends at one in C. Who reads has to know how
//! deep he is, and so that is not derived.

use std::borrow::Cow;
use std::fmt;

use bstr::{BString, ByteSlice};
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{MAX_DEPTH, NvList, Uniqueness, Value};

/// Bytes that are mostly text.
pub(crate) mod text {
    use super::{BString, ByteSlice, Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(text: &BString, to: S) -> Result<S::Ok, S::Error> {
        match text.to_str() {
            Ok(text) => to.serialize_str(text),
            Err(_) => text.as_slice().serialize(to),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BString, D::Error> {
        BString::deserialize(from)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Text(#[serde(with = "text")] BString);

pub(super) fn texts<S: Serializer>(texts: &[BString], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(texts.iter().map(|text| Text(text.clone())))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
pub(super) fn bits<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(number.to_bits())
}

#[derive(Serialize)]
struct Borrowed<'a> {
    uniqueness: Uniqueness,
    pairs: Vec<(Text, &'a Value)>,
}

impl Serialize for NvList {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let pairs = self.pairs.iter();
        Borrowed {
            uniqueness: self.uniqueness,
            pairs: pairs
                .map(|pair| (Text(pair.name.clone().into_owned()), &pair.value))
                .collect(),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for NvList {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        List { depth: 0 }.deserialize(from)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Of { depth: 0 }.deserialize(from)
    }
}

/// Reads a list that stands in so many others.
#[derive(Clone, Copy)]
struct List {
    depth: usize,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Part {
    Uniqueness,
    Pairs,
}

impl<'de> DeserializeSeed<'de> for List {
    type Value = NvList;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<NvList, D::Error> {
        if self.depth > MAX_DEPTH {
            let why = format!("lists stand in lists more than {MAX_DEPTH} deep");
            return Err(D::Error::custom(why));
        }
        from.deserialize_struct("NvList", &["uniqueness", "pairs"], self)
    }
}

impl<'de> Visitor<'de> for List {
    type Value = NvList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list: its uniqueness, and its pairs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<NvList, A::Error> {
        let missing = |at| A::Error::invalid_length(at, &self);
        let uniqueness = parts.next_element()?.ok_or_else(|| missing(0))?;
        let pairs = Pairs { of: self };
        let pairs = parts.next_element_seed(pairs)?.ok_or_else(|| missing(1))?;
        list(uniqueness, pairs)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut parts: A) -> Result<NvList, A::Error> {
        let (mut uniqueness, mut pairs) = (None, None);
        while let Some(part) = parts.next_key()? {
            match part {
                Part::Uniqueness if uniqueness.is_none() => uniqueness = Some(parts.next_value()?),
                Part::Pairs if pairs.is_none() => {
                    pairs = Some(parts.next_value_seed(Pairs { of: self })?);
                }
                Part::Uniqueness => return Err(A::Error::duplicate_field("uniqueness")),
                Part::Pairs => return Err(A::Error::duplicate_field("pairs")),
            }
        }
        let missing = A::Error::missing_field;
        list(
            uniqueness.ok_or_else(|| missing("uniqueness"))?,
            pairs.ok_or_else(|| missing("pairs"))?,
        )
    }
}

fn list<E: serde::de::Error>(
    uniqueness: Uniqueness,
    pairs: Vec<(BString, Value)>,
) -> Result<NvList, E> {
    let mut list = NvList::with_uniqueness(uniqueness);
    for (name, value) in pairs {
        list.try_append(Cow::Owned(name), value)
            .map_err(|name| E::custom(format_args!("the name {name:?} occurs twice in a list")))?;
    }
    Ok(list)
}

/// What would end at a NUL in C has none.
fn whole<E: serde::de::Error>(text: Text) -> Result<BString, E> {
    if text.0.contains(&0) {
        return Err(E::custom(format_args!("{:?} has a NUL in it", text.0)));
    }
    Ok(text.0)
}

/// Reads the pairs of a list.
struct Pairs {
    of: List,
}

impl<'de> DeserializeSeed<'de> for Pairs {
    type Value = Vec<(BString, Value)>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(BString, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pairs of a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        let depth = self.of.depth;
        while let Some(pair) = items.next_element_seed(Pair { depth })? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

/// Reads a name and a value.
struct Pair {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Pair {
    type Value = (BString, Value);

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_tuple(2, self)
    }
}

impl<'de> Visitor<'de> for Pair {
    type Value = (BString, Value);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name and a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let missing = |at| A::Error::invalid_length(at, &self);
        let name = parts.next_element()?.ok_or_else(|| missing(0))?;
        let of = Of { depth: self.depth };
        let value = parts.next_element_seed(of)?.ok_or_else(|| missing(1))?;
        Ok((whole(name)?, value))
    }
}

/// Reads lists that stand in a list which stands in so many others.
struct Lists {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Lists {
    type Value = Vec<NvList>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Lists {
    type Value = Vec<NvList>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lists")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut lists = Vec::new();
        let depth = self.depth + 1;
        while let Some(list) = items.next_element_seed(List { depth })? {
            lists.push(list);
        }
        Ok(lists)
    }
}

/// Reads a value of a list that stands in so many others.
struct Of {
    depth: usize,
}

macro_rules! types {
    ($($name:ident = $text:literal,)*) => {
        /// The types, in the order of [`Value`], by which a format may count them.
        #[derive(Deserialize)]
        #[serde(variant_identifier)]
        enum Type {
            $(
                #[serde(rename = $text)]
                $name,
            )*
        }

        const TYPES: &[&str] = &[$($text,)*];
    };
}

types! {
    Boolean = "boolean",
    Bool = "bool",
    Byte = "byte",
    I8 = "i8",
    U8 = "u8",
    I16 = "i16",
    U16 = "u16",
    I32 = "i32",
    U32 = "u32",
    I64 = "i64",
    U64 = "u64",
    String = "string",
    ByteArray = "byte_array",
    I8Array = "i8_array",
    U8Array = "u8_array",
    I16Array = "i16_array",
    U16Array = "u16_array",
    I32Array = "i32_array",
    U32Array = "u32_array",
    I64Array = "i64_array",
    U64Array = "u64_array",
    BoolArray = "bool_array",
    StringArray = "string_array",
    HrTime = "hr_time",
    NvList = "nv_list",
    NvListArray = "nv_list_array",
    Double = "double",
}

impl<'de> DeserializeSeed<'de> for Of {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_enum("Value", TYPES, self)
    }
}

impl<'de> Visitor<'de> for Of {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value by its type")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, from: A) -> Result<Value, A::Error> {
        let depth = self.depth;
        let (data_type, content) = from.variant()?;
        match data_type {
            Type::Boolean => content.unit_variant().map(|()| Value::Boolean),
            Type::Bool => content.newtype_variant().map(Value::Bool),
            Type::Byte => content.newtype_variant().map(Value::Byte),
            Type::I8 => content.newtype_variant().map(Value::I8),
            Type::U8 => content.newtype_variant().map(Value::U8),
            Type::I16 => content.newtype_variant().map(Value::I16),
            Type::U16 => content.newtype_variant().map(Value::U16),
            Type::I32 => content.newtype_variant().map(Value::I32),
            Type::U32 => content.newtype_variant().map(Value::U32),
            Type::I64 => content.newtype_variant().map(Value::I64),
            Type::U64 => content.newtype_variant().map(Value::U64),
            Type::ByteArray => content.newtype_variant().map(Value::ByteArray),
            Type::I8Array => content.newtype_variant().map(Value::I8Array),
            Type::U8Array => content.newtype_variant().map(Value::U8Array),
            Type::I16Array => content.newtype_variant().map(Value::I16Array),
            Type::U16Array => content.newtype_variant().map(Value::U16Array),
            Type::I32Array => content.newtype_variant().map(Value::I32Array),
            Type::U32Array => content.newtype_variant().map(Value::U32Array),
            Type::I64Array => content.newtype_variant().map(Value::I64Array),
            Type::U64Array => content.newtype_variant().map(Value::U64Array),
            Type::BoolArray => content.newtype_variant().map(Value::BoolArray),
            Type::HrTime => content.newtype_variant().map(Value::HrTime),
            Type::String => whole(content.newtype_variant()?).map(Value::String),
            Type::StringArray => {
                let texts: Vec<Text> = content.newtype_variant()?;
                let texts: Result<_, _> = texts.into_iter().map(whole).collect();
                texts.map(Value::StringArray)
            }
            Type::Double => {
                let bits = content.newtype_variant()?;
                Ok(Value::Double(f64::from_bits(bits)))
            }
            Type::NvList => {
                let list = List { depth: depth + 1 };
                content.newtype_variant_seed(list).map(Value::NvList)
            }
            Type::NvListArray => {
                let lists = content.newtype_variant_seed(Lists { depth })?;
                Ok(Value::NvListArray(lists))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::nvlist::{Endian, MAX_DEPTH, NvList, Uniqueness, Value};
    use crate::stream::tests::samples;
    use crate::stream::{Features, Summary};

    fn round_trip(list: &NvList) {
        let json = serde_json::to_string(list).unwrap();
        let again: NvList = serde_json::from_str(&json).unwrap();
        // By bytes, since a NaN is not equal to itself.
        assert_eq!(again.encode().unwrap(), list.encode().unwrap(), "{json}");
    }

    #[test]
    fn nothing_is_lost_in_json() {
        let inner = NvList::new().with("a", u64::MAX).with("b", i64::MIN);
        round_trip(
            &NvList::with_uniqueness(Uniqueness::None)
                .with("same", Value::Boolean)
                .with("same", true)
                .with(&b"\xff\xfe"[..], Value::String(b"\xc3\x28".into()))
                .with("text", "text")
                .with(
                    "texts",
                    Value::StringArray(vec!["a".into(), b"\x80".into()]),
                )
                .with("byte", Value::Byte(1))
                .with("bytes", Value::ByteArray(vec![0, 255]))
                .with("small", Value::I8Array(vec![-128, 127]))
                .with("numbers", vec![u64::MAX, 0])
                .with("time", Value::HrTime(-1))
                .with("nan", Value::Double(f64::NAN))
                .with("endless", Value::Double(f64::INFINITY))
                .with("list", inner.clone())
                .with("lists", Value::NvListArray(vec![inner, NvList::new()])),
        );
        let json = serde_json::to_string(&NvList::new().with("readonly", 1_u64)).unwrap();
        assert_eq!(
            json,
            r#"{"uniqueness":"names","pairs":[["readonly",{"u64":1}]]}"#
        );
    }

    #[test]
    fn a_name_that_occurs_twice_is_refused() {
        let json = r#"{"uniqueness":"names","pairs":[["a","boolean"],["a","boolean"]]}"#;
        let error = serde_json::from_str::<NvList>(json).unwrap_err();
        assert!(error.to_string().contains("occurs twice"), "{error}");
    }

    /// A list with so many in it, one in the other.
    fn nested(depth: usize, array: bool) -> serde_json::Value {
        let mut list = serde_json::json!({"uniqueness": "names", "pairs": []});
        for _ in 0..depth {
            let value = match array {
                true => serde_json::json!({"nv_list_array": [list]}),
                false => serde_json::json!({"nv_list": list}),
            };
            list = serde_json::json!({"uniqueness": "names", "pairs": [["a", value]]});
        }
        list
    }

    #[test]
    fn lists_do_not_stand_deeper_in_lists_than_can_be_decoded() {
        for array in [false, true] {
            // From a value, since the reader of JSON text has a limit of its own.
            let list: NvList = serde_json::from_value(nested(MAX_DEPTH, array)).unwrap();
            assert_eq!(NvList::decode(&list.encode().unwrap()), Ok(list));
            let error = serde_json::from_value::<NvList>(nested(MAX_DEPTH + 1, array));
            let error = error.unwrap_err().to_string();
            assert!(error.contains("100 deep"), "{error}");
        }
    }

    #[test]
    fn a_nul_is_refused() {
        for pair in [
            r#"["a\u0000b","boolean"]"#,
            r#"["a",{"string":"b\u0000"}]"#,
            r#"["a",{"string_array":["b","\u0000"]}]"#,
        ] {
            let json = format!(r#"{{"uniqueness":"names","pairs":[{pair}]}}"#);
            let error = serde_json::from_str::<NvList>(&json).unwrap_err();
            assert!(error.to_string().contains("has a NUL in it"), "{error}");
        }
    }

    #[test]
    fn parts_are_there_once_and_known() {
        for (json, why) in [
            (r#"{"uniqueness":"names"}"#, "missing field `pairs`"),
            (r#"{"pairs":[]}"#, "missing field `uniqueness`"),
            (
                r#"{"pairs":[],"pairs":[],"uniqueness":"names"}"#,
                "duplicate field `pairs`",
            ),
            (
                r#"{"pairs":[["a"]],"uniqueness":"names"}"#,
                "invalid length 1",
            ),
            (r#"{"pairs":[["a",{"u65":1}]],"uniqueness":"names"}"#, "u65"),
        ] {
            let error = serde_json::from_str::<NvList>(json).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
        // As a list of its parts, which formats without names make.
        let list: NvList = serde_json::from_str(r#"["names",[["a",{"u64":1}]]]"#).unwrap();
        assert_eq!(list, NvList::new().with("a", 1_u64));
    }

    #[test]
    fn a_summary_is_the_same_after_a_trip_through_json() {
        let summary = crate::stream::verify(&samples::package(Endian::Big)).unwrap();
        let json = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<Summary>(&json).unwrap(), summary);
        let features = Features::RAW | Features::from_bits_retain(1 << 40);
        let json = serde_json::to_string(&features).unwrap();
        assert_eq!(serde_json::from_str::<Features>(&json).unwrap(), features);
    }
}

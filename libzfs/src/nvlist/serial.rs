//! Lists for serde.
//!
//! A list is its uniqueness and its pairs in their order, each a name and a value; a value is its
//! type's name and what it holds. Nothing is lost: names and strings are text where they are UTF-8
//! and bytes where they are not, and floating-point numbers are the bits that they consist of.

use bstr::{BString, ByteSlice};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{NvList, Uniqueness, Value};

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

pub(super) mod texts {
    use super::{BString, Deserialize, Deserializer, Serializer, Text};

    pub(crate) fn serialize<S: Serializer>(texts: &[BString], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(texts.iter().map(|text| Text(text.clone())))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<BString>, D::Error> {
        let texts = Vec::<Text>::deserialize(from)?;
        Ok(texts.into_iter().map(|text| text.0).collect())
    }
}

pub(super) mod bits {
    use super::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
    pub(crate) fn serialize<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(number.to_bits())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        u64::deserialize(from).map(f64::from_bits)
    }
}

#[derive(Serialize)]
struct Borrowed<'a> {
    uniqueness: Uniqueness,
    pairs: Vec<(Text, &'a Value)>,
}

#[derive(Deserialize)]
struct Owned {
    uniqueness: Uniqueness,
    pairs: Vec<(Text, Value)>,
}

impl Serialize for NvList {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let pairs = self.pairs.iter();
        Borrowed {
            uniqueness: self.uniqueness,
            pairs: pairs
                .map(|pair| (Text(pair.name.clone()), &pair.value))
                .collect(),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for NvList {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Owned { uniqueness, pairs } = Owned::deserialize(from)?;
        let mut list = Self::with_uniqueness(uniqueness);
        for (name, value) in pairs {
            list.try_append(name.0, value).map_err(|name| {
                D::Error::custom(format_args!("the name {name:?} occurs twice in a list"))
            })?;
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use crate::nvlist::{Endian, NvList, Uniqueness, Value};
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

use bstr::{BStr, BString, ByteSlice};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Pairs of type and value as `testdata/golden.c` makes them.
fn golden_list(name: &str) -> NvList {
    let inner = || NvList::new().with("x", 7_u64);
    let middle = || {
        NvList::new()
            .with("deep", inner())
            .with("flag", Value::Boolean)
    };
    match name {
        "empty" => NvList::new(),
        "duplicates" => NvList::with_duplicates().with("t", "a").with("t", "b"),
        "types" => NvList::with_uniqueness(Uniqueness::NamesAndTypes)
            .with("t", "a")
            .with("t", 1_u64),
        "scalars" => NvList::new()
            .with("boolean", Value::Boolean)
            .with("true", true)
            .with("false", false)
            .with("byte", Value::Byte(0x7e))
            .with("int8", 2_i8)
            .with("uint8", 0x7d_u8)
            .with("int16", 3_i16)
            .with("uint16", 0xfffc_u16)
            .with("int32", -5_i32)
            .with("uint32", 0xffff_fffa_u32)
            .with("int64", -7_i64)
            .with("uint64", 0x0123_4567_89ab_cdef_u64)
            .with("string", "hello")
            .with("empty string", "")
            .with("seven", "1234567")
            .with("hrtime", Value::HrTime(1_234_567_890_123))
            .with("double", -1.5)
            .with("", 1_u64),
        "arrays" => NvList::new()
            .with("byte array", Value::ByteArray(vec![1, 2, 3]))
            .with("int8 array", vec![1_i8, 2, 3])
            .with("uint8 array", vec![100_u8, 2, 3, 4, 5, 6, 7, 8, 9])
            .with("int16 array", vec![1_i16, 2, 3])
            .with("uint16 array", vec![65535_u16, 2])
            .with("int32 array", vec![-1_i32, 2, -3])
            .with("uint32 array", vec![u32::MAX])
            .with("int64 array", vec![-1_i64, 2])
            .with("uint64 array", vec![1_u64, 2, 3])
            .with("boolean array", vec![true, false, true])
            .with("string array", vec!["a", "", "long string"]),
        "nested" => NvList::new()
            .with("list", middle())
            .with(
                "lists",
                vec![
                    inner(),
                    NvList::with_uniqueness(Uniqueness::NamesAndTypes),
                    middle(),
                ],
            )
            .with("after", "the lists"),
        "nothing" => NvList::new()
            .with("numbers", Vec::<u64>::new())
            .with("strings", Vec::<&str>::new())
            .with("lists", Vec::<NvList>::new())
            .with("bytes", Value::ByteArray(vec![]))
            .with("bools", Vec::<bool>::new()),
        "signs" => NvList::new()
            .with("byte", Value::Byte(0xfe))
            .with("int8", -2_i8)
            .with("uint8", 0xfd_u8)
            .with("int16", -3_i16)
            .with("byte array", Value::ByteArray(vec![254, 2, 3]))
            .with("int8 array", vec![-2_i8, 2, 3])
            .with("uint8 array", vec![253_u8, 2, 3, 4, 5, 6, 7, 8, 9])
            .with("int16 array", vec![-3_i16, 2, 3]),
        other => panic!("golden.c makes a list {other} that the tests do not know"),
    }
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|digits| u8::from_str_radix(digits.to_str().unwrap(), 16).unwrap())
        .collect()
}

/// The lists that the C library encoded: name, encoding, bytes.
fn golden() -> impl Iterator<Item = (&'static str, Encoding, Vec<u8>)> {
    include_str!("testdata/golden.txt").lines().map(|line| {
        let [name, encoding, bytes] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let encoding = match encoding {
            "native" => Encoding::Native,
            "xdr" => Encoding::Xdr,
            other => panic!("{other}"),
        };
        (name, encoding, hex(bytes))
    })
}

#[test]
fn encodes_what_the_c_library_encodes() {
    for (name, encoding, bytes) in golden() {
        // The C library's XDR extends signs, which the kernel refuses.
        if (name, encoding) == ("signs", Encoding::Xdr) {
            continue;
        }
        assert_eq!(
            golden_list(name)
                .encode_with(encoding, Endian::Little)
                .unwrap()
                .as_bstr(),
            bytes.as_bstr(),
            "{name} {encoding:?}"
        );
    }
}

#[test]
fn decodes_what_the_c_library_encodes() {
    for (name, encoding, bytes) in golden() {
        let list = NvList::decode(&bytes).unwrap();
        let expected = golden_list(name);
        assert_eq!(list, expected, "{name} {encoding:?}");
        assert!(list.iter().eq(expected.iter()), "{name}: order");
    }
}

#[test]
fn big_endian_is_the_mirror() {
    let list = NvList::new().with("n", 0x0102_0304_0506_0708_u64);
    assert_eq!(
        list.encode_with(Encoding::Native, Endian::Big)
            .unwrap()
            .as_bstr(),
        hex(concat!(
            "00000000",
            "00000000",
            "00000001",
            "00000020",
            "0002",
            "0000",
            "00000001",
            "00000008",
            "6e00000000000000",
            "0102030405060708",
            "00000000"
        ))
        .as_bstr()
    );
    for (name, encoding, _) in golden() {
        for endian in [Endian::Little, Endian::Big] {
            let bytes = golden_list(name).encode_with(encoding, endian).unwrap();
            assert_eq!(NvList::decode(&bytes).unwrap(), golden_list(name));
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
fn every_cut_is_an_error_within_the_bytes() {
    for (_, encoding, bytes) in golden() {
        // The zeroes at the end of XDR with empty arrays carry nothing, and may be missing.
        let needed = match (encoding, NvList::decode(&bytes).unwrap()) {
            (Encoding::Xdr, list) if list.contains("numbers") => bytes.len() - 8,
            _ => bytes.len(),
        };
        for len in 0..needed {
            let error = NvList::decode(&bytes[..len]).unwrap_err();
            assert!(error.offset() <= len, "{error} of {len}");
        }
    }
}

#[test]
fn trailing_bytes_are_for_the_caller_to_want() {
    for (name, _, mut bytes) in golden() {
        let len = bytes.len();
        bytes.push(0xff);
        let error = NvList::decode(&bytes).unwrap_err();
        assert_eq!(error.offset(), len);
        assert_eq!(*error.kind(), DecodeErrorKind::TrailingBytes(1));
        let (list, used) = NvList::decode_prefix(&bytes).unwrap();
        assert_eq!((list, used), (golden_list(name), len));
    }
}

/// `n: U64(1)` in the native encoding, some bytes of which are changed.
fn patched(at: usize, bytes: &[u8]) -> (usize, DecodeErrorKind) {
    let mut encoded = NvList::new()
        .with("n", 1_u64)
        .encode_with(Encoding::Native, Endian::Little)
        .unwrap();
    encoded[at..at + bytes.len()].copy_from_slice(bytes);
    let error = NvList::decode(&encoded).unwrap_err();
    (error.offset(), error.kind().clone())
}

#[test]
fn each_lie_has_its_own_error_at_its_own_byte() {
    use DecodeErrorKind::*;
    let bad_value = |data_type, needed| {
        (
            36,
            BadValueSize {
                data_type,
                needed,
                got: 8,
            },
        )
    };
    // Header: encoding, byte order, version.
    assert_eq!(patched(0, &[2]), (0, UnknownEncoding(2)));
    assert_eq!(patched(1, &[2]), (1, UnknownEndian(2)));
    assert_eq!(patched(4, &[1]), (4, UnknownVersion(1)));
    // Size of the pair: 32 in truth.
    assert_eq!(patched(12, &[255; 4]), (12, BadPairSize(-1)));
    assert_eq!(patched(12, &[16]), (12, BadPairSize(16)));
    assert_eq!(
        patched(12, &[255, 255, 255, 127]),
        (
            12,
            Truncated {
                needed: 0x7fff_ffff,
                left: 36
            }
        )
    );
    // Size of the name: 2 in truth.
    assert_eq!(patched(16, &[0, 0]), (16, BadNameSize(0)));
    assert_eq!(patched(16, &[255, 255]), (16, BadNameSize(-1)));
    assert_eq!(patched(16, &[255, 127]), (16, BadNameSize(32767)));
    assert_eq!(patched(16, &[1, 0]), (28, BadName));
    assert_eq!(patched(16, &[3, 0]), (28, BadName));
    // Number of elements: 1 in truth.
    let bad_count = |data_type, count| (20, BadElementCount { data_type, count });
    assert_eq!(patched(20, &[0]), bad_count(DataType::U64, 0));
    assert_eq!(patched(20, &[255; 4]), bad_count(DataType::U64, -1));
    // Type: 8 in truth.
    assert_eq!(patched(24, &[0]), (24, UnknownType(0)));
    assert_eq!(patched(24, &[28]), (24, UnknownType(28)));
    assert_eq!(patched(24, &[255; 4]), (24, UnknownType(u32::MAX)));
    assert_eq!(patched(24, &[1]), bad_count(DataType::Boolean, 1));
    assert_eq!(patched(24, &[19]), bad_value(DataType::NvList, 24));
    assert_eq!(
        patched(20, &[255, 255, 255, 127, 16]),
        bad_value(DataType::U64Array, 0x7fff_ffff * 8)
    );
    assert_eq!(
        patched(20, &[255, 255, 255, 127, 17]),
        bad_value(DataType::StringArray, 0x7fff_ffff * 8)
    );
    assert_eq!(
        patched(20, &[255, 255, 255, 127, 20]),
        bad_value(DataType::NvListArray, 0x7fff_ffff * 32)
    );
    // Name.
    assert_eq!(patched(28, &[0]), (28, BadName));
    assert_eq!(patched(29, &[1]), (28, BadName));
    // Value.
    assert_eq!(
        patched(24, &[21, 0, 0, 0, b'n', 0, 0, 0, 0, 0, 0, 0, 2]),
        (36, BadBool(2))
    );
    let string = [
        9, 0, 0, 0, b'n', 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,
    ];
    assert_eq!(patched(24, &string), (36, BadString));
}

#[test]
fn a_pair_can_say_less_than_it_has_room_for_only_as_padding() {
    let list = NvList::new().with("s", "0123456789");
    let mut bytes = list.encode_with(Encoding::Native, Endian::Little).unwrap();
    // Bytes behind the string's NUL within the padding are ignored, as in C.
    bytes[49] = 0xff;
    assert_eq!(NvList::decode(&bytes).unwrap(), list);
    // A string that ends before its last eight bytes is not.
    bytes[36] = 0;
    assert!(matches!(
        NvList::decode(&bytes).unwrap_err().kind(),
        DecodeErrorKind::BadValueSize {
            needed: 1,
            got: 16,
            ..
        }
    ));
}

#[test]
fn a_unique_name_twice_is_an_error() {
    let mut bytes = NvList::with_duplicates()
        .with("a", 1_u64)
        .with("a", 2_u64)
        .encode_with(Encoding::Native, Endian::Little)
        .unwrap();
    bytes[8] = 1;
    let error = NvList::decode(&bytes).unwrap_err();
    assert_eq!(error.offset(), 44);
    assert_eq!(
        *error.kind(),
        DecodeErrorKind::DuplicateName(BString::from("a"))
    );
}

fn nested(depth: usize) -> NvList {
    (0..depth).fold(NvList::new(), |list, _| NvList::new().with("n", list))
}

#[test]
fn depth_is_bounded_both_ways() {
    for encoding in [Encoding::Native, Encoding::Xdr] {
        let encode = |list: &NvList| list.encode_with(encoding, Endian::Little);
        let deepest = nested(MAX_DEPTH);
        let bytes = encode(&deepest).unwrap();
        assert_eq!(NvList::decode(&bytes).unwrap(), deepest);

        assert_eq!(
            encode(&nested(MAX_DEPTH + 1)),
            Err(EncodeError::TooDeep {
                name: BString::from("n")
            })
        );
        assert!(encode(&NvList::new().with("n", vec![nested(MAX_DEPTH)])).is_err());
    }

    // One level more than can be encoded, put together by hand: each level is a pair of 48 bytes.
    let mut bytes = nested(MAX_DEPTH)
        .encode_with(Encoding::Native, Endian::Little)
        .unwrap();
    let level = bytes[12..60].to_vec();
    bytes.splice(12..12, level);
    bytes.extend([0; 4]);
    let error = NvList::decode(&bytes).unwrap_err();
    assert_eq!(*error.kind(), DecodeErrorKind::TooDeep);
    // Far deeper costs no more stack than that.
    let level = bytes[12..60].repeat(if cfg!(miri) { 10 } else { 100_000 });
    bytes.splice(12..12, level);
    assert_eq!(
        *NvList::decode(&bytes).unwrap_err().kind(),
        DecodeErrorKind::TooDeep
    );
}

#[test]
fn nul_is_refused_and_the_pair_named() {
    for encoding in [Encoding::Native, Encoding::Xdr] {
        let encode = |list: NvList| list.encode_with(encoding, Endian::HOST).unwrap_err();
        assert_eq!(
            encode(NvList::new().with("a\0b", 1_u64)),
            EncodeError::NulInName {
                name: BString::from("a\0b")
            }
        );
        let name = || BString::from("s");
        assert_eq!(
            encode(NvList::new().with("s", "a\0")),
            EncodeError::NulInString { name: name() }
        );
        assert_eq!(
            encode(NvList::new().with("s", vec!["a", "\0"])),
            EncodeError::NulInString { name: name() }
        );
        let inner = NvList::new().with("s", "\0");
        assert_eq!(
            encode(NvList::new().with("l", vec![inner])),
            EncodeError::NulInString { name: name() }
        );
    }
}

#[test]
#[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
fn the_longest_name() {
    let name = |len| "n".repeat(len);
    for encoding in [Encoding::Native, Encoding::Xdr] {
        let list = NvList::new().with(name(32766), 1_u64);
        let bytes = list.encode_with(encoding, Endian::HOST).unwrap();
        assert_eq!(NvList::decode(&bytes).unwrap(), list);
        assert!(matches!(
            NvList::new()
                .with(name(32767), 1_u64)
                .encode_with(encoding, Endian::HOST),
            Err(EncodeError::NameTooLong { len: 32767, .. })
        ));
    }
}

#[test]
fn insert_get_and_remove_keep_the_order() {
    let mut list = NvList::new();
    assert_eq!(list.insert("a", 1_u64), None);
    assert_eq!(list.insert("b", "two"), None);
    assert_eq!(list.insert("c", vec![3_u64]), None);
    assert_eq!(list.insert("a", 4_i32), Some(Value::U64(1)));
    assert_eq!(list.names().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(list.get_u64("a"), None, "an i32 is no u64");
    assert_eq!(list.get_i32("a"), Some(4));
    assert_eq!(list.get_str("b"), Some("two"));
    assert_eq!(list.get_u64_array("c"), Some(&[3][..]));
    assert_eq!(list.get("d"), None);
    assert_eq!(list.remove("b"), Some(Value::from("two")));
    assert_eq!(list.remove("b"), None);
    assert_eq!(list.names().collect::<Vec<_>>(), ["a", "c"]);
    list.clear();
    assert!(list.is_empty());
}

#[test]
fn a_name_and_type_can_be_unique() {
    let mut list = NvList::with_uniqueness(Uniqueness::NamesAndTypes);
    for round in 0..2_u64 {
        for n in 0..40_u64 {
            list.insert(n.to_string(), n + round);
            list.insert(n.to_string(), "text");
        }
    }
    assert_eq!(list.len(), 80);
    assert_eq!(list.get_u64("39"), Some(40));
    assert_eq!(list.get_all("39").count(), 2);
    assert_eq!(list.remove("39"), Some(Value::U64(40)));
    assert_eq!(list.get_str("39"), Some("text"));
}

#[test]
fn equality_sees_order_only_where_names_repeat() {
    let ab = |list: NvList| list.with("a", 1_u64).with("b", 2_u64);
    let ba = |list: NvList| list.with("b", 2_u64).with("a", 1_u64);
    assert_eq!(ab(NvList::new()), ba(NvList::new()));
    assert_ne!(ab(NvList::with_duplicates()), ba(NvList::with_duplicates()));
    assert_ne!(ab(NvList::new()), ab(NvList::with_duplicates()));
    assert_ne!(ab(NvList::new()), ab(NvList::new()).with("a", 2_u64));
}

#[test]
fn shows_pairs_but_no_keys() {
    let list = NvList::new()
        .with("n", 1_u64)
        .with("s", BStr::new(b"caf\xe9"))
        .with(
            "hidden_args",
            NvList::new().with("wkeydata", vec![170_u8; 32]),
        );
    assert_eq!(
        format!("{list:?}"),
        r#"{"n": U64(1), "s": String("caf\xe9"), "hidden_args": <hidden>}"#
    );
    assert_eq!(
        list.to_string(),
        "{n=1, s=caf\u{fffd}, hidden_args=<hidden>}"
    );
}

/// With a search from the front for each name these would be hundreds of millions of comparisons.
#[test]
fn long_lists_are_not_searched_from_the_front() {
    let len = if cfg!(miri) { 200 } else { 20_000 };
    for mut list in [NvList::new(), NvList::with_duplicates()] {
        for n in 0..len {
            list.push(format!("tank/data/set-{n}@snapshot"), n);
        }
        for n in 0..len {
            assert_eq!(
                list.get_u64(&format!("tank/data/set-{n}@snapshot")),
                Some(n)
            );
        }
        let bytes = list.encode().unwrap();
        assert_eq!(NvList::decode(&bytes).unwrap(), list);
    }
    // As many times the same name: nothing to tell them apart by, and still no search.
    let mut list = NvList::with_duplicates();
    for n in 0..len {
        list.push("same", n);
    }
    assert_eq!(list.get_u64("same"), Some(0));
    assert_eq!(list.remove("same"), Some(Value::U64(0)));
    assert_eq!(list.get_u64("same"), Some(1));
    assert_eq!(NvList::decode(&list.encode().unwrap()).unwrap(), list);
}

#[test]
fn names_that_take_no_memory_are_names_like_others() {
    let names = ["value", "source", "valu", "values"];
    let list: NvList = names.into_iter().map(|name| (name, 1_u64)).collect();
    for encoding in [Encoding::Native, Encoding::Xdr] {
        let mut decoded =
            NvList::decode(&list.encode_with(encoding, Endian::Big).unwrap()).unwrap();
        assert_eq!(decoded, list);
        assert_eq!(decoded.insert("value", 2_u64), Some(Value::U64(1)));
        assert_eq!(decoded.remove("source"), Some(Value::U64(1)));
        let left: Vec<_> = decoded.into_iter().map(|(name, _)| name).collect();
        assert_eq!(left, ["value", "valu", "values"]);
    }
}

/// What a list keeps on the heap, as far as its vectors show it.
fn heap(list: &NvList) -> usize {
    list.pairs.capacity() * size_of::<Pair>()
        + list
            .pairs
            .iter()
            .map(|pair| heap_of_name(&pair.name) + heap_of_value(&pair.value))
            .sum::<usize>()
}

fn heap_of_name(name: &Name) -> usize {
    match name {
        Cow::Borrowed(_) => 0,
        Cow::Owned(name) => name.capacity(),
    }
}

fn heap_of_value(value: &Value) -> usize {
    match value {
        Value::String(string) => string.capacity(),
        Value::StringArray(strings) => {
            strings.capacity() * size_of::<BString>()
                + strings
                    .iter()
                    .map(|string| string.capacity())
                    .sum::<usize>()
        }
        Value::NvList(list) => heap(list),
        Value::NvListArray(lists) => {
            lists.capacity() * size_of::<NvList>() + lists.iter().map(heap).sum::<usize>()
        }
        Value::ByteArray(bytes) | Value::U8Array(bytes) => bytes.capacity(),
        Value::U64Array(numbers) => numbers.capacity() * 8,
        Value::BoolArray(bools) => bools.capacity(),
        _ => 0,
    }
}

/// So many cases, unless `PROPTEST_CASES` says otherwise.
fn cases(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: match std::env::var_os("PROPTEST_CASES") {
            Some(_) => default.cases,
            None if cfg!(miri) => 4,
            None => cases,
        },
        // A file beside the sources is of no use: what is found becomes a test.
        failure_persistence: None,
        ..default
    }
}

/// Bytes without NUL: anything that C can hold in a string.
fn string() -> impl Strategy<Value = BString> {
    vec(prop_oneof![Just(b'a'), Just(b'@'), 1..=255_u8], 0..20).prop_map(BString::from)
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Boolean),
        any::<bool>().prop_map(Value::Bool),
        any::<u8>().prop_map(Value::Byte),
        any::<i8>().prop_map(Value::I8),
        any::<u8>().prop_map(Value::U8),
        any::<i16>().prop_map(Value::I16),
        any::<u16>().prop_map(Value::U16),
        any::<i32>().prop_map(Value::I32),
        any::<u32>().prop_map(Value::U32),
        any::<i64>().prop_map(Value::I64),
        any::<u64>().prop_map(Value::U64),
        any::<i64>().prop_map(Value::HrTime),
        proptest::num::f64::NORMAL.prop_map(Value::Double),
        string().prop_map(Value::String),
    ]
}

fn array() -> impl Strategy<Value = Value> {
    prop_oneof![
        vec(any::<u8>(), 0..20).prop_map(Value::ByteArray),
        vec(any::<i8>(), 0..20).prop_map(Value::I8Array),
        vec(any::<u8>(), 0..20).prop_map(Value::U8Array),
        vec(any::<i16>(), 0..9).prop_map(Value::I16Array),
        vec(any::<u16>(), 0..9).prop_map(Value::U16Array),
        vec(any::<i32>(), 0..9).prop_map(Value::I32Array),
        vec(any::<u32>(), 0..9).prop_map(Value::U32Array),
        vec(any::<i64>(), 0..9).prop_map(Value::I64Array),
        vec(any::<u64>(), 0..9).prop_map(Value::U64Array),
        vec(any::<bool>(), 0..9).prop_map(Value::BoolArray),
        vec(string(), 0..6).prop_map(Value::StringArray),
    ]
}

/// So few that they repeat.
fn few_names() -> impl Strategy<Value = BString> {
    (0..30_u8).prop_map(|n| BString::from(format!("n{n}")))
}

fn list_of(value: impl Strategy<Value = Value>) -> impl Strategy<Value = NvList> {
    let uniqueness = prop_oneof![
        3 => Just(Uniqueness::Names),
        1 => Just(Uniqueness::NamesAndTypes),
        1 => Just(Uniqueness::None),
    ];
    let name = prop_oneof![
        3 => few_names(),
        1 => string(),
    ];
    (uniqueness, vec((name, value), 0..10)).prop_map(|(uniqueness, pairs)| {
        let mut list = NvList::with_uniqueness(uniqueness);
        list.extend(pairs);
        list
    })
}

fn tree() -> impl Strategy<Value = NvList> {
    let value = prop_oneof![scalar(), array()].prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            list_of(inner.clone()).prop_map(Value::NvList),
            vec(list_of(inner), 0..4).prop_map(Value::NvListArray),
        ]
    });
    list_of(value)
}

fn encoding() -> impl Strategy<Value = (Encoding, Endian)> {
    prop_oneof![
        Just((Encoding::Native, Endian::Little)),
        Just((Encoding::Native, Endian::Big)),
        Just((Encoding::Xdr, Endian::Little)),
    ]
}

/// What an encoded list may cost on the heap: no more than this many times its length, and
/// something to start with.
const HEAP_FACTOR: usize = 16;

/// Whatever decodes is bounded, and is the same once encoded and decoded again.
fn check_decoded(bytes: &[u8]) -> Result<(), TestCaseError> {
    let (list, used) = match NvList::decode_prefix(bytes) {
        Ok(decoded) => decoded,
        Err(error) => {
            prop_assert!(error.offset() <= bytes.len());
            return Ok(());
        }
    };
    prop_assert!(used <= bytes.len());
    prop_assert!(heap(&list) <= HEAP_FACTOR * bytes.len() + 1024);
    let encoded = list.encode().expect("what was decoded can be encoded");
    let again = NvList::decode(&encoded).expect("what was encoded can be decoded");
    // By their bytes, since a NaN is not equal to itself.
    prop_assert_eq!(again.encode().expect("once more"), encoded);
    Ok(())
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    #[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
    fn what_is_encoded_is_decoded(list in tree(), (encoding, endian) in encoding()) {
        let bytes = list.encode_with(encoding, endian).unwrap();
        let decoded = NvList::decode(&bytes).unwrap();
        prop_assert_eq!(&decoded, &list);
        prop_assert!(decoded.iter().eq(list.iter()));
        prop_assert_eq!(decoded.encode_with(encoding, endian).unwrap(), bytes);
    }

    #[test]
    fn no_bytes_are_too_strange(mut bytes in vec(any::<u8>(), 0..200), valid_start: bool) {
        if valid_start && bytes.len() >= 12 {
            let start = [bytes[0] & 1, bytes[1] & 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            bytes[..12].copy_from_slice(&start);
        }
        check_decoded(&bytes)?;
    }

    #[test]
    #[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
    fn changed_lists_are_told_or_harmless(
        list in tree(),
        (encoding, endian) in encoding(),
        changes in vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), 0..4_u8, Just(255)]), 1..4),
        cut in proptest::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut bytes = list.encode_with(encoding, endian).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        check_decoded(&bytes)?;
    }

    /// The list behaves as the plainest one that could be written.
    #[test]
    #[cfg_attr(miri, ignore = "an interpreter is too slow for it")]
    fn the_index_changes_nothing(
        uniqueness in prop_oneof![
            Just(Uniqueness::Names), Just(Uniqueness::NamesAndTypes), Just(Uniqueness::None)
        ],
        steps in vec((few_names(), prop_oneof![
            3 => any::<u8>().prop_map(|n| Some(Value::U8(n))),
            2 => any::<bool>().prop_map(|b| Some(Value::Bool(b))),
            2 => Just(None),
        ]), 0..120),
    ) {
        let mut list = NvList::with_uniqueness(uniqueness);
        let mut model: Vec<(BString, Value)> = Vec::new();
        for (name, value) in steps {
            let first = model.iter().position(|pair| pair.0 == name);
            match value {
                Some(value) => {
                    let conflict = match uniqueness {
                        Uniqueness::None => None,
                        Uniqueness::Names => first,
                        Uniqueness::NamesAndTypes => model.iter().position(|pair| {
                            pair.0 == name && pair.1.data_type() == value.data_type()
                        }),
                    };
                    let replaced = match conflict {
                        Some(at) => Some(std::mem::replace(&mut model[at].1, value.clone())),
                        None => {
                            model.push((name.clone(), value.clone()));
                            None
                        }
                    };
                    prop_assert_eq!(list.insert(name.clone(), value), replaced);
                }
                None => {
                    prop_assert_eq!(list.remove(&name), first.map(|at| model.remove(at).1));
                }
            }
            prop_assert_eq!(
                list.get(&name),
                model.iter().find(|pair| pair.0 == name).map(|pair| &pair.1)
            );
            prop_assert!(
                list.get_all(&name)
                    .eq(model.iter().filter(|pair| pair.0 == name).map(|pair| &pair.1))
            );
        }
        prop_assert!(
            list.iter()
                .eq(model.iter().map(|(name, value)| (name.as_bstr(), value)))
        );
        list.retain(|name, _| name.len() == 2);
        model.retain(|pair| pair.0.len() == 2);
        for (name, _) in &model {
            prop_assert_eq!(
                list.get(name),
                model.iter().find(|pair| pair.0 == *name).map(|pair| &pair.1)
            );
        }
        prop_assert_eq!(list.len(), model.len());
    }
}

#[test]
fn where_c_looks_things_up_no_name_may_repeat() {
    for (encoding, behind_name) in [(Encoding::Native, 24), (Encoding::Xdr, 20)] {
        for uniqueness in [Uniqueness::None, Uniqueness::NamesAndTypes] {
            let inner = NvList::with_uniqueness(uniqueness).with("a", 1_u64);
            let repeatable = |list: &NvList| {
                let bytes = list.encode_with(encoding, Endian::HOST).unwrap();
                assert_eq!(NvList::decode(&bytes).unwrap(), *list);
                let error = NvList::decode_unique(&bytes).unwrap_err();
                assert_eq!(error.kind(), &DecodeErrorKind::RepeatableNames);
                error.offset()
            };
            assert_eq!(repeatable(&inner), 8);
            let outer = NvList::new().with("a", inner.clone());
            assert!(repeatable(&outer) > behind_name);
            let array = NvList::new().with("a", vec![NvList::new(), inner]);
            assert!(repeatable(&array) > behind_name);
        }
        let right = NvList::new().with("a", NvList::new().with("a", 1_u64));
        let bytes = right.encode_with(encoding, Endian::HOST).unwrap();
        assert_eq!(NvList::decode_unique(&bytes), Ok(right));
    }
}

//! The head of a package, there and back, and what is wrong with others.

use proptest::prelude::*;

use super::*;
use crate::nvlist::{DecodeErrorKind, Encoding, NvList, Value};
use crate::stream::{BeginRecord, Endian, Features, Reader, StreamError, Writer};

fn example() -> PackageHead {
    let properties = NvList::new()
        .with("compression", 15_u64)
        .with("com.example:set", "nightly");
    let snapshot = |name: &str, guid| PackagedSnapshot {
        name: name.to_owned(),
        guid,
        properties: Some(NvList::new().with("com.example:by", "cron")),
        holds: Some(vec![("rep".to_owned(), 1_700_000_000)]),
    };
    let top = PackagedDataset {
        guid: 0xfeed,
        name: "tank/prod".parse().unwrap(),
        parent_from_guid: None,
        origin_guid: None,
        is_encryption_root: true,
        properties: Some(properties),
        snapshots: vec![snapshot("mon", 1), snapshot("tue", 2)],
    };
    let child = PackagedDataset {
        guid: u64::MAX,
        name: "tank/prod/db".parse().unwrap(),
        parent_from_guid: Some(1),
        origin_guid: Some(9),
        is_encryption_root: false,
        properties: None,
        snapshots: vec![PackagedSnapshot {
            name: "tue".to_owned(),
            guid: 3,
            properties: None,
            holds: None,
        }],
    };
    PackageHead {
        snapshot: "tank/prod@tue".parse().unwrap(),
        features: Features::SA_SPILL | Features::HOLDS,
        contents: Some(PackageContents {
            from: Some("mon".to_owned()),
            recursive: true,
            raw: true,
            datasets: vec![top, child],
        }),
    }
}

/// The list of the example, to be changed.
fn list() -> NvList {
    let (_, list) = example().encode(Endian::HOST).unwrap();
    NvList::decode(&list).unwrap()
}

fn decode(list: &NvList) -> Result<PackageHead, PackageError> {
    let (begin, _) = example().encode(Endian::HOST).unwrap();
    let list = list.encode_with(Encoding::Xdr, Endian::HOST).unwrap();
    PackageHead::decode(&begin, &list)
}

/// The list of the example with something else in the entry of the first dataset.
fn with_dataset(entry: &str, value: impl Into<Value>) -> NvList {
    let mut list = list();
    let mut datasets = list.get("fss").unwrap().as_list().unwrap().clone();
    let dataset = datasets.get("0xfeed").unwrap().as_list().unwrap().clone();
    datasets.insert("0xfeed", dataset.with(entry, value));
    list.insert("fss", datasets);
    list
}

#[test]
fn a_head_is_read_as_it_was_written() {
    for endian in [Endian::Little, Endian::Big] {
        let (begin, list) = example().encode(endian).unwrap();
        assert_eq!(begin.payload_len() as usize, list.len());
        assert_eq!(PackageHead::decode(&begin, &list).unwrap(), example());
    }
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    example().write(&mut writer).unwrap();
    writer.package_end().unwrap();
    assert_eq!(
        crate::stream::verify(&bytes).unwrap().bytes,
        bytes.len() as u64
    );
    let mut reader = Reader::new(&bytes[..]);
    assert_eq!(PackageHead::read(&mut reader).unwrap(), example());
    assert_eq!(reader.offset(), bytes.len() as u64 - 312);
}

#[test]
fn a_package_without_a_list_has_a_name() {
    let head = PackageHead {
        contents: None,
        ..example()
    };
    let (begin, list) = head.encode(Endian::HOST).unwrap();
    assert!(list.is_empty());
    assert_eq!(PackageHead::decode(&begin, &list).unwrap(), head);
}

#[test]
fn what_is_wrong_is_named() {
    let why = |list: NvList| decode(&list).unwrap_err().to_string();
    let mut missing = list();
    missing.remove("fss");
    assert!(why(missing).contains("fss: there is no such list"));
    assert!(why(list().with("tosnap", "wed")).contains("tosnap: the first record"));
    assert!(why(list().with("tosnap", 7_u64)).contains("tosnap: there is no such text"));
    assert!(why(list().with("fromsnap", "a@b")).contains("fromsnap: "));
    for flag in ["not_recursive", "raw"] {
        assert!(why(list().with(flag, false)).contains(&format!("{flag}: there is more")));
    }
    assert!(why(list().with("fss", NvList::new().with("7", 7_u64))).contains("fss/7: not a list"));
    let unnamed = list().with("fss", NvList::new().with("seven", NvList::new()));
    assert!(why(unnamed).contains("fss/seven: its name is not a GUID"));

    let entry = |entry, value: Value| why(with_dataset(entry, value));
    assert!(entry("name", Value::from("tank/../x")).contains("fss/0xfeed/name: "));
    assert!(entry("name", Value::from("tank/product")).contains("is not within tank/prod"));
    assert!(entry("name", Value::from("tank/prod/db")).contains("is there twice"));
    assert!(entry("is_encroot", Value::from(false)).contains("fss/0xfeed/is_encroot: there is"));
    assert!(entry("origin", Value::from("x")).contains("fss/0xfeed/origin: not a number"));
    assert!(entry("snaps", Value::from(7_u64)).contains("fss/0xfeed/snaps: there is no such list"));
    let snapshots = NvList::new().with("mon", "x");
    assert!(entry("snaps", snapshots.into()).contains("snaps/mon: not a number"));
    let snapshots = NvList::new().with("a/b", 1_u64);
    assert!(entry("snaps", snapshots.into()).contains("snaps/a/b: "));
    let properties = NvList::new().with("quota", NvList::new());
    assert!(entry("props", properties.into()).contains("props/quota: neither a number nor a text"));
    let holds = NvList::new().with("mon", NvList::new().with("rep", "x"));
    assert!(entry("snapholds", holds.into()).contains("snapholds/mon/rep: not a number"));
}

#[test]
fn what_is_no_package_is_told() {
    let (begin, list) = example().encode(Endian::HOST).unwrap();
    let cut = PackageHead::decode(&begin, &list[..list.len() - 4]);
    assert!(matches!(cut, Err(PackageError::List(_))));

    let mut bytes = *begin.as_bytes();
    bytes[56..312].fill(0);
    bytes[56..60].copy_from_slice(b"tank");
    let begin = BeginRecord::parse(&bytes).unwrap();
    let unnamed = PackageHead::decode(&begin, &list);
    assert!(matches!(unnamed, Err(PackageError::Name(_))));

    // The lowest bits of the version say what it is.
    let at = if Endian::HOST == Endian::Little {
        16
    } else {
        23
    };
    bytes[at] ^= 3;
    let single = BeginRecord::parse(&bytes).unwrap();
    let single = PackageHead::decode(&single, &list);
    assert!(matches!(single, Err(PackageError::SingleStream)));

    let read = |bytes: &[u8]| PackageHead::read(&mut Reader::new(bytes)).unwrap_err();
    assert!(matches!(
        read(b""),
        PackageError::Read(crate::stream::ReadError::Stream(StreamError::Empty))
    ));
}

#[test]
fn in_no_list_of_a_package_a_name_may_repeat() {
    let (begin, _) = example().encode(Endian::HOST).unwrap();
    let repeated = |name: &str, value: Value| {
        let mut list = NvList::with_duplicates();
        for _ in 0..3 {
            list.push(name, value.clone());
        }
        list
    };
    // Each time that a snapshot is named, its properties would be copied.
    let dataset = |snaps, snapprops| {
        NvList::new()
            .with("name", "tank/prod")
            .with("snaps", snaps)
            .with("snapprops", snapprops)
    };
    let properties = || NvList::new().with("a", 1_u64);
    let once = || NvList::new().with("mon", 1_u64);
    for (dataset, is_right) in [
        (
            dataset(once(), NvList::new().with("mon", properties())),
            true,
        ),
        (
            dataset(
                repeated("mon", 1_u64.into()),
                NvList::new().with("mon", properties()),
            ),
            false,
        ),
        (dataset(once(), repeated("mon", properties().into())), false),
    ] {
        let list = NvList::new()
            .with("tosnap", "tue")
            .with("fss", NvList::new().with("0x1", dataset));
        let bytes = list.encode_with(Encoding::Xdr, Endian::HOST).unwrap();
        match PackageHead::decode(&begin, &bytes) {
            Ok(_) => assert!(is_right),
            Err(PackageError::List(error)) => {
                assert!(!is_right);
                assert_eq!(error.kind(), &DecodeErrorKind::RepeatableNames);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "it would take minutes")]
fn a_list_that_no_receiver_takes_is_not_written() {
    let mut head = example();
    if let Some(contents) = &mut head.contents {
        let long = NvList::new().with("com.example:a", "a".repeat(65 << 20));
        contents.datasets[0].properties = Some(long);
    }
    let error = head.encode(Endian::HOST).unwrap_err();
    assert!(matches!(error, PackageError::TooLong { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 8 } else { 512 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_bytes_are_too_much(at in 0..2000_usize, byte: u8) {
        let (begin, mut list) = example().encode(Endian::HOST).unwrap();
        let at = at % list.len();
        list[at] = byte;
        if let Ok(head) = PackageHead::decode(&begin, &list) {
            // What is read can be written, and says the same then.
            let (begin, list) = head.encode(Endian::HOST).unwrap();
            prop_assert_eq!(PackageHead::decode(&begin, &list).unwrap(), head);
        }
    }
}

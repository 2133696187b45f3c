//! What a guard lets through.

use super::super::record::*;
use super::super::*;
use super::samples::{
    ENDIANS, fields, keys, package_of, raw_bodies, raw_fields, raw_stream, stream, stream_of,
};
use super::verify::{Odd, pass};
use crate::nvlist::{NvList, Value};

#[test]
fn a_guard_refuses_before_the_first_byte() {
    let all = raw_fields().features;
    let lz4 = Features::LZ4;
    let error = |at: u64, unmet| Some(StreamError::Unmet { offset: at, unmet });
    let to_guid = fields().to_guid;
    for (require, expected) in [
        (Require::new(), None),
        (Require::new().raw().single().known_features(), None),
        (Require::new().raw().packages(), None),
        (Require::new().features(all).without(lz4), None),
        (
            Require::new().to_guid(to_guid).from_guid(7).key_guid(0xaa),
            None,
        ),
        (
            Require::new().features(all | lz4),
            error(16, Unmet::Lacks(lz4)),
        ),
        (
            Require::new().without(lz4 | Features::RAW),
            error(16, Unmet::Has(Features::RAW)),
        ),
        (
            Require::new().to_guid(8),
            error(
                40,
                Unmet::ToGuid {
                    expected: 8,
                    found: to_guid,
                },
            ),
        ),
        (
            Require::new().from_guid(8),
            error(
                48,
                Unmet::FromGuid {
                    expected: Some(8),
                    found: Some(7),
                },
            ),
        ),
        (
            Require::new().from_guid(0),
            error(
                48,
                Unmet::FromGuid {
                    expected: None,
                    found: Some(7),
                },
            ),
        ),
        (
            Require::new().full(),
            error(
                48,
                Unmet::FromGuid {
                    expected: None,
                    found: Some(7),
                },
            ),
        ),
        (
            Require::new().key_guid(8),
            error(
                312,
                Unmet::KeyGuid {
                    expected: 8,
                    found: 0xaa,
                },
            ),
        ),
    ] {
        for endian in ENDIANS {
            let bytes = raw_stream(endian);
            let (out, error) = pass(Guard::new(&bytes[..], require.clone()));
            assert_eq!(error, expected);
            assert_eq!(out, if expected.is_some() { vec![] } else { bytes });
        }
    }
}

/// A stream of nothing, and what it says of itself.
fn empty(features: Features, payload: &[u8]) -> Vec<u8> {
    let fields = BeginFields {
        features,
        ..fields()
    };
    let begin = BeginRecord::build(&fields, payload.len().try_into().unwrap(), Endian::HOST);
    let mut writer = Writer::new(Vec::new());
    writer.begin(&begin, payload).unwrap();
    writer.end(1).unwrap();
    writer.into_inner()
}

#[test]
fn plain_text_is_refused() {
    let require = Require::new().raw();
    let refused = |bytes: &[u8]| match pass(Guard::new(bytes, require.clone())) {
        (out, Some(StreamError::Unmet { unmet, .. })) if out.is_empty() => unmet,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&empty(Features::COMPRESSED, &[])), Unmet::NotRaw);
    assert_eq!(refused(&empty(Features::RAW, &[])), Unmet::NotEncrypted);
    let list = NvList::new().with("crypt_keydata", 1_u64);
    assert_eq!(
        refused(&empty(Features::RAW, &list.encode().unwrap())),
        Unmet::NotEncrypted
    );

    let unknown = Features::from_bits_retain(1 << 50);
    let (out, error) = pass(Guard::new(
        &empty(unknown, &[])[..],
        Require::new().known_features(),
    ));
    assert!(out.is_empty());
    let error = error.unwrap();
    assert!(
        matches!(
            error,
            StreamError::Unmet {
                unmet: Unmet::Has(_),
                ..
            }
        ),
        "{error}"
    );
}

/// What a raw stream with that list is refused for.
fn refused_keys(require: &Require, keys: impl Into<Value>) -> Option<Unmet> {
    let list = NvList::new().with("crypt_keydata", keys);
    let bytes = stream_of(&raw_fields(), &list, raw_bodies(), Endian::HOST);
    match pass(Guard::new(&bytes[..], require.clone())) {
        (out, None) => {
            assert_eq!(out, bytes);
            None
        }
        (out, Some(StreamError::Unmet { unmet, .. })) if out.is_empty() => Some(unmet),
        other => panic!("{other:?}"),
    }
}

#[test]
fn encryption_has_to_be_what_a_receiver_takes() {
    let require = Require::new().raw();
    assert_eq!(refused_keys(&require, keys()), None);
    let bad = |entry| Some(Unmet::BadEncryption { entry });
    assert_eq!(
        refused_keys(&require, NvList::new()),
        bad("DSL_CRYPTO_SUITE")
    );
    for (entry, values) in [
        // 2 stands for none.
        (
            "DSL_CRYPTO_SUITE",
            vec![2_u64.into(), 9_u64.into(), 8_u32.into()],
        ),
        ("DSL_CRYPTO_GUID", vec![Value::Boolean]),
        ("DSL_CRYPTO_VERSION", vec![0_u64.into(), 2_u64.into()]),
        ("DSL_CRYPTO_MASTER_KEY_1", vec![vec![1_u8; 31].into()]),
        (
            "DSL_CRYPTO_HMAC_KEY_1",
            vec![vec![1_u8; 32].into(), Value::ByteArray(vec![1; 64])],
        ),
        ("DSL_CRYPTO_IV", vec![vec![1_u8; 13].into()]),
        ("DSL_CRYPTO_MAC", vec![vec![1_u8; 12].into()]),
        ("keyformat", vec![0_u64.into(), 4_u64.into()]),
    ] {
        for value in values {
            let keys = keys().with(entry, value);
            assert_eq!(refused_keys(&require, keys), bad(entry));
        }
        let mut keys = keys();
        keys.remove(entry);
        assert_eq!(refused_keys(&require, keys), bad(entry));
    }
}

#[test]
fn a_key_makes_nothing_raw_that_is_not() {
    // All of what follows the first record is right, but blocks are not said to be encrypted.
    let require = Require::new().key_guid(0xaa);
    assert_eq!(refused_keys(&require, keys()), None);
    let bytes = stream(Endian::HOST);
    let (out, error) = pass(Guard::new(&bytes[..], require));
    assert_eq!(
        (out.len(), error),
        (
            0,
            Some(StreamError::Unmet {
                offset: 16,
                unmet: Unmet::NotRaw
            })
        )
    );
    // No GUID is not one of 0.
    let mut keys = keys();
    keys.remove("DSL_CRYPTO_GUID");
    assert_eq!(
        refused_keys(&Require::new().key_guid(0), keys),
        Some(Unmet::BadEncryption {
            entry: "DSL_CRYPTO_GUID"
        })
    );
}

#[test]
fn a_raw_stream_has_no_embedded_blocks_and_tells_of_spilled_ones() {
    let list = NvList::new().with("crypt_keydata", keys());
    let refused = |fields: BeginFields| {
        let bytes = stream_of(&fields, &list, raw_bodies(), Endian::HOST);
        match pass(Guard::new(&bytes[..], Require::new().raw())) {
            (out, Some(StreamError::Unmet { unmet, .. })) if out.is_empty() => unmet,
            other => panic!("{other:?}"),
        }
    };
    let features = raw_fields().features | Features::EMBED_DATA;
    assert_eq!(
        refused(BeginFields {
            features,
            ..raw_fields()
        }),
        Unmet::Has(Features::EMBED_DATA)
    );
    assert_eq!(
        refused(BeginFields {
            flags: BeginFlags::FREERECORDS,
            ..raw_fields()
        }),
        Unmet::LacksFlags(BeginFlags::SPILL_BLOCK)
    );
}

/// What of a raw stream with that record behind its first ones passes, and where what is not as it has
/// to be is in the record.
fn refused_record(body: impl Into<Body>, payload: &[u8]) -> Option<u64> {
    let body = body.into();
    let record_type = body.record_type();
    let mut bodies = raw_bodies();
    bodies.truncate(2);
    bodies.push((body, payload.to_vec()));
    let mut offset = None;
    for endian in ENDIANS {
        let list = NvList::new().with("crypt_keydata", keys());
        let bytes = stream_of(&raw_fields(), &list, bodies.clone(), endian);
        verify(&bytes).unwrap();
        let start = bytes.len() - 2 * RECORD_LEN - payload.len();
        for require in [Require::new().raw(), Require::new().key_guid(0xaa)] {
            offset = match pass(Guard::new(&bytes[..], require)) {
                (out, None) => {
                    assert_eq!(out, bytes);
                    None
                }
                (out, Some(StreamError::Unmet { offset, unmet })) => {
                    assert_eq!(out.len(), start);
                    assert!(
                        matches!(unmet, Unmet::Record { record_type: found, .. } if found == record_type),
                        "{unmet}"
                    );
                    Some(offset - start as u64)
                }
                other => panic!("{other:?}"),
            };
        }
    }
    offset
}

#[test]
fn each_record_of_a_raw_stream_is_as_on_disk() {
    let mac = [1; 16];
    let object = Object {
        object: 63,
        bonus_len: 8,
        raw_bonus_len: 8,
        ..Object::default()
    };
    assert_eq!(refused_record(object.clone(), b"8 bytes."), None);
    let plain = Object {
        raw_bonus_len: 0,
        ..object.clone()
    };
    assert_eq!(refused_record(plain, b"PLAINBON"), Some(36));
    for outside in [0, 31, 64, u64::MAX] {
        let object = Object {
            object: outside,
            ..object.clone()
        };
        assert_eq!(refused_record(object, b"8 bytes."), Some(8));
    }
    let write = Write {
        logical_size: 16,
        compression: 2,
        compressed_size: 16,
        mac,
        ..Write::default()
    };
    assert_eq!(refused_record(write.clone(), &[1; 16]), None);
    let plain = Write {
        compression: 0,
        ..write.clone()
    };
    assert_eq!(refused_record(plain, b"PLAIN TEXT SECRE"), Some(50));
    let plain = Write {
        mac: [0; 16],
        ..write
    };
    assert_eq!(refused_record(plain, &[1; 16]), Some(124));
    let spill = Spill {
        length: 16,
        compression: 2,
        compressed_size: 16,
        mac,
        ..Spill::default()
    };
    assert_eq!(refused_record(spill.clone(), &[1; 16]), None);
    let plain = Spill {
        compressed_size: 0,
        ..spill.clone()
    };
    assert_eq!(refused_record(plain, b"PLAIN TEXT SECRE"), Some(40));
    let plain = Spill {
        mac: [0; 16],
        ..spill
    };
    assert_eq!(refused_record(plain, &[1; 16]), Some(68));
    let range = ObjectRange {
        first_object: 64,
        slots: 32,
        mac,
        ..ObjectRange::default()
    };
    assert_eq!(refused_record(range.clone(), &[]), None);
    let plain = ObjectRange {
        mac: [0; 16],
        ..range
    };
    assert_eq!(refused_record(plain, &[]), Some(52));
    let embedded = WriteEmbedded {
        physical_size: 8,
        ..WriteEmbedded::default()
    };
    assert_eq!(refused_record(embedded, b"EMBEDDED"), Some(0));
    assert_eq!(refused_record(WriteByRef::default(), &[]), Some(0));
}

#[test]
fn the_dnodes_of_one_stream_are_not_those_of_the_next() {
    let list = NvList::new().with("crypt_keydata", keys());
    let mut bodies = raw_bodies();
    // Without what tells of its dnodes.
    bodies.remove(0);
    let second = stream_of(&raw_fields(), &list, bodies, Endian::HOST);
    let first = raw_stream(Endian::HOST);
    let bytes = package_of(Features::RAW, &[first, second.clone()], Endian::HOST);
    let (_, error) = pass(Guard::new(&bytes[..], Require::new().raw().packages()));
    let begin_len = BeginRecord::parse(&second).unwrap().payload_len();
    let object = bytes.len() - RECORD_LEN - second.len() + RECORD_LEN + begin_len as usize;
    assert_eq!(error.unwrap().offset(), object as u64 + 8);
}

#[test]
fn a_reference_to_another_block_is_deduplication() {
    let bodies = vec![(WriteByRef::default().into(), vec![])];
    let bytes = stream_of(&fields(), &NvList::new(), bodies, Endian::HOST);
    for (require, passes) in [
        (Require::new().single(), false),
        (Require::new().known_features(), false),
        (Require::new().to_guid(fields().to_guid), true),
    ] {
        let (out, error) = pass(Guard::new(&bytes[..], require));
        assert_eq!(error.is_none(), passes);
        assert!(passes || out.len() < bytes.len() - RECORD_LEN);
    }
    for features in [Features::DEDUP, Features::DEDUP_PROPS] {
        for require in [Require::new().single(), Require::new().known_features()] {
            let (out, error) = pass(Guard::new(&empty(features, &[])[..], require));
            assert_eq!((out.len(), error), (0, Some(StreamError::Dedup)));
        }
    }
}

#[test]
fn in_a_package_each_stream_is_looked_at() {
    let good = raw_stream(Endian::HOST);
    let bytes = package_of(Features::RAW, &[good.clone(), good.clone()], Endian::HOST);
    let packages = Require::new().raw().packages();
    for odd in [false, true] {
        let (out, error) = if odd {
            let stream = &bytes[..];
            pass(Guard::new(Odd { stream, turn: 0 }, packages.clone()))
        } else {
            pass(Guard::new(&bytes[..], packages.clone()))
        };
        assert_eq!(error, None);
        assert_eq!(out, bytes);
    }
    for require in [
        Require::new().raw(),
        Require::new().key_guid(0xaa),
        Require::new().single(),
        packages.clone().single(),
    ] {
        let (out, error) = pass(Guard::new(&bytes[..], require));
        assert_eq!((out.len(), error), (0, Some(StreamError::Package)));
    }

    // The second one is not raw.
    let plain = empty(Features::COMPRESSED, &[]);
    let streams = [good.clone(), plain.clone()];
    let mixed = package_of(Features::RAW, &streams, Endian::HOST);
    let start = mixed.len() - RECORD_LEN - plain.len();
    verify(&mixed).unwrap();
    let (out, error) = pass(Guard::new(&mixed[..], packages.clone()));
    assert_eq!(out.len(), start);
    let error = error.unwrap();
    assert_eq!(error.offset(), start as u64 + 16);
    let StreamError::Substream { error, .. } = error else {
        panic!("{error}");
    };
    assert!(matches!(
        *error,
        StreamError::Unmet {
            unmet: Unmet::NotRaw,
            ..
        }
    ));

    // If it is the first, nothing passes, the head neither.
    let mixed = package_of(Features::RAW, &[plain, good], Endian::HOST);
    let (out, error) = pass(Guard::new(&mixed[..], packages));
    assert!(out.is_empty());
    assert!(matches!(error, Some(StreamError::Substream { .. })));
}

#[test]
fn what_is_required_of_streams_is_required_of_a_head() {
    let one = || empty(Features::COMPRESSED, &[]);
    let unknown = Features::from_bits_retain(1 << 50);
    let unmet = |features: Features, require: Require| {
        let bytes = package_of(features, &[one()], Endian::HOST);
        let (out, error) = pass(Guard::new(&bytes[..], require));
        assert!(out.is_empty());
        error.unwrap()
    };
    let has = |features| StreamError::Unmet {
        offset: 16,
        unmet: Unmet::Has(features),
    };
    let known = Require::new().known_features();
    assert_eq!(unmet(unknown, known.clone()), has(unknown));
    assert_eq!(unmet(Features::DEDUP, known), StreamError::Dedup);
    assert_eq!(
        unmet(Features::HOLDS, Require::new().without(Features::HOLDS)),
        has(Features::HOLDS)
    );

    let begin = |features, len| {
        let fields = BeginFields {
            header_type: HeaderType::Compound,
            features,
            ..fields()
        };
        BeginRecord::build(&fields, len, Endian::HOST)
    };
    let package = |list: &[u8], streams: &[Vec<u8>]| {
        let begin = begin(Features::empty(), list.len().try_into().unwrap());
        let mut writer = Writer::new(Vec::new());
        writer.package_head(&begin, list).unwrap();
        for stream in streams {
            writer.get_mut().extend(stream);
        }
        writer.package_end().unwrap();
        writer.into_inner()
    };
    for (require, passes) in [
        (Require::new(), true),
        (Require::new().packages(), true),
        (Require::new().to_guid(fields().to_guid), false),
        (Require::new().raw().packages(), false),
    ] {
        // A head of text that no list is, and a package of nothing but a head.
        let text = package(&[b'S'; 10_000], &[one()]);
        let nothing = package(&[], &[]);
        for bytes in [text, nothing] {
            verify(&bytes).unwrap();
            let (out, error) = pass(Guard::new(&bytes[..], require.clone()));
            assert_eq!(error.is_none(), passes, "{error:?}");
            assert_eq!(out.len(), if passes { bytes.len() } else { 0 });
        }
    }
    let (_, error) = pass(Guard::new(&package(&[], &[])[..], Require::new().full()));
    assert!(matches!(
        error,
        Some(StreamError::Unmet {
            unmet: Unmet::NoStream,
            ..
        })
    ));
}

#[test]
fn a_guard_takes_what_has_no_end_if_that_is_said() {
    let whole = raw_stream(Endian::HOST);
    let cut = &whole[..whole.len() - RECORD_LEN];
    let require = || Require::new().raw();
    let (out, error) = pass(Guard::new(cut, require()).without_end());
    assert_eq!((&out[..], error), (cut, None));
    let (_, error) = pass(Guard::new(cut, require()));
    assert!(matches!(error, Some(StreamError::NoEnd { .. })));
}

//! Checksums, summaries and guards.

use std::io::{self, Read};

use proptest::prelude::*;

use super::super::record::*;
use super::super::summary::LISTED_STREAMS;
use super::super::*;
use super::samples::{ENDIANS, fields, package, stream};
use super::step;
use crate::KeyFormat;

/// What passes through, and the error that ends it.
fn pass(mut from: impl Read) -> (Vec<u8>, Option<StreamError>) {
    let mut out = Vec::new();
    match from.read_to_end(&mut out) {
        Ok(_) => (out, None),
        Err(error) => {
            let inner = StreamError::in_io(&error).cloned();
            let kind = match &inner {
                Some(inner) if inner.is_truncated() => io::ErrorKind::UnexpectedEof,
                _ => io::ErrorKind::InvalidData,
            };
            assert_eq!(error.kind(), kind);
            // It stays.
            let again = from.read(&mut [0; 10]).unwrap_err();
            assert_eq!(StreamError::in_io(&again), inner.as_ref());
            (out, Some(inner.expect("an error of the stream")))
        }
    }
}

/// What passes on what it gives in odd pieces, with errors that pass between them.
struct Odd<'a> {
    stream: &'a [u8],
    turn: usize,
}

impl Read for Odd<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        if self.turn % 3 == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = buf.len().min(1 + self.turn * 31 % 400);
        self.stream.read(&mut buf[..len])
    }
}

fn verified(stream: &[u8]) -> Result<Summary, StreamError> {
    let in_memory = verify(stream);
    for odd in [false, true] {
        let mut reader: Box<dyn Read + '_> = if odd {
            Box::new(Odd { stream, turn: 0 })
        } else {
            Box::new(stream)
        };
        let mut verify = Verify::new(&mut reader);
        let (out, error) = pass(&mut verify);
        assert!(stream.starts_with(&out));
        assert_eq!(verify.is_done(), error.is_none());
        let (_, summary) = verify.into_parts();
        match (&in_memory, error) {
            (Ok(expected), None) => {
                assert_eq!(&summary, expected);
                assert_eq!(out.len() as u64, summary.bytes);
            }
            (Err(expected), Some(error)) => assert_eq!(&error, expected),
            (expected, error) => panic!("{expected:?} {error:?}"),
        }
    }
    in_memory
}

#[test]
fn what_is_right_passes_and_is_summed_up() {
    for endian in ENDIANS {
        let bytes = stream(endian);
        let summary = verified(&bytes).unwrap();
        assert!(summary.complete && summary.is_single());
        assert_eq!(summary.bytes, bytes.len() as u64);
        assert_eq!(summary.to_name().unwrap(), "tank/prod@mon");
        assert_eq!((summary.stream_count, summary.streams.len()), (1, 1));
        let one = &summary.streams[0];
        assert_eq!(
            (one.offset, one.endian, one.bytes),
            (0, endian, summary.bytes)
        );
        assert_eq!((one.to_guid, one.from_guid), (fields().to_guid, Some(7)));
        assert_eq!(one.features, fields().features);
        assert!(one.is_raw() && one.has_checksums);
        assert_eq!(one.records, summary.records);
        let encryption = one.encryption.unwrap();
        assert_eq!(encryption.suite_name(), Some("aes-256-gcm"));
        assert_eq!(encryption.key_format(), Some(KeyFormat::Passphrase));
        assert_eq!((encryption.key_guid, encryption.version), (0xaa, 1));
        assert_eq!(encryption.pbkdf2_iterations, 350_000);
        assert_eq!(encryption.pbkdf2_salt, 0xbb);
        assert_eq!(encryption.to_ivset_guid, 0xcc);
        assert_eq!(encryption.from_ivset_guid, 0xdd);
        let write = summary.records.of(RecordType::Write);
        assert_eq!((write.records, write.payload), (2, 4096 + 1536));
        let total = summary.records.total();
        assert_eq!(total.records, 14);
        assert_eq!(total.payload + 14 * RECORD_LEN as u64, summary.bytes);

        let bytes = package(endian);
        let summary = verified(&bytes).unwrap();
        assert!(summary.complete && !summary.is_single());
        assert_eq!((summary.stream_count, summary.streams.len()), (2, 2));
        assert_eq!(summary.bytes, bytes.len() as u64);
        assert_eq!(summary.records.total().records, 3 + 2 * 14);
        assert_eq!(summary.streams[1].records.total(), total);
    }
}

#[test]
fn every_bit_counts() {
    for endian in ENDIANS {
        for mut bytes in [stream(endian), package(endian)] {
            let lengths: Vec<_> = Records::new(&bytes)
                .map(|item| item.unwrap().0)
                .filter(|record| record.record_type() == RecordType::Begin)
                .map(|record| usize::try_from(record.offset()).unwrap())
                .flat_map(|at| at + 4..at + 8)
                .collect();
            for at in (0..bytes.len()).step_by(step()) {
                let bit = 1 << (at % 8);
                bytes[at] ^= bit;
                let error = verify(&bytes).unwrap_err();
                // What is wrong is known at the next checksum at the latest.
                assert!(error.offset() <= bytes.len() as u64);
                // The length that BEGIN claims is in the checksum of the next record.
                let begins = lengths.contains(&at);
                assert!(begins || !error.is_truncated(), "{at}: {error}");
                if at % 61 == 0 {
                    assert_eq!(verified(&bytes).unwrap_err(), error);
                }
                bytes[at] ^= bit;
            }
        }
    }
}

#[test]
fn every_cut_is_seen() {
    for bytes in [stream(Endian::HOST), package(Endian::HOST)] {
        for end in (0..bytes.len()).step_by(step()) {
            let error = verify(&bytes[..end]).unwrap_err();
            assert!(error.is_truncated(), "{error}");
            assert_eq!(error.offset(), end as u64);
            if end % 61 == 0 {
                assert_eq!(verified(&bytes[..end]).unwrap_err(), error);
            }
        }
    }
}

/// Puts right all checksums but those that the test is about.
fn without_checksums(bytes: &mut [u8]) {
    let records: Vec<_> = Records::new(bytes)
        .map(|item| item.unwrap().0)
        .map(|record| (record.record_type(), record.offset()))
        .collect();
    let mut sum = crate::fletcher4::Fletcher4::new(Endian::HOST);
    let mut from = 0;
    for (record_type, offset) in records {
        let at = usize::try_from(offset).unwrap();
        if record_type == RecordType::Begin {
            continue;
        }
        sum.update(&bytes[from..at]);
        sum.finish_piece();
        from = at;
        if record_type == RecordType::End {
            for (place, sum) in bytes[at + 8..at + 40].chunks_exact_mut(8).zip(sum.sums()) {
                place.copy_from_slice(&sum.to_ne_bytes());
            }
        }
        bytes[at + CHECKSUM_AT..at + RECORD_LEN].fill(0);
    }
}

#[test]
fn records_of_old_have_no_checksums() {
    let mut bytes = stream(Endian::HOST);
    without_checksums(&mut bytes);
    let summary = verified(&bytes).unwrap();
    assert!(!summary.streams[0].has_checksums);
    let spill = Records::new(&bytes)
        .map(|item| item.unwrap().0)
        .find(|record| record.record_type() == RecordType::Spill)
        .unwrap();
    let at = usize::try_from(spill.offset()).unwrap() + RECORD_LEN;
    bytes[at] ^= 1;
    let error = verified(&bytes).unwrap_err();
    assert!(
        matches!(error, StreamError::BadEndChecksum { .. }),
        "{error}"
    );
    assert_eq!(error.offset(), (bytes.len() - RECORD_LEN + 8) as u64);
}

#[test]
fn one_record_without_a_checksum_is_wrong() {
    let mut bytes = stream(Endian::HOST);
    let at = bytes.len() - 32;
    bytes[at..].fill(0);
    let error = verified(&bytes).unwrap_err();
    let StreamError::BadChecksum { offset, found, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((offset, found), (at as u64, Checksum::default()));
}

#[test]
fn nothing_behind_the_stream_is_read() {
    let mut bytes = stream(Endian::HOST);
    bytes.extend(b"more");
    let mut rest = &bytes[..];
    let (out, error) = pass(Guard::new(Verify::new(&mut rest), Require::new()));
    assert_eq!((out.len(), error), (bytes.len() - 4, None));
    assert_eq!(rest, b"more");
}

#[test]
fn what_follows_the_first_record_has_to_be_a_list() {
    let begin = BeginRecord::build(&fields(), 16, Endian::HOST);
    let mut writer = Writer::new(Vec::new());
    writer.begin(&begin, &[7; 16]).unwrap();
    writer.end(1).unwrap();
    let bytes = writer.into_inner();
    let error = verified(&bytes).unwrap_err();
    assert!(
        matches!(error, StreamError::BadBeginPayload { .. }),
        "{error}"
    );
    assert_eq!(error.offset(), RECORD_LEN as u64);
    assert_eq!(
        pass(Guard::new(&bytes[..], Require::new().raw())),
        (vec![], Some(error))
    );
}

#[test]
fn a_package_has_more_streams_than_are_listed() {
    let begin = BeginRecord::build(&fields(), 0, Endian::HOST);
    let mut one = Writer::new(Vec::new());
    one.begin(&begin, &[]).unwrap();
    one.end(1).unwrap();
    let one = one.into_inner();
    let head = package(Endian::HOST);
    let head_len = head.len() - 2 * stream(Endian::HOST).len() - RECORD_LEN;
    let mut bytes = head[..head_len].to_vec();
    for _ in 0..LISTED_STREAMS + 5 {
        bytes.extend(&one);
    }
    bytes.extend(&head[head.len() - RECORD_LEN..]);
    let summary = verify(&bytes).unwrap();
    assert_eq!(summary.streams.len(), LISTED_STREAMS);
    assert_eq!(summary.stream_count, LISTED_STREAMS as u64 + 5);
    assert_eq!(summary.bytes, bytes.len() as u64);
    assert!(summary.streams.iter().all(|stream| stream.bytes == 624));
}

#[test]
fn a_guard_refuses_before_the_first_byte() {
    let all = fields().features;
    let lz4 = Features::LZ4;
    let error = |at: u64, unmet| Some(StreamError::Unmet { offset: at, unmet });
    let to_guid = fields().to_guid;
    for (require, expected) in [
        (Require::new(), None),
        (Require::new().raw().single().known_features(), None),
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
            let bytes = stream(endian);
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
    let list = crate::nvlist::NvList::new().with("crypt_keydata", 1_u64);
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

#[test]
fn in_a_package_each_stream_is_looked_at() {
    let bytes = package(Endian::HOST);
    let (out, error) = pass(Guard::new(&bytes[..], Require::new().raw()));
    assert_eq!((out.len(), error), (bytes.len(), None));
    let (out, error) = pass(Guard::new(&bytes[..], Require::new().single()));
    assert_eq!((out.len(), error), (0, Some(StreamError::Package)));

    // The second one is not raw.
    let good = stream(Endian::HOST);
    let head_len = bytes.len() - 2 * good.len() - RECORD_LEN;
    let mut mixed = bytes[..head_len + good.len()].to_vec();
    let start = mixed.len() as u64;
    mixed.extend(empty(Features::COMPRESSED, &[]));
    mixed.extend(&bytes[bytes.len() - RECORD_LEN..]);
    verify(&mixed).unwrap();
    let (out, error) = pass(Guard::new(&mixed[..], Require::new().raw()));
    assert_eq!(out.len() as u64, start);
    let error = error.unwrap();
    assert_eq!(error.offset(), start + 16);
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

    let (out, error) = pass(Guard::new(
        &empty(Features::DEDUP, &[])[..],
        Require::new().single(),
    ));
    assert_eq!((out.len(), error), (0, Some(StreamError::Dedup)));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn all_ways_to_verify_agree(
        big: bool,
        in_package: bool,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let endian = ENDIANS[usize::from(big)];
        let good = if in_package { package(endian) } else { stream(endian) };
        let mut bytes = good.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let result = verified(&bytes);
        prop_assert_eq!(result.is_ok(), bytes == good);
    }
}

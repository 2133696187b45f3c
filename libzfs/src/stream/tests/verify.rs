//! Checksums and summaries.

use std::io::{self, Read};

use proptest::prelude::*;

use super::super::record::*;
#[cfg(feature = "serde")]
use super::super::summary::Counts;
use super::super::summary::LISTED_STREAMS;
use super::super::*;
use super::samples::{ENDIANS, fields, package, raw_fields, raw_stream, stream, stream_of};
use super::step;
use crate::KeyFormat;

/// What passes through, and the error that ends it.
pub(super) fn pass(mut from: impl Read) -> (Vec<u8>, Option<StreamError>) {
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
pub(super) struct Odd<'a> {
    pub(super) stream: &'a [u8],
    pub(super) turn: usize,
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
        assert!(one.has_checksums);
        assert_eq!(one.records, summary.records);
        let raw = verified(&raw_stream(endian)).unwrap().streams.remove(0);
        assert!(raw.is_raw());
        let encryption = raw.encryption.unwrap();
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
        for mut bytes in [stream(endian), raw_stream(endian), package(endian)] {
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
    let begin = BeginRecord::build(&raw_fields(), 16, Endian::HOST);
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
fn what_has_no_end_is_taken_if_that_is_said() {
    let whole = stream(Endian::HOST);
    let cut = whole.len() - RECORD_LEN;
    for odd in [false, true] {
        let reader = |end: usize| -> Box<dyn Read + '_> {
            let stream = &whole[..end];
            if odd {
                Box::new(Odd { stream, turn: 0 })
            } else {
                Box::new(stream)
            }
        };
        let mut verify = Verify::new(reader(cut)).without_end();
        let (out, error) = pass(&mut verify);
        assert_eq!((out.len(), error), (cut, None));
        assert!(verify.is_done());
        let summary = verify.into_parts().1;
        assert!(!summary.complete);
        assert_eq!(summary.bytes, cut as u64);

        // Where it has one it still counts.
        let mut verify = Verify::new(reader(whole.len())).without_end();
        let (out, error) = pass(&mut verify);
        assert_eq!((out.len(), error), (whole.len(), None));
        assert!(verify.summary().complete);

        // It has to end behind a record.
        for end in [0, 1, RECORD_LEN, cut - 1, cut + 1] {
            let (out, error) = pass(Verify::new(reader(end)).without_end());
            assert!(error.is_some_and(|error| error.is_truncated()), "{end}");
            assert!(out.len() <= end);
        }
    }

    // What misses at the end of a package is not left out by anyone.
    let package = package(Endian::HOST);
    for ends in [1, 2] {
        let cut = &package[..package.len() - ends * RECORD_LEN];
        let (_, error) = pass(Verify::new(cut).without_end());
        assert!(matches!(error, Some(StreamError::NoEnd { .. })));
    }
}

#[test]
fn what_a_stream_that_is_not_raw_says_of_encryption_is_not_believed() {
    let one = verify(&stream(Endian::HOST)).unwrap().streams.remove(0);
    assert!(!one.is_raw());
    assert_eq!(one.encryption, None);
}

#[test]
fn in_the_first_list_no_name_may_repeat() {
    let keys = crate::nvlist::NvList::with_duplicates().with("DSL_CRYPTO_GUID", 7_u64);
    let list = crate::nvlist::NvList::new().with("crypt_keydata", keys);
    let bytes = stream_of(&fields(), &list, vec![], Endian::HOST);
    let error = verified(&bytes).unwrap_err();
    assert!(
        matches!(error, StreamError::BadBeginPayload { .. }),
        "{error}"
    );
}

#[cfg(feature = "serde")]
#[test]
fn a_count_does_not_overflow() {
    let counts: Vec<_> = (0..11)
        .map(|_| serde_json::json!({"records": u64::MAX, "payload": u64::MAX}))
        .collect();
    let counts: Counts = serde_json::from_value(counts.into()).unwrap();
    assert_eq!(counts.total().records, u64::MAX);
    assert_eq!(counts.total().payload, u64::MAX);
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

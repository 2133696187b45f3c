//! Records, and the two ways to walk over them.

use std::io::{self, Read};

use proptest::prelude::*;

use super::super::record::*;
use super::super::*;
use super::samples::{ENDIANS, bodies, content, fields, package, stream};
use super::step;

/// What a reader that gives a few bytes at a time says of a stream.
struct Dribble<'a>(&'a [u8]);

impl Read for Dribble<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = buf.len().min(1 + self.0.len() % 13);
        self.0.read(&mut buf[..len])
    }
}

type Walked = (Vec<(Vec<u8>, Vec<u8>)>, Option<StreamError>);

fn in_memory(stream: &[u8]) -> Walked {
    let mut records = Vec::new();
    for item in Records::new(stream) {
        match item {
            Ok((record, payload)) => {
                records.push((record.as_bytes().to_vec(), payload.to_vec()));
            }
            Err(error) => return (records, Some(error)),
        }
    }
    (records, None)
}

fn by_reading(stream: impl Read) -> Walked {
    let mut reader = Reader::new(stream);
    let mut records = Vec::new();
    let mut payload = Vec::new();
    loop {
        let header = match reader.next_record() {
            Ok(Some(record)) => record.as_bytes().to_vec(),
            Ok(None) => return (records, None),
            Err(ReadError::Stream(error)) => return (records, Some(error)),
            Err(error) => panic!("{error}"),
        };
        match reader.read_payload(&mut payload) {
            Ok(()) => records.push((header, payload.clone())),
            Err(ReadError::Stream(error)) => return (records, Some(error)),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn what_was_written_is_read() {
    for endian in ENDIANS {
        let stream = stream(endian);
        let items: Vec<_> = Records::new(&stream).map(Result::unwrap).collect();
        let (first, last) = (&items[0].0, &items[items.len() - 1].0);
        let begin = first.begin().unwrap();
        assert_eq!(begin.endian(), endian);
        assert_eq!(begin.to_name(), "tank/prod@mon");
        assert_eq!(begin.features(), fields().features);
        assert_eq!(begin.flags(), fields().flags);
        assert_eq!(begin.objset_type(), ObjsetType::Zfs);
        assert_eq!(begin.creation_time(), 1_700_000_000);
        assert_eq!(
            (begin.to_guid(), begin.from_guid()),
            (fields().to_guid, Some(7))
        );
        assert_eq!(first.checksum(), None);
        let Body::End(end) = last.body() else {
            panic!("{last:?}");
        };
        assert_eq!(end.to_guid, fields().to_guid);
        assert!(last.checksum().is_some());
        let between: Vec<_> = items[1..items.len() - 1]
            .iter()
            .map(|(record, payload)| (record.body(), payload.to_vec()))
            .collect();
        assert_eq!(between, bodies());
        let mut offset = 0;
        for (record, payload) in items {
            assert_eq!(record.endian(), endian);
            assert_eq!(record.offset(), offset);
            assert_eq!(record.payload_len(), payload.len() as u64);
            offset += (RECORD_LEN + payload.len()) as u64;
        }
        assert_eq!(offset, stream.len() as u64);
    }
}

#[test]
fn both_ways_see_the_same() {
    for endian in ENDIANS {
        for whole in [stream(endian), package(endian)] {
            let (records, error) = in_memory(&whole);
            assert_eq!(error, None);
            assert!(by_reading(&whole[..]) == (records, None));
            for end in (0..whole.len()).step_by(step()) {
                let cut = in_memory(&whole[..end]);
                let error = cut.1.as_ref().unwrap();
                assert!(error.is_truncated(), "{error}");
                assert_eq!(error.offset(), end as u64);
                assert!(by_reading(Dribble(&whole[..end])) == cut, "cut at {end}");
            }
        }
    }
}

#[test]
fn a_package_is_head_streams_and_end() {
    let package = package(Endian::HOST);
    let types: Vec<_> = Records::new(&package)
        .map(|item| item.unwrap().0.record_type())
        .collect();
    let ends = types.iter().filter(|&&kind| kind == RecordType::End);
    let begins = types.iter().filter(|&&kind| kind == RecordType::Begin);
    assert_eq!((begins.count(), ends.count()), (3, 4));
    assert_eq!(types[..2], [RecordType::Begin, RecordType::End]);
    let places: Vec<_> = Records::new(&package)
        .map(|item| item.unwrap().0.place())
        .collect();
    let (head, rest) = places.split_at(2);
    let (end, streams) = rest.split_last().unwrap();
    assert_eq!(head, [Place::PackageHead; 2]);
    assert_eq!(end, &Place::PackageEnd);
    assert!(streams.iter().all(|&place| place == Place::Stream));

    // Streams of either byte order, and an end in either.
    let mut mixed = Vec::new();
    let list_len = package.len() - 2 * stream(Endian::HOST).len() - 3 * RECORD_LEN;
    mixed.extend(&package[..2 * RECORD_LEN + list_len]);
    mixed.extend(stream(Endian::Big));
    mixed.extend(stream(Endian::Little));
    let end = mixed.len();
    for endian in ENDIANS {
        mixed.truncate(end);
        mixed.extend(endian.put_u32(5));
        mixed.extend([0; RECORD_LEN - 4]);
        assert_eq!(in_memory(&mixed).1, None);
    }
}

#[test]
fn what_follows_the_stream_is_left() {
    let mut bytes = stream(Endian::HOST);
    let len = bytes.len();
    bytes.extend(b"more");
    let mut records = Records::new(&bytes);
    assert!(records.by_ref().all(|item| item.is_ok()));
    assert_eq!(records.rest(), b"more");

    let mut reader = Reader::new(&bytes[..]);
    while reader.next_record().unwrap().is_some() {}
    assert!(reader.next_record().unwrap().is_none());
    assert_eq!(reader.offset(), len as u64);
    assert_eq!(reader.into_inner(), b"more");
}

#[test]
fn a_payload_is_read_in_part_or_passed_over() {
    let stream = stream(Endian::HOST);
    let mut reader = Reader::new(&stream[..]);
    let mut read = 0;
    while let Some(record) = reader.next_record().unwrap() {
        let (kind, len) = (record.record_type(), record.payload_len());
        if kind == RecordType::Write {
            let mut part = [0; 100];
            reader.payload().read_exact(&mut part).unwrap();
            assert_eq!(part[..], content(100));
            let mut rest = Vec::new();
            reader.payload().read_to_end(&mut rest).unwrap();
            assert_eq!(rest.len() as u64, len - 100);
            read += 1;
        }
    }
    assert_eq!(read, 2);
}

/// The place of the first record of a type.
fn place(stream: &[u8], wanted: RecordType) -> usize {
    Records::new(stream)
        .map(|item| item.unwrap().0)
        .find(|record| record.record_type() == wanted)
        .map(|record| usize::try_from(record.offset()).unwrap())
        .unwrap()
}

#[test]
fn what_can_not_be_is_refused_at_its_byte() {
    for endian in ENDIANS {
        let good = stream(endian);
        let at = place(&good, RecordType::Free);
        let offset = at as u64;
        for (record_type, error) in [
            (
                11,
                StreamError::UnknownRecordType {
                    offset,
                    record_type: 11,
                },
            ),
            (
                0,
                StreamError::Misplaced {
                    offset,
                    record_type: RecordType::Begin,
                },
            ),
        ] {
            let mut bad = good.clone();
            bad[at..at + 4].copy_from_slice(&endian.put_u32(record_type));
            assert_eq!(in_memory(&bad).1, Some(error.clone()));
            assert_eq!(by_reading(&bad[..]).1, Some(error));
        }

        let good = package(endian);
        let second = in_memory(&good[..]).0[0].1.len() + RECORD_LEN;
        let mut bad = good.clone();
        bad[second..second + 4].copy_from_slice(&endian.put_u32(4));
        let error = in_memory(&bad).1.unwrap();
        assert!(matches!(error, StreamError::Misplaced { .. }), "{error}");
        assert_eq!(error.offset(), second as u64);

        let third = second + RECORD_LEN;
        let mut bad = good.clone();
        bad[third + 8] ^= 1;
        let error = in_memory(&bad).1.unwrap();
        assert!(matches!(error, StreamError::Substream { .. }), "{error}");
        assert_eq!(error.offset(), third as u64 + 8);

        let mut bad = good;
        let head = bad[..RECORD_LEN].to_vec();
        bad[third..third + RECORD_LEN].copy_from_slice(&head);
        assert_eq!(
            in_memory(&bad).1,
            Some(StreamError::Substream {
                start: third as u64,
                error: Box::new(StreamError::Package)
            })
        );
    }
}

/// A stream of a first record and one that claims the longest payload that it can.
fn claims(endian: Endian, kind: RecordType, fields: &[(usize, usize)]) -> Vec<u8> {
    let begin = BeginRecord::build(&super::samples::fields(), 0, endian);
    let mut bytes = begin.as_bytes().to_vec();
    let mut record = [0; RECORD_LEN];
    record[..4].copy_from_slice(&endian.put_u32(kind.number()));
    for &(at, len) in fields {
        match len {
            1 => record[at] = 1,
            4 => record[at..at + 4].copy_from_slice(&endian.put_u32(u32::MAX)),
            _ => record[at..at + 8].copy_from_slice(&endian.put_u64(1 << 60)),
        }
    }
    bytes.extend(record);
    bytes
}

#[test]
fn a_claim_costs_nothing() {
    for endian in ENDIANS {
        for (kind, fields, said_at, claimed) in [
            (RecordType::Object, &[(28, 4)][..], 28, 1 << 32),
            (RecordType::Object, &[(28, 4), (36, 4)], 36, (1 << 32) - 1),
            (RecordType::Write, &[(32, 8)], 32, 1 << 60),
            (RecordType::Write, &[(50, 1), (96, 8)], 96, 1 << 60),
            (RecordType::Spill, &[(16, 8)], 16, 1 << 60),
            (RecordType::Spill, &[(40, 8)], 40, 1 << 60),
            (RecordType::WriteEmbedded, &[(52, 4)], 52, 1 << 32),
        ] {
            let bytes = claims(endian, kind, fields);
            let error = StreamError::PayloadTooLong {
                offset: (RECORD_LEN + said_at) as u64,
                record_type: kind,
                claimed,
                limit: 16 << 20,
            };
            assert_eq!(in_memory(&bytes).1, Some(error.clone()));
            assert_eq!(by_reading(&bytes[..]).1, Some(error));

            // Without limits nothing is there either, and no memory is asked for.
            let limits = Limits {
                block: u64::MAX,
                ..Limits::default()
            };
            let error = Records::with_limits(&bytes, limits).last().unwrap();
            assert_eq!(
                error.unwrap_err(),
                StreamError::Truncated {
                    offset: 2 * RECORD_LEN as u64,
                    missing: claimed
                }
            );
            let mut reader = Reader::with_limits(&bytes[..], limits);
            reader.next_record().unwrap();
            reader.next_record().unwrap();
            let mut payload = Vec::new();
            let error = reader.read_payload(&mut payload).unwrap_err();
            assert_eq!(error.offset(), 2 * RECORD_LEN as u64);
            assert!(payload.capacity() < 1 << 16);
        }
        let begin = BeginRecord::build(&fields(), u32::MAX, endian);
        let error = in_memory(begin.as_bytes()).1.unwrap();
        assert_eq!(
            error,
            StreamError::PayloadTooLong {
                offset: 4,
                record_type: RecordType::Begin,
                claimed: u32::MAX.into(),
                limit: 1 << 20,
            }
        );
    }
}

/// A reader that fails before each byte, as one that does not block.
struct NotYet<'a> {
    stream: &'a [u8],
    ready: bool,
}

impl Read for NotYet<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.ready = !self.ready;
        if !self.ready {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let len = buf.len().min(50);
        self.stream.read(&mut buf[..len])
    }
}

#[test]
fn reading_goes_on_after_an_error_that_passes() {
    let stream = stream(Endian::HOST);
    let mut reader = Reader::new(NotYet {
        stream: &stream,
        ready: false,
    });
    let mut types = Vec::new();
    loop {
        match reader.next_record() {
            Ok(Some(record)) => types.push(record.record_type()),
            Ok(None) => break,
            Err(ReadError::Io { error, .. }) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(types.len(), bodies().len() + 2);
}

#[test]
fn a_payload_is_read_whole_also_after_an_error_that_passes() {
    let stream = stream(Endian::HOST);
    let mut reader = Reader::new(NotYet {
        stream: &stream,
        ready: false,
    });
    let mut payloads = Vec::new();
    let mut failures = 0;
    loop {
        match reader.next_record() {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(_) => continue,
        }
        loop {
            // Whatever is in it, and if it is another one each time.
            let mut payload = b"before".to_vec();
            match reader.read_payload(&mut payload) {
                Ok(()) => {
                    payloads.push(payload);
                    break;
                }
                Err(error) => {
                    assert!(matches!(error, ReadError::Io { .. }), "{error}");
                    assert!(payload.is_empty());
                    failures += 1;
                }
            }
        }
    }
    let expected: Vec<_> = in_memory(&stream)
        .0
        .into_iter()
        .map(|item| item.1)
        .collect();
    assert!(payloads == expected);
    assert!(failures > 100);
}

#[test]
fn what_was_read_of_a_payload_is_not_taken_for_another() {
    let stream = stream(Endian::HOST);
    let mut reader = Reader::new(NotYet {
        stream: &stream,
        ready: false,
    });
    let mut payload = Vec::new();
    let mut lens = Vec::new();
    loop {
        match reader.next_record() {
            Ok(Some(record)) => lens.push(record.payload_len()),
            Ok(None) => break,
            Err(_) => continue,
        }
        // Given up, but for the last that has one, in the middle of it.
        for _ in 0..3 {
            let _ = reader.read_payload(&mut payload);
        }
    }
    let expected: Vec<_> = in_memory(&stream)
        .0
        .into_iter()
        .map(|item| item.1.len() as u64)
        .collect();
    assert_eq!(lens, expected);
}

#[test]
fn bytes_are_counted_in_64_bits() {
    let begin = BeginRecord::build(&fields(), 0, Endian::HOST);
    let mut bytes = begin.as_bytes().to_vec();
    let mut record = [0; RECORD_LEN];
    record[..4].copy_from_slice(&RecordType::Write.number().to_ne_bytes());
    record[32..40].fill(0xff);
    bytes.extend(record);
    let limits = Limits {
        block: u64::MAX,
        ..Limits::default()
    };
    let error = StreamError::PayloadTooLong {
        offset: 312 + 32,
        record_type: RecordType::Write,
        claimed: u64::MAX,
        limit: u64::MAX - 624,
    };
    let walked = Records::with_limits(&bytes, limits).last().unwrap();
    assert_eq!(walked.unwrap_err(), error);
    // One that can be counted is not there.
    bytes[312 + 32..312 + 40].copy_from_slice(&(u64::MAX - 624).to_ne_bytes());
    let walked = Records::with_limits(&bytes, limits).last().unwrap();
    assert_eq!(
        walked.unwrap_err(),
        StreamError::Truncated {
            offset: 624,
            missing: u64::MAX - 624
        }
    );
}

#[test]
fn a_payload_of_another_length_is_not_written() {
    let mut writer = Writer::new(Vec::new());
    let begin = BeginRecord::build(&fields(), 8, Endian::HOST);
    let refused = |error: io::Error| assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    refused(writer.begin(&begin, &[0; 7]).unwrap_err());
    refused(writer.package_head(&begin, &[0; 8]).unwrap_err());
    let (body, payload) = bodies().swap_remove(1);
    refused(writer.record(&body, &payload[1..]).unwrap_err());
    assert!(writer.into_inner().is_empty());
}

#[cfg(feature = "lzc")]
#[test]
fn fields_are_where_they_are_in_c() {
    use std::mem::{offset_of, size_of};

    use libzfs_sys::replay as c;

    /// The bytes that a record has in which only one field is not zero.
    fn bytes_of(body: Body) -> Vec<usize> {
        let bytes = body.encode(Endian::Little);
        let set = |&at: &usize| bytes[at] != 0;
        (4..RECORD_LEN).filter(set).collect()
    }

    macro_rules! check {
        ($($ours:ident = $theirs:ident {
            $($field:ident = $c_field:ident . $offset:expr, $ty:ty, $value:expr;)*
        })*) => {$($(
            let body = $ours { $field: $value, ..$ours::default() };
            let at = 8 + offset_of!(c::$theirs, $c_field) + $offset;
            let name = concat!(stringify!($ours), ".", stringify!($field));
            let expected: Vec<_> = (at..at + size_of::<$ty>()).collect();
            assert_eq!(bytes_of(body.into()), expected, "{name}");
        )*)*};
    }

    const U64: u64 = u64::MAX;
    const U32: u32 = u32::MAX;
    const SUMS: Checksum = Checksum([U64; 4]);
    const FLAGS: RecordFlags = RecordFlags::all();
    check! {
        Object = drr_object {
            object = drr_object.0, u64, U64;
            object_type = drr_type.0, u32, U32;
            bonus_type = drr_bonustype.0, u32, U32;
            block_size = drr_blksz.0, u32, U32;
            bonus_len = drr_bonuslen.0, u32, U32;
            checksum_type = drr_checksumtype.0, u8, 1;
            compress = drr_compress.0, u8, 1;
            dnode_slots = drr_dn_slots.0, u8, 1;
            flags = drr_flags.0, u8, FLAGS;
            raw_bonus_len = drr_raw_bonuslen.0, u32, U32;
            to_guid = drr_toguid.0, u64, U64;
            indirect_block_shift = drr_indblkshift.0, u8, 1;
            levels = drr_nlevels.0, u8, 1;
            block_pointers = drr_nblkptr.0, u8, 1;
            max_block_id = drr_maxblkid.0, u64, U64;
        }
        FreeObjects = drr_freeobjects {
            first_object = drr_firstobj.0, u64, U64;
            count = drr_numobjs.0, u64, U64;
            to_guid = drr_toguid.0, u64, U64;
        }
        Write = drr_write {
            object = drr_object.0, u64, U64;
            object_type = drr_type.0, u32, U32;
            offset = drr_offset.0, u64, U64;
            logical_size = drr_logical_size.0, u64, U64;
            to_guid = drr_toguid.0, u64, U64;
            checksum_type = drr_checksumtype.0, u8, 1;
            flags = drr_flags.0, u8, FLAGS;
            compression = drr_compressiontype.0, u8, 1;
            key_checksum = drr_key.offset_of!(c::ddt_key_t, ddk_cksum), [u64; 4], SUMS;
            key_prop = drr_key.offset_of!(c::ddt_key_t, ddk_prop), u64, U64;
            compressed_size = drr_compressed_size.0, u64, U64;
            salt = drr_salt.0, [u8; 8], [1; 8];
            iv = drr_iv.0, [u8; 12], [1; 12];
            mac = drr_mac.0, [u8; 16], [1; 16];
        }
        Free = drr_free {
            object = drr_object.0, u64, U64;
            offset = drr_offset.0, u64, U64;
            length = drr_length.0, u64, U64;
            to_guid = drr_toguid.0, u64, U64;
        }
        End = drr_end {
            checksum = drr_checksum.0, [u64; 4], SUMS;
            to_guid = drr_toguid.0, u64, U64;
        }
        WriteByRef = drr_write_byref {
            object = drr_object.0, u64, U64;
            offset = drr_offset.0, u64, U64;
            length = drr_length.0, u64, U64;
            to_guid = drr_toguid.0, u64, U64;
            ref_guid = drr_refguid.0, u64, U64;
            ref_object = drr_refobject.0, u64, U64;
            ref_offset = drr_refoffset.0, u64, U64;
            checksum_type = drr_checksumtype.0, u8, 1;
            flags = drr_flags.0, u8, FLAGS;
            key_checksum = drr_key.offset_of!(c::ddt_key_t, ddk_cksum), [u64; 4], SUMS;
            key_prop = drr_key.offset_of!(c::ddt_key_t, ddk_prop), u64, U64;
        }
        Spill = drr_spill {
            object = drr_object.0, u64, U64;
            length = drr_length.0, u64, U64;
            to_guid = drr_toguid.0, u64, U64;
            flags = drr_flags.0, u8, FLAGS;
            compression = drr_compressiontype.0, u8, 1;
            compressed_size = drr_compressed_size.0, u64, U64;
            salt = drr_salt.0, [u8; 8], [1; 8];
            iv = drr_iv.0, [u8; 12], [1; 12];
            mac = drr_mac.0, [u8; 16], [1; 16];
            object_type = drr_type.0, u32, U32;
        }
        WriteEmbedded = drr_write_embedded {
            object = drr_object.0, u64, U64;
            offset = drr_offset.0, u64, U64;
            length = drr_length.0, u64, U64;
            to_guid = drr_toguid.0, u64, U64;
            compression = drr_compression.0, u8, 1;
            embedded_type = drr_etype.0, u8, 1;
            logical_size = drr_lsize.0, u32, U32;
            physical_size = drr_psize.0, u32, U32;
        }
        ObjectRange = drr_object_range {
            first_object = drr_firstobj.0, u64, U64;
            slots = drr_numslots.0, u64, U64;
            to_guid = drr_toguid.0, u64, U64;
            salt = drr_salt.0, [u8; 8], [1; 8];
            iv = drr_iv.0, [u8; 12], [1; 12];
            mac = drr_mac.0, [u8; 16], [1; 16];
            flags = drr_flags.0, u8, FLAGS;
        }
        Redact = drr_redact {
            object = drr_object.0, u64, U64;
            offset = drr_offset.0, u64, U64;
            length = drr_length.0, u64, U64;
            to_guid = drr_toguid.0, u64, U64;
        }
    }
    assert_eq!(CHECKSUM_AT, 8 + offset_of!(c::drr_checksum, drr_checksum));
    assert_eq!(RECORD_LEN, size_of::<c::dmu_replay_record>());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 512 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_stream_is_too_strange(
        big: bool,
        in_package: bool,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let endian = ENDIANS[usize::from(big)];
        let mut bytes = if in_package { package(endian) } else { stream(endian) };
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let walked = in_memory(&bytes);
        if let Some(error) = &walked.1 {
            prop_assert!(error.offset() <= bytes.len() as u64, "{error}");
        }
        prop_assert!(walked == by_reading(Dribble(&bytes)));
        for item in Records::new(&bytes).map_while(Result::ok) {
            let _ = format!("{:?}", item.0);
        }
    }
}

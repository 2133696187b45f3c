//! Streams to test with, made by the writer.

use super::super::record::*;
use super::super::*;
use crate::nvlist::{Encoding, NvList};

pub(super) const ENDIANS: [Endian; 2] = [Endian::Little, Endian::Big];

pub(super) fn fields() -> BeginFields {
    BeginFields {
        header_type: HeaderType::Substream,
        features: Features::COMPRESSED | Features::LARGE_BLOCKS,
        creation_time: 1_700_000_000,
        objset_type: ObjsetType::Zfs,
        flags: BeginFlags::FREERECORDS | BeginFlags::SPILL_BLOCK,
        to_guid: 0x1122_3344_5566_7788,
        from_guid: Some(7),
        to_name: "tank/prod@mon".parse().unwrap(),
    }
}

/// Those of a raw stream.
pub(super) fn raw_fields() -> BeginFields {
    BeginFields {
        features: fields().features | Features::RAW,
        ..fields()
    }
}

/// Bytes that are all different from their neighbours.
pub(super) fn content(len: usize) -> Vec<u8> {
    (0..=250).step_by(7).cycle().take(len).collect()
}

/// A record of each type that may stand within a stream, with a payload where it has one.
pub(super) fn bodies() -> Vec<(Body, Vec<u8>)> {
    vec![
        (
            ObjectRange {
                first_object: 32,
                slots: 32,
                to_guid: 1,
                salt: [1; 8],
                iv: [2; 12],
                mac: [3; 16],
                flags: RecordFlags::RAW_BYTESWAP,
            }
            .into(),
            vec![],
        ),
        (
            Object {
                object: 33,
                object_type: 19,
                bonus_type: 44,
                block_size: 131_072,
                bonus_len: 173,
                checksum_type: 7,
                compress: 15,
                dnode_slots: 1,
                flags: RecordFlags::OBJECT_SPILL,
                raw_bonus_len: 0,
                to_guid: 1,
                indirect_block_shift: 17,
                levels: 2,
                block_pointers: 1,
                max_block_id: 5,
            }
            .into(),
            content(176),
        ),
        (
            Object {
                object: 34,
                bonus_len: 173,
                raw_bonus_len: 320,
                ..Object::default()
            }
            .into(),
            content(320),
        ),
        (
            FreeObjects {
                first_object: 35,
                count: 20,
                to_guid: 1,
            }
            .into(),
            vec![],
        ),
        (
            Write {
                object: 33,
                object_type: 19,
                offset: 131_072,
                logical_size: 4096,
                to_guid: 1,
                checksum_type: 7,
                flags: RecordFlags::CHECKSUM_DEDUP,
                compression: 0,
                key_checksum: Checksum([1, 2, 3, 4]),
                key_prop: 5,
                // Counts for nothing where nothing is compressed.
                compressed_size: 99,
                salt: [4; 8],
                iv: [5; 12],
                mac: [6; 16],
            }
            .into(),
            content(4096),
        ),
        (
            Write {
                logical_size: 131_072,
                compression: 15,
                compressed_size: 1536,
                ..Write::default()
            }
            .into(),
            content(1536),
        ),
        (
            Free {
                object: 33,
                offset: 262_144,
                length: u64::MAX,
                to_guid: 1,
            }
            .into(),
            vec![],
        ),
        (
            WriteByRef {
                object: 33,
                offset: 1,
                length: 2,
                to_guid: 3,
                ref_guid: 4,
                ref_object: 5,
                ref_offset: 6,
                checksum_type: 8,
                flags: RecordFlags::CHECKSUM_DEDUP,
                key_checksum: Checksum([1, 2, 3, 4]),
                key_prop: 7,
            }
            .into(),
            vec![],
        ),
        (
            Spill {
                object: 33,
                length: 512,
                to_guid: 1,
                flags: RecordFlags::SPILL_UNMODIFIED,
                ..Spill::default()
            }
            .into(),
            content(512),
        ),
        (
            Spill {
                object: 33,
                length: 1024,
                to_guid: 1,
                flags: RecordFlags::RAW_BYTESWAP,
                compression: 15,
                compressed_size: 512,
                salt: [7; 8],
                iv: [8; 12],
                mac: [9; 16],
                object_type: 44,
            }
            .into(),
            content(512),
        ),
        (
            WriteEmbedded {
                object: 33,
                offset: 512,
                length: 1024,
                to_guid: 1,
                compression: 15,
                embedded_type: 0,
                logical_size: 1024,
                physical_size: 61,
            }
            .into(),
            content(64),
        ),
        (
            Redact {
                object: 33,
                offset: 512,
                length: 1024,
                to_guid: 1,
            }
            .into(),
            vec![],
        ),
    ]
}

/// What a raw stream says of its encryption.
pub(super) fn keys() -> NvList {
    NvList::new()
        .with("DSL_CRYPTO_SUITE", 8_u64)
        .with("DSL_CRYPTO_GUID", 0xaa_u64)
        .with("DSL_CRYPTO_VERSION", 1_u64)
        .with("DSL_CRYPTO_MASTER_KEY_1", vec![1_u8; 32])
        .with("DSL_CRYPTO_HMAC_KEY_1", vec![2_u8; 64])
        .with("DSL_CRYPTO_IV", vec![3_u8; 12])
        .with("DSL_CRYPTO_MAC", vec![4_u8; 16])
        .with("keyformat", 3_u64)
        .with("pbkdf2iters", 350_000_u64)
        .with("pbkdf2salt", 0xbb_u64)
        .with("to_ivset_guid", 0xcc_u64)
        .with("from_ivset_guid", 0xdd_u64)
}

/// The records of a raw stream, of each type that it can have.
pub(super) fn raw_bodies() -> Vec<(Body, Vec<u8>)> {
    let object = Object {
        object: 33,
        object_type: 19,
        bonus_type: 44,
        bonus_len: 173,
        raw_bonus_len: 320,
        ..Object::default()
    };
    vec![
        (
            ObjectRange {
                first_object: 32,
                slots: 32,
                salt: [1; 8],
                iv: [2; 12],
                mac: [3; 16],
                ..ObjectRange::default()
            }
            .into(),
            vec![],
        ),
        (object.into(), content(320)),
        (
            Write {
                object: 33,
                logical_size: 131_072,
                compression: 15,
                compressed_size: 1536,
                salt: [4; 8],
                iv: [5; 12],
                mac: [6; 16],
                ..Write::default()
            }
            .into(),
            content(1536),
        ),
        (
            Free {
                object: 33,
                offset: 262_144,
                length: u64::MAX,
                to_guid: 1,
            }
            .into(),
            vec![],
        ),
        (
            Spill {
                object: 33,
                length: 1024,
                compression: 15,
                compressed_size: 512,
                salt: [7; 8],
                iv: [8; 12],
                mac: [9; 16],
                ..Spill::default()
            }
            .into(),
            content(512),
        ),
        // As the properties of a volume: no bonus, and a block that is not encrypted.
        (
            Object {
                object: 63,
                ..Object::default()
            }
            .into(),
            vec![],
        ),
        (
            Write {
                object: 63,
                logical_size: 512,
                compression: 2,
                compressed_size: 512,
                mac: [6; 16],
                ..Write::default()
            }
            .into(),
            content(512),
        ),
        (FreeObjects::default().into(), vec![]),
    ]
}

/// A stream of what it says and these records.
pub(super) fn stream_of(
    fields: &BeginFields,
    list: &NvList,
    bodies: Vec<(Body, Vec<u8>)>,
    endian: Endian,
) -> Vec<u8> {
    let payload = list.encode_with(Encoding::Native, endian).unwrap();
    let begin = BeginRecord::build(fields, payload.len().try_into().unwrap(), endian);
    let mut writer = Writer::new(Vec::new());
    writer.begin(&begin, &payload).unwrap();
    for (body, payload) in bodies {
        writer.record(&body, &payload).unwrap();
    }
    writer.end(fields.to_guid).unwrap();
    writer.into_inner()
}

/// A stream with one record of each type, as no sender makes it.
pub(super) fn stream(endian: Endian) -> Vec<u8> {
    let list = NvList::new().with("crypt_keydata", keys());
    stream_of(&fields(), &list, bodies(), endian)
}

/// A raw stream.
pub(super) fn raw_stream(endian: Endian) -> Vec<u8> {
    let list = NvList::new().with("crypt_keydata", keys());
    stream_of(&raw_fields(), &list, raw_bodies(), endian)
}

/// A raw stream of that snapshot from that base, with its records so many times over, whose key is
/// wrapped to that.
#[cfg(feature = "wire")]
pub(crate) fn raw_stream_of(
    to_guid: u64,
    from_guid: Option<u64>,
    wrapped: u8,
    times: usize,
) -> Vec<u8> {
    let keys = keys().with("DSL_CRYPTO_MASTER_KEY_1", vec![wrapped; 32]);
    let list = NvList::new().with("crypt_keydata", keys);
    let fields = BeginFields {
        to_guid,
        from_guid,
        ..raw_fields()
    };
    let bodies = std::iter::repeat_with(raw_bodies).take(times).flatten();
    stream_of(&fields, &list, bodies.collect(), Endian::HOST)
}

/// The stream of that snapshot from that base, but not raw.
#[cfg(feature = "wire")]
pub(crate) fn plain_stream_of(to_guid: u64, from_guid: Option<u64>) -> Vec<u8> {
    let fields = BeginFields {
        to_guid,
        from_guid,
        ..fields()
    };
    stream_of(&fields, &NvList::new(), bodies(), Endian::HOST)
}

/// A package of two streams with all types of records.
pub(crate) fn package(endian: Endian) -> Vec<u8> {
    package_of(
        Features::SA_SPILL,
        &[stream(endian), stream(endian)],
        endian,
    )
}

/// A package of these streams.
pub(super) fn package_of(features: Features, streams: &[Vec<u8>], endian: Endian) -> Vec<u8> {
    let list = NvList::new().with("tosnap", "mon");
    let payload = list.encode_with(Encoding::Xdr, endian).unwrap();
    let fields = BeginFields {
        header_type: HeaderType::Compound,
        features,
        objset_type: ObjsetType::None,
        to_guid: 0,
        from_guid: None,
        ..fields()
    };
    let begin = BeginRecord::build(&fields, payload.len().try_into().unwrap(), endian);
    let mut writer = Writer::new(Vec::new());
    writer.package_head(&begin, &payload).unwrap();
    for stream in streams {
        writer.get_mut().extend(stream);
    }
    writer.package_end().unwrap();
    writer.into_inner()
}

//! The record that a stream begins with.

use std::fmt;

use bstr::{BStr, ByteSlice};

use super::{BeginFlags, Endian, Features, StreamError};
use crate::SnapshotName;
use crate::nvlist::NvList;

/// The record that a stream begins with (`DRR_BEGIN`), exactly as it was read.
///
/// It is a `dmu_replay_record` of 312 bytes:
///
/// | bytes | what |
/// |---|---|
/// | 0..4 | type of the record, 0 |
/// | 4..8 | length of the payload that follows the record |
/// | 8..16 | magic number, `0x2f5bacbac` |
/// | 16..24 | version: 2 bits header type, 56 bits features |
/// | 24..32 | when the snapshot was made, seconds since 1970 |
/// | 32..36 | type of the dataset |
/// | 36..40 | flags |
/// | 40..48 | GUID of the snapshot |
/// | 48..56 | GUID of the base, or 0 |
/// | 56..312 | name of the snapshot, up to a NUL or to the end |
///
/// A stream from a machine of the other byte order has all of them the other way round, and the
/// kernel can receive it. So the bytes are kept, for the kernel to have them as they came, and only
/// what is looked at is turned.
///
/// ```
/// use libzfs::stream::{BeginRecord, StreamError};
///
/// let mut bytes = [0; BeginRecord::LEN];
/// assert!(matches!(BeginRecord::parse(&bytes), Err(StreamError::BadMagic { .. })));
///
/// bytes[8..16].copy_from_slice(&0x2_f5ba_cbac_u64.to_ne_bytes());
/// bytes[16..24].copy_from_slice(&(1_u64 | 1 << 26).to_ne_bytes());
/// bytes[56..64].copy_from_slice(b"tank@mon");
/// let begin = BeginRecord::parse(&bytes)?;
/// assert!(begin.is_raw() && begin.is_full());
/// assert_eq!(begin.to_name(), "tank@mon");
/// begin.require_single()?;
/// # Ok::<(), StreamError>(())
/// ```
#[doc(alias = "dmu_replay_record")]
#[doc(alias = "DRR_BEGIN")]
#[derive(Clone, PartialEq, Eq)]
pub struct BeginRecord {
    bytes: [u8; Self::LEN],
    endian: Endian,
    header_type: HeaderType,
}

/// Whether a stream is one or many.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HeaderType {
    /// A single stream (`DMU_SUBSTREAM`).
    Substream,
    /// A package of streams (`DMU_COMPOUNDSTREAM`), as `zfs send -R`, `-I` and `-p` make them.
    Compound,
}

/// The type of the dataset that a stream was made from (`dmu_objset_type_t`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ObjsetType {
    /// None, as in the header of a package.
    None,
    /// The pool's own; never in a stream.
    Meta,
    /// A file system.
    Zfs,
    /// A volume.
    Zvol,
    /// Something for tests.
    Other,
    /// Any; never in a stream.
    Any,
    /// A number that has no name here.
    Unknown(u32),
}

impl ObjsetType {
    /// The type of that number.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::None,
            1 => Self::Meta,
            2 => Self::Zfs,
            3 => Self::Zvol,
            4 => Self::Other,
            5 => Self::Any,
            other => Self::Unknown(other),
        }
    }

    /// The number that stands for it in a record.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Meta => 1,
            Self::Zfs => 2,
            Self::Zvol => 3,
            Self::Other => 4,
            Self::Any => 5,
            Self::Unknown(number) => number,
        }
    }
}

/// What the first record of a stream that is to be made says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BeginFields {
    /// Whether the stream is one or many.
    pub header_type: HeaderType,
    /// What a receiver has to know.
    pub features: Features,
    /// When the snapshot was made, in seconds since 1970; 0 in a package.
    pub creation_time: u64,
    /// The type of the dataset; none in a package.
    pub objset_type: ObjsetType,
    /// What a receiver need not know.
    pub flags: BeginFlags,
    /// The GUID of the snapshot; 0 in a package.
    pub to_guid: u64,
    /// The GUID of the base.
    pub from_guid: Option<u64>,
    /// The name of the snapshot.
    pub to_name: SnapshotName,
}

impl BeginRecord {
    /// The length of the record in bytes.
    pub const LEN: usize = 312;

    /// The number by which a send stream is known (`DMU_BACKUP_MAGIC`).
    pub const MAGIC: u64 = 0x2_f5ba_cbac;

    const TYPE_AT: usize = 0;
    const PAYLOAD_LEN_AT: usize = 4;
    pub(super) const MAGIC_AT: usize = 8;
    pub(super) const VERSION_AT: usize = 16;
    const CREATION_TIME_AT: usize = 24;
    const OBJSET_TYPE_AT: usize = 32;
    pub(super) const FLAGS_AT: usize = 36;
    pub(super) const TO_GUID_AT: usize = 40;
    pub(super) const FROM_GUID_AT: usize = 48;
    const TO_NAME_AT: usize = 56;

    /// Reads the record from the first [`LEN`](Self::LEN) bytes of a stream.
    ///
    /// Fewer bytes are an error that says how many there were; what follows them is not looked at.
    ///
    /// # Errors
    ///
    /// [`StreamError`] says at which byte what is wrong. Packages and deduplicated streams are
    /// records like any other: see [`require_single`](Self::require_single).
    pub fn parse(stream: &[u8]) -> Result<Self, StreamError> {
        let Some(bytes) = stream.first_chunk::<{ Self::LEN }>() else {
            return Err(match stream.len() {
                0 => StreamError::Empty,
                got => StreamError::TooShort { got },
            });
        };
        let mut record = Self {
            bytes: *bytes,
            endian: Endian::HOST,
            header_type: HeaderType::Substream,
        };
        let magic = record.u64(Self::MAGIC_AT);
        if magic == Self::MAGIC.swap_bytes() {
            record.endian = Endian::HOST.swapped();
        } else if magic != Self::MAGIC {
            return Err(StreamError::BadMagic { found: magic });
        }
        let record_type = record.u32(Self::TYPE_AT);
        if record_type != 0 {
            return Err(StreamError::NotBegin { record_type });
        }
        record.header_type = match record.u64(Self::VERSION_AT) & 3 {
            1 => HeaderType::Substream,
            2 => HeaderType::Compound,
            0 => return Err(StreamError::UnknownHeaderType { found: 0 }),
            _ => return Err(StreamError::UnknownHeaderType { found: 3 }),
        };
        Ok(record)
    }

    /// Makes the record as a machine of that byte order does.
    #[must_use]
    pub fn build(fields: &BeginFields, payload_len: u32, endian: Endian) -> Self {
        let header_type = match fields.header_type {
            HeaderType::Substream => 1,
            HeaderType::Compound => 2,
        };
        let mut bytes = [0; Self::LEN];
        let mut put_u32 = |at: usize, number: u32| {
            bytes[at..at + 4].copy_from_slice(&endian.put_u32(number));
        };
        put_u32(Self::PAYLOAD_LEN_AT, payload_len);
        put_u32(Self::OBJSET_TYPE_AT, fields.objset_type.number());
        put_u32(Self::FLAGS_AT, fields.flags.bits());
        let mut put_u64 = |at: usize, number: u64| {
            bytes[at..at + 8].copy_from_slice(&endian.put_u64(number));
        };
        put_u64(Self::MAGIC_AT, Self::MAGIC);
        let features = fields.features.bits() & ((1 << 56) - 1);
        put_u64(Self::VERSION_AT, features << 2 | header_type);
        put_u64(Self::CREATION_TIME_AT, fields.creation_time);
        put_u64(Self::TO_GUID_AT, fields.to_guid);
        put_u64(Self::FROM_GUID_AT, fields.from_guid.unwrap_or(0));
        // A name has at most 255 bytes, so that a NUL is left.
        let name = fields.to_name.as_str().as_bytes();
        bytes[Self::TO_NAME_AT..][..name.len()].copy_from_slice(name);
        Self {
            bytes,
            endian,
            header_type: fields.header_type,
        }
    }

    fn u32(&self, at: usize) -> u32 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.bytes[at..at + 4]);
        self.endian.u32(bytes)
    }

    fn u64(&self, at: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.bytes[at..at + 8]);
        self.endian.u64(bytes)
    }

    /// The bytes exactly as they were read.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.bytes
    }

    /// The byte order of the machine that made the stream.
    #[must_use]
    pub const fn endian(&self) -> Endian {
        self.endian
    }

    /// Whether the stream is one or many.
    #[doc(alias = "DMU_GET_STREAM_HDRTYPE")]
    #[must_use]
    pub const fn header_type(&self) -> HeaderType {
        self.header_type
    }

    /// What a receiver has to know.
    ///
    /// In a package it is what the package makes use of; its streams have features of their own.
    #[must_use]
    pub fn features(&self) -> Features {
        Features::from_bits_retain(self.u64(Self::VERSION_AT) >> 2 & ((1 << 56) - 1))
    }

    /// When the snapshot was made, in seconds since 1970; 0 in a package.
    #[must_use]
    pub fn creation_time(&self) -> u64 {
        self.u64(Self::CREATION_TIME_AT)
    }

    /// The type of the dataset.
    #[must_use]
    pub fn objset_type(&self) -> ObjsetType {
        ObjsetType::from_number(self.u32(Self::OBJSET_TYPE_AT))
    }

    /// What a receiver need not know.
    #[must_use]
    pub fn flags(&self) -> BeginFlags {
        BeginFlags::from_bits_retain(self.u32(Self::FLAGS_AT))
    }

    /// The GUID of the snapshot; 0 in a package.
    #[must_use]
    pub fn to_guid(&self) -> u64 {
        self.u64(Self::TO_GUID_AT)
    }

    /// The GUID of the base that the receiver has to have; `None` in a full stream.
    #[must_use]
    pub fn from_guid(&self) -> Option<u64> {
        match self.u64(Self::FROM_GUID_AT) {
            0 => None,
            guid => Some(guid),
        }
    }

    /// The name of the snapshot on the machine that made the stream.
    ///
    /// It is what the sender says, and no promise: not that it is UTF-8, not that it is a name.
    #[must_use]
    pub fn to_name(&self) -> &BStr {
        let name = &self.bytes[Self::TO_NAME_AT..];
        let len = name.find_byte(0).unwrap_or(name.len());
        BStr::new(&name[..len])
    }

    /// How many bytes of payload follow the record.
    ///
    /// Raw, redacted and resumed streams and packages have one, a native nvlist. It is what the
    /// sender says: up to 4 GiB, of which the kernel takes 256 MiB at most.
    #[must_use]
    pub fn payload_len(&self) -> u32 {
        self.u32(Self::PAYLOAD_LEN_AT)
    }

    /// Whether blocks come exactly as they are on disk, which is encrypted.
    ///
    /// No release says so of a dataset that is not encrypted, also if a raw stream was asked for
    /// (`zfs send -w`): that makes a stream with large, embedded and compressed blocks.
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.features().contains(Features::RAW)
    }

    /// Whether the stream continues one that was interrupted.
    #[must_use]
    pub fn is_resuming(&self) -> bool {
        self.features().contains(Features::RESUMING)
    }

    /// Whether the stream needs no base.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.from_guid().is_none()
    }

    /// Makes sure that this is a single stream of a kind that can be received.
    ///
    /// # Errors
    ///
    /// [`StreamError::Package`] or [`StreamError::Dedup`].
    pub fn require_single(&self) -> Result<(), StreamError> {
        if self.header_type == HeaderType::Compound {
            return Err(StreamError::Package);
        }
        if self
            .features()
            .intersects(Features::DEDUP | Features::DEDUP_PROPS)
        {
            return Err(StreamError::Dedup);
        }
        Ok(())
    }
}

impl fmt::Debug for BeginRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BeginRecord")
            .field("endian", &self.endian)
            .field("header_type", &self.header_type)
            .field("features", &self.features())
            .field("creation_time", &self.creation_time())
            .field("objset_type", &self.objset_type())
            .field("flags", &self.flags())
            .field("to_guid", &self.to_guid())
            .field("from_guid", &self.from_guid())
            .field("to_name", &self.to_name())
            .field("payload_len", &self.payload_len())
            .finish()
    }
}

/// What follows the first record of a stream or package, which is at that byte: a list, or nothing.
pub(super) fn begin_list(payload: &[u8], begin_at: u64) -> Result<NvList, StreamError> {
    if payload.is_empty() {
        return Ok(NvList::new());
    }
    NvList::decode_unique(payload).map_err(|error| StreamError::BadBeginPayload {
        start: begin_at.saturating_add(BeginRecord::LEN as u64),
        error,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A raw incremental stream of a file system.
    fn example(endian: Endian) -> [u8; BeginRecord::LEN] {
        let mut bytes = [0; BeginRecord::LEN];
        bytes[4..8].copy_from_slice(&endian.put_u32(1032));
        bytes[8..16].copy_from_slice(&endian.put_u64(0x2_f5ba_cbac));
        let features = (1 << 24) | (1 << 22) | (1 << 2) | (1 << 50);
        bytes[16..24].copy_from_slice(&endian.put_u64(features << 2 | 1));
        bytes[24..32].copy_from_slice(&endian.put_u64(1_700_000_000));
        bytes[32..36].copy_from_slice(&endian.put_u32(2));
        bytes[36..40].copy_from_slice(&endian.put_u32(0x8000_000c));
        bytes[40..48].copy_from_slice(&endian.put_u64(0x1122_3344_5566_7788));
        bytes[48..56].copy_from_slice(&endian.put_u64(7));
        bytes[56..69].copy_from_slice(b"tank/prod@mon");
        bytes
    }

    fn changed(at: usize, byte: u8) -> Result<BeginRecord, StreamError> {
        let mut bytes = example(Endian::HOST);
        bytes[at] = byte;
        BeginRecord::parse(&bytes)
    }

    #[test]
    fn says_the_same_in_both_byte_orders() {
        for endian in [Endian::Little, Endian::Big] {
            let bytes = example(endian);
            let begin = BeginRecord::parse(&bytes).unwrap();
            assert_eq!(begin.as_bytes(), &bytes);
            assert_eq!(begin.endian(), endian);
            assert_eq!(begin.header_type(), HeaderType::Substream);
            assert_eq!(
                begin.features(),
                Features::RAW
                    | Features::COMPRESSED
                    | Features::SA_SPILL
                    | Features::from_bits_retain(1 << 50)
            );
            assert_eq!(begin.features().unknown().bits(), 1 << 50);
            assert_eq!(begin.creation_time(), 1_700_000_000);
            assert_eq!(begin.objset_type(), ObjsetType::Zfs);
            assert_eq!(
                begin.flags(),
                BeginFlags::FREERECORDS
                    | BeginFlags::SPILL_BLOCK
                    | BeginFlags::from_bits_retain(1 << 31)
            );
            assert_eq!(begin.to_guid(), 0x1122_3344_5566_7788);
            assert_eq!(begin.from_guid(), Some(7));
            assert_eq!(begin.to_name(), "tank/prod@mon");
            assert_eq!(begin.payload_len(), 1032);
            assert!(begin.is_raw() && !begin.is_full() && !begin.is_resuming());
            begin.require_single().unwrap();
        }
    }

    #[test]
    fn each_fault_has_its_error_at_its_byte() {
        let bytes = example(Endian::HOST);
        assert_eq!(BeginRecord::parse(&[]), Err(StreamError::Empty));
        for got in 1..BeginRecord::LEN {
            let error = BeginRecord::parse(&bytes[..got]).unwrap_err();
            assert_eq!(error, StreamError::TooShort { got });
            assert_eq!(error.offset(), got as u64);
        }

        let error = changed(if cfg!(target_endian = "big") { 15 } else { 8 }, 0xad).unwrap_err();
        assert_eq!(
            error,
            StreamError::BadMagic {
                found: 0x2_f5ba_cbad
            }
        );
        assert_eq!(error.offset(), 8);
        assert!(error.to_string().contains("0x00000002f5bacbad"));

        let mut record = bytes;
        record[..4].copy_from_slice(&Endian::HOST.put_u32(5));
        let error = BeginRecord::parse(&record).unwrap_err();
        assert_eq!(error, StreamError::NotBegin { record_type: 5 });
        assert_eq!(error.offset(), 0);

        let version = if cfg!(target_endian = "big") { 23 } else { 16 };
        for found in [0, 3] {
            let error = changed(version, found).unwrap_err();
            assert_eq!(error, StreamError::UnknownHeaderType { found });
            assert_eq!(error.offset(), 16);
        }
        let package = changed(version, 2).unwrap();
        assert_eq!(package.header_type(), HeaderType::Compound);
        assert_eq!(package.require_single(), Err(StreamError::Package));
        for dedup in [1 << 2 | 1, 1 << 3 | 1] {
            let dedup = changed(version, dedup).unwrap();
            assert_eq!(dedup.require_single(), Err(StreamError::Dedup));
        }
        assert_eq!(StreamError::Dedup.offset(), 16);
    }

    #[test]
    fn a_name_needs_no_nul() {
        let mut bytes = example(Endian::HOST);
        bytes[56..].fill(0xe9);
        let begin = BeginRecord::parse(&bytes).unwrap();
        assert_eq!(begin.to_name(), [0xe9; 256].as_slice());
        bytes[56..].fill(0);
        assert_eq!(BeginRecord::parse(&bytes).unwrap().to_name(), "");
    }

    #[test]
    fn what_follows_the_record_is_not_looked_at() {
        let mut stream = example(Endian::HOST).to_vec();
        stream.extend([0xff; 1000]);
        let begin = BeginRecord::parse(&stream).unwrap();
        assert_eq!(begin.as_bytes(), &stream[..BeginRecord::LEN]);
    }

    #[test]
    fn no_base_is_a_full_stream() {
        let mut bytes = example(Endian::HOST);
        bytes[48..56].fill(0);
        let begin = BeginRecord::parse(&bytes).unwrap();
        assert!(begin.is_full());
        assert_eq!(begin.from_guid(), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: if cfg!(miri) { 8 } else { 512 },
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn no_bytes_are_too_strange(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..400),
            magic in proptest::option::of(any::<bool>()),
        ) {
            if let (Some(big), true) = (magic, bytes.len() >= BeginRecord::LEN) {
                let endian = if big { Endian::Big } else { Endian::Little };
                bytes[..4].fill(0);
                bytes[8..16].copy_from_slice(&endian.put_u64(BeginRecord::MAGIC));
            }
            match BeginRecord::parse(&bytes) {
                Ok(begin) => {
                    prop_assert_eq!(begin.as_bytes(), &bytes[..BeginRecord::LEN]);
                    prop_assert!(begin.to_name().len() <= 256);
                    prop_assert_eq!(begin.is_full(), begin.from_guid().is_none());
                    let _ = (begin.require_single(), format!("{begin:?}"));
                }
                Err(error) => prop_assert!(error.offset() <= bytes.len() as u64),
            }
        }
    }
}

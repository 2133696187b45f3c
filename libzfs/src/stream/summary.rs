//! What is learned of a stream when all of it has been seen.

use bstr::{BStr, BString, ByteSlice};

use super::record::{Place, RECORD_LEN, Record, RecordType};
use super::{BeginFlags, BeginRecord, Endian, Features, HeaderType, ObjsetType};
use crate::KeyFormat;
use crate::nvlist::NvList;

/// How many streams of a package a summary lists; the others are counted.
pub const LISTED_STREAMS: usize = 1000;

/// What is learned of a stream or package: up to where it was read, and all of it only once
/// [`complete`](Self::complete) says so.
///
/// Names, GUIDs and parameters are what the sender says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Summary {
    /// Whether its end has been seen.
    pub complete: bool,
    /// The first record of the package, if it is one.
    pub package: Option<PackageSummary>,
    /// The stream, or those of the package; the first [`LISTED_STREAMS`] of them.
    pub streams: Vec<StreamSummary>,
    /// How many streams there are.
    pub stream_count: u64,
    /// How many records of each type there are, those of the package itself included.
    pub records: Counts,
    /// How many bytes there are, with all records and payloads that were begun.
    pub bytes: u64,
}

/// What the first record of a package says.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PackageSummary {
    /// The byte order of the machine that made the package.
    pub endian: Endian,
    /// The name of the snapshot that was asked for.
    #[cfg_attr(feature = "serde", serde(with = "crate::nvlist::serial::text"))]
    pub to_name: BString,
    /// What a receiver of the package has to know.
    pub features: Features,
}

/// What is learned of a single stream.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct StreamSummary {
    /// The byte at which it begins.
    pub offset: u64,
    /// The byte order of the machine that made it.
    pub endian: Endian,
    /// The name of the snapshot on that machine.
    #[cfg_attr(feature = "serde", serde(with = "crate::nvlist::serial::text"))]
    pub to_name: BString,
    /// The GUID of the snapshot.
    pub to_guid: u64,
    /// The GUID of the base; `None` in a full stream.
    pub from_guid: Option<u64>,
    /// When the snapshot was made, in seconds since 1970.
    pub creation_time: u64,
    /// The type of the dataset.
    pub objset_type: ObjsetType,
    /// What a receiver has to know.
    pub features: Features,
    /// What a receiver need not know.
    pub flags: BeginFlags,
    /// How it is encrypted, if it is [raw](Self::is_raw) and says so.
    pub encryption: Option<StreamEncryption>,
    /// Where it goes on, if it resumes another.
    pub resume: Option<ResumePoint>,
    /// By how many snapshots it is redacted.
    pub redacted_by: Option<u64>,
    /// By how many snapshots its base is redacted.
    pub base_redacted_by: Option<u64>,
    /// Whether its records have checksums. Those of old had none, and of such a stream only that of
    /// the whole, in its last record, is compared.
    pub has_checksums: bool,
    /// How many records of each type it has.
    pub records: Counts,
    /// How many bytes it has, with all records and payloads that were begun.
    pub bytes: u64,
}

impl StreamSummary {
    /// Whether blocks come as they are on disk, which is encrypted.
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.features.contains(Features::RAW)
    }
}

/// Where a stream goes on that resumes another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ResumePoint {
    /// The object.
    pub object: u64,
    /// The byte in it.
    pub offset: u64,
}

/// What a raw stream says of how it is encrypted (`crypt_keydata`), as far as it is nothing that is
/// derived from a key: wrapped keys and authentication codes are left where they are.
#[doc(alias = "crypt_keydata")]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct StreamEncryption {
    /// The number of the algorithm (`DSL_CRYPTO_SUITE`); see [`suite_name`](Self::suite_name).
    pub suite: u64,
    /// The GUID of the key with which data are encrypted (`DSL_CRYPTO_GUID`). It stays the same when
    /// the user's key is changed, and in all snapshots and copies.
    pub key_guid: u64,
    /// The version of the format of keys (`DSL_CRYPTO_VERSION`).
    pub version: u64,
    /// The number of what the user's key is made from; see [`key_format`](Self::key_format).
    pub key_format: u64,
    /// How many rounds of PBKDF2 a passphrase takes; 0 for other keys.
    pub pbkdf2_iterations: u64,
    /// The salt of PBKDF2; 0 for other keys.
    pub pbkdf2_salt: u64,
    /// By which a receiver knows the initialisation vectors of this snapshot.
    pub to_ivset_guid: u64,
    /// Those of the base, which the receiver has to have; 0 in a full stream.
    pub from_ivset_guid: u64,
}

impl StreamEncryption {
    /// What follows the first record of a raw stream says; `None` if not even the algorithm and the
    /// key are named.
    pub(super) fn from_list(list: &NvList) -> Option<Self> {
        let keys = list.get_list("crypt_keydata")?;
        let number = |name| keys.get_u64(name).unwrap_or(0);
        Some(Self {
            suite: keys.get_u64("DSL_CRYPTO_SUITE")?,
            key_guid: keys.get_u64("DSL_CRYPTO_GUID")?,
            version: number("DSL_CRYPTO_VERSION"),
            key_format: number("keyformat"),
            pbkdf2_iterations: number("pbkdf2iters"),
            pbkdf2_salt: number("pbkdf2salt"),
            to_ivset_guid: number("to_ivset_guid"),
            from_ivset_guid: number("from_ivset_guid"),
        })
    }

    /// The name of the algorithm, as of the property `encryption`.
    #[must_use]
    pub const fn suite_name(&self) -> Option<&'static str> {
        Some(match self.suite {
            3 => "aes-128-ccm",
            4 => "aes-192-ccm",
            5 => "aes-256-ccm",
            6 => "aes-128-gcm",
            7 => "aes-192-gcm",
            8 => "aes-256-gcm",
            _ => return None,
        })
    }

    /// What the user's key is made from.
    #[must_use]
    pub fn key_format(&self) -> Option<KeyFormat> {
        KeyFormat::from_index(self.key_format)
    }
}

/// How many records of a type there are, and how much follows them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Count {
    /// How many records.
    pub records: u64,
    /// How many bytes of payload they have together.
    pub payload: u64,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.records = self.records.saturating_add(other.records);
        // Only as large as what was claimed, which can be anything.
        self.payload = self.payload.saturating_add(other.payload);
    }
}

/// How many records of each type there are, and how much follows them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Counts([Count; RecordType::COUNT]);

impl Counts {
    /// Those of that type.
    #[must_use]
    pub const fn of(&self, record_type: RecordType) -> Count {
        self.0[record_type as usize]
    }

    /// Those of all types.
    #[must_use]
    pub fn total(&self) -> Count {
        let mut total = Count::default();
        for count in self.0 {
            total.add(count);
        }
        total
    }

    fn add(&mut self, record: &Record<'_>) {
        self.0[record.record_type as usize].add(Count {
            records: 1,
            payload: record.payload_len,
        });
    }
}

impl Summary {
    /// The name of the snapshot that was asked for.
    #[must_use]
    pub fn to_name(&self) -> Option<&BStr> {
        let package = self.package.as_ref().map(|package| &package.to_name);
        let name = package.or_else(|| self.streams.first().map(|stream| &stream.to_name));
        name.map(|name| name.as_bstr())
    }

    /// Whether it is one stream, and no package.
    #[must_use]
    pub const fn is_single(&self) -> bool {
        self.package.is_none()
    }

    pub(super) fn begin_package(&mut self, begin: &BeginRecord) {
        debug_assert_eq!(begin.header_type(), HeaderType::Compound);
        self.package = Some(PackageSummary {
            endian: begin.endian(),
            to_name: begin.to_name().to_owned(),
            features: begin.features(),
        });
    }

    pub(super) fn begin_stream(&mut self, begin: &BeginRecord, offset: u64, list: &NvList) {
        self.stream_count += 1;
        if self.streams.len() == LISTED_STREAMS {
            return;
        }
        let guids = |name| list.get_u64_array(name).map(|guids| guids.len() as u64);
        let point = (list.get_u64("resume_object"), list.get_u64("resume_offset"));
        self.streams.push(StreamSummary {
            offset,
            endian: begin.endian(),
            to_name: begin.to_name().to_owned(),
            to_guid: begin.to_guid(),
            from_guid: begin.from_guid(),
            creation_time: begin.creation_time(),
            objset_type: begin.objset_type(),
            features: begin.features(),
            flags: begin.flags(),
            encryption: StreamEncryption::from_list(list).filter(|_| begin.is_raw()),
            resume: match point {
                (Some(object), Some(offset)) => Some(ResumePoint { object, offset }),
                _ => None,
            },
            redacted_by: guids("redact_snaps"),
            base_redacted_by: guids("redact_from_snaps"),
            has_checksums: false,
            records: Counts::default(),
            bytes: 0,
        });
    }

    /// Counts a record; the first one of a stream when that has begun.
    pub(super) fn record(&mut self, record: &Record<'_>) {
        let bytes = record.payload_len.saturating_add(RECORD_LEN as u64);
        self.records.add(record);
        self.bytes = self.bytes.saturating_add(bytes);
        let ends = record.record_type == RecordType::End;
        self.complete = match record.place {
            Place::Stream => ends && self.package.is_none(),
            Place::PackageHead => false,
            Place::PackageEnd => true,
        };
        if record.place != Place::Stream || self.stream_count > LISTED_STREAMS as u64 {
            return;
        }
        if let Some(stream) = self.streams.last_mut() {
            stream.records.add(record);
            stream.bytes = stream.bytes.saturating_add(bytes);
            stream.has_checksums |= record.checksum().is_some();
        }
    }
}

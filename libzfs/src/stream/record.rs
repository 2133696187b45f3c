//! The records that a stream consists of (`dmu_replay_record`).
//!
//! Each is 312 bytes long: its type, four bytes that matter in the first record only, what the type
//! has to say, and in the last 32 bytes a [`Checksum`]. Some are followed by a payload, whose length
//! follows from what the record says:
//!
//! | record | length of its payload |
//! |---|---|
//! | [`BEGIN`](super::BeginRecord) | its `payload_len` |
//! | [`OBJECT`](Object) | `raw_bonus_len`, or `bonus_len` rounded up to 8 if that is 0 |
//! | [`WRITE`](Write) | `compressed_size` if it is compressed, `logical_size` if not |
//! | [`SPILL`](Spill) | `compressed_size`, or `length` if that is 0 |
//! | [`WRITE_EMBEDDED`](WriteEmbedded) | `physical_size` rounded up to 8 |
//! | all others | none |
//!
//! OpenZFS 2.1, 2.3 and 2.4 agree on all of this. What they do not agree on is how long a payload of
//! a record other than `BEGIN` may be: 2.3 and 2.4 refuse more than 16 MiB, the largest block there
//! is, and 2.1 takes it on trust.

use std::fmt;

use super::{BeginRecord, Endian};

/// How long a record is, without its payload.
pub const RECORD_LEN: usize = BeginRecord::LEN;

/// Where a record's own checksum is; what precedes it is what it is over.
pub(super) const CHECKSUM_AT: usize = RECORD_LEN - 32;

/// Where in an `END` record the checksum of all before it is.
pub(super) const END_CHECKSUM_AT: usize = 8;

/// The type of a record (`DRR_*`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum RecordType {
    /// What begins a stream.
    Begin,
    /// An object is made, or is not as it was.
    Object,
    /// Objects are no more.
    FreeObjects,
    /// A block of an object.
    Write,
    /// A range of an object is no more.
    Free,
    /// What ends a stream.
    End,
    /// A block that occurred before. No longer made nor received since OpenZFS 2.0.
    WriteByRef,
    /// The block with an object's system attributes, where they do not fit the dnode.
    Spill,
    /// A block that is small enough to be in the pointer to it.
    WriteEmbedded,
    /// The dnodes that come next, in a raw stream.
    ObjectRange,
    /// A range that is left out.
    Redact,
}

impl RecordType {
    /// How many types there are.
    pub const COUNT: usize = 11;

    /// All types, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Begin,
        Self::Object,
        Self::FreeObjects,
        Self::Write,
        Self::Free,
        Self::End,
        Self::WriteByRef,
        Self::Spill,
        Self::WriteEmbedded,
        Self::ObjectRange,
        Self::Redact,
    ];

    /// The number that stands for it in a record.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The type that the number stands for.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// The name as `zstream dump` writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begin => "BEGIN",
            Self::Object => "OBJECT",
            Self::FreeObjects => "FREEOBJECTS",
            Self::Write => "WRITE",
            Self::Free => "FREE",
            Self::End => "END",
            Self::WriteByRef => "WRITE_BYREF",
            Self::Spill => "SPILL",
            Self::WriteEmbedded => "WRITE_EMBEDDED",
            Self::ObjectRange => "OBJECT_RANGE",
            Self::Redact => "REDACT",
        }
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The four sums of Fletcher-4 (`zio_cksum_t`).
///
/// A record's own is over all of its stream that precedes it, from the `BEGIN` record on, those of
/// the other records and all payloads included.
#[doc(alias = "zio_cksum_t")]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Checksum(pub [u64; 4]);

impl Checksum {
    /// Whether all sums are 0, which in a record says that there is no checksum.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 4]
    }
}

impl fmt::Display for Checksum {
    /// As `zstream dump` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0;
        write!(f, "{a:x}/{b:x}/{c:x}/{d:x}")
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({self})")
    }
}

bitflags::bitflags! {
    /// Flags of a record (`drr_flags`). Bits without a name here are kept.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct RecordFlags: u8 {
        /// The block's checksum is one by which equal blocks can be found (`DRR_CHECKSUM_DEDUP`).
        const CHECKSUM_DEDUP = 1 << 0;
        /// In a raw stream: the content was written by a machine of the other byte order
        /// (`DRR_RAW_BYTESWAP`).
        const RAW_BYTESWAP = 1 << 1;
        /// In [`Object`]: it has a spill block (`DRR_OBJECT_SPILL`).
        const OBJECT_SPILL = 1 << 2;
        /// In [`Spill`]: the block is as the base has it (`DRR_SPILL_UNMODIFIED`).
        const SPILL_UNMODIFIED = 1 << 2;
    }
}

/// What a field of a record is, and how it is read and written.
trait Field: Sized {
    fn get(bytes: &[u8; RECORD_LEN], at: usize, endian: Endian) -> Self;
    fn put(&self, bytes: &mut [u8; RECORD_LEN], at: usize, endian: Endian);
}

/// The bytes of a field; where fields are is known to the compiler.
#[inline]
fn array<const N: usize>(bytes: &[u8; RECORD_LEN], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

macro_rules! numbers {
    ($($ty:ty: $get:ident, $put:ident;)*) => {$(
        impl Field for $ty {
            #[inline]
            fn get(bytes: &[u8; RECORD_LEN], at: usize, endian: Endian) -> Self {
                endian.$get(array(bytes, at))
            }

            #[inline]
            fn put(&self, bytes: &mut [u8; RECORD_LEN], at: usize, endian: Endian) {
                bytes[at..at + size_of::<Self>()].copy_from_slice(&endian.$put(*self));
            }
        }
    )*};
}

numbers! {
    u8: u8, put_u8;
    u32: u32, put_u32;
    u64: u64, put_u64;
}

impl<const N: usize> Field for [u8; N] {
    #[inline]
    fn get(bytes: &[u8; RECORD_LEN], at: usize, _: Endian) -> Self {
        array(bytes, at)
    }

    #[inline]
    fn put(&self, bytes: &mut [u8; RECORD_LEN], at: usize, _: Endian) {
        bytes[at..at + N].copy_from_slice(self);
    }
}

impl Field for Checksum {
    #[inline]
    fn get(bytes: &[u8; RECORD_LEN], at: usize, endian: Endian) -> Self {
        Self([0, 8, 16, 24].map(|word| u64::get(bytes, at + word, endian)))
    }

    #[inline]
    fn put(&self, bytes: &mut [u8; RECORD_LEN], at: usize, endian: Endian) {
        for (word, sum) in self.0.iter().enumerate() {
            sum.put(bytes, at + 8 * word, endian);
        }
    }
}

impl Field for RecordFlags {
    #[inline]
    fn get(bytes: &[u8; RECORD_LEN], at: usize, _: Endian) -> Self {
        Self::from_bits_retain(bytes[at])
    }

    #[inline]
    fn put(&self, bytes: &mut [u8; RECORD_LEN], at: usize, _: Endian) {
        bytes[at] = self.bits();
    }
}

/// Writes down each type of record once: what is in it, and where. `BEGIN` is on its own, because it
/// is kept as bytes.
macro_rules! records {
    ($(
        $(#[$attr:meta])*
        $name:ident { $(
            $(#[$field_attr:meta])*
            $field:ident: $ty:ty = $at:literal,
        )* }
    )*) => {
        $(
            $(#[$attr])*
            #[derive(Clone, PartialEq, Eq, Debug, Default)]
            pub struct $name { $(
                $(#[$field_attr])*
                pub $field: $ty,
            )* }

            impl $name {
                fn read(bytes: &[u8; RECORD_LEN], endian: Endian) -> Self {
                    Self { $($field: Field::get(bytes, $at, endian),)* }
                }

                fn write(&self, bytes: &mut [u8; RECORD_LEN], endian: Endian) {
                    $(self.$field.put(bytes, $at, endian);)*
                }
            }

            impl From<$name> for Body {
                fn from(body: $name) -> Self {
                    Self::$name(body)
                }
            }
        )*

        /// What a record says, by its type.
        #[allow(clippy::large_enum_variant, reason = "there is one at a time")]
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Body {
            /// `DRR_BEGIN`.
            Begin(BeginRecord),
            $(
                $(#[$attr])*
                $name($name),
            )*
        }

        impl Body {
            /// The type of the record.
            #[must_use]
            pub const fn record_type(&self) -> RecordType {
                match self {
                    Self::Begin(_) => RecordType::Begin,
                    $(Self::$name(_) => RecordType::$name,)*
                }
            }

            /// The record as it stands in a stream of that byte order, without a checksum; a `BEGIN`
            /// record as it is.
            pub(super) fn encode(&self, endian: Endian) -> [u8; RECORD_LEN] {
                let mut bytes = [0; RECORD_LEN];
                self.record_type().number().put(&mut bytes, 0, endian);
                match self {
                    Self::Begin(begin) => return *begin.as_bytes(),
                    $(Self::$name(body) => body.write(&mut bytes, endian),)*
                }
                bytes
            }

            fn decode(
                record_type: RecordType,
                bytes: &[u8; RECORD_LEN],
                endian: Endian,
            ) -> Option<Self> {
                Some(match record_type {
                    RecordType::Begin => Self::Begin(BeginRecord::parse(bytes).ok()?),
                    $(RecordType::$name => Self::$name($name::read(bytes, endian)),)*
                })
            }
        }
    };
}

records! {
    /// `DRR_OBJECT`: an object is to be there, with this dnode. The bonus follows.
    Object {
        /// The number of the object.
        object: u64 = 8,
        /// Its type (`dmu_object_type_t`).
        object_type: u32 = 16,
        /// The type of its bonus.
        bonus_type: u32 = 20,
        /// The size of its blocks in bytes.
        block_size: u32 = 24,
        /// The length of its bonus in bytes.
        bonus_len: u32 = 28,
        /// The number of its checksum algorithm.
        checksum_type: u8 = 32,
        /// The number of its compression algorithm.
        compress: u8 = 33,
        /// How many places of 512 bytes its dnode takes; 0 means 1, as before large dnodes.
        dnode_slots: u8 = 34,
        /// [`RAW_BYTESWAP`](RecordFlags::RAW_BYTESWAP) and
        /// [`OBJECT_SPILL`](RecordFlags::OBJECT_SPILL).
        flags: RecordFlags = 35,
        /// In a raw stream: how many bytes of bonus follow, all that the dnode has room for.
        raw_bonus_len: u32 = 36,
        /// The GUID of the snapshot.
        to_guid: u64 = 40,
        /// In a raw stream: the size of indirect blocks, as a power of two.
        indirect_block_shift: u8 = 48,
        /// In a raw stream: the number of levels.
        levels: u8 = 49,
        /// In a raw stream: the number of block pointers.
        block_pointers: u8 = 50,
        /// In a raw stream: the number of the last block.
        max_block_id: u64 = 56,
    }

    /// `DRR_FREEOBJECTS`: objects are not to be there.
    FreeObjects {
        /// The number of the first.
        first_object: u64 = 8,
        /// How many they are.
        count: u64 = 16,
        /// The GUID of the snapshot.
        to_guid: u64 = 24,
    }

    /// `DRR_WRITE`: a block of an object. The content follows.
    Write {
        /// The number of the object.
        object: u64 = 8,
        /// Its type (`dmu_object_type_t`).
        object_type: u32 = 16,
        /// The byte in the object at which the block is.
        offset: u64 = 24,
        /// The length of the block in bytes.
        logical_size: u64 = 32,
        /// The GUID of the snapshot.
        to_guid: u64 = 40,
        /// The number of the algorithm of the block's checksum on the sender.
        checksum_type: u8 = 48,
        /// [`CHECKSUM_DEDUP`](RecordFlags::CHECKSUM_DEDUP) and
        /// [`RAW_BYTESWAP`](RecordFlags::RAW_BYTESWAP).
        flags: RecordFlags = 49,
        /// The number of the algorithm by which the content is compressed; 0 if it is not.
        compression: u8 = 50,
        /// The block's checksum on the sender.
        key_checksum: Checksum = 56,
        /// Its sizes, compression and encryption on the sender (`ddk_prop`).
        key_prop: u64 = 88,
        /// How many bytes of content follow if it is compressed.
        compressed_size: u64 = 96,
        /// In a raw stream: what the block's key is derived with.
        salt: [u8; 8] = 104,
        /// In a raw stream: the initialisation vector.
        iv: [u8; 12] = 112,
        /// In a raw stream: the authentication code.
        mac: [u8; 16] = 124,
    }

    /// `DRR_FREE`: a range of an object is not to be there.
    Free {
        /// The number of the object.
        object: u64 = 8,
        /// The byte at which the range begins.
        offset: u64 = 16,
        /// Its length in bytes; `u64::MAX` up to the end.
        length: u64 = 24,
        /// The GUID of the snapshot.
        to_guid: u64 = 32,
    }

    /// `DRR_END`: the stream ends here, or the header of a package, or the package.
    End {
        /// Of all that precedes this record in the stream; 0 at the end of a package.
        checksum: Checksum = 8,
        /// The GUID of the snapshot; 0 in both records of a package.
        to_guid: u64 = 40,
    }

    /// `DRR_WRITE_BYREF`: a block that occurred before. No longer made nor received since OpenZFS
    /// 2.0.
    WriteByRef {
        /// The number of the object.
        object: u64 = 8,
        /// The byte in the object at which the block is.
        offset: u64 = 16,
        /// Its length in bytes.
        length: u64 = 24,
        /// The GUID of the snapshot.
        to_guid: u64 = 32,
        /// The GUID of the snapshot in which it occurred.
        ref_guid: u64 = 40,
        /// The number of the object there.
        ref_object: u64 = 48,
        /// The byte in that object.
        ref_offset: u64 = 56,
        /// The number of the algorithm of the block's checksum.
        checksum_type: u8 = 64,
        /// [`CHECKSUM_DEDUP`](RecordFlags::CHECKSUM_DEDUP).
        flags: RecordFlags = 65,
        /// The block's checksum.
        key_checksum: Checksum = 72,
        /// Its sizes, compression and encryption on the sender (`ddk_prop`).
        key_prop: u64 = 104,
    }

    /// `DRR_SPILL`: the spill block of an object. The content follows.
    Spill {
        /// The number of the object.
        object: u64 = 8,
        /// The length of the block in bytes.
        length: u64 = 16,
        /// The GUID of the snapshot.
        to_guid: u64 = 24,
        /// [`RAW_BYTESWAP`](RecordFlags::RAW_BYTESWAP) and
        /// [`SPILL_UNMODIFIED`](RecordFlags::SPILL_UNMODIFIED).
        flags: RecordFlags = 32,
        /// The number of the algorithm by which the content is compressed.
        compression: u8 = 33,
        /// In a raw stream: how many bytes of content follow.
        compressed_size: u64 = 40,
        /// In a raw stream: what the block's key is derived with.
        salt: [u8; 8] = 48,
        /// In a raw stream: the initialisation vector.
        iv: [u8; 12] = 56,
        /// In a raw stream: the authentication code.
        mac: [u8; 16] = 68,
        /// The type of the block. No sender sets it.
        object_type: u32 = 84,
    }

    /// `DRR_WRITE_EMBEDDED`: a block that is in the pointer to it. The content follows.
    WriteEmbedded {
        /// The number of the object.
        object: u64 = 8,
        /// The byte in the object at which the block is.
        offset: u64 = 16,
        /// The length of the block in bytes.
        length: u64 = 24,
        /// The GUID of the snapshot.
        to_guid: u64 = 32,
        /// The number of the algorithm by which the content is compressed.
        compression: u8 = 40,
        /// What is embedded (`bp_embedded_type_t`); 0 is data.
        embedded_type: u8 = 41,
        /// The length of the content in bytes when it is not compressed.
        logical_size: u32 = 48,
        /// The length of the content in bytes; what follows is rounded up to 8.
        physical_size: u32 = 52,
    }

    /// `DRR_OBJECT_RANGE`: how the dnodes that come next are encrypted. In raw streams only.
    ObjectRange {
        /// The number of the first object.
        first_object: u64 = 8,
        /// How many places for dnodes they are.
        slots: u64 = 16,
        /// The GUID of the snapshot.
        to_guid: u64 = 24,
        /// What the key is derived with.
        salt: [u8; 8] = 32,
        /// The initialisation vector.
        iv: [u8; 12] = 40,
        /// The authentication code.
        mac: [u8; 16] = 52,
        /// [`RAW_BYTESWAP`](RecordFlags::RAW_BYTESWAP).
        flags: RecordFlags = 68,
    }

    /// `DRR_REDACT`: a range of an object is left out.
    Redact {
        /// The number of the object.
        object: u64 = 8,
        /// The byte at which the range begins.
        offset: u64 = 16,
        /// Its length in bytes.
        length: u64 = 24,
        /// The GUID of the snapshot.
        to_guid: u64 = 32,
    }
}

/// Where in a stream or package a record is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// In a stream, alone or in a package.
    Stream,
    /// In the head of a package: its `BEGIN` record, or the `END` that is next.
    PackageHead,
    /// The `END` record of a package.
    PackageEnd,
}

/// A record as it stands in a stream; its payload is elsewhere.
#[doc(alias = "dmu_replay_record")]
#[derive(Clone, Copy)]
pub struct Record<'a> {
    pub(super) bytes: &'a [u8; RECORD_LEN],
    pub(super) endian: Endian,
    pub(super) record_type: RecordType,
    pub(super) payload_len: u64,
    pub(super) offset: u64,
    pub(super) place: Place,
}

impl<'a> Record<'a> {
    /// The type of the record.
    #[must_use]
    pub const fn record_type(&self) -> RecordType {
        self.record_type
    }

    /// The bytes exactly as they were read.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8; RECORD_LEN] {
        self.bytes
    }

    /// The byte order of the machine that made the stream.
    #[must_use]
    pub const fn endian(&self) -> Endian {
        self.endian
    }

    /// The byte at which the record begins, counted from where reading began.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the record is one of a stream, or of the package that the stream is in.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// How many bytes of payload follow the record.
    #[must_use]
    pub const fn payload_len(&self) -> u64 {
        self.payload_len
    }

    /// The record's own checksum.
    ///
    /// `None` for `BEGIN`, which has none, and where it is 0, as it is in both `END` records of a
    /// package, and in all records of a stream from before there were checksums.
    #[must_use]
    pub fn checksum(&self) -> Option<Checksum> {
        let checksum = self.raw_checksum();
        (self.record_type != RecordType::Begin && !checksum.is_zero()).then_some(checksum)
    }

    /// What an `END` record says of all before it.
    pub(super) fn end_checksum(&self) -> Checksum {
        Field::get(self.bytes, END_CHECKSUM_AT, self.endian)
    }

    pub(super) fn raw_checksum(&self) -> Checksum {
        Field::get(self.bytes, CHECKSUM_AT, self.endian)
    }

    /// What the record says.
    #[must_use]
    pub fn body(&self) -> Body {
        match Body::decode(self.record_type, self.bytes, self.endian) {
            Some(body) => body,
            // A BEGIN record is parsed before there is a `Record` of it.
            None => unreachable!("a BEGIN record that could not be parsed"),
        }
    }

    /// The record that begins a stream, if it is this one.
    #[must_use]
    pub fn begin(&self) -> Option<BeginRecord> {
        match self.record_type {
            RecordType::Begin => BeginRecord::parse(self.bytes).ok(),
            _ => None,
        }
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("offset", &self.offset)
            .field("payload_len", &self.payload_len)
            .field("body", &self.body())
            .field("checksum", &self.checksum())
            .finish()
    }
}

/// How many bytes of payload follow, and which field says so.
///
/// In 64 bits, so that what is rounded up does not wrap around, as it does in C.
pub(crate) fn payload_len(
    record_type: RecordType,
    bytes: &[u8; RECORD_LEN],
    endian: Endian,
) -> (u64, usize) {
    let long = |at| u64::get(bytes, at, endian);
    let short = |at| u64::from(u32::get(bytes, at, endian));
    match record_type {
        RecordType::Begin => (short(4), 4),
        RecordType::Object => match short(36) {
            0 => (short(28).next_multiple_of(8), 28),
            raw => (raw, 36),
        },
        RecordType::Write => match bytes[50] {
            0 => (long(32), 32),
            _ => (long(96), 96),
        },
        RecordType::Spill => match long(40) {
            0 => (long(16), 16),
            compressed => (compressed, 40),
        },
        RecordType::WriteEmbedded => (short(52).next_multiple_of(8), 52),
        RecordType::FreeObjects
        | RecordType::Free
        | RecordType::End
        | RecordType::WriteByRef
        | RecordType::ObjectRange
        | RecordType::Redact => (0, 0),
    }
}

//! The records of a send stream (`dmu_replay_record` and what is in it).
//!
//! The packages do not ship the header that has them (`sys/zfs_ioctl.h`), so
//! they are declared here; a test compares each offset and constant with the
//! header of every supported release.
//!
//! A stream is in the byte order of the host that made it. Nothing here swaps
//! bytes: a record that is handed on to the kernel has to stay as it was read.

use core::ffi::c_char;
use core::fmt;

/// What the first record of every stream carries in `drr_magic`.
pub const DMU_BACKUP_MAGIC: u64 = 0x0002_f5ba_cbac;

/// Bytes in the name of a dataset in a record, the final NUL among them.
pub const MAXNAMELEN: usize = 256;

/// Bytes of the salt of an encrypted block.
pub const ZIO_DATA_SALT_LEN: usize = 8;
/// Bytes of the initialisation vector of an encrypted block.
pub const ZIO_DATA_IV_LEN: usize = 12;
/// Bytes of the authentication code of an encrypted block.
pub const ZIO_DATA_MAC_LEN: usize = 16;

/// A stream of one snapshot. A value of the lowest two bits of
/// `drr_versioninfo`.
pub const DMU_SUBSTREAM: u64 = 1;
/// A package of several streams (`zfs send -R`, `-p`, `-I`), which only libzfs
/// can receive.
pub const DMU_COMPOUNDSTREAM: u64 = 2;

/// The header type that `drr_versioninfo` holds.
#[must_use]
pub const fn dmu_get_stream_hdrtype(versioninfo: u64) -> u64 {
    versioninfo & 0x3
}

/// The feature flags that `drr_versioninfo` holds: 56 bits, the `DMU_BACKUP_FEATURE_*`.
/// (The top 6 bits are reserved. 2.1 reads only the lowest 30, and no flag
/// that exists so far is above them.)
#[must_use]
pub const fn dmu_get_featureflags(versioninfo: u64) -> u64 {
    (versioninfo >> 2) & ((1 << 56) - 1)
}

/// Blocks were deduplicated in the stream (`zfs send -D`, no longer made).
pub const DMU_BACKUP_FEATURE_DEDUP: u64 = 1 << 0;
/// Deduplication by the properties of the dataset.
pub const DMU_BACKUP_FEATURE_DEDUPPROPS: u64 = 1 << 1;
/// Spill blocks of system attributes are in the stream.
pub const DMU_BACKUP_FEATURE_SA_SPILL: u64 = 1 << 2;
/// Embedded blocks (`zfs send -e`).
pub const DMU_BACKUP_FEATURE_EMBED_DATA: u64 = 1 << 16;
/// LZ4 is used within the stream.
pub const DMU_BACKUP_FEATURE_LZ4: u64 = 1 << 17;
/// Blocks over 128 KiB (`zfs send -L`).
pub const DMU_BACKUP_FEATURE_LARGE_BLOCKS: u64 = 1 << 19;
/// The stream resumes an interrupted one.
pub const DMU_BACKUP_FEATURE_RESUMING: u64 = 1 << 20;
/// The stream is redacted.
pub const DMU_BACKUP_FEATURE_REDACTED: u64 = 1 << 21;
/// Blocks are compressed as they are on disk (`zfs send -c`).
pub const DMU_BACKUP_FEATURE_COMPRESSED: u64 = 1 << 22;
/// Dnodes over 512 bytes.
pub const DMU_BACKUP_FEATURE_LARGE_DNODE: u64 = 1 << 23;
/// Blocks are encrypted as they are on disk (`zfs send -w`).
pub const DMU_BACKUP_FEATURE_RAW: u64 = 1 << 24;
/// Zstandard is used within the stream.
pub const DMU_BACKUP_FEATURE_ZSTD: u64 = 1 << 25;
/// User holds are in the package (`zfs send -h`).
pub const DMU_BACKUP_FEATURE_HOLDS: u64 = 1 << 26;
/// The receiver can switch to large blocks. Set on no stream so far.
pub const DMU_BACKUP_FEATURE_SWITCH_TO_LARGE_BLOCKS: u64 = 1 << 27;
/// File names over 255 bytes. Since 2.3.
pub const DMU_BACKUP_FEATURE_LONGNAME: u64 = 1 << 28;
/// Micro-ZAPs over 128 KiB. Since 2.3.
pub const DMU_BACKUP_FEATURE_LARGE_MICROZAP: u64 = 1 << 29;

/// The stream may be received as a clone. A flag of `drr_begin`, as the next three.
pub const DRR_FLAG_CLONE: u32 = 1 << 0;
/// The dataset is not case-sensitive.
pub const DRR_FLAG_CI_DATA: u32 = 1 << 1;
/// A full stream with the records that free what a clone's origin has.
pub const DRR_FLAG_FREERECORDS: u32 = 1 << 2;
/// `DRR_OBJECT_SPILL` and `DRR_SPILL_UNMODIFIED` mean something in this stream.
pub const DRR_FLAG_SPILL_BLOCK: u32 = 1 << 3;

/// The checksum can serve deduplication. A flag of a data record, as the next three.
pub const DRR_CHECKSUM_DEDUP: u8 = 1 << 0;
/// The raw data is in the other byte order.
pub const DRR_RAW_BYTESWAP: u8 = 1 << 1;
/// The object has a spill block.
pub const DRR_OBJECT_SPILL: u8 = 1 << 2;
/// The spill record repeats what did not change.
pub const DRR_SPILL_UNMODIFIED: u8 = 1 << 2;

/// The start of a stream. A value of `drr_type`, as the next ones.
pub const DRR_BEGIN: u32 = 0;
/// An object (file, directory and so on) with its metadata.
pub const DRR_OBJECT: u32 = 1;
/// A range of objects to free.
pub const DRR_FREEOBJECTS: u32 = 2;
/// Data of an object.
pub const DRR_WRITE: u32 = 3;
/// A range of an object to free.
pub const DRR_FREE: u32 = 4;
/// The end of a stream, or of the package that it is in.
pub const DRR_END: u32 = 5;
/// Data that was in the stream before (deduplicated streams).
pub const DRR_WRITE_BYREF: u32 = 6;
/// The spill block of an object.
pub const DRR_SPILL: u32 = 7;
/// Data small enough to be embedded in its block pointer.
pub const DRR_WRITE_EMBEDDED: u32 = 8;
/// The encryption parameters of a range of objects (raw streams).
pub const DRR_OBJECT_RANGE: u32 = 9;
/// A range of an object that was redacted.
pub const DRR_REDACT: u32 = 10;

/// The version of a resume token, the part before its first hyphen.
pub const ZFS_SEND_RESUME_TOKEN_VERSION: u32 = 1;

/// A 256-bit checksum.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the field is C's own")]
pub struct zio_cksum_t {
    pub zc_word: [u64; 4],
}

/// The key of a block in the deduplication table.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct ddt_key_t {
    pub ddk_cksum: zio_cksum_t,
    pub ddk_prop: u64,
}

/// The body of a [`DRR_BEGIN`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct drr_begin {
    pub drr_magic: u64,
    pub drr_versioninfo: u64,
    pub drr_creation_time: u64,
    pub drr_type: u32,
    pub drr_flags: u32,
    pub drr_toguid: u64,
    pub drr_fromguid: u64,
    /// Nothing guarantees the final NUL.
    pub drr_toname: [c_char; MAXNAMELEN],
}

/// The body of a [`DRR_END`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct drr_end {
    pub drr_checksum: zio_cksum_t,
    pub drr_toguid: u64,
}

/// The body of a [`DRR_OBJECT`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct drr_object {
    pub drr_object: u64,
    pub drr_type: u32,
    pub drr_bonustype: u32,
    pub drr_blksz: u32,
    pub drr_bonuslen: u32,
    pub drr_checksumtype: u8,
    pub drr_compress: u8,
    pub drr_dn_slots: u8,
    pub drr_flags: u8,
    pub drr_raw_bonuslen: u32,
    pub drr_toguid: u64,
    pub drr_indblkshift: u8,
    pub drr_nlevels: u8,
    pub drr_nblkptr: u8,
    pub drr_pad: [u8; 5],
    pub drr_maxblkid: u64,
}

/// The body of a [`DRR_FREEOBJECTS`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct drr_freeobjects {
    pub drr_firstobj: u64,
    pub drr_numobjs: u64,
    pub drr_toguid: u64,
}

/// The body of a [`DRR_WRITE`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct drr_write {
    pub drr_object: u64,
    pub drr_type: u32,
    pub drr_pad: u32,
    pub drr_offset: u64,
    pub drr_logical_size: u64,
    pub drr_toguid: u64,
    pub drr_checksumtype: u8,
    pub drr_flags: u8,
    pub drr_compressiontype: u8,
    pub drr_pad2: [u8; 5],
    pub drr_key: ddt_key_t,
    pub drr_compressed_size: u64,
    pub drr_salt: [u8; ZIO_DATA_SALT_LEN],
    pub drr_iv: [u8; ZIO_DATA_IV_LEN],
    pub drr_mac: [u8; ZIO_DATA_MAC_LEN],
}

/// The body of a [`DRR_FREE`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct drr_free {
    pub drr_object: u64,
    pub drr_offset: u64,
    pub drr_length: u64,
    pub drr_toguid: u64,
}

/// The body of a [`DRR_WRITE_BYREF`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct drr_write_byref {
    pub drr_object: u64,
    pub drr_offset: u64,
    pub drr_length: u64,
    pub drr_toguid: u64,
    pub drr_refguid: u64,
    pub drr_refobject: u64,
    pub drr_refoffset: u64,
    pub drr_checksumtype: u8,
    pub drr_flags: u8,
    pub drr_pad2: [u8; 6],
    pub drr_key: ddt_key_t,
}

/// The body of a [`DRR_SPILL`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct drr_spill {
    pub drr_object: u64,
    pub drr_length: u64,
    pub drr_toguid: u64,
    pub drr_flags: u8,
    pub drr_compressiontype: u8,
    pub drr_pad: [u8; 6],
    pub drr_compressed_size: u64,
    pub drr_salt: [u8; ZIO_DATA_SALT_LEN],
    pub drr_iv: [u8; ZIO_DATA_IV_LEN],
    pub drr_mac: [u8; ZIO_DATA_MAC_LEN],
    pub drr_type: u32,
}

/// The body of a [`DRR_WRITE_EMBEDDED`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct drr_write_embedded {
    pub drr_object: u64,
    pub drr_offset: u64,
    pub drr_length: u64,
    pub drr_toguid: u64,
    pub drr_compression: u8,
    pub drr_etype: u8,
    pub drr_pad: [u8; 6],
    pub drr_lsize: u32,
    pub drr_psize: u32,
}

/// The body of a [`DRR_OBJECT_RANGE`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct drr_object_range {
    pub drr_firstobj: u64,
    pub drr_numslots: u64,
    pub drr_toguid: u64,
    pub drr_salt: [u8; ZIO_DATA_SALT_LEN],
    pub drr_iv: [u8; ZIO_DATA_IV_LEN],
    pub drr_mac: [u8; ZIO_DATA_MAC_LEN],
    pub drr_flags: u8,
    pub drr_pad: [u8; 3],
}

/// The body of a [`DRR_REDACT`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct drr_redact {
    pub drr_object: u64,
    pub drr_offset: u64,
    pub drr_length: u64,
    pub drr_toguid: u64,
}

/// The checksum of everything before it, at the end of every record but
/// [`DRR_BEGIN`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct drr_checksum {
    pub drr_pad: [u64; 34],
    pub drr_checksum: zio_cksum_t,
}

/// The body of a record; `drr_type` says which.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub union drr_u {
    pub drr_begin: drr_begin,
    pub drr_end: drr_end,
    pub drr_object: drr_object,
    pub drr_freeobjects: drr_freeobjects,
    pub drr_write: drr_write,
    pub drr_free: drr_free,
    pub drr_write_byref: drr_write_byref,
    pub drr_spill: drr_spill,
    pub drr_write_embedded: drr_write_embedded,
    pub drr_object_range: drr_object_range,
    pub drr_redact: drr_redact,
    pub drr_checksum: drr_checksum,
}

impl fmt::Debug for drr_u {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("drr_u").finish_non_exhaustive()
    }
}

/// One record of a send stream: 312 bytes, and after it `drr_payloadlen` or
/// (for the records of data) as many bytes as its body says.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct dmu_replay_record {
    pub drr_type: u32,
    pub drr_payloadlen: u32,
    pub drr_u: drr_u,
}

/// C's other name of [`dmu_replay_record`].
pub type dmu_replay_record_t = dmu_replay_record;

const _: () = assert!(size_of::<dmu_replay_record>() == 312);
const _: () = assert!(size_of::<drr_checksum>() == size_of::<drr_u>());

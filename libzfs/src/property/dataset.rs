//! The table of the properties of file systems, volumes, snapshots and bookmarks.
//!
//! It is the union of OpenZFS 2.1, 2.3 and 2.4. What is not in it is what no release since uses
//! (`iscsioptions`, `stmf_sbd_lu`, `remaptxg`), and `name`, which a caller has.

use bstr::ByteSlice;

use crate::key::KeyFormat;
use crate::name::DatasetName;
use crate::nvlist::Value;

use super::index::{
    AclInherit, AclMode, AclType, CacheMode, CanMount, CaseSensitivity, Checksum, Compression,
    Dedup, DirectIo, DnodeSize, Encryption, KeyStatus, LogBias, Normalization, RedundantMetadata,
    SnapDev, SnapDir, SyncMode, VolMode, Xattr,
};
use super::info::{PropertyInfo, Release, Types};
use super::native::{NativeProperty, table};

const FS: Types = Types::FS;
const VOL: Types = Types::VOL;
const SNAP: Types = Types::SNAP;
const HEAD: Types = Types::HEAD;
/// Every kind but bookmarks.
const DATASET: Types = Types::ALL;
const ALL_KINDS: Types = Types::ALL.and(Types::BOOK);
const FS_AND_SNAP: Types = FS.and(SNAP);

const V2_2: Release = Release([2, 2, 0]);
const V2_2_4: Release = Release([2, 2, 4]);
const V2_3: Release = Release([2, 3, 0]);
const V2_4: Release = Release([2, 4, 0]);

/// A limit that is none.
const NO_LIMIT: u64 = u64::MAX;

table! {
    /// The properties of datasets, snapshots and bookmarks.
    all;

    // What it is.

    /// `type`: the kernel's number for a file system (2) or a volume (3), of a snapshot that of
    /// which it is.
    TYPE: u64 = NativeProperty::number("type", ALL_KINDS);
    /// `guid`: what identifies a dataset or snapshot on both sides of a replication.
    GUID: u64 = NativeProperty::number("guid", ALL_KINDS);
    /// `createtxg`: the transaction group in which it was created.
    CREATE_TXG: u64 = NativeProperty::number("createtxg", ALL_KINDS);
    /// `creation`: the time at which it was created, in seconds since 1970.
    CREATION: u64 = NativeProperty::time("creation", ALL_KINDS);
    /// `objsetid`: its number in the pool.
    OBJSET_ID: u64 = NativeProperty::number("objsetid", DATASET);
    /// `origin`: the snapshot that a clone was made from.
    ORIGIN: String = NativeProperty::text("origin", HEAD);
    /// `clones`: a snapshot's clones. Absent where they are too many for the kernel to say.
    CLONES: Vec<String> = NativeProperty::list("clones", SNAP, clones);
    /// `numclones`: how many clones a snapshot has.
    NUM_CLONES: u64 = NativeProperty::number("numclones", SNAP).hidden();
    /// `userrefs`: how many holds a snapshot has.
    USER_REFS: u64 = NativeProperty::number("userrefs", SNAP);
    /// `defer_destroy`: whether a snapshot goes with its last hold or clone.
    DEFER_DESTROY: bool = NativeProperty::flag("defer_destroy", SNAP);
    /// `prevsnap`: the newest snapshot.
    PREVIOUS_SNAPSHOT: String = NativeProperty::text("prevsnap", HEAD).hidden();
    /// `snapshots_changed`: when a snapshot was last created or destroyed, in seconds since 1970.
    SNAPSHOTS_CHANGED: u64 = NativeProperty::time("snapshots_changed", HEAD).since(V2_2);
    /// `receive_resume_token`: there if a receive into this dataset was interrupted.
    RECEIVE_RESUME_TOKEN: String = NativeProperty::text("receive_resume_token", HEAD);
    /// `redact_snaps`: the GUIDs of the snapshots that it is redacted by.
    REDACT_SNAPS: Vec<u64> = NativeProperty::list("redact_snaps", ALL_KINDS, guids);
    /// `redacted`: not zero if it is redacted.
    REDACTED: u64 = NativeProperty::number("redacted", DATASET).hidden();
    /// `inconsistent`: not zero if it is what a receive has left that has not ended.
    INCONSISTENT: u64 = NativeProperty::number("inconsistent", DATASET).hidden();
    /// `unique`: bytes that only it refers to.
    UNIQUE: u64 = NativeProperty::size("unique", DATASET).hidden();
    /// `useraccounting`: not zero if space is accounted by user.
    USER_ACCOUNTING: u64 = NativeProperty::number("useraccounting", DATASET).hidden();

    // Space.

    /// `used`: bytes that the dataset and what is below it take.
    USED: u64 = NativeProperty::size("used", DATASET);
    /// `available`: bytes that can still be written.
    AVAILABLE: u64 = NativeProperty::size("available", HEAD);
    /// `referenced`: bytes that the dataset itself refers to.
    REFERENCED: u64 = NativeProperty::size("referenced", ALL_KINDS);
    /// `written`: bytes written since the snapshot before.
    WRITTEN: u64 = NativeProperty::size("written", DATASET);
    /// `logicalused`: `used` before compression.
    LOGICAL_USED: u64 = NativeProperty::size("logicalused", HEAD);
    /// `logicalreferenced`: `referenced` before compression.
    LOGICAL_REFERENCED: u64 = NativeProperty::size("logicalreferenced", ALL_KINDS);
    /// `usedbysnapshots`: bytes that would be free without the snapshots.
    USED_BY_SNAPSHOTS: u64 = NativeProperty::size("usedbysnapshots", HEAD);
    /// `usedbydataset`: bytes that would be free without the dataset itself.
    USED_BY_DATASET: u64 = NativeProperty::size("usedbydataset", HEAD);
    /// `usedbychildren`: bytes that would be free without what is below.
    USED_BY_CHILDREN: u64 = NativeProperty::size("usedbychildren", HEAD);
    /// `usedbyrefreservation`: bytes that would be free without `refreservation`.
    USED_BY_REFRESERVATION: u64 = NativeProperty::size("usedbyrefreservation", HEAD);
    /// `compressratio`: by how much all that is used is compressed, in hundredths.
    COMPRESS_RATIO: u64 = NativeProperty::ratio("compressratio", ALL_KINDS);
    /// `refcompressratio`: by how much what is referred to is compressed, in hundredths.
    REF_COMPRESS_RATIO: u64 = NativeProperty::ratio("refcompressratio", DATASET);

    // Limits.

    /// `quota`: bytes that it may use with all below it; 0 is no limit.
    QUOTA: u64 = NativeProperty::size("quota", FS).default(0).settable();
    /// `refquota`: bytes that it may refer to; 0 is no limit.
    REFQUOTA: u64 = NativeProperty::size("refquota", FS).default(0).settable();
    /// `reservation`: bytes that are kept for it and all below it; 0 is none.
    RESERVATION: u64 = NativeProperty::size("reservation", HEAD).default(0).settable();
    /// `refreservation`: bytes that are kept for what it refers to; 0 is none.
    REFRESERVATION: u64 = NativeProperty::size("refreservation", HEAD).default(0).settable();
    /// `filesystem_limit`: how many datasets may be below; `u64::MAX` is no limit.
    FILESYSTEM_LIMIT: u64 =
        NativeProperty::number("filesystem_limit", FS).default(NO_LIMIT).settable();
    /// `snapshot_limit`: how many snapshots there may be with those below; `u64::MAX` is no limit.
    SNAPSHOT_LIMIT: u64 =
        NativeProperty::number("snapshot_limit", HEAD).default(NO_LIMIT).settable();
    /// `filesystem_count`: how many datasets are below; `u64::MAX` where nobody counts.
    FILESYSTEM_COUNT: u64 = NativeProperty::number("filesystem_count", FS).default(NO_LIMIT);
    /// `snapshot_count`: how many snapshots there are with those below; `u64::MAX` where nobody
    /// counts.
    SNAPSHOT_COUNT: u64 = NativeProperty::number("snapshot_count", HEAD).default(NO_LIMIT);
    /// `defaultuserquota`: bytes for each user without a quota of his own; 0 is no limit. Only
    /// [`Zfs::all_properties`](crate::Zfs::all_properties) reads this, and the five that follow.
    DEFAULT_USER_QUOTA: u64 =
        NativeProperty::size("defaultuserquota", FS_AND_SNAP).settable().since(V2_4);
    /// `defaultgroupquota`: bytes for each group without a quota of its own; 0 is no limit.
    DEFAULT_GROUP_QUOTA: u64 =
        NativeProperty::size("defaultgroupquota", FS_AND_SNAP).settable().since(V2_4);
    /// `defaultprojectquota`: bytes for each project without a quota of its own; 0 is no limit.
    DEFAULT_PROJECT_QUOTA: u64 =
        NativeProperty::size("defaultprojectquota", FS_AND_SNAP).settable().since(V2_4);
    /// `defaultuserobjquota`: files for each user without a quota of his own; 0 is no limit.
    DEFAULT_USER_OBJ_QUOTA: u64 =
        NativeProperty::number("defaultuserobjquota", FS_AND_SNAP).settable().since(V2_4);
    /// `defaultgroupobjquota`: files for each group without a quota of its own; 0 is no limit.
    DEFAULT_GROUP_OBJ_QUOTA: u64 =
        NativeProperty::number("defaultgroupobjquota", FS_AND_SNAP).settable().since(V2_4);
    /// `defaultprojectobjquota`: files for each project without a quota of its own; 0 is no limit.
    DEFAULT_PROJECT_OBJ_QUOTA: u64 =
        NativeProperty::number("defaultprojectobjquota", FS_AND_SNAP).settable().since(V2_4);

    // How blocks are stored.

    /// `recordsize`: the largest block of a file, in bytes, a power of two.
    RECORDSIZE: u64 = NativeProperty::size("recordsize", FS).default(128 << 10).inheritable();
    /// `volsize`: a volume's size in bytes, a multiple of `volblocksize`.
    VOLSIZE: u64 = NativeProperty::size("volsize", VOL.and(SNAP)).default(0).settable();
    /// `volblocksize`: a volume's blocks, in bytes, a power of two.
    VOLBLOCKSIZE: u64 = NativeProperty::size("volblocksize", VOL)
        .default(16 << 10).before(V2_2, 8 << 10).at_creation_or_inherited();
    /// `special_small_blocks`: blocks of at most so many bytes go to special devices. Volumes have it
    /// since 2.4.
    SPECIAL_SMALL_BLOCKS: u64 = NativeProperty::size("special_small_blocks", HEAD)
        .types_before(V2_4, FS)
        .default(0)
        .inheritable();
    /// `checksum`
    CHECKSUM: Checksum = NativeProperty::index("checksum", HEAD, Checksum::NAMES, Checksum::decode)
        .default(Checksum::On.index()).inheritable().newer_values(&[(14, V2_2)]);
    /// `compression`
    COMPRESSION: Compression =
        NativeProperty::index("compression", HEAD, Compression::NAMES, Compression::decode)
            .default(1).before(V2_2, 2).inheritable();
    /// `dedup`
    DEDUP: Dedup = NativeProperty::index("dedup", HEAD, Dedup::NAMES, Dedup::decode)
        .default(Dedup::Off.index()).inheritable().newer_values(&[(14, V2_2), (270, V2_2)]);
    /// `copies`: how many copies of each block are stored, 1 to 3.
    COPIES: u64 =
        NativeProperty::index("copies", HEAD, &[("1", 1), ("2", 2), ("3", 3)], Value::as_u64)
            .default(1).inheritable();
    /// `redundant_metadata`
    REDUNDANT_METADATA: RedundantMetadata = NativeProperty::index(
        "redundant_metadata", HEAD, RedundantMetadata::NAMES, RedundantMetadata::decode,
    ).default(0).inheritable();
    /// `dnodesize`
    DNODESIZE: DnodeSize =
        NativeProperty::index("dnodesize", FS, DnodeSize::NAMES, DnodeSize::decode)
            .default(0).inheritable();

    // How it is read and written.

    /// `readonly`: whether nothing can be written but by a receive.
    READONLY: bool = NativeProperty::flag("readonly", HEAD).default(0).inheritable();
    /// `sync`
    SYNC: SyncMode = NativeProperty::index("sync", HEAD, SyncMode::NAMES, SyncMode::decode)
        .default(0).inheritable();
    /// `logbias`
    LOGBIAS: LogBias = NativeProperty::index("logbias", HEAD, LogBias::NAMES, LogBias::decode)
        .default(0).inheritable();
    /// `direct`
    DIRECT: DirectIo = NativeProperty::index("direct", FS, DirectIo::NAMES, DirectIo::decode)
        .default(DirectIo::Standard.index()).inheritable().since(V2_3);
    /// `primarycache`: what is cached in memory.
    PRIMARYCACHE: CacheMode =
        NativeProperty::index("primarycache", DATASET, CacheMode::NAMES, CacheMode::decode)
            .default(CacheMode::All.index()).inheritable();
    /// `secondarycache`: what is cached on cache devices.
    SECONDARYCACHE: CacheMode =
        NativeProperty::index("secondarycache", DATASET, CacheMode::NAMES, CacheMode::decode)
            .default(CacheMode::All.index()).inheritable();
    /// `prefetch`: what is read ahead.
    PREFETCH: CacheMode =
        NativeProperty::index("prefetch", DATASET, CacheMode::NAMES, CacheMode::decode)
            .default(CacheMode::All.index()).inheritable().since(V2_2_4);
    /// `volthreading`: whether a volume's I/O is done by threads of its own.
    VOLTHREADING: bool =
        NativeProperty::flag("volthreading", VOL).default(1).settable().since(V2_3);
    /// `volmode`
    VOLMODE: VolMode = NativeProperty::index("volmode", HEAD, VolMode::NAMES, VolMode::decode)
        .default(0).inheritable();
    /// `snapdev`
    SNAPDEV: SnapDev = NativeProperty::index("snapdev", HEAD, SnapDev::NAMES, SnapDev::decode)
        .default(0).inheritable();

    // Mounting.

    /// `mounted`: whether it is mounted; only [`Zfs::all_properties`](crate::Zfs::all_properties)
    /// finds out.
    MOUNTED: bool =
        NativeProperty::index("mounted", FS, &[("no", 0), ("yes", 1)], |v| Some(v.as_u64()? != 0));
    /// `mountpoint`, as it is set: the path that results for a child is this one's with the
    /// rest of its name, which [`Properties::mountpoint`](super::Properties::mountpoint) has.
    MOUNTPOINT: String = NativeProperty::text("mountpoint", FS).default_text("/").inheritable();
    /// `canmount`
    CANMOUNT: CanMount = NativeProperty::index("canmount", FS, CanMount::NAMES, CanMount::decode)
        .default(CanMount::On.index()).settable();
    /// `overlay`: whether it is mounted where something is mounted, or a directory is not empty.
    OVERLAY: bool = NativeProperty::flag("overlay", FS).default(1).inheritable();
    /// `atime`: whether the time at which a file was read is kept.
    ATIME: bool = NativeProperty::flag("atime", FS).default(1).inheritable();
    /// `relatime`: with `atime`, whether only once a day or after a change.
    RELATIME: bool =
        NativeProperty::flag("relatime", FS).default(1).before(V2_2, 0).inheritable();
    /// `devices`: whether device files work.
    DEVICES: bool = NativeProperty::flag("devices", FS_AND_SNAP).default(1).inheritable();
    /// `exec`: whether programs can be run.
    EXEC: bool = NativeProperty::flag("exec", FS_AND_SNAP).default(1).inheritable();
    /// `setuid`: whether programs can run as their owner.
    SETUID: bool = NativeProperty::flag("setuid", FS_AND_SNAP).default(1).inheritable();
    /// `nbmand`: FreeBSD's and illumos' locks.
    NBMAND: bool = NativeProperty::flag("nbmand", FS_AND_SNAP).default(0).inheritable();
    /// `vscan`: illumos' virus scanner.
    VSCAN: bool = NativeProperty::flag("vscan", FS).default(0).inheritable();
    /// `zoned`: whether a container manages it.
    ZONED: bool = NativeProperty::flag("zoned", FS).default(0).inheritable();
    /// `sharenfs`: `off`, `on`, or options for NFS.
    SHARENFS: String = NativeProperty::text("sharenfs", FS).default_text("off").inheritable();
    /// `sharesmb`: `off`, `on`, or options for SMB.
    SHARESMB: String = NativeProperty::text("sharesmb", FS).default_text("off").inheritable();
    /// `snapdir`
    SNAPDIR: SnapDir = NativeProperty::index("snapdir", FS, SnapDir::NAMES, SnapDir::decode)
        .default(0).inheritable().newer_values(&[(2, V2_3)]);

    // Files and their attributes.

    /// `version`: of the file system's format, 1 to 5.
    VERSION: u64 = NativeProperty::index(
        "version",
        FS_AND_SNAP,
        &[("1", 1), ("2", 2), ("3", 3), ("4", 4), ("5", 5), ("current", 5)],
        Value::as_u64,
    ).settable();
    /// `normalization`
    NORMALIZATION: Normalization = NativeProperty::index(
        "normalization", FS_AND_SNAP, Normalization::NAMES, Normalization::decode,
    ).at_creation_or_inherited();
    /// `casesensitivity`
    CASE_SENSITIVITY: CaseSensitivity = NativeProperty::index(
        "casesensitivity", FS_AND_SNAP, CaseSensitivity::NAMES, CaseSensitivity::decode,
    ).at_creation_or_inherited();
    /// `utf8only`: whether names have to be UTF-8.
    UTF8ONLY: bool = NativeProperty::flag("utf8only", FS_AND_SNAP).at_creation_or_inherited();
    /// `longname`: whether names may have up to 1023 bytes.
    LONGNAME: bool = NativeProperty::flag("longname", FS).default(0).inheritable().since(V2_3);
    /// `xattr`. The default is [`Xattr::Sa`] since 2.3.
    XATTR: Xattr = NativeProperty::index("xattr", FS_AND_SNAP, Xattr::NAMES, Xattr::decode)
        .default(Xattr::Sa.index()).before(V2_3, Xattr::Dir.index()).inheritable();
    /// `acltype`
    ACLTYPE: AclType =
        NativeProperty::index("acltype", FS_AND_SNAP, AclType::NAMES, AclType::decode)
            .default(0).inheritable();
    /// `aclmode`
    ACLMODE: AclMode = NativeProperty::index("aclmode", FS, AclMode::NAMES, AclMode::decode)
        .default(0).inheritable();
    /// `aclinherit`
    ACLINHERIT: AclInherit =
        NativeProperty::index("aclinherit", FS, AclInherit::NAMES, AclInherit::decode)
            .default(AclInherit::Restricted.index()).inheritable();
    /// `mlslabel`: a label of trusted Solaris.
    MLSLABEL: String = NativeProperty::text("mlslabel", DATASET).default_text("none").inheritable();
    /// `context`: the `SELinux` label of all files.
    CONTEXT: String = NativeProperty::text("context", DATASET).default_text("none").settable();
    /// `fscontext`: the `SELinux` label of the file system.
    FSCONTEXT: String = NativeProperty::text("fscontext", DATASET).default_text("none").settable();
    /// `defcontext`: the `SELinux` label of files that have none.
    DEFCONTEXT: String = NativeProperty::text("defcontext", DATASET).default_text("none").settable();
    /// `rootcontext`: the `SELinux` label of the root directory.
    ROOTCONTEXT: String =
        NativeProperty::text("rootcontext", DATASET).default_text("none").settable();

    // Encryption.

    /// `encryption`: the cipher suite; [`Encryption::Off`] for a dataset that is not encrypted.
    ENCRYPTION: Encryption =
        NativeProperty::index("encryption", DATASET, Encryption::NAMES, Encryption::decode)
            .default(Encryption::Off.index()).at_creation_or_inherited();
    /// `encryptionroot`: the dataset that this one has its key from, maybe itself.
    ENCRYPTION_ROOT: DatasetName = NativeProperty::name_of("encryptionroot", DATASET);
    /// `keystatus`: whether the key is loaded; [`KeyStatus::None`] for one that is not encrypted.
    KEY_STATUS: KeyStatus =
        NativeProperty::index("keystatus", DATASET, KeyStatus::NAMES, KeyStatus::decode)
            .default(KeyStatus::None.index());
    /// `keyformat`: what the key is made from; none for a dataset that is not encrypted.
    KEY_FORMAT: KeyFormat = NativeProperty::index(
        "keyformat",
        HEAD,
        &[("none", 0), ("raw", 1), ("hex", 2), ("passphrase", 3)],
        |value| value.as_u64().and_then(KeyFormat::from_index),
    ).default(0).at_creation();
    /// `keylocation`: where `zfs load-key` looks for the key: `prompt`, or a URL.
    KEY_LOCATION: String =
        NativeProperty::text("keylocation", HEAD).default_text("none").settable();
    /// `pbkdf2iters`: how many iterations make a key from a passphrase; 0 where none is.
    PBKDF2_ITERS: u64 = NativeProperty::number("pbkdf2iters", HEAD).default(0).at_creation();
    /// `pbkdf2salt`: the salt of a passphrase.
    PBKDF2_SALT: u64 = NativeProperty::number("pbkdf2salt", HEAD).at_creation().hidden();
    /// `keyguid`: what identifies the key that encrypts the data, whatever it is wrapped with.
    KEY_GUID: u64 = NativeProperty::number("keyguid", DATASET).hidden();
    /// `ivsetguid`: what raw streams from and to an encrypted snapshot are matched by.
    IVSET_GUID: u64 = NativeProperty::number("ivsetguid", ALL_KINDS).hidden();
}

/// The kernel has clones as the names in a list.
fn clones(value: &Value) -> Option<Vec<String>> {
    let list = value.as_list()?;
    Some(
        list.iter()
            .map(|(name, _)| name.to_str_lossy().into_owned())
            .collect(),
    )
}

fn guids(value: &Value) -> Option<Vec<u64>> {
    value.as_u64_array().map(<[u64]>::to_vec)
}

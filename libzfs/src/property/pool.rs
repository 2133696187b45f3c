//! The table of the properties of pools. A pool's features are not in it: they are `feature@NAME`.

use super::index::{FailMode, Health};
use super::info::{PropertyInfo, Release, Types};
use super::native::{NativeProperty, table};

const POOL: Types = Types::POOL;
const V2_2: Release = Release([2, 2, 0]);
const V2_3: Release = Release([2, 3, 0]);

/// The pool version that has features in place of versions.
pub(super) const VERSION_FEATURES: u64 = 5000;

table! {
    /// The properties of pools.
    all;

    /// `size`: bytes, with what redundancy takes.
    SIZE: u64 = NativeProperty::size("size", POOL);
    /// `allocated`: bytes of them that are in use.
    ALLOCATED: u64 = NativeProperty::size("allocated", POOL);
    /// `free`: bytes of them that are not.
    FREE: u64 = NativeProperty::size("free", POOL);
    /// `freeing`: bytes that are still to be freed of what was destroyed.
    FREEING: u64 = NativeProperty::size("freeing", POOL).default(0);
    /// `leaked`: bytes that damage keeps from being freed.
    LEAKED: u64 = NativeProperty::size("leaked", POOL).default(0);
    /// `checkpoint`: bytes that the checkpoint takes; 0 without one.
    CHECKPOINT: u64 = NativeProperty::size("checkpoint", POOL);
    /// `expandsize`: bytes that the devices have grown by; 0 if by none.
    EXPAND_SIZE: u64 = NativeProperty::size("expandsize", POOL);
    /// `fragmentation`: of the free space, in percent; `u64::MAX` where it is not known.
    FRAGMENTATION: u64 = NativeProperty::number("fragmentation", POOL);
    /// `capacity`: how much is in use, in percent.
    CAPACITY: u64 = NativeProperty::number("capacity", POOL);
    /// `dedupratio`: by how much deduplication saves, in hundredths.
    DEDUP_RATIO: u64 = NativeProperty::ratio("dedupratio", POOL);
    /// `bcloneused`: bytes of cloned blocks.
    BCLONE_USED: u64 = NativeProperty::size("bcloneused", POOL).since(V2_2);
    /// `bclonesaved`: bytes that cloning blocks saves.
    BCLONE_SAVED: u64 = NativeProperty::size("bclonesaved", POOL).since(V2_2);
    /// `bcloneratio`: by how much cloning blocks saves, in hundredths.
    BCLONE_RATIO: u64 = NativeProperty::ratio("bcloneratio", POOL).since(V2_2);
    /// `dedup_table_size`: bytes that deduplication tables take.
    DEDUP_TABLE_SIZE: u64 = NativeProperty::size("dedup_table_size", POOL).since(V2_3);
    /// `last_scrubbed_txg`: up to which transaction group the pool was scrubbed.
    LAST_SCRUBBED_TXG: u64 = NativeProperty::number("last_scrubbed_txg", POOL).since(V2_3);
    /// `guid`: what identifies the pool.
    GUID: u64 = NativeProperty::number("guid", POOL);
    /// `load_guid`: what identifies this import of it.
    LOAD_GUID: u64 = NativeProperty::number("load_guid", POOL);
    /// `health`: the state of the pool's devices. `zpool` shows that it is suspended in its place.
    HEALTH: Health = NativeProperty::index("health", POOL, Health::NAMES, Health::decode);
    /// `maxblocksize`: the largest block, in bytes.
    MAX_BLOCK_SIZE: u64 = NativeProperty::size("maxblocksize", POOL).hidden();
    /// `maxdnodesize`: the largest record of a file, in bytes.
    MAX_DNODE_SIZE: u64 = NativeProperty::size("maxdnodesize", POOL).hidden();

    /// `altroot`: the directory that all mountpoints are below, until the pool is exported.
    ALTROOT: String = NativeProperty::text("altroot", POOL).at_import();
    /// `readonly`: whether the pool is imported without writing to it.
    READONLY: bool = NativeProperty::flag("readonly", POOL).default(0).at_import();
    /// `bootfs`: the dataset that the system starts from.
    BOOTFS: String = NativeProperty::text("bootfs", POOL).settable();
    /// `cachefile`: where the pool is noted for the next start: a path, `none`, or the usual one.
    CACHEFILE: String = NativeProperty::text("cachefile", POOL).settable();
    /// `comment`: up to 32 printable characters of ASCII.
    COMMENT: String = NativeProperty::text("comment", POOL).settable();
    /// `compatibility`: which features `zpool` enables: `off`, `legacy`, or names of files.
    COMPATIBILITY: String =
        NativeProperty::text("compatibility", POOL).default_text("off").settable();
    /// `version`: of the pool's format; 5000 where it has features.
    VERSION: u64 = NativeProperty::number("version", POOL).default(VERSION_FEATURES).settable();
    /// `ashift`: of new devices, the exponent of the sector's size; 0 is what they say themselves.
    ASHIFT: u64 = NativeProperty::number("ashift", POOL).default(0).settable();
    /// `dedup_table_quota`: bytes that deduplication tables may take; 0 is no limit, `u64::MAX`
    /// what dedup devices have.
    DEDUP_TABLE_QUOTA: u64 =
        NativeProperty::size("dedup_table_quota", POOL).default(u64::MAX).settable().since(V2_3);
    /// `delegation`: whether others than root can do what is allowed to them.
    DELEGATION: bool = NativeProperty::flag("delegation", POOL).default(1).settable();
    /// `autoreplace`: whether a new device takes the place of an old one.
    AUTOREPLACE: bool = NativeProperty::flag("autoreplace", POOL).default(0).settable();
    /// `autoexpand`: whether the pool grows with its devices.
    AUTOEXPAND: bool = NativeProperty::flag("autoexpand", POOL).default(0).settable();
    /// `autotrim`: whether devices are told what is free.
    AUTOTRIM: bool = NativeProperty::flag("autotrim", POOL).default(0).settable();
    /// `listsnapshots`: whether `zfs list` shows snapshots.
    LISTSNAPSHOTS: bool = NativeProperty::flag("listsnapshots", POOL).default(0).settable();
    /// `multihost`: whether the pool is guarded against being imported by two machines.
    MULTIHOST: bool = NativeProperty::flag("multihost", POOL).default(0).settable();
    /// `failmode`
    FAILMODE: FailMode =
        NativeProperty::index("failmode", POOL, FailMode::NAMES, FailMode::decode)
            .default(0).settable();
}

/// What ZFS says of the property of pools that has this name; none if this crate knows none.
#[doc(alias = "zpool_name_to_prop")]
pub fn info(name: &str) -> Option<&'static PropertyInfo> {
    ALL.iter().find(|info| info.name() == name)
}

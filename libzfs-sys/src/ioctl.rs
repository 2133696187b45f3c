//! The ioctls of `/dev/zfs`, and the structure that they all take.
//!
//! The packages do not ship the header that has the structures
//! (`sys/zfs_ioctl.h`), so they are declared here; a test compares each offset
//! and number with the headers of every supported release. The numbers are
//! Linux's: FreeBSD counts from 0 instead of `'Z' << 8`, and passes the
//! structure by way of another one.

use core::ffi::{c_char, c_int, c_uint};
use core::fmt;

use crate::replay::{MAXNAMELEN, drr_begin};

/// Bytes in a path in [`zfs_cmd`], on Linux.
pub const MAXPATHLEN: usize = 4096;

/// One of the `ZFS_IOC_*`.
pub type zfs_ioc_t = c_uint;

/// The first number.
pub const ZFS_IOC_FIRST: zfs_ioc_t = 0x5a00;
/// Number 0x0 of the module.
pub const ZFS_IOC_POOL_CREATE: zfs_ioc_t = 0x5a00;
/// Number 0x1 of the module.
pub const ZFS_IOC_POOL_DESTROY: zfs_ioc_t = 0x5a01;
/// Number 0x2 of the module.
pub const ZFS_IOC_POOL_IMPORT: zfs_ioc_t = 0x5a02;
/// Number 0x3 of the module.
pub const ZFS_IOC_POOL_EXPORT: zfs_ioc_t = 0x5a03;
/// Number 0x4 of the module.
pub const ZFS_IOC_POOL_CONFIGS: zfs_ioc_t = 0x5a04;
/// Number 0x5 of the module.
pub const ZFS_IOC_POOL_STATS: zfs_ioc_t = 0x5a05;
/// Number 0x6 of the module.
pub const ZFS_IOC_POOL_TRYIMPORT: zfs_ioc_t = 0x5a06;
/// Number 0x7 of the module.
pub const ZFS_IOC_POOL_SCAN: zfs_ioc_t = 0x5a07;
/// Number 0x8 of the module.
pub const ZFS_IOC_POOL_FREEZE: zfs_ioc_t = 0x5a08;
/// Number 0x9 of the module.
pub const ZFS_IOC_POOL_UPGRADE: zfs_ioc_t = 0x5a09;
/// Number 0xa of the module.
pub const ZFS_IOC_POOL_GET_HISTORY: zfs_ioc_t = 0x5a0a;
/// Number 0xb of the module.
pub const ZFS_IOC_VDEV_ADD: zfs_ioc_t = 0x5a0b;
/// Number 0xc of the module.
pub const ZFS_IOC_VDEV_REMOVE: zfs_ioc_t = 0x5a0c;
/// Number 0xd of the module.
pub const ZFS_IOC_VDEV_SET_STATE: zfs_ioc_t = 0x5a0d;
/// Number 0xe of the module.
pub const ZFS_IOC_VDEV_ATTACH: zfs_ioc_t = 0x5a0e;
/// Number 0xf of the module.
pub const ZFS_IOC_VDEV_DETACH: zfs_ioc_t = 0x5a0f;
/// Number 0x10 of the module.
pub const ZFS_IOC_VDEV_SETPATH: zfs_ioc_t = 0x5a10;
/// Number 0x11 of the module.
pub const ZFS_IOC_VDEV_SETFRU: zfs_ioc_t = 0x5a11;
/// Number 0x12 of the module.
pub const ZFS_IOC_OBJSET_STATS: zfs_ioc_t = 0x5a12;
/// Number 0x13 of the module.
pub const ZFS_IOC_OBJSET_ZPLPROPS: zfs_ioc_t = 0x5a13;
/// Number 0x14 of the module.
pub const ZFS_IOC_DATASET_LIST_NEXT: zfs_ioc_t = 0x5a14;
/// Number 0x15 of the module.
pub const ZFS_IOC_SNAPSHOT_LIST_NEXT: zfs_ioc_t = 0x5a15;
/// Number 0x16 of the module.
pub const ZFS_IOC_SET_PROP: zfs_ioc_t = 0x5a16;
/// Number 0x17 of the module.
pub const ZFS_IOC_CREATE: zfs_ioc_t = 0x5a17;
/// Number 0x18 of the module.
pub const ZFS_IOC_DESTROY: zfs_ioc_t = 0x5a18;
/// Number 0x19 of the module.
pub const ZFS_IOC_ROLLBACK: zfs_ioc_t = 0x5a19;
/// Number 0x1a of the module.
pub const ZFS_IOC_RENAME: zfs_ioc_t = 0x5a1a;
/// Number 0x1b of the module.
pub const ZFS_IOC_RECV: zfs_ioc_t = 0x5a1b;
/// Number 0x1c of the module.
pub const ZFS_IOC_SEND: zfs_ioc_t = 0x5a1c;
/// Number 0x1d of the module.
pub const ZFS_IOC_INJECT_FAULT: zfs_ioc_t = 0x5a1d;
/// Number 0x1e of the module.
pub const ZFS_IOC_CLEAR_FAULT: zfs_ioc_t = 0x5a1e;
/// Number 0x1f of the module.
pub const ZFS_IOC_INJECT_LIST_NEXT: zfs_ioc_t = 0x5a1f;
/// Number 0x20 of the module.
pub const ZFS_IOC_ERROR_LOG: zfs_ioc_t = 0x5a20;
/// Number 0x21 of the module.
pub const ZFS_IOC_CLEAR: zfs_ioc_t = 0x5a21;
/// Number 0x22 of the module.
pub const ZFS_IOC_PROMOTE: zfs_ioc_t = 0x5a22;
/// Number 0x23 of the module.
pub const ZFS_IOC_SNAPSHOT: zfs_ioc_t = 0x5a23;
/// Number 0x24 of the module.
pub const ZFS_IOC_DSOBJ_TO_DSNAME: zfs_ioc_t = 0x5a24;
/// Number 0x25 of the module.
pub const ZFS_IOC_OBJ_TO_PATH: zfs_ioc_t = 0x5a25;
/// Number 0x26 of the module.
pub const ZFS_IOC_POOL_SET_PROPS: zfs_ioc_t = 0x5a26;
/// Number 0x27 of the module.
pub const ZFS_IOC_POOL_GET_PROPS: zfs_ioc_t = 0x5a27;
/// Number 0x28 of the module.
pub const ZFS_IOC_SET_FSACL: zfs_ioc_t = 0x5a28;
/// Number 0x29 of the module.
pub const ZFS_IOC_GET_FSACL: zfs_ioc_t = 0x5a29;
/// Number 0x2a of the module.
pub const ZFS_IOC_SHARE: zfs_ioc_t = 0x5a2a;
/// Number 0x2b of the module.
pub const ZFS_IOC_INHERIT_PROP: zfs_ioc_t = 0x5a2b;
/// Number 0x2c of the module.
pub const ZFS_IOC_SMB_ACL: zfs_ioc_t = 0x5a2c;
/// Number 0x2d of the module.
pub const ZFS_IOC_USERSPACE_ONE: zfs_ioc_t = 0x5a2d;
/// Number 0x2e of the module.
pub const ZFS_IOC_USERSPACE_MANY: zfs_ioc_t = 0x5a2e;
/// Number 0x2f of the module.
pub const ZFS_IOC_USERSPACE_UPGRADE: zfs_ioc_t = 0x5a2f;
/// Number 0x30 of the module.
pub const ZFS_IOC_HOLD: zfs_ioc_t = 0x5a30;
/// Number 0x31 of the module.
pub const ZFS_IOC_RELEASE: zfs_ioc_t = 0x5a31;
/// Number 0x32 of the module.
pub const ZFS_IOC_GET_HOLDS: zfs_ioc_t = 0x5a32;
/// Number 0x33 of the module.
pub const ZFS_IOC_OBJSET_RECVD_PROPS: zfs_ioc_t = 0x5a33;
/// Number 0x34 of the module.
pub const ZFS_IOC_VDEV_SPLIT: zfs_ioc_t = 0x5a34;
/// Number 0x35 of the module.
pub const ZFS_IOC_NEXT_OBJ: zfs_ioc_t = 0x5a35;
/// Number 0x36 of the module.
pub const ZFS_IOC_DIFF: zfs_ioc_t = 0x5a36;
/// Number 0x37 of the module.
pub const ZFS_IOC_TMP_SNAPSHOT: zfs_ioc_t = 0x5a37;
/// Number 0x38 of the module.
pub const ZFS_IOC_OBJ_TO_STATS: zfs_ioc_t = 0x5a38;
/// Number 0x39 of the module.
pub const ZFS_IOC_SPACE_WRITTEN: zfs_ioc_t = 0x5a39;
/// Number 0x3a of the module.
pub const ZFS_IOC_SPACE_SNAPS: zfs_ioc_t = 0x5a3a;
/// Number 0x3b of the module.
pub const ZFS_IOC_DESTROY_SNAPS: zfs_ioc_t = 0x5a3b;
/// Number 0x3c of the module.
pub const ZFS_IOC_POOL_REGUID: zfs_ioc_t = 0x5a3c;
/// Number 0x3d of the module.
pub const ZFS_IOC_POOL_REOPEN: zfs_ioc_t = 0x5a3d;
/// Number 0x3e of the module.
pub const ZFS_IOC_SEND_PROGRESS: zfs_ioc_t = 0x5a3e;
/// Number 0x3f of the module.
pub const ZFS_IOC_LOG_HISTORY: zfs_ioc_t = 0x5a3f;
/// Number 0x40 of the module.
pub const ZFS_IOC_SEND_NEW: zfs_ioc_t = 0x5a40;
/// Number 0x41 of the module.
pub const ZFS_IOC_SEND_SPACE: zfs_ioc_t = 0x5a41;
/// Number 0x42 of the module.
pub const ZFS_IOC_CLONE: zfs_ioc_t = 0x5a42;
/// Number 0x43 of the module.
pub const ZFS_IOC_BOOKMARK: zfs_ioc_t = 0x5a43;
/// Number 0x44 of the module.
pub const ZFS_IOC_GET_BOOKMARKS: zfs_ioc_t = 0x5a44;
/// Number 0x45 of the module.
pub const ZFS_IOC_DESTROY_BOOKMARKS: zfs_ioc_t = 0x5a45;
/// Number 0x46 of the module.
pub const ZFS_IOC_RECV_NEW: zfs_ioc_t = 0x5a46;
/// Number 0x47 of the module.
pub const ZFS_IOC_POOL_SYNC: zfs_ioc_t = 0x5a47;
/// Number 0x48 of the module.
pub const ZFS_IOC_CHANNEL_PROGRAM: zfs_ioc_t = 0x5a48;
/// Number 0x49 of the module.
pub const ZFS_IOC_LOAD_KEY: zfs_ioc_t = 0x5a49;
/// Number 0x4a of the module.
pub const ZFS_IOC_UNLOAD_KEY: zfs_ioc_t = 0x5a4a;
/// Number 0x4b of the module.
pub const ZFS_IOC_CHANGE_KEY: zfs_ioc_t = 0x5a4b;
/// Number 0x4c of the module.
pub const ZFS_IOC_REMAP: zfs_ioc_t = 0x5a4c;
/// Number 0x4d of the module.
pub const ZFS_IOC_POOL_CHECKPOINT: zfs_ioc_t = 0x5a4d;
/// Number 0x4e of the module.
pub const ZFS_IOC_POOL_DISCARD_CHECKPOINT: zfs_ioc_t = 0x5a4e;
/// Number 0x4f of the module.
pub const ZFS_IOC_POOL_INITIALIZE: zfs_ioc_t = 0x5a4f;
/// Number 0x50 of the module.
pub const ZFS_IOC_POOL_TRIM: zfs_ioc_t = 0x5a50;
/// Number 0x51 of the module.
pub const ZFS_IOC_REDACT: zfs_ioc_t = 0x5a51;
/// Number 0x52 of the module.
pub const ZFS_IOC_GET_BOOKMARK_PROPS: zfs_ioc_t = 0x5a52;
/// Number 0x53 of the module.
pub const ZFS_IOC_WAIT: zfs_ioc_t = 0x5a53;
/// Number 0x54 of the module.
pub const ZFS_IOC_WAIT_FS: zfs_ioc_t = 0x5a54;
/// Number 0x55 of the module. Since 2.2 or 2.3.
pub const ZFS_IOC_VDEV_GET_PROPS: zfs_ioc_t = 0x5a55;
/// Number 0x56 of the module. Since 2.2 or 2.3.
pub const ZFS_IOC_VDEV_SET_PROPS: zfs_ioc_t = 0x5a56;
/// Number 0x57 of the module. Since 2.2 or 2.3.
pub const ZFS_IOC_POOL_SCRUB: zfs_ioc_t = 0x5a57;
/// Number 0x58 of the module. Since 2.2 or 2.3.
pub const ZFS_IOC_POOL_PREFETCH: zfs_ioc_t = 0x5a58;
/// Number 0x59 of the module. Since 2.2 or 2.3.
pub const ZFS_IOC_DDT_PRUNE: zfs_ioc_t = 0x5a59;
/// What each platform has for itself begins after this.
pub const ZFS_IOC_PLATFORM: zfs_ioc_t = 0x5a80;
/// Number 0x81 of the module.
pub const ZFS_IOC_EVENTS_NEXT: zfs_ioc_t = 0x5a81;
/// Number 0x82 of the module.
pub const ZFS_IOC_EVENTS_CLEAR: zfs_ioc_t = 0x5a82;
/// Number 0x83 of the module.
pub const ZFS_IOC_EVENTS_SEEK: zfs_ioc_t = 0x5a83;
/// FreeBSD only.
pub const ZFS_IOC_NEXTBOOT: zfs_ioc_t = 0x5a84;
/// FreeBSD only.
pub const ZFS_IOC_JAIL: zfs_ioc_t = 0x5a85;
/// Hands a dataset to a user namespace. Since 2.2.
pub const ZFS_IOC_USERNS_ATTACH: zfs_ioc_t = 0x5a85;
/// FreeBSD only.
pub const ZFS_IOC_UNJAIL: zfs_ioc_t = 0x5a86;
/// Takes a dataset from a user namespace. Since 2.2.
pub const ZFS_IOC_USERNS_DETACH: zfs_ioc_t = 0x5a86;
/// Number 0x87 of the module.
pub const ZFS_IOC_SET_BOOTENV: zfs_ioc_t = 0x5a87;
/// Number 0x88 of the module.
pub const ZFS_IOC_GET_BOOTENV: zfs_ioc_t = 0x5a88;

/// What a dataset says of itself in the answer of [`ZFS_IOC_OBJSET_STATS`] and
/// of the ioctls that list datasets and snapshots.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct dmu_objset_stats_t {
    pub dds_num_clones: u64,
    pub dds_creation_txg: u64,
    pub dds_guid: u64,
    pub dds_type: c_uint,
    pub dds_is_snapshot: u8,
    pub dds_inconsistent: u8,
    pub dds_redacted: u8,
    pub dds_origin: [c_char; MAXNAMELEN],
    /// 2.1 has padding here.
    pub dds_flags: u8,
}

/// What the `sharenfs` and `sharesmb` ioctl takes.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct zfs_share_t {
    pub z_exportdata: u64,
    pub z_sharedata: u64,
    pub z_sharetype: u64,
    pub z_sharemax: u64,
}

/// What an object says of itself in the answer of [`ZFS_IOC_OBJ_TO_STATS`].
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct zfs_stat_t {
    pub zs_gen: u64,
    pub zs_mode: u64,
    pub zs_links: u64,
    pub zs_ctime: [u64; 2],
}

/// A fault to inject ([`ZFS_IOC_INJECT_FAULT`]), as 2.1 to 2.3 have it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct zinject_record {
    pub zi_objset: u64,
    pub zi_object: u64,
    pub zi_start: u64,
    pub zi_end: u64,
    pub zi_guid: u64,
    pub zi_level: u32,
    pub zi_error: u32,
    pub zi_type: u64,
    pub zi_freq: u32,
    pub zi_failfast: u32,
    pub zi_func: [c_char; MAXNAMELEN],
    pub zi_iotype: u32,
    pub zi_duration: i32,
    pub zi_timer: u64,
    pub zi_nlanes: u64,
    pub zi_cmd: u32,
    pub zi_dvas: u32,
}

/// A fault to inject, as 2.4 has it: two counters longer.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct zinject_record_2_4 {
    pub zi_common: zinject_record,
    pub zi_match_count: u64,
    pub zi_inject_count: u64,
}

/// What follows a [`zinject_record`] in [`zfs_cmd`] on 2.1 to 2.3, and on 2.4
/// for every ioctl but those of fault injection.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct zfs_cmd_legacy_tail {
    pub zc_inject_record: zinject_record,
    pub zc_defer_destroy: u32,
    pub zc_flags: u32,
    pub zc_action_handle: u64,
}

/// The part of [`zfs_cmd`] that 2.4 turned into a union, in place.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "the fields stand for C's own")]
pub union zfs_cmd_tail {
    pub legacy: zfs_cmd_legacy_tail,
    pub zc_inject_record_2_4: zinject_record_2_4,
}

impl fmt::Debug for zfs_cmd_tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("zfs_cmd_tail").finish_non_exhaustive()
    }
}

/// The argument of every ioctl of `/dev/zfs`. Its size, and the offset of every
/// field, are the same in 2.1, 2.3 and 2.4.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields are C's own")]
pub struct zfs_cmd {
    pub zc_name: [c_char; MAXPATHLEN],
    pub zc_nvlist_src: u64,
    pub zc_nvlist_src_size: u64,
    pub zc_nvlist_dst: u64,
    pub zc_nvlist_dst_size: u64,
    pub zc_nvlist_dst_filled: crate::boolean_t,
    pub zc_pad2: c_int,
    pub zc_history: u64,
    pub zc_value: [c_char; MAXPATHLEN * 2],
    pub zc_string: [c_char; MAXNAMELEN],
    pub zc_guid: u64,
    pub zc_nvlist_conf: u64,
    pub zc_nvlist_conf_size: u64,
    pub zc_cookie: u64,
    pub zc_objset_type: u64,
    pub zc_perm_action: u64,
    pub zc_history_len: u64,
    pub zc_history_offset: u64,
    pub zc_obj: u64,
    pub zc_iflags: u64,
    pub zc_share: zfs_share_t,
    pub zc_objset_stats: dmu_objset_stats_t,
    pub zc_begin_record: drr_begin,
    pub zc_tail: zfs_cmd_tail,
    pub zc_cleanup_fd: c_int,
    pub zc_simple: u8,
    pub zc_pad: [u8; 3],
    pub zc_sendobj: u64,
    pub zc_fromobj: u64,
    pub zc_createtxg: u64,
    pub zc_stat: zfs_stat_t,
    pub zc_zoneid: u64,
}

/// C's other name of [`zfs_cmd`].
pub type zfs_cmd_t = zfs_cmd;

impl Default for zfs_cmd {
    /// All zero, which is how every ioctl wants to find what it does not use.
    fn default() -> Self {
        // SAFETY: every field is an integer, an array of integers, or a
        // structure or union of those, and zero is a value of each.
        unsafe { core::mem::zeroed() }
    }
}

const _: () = assert!(size_of::<zfs_cmd>() == MAXPATHLEN * 3 + MAXNAMELEN + 1200);
const _: () = assert!(size_of::<zfs_cmd_legacy_tail>() == size_of::<zinject_record_2_4>());

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

/// Declares the numbers, and [`ALL`] of them.
macro_rules! numbers {
    ($($(#[$doc:meta])* pub const $name:ident = $value:literal;)+) => {
        $($(#[$doc])* pub const $name: zfs_ioc_t = $value;)+

        /// Every number of this module with its name. Two names may share a
        /// number.
        pub static ALL: &[(zfs_ioc_t, &str)] = &[$(($name, stringify!($name))),+];
    };
}

numbers! {
    /// The first number.
    pub const ZFS_IOC_FIRST = 0x5a00;
    /// Creates a pool.
    pub const ZFS_IOC_POOL_CREATE = 0x5a00;
    /// Destroys a pool.
    pub const ZFS_IOC_POOL_DESTROY = 0x5a01;
    /// Imports a pool.
    pub const ZFS_IOC_POOL_IMPORT = 0x5a02;
    /// Exports a pool.
    pub const ZFS_IOC_POOL_EXPORT = 0x5a03;
    /// Reads the configurations of all imported pools.
    pub const ZFS_IOC_POOL_CONFIGS = 0x5a04;
    /// Reads the configuration and state of a pool.
    pub const ZFS_IOC_POOL_STATS = 0x5a05;
    /// Reads what importing a pool would give.
    pub const ZFS_IOC_POOL_TRYIMPORT = 0x5a06;
    /// Starts, pauses or stops a scrub, the older way.
    pub const ZFS_IOC_POOL_SCAN = 0x5a07;
    /// Stops a pool from writing, for tests.
    pub const ZFS_IOC_POOL_FREEZE = 0x5a08;
    /// Upgrades the version of a pool.
    pub const ZFS_IOC_POOL_UPGRADE = 0x5a09;
    /// Reads the history of a pool.
    pub const ZFS_IOC_POOL_GET_HISTORY = 0x5a0a;
    /// Adds vdevs to a pool.
    pub const ZFS_IOC_VDEV_ADD = 0x5a0b;
    /// Removes a vdev from a pool.
    pub const ZFS_IOC_VDEV_REMOVE = 0x5a0c;
    /// Takes a vdev online or offline, or faults it.
    pub const ZFS_IOC_VDEV_SET_STATE = 0x5a0d;
    /// Attaches a device to a vdev, or replaces one.
    pub const ZFS_IOC_VDEV_ATTACH = 0x5a0e;
    /// Detaches a device from a mirror.
    pub const ZFS_IOC_VDEV_DETACH = 0x5a0f;
    /// Changes the path of a vdev.
    pub const ZFS_IOC_VDEV_SETPATH = 0x5a10;
    /// Changes the field-replaceable unit of a vdev.
    pub const ZFS_IOC_VDEV_SETFRU = 0x5a11;
    /// Reads the properties of a dataset.
    pub const ZFS_IOC_OBJSET_STATS = 0x5a12;
    /// Reads the properties of a file system that its creation fixes.
    pub const ZFS_IOC_OBJSET_ZPLPROPS = 0x5a13;
    /// Reads the next child of a dataset.
    pub const ZFS_IOC_DATASET_LIST_NEXT = 0x5a14;
    /// Reads the next snapshot of a dataset.
    pub const ZFS_IOC_SNAPSHOT_LIST_NEXT = 0x5a15;
    /// Sets properties of a dataset.
    pub const ZFS_IOC_SET_PROP = 0x5a16;
    /// Creates a dataset.
    pub const ZFS_IOC_CREATE = 0x5a17;
    /// Destroys a dataset.
    pub const ZFS_IOC_DESTROY = 0x5a18;
    /// Rolls a dataset back to a snapshot.
    pub const ZFS_IOC_ROLLBACK = 0x5a19;
    /// Renames a dataset.
    pub const ZFS_IOC_RENAME = 0x5a1a;
    /// Receives a stream, the older way.
    pub const ZFS_IOC_RECV = 0x5a1b;
    /// Sends a stream, the older way.
    pub const ZFS_IOC_SEND = 0x5a1c;
    /// Injects a fault, for tests.
    pub const ZFS_IOC_INJECT_FAULT = 0x5a1d;
    /// Clears a fault that was injected.
    pub const ZFS_IOC_CLEAR_FAULT = 0x5a1e;
    /// Reads the next fault that was injected.
    pub const ZFS_IOC_INJECT_LIST_NEXT = 0x5a1f;
    /// Reads the log of persistent errors of a pool.
    pub const ZFS_IOC_ERROR_LOG = 0x5a20;
    /// Clears the errors of a pool or vdev.
    pub const ZFS_IOC_CLEAR = 0x5a21;
    /// Promotes a clone.
    pub const ZFS_IOC_PROMOTE = 0x5a22;
    /// Takes snapshots.
    pub const ZFS_IOC_SNAPSHOT = 0x5a23;
    /// Finds the name of a dataset by its object number.
    pub const ZFS_IOC_DSOBJ_TO_DSNAME = 0x5a24;
    /// Finds the path of a file by its object number.
    pub const ZFS_IOC_OBJ_TO_PATH = 0x5a25;
    /// Sets properties of a pool.
    pub const ZFS_IOC_POOL_SET_PROPS = 0x5a26;
    /// Reads the properties of a pool.
    pub const ZFS_IOC_POOL_GET_PROPS = 0x5a27;
    /// Changes the delegated permissions of a dataset.
    pub const ZFS_IOC_SET_FSACL = 0x5a28;
    /// Reads the delegated permissions of a dataset.
    pub const ZFS_IOC_GET_FSACL = 0x5a29;
    /// Shares a file system. Not used on Linux.
    pub const ZFS_IOC_SHARE = 0x5a2a;
    /// Has a dataset inherit a property.
    pub const ZFS_IOC_INHERIT_PROP = 0x5a2b;
    /// Changes the access list of an SMB share. Not used on Linux.
    pub const ZFS_IOC_SMB_ACL = 0x5a2c;
    /// Reads the space or quota of one user, group or project.
    pub const ZFS_IOC_USERSPACE_ONE = 0x5a2d;
    /// Reads the space or quotas of all users, groups or projects.
    pub const ZFS_IOC_USERSPACE_MANY = 0x5a2e;
    /// Begins to account the space of users.
    pub const ZFS_IOC_USERSPACE_UPGRADE = 0x5a2f;
    /// Places user holds.
    pub const ZFS_IOC_HOLD = 0x5a30;
    /// Releases user holds.
    pub const ZFS_IOC_RELEASE = 0x5a31;
    /// Reads the user holds of a snapshot.
    pub const ZFS_IOC_GET_HOLDS = 0x5a32;
    /// Reads the received properties of a dataset.
    pub const ZFS_IOC_OBJSET_RECVD_PROPS = 0x5a33;
    /// Splits the mirrors of a pool into another pool.
    pub const ZFS_IOC_VDEV_SPLIT = 0x5a34;
    /// Finds the next object of a dataset.
    pub const ZFS_IOC_NEXT_OBJ = 0x5a35;
    /// Reads the objects that differ between two snapshots.
    pub const ZFS_IOC_DIFF = 0x5a36;
    /// Takes a snapshot that goes with its descriptor.
    pub const ZFS_IOC_TMP_SNAPSHOT = 0x5a37;
    /// Finds the path and status of a file by its object number.
    pub const ZFS_IOC_OBJ_TO_STATS = 0x5a38;
    /// Reads the space written since a snapshot.
    pub const ZFS_IOC_SPACE_WRITTEN = 0x5a39;
    /// Reads the space that destroying a range of snapshots frees.
    pub const ZFS_IOC_SPACE_SNAPS = 0x5a3a;
    /// Destroys snapshots.
    pub const ZFS_IOC_DESTROY_SNAPS = 0x5a3b;
    /// Gives a pool another guid.
    pub const ZFS_IOC_POOL_REGUID = 0x5a3c;
    /// Reopens the vdevs of a pool.
    pub const ZFS_IOC_POOL_REOPEN = 0x5a3d;
    /// Reads how far a send has come.
    pub const ZFS_IOC_SEND_PROGRESS = 0x5a3e;
    /// Writes to the history of a pool.
    pub const ZFS_IOC_LOG_HISTORY = 0x5a3f;
    /// Sends a stream.
    pub const ZFS_IOC_SEND_NEW = 0x5a40;
    /// Estimates the size of a stream.
    pub const ZFS_IOC_SEND_SPACE = 0x5a41;
    /// Clones a snapshot.
    pub const ZFS_IOC_CLONE = 0x5a42;
    /// Creates bookmarks.
    pub const ZFS_IOC_BOOKMARK = 0x5a43;
    /// Reads the bookmarks of a dataset.
    pub const ZFS_IOC_GET_BOOKMARKS = 0x5a44;
    /// Destroys bookmarks.
    pub const ZFS_IOC_DESTROY_BOOKMARKS = 0x5a45;
    /// Receives a stream.
    pub const ZFS_IOC_RECV_NEW = 0x5a46;
    /// Has a pool write what it holds in memory.
    pub const ZFS_IOC_POOL_SYNC = 0x5a47;
    /// Runs a channel program.
    pub const ZFS_IOC_CHANNEL_PROGRAM = 0x5a48;
    /// Loads the key of an encryption root.
    pub const ZFS_IOC_LOAD_KEY = 0x5a49;
    /// Unloads the key of an encryption root.
    pub const ZFS_IOC_UNLOAD_KEY = 0x5a4a;
    /// Changes the wrapping key of a dataset.
    pub const ZFS_IOC_CHANGE_KEY = 0x5a4b;
    /// No longer does anything.
    pub const ZFS_IOC_REMAP = 0x5a4c;
    /// Takes the checkpoint of a pool.
    pub const ZFS_IOC_POOL_CHECKPOINT = 0x5a4d;
    /// Discards the checkpoint of a pool.
    pub const ZFS_IOC_POOL_DISCARD_CHECKPOINT = 0x5a4e;
    /// Starts, suspends or stops the initialisation of vdevs.
    pub const ZFS_IOC_POOL_INITIALIZE = 0x5a4f;
    /// Starts, suspends or stops the trimming of vdevs.
    pub const ZFS_IOC_POOL_TRIM = 0x5a50;
    /// Creates a redaction bookmark.
    pub const ZFS_IOC_REDACT = 0x5a51;
    /// Reads the properties of a bookmark.
    pub const ZFS_IOC_GET_BOOKMARK_PROPS = 0x5a52;
    /// Waits for an activity of a pool.
    pub const ZFS_IOC_WAIT = 0x5a53;
    /// Waits for an activity of a file system.
    pub const ZFS_IOC_WAIT_FS = 0x5a54;
    /// Reads the properties of a vdev. Since 2.2.
    pub const ZFS_IOC_VDEV_GET_PROPS = 0x5a55;
    /// Sets properties of a vdev. Since 2.2.
    pub const ZFS_IOC_VDEV_SET_PROPS = 0x5a56;
    /// Starts, pauses or stops a scrub. Since 2.2.
    pub const ZFS_IOC_POOL_SCRUB = 0x5a57;
    /// Loads tables of a pool into memory. Since 2.3.
    pub const ZFS_IOC_POOL_PREFETCH = 0x5a58;
    /// Prunes the deduplication table. Since 2.3.
    pub const ZFS_IOC_DDT_PRUNE = 0x5a59;
    /// What is a platform's own comes after this.
    pub const ZFS_IOC_PLATFORM = 0x5a80;
    /// Reads the next event.
    pub const ZFS_IOC_EVENTS_NEXT = 0x5a81;
    /// Clears the events.
    pub const ZFS_IOC_EVENTS_CLEAR = 0x5a82;
    /// Moves to another event.
    pub const ZFS_IOC_EVENTS_SEEK = 0x5a83;
    /// Chooses what to boot next. FreeBSD only.
    pub const ZFS_IOC_NEXTBOOT = 0x5a84;
    /// Hands a dataset to a jail. FreeBSD only.
    pub const ZFS_IOC_JAIL = 0x5a85;
    /// Hands a dataset to a user namespace. Since 2.2.
    pub const ZFS_IOC_USERNS_ATTACH = 0x5a85;
    /// Takes a dataset from a jail. FreeBSD only.
    pub const ZFS_IOC_UNJAIL = 0x5a86;
    /// Takes a dataset from a user namespace. Since 2.2.
    pub const ZFS_IOC_USERNS_DETACH = 0x5a86;
    /// Writes the boot environment of a pool.
    pub const ZFS_IOC_SET_BOOTENV = 0x5a87;
    /// Reads the boot environment of a pool.
    pub const ZFS_IOC_GET_BOOTENV = 0x5a88;
}

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

//! The error numbers that the module returns beside those of the C library.
//!
//! Declared by hand, because the numbers are stable and a newer module returns
//! ones that older headers do not name. The build compares them with the
//! headers it finds.

use core::ffi::c_int;

/// The pool has a checkpoint, and can have only one.
pub const ZFS_ERR_CHECKPOINT_EXISTS: c_int = 1024;
/// The pool's checkpoint is being discarded.
pub const ZFS_ERR_DISCARDING_CHECKPOINT: c_int = 1025;
/// The pool has no checkpoint.
pub const ZFS_ERR_NO_CHECKPOINT: c_int = 1026;
/// A device is being removed from the pool.
pub const ZFS_ERR_DEVRM_IN_PROGRESS: c_int = 1027;
/// The device has more sectors than removal can map.
pub const ZFS_ERR_VDEV_TOO_BIG: c_int = 1028;
/// The module does not know this ioctl.
pub const ZFS_ERR_IOC_CMD_UNAVAIL: c_int = 1029;
/// The module does not know an argument of this ioctl.
pub const ZFS_ERR_IOC_ARG_UNAVAIL: c_int = 1030;
/// An argument that this ioctl needs is missing.
pub const ZFS_ERR_IOC_ARG_REQUIRED: c_int = 1031;
/// An argument of this ioctl has the wrong type.
pub const ZFS_ERR_IOC_ARG_BADTYPE: c_int = 1032;
/// A raw stream of an encrypted dataset does not fit the parent it was to be received under.
pub const ZFS_ERR_WRONG_PARENT: c_int = 1033;
/// A raw incremental needs the base's IV set guid, and the base has none.
pub const ZFS_ERR_FROM_IVSET_GUID_MISSING: c_int = 1034;
/// The base's IV set guid is not the one that the raw incremental was made from.
pub const ZFS_ERR_FROM_IVSET_GUID_MISMATCH: c_int = 1035;
/// The stream lacks the spill block flag that an earlier stream into this dataset had.
pub const ZFS_ERR_SPILL_BLOCK_FLAG_MISSING: c_int = 1036;
/// The stream uses a feature that the receiver does not know.
pub const ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE: c_int = 1037;
/// The pool is being exported.
pub const ZFS_ERR_EXPORT_IN_PROGRESS: c_int = 1038;
/// A bookmark can only be copied within the line of its own snapshots.
pub const ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR: c_int = 1039;
/// The stream ended early.
pub const ZFS_ERR_STREAM_TRUNCATED: c_int = 1040;
/// The stream has large blocks where the earlier ones into this dataset had none.
pub const ZFS_ERR_STREAM_LARGE_BLOCK_MISMATCH: c_int = 1041;
/// A resilver is running.
pub const ZFS_ERR_RESILVER_IN_PROGRESS: c_int = 1042;
/// A rebuild is running.
pub const ZFS_ERR_REBUILD_IN_PROGRESS: c_int = 1043;
/// A property is not valid here.
pub const ZFS_ERR_BADPROP: c_int = 1044;
/// The device does not support this. Since 2.2.
pub const ZFS_ERR_VDEV_NOTSUP: c_int = 1045;
/// The file is no user namespace. Since 2.2.
pub const ZFS_ERR_NOT_USER_NAMESPACE: c_int = 1046;
/// A partial receive that could be resumed is in the way. Since 2.2.
pub const ZFS_ERR_RESUME_EXISTS: c_int = 1047;
/// Encryption does not support this. Since 2.2.
pub const ZFS_ERR_CRYPTO_NOTSUP: c_int = 1048;
/// A RAID-Z expansion is running. Since 2.3.
pub const ZFS_ERR_RAIDZ_EXPAND_IN_PROGRESS: c_int = 1049;
/// The device's sector size does not fit. Since 2.3.
pub const ZFS_ERR_ASHIFT_MISMATCH: c_int = 1050;
/// The stream has large micro-ZAP blocks, and the send was not told to allow them. Since 2.3.
pub const ZFS_ERR_STREAM_LARGE_MICROZAP: c_int = 1051;
/// Too many devices of the group are sitting out. Since 2.4.
pub const ZFS_ERR_TOO_MANY_SITOUTS: c_int = 1052;

/// Every number of this module with its name, in ascending order.
pub static ALL: &[(c_int, &str)] = &[
    (ZFS_ERR_CHECKPOINT_EXISTS, "ZFS_ERR_CHECKPOINT_EXISTS"),
    (
        ZFS_ERR_DISCARDING_CHECKPOINT,
        "ZFS_ERR_DISCARDING_CHECKPOINT",
    ),
    (ZFS_ERR_NO_CHECKPOINT, "ZFS_ERR_NO_CHECKPOINT"),
    (ZFS_ERR_DEVRM_IN_PROGRESS, "ZFS_ERR_DEVRM_IN_PROGRESS"),
    (ZFS_ERR_VDEV_TOO_BIG, "ZFS_ERR_VDEV_TOO_BIG"),
    (ZFS_ERR_IOC_CMD_UNAVAIL, "ZFS_ERR_IOC_CMD_UNAVAIL"),
    (ZFS_ERR_IOC_ARG_UNAVAIL, "ZFS_ERR_IOC_ARG_UNAVAIL"),
    (ZFS_ERR_IOC_ARG_REQUIRED, "ZFS_ERR_IOC_ARG_REQUIRED"),
    (ZFS_ERR_IOC_ARG_BADTYPE, "ZFS_ERR_IOC_ARG_BADTYPE"),
    (ZFS_ERR_WRONG_PARENT, "ZFS_ERR_WRONG_PARENT"),
    (
        ZFS_ERR_FROM_IVSET_GUID_MISSING,
        "ZFS_ERR_FROM_IVSET_GUID_MISSING",
    ),
    (
        ZFS_ERR_FROM_IVSET_GUID_MISMATCH,
        "ZFS_ERR_FROM_IVSET_GUID_MISMATCH",
    ),
    (
        ZFS_ERR_SPILL_BLOCK_FLAG_MISSING,
        "ZFS_ERR_SPILL_BLOCK_FLAG_MISSING",
    ),
    (
        ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE,
        "ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE",
    ),
    (ZFS_ERR_EXPORT_IN_PROGRESS, "ZFS_ERR_EXPORT_IN_PROGRESS"),
    (
        ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR,
        "ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR",
    ),
    (ZFS_ERR_STREAM_TRUNCATED, "ZFS_ERR_STREAM_TRUNCATED"),
    (
        ZFS_ERR_STREAM_LARGE_BLOCK_MISMATCH,
        "ZFS_ERR_STREAM_LARGE_BLOCK_MISMATCH",
    ),
    (ZFS_ERR_RESILVER_IN_PROGRESS, "ZFS_ERR_RESILVER_IN_PROGRESS"),
    (ZFS_ERR_REBUILD_IN_PROGRESS, "ZFS_ERR_REBUILD_IN_PROGRESS"),
    (ZFS_ERR_BADPROP, "ZFS_ERR_BADPROP"),
    (ZFS_ERR_VDEV_NOTSUP, "ZFS_ERR_VDEV_NOTSUP"),
    (ZFS_ERR_NOT_USER_NAMESPACE, "ZFS_ERR_NOT_USER_NAMESPACE"),
    (ZFS_ERR_RESUME_EXISTS, "ZFS_ERR_RESUME_EXISTS"),
    (ZFS_ERR_CRYPTO_NOTSUP, "ZFS_ERR_CRYPTO_NOTSUP"),
    (
        ZFS_ERR_RAIDZ_EXPAND_IN_PROGRESS,
        "ZFS_ERR_RAIDZ_EXPAND_IN_PROGRESS",
    ),
    (ZFS_ERR_ASHIFT_MISMATCH, "ZFS_ERR_ASHIFT_MISMATCH"),
    (
        ZFS_ERR_STREAM_LARGE_MICROZAP,
        "ZFS_ERR_STREAM_LARGE_MICROZAP",
    ),
    (ZFS_ERR_TOO_MANY_SITOUTS, "ZFS_ERR_TOO_MANY_SITOUTS"),
];

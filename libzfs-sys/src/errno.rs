//! The error numbers that the module returns beside those of the C library.
//!
//! Declared by hand, because the numbers are stable and a newer module returns
//! ones that older headers do not name. The build compares them with the
//! headers it finds.

use core::ffi::c_int;

/// Declares the numbers, and [`ALL`] of them.
macro_rules! numbers {
    ($($(#[$doc:meta])* pub const $name:ident = $value:literal;)+) => {
        $($(#[$doc])* pub const $name: c_int = $value;)+

        /// Every number of this module with its name, in ascending order.
        pub static ALL: &[(c_int, &str)] = &[$(($name, stringify!($name))),+];
    };
}

numbers! {
    /// The pool has a checkpoint, and can have only one.
    pub const ZFS_ERR_CHECKPOINT_EXISTS = 1024;
    /// The pool's checkpoint is being discarded.
    pub const ZFS_ERR_DISCARDING_CHECKPOINT = 1025;
    /// The pool has no checkpoint.
    pub const ZFS_ERR_NO_CHECKPOINT = 1026;
    /// A device is being removed from the pool.
    pub const ZFS_ERR_DEVRM_IN_PROGRESS = 1027;
    /// The device has more sectors than removal can map.
    pub const ZFS_ERR_VDEV_TOO_BIG = 1028;
    /// The module does not know this ioctl.
    pub const ZFS_ERR_IOC_CMD_UNAVAIL = 1029;
    /// The module does not know an argument of this ioctl.
    pub const ZFS_ERR_IOC_ARG_UNAVAIL = 1030;
    /// An argument that this ioctl needs is missing.
    pub const ZFS_ERR_IOC_ARG_REQUIRED = 1031;
    /// An argument of this ioctl has the wrong type.
    pub const ZFS_ERR_IOC_ARG_BADTYPE = 1032;
    /// A raw stream of an encrypted dataset does not fit the parent it was to be received under.
    pub const ZFS_ERR_WRONG_PARENT = 1033;
    /// A raw incremental needs the base's IV set guid, and the base has none.
    pub const ZFS_ERR_FROM_IVSET_GUID_MISSING = 1034;
    /// The base's IV set guid is not the one that the raw incremental was made from.
    pub const ZFS_ERR_FROM_IVSET_GUID_MISMATCH = 1035;
    /// The stream lacks the spill block flag that an earlier stream into this dataset had.
    pub const ZFS_ERR_SPILL_BLOCK_FLAG_MISSING = 1036;
    /// The stream uses a feature that the receiver does not know.
    pub const ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE = 1037;
    /// The pool is being exported.
    pub const ZFS_ERR_EXPORT_IN_PROGRESS = 1038;
    /// A bookmark can only be copied within the line of its own snapshots.
    pub const ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR = 1039;
    /// The stream ended early.
    pub const ZFS_ERR_STREAM_TRUNCATED = 1040;
    /// The stream has large blocks where the earlier ones into this dataset had none.
    pub const ZFS_ERR_STREAM_LARGE_BLOCK_MISMATCH = 1041;
    /// A resilver is running.
    pub const ZFS_ERR_RESILVER_IN_PROGRESS = 1042;
    /// A rebuild is running.
    pub const ZFS_ERR_REBUILD_IN_PROGRESS = 1043;
    /// A property is not valid here.
    pub const ZFS_ERR_BADPROP = 1044;
    /// The device does not support this. Since 2.2.
    pub const ZFS_ERR_VDEV_NOTSUP = 1045;
    /// The file is no user namespace. Since 2.2.
    pub const ZFS_ERR_NOT_USER_NAMESPACE = 1046;
    /// A partial receive that could be resumed is in the way. Since 2.2.
    pub const ZFS_ERR_RESUME_EXISTS = 1047;
    /// Encryption does not support this. Since 2.2.
    pub const ZFS_ERR_CRYPTO_NOTSUP = 1048;
    /// A RAID-Z expansion is running. Since 2.2.4.
    pub const ZFS_ERR_RAIDZ_EXPAND_IN_PROGRESS = 1049;
    /// The device's sector size does not fit. Since 2.2.4.
    pub const ZFS_ERR_ASHIFT_MISMATCH = 1050;
    /// The stream has large micro-ZAP blocks, and the send was not told to allow them. Since 2.3.
    pub const ZFS_ERR_STREAM_LARGE_MICROZAP = 1051;
    /// Too many devices of the group are sitting out. Since 2.4.
    pub const ZFS_ERR_TOO_MANY_SITOUTS = 1052;
}

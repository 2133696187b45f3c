//! Error numbers, those of the operating system and OpenZFS's own from 1024 on.

use std::fmt;

/// A raw error number as the kernel or `libzfs_core` returned it.
///
/// OpenZFS has numbers of its own from 1024 on (`ZFS_ERR_*`), which `strerror` does not know;
/// [`name`](Self::name) and [`Display`](fmt::Display) do. A number that is newer than this crate
/// is carried as it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(i32);

impl Errno {
    /// The error number `raw`.
    pub const fn new(raw: i32) -> Self {
        Self(raw)
    }

    /// The number.
    pub const fn raw(self) -> i32 {
        self.0
    }

    /// The error number of the last failed call of the C library in this thread.
    pub(crate) fn last() -> Self {
        Self(std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
    }

    /// The number's symbolic name, such as `"ENOENT"` or `"ZFS_ERR_STREAM_TRUNCATED"`.
    pub fn name(self) -> Option<&'static str> {
        describe(self.0).map(|(name, _)| name)
    }

    /// Whether the number is one of OpenZFS's own, from 1024 on.
    pub fn is_zfs(self) -> bool {
        self.0 >= 1024
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "Errno({} {name})", self.0),
            None => write!(f, "Errno({})", self.0),
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match describe(self.0) {
            Some((_, text)) => f.write_str(text),
            None if self.is_zfs() => write!(f, "OpenZFS error {}", self.0),
            None => write!(f, "{}", std::io::Error::from_raw_os_error(self.0)),
        }
    }
}

impl From<std::io::Error> for Errno {
    fn from(error: std::io::Error) -> Self {
        Self(error.raw_os_error().unwrap_or(libc::EIO))
    }
}

macro_rules! errnos {
    (system { $($name:ident $text:literal;)* }
     openzfs { $($zfs_name:ident = $number:literal $zfs_text:literal;)* }) => {
        fn describe(raw: i32) -> Option<(&'static str, &'static str)> {
            Some(match raw {
                $(libc::$name => (stringify!($name), $text),)*
                $($number => (stringify!($zfs_name), $zfs_text),)*
                _ => return None,
            })
        }

        /// OpenZFS's own error numbers, the same on every platform.
        #[allow(missing_docs, reason = "each is documented by its text in `Errno`'s Display")]
        impl Errno {
            $(pub const $zfs_name: Self = Self($number);)*
        }

        #[cfg(test)]
        const ZFS: &[(&str, i32)] = &[$((stringify!($zfs_name), $number)),*];
    };
}

errnos! {
system {
    EPERM "operation not permitted";
    ENOENT "no such dataset, snapshot or pool";
    ESRCH "no such snapshot";
    EINTR "interrupted by a signal";
    EIO "input/output error";
    ENXIO "no such device";
    E2BIG "too large";
    EBADF "bad file descriptor";
    EAGAIN "pool is suspended, or the descriptor would block";
    ENOMEM "out of memory";
    EACCES "permission denied, or the key is not loaded";
    EBUSY "busy";
    EEXIST "exists already";
    EXDEV "not in the same pool or not an ancestor";
    ENODEV "no matching snapshot";
    EINVAL "invalid argument";
    EISDIR "is a directory";
    ENOSPC "no space left";
    EROFS "read-only";
    EPIPE "broken pipe";
    ERANGE "out of range";
    ENAMETOOLONG "name too long";
    ENOTSOCK "not a clone";
    ENOTSUP "not supported";
    ETXTBSY "destination was modified";
    EDQUOT "quota exceeded";
    ETIMEDOUT "timed out";
    ECONNRESET "connection reset";
    EFBIG "file too large";
    ETIME "time limit reached";
    ECHRNG "channel program failed";
    EBADE "checksum mismatch";
    ECANCELED "canceled";
    EINPROGRESS "now in progress";
    EALREADY "done or running already";
    ENOTTY "ioctl not known to this module";
    ENOSYS "function not implemented";
}
openzfs {
    ZFS_ERR_CHECKPOINT_EXISTS = 1024 "the pool already has a checkpoint";
    ZFS_ERR_DISCARDING_CHECKPOINT = 1025 "a checkpoint is being discarded";
    ZFS_ERR_NO_CHECKPOINT = 1026 "the pool has no checkpoint";
    ZFS_ERR_DEVRM_IN_PROGRESS = 1027 "a device is being removed";
    ZFS_ERR_VDEV_TOO_BIG = 1028 "a vdev is too large for this operation";
    ZFS_ERR_IOC_CMD_UNAVAIL = 1029 "the module does not know this command";
    ZFS_ERR_IOC_ARG_UNAVAIL = 1030 "the module does not know an argument of the command";
    ZFS_ERR_IOC_ARG_REQUIRED = 1031 "the module requires an argument that is missing";
    ZFS_ERR_IOC_ARG_BADTYPE = 1032 "an argument has a type that the module does not expect";
    ZFS_ERR_WRONG_PARENT = 1033 "the parent is not a file system";
    ZFS_ERR_FROM_IVSET_GUID_MISSING = 1034 "the incremental source has no IV set GUID";
    ZFS_ERR_FROM_IVSET_GUID_MISMATCH = 1035 "the IV set GUID of the incremental source does not match";
    ZFS_ERR_SPILL_BLOCK_FLAG_MISSING = 1036 "the stream lacks the spill block flag that its base has";
    ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE = 1037 "the stream has a feature that the module does not know";
    ZFS_ERR_EXPORT_IN_PROGRESS = 1038 "the pool is being exported";
    ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR = 1039 "the bookmark's source is not an ancestor";
    ZFS_ERR_STREAM_TRUNCATED = 1040 "the stream ended before its end record";
    ZFS_ERR_STREAM_LARGE_BLOCK_MISMATCH = 1041 "the stream's large-block setting differs from its base's";
    ZFS_ERR_RESILVER_IN_PROGRESS = 1042 "a resilver is running";
    ZFS_ERR_REBUILD_IN_PROGRESS = 1043 "a rebuild is running";
    ZFS_ERR_BADPROP = 1044 "invalid property value";
    ZFS_ERR_VDEV_NOTSUP = 1045 "the vdev does not support this";
    ZFS_ERR_NOT_USER_NAMESPACE = 1046 "not a user namespace";
    ZFS_ERR_RESUME_EXISTS = 1047 "a partial receive exists";
    ZFS_ERR_CRYPTO_NOTSUP = 1048 "the stream's encryption is not supported here";
    ZFS_ERR_RAIDZ_EXPAND_IN_PROGRESS = 1049 "a raidz expansion is running";
    ZFS_ERR_ASHIFT_MISMATCH = 1050 "the vdevs' ashift values do not fit";
    ZFS_ERR_STREAM_LARGE_MICROZAP = 1051 "the stream needs large microzaps";
    ZFS_ERR_TOO_MANY_SITOUTS = 1052 "too many vdevs are sitting out";
}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_zfs_errors_up_to_1052_are_named_in_order() {
        assert_eq!(ZFS.len(), 29);
        for (i, &(name, number)) in ZFS.iter().enumerate() {
            assert_eq!(number, 1024 + i32::try_from(i).unwrap(), "{name}");
            assert_eq!(Errno::new(number).name(), Some(name));
        }
    }

    #[test]
    fn unknown_numbers_are_carried() {
        let newer = Errno::new(1999);
        assert_eq!((newer.raw(), newer.name()), (1999, None));
        assert_eq!(newer.to_string(), "OpenZFS error 1999");
        assert_eq!(Errno::new(libc::ENOENT).name(), Some("ENOENT"));
    }
}

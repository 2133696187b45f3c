//! What an error number means for the operation that met it: the one table of it.

use super::Errno;
use super::kind::{ErrorKind as Kind, Operation as Op};

/// The kind of `errno` for `operation`, as far as the two alone tell.
///
/// Calls that know more (which of two names is missing, whether a descriptor was ours) refine
/// this themselves.
pub(super) fn classify(operation: Op, errno: Errno) -> Kind {
    by_operation(operation, errno).unwrap_or_else(|| by_errno(errno))
}

/// The kind of the error that starting or stopping something on one of several vdevs met.
pub(super) fn classify_vdev(errno: Errno) -> Kind {
    match errno.raw() {
        libc::ENODEV => Kind::VdevNotFound,
        libc::EINVAL => Kind::VdevNotLeaf,
        libc::EROFS => Kind::VdevNotWritable,
        libc::EBUSY => Kind::AlreadyRunning,
        libc::ESRCH => Kind::NotRunning,
        libc::ENOTSUP => Kind::VdevNotSupported,
        _ => by_errno(errno),
    }
}

/// The number of an error of input or output; one that a program made itself has that of its kind.
pub(super) fn errno_of(error: &std::io::Error) -> Errno {
    use std::io::ErrorKind as Io;
    Errno::new(match (error.raw_os_error(), error.kind()) {
        (Some(number), _) => number,
        (None, Io::BrokenPipe) => libc::EPIPE,
        (None, Io::ConnectionReset | Io::ConnectionAborted | Io::UnexpectedEof) => libc::ECONNRESET,
        (None, Io::NotConnected) => libc::ENOTCONN,
        (None, Io::PermissionDenied) => libc::EACCES,
        (None, Io::QuotaExceeded) => libc::EDQUOT,
        (None, Io::StorageFull) => libc::ENOSPC,
        (None, Io::TimedOut) => libc::ETIMEDOUT,
        (None, _) => libc::EIO,
    })
}

/// The kind of an error that a system call of this process's own met.
pub(super) fn classify_io(operation: Op, errno: Errno) -> Kind {
    match errno.raw() {
        libc::EPIPE | libc::ECONNRESET | libc::ENOTCONN
            if matches!(operation, Op::Receive | Op::Heal) =>
        {
            Kind::SourceFailed
        }
        libc::EMFILE | libc::ENFILE | libc::EAGAIN | libc::ENOMEM => Kind::OutOfResources,
        libc::EBADF | libc::EISDIR => Kind::BadDescriptor,
        libc::EPIPE | libc::ECONNRESET => Kind::BrokenPipe,
        libc::ETIMEDOUT => Kind::TimedOut,
        libc::ENOSPC => Kind::NoSpace,
        libc::EDQUOT => Kind::QuotaExceeded,
        libc::EPERM | libc::EACCES => Kind::PermissionDenied,
        _ => Kind::Io,
    }
}

fn by_operation(operation: Op, errno: Errno) -> Option<Kind> {
    Some(match (operation, errno.raw()) {
        (Op::Open, libc::ENOENT | libc::ENXIO | libc::ENODEV) => Kind::ZfsNotAvailable,
        (Op::Open, libc::EACCES) => Kind::PermissionDenied,

        (Op::Create, libc::ENOENT) => Kind::ParentNotFound,
        (Op::Create, libc::EEXIST) => Kind::DatasetExists,
        (Op::Create, libc::EINVAL | libc::ERANGE) => Kind::InvalidProperty,
        (Op::Create, libc::ENOTSUP) => Kind::FeatureDisabled,
        (Op::Create, libc::EACCES) => Kind::KeyNotLoaded,
        (Op::Create, libc::ENXIO) => Kind::PoolNotFound,

        (Op::Create | Op::Clone | Op::CreateSnapshots, libc::E2BIG) => Kind::InvalidProperty,
        (Op::Clone, libc::ENOENT) => Kind::SnapshotNotFound,
        (Op::Clone | Op::Rename, libc::EEXIST) => Kind::DatasetExists,
        (Op::Clone, libc::EINVAL | libc::ERANGE) => Kind::InvalidProperty,
        (Op::Clone, libc::ENOTSUP) => Kind::FeatureDisabled,

        (Op::Promote | Op::Rename | Op::Rollback, libc::ENOENT) => Kind::DatasetNotFound,
        (Op::Promote, libc::EINVAL | libc::ENOTSOCK) => Kind::NotAClone,
        (Op::Promote | Op::RenameSnapshot, libc::EEXIST) => Kind::SnapshotExists,
        (Op::Promote | Op::Rename, libc::EACCES) => Kind::EncryptionRootWouldChange,
        (Op::Rename | Op::RenameSnapshot, libc::EINVAL) => Kind::InvalidName,
        (Op::RenameSnapshot, libc::ENOENT) => Kind::SnapshotNotFound,
        (Op::Rollback, libc::ESRCH) => Kind::SnapshotNotFound,
        (Op::Rollback, libc::EEXIST) => Kind::NotLatestSnapshot,

        (Op::Destroy, libc::ENOENT) => Kind::DatasetNotFound,
        (Op::Destroy, libc::EEXIST) => Kind::HasChildren,

        (Op::CreateSnapshots, libc::ENOENT) => Kind::DatasetNotFound,
        (Op::CreateSnapshots, libc::EEXIST) => Kind::SnapshotExists,
        (Op::CreateSnapshots, libc::EXDEV) => Kind::DuplicateSnapshots,
        (Op::CreateSnapshots, libc::EINVAL) => Kind::InvalidProperty,
        (Op::CreateSnapshots, libc::ENOTSUP) => Kind::FeatureDisabled,

        (Op::DestroySnapshots, libc::ENOENT) => Kind::PoolNotFound,
        (Op::DestroySnapshots, libc::EEXIST) => Kind::SnapshotCloned,
        (Op::DestroySnapshots, libc::EBUSY) => Kind::SnapshotHeld,
        (Op::DestroySnapshots, libc::ENOTSUP) => Kind::FeatureDisabled,

        (Op::ReadRangeSpace, libc::ENOENT) => Kind::SnapshotNotFound,
        (Op::ReadRangeSpace, libc::EINVAL) => Kind::SnapshotMismatch,

        (Op::CreateBookmarks, libc::ENOENT) => Kind::SnapshotNotFound,
        (Op::CreateBookmarks, libc::EEXIST) => Kind::BookmarkExists,
        (Op::CreateBookmarks, libc::ENOTSUP) => Kind::FeatureDisabled,
        (Op::CreateBookmarks | Op::DestroyBookmarks, libc::EINVAL) => Kind::InvalidName,
        (Op::CreateBookmarks | Op::ReadBookmark, libc::ESRCH) => Kind::BookmarkNotFound,

        (Op::DestroyBookmarks, libc::ENOENT) => Kind::PoolNotFound,
        (Op::ReadBookmarks | Op::ReadBookmark | Op::ReadProperties | Op::List, libc::ENOENT) => {
            Kind::DatasetNotFound
        }

        (Op::Hold, libc::ENOENT) => Kind::SnapshotNotFound,
        (Op::Hold, libc::EEXIST) => Kind::HoldExists,
        (Op::Hold | Op::Release, libc::E2BIG) => Kind::NameTooLong,
        (Op::Hold | Op::Release | Op::ReadHolds, libc::ENOTSUP) => Kind::FeatureDisabled,
        (Op::Release, libc::ENOENT | libc::ESRCH) => Kind::HoldNotFound,
        (Op::ReadHolds, libc::ENOENT) => Kind::SnapshotNotFound,

        (Op::LoadKey, libc::EACCES) => Kind::WrongKey,
        (Op::LoadKey, libc::EEXIST) => Kind::KeyAlreadyLoaded,
        (Op::LoadKey | Op::UnloadKey, libc::EINVAL) => Kind::NotEncryptionRoot,
        (Op::LoadKey | Op::UnloadKey, libc::ENOENT) => Kind::DatasetNotFound,
        (Op::UnloadKey | Op::ChangeKey, libc::EACCES) => Kind::KeyNotLoaded,
        (Op::LoadKey | Op::UnloadKey | Op::ChangeKey, libc::ENOTSUP) => Kind::FeatureDisabled,
        (Op::ChangeKey, libc::ENOENT) => Kind::DatasetNotFound,
        (Op::ChangeKey, libc::EINVAL) => Kind::InvalidProperty,

        (Op::RunProgram, libc::ENOENT) => Kind::PoolNotFound,
        (Op::RunProgram, libc::EINVAL) => Kind::InvalidProgramLimit,
        (Op::RunProgram, libc::ECHRNG) => Kind::ProgramFailed,
        (Op::RunProgram, libc::ETIME) => Kind::ProgramInstructionLimit,
        (Op::RunProgram, libc::ENOSPC) => Kind::ProgramMemoryLimit,

        (Op::Send | Op::EstimateSend, libc::ENOENT) => Kind::SnapshotNotFound,
        (Op::Send | Op::EstimateSend, libc::EXDEV) => Kind::NotAnAncestor,
        (Op::Send | Op::EstimateSend, libc::EACCES) => Kind::KeyNotLoaded,
        (Op::Send | Op::EstimateSend, libc::ENOTSUP) => Kind::FeatureDisabled,
        (Op::Send | Op::EstimateSend, libc::ESRCH) => Kind::IncrementalSourceNotFound,
        // The data on disk do not have their checksum.
        (Op::Send | Op::EstimateSend | Op::Redact, libc::EBADE) => Kind::Io,

        (Op::Redact, libc::ENOENT) => Kind::SnapshotNotFound,
        (Op::Redact, libc::EINVAL) => Kind::NotADescendant,
        (Op::Redact, libc::EEXIST) => Kind::BookmarkExists,
        (Op::Redact, libc::ESRCH) => Kind::RedactionDiffers,
        (Op::Redact, libc::EALREADY) => Kind::AlreadyRedacted,
        (Op::Redact, libc::E2BIG) => Kind::TooManySnapshots,
        (Op::Redact, libc::EACCES) => Kind::KeyNotLoaded,
        (Op::Redact, libc::ENOTSUP) => Kind::FeatureDisabled,

        (Op::Receive, libc::ENOENT) => Kind::DatasetNotFound,
        (Op::Receive, libc::EEXIST) => Kind::DatasetExists,
        (Op::Receive, libc::EINVAL | libc::EBADE) => Kind::BadStream,
        (Op::Receive, libc::ENOTSUP) => Kind::StreamFeatureUnsupported,
        (Op::Receive, libc::ENODEV) => Kind::NoMatchingSnapshot,
        (Op::Receive, libc::ETXTBSY) => Kind::DestinationModified,
        (Op::Receive, libc::EACCES) => Kind::KeyNotLoaded,
        (Op::Receive | Op::Heal, libc::E2BIG) => Kind::PayloadTooLarge,

        (Op::Receive | Op::Heal, libc::ECONNRESET | libc::ENOTCONN) => Kind::SourceFailed,
        (Op::Receive | Op::Heal | Op::Send, libc::ETIMEDOUT) => Kind::TimedOut,

        (Op::Heal, libc::ENOENT) => Kind::SnapshotNotFound,
        // Of these the last is a block of another size.
        (Op::Heal, libc::EINVAL | libc::EBADE | libc::ENOTSUP) => Kind::BadStream,
        (Op::Heal, libc::EACCES) => Kind::KeyNotLoaded,

        (Op::SetProperty, libc::EINVAL | libc::ERANGE | libc::ENOENT) => Kind::InvalidProperty,
        (Op::SetProperty, libc::ENOTSUP) => Kind::FeatureDisabled,

        (Op::SetProperties | Op::InheritProperty, libc::ENOENT) => Kind::DatasetNotFound,
        (
            Op::SetProperties | Op::InheritProperty,
            libc::EINVAL | libc::ERANGE | libc::E2BIG | libc::ENAMETOOLONG,
        ) => Kind::InvalidProperty,
        (Op::SetProperties | Op::InheritProperty | Op::SetPoolProperties, libc::ENOTSUP) => {
            Kind::FeatureDisabled
        }
        // Permissions are EPERM.
        (Op::SetProperties | Op::InheritProperty | Op::ReadSpace, libc::EACCES) => {
            Kind::KeyNotLoaded
        }
        (Op::SetPoolProperties, libc::ENOENT) => Kind::PoolNotFound,
        (Op::SetPoolProperties, libc::EINVAL | libc::E2BIG | libc::ENAMETOOLONG) => {
            Kind::InvalidProperty
        }
        (Op::ReadSpace, libc::ENOENT) => Kind::DatasetNotFound,
        (Op::ReadSpace, libc::ENOTSUP) => Kind::NotAccounted,
        // Volumes have no owners.
        (Op::ReadSpace, libc::EINVAL) => Kind::InvalidArgument,
        (Op::ReadWritten, libc::ENOENT) => Kind::DatasetNotFound,
        (Op::ReadWritten, libc::ESRCH) => Kind::BookmarkNotFound,
        (Op::ReadWritten, libc::EINVAL | libc::EXDEV) => Kind::NotAnAncestor,
        (Op::ReadWritten, libc::ENOTSUP) => Kind::FeatureDisabled,

        (Op::CreatePool | Op::ImportPool, libc::EEXIST) => Kind::PoolExists,
        (Op::CreatePool, libc::EINVAL | libc::ERANGE) => Kind::InvalidProperty,
        (Op::CreatePool | Op::AddVdevs, libc::ENOTSUP) => Kind::FeatureDisabled,
        (
            Op::CreatePool | Op::AddVdevs | Op::AttachDevice | Op::ReplaceDevice,
            libc::ENOENT | libc::ENXIO | libc::ENODEV,
        ) => Kind::DeviceNotFound,
        (Op::CreatePool | Op::AddVdevs | Op::AttachDevice | Op::ReplaceDevice, libc::EOVERFLOW) => {
            Kind::DeviceTooSmall
        }
        (
            Op::CreatePool | Op::AddVdevs | Op::AttachDevice | Op::ReplaceDevice | Op::ImportPool,
            libc::EBUSY,
        ) => Kind::DeviceInUse,
        (Op::CreatePool | Op::AddVdevs | Op::AttachDevice | Op::ReplaceDevice, libc::EDOM) => {
            Kind::DeviceBlocksTooLarge
        }
        (Op::AttachDevice | Op::ReplaceDevice, _) if errno == Errno::ZFS_ERR_ASHIFT_MISMATCH => {
            Kind::DeviceBlocksTooLarge
        }
        (Op::AddVdevs | Op::AttachDevice | Op::ReplaceDevice, libc::EINVAL) => Kind::InvalidLayout,
        (Op::AttachDevice | Op::ReplaceDevice | Op::DetachDevice, libc::ENOTSUP) => {
            Kind::VdevNotSupported
        }
        (Op::OnlineDevice | Op::OfflineDevice | Op::RemoveVdev, libc::ENOTSUP) => {
            Kind::VdevNotSupported
        }
        (Op::RemoveVdev, libc::EINVAL) => Kind::VdevNotSupported,
        (
            Op::OnlineDevice
            | Op::OfflineDevice
            | Op::DetachDevice
            | Op::RemoveVdev
            | Op::ClearErrors,
            libc::ENODEV,
        ) => Kind::VdevNotFound,
        (Op::RemoveVdev, libc::ENOENT) => Kind::VdevNotFound,
        (Op::OfflineDevice | Op::DetachDevice, libc::EBUSY) => Kind::NoReplicas,
        (Op::OnlineDevice | Op::OfflineDevice | Op::DetachDevice, libc::ENOENT) => {
            Kind::PoolNotFound
        }
        (Op::ImportPool, libc::ENXIO | libc::ENOENT) => Kind::DevicesMissing,
        (Op::ImportPool, libc::ENOTSUP) => Kind::PoolFeaturesUnsupported,
        (Op::ImportPool, libc::EREMOTEIO) => Kind::PoolActiveElsewhere,
        (Op::ImportPool, libc::EBADF) => Kind::PoolOfOtherHost,
        // The metadata do not have their checksum.
        (Op::ImportPool, libc::EBADE) => Kind::Io,
        (Op::ExportPool, libc::EXDEV) => Kind::SpareShared,
        (Op::ClearErrors, libc::EREMOTEIO) => Kind::PoolActiveElsewhere,
        (Op::FindPools, libc::ENOENT | libc::ENOTDIR) => Kind::DeviceNotFound,
        (
            Op::DestroyPool
            | Op::ExportPool
            | Op::SuspendPool
            | Op::ReadPoolStatus
            | Op::ReadPoolErrors
            | Op::ClearErrors
            | Op::ReadHistory,
            libc::ENOENT,
        ) => Kind::PoolNotFound,
        (Op::ReadEvents, libc::ENOENT) => Kind::InvalidArgument,
        (Op::InjectFault, libc::ENODEV) => Kind::VdevNotFound,
        (Op::Delegate, libc::ENOENT) => Kind::DatasetNotFound,
        (Op::SuspendPool, libc::ETIMEDOUT) => Kind::TimedOut,

        (
            Op::SyncPool
            | Op::ReopenPool
            | Op::ReadPoolProperties
            | Op::CreateCheckpoint
            | Op::DiscardCheckpoint
            | Op::Initialize
            | Op::Trim
            | Op::Scrub
            | Op::Wait
            | Op::ReadBootEnvironment
            | Op::WriteBootEnvironment
            | Op::Prefetch
            | Op::PruneDedupTable,
            libc::ENOENT,
        ) => Kind::PoolNotFound,
        (Op::CreateCheckpoint, libc::ENOTSUP) => Kind::FeatureDisabled,
        (Op::PauseScrub | Op::StopScrub, libc::ENOENT) => Kind::NotRunning,
        (Op::PauseScrub, libc::EBUSY) => Kind::AlreadyPaused,
        (Op::Scrub, libc::EBUSY) => Kind::AlreadyRunning,
        (Op::Scrub, libc::ECANCELED) => Kind::NothingToScrub,
        (Op::Scrub | Op::PruneDedupTable, libc::ENOTSUP) => Kind::FeatureDisabled,
        (Op::PruneDedupTable, libc::EALREADY) => Kind::AlreadyRunning,
        (Op::WaitForDataset, libc::ENOENT) => Kind::DatasetNotFound,
        (Op::WriteBootEnvironment, libc::E2BIG) => Kind::TooLarge,
        // A list that the kernel cannot read.
        (Op::WriteBootEnvironment, libc::EFAULT) => Kind::InvalidArgument,
        (Op::ReadVdevProperties | Op::SetVdevProperty, libc::ENOENT) => Kind::VdevNotFound,
        (Op::ReadVdevProperties, libc::EINVAL) => Kind::VdevNotSupported,
        (Op::SetVdevProperty, libc::ENOTSUP) => Kind::VdevNotSupported,
        (Op::SetVdevProperty, libc::EINVAL) => Kind::InvalidProperty,

        (Op::Mount, libc::EACCES) => Kind::KeyNotLoaded,
        (Op::Mount, libc::ENOENT) => Kind::DatasetNotFound,
        (Op::Unmount, libc::EINVAL | libc::ENOENT) => Kind::NotMounted,
        _ => return None,
    })
}

fn by_errno(errno: Errno) -> Kind {
    match errno {
        Errno::ZFS_ERR_IOC_CMD_UNAVAIL | Errno::ZFS_ERR_IOC_ARG_UNAVAIL => Kind::Unsupported,
        Errno::ZFS_ERR_IOC_ARG_REQUIRED | Errno::ZFS_ERR_IOC_ARG_BADTYPE => Kind::InvalidArgument,
        Errno::ZFS_ERR_CHECKPOINT_EXISTS => Kind::CheckpointExists,
        Errno::ZFS_ERR_DISCARDING_CHECKPOINT => Kind::CheckpointDiscarding,
        Errno::ZFS_ERR_NO_CHECKPOINT => Kind::CheckpointNotFound,
        Errno::ZFS_ERR_DEVRM_IN_PROGRESS => Kind::DeviceRemovalRunning,
        Errno::ZFS_ERR_VDEV_TOO_BIG => Kind::VdevTooLarge,
        Errno::ZFS_ERR_RESILVER_IN_PROGRESS => Kind::ResilverRunning,
        Errno::ZFS_ERR_REBUILD_IN_PROGRESS => Kind::RebuildRunning,
        Errno::ZFS_ERR_VDEV_NOTSUP => Kind::VdevNotSupported,
        Errno::ZFS_ERR_RAIDZ_EXPAND_IN_PROGRESS => Kind::RaidzExpansionRunning,
        Errno::ZFS_ERR_TOO_MANY_SITOUTS => Kind::TooManySitOuts,
        Errno::ZFS_ERR_WRONG_PARENT => Kind::WrongParent,
        Errno::ZFS_ERR_ASHIFT_MISMATCH => Kind::MixedBlockSizes,
        Errno::ZFS_ERR_FROM_IVSET_GUID_MISSING => Kind::IvsetGuidMissing,
        Errno::ZFS_ERR_FROM_IVSET_GUID_MISMATCH => Kind::IvsetGuidMismatch,
        Errno::ZFS_ERR_SPILL_BLOCK_FLAG_MISSING => Kind::SpillBlockFlagMissing,
        Errno::ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE => Kind::UnknownStreamFeature,
        Errno::ZFS_ERR_CRYPTO_NOTSUP => Kind::EncryptionUnsupported,
        Errno::ZFS_ERR_STREAM_LARGE_MICROZAP => Kind::LargeMicrozap,
        Errno::ZFS_ERR_EXPORT_IN_PROGRESS => Kind::ExportInProgress,
        Errno::ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR => Kind::BookmarkSourceNotAncestor,
        Errno::ZFS_ERR_STREAM_TRUNCATED => Kind::StreamTruncated,
        Errno::ZFS_ERR_STREAM_LARGE_BLOCK_MISMATCH => Kind::LargeBlockMismatch,
        Errno::ZFS_ERR_BADPROP => Kind::InvalidProperty,
        Errno::ZFS_ERR_RESUME_EXISTS => Kind::ResumableStateExists,
        other => by_system_errno(other.raw()),
    }
}

fn by_system_errno(raw: i32) -> Kind {
    match raw {
        libc::EPERM => Kind::PermissionDenied,
        libc::EACCES => Kind::PermissionDenied,
        libc::EINTR => Kind::Interrupted,
        libc::EIO | libc::ENXIO => Kind::Io,
        libc::EBADF => Kind::BadDescriptor,
        libc::EAGAIN => Kind::PoolSuspended,
        libc::ENOMEM | libc::EMFILE | libc::ENFILE => Kind::OutOfResources,
        libc::EBUSY => Kind::Busy,
        libc::EXDEV => Kind::PoolsDiffer,
        libc::EINVAL => Kind::InvalidArgument,
        libc::ENOSPC => Kind::NoSpace,
        libc::EDQUOT => Kind::QuotaExceeded,
        libc::EROFS => Kind::ReadOnlyPool,
        libc::EPIPE => Kind::BrokenPipe,
        libc::ENAMETOOLONG => Kind::NameTooLong,
        libc::ENOTSUP | libc::ENOTTY | libc::ENOSYS => Kind::Unsupported,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_means_what_the_call_means_by_it() {
        let kind = |op, raw| classify(op, Errno::new(raw));
        assert_eq!(kind(Op::Create, libc::EEXIST), Kind::DatasetExists);
        assert_eq!(kind(Op::Destroy, libc::EEXIST), Kind::HasChildren);
        assert_eq!(
            kind(Op::DestroySnapshots, libc::EEXIST),
            Kind::SnapshotCloned
        );
        assert_eq!(kind(Op::LoadKey, libc::EACCES), Kind::WrongKey);
        assert_eq!(kind(Op::UnloadKey, libc::EACCES), Kind::KeyNotLoaded);
        assert_eq!(kind(Op::Send, libc::EXDEV), Kind::NotAnAncestor);
        assert_eq!(kind(Op::Hold, libc::EXDEV), Kind::PoolsDiffer);
        assert_eq!(kind(Op::Redact, libc::EXDEV), Kind::PoolsDiffer);
        assert_eq!(kind(Op::Redact, libc::ESRCH), Kind::RedactionDiffers);
        assert_eq!(kind(Op::Redact, libc::EINVAL), Kind::NotADescendant);
        assert_eq!(kind(Op::Receive, libc::E2BIG), Kind::PayloadTooLarge);
        assert_eq!(kind(Op::Redact, libc::E2BIG), Kind::TooManySnapshots);
    }

    #[test]
    fn an_error_of_a_descriptor_is_none_of_the_pool() {
        let kind = |raw| classify_io(Op::Send, Errno::new(raw));
        assert_eq!(kind(libc::EAGAIN), Kind::OutOfResources);
        assert_eq!(kind(libc::EMFILE), Kind::OutOfResources);
        assert_eq!(kind(libc::EINVAL), Kind::Io);
        assert_eq!(kind(libc::EISDIR), Kind::BadDescriptor);
        assert_eq!(kind(libc::ECONNRESET), Kind::BrokenPipe);
        assert_eq!(
            classify_io(Op::Receive, Errno::new(libc::ECONNRESET)),
            Kind::SourceFailed
        );
    }

    #[test]
    fn numbers_of_openzfs_do_not_depend_on_the_call() {
        assert_eq!(
            classify(Op::Receive, Errno::new(1040)),
            Kind::StreamTruncated
        );
        assert_eq!(classify(Op::Create, Errno::new(1033)), Kind::WrongParent);
        assert_eq!(classify(Op::Send, Errno::new(1051)), Kind::LargeMicrozap);
        assert_eq!(classify(Op::Receive, Errno::new(1999)), Kind::Other);
    }
}

//! The kinds of errors, by what a caller would do next, and the operations that meet them.

use std::fmt;

use super::Errno;

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// What was being done when an error occurred.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Operation {
            $($(#[$doc])* $name,)*
        }

        impl fmt::Display for Operation {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

operations! {
    /// Opening `/dev/zfs` and initialising `libzfs_core`.
    Open "open ZFS";
    /// Reading the version of a part of ZFS.
    ReadVersion "read the version of";
    /// Creating a file system or a volume.
    Create "create";
    /// Destroying a dataset, snapshot or partial receive state.
    Destroy "destroy";
    /// Cloning a snapshot.
    Clone "clone";
    /// Promoting a clone.
    Promote "promote";
    /// Renaming a file system or a volume.
    Rename "rename";
    /// Renaming a snapshot.
    RenameSnapshot "rename snapshot";
    /// Rolling a dataset back to a snapshot.
    Rollback "roll back";
    /// Creating snapshots.
    CreateSnapshots "create snapshot";
    /// Destroying snapshots.
    DestroySnapshots "destroy snapshot";
    /// Reading how much space a range of snapshots takes.
    ReadRangeSpace "read the space of";
    /// Creating bookmarks.
    CreateBookmarks "create bookmark";
    /// Listing a dataset's bookmarks.
    ReadBookmarks "read the bookmarks of";
    /// Reading a bookmark.
    ReadBookmark "read the bookmark";
    /// Destroying bookmarks.
    DestroyBookmarks "destroy bookmark";
    /// Holding snapshots.
    Hold "hold";
    /// Releasing holds.
    Release "release";
    /// Reading a snapshot's holds.
    ReadHolds "read the holds of";
    /// Listing datasets, snapshots and bookmarks.
    List "list";
    /// Reading properties.
    ReadProperties "read the properties of";
    /// Loading a key.
    LoadKey "load the key of";
    /// Unloading a key.
    UnloadKey "unload the key of";
    /// Changing a key, or from where a dataset has it.
    ChangeKey "change the key of";
    /// Running a channel program.
    RunProgram "run a channel program on";
    /// Sending a stream.
    Send "send";
    /// Estimating the size of a stream.
    EstimateSend "estimate the send of";
    /// Receiving a stream.
    Receive "receive into";
    /// Mending a snapshot's damaged blocks with a stream.
    Heal "heal";
    /// Making a redaction bookmark.
    Redact "redact";
    /// Listing the imported pools.
    ListPools "list the pools of";
    /// Creating a pool.
    CreatePool "create pool";
    /// Destroying a pool.
    DestroyPool "destroy pool";
    /// Exporting a pool.
    ExportPool "export pool";
    /// Looking for pools that can be imported.
    FindPools "find pools in";
    /// Importing a pool.
    ImportPool "import pool";
    /// Reading a pool's configuration and state.
    ReadPoolStatus "read the status of pool";
    /// Reading which of a pool's data are damaged.
    ReadPoolErrors "read the errors of pool";
    /// Forgetting the errors of a pool, or of one of its vdevs.
    ClearErrors "clear the errors of pool";
    /// Reading a pool's history.
    ReadHistory "read the history of pool";
    /// Reading events.
    ReadEvents "read events of";
    /// Adding vdevs to a pool.
    AddVdevs "add vdevs to pool";
    /// Removing a vdev from a pool.
    RemoveVdev "remove a vdev of pool";
    /// Attaching a device to a vdev.
    AttachDevice "attach a device in pool";
    /// Replacing a device.
    ReplaceDevice "replace a device of pool";
    /// Detaching a device from a mirror.
    DetachDevice "detach a device of pool";
    /// Taking a device online.
    OnlineDevice "take online a device of pool";
    /// Taking a device offline.
    OfflineDevice "take offline a device of pool";
    /// Suspending a pool on purpose, or ending that.
    SuspendPool "suspend pool";
    /// Having a device fail on purpose.
    InjectFault "have a device fail in pool";
    /// Filling a file system on purpose.
    Fill "fill";
    /// Delegating permissions, or taking them back.
    Delegate "delegate permissions on";
    /// Having a pool write what it holds in memory.
    SyncPool "sync pool";
    /// Opening a pool's devices anew.
    ReopenPool "reopen pool";
    /// Reading a pool's properties.
    ReadPoolProperties "read the properties of pool";
    /// Taking a pool's checkpoint.
    CreateCheckpoint "take a checkpoint of pool";
    /// Discarding a pool's checkpoint.
    DiscardCheckpoint "discard the checkpoint of pool";
    /// Initialising vdevs, or suspending, cancelling or forgetting that.
    Initialize "initialize vdevs of pool";
    /// Trimming vdevs, or suspending or cancelling that.
    Trim "trim vdevs of pool";
    /// Reading the properties of a vdev.
    ReadVdevProperties "read the properties of vdev";
    /// Setting a property of a vdev.
    SetVdevProperty "set a property of vdev";
    /// Starting or resuming a scrub.
    Scrub "scrub pool";
    /// Pausing a scrub.
    PauseScrub "pause the scrub of pool";
    /// Stopping a scrub.
    StopScrub "stop the scrub of pool";
    /// Waiting for an activity of a pool.
    Wait "wait for pool";
    /// Waiting for an activity of a dataset.
    WaitForDataset "wait for";
    /// Reading a pool's boot environment.
    ReadBootEnvironment "read the boot environment of pool";
    /// Replacing a pool's boot environment.
    WriteBootEnvironment "write the boot environment of pool";
    /// Loading tables of a pool into memory.
    Prefetch "prefetch a table of pool";
    /// Pruning a deduplication table.
    PruneDedupTable "prune the deduplication table of pool";
    /// Setting a property, or leaving it out of a receive.
    SetProperty "set the property";
    /// Setting properties of a dataset or snapshot.
    SetProperties "set properties of";
    /// Taking back what is set, so that another value holds.
    InheritProperty "take back the property";
    /// Setting properties of a pool.
    SetPoolProperties "set properties of pool";
    /// Reading what users, groups and projects take, or may take.
    ReadSpace "read the space by owner of";
    /// Reading what was written since a snapshot or bookmark.
    ReadWritten "read what was written to";
    /// Mounting a dataset.
    Mount "mount";
    /// Unmounting a dataset.
    Unmount "unmount";
    /// Reading what is mounted.
    ReadMounts "read what is mounted from";
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $errno:expr, $text:literal $(=> $remedy:literal)?;)*) => {
        /// Why an operation failed, by what a caller would do next.
        ///
        /// The same error number means different things to different calls; the kind is what it
        /// means for the call that failed. The number stays readable at
        /// [`Error::errno`](super::Error::errno).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])* $name,)*
        }

        impl ErrorKind {
            /// The error number that stands for this kind where the kernel was not asked.
            pub(crate) fn usual_errno(self) -> Errno {
                Errno::new(match self {
                    $(Self::$name => $errno,)*
                })
            }

            /// What usually helps.
            pub fn remedy(self) -> Option<&'static str> {
                match self {
                    $($(Self::$name => Some($remedy),)?)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for ErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

kinds! {
    /// There is no `/dev/zfs`: the kernel module is not loaded, or not installed.
    ZfsNotAvailable libc::ENOENT, "/dev/zfs is not there" => "load the kernel module: modprobe zfs";
    /// The caller lacks a privilege or a permission delegated with `zfs allow`.
    PermissionDenied libc::EPERM, "permission denied" =>
        "run as root, or have the permission delegated with zfs allow";
    /// The module or library of this OpenZFS release has no such function.
    Unsupported libc::ENOTSUP, "not supported by this OpenZFS release";
    /// The pool lacks a feature that this needs.
    FeatureDisabled libc::ENOTSUP, "the pool lacks a feature that this needs" =>
        "enable it with zpool set feature@NAME=enabled, or zpool upgrade";

    /// The pool does not exist or is not imported.
    PoolNotFound libc::ENOENT, "no such pool";
    /// The file system or volume does not exist.
    DatasetNotFound libc::ENOENT, "no such dataset";
    /// The dataset that the new one would be in does not exist.
    ParentNotFound libc::ENOENT, "the parent dataset does not exist";
    /// The parent is a volume, which can have no children.
    WrongParent Errno::ZFS_ERR_WRONG_PARENT.raw(), "the parent is not a file system";
    /// The snapshot does not exist.
    SnapshotNotFound libc::ENOENT, "no such snapshot";
    /// The snapshot or bookmark that an incremental send starts from does not exist.
    IncrementalSourceNotFound libc::ENOENT, "the incremental source does not exist";
    /// The bookmark does not exist.
    BookmarkNotFound libc::ENOENT, "no such bookmark";
    /// The snapshot has no hold with this tag.
    HoldNotFound libc::ENOENT, "no such hold";
    /// A dataset of this name exists.
    DatasetExists libc::EEXIST, "dataset exists already";
    /// A snapshot of this name exists.
    SnapshotExists libc::EEXIST, "snapshot exists already";
    /// A bookmark of this name exists.
    BookmarkExists libc::EEXIST, "bookmark exists already";
    /// The snapshot is held with this tag already.
    HoldExists libc::EEXIST, "held with this tag already";
    /// A pool of this name exists.
    PoolExists libc::EEXIST, "pool exists already";

    /// There is no such device or file.
    DeviceNotFound libc::ENOENT, "no such device or file";
    /// A device or file is part of a pool, imported or not, or something else uses it or is on it.
    DeviceInUse libc::EBUSY, "a device is in use" =>
        "take another, or use force_overwrite() if what is on it may be lost";
    /// A device or file has less than 64 MiB, or less than what it is to replace.
    DeviceTooSmall libc::EOVERFLOW, "a device is too small";
    /// A device's blocks are larger than those of the vdev that it is to be part of; or than the
    /// 64 KiB that ZFS can do with, but Linux has no such devices.
    DeviceBlocksTooLarge libc::EDOM, "a device's blocks are too large for the vdev";
    /// A pool cannot have such vdevs: too few devices for their kind, a device twice, a log that is
    /// no mirror, or nothing that data can be on.
    InvalidLayout libc::EINVAL, "no layout of vdevs that a pool can have";
    /// The vdevs do not survive the same, or have devices of different sizes.
    MixedRedundancy libc::EINVAL, "the vdevs differ in redundancy or size" =>
        "make them alike, or allow it with allow_mixed_redundancy()";
    /// The smallest blocks of a vdev to add are not those of the pool's other vdevs.
    MixedBlockSizes Errno::ZFS_ERR_ASHIFT_MISMATCH.raw(), "the smallest blocks differ from those of the pool's vdevs" =>
        "give ashift() that of the others, or allow it with allow_mixed_block_sizes()";
    /// What is left would not have all data.
    NoReplicas libc::EBUSY, "no other device has the same data";
    /// A spare of the pool is in use that another pool has, too.
    SpareShared libc::EXDEV, "a spare is in use that another pool shares" =>
        "replace the device that it stands for, or use force_export_pool()";
    /// Another host was the last to use the pool, and did not export it.
    PoolOfOtherHost libc::EBADF, "the pool was last used by another host, which did not export it" =>
        "export it there, or import it with force_from_other_host() if that host is down";
    /// Another host has the pool imported now, as its property `multihost` tells, or this host has
    /// no number, which that property needs.
    PoolActiveElsewhere libc::EREMOTEIO, "the pool is imported on another host" =>
        "export it there";
    /// The pool was destroyed.
    PoolDestroyed libc::ENOENT, "the pool was destroyed" =>
        "import it with force_destroyed() if it is to be had back";
    /// Devices of the pool are missing without which it cannot be imported.
    DevicesMissing libc::ENXIO, "devices of the pool are missing" => "search where they are, too";
    /// The pool has features that the module does not have.
    PoolFeaturesUnsupported libc::ENOTSUP, "the pool has features that are not known here" =>
        "import it with a newer OpenZFS";
    /// The pool has features that the module does not have, and that only writing to it needs.
    PoolFeaturesReadOnly libc::ENOTSUP, "writing to the pool needs features that are not known here" =>
        "import it read-only, or with a newer OpenZFS";
    /// Several pools have the name.
    AmbiguousPool libc::EINVAL, "several pools have this name" => "choose one by its GUID";

    /// The pool has no such vdev.
    VdevNotFound libc::ENODEV, "the pool has no such vdev";

    /// The name is not one that ZFS allows, or is kept for ZFS's own use.
    InvalidName libc::EINVAL, "invalid name";
    /// The name is longer than 255 bytes, or a tag longer than there is room for.
    NameTooLong libc::ENAMETOOLONG, "name too long";
    /// Nobody counts what users, groups or projects take: the file system is of an old version, or
    /// the pool lacks a feature.
    NotAccounted libc::ENOTSUP, "space is not accounted by owner" =>
        "zfs upgrade the file system, or enable the pool's feature userobj_accounting or project_quota";
    /// A property has a name, a type or a value that is not allowed here.
    InvalidProperty libc::EINVAL, "invalid property";
    /// An argument is not allowed, and the kernel does not say which.
    InvalidArgument libc::EINVAL, "invalid argument";
    /// What is to be stored has more bytes than there is room for.
    TooLarge libc::E2BIG, "too large";
    /// The items of one call are in different pools.
    PoolsDiffer libc::EXDEV, "not all in the same pool";
    /// One call was to make several snapshots of one dataset.
    DuplicateSnapshots libc::EXDEV, "more than one snapshot of one dataset";

    /// The snapshot is held, so that it cannot be destroyed.
    SnapshotHeld libc::EBUSY, "snapshot is held" => "release its holds first";
    /// The snapshot has clones, so that it cannot be destroyed.
    SnapshotCloned libc::EEXIST, "snapshot has clones" => "destroy or promote the clones first";
    /// The dataset has children or snapshots, so that it cannot be destroyed alone.
    HasChildren libc::EEXIST, "dataset has children or snapshots" => "destroy those first";
    /// There are snapshots or bookmarks that are newer than what would be rolled back to.
    NotLatestSnapshot libc::EEXIST, "newer snapshots or bookmarks exist" =>
        "destroy those first if they may be lost";
    /// The snapshot is not one of the dataset, or not the earlier of the two.
    SnapshotMismatch libc::EINVAL, "not an earlier snapshot of the same dataset";
    /// The dataset is not a clone.
    NotAClone libc::EINVAL, "dataset is not a clone";
    /// The dataset is mounted, open, or busy with another send or receive.
    Busy libc::EBUSY, "dataset is busy" => "unmount or close it, or wait for what uses it";

    /// The file system is mounted already.
    AlreadyMounted libc::EBUSY, "mounted already";
    /// The file system is not mounted.
    NotMounted libc::EINVAL, "not mounted";
    /// The dataset is a volume, which cannot be mounted.
    NotAFileSystem libc::EINVAL, "not a file system";
    /// The file system's `mountpoint` is `none` or `legacy`.
    NoMountpoint libc::EINVAL, "the file system has no mount point" =>
        "say where with MountBuilder::at";
    /// The file system is not to be mounted: `canmount` is off, or it is incomplete.
    CannotMount libc::EINVAL, "the file system cannot be mounted";
    /// The directory has entries, and the file system's `overlay` is off.
    MountpointNotEmpty libc::ENOTEMPTY, "the mount point is not empty";
    /// The mount point is no directory, or cannot be made.
    MountpointUnusable libc::ENOTDIR, "the mount point cannot be used";
    /// The environment has libzfs start a program, which this crate does not.
    WouldStartProgram libc::EPERM, "a program would be started" => "unset ZFS_MOUNT_HELPER";

    /// The dataset is not encrypted.
    NotEncrypted libc::EINVAL, "dataset is not encrypted";
    /// The dataset has its key from another one, its encryption root.
    NotEncryptionRoot libc::EINVAL, "dataset is not an encryption root" =>
        "use its encryption root, the property encryptionroot";
    /// The dataset is an encryption root, with a key of its own.
    IsEncryptionRoot libc::EINVAL, "dataset is an encryption root";
    /// The dataset is a clone, whose key is always its origin's.
    KeyOfClone libc::EINVAL, "a clone has its origin's key" =>
        "change the key of its origin, or promote it";
    /// The dataset was received, and the next raw incremental stream would undo the change of its
    /// key.
    KeyOfReplica libc::EINVAL, "a raw incremental stream would undo the change of a replica's key" =>
        "change the key where the stream comes from, or see ChangeKey::even_if_replica";
    /// The key that is loaded does not fit the dataset, or one below that has it too, since a raw
    /// stream was received. The kernel would panic over a change of that key.
    LoadedKeyMismatch libc::EACCES, "the key that is loaded does not fit" =>
        "unload it; Zfs::inherit_key_even_if_replica tells the way out";
    /// The dataset that the key is to be inherited from is not encrypted.
    ParentNotEncrypted libc::EINVAL, "the parent dataset is not encrypted";
    /// The key that is to be inherited is not loaded.
    ParentKeyNotLoaded libc::EACCES, "the parent dataset's key is not loaded" => "load it first";
    /// The dataset has its key from its encryption root, and would come under another one.
    EncryptionRootWouldChange libc::EACCES, "the encryption root would be another one" =>
        "give it, or the origin, a key of its own first";
    /// The dataset's key is not loaded.
    KeyNotLoaded libc::EACCES, "key is not loaded" => "load it first, or send raw";
    /// The dataset's key is loaded already.
    KeyAlreadyLoaded libc::EEXIST, "key is loaded already";
    /// The key is not the dataset's.
    WrongKey libc::EACCES, "wrong key";
    /// The environment variable `ZFS_IOC_TRACE` is set, with which `libzfs_core` (since 2.3) prints
    /// every request to standard error, keys among them.
    KeyWouldShow libc::EPERM, "the key would be printed" => "unset ZFS_IOC_TRACE";
    /// The dataset's `keylocation` is none that a key is read from here.
    KeyLocationUnsupported libc::ENOTSUP, "no key is read from the dataset's keylocation" =>
        "load the key from memory";
    /// The file that the dataset's `keylocation` names does not exist.
    KeyFileNotFound libc::ENOENT, "the key's file does not exist";
    /// The file that the dataset's `keylocation` names cannot be read.
    KeyFileUnreadable libc::EACCES, "the key's file cannot be read";
    /// The key has the wrong length or is of another format than the dataset's.
    InvalidKey libc::EINVAL, "invalid key";

    /// The channel program is not valid Lua. Nothing of it was run.
    ProgramSyntax libc::EINVAL, "the channel program has a syntax error";
    /// The channel program ended with an error. What it had changed by then stays changed.
    ProgramFailed libc::ECHRNG, "the channel program failed";
    /// The channel program executed as many instructions as it may. What it had changed by then
    /// stays changed.
    ProgramInstructionLimit libc::ETIME, "the channel program reached its instruction limit" =>
        "see what it had done by then before it is run again with a higher limit";
    /// The channel program needs more memory than it may. What it had changed by then stays
    /// changed.
    ProgramMemoryLimit libc::ENOSPC, "the channel program reached its memory limit" =>
        "see what it had done by then before it is run again with a higher limit";
    /// The channel program ran to its end, and what it returned is larger than its memory limit.
    ProgramResultTooLarge libc::ENOMEM, "the channel program's result is too large";
    /// A limit of a channel program is none that the kernel accepts. Nothing of it was run.
    InvalidProgramLimit libc::EINVAL, "invalid limit for a channel program";

    /// No space in the pool, or on the file system that the stream is written to.
    NoSpace libc::ENOSPC, "no space left";
    /// A quota would be exceeded.
    QuotaExceeded libc::EDQUOT, "quota exceeded";
    /// The pool is imported read-only.
    ReadOnlyPool libc::EROFS, "pool is read-only";
    /// The pool is suspended after I/O failures.
    PoolSuspended libc::EAGAIN, "pool is suspended" => "bring its devices back and run zpool clear";
    /// An I/O error.
    Io libc::EIO, "input/output error";

    /// The descriptor is closed, not open in the direction needed, or of no use for a stream.
    BadDescriptor libc::EBADF, "descriptor does not suit";
    /// The reader of the stream went away.
    BrokenPipe libc::EPIPE, "the reader of the stream went away";
    /// Where the stream came from broke off: the connection was reset.
    SourceFailed libc::ECONNRESET, "the stream's source broke off" =>
        "resume from the receive_resume_token if the receive was resumable, or send again";
    /// A signal ended the transfer, the wait or the channel program, or had a stream sent twice. What was
    /// sent, received or changed before stays as it is.
    Interrupted libc::EINTR, "interrupted";
    /// The incremental source is no ancestor of the snapshot to send.
    NotAnAncestor libc::EXDEV, "the incremental source is no earlier snapshot of the same dataset";

    /// A redaction snapshot is not one of a clone of the snapshot that is redacted.
    NotADescendant libc::EINVAL, "a redaction snapshot is no descendant of the snapshot";
    /// One of the snapshots is redacted itself.
    AlreadyRedacted libc::EALREADY, "a snapshot is redacted itself";
    /// There is such a redaction bookmark, and it was made with other snapshots.
    RedactionDiffers libc::ESRCH, "the redaction bookmark exists with other redaction snapshots" =>
        "take another name, or destroy it first";
    /// More snapshots than a redaction bookmark has room for.
    TooManySnapshots libc::E2BIG, "too many redaction snapshots" =>
        "enable the pool's feature redaction_list_spill, which OpenZFS 2.3 has";
    /// The bookmark is an ordinary one, or the redaction bookmark of another snapshot.
    NotRedactionBookmark libc::EINVAL, "not a redaction bookmark of the snapshot";
    /// Making the redaction bookmark was interrupted, so that it does not know of all that is to be
    /// left out.
    RedactionIncomplete libc::EINVAL, "the redaction bookmark is incomplete" =>
        "redact again with the same snapshots";
    /// The dataset has a directory that only a stream with large blocks can hold (since 2.3).
    LargeMicrozap Errno::ZFS_ERR_STREAM_LARGE_MICROZAP.raw(),
        "the dataset's directories need a stream with large blocks" =>
        "send with SendFlags::LARGE_BLOCKS, or raw";
    /// Nothing is left of an interrupted receive.
    NoPartialReceive libc::EINVAL, "there is no partial receive";
    /// What is encrypted here would be sent in plain text.
    WouldDecrypt libc::EACCES, "the plain text of an encrypted dataset would be sent";

    /// The time limit of the caller's own descriptor ran out (`SO_RCVTIMEO`, `SO_SNDTIMEO`).
    TimedOut libc::ETIMEDOUT, "the descriptor's time limit ran out";

    /// The transfer's [`TransferControl`](crate::TransferControl) was cancelled.
    Cancelled libc::ECANCELED, "cancelled";
    /// No byte of the stream moved for as long as the transfer's
    /// [`TransferControl`](crate::TransferControl) allows.
    Stalled libc::ETIME, "no byte moved for too long" =>
        "resume from the receive_resume_token if the receive was resumable, or send again";
    /// The transfer was cancelled or stalled, and the kernel has not given it up within the second
    /// that it has for that. Its thread waits for the kernel; what has become of the transfer is
    /// known when nothing is busy with the dataset any more.
    StillRunning libc::EINPROGRESS, "stopped, but the kernel has not given it up yet" =>
        "see whether the pool is suspended";

    /// The stream has no byte.
    EmptyStream libc::EIO, "the stream is empty" => "see why its sender wrote nothing";
    /// The stream ended before its end record.
    StreamTruncated Errno::ZFS_ERR_STREAM_TRUNCATED.raw(), "the stream ended early" =>
        "resume from the receive_resume_token if the receive was resumable, or send again";
    /// What was read is no ZFS send stream.
    NotAStream libc::EINVAL, "not a ZFS send stream";
    /// The stream is a package (`zfs send -R`, `-p` or `-I`), which holds several streams.
    PackageStream libc::EINVAL, "the stream is a package of several streams" =>
        "receive it with Zfs::receive_package, or send without -R, -p and -I";
    /// The stream is a single one, where a package is wanted.
    NotAPackage libc::EINVAL, "the stream is a single one, and no package" =>
        "receive it with Zfs::receive";
    /// The stream is damaged, or does not fit what it is received into.
    BadStream libc::EBADE, "the stream is damaged or does not fit here";
    /// The stream has a feature that the receiving module or pool does not have.
    StreamFeatureUnsupported libc::ENOTSUP, "the stream needs a feature that is not supported here" =>
        "upgrade the receiving pool, or send without that feature";
    /// The stream has a feature that the receiving module has never heard of.
    UnknownStreamFeature Errno::ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE.raw(),
        "the stream has a feature that is not known here" => "receive it with a newer OpenZFS";
    /// The stream is encrypted in a way that the receiving module does not know.
    EncryptionUnsupported Errno::ZFS_ERR_CRYPTO_NOTSUP.raw(),
        "the stream's encryption is not known here" => "receive it with a newer OpenZFS";
    /// The stream's first record says that more follows it than a receiver has room for, which is
    /// 64 MiB or, if the machine has little memory, less.
    PayloadTooLarge libc::E2BIG, "the payload of the stream's first record is too large";
    /// The stream is of a clone, and it was not said which snapshot here is the clone's origin.
    OriginNeeded libc::EINVAL, "the stream is of a clone, whose origin was not given" =>
        "name the snapshot here that it builds on, with origin()";
    /// A raw stream and a dataset that is not encrypted, or the other way round; or a key for a
    /// stream that makes no new dataset.
    EncryptionMismatch libc::EINVAL, "the stream's encryption does not fit the destination";
    /// What is redacted in the destination is not what the stream goes on from.
    RedactionMismatch libc::EINVAL, "the stream's redaction does not fit the destination";
    /// The stream resumes another one than that of which there is a part.
    ResumeMismatch libc::EINVAL, "the stream does not resume what was received here" =>
        "send from the destination's receive_resume_token";
    /// The stream is not of the snapshot that is to be healed.
    WrongSnapshot libc::ENOTSUP, "the stream is of another snapshot";
    /// The receiving dataset has no snapshot that the stream could build on.
    NoMatchingSnapshot libc::ENODEV, "the destination's newest snapshot is not the stream's base";
    /// The receiving dataset was changed since its newest snapshot.
    DestinationModified libc::ETXTBSY, "the destination was modified since its newest snapshot" =>
        "roll it back if the changes may be lost";
    /// The receiving dataset holds the state of a resumable receive, which was interrupted or is
    /// still running.
    ResumableStateExists Errno::ZFS_ERR_RESUME_EXISTS.raw(), "a partial receive exists" =>
        "resume it from its receive_resume_token, or discard it";
    /// The base lacks the GUID that raw incremental streams need.
    IvsetGuidMissing Errno::ZFS_ERR_FROM_IVSET_GUID_MISSING.raw(),
        "the incremental source has no IV set GUID" =>
        "send from a snapshot or a bookmark of version 2";
    /// The base on the receiver is not the one that the raw stream was made from.
    IvsetGuidMismatch Errno::ZFS_ERR_FROM_IVSET_GUID_MISMATCH.raw(),
        "the IV set GUID of the destination's snapshot does not match";
    /// The stream lacks a flag that the dataset's earlier streams had.
    SpillBlockFlagMissing Errno::ZFS_ERR_SPILL_BLOCK_FLAG_MISSING.raw(),
        "the stream lacks the spill block flag that its base has";
    /// The stream was sent with another large-block setting than its base.
    LargeBlockMismatch Errno::ZFS_ERR_STREAM_LARGE_BLOCK_MISMATCH.raw(),
        "the stream's large-block setting differs from its base's";
    /// The bookmark's source is no ancestor of it.
    BookmarkSourceNotAncestor Errno::ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR.raw(),
        "the bookmark's source is not an ancestor of it";
    /// Text that is no resume token, or one that asks for something else.
    InvalidResumeToken libc::EINVAL, "invalid resume token";

    /// What was to be started is running already, or something that excludes it.
    AlreadyRunning libc::EBUSY, "is running already";
    /// What was to be stopped, paused or suspended is not running.
    NotRunning libc::ESRCH, "is not running";
    /// The scrub is paused already.
    AlreadyPaused libc::EBUSY, "is paused already";
    /// No error is known in the pool, so that there is none to scrub.
    NothingToScrub libc::ECANCELED, "the pool has no known errors to scrub";
    /// A resilver is running.
    ResilverRunning Errno::ZFS_ERR_RESILVER_IN_PROGRESS.raw(), "a resilver is running" =>
        "wait for it to end";
    /// A sequential resilver, a rebuild, is running.
    RebuildRunning Errno::ZFS_ERR_REBUILD_IN_PROGRESS.raw(), "a rebuild is running" =>
        "wait for it to end";
    /// A device is being removed from the pool.
    DeviceRemovalRunning Errno::ZFS_ERR_DEVRM_IN_PROGRESS.raw(), "a device is being removed" =>
        "wait for it to end";
    /// A RAID-Z vdev is being expanded.
    RaidzExpansionRunning Errno::ZFS_ERR_RAIDZ_EXPAND_IN_PROGRESS.raw(),
        "a RAID-Z expansion is running" => "wait for it to end";
    /// The pool has a checkpoint, and can have only one.
    CheckpointExists Errno::ZFS_ERR_CHECKPOINT_EXISTS.raw(), "the pool has a checkpoint" =>
        "discard it first";
    /// The pool has no checkpoint.
    CheckpointNotFound Errno::ZFS_ERR_NO_CHECKPOINT.raw(), "the pool has no checkpoint";
    /// The pool's checkpoint is being discarded.
    CheckpointDiscarding Errno::ZFS_ERR_DISCARDING_CHECKPOINT.raw(),
        "the pool's checkpoint is being discarded" => "wait for it to end";
    /// The vdev is no leaf: no device or file, but made of others.
    VdevNotLeaf libc::EINVAL, "the vdev is no device or file";
    /// The vdev cannot be written to: it is offline, faulted, or gone.
    VdevNotWritable libc::EROFS, "the vdev cannot be written to";
    /// The vdev, or the device behind it, does not have what this needs.
    VdevNotSupported Errno::ZFS_ERR_VDEV_NOTSUP.raw(), "the vdev does not support this";
    /// A vdev is too large for this.
    VdevTooLarge Errno::ZFS_ERR_VDEV_TOO_BIG.raw(), "a vdev is too large for this";
    /// As many vdevs of the group sit out as its parity allows.
    TooManySitOuts Errno::ZFS_ERR_TOO_MANY_SITOUTS.raw(), "too many vdevs of the group sit out";

    /// The pool is being exported.
    ExportInProgress Errno::ZFS_ERR_EXPORT_IN_PROGRESS.raw(), "the pool is being exported";
    /// No memory, thread or descriptor is to be had, or an answer is too large.
    OutOfResources libc::ENOMEM, "out of memory, threads or descriptors";
    /// The kernel's answer is not of the form that this crate knows.
    UnexpectedAnswer libc::EIO, "unexpected answer from the kernel";
    /// None of the others; the error number tells what there is to know.
    Other libc::EIO, "failed";
}

//! Changing keys, and from where datasets have them.

use super::{check_encryption_root, new_wrapping_key};
use crate::dataset::Dataset;
use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::ffi::KeyCommand;
use crate::handle::Zfs;
use crate::key::{Key, KeyLocation, WrappingKey};
use crate::name::DatasetName;
use crate::nvlist::NvList;
use crate::property::{self, Encryption, KeyStatus};

impl Zfs {
    /// Begins to give a dataset a new key; see [`ChangeKey`].
    ///
    /// It becomes an encryption root if it is none, and the datasets below it that have their key
    /// from it, or from where it had its own, have the new one from now on. The data is not written
    /// again: it stays encrypted with the dataset's master key, and what is written again is that,
    /// encrypted with the new key. So whoever has an old key and an old copy of the pool's blocks
    /// (a raw send, a pool's checkpoint, a disk that was replaced) can still read all the data, that
    /// written later too.
    ///
    /// Snapshots have no key of their own; the new one is for them as well.
    ///
    /// The key of a replica is not changed unless that is [asked
    /// for](ChangeKey::even_if_replica).
    #[doc(alias = "lzc_change_key")]
    #[doc(alias = "DCP_CMD_NEW_KEY")]
    pub fn change_key(&self, dataset: &DatasetName, key: Key) -> ChangeKey {
        ChangeKey {
            zfs: self.clone(),
            dataset: dataset.clone(),
            key,
            iters: None,
            location: None,
            even_if_replica: false,
        }
    }

    /// Gives an encryption root the key that its parent has, so that it is none any more, and the
    /// datasets that inherit from it. Both keys have to be loaded. The property `keylocation` goes.
    ///
    /// A replica is refused: see
    /// [`inherit_key_even_if_replica`](Self::inherit_key_even_if_replica).
    ///
    /// Needs the permission `change-key`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::DatasetNotFound`], [`ErrorKind::NotEncrypted`],
    ///   [`ErrorKind::NotEncryptionRoot`]: it inherits already;
    /// * [`ErrorKind::ParentNotEncrypted`]: so it is for a pool's root dataset too;
    /// * [`ErrorKind::KeyNotLoaded`], [`ErrorKind::ParentKeyNotLoaded`];
    /// * [`ErrorKind::KeyOfReplica`], recognised as
    ///   [`even_if_replica`](ChangeKey::even_if_replica) says;
    /// * [`ErrorKind::LoadedKeyMismatch`], as for [`ChangeKey::run`];
    /// * [`ErrorKind::KeyOfClone`], [`ErrorKind::FeatureDisabled`], [`ErrorKind::ReadOnlyPool`],
    ///   [`ErrorKind::NoSpace`], [`ErrorKind::PermissionDenied`]
    #[doc(alias = "lzc_change_key")]
    #[doc(alias = "DCP_CMD_INHERIT")]
    pub fn inherit_key(&self, root: &DatasetName) -> Result<()> {
        check_has_parent(root)?;
        let dataset = self.dataset_to_change(root)?;
        if dataset.encryption_root()?.as_ref() == Some(root) {
            self.check_no_replica(&dataset)?;
        }
        self.inherit_checked(&dataset)
    }

    /// As [`inherit_key`](Self::inherit_key), of a replica too.
    ///
    /// The next raw incremental stream that is received then **locks the replica out**: as
    /// [`even_if_replica`](ChangeKey::even_if_replica) says, it brings the sender's key with it,
    /// while the replica goes on to have its key from its parent. So it is on 2.1, 2.3 and 2.4: the
    /// receive succeeds, and what is open goes on to work; but once the parent's key was unloaded
    /// and loaded again, the replica cannot be mounted or read (`EACCES`), though its `keystatus`
    /// is `available`, and no key can be loaded for it. A change of the parent's key has the kernel
    /// panic then, which [`change_key`](Self::change_key) looks out for and `zfs change-key` does
    /// not.
    ///
    /// The way out is, with the parent's key unloaded,
    /// [`force_encryption_root_without_rewrap`](Self::force_encryption_root_without_rewrap), and
    /// then the sender's key.
    ///
    /// # Errors
    ///
    /// As for [`inherit_key`](Self::inherit_key), but for [`ErrorKind::KeyOfReplica`].
    #[doc(alias = "lzc_change_key")]
    pub fn inherit_key_even_if_replica(&self, root: &DatasetName) -> Result<()> {
        check_has_parent(root)?;
        self.inherit_checked(&self.dataset_to_change(root)?)
    }

    fn inherit_checked(&self, dataset: &Dataset) -> Result<()> {
        self.check_keys_below(dataset)?;
        self.run_key_command(dataset.name(), KeyCommand::Inherit, None)
    }

    /// Writes down that a dataset is an encryption root, **without encrypting its master key
    /// anew**: its key is what that of its former encryption root was when the two were last
    /// encrypted together.
    ///
    /// This is a part of receiving raw streams, to make the copies' encryption roots those that the
    /// sender has. Nothing is lost as long as the key is known that the dataset has inherited so
    /// far: with that it is loaded from now on, by itself. A [`change_key`](Self::change_key) of
    /// the former root does not reach it any more.
    ///
    /// Its `keylocation` becomes `prompt`.
    ///
    /// The key of its former encryption root must not be loaded: what is mounted would go on to use
    /// it, and a later change of that key would have the kernel use memory that it has freed. This
    /// is checked before; whoever else loads the key at the same moment is not kept from it.
    ///
    /// Needs the permission `change-key`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DatasetNotFound`], [`ErrorKind::KeyAlreadyLoaded`],
    /// [`ErrorKind::NotEncrypted`], [`ErrorKind::IsEncryptionRoot`], [`ErrorKind::KeyOfClone`],
    /// [`ErrorKind::FeatureDisabled`], [`ErrorKind::ReadOnlyPool`], [`ErrorKind::NoSpace`],
    /// [`ErrorKind::PermissionDenied`]
    #[doc(alias = "lzc_change_key")]
    #[doc(alias = "DCP_CMD_FORCE_NEW_KEY")]
    pub fn force_encryption_root_without_rewrap(&self, dataset: &DatasetName) -> Result<()> {
        let of = self.dataset_to_change(dataset)?;
        // The kernel refuses one that is an encryption root already.
        if of.encryption_root()?.as_ref() != Some(dataset) {
            check_key_unloaded(&of)?;
        }
        self.run_key_command(dataset, KeyCommand::ForceNew, None)
    }

    /// Writes down that an encryption root has its key from its parent, **without encrypting its
    /// master key with that**. Can make the data unreadable, and the kernel halt.
    ///
    /// This is a part of receiving raw streams, where the parent's copy has the very key that the
    /// dataset has too. If the two keys are not the same 32 bytes,
    ///
    /// * the dataset and those that inherit from it cannot be read: no key can be loaded for them,
    ///   and the parent's does not fit. What makes them readable again is, with the parent's key
    ///   unloaded,
    ///   [`force_encryption_root_without_rewrap`](Self::force_encryption_root_without_rewrap) and
    ///   then the key that the dataset had before;
    /// * a [`change_key`](Self::change_key) or [`inherit_key`](Self::inherit_key) of the dataset
    ///   that it now inherits from, or a promotion there, runs into an assertion of the kernel
    ///   module: the pool hangs, and the machine has to be restarted.
    ///
    /// Two keys that come from the same passphrase are not the same: each has a salt of its own.
    /// The property `keylocation` goes.
    ///
    /// Its key must not be loaded: the kernel would forget it while what is mounted uses it. This
    /// is checked before; whoever else loads the key at the same moment is not kept from it.
    ///
    /// Needs the permission `change-key`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DatasetNotFound`], [`ErrorKind::KeyAlreadyLoaded`],
    /// [`ErrorKind::NotEncrypted`], [`ErrorKind::NotEncryptionRoot`],
    /// [`ErrorKind::ParentNotEncrypted`], [`ErrorKind::KeyOfClone`],
    /// [`ErrorKind::FeatureDisabled`], [`ErrorKind::ReadOnlyPool`], [`ErrorKind::NoSpace`],
    /// [`ErrorKind::PermissionDenied`]
    #[doc(alias = "lzc_change_key")]
    #[doc(alias = "DCP_CMD_FORCE_INHERIT")]
    pub fn force_inherit_key_without_rewrap(&self, root: &DatasetName) -> Result<()> {
        check_has_parent(root)?;
        let dataset = self.dataset_to_change(root)?;
        check_encryption_root(Operation::ChangeKey, &dataset)?;
        check_key_unloaded(&dataset)?;
        self.run_key_command(root, KeyCommand::ForceInherit, None)
    }

    pub(super) fn dataset_to_change(&self, name: &DatasetName) -> Result<Dataset> {
        self.dataset(name)
            .map_err(|error| error.with_operation(Operation::ChangeKey))
    }

    fn run_key_command(
        &self,
        name: &DatasetName,
        command: KeyCommand,
        new: Option<(&NvList, &WrappingKey)>,
    ) -> Result<()> {
        tracing::debug!(dataset = %name, ?command, "change key");
        let changed = self.library().change_key(name.as_str(), command, new);
        self.recorded(Operation::ChangeKey, name, changed)
            .map_err(|errno| {
                let error = Error::from_errno(Operation::ChangeKey, name.as_str(), errno);
                match self.why_no_change(name, command, errno) {
                    Ok(Some(kind)) => error.with_kind(kind),
                    // What it is now does not tell why it failed.
                    _ => error,
                }
            })
    }

    /// The kernel has one number for several reasons; the datasets know which it was.
    fn why_no_change(
        &self,
        name: &DatasetName,
        command: KeyCommand,
        errno: Errno,
    ) -> Result<Option<ErrorKind>> {
        if !matches!(errno.raw(), libc::EINVAL | libc::EACCES) {
            return Ok(None);
        }
        let dataset = self.dataset(name)?;
        let is_root = dataset.encryption_root()?.as_ref() == Some(name);
        let inherit = matches!(command, KeyCommand::Inherit | KeyCommand::ForceInherit);
        Ok(match errno.raw() {
            libc::EACCES if dataset.key_status()? == KeyStatus::Unavailable => {
                Some(ErrorKind::KeyNotLoaded)
            }
            libc::EACCES if inherit => Some(ErrorKind::ParentKeyNotLoaded),
            libc::EACCES => None,
            _ if dataset.encryption()? == Encryption::Off => Some(ErrorKind::NotEncrypted),
            _ if dataset.get(&property::ORIGIN)?.is_some() => Some(ErrorKind::KeyOfClone),
            _ if inherit && !is_root => Some(ErrorKind::NotEncryptionRoot),
            _ if inherit => Some(ErrorKind::ParentNotEncrypted),
            _ if command == KeyCommand::ForceNew && is_root => Some(ErrorKind::IsEncryptionRoot),
            _ => None,
        })
    }
}

/// A dataset about to get a new key; [`run`](Self::run) changes it.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// use libzfs::Key;
///
/// let key = Key::passphrase("battery staple")?;
/// zfs.change_key(&"tank/prod".parse()?, key)
///     .key_location("prompt")
///     .run()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "no key is changed before run()"]
pub struct ChangeKey {
    zfs: Zfs,
    dataset: DatasetName,
    key: Key,
    iters: Option<u64>,
    location: Option<String>,
    even_if_replica: bool,
}

impl ChangeKey {
    /// With how many PBKDF2 iterations the key is derived from a passphrase;
    /// [`DEFAULT_PBKDF2_ITERS`](crate::key::DEFAULT_PBKDF2_ITERS) unless this is called. Raw and hex keys have none.
    #[doc(alias = "pbkdf2iters")]
    pub fn pbkdf2_iters(mut self, iters: u64) -> Self {
        self.iters = Some(iters);
        self
    }

    /// Where `zfs load-key` is to look for the new key: `prompt`, or a URL that begins with
    /// `file:///`, `https://` or `http://`. Nothing is written or read there.
    ///
    /// Unless this is called, an encryption root keeps the location that it has, and a dataset that
    /// becomes one gets `prompt`.
    #[doc(alias = "keylocation")]
    pub fn key_location(mut self, location: &str) -> Self {
        self.location = Some(location.to_owned());
        self
    }

    /// Changes the key of a replica too.
    ///
    /// A raw stream brings the sender's wrapped master key with it, and the next raw incremental
    /// one that is received puts that in the place of the replica's own (openzfs/zfs#12614). So it
    /// is on 2.1, 2.3 and 2.4: the receive succeeds, `keylocation` stays what it was changed to,
    /// and what is open goes on to work; but once its key was unloaded, the new key is the wrong one,
    /// and only the sender's fits. No data is lost for whoever has that. To give a replica
    /// another key for good, change that of the source and send a stream, or let the replica be
    /// none: receive nothing raw into it any more.
    ///
    /// The kernel has no record of what was received raw. A dataset is taken for a replica if its
    /// encryption root has a part of a stream, has ever received properties (`zfs send -p` or `-R`,
    /// [`received_properties`](crate::ReceiveBuilder::received_properties)), or has a snapshot that
    /// is older than itself. One whose first snapshots are destroyed, or were a second old when they
    /// were received, may go unnoticed. And some are taken for one that are none: a promoted clone,
    /// a copy that was received in plain and encrypted here with a key of its own.
    pub fn even_if_replica(mut self) -> Self {
        self.even_if_replica = true;
        self
    }

    /// Changes the key. The new one is loaded then, as the old one has to be.
    ///
    /// A passphrase gets a new random salt. The key is overwritten afterwards here;
    /// `libzfs_core`'s own copy of it in the request to the kernel is freed without that.
    ///
    /// Needs the permission `change-key`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::DatasetNotFound`], [`ErrorKind::NotEncrypted`];
    /// * [`ErrorKind::KeyNotLoaded`]: the key that it has until now;
    /// * [`ErrorKind::InvalidKey`]: fewer than 100000 iterations, or more than can be counted;
    /// * [`ErrorKind::InvalidProperty`]: no location that OpenZFS knows, or iterations for a key
    ///   that is no passphrase;
    /// * [`ErrorKind::KeyWouldShow`]: `ZFS_IOC_TRACE` is set;
    /// * [`ErrorKind::KeyOfReplica`]: see [`even_if_replica`](Self::even_if_replica);
    /// * [`ErrorKind::LoadedKeyMismatch`]: the key that is loaded does not fit the dataset, or one
    ///   below that has it too, or one below a clone of theirs, since a raw stream was received, and
    ///   the kernel would panic. To see it takes the permission `diff`; without it, it is not looked
    ///   for;
    /// * [`ErrorKind::KeyOfClone`], [`ErrorKind::ReadOnlyPool`], [`ErrorKind::NoSpace`],
    ///   [`ErrorKind::PermissionDenied`]
    pub fn run(self) -> Result<()> {
        const OPERATION: Operation = Operation::ChangeKey;
        let name = self.dataset.as_str();
        let mut properties = NvList::new();
        if let Some(location) = self.location {
            if let Err(error) = location.parse::<KeyLocation>() {
                let kind = ErrorKind::InvalidProperty;
                return Err(Error::refused(OPERATION, name, kind, error));
            }
            properties.insert("keylocation", location);
        }
        if let Some(iters) = self.iters {
            properties.insert("pbkdf2iters", iters);
        }
        let dataset = self.zfs.dataset_to_change(&self.dataset)?;
        if dataset.encryption()? == Encryption::Off {
            let kind = ErrorKind::NotEncrypted;
            return Err(Error::new(OPERATION, name, kind, kind.usual_errno()));
        }
        if !self.even_if_replica {
            self.zfs.check_no_replica(&dataset)?;
        }
        self.zfs.check_keys_below(&dataset)?;
        let is_root = dataset.encryption_root()?.as_ref() == Some(&self.dataset);
        if !is_root && !properties.contains("keylocation") {
            properties.insert("keylocation", "prompt");
        }
        let key = new_wrapping_key(OPERATION, name, &self.key, &mut properties)?;
        let new = Some((&properties, &key));
        self.zfs
            .run_key_command(&self.dataset, KeyCommand::New, new)
    }
}

/// Refuses to let a pool's root dataset inherit: the kernel would look at the parent that it does
/// not have.
fn check_has_parent(name: &DatasetName) -> Result<()> {
    if name.parent().is_some() {
        return Ok(());
    }
    Err(Error::refused(
        Operation::ChangeKey,
        name.as_str(),
        ErrorKind::ParentNotEncrypted,
        "the root dataset of a pool has no parent",
    ))
}

/// Refuses to change what the kernel keeps of a key behind the back of those who use it.
fn check_key_unloaded(dataset: &Dataset) -> Result<()> {
    if dataset.key_status()? != KeyStatus::Available {
        return Ok(());
    }
    Err(Error::refused(
        Operation::ChangeKey,
        dataset.name().as_str(),
        ErrorKind::KeyAlreadyLoaded,
        "it has to be unloaded first",
    ))
}

//! Keys of encrypted datasets, in the kernel's memory.

use crate::dataset::Dataset;
use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::ffi::{KeyCommand, Library};
use crate::handle::Zfs;
use crate::key::{
    DEFAULT_PBKDF2_ITERS, Derivation, Key, KeyError, KeyFormat, MIN_PBKDF2_ITERS, WrappingKey,
};
use crate::name::DatasetName;
use crate::nvlist::NvList;
use crate::property::{self, Encryption, KeyStatus, NativeProperty};

/// The most PBKDF2 iterations that [`Zfs::load_key`] spends: more than a hundred times the default,
/// some seconds. A raw stream brings the number with it, so that it is its sender's choice.
const MAX_LOAD_ITERS: u64 = 50_000_000;

impl Zfs {
    /// Loads the key of an encryption root into the kernel, so that it and the datasets that
    /// inherit from it can be read and written.
    ///
    /// From a passphrase the wrapping key is derived with the dataset's own salt and iterations,
    /// in Rust; this takes a noticeable time by design. The key is overwritten afterwards here;
    /// `libzfs_core`'s own copy of it in the request to the kernel is freed without that.
    ///
    /// A raw key and a hexadecimal one are the same bytes, and each loads what was made with the
    /// other.
    ///
    /// Needs the permission `load-key`. A pool that is imported read-only is no hindrance.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::DatasetNotFound`], [`ErrorKind::NotEncrypted`],
    ///   [`ErrorKind::NotEncryptionRoot`];
    /// * [`ErrorKind::InvalidKey`]: the dataset's `keyformat` is another one and the key not its
    ///   own, or its `pbkdf2iters` are more than 50 million, which a stream can bring about: derive
    ///   the key with [`Key::wrapping_key`] then, and use
    ///   [`load_wrapping_key`](Self::load_wrapping_key);
    /// * [`ErrorKind::KeyWouldShow`]: `ZFS_IOC_TRACE` is set;
    /// * [`ErrorKind::WrongKey`]: it is not the dataset's key;
    /// * [`ErrorKind::KeyAlreadyLoaded`];
    /// * [`ErrorKind::PoolSuspended`], [`ErrorKind::PermissionDenied`]
    #[doc(alias = "lzc_load_key")]
    pub fn load_key(&self, root: &DatasetName, key: &Key) -> Result<()> {
        self.use_key(root, key, false)
    }

    /// Whether `key` is the key of an encryption root, without loading it. It can be loaded
    /// already.
    ///
    /// Needs the permission `load-key`.
    ///
    /// # Errors
    ///
    /// As for [`load_key`](Self::load_key), save that a wrong key is `Ok(false)` and one that is
    /// loaded already is no error.
    #[doc(alias = "lzc_load_key")]
    pub fn try_key(&self, root: &DatasetName, key: &Key) -> Result<bool> {
        match self.use_key(root, key, true) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::WrongKey => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Loads a wrapping key that was derived before, with [`Key::wrapping_key`].
    ///
    /// Needs the permission `load-key`.
    ///
    /// # Errors
    ///
    /// As for [`load_key`](Self::load_key); that the format is another one cannot be seen here.
    #[doc(alias = "lzc_load_key")]
    pub fn load_wrapping_key(&self, root: &DatasetName, key: &WrappingKey) -> Result<()> {
        self.use_wrapping_key(root, key, false)
    }

    fn use_key(&self, root: &DatasetName, key: &Key, noop: bool) -> Result<()> {
        if key.format() == KeyFormat::Passphrase {
            let wrapping_key = self.wrapping_key(root, key)?;
            return self.use_wrapping_key(root, &wrapping_key, noop);
        }
        // Nothing of the dataset is needed to make such a key, and reading it takes longer than
        // the call does. If the key is wrong, the dataset can say better why.
        let none = Derivation { salt: 0, iters: 0 };
        let wrapping_key = key
            .wrapping_key(none)
            .map_err(|error| invalid_key(root, error))?;
        match self.use_wrapping_key(root, &wrapping_key, noop) {
            Err(error) if error.kind() == ErrorKind::WrongKey => {
                check_key_format(&self.dataset(root)?, key)?;
                Err(error)
            }
            result => result,
        }
    }

    fn use_wrapping_key(&self, root: &DatasetName, key: &WrappingKey, noop: bool) -> Result<()> {
        check_no_trace(Operation::LoadKey, root.as_str())?;
        tracing::debug!(dataset = %root, noop, "load key");
        self.library()
            .load_key(root.as_str(), noop, key)
            .map_err(|errno| self.explain_key_error(Operation::LoadKey, root, errno))
    }

    /// The kernel has one number for several reasons; the dataset knows which it was.
    fn explain_key_error(&self, operation: Operation, root: &DatasetName, errno: Errno) -> Error {
        let error = Error::from_errno(operation, root.as_str(), errno);
        if !matches!(
            error.kind(),
            ErrorKind::NotEncryptionRoot | ErrorKind::KeyNotLoaded
        ) {
            return error;
        }
        match self
            .dataset(root)
            .map(|dataset| check_encryption_root(operation, &dataset))
        {
            Ok(Err(reason)) => reason,
            _ => error,
        }
    }

    /// The wrapping key that a passphrase is for this dataset.
    fn wrapping_key(&self, root: &DatasetName, passphrase: &Key) -> Result<WrappingKey> {
        let dataset = self
            .dataset(root)
            .map_err(|error| error.with_operation(Operation::LoadKey))?;
        check_encryption_root(Operation::LoadKey, &dataset)?;
        check_key_format(&dataset, passphrase)?;
        let number = |property: &NativeProperty<u64>| -> Result<u64> {
            Ok(dataset.get(property)?.map_or(0, |p| p.value))
        };
        let derivation = Derivation {
            salt: number(&property::PBKDF2_SALT)?,
            iters: number(&property::PBKDF2_ITERS)?,
        };
        let refused = |error| invalid_key(root, error);
        if derivation.iters > MAX_LOAD_ITERS {
            return Err(refused(KeyError::TooManyIterations {
                iters: derivation.iters,
            }));
        }
        passphrase.wrapping_key(derivation).map_err(refused)
    }

    /// Removes the key of an encryption root from the kernel's memory. Neither it nor a dataset
    /// that inherits from it may be mounted.
    ///
    /// Needs the permission `load-key`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DatasetNotFound`], [`ErrorKind::NotEncrypted`],
    /// [`ErrorKind::NotEncryptionRoot`], [`ErrorKind::KeyNotLoaded`], [`ErrorKind::Busy`],
    /// [`ErrorKind::FeatureDisabled`], [`ErrorKind::PoolSuspended`],
    /// [`ErrorKind::PermissionDenied`]
    #[doc(alias = "lzc_unload_key")]
    pub fn unload_key(&self, root: &DatasetName) -> Result<()> {
        tracing::debug!(dataset = %root, "unload key");
        self.library()
            .unload_key(root.as_str())
            .map_err(|errno| self.explain_key_error(Operation::UnloadKey, root, errno))
    }

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
    #[doc(alias = "lzc_change_key")]
    #[doc(alias = "DCP_CMD_NEW_KEY")]
    pub fn change_key(&self, dataset: &DatasetName, key: Key) -> ChangeKey {
        ChangeKey {
            zfs: self.clone(),
            dataset: dataset.clone(),
            key,
            iters: None,
            location: None,
        }
    }

    /// Gives an encryption root the key that its parent has, so that it is none any more, and the
    /// datasets that inherit from it. Both keys have to be loaded. The property `keylocation` goes.
    ///
    /// Needs the permission `change-key`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::DatasetNotFound`], [`ErrorKind::NotEncrypted`],
    ///   [`ErrorKind::NotEncryptionRoot`]: it inherits already;
    /// * [`ErrorKind::ParentNotEncrypted`]: so it is for a pool's root dataset too;
    /// * [`ErrorKind::KeyNotLoaded`], [`ErrorKind::ParentKeyNotLoaded`];
    /// * [`ErrorKind::KeyOfClone`], [`ErrorKind::FeatureDisabled`], [`ErrorKind::ReadOnlyPool`],
    ///   [`ErrorKind::NoSpace`], [`ErrorKind::PermissionDenied`]
    #[doc(alias = "lzc_change_key")]
    #[doc(alias = "DCP_CMD_INHERIT")]
    pub fn inherit_key(&self, root: &DatasetName) -> Result<()> {
        check_has_parent(root)?;
        self.run_key_command(root, KeyCommand::Inherit, None)
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

    fn dataset_to_change(&self, name: &DatasetName) -> Result<Dataset> {
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
        self.library()
            .change_key(name.as_str(), command, new)
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
}

impl ChangeKey {
    /// With how many PBKDF2 iterations the key is derived from a passphrase;
    /// [`DEFAULT_PBKDF2_ITERS`] unless this is called. Raw and hex keys have none.
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
    /// * [`ErrorKind::KeyOfClone`], [`ErrorKind::ReadOnlyPool`], [`ErrorKind::NoSpace`],
    ///   [`ErrorKind::PermissionDenied`]
    pub fn run(self) -> Result<()> {
        const OPERATION: Operation = Operation::ChangeKey;
        let name = self.dataset.as_str();
        let mut properties = NvList::new();
        if let Some(location) = self.location {
            if !is_key_location(&location) {
                let why = format!("{location:?} is no keylocation");
                let kind = ErrorKind::InvalidProperty;
                return Err(Error::refused(OPERATION, name, kind, why));
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

/// The longest `keylocation` in bytes that the programs of all releases can read. The kernel does not
/// look at the length before it stores a new key, and panics over one of 8192 bytes.
const MAX_KEY_LOCATION_LEN: usize = 4095;

/// What `keylocation` can be for a dataset that is encrypted.
fn is_key_location(location: &str) -> bool {
    let behind = |scheme| {
        location
            .strip_prefix(scheme)
            .is_some_and(|rest| !rest.is_empty())
    };
    let known = location == "prompt" || ["file:///", "https://", "http://"].into_iter().any(behind);
    known && location.len() <= MAX_KEY_LOCATION_LEN && !location.contains('\0')
}

/// As [`new_wrapping_key`], of a dataset that is about to be made, whose `properties` get all that
/// makes it an encryption root.
pub(crate) fn new_encryption_root(
    operation: Operation,
    dataset: &str,
    suite: Encryption,
    key: &Key,
    properties: &mut NvList,
) -> Result<WrappingKey> {
    if !suite.is_on() {
        let why = "a key with encryption=off";
        return Err(Error::refused(
            operation,
            dataset,
            ErrorKind::InvalidKey,
            why,
        ));
    }
    let wrapping_key = new_wrapping_key(operation, dataset, key, properties)?;
    properties.insert("encryption", suite.index());
    if !properties.contains("keylocation") {
        properties.insert("keylocation", "prompt");
    }
    Ok(wrapping_key)
}

/// The wrapping key of a dataset that gets `key` as its own, where `properties` get what says how
/// it is derived: `keyformat`, and for a passphrase a random salt and the iterations, those that
/// are in `properties` or else [`DEFAULT_PBKDF2_ITERS`].
pub(crate) fn new_wrapping_key(
    operation: Operation,
    dataset: &str,
    key: &Key,
    properties: &mut NvList,
) -> Result<WrappingKey> {
    check_no_trace(operation, dataset)?;
    properties.insert("keyformat", key.format().index());
    derivation(key.format(), properties)
        .and_then(|derivation| key.wrapping_key(derivation))
        .map_err(|error| Error::refused(operation, dataset, ErrorKind::InvalidKey, error))
}

/// The salt and iterations of a new passphrase, entered into `properties`.
fn derivation(format: KeyFormat, properties: &mut NvList) -> Result<Derivation, KeyError> {
    if format != KeyFormat::Passphrase {
        return Ok(Derivation { salt: 0, iters: 0 });
    }
    let iters = properties
        .get_u64("pbkdf2iters")
        .unwrap_or(DEFAULT_PBKDF2_ITERS);
    if iters < MIN_PBKDF2_ITERS {
        return Err(KeyError::Iterations { iters });
    }
    let mut salt = [0; 8];
    getrandom::fill(&mut salt).map_err(|_| KeyError::NoRandomness)?;
    let salt = u64::from_le_bytes(salt);
    properties.insert("pbkdf2iters", iters);
    properties.insert("pbkdf2salt", salt);
    Ok(Derivation { salt, iters })
}

/// Refuses to hand a key to a `libzfs_core` that would print it.
fn check_no_trace(operation: Operation, name: &str) -> Result<()> {
    if !Library::is_traced() {
        return Ok(());
    }
    let why = "ZFS_IOC_TRACE is set, with which libzfs_core prints every request, keys among them";
    Err(Error::refused(
        operation,
        name,
        ErrorKind::KeyWouldShow,
        why,
    ))
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

fn invalid_key(root: &DatasetName, error: KeyError) -> Error {
    Error::refused(
        Operation::LoadKey,
        root.as_str(),
        ErrorKind::InvalidKey,
        error,
    )
}

/// Refuses a key that is of another format than the dataset's.
fn check_key_format(dataset: &Dataset, key: &Key) -> Result<()> {
    let given = key.format();
    match dataset.key_format()? {
        Some(expected) if expected != given => {
            let error = KeyError::Format { expected, given };
            Err(invalid_key(dataset.name(), error))
        }
        _ => Ok(()),
    }
}

fn check_encryption_root(operation: Operation, dataset: &Dataset) -> Result<()> {
    let name = dataset.name();
    if dataset.encryption()? == Encryption::Off {
        let kind = ErrorKind::NotEncrypted;
        return Err(Error::new(
            operation,
            name.as_str(),
            kind,
            kind.usual_errno(),
        ));
    }
    match dataset.encryption_root()? {
        Some(root) if root != *name => Err(Error::refused(
            operation,
            name.as_str(),
            ErrorKind::NotEncryptionRoot,
            format!("its encryption root is {root}"),
        )),
        _ => Ok(()),
    }
}

//! Keys of encrypted datasets, in the kernel's memory.

mod change;
mod location;
mod replica;
mod rewrap;
mod roots;

use crate::dataset::Dataset;
use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::ffi::Library;
use crate::handle::Zfs;
use crate::key::{
    DEFAULT_PBKDF2_ITERS, Derivation, Key, KeyError, KeyFormat, MIN_PBKDF2_ITERS, WrappingKey,
};
use crate::name::DatasetName;
use crate::nvlist::NvList;
use crate::property::{self, Encryption, NativeProperty};

pub use self::change::ChangeKey;
pub use self::roots::{EncryptionRoot, EncryptionRoots, KeyOutcome};

/// The most PBKDF2 iterations that [`Zfs::load_key`] spends: more than a hundred times the default,
/// half a minute or so. A raw stream brings the number with it, so that it is its sender's choice.
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
        let operation = Operation::LoadKey;
        let loaded = self.library().load_key(root.as_str(), noop, key);
        let loaded = match noop {
            // Nothing was changed.
            true => loaded,
            false => self.recorded(operation, root, loaded),
        };
        loaded.map_err(|errno| self.explain_key_error(operation, root, errno))
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
        let unloaded = self.library().unload_key(root.as_str());
        self.recorded(Operation::UnloadKey, root, unloaded)
            .map_err(|errno| self.explain_key_error(Operation::UnloadKey, root, errno))
    }
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

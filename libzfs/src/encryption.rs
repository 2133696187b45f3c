//! Keys of encrypted datasets, in the kernel's memory.

use crate::dataset::{Dataset, check_no_trace};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::key::{Derivation, Key, KeyError, KeyFormat, WrappingKey};
use crate::name::DatasetName;
use crate::property::{self, Encryption, NativeProperty};

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
    /// Needs the permission `load-key`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::DatasetNotFound`], [`ErrorKind::NotEncrypted`],
    ///   [`ErrorKind::NotEncryptionRoot`];
    /// * [`ErrorKind::InvalidKey`]: the dataset's `keyformat` is another one, or its `pbkdf2iters`
    ///   are more than 50 million, which a stream can bring about: derive the key with
    ///   [`Key::wrapping_key`] then, and use [`load_wrapping_key`](Self::load_wrapping_key);
    /// * [`ErrorKind::KeyWouldShow`]: `ZFS_IOC_TRACE` is set;
    /// * [`ErrorKind::WrongKey`]: it is not the dataset's key;
    /// * [`ErrorKind::KeyAlreadyLoaded`]
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
        let dataset = self
            .dataset(root)
            .map_err(|error| error.with_operation(Operation::LoadKey))?;
        check_encryption_root(Operation::LoadKey, &dataset)?;
        self.use_wrapping_key(root, key, false)
    }

    fn use_key(&self, root: &DatasetName, key: &Key, noop: bool) -> Result<()> {
        let wrapping_key = self.wrapping_key(root, key)?;
        self.use_wrapping_key(root, &wrapping_key, noop)
    }

    fn use_wrapping_key(&self, root: &DatasetName, key: &WrappingKey, noop: bool) -> Result<()> {
        check_no_trace(Operation::LoadKey, root.as_str())?;
        tracing::debug!(dataset = %root, noop, "load key");
        self.library()
            .load_key(root.as_str(), noop, key)
            .map_err(|errno| Error::from_errno(Operation::LoadKey, root.as_str(), errno))
    }

    /// The wrapping key that `key` is for this dataset.
    fn wrapping_key(&self, root: &DatasetName, key: &Key) -> Result<WrappingKey> {
        let dataset = self
            .dataset(root)
            .map_err(|error| error.with_operation(Operation::LoadKey))?;
        check_encryption_root(Operation::LoadKey, &dataset)?;
        let refused = |error: KeyError| {
            Error::refused(
                Operation::LoadKey,
                root.as_str(),
                ErrorKind::InvalidKey,
                error,
            )
        };
        let given = key.format();
        match dataset.key_format()? {
            Some(expected) if expected != given => {
                return Err(refused(KeyError::Format { expected, given }));
            }
            _ => {}
        }
        let number = |property: &NativeProperty<u64>| -> Result<u64> {
            Ok(dataset.get(property)?.map_or(0, |p| p.value))
        };
        let derivation = match given {
            KeyFormat::Passphrase => Derivation {
                salt: number(&property::PBKDF2_SALT)?,
                iters: number(&property::PBKDF2_ITERS)?,
            },
            _ => Derivation { salt: 0, iters: 0 },
        };
        if derivation.iters > MAX_LOAD_ITERS {
            return Err(refused(KeyError::TooManyIterations {
                iters: derivation.iters,
            }));
        }
        key.wrapping_key(derivation).map_err(refused)
    }

    /// Removes the key of an encryption root from the kernel's memory. Neither it nor a dataset
    /// that inherits from it may be mounted.
    ///
    /// Needs the permission `load-key`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DatasetNotFound`], [`ErrorKind::NotEncrypted`],
    /// [`ErrorKind::NotEncryptionRoot`], [`ErrorKind::KeyNotLoaded`], [`ErrorKind::Busy`]
    #[doc(alias = "lzc_unload_key")]
    pub fn unload_key(&self, root: &DatasetName) -> Result<()> {
        let operation = Operation::UnloadKey;
        tracing::debug!(dataset = %root, "unload key");
        self.library().unload_key(root.as_str()).map_err(|errno| {
            let error = Error::from_errno(operation, root.as_str(), errno);
            if !matches!(
                error.kind(),
                ErrorKind::NotEncryptionRoot | ErrorKind::KeyNotLoaded
            ) {
                return error;
            }
            // The kernel has one number for several reasons; the dataset knows which it was.
            match self
                .dataset(root)
                .map(|dataset| check_encryption_root(operation, &dataset))
            {
                Ok(Err(reason)) => reason,
                _ => error,
            }
        })
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

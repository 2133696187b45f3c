//! File systems and volumes: create, read, destroy.

use std::fmt;
use std::ops::ControlFlow;

use bstr::{BStr, BString};
use libzfs_sys as sys;

use crate::encryption::new_encryption_root;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::key::{Key, KeyFormat};
use crate::name::DatasetName;
use crate::nvlist::{NvList, Value};
use crate::property::{
    self, Encryption, KeyStatus, NativeProperty, Properties, Property, PropertyValue,
};
use crate::resume_token::ResumeToken;

impl Zfs {
    /// Reads a dataset and all of its properties, in one call of the kernel.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DatasetNotFound`], [`ErrorKind::PoolSuspended`]
    #[doc(alias = "ZFS_IOC_OBJSET_STATS")]
    pub fn dataset(&self, name: &DatasetName) -> Result<Dataset> {
        Ok(Dataset {
            properties: self.read_properties(name.as_str())?,
            name: name.clone(),
        })
    }

    /// Whether there is a dataset of this name.
    ///
    /// # Errors
    ///
    /// Anything but that it does not exist: `lzc_exists` would take a suspended pool for an
    /// absent dataset.
    #[doc(alias = "lzc_exists")]
    pub fn dataset_exists(&self, name: &DatasetName) -> Result<bool> {
        // Without the properties, which are most of the work of reading a dataset.
        match self.device().identity(name.as_str()) {
            Ok(_) => Ok(true),
            Err(errno) => {
                let error = Error::from_errno(Operation::ReadProperties, name.as_str(), errno);
                match error.kind() {
                    ErrorKind::DatasetNotFound => Ok(false),
                    _ => Err(error),
                }
            }
        }
    }

    pub(crate) fn read_properties(&self, name: &str) -> Result<Properties> {
        match self.device().objset_stats(name) {
            Ok(stats) => Ok(Properties::new(name, stats.properties)),
            Err(errno) => Err(Error::from_errno(Operation::ReadProperties, name, errno)),
        }
    }

    /// Begins to create the file system or volume `name`; see [`DatasetBuilder`].
    #[doc(alias = "lzc_create")]
    pub fn create(&self, name: &DatasetName) -> DatasetBuilder {
        DatasetBuilder {
            zfs: self.clone(),
            name: name.clone(),
            properties: NvList::new(),
            volume: None,
            encryption: None,
            invalid: None,
        }
    }

    /// Destroys one dataset, which must have neither children nor snapshots and must not be
    /// mounted.
    ///
    /// Needs the permissions `destroy` and `mount`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::DatasetNotFound`];
    /// * [`ErrorKind::HasChildren`], which snapshots are too;
    /// * [`ErrorKind::Busy`]: it is mounted, open, or being sent or received;
    /// * [`ErrorKind::InvalidName`]: it is a pool's root dataset;
    /// * [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PermissionDenied`]
    #[doc(alias = "lzc_destroy")]
    pub fn destroy_dataset(&self, name: &DatasetName) -> Result<()> {
        tracing::debug!(dataset = %name, "destroy");
        let destroyed = self.library().destroy(name.as_str());
        self.recorded(Operation::Destroy, name, destroyed)
            .map_err(|errno| {
                let error = Error::from_errno(Operation::Destroy, name.as_str(), errno);
                match error.kind() {
                    // Snapshots are EBUSY to the kernel, children EEXIST.
                    ErrorKind::Busy if self.has_snapshots(name) => {
                        error.with_kind(ErrorKind::HasChildren)
                    }
                    // It has hidden ones.
                    ErrorKind::HasChildren if name.parent().is_none() => error
                        .with_kind(ErrorKind::InvalidName)
                        .with_source("a pool's root dataset goes with its pool"),
                    _ => error,
                }
            })
    }

    fn has_snapshots(&self, name: &DatasetName) -> bool {
        let mut any = false;
        let first = self.device().each_snapshot(name.as_str(), |_| {
            any = true;
            ControlFlow::Break(())
        });
        first.is_ok() && any
    }

    /// Discards the state of an interrupted receive into `name`: the hidden `%recv` dataset below
    /// it, or the dataset itself if it is nothing but a partial receive.
    ///
    /// A dataset without such a state is left as it is, and `false` is returned. So it is with one
    /// that a receive is writing to that is not resumable.
    ///
    /// Needs the permissions `destroy` and `mount`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DatasetNotFound`]; [`ErrorKind::Busy`] while the receive is running.
    pub fn discard_partial_receive(&self, name: &DatasetName) -> Result<bool> {
        let failed = |errno| Error::from_errno(Operation::Destroy, name.as_str(), errno);
        let stats = self.device().objset_stats(name.as_str()).map_err(failed)?;
        if !stats
            .properties
            .contains(property::RECEIVE_RESUME_TOKEN.name())
        {
            return Ok(false);
        }
        // Only the kernel's own word that the dataset is incomplete lets it be destroyed; what it
        // has of a receive otherwise is below it. That name is not one of our types: it may be
        // deeper than a dataset that somebody makes.
        let partial = if stats.inconsistent {
            name.to_string()
        } else {
            format!("{name}/%recv")
        };
        tracing::debug!(dataset = partial, "discard partial receive");
        let destroyed = self.library().destroy(&partial);
        match self.recorded(Operation::Destroy, &partial, destroyed) {
            Ok(()) => Ok(true),
            // Finished or discarded by somebody else since.
            Err(errno) if errno.raw() == libc::ENOENT => Ok(false),
            Err(errno) => Err(failed(errno)),
        }
    }
}

/// A dataset as it was when it was read, with all of its properties.
#[derive(Debug, Clone)]
pub struct Dataset {
    name: DatasetName,
    properties: Properties,
}

impl Dataset {
    /// Its name.
    pub fn name(&self) -> &DatasetName {
        &self.name
    }

    /// All properties, to read by name.
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    /// A native property with its source; `None` where the dataset has none such.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// use libzfs::property::READONLY;
    ///
    /// let copy = zfs.dataset(&"vault/prod".parse()?)?;
    /// if let Some(readonly) = copy.get(&READONLY)? {
    ///     println!("readonly={} ({})", readonly.value, readonly.source);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedAnswer`]: the value has not the form that this crate knows.
    pub fn get<T>(&self, property: &NativeProperty<T>) -> Result<Option<Property<T>>> {
        read(&self.properties, self.name.as_str(), property)
    }

    /// A user property with its source, such as `com.example:set`.
    pub fn user_property(&self, name: &str) -> Option<Property<&BStr>> {
        self.properties.user(name)
    }

    /// With which suite it is encrypted, if at all.
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get); so for all that follow.
    pub fn encryption(&self) -> Result<Encryption> {
        Ok(self
            .get(&property::ENCRYPTION)?
            .map_or(Encryption::Off, |p| p.value))
    }

    /// Whether its key is loaded.
    #[doc(alias = "keystatus")]
    pub fn key_status(&self) -> Result<KeyStatus> {
        Ok(self
            .get(&property::KEY_STATUS)?
            .map_or(KeyStatus::None, |p| p.value))
    }

    /// What its key is made from; none if it is not encrypted.
    #[doc(alias = "keyformat")]
    pub fn key_format(&self) -> Result<Option<KeyFormat>> {
        Ok(self.get(&property::KEY_FORMAT)?.map(|p| p.value))
    }

    /// The dataset that it has its key from, maybe itself; none if it is not encrypted.
    #[doc(alias = "encryptionroot")]
    pub fn encryption_root(&self) -> Result<Option<DatasetName>> {
        Ok(self.get(&property::ENCRYPTION_ROOT)?.map(|p| p.value))
    }

    /// The token with which an interrupted receive into this dataset can be resumed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResumeToken`]: the kernel's token is not one that this crate reads.
    pub fn receive_resume_token(&self) -> Result<Option<ResumeToken>> {
        let Some(text) = self.get(&property::RECEIVE_RESUME_TOKEN)? else {
            return Ok(None);
        };
        text.value
            .parse()
            .map(Some)
            .map_err(|error: crate::resume_token::TokenError| {
                Error::refused(
                    Operation::ReadProperties,
                    self.name.as_str(),
                    ErrorKind::InvalidResumeToken,
                    error,
                )
            })
    }

    /// What identifies the dataset wherever it is replicated to.
    pub fn guid(&self) -> Result<u64> {
        required(&self.properties, self.name.as_str(), &property::GUID)
    }

    /// The transaction group in which it was created.
    pub fn create_txg(&self) -> Result<u64> {
        required(&self.properties, self.name.as_str(), &property::CREATE_TXG)
    }
}

pub(crate) fn read<T>(
    properties: &Properties,
    name: &str,
    property: &NativeProperty<T>,
) -> Result<Option<Property<T>>> {
    properties.get(property).map_err(|error| {
        Error::refused(
            Operation::ReadProperties,
            name,
            ErrorKind::UnexpectedAnswer,
            error,
        )
    })
}

pub(crate) fn required<T>(
    properties: &Properties,
    name: &str,
    property: &NativeProperty<T>,
) -> Result<T> {
    match read(properties, name, property)? {
        Some(Property { value, .. }) => Ok(value),
        None => Err(Error::refused(
            Operation::ReadProperties,
            name,
            ErrorKind::UnexpectedAnswer,
            format!("no property {}", property.name()),
        )),
    }
}

/// A dataset about to be created; [`run`](Self::run) creates it.
///
/// Nothing is mounted: that is the caller's choice.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// use libzfs::{Encryption, Key};
///
/// zfs.create(&"tank/prod".parse()?)
///     .encryption(Encryption::Aes256Gcm, Key::passphrase("correct horse")?)
///     .set("com.example:set", "nightly")
///     .run()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is created before run()"]
pub struct DatasetBuilder {
    zfs: Zfs,
    name: DatasetName,
    properties: NvList,
    volume: Option<u64>,
    encryption: Option<(Encryption, Key)>,
    /// The first property that was refused, and why.
    invalid: Option<(ErrorKind, String)>,
}

impl DatasetBuilder {
    /// Makes it a volume of `size` bytes, a multiple of its block size.
    #[doc(alias = "volsize")]
    pub fn volume(mut self, size: u64) -> Self {
        self.volume = Some(size);
        self
    }

    /// Makes it an encryption root of its own with `key`, which is loaded then.
    ///
    /// The key is overwritten afterwards here; `libzfs_core`'s own copy of it in the request to the
    /// kernel is freed without that.
    ///
    /// Without this call it inherits the encryption of its parent. A passphrase gets a random
    /// salt and, if the property `pbkdf2iters` is not set,
    /// [`DEFAULT_PBKDF2_ITERS`](crate::key::DEFAULT_PBKDF2_ITERS) iterations.
    pub fn encryption(mut self, suite: Encryption, key: Key) -> Self {
        self.encryption = Some((suite, key));
        self
    }

    /// Sets a property, native or of the user's own.
    ///
    /// A native property whose values have names takes the name (`"compression"`, `"zstd"`) if
    /// this crate knows them, a number, size or time takes a number; see [`PropertyValue`].
    pub fn set(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        match value.into().to_native(name) {
            Ok(value) => {
                self.properties.insert(name, value);
            }
            Err(error) => {
                self.invalid
                    .get_or_insert((ErrorKind::InvalidProperty, error.to_string()));
            }
        }
        self
    }

    /// Creates it.
    ///
    /// Needs the permissions `create` and `mount`, and those of the properties that are set; of the
    /// ones of [`encryption`](Self::encryption) only `keylocation`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PoolNotFound`], [`ErrorKind::ParentNotFound`], [`ErrorKind::WrongParent`],
    /// [`ErrorKind::DatasetExists`], [`ErrorKind::KeyWouldShow`],
    /// [`ErrorKind::InvalidProperty`], [`ErrorKind::InvalidName`] for a name with `%`, which is
    /// kept for ZFS itself, [`ErrorKind::InvalidKey`], [`ErrorKind::KeyNotLoaded`] if the
    /// encryption is inherited and the parent's key is not loaded, [`ErrorKind::NoSpace`],
    /// [`ErrorKind::QuotaExceeded`], [`ErrorKind::FeatureDisabled`],
    /// [`ErrorKind::PermissionDenied`]
    pub fn run(self) -> Result<()> {
        let name = self.name.as_str();
        let refused = |kind, why: String| Err(Error::refused(Operation::Create, name, kind, why));
        if let Some((kind, why)) = self.invalid {
            return refused(kind, why);
        }
        if name.contains('%') {
            return refused(
                ErrorKind::InvalidName,
                "% is kept for ZFS's own names".into(),
            );
        }
        let mut properties = self.properties;
        let kind = match self.volume {
            Some(size) => {
                properties.insert("volsize", size);
                sys::LZC_DATSET_TYPE_ZVOL
            }
            None => sys::LZC_DATSET_TYPE_ZFS,
        };
        let mut wrapping_key = None;
        if let Some((suite, key)) = &self.encryption {
            wrapping_key = Some(new_encryption_root(
                Operation::Create,
                name,
                *suite,
                key,
                &mut properties,
            )?);
        }
        tracing::debug!(dataset = name, "create");
        let created = self
            .zfs
            .library()
            .create(name, kind, &properties, wrapping_key.as_ref());
        self.zfs
            .recorded(Operation::Create, name, created)
            .map_err(|errno| {
                let missing = errno.raw() == libc::ENOENT && self.zfs.is_missing(&self.name.pool());
                if missing {
                    Error::new(Operation::Create, name, ErrorKind::PoolNotFound, errno)
                } else {
                    Error::from_errno(Operation::Create, name, errno)
                }
            })
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

/// User properties as the list that the kernel takes.
pub(crate) fn user_properties<'a>(
    operation: Operation,
    target: impl fmt::Display,
    properties: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<NvList> {
    let mut list = NvList::new();
    for (name, value) in properties {
        crate::name::check_user_property(name).map_err(|error| {
            let kind = ErrorKind::InvalidProperty;
            Error::refused(operation, target.to_string(), kind, error)
        })?;
        list.insert(name, Value::String(BString::from(value)));
    }
    Ok(list)
}

//! Setting properties of datasets and snapshots.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::error::{Errno, Error, ErrorKind, Failure, Operation, Result};
use crate::handle::Zfs;
use crate::name::{DatasetName, SnapshotName};
use crate::nvlist::NvList;

use super::check::Target;
use super::info::PropertyHolder;
use super::read::HasProperties;
use super::{NativeProperty, PropertyValue, ValueError};

/// One at a time: the kernel of 2.4 panics if the first limits of an owner on a file system that is
/// not mounted are set by two at once.
static LIMITING: Mutex<()> = Mutex::new(());

/// A name of something whose properties can be set: a dataset, or a snapshot, which has but user
/// properties of its own.
pub trait SetsProperties: HasProperties {}

impl SetsProperties for DatasetName {}
impl SetsProperties for SnapshotName {}

impl Zfs {
    /// Begins to set properties of a dataset or snapshot; see [`SetProperties`].
    #[doc(alias = "ZFS_IOC_SET_PROP")]
    #[doc(alias = "zfs_prop_set_list")]
    pub fn set_properties<N: SetsProperties + ?Sized>(&self, name: &N) -> SetProperties {
        SetProperties {
            zfs: self.clone(),
            name: name.name().to_owned(),
            values: Vec::new(),
            quotas: NvList::new(),
            may_shrink: false,
        }
    }
}

pub(super) fn refused(operation: Operation, target: String, error: ValueError) -> Error {
    let kind = kind_of(&error);
    Error::refused(operation, target, kind, error)
}

fn kind_of(error: &ValueError) -> ErrorKind {
    match error {
        ValueError::NeedsRelease { .. } => ErrorKind::Unsupported,
        _ => ErrorKind::InvalidProperty,
    }
}

/// Several properties to be set on one dataset or snapshot; [`run`](Self::run) does it.
///
/// What `zfs set` does besides is not done: after a change of `mountpoint`, `canmount`, `sharenfs` or
/// `sharesmb` nothing is mounted or shared elsewhere, nor is a mount given other options on OpenZFS
/// that leaves this to `zfs` (2.2 and later, for `atime`, `relatime`, `devices`, `exec`, `setuid` and
/// `readonly`); `refreservation` does not grow with `volsize`.
#[derive(Debug, Clone)]
#[must_use = "nothing is set before run()"]
pub struct SetProperties {
    zfs: Zfs,
    name: String,
    values: Vec<(String, PropertyValue)>,
    pub(super) quotas: NvList,
    may_shrink: bool,
}

impl SetProperties {
    /// Sets a native property to a value of its type.
    pub fn set<T: Into<PropertyValue>>(self, property: &NativeProperty<T>, value: T) -> Self {
        self.set_value(property.name(), value)
    }

    /// Sets a user property, or a native one from what `zfs set` takes: `10G`, `none`, `zstd-3`, `on`.
    pub fn set_text(self, property: &str, text: &str) -> Self {
        self.set_value(property, text)
    }

    /// Sets a property by its name.
    pub fn set_value(mut self, property: &str, value: impl Into<PropertyValue>) -> Self {
        self.values.push((property.to_owned(), value.into()));
        self
    }

    /// Lets a volume become smaller, where [`VOLSIZE`](super::VOLSIZE) is set: what is behind its
    /// new end is lost.
    pub fn discard_behind_new_volsize(mut self) -> Self {
        self.may_shrink = true;
        self
    }

    /// Sets them.
    ///
    /// All values are looked at first, and with one that cannot be set none is. Of those that the
    /// kernel refuses all the same, such as a `quota` of less than is used, the others are set.
    ///
    /// Needs the permission of each property's name, of user properties `userprop`.
    ///
    /// # Errors
    ///
    /// None was set then. [`Error::failures`] has each property that could not be.
    ///
    /// * [`ErrorKind::InvalidProperty`]: one is unknown, read-only, set at creation, not one that
    ///   this has, or has a value that it cannot have; the reason is in the error's text;
    /// * [`ErrorKind::Unsupported`]: one, or its value, came with a later release;
    /// * [`ErrorKind::FeatureDisabled`]: a value needs a feature of the pool;
    /// * [`ErrorKind::NoSpace`]: a limit is lower than what is used, or there is not what is to be
    ///   reserved;
    /// * [`ErrorKind::KeyNotLoaded`]: what is to be changed is behind a key;
    /// * [`ErrorKind::DeviceNotFound`]: `volthreading` of a volume that has no device, or none yet,
    ///   with OpenZFS 2.3;
    /// * [`ErrorKind::DatasetNotFound`], [`ErrorKind::PermissionDenied`], [`ErrorKind::ReadOnlyPool`]
    pub fn run(self) -> Result<PropertiesSet> {
        let operation = Operation::SetProperties;
        let name = self.name.as_str();
        let mut properties = self
            .zfs
            .read_properties(name)
            .map_err(|error| error.with_operation(operation))?;
        if self
            .values
            .iter()
            .any(|(name, _)| name == super::VERSION.name())
        {
            self.zfs.add_zpl_properties(&mut properties);
        }
        let target = Target {
            holder: properties.holder(),
            properties: Some(&properties),
            may_shrink: self.may_shrink,
        };
        let list = checked(operation, name, &target, &self.values)?;
        let list: NvList = list.into_iter().chain(self.quotas.clone()).collect();
        if list.is_empty() {
            return Ok(PropertiesSet { error: None });
        }
        tracing::debug!(name, properties = list.len(), "set properties");
        let one = || LIMITING.lock().unwrap_or_else(PoisonError::into_inner);
        let one = (!self.quotas.is_empty()).then(one);
        let set = self.zfs.device().set_properties(name, &list);
        drop(one);
        let names = NamesOf {
            list: &list,
            target: name,
        };
        let set = self.zfs.recorded(operation, names, set);
        let Err((errno, errors)) = set else {
            return Ok(PropertiesSet { error: None });
        };
        let number = |value: &crate::nvlist::Value| i32::try_from(value.to_integer()?).ok();
        let failures: Vec<_> = errors
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    Errno::new(number(value).unwrap_or(libc::EIO)),
                )
            })
            .collect();
        let is_partial = (1..list.len()).contains(&failures.len());
        let is_volume = target.holder == PropertyHolder::Volume;
        let error = Error::from_errno(operation, name, errno)
            .with_failures(failures, 0)
            .refine_failures(|failure| {
                // 2.3 looks for the volume's device, and says this of it.
                let is_device = failure.name == super::VOLTHREADING.name()
                    && failure.kind == ErrorKind::DatasetNotFound;
                (is_volume && is_device).then_some(ErrorKind::DeviceNotFound)
            });
        match is_partial {
            true => Ok(PropertiesSet { error: Some(error) }),
            false => Err(error),
        }
    }
}

/// What the properties of a list are set of, with their names: `tank/data: a, b`, as the history
/// has it.
pub(super) struct NamesOf<'a> {
    pub(super) list: &'a NvList,
    pub(super) target: &'a str,
}

impl fmt::Display for NamesOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.target)?;
        for (number, name) in self.list.names().enumerate() {
            let separator = if number == 0 { ": " } else { ", " };
            write!(f, "{separator}{name}")?;
        }
        Ok(())
    }
}

/// The values in the kernel's form, or an error with all that cannot be set.
pub(super) fn checked(
    operation: Operation,
    name: &str,
    target: &Target,
    values: &[(String, PropertyValue)],
) -> Result<NvList> {
    let mut list = NvList::new();
    let mut failures = Vec::new();
    let mut reasons = Vec::new();
    for (property, value) in values {
        match target.check(property, value) {
            Ok(value) => {
                list.insert(property.as_str(), value);
            }
            Err(error) => {
                let kind = kind_of(&error);
                failures.push(Failure {
                    name: property.clone(),
                    kind,
                    errno: kind.usual_errno(),
                });
                reasons.push(error.to_string());
            }
        }
    }
    if failures.is_empty() {
        return Ok(list);
    }
    Err(Error::of_failures(operation, name, failures).with_source(reasons.join("; ")))
}

/// What setting properties came to.
#[derive(Debug)]
#[must_use = "some may not have been set; see all() and failures()"]
pub struct PropertiesSet {
    pub(super) error: Option<Error>,
}

impl PropertiesSet {
    /// Demands that every property was set.
    ///
    /// # Errors
    ///
    /// That of the first that was not, with all of them in [`Error::failures`]. The others are set.
    pub fn all(self) -> Result<()> {
        self.error.map_or(Ok(()), Err)
    }

    /// The properties that were not set, and why.
    pub fn failures(&self) -> &[Failure] {
        self.error.as_ref().map_or(&[], Error::failures)
    }
}

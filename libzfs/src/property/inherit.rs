//! Taking values of properties back: to what is inherited, or was received.

use crate::error::{Error, ErrorKind, Failure, Operation, Result};
use crate::handle::Zfs;
use crate::list::Entry;
use crate::name::{DatasetName, check_user_property};

use super::check::check_release;
use super::info::{Access, PropertyHolder};
use super::set::{PropertiesSet, SetsProperties, refused};
use super::{Source, ValueError};

impl Zfs {
    /// Takes back what is set on a dataset or snapshot, so that it has the value of the dataset
    /// above or the default. A received value is hidden too, until
    /// [`revert_property`](Self::revert_property) brings it back.
    ///
    /// What `zfs inherit` does besides is not done: nothing is mounted elsewhere, or otherwise, or
    /// shared. What is below keeps what is set there, unless it is taken back
    /// [there too](Self::inherit_property_below).
    ///
    /// **`readonly` of a volume**: the kernel of 2.3 and 2.4 lets a device that is open be written to then,
    /// until it is closed, also where what is inherited is `on`.
    ///
    /// Needs the permission of the property's name, of a user property `userprop`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidProperty`]: it is unknown, read-only, set at creation, one that this has
    ///   not, or one that is not inherited, such as `quota`;
    /// * [`ErrorKind::Unsupported`]: it came with a later release;
    /// * [`ErrorKind::DatasetNotFound`], [`ErrorKind::PermissionDenied`], [`ErrorKind::ReadOnlyPool`]
    #[doc(alias = "ZFS_IOC_INHERIT_PROP")]
    #[doc(alias = "zfs_prop_inherit")]
    pub fn inherit_property<N: SetsProperties + ?Sized>(
        &self,
        name: &N,
        property: &str,
    ) -> Result<()> {
        self.take_back(name.name(), property, Back::Inherit)
    }

    /// Takes back what is set on a dataset and on all below it that can have the property: what
    /// `zfs inherit -r` does. Of a user property snapshots are among them.
    ///
    /// Those are left alone on which nothing is set, or was received. One that vanishes meanwhile is
    /// passed over. The failures in the result have the names of datasets and snapshots; the others
    /// are done.
    ///
    /// For each it is as [`inherit_property`](Self::inherit_property).
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// zfs.inherit_property_below(&"tank/data".parse()?, "compression")?
    ///     .all()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// None was taken back then.
    ///
    /// * [`ErrorKind::InvalidProperty`]: it is unknown, read-only, set at creation, or one that is not
    ///   inherited, such as `quota`;
    /// * [`ErrorKind::Unsupported`]: it came with a later release;
    /// * [`ErrorKind::DatasetNotFound`], [`ErrorKind::PoolSuspended`]
    ///
    /// In the result: those of [`inherit_property`](Self::inherit_property).
    #[doc(alias = "zfs_prop_inherit")]
    pub fn inherit_property_below(
        &self,
        top: &DatasetName,
        property: &str,
    ) -> Result<PropertiesSet> {
        self.take_back_below(top, property, Back::Inherit)
    }

    /// Takes back what is set on a dataset or snapshot, so that it has the value that was received;
    /// if none was, that of the dataset above or the default. Limits such as `quota` can be taken
    /// back too; `volsize`, `version`, `keylocation` and `volthreading` cannot.
    ///
    /// Also `redundant_metadata` of `some` or `none`, which `zfs inherit -S` leaves as it is: that takes
    /// two calls of the kernel, between which it is inherited.
    ///
    /// For the rest it is as [`inherit_property`](Self::inherit_property). What is below keeps what is
    /// set there, unless it is taken back [there too](Self::revert_property_below).
    ///
    /// # Errors
    ///
    /// As for [`inherit_property`](Self::inherit_property).
    #[doc(alias = "ZFS_IOC_INHERIT_PROP")]
    pub fn revert_property<N: SetsProperties + ?Sized>(
        &self,
        name: &N,
        property: &str,
    ) -> Result<()> {
        self.take_back(name.name(), property, Back::Revert)
    }

    /// Takes back what is set on a dataset and on all below it that can have the property, so that
    /// each has the value that it received: what `zfs inherit -S -r` does. Of a user property
    /// snapshots are among them.
    ///
    /// What received none has the value of the dataset above or the default, also of a limit such as
    /// `quota`, which is lost where it was set. Those are left alone on which nothing is set and no
    /// received value is hidden. Else it is as [`inherit_property_below`](Self::inherit_property_below),
    /// and for each as [`revert_property`](Self::revert_property).
    ///
    /// # Errors
    ///
    /// As for [`inherit_property_below`](Self::inherit_property_below); of what is not inherited, only
    /// `volsize`, `version`, `keylocation` and `volthreading` are refused.
    #[doc(alias = "zfs_prop_inherit")]
    pub fn revert_property_below(
        &self,
        top: &DatasetName,
        property: &str,
    ) -> Result<PropertiesSet> {
        self.take_back_below(top, property, Back::Revert)
    }

    fn take_back_below(
        &self,
        top: &DatasetName,
        property: &str,
        back: Back,
    ) -> Result<PropertiesSet> {
        let operation = Operation::InheritProperty;
        let target = || format!("{property} of {top} and below");
        check_anywhere(property, back).map_err(|error| refused(operation, target(), error))?;
        let list = self.list(top).recursive().filesystems().volumes();
        let list = match property.contains(':') {
            true => list.snapshots(),
            false => list,
        };
        let all = list.properties().run();
        let mut failures = Vec::new();
        for entry in all.map_err(|error| error.with_operation(operation))? {
            let (name, taken) = match entry {
                Ok(entry) => (
                    entry.name().to_string(),
                    self.take_back_from(&entry, property, back),
                ),
                Err(error) => (error.target().to_owned(), Err(error)),
            };
            if let Err(error) = taken {
                if error.kind() != ErrorKind::DatasetNotFound {
                    failures.push(Failure {
                        name,
                        kind: error.kind(),
                        errno: error.errno(),
                    });
                }
            }
        }
        let error =
            (!failures.is_empty()).then(|| Error::of_failures(operation, target(), failures));
        Ok(PropertiesSet { error })
    }

    /// Takes back what is set on one of a tree, unless there is nothing: each call of the kernel that
    /// changes something waits for a transaction group.
    fn take_back_from(&self, entry: &Entry, property: &str, back: Back) -> Result<()> {
        let name = entry.name().as_str();
        let Some(properties) = entry.properties() else {
            return Ok(());
        };
        if super::info(property).is_some_and(|info| !properties.has(info)) {
            return Ok(());
        }
        let source = properties.native(property).map(|found| found.source);
        let is_set = match (source, back) {
            (Some(Source::Local), _) => true,
            (Some(Source::Received), back) => back == Back::Inherit,
            (_, Back::Inherit) => false,
            // What was received can be hidden by what is inherited, and by a limit of none.
            (_, Back::Revert) => self.has_received(name, property)?,
        };
        match is_set {
            true => self.take_back(name, property, back),
            false => Ok(()),
        }
    }

    fn has_received(&self, name: &str, property: &str) -> Result<bool> {
        let received = self.device().received_properties(name);
        let received = received.map_err(|errno| {
            let target = format!("{property} of {name}");
            Error::from_errno(Operation::InheritProperty, target, errno)
        })?;
        Ok(received.is_some_and(|received| received.contains(property)))
    }

    fn take_back(&self, name: &str, property: &str, back: Back) -> Result<()> {
        let operation = Operation::InheritProperty;
        let target = || format!("{property} of {name}");
        let properties = self
            .read_properties(name)
            .map_err(|error| error.with_operation(operation))?;
        check_back(property, properties.holder(), back)
            .map_err(|error| refused(operation, target(), error))?;
        tracing::debug!(name, property, ?back, "inherit property");
        let device = self.device();
        let inherited = match back {
            Back::Inherit => device.inherit_property(name, property, false),
            // Alone this leaves it as it is set, to one of the values that came later than it.
            Back::Revert if property == "redundant_metadata" => device
                .inherit_property(name, property, false)
                .and_then(|()| device.inherit_property(name, property, true)),
            Back::Revert => device.inherit_property(name, property, true),
        };
        self.recorded(operation, format_args!("{property} of {name}"), inherited)
            .map_err(|errno| Error::from_errno(operation, target(), errno))
    }
}

/// What is neither inherited nor goes back to what was received.
const NOT_REVERTED: &[&str] = &["keylocation", "version", "volsize", "volthreading"];

/// To what a property goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Back {
    Inherit,
    Revert,
}

/// Whether a property of this name can be taken back from anything.
fn check_anywhere(name: &str, back: Back) -> Result<(), ValueError> {
    let holder = match super::info(name) {
        Some(info) if !info.is_for(PropertyHolder::FileSystem) => PropertyHolder::Volume,
        _ => PropertyHolder::FileSystem,
    };
    check_back(name, holder, back)
}

fn check_back(name: &str, holder: PropertyHolder, back: Back) -> Result<(), ValueError> {
    if name.contains(':') {
        return Ok(check_user_property(name)?);
    }
    let property = || name.to_owned();
    let Some(info) = super::info(name) else {
        return Err(ValueError::Unknown {
            property: property(),
        });
    };
    match info.access() {
        Access::Inheritable => {}
        Access::ReadOnly => {
            return Err(ValueError::ReadOnly {
                property: property(),
            });
        }
        // Of a key's location the kernel would look at none, and switch a volume's threads off.
        Access::Settable if back == Back::Revert && !NOT_REVERTED.contains(&name) => {}
        Access::Settable => {
            return Err(ValueError::NotInheritable {
                property: property(),
            });
        }
        Access::AtCreation | Access::AtCreationOrInherited | Access::AtImport => {
            return Err(ValueError::CannotBeSet {
                property: property(),
                when: "when a dataset is created",
            });
        }
    }
    if holder == PropertyHolder::Snapshot || !info.is_for(holder) {
        return Err(ValueError::WrongHolder {
            property: property(),
            holder,
        });
    }
    check_release(info)
}

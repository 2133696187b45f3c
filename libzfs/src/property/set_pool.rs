//! Setting properties of pools.

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::PoolName;
use crate::nvlist::NvList;

use super::check::Target;
use super::info::{PropertyHolder, Release};
use super::set::{NamesOf, checked, refused};
use super::{NativeProperty, PropertyValue, ValueError};

impl Zfs {
    /// Begins to set properties of a pool; see [`SetPoolProperties`].
    #[doc(alias = "ZFS_IOC_POOL_SET_PROPS")]
    #[doc(alias = "zpool_set_prop")]
    pub fn set_pool_properties(&self, pool: &PoolName) -> SetPoolProperties {
        SetPoolProperties {
            zfs: self.clone(),
            pool: pool.clone(),
            values: Vec::new(),
            features: Vec::new(),
        }
    }
}

/// The release that user properties of pools came with.
const USER_PROPERTIES: Release = Release([2, 2, 0]);

/// Several properties to be set on one pool; [`run`](Self::run) does it.
#[derive(Debug, Clone)]
#[must_use = "nothing is set before run()"]
pub struct SetPoolProperties {
    zfs: Zfs,
    pool: PoolName,
    values: Vec<(String, PropertyValue)>,
    features: Vec<String>,
}

impl SetPoolProperties {
    /// Sets a native property to a value of its type; they are in [`pool`](super::pool).
    pub fn set<T: Into<PropertyValue>>(self, property: &NativeProperty<T>, value: T) -> Self {
        self.set_value(property.name(), value)
    }

    /// Sets a user property, or a native one from what `zpool set` takes: `10G`, `none`, `on`.
    pub fn set_text(self, property: &str, text: &str) -> Self {
        self.set_value(property, text)
    }

    /// Sets a property by its name.
    pub fn set_value(mut self, property: &str, value: impl Into<PropertyValue>) -> Self {
        self.values.push((property.to_owned(), value.into()));
        self
    }

    /// Enables a feature, such as `zstd_compress`, and those that it needs. It cannot be disabled
    /// again, and a release without it cannot write to the pool, or not import it, once the feature
    /// is in use.
    pub fn enable_feature(mut self, feature: &str) -> Self {
        self.features.push(feature.to_owned());
        self
    }

    /// Sets them all, or none.
    ///
    /// Two things that `zpool set` looks at are the caller's to see to: that the directory of a
    /// `cachefile` exists, and the files that `compatibility` names.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidProperty`]: one is unknown, read-only, set at import, or has a value
    ///   that it cannot have, or the module knows no such feature;
    /// * [`ErrorKind::Unsupported`]: one came with a later release: user properties are there since
    ///   2.2;
    /// * [`ErrorKind::FeatureDisabled`]: a `bootfs` that nothing can start from, or `multihost` on a
    ///   machine without a hostid;
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::PoolSuspended`], [`ErrorKind::ReadOnlyPool`],
    ///   [`ErrorKind::PermissionDenied`]
    pub fn run(self) -> Result<()> {
        let operation = Operation::SetPoolProperties;
        let pool = self.pool.as_str();
        let target = Target {
            holder: PropertyHolder::Pool,
            properties: None,
            may_shrink: false,
        };
        let mut list = checked(operation, pool, &target, &self.values)?;
        let user = self.values.iter().find(|(name, _)| name.contains(':'));
        if let Some((name, _)) = user.filter(|_| !USER_PROPERTIES.is_running()) {
            let error = ValueError::NeedsRelease {
                property: name.clone(),
                since: USER_PROPERTIES,
            };
            return Err(refused(operation, pool.to_owned(), error));
        }
        for feature in &self.features {
            // The kernel would look for it up to a NUL.
            if feature.contains('\0') {
                let error = ValueError::Unknown {
                    property: format!("feature@{feature}"),
                };
                return Err(refused(operation, pool.to_owned(), error));
            }
            list.insert(format!("feature@{feature}"), 0_u64);
        }
        self.set_list(&list)
    }

    fn set_list(&self, list: &NvList) -> Result<()> {
        if list.is_empty() {
            return Ok(());
        }
        let (zfs, pool) = (&self.zfs, &self.pool);
        tracing::debug!(%pool, properties = list.len(), "set pool properties");
        let set = zfs.device().pool_set_props(pool.as_str(), list);
        let target = pool.as_str();
        zfs.recorded(Operation::SetPoolProperties, NamesOf { list, target }, set)
            .map_err(|errno| {
                let error = Error::from_errno(Operation::SetPoolProperties, pool.as_str(), errno);
                // The kernel's number for a `bootfs` that does not exist is that of the pool.
                match error.kind() {
                    ErrorKind::PoolNotFound if list.contains("bootfs") && !zfs.is_missing(pool) => {
                        error.with_kind(ErrorKind::InvalidProperty)
                    }
                    _ => error,
                }
            })
    }
}

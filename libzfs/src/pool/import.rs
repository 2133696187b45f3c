//! Importing pools.

use std::error::Error as _;

use super::find::{FoundPool, unsupported_features, unsupported_kind};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::ffi::ImportFailed;
use crate::handle::Zfs;
use crate::label::PoolState;
use crate::name::PoolName;
use crate::nvlist::NvList;

impl Zfs {
    /// Begins to import a pool that was [found](Self::find_pools); see [`ImportPool`].
    #[doc(alias = "zpool_import")]
    #[doc(alias = "zpool_import_props")]
    #[doc(alias = "ZFS_IOC_POOL_IMPORT")]
    pub fn import_pool(&self, pool: &FoundPool) -> ImportPool {
        ImportPool {
            zfs: self.clone(),
            pool: pool.clone(),
            name: pool.name().clone(),
            properties: NvList::new().with("cachefile", "none"),
            flags: 0,
            other_host: false,
            destroyed: false,
            rewind: false,
            invalid: None,
        }
    }
}

/// A pool about to be imported; [`run`](Self::run) does it.
///
/// Nothing is mounted and no key loaded. The pool is not entered into the system's cache file, so
/// that nothing imports it when the system starts: that is asked for with
/// [`cache_file`](Self::cache_file).
///
/// A pool that was not exported is refused if another host used it last, which is told by the
/// numbers of the hosts (`/etc/hostid`). Between hosts that have none it cannot be told.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// let found = zfs.find_pools(["/mnt/images"])?;
/// let pool = found.named(&"tank".parse()?)?;
/// zfs.import_pool(pool).read_only().altroot("/mnt/tank").run()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "no pool is imported before run()"]
pub struct ImportPool {
    zfs: Zfs,
    pool: FoundPool,
    name: PoolName,
    properties: NvList,
    flags: u64,
    other_host: bool,
    destroyed: bool,
    rewind: bool,
    invalid: Option<String>,
}

/// `ZFS_IMPORT_ANY_HOST`
const ANY_HOST: u64 = 0x2;
/// `ZFS_IMPORT_MISSING_LOG`
const MISSING_LOG: u64 = 0x4;
/// `ZFS_IMPORT_TEMP_NAME`
const TEMPORARY_NAME: u64 = 0x10;
/// `ZPOOL_DO_REWIND`
const REWIND: u32 = 8;

impl ImportPool {
    /// Imports it so that nothing in it can be changed. Nothing is written to its devices.
    pub fn read_only(mut self) -> Self {
        self.properties.insert("readonly", 1_u64);
        self
    }

    /// Gives it another name, which it keeps.
    pub fn name(mut self, name: &PoolName) -> Self {
        self.name = name.clone();
        self.flags &= !TEMPORARY_NAME;
        self
    }

    /// Has it under another name for as long as it is imported (`zpool import -t`).
    pub fn temporary_name(mut self, name: &PoolName) -> Self {
        self.name = name.clone();
        self.flags |= TEMPORARY_NAME;
        self
    }

    /// Puts the mount points of all of its datasets below this directory for as long as it is
    /// imported.
    pub fn altroot(mut self, directory: &str) -> Self {
        self.insert_path("altroot", directory);
        self
    }

    /// Enters the pool into this cache file, from which it is imported when the system starts. The
    /// system's own is `/etc/zfs/zpool.cache`.
    pub fn cache_file(mut self, path: &str) -> Self {
        self.insert_path("cachefile", path);
        self
    }

    fn insert_path(&mut self, property: &str, path: &str) {
        if path.starts_with('/') && !path.contains('\0') {
            self.properties.insert(property, path);
        } else {
            let why = format!("{property}: {path:?} is no absolute path");
            self.invalid.get_or_insert(why);
        }
    }

    /// Imports a pool that another host was the last to use and did not export. **If that host has
    /// it imported still, the two destroy it.** What a pool with the property `multihost` knows of
    /// that is respected all the same.
    pub fn force_from_other_host(mut self) -> Self {
        self.flags |= ANY_HOST;
        self.other_host = true;
        self
    }

    /// Imports a pool that was destroyed. What was overwritten since is lost.
    pub fn force_destroyed(mut self) -> Self {
        self.destroyed = true;
        self
    }

    /// Imports it without a log device that is missing. **What was written to the log alone is
    /// lost**: the last seconds of synchronous writes, if the host went down.
    pub fn discard_missing_log(mut self) -> Self {
        self.flags |= MISSING_LOG;
        self
    }

    /// Goes back to an earlier state if the newest is damaged, by two transaction groups at most, of
    /// which nothing was overwritten since. **What was written in the last seconds is lost**, and what
    /// the intent log has (`zpool import -F`). Of a pool that is whole nothing is.
    ///
    /// Going back further (`-X`), or to a transaction group of one's choice, is left to `zpool`.
    pub fn discard_last_transactions(mut self) -> Self {
        self.rewind = true;
        self
    }

    /// Imports it.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::PoolExists`]: another pool has the name, or this one is imported already;
    /// * [`ErrorKind::PoolDestroyed`], [`ErrorKind::PoolOfOtherHost`],
    ///   [`ErrorKind::PoolActiveElsewhere`];
    /// * [`ErrorKind::DevicesMissing`], with the paths of those in the text;
    /// * [`ErrorKind::PoolFeaturesUnsupported`] or, where a read-only import can be,
    ///   [`ErrorKind::PoolFeaturesReadOnly`], with the features in the text;
    /// * [`ErrorKind::Io`]: it is damaged;
    /// * [`ErrorKind::InvalidProperty`]: a path that is none;
    /// * [`ErrorKind::DeviceInUse`], [`ErrorKind::PermissionDenied`]
    pub fn run(self) -> Result<()> {
        let operation = Operation::ImportPool;
        let name = self.name.as_str();
        let refused = |kind, why: &str| Err(Error::refused(operation, name, kind, why));
        if let Some(why) = &self.invalid {
            return refused(ErrorKind::InvalidProperty, why);
        }
        if self.pool.state() == PoolState::Destroyed && !self.destroyed {
            let kind = ErrorKind::PoolDestroyed;
            return Err(Error::new(operation, name, kind, kind.usual_errno()));
        }
        if self.pool.is_active_elsewhere() {
            let kind = ErrorKind::PoolActiveElsewhere;
            return Err(Error::new(operation, name, kind, kind.usual_errno()));
        }
        if self.pool.is_of_other_host() && !self.other_host {
            let host = self.pool.host_name().unwrap_or_default();
            let why = format!(
                "{host}, with the number {:#x}",
                self.pool.host_id().unwrap_or(0)
            );
            return refused(ErrorKind::PoolOfOtherHost, &why);
        }
        let mut config = self.pool.config.clone();
        if self.rewind {
            let policy = NvList::new().with("load-rewind-policy", REWIND);
            config.insert("load-policy", policy);
        }
        tracing::debug!(pool = name, guid = self.pool.guid(), "import pool");
        let imported = self
            .zfs
            .device()
            .pool_import(name, &config, &self.properties, self.flags);
        match imported {
            Ok(()) => {}
            // So the kernel says that its answer was too long, too, and then the pool is imported.
            Err(failed) if failed.errno.raw() == libc::ENOMEM && self.is_imported()? => {}
            Err(failed) => {
                let error = explain(name, failed);
                let was_missing = self.pool.obstacle() == Some(ErrorKind::DevicesMissing);
                // These numbers are those of a pool of which no state can be read, too.
                return Err(match error.kind() {
                    ErrorKind::DevicesMissing if error.source().is_none() && !was_missing => {
                        error.with_kind(ErrorKind::Io)
                    }
                    _ => error,
                });
            }
        }
        self.zfs.record(operation, name);
        Ok(())
    }

    fn is_imported(&self) -> Result<bool> {
        let pools = self.zfs.pools()?;
        Ok(pools.iter().any(|pool| pool.guid == self.pool.guid()))
    }
}

/// The error with what the kernel told besides.
fn explain(name: &str, failed: ImportFailed) -> Error {
    let error = Error::from_errno(Operation::ImportPool, name, failed.errno);
    let info = failed
        .config
        .as_ref()
        .and_then(|config| config.get_list("load_info"));
    match error.kind() {
        ErrorKind::PoolFeaturesUnsupported => {
            let names = unsupported_features(info);
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            let error = error.with_kind(unsupported_kind(info));
            if names.is_empty() {
                error
            } else {
                error.with_source(names.join(", "))
            }
        }
        ErrorKind::DevicesMissing => {
            let missing = info.and_then(|info| info.get_list("missing_vdevs"));
            let mut paths = Vec::new();
            if let Some(missing) = missing {
                collect_paths(missing, &mut paths);
            }
            if paths.is_empty() {
                error
            } else {
                error.with_source(paths.join(", "))
            }
        }
        ErrorKind::PoolActiveElsewhere => {
            match info.and_then(|info| info.get_bstr("mmp_hostname")) {
                Some(host) => error.with_source(format!("its host is {host}")),
                None => error,
            }
        }
        _ => error,
    }
}

fn collect_paths(vdev: &NvList, paths: &mut Vec<String>) {
    paths.extend(vdev.get_str("path").map(str::to_owned));
    for child in vdev.get_list_array("children").unwrap_or_default() {
        collect_paths(child, paths);
    }
}

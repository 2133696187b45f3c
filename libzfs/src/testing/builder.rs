//! How a pool is to be.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::{DEFAULT_SIZE, Home, KEEP_VAR, Pool, Vdev};
use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::PoolName;
#[cfg(doc)]
use crate::pool::CreatePool;
use crate::pool::{Features, NewVdev};
use crate::property::PropertyValue;

/// How a pool is to be; [`build`](Self::build) makes it.
#[derive(Debug, Clone)]
#[must_use = "no pool is made before build()"]
pub struct PoolBuilder {
    name: Option<PoolName>,
    size: u64,
    mirror: usize,
    label: String,
    keep: bool,
    features: Features,
    properties: Vec<(String, PropertyValue)>,
}

impl PoolBuilder {
    pub(super) fn new() -> Self {
        let keep =
            std::env::var_os(KEEP_VAR).is_some_and(|value| !value.is_empty() && value != "0");
        Self {
            name: None,
            size: DEFAULT_SIZE,
            mirror: 1,
            label: "test".into(),
            keep,
            features: Features::AllBut(BTreeSet::new()),
            properties: Vec::new(),
        }
    }

    /// The size of each of the pool's files in bytes; at least 64 MiB (`SPA_MINDEVSIZE`).
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = bytes;
        self
    }

    /// Has the pool on so many files, each with all that is in it. With 0 or 1 it is on one.
    pub fn mirror(mut self, files: usize) -> Self {
        self.mirror = files;
        self
    }

    /// What the pool's name has in it, to be recognised in logs.
    pub fn label(mut self, label: &str) -> Self {
        self.label = label.to_owned();
        self
    }

    /// The pool's whole name, in place of one that no other has.
    pub fn name(mut self, name: &PoolName) -> Self {
        self.name = Some(name.clone());
        self
    }

    /// Whether the pool stays when its [`Pool`] is dropped.
    pub fn keep(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }

    /// Sets a property of the pool; see [`CreatePool::set`].
    pub fn property(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        self.properties.push((name.to_owned(), value.into()));
        self
    }

    /// Leaves a feature disabled, by its short name such as `bookmarks`. Those that build on it
    /// must be left out as well.
    pub fn without_feature(mut self, name: &str) -> Self {
        self.features.leave_out(name);
        self
    }

    /// Leaves all features disabled, as `zpool create -d` does.
    pub fn without_features(mut self) -> Self {
        self.features = Features::None;
        self
    }

    /// Makes the pool.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::ZfsNotAvailable`]: no module; a test that needs one should fail then, not
    ///   pass without having run;
    /// * [`ErrorKind::Unsupported`]: the module has no feature of a name that is left out;
    /// * [`ErrorKind::InvalidArgument`]: a feature that is left out is there all the same, because
    ///   another builds on it;
    /// * [`ErrorKind::PoolExists`] with [`name`](Self::name);
    /// * [`ErrorKind::PermissionDenied`], [`ErrorKind::NoSpace`]
    #[doc(alias = "ZFS_IOC_POOL_CREATE")]
    #[doc(alias = "zpool_create")]
    pub fn build(self) -> Result<Pool> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => self.fresh_name()?,
        };
        let failed = |error: io::Error| {
            Error::from_errno(Operation::CreatePool, name.as_str(), Errno::from(error))
        };
        let zfs = Zfs::open()?;
        let directory = tempfile::Builder::new()
            .prefix(&format!("{name}-"))
            .tempdir()
            .map_err(failed)?;
        let files = self.make_files(directory.path()).map_err(failed)?;
        let vdev = match &files[..] {
            [only] => NewVdev::single(only),
            _ => NewVdev::mirror(files),
        };
        let mut create = zfs.create_pool(&name).vdev(vdev).features(self.features);
        for (property, value) in self.properties {
            create = create.set(&property, value);
        }
        create.run()?;
        tracing::debug!(pool = %name, directory = %directory.path().display(), "pool made");

        let look = || {
            let status = zfs.pool_status(&name)?;
            let vdevs = status.devices().filter_map(|device| {
                Some(Vdev {
                    path: device.path.clone()?,
                    guid: device.guid.get(),
                })
            });
            Ok((vdevs.collect(), zfs.dataset(&name.root())?.guid()?))
        };
        let (vdevs, guid) = look().inspect_err(|_| {
            let _ = zfs.destroy_pool(&name);
        })?;
        Ok(Pool {
            zfs,
            home: Home {
                name,
                directory: directory.keep(),
                vdevs,
                keep: self.keep,
                guid,
                process: std::process::id(),
            },
        })
    }

    fn fresh_name(&self) -> Result<PoolName> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("lzt-{}-{}-{number}", self.label, std::process::id());
        name.parse().map_err(|error: crate::NameError| {
            Error::refused(Operation::CreatePool, name, ErrorKind::InvalidName, error)
        })
    }

    fn make_files(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        (0..self.mirror.max(1))
            .map(|number| {
                let path = directory.join(format!("vdev-{number}"));
                File::create(&path)?.set_len(self.size)?;
                Ok(path)
            })
            .collect()
    }
}

//! How a pool is to be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::{DEFAULT_SIZE, Home, KEEP_VAR, Pool, Vdev};
use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::PoolName;
use crate::nvlist::{NvList, Value};

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
    properties: NvList,
}

/// The features that a pool gets of those that the module has.
#[derive(Debug, Clone)]
enum Features {
    AllBut(BTreeSet<String>),
    None,
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
            properties: NvList::new(),
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

    /// Sets a property of the pool, in the form that the kernel takes.
    pub fn property(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.properties.insert(name, value);
        self
    }

    /// Leaves a feature disabled, by its short name such as `bookmarks`. Those that build on it
    /// must be left out as well.
    pub fn without_feature(mut self, name: &str) -> Self {
        if let Features::AllBut(left_out) = &mut self.features {
            left_out.insert(name.to_owned());
        }
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
        let failed = |errno: Errno| Error::from_errno(Operation::CreatePool, name.as_str(), errno);
        let io_failed = |error: io::Error| failed(error.into());

        let zfs = Zfs::open()?;
        let supported = supported_features().map_err(io_failed)?;
        let enabled = self.enabled_features(&name, &supported)?;
        let directory = tempfile::Builder::new()
            .prefix(&format!("{name}-"))
            .tempdir()
            .map_err(io_failed)?;
        let files = self.make_files(directory.path()).map_err(io_failed)?;

        let mut properties = self.properties;
        properties.insert("cachefile", "none");
        for feature in &enabled {
            properties.insert(format!("feature@{feature}"), 0_u64);
        }
        let tree = vdev_tree(&files).ok_or_else(|| failed(Errno::new(libc::EINVAL)))?;
        zfs.device()
            .pool_create(name.as_str(), &tree, &properties)
            .map_err(failed)?;
        tracing::debug!(pool = %name, directory = %directory.path().display(), "pool made");

        let look = || {
            let config = zfs.device().pool_stats(name.as_str()).map_err(failed)?;
            check_features(&name, &config, &enabled, &supported)?;
            let guid = zfs.dataset(&name.root())?.guid()?;
            Ok((leaves(&config), guid))
        };
        let (vdevs, guid) = look().inspect_err(|_| {
            let _ = zfs.device().pool_destroy(name.as_str());
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

    /// The short names of the features that are asked for.
    fn enabled_features(
        &self,
        pool: &PoolName,
        supported: &BTreeMap<String, String>,
    ) -> Result<BTreeSet<String>> {
        let Features::AllBut(left_out) = &self.features else {
            return Ok(BTreeSet::new());
        };
        if let Some(unknown) = left_out.iter().find(|name| !supported.contains_key(*name)) {
            let why = format!("the module has no feature {unknown}");
            let kind = ErrorKind::Unsupported;
            return Err(Error::refused(
                Operation::CreatePool,
                pool.as_str(),
                kind,
                why,
            ));
        }
        let enabled = supported.keys().filter(|name| !left_out.contains(*name));
        Ok(enabled.cloned().collect())
    }
}

/// Refuses a pool that has a feature that was not asked for: the kernel enables what others build
/// on.
fn check_features(
    pool: &PoolName,
    config: &NvList,
    enabled: &BTreeSet<String>,
    supported: &BTreeMap<String, String>,
) -> Result<()> {
    let has = |guid: &String| {
        config
            .get_list("feature_stats")
            .is_some_and(|features| features.contains(guid))
    };
    match supported
        .iter()
        .find(|(name, guid)| has(guid) && !enabled.contains(*name))
    {
        None => Ok(()),
        Some((name, _)) => Err(Error::refused(
            Operation::CreatePool,
            pool.as_str(),
            ErrorKind::InvalidArgument,
            format!("another feature that is enabled needs {name}"),
        )),
    }
}

/// All pool features that the module has, which a pool gets only if it is asked for each: their
/// short names, with the ones under which pools know them.
fn supported_features() -> io::Result<BTreeMap<String, String>> {
    let mut features = BTreeMap::new();
    for entry in fs::read_dir("/sys/module/zfs/features.pool")? {
        let entry = entry?;
        let name = fs::read_to_string(entry.path().join("uname"))?;
        let guid = entry.file_name().to_string_lossy().into_owned();
        features.insert(name.trim_end().to_owned(), guid);
    }
    Ok(features)
}

/// The vdev tree of these files; `None` if a path is none that a list can hold.
fn vdev_tree(files: &[PathBuf]) -> Option<NvList> {
    let mut leaves = files
        .iter()
        .map(|path| {
            let path = path.to_str()?;
            Some(NvList::new().with("type", "file").with("path", path))
        })
        .collect::<Option<Vec<_>>>()?;
    if leaves.len() > 1 {
        let mirror = NvList::new()
            .with("type", "mirror")
            .with("children", leaves);
        leaves = vec![mirror];
    }
    let root = NvList::new().with("type", "root");
    Some(root.with("children", leaves))
}

/// The leaves of a pool's vdev tree.
fn leaves(config: &NvList) -> Vec<Vdev> {
    fn collect(vdev: &NvList, found: &mut Vec<Vdev>) {
        for child in vdev.get_list_array("children").unwrap_or_default() {
            collect(child, found);
        }
        if let (Some(path), Some(guid)) = (vdev.get_str("path"), vdev.get_u64("guid")) {
            let path = path.into();
            found.push(Vdev { path, guid });
        }
    }
    let mut found = Vec::new();
    if let Some(root) = config.get_list("vdev_tree") {
        collect(root, &mut found);
    }
    found
}

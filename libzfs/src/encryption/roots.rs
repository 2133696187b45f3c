//! The encryption roots of a tree: which are locked, and loading and unloading all of their keys.

use std::collections::BTreeMap;

use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::key::{Key, KeyFormat, KeyLocation};
use crate::name::DatasetName;
use crate::property::{self, KeyStatus};

impl Zfs {
    /// The encryption roots of `top` and all datasets below it, with the datasets that have their
    /// keys from each.
    ///
    /// A root can be outside of the tree: above `top`, or that of a clone's origin. What is not
    /// encrypted is left out, and so is what vanishes meanwhile. A tree that was received raw has a
    /// root for each dataset, until [`receive_package`](Self::receive_package) or the caller has
    /// them inherit.
    ///
    /// Reads each dataset once; needs no permission, no key, and nothing to be mounted.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// for root in zfs.encryption_roots(&"tank".parse()?)?.locked() {
    ///     println!("{} is locked, and with it {:?}", root.name(), root.datasets());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DatasetNotFound`], [`ErrorKind::PoolSuspended`]
    #[doc(alias = "encryptionroot")]
    pub fn encryption_roots(&self, top: &DatasetName) -> Result<EncryptionRoots> {
        let mut roots = BTreeMap::new();
        let mut members: BTreeMap<DatasetName, Vec<DatasetName>> = BTreeMap::new();
        let mut rootless = Vec::new();
        self.walk(top, |dataset| {
            if !dataset.encryption()?.is_on() {
                return Ok(());
            }
            let name = dataset.name();
            match dataset.encryption_root()? {
                Some(root) => {
                    if root == *name {
                        roots.insert(root.clone(), EncryptionRoot::new(&dataset)?);
                    }
                    members.entry(root).or_default().push(name.clone());
                }
                None => rootless.push(name.clone()),
            }
            Ok(())
        })?;
        for (root, mut datasets) in members {
            datasets.sort();
            if let Some(root) = roots.get_mut(&root) {
                root.datasets = datasets;
            } else if let Some(outside) = self.dataset_if_there(&root)? {
                let outside = EncryptionRoot {
                    datasets,
                    ..EncryptionRoot::new(&outside)?
                };
                roots.insert(root, outside);
            } else {
                rootless.append(&mut datasets);
            }
        }
        Ok(EncryptionRoots {
            roots: roots.into_values().collect(),
            rootless,
        })
    }

    /// Loads the keys of all [encryption roots](Self::encryption_roots) of `top` and the datasets
    /// below it that are locked, from the top down. `key` is asked once for each; those that are
    /// loaded already it is not asked for.
    ///
    /// Roots outside of the tree that a dataset in it has its key from are among them.
    ///
    /// The result has each root that was locked. That the key of one is wrong or missing does not
    /// keep the others from being loaded.
    ///
    /// Needs the permission `load-key` on each root.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// use libzfs::{ErrorKind, Key};
    ///
    /// let key = Key::passphrase("correct horse")?;
    /// for outcome in zfs.load_keys(&"tank".parse()?, |_root| Some(key.clone()))? {
    ///     match outcome.result {
    ///         Ok(()) => println!("{} is open", outcome.root.name()),
    ///         Err(error) if error.kind() == ErrorKind::WrongKey => println!("{error}"),
    ///         Err(error) => return Err(error.into()),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// That the tree cannot be read: [`ErrorKind::DatasetNotFound`],
    /// [`ErrorKind::PoolSuspended`]. In the result: those of [`load_key`](Self::load_key), and
    /// [`ErrorKind::KeyNotLoaded`] where `key` had none.
    #[doc(alias = "lzc_load_key")]
    pub fn load_keys(
        &self,
        top: &DatasetName,
        mut key: impl FnMut(&EncryptionRoot) -> Option<Key>,
    ) -> Result<Vec<KeyOutcome>> {
        let roots = self.encryption_roots(top)?;
        let locked = roots.roots.into_iter().filter(EncryptionRoot::is_locked);
        Ok(locked
            .map(|root| {
                let result = match key(&root) {
                    Some(key) => self.load_key(&root.name, &key),
                    None => Err(Error::refused(
                        Operation::LoadKey,
                        root.name.as_str(),
                        ErrorKind::KeyNotLoaded,
                        "no key was given",
                    )),
                };
                KeyOutcome::new(root, result, ErrorKind::KeyAlreadyLoaded)
            })
            .collect())
    }

    /// Unloads the keys of all encryption roots at and below `top` that are loaded, the deepest
    /// first. Nothing that has its key from one of them may be mounted, also not a clone elsewhere.
    ///
    /// A root outside of the tree keeps its key, so that datasets in it may stay readable.
    ///
    /// The result has each root whose key was loaded. One that is busy does not keep the others
    /// from being unloaded.
    ///
    /// Needs the permission `load-key` on each root.
    ///
    /// # Errors
    ///
    /// As for [`load_keys`](Self::load_keys); in the result those of
    /// [`unload_key`](Self::unload_key).
    #[doc(alias = "lzc_unload_key")]
    pub fn unload_keys(&self, top: &DatasetName) -> Result<Vec<KeyOutcome>> {
        let roots = self.encryption_roots(top)?;
        let loaded = |root: &EncryptionRoot| !root.is_locked() && root.name.is_within(top);
        Ok(roots
            .roots
            .into_iter()
            .rev()
            .filter(loaded)
            .map(|root| {
                let result = self.unload_key(&root.name);
                KeyOutcome::new(root, result, ErrorKind::KeyNotLoaded)
            })
            .collect())
    }

    /// `top` and every dataset below it, parents before their children.
    pub(super) fn walk(
        &self,
        top: &DatasetName,
        mut each: impl FnMut(Dataset) -> Result<()>,
    ) -> Result<()> {
        each(self.dataset(top)?)?;
        let failed = |name: &str, errno| Error::from_errno(Operation::ReadProperties, name, errno);
        let children = |name: &str| self.device().children(name).map_err(|e| failed(name, e));
        let mut ahead = children(top.as_str())?;
        while let Some(name) = ahead.pop() {
            ahead.append(&mut children(&name)?);
            let name = name.parse().map_err(|error| {
                Error::refused(
                    Operation::ReadProperties,
                    name,
                    ErrorKind::UnexpectedAnswer,
                    error,
                )
            })?;
            if let Some(dataset) = self.dataset_if_there(&name)? {
                each(dataset)?;
            }
        }
        Ok(())
    }

    fn dataset_if_there(&self, name: &DatasetName) -> Result<Option<Dataset>> {
        match self.dataset(name) {
            Ok(dataset) => Ok(Some(dataset)),
            Err(error) if error.kind() == ErrorKind::DatasetNotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The encryption roots of a tree, as they were when they were read; see
/// [`Zfs::encryption_roots`].
#[derive(Debug, Clone)]
pub struct EncryptionRoots {
    /// By name, which has those above before those below.
    roots: Vec<EncryptionRoot>,
    rootless: Vec<DatasetName>,
}

impl EncryptionRoots {
    /// Each root, those above before those below.
    pub fn iter(&self) -> std::slice::Iter<'_, EncryptionRoot> {
        self.roots.iter()
    }

    /// The roots whose keys are not loaded.
    pub fn locked(&self) -> impl Iterator<Item = &EncryptionRoot> {
        self.iter().filter(|root| root.is_locked())
    }

    /// The datasets of the tree that are encrypted and whose encryption root is not to be found.
    /// They cannot be read.
    pub fn rootless(&self) -> &[DatasetName] {
        &self.rootless
    }
}

impl IntoIterator for EncryptionRoots {
    type Item = EncryptionRoot;
    type IntoIter = std::vec::IntoIter<EncryptionRoot>;

    fn into_iter(self) -> Self::IntoIter {
        self.roots.into_iter()
    }
}

impl<'a> IntoIterator for &'a EncryptionRoots {
    type Item = &'a EncryptionRoot;
    type IntoIter = std::slice::Iter<'a, EncryptionRoot>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A dataset with a key of its own, as it was when it was read.
#[derive(Debug, Clone)]
pub struct EncryptionRoot {
    name: DatasetName,
    status: KeyStatus,
    format: Option<KeyFormat>,
    location: Option<KeyLocation>,
    datasets: Vec<DatasetName>,
}

impl EncryptionRoot {
    fn new(dataset: &Dataset) -> Result<Self> {
        let location = dataset.get(&property::KEY_LOCATION)?;
        Ok(Self {
            name: dataset.name().clone(),
            status: dataset.key_status()?,
            format: dataset.key_format()?,
            location: location.and_then(|location| location.value.parse().ok()),
            datasets: Vec::new(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &DatasetName {
        &self.name
    }

    /// Whether its key is loaded.
    #[doc(alias = "keystatus")]
    pub fn key_status(&self) -> KeyStatus {
        self.status
    }

    /// Whether its key is not loaded.
    pub fn is_locked(&self) -> bool {
        self.status != KeyStatus::Available
    }

    /// What its key is made from.
    #[doc(alias = "keyformat")]
    pub fn key_format(&self) -> Option<KeyFormat> {
        self.format
    }

    /// Where `zfs load-key` looks for its key; none where this crate does not know the form.
    #[doc(alias = "keylocation")]
    pub fn key_location(&self) -> Option<&KeyLocation> {
        self.location.as_ref()
    }

    /// The datasets of the tree that have their keys from it, by name. It is one of them itself if
    /// it is in the tree.
    pub fn datasets(&self) -> &[DatasetName] {
        &self.datasets
    }
}

/// What came of loading or unloading the key of one encryption root of several.
#[derive(Debug)]
#[non_exhaustive]
pub struct KeyOutcome {
    /// The root, as it was before.
    pub root: EncryptionRoot,
    /// How it went.
    pub result: Result<()>,
}

impl KeyOutcome {
    /// `done` is what the kernel says if somebody else was faster.
    fn new(root: EncryptionRoot, result: Result<()>, done: ErrorKind) -> Self {
        let result = match result {
            Err(error) if error.kind() == done => Ok(()),
            result => result,
        };
        Self { root, result }
    }
}

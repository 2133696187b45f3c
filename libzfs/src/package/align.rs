//! What became of datasets and snapshots since the last package: they have been renamed, promoted or
//! destroyed where they come from.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::destination::moved;
use super::local::{LocalDataset, existing};
use super::{PackageContents, PackagedDataset};
use crate::error::{ErrorKind, Result};
use crate::handle::Zfs;
use crate::name::{DatasetName, NameError, SnapshotName};
use crate::snapshot::Destroy;

/// A change of what was there before, and whether it could be made.
#[derive(Debug)]
#[non_exhaustive]
pub struct Change {
    /// What was to be changed.
    pub kind: ChangeKind,
    /// Whether it could be.
    pub result: Result<()>,
}

/// What was to be changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A dataset was renamed, with all below it; maybe to a name that is free for the moment.
    RenamedDataset {
        /// The name that it had.
        from: DatasetName,
        /// The name that it has.
        to: DatasetName,
    },
    /// A snapshot was renamed.
    RenamedSnapshot {
        /// The name that it had.
        from: SnapshotName,
        /// The name that it has.
        to: SnapshotName,
    },
    /// A clone was promoted.
    Promoted(DatasetName),
    /// A snapshot that is not in the package was destroyed.
    DestroyedSnapshot(SnapshotName),
    /// A dataset that is not in the package was destroyed.
    DestroyedDataset(DatasetName),
    /// A dataset was made an encryption root.
    MadeEncryptionRoot(DatasetName),
    /// An encryption root was made to have its key from its parent.
    InheritedKey(DatasetName),
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RenamedDataset { from, to } => write!(f, "rename {from} to {to}"),
            Self::RenamedSnapshot { from, to } => write!(f, "rename {from} to {to}"),
            Self::Promoted(name) => write!(f, "promote {name}"),
            Self::DestroyedSnapshot(name) => write!(f, "destroy {name}"),
            Self::DestroyedDataset(name) => write!(f, "destroy {name}"),
            Self::MadeEncryptionRoot(name) => write!(f, "make {name} an encryption root"),
            Self::InheritedKey(name) => write!(f, "let {name} inherit its key"),
        }
    }
}

/// Gives datasets and snapshots the names and origins, and the encryption roots, that they have in a
/// package.
pub(super) struct Aligner<'a> {
    pub(super) zfs: &'a Zfs,
    contents: &'a PackageContents,
    /// The datasets of the package that have a snapshot: more than one, if they were copies of each
    /// other where they come from.
    by_guid: HashMap<u64, Vec<&'a PackagedDataset>>,
    /// The name of the top where it was sent.
    sent_top: &'a DatasetName,
    /// And here.
    top: &'a DatasetName,
    pub(super) destroy_missing: bool,
    pub(super) trust_encryption_roots: bool,
    made: Vec<Change>,
    /// What could not be made in this pass; maybe it can in the next.
    failed: Vec<Change>,
}

impl<'a> Aligner<'a> {
    pub(super) fn new(
        zfs: &'a Zfs,
        contents: &'a PackageContents,
        sent_top: &'a DatasetName,
        top: &'a DatasetName,
    ) -> Self {
        let mut by_guid: HashMap<u64, Vec<&PackagedDataset>> = HashMap::new();
        for dataset in &contents.datasets {
            for snapshot in &dataset.snapshots {
                by_guid.entry(snapshot.guid).or_default().push(dataset);
            }
        }
        Self {
            zfs,
            contents,
            by_guid,
            sent_top,
            top,
            destroy_missing: false,
            trust_encryption_roots: false,
            made: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// What was changed, and what could not be.
    pub(super) fn into_changes(self) -> (Vec<Change>, Vec<Change>) {
        (self.made, self.failed)
    }

    /// Makes changes until there is none left that can be made.
    pub(super) fn run(&mut self) -> Result<()> {
        // Each pass brings something to where it belongs, or makes room for that; a bound all the
        // same, should two changes undo each other.
        for _ in 0..2 * self.contents.datasets.len() + 8 {
            let local = existing(self.zfs, self.top)?;
            self.failed.clear();
            if !(self.promote(&local)
                || self.rename_snapshots(&local)
                || self.destroy(&local)
                || self.rename_datasets(&local))
            {
                break;
            }
        }
        Ok(())
    }

    /// Takes down a change, and tells whether it was made.
    fn changed(&mut self, kind: ChangeKind, result: Result<()>) -> bool {
        tracing::debug!(change = %kind, ?result, "align");
        let made = result.is_ok();
        let changes = if made {
            &mut self.made
        } else {
            &mut self.failed
        };
        changes.push(Change { kind, result });
        made
    }

    /// Does what a dataset that has its key from above would not let happen, for which it needs one
    /// of its own.
    fn with_own_key(
        &self,
        local: &[LocalDataset],
        dataset: &LocalDataset,
        make: impl Fn() -> Result<()>,
    ) -> Result<()> {
        match make() {
            Err(error)
                if error.kind() == ErrorKind::EncryptionRootWouldChange
                    && self.trust_encryption_roots =>
            {
                // A clone has the key of what it is a clone of.
                let mut owner = dataset;
                for _ in local {
                    let origin = owner.origin.as_ref().map(SnapshotName::dataset);
                    let origin = origin
                        .and_then(|origin| local.iter().find(|dataset| dataset.name() == origin));
                    match origin {
                        Some(origin) => owner = origin,
                        None => break,
                    }
                }
                self.zfs
                    .force_encryption_root_without_rewrap(owner.name())?;
                make()
            }
            result => result,
        }
    }

    /// The dataset in the package that this one is a copy of: the one that has its latest snapshot
    /// of those that are in the package at all. If several have, it is the one of this name.
    fn counterpart(&self, local: &LocalDataset) -> Option<&'a PackagedDataset> {
        let mut latest_first = local.snapshots.iter().rev();
        let all = latest_first.find_map(|snapshot| self.by_guid.get(&snapshot.guid))?;
        let here = all.iter().find(|packaged| {
            self.becomes(&packaged.name)
                .is_ok_and(|name| name == *local.name())
        });
        here.or(all.first()).copied()
    }

    /// What a dataset of the package becomes.
    fn becomes(&self, name: &DatasetName) -> Result<DatasetName, NameError> {
        moved(name, self.sent_top, self.top)
    }

    /// Promotes clones that were promoted where they come from.
    fn promote(&mut self, local: &[LocalDataset]) -> bool {
        let origins = |guid: u64| {
            let mut all = local.iter().flat_map(|dataset| &dataset.snapshots);
            all.find(|snapshot| snapshot.guid == guid)
        };
        for dataset in local {
            let (Some(origin), Some(packaged)) = (&dataset.origin, self.counterpart(dataset))
            else {
                continue;
            };
            let mut all = local.iter().flat_map(|dataset| &dataset.snapshots);
            let Some(origin) = all.find(|snapshot| snapshot.name == *origin) else {
                continue;
            };
            // Promoting makes an earlier snapshot the origin, or none.
            let promoted = match packaged.origin_guid {
                Some(guid) => origins(guid).is_some_and(|now| now.create_txg < origin.create_txg),
                None => true,
            };
            let name = dataset.name();
            if !promoted {
                continue;
            }
            let result = self.with_own_key(local, dataset, || self.zfs.promote(name));
            if self.changed(ChangeKind::Promoted(name.clone()), result) {
                return true;
            }
        }
        false
    }

    fn rename_snapshots(&mut self, local: &[LocalDataset]) -> bool {
        let mut any = false;
        for dataset in local {
            let Some(packaged) = self.counterpart(dataset) else {
                continue;
            };
            let name_of = |guid| {
                let mut snapshots = packaged.snapshots.iter();
                snapshots.find(|snapshot| snapshot.guid == guid)
            };
            let mut taken: HashSet<String> = dataset
                .snapshots
                .iter()
                .map(|snapshot| snapshot.name.short_name().to_owned())
                .collect();
            for snapshot in &dataset.snapshots {
                let from = &snapshot.name;
                let Some(now) = name_of(snapshot.guid) else {
                    continue;
                };
                if now.name == from.short_name() {
                    continue;
                }
                // If the name is another's for now, this one waits, unless they wait for each other.
                let mut short = now.name.clone();
                if taken.contains(&short) {
                    let holder = dataset
                        .snapshot(&short)
                        .and_then(|other| name_of(other.guid));
                    if holder.is_none_or(|holder| holder.name != from.short_name()) {
                        continue;
                    }
                    short = format!("recv-{}-{}", std::process::id(), snapshot.guid);
                }
                let Ok(to) = dataset.name().snapshot(&short) else {
                    continue;
                };
                let kind = ChangeKind::RenamedSnapshot {
                    from: from.clone(),
                    to: to.clone(),
                };
                if self.changed(kind, self.zfs.rename_snapshot(from, &to)) {
                    taken.remove(from.short_name());
                    taken.insert(short);
                    any = true;
                }
            }
        }
        any
    }

    /// Destroys what is not in the package, children before parents.
    fn destroy(&mut self, local: &[LocalDataset]) -> bool {
        if !self.destroy_missing {
            return false;
        }
        let mut any = false;
        // What is received into, and be it a part that waits to be resumed.
        let datasets = self.contents.datasets.iter();
        let mut kept: HashSet<DatasetName> = datasets
            .filter_map(|dataset| self.becomes(&dataset.name).ok())
            .collect();
        kept.insert(self.top.clone());
        for dataset in local.iter().rev() {
            let mut keep = false;
            for snapshot in &dataset.snapshots {
                if self.by_guid.contains_key(&snapshot.guid) {
                    keep = true;
                    continue;
                }
                let name = &snapshot.name;
                let kind = ChangeKind::DestroyedSnapshot(name.clone());
                let only = std::slice::from_ref(name);
                if self.changed(kind, self.zfs.destroy_snapshots(only, Destroy::Now)) {
                    any = true;
                } else {
                    keep = true;
                }
            }
            let name = dataset.name();
            if !keep && !kept.iter().any(|kept| kept.is_within(name)) {
                let kind = ChangeKind::DestroyedDataset(name.clone());
                if self.changed(kind, self.zfs.destroy_dataset(name)) {
                    any = true;
                    continue;
                }
            }
            kept.insert(name.clone());
        }
        any
    }

    /// Renames one dataset; what is below it has another name then as well.
    fn rename_datasets(&mut self, local: &[LocalDataset]) -> bool {
        let named = |name: &DatasetName| local.iter().find(|dataset| dataset.name() == name);
        for dataset in local {
            let Some(to) = self.belongs(dataset) else {
                continue;
            };
            let from = dataset.name();
            // Its new parent may be one that is yet to come, with the package.
            if to == *from || to.parent().is_none_or(|parent| named(&parent).is_none()) {
                continue;
            }
            let to = match named(&to) {
                None => to,
                // Whoever has the name belongs elsewhere, too: this one makes room first.
                Some(other) if self.belongs(other).is_some_and(|there| there != to) => {
                    let guid = dataset
                        .snapshots
                        .first()
                        .map_or(0, |snapshot| snapshot.guid);
                    let aside = format!("recv-{}-{guid}", std::process::id());
                    if from.as_str().ends_with(&aside) {
                        continue;
                    }
                    match self.top.child(&aside) {
                        Ok(aside) => aside,
                        Err(_) => continue,
                    }
                }
                Some(_) => to,
            };
            let kind = ChangeKind::RenamedDataset {
                from: from.clone(),
                to: to.clone(),
            };
            let rename = || self.zfs.rename_dataset(from, &to);
            let result = self.with_own_key(local, dataset, rename);
            if self.changed(kind, result) {
                return true;
            }
        }
        false
    }

    /// The name that a dataset has to have; that of the top is the caller's.
    fn belongs(&self, dataset: &LocalDataset) -> Option<DatasetName> {
        if dataset.name() == self.top {
            return None;
        }
        let packaged = self.counterpart(dataset)?;
        // Only of what the package goes on from is it known that it is the same one.
        let from = packaged.snapshot(self.contents.from.as_deref()?)?;
        dataset.by_guid(from.guid)?;
        self.becomes(&packaged.name).ok()
    }

    /// Makes datasets encryption roots, or has them inherit their keys.
    pub(super) fn align_encryption_roots(&mut self) -> Result<()> {
        for local in existing(self.zfs, self.top)? {
            let name = local.name();
            // A clone has its origin's key, and goes with that.
            if !local.dataset.encryption()?.is_on() || local.origin.is_some() {
                continue;
            }
            let Some(packaged) = self.counterpart(&local) else {
                continue;
            };
            let is_root = local.dataset.encryption_root()?.as_ref() == Some(name);
            if packaged.is_encryption_root && !is_root {
                let made = self.zfs.force_encryption_root_without_rewrap(name);
                self.changed(ChangeKind::MadeEncryptionRoot(name.clone()), made);
            } else if !packaged.is_encryption_root
                && is_root
                && name != self.top
                && has_the_parameters_of_its_parent(self.zfs, &local)?
            {
                let inherited = self.zfs.force_inherit_key_without_rewrap(name);
                self.changed(ChangeKind::InheritedKey(name.clone()), inherited);
            }
        }
        Ok(())
    }
}

/// Whether the key of a dataset can be that of its parent: what it is made from, and how, is the same
/// then.
fn has_the_parameters_of_its_parent(zfs: &Zfs, local: &LocalDataset) -> Result<bool> {
    let Some(parent) = local.name().parent() else {
        return Ok(false);
    };
    let parent = zfs.dataset(&parent)?;
    let parameters = |dataset: &crate::Dataset| -> Result<_> {
        Ok((
            dataset.key_format()?,
            dataset
                .get(&crate::property::PBKDF2_SALT)?
                .map(|salt| salt.value),
            dataset
                .get(&crate::property::PBKDF2_ITERS)?
                .map(|iters| iters.value),
        ))
    };
    Ok(parent.encryption()?.is_on() && parameters(&parent)? == parameters(&local.dataset)?)
}

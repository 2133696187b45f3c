//! What became of datasets and snapshots since the last package: they have been renamed, promoted or
//! destroyed where they come from.
//!
//! A package can say anything. So nothing is changed that the caller has not asked to have changed,
//! nothing outside of what the package is received into, and nothing twice, so that it ends.

mod change;
mod destroy;
mod keys;
mod rename;

use std::collections::HashSet;

pub use self::change::{Change, ChangeKind};
use super::PackageReceive;
use super::catalog::Catalog;
use super::local::{LocalDataset, existing};
use crate::error::{ErrorKind, Result};
use crate::name::{DatasetName, SnapshotName};

/// How much of what is not in the package is destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destruction {
    /// Nothing.
    None,
    /// Snapshots that have the name of another that is to come.
    InTheWay,
    /// All of it.
    All,
}

/// Gives datasets and snapshots the names and origins, and the encryption roots, that they have in a
/// package.
pub(super) struct Aligner<'a> {
    request: &'a PackageReceive,
    catalog: &'a Catalog<'a>,
    /// What the package is received into.
    top: &'a DatasetName,
    destruction: Destruction,
    /// The datasets that were renamed, from what to what.
    renamed: Vec<(DatasetName, DatasetName)>,
    done: HashSet<ChangeKind>,
    made: Vec<Change>,
    /// What could not be made in this pass; maybe it can in the next.
    failed: Vec<Change>,
}

impl<'a> Aligner<'a> {
    pub(super) fn new(
        request: &'a PackageReceive,
        catalog: &'a Catalog<'a>,
        top: &'a DatasetName,
        destruction: Destruction,
    ) -> Self {
        Self {
            request,
            catalog,
            top,
            destruction,
            renamed: Vec::new(),
            done: HashSet::new(),
            made: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Does not promote again what was promoted before: each could be a clone of another in turns.
    pub(super) fn promoted_before(&mut self, changes: &[Change]) {
        let made = changes.iter().filter(|change| change.result.is_ok());
        let kinds = made.map(|change| change.kind.clone());
        self.done
            .extend(kinds.filter(|kind| matches!(kind, ChangeKind::Promoted(_))));
    }

    /// What was changed, and what could not be.
    pub(super) fn into_changes(self) -> (Vec<Change>, Vec<Change>) {
        (self.made, self.failed)
    }

    /// Makes changes until there is none left that can be made; `to` is the snapshot that the package
    /// ends with.
    pub(super) fn run(&mut self, to: &str) -> Result<()> {
        let mut local = existing(&self.request.zfs, self.top)?;
        // What is here may be something else of the same name, and all of it not in the package.
        if !local.first().is_some_and(|top| self.catalog.is_of(top, to)) {
            return Ok(());
        }
        while !self.request.is_cancelled() {
            self.failed.clear();
            let renames = self.request.rename_and_promote;
            if !(renames && (self.promote(&local) || self.rename_snapshots(&local))
                || self.destroy(&local)
                || renames && self.rename_datasets(&local))
            {
                break;
            }
            local = existing(&self.request.zfs, self.top)?;
        }
        self.put_back(&local);
        Ok(())
    }

    /// Makes a change, if it has not been made before, and tells whether it was.
    fn change(&mut self, kind: ChangeKind, make: impl FnOnce(&Self) -> Result<()>) -> bool {
        if self.done.contains(&kind) || self.request.is_cancelled() {
            return false;
        }
        let result = make(self);
        tracing::debug!(change = %kind, ?result, "align");
        let made = result.is_ok();
        let changes = if made {
            self.done.insert(kind.clone());
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
                    && self.request.trust_encryption_roots =>
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
                let zfs = &self.request.zfs;
                zfs.force_encryption_root_without_rewrap(owner.name())?;
                make()
            }
            result => result,
        }
    }

    /// Promotes clones that were promoted where they come from.
    fn promote(&mut self, local: &[LocalDataset]) -> bool {
        let snapshots = || local.iter().flat_map(|dataset| &dataset.snapshots);
        for dataset in local {
            let (Some(origin), Some(entry)) = (&dataset.origin, self.catalog.counterpart(dataset))
            else {
                continue;
            };
            let Some(origin) = snapshots().find(|snapshot| snapshot.name == *origin) else {
                continue;
            };
            // Promoting makes an earlier snapshot the origin, or none.
            let promoted = match entry.packaged.origin_guid {
                Some(guid) => snapshots()
                    .find(|snapshot| snapshot.guid == guid)
                    .is_some_and(|now| now.create_txg < origin.create_txg),
                None => true,
            };
            if !promoted {
                continue;
            }
            let name = dataset.name();
            let promote = |this: &Self| {
                let zfs = &this.request.zfs;
                this.with_own_key(local, dataset, || zfs.promote(name))
            };
            if self.change(ChangeKind::Promoted(name.clone()), promote) {
                return true;
            }
        }
        false
    }
}

//! What is not there any more where it comes from.

use std::collections::HashSet;
use std::iter;

use super::{Aligner, ChangeKind, Destruction};
use crate::name::{DatasetName, SnapshotName};
use crate::package::local::LocalDataset;
use crate::snapshot::Destroy;

impl Aligner<'_> {
    pub(super) fn destroy(&mut self, local: &[LocalDataset]) -> bool {
        match self.destruction {
            Destruction::None => false,
            Destruction::InTheWay => self.destroy_in_the_way(local),
            Destruction::All => self.destroy_missing(local),
        }
    }

    /// Destroys what is not in the package and has the name of a snapshot that is, in datasets that
    /// the package goes on from.
    fn destroy_in_the_way(&mut self, local: &[LocalDataset]) -> bool {
        let mut any = false;
        for dataset in local {
            let Some(entry) = self.catalog.counterpart(dataset) else {
                continue;
            };
            if !self.catalog.goes_on_from(entry, dataset) {
                continue;
            }
            for snapshot in &dataset.snapshots {
                let takes_its_name = entry.snapshot(snapshot.name.short_name()).is_some();
                if takes_its_name && !self.catalog.has(snapshot.guid) {
                    any |= self.destroy_snapshot(&snapshot.name);
                }
            }
        }
        any
    }

    /// Destroys what is not in the package, children before parents.
    fn destroy_missing(&mut self, local: &[LocalDataset]) -> bool {
        let mut any = false;
        // What is received into, and be it a part that waits to be resumed.
        let mut kept: HashSet<DatasetName> = HashSet::new();
        let becoming = self.catalog.becoming().chain([self.top]);
        becoming.for_each(|name| keep(&mut kept, name));
        for dataset in local.iter().rev() {
            let mut has_some = false;
            for snapshot in &dataset.snapshots {
                let destroyed =
                    !self.catalog.has(snapshot.guid) && self.destroy_snapshot(&snapshot.name);
                any |= destroyed;
                has_some |= !destroyed;
            }
            let name = dataset.name();
            if has_some || kept.contains(name) {
                keep(&mut kept, name);
                continue;
            }
            let kind = ChangeKind::DestroyedDataset(name.clone());
            if self.change(kind, |this| this.request.zfs.destroy_dataset(name)) {
                any = true;
            } else {
                keep(&mut kept, name);
            }
        }
        any
    }

    fn destroy_snapshot(&mut self, name: &SnapshotName) -> bool {
        let only = std::slice::from_ref(name);
        self.change(ChangeKind::DestroyedSnapshot(name.clone()), |this| {
            let destroyed = this.request.zfs.destroy_snapshots(only, Destroy::Now);
            destroyed.map(drop)
        })
    }
}

/// Keeps a dataset, and so all above it.
fn keep(kept: &mut HashSet<DatasetName>, name: &DatasetName) {
    for name in iter::successors(Some(name.clone()), DatasetName::parent) {
        if !kept.insert(name) {
            break;
        }
    }
}

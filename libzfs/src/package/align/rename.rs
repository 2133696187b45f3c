//! Names that have changed where they come from.

use std::collections::HashSet;

use super::{Aligner, ChangeKind};
use crate::name::DatasetName;
use crate::package::local::LocalDataset;

impl Aligner<'_> {
    pub(super) fn rename_snapshots(&mut self, local: &[LocalDataset]) -> bool {
        let mut any = false;
        for dataset in local {
            let Some(entry) = self.catalog.counterpart(dataset) else {
                continue;
            };
            let names = dataset
                .snapshots
                .iter()
                .map(|s| s.name.short_name().to_owned());
            let mut taken: HashSet<String> = names.collect();
            for snapshot in &dataset.snapshots {
                let from = &snapshot.name;
                let Some(now) = entry.by_guid(snapshot.guid) else {
                    continue;
                };
                if now.name == from.short_name() {
                    continue;
                }
                // If the name is another's for now, this one waits, unless they wait for each other.
                let mut short = now.name.clone();
                if taken.contains(&short) {
                    let holder = dataset.snapshot(&short);
                    let holder = holder.and_then(|other| entry.by_guid(other.guid));
                    if holder.is_none_or(|holder| holder.name != from.short_name()) {
                        continue;
                    }
                    short = format!("recv-{}", snapshot.guid);
                }
                let Ok(to) = dataset.name().snapshot(&short) else {
                    continue;
                };
                let kind = ChangeKind::RenamedSnapshot {
                    from: from.clone(),
                    to: to.clone(),
                };
                if self.change(kind, |this| this.request.zfs.rename_snapshot(from, &to)) {
                    taken.remove(from.short_name());
                    taken.insert(short);
                    any = true;
                }
            }
        }
        any
    }

    /// Renames one dataset; what is below it has another name then as well.
    pub(super) fn rename_datasets(&mut self, local: &[LocalDataset]) -> bool {
        let named = |name: &DatasetName| local.iter().find(|dataset| dataset.name() == name);
        for dataset in local {
            let Some(goal) = self.belongs(dataset) else {
                continue;
            };
            let from = dataset.name();
            // Its new parent may be one that is yet to come, with the package.
            if goal == *from || goal.parent().is_none_or(|parent| named(&parent).is_none()) {
                continue;
            }
            // If whoever has the name belongs elsewhere, too, this one makes room first.
            let holder = named(&goal).and_then(|holder| self.belongs(holder));
            let to = match holder.filter(|there| *there != goal) {
                None => goal,
                // By its own GUID, so that one that was left aside is known the next time.
                Some(_) => match dataset.dataset.guid() {
                    Ok(guid) => match self.top.child(&format!("recv-{guid}")) {
                        Ok(aside) if aside != *from => aside,
                        _ => continue,
                    },
                    Err(_) => continue,
                },
            };
            if self.rename_dataset(local, dataset, &to) {
                self.renamed.push((from.clone(), to));
                return true;
            }
        }
        false
    }

    fn rename_dataset(
        &mut self,
        local: &[LocalDataset],
        dataset: &LocalDataset,
        to: &DatasetName,
    ) -> bool {
        let from = dataset.name();
        let kind = ChangeKind::RenamedDataset {
            from: from.clone(),
            to: to.clone(),
        };
        self.change(kind, |this| {
            let zfs = &this.request.zfs;
            this.with_own_key(local, dataset, || zfs.rename_dataset(from, to))
        })
    }

    /// If one that has made room still waits, undoes what was renamed since: it gets its old name
    /// back, and so does who has that by now.
    pub(super) fn put_back(&mut self, local: &[LocalDataset]) {
        let renamed = std::mem::take(&mut self.renamed);
        let waits = |(_, to): &(_, DatasetName)| {
            let dataset = local.iter().find(|dataset| dataset.name() == to);
            dataset.is_some_and(|dataset| self.belongs(dataset).is_some_and(|goal| goal != *to))
        };
        let Some(first) = renamed.iter().position(waits) else {
            return;
        };
        for (from, to) in renamed[first..].iter().rev() {
            let kind = ChangeKind::RenamedDataset {
                from: to.clone(),
                to: from.clone(),
            };
            self.change(kind, |this| this.request.zfs.rename_dataset(to, from));
        }
    }

    /// The name that a dataset has to have; that of the top is the caller's.
    fn belongs(&self, dataset: &LocalDataset) -> Option<DatasetName> {
        let entry = self.catalog.counterpart(dataset)?;
        // Only of what the package goes on from is it known that it is the same one.
        if dataset.name() == self.top || !self.catalog.goes_on_from(entry, dataset) {
            return None;
        }
        entry.becomes.clone().filter(|name| name != self.top)
    }
}

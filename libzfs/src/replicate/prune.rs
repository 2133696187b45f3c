//! Destroys what a retention does not keep.

use std::collections::HashSet;
use std::slice;

use serde::{Deserialize, Serialize};

use super::audit::seen_of;
use super::{Candidate, Kept, Marks, Result, Retention};
use crate::error::{Error, ErrorKind};
use crate::handle::Zfs;
use crate::list::{Entry, EntryName};
use crate::name::{DatasetName, SnapshotName};
use crate::property::{self, NativeProperty};
use crate::snapshot::Destroy;

/// How many snapshots are destroyed in one transaction.
const BATCH: usize = 100;

/// A pruning of datasets of this machine, about to be done.
///
/// What is held, what has clones and what a replication goes on from stays whatever the retention
/// says: that is, what marks hold, what there is a bookmark of marks of, what was verified last on a
/// copy, and what an interrupted receive goes on from. Nothing is destroyed later than at once.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// use libzfs::replicate::{Prune, Retention, Rule};
///
/// let rules = vec![Rule::new("rep-").newest(10)];
/// for pruned in Prune::new(zfs, Retention { rules }).dry_run().tree(&"vault/prod".parse()?)? {
///     println!("{}: {} would go", pruned.dataset, pruned.destroyed.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is pruned before tree() or dataset()"]
pub struct Prune {
    zfs: Zfs,
    retention: Retention,
    dry_run: bool,
}

/// What came of a pruning, or of one that was not done, for one dataset.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pruned {
    /// The dataset.
    pub dataset: DatasetName,
    /// What the retention keeps, and why, earlier before later.
    pub kept: Vec<Kept>,
    /// What went, or would go, earlier before later.
    pub destroyed: Vec<String>,
    /// What should have gone.
    pub failed: Vec<NotPruned>,
}

/// A snapshot that should have gone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NotPruned {
    /// Its name behind the `@`; none if it is not about a single one.
    pub snapshot: Option<String>,
    /// Why it is still there.
    pub why: String,
}

/// A snapshot that is to go.
struct Doomed {
    name: SnapshotName,
    guid: u64,
}

impl Prune {
    /// A pruning with this retention.
    pub fn new(zfs: &Zfs, retention: Retention) -> Self {
        Self {
            zfs: zfs.clone(),
            retention,
            dry_run: false,
        }
    }

    /// Destroys nothing, and says what would go.
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Prunes a dataset and all below it.
    ///
    /// Needs the permissions `destroy` and `mount`.
    ///
    /// # Errors
    ///
    /// That the tree cannot be listed; nothing was done then. What goes wrong with a dataset is told
    /// with it, and keeps no other from being pruned.
    pub fn tree(&self, top: &DatasetName) -> Result<Vec<Pruned>> {
        let names = self.zfs.list(top).recursive().filesystems().volumes();
        let names: Vec<_> = names.names()?.collect::<crate::Result<_>>()?;
        Ok(names
            .iter()
            .map(|name| {
                let dataset = name.dataset();
                self.dataset(dataset).unwrap_or_else(|error| Pruned {
                    failed: vec![NotPruned {
                        snapshot: None,
                        why: error.to_string(),
                    }],
                    ..Pruned::new(dataset)
                })
            })
            .collect())
    }

    /// Prunes one dataset.
    ///
    /// Needs the permissions `destroy` and `mount`.
    ///
    /// # Errors
    ///
    /// That it cannot be looked at; nothing was done then.
    pub fn dataset(&self, dataset: &DatasetName) -> Result<Pruned> {
        let (candidates, guids) = self.candidates(dataset)?;
        let pruning = self.retention.prune(&candidates, now());
        let mut pruned = Pruned {
            kept: pruning.kept,
            ..Pruned::new(dataset)
        };
        if self.dry_run {
            pruned.destroyed = pruning.destroyed;
            return Ok(pruned);
        }
        let destroyed: HashSet<_> = pruning.destroyed.iter().map(String::as_str).collect();
        let mut doomed = Vec::new();
        for (candidate, guid) in candidates.iter().zip(guids) {
            if destroyed.contains(candidate.name.as_str()) {
                let name = dataset.snapshot(&candidate.name)?;
                doomed.push(Doomed { name, guid });
            }
        }
        doomed.sort_by_key(|doomed| {
            let name = doomed.name.short_name();
            pruning.destroyed.iter().position(|other| other == name)
        });
        for batch in doomed.chunks(BATCH) {
            self.destroy(batch, &mut pruned);
        }
        Ok(pruned)
    }

    /// All snapshots of a dataset, each with its GUID.
    fn candidates(&self, dataset: &DatasetName) -> Result<(Vec<Candidate>, Vec<u64>)> {
        let mut bases = self.bases(dataset)?;
        for bookmark in self.zfs.bookmarks(dataset)? {
            if bookmark.name().short_name().starts_with(Marks::PREFIX) {
                bases.insert(bookmark.guid());
            }
        }
        let mut candidates = Vec::new();
        let mut guids = Vec::new();
        for entry in self.zfs.list(dataset).snapshots().properties().run()? {
            let entry = entry?;
            if let EntryName::Snapshot(name) = entry.name() {
                let mut candidate = self.candidate(name, &entry)?;
                candidate.is_anchor |= bases.contains(&entry.guid());
                candidates.push(candidate);
                guids.push(entry.guid());
            }
        }
        Ok((candidates, guids))
    }

    /// The GUIDs of the snapshots that what comes next goes on from, as the dataset itself has it.
    fn bases(&self, dataset: &DatasetName) -> Result<HashSet<u64>> {
        let dataset = self.zfs.dataset(dataset)?;
        let seen = seen_of(dataset.properties());
        let mut bases: HashSet<_> = seen.into_iter().map(|(_, seen)| seen.guid).collect();
        if let Some(token) = dataset.receive_resume_token()? {
            bases.extend(token.fields().from_guid);
        }
        Ok(bases)
    }

    fn candidate(&self, name: &SnapshotName, entry: &Entry) -> Result<Candidate> {
        let number = |property: &NativeProperty<u64>| {
            let value = entry.properties()?.get(property).ok()??;
            Some(value.value)
        };
        // A time that cannot be read is one in the future, and that is kept.
        let creation = number(&property::CREATION).unwrap_or(u64::MAX);
        let mut candidate = Candidate::new(name.short_name(), entry.create_txg(), creation);
        if number(&property::USER_REFS) != Some(0) {
            let holds = self.zfs.holds(name)?;
            candidate.holds = holds.into_iter().map(|hold| hold.tag).collect();
            candidate.is_anchor = candidate
                .holds
                .iter()
                .any(|tag| tag.starts_with(Marks::PREFIX));
        }
        let clones = entry
            .properties()
            .and_then(|properties| properties.get(&property::CLONES).ok()?);
        candidate.clones = match clones {
            Some(clones) => clones.value,
            // The kernel says nothing where it cannot name all of them.
            None => vec!["by what cannot be named".into()],
        };
        Ok(candidate)
    }

    /// Destroys those that are still what they were when it was decided.
    fn destroy(&self, batch: &[Doomed], pruned: &mut Pruned) {
        let mut names = Vec::new();
        for Doomed { name, guid } in batch {
            match self.zfs.snapshot(name).and_then(|found| found.guid()) {
                Ok(found) if found == *guid => names.push(name.clone()),
                Ok(_) => pruned.fail(name, "another snapshot has its name by now"),
                Err(error) if error.kind() == ErrorKind::SnapshotNotFound => {}
                Err(error) => pruned.fail(name, error),
            }
        }
        let Err(error) = self.zfs.destroy_snapshots(&names, Destroy::Now) else {
            pruned.destroyed.extend(short(&names));
            return;
        };
        // All or none: those that can go, without those that cannot.
        for name in names {
            match self
                .zfs
                .destroy_snapshots(slice::from_ref(&name), Destroy::Now)
            {
                Ok(()) => pruned.destroyed.extend(short(slice::from_ref(&name))),
                Err(one) => pruned.fail(&name, reason(&one, &error)),
            }
        }
    }
}

/// Why one of several could not be destroyed.
fn reason(one: &Error, all: &Error) -> String {
    let failure = one.failures().first().or_else(|| all.failures().first());
    failure.map_or_else(|| one.to_string(), |failure| failure.kind.to_string())
}

fn short(names: &[SnapshotName]) -> impl Iterator<Item = String> + use<'_> {
    names.iter().map(|name| name.short_name().to_owned())
}

impl Pruned {
    fn new(dataset: &DatasetName) -> Self {
        Self {
            dataset: dataset.clone(),
            kept: Vec::new(),
            destroyed: Vec::new(),
            failed: Vec::new(),
        }
    }

    fn fail(&mut self, name: &SnapshotName, why: impl ToString) {
        self.failed.push(NotPruned {
            snapshot: Some(name.short_name().to_owned()),
            why: why.to_string(),
        });
    }
}

/// The time, in seconds since 1970.
pub(super) fn now() -> u64 {
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

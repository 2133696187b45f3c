//! A tree, its copy on the same machine, and whether that is as it has to be.

use libzfs::replicate::{LocalSource, LocalTarget, Marks, Replication};
use libzfs::testing::Pool;
use libzfs::{DatasetName, Zfs};

use crate::support::{encrypted, file_system, zfs_says};

fn marks() -> Marks {
    Marks::new("test").unwrap()
}

/// Both sides of a machine, as something that a replication can be made of.
pub(crate) struct Sides {
    source: LocalSource,
    target: LocalTarget,
    pub(crate) from: DatasetName,
    pub(crate) to: DatasetName,
}

impl Sides {
    pub(crate) fn new(zfs: &Zfs, from: &DatasetName, to: &DatasetName) -> Self {
        Self {
            source: LocalSource::new(zfs),
            target: LocalTarget::new(zfs),
            from: from.clone(),
            to: to.clone(),
        }
    }

    pub(crate) fn replication(&self) -> Replication<'_> {
        Replication::new(
            (&self.source, &self.from),
            (&self.target, &self.to),
            &marks(),
        )
    }
}

/// The source and the place for its copy.
#[track_caller]
pub(crate) fn site(pool: &Pool) -> Sides {
    file_system(pool, "vault");
    let from = encrypted(pool, "prod");
    Sides::new(pool.zfs(), &from, &pool.dataset("vault/prod"))
}

/// All snapshots of a tree with their GUIDs, by their names below the top, as `zfs` lists them.
#[track_caller]
fn guids(top: &DatasetName) -> Vec<String> {
    let args = ["list", "-Hprt", "snapshot", "-o", "name,guid"];
    let said = zfs_says(&[&args[..], &[top.as_str()]].concat());
    let below = top.as_str().len();
    let mut guids: Vec<_> = said.lines().map(|line| line[below..].to_owned()).collect();
    guids.sort();
    guids
}

/// The holds of a tree with our tag, by the names of the snapshots below the top.
#[track_caller]
fn holds(zfs: &Zfs, top: &DatasetName) -> Vec<String> {
    let list = zfs.list(top).recursive().snapshots().names().unwrap();
    let names = list.map(|name| name.unwrap().snapshot().unwrap().clone());
    let tag = marks().tag();
    let is_held = |name: &libzfs::SnapshotName| {
        let holds = zfs.holds(name).unwrap();
        holds.iter().any(|hold| hold.tag == tag.as_str())
    };
    let held = names.filter(is_held);
    let mut held: Vec<_> = held
        .map(|name| name.as_str()[top.as_str().len()..].to_owned())
        .collect();
    held.sort();
    held
}

/// Fails unless the copies are as the source, and nothing is left over on either side.
#[track_caller]
pub(crate) fn is_replicated(zfs: &Zfs, sides: &Sides, newest: &str) {
    let there = guids(&sides.to);
    assert_eq!(guids(&sides.from), there);
    let args = ["get", "-Hprt", "filesystem,volume", "-o", "value"];
    let partial = zfs_says(&[&args[..], &["receive_resume_token", sides.to.as_str()]].concat());
    assert!(partial.lines().all(|token| token == "-"), "{partial}");
    let anchors: Vec<_> = there
        .iter()
        .filter_map(|line| line.split_once('\t').map(|(name, _)| name.to_owned()))
        .filter(|name| name.ends_with(&format!("@{newest}")))
        .collect();
    assert!(!anchors.is_empty());
    assert_eq!(holds(zfs, &sides.from), anchors, "on the source");
    assert_eq!(holds(zfs, &sides.to), anchors, "on the destination");
    let args = ["list", "-Hrt", "bookmark", "-o", "name"];
    let bookmarks = zfs_says(&[&args[..], &[sides.from.as_str()]].concat());
    // Two of each, and one that the next time destroys if it was killed before it did.
    let most = 3 * anchors.len();
    assert!(bookmarks.lines().count() <= most, "{bookmarks}");
    let plan = sides.replication().plan().unwrap();
    assert!(plan.is_up_to_date(), "{plan:?}");
}

//! Listing file systems, volumes, snapshots and bookmarks, and catalogs of them.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod catalog;
mod listing;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;

use libzfs::{DatasetName, IncrementalSource, ListBuilder, SnapshotName, Zfs};

/// Each name with its GUID and creation txg.
type Listed = BTreeMap<String, (u64, u64)>;

fn add(listed: &mut Listed, name: &str, identity: (u64, u64)) {
    assert_eq!(
        listed.insert(name.to_owned(), identity),
        None,
        "{name} is there twice"
    );
}

#[track_caller]
fn listed(list: ListBuilder) -> Listed {
    let mut listed = Listed::new();
    for entry in list.run().unwrap() {
        let entry = entry.unwrap();
        let identity = (entry.guid(), entry.create_txg());
        add(&mut listed, entry.name().as_str(), identity);
    }
    listed
}

/// Makes `count` snapshots of each of these datasets, of all in one call.
fn snapshots(zfs: &Zfs, datasets: &[DatasetName], prefix: &str, count: usize) {
    for number in 0..count {
        let names: Vec<_> = datasets
            .iter()
            .map(|dataset| dataset.snapshot(&format!("{prefix}{number:03}")).unwrap())
            .collect();
        zfs.create_snapshots(&names).unwrap();
    }
}

fn bookmark_of(snapshot: &SnapshotName, short: &str) -> (libzfs::BookmarkName, IncrementalSource) {
    (snapshot.dataset().bookmark(short).unwrap(), snapshot.into())
}

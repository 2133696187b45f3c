//! Listings that are kept, and brought up to date.

use std::thread;
use std::time::{Duration, Instant};

use libzfs::{Catalog, Destroy, ErrorKind};
use serial_test::parallel;

use crate::support::{NOBODY, as_user, file_system, kind, pool, release, snapshot, zfs_says};
use crate::{Listed, add, bookmark_of, listed, snapshots};

#[track_caller]
fn kept(catalog: &Catalog) -> Listed {
    let mut listed = Listed::new();
    for entry in catalog.iter() {
        let identity = (entry.guid(), entry.create_txg());
        add(&mut listed, entry.name().as_str(), identity);
    }
    listed
}

/// Long enough for what was changed to be told from what will be.
fn settle() {
    thread::sleep(Duration::from_secs(3));
}

#[test]
#[parallel]
fn a_catalog_is_brought_up_to_date_at_the_cost_of_what_changed() {
    let pool = pool("catalog");
    let zfs = pool.zfs();
    let top = file_system(&pool, "top");
    let [a, b] = ["top/a", "top/b"].map(|path| file_system(&pool, path));
    snapshots(zfs, &[top.clone(), a.clone(), b.clone()], "s", 4);
    let list = zfs.list(&top).recursive();
    let mut catalog = list.clone().threads(2).catalog().unwrap();
    assert_eq!(kept(&catalog), listed(list.clone()));
    // What says it: datasets, of their last change to the second, or on 2.1 the pool's history.
    let tells = release() >= (2, 2);

    settle();
    let counts = |catalog: &mut Catalog| {
        let refreshed = catalog.refresh().unwrap();
        assert_eq!(kept(catalog), listed(list.clone()));
        (refreshed.listed, refreshed.unchanged)
    };
    // What was made just before the first listing is listed once more.
    assert_eq!(counts(&mut catalog), if tells { (3, 0) } else { (0, 3) });
    assert_eq!(counts(&mut catalog), (0, 3));

    // One of each change, of which a count of snapshots would not tell.
    let named = |short: &str| a.snapshot(short).unwrap();
    zfs.rename_snapshot(&named("s000"), &named("r000")).unwrap();
    assert_eq!(counts(&mut catalog), (1, 2));
    settle();
    assert_eq!(counts(&mut catalog), if tells { (1, 2) } else { (0, 3) });
    zfs.destroy_snapshots(&[named("s001")], Destroy::Now)
        .unwrap();
    snapshot(zfs, &a, "s001");
    assert_eq!(counts(&mut catalog), (1, 2));

    // Bookmarks and datasets are read anew each time.
    settle();
    counts(&mut catalog);
    let (mark, of) = bookmark_of(&named("s002"), "mark");
    zfs.create_bookmarks(&[(mark, of)]).unwrap();
    zfs.rename_dataset(&b, &pool.dataset("top/c")).unwrap();
    assert_eq!(counts(&mut catalog), if tells { (1, 2) } else { (3, 0) });
    zfs_says(&["destroy", "-r", pool.dataset("top/c").as_str()]);
    assert_eq!(counts(&mut catalog), (0, 2));

    // A promoted clone gets its origin's snapshots.
    let clone = pool.dataset("top/clone");
    zfs.clone_snapshot(&named("s002"), &clone).run().unwrap();
    snapshot(zfs, &clone, "own");
    settle();
    counts(&mut catalog);
    counts(&mut catalog);
    zfs.promote(&clone).unwrap();
    assert_eq!(counts(&mut catalog), (2, 1));
    assert!(kept(&catalog).contains_key(clone.snapshot("s002").unwrap().as_str()));

    // A history takes root to read.
    settle();
    counts(&mut catalog);
    assert_eq!(counts(&mut catalog), (0, 3));
    let by_nobody = as_user(NOBODY, || counts(&mut catalog));
    assert_eq!(by_nobody, if tells { (0, 3) } else { (3, 0) });

    // One that is overwritten meanwhile says nothing.
    counts(&mut catalog);
    snapshot(zfs, &a, "overwritten");
    let long = "x".repeat(8000);
    for number in 0..50 {
        let set = zfs.set_properties(&top);
        let set = set.set_text("a:b", &format!("{number}{long}"));
        set.run().unwrap().all().unwrap();
    }
    assert_eq!(counts(&mut catalog), if tells { (1, 2) } else { (3, 0) });

    // Of an error nothing is left over.
    let before = kept(&catalog);
    let suspension = pool.suspend().unwrap();
    assert_eq!(kind(catalog.refresh()), ErrorKind::PoolSuspended);
    suspension.resume().unwrap();
    assert_eq!(kept(&catalog), before);
    zfs_says(&["destroy", "-R", top.as_str()]);
    assert_eq!(kind(catalog.refresh()), ErrorKind::DatasetNotFound);
    assert_eq!(kept(&catalog), before);
}

#[test]
#[parallel]
fn a_catalog_sees_what_changes_within_one_second() {
    let pool = pool("second");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let list = zfs.list(&data);
    let mut catalog = list.clone().catalog().unwrap();
    let begun = Instant::now();
    let mut rounds = 0;
    // For several seconds, so that it comes to be at the end of one.
    while begun.elapsed() < Duration::from_secs(4) {
        let name = snapshot(zfs, &data, "a");
        catalog.refresh().unwrap();
        assert_eq!(kept(&catalog), listed(list.clone()), "created");
        let other = data.snapshot("b").unwrap();
        zfs.rename_snapshot(&name, &other).unwrap();
        catalog.refresh().unwrap();
        assert_eq!(kept(&catalog), listed(list.clone()), "renamed");
        zfs.destroy_snapshots(&[other], Destroy::Now).unwrap();
        catalog.refresh().unwrap();
        assert_eq!(kept(&catalog), listed(list.clone()), "destroyed");
        rounds += 1;
    }
    assert!(rounds > 1);
}

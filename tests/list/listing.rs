//! Listings, compared with those of `zfs list`.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use libzfs::property::{CREATION, GUID, NativeProperty, REFERENCED, USED};
use libzfs::testing::{Mount, Pool};
use libzfs::{DatasetName, Destroy, Entry, EntryName, ErrorKind, ListBuilder, Order};
use serial_test::{parallel, serial};

use crate::support::{
    self, LIMIT, NOBODY, as_user, encrypted, file_system, kind, pool, property_says, share,
    snapshot, threads_named, within, zfs_says, zpool_says,
};
use crate::{Listed, add, bookmark_of, listed, snapshots};

/// The same by `zfs list`, with these arguments.
#[track_caller]
fn zfs_lists(arguments: &[&str]) -> Listed {
    let mut listed = Listed::new();
    let mut all = vec!["list", "-Hp", "-o", "name,guid,createtxg"];
    all.extend(arguments);
    for line in zfs_says(&all).lines() {
        let cells: Vec<_> = line.split('\t').collect();
        let identity = (cells[1].parse().unwrap(), cells[2].parse().unwrap());
        add(&mut listed, cells[0], identity);
    }
    listed
}

/// The names in the order in which they come.
#[track_caller]
fn names(list: ListBuilder) -> Vec<String> {
    let names = list.names().unwrap();
    names.map(|name| name.unwrap().to_string()).collect()
}

/// The same, of entries.
#[track_caller]
fn in_order(list: ListBuilder) -> Vec<String> {
    let name = |entry: libzfs::Result<Entry>| entry.unwrap().name().to_string();
    list.run().unwrap().map(name).collect()
}

/// A hundred datasets, two of them volumes, on three levels.
fn hundred(pool: &Pool) -> Vec<DatasetName> {
    let zfs = pool.zfs();
    let mut datasets = vec![file_system(pool, "tree")];
    for a in 0..9 {
        let parent = pool.dataset(&format!("tree/set {a}"));
        zfs.create(&parent).run().unwrap();
        let children: Vec<_> = (0..10)
            .map(|b| parent.child(&format!("below-{b}")).unwrap())
            .collect();
        // Those that wait for a transaction group at the same time share it.
        thread::scope(|scope| {
            for (b, child) in children.iter().enumerate() {
                scope.spawn(move || {
                    let create = zfs.create(child);
                    match (a, b) {
                        (8, 8 | 9) => create.volume(1 << 20).run().unwrap(),
                        _ => create.run().unwrap(),
                    }
                });
            }
        });
        datasets.push(parent);
        datasets.extend(children);
    }
    assert_eq!(datasets.len(), 100);
    datasets
}

/// Mounted, all that can be: the kernel is then many times as quick.
fn mount_all(pool: &Pool, datasets: &[DatasetName]) -> Vec<Mount> {
    let mounts = datasets
        .iter()
        .filter_map(|dataset| pool.mount(dataset).ok());
    mounts.collect()
}

#[test]
#[parallel]
fn a_tree_is_listed_as_zfs_lists_it_while_others_change_it() {
    let pool = Pool::builder()
        .label("tree")
        .size(512 << 20)
        .build()
        .unwrap();
    let zfs = pool.zfs();
    let datasets = hundred(&pool);
    let count = share("snapshots of each dataset", 40);
    let marks = share("bookmarks of each dataset", 10);
    snapshots(zfs, &datasets, "rep ", count);
    for number in 0..marks {
        let bookmarks: Vec<_> = datasets
            .iter()
            .map(|dataset| dataset.snapshot(&format!("rep {number:03}")).unwrap())
            .map(|of| bookmark_of(&of, &format!("mark {number}")))
            .collect();
        zfs.create_bookmarks(&bookmarks).unwrap();
    }
    let mounts = mount_all(&pool, &datasets);
    assert_eq!(mounts.len(), 98);
    let top = &datasets[0];

    let expected = zfs_lists(&["-t", "all", "-r", top.as_str()]);
    assert_eq!(expected.len(), 100 * (1 + count + marks));

    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let changes = scope.spawn(|| {
            let mut rounds = 0;
            while !is_over.load(Ordering::Relaxed) {
                let churn = top.child("churn").unwrap();
                zfs.create(&churn).run().unwrap();
                let at: Vec<_> = [top, &datasets[50], &churn]
                    .map(|dataset| dataset.snapshot("churn").unwrap())
                    .into();
                zfs.create_snapshots(&at).unwrap();
                let (mark, of) = bookmark_of(&at[1], "churn");
                zfs.create_bookmarks(&[(mark.clone(), of)]).unwrap();
                zfs.destroy_snapshots(&at, Destroy::Now).unwrap();
                zfs.destroy_bookmarks(&[mark]).unwrap();
                zfs.destroy_dataset(&churn).unwrap();
                rounds += 1;
            }
            rounds
        });
        for threads in [1, 2] {
            let mut found = listed(zfs.list(top).recursive().threads(threads));
            found.retain(|name, _| !name.contains("churn"));
            assert!(
                found == expected,
                "by {threads} threads: {} found",
                found.len()
            );
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(changes.join().unwrap() > 3);
    });

    let ordered = in_order(zfs.list(top).recursive().threads(3).order(Order::Creation));
    assert_eq!(ordered.len(), expected.len());
    assert_eq!(
        ordered[..3],
        [
            top.to_string(),
            format!("{top}@rep 000"),
            format!("{top}@rep 001")
        ]
    );
    assert_eq!(ordered[1 + count], format!("{top}#mark 0"));
    // With all kinds but those of one dataset in the order of the tree.
    let again = in_order(zfs.list(top).recursive().bookmarks().order(Order::Creation));
    let only = ordered.iter().filter(|name| name.contains('#'));
    assert!(again.iter().eq(only));
    drop(mounts);
}

/// A tree with some of each kind, in which the orders differ.
fn few(pool: &Pool) -> DatasetName {
    let zfs = pool.zfs();
    let top = file_system(pool, "few");
    file_system(pool, "few/z");
    file_system(pool, "few/a b");
    file_system(pool, "few/a b/deep");
    zfs.create(&pool.dataset("few/m"))
        .volume(1 << 20)
        .run()
        .unwrap();
    let late = snapshot(zfs, &top, "late");
    snapshot(zfs, &top, "early");
    snapshot(zfs, &pool.dataset("few/m"), "of a volume");
    let deep = snapshot(zfs, &pool.dataset("few/a b/deep"), "deep");
    zfs.create_bookmarks(&[bookmark_of(&late, "y"), bookmark_of(&deep, "x")])
        .unwrap();
    top
}

#[test]
#[parallel]
fn kinds_depths_and_orders_are_those_that_are_asked_for() {
    let pool = pool("kinds");
    let zfs = pool.zfs();
    let top = few(&pool);
    let short = |names: Vec<String>| -> Vec<String> {
        let prefix = pool.dataset("few").to_string();
        names.iter().map(|name| name.replace(&prefix, "")).collect()
    };
    let list = || zfs.list(&top).order(Order::Creation);
    assert_eq!(short(in_order(list())), ["", "@late", "@early", "#y"]);
    assert_eq!(
        short(in_order(list().depth(1))),
        [
            "",
            "@late",
            "@early",
            "#y",
            "/z",
            "/a b",
            "/m",
            "/m@of a volume"
        ]
    );
    let everything = [
        "",
        "@late",
        "@early",
        "#y",
        "/z",
        "/a b",
        "/a b/deep",
        "/a b/deep@deep",
        "/a b/deep#x",
        "/m",
        "/m@of a volume",
    ];
    for threads in 1..4 {
        let list = list().recursive().threads(threads);
        assert_eq!(short(in_order(list.clone())), everything);
        assert_eq!(short(names(list.clone())), everything);
        let by_name = short(names(list.order(Order::Name)));
        assert_eq!(
            by_name,
            [
                "",
                "@early",
                "@late",
                "#y",
                "/a b",
                "/a b/deep",
                "/a b/deep@deep",
                "/a b/deep#x",
                "/m",
                "/m@of a volume",
                "/z",
            ]
        );
    }
    let list = || list().recursive();
    assert_eq!(
        short(names(list().filesystems())),
        ["", "/z", "/a b", "/a b/deep"]
    );
    assert_eq!(short(names(list().volumes())), ["/m"]);
    assert_eq!(short(names(list().bookmarks())), ["#y", "/a b/deep#x"]);
    assert_eq!(
        short(names(list().snapshots().volumes())),
        ["@late", "@early", "/a b/deep@deep", "/m", "/m@of a volume"]
    );
    assert_eq!(short(names(list().volumes().depth(0))), [""; 0]);

    // What each is, and the rest of it, is as `zfs list` has it.
    for entry in list().run().unwrap() {
        let name = entry.unwrap().into_name();
        let is = match &name {
            EntryName::Filesystem(_) => "filesystem",
            EntryName::Volume(_) => "volume",
            EntryName::Snapshot(_) => "snapshot",
            EntryName::Bookmark(_) => "bookmark",
            other => panic!("{other:?}"),
        };
        assert_eq!(property_says("type", name.as_str()), is, "{name}");
    }
    let expected = zfs_lists(&["-t", "all", "-r", top.as_str()]);
    assert_eq!(listed(list()), expected);
    assert_eq!(listed(zfs.list(&top).recursive()), expected);
    assert_eq!(names(zfs.list(&top).recursive()).len(), expected.len());
}

#[test]
#[parallel]
fn ranges_of_creation_txgs_have_both_of_their_ends() {
    let pool = pool("ranges");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let txgs: Vec<u64> = (0..6)
        .map(|number| snapshot(zfs, &data, &format!("s{number}")))
        .map(|name| zfs.snapshot(&name).unwrap().create_txg().unwrap())
        .collect();
    let marks: Vec<_> = (0..6)
        .map(|number| data.snapshot(&format!("s{number}")).unwrap())
        .map(|of| bookmark_of(&of, of.short_name()))
        .collect();
    zfs.create_bookmarks(&marks).unwrap();
    let list = || zfs.list(&data).order(Order::Creation);
    let short = |list: ListBuilder| -> Vec<String> {
        let listed = in_order(list.clone());
        // Bookmarks say nothing of their txgs unless it matters.
        assert_eq!(names(list), listed);
        let prefix = data.to_string();
        listed
            .iter()
            .map(|name| name.replace(&prefix, ""))
            .collect()
    };
    assert_eq!(
        short(list().created(txgs[4]..)),
        ["@s4", "@s5", "#s4", "#s5"]
    );
    assert_eq!(
        short(list().snapshots().created(txgs[1]..=txgs[2])),
        ["@s1", "@s2"]
    );
    assert_eq!(short(list().snapshots().created(txgs[1]..txgs[2])), ["@s1"]);
    assert_eq!(short(list().bookmarks().created(..=txgs[0])), ["#s0"]);
    assert_eq!(short(list().filesystems().created(..txgs[0])), [""]);
    assert_eq!(short(list().filesystems().created(txgs[0]..)), [""; 0]);
    assert_eq!(short(list().created(..=0)), [""; 0]);
    #[allow(clippy::reversed_empty_ranges, reason = "nothing is in it")]
    for empty in [txgs[3]..txgs[3], txgs[4]..txgs[1], u64::MAX..0] {
        assert_eq!(short(list().created(empty)), [""; 0]);
    }
    assert_eq!(short(list().created(u64::MAX..)), [""; 0]);
}

#[test]
#[parallel]
fn datasets_that_are_not_mounted_and_locked_ones_are_listed_by_threads_as_by_one() {
    let pool = pool("locked");
    let zfs = pool.zfs();
    let locked = encrypted(&pool, "locked");
    let plain = pool.dataset("locked/plain below");
    zfs.create(&plain).run().unwrap();
    // Enough that it is worth a thread to keep the dataset open.
    snapshots(zfs, &[locked.clone(), plain.clone()], "s", 50);
    zfs.unload_key(&locked).unwrap();
    let expected = zfs_lists(&["-t", "all", "-r", locked.as_str()]);
    assert_eq!(expected.len(), 102);
    for threads in [1, 2, 3] {
        let list = zfs.list(&locked).recursive().threads(threads);
        assert_eq!(listed(list.clone()), expected, "{threads}");
        let names: HashSet<_> = names(list).into_iter().collect();
        assert!(names.iter().eq(&names) && names.len() == expected.len());
        assert!(expected.keys().all(|name| names.contains(name)));
    }
    let one = zfs
        .list(&locked)
        .snapshots()
        .threads(2)
        .order(Order::Creation);
    assert_eq!(in_order(one.clone()).len(), 50);
    assert_eq!(in_order(one)[49], format!("{locked}@s049"));
}

#[test]
#[parallel]
fn all_properties_are_read_where_they_are_asked_for() {
    let pool = pool("properties");
    let zfs = pool.zfs();
    let top = few(&pool);
    for entry in zfs.list(&top).recursive().properties().run().unwrap() {
        let entry = entry.unwrap();
        let name = entry.name().as_str();
        let properties = entry.properties().unwrap();
        let number = |property: &NativeProperty<u64>| {
            properties.get(property).unwrap().unwrap().value.to_string()
        };
        assert_eq!(number(&GUID), entry.guid().to_string());
        assert_eq!(number(&CREATION), property_says("creation", name), "{name}");
        if entry.name().bookmark().is_none() {
            assert_eq!(number(&USED), property_says("used", name), "{name}");
        }
        assert_eq!(
            number(&REFERENCED),
            property_says("referenced", name),
            "{name}"
        );
    }
    let without = zfs.list(&top).run().unwrap().next().unwrap().unwrap();
    assert!(without.properties().is_none());
    // Properties that are larger than any first buffer.
    let large = pool.dataset("large");
    let value = "x".repeat(8000);
    zfs.create(&large)
        .set("com.example:a", value.as_str())
        .set("com.example:b", value.as_str())
        .set("com.example:c", value.as_str())
        .run()
        .unwrap();
    snapshots(zfs, std::slice::from_ref(&large), "s", 3);
    let entries: Vec<_> = zfs
        .list(&pool.name().root())
        .recursive()
        .properties()
        .run()
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.name().dataset() == &large)
        .collect();
    assert_eq!(entries.len(), 4);
    for entry in entries {
        let user = entry.properties().unwrap().user("com.example:c").unwrap();
        assert_eq!(user.value, value.as_str());
    }
}

/// The threads of this process that list.
fn threads_that_list() -> usize {
    threads_named("zfs-list")
}

#[test]
#[serial]
fn a_listing_that_is_dropped_early_leaves_no_thread() {
    let pool = pool("early");
    let zfs = pool.zfs();
    let datasets: Vec<_> = (0..4)
        .map(|n| file_system(&pool, &format!("d{n}")))
        .collect();
    snapshots(zfs, &datasets, "s", 60);
    let top = pool.name().root();
    for order in [None, Some(Order::Creation)] {
        let mut list = zfs.list(&top).recursive().threads(4);
        if let Some(order) = order {
            list = list.order(order);
        }
        for taken in [0, 1, 100] {
            let list = list.clone();
            let took = within(LIMIT, move || {
                let mut listing = list.run().unwrap();
                let found = listing.by_ref().take(taken).map(Result::unwrap).count();
                assert_eq!(found, taken);
                let begun = Instant::now();
                drop(listing);
                begun.elapsed()
            });
            // What has been waited for can be seen for a moment longer.
            within(LIMIT, || {
                while threads_that_list() > 0 {
                    thread::sleep(Duration::from_millis(1));
                }
            });
            assert!(took < Duration::from_secs(20), "{took:?}");
        }
    }
}

#[test]
#[parallel]
fn what_is_not_there_or_goes_away_is_told_apart() {
    let pool = pool("gone");
    let zfs = pool.zfs();
    let missing = pool.dataset("no/such");
    let error = zfs.list(&missing).run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DatasetNotFound);
    assert!(error.to_string().contains("list"), "{error}");
    assert_eq!(
        kind(zfs.list(&missing).threads(2).names()),
        ErrorKind::DatasetNotFound
    );
    let nowhere = "nosuchpool".parse().unwrap();
    assert_eq!(kind(zfs.list(&nowhere).run()), ErrorKind::DatasetNotFound);

    // It is gone in the middle of it.
    let data = file_system(&pool, "data");
    let below = file_system(&pool, "data/below");
    snapshots(zfs, &[data.clone(), below.clone()], "s", 5);
    for threads in [1, 2] {
        let mut listing = zfs
            .list(&data)
            .recursive()
            .snapshots()
            .threads(threads)
            .run()
            .unwrap();
        let first = listing.next().unwrap().unwrap().into_name();
        assert_eq!(first.dataset().pool(), *pool.name());
        zfs_says(&["destroy", "-r", below.as_str()]);
        assert!(listing.all(|entry| entry.is_ok()));
        file_system(&pool, "data/below");
    }
    let mut listing = zfs.list(&data).snapshots().run().unwrap();
    assert!(listing.next().unwrap().is_ok());
    zfs_says(&["destroy", "-r", data.as_str()]);
    assert_eq!(listing.count(), 0);

    // While the pool is suspended.
    let data = file_system(&pool, "data");
    snapshots(zfs, std::slice::from_ref(&data), "s", 3);
    let mut listing = zfs.list(&data).run().unwrap();
    listing.next().unwrap().unwrap();
    let suspension = pool.suspend().unwrap();
    assert_eq!(kind(zfs.list(&data).run()), ErrorKind::PoolSuspended);
    let rest: Vec<_> = listing.collect();
    assert!(rest.iter().all(|entry| match entry {
        Ok(_) => false,
        Err(error) => error.kind() == ErrorKind::PoolSuspended,
    }));
    assert!((1..=3).contains(&rest.len()), "{rest:?}");
    suspension.resume().unwrap();
}

#[test]
#[parallel]
fn a_receive_that_has_not_ended_is_listed_as_zfs_lists_it() {
    let pool = pool("partial");
    let zfs = pool.zfs();
    let source = file_system(&pool, "source");
    support::write_file(&pool, &source, "data", &support::noise(1, 1 << 20));
    let first = snapshot(zfs, &source, "first");
    support::write_file(&pool, &source, "data", &support::noise(2, 1 << 20));
    let second = snapshot(zfs, &source, "second");
    let copy = pool.dataset("copy");
    zfs.receive(&copy.snapshot("first").unwrap())
        .run(zfs.send(&first).start().unwrap())
        .unwrap()
        .all()
        .unwrap();
    // One into a dataset that there is, one that makes a new one.
    let increment = support::stream_of(&zfs.send(&second).from(&first));
    let full = support::stream_of(&zfs.send(&first));
    for (stream, target) in [(&increment, "copy@second"), (&full, "new@first")] {
        let half = support::file_with(&pool, &stream[..stream.len() / 2]);
        let received = zfs.receive(&pool.snapshot(target)).resumable().run(half);
        assert!(received.is_err());
    }
    let top = pool.name().root();
    let found = listed(zfs.list(&top).recursive());
    assert_eq!(found, zfs_lists(&["-t", "all", "-r", top.as_str()]));
    assert!(found.contains_key(pool.dataset("new").as_str()));
    assert!(
        found.keys().all(|name| !name.contains(['%', '$'])),
        "{found:?}"
    );
}

#[test]
#[parallel]
fn names_by_a_program_are_those_without() {
    let pool = pool("program");
    let zfs = pool.zfs();
    let data = file_system(&pool, "with space");
    let below = file_system(&pool, "with space/below");
    let apart = file_system(&pool, "with space/not mounted");
    snapshots(zfs, &[data.clone(), below.clone(), apart.clone()], "s ", 30);
    let empty = file_system(&pool, "with space/empty");
    let mounts = mount_all(&pool, &[data.clone(), below, empty]);
    assert_eq!(mounts.len(), 3);
    let list = || zfs.list(&data).recursive().order(Order::Name);
    let expected = names(list());
    assert_eq!(expected.len(), 4 + 90);

    let programs = || {
        zfs.sync_pool(pool.name()).unwrap();
        let history = zpool_says(&["history", "-i", pool.name().as_str()]);
        history.matches("zfs.list.snapshots").count()
    };
    // None unless it is allowed, and of use.
    assert_eq!(names(list().allow_program(0)), expected);
    assert_eq!(in_order(list().allow_program(1000)), expected);
    assert_eq!(names(list().allow_program(1000).created(1..)), expected);
    let as_nobody = as_user(NOBODY, || names(list().allow_program(1000)));
    assert_eq!(as_nobody, expected);
    assert_eq!(programs(), 0);

    assert_eq!(names(list().allow_program(1000)), expected);
    assert_eq!(programs(), 3);
    // Of those that have fewer: the first two say that they have more.
    assert_eq!(names(list().allow_program(29)), expected);
    assert_eq!(names(list().allow_program(30).threads(2)), expected);
    assert_eq!(names(list().allow_program(u32::MAX)), expected);
    drop(mounts);

    let pool = pool.export().unwrap().import_read_only().unwrap();
    let zfs = pool.zfs();
    let list = zfs.list(&data).recursive().order(Order::Name);
    let mount = pool.mount_read_only(&data).unwrap();
    assert_eq!(names(list.allow_program(1000)), expected);
    drop(mount);
}

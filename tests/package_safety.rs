//! Packages that say what is not so: nothing that is here is renamed, rolled back or destroyed that
//! was not asked to be.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use libzfs::package::{
    ChangeKind, PackageContents, PackageHead, PackageReceive, PackagedDataset, PackagedSnapshot,
    ReceivedPackage, StreamOutcome,
};
use libzfs::stream::{Features, Writer};
use libzfs::testing::Pool;
use libzfs::{DatasetName, ErrorKind, HoldTag};
use support::{
    LIMIT, file_system, kind, noise, pool, property_says, read_file, snapshot, stream_of, within,
    write_file, zfs_says,
};

/// All that there is below a dataset, with GUIDs.
fn all_below(top: &DatasetName) -> Vec<String> {
    let said = zfs_says(&["list", "-Hr", "-t", "all", "-o", "name,guid", top.as_str()]);
    said.lines().map(ToOwned::to_owned).collect()
}

/// The package of `zfs send -R` of the source, up to this snapshot.
fn sent(pool: &Pool, from: Option<&str>, to: &str) -> Vec<u8> {
    let source = pool.dataset("src");
    let mut send = pool
        .zfs()
        .send_package(&source.snapshot(to).unwrap())
        .recursive();
    if let Some(from) = from {
        send = send.from(&source.snapshot(from).unwrap()).intermediates();
    }
    let mut bytes = Vec::new();
    send.write_to_writer(&mut bytes).unwrap();
    bytes
}

/// A package that says what we like.
fn forged(head: &PackageHead, streams: &[&[u8]]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    head.write(&mut writer).unwrap();
    let mut bytes = writer.into_inner();
    streams
        .iter()
        .for_each(|stream| bytes.extend_from_slice(stream));
    let mut writer = Writer::new(bytes);
    writer.package_end().unwrap();
    writer.into_inner()
}

fn receive(pool: &Pool, to: &str) -> PackageReceive {
    pool.zfs().receive_package(pool.dataset(to))
}

#[track_caller]
fn run(receive: PackageReceive, package: &[u8]) -> ReceivedPackage {
    let received = receive.run(package).unwrap();
    println!("{:#?}", received.changes());
    received
}

fn write(pool: &Pool, path: &str, text: &str) {
    write_file(pool, &pool.dataset(path), "text", text.as_bytes());
}

/// A source with `a`, `b` and a clone of `a`, of which everything was received as `vault` up to `s1`.
fn vault(label: &str) -> Pool {
    let pool = pool(label);
    let top = file_system(&pool, "src");
    for path in ["src/a", "src/b", "src/gone"] {
        file_system(&pool, path);
        write(&pool, path, path);
    }
    zfs_says(&["snapshot", "-r", &format!("{top}@s0")]);
    let origin = pool.snapshot("src/a@s0");
    pool.zfs()
        .clone_snapshot(&origin, &pool.dataset("src/clone"))
        .run()
        .unwrap();
    zfs_says(&["snapshot", "-r", &format!("{top}@s1")]);
    run(receive(&pool, "vault"), &sent(&pool, None, "s1"))
        .all()
        .unwrap();
    pool
}

/// Does to the source what can be done to one, and makes `s2`.
fn turn_over(pool: &Pool) {
    let zfs = pool.zfs();
    let rename = |from: &str, to: &str| {
        zfs.rename_dataset(&pool.dataset(from), &pool.dataset(to))
            .unwrap();
    };
    zfs.promote(&pool.dataset("src/clone")).unwrap();
    rename("src/a", "src/tmp");
    rename("src/b", "src/a");
    rename("src/tmp", "src/b");
    zfs_says(&["destroy", "-r", pool.dataset("src/gone").as_str()]);
    zfs_says(&[
        "rename",
        "-r",
        &format!("{}@s0", pool.dataset("src")),
        "@first",
    ]);
    write(pool, "src/a", "what was b");
    zfs_says(&["snapshot", "-r", &format!("{}@s2", pool.dataset("src"))]);
}

#[test]
fn nothing_that_is_here_changes_unless_it_is_asked_for() {
    let pool = vault("pknothing");
    let zfs = pool.zfs();
    turn_over(&pool);
    file_system(&pool, "vault/mine");
    let mine = snapshot(zfs, &pool.dataset("vault/mine"), "mine");
    let before = all_below(&pool.dataset("vault"));
    let package = sent(&pool, Some("s1"), "s2");

    let received = run(receive(&pool, "vault"), &package);
    assert!(received.changes().is_empty());
    received.all().unwrap();
    let after = all_below(&pool.dataset("vault"));
    assert!(
        before.iter().all(|line| after.contains(line)),
        "{before:#?} {after:#?}"
    );
    // Each stream has found its dataset, by whatever name.
    assert_eq!(after.len(), before.len() + 4);
    assert_eq!(
        read_file(&pool, &pool.dataset("vault/b"), "text"),
        b"what was b"
    );
    assert_eq!(read_file(&pool, &pool.dataset("vault/a"), "text"), b"src/a");

    // With leave to rename, and again, nothing is destroyed.
    let count = after.len();
    run(receive(&pool, "vault").rename_and_promote(), &package)
        .all()
        .unwrap();
    assert_eq!(all_below(&pool.dataset("vault")).len(), count);
    assert_eq!(
        read_file(&pool, &pool.dataset("vault/a"), "text"),
        b"what was b"
    );
    assert_eq!(property_says("origin", pool.dataset("vault/clone")), "-");
    let again = run(receive(&pool, "vault").rename_and_promote(), &package);
    assert!(again.changes().is_empty());

    // With leave to destroy, what is held or has a clone stays, and it is said.
    let tag: HoldTag = "keep".parse().unwrap();
    zfs.hold(&tag, std::slice::from_ref(&mine))
        .unwrap()
        .all()
        .unwrap();
    let cloned = pool.snapshot("vault/gone@s1");
    zfs.clone_snapshot(&cloned, &pool.dataset("elsewhere"))
        .run()
        .unwrap();
    let received = run(receive(&pool, "vault").destroy_missing(), &package);
    let refused: Vec<_> = received
        .changes()
        .iter()
        .filter_map(|change| Some((&change.kind, change.result.as_ref().err()?.kind())))
        .collect();
    let snapshot_stays = |name: &libzfs::SnapshotName| ChangeKind::DestroyedSnapshot(name.clone());
    assert_eq!(
        refused,
        [
            (&snapshot_stays(&mine), ErrorKind::SnapshotHeld),
            (&snapshot_stays(&cloned), ErrorKind::SnapshotCloned),
        ]
    );
    assert!(zfs.dataset_exists(mine.dataset()).unwrap());
    assert!(
        !zfs.snapshot_exists(&pool.snapshot("vault/gone@s0"))
            .unwrap()
    );
}

#[test]
fn a_package_that_is_cut_or_of_something_else_destroys_nothing() {
    let pool = vault("pkcutdown");
    let zfs = pool.zfs();
    turn_over(&pool);
    let since = sent(&pool, Some("s1"), "s2");
    let all = |receive: PackageReceive| receive.rename_and_promote().destroy_missing();

    // All but the end is there.
    let cut = run(all(receive(&pool, "vault")), &since[..since.len() - 312]);
    assert_eq!(
        cut.interrupted().unwrap().kind(),
        ErrorKind::StreamTruncated
    );
    assert!(
        zfs.snapshot_exists(&pool.snapshot("vault/gone@s1"))
            .unwrap()
    );

    // The source was made anew, and has nothing of what is here. That is in the way of nothing.
    zfs_says(&["destroy", "-R", pool.dataset("src").as_str()]);
    file_system(&pool, "src");
    file_system(&pool, "src/a");
    for short in ["s1", "s2"] {
        zfs_says(&[
            "snapshot",
            "-r",
            &format!("{}@{short}", pool.dataset("src")),
        ]);
    }
    let before = all_below(&pool.dataset("vault"));
    let other = run(all(receive(&pool, "vault")), &sent(&pool, Some("s1"), "s2"));
    assert!(other.changes().is_empty());
    assert_eq!(kind(other.all()), ErrorKind::SnapshotExists);
    assert_eq!(all_below(&pool.dataset("vault")), before);

    // What is whole does it.
    run(all(receive(&pool, "vault")), &since).all().unwrap();
    assert!(!zfs.dataset_exists(&pool.dataset("vault/gone")).unwrap());
}

#[test]
fn force_does_not_take_a_new_dataset_for_an_old_one() {
    let pool = vault("pkforce");
    let rename = |from: &str, to: &str| {
        let (from, to) = (pool.dataset(from), pool.dataset(to));
        pool.zfs().rename_dataset(&from, &to).unwrap();
    };
    rename("src/b", "src/c");
    file_system(&pool, "src/b");
    zfs_says(&["snapshot", "-r", &format!("{}@s2", pool.dataset("src"))]);
    let package = sent(&pool, Some("s1"), "s2");
    let received = run(receive(&pool, "vault").force_rollback(), &package);
    assert_eq!(kind(received.all()), ErrorKind::DatasetExists);
    assert_eq!(read_file(&pool, &pool.dataset("vault/b"), "text"), b"src/b");
    let renamed = receive(&pool, "vault")
        .force_rollback()
        .rename_and_promote();
    run(renamed, &package).all().unwrap();
    assert_eq!(read_file(&pool, &pool.dataset("vault/c"), "text"), b"src/b");
}

#[test]
fn one_that_makes_room_in_vain_goes_back() {
    let pool = vault("pkswap");
    let zfs = pool.zfs();
    turn_over(&pool);
    // What is below `b` here could not be below the other's name.
    let (long, below) = ("n".repeat(90), format!("vault/b/{}", "m".repeat(150)));
    for tree in ["src", "vault"] {
        let (from, to) = (pool.dataset(&format!("{tree}/a")), format!("{tree}/{long}"));
        zfs.rename_dataset(&from, &pool.dataset(&to)).unwrap();
    }
    zfs_says(&["snapshot", "-r", &format!("{}@s3", pool.dataset("src"))]);
    let below = file_system(&pool, &below);
    let names = || zfs_says(&["list", "-Hro", "name,guid", pool.dataset("vault").as_str()]);
    let before = names();
    let package = sent(&pool, Some("s1"), "s3");
    let with_renames = || receive(&pool, "vault").rename_and_promote();
    let received = run(with_renames(), &package);
    assert_eq!(names(), before);
    assert_eq!(kind(received.all()), ErrorKind::NameTooLong);
    zfs.destroy_dataset(&below).unwrap();
    run(with_renames(), &package).all().unwrap();
    assert_eq!(read_file(&pool, &pool.dataset("vault/b"), "text"), b"src/a");
}

#[test]
fn what_was_cut_off_between_two_renames_goes_on() {
    let pool = vault("pkcrash");
    turn_over(&pool);
    let aside = format!(
        "vault/recv-{}",
        property_says("guid", pool.dataset("vault/a"))
    );
    let zfs = pool.zfs();
    zfs.rename_dataset(&pool.dataset("vault/a"), &pool.dataset(&aside))
        .unwrap();
    let package = sent(&pool, Some("s1"), "s2");
    run(receive(&pool, "vault").rename_and_promote(), &package)
        .all()
        .unwrap();
    assert_eq!(read_file(&pool, &pool.dataset("vault/b"), "text"), b"src/a");
    assert_eq!(
        read_file(&pool, &pool.dataset("vault/a"), "text"),
        b"what was b"
    );
}

fn packaged(name: &DatasetName, snapshots: &[(&str, u64)]) -> PackagedDataset {
    let snapshots = snapshots.iter().map(|(short, guid)| PackagedSnapshot {
        name: (*short).to_owned(),
        guid: *guid,
        properties: None,
        holds: None,
    });
    PackagedDataset {
        guid: 7,
        name: name.clone(),
        parent_from_guid: None,
        origin_guid: None,
        is_encryption_root: false,
        properties: None,
        snapshots: snapshots.collect(),
    }
}

fn head(
    snapshot: &libzfs::SnapshotName,
    from: &str,
    datasets: Vec<PackagedDataset>,
) -> PackageHead {
    let numbered = datasets.into_iter().zip(1..);
    PackageHead {
        snapshot: snapshot.clone(),
        features: Features::empty(),
        contents: Some(PackageContents {
            from: Some(from.to_owned()),
            recursive: true,
            raw: false,
            datasets: numbered
                .map(|(dataset, guid)| PackagedDataset { guid, ..dataset })
                .collect(),
        }),
    }
}

fn guid(name: &libzfs::SnapshotName) -> u64 {
    property_says("guid", name).parse().unwrap()
}

#[test]
fn what_a_head_says_is_not_believed() {
    within(LIMIT, || {
        let pool = vault("pkhostile");
        let zfs = pool.zfs();
        let (src, top) = (pool.dataset("src"), pool.dataset("vault"));
        let s1 = src.snapshot("s1").unwrap();
        let [s0, s1_guid] = ["s0", "s1"].map(|short| guid(&src.snapshot(short).unwrap()));
        let s2 = snapshot(zfs, &src, "s2");
        let stream = stream_of(&zfs.send(&s2).from(&s1));
        let top_list = [("s0", s0), ("s1", s1_guid), ("s2", guid(&s2))];
        let before = all_below(&top);

        // A stream that is another than is said, or is not said to be there.
        for listed in [&[("s1", s1_guid), ("s2", 99)][..], &[("s1", s1_guid)]] {
            let head = head(&s2, "s1", vec![packaged(&src, listed)]);
            let received = run(
                receive(&pool, "vault").destroy_missing(),
                &forged(&head, &[&stream]),
            );
            assert!(matches!(
                received.streams()[0].outcome,
                StreamOutcome::Failed(_)
            ));
            assert_eq!(kind(received.all()), ErrorKind::BadStream);
            assert_eq!(all_below(&top), before);
        }

        // Clones of each other, all of them said to have been promoted, with GUIDs that several have.
        let short = |path: &str, short: &str| pool.snapshot(&format!("{path}@{short}"));
        let a1 = guid(&short("src/a", "s1"));
        let c1 = guid(&short("src/clone", "s1"));
        let a0 = guid(&short("src/a", "s0"));
        let cycle = vec![
            packaged(&src, &top_list),
            PackagedDataset {
                origin_guid: Some(c1),
                ..packaged(&pool.dataset("src/a"), &[("s1", a1), ("s0", a0)])
            },
            packaged(&pool.dataset("src/clone"), &[("s1", c1)]),
            packaged(&pool.dataset("src/b"), &[("s1", a1), ("s0", c1)]),
        ];
        let mut promoted = cycle.clone();
        promoted[1].origin_guid = None;
        for datasets in [cycle, promoted] {
            let package = forged(&head(&s2, "s1", datasets), &[]);
            let received = run(receive(&pool, "vault").rename_and_promote(), &package);
            let promotions = received
                .changes()
                .iter()
                .filter(|change| matches!(change.kind, ChangeKind::Promoted(_)));
            assert!(promotions.count() <= 3);
            assert_eq!(all_below(&top).len(), before.len());
        }

        // Of another dataset, though all in it is named as it should be.
        let mut outside = head(&s2, "s1", vec![packaged(&src, &top_list)]);
        if let Some(contents) = &mut outside.contents {
            contents.datasets[0].name = pool.dataset("vault");
        }
        let result = receive(&pool, "vault").run(&forged(&outside, &[&stream])[..]);
        assert_eq!(kind(result), ErrorKind::BadStream);
        let names_elsewhere = stream_of(&zfs.send(&short("vault/b", "s1")));
        let here = head(&s2, "s1", vec![packaged(&src, &top_list)]);
        let received = run(
            receive(&pool, "vault").force_rollback(),
            &forged(&here, &[&names_elsewhere]),
        );
        assert_eq!(kind(received.all()), ErrorKind::BadStream);
        assert_eq!(all_below(&top).len(), before.len());
    });
}

#[test]
fn a_head_of_many_thousand_costs_no_more_than_they_are() {
    within(LIMIT, || {
        let pool = vault("pkhuge");
        let zfs = pool.zfs();
        let src = pool.dataset("src");
        let s1 = src.snapshot("s1").unwrap();
        let s2 = snapshot(zfs, &src, "s2");
        let shared = guid(&pool.snapshot("src/b@s1"));
        let names: Vec<String> = (0..20_000).map(|n| format!("n{n}")).collect();
        let mut listed: Vec<(&str, u64)> = names.iter().map(String::as_str).zip(1000..).collect();
        listed.extend([("s1", guid(&s1)), ("s2", guid(&s2))]);
        let mut datasets = vec![packaged(&src, &listed)];
        // All of them say that they are `b`.
        datasets.extend(
            names
                .iter()
                .map(|name| packaged(&src.child(name).unwrap(), &[("s1", shared)])),
        );
        let stream = stream_of(&zfs.send(&s2).from(&s1));
        let package = forged(&head(&s2, "s1", datasets), &[&stream]);
        assert!(package.len() < 64 << 20);
        let received = run(receive(&pool, "vault").rename_and_promote(), &package);
        assert!(received.changes().is_empty());
        received.all().unwrap();
        assert!(zfs.dataset_exists(&pool.dataset("vault/b")).unwrap());
    });
}

#[test]
fn what_is_set_here_stays_where_nothing_was_received_before() {
    let pool = pool("pklocal");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 10_000));
    let s1 = snapshot(zfs, &data, "s1");
    let s2 = snapshot(zfs, &data, "s2");
    zfs_says(&[
        "set",
        "com.example:from=there",
        "compression=gzip-7",
        data.as_str(),
    ]);
    let copy = pool.dataset("copy");
    // A stream alone has no properties.
    let stream = zfs.send(&s1).start().unwrap();
    zfs.receive(&copy.snapshot("s1").unwrap())
        .run(stream)
        .unwrap()
        .all()
        .unwrap();
    let ours = [
        "canmount=noauto",
        "readonly=on",
        "com.example:mine=1",
        "compression=lz4",
    ];
    for property in ours {
        zfs_says(&["set", property, copy.as_str()]);
    }
    let send = zfs.send_package(&s2).from(&s1).properties();
    let package = send.start().unwrap();
    zfs.receive_package(&copy)
        .run(package)
        .unwrap()
        .all()
        .unwrap();
    for property in ours {
        let (name, value) = property.split_once('=').unwrap();
        let said = zfs_says(&["get", "-Hpo", "value,source", name, copy.as_str()]);
        assert_eq!(said, format!("{value}\tlocal"));
    }
    assert_eq!(property_says("com.example:from", &copy), "there");
    let received = zfs_says(&["get", "-Hpo", "received", "compression", copy.as_str()]);
    assert_eq!(received, "gzip-7");
}

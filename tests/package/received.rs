//! What `zfs send` packs, received by us and by `zfs receive`.

use std::io::Cursor;

use libzfs::package::{ChangeKind, PackageHead, PackageTarget, ReceivedPackage, StreamOutcome};
use libzfs::stream::{Reader, RecordType, Records};
use libzfs::testing::Pool;
use libzfs::{DatasetName, ErrorKind, KeyStatus};

use crate::support::{
    file_system, kind, noise, pool, property_says, raw_key, read_file, snapshot, write_file,
    zfs_says,
};
use crate::{assert_same_trees, encrypted_tree, plain_tree, streams_of, zfs_receive, zfs_send};

/// Receives all of a package, with all properties.
#[track_caller]
fn receive(pool: &Pool, to: &DatasetName, package: &[u8]) -> ReceivedPackage {
    pool.zfs()
        .receive_package(to)
        .receive_local_properties()
        .rename_and_promote()
        .trust_encryption_roots()
        .run(package)
        .unwrap()
}

#[test]
fn what_zfs_packs_is_received_as_zfs_receives_it() {
    let pool = pool("pkrecv");
    let top = plain_tree(&pool);
    let (ours, theirs) = (pool.dataset("ours"), pool.dataset("theirs"));

    let package = zfs_send(&["-R", &format!("{top}@s2")]);
    let received = receive(&pool, &ours, &package);
    assert!(received.interrupted().is_none() && received.changes().is_empty());
    assert_eq!(received.streams().len(), streams_of(&package).len());
    assert_eq!(
        received.head(),
        &PackageHead::read(&mut Reader::new(&package[..])).unwrap()
    );
    received.all().unwrap();
    zfs_receive(&[theirs.as_str()], &package);
    assert_same_trees(&ours, &theirs);
    assert_eq!(
        read_file(&pool, &pool.dataset("ours/0clone"), "cloned"),
        b"of a"
    );
    let origin = pool.dataset("ours/a").snapshot("s1").unwrap();
    assert_eq!(
        property_says("origin", pool.dataset("ours/0clone")),
        origin.as_str()
    );

    // All is there already.
    let again = receive(&pool, &ours, &package);
    let there = |stream: &libzfs::package::ReceivedStream| {
        matches!(stream.outcome, StreamOutcome::AlreadyThere)
    };
    assert!(again.streams().iter().all(there), "{again:?}");
    again.all().unwrap();
}

#[test]
fn what_changed_at_the_source_changes_here() {
    let pool = pool("pkinc");
    let zfs = pool.zfs();
    let top = plain_tree(&pool);
    file_system(&pool, "src/gone");
    snapshot(zfs, &pool.dataset("src/gone"), "s2");
    let (ours, theirs, kept) = (
        pool.dataset("ours"),
        pool.dataset("theirs"),
        pool.dataset("kept"),
    );
    let package = zfs_send(&["-R", &format!("{top}@s2")]);
    for copy in [&ours, &kept] {
        receive(&pool, copy, &package).all().unwrap();
    }
    zfs_receive(&[theirs.as_str()], &package);

    // Two swap their names, one moves below another that is new, and a clone is promoted.
    let rename = |from: &str, to: &str| {
        zfs.rename_dataset(&pool.dataset(from), &pool.dataset(to))
            .unwrap();
    };
    zfs.promote(&pool.dataset("src/0clone")).unwrap();
    rename("src/vol", "src/tmp");
    rename("src/a/b", "src/vol");
    rename("src/tmp", "src/a/b");
    file_system(&pool, "src/new");
    rename("src/a", "src/new/a");
    zfs_says(&["rename", "-r", &format!("{top}@s1"), "@first"]);
    zfs_says(&["destroy", "-r", &format!("{}", pool.dataset("src/gone"))]);
    zfs_says(&["set", "com.example:set=weekly", top.as_str()]);
    write_file(&pool, &pool.dataset("src/new/a"), "third", b"3");
    zfs_says(&["snapshot", "-r", &format!("{top}@between")]);
    zfs_says(&["snapshot", "-r", &format!("{top}@s3")]);
    zfs_says(&["destroy", &format!("{top}@first")]);

    let package = zfs_send(&["-R", "-I", "@s2", &format!("{top}@s3")]);
    let received = zfs
        .receive_package(&ours)
        .receive_local_properties()
        .rename_and_promote()
        .destroy_missing()
        .run(&package[..])
        .unwrap();
    let promoted = ChangeKind::Promoted(pool.dataset("ours/0clone"));
    assert!(
        received
            .changes()
            .iter()
            .any(|change| change.kind == promoted)
    );
    received.all().unwrap();
    zfs_receive(&["-F", theirs.as_str()], &package);
    assert_same_trees(&ours, &theirs);
    assert_eq!(read_file(&pool, &pool.dataset("ours/new/a"), "third"), b"3");
    assert!(!zfs.dataset_exists(&pool.dataset("ours/gone")).unwrap());

    // Nothing is destroyed that was not asked to be.
    let received = receive(&pool, &kept, &package);
    let destroyed = |kind: &ChangeKind| {
        matches!(
            kind,
            ChangeKind::DestroyedDataset(_) | ChangeKind::DestroyedSnapshot(_)
        )
    };
    assert!(
        !received
            .changes()
            .iter()
            .any(|change| destroyed(&change.kind))
    );
    received.all().unwrap();
    assert!(zfs.dataset_exists(&pool.dataset("kept/gone")).unwrap());
    assert!(zfs.snapshot_exists(&kept.snapshot("s1").unwrap()).unwrap());
    assert_eq!(read_file(&pool, &pool.dataset("kept/new/a"), "third"), b"3");
}

#[test]
fn raw_packages_keep_who_has_whose_key() {
    let pool = pool("pkraw");
    let zfs = pool.zfs();
    let top = encrypted_tree(&pool);
    let (ours, theirs, apart) = (
        pool.dataset("ours"),
        pool.dataset("theirs"),
        pool.dataset("apart"),
    );
    let package = zfs_send(&["-Rw", &format!("{top}@s2")]);
    receive(&pool, &ours, &package).all().unwrap();
    zfs_receive(&[theirs.as_str()], &package);
    assert_same_trees(&ours, &theirs);
    let root = |path: &str| {
        let dataset = zfs.dataset(&pool.dataset(path)).unwrap();
        dataset.encryption_root().unwrap().unwrap()
    };
    assert_eq!(root("ours/a"), ours);
    assert_eq!(root("ours/own/below"), pool.dataset("ours/own"));

    // Without trust each has its own, and the same key fits.
    zfs.receive_package(&apart)
        .run(&package[..])
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(root("apart/a"), pool.dataset("apart/a"));
    assert!(zfs.try_key(&pool.dataset("apart/a"), &raw_key()).unwrap());
    assert_eq!(
        property_says("keylocation", pool.dataset("apart/a")),
        "prompt"
    );

    // Incrementally, with a rename out of the encryption root's tree and back in.
    zfs.rename_dataset(&pool.dataset("src/a"), &pool.dataset("src/vol2"))
        .unwrap();
    write_file(&pool, &pool.dataset("src/vol2"), "more", b"and more");
    zfs_says(&["snapshot", "-r", &format!("{top}@s3")]);
    let package = zfs_send(&["-Rw", "-I", "@s2", &format!("{top}@s3")]);
    receive(&pool, &ours, &package).all().unwrap();
    zfs_receive(&[theirs.as_str()], &package);
    assert_same_trees(&ours, &theirs);
    zfs.receive_package(&apart)
        .run(&package[..])
        .unwrap()
        .all()
        .unwrap();

    zfs.load_key(&ours, &raw_key()).unwrap();
    let moved = pool.dataset("ours/vol2");
    assert_eq!(
        zfs.dataset(&moved).unwrap().key_status().unwrap(),
        KeyStatus::Available
    );
    assert_eq!(read_file(&pool, &moved, "more"), b"and more");
    assert!(read_file(&pool, &moved, "secret") == noise(3, 200 << 10));
}

#[test]
fn a_package_decides_nothing_about_this_machine() {
    let pool = pool("pksafe");
    let zfs = pool.zfs();
    let top = plain_tree(&pool);
    let package = zfs_send(&["-R", &format!("{top}@s2")]);
    let vault = file_system(&pool, "vault");
    let received = zfs
        .receive_package(PackageTarget::Below(vault))
        .set("canmount", "noauto")
        .set("readonly", true)
        .exclude("com.example:set")
        .exclude("quota")
        .run(&package[..])
        .unwrap();
    received.all().unwrap();
    let says = |property: &str, path: &str| {
        zfs_says(&[
            "get",
            "-Hpo",
            "value,source",
            property,
            pool.dataset(path).as_str(),
        ])
    };
    let b = "vault/src/a/b";
    assert!(says("mountpoint", b).ends_with("\tdefault"));
    assert!(says("devices", b).ends_with("\tdefault"));
    assert_eq!(says("canmount", b), "noauto\tlocal");
    assert_eq!(says("readonly", b), "on\tlocal");
    assert_eq!(says("readonly", "vault/src/vol"), "on\tlocal");
    assert_eq!(says("canmount", "vault/src/vol"), "-\t-");
    assert_eq!(says("quota", "vault/src/a"), "0\tdefault");
    assert_eq!(says("com.example:set", "vault/src"), "-\t-");
    assert_eq!(says("recordsize", "vault/src/a"), "65536\treceived");
    let s1 = pool.snapshot("vault/src@s1");
    assert_eq!(property_says("com.example:by", s1), "cron");
    let mounted = zfs_says(&[
        "get",
        "-Hro",
        "value",
        "-t",
        "filesystem",
        "mounted",
        pool.dataset("vault").as_ref(),
    ]);
    assert!(mounted.lines().all(|mounted| mounted == "no"), "{mounted}");

    // With the whole path, where it came from; what stands between is made.
    let deep = file_system(&pool, "deep");
    let b_alone = zfs_send(&["-R", &format!("{}@s2", pool.dataset("src/a/b"))]);
    let received = zfs
        .receive_package(PackageTarget::BelowWithPath(deep))
        .set("canmount", "off")
        .run(&b_alone[..])
        .unwrap();
    let made = |path| ChangeKind::CreatedDataset(pool.dataset(path));
    let changes: Vec<_> = received
        .changes()
        .iter()
        .map(|change| &change.kind)
        .collect();
    assert_eq!(changes, [&made("deep/src"), &made("deep/src/a")]);
    received.all().unwrap();
    assert!(
        zfs.snapshot_exists(&pool.snapshot("deep/src/a/b@s2"))
            .unwrap()
    );
    for path in ["deep/src", "deep/src/a", "deep/src/a/b"] {
        assert_eq!(says("canmount", path), "off\tlocal");
        assert_eq!(says("mounted", path), "no\t-");
    }
    let lost = PackageTarget::BelowWithPath(pool.dataset("missing"));
    let received = zfs.receive_package(lost).run(&b_alone[..]).unwrap();
    assert_eq!(kind(received.all()), ErrorKind::ParentNotFound);

    let wrong = zfs
        .receive_package(&top)
        .set("readonly", "perhaps")
        .run(&package[..]);
    assert_eq!(kind(wrong), ErrorKind::InvalidProperty);
}

#[test]
fn holds_are_received_where_they_are_asked_for() {
    let pool = pool("pkhold");
    let zfs = pool.zfs();
    let top = file_system(&pool, "src");
    let snap = snapshot(zfs, &top, "s");
    zfs_says(&["hold", "rep", snap.as_str()]);
    let package = zfs_send(&["-h", snap.as_str()]);
    for (path, hold) in [("with", true), ("without", false)] {
        let target = pool.dataset(path);
        let mut receive = zfs.receive_package(&target);
        if hold {
            receive = receive.hold();
        }
        receive.run(&package[..]).unwrap().all().unwrap();
        let holds = zfs_says(&["holds", "-H", target.snapshot("s").unwrap().as_str()]);
        assert_eq!(holds.contains("rep"), hold, "{holds}");
    }
}

#[test]
fn what_fails_does_not_hide_the_rest() {
    let pool = pool("pkfail");
    let zfs = pool.zfs();
    let top = plain_tree(&pool);
    let package = zfs_send(&["-R", &format!("{top}@s2")]);

    // In the place of `a`, which `b` is below and `0clone` a clone of, is another.
    let copy = pool.dataset("copy");
    let s2 = zfs_send(&["-R", &format!("{}@s2", pool.dataset("src/a/b"))]);
    let head_only = zfs_send(&["-p", &format!("{top}@s1")]);
    receive(&pool, &copy, &head_only).all().unwrap();
    file_system(&pool, "copy/a");
    let received = receive(&pool, &copy, &package);
    let outcome = |dataset: &str, short: &str| {
        let sent = pool.dataset(dataset).snapshot(short).unwrap().to_string();
        let stream = received.streams().iter().find(|stream| stream.sent == sent);
        match &stream.unwrap().outcome {
            StreamOutcome::Received(_) => "received".to_owned(),
            StreamOutcome::AlreadyThere => "there".to_owned(),
            StreamOutcome::Skipped => "skipped".to_owned(),
            StreamOutcome::Failed(error) => format!("{:?}", error.kind()),
            _ => unreachable!(),
        }
    };
    assert_eq!(outcome("src", "s1"), "there");
    assert_eq!(outcome("src", "s2"), "received");
    assert_eq!(outcome("src/a", "s1"), "DatasetExists");
    assert_eq!(outcome("src/a", "s2"), "skipped");
    // The dataset above it is there, if it is not the one.
    assert_eq!(outcome("src/a/b", "s1"), "skipped");
    assert_eq!(outcome("src/vol", "s2"), "received");
    assert_eq!(outcome("src/0clone", "s2"), "SnapshotNotFound");
    assert!(received.interrupted().is_none());
    assert_eq!(kind(received.all()), ErrorKind::DatasetExists);

    // A damaged stream ends it; what came before is there.
    let begins: Vec<u64> = Records::new(&package)
        .map(Result::unwrap)
        .filter(|(record, _)| record.record_type() == RecordType::Begin)
        .map(|(record, _)| record.offset())
        .collect();
    let third = usize::try_from(begins[3]).unwrap();
    let mut damaged = package.clone();
    damaged[third + 312 + 900] ^= 1;
    let target = pool.dataset("damaged");
    let received = receive(&pool, &target, &damaged);
    assert_eq!(received.interrupted().unwrap().kind(), ErrorKind::BadStream);
    let fine = |stream: &&libzfs::package::ReceivedStream| {
        matches!(stream.outcome, StreamOutcome::Received(_))
    };
    assert_eq!(received.streams().iter().filter(fine).count(), 2);
    assert_eq!(received.streams().len(), 3);
    assert_eq!(kind(received.all()), ErrorKind::BadStream);
    // What is whole is received into it.
    receive(&pool, &target, &package).all().unwrap();

    // So does a cut; at each place it is told, and nothing hangs.
    for len in [
        0,
        100,
        400,
        third + 100,
        third + 312,
        package.len() - 312,
        package.len() - 1,
    ] {
        let target = pool.dataset(&format!("cut{len}"));
        let result = zfs
            .receive_package(&target)
            .run(Cursor::new(&package[..len]));
        let kind = match result {
            Ok(received) => kind(received.all()),
            Err(error) => error.kind(),
        };
        let expected = match len {
            0 => ErrorKind::EmptyStream,
            _ => ErrorKind::StreamTruncated,
        };
        assert_eq!(kind, expected, "{len} bytes");
    }

    let single = zfs_send(&[&format!("{top}@s1")]);
    let result = zfs.receive_package(pool.dataset("single")).run(&single[..]);
    assert_eq!(kind(result), ErrorKind::NotAPackage);
    let result = zfs
        .receive_package(pool.dataset("text"))
        .run(&[b'x'; 1000][..]);
    assert_eq!(kind(result), ErrorKind::NotAStream);
    drop(s2);
}

#[test]
fn an_origin_elsewhere_is_used_only_where_it_is_looked_for() {
    let pool = pool("pkorigin");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "content", &noise(4, 100 << 10));
    let origin = snapshot(zfs, &data, "s");
    let clone = pool.dataset("clone");
    zfs.clone_snapshot(&origin, &clone).run().unwrap();
    snapshot(zfs, &clone, "c");
    let package = zfs_send(&["-R", &format!("{clone}@c")]);
    let target = pool.dataset("copy");
    let received = zfs.receive_package(&target).run(&package[..]).unwrap();
    assert_eq!(kind(received.all()), ErrorKind::SnapshotNotFound);
    let received = zfs
        .receive_package(&target)
        .origins_in(&data)
        .run(&package[..])
        .unwrap();
    received.all().unwrap();
    assert_eq!(property_says("origin", target), origin.as_str());
}

#[test]
fn an_interrupted_stream_is_resumed() {
    let pool = pool("pkresume");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    for short in ["a", "b", "c"] {
        write_file(&pool, &data, short, &noise(short.len() as u64, 2 << 20));
        snapshot(zfs, &data, short);
    }
    let package = zfs_send(&["-R", &format!("{data}@c")]);
    let copy = pool.dataset("copy");
    let cut = package.len() * 3 / 5;
    let received = zfs
        .receive_package(&copy)
        .resumable()
        .run(&package[..cut])
        .unwrap();
    assert_eq!(kind(received.all()), ErrorKind::StreamTruncated);
    let token = zfs
        .dataset(&copy)
        .unwrap()
        .receive_resume_token()
        .unwrap()
        .unwrap();
    let resumed = zfs.resume_send(&data, &token).unwrap();
    let _ = zfs
        .receive(&copy.snapshot("b").unwrap())
        .run(resumed.start().unwrap())
        .unwrap();
    zfs.receive_package(&copy)
        .run(&package[..])
        .unwrap()
        .all()
        .unwrap();
    assert!(read_file(&pool, &copy, "c") == noise(1, 2 << 20));
}

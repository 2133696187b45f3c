//! Packages: those of `zfs send` are received as `zfs receive` does it, and ours are received by
//! `zfs receive`.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::io::{Cursor, Write};
use std::process::{Command, Stdio};

use libzfs::package::{
    ChangeKind, PackageHead, PackageSend, PackageTarget, ReceivedPackage, StreamOutcome,
};
use libzfs::stream::{Reader, RecordType, Records, verify};
use libzfs::testing::Pool;
use libzfs::{DatasetName, ErrorKind, KeyStatus};
use support::{
    encrypted, file_system, kind, noise, pool, property_says, raw_key, read_file, snapshot,
    write_file, zfs_says,
};

/// A package as `zfs send` makes it.
#[track_caller]
fn zfs_send(args: &[&str]) -> Vec<u8> {
    let output = Command::new("zfs").arg("send").args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    output.stdout
}

/// Has `zfs receive` take a package.
#[track_caller]
fn zfs_receive(args: &[&str], package: &[u8]) {
    let mut child = Command::new("zfs")
        .args(["receive", "-u"])
        .args(args)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // If it does not read on, it says why.
    let _ = input.write_all(package);
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
}

/// What `zfs` says of a tree: which datasets and snapshots there are, what they were made of, and
/// their properties with where these come from, save what is never the same twice.
fn tree_says(top: &DatasetName) -> Vec<String> {
    let columns = "name,property,value,source";
    let types = "filesystem,volume,snapshot";
    let said = zfs_says(&[
        "get",
        "-Hpr",
        "-t",
        types,
        "-o",
        columns,
        "all",
        top.as_str(),
    ]);
    let mut lines: Vec<String> = said
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [name, property, value, source] = fields[..] else {
                panic!("{line:?}");
            };
            match property {
                "guid" if !name.contains('@') => None,
                // It makes clones that are not encrypted say so themselves.
                "guid" | "type" | "origin" | "encryption" | "encryptionroot" | "keystatus" => {
                    Some(format!("{name} {property} {value}"))
                }
                _ if source == "local" || source == "received" => Some(line.to_owned()),
                _ => None,
            }
        })
        .map(|line| line.replace(top.as_str(), "TOP"))
        .collect();
    lines.sort();
    lines
}

#[track_caller]
fn assert_same_trees(ours: &DatasetName, theirs: &DatasetName) {
    let (ours, theirs) = (tree_says(ours), tree_says(theirs));
    let only = |a: &[String], b: &[String]| -> Vec<String> {
        a.iter().filter(|line| !b.contains(line)).cloned().collect()
    };
    assert!(
        ours == theirs,
        "only ours: {:#?}\nonly theirs: {:#?}",
        only(&ours, &theirs),
        only(&theirs, &ours)
    );
    assert!(ours.len() > 3, "{ours:?}");
}

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

#[track_caller]
fn bytes_of(send: &PackageSend) -> Vec<u8> {
    let mut bytes = Vec::new();
    send.write_to_writer(&mut bytes).unwrap();
    // All of it is right, and to the last byte.
    assert_eq!(verify(&bytes).unwrap().bytes, bytes.len() as u64);
    bytes
}

fn head_of(package: &[u8]) -> PackageHead {
    let mut head = PackageHead::read(&mut Reader::new(package)).unwrap();
    // The order in which zfs lists the children of a dataset is that of a hash.
    if let Some(contents) = &mut head.contents {
        contents.datasets.sort_by(|a, b| a.name.cmp(&b.name));
    }
    head
}

/// The names of the snapshots of which a package has streams.
fn streams_of(package: &[u8]) -> Vec<String> {
    let begins = Records::new(package)
        .map(Result::unwrap)
        .filter(|(record, _)| record.record_type() == RecordType::Begin)
        .map(|(record, _)| record.begin().unwrap().to_name().to_string());
    // That of the head is not one.
    begins.skip(1).collect()
}

/// A tree with children, a volume, a clone, properties and snapshots `s1` and `s2`.
fn plain_tree(pool: &Pool) -> DatasetName {
    let zfs = pool.zfs();
    let top = file_system(pool, "src");
    let a = file_system(pool, "src/a");
    let b = file_system(pool, "src/a/b");
    zfs.create(&pool.dataset("src/vol"))
        .volume(1 << 20)
        .run()
        .unwrap();
    write_file(pool, &a, "first", &noise(1, 300 << 10));
    zfs_says(&[
        "snapshot",
        "-r",
        "-o",
        "com.example:by=cron",
        &format!("{top}@s1"),
    ]);
    zfs.clone_snapshot(&a.snapshot("s1").unwrap(), &pool.dataset("src/0clone"))
        .run()
        .unwrap();
    write_file(pool, &pool.dataset("src/0clone"), "cloned", b"of a");
    write_file(pool, &b, "second", &noise(2, 100 << 10));
    zfs_says(&[
        "set",
        "compression=lz4",
        "com.example:set=nightly",
        top.as_str(),
    ]);
    zfs_says(&["set", "recordsize=65536", "quota=1073741824", a.as_str()]);
    zfs_says(&[
        "set",
        "mountpoint=/nowhere",
        "canmount=noauto",
        "devices=on",
        b.as_str(),
    ]);
    zfs_says(&["snapshot", "-r", &format!("{top}@s2")]);
    top
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

/// An encrypted tree: `a` and `vol` have their keys from the top, `own` and what is below has one of
/// its own, and `clone` is one of `a`.
fn encrypted_tree(pool: &Pool) -> DatasetName {
    let zfs = pool.zfs();
    let top = encrypted(pool, "src");
    let a = file_system(pool, "src/a");
    encrypted(pool, "src/own");
    file_system(pool, "src/own/below");
    zfs.create(&pool.dataset("src/vol"))
        .volume(1 << 20)
        .run()
        .unwrap();
    write_file(pool, &a, "secret", &noise(3, 200 << 10));
    zfs_says(&["snapshot", "-r", &format!("{top}@s1")]);
    zfs.clone_snapshot(&a.snapshot("s1").unwrap(), &pool.dataset("src/clone"))
        .run()
        .unwrap();
    zfs_says(&["set", "com.example:set=nightly", a.as_str()]);
    zfs_says(&["snapshot", "-r", &format!("{top}@s2")]);
    top
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

/// Our package of what `zfs send` is asked for in these words, and its own.
#[track_caller]
fn both(send: &PackageSend, args: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let (ours, theirs) = (bytes_of(send), zfs_send(args));
    assert_eq!(head_of(&ours), head_of(&theirs), "{args:?}");
    let (mut mine, mut other) = (streams_of(&ours), streams_of(&theirs));
    mine.sort();
    other.sort();
    assert_eq!(mine, other, "{args:?}");
    assert_eq!(ours.len(), theirs.len(), "{args:?}");
    (ours, theirs)
}

#[test]
fn our_packages_are_those_of_zfs() {
    let pool = pool("pksend");
    let zfs = pool.zfs();
    let top = plain_tree(&pool);
    zfs_says(&["hold", "rep", &format!("{top}@s2")]);
    let a = pool.dataset("src/a");
    for short in ["s3", "s4"] {
        write_file(&pool, &a, short, short.as_bytes());
        zfs_says(&["snapshot", "-r", &format!("{top}@{short}")]);
    }
    let names: Vec<String> = ["s1", "s2", "s3", "s4"]
        .iter()
        .map(|short| format!("{a}@{short}"))
        .collect();
    let [s1, s2, _, s4] = &names[..] else {
        unreachable!()
    };
    let send = zfs.send_package(&s4.parse().unwrap());
    let (from1, from2) = (s1.parse().unwrap(), s2.parse().unwrap());

    // What has one dataset is the same to the last byte.
    let single: [(PackageSend, &[&str]); 6] = [
        (send.clone().properties(), &["-p", s4]),
        (
            send.clone().properties().from(&from2),
            &["-p", "-i", "@s2", s4],
        ),
        (
            send.clone().from(&from2).intermediates(),
            &["-I", "@s2", s4],
        ),
        (
            send.clone().from(&from1).intermediates().properties(),
            &["-p", "-I", "@s1", s4],
        ),
        (send.clone().holds(), &["-h", s4]),
        (
            send.clone()
                .properties()
                .flags(libzfs::SendFlags::COMPRESSED),
            &["-pc", s4],
        ),
    ];
    for (send, args) in &single {
        let (ours, theirs) = both(send, args);
        assert!(ours == theirs, "{args:?}");
    }

    let to = top.snapshot("s4").unwrap();
    let from = top.snapshot("s2").unwrap();
    let tree = zfs.send_package(&to).recursive();
    let (full, theirs) = both(&tree, &["-R", to.as_str()]);
    both(&tree.clone().holds(), &["-Rh", to.as_str()]);
    both(&tree.clone().from(&from), &["-R", "-i", "@s2", to.as_str()]);
    let all = tree.clone().from(&from).intermediates();
    let (since, _) = both(&all, &["-R", "-I", "@s2", to.as_str()]);
    let estimate = all.size().unwrap();
    assert!(estimate > 0 && tree.size().unwrap() > estimate);

    // What was received, whatever is set on it since; of what never was, nothing.
    zfs_says(&["set", "recordsize=4096", "com.example:mine=1", a.as_str()]);
    let back = &[("-pb", send.clone().properties()), ("-b", send.clone())];
    for (args, send) in back {
        let (ours, theirs) = both(&send.clone().backup(), &[args, s4]);
        assert!(ours == theirs, "{args}");
    }
    let (copy, package) = (pool.dataset("copy"), zfs_send(&["-p", s4]));
    zfs_receive(&[copy.as_str()], &package);
    zfs_says(&[
        "set",
        "recordsize=8192",
        "com.example:mine=2",
        copy.as_str(),
    ]);
    let copied = copy.snapshot("s4").unwrap();
    let (ours, other) = both(
        &zfs.send_package(&copied).backup(),
        &["-b", copied.as_str()],
    );
    assert!(ours == other);
    let sent = head_of(&ours)
        .contents
        .unwrap()
        .datasets
        .remove(0)
        .properties
        .unwrap();
    assert_eq!(sent.get("recordsize").unwrap().as_u64(), Some(4096));
    assert_eq!(sent.get("com.example:mine").unwrap().as_str(), Some("1"));
    zfs_says(&["inherit", "recordsize", a.as_str()]);
    zfs_says(&["inherit", "com.example:mine", a.as_str()]);

    // The holds of the send are gone.
    for (short, expected) in [("s2", 1), ("s4", 0)] {
        let holds = zfs_says(&["holds", "-rH", &format!("{top}@{short}")]);
        assert_eq!(holds.lines().count(), expected, "{holds}");
    }

    let (first, second) = (pool.dataset("first"), pool.dataset("second"));
    zfs_receive(&[first.as_str()], &full);
    zfs_receive(&[second.as_str()], &theirs);
    assert_same_trees(&first, &second);

    // And what goes on from one of theirs.
    let third = pool.dataset("third");
    let start = zfs.send_package(&from).recursive();
    zfs_receive(&[third.as_str()], &bytes_of(&start));
    zfs_receive(&[third.as_str()], &since);
    assert_same_trees(&third, &second);
}

#[test]
fn our_raw_packages_are_received_by_zfs() {
    let pool = pool("pkrawsend");
    let zfs = pool.zfs();
    let top = encrypted_tree(&pool);
    let to = top.snapshot("s2").unwrap();
    let send = zfs.send_package(&to).recursive();
    assert_eq!(
        kind(send.write_to_writer(std::io::sink())),
        ErrorKind::WouldDecrypt
    );
    let single = zfs.send_package(&to).properties();
    assert_eq!(
        kind(single.write_to_writer(std::io::sink())),
        ErrorKind::WouldDecrypt
    );

    let (ours, theirs) = both(&send.raw(), &["-Rw", to.as_str()]);
    let (first, second) = (pool.dataset("first"), pool.dataset("second"));
    zfs_receive(&[first.as_str()], &ours);
    zfs_receive(&[second.as_str()], &theirs);
    assert_same_trees(&first, &second);

    both(&single.clone().raw(), &["-pw", to.as_str()]);
}

#[test]
fn what_cannot_be_sent_is_refused_before_a_byte_is_written() {
    let pool = pool("pkrefuse");
    let zfs = pool.zfs();
    let top = file_system(&pool, "src");
    let refused = |send: PackageSend| {
        let mut bytes = Vec::new();
        let kind = kind(send.write_to_writer(&mut bytes));
        assert!(bytes.is_empty());
        kind
    };
    let send = |short: &str| zfs.send_package(&top.snapshot(short).unwrap());
    assert_eq!(refused(send("none")), ErrorKind::SnapshotNotFound);
    let gone = pool.snapshot("gone@s");
    assert_eq!(refused(zfs.send_package(&gone)), ErrorKind::DatasetNotFound);

    let child = file_system(&pool, "src/child");
    let s1 = snapshot(zfs, &top, "s1");
    assert_eq!(refused(send("s1").recursive()), ErrorKind::SnapshotNotFound);
    let head = send("s1").recursive().skip_missing().head().unwrap();
    assert_eq!(head.contents.unwrap().datasets.len(), 1);
    // A dataset that is later than the snapshot is not missed.
    zfs.destroy_dataset(&child).unwrap();
    file_system(&pool, "src/later");
    file_system(&pool, "src/later/below");
    let head = send("s1").recursive().head().unwrap();
    assert_eq!(head.contents.unwrap().datasets.len(), 1);

    let s2 = snapshot(zfs, &top, "s2");
    let none = top.snapshot("none").unwrap();
    assert_eq!(
        refused(send("s2").from(&none)),
        ErrorKind::IncrementalSourceNotFound
    );
    assert_eq!(refused(send("s1").from(&s2)), ErrorKind::NotAnAncestor);
    assert_eq!(refused(send("s1").from(&s1)), ErrorKind::NotAnAncestor);
    let other = snapshot(zfs, &pool.dataset("src/later"), "s1");
    assert_eq!(refused(send("s2").from(&other)), ErrorKind::NotAnAncestor);

    // What the writer says comes back.
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let error = send("s2").properties().write_to_writer(&full).unwrap_err();
    assert_eq!(
        (error.kind(), error.errno().raw()),
        (ErrorKind::NoSpace, libc::ENOSPC)
    );
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

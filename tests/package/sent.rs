//! Our packages, compared with those of `zfs send`.

use libzfs::ErrorKind;
use libzfs::package::{PackageHead, PackageSend};
use libzfs::stream::{Reader, verify};

use crate::support::{file_system, kind, pool, snapshot, write_file, zfs_says};
use crate::{assert_same_trees, encrypted_tree, plain_tree, streams_of, zfs_receive, zfs_send};

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

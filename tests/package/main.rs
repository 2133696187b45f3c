//! Packages: those of `zfs send` are received as `zfs receive` does it, and ours are received by
//! `zfs receive`.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod received;
mod sent;
#[path = "../support/mod.rs"]
mod support;

use std::io::Write;
use std::process::{Command, Stdio};

use libzfs::DatasetName;
use libzfs::stream::{RecordType, Records};
use libzfs::testing::Pool;
use support::{encrypted, file_system, noise, write_file, zfs_says};

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

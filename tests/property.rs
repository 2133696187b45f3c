//! Every native property, read and compared with what `zfs get` and `zpool get` print.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use libzfs::property::{self, Compression, HasProperties, pool};
use libzfs::testing::Pool;
use libzfs::{
    BookmarkName, DatasetName, ErrorKind, Properties, Property, SnapshotName, Source, Zfs,
};
use support::{
    as_this_release_says, encrypted, kind, pool, raw_key, release, zfs_says, zpool_says,
};

/// Value, source and received value.
type Shown = (String, String, String);

/// What `zfs get all` prints, by property.
fn zfs_get(name: &str) -> BTreeMap<String, Shown> {
    let columns = "property,value,source,received";
    lines(&zfs_says(&["get", "-Hp", "-o", columns, "all", name]))
}

fn lines(said: &str) -> BTreeMap<String, Shown> {
    said.lines()
        .map(|line| {
            let mut fields = line.split('\t').map(str::to_owned);
            let mut next = || fields.next().unwrap_or_default();
            (next(), (next(), next(), next()))
        })
        .collect()
}

/// The same, by this crate.
fn crate_get(properties: &Properties) -> BTreeMap<String, Shown> {
    let native = property::ALL.iter().filter(|info| !info.is_hidden());
    let native = native.filter_map(|info| {
        let Property { value, source } = properties.exact(info)?;
        let received = properties.exact_received(info).unwrap_or("-".into());
        let value = as_this_release_says(info, value);
        let received = as_this_release_says(info, received);
        Some((
            info.name().to_owned(),
            (value, source.to_string(), received),
        ))
    });
    let users = properties.users().map(|(name, property)| {
        let name = name.to_string();
        let received = properties.received(&name);
        let received = received.map_or("-", |value| value.as_str().unwrap());
        (
            name.clone(),
            (
                property.value.to_string(),
                property.source.to_string(),
                received.to_owned(),
            ),
        )
    });
    native.chain(users).collect()
}

/// What both say differently. What is accounted in the background may change between them, so that
/// they are asked again.
fn differences(
    what: &str,
    theirs: impl Fn() -> BTreeMap<String, Shown>,
    ours: impl Fn() -> BTreeMap<String, Shown>,
) -> Vec<String> {
    let mut rounds = 0;
    loop {
        let (theirs, ours) = (theirs(), ours());
        let names: BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
        let different: Vec<_> = names
            .into_iter()
            .map(|name| (name, theirs.get(name), ours.get(name)))
            .filter(|(_, theirs, ours)| theirs != ours)
            .map(|(name, theirs, ours)| format!("{what} {name}: {theirs:?}, not {ours:?}"))
            .collect();
        rounds += 1;
        if different.is_empty() || rounds == 4 {
            return different;
        }
    }
}

fn differences_from_zfs_get<N: HasProperties + AsRef<str>>(zfs: &Zfs, name: &N) -> Vec<String> {
    let text = name.as_ref();
    differences(
        text,
        || zfs_get(text),
        || crate_get(&zfs.all_properties(name).unwrap()),
    )
}

#[track_caller]
fn same_as_zfs_get<N: HasProperties + AsRef<str>>(zfs: &Zfs, name: &N) {
    assert_eq!(differences_from_zfs_get(zfs, name), Vec::<String>::new());
}

#[track_caller]
fn shell(command: &str) {
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
}

fn snapshot_named(name: &str) -> SnapshotName {
    name.parse().unwrap()
}

/// File systems and volumes that set, inherit, receive and default what they can.
fn tree(pool: &Pool) -> (Vec<DatasetName>, Vec<SnapshotName>, Vec<BookmarkName>) {
    let root = pool.name();
    shell(&format!(
        "set -e
        zfs set com.example:root=x exec=off xattr=dir {root}
        zfs create -u -o casesensitivity=insensitive -o normalization=formD -o recordsize=64K \
            -o compression=gzip-9 -o atime=off -o quota=1G -o mountpoint=/nowhere/a \
            -o snapshot_limit=100 -o copies=2 -o dedup=sha256,verify -o com.example:a='x y' \
            -o sharenfs=off -o checksum=sha512 -o sync=always -o primarycache=metadata {root}/a
        zfs create -u -o reservation=1M -o refquota=512M -o xattr=sa -o com.example:b= {root}/a/b
        zfs set quota=none mountpoint=legacy canmount=noauto {root}/a/b
        zfs create -u -o compression=zstd-fast-20 -o snapdir=visible {root}/a/b/c
        zfs create -s -V 16M -o volblocksize=8K -o compression=zstd-7 {root}/a/vol
        zfs create -V 1M {root}/vol
        zfs snapshot -o com.example:s=1 -r {root}/a@s
        zfs hold tag {root}/a@s
        zfs clone -o canmount=off {root}/a@s {root}/clone
        zfs snapshot {root}/clone@t
        zfs bookmark {root}/a@s {root}/a#b
        zfs redact {root}/a@s r {root}/clone@t
        zfs send -p {root}/a@s | zfs receive -u -o mountpoint=none {root}/copy
        zfs set compression=off com.example:a=local {root}/copy
        zfs inherit checksum {root}/copy
        zfs create -u {root}/copy/below
        zfs send -p {root}/a/vol@s | zfs receive -u {root}/copy/vol"
    ));
    encrypted(pool, "enc");
    shell(&format!(
        "zfs create -u {root}/enc/below && zfs snapshot -r {root}/enc@s"
    ));
    let datasets = [
        "",
        "a",
        "a/b",
        "a/b/c",
        "a/vol",
        "vol",
        "clone",
        "copy",
        "copy/below",
        "copy/vol",
        "enc",
        "enc/below",
    ];
    let snapshots = ["a@s", "a/vol@s", "clone@t", "copy@s", "enc/below@s"];
    let bookmarks = ["a#b", "a#r"];
    (
        datasets.map(|path| pool.dataset(path)).into(),
        snapshots
            .map(|name| snapshot_named(&format!("{root}/{name}")))
            .into(),
        bookmarks
            .map(|name| format!("{root}/{name}").parse().unwrap())
            .into(),
    )
}

#[test]
fn every_property_is_read_as_zfs_get_reads_it() {
    let pool = pool("property");
    let zfs = pool.zfs();
    let (datasets, snapshots, bookmarks) = tree(&pool);
    zpool_says(&["sync", pool.name().as_str()]);
    let of_datasets = datasets
        .iter()
        .map(|name| differences_from_zfs_get(zfs, name));
    let of_snapshots = snapshots
        .iter()
        .map(|name| differences_from_zfs_get(zfs, name));
    let of_bookmarks = bookmarks
        .iter()
        .map(|name| differences_from_zfs_get(zfs, name));
    let all = of_datasets.chain(of_snapshots).chain(of_bookmarks);
    assert_eq!(all.flatten().collect::<Vec<_>>(), Vec::<String>::new());

    // Locked.
    let locked = pool.dataset("enc");
    zfs.unload_key(&locked).unwrap();
    same_as_zfs_get(zfs, &locked);
    same_as_zfs_get(zfs, &pool.dataset("enc/below"));
    zfs.load_key(&locked, &raw_key()).unwrap();

    // Received values beside those that hold.
    let copy = zfs.all_properties(&pool.dataset("copy")).unwrap();
    let compression = copy.get(&property::COMPRESSION).unwrap().unwrap();
    assert_eq!(
        (compression.value, compression.source),
        (Compression::Off, Source::Local)
    );
    let received = property::COMPRESSION.info();
    assert_eq!(copy.exact_received(received).unwrap(), "gzip-9");

    let gone = pool.dataset("gone");
    assert_eq!(kind(zfs.all_properties(&gone)), ErrorKind::DatasetNotFound);
    let no_bookmark = gone.bookmark("b").unwrap();
    assert_eq!(
        kind(zfs.all_properties(&no_bookmark)),
        ErrorKind::DatasetNotFound
    );
    let no_bookmark = datasets[1].bookmark("gone").unwrap();
    assert_eq!(
        kind(zfs.all_properties(&no_bookmark)),
        ErrorKind::BookmarkNotFound
    );
}

#[test]
fn a_mount_stands_in_for_what_is_set() {
    let pool = pool("mounted");
    let zfs = pool.zfs();
    let name = pool.dataset("a b");
    zfs.create(&name)
        .set("canmount", "noauto")
        .set("relatime", false)
        .run()
        .unwrap();
    let directory = tempfile::tempdir_in(pool.directory()).unwrap();
    let path = directory.path().to_str().unwrap();
    shell(&format!(
        "mount -i -t zfs -o zfsutil,ro,noatime,nodev,noexec,nosuid '{name}' {path}"
    ));
    same_as_zfs_get(zfs, &name);
    let mounted = zfs.all_properties(&name).unwrap();
    assert!(mounted.get(&property::MOUNTED).unwrap().unwrap().value);
    let readonly = mounted.get(&property::READONLY).unwrap().unwrap();
    assert_eq!((readonly.value, readonly.source), (true, Source::Temporary));
    // A single call does not look at mounts.
    let readonly = zfs
        .dataset(&name)
        .unwrap()
        .get(&property::READONLY)
        .unwrap()
        .unwrap();
    assert_eq!((readonly.value, readonly.source), (false, Source::Default));
    shell(&format!("umount {path}"));
    same_as_zfs_get(zfs, &name);
}

/// What `zpool get all` prints, but for features.
fn zpool_get(pool: &str) -> BTreeMap<String, Shown> {
    let columns = "property,value,source";
    let mut said = lines(&zpool_says(&["get", "-Hp", "-o", columns, "all", pool]));
    said.retain(|name, _| !name.starts_with("feature@"));
    said
}

fn crate_pool_get(properties: &Properties) -> BTreeMap<String, Shown> {
    let native = pool::ALL.iter().filter(|info| !info.is_hidden());
    let native = native.filter_map(|info| {
        let Property { value, source } = properties.exact(info)?;
        Some((
            info.name().to_owned(),
            (value, source.to_string(), String::new()),
        ))
    });
    let users = properties.users().map(|(name, property)| {
        let value = property.value.to_string();
        (
            name.to_string(),
            (value, property.source.to_string(), String::new()),
        )
    });
    native.chain(users).collect()
}

#[test]
fn every_property_of_a_pool_is_read_as_zpool_get_reads_it() {
    let pool = pool("poolget");
    let zfs = pool.zfs();
    let name = pool.name().as_str();
    let compare = || {
        let different = differences(
            name,
            || zpool_get(name),
            || crate_pool_get(&zfs.pool_properties(pool.name()).unwrap()),
        );
        assert_eq!(different, Vec::<String>::new());
    };
    compare();
    for set in [
        "comment=some words",
        "failmode=continue",
        "autotrim=on",
        "ashift=12",
    ] {
        zpool_says(&["set", set, name]);
    }
    if release() >= (2, 3) {
        zpool_says(&["set", "com.example:a=x y", name]);
        zpool_says(&["set", "dedup_table_quota=10M", name]);
    }
    zpool_says(&["checkpoint", name]);
    compare();
    let properties = zfs.pool_properties(pool.name()).unwrap();
    let failmode = properties.get(&pool::FAILMODE).unwrap().unwrap();
    assert_eq!(
        (failmode.value, failmode.source),
        (property::FailMode::Continue, Source::Local)
    );
}

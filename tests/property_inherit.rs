//! Values of properties taken back: to what is inherited, or was received.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use libzfs::property::{self, Compression};
use libzfs::{DatasetName, ErrorKind, Source};
use support::{
    NOBODY, as_user, file_system, kind, pool, property_says, snapshot, zfs_says, zpool_says,
};

#[test]
fn values_are_taken_back_from_a_whole_tree() {
    let pool = pool("inherittree");
    let zfs = pool.zfs();
    let top = file_system(&pool, "top");
    let below = file_system(&pool, "top/below");
    let deep = file_system(&pool, "top/below/deep");
    let volume = pool.dataset("top/vol");
    zfs.create(&volume).volume(4 << 20).run().unwrap();
    let snap = snapshot(zfs, &below, "s");
    let apart = file_system(&pool, "apart");
    let set = |name: &DatasetName, property: &str, value: &str| {
        let set = zfs.set_properties(name).set_text(property, value);
        set.run().unwrap().all().unwrap();
    };
    for name in [&top, &below, &volume, &apart] {
        set(name, "compression", "lz4");
        set(name, "a:b", "local");
    }
    // What a volume does not have.
    set(&deep, "recordsize", "64K");
    let of_snapshot = zfs.set_properties(&snap).set_text("a:b", "of the snapshot");
    of_snapshot.run().unwrap().all().unwrap();
    // Each call that changes something has its place in the history.
    let changes = || {
        zfs.sync_pool(pool.name()).unwrap();
        let history = zpool_says(&["history", "-i", pool.name().as_str()]);
        history.matches("] inherit ").count()
    };

    for property in ["compression", "recordsize", "a:b"] {
        zfs.inherit_property_below(&top, property)
            .unwrap()
            .all()
            .unwrap();
    }
    let all = ["get", "-Hpr", "-o", "name,property,value,source"];
    let all = [&all[..], &["-s", "local", "all", top.as_str()]].concat();
    let said = zfs_says(&all);
    let ours = said.lines().filter(|line| !line.contains("\tvolsize\t"));
    let ours: Vec<_> = ours
        .filter(|line| !line.contains("refreservation"))
        .collect();
    assert_eq!(ours, [""; 0]);
    assert_eq!(property_says("compression,a:b", &apart), "lz4\nlocal");
    // Those on which it was set, and no others.
    assert_eq!(changes(), 3 + 1 + 4);

    // What fails for one is done for the others.
    set(&below, "a:b", "1");
    set(&deep, "a:b", "1");
    support::allow(&deep, NOBODY, "userprop");
    let taken = as_user(NOBODY, || zfs.inherit_property_below(&top, "a:b")).unwrap();
    let [failure] = taken.failures() else {
        panic!("{taken:?}");
    };
    let denied = (below.to_string(), ErrorKind::PermissionDenied);
    assert_eq!((failure.name.clone(), failure.kind), denied);
    assert_eq!(kind(taken.all()), ErrorKind::PermissionDenied);
    assert_eq!(property_says("a:b", &deep), "1");
    assert_eq!(
        zfs_says(&["get", "-Hpo", "source", "a:b", deep.as_str()]),
        format!("inherited from {below}")
    );

    for property in ["quota", "used", "nonsense", "No:such", "volthreading"] {
        let taken = zfs.inherit_property_below(&top, property);
        assert_eq!(kind(taken), ErrorKind::InvalidProperty, "{property}");
    }
    let gone = pool.dataset("gone");
    let taken = zfs.inherit_property_below(&gone, "atime");
    assert_eq!(kind(taken), ErrorKind::DatasetNotFound);
}

/// Each property of these of all in a tree, with where it comes from and what was received.
fn properties_say(properties: &str, top: &DatasetName) -> Vec<String> {
    let columns = "name,property,value,received,source";
    let types = "filesystem,volume,snapshot";
    let args = [
        "get",
        "-Hpr",
        "-t",
        types,
        "-o",
        columns,
        properties,
        top.as_str(),
    ];
    let mut lines: Vec<_> = zfs_says(&args)
        .lines()
        .map(|line| line.replace(top.as_str(), "TOP").replace('\t', " "))
        .collect();
    lines.sort();
    lines
}

#[test]
fn a_whole_tree_goes_back_to_what_it_received() {
    let pool = pool("reverttree");
    let zfs = pool.zfs();
    let [source, ours, theirs] = ["source", "ours", "theirs"].map(|path| pool.dataset(path));
    // Values are set by `zfs`, so that what is compared differs in nothing but how they are taken back.
    let says = |args: &[&str], top: &DatasetName, rest: &str| {
        zfs_says(&[args, &[&format!("{top}{rest}")]].concat());
    };
    says(
        &["create", "-o", "compression=gzip", "-o", "a:b=1"],
        &source,
        "",
    );
    let below = "compression=lz4 quota=1073741824 snapshot_limit=7 recordsize=65536";
    let mut create = vec!["create"];
    create.extend(below.split(' ').flat_map(|value| ["-o", value]));
    says(&create, &source, "/below");
    says(
        &["create", "-V", "4M", "-o", "compression=off"],
        &source,
        "/vol",
    );
    says(&["snapshot", "-r", "-o", "a:b=2"], &source, "@s");
    for copy in [&ours, &theirs] {
        let package = zfs.send_package(&source.snapshot("s").unwrap()).recursive();
        let mut bytes = Vec::new();
        package.write_to_writer(&mut bytes).unwrap();
        let received = zfs.receive_package(copy).receive_local_properties();
        received.run(&bytes[..]).unwrap().all().unwrap();
        // A received value is hidden by another, by what is inherited, and by none.
        says(&["set", "compression=zstd", "quota=3G", "a:b=3"], copy, "");
        says(&["inherit", "compression"], copy, "/below");
        says(
            &["set", "quota=none", "snapshot_limit=none"],
            copy,
            "/below",
        );
        says(&["set", "recordsize=32K"], copy, "/below");
        says(&["set", "refreservation=none"], copy, "/vol");
        says(&["set", "a:b=4"], copy, "/below@s");
        says(&["inherit", "a:b"], copy, "/vol@s");
        // Nothing was received here.
        says(
            &["create", "-o", "compression=off", "-o", "quota=2G"],
            copy,
            "/new",
        );
        says(&["create"], copy, "/new/plain");
        says(&["snapshot", "-o", "a:b=5"], copy, "/new@t");
    }
    let all = "compression,quota,snapshot_limit,recordsize,refreservation,a:b";
    assert_eq!(properties_say(all, &ours), properties_say(all, &theirs));

    let changes = || {
        zfs.sync_pool(pool.name()).unwrap();
        let history = zpool_says(&["history", "-i", pool.name().as_str()]);
        history.matches("] inherit ").count()
    };
    let before = changes();
    for property in all.split(',') {
        let taken = zfs.revert_property_below(&ours, property);
        taken.unwrap().all().unwrap();
    }
    // Those of which something is set or hidden, and no others.
    assert_eq!(changes() - before, 3 + 3 + 1 + 1 + 1 + 4);
    for property in all.split(',') {
        zfs_says(&["inherit", "-S", "-r", property, theirs.as_str()]);
    }
    assert_eq!(properties_say(all, &ours), properties_say(all, &theirs));
    let now = properties_say(all, &ours);
    for expected in [
        "TOP compression gzip gzip received",
        "TOP/below compression lz4 lz4 received",
        "TOP/new compression gzip - inherited from TOP",
        "TOP quota 0 - default",
        "TOP/below quota 1073741824 1073741824 received",
        "TOP/new quota 0 - default",
        "TOP/below recordsize 65536 65536 received",
        "TOP/below@s a:b 2 2 received",
        "TOP/vol@s a:b 2 2 received",
        "TOP/new@t a:b 1 - inherited from TOP",
    ] {
        assert!(
            now.iter().any(|line| line == expected),
            "{expected}: {now:#?}"
        );
    }

    for property in [
        "used",
        "nonsense",
        "No:such",
        "version",
        "volsize",
        "keylocation",
        "volthreading",
        "encryption",
    ] {
        let taken = zfs.revert_property_below(&ours, property);
        assert_eq!(kind(taken), ErrorKind::InvalidProperty, "{property}");
    }
    let gone = pool.dataset("gone");
    let taken = zfs.revert_property_below(&gone, "atime");
    assert_eq!(kind(taken), ErrorKind::DatasetNotFound);
}

#[test]
fn values_are_taken_back_to_what_was_inherited_or_received() {
    let pool = pool("inherit");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let child = file_system(&pool, "data/child");
    let says = |property: &str| {
        let columns = [
            "get",
            "-Hpo",
            "value,source,received",
            property,
            child.as_str(),
        ];
        zfs_says(&columns).replace('\t', " ")
    };
    zfs.set_properties(&data)
        .set(&property::ATIME, false)
        .run()
        .unwrap()
        .all()
        .unwrap();
    let set = zfs.set_properties(&child).set(&property::ATIME, true);
    set.set(&property::QUOTA, 1 << 30)
        .set_text("a:b", "c")
        .run()
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(says("atime"), "on local -");
    zfs.inherit_property(&child, "atime").unwrap();
    assert_eq!(says("atime"), format!("off inherited from {data} -"));
    let atime = zfs
        .dataset(&child)
        .unwrap()
        .get(&property::ATIME)
        .unwrap()
        .unwrap();
    assert_eq!(
        (atime.value, atime.source),
        (false, Source::Inherited(data.clone()))
    );
    zfs.inherit_property(&child, "a:b").unwrap();
    assert_eq!(says("a:b"), "- - -");
    assert_eq!(says("quota"), format!("{} local -", 1 << 30));
    zfs.revert_property(&child, "quota").unwrap();
    assert_eq!(says("quota"), "0 default -");
    // `zfs inherit -S` would leave it as it is.
    let set = zfs
        .set_properties(&child)
        .set_text("redundant_metadata", "some");
    set.run().unwrap().all().unwrap();
    assert_eq!(says("redundant_metadata"), "some local -");
    zfs.revert_property(&child, "redundant_metadata").unwrap();
    assert_eq!(says("redundant_metadata"), "all default -");

    // Received values are hidden by local ones, and by inherited ones.
    let snap = snapshot(zfs, &data, "s");
    let received = [("compression", "off"), ("a:b", "r")];
    let copy = pool.dataset("data/copy").snapshot("s").unwrap();
    let send = zfs.send(&snap).start().unwrap();
    zfs.receive(&copy)
        .received_properties(received)
        .run(send)
        .unwrap()
        .all()
        .unwrap();
    let copy = copy.dataset().clone();
    let says = |property: &str| {
        let columns = [
            "get",
            "-Hpo",
            "value,source,received",
            property,
            copy.as_str(),
        ];
        zfs_says(&columns).replace('\t', " ")
    };
    assert_eq!(says("compression"), "off received off");
    let set = zfs
        .set_properties(&copy)
        .set(&property::COMPRESSION, Compression::Lz4);
    set.set_text("a:b", "local").run().unwrap().all().unwrap();
    assert_eq!(says("compression"), "lz4 local off");
    zfs.revert_property(&copy, "compression").unwrap();
    zfs.revert_property(&copy, "a:b").unwrap();
    assert_eq!(
        (says("compression"), says("a:b")),
        ("off received off".into(), "r received r".into())
    );
    zfs.inherit_property(&copy, "a:b").unwrap();
    assert_eq!(says("a:b"), "- - r");

    for property in [
        "quota",
        "canmount",
        "used",
        "casesensitivity",
        "nonsense",
        "volblocksize",
        "No:such",
        "snapdev\0",
    ] {
        assert_eq!(
            kind(zfs.inherit_property(&data, property)),
            ErrorKind::InvalidProperty,
            "{property:?}"
        );
    }
    for property in [
        "version",
        "used",
        "keylocation",
        "volthreading",
        "encryption",
    ] {
        assert_eq!(
            kind(zfs.revert_property(&data, property)),
            ErrorKind::InvalidProperty,
            "{property}"
        );
    }
    // The kernel would switch its threads off, whatever the property is then.
    let volume = pool.dataset("vol");
    zfs.create(&volume).volume(4 << 20).run().unwrap();
    assert_eq!(
        kind(zfs.revert_property(&volume, "volthreading")),
        ErrorKind::InvalidProperty
    );
    assert_eq!(
        kind(zfs.inherit_property(&snap, "exec")),
        ErrorKind::InvalidProperty
    );
    let gone = pool.dataset("gone");
    assert_eq!(
        kind(zfs.inherit_property(&gone, "atime")),
        ErrorKind::DatasetNotFound
    );
    assert_eq!(
        kind(zfs.revert_property(&gone, "atime")),
        ErrorKind::DatasetNotFound
    );
}

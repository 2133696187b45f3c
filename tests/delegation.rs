//! What a user may do who is not root: nothing, and what is delegated with `zfs allow`.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::io::{Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use libzfs::testing::Pool;
use libzfs::{DatasetName, Destroy, ErrorKind, HoldTag, KeyStatus, kernel_version};
use support::{
    NOBODY, allow, as_user, encrypted, file_system, file_with, kind, noise, pool, raw_key,
    snapshot, stream_of, unallow, write_file, zfs_says,
};

/// Fails unless `work` is denied without any one of the permissions and done with them all.
#[track_caller]
fn needs<T: Debug + Send>(
    dataset: &DatasetName,
    permissions: &[&str],
    work: impl Fn() -> libzfs::Result<T> + Sync,
) -> T {
    let all: BTreeSet<_> = permissions.iter().copied().collect();
    for missing in permissions {
        let others: Vec<_> = all.iter().copied().filter(|one| one != missing).collect();
        if !others.is_empty() {
            allow(dataset, NOBODY, &others.join(","));
        }
        let denied = as_user(NOBODY, &work);
        assert_eq!(kind(denied), ErrorKind::PermissionDenied, "no {missing}");
        if !others.is_empty() {
            unallow(dataset, NOBODY);
        }
    }
    allow(dataset, NOBODY, &permissions.join(","));
    let done = as_user(NOBODY, &work).unwrap();
    unallow(dataset, NOBODY);
    done
}

/// Whether the module is older than a release.
fn before(release: &str) -> bool {
    *kernel_version().unwrap() < *release
}

#[test]
fn datasets() {
    let pool = pool("dgset");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let child = pool.dataset("data/child");
    needs(&data, &["create", "mount"], || zfs.create(&child).run());
    needs(&data, &["destroy", "mount"], || zfs.destroy_dataset(&child));
    needs(&data, &["create", "mount", "compression"], || {
        zfs.create(&child).set("compression", "off").run()
    });
    assert!(zfs.dataset_exists(&child).unwrap());
    needs(&data, &["destroy", "mount"], || zfs.destroy_dataset(&child));
    needs(&data, &["create", "mount", "userprop"], || {
        zfs.create(&child).set("com.example:x", "1").run()
    });
    let volume = pool.dataset("data/volume");
    needs(&data, &["create", "mount"], || {
        zfs.create(&volume).volume(16 << 20).run()
    });
}

#[test]
fn snapshots_bookmarks_and_holds() {
    let pool = pool("dgsnap");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let snap = |short: &str| [data.snapshot(short).unwrap()];
    needs(&data, &["snapshot"], || zfs.create_snapshots(&snap("a")));
    needs(&data, &["snapshot", "userprop"], || {
        zfs.create_snapshots_with(&snap("b"), [("com.example:x", "1")])
    });
    let bookmark = data.bookmark("a").unwrap();
    needs(&data, &["bookmark"], || {
        zfs.create_bookmarks(&[(bookmark.clone(), (&snap("a")[0]).into())])
    });
    let tag: HoldTag = "keep".parse().unwrap();
    needs(&data, &["hold"], || zfs.hold(&tag, &snap("a"))?.all());
    needs(&data, &["release"], || zfs.release(&tag, &snap("a"))?.all());
    needs(&data, &["destroy"], || {
        zfs.destroy_bookmarks(std::slice::from_ref(&bookmark))
    });
    needs(&data, &["destroy", "mount"], || {
        zfs.destroy_snapshots(&snap("a"), Destroy::Now)
    });
    // Not one of several may be forbidden.
    let other = snapshot(zfs, &file_system(&pool, "other"), "x");
    let both = [snap("b")[0].clone(), other.clone()];
    allow(&data, NOBODY, "hold,destroy,mount");
    as_user(NOBODY, || {
        assert_eq!(kind(zfs.hold(&tag, &both)), ErrorKind::PermissionDenied);
        let destroyed = zfs.destroy_snapshots(&both, Destroy::Now);
        assert_eq!(kind(destroyed), ErrorKind::PermissionDenied);
    });
    for name in &both {
        assert_eq!(zfs.holds(name).unwrap(), []);
    }
}

#[test]
fn keys() {
    let pool = pool("dgkey");
    let zfs = pool.zfs();
    let root = encrypted(&pool, "enc");
    needs(&root, &["load-key"], || zfs.unload_key(&root));
    assert!(needs(&root, &["load-key"], || zfs.try_key(&root, &raw_key())));
    needs(&root, &["load-key"], || zfs.load_key(&root, &raw_key()));
    let status = zfs.dataset(&root).unwrap().key_status().unwrap();
    assert_eq!(status, KeyStatus::Available);
    let parent = file_system(&pool, "parent");
    let child = pool.dataset("parent/enc");
    let suite = libzfs::Encryption::Aes256Gcm;
    // Of how it is encrypted only this one is a property that is set afterwards.
    needs(&parent, &["create", "mount", "keylocation"], || {
        zfs.create(&child).encryption(suite, raw_key()).run()
    });
}

/// A pool with an encrypted dataset that has something in it.
fn source(label: &str) -> (Pool, libzfs::SnapshotName) {
    let pool = pool(label);
    let data = encrypted(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 100_000));
    let snap = snapshot(pool.zfs(), &data, "s");
    (pool, snap)
}

#[test]
fn sends() {
    let (pool, snap) = source("dgsend");
    let zfs = pool.zfs();
    let data = snap.dataset();
    let null = fs::File::options().write(true).open("/dev/null").unwrap();
    needs(data, &["send"], || zfs.send(&snap).write_to(&null));
    needs(data, &["send"], || zfs.send(&snap).raw().write_to(&null));
    if !before("2.4") {
        // One who is to see nothing but ciphertext.
        needs(data, &["send:raw"], || {
            zfs.send(&snap).raw().write_to(&null)
        });
        allow(data, NOBODY, "send:raw");
        let plain = as_user(NOBODY, || zfs.send(&snap).write_to(&null));
        assert_eq!(kind(plain), ErrorKind::PermissionDenied);
    }
}

#[test]
fn receives() {
    let (source, snap) = source("dgrsrc");
    let pool = pool("dgrecv");
    let zfs = pool.zfs();
    let parent = file_system(&pool, "parent");
    let stream = stream_of(&source.zfs().send(&snap));
    let receive = |target: &str, bytes: &[u8]| {
        // In a directory where everybody may make files.
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        zfs.receive(&pool.snapshot(target)).run(&file)?.all()
    };
    needs(&parent, &["receive", "create", "mount"], || {
        receive("parent/copy@s", &stream)
    });
    if !before("2.3") {
        needs(&parent, &["receive:append", "create", "mount"], || {
            receive("parent/append@s", &stream)
        });
    }
    // Properties that are set need what setting them needs.
    allow(&parent, NOBODY, "receive,create,mount");
    let target = pool.snapshot("parent/props@s");
    let file = file_with(&pool, &stream);
    let received = as_user(NOBODY, || {
        zfs.receive(&target).set("compression", "off").run(&file)
    });
    let received = received.unwrap();
    assert_eq!(kind(received.all()), ErrorKind::PermissionDenied);
    zfs.snapshot(&target).unwrap();
    unallow(&parent, NOBODY);

    let cut = &stream[..stream.len() / 2];
    let partial = pool.dataset("parent/partial");
    let interrupted = zfs.receive(&partial.snapshot("s").unwrap()).resumable();
    assert_eq!(
        kind(interrupted.run(file_with(&pool, cut))),
        ErrorKind::StreamTruncated
    );
    assert!(needs(&parent, &["destroy", "mount"], || zfs
        .discard_partial_receive(&partial)));
}

#[test]
fn packages() {
    let pool = pool("dgpack");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    file_system(&pool, "data/child");
    zfs_says(&["set", "compression=lz4", "com.example:x=1", data.as_str()]);
    let snapshot_all = |short| {
        zfs_says(&["snapshot", "-r", &format!("{data}@{short}")]);
        data.snapshot(short).unwrap()
    };
    let snap = snapshot_all("s");
    let null = fs::File::options().write(true).open("/dev/null").unwrap();
    needs(&data, &["send"], || {
        zfs.send_package(&snap).properties().write_to(&null)
    });
    // What has more than one stream is held, with a descriptor of its own: udev lets all open it.
    fs::set_permissions("/dev/zfs", fs::Permissions::from_mode(0o666)).unwrap();
    let tree = zfs.send_package(&snap).recursive();
    needs(&data, &["send", "hold"], || tree.write_to(&null));
    assert_eq!(zfs.holds(&snap).unwrap(), []);

    let parent = file_system(&pool, "parent");
    let (mut package, mut since) = (Vec::new(), Vec::new());
    tree.write_to_writer(&mut package).unwrap();
    let number = AtomicUsize::new(0);
    let permissions = ["receive", "create", "mount", "compression", "userprop"];
    needs(&parent, &permissions, || {
        let copy = format!("parent/copy{}", number.fetch_add(1, Ordering::Relaxed));
        zfs.receive_package(pool.dataset(&copy))
            .run(&package[..])?
            .all()
    });
    // Without leave to set a property all is received, save that.
    allow(&parent, NOBODY, "receive,create,mount");
    let copy = pool.dataset("parent/copy");
    let receive = || zfs.receive_package(&copy);
    let received = as_user(NOBODY, || receive().run(&package[..])).unwrap();
    assert_eq!(kind(received.all()), ErrorKind::PermissionDenied);
    assert!(
        zfs.snapshot_exists(&pool.snapshot("parent/copy/child@s"))
            .unwrap()
    );

    // And without leave to destroy or rename nothing is.
    zfs_says(&["destroy", "-r", pool.dataset("data/child").as_str()]);
    let last = snapshot_all("t");
    let send = zfs.send_package(&last).from(&snap).recursive();
    send.write_to_writer(&mut since).unwrap();
    let received = as_user(NOBODY, || {
        receive()
            .exclude("compression")
            .exclude("com.example:x")
            .destroy_missing()
            .run(&since[..])
    });
    let received = received.unwrap();
    for change in received.changes() {
        assert_eq!(
            change.result.as_ref().unwrap_err().kind(),
            ErrorKind::PermissionDenied
        );
    }
    assert_eq!(received.changes().len(), 1);
    assert!(zfs.snapshot_exists(&copy.snapshot("t").unwrap()).unwrap());
    assert!(
        zfs.snapshot_exists(&pool.snapshot("parent/copy/child@s"))
            .unwrap()
    );
}

#[test]
fn everybody_may_look() {
    let (pool, snap) = source("dgread");
    let zfs = pool.zfs();
    let data = snap.dataset();
    as_user(NOBODY, || {
        assert!(zfs.dataset_exists(data).unwrap());
        assert_eq!(zfs.snapshot(&snap).unwrap().name(), &snap);
        assert_eq!(zfs.bookmarks(data).unwrap(), []);
        assert_eq!(zfs.holds(&snap).unwrap(), []);
        assert!(zfs.send(&snap).size().unwrap() > 100_000);
        assert_eq!(kind(pool.mount(data)), ErrorKind::PermissionDenied);
        // That something is not there is told before that it is forbidden.
        let missing = pool.dataset("missing");
        assert_eq!(
            kind(zfs.destroy_dataset(&missing)),
            ErrorKind::DatasetNotFound
        );
        let no_parent = pool.dataset("missing/child");
        assert_eq!(
            kind(zfs.create(&no_parent).run()),
            ErrorKind::ParentNotFound
        );
    });
}

//! Holds that end with whoever made them. One at a time: a process that one test starts has the
//! descriptors of all others until it runs its program.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::slice::from_ref;
use std::sync::Mutex;

use libzfs::{Destroy, ErrorKind, HoldTag, SnapshotName, Zfs};
use serial_test::serial;
use support::{NOBODY, as_user, file_system, kind, needs, pool, snapshot, zfs_says};

fn tag(text: &str) -> HoldTag {
    text.parse().unwrap()
}

fn count(zfs: &Zfs, snapshot: &SnapshotName) -> usize {
    zfs.holds(snapshot).unwrap().len()
}

#[test]
#[serial]
fn holds_end_when_the_guard_is_dropped() {
    let (pool, other) = (pool("guard"), pool("guardoth"));
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let (a, b) = (snapshot(zfs, &data, "a"), snapshot(zfs, &data, "b"));
    let elsewhere = snapshot(zfs, &file_system(&other, "data"), "c");
    let missing = data.snapshot("missing").unwrap();

    let mut guard = zfs.hold_guard().unwrap();
    let held = guard
        .hold(&tag("t"), &[a.clone(), missing.clone()])
        .unwrap();
    assert_eq!(held.missing(), [(missing, tag("t"))]);
    guard
        .hold_many(&[(a.clone(), tag("u")), (b.clone(), tag("t"))])
        .unwrap()
        .all()
        .unwrap();
    guard
        .hold(&tag("t"), from_ref(&elsewhere))
        .unwrap()
        .all()
        .unwrap();
    zfs.hold(&tag("kept"), from_ref(&b)).unwrap().all().unwrap();
    assert_eq!([count(zfs, &a), count(zfs, &b)], [2, 2]);
    assert!(zfs_says(&["holds", "-H", elsewhere.as_str()]).contains("\tt\t"));
    let error = zfs.destroy_snapshots(from_ref(&a), Destroy::Now);
    assert_eq!(kind(error), ErrorKind::SnapshotHeld);

    drop(guard);
    assert_eq!([count(zfs, &a), count(zfs, &b)], [0, 1]);
    assert_eq!(count(zfs, &elsewhere), 0);
}

#[test]
#[serial]
fn a_guard_is_released_with_what_is_left_of_its_holds() {
    let pool = pool("guardrel");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let snaps = ["held", "released", "renamed", "destroyed"].map(|s| snapshot(zfs, &data, s));
    let mut guard = zfs.hold_guard().unwrap();
    guard.hold(&tag("t"), &snaps).unwrap().all().unwrap();
    let [held, released, renamed, destroyed] = snaps;
    zfs.release(&tag("t"), &[released.clone(), destroyed.clone()])
        .unwrap()
        .all()
        .unwrap();
    zfs.destroy_snapshots(&[destroyed], Destroy::Now).unwrap();
    let new_name = data.snapshot("new").unwrap();
    zfs.rename_snapshot(&renamed, &new_name).unwrap();
    guard.release().unwrap();
    for snap in [&held, &released, &new_name] {
        assert_eq!(count(zfs, snap), 0, "{snap}");
    }
    zfs.hold_guard().unwrap().release().unwrap();
}

#[test]
#[serial]
fn what_a_guard_cannot_hold_is_told() {
    let pool = pool("guardbad");
    let zfs = pool.zfs();
    let snap = snapshot(zfs, &file_system(&pool, "data"), "s");
    let mut guard = zfs.hold_guard().unwrap();
    // With one byte more the kernel would have no room for what it puts in front.
    let longest = tag(&"t".repeat(238));
    guard
        .hold(&longest, from_ref(&snap))
        .unwrap()
        .all()
        .unwrap();
    let longer = tag(&"t".repeat(239));
    let error = guard.hold(&longer, from_ref(&snap));
    assert_eq!(kind(error), ErrorKind::NameTooLong);
    let again = guard.hold(&longest, from_ref(&snap));
    assert_eq!(kind(again), ErrorKind::HoldExists);
    let nowhere = ["nosuchpool@s".parse().unwrap()];
    assert_eq!(
        kind(guard.hold(&tag("t"), &nowhere)),
        ErrorKind::PoolNotFound
    );
    guard.hold(&tag("t"), &[]).unwrap().all().unwrap();
    drop(guard);
    assert_eq!(count(zfs, &snap), 0);
}

#[test]
#[serial]
fn a_process_that_is_killed_holds_nothing() {
    const SNAPSHOT: &str = "LIBZFS_TEST_SNAPSHOT";
    if let Ok(name) = env::var(SNAPSHOT) {
        let mut guard = Zfs::open().unwrap().hold_guard().unwrap();
        let held = guard.hold(&tag("child"), &[name.parse().unwrap()]);
        held.unwrap().all().unwrap();
        println!("\nheld");
        loop {
            std::thread::park();
        }
    }
    let pool = pool("killed");
    let zfs = pool.zfs();
    let snap = snapshot(zfs, &file_system(&pool, "data"), "s");
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "a_process_that_is_killed_holds_nothing",
            "--nocapture",
        ])
        .env(SNAPSHOT, snap.as_str())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    let held = said.map_while(Result::ok).any(|line| line == "held");
    assert!(held, "{:?}", child.wait());
    assert_eq!(zfs.holds(&snap).unwrap()[0].tag, "child");
    // SIGKILL.
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(count(zfs, &snap), 0);
}

#[test]
#[serial]
fn a_program_that_is_started_holds_nothing_and_a_forked_child_does() {
    let pool = pool("forked");
    let zfs = pool.zfs();
    let snap = snapshot(zfs, &file_system(&pool, "data"), "s");
    let guarded = || {
        let mut guard = zfs.hold_guard().unwrap();
        let held = guard.hold(&tag("t"), from_ref(&snap)).unwrap();
        held.all().unwrap();
        guard
    };

    let guard = guarded();
    // It has the descriptor until it runs, and says that it does.
    let mut program = Command::new("sh")
        .args(["-c", "echo; exec sleep 600"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = program.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    drop(guard);
    assert_eq!(count(zfs, &snap), 0);
    program.kill().unwrap();
    program.wait().unwrap();

    let forked = || {
        // SAFETY: the child does nothing but wait, which is allowed after a fork.
        match unsafe { libc::fork() } {
            0 => loop {
                // SAFETY: it takes no arguments.
                unsafe { libc::pause() };
            },
            child => child,
        }
    };
    let end = |child| {
        // SAFETY: it is a child of this process that nobody has waited for yet.
        let killed = unsafe { libc::kill(child, libc::SIGKILL) };
        // SAFETY: as above; no status is asked for.
        let ended = unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
        assert_eq!((killed, ended), (0, child));
    };
    let guard = guarded();
    let child = forked();
    drop(guard);
    assert_eq!(count(zfs, &snap), 1, "the child has the descriptor too");
    end(child);
    assert_eq!(count(zfs, &snap), 0);

    let guard = guarded();
    let child = forked();
    guard.release().unwrap();
    assert_eq!(count(zfs, &snap), 0);
    end(child);
}

#[test]
#[serial]
fn holds_that_an_export_left_end_with_the_next_import() {
    let pool = pool("exported");
    let zfs = pool.zfs();
    let snap = snapshot(zfs, &file_system(&pool, "data"), "s");
    let mut guard = zfs.hold_guard().unwrap();
    guard
        .hold(&tag("t"), from_ref(&snap))
        .unwrap()
        .all()
        .unwrap();
    let pool = pool.export().unwrap().import().unwrap();
    let zfs = pool.zfs();
    assert_eq!(count(zfs, &snap), 0);
    zfs.hold(&tag("t"), from_ref(&snap)).unwrap().all().unwrap();
    // The pool is another one to the kernel since.
    drop(guard);
    assert_eq!(count(zfs, &snap), 1);
}

#[test]
#[serial]
fn who_may_hold_need_not_be_allowed_to_release() {
    let pool = pool("guardperm");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let snap = [snapshot(zfs, &data, "s")];
    // Who may not open the device can have a guard that root opened.
    let guard = Mutex::new(zfs.hold_guard().unwrap());
    needs(&[(&data, "hold")], || {
        guard.lock().unwrap().hold(&tag("t"), &snap)?.all()
    });
    as_user(NOBODY, || drop(guard));
    assert_eq!(count(zfs, &snap[0]), 0);

    let mut guard = zfs.hold_guard().unwrap();
    as_user(NOBODY, || guard.hold(&tag("t"), &snap)?.all()).unwrap();
    as_user(NOBODY, || guard.release()).unwrap();
    assert_eq!(count(zfs, &snap[0]), 0);
}

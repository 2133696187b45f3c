//! Waiting for what goes on in pools and file systems.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::{self, File};
use std::mem::MaybeUninit;
use std::num::NonZeroU64;
use std::os::unix::thread::JoinHandleExt;
use std::ptr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use libzfs::testing::Pool;
use libzfs::{DatasetActivity, ErrorKind, PoolActivity, PoolName, VdevGuid, Zfs};
use support::{file_system, kind, pool, release};

/// Long enough for whatever ends; nothing waits so long that does what it should.
const LIMIT: Duration = Duration::from_secs(60);
/// Long enough to see that something does not end.
const MOMENT: Duration = Duration::from_millis(500);

fn vdev(pool: &Pool) -> VdevGuid {
    VdevGuid::new(pool.vdevs()[0].guid)
}

/// A pool with a trim that does not end by itself. The rate counts from the second extent of
/// a metaslab on, and an extent is of up to 128 MiB: only a large pool has metaslabs of several.
fn pool_with_an_endless_trim(label: &str) -> Pool {
    let pool = Pool::builder().label(label).size(16 << 30).build();
    let pool = pool.expect("this test needs a pool");
    let trim = pool.zfs().trim(pool.name(), &[vdev(&pool)]);
    trim.rate(NonZeroU64::MIN).run().unwrap().all().unwrap();
    pool
}

#[test]
fn nothing_that_goes_on_is_nothing_to_wait_for() {
    let pool = pool("idle");
    let zfs = pool.zfs();
    for activity in [
        PoolActivity::DiscardCheckpoint,
        PoolActivity::Free,
        PoolActivity::Initialize,
        PoolActivity::InitializeVdev(vdev(&pool)),
        PoolActivity::Replace,
        PoolActivity::Remove,
        PoolActivity::Resilver,
        PoolActivity::Scrub,
        PoolActivity::Trim,
        PoolActivity::TrimVdev(vdev(&pool)),
    ] {
        assert!(!zfs.wait(pool.name(), activity).unwrap(), "{activity:?}");
    }
    let expansion = zfs.wait(pool.name(), PoolActivity::RaidzExpand);
    if release() < (2, 3) {
        assert_eq!(kind(expansion), ErrorKind::Unsupported);
    } else {
        assert!(!expansion.unwrap());
    }
}

#[test]
fn a_wait_lasts_until_it_is_over() {
    let pool = pool_with_an_endless_trim("wait");
    let (zfs, name) = (pool.zfs(), pool.name());
    let of_pool = zfs.wait_in_background(name, PoolActivity::Trim);
    let of_vdev = zfs.wait_in_background(name, PoolActivity::TrimVdev(vdev(&pool)));
    let (mut of_pool, mut of_vdev) = (of_pool.unwrap(), of_vdev.unwrap());
    assert_eq!(of_pool.wait_timeout(MOMENT).unwrap(), None);
    assert_eq!(of_vdev.wait_timeout(Duration::ZERO).unwrap(), None);
    zfs.cancel_trim(name, &[vdev(&pool)])
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(of_pool.wait_timeout(LIMIT).unwrap(), Some(true));
    assert_eq!(of_vdev.wait_timeout(LIMIT).unwrap(), Some(true));
    // It is the same when it is asked again.
    assert_eq!(of_pool.wait_timeout(Duration::ZERO).unwrap(), Some(true));
}

#[test]
fn a_wait_does_not_keep_a_pool_and_tells_that_it_went() {
    for exported in [false, true] {
        let pool = pool_with_an_endless_trim("gone");
        let waiter = pool
            .zfs()
            .wait_in_background(pool.name(), PoolActivity::Trim);
        let mut waiter = waiter.unwrap();
        assert_eq!(waiter.wait_timeout(MOMENT).unwrap(), None);
        if exported {
            drop(pool.export().unwrap());
        } else {
            pool.destroy().unwrap();
        }
        let gone = waiter.wait_timeout(LIMIT);
        assert_eq!(kind(gone), ErrorKind::PoolNotFound);
        assert_eq!(
            kind(waiter.wait_timeout(Duration::ZERO)),
            ErrorKind::PoolNotFound
        );
    }
}

#[test]
fn what_is_not_there_is_nothing_to_wait_for() {
    let zfs = Zfs::open().unwrap();
    let missing: PoolName = "no-such-pool".parse().unwrap();
    assert_eq!(
        kind(zfs.wait(&missing, PoolActivity::Scrub)),
        ErrorKind::PoolNotFound
    );
    let dataset = missing.root().child("data").unwrap();
    assert_eq!(
        kind(zfs.wait_for_dataset(&dataset, DatasetActivity::DeleteQueue)),
        ErrorKind::DatasetNotFound
    );
}

/// Has SIGUSR1 do nothing but interrupt.
fn handle_sigusr1() {
    extern "C" fn nothing(_: libc::c_int) {}
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: all zero is a value of it: no handler, no flags, an empty mask.
    let action = unsafe { action.assume_init_mut() };
    action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
    // SAFETY: the action is initialised, and its handler does nothing.
    let rc = unsafe { libc::sigaction(libc::SIGUSR1, action, ptr::null_mut()) };
    assert_eq!(rc, 0);
}

#[test]
fn a_signal_ends_a_wait_and_is_told() {
    handle_sigusr1();
    let pool = pool_with_an_endless_trim("signal");
    let (zfs, name) = (pool.zfs().clone(), pool.name().clone());
    let (done, result) = mpsc::channel();
    let thread = thread::spawn(move || {
        done.send(zfs.wait(&name, PoolActivity::Trim)).unwrap();
    });
    assert!(result.recv_timeout(MOMENT).is_err());
    let waits = thread.as_pthread_t();
    // SAFETY: the thread has not been joined, so that its number is still its own.
    let rc = unsafe { libc::pthread_kill(waits, libc::SIGUSR1) };
    assert_eq!(rc, 0);
    let interrupted = result.recv_timeout(LIMIT).unwrap();
    assert_eq!(kind(interrupted), ErrorKind::Interrupted);
    thread.join().unwrap();
}

#[test]
fn a_deleted_file_is_waited_for_until_it_is_closed() {
    let pool = pool("queue");
    let data = file_system(&pool, "data");
    let zfs = pool.zfs();
    let queue = DatasetActivity::DeleteQueue;
    // Not mounted.
    assert!(!zfs.wait_for_dataset(&data, queue).unwrap());
    let mount = pool.mount(&data).unwrap();
    assert!(!zfs.wait_for_dataset(&data, queue).unwrap());

    let path = mount.path().join("file");
    fs::write(&path, [1; 1 << 16]).unwrap();
    let open = File::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let mut waiter = zfs.wait_for_dataset_in_background(&data, queue).unwrap();
    assert_eq!(waiter.wait_timeout(MOMENT).unwrap(), None);
    drop(open);
    assert_eq!(waiter.wait_timeout(LIMIT).unwrap(), Some(true));
    mount.unmount().unwrap();
}

#[test]
fn an_unmount_ends_a_wait_for_a_file_system() {
    const SUSPEND: &str = "/sys/module/zfs/parameters/zfs_unlink_suspend_progress";
    let pool = pool("unmount");
    let data = file_system(&pool, "data");
    let zfs = pool.zfs();
    let queue = DatasetActivity::DeleteQueue;
    let mount = pool.mount(&data).unwrap();
    let path = mount.path().join("file");
    fs::write(&path, vec![1; 1 << 20]).unwrap();
    fs::write(SUSPEND, "1").unwrap();
    fs::remove_file(&path).unwrap();
    let mut waiter = zfs.wait_for_dataset_in_background(&data, queue).unwrap();
    let before = waiter.wait_timeout(MOMENT);
    mount.unmount().unwrap();
    fs::write(SUSPEND, "0").unwrap();
    assert_eq!(before.unwrap(), None);
    assert_eq!(kind(waiter.wait_timeout(LIMIT)), ErrorKind::Interrupted);
    assert!(!zfs.wait_for_dataset(&data, queue).unwrap());
}

//! What a program's own tests can do with `libzfs::testing`: here a backup that has to tell a pool
//! that is full from one whose device fails.
//!
//! ```console
//! # cargo run --example test_pool
//! ```
//!
//! Needs root and a loaded module; nothing but its own pools on files is touched.

use libzfs::testing::{DeviceFault, NOBODY, Pool, as_user};
use libzfs::{ErrorKind, PoolActivity, Scrub};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A pool in one line; it is gone at the end of the scope, after a panic too.
    let pool = Pool::create()?;
    let zfs = pool.zfs();
    let data = pool.dataset("data");
    zfs.create(&data).run()?;
    zfs.create_snapshots(&[pool.snapshot("data@one")])?;

    // Another user may do what is delegated to him.
    let take = || zfs.create_snapshots(&[pool.snapshot("data@two")]);
    let denied = as_user(NOBODY, take).map_err(|error| error.kind());
    assert_eq!(denied, Err(ErrorKind::PermissionDenied));
    pool.allow(&data, NOBODY, &["snapshot"])?;
    as_user(NOBODY, take)?;

    // A pool that is full.
    let small = Pool::builder().size(64 << 20).build()?;
    small.fill(&small.dataset(""))?;
    println!("full: {} %", zfs.pool_status(small.name())?.capacity());

    // A mirror of which a device fails.
    let mirror = Pool::builder().mirror(2).build()?;
    let failing = mirror.fail_device(&mirror.vdevs()[0], DeviceFault::Reads)?;
    zfs.scrub(mirror.name(), Scrub::All)?;
    zfs.wait(mirror.name(), PoolActivity::Scrub)?;
    drop(failing);
    for device in zfs.pool_status(mirror.name())?.devices() {
        println!(
            "{:?}: {} read errors",
            device.path, device.stats.read_errors
        );
    }

    // A pool that is suspended, and one that can only be read.
    let suspension = pool.suspend()?;
    let suspended = zfs.dataset(&data).map_err(|error| error.kind());
    assert_eq!(suspended.err(), Some(ErrorKind::PoolSuspended));
    suspension.resume()?;
    let read_only = pool.export()?.import_read_only()?;
    if let Err(error) = read_only.zfs().create(&read_only.dataset("more")).run() {
        println!("read-only: {error}");
    }
    Ok(())
}

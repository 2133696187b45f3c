//! A pool in a file that goes from one host to another, maybe with another release of OpenZFS.
//!
//! ```console
//! # cargo run --example move_pool -- make /tmp/pool.img
//! # cargo run --example move_pool -- check /tmp/pool.img
//! ```
//!
//! `make` makes a pool with what every OpenZFS since 2.1 has, with a dataset and a snapshot, and
//! exports it. `check` finds it by its label, imports it, looks for what was made, takes another
//! snapshot and exports it again. Needs root.

use std::error::Error;
use std::fs::File;
use std::path::Path;

use libzfs::{PoolName, VdevState, Zfs};

/// The features that the pool gets.
const SET: &str = "openzfs-2.1-linux";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [action, path] = &arguments[..] else {
        return Err("give make or check, and the path of a file".into());
    };
    let zfs = Zfs::open()?;
    let pool: PoolName = "moved".parse()?;
    let path = Path::new(path);
    match action.as_str() {
        "make" => make(&zfs, &pool, path),
        "check" => check(&zfs, &pool, path),
        other => Err(format!("{other} is neither make nor check").into()),
    }
}

fn make(zfs: &Zfs, pool: &PoolName, path: &Path) -> Result<(), Box<dyn Error>> {
    File::create(path)?.set_len(128 << 20)?;
    zfs.create_pool(pool).vdev(path).compatibility(SET).run()?;
    let data = pool.root().child("data")?;
    zfs.create(&data).set("com.example:note", "made").run()?;
    zfs.create_snapshots(&[data.snapshot("made")?])?;
    zfs.export_pool(pool)?;
    Ok(())
}

fn check(zfs: &Zfs, pool: &PoolName, path: &Path) -> Result<(), Box<dyn Error>> {
    let found = zfs.find_pools([path])?;
    let there = found.named(pool)?;
    if let Some(obstacle) = there.obstacle() {
        return Err(obstacle.to_string().into());
    }
    zfs.import_pool(there).run()?;
    let data = pool.root().child("data")?;
    let note = zfs.dataset(&data)?;
    let note = note.user_property("com.example:note");
    let as_made = note.is_some_and(|note| note.value == "made")
        && zfs.snapshot_exists(&data.snapshot("made")?)?
        && zfs.pool_status(pool)?.health() == VdevState::Online;
    // Not all that stands in a version can stand in a name.
    let release = libzfs::kernel_version()?.replace(['+', '~'], "-");
    let seen = data.snapshot(&format!("seen-by-{release}"))?;
    if !zfs.snapshot_exists(&seen)? {
        zfs.create_snapshots(&[seen])?;
    }
    zfs.export_pool(pool)?;
    if !as_made {
        return Err("the pool is not as it was made".into());
    }
    println!("{release}: as it was made");
    Ok(())
}

//! `zvault lock`

use crate::arguments::Lock;
use crate::exit::Outcome;
use crate::output::Output;

pub(super) fn run(lock: &Lock, output: &Output) -> Outcome {
    let zfs = super::zfs("lock")?;
    let names = zfs.list(&lock.dataset).recursive().filesystems().names()?;
    let mut names = names.collect::<libzfs::Result<Vec<_>>>()?;
    // What is mounted below keeps what is above it busy.
    names.reverse();
    for name in names {
        let dataset = name.dataset();
        if !zfs.mount_points_of(dataset)?.is_empty() {
            zfs.unmount(dataset)?;
        }
    }
    super::unlock::show("locked", &zfs.unload_keys(&lock.dataset)?, output)
}

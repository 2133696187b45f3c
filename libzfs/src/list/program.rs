//! The names of snapshots by a channel program: one call for all, where ioctls take one for each.

use std::collections::HashSet;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Plan;
use crate::error::ErrorKind;
use crate::ffi::Ask;
use crate::handle::Zfs;
use crate::name::{DatasetName, MAX_NAME_LEN};
use crate::nvlist::Value;
use crate::program::MAX_MEMORY_LIMIT;

/// Without a result there are more than are wanted.
const SCRIPT: &str = "\
local args = ...
local names, count = {}, 0
for name in zfs.list.snapshots(args.dataset) do
    count = count + 1
    if count > args.most then return nil end
    names[count] = name
end
return table.concat(names, '\\n')
";

/// How much memory a name takes at most, on its way from the program.
const PER_NAME: u64 = 2 << 10;

/// What a program takes that lists nothing.
const LEAST_MEMORY: u64 = 1 << 20;

/// Whether programs are run for a listing.
#[derive(Debug)]
pub(super) struct Programs {
    /// For how many snapshots of one dataset; 0 if for none.
    most: AtomicU64,
}

impl Programs {
    pub(super) fn new(most: u64) -> Self {
        Self {
            most: AtomicU64::new(most),
        }
    }

    pub(super) fn are_allowed(&self) -> bool {
        self.most.load(Ordering::Relaxed) > 0
    }
}

/// The names of all snapshots of a dataset, if a program may be run for them, serves, and is the
/// better way.
pub(super) fn snapshots(zfs: &Zfs, plan: &Plan, dataset: &DatasetName) -> Option<Vec<String>> {
    // While it is mounted the kernel has it open, which is what makes the program quick; and it
    // panics where it cannot open it, or where the name has no room for an @.
    if !plan.programs.are_allowed()
        || plan.ask != Ask::Name
        || plan.txgs().is_some()
        || dataset.as_str().len() + 1 >= MAX_NAME_LEN
        || !plan.mounts.has(dataset)
    {
        return None;
    }
    let most = plan.programs.most.load(Ordering::Relaxed);
    let memory = most.saturating_mul(PER_NAME);
    let result = zfs
        .program(&dataset.pool(), SCRIPT)
        .argument("dataset", dataset.as_str())
        .argument("most", i64::try_from(most).unwrap_or(i64::MAX))
        .memory_limit(memory.clamp(LEAST_MEMORY, MAX_MEMORY_LIMIT))
        .run_read_only();
    match result {
        Ok(Some(Value::String(names))) => {
            let names = String::from_utf8_lossy(&names);
            Some(names.lines().map(str::to_owned).collect())
        }
        Ok(_) => None,
        Err(error) => {
            tracing::debug!(%dataset, %error, "snapshots are listed without a program");
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyPool
            ) {
                // And so it would be for every other dataset.
                plan.programs.most.store(0, Ordering::Relaxed);
            }
            None
        }
    }
}

/// Which file systems are mounted where this process sees it.
#[derive(Debug, Default)]
pub(super) struct Mounts(HashSet<String>);

impl Mounts {
    pub(super) fn read() -> Self {
        let table = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        Self(parse(&table))
    }

    pub(super) fn has(&self, dataset: &DatasetName) -> bool {
        self.0.contains(dataset.as_str())
    }
}

fn parse(table: &str) -> HashSet<String> {
    table
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let source = words.next()?;
            // Of what this writes as an octal number, names of datasets have only spaces.
            (words.nth(1)? == "zfs").then(|| source.replace("\\040", " "))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounted_file_systems_are_found_by_their_names() {
        let mounted = parse(
            "proc /proc proc rw 0 0\n\
             tank/a\\040b /mnt\\040x zfs rw,xattr 0 0\n\
             tank/c@s /mnt/c zfs ro 0 0\n\
             tank/d /d ext4 rw 0 0\n\
             odd\n",
        );
        let expected = ["tank/a b", "tank/c@s"].map(str::to_owned);
        assert_eq!(mounted, HashSet::from(expected));
    }
}

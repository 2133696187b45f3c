//! What a pool's history says of snapshots since it was read last, for where datasets do not tell.
//!
//! The kernel enters that a snapshot is created, destroyed, renamed or moved while it does it, and
//! lets nobody list meanwhile. So a listing that begins after the history was read has all that
//! stands there; what it has besides stands there later.

use std::collections::HashSet;

use crate::handle::Zfs;
use crate::name::{DatasetName, PoolName};
use crate::pool::HistoryRecord;
use crate::property::pool::LOAD_GUID;

/// What is the business of no snapshot's name. Whatever else there is, or will be, may be.
const HARMLESS: &[&str] = &[
    "bookmark",
    "hold",
    "inherit",
    "release",
    "remove bookmark",
    "set",
];

/// No more of a history is gone through than this: that is when listing may be quicker.
const MAX_LEN: u64 = 64 << 20;
const CHUNK: usize = 1 << 20;

/// Up to where a pool's history is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    /// Which import of the pool it is the history of: the next can begin at an earlier state.
    import: u64,
    end: u64,
}

/// The datasets whose snapshots may have changed.
#[derive(Debug)]
pub(super) struct News(HashSet<String>);

impl Mark {
    /// The end of a history; none where it cannot be read, which takes root, or is too long.
    pub(super) fn now(zfs: &Zfs, pool: &PoolName) -> Option<Self> {
        let import = import(zfs, pool)?;
        // From 0 the kernel would first end a transaction group.
        let (mut end, mut read) = (1, 0);
        while read < MAX_LEN {
            let more = zfs.device().pool_history(pool.as_str(), end, CHUNK);
            let (bytes, next) = more.ok()?;
            if bytes.is_empty() {
                return Self { import, end }.if_still_imported(zfs, pool);
            }
            end = next;
            read += bytes.len() as u64;
        }
        None
    }

    /// What was entered since, and the new end; none where that is not known.
    pub(super) fn news(self, zfs: &Zfs, pool: &PoolName) -> Option<(News, Self)> {
        let mut history = zfs.pool_history(pool).from(self.end);
        let mut datasets = HashSet::new();
        while let Some(record) = history.next() {
            match subject(&record.ok()?) {
                Subject::Nobody => {}
                Subject::Dataset(name) => {
                    datasets.insert(name);
                }
                Subject::All => return None,
            }
            if history.offset() - self.end > MAX_LEN {
                return None;
            }
        }
        let end = history.offset();
        let mark = Self { end, ..self }.if_still_imported(zfs, pool)?;
        history.is_whole().then_some((News(datasets), mark))
    }

    fn if_still_imported(self, zfs: &Zfs, pool: &PoolName) -> Option<Self> {
        (import(zfs, pool)? == self.import).then_some(self)
    }
}

impl News {
    /// Whether snapshots of a dataset may have changed.
    pub(super) fn concern(&self, dataset: &DatasetName) -> bool {
        self.0.contains(dataset.as_str())
    }
}

fn import(zfs: &Zfs, pool: &PoolName) -> Option<u64> {
    let properties = zfs.pool_properties(pool).ok()?;
    Some(properties.get(&LOAD_GUID).ok()??.value)
}

/// Whose snapshots a record is about.
#[derive(Debug, PartialEq, Eq)]
enum Subject {
    Nobody,
    Dataset(String),
    All,
}

fn subject(record: &HistoryRecord) -> Subject {
    // What programs did has a record for each of its effects too.
    let (Some((event, _)), Some(name)) = (record.event(), record.dataset()) else {
        return Subject::Nobody;
    };
    let name = name.to_string();
    match name.split_once('@') {
        _ if HARMLESS.iter().any(|harmless| event == harmless) => Subject::Nobody,
        Some((dataset, _)) => Subject::Dataset(dataset.to_owned()),
        // Those below it have new names too, of which nothing is said.
        None if event == "rename" => Subject::All,
        None => Subject::Dataset(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nvlist::NvList;

    fn of(event: &str, dataset: &str) -> Subject {
        let list = NvList::new()
            .with("internal_name", event)
            .with("dsname", dataset);
        subject(&HistoryRecord::new(list))
    }

    #[test]
    fn a_record_is_about_a_dataset_or_all_or_none() {
        let dataset = |name: &str| Subject::Dataset(name.into());
        for event in ["snapshot", "destroy", "rename", "something new"] {
            assert_eq!(of(event, "tank/a b@s"), dataset("tank/a b"), "{event}");
        }
        assert_eq!(of("promote", "tank/a"), dataset("tank/a"));
        assert_eq!(of("rename", "tank/a"), Subject::All);
        assert_eq!(of("hold", "tank/a@s"), Subject::Nobody);
        assert_eq!(of("set", "tank/a"), Subject::Nobody);
        let command = NvList::new().with("history command", "zfs destroy tank/a@s");
        assert_eq!(subject(&HistoryRecord::new(command)), Subject::Nobody);
    }
}

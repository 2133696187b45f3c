//! `zvault status`

use std::collections::BTreeSet;

use libzfs::replicate::Marks;
use libzfs::{DatasetName, EntryName, ErrorKind, PoolName, Zfs, property};
use serde::Serialize;

use crate::arguments::Status;
use crate::exit::{Exit, Outcome};
use crate::output::{Cell, Mood, Output};
use crate::units::{show_bytes, show_seconds};

/// What is replicated, and the pools that it is in.
#[derive(Serialize)]
struct Report {
    pools: Vec<PoolReport>,
    datasets: Vec<DatasetReport>,
}

#[derive(Serialize)]
struct PoolReport {
    pool: PoolName,
    health: String,
    suspended: bool,
    size: u64,
    free: u64,
    /// How full it is, in percent.
    capacity: u64,
    errors: u64,
}

#[derive(Serialize)]
struct DatasetReport {
    dataset: DatasetName,
    used: u64,
    encryption: Option<String>,
    key_loaded: bool,
    snapshots: usize,
    newest: Option<Newest>,
    /// The marks of the replications that it is sent by: it has bookmarks of theirs.
    sent_by: BTreeSet<String>,
    /// Those that it is a copy of: they left with it what they verified.
    copied_by: BTreeSet<String>,
    /// Whether an interrupted receive can be gone on with.
    partial: bool,
}

#[derive(Serialize)]
struct Newest {
    snapshot: String,
    guid: u64,
    age: u64,
}

pub(super) fn run(status: &Status, output: &Output) -> Outcome {
    let zfs = super::zfs("status")?;
    let report = match status.datasets.is_empty() {
        true => replicated(&zfs)?,
        false => of(&zfs, &status.datasets)?,
    };
    if output.is_json() {
        output.json(&report)?;
    } else {
        show(&report, output)?;
    }
    Ok(Exit::Done)
}

/// All pools, and what of them is replicated.
fn replicated(zfs: &Zfs) -> Outcome<Report> {
    let pools = zfs.pools()?;
    let mut report = Report {
        pools: Vec::new(),
        datasets: Vec::new(),
    };
    for pool in pools {
        let Some(of_pool) = unless_gone(of(zfs, &[pool.name.root()]))? else {
            continue;
        };
        report.pools.extend(of_pool.pools);
        report.datasets.extend(of_pool.datasets);
    }
    report
        .datasets
        .retain(|dataset| !dataset.sent_by.is_empty() || !dataset.copied_by.is_empty());
    Ok(report)
}

/// None of what was destroyed or exported while it was looked at.
fn unless_gone<T>(looked: libzfs::Result<T>) -> libzfs::Result<Option<T>> {
    use ErrorKind::{DatasetNotFound, PoolNotFound, SnapshotNotFound};

    match looked {
        Err(error) if [DatasetNotFound, PoolNotFound, SnapshotNotFound].contains(&error.kind()) => {
            Ok(None)
        }
        looked => looked.map(Some),
    }
}

fn of(zfs: &Zfs, tops: &[DatasetName]) -> libzfs::Result<Report> {
    let mut datasets = Vec::new();
    let mut pools = BTreeSet::new();
    for top in tops {
        pools.insert(top.pool());
        let tree = zfs.list(top).recursive().filesystems().volumes();
        for name in tree.names()? {
            let state = name.and_then(|name| dataset(zfs, name.dataset()));
            datasets.extend(unless_gone(state)?);
        }
    }
    let pools = pools.iter().map(|name| pool(zfs, name));
    Ok(Report {
        pools: pools.collect::<libzfs::Result<_>>()?,
        datasets,
    })
}

fn pool(zfs: &Zfs, name: &PoolName) -> libzfs::Result<PoolReport> {
    let status = zfs.pool_status(name)?;
    Ok(PoolReport {
        pool: name.clone(),
        health: status.health().to_string(),
        suspended: status.is_suspended(),
        size: status.size(),
        free: status.size().saturating_sub(status.allocated()),
        capacity: status.capacity(),
        errors: status.error_count(),
    })
}

fn dataset(zfs: &Zfs, name: &DatasetName) -> libzfs::Result<DatasetReport> {
    let dataset = zfs.dataset(name)?;
    let mut snapshots = 0;
    let mut newest = None;
    for entry in zfs.list(name).snapshots().run()? {
        let entry = entry?;
        snapshots += 1;
        if newest
            .as_ref()
            .is_none_or(|(txg, _)| *txg < entry.create_txg())
        {
            newest = Some((entry.create_txg(), entry));
        }
    }
    let newest = match newest {
        Some((_, entry)) => match entry.name() {
            EntryName::Snapshot(name) => {
                let creation = zfs.snapshot(name)?.get(&property::CREATION)?;
                let creation = creation.map_or(0, |creation| creation.value);
                Some(Newest {
                    snapshot: name.short_name().to_owned(),
                    guid: entry.guid(),
                    age: super::verify::now().saturating_sub(creation),
                })
            }
            _ => None,
        },
        None => None,
    };
    let bookmarks = zfs.bookmarks(name)?;
    let encryption = dataset.encryption()?;
    let properties = dataset.properties();
    Ok(DatasetReport {
        dataset: name.clone(),
        used: dataset.get(&property::USED)?.map_or(0, |used| used.value),
        encryption: encryption.is_on().then(|| encryption.to_string()),
        key_loaded: dataset.key_status()? == libzfs::KeyStatus::Available,
        snapshots,
        newest,
        sent_by: bookmarks
            .iter()
            .filter_map(|bookmark| marks_in(bookmark.name().short_name()))
            .collect(),
        copied_by: properties
            .users()
            .filter(|(_, value)| value.source == property::Source::Local)
            .filter_map(|(name, _)| marks_in(&name.to_string()))
            .collect(),
        partial: dataset.receive_resume_token()?.is_some(),
    })
}

/// The marks that a bookmark or a property is of.
fn marks_in(name: &str) -> Option<String> {
    let name = name.strip_prefix("zvault:")?;
    let marks = Marks::new(name.split(':').next()?).ok()?;
    Some(marks.as_str().to_owned())
}

fn show(report: &Report, output: &Output) -> Outcome<()> {
    let rows: Vec<_> = report.pools.iter().map(pool_row).collect();
    output.table(&["POOL", "HEALTH", "SIZE", "FREE", "FULL", "ERRORS"], &rows)?;
    output.line("")?;
    if report.datasets.is_empty() {
        return output.line("nothing is replicated to or from here");
    }
    let rows: Vec<_> = report.datasets.iter().map(dataset_row).collect();
    let headings = [
        "DATASET",
        "ENCRYPTED",
        "KEY",
        "USED",
        "SNAPSHOTS",
        "NEWEST",
        "SENT BY",
        "COPIED BY",
    ];
    output.table(&headings, &rows)
}

fn pool_row(pool: &PoolReport) -> Vec<Cell> {
    let health = match pool.suspended {
        true => "SUSPENDED".to_owned(),
        false => pool.health.clone(),
    };
    let mood = match health.as_str() {
        "ONLINE" => Mood::Good,
        _ => Mood::Bad,
    };
    vec![
        Cell::from(pool.pool.as_str()),
        Cell::new(health, mood),
        Cell::from(show_bytes(pool.size)),
        Cell::from(show_bytes(pool.free)),
        Cell::from(format!("{}%", pool.capacity)),
        Cell::from(pool.errors.to_string()),
    ]
}

fn dataset_row(dataset: &DatasetReport) -> Vec<Cell> {
    let names = |marks: &BTreeSet<String>| match marks.is_empty() {
        true => "-".to_owned(),
        false => {
            let names: Vec<_> = marks.iter().map(String::as_str).collect();
            names.join(",")
        }
    };
    let key = match (&dataset.encryption, dataset.key_loaded) {
        (None, _) => "-",
        (_, true) => "loaded",
        (_, false) => "not loaded",
    };
    let newest = match (&dataset.newest, dataset.partial) {
        (_, true) => "a part of one".to_owned(),
        (Some(newest), _) => format!("@{}, {}", newest.snapshot, show_seconds(newest.age)),
        (None, _) => "-".to_owned(),
    };
    vec![
        Cell::from(dataset.dataset.as_str()),
        Cell::from(dataset.encryption.as_deref().unwrap_or("no")),
        Cell::from(key),
        Cell::from(show_bytes(dataset.used)),
        Cell::from(dataset.snapshots.to_string()),
        Cell::from(newest),
        Cell::from(names(&dataset.sent_by)),
        Cell::from(names(&dataset.copied_by)),
    ]
}

//! The datasets of this machine that a package is made of, or received into.

use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::{DatasetName, NameError, SnapshotName};
use crate::property::ORIGIN;

/// A dataset with its snapshots.
pub(super) struct LocalDataset {
    pub(super) dataset: Dataset,
    pub(super) origin: Option<SnapshotName>,
    /// Earlier before later.
    pub(super) snapshots: Vec<LocalSnapshot>,
}

pub(super) struct LocalSnapshot {
    pub(super) name: SnapshotName,
    pub(super) guid: u64,
    pub(super) create_txg: u64,
}

impl LocalDataset {
    pub(super) fn read(zfs: &Zfs, name: &DatasetName) -> Result<Self> {
        let dataset = zfs.dataset(name)?;
        let origin = match dataset.get(&ORIGIN)? {
            Some(origin) => Some(
                origin
                    .value
                    .parse()
                    .map_err(|error| unexpected(name, error))?,
            ),
            None => None,
        };
        Ok(Self {
            dataset,
            origin,
            snapshots: snapshots(zfs, name)?,
        })
    }

    pub(super) fn name(&self) -> &DatasetName {
        self.dataset.name()
    }

    pub(super) fn snapshot(&self, short: &str) -> Option<&LocalSnapshot> {
        self.snapshots
            .iter()
            .find(|snapshot| snapshot.name.short_name() == short)
    }

    pub(super) fn by_guid(&self, guid: u64) -> Option<&LocalSnapshot> {
        self.snapshots.iter().find(|snapshot| snapshot.guid == guid)
    }
}

/// A dataset and, with `recursive`, all that are below it: parents before children, and otherwise in
/// the order of their names.
pub(super) fn tree(zfs: &Zfs, top: &DatasetName, recursive: bool) -> Result<Vec<LocalDataset>> {
    let mut tree = vec![LocalDataset::read(zfs, top)?];
    let mut next = 0;
    while recursive && next < tree.len() {
        for child in children(zfs, tree[next].name())? {
            tree.push(LocalDataset::read(zfs, &child)?);
        }
        next += 1;
    }
    tree.sort_by(|a, b| {
        a.name()
            .as_str()
            .split('/')
            .cmp(b.name().as_str().split('/'))
    });
    Ok(tree)
}

/// A dataset and all below it, if it is there.
pub(super) fn existing(zfs: &Zfs, top: &DatasetName) -> Result<Vec<LocalDataset>> {
    match tree(zfs, top, true) {
        Err(error) if error.kind() == ErrorKind::DatasetNotFound => Ok(Vec::new()),
        tree => tree,
    }
}

/// The datasets right below one.
fn children(zfs: &Zfs, parent: &DatasetName) -> Result<Vec<DatasetName>> {
    let children = zfs.device().children(parent.as_str());
    let children = children
        .map_err(|errno| Error::from_errno(Operation::ReadProperties, parent.as_str(), errno))?;
    let names = children.iter().map(|child| child.parse());
    names
        .collect::<Result<_, _>>()
        .map_err(|error| unexpected(parent, error))
}

/// The snapshots of a dataset, earlier before later.
pub(super) fn snapshots(zfs: &Zfs, dataset: &DatasetName) -> Result<Vec<LocalSnapshot>> {
    let mut snapshots = Vec::new();
    let mut unknown = None;
    let listed = zfs.device().each_snapshot(dataset.as_str(), |listed| {
        match listed.name.parse() {
            Ok(name) => snapshots.push(LocalSnapshot {
                name,
                guid: listed.guid,
                create_txg: listed.create_txg,
            }),
            Err(error) => unknown = Some(error),
        }
        std::ops::ControlFlow::Continue(())
    });
    listed
        .map_err(|errno| Error::from_errno(Operation::ReadProperties, dataset.as_str(), errno))?;
    if let Some(error) = unknown {
        return Err(unexpected(dataset, error));
    }
    snapshots.sort_by_key(|snapshot| snapshot.create_txg);
    Ok(snapshots)
}

fn unexpected(name: &DatasetName, error: NameError) -> Error {
    let kind = ErrorKind::UnexpectedAnswer;
    Error::refused(Operation::ReadProperties, name.as_str(), kind, error)
}

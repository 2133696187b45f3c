//! What there is.

use super::anchor::{is_held, is_mark};
use super::verified::Verified;
use crate::bookmark::Bookmark;
use crate::error::ErrorKind;
use crate::handle::Zfs;
use crate::list::{Entry, EntryName};
use crate::name::{DatasetName, SnapshotName};
use crate::property::{self, Encryption, Properties};
use crate::replicate::{
    DatasetState, EncryptionState, Error, KeyParameters, Look, Marks, Partial, Point, Result, Tree,
    Unreadable,
};
use crate::resume_token::ResumeToken;

/// The snapshots and bookmarks of a dataset that are of interest.
#[derive(Default)]
pub(super) struct Points {
    snapshots: Vec<Point>,
    bookmarks: Vec<Point>,
    anchors: Option<Vec<u64>>,
}

/// How they are found, in a dataset with these properties.
type Find = fn(&Zfs, &DatasetName, &Properties, Option<&Marks>) -> Result<Points>;

pub(super) fn tree(zfs: &Zfs, look: &Look, find: Find) -> Result<Tree> {
    let mut tree = Tree {
        top: look.top.clone(),
        datasets: Vec::new(),
        unreadable: Vec::new(),
    };
    let listing = zfs.list(&look.top).filesystems().volumes().recursive();
    let listing = match listing.properties().run() {
        Err(error) if error.kind() == ErrorKind::DatasetNotFound => return Ok(tree),
        listing => listing?,
    };
    for entry in listing {
        let (name, state) = match entry {
            Ok(entry) => (
                entry.name().dataset().clone(),
                dataset(zfs, &entry, look, find),
            ),
            Err(error) => (concerned(&error, &look.top), Err(error.into())),
        };
        match state {
            Ok(state) => tree.datasets.extend(state),
            // It was destroyed meanwhile.
            Err(Error::Zfs(error)) if error.kind() == ErrorKind::DatasetNotFound => {}
            Err(error) => tree.unreadable.push(Unreadable {
                dataset: name,
                why: error.to_string(),
            }),
        }
    }
    Ok(tree)
}

/// The dataset that could not be listed.
fn concerned(error: &crate::Error, top: &DatasetName) -> DatasetName {
    let dataset = error.target().split(['@', '#']).next();
    let dataset = dataset.and_then(|name| name.parse::<DatasetName>().ok());
    dataset
        .filter(|name| name.is_within(top))
        .unwrap_or_else(|| top.clone())
}

fn dataset(zfs: &Zfs, entry: &Entry, look: &Look, find: Find) -> Result<Option<DatasetState>> {
    let Some(properties) = entry.properties() else {
        return Ok(None);
    };
    let name = entry.name().dataset().clone();
    let points = find(zfs, &name, properties, look.since.as_ref())?;
    let wanted = look.properties.iter().filter(|name| name.contains(':'));
    let user = wanted.filter_map(|name| {
        let value = properties.user(name)?.value.to_string();
        Some((name.clone(), value))
    });
    let token = properties.get(&property::RECEIVE_RESUME_TOKEN)?;
    let token = token.and_then(|token| token.value.parse::<ResumeToken>().ok());
    Ok(Some(DatasetState {
        guid: entry.guid(),
        create_txg: entry.create_txg(),
        volume: matches!(entry.name(), EntryName::Volume(_)),
        encryption: encryption(&name, properties)?,
        origin: origin(zfs, properties)?,
        snapshots: points.snapshots,
        bookmarks: points.bookmarks,
        partial: token.as_ref().map(Partial::from),
        properties: user.collect(),
        anchors: points.anchors,
        name,
    }))
}

fn encryption(name: &DatasetName, properties: &Properties) -> Result<Option<EncryptionState>> {
    let suite = properties.get(&property::ENCRYPTION)?;
    if !suite.is_some_and(|suite| Encryption::is_on(suite.value)) {
        return Ok(None);
    }
    let root = properties.get(&property::ENCRYPTION_ROOT)?;
    let root = root.map_or_else(|| name.clone(), |root| root.value);
    Ok(Some(EncryptionState {
        root,
        key: key(properties)?,
        last_key: Verified::newest(properties).map(|verified| verified.key),
    }))
}

pub(super) fn key(properties: &Properties) -> Result<KeyParameters> {
    let format = properties.get(&property::KEY_FORMAT)?;
    let number = |property| -> Result<u64> {
        let property = properties.get(property)?;
        Ok(property.map_or(0, |property| property.value))
    };
    Ok(KeyParameters {
        format: format.map_or(0, |format| format.value.index()),
        salt: number(&property::PBKDF2_SALT)?,
        iterations: number(&property::PBKDF2_ITERS)?,
    })
}

/// The GUID of the snapshot that a clone is of.
fn origin(zfs: &Zfs, properties: &Properties) -> Result<Option<u64>> {
    let Some(origin) = properties.get(&property::ORIGIN)? else {
        return Ok(None);
    };
    let Ok(name) = origin.value.parse::<SnapshotName>() else {
        return Ok(None);
    };
    match zfs.snapshot(&name) {
        Ok(snapshot) => Ok(Some(snapshot.guid()?)),
        Err(error) if error.kind() == ErrorKind::SnapshotNotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a source has: all bookmarks, and the snapshots from the oldest one on that has the marks'
/// bookmark, of which there are two.
pub(super) fn source_points(
    zfs: &Zfs,
    dataset: &DatasetName,
    _: &Properties,
    since: Option<&Marks>,
) -> Result<Points> {
    // A redaction bookmark stands for another stream than its snapshot.
    let mut bookmarks = zfs.bookmarks(dataset)?;
    bookmarks.retain(|bookmark| bookmark.redaction().is_none());
    let marked: Vec<&Bookmark> = since.map_or_else(Vec::new, |marks| {
        let marked = bookmarks.iter();
        marked.filter(|bookmark| is_mark(marks, bookmark)).collect()
    });
    let first = marked.iter().map(|bookmark| bookmark.create_txg()).min();
    let snapshots = snapshots(zfs, dataset, first.unwrap_or(0))?;
    let anchors = since.map(|marks| {
        let is_marked = |guid| marked.iter().any(|bookmark| bookmark.guid() == guid);
        anchors(zfs, marks, dataset, &snapshots, is_marked)
    });
    Ok(Points {
        anchors: anchors.transpose()?,
        snapshots,
        bookmarks: bookmarks
            .iter()
            .map(|bookmark| Point {
                name: bookmark.name().short_name().to_owned(),
                guid: bookmark.guid(),
                create_txg: bookmark.create_txg(),
            })
            .collect(),
    })
}

/// What a copy has: the snapshots from those on that were remembered, as long as the last one of them
/// is there.
pub(super) fn target_points(
    zfs: &Zfs,
    dataset: &DatasetName,
    properties: &Properties,
    since: Option<&Marks>,
) -> Result<Points> {
    let Some(marks) = since else {
        return Ok(Points {
            snapshots: snapshots(zfs, dataset, 0)?,
            ..Points::default()
        });
    };
    let verified = Verified::named(properties, &marks.property());
    let marked: Vec<_> = verified.iter().flat_map(Verified::marked).collect();
    let first = marked.iter().map(|(_, txg)| *txg).min().unwrap_or(0);
    let mut found = snapshots(zfs, dataset, first)?;
    let is_there = |verified: &Verified| found.iter().any(|point| point.guid == verified.guid);
    if first > 0 && !verified.as_ref().is_some_and(is_there) {
        found = snapshots(zfs, dataset, 0)?;
    }
    let is_marked = |guid| marked.iter().any(|(marked, _)| *marked == guid);
    Ok(Points {
        anchors: Some(anchors(zfs, marks, dataset, &found, is_marked)?),
        snapshots: found,
        bookmarks: Vec::new(),
    })
}

fn snapshots(zfs: &Zfs, dataset: &DatasetName, first: u64) -> Result<Vec<Point>> {
    let listing = zfs.list(dataset).snapshots().created(first..).run()?;
    let mut snapshots = Vec::new();
    for entry in listing {
        let entry = entry?;
        if let Some(name) = entry.name().snapshot() {
            snapshots.push(Point {
                name: name.short_name().to_owned(),
                guid: entry.guid(),
                create_txg: entry.create_txg(),
            });
        }
    }
    Ok(snapshots)
}

/// Those of the snapshots that are held with the marks, of the ones that may be.
fn anchors(
    zfs: &Zfs,
    marks: &Marks,
    dataset: &DatasetName,
    snapshots: &[Point],
    is_marked: impl Fn(u64) -> bool,
) -> Result<Vec<u64>> {
    let mut anchors = Vec::new();
    for point in snapshots.iter().filter(|point| is_marked(point.guid)) {
        if is_held(zfs, marks, &dataset.snapshot(&point.name)?)? {
            anchors.push(point.guid);
        }
    }
    Ok(anchors)
}

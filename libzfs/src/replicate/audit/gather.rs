//! What of a tree is looked at for an audit.

use std::collections::HashMap;
use std::path::PathBuf;

use super::super::Result;
use super::{Copies, CopyEncryption, CopySnapshot, CopyState, Marks, Verified};
use crate::handle::Zfs;
use crate::list::{Entry, EntryName, Order};
use crate::name::{DatasetName, SnapshotName};
use crate::property::{self, Encryption, KeyStatus, NativeProperty, Properties};
use crate::replicate::KeyParameters;

impl Copies {
    /// Looks at a dataset and all below it.
    ///
    /// What is mounted is seen in the calling process's mount namespace alone. Needs no permission.
    ///
    /// # Errors
    ///
    /// That the top cannot be read, or what is mounted. What cannot be read below it is among the
    /// [`unreadable`](Self::unreadable).
    pub fn gather(zfs: &Zfs, top: &DatasetName) -> Result<Self> {
        let mut mounts = Mounts::new();
        for point in zfs.mount_points()? {
            let paths = mounts.entry(point.source().to_owned()).or_default();
            paths.push(point.path().to_owned());
        }
        let mut copies = Self {
            top: top.clone(),
            datasets: Vec::new(),
            unreadable: Vec::new(),
        };
        let listing = zfs
            .list(top)
            .recursive()
            .filesystems()
            .volumes()
            .snapshots()
            .order(Order::Creation)
            .properties()
            .run()?;
        for entry in listing {
            let added = match entry {
                Ok(entry) => copies.add(zfs, &entry, &mut mounts),
                Err(error) => Err(error.to_string()),
            };
            if let Err(why) = added {
                copies.unreadable.push(why);
            }
        }
        Ok(copies)
    }

    fn add(&mut self, zfs: &Zfs, entry: &Entry, mounts: &mut Mounts) -> Read<()> {
        let Some(properties) = entry.properties() else {
            return Ok(());
        };
        let name = entry.name().as_str();
        let failed = |why| format!("{name}: {why}");
        if let EntryName::Snapshot(name) = entry.name() {
            let snapshot = snapshot(zfs, entry, name, properties).map_err(failed)?;
            // Its dataset came right before it, if that could be read.
            match self.datasets.last_mut() {
                Some(state) if state.name == *name.dataset() => state.snapshots.push(snapshot),
                _ => {}
            }
        } else {
            let mut state = copy(entry.name().dataset(), properties).map_err(failed)?;
            state.volume = matches!(entry.name(), EntryName::Volume(_));
            state.mounted_at = mounts.remove(name).unwrap_or_default();
            self.datasets.push(state);
        }
        Ok(())
    }
}

/// Where each dataset is mounted.
type Mounts = HashMap<String, Vec<PathBuf>>;

/// What is read, or why it cannot be.
type Read<T> = std::result::Result<T, String>;

fn copy(name: &DatasetName, properties: &Properties) -> Read<CopyState> {
    let can_mount = read(properties, &property::CANMOUNT)?;
    Ok(CopyState {
        name: name.clone(),
        volume: false,
        encryption: encryption(properties)?,
        read_only: read(properties, &property::READONLY)? == Some(true),
        can_mount: can_mount.map(|value| value.to_string()),
        mounted_at: Vec::new(),
        snapshots: Vec::new(),
        incomplete: read(properties, &property::INCONSISTENT)?.unwrap_or(0) != 0,
        seen: seen_of(properties),
    })
}

fn snapshot(
    zfs: &Zfs,
    entry: &Entry,
    name: &SnapshotName,
    properties: &Properties,
) -> Read<CopySnapshot> {
    let anchored_by = match read(properties, &property::USER_REFS)? {
        Some(0) => Vec::new(),
        _ => anchored_by(zfs, name).map_err(|error| error.to_string())?,
    };
    Ok(CopySnapshot {
        name: name.short_name().to_owned(),
        guid: entry.guid(),
        create_txg: entry.create_txg(),
        creation: read(properties, &property::CREATION)?.ok_or("it has no creation")?,
        anchored_by,
    })
}

fn encryption(properties: &Properties) -> Read<Option<CopyEncryption>> {
    let suite = match read(properties, &property::ENCRYPTION)? {
        None | Some(Encryption::Off) => return Ok(None),
        Some(suite) => suite.to_string(),
    };
    let root = read(properties, &property::ENCRYPTION_ROOT)?;
    let format = read(properties, &property::KEY_FORMAT)?;
    let key = KeyParameters {
        format: format.map_or(0, crate::KeyFormat::index),
        salt: read(properties, &property::PBKDF2_SALT)?.unwrap_or(0),
        iterations: read(properties, &property::PBKDF2_ITERS)?.unwrap_or(0),
    };
    let status = read(properties, &property::KEY_STATUS)?;
    Ok(Some(CopyEncryption {
        suite,
        root: root.ok_or("its encryption root is not to be found")?,
        key_available: status == Some(KeyStatus::Available),
        key,
    }))
}

/// The marks that hold a snapshot.
fn anchored_by(zfs: &Zfs, snapshot: &SnapshotName) -> crate::Result<Vec<Marks>> {
    let holds = zfs.holds(snapshot)?;
    let marks = holds.iter().filter_map(|hold| {
        let name = hold.tag.strip_prefix(Marks::PREFIX)?;
        Marks::new(name).ok()
    });
    Ok(marks.collect())
}

/// What those who verified a dataset left with it, and not with one above it.
pub(in crate::replicate) fn seen_of(properties: &Properties) -> Vec<(Marks, Verified)> {
    let seen = properties.users().filter_map(|(property, _)| {
        let property = std::str::from_utf8(property).ok()?;
        let marks = Marks::new(property.strip_prefix(Marks::PREFIX)?).ok()?;
        Some((marks, Verified::named(properties, property)?))
    });
    seen.collect()
}

fn read<T>(properties: &Properties, property: &NativeProperty<T>) -> Read<Option<T>> {
    let property = properties
        .get(property)
        .map_err(|error| error.to_string())?;
    Ok(property.map(|property| property.value))
}

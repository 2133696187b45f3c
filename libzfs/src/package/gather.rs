//! What a package is to have in it.

use std::collections::HashSet;

use super::local::{LocalDataset, LocalSnapshot, tree};
use super::{PackageContents, PackageHead, PackagedDataset, PackagedSnapshot};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::name::{DatasetName, SnapshotName};
use crate::nvlist::{NvList, Value};
use crate::property::{Properties, Source};
use crate::send::SendBuilder;
use crate::stream::Features;

use super::send::PackageSend;

/// A package about to be made.
pub(super) struct Plan {
    pub(super) head: PackageHead,
    pub(super) sends: Vec<SendBuilder>,
}

/// A dataset with what is to be sent of it.
struct Part<'a> {
    local: &'a LocalDataset,
    /// The snapshot that it goes on from, if it has it.
    base: Option<&'a LocalSnapshot>,
    to: &'a LocalSnapshot,
}

impl Part<'_> {
    /// The snapshots up to the one that is sent.
    fn up_to(&self) -> impl Iterator<Item = &LocalSnapshot> {
        let last = self.to.create_txg;
        let snapshots = self.local.snapshots.iter();
        snapshots.filter(move |snapshot| snapshot.create_txg <= last)
    }

    /// Those of them that are later than the base.
    fn since_base(&self) -> impl Iterator<Item = &LocalSnapshot> {
        self.up_to()
            .filter(|snapshot| is_later(snapshot, self.base))
    }
}

fn is_later(snapshot: &LocalSnapshot, base: Option<&LocalSnapshot>) -> bool {
    base.is_none_or(|base| snapshot.create_txg > base.create_txg)
}

/// Properties that a dataset has from its creation on, which are not received.
const SET_ONCE: &[&str] = &[
    "casesensitivity",
    "encryption",
    "keyformat",
    "normalization",
    "pbkdf2iters",
    "pbkdf2salt",
    "utf8only",
    "volblocksize",
];

/// Properties that the kernel tells no source of, unless they have their defaults.
const SPACE_LIMITS: &[&str] = &["quota", "refquota", "refreservation", "reservation"];

/// The properties that go with a dataset or snapshot: those set on it, or received.
fn own_properties(properties: &Properties, of_snapshot: bool) -> NvList {
    let mut list = NvList::new();
    for name in properties.names() {
        let Ok(text) = std::str::from_utf8(name) else {
            continue;
        };
        let Some(property) = properties.raw(text) else {
            continue;
        };
        let space = SPACE_LIMITS.contains(&text);
        let own = match property.source {
            Source::Local | Source::Received => !(of_snapshot && space),
            Source::None => !of_snapshot && space,
            _ => false,
        };
        if own
            && !SET_ONCE.contains(&text)
            && matches!(property.value, Value::U64(_) | Value::String(_))
        {
            list.insert(name, property.value.clone());
        }
    }
    list
}

impl PackageSend {
    pub(super) fn refused(&self, kind: ErrorKind, why: impl Into<String>) -> Error {
        Error::refused(Operation::Send, self.snapshot.as_str(), kind, why.into())
    }

    /// Whether the package says what is in it.
    fn has_contents(&self) -> bool {
        self.recursive || self.properties || self.backup || self.holds
    }

    /// Whether all snapshots between are sent.
    fn sends_all(&self) -> bool {
        self.intermediates || (self.recursive && self.from.is_none())
    }

    pub(super) fn plan(&self) -> Result<Plan> {
        if let Some(from) = &self.from {
            if from.dataset() != self.snapshot.dataset() {
                let why = format!("{from} is not of the same dataset");
                return Err(self.refused(ErrorKind::NotAnAncestor, why));
            }
        }
        let here = |error: Error| error.with_operation(Operation::Send);
        let local = tree(&self.zfs, self.snapshot.dataset(), self.recursive).map_err(here)?;
        let parts = self.parts(&local)?;
        let contents = match self.has_contents() {
            true => Some(self.contents(&parts).map_err(here)?),
            false => None,
        };
        let mut features = Features::empty();
        if self.holds {
            features |= Features::HOLDS;
        }
        Ok(Plan {
            head: PackageHead {
                snapshot: self.snapshot.clone(),
                features,
                contents,
            },
            sends: self.sends(&parts)?,
        })
    }

    /// Which of the datasets are sent.
    fn parts<'a>(&self, local: &'a [LocalDataset]) -> Result<Vec<Part<'a>>> {
        let missing = |name: &DatasetName| {
            let short = self.snapshot.short_name();
            let why = format!("{name} has no snapshot {short}");
            self.refused(ErrorKind::SnapshotNotFound, why)
        };
        let mut parts: Vec<Part<'a>> = Vec::new();
        let mut left_out: Vec<&DatasetName> = Vec::new();
        for dataset in local {
            let name = dataset.name();
            if left_out.iter().any(|above| name.is_within(above)) {
                continue;
            }
            let Some(to) = dataset.snapshot(self.snapshot.short_name()) else {
                let above = name.parent();
                let above = parts
                    .iter()
                    .find(|part| Some(part.local.name()) == above.as_ref());
                let later = match above {
                    Some(above) => dataset.dataset.create_txg()? > above.to.create_txg,
                    None => false,
                };
                if later || (above.is_some() && self.skip_missing) {
                    left_out.push(name);
                    continue;
                }
                return Err(missing(name));
            };
            let from = self.from.as_ref().map(SnapshotName::short_name);
            let base = from.and_then(|from| dataset.snapshot(from));
            if let (None, Some(from), true) = (base, &self.from, parts.is_empty()) {
                let kind = ErrorKind::IncrementalSourceNotFound;
                return Err(self.refused(kind, from.to_string()));
            }
            if let Some(base) = base {
                if base.create_txg >= to.create_txg {
                    let why = format!("{} is not earlier than {}", base.name, to.name);
                    return Err(self.refused(ErrorKind::NotAnAncestor, why));
                }
            }
            let encrypted = dataset.dataset.encryption()?.is_on();
            if encrypted && self.has_contents() && !self.is_raw() {
                let why = format!(
                    "{name} is encrypted, and a receiver would not be told how; send it raw, or \
                     without properties"
                );
                return Err(self.refused(ErrorKind::WouldDecrypt, why));
            }
            parts.push(Part {
                local: dataset,
                base,
                to,
            });
        }
        Ok(parts)
    }

    fn contents(&self, parts: &[Part<'_>]) -> Result<PackageContents> {
        // Of a single stream, its own first record says it.
        let many = self.recursive || self.intermediates;
        let from = self.from.as_ref().filter(|_| many);
        let mut contents = PackageContents {
            from: from.map(|from| from.short_name().to_owned()),
            recursive: self.recursive,
            raw: self.is_raw(),
            datasets: Vec::new(),
        };
        for part in parts {
            let local = part.local;
            let above = local.name().parent();
            let above = parts
                .iter()
                .find(|part| Some(part.local.name()) == above.as_ref());
            let mut snapshots = Vec::new();
            for snapshot in part.up_to() {
                let is = |other: Option<&LocalSnapshot>| {
                    other.is_some_and(|other| other.guid == snapshot.guid)
                };
                let listed = self.recursive
                    || is(Some(part.to))
                    || (self.intermediates && is_later(snapshot, part.base));
                if listed {
                    snapshots.push(self.packaged(snapshot)?);
                } else if self.intermediates && is(part.base) {
                    snapshots.push(PackagedSnapshot {
                        name: snapshot.name.short_name().to_owned(),
                        guid: snapshot.guid,
                        properties: None,
                        holds: None,
                    });
                }
            }
            let origin = match &local.origin {
                Some(origin) => Some(self.zfs.snapshot(origin)?.guid()?),
                None => None,
            };
            let root = local.dataset.encryption_root()?;
            contents.datasets.push(PackagedDataset {
                guid: local.dataset.guid()?,
                name: local.name().clone(),
                parent_from_guid: above.map(|above| above.base.unwrap_or(above.to).guid),
                origin_guid: origin,
                is_encryption_root: root.as_ref() == Some(local.name()),
                properties: match self.recursive || self.properties || self.backup {
                    true => Some(self.properties_of(
                        local.name().as_str(),
                        local.dataset.properties(),
                        false,
                    )?),
                    false => None,
                },
                snapshots,
            });
        }
        Ok(contents)
    }

    fn packaged(&self, snapshot: &LocalSnapshot) -> Result<PackagedSnapshot> {
        let of = self.zfs.snapshot(&snapshot.name)?;
        let name = snapshot.name.as_str();
        let holds = match self.holds {
            true => Some(self.holds_of(&snapshot.name)?),
            false => None,
        };
        Ok(PackagedSnapshot {
            name: snapshot.name.short_name().to_owned(),
            guid: snapshot.guid,
            properties: Some(self.properties_of(name, of.properties(), true)?),
            holds,
        })
    }

    fn properties_of(&self, name: &str, all: &Properties, of_snapshot: bool) -> Result<NvList> {
        if !self.backup {
            return Ok(own_properties(all, of_snapshot));
        }
        let received = self.zfs.device().received_properties(name);
        let received =
            received.map_err(|errno| Error::from_errno(Operation::ReadProperties, name, errno))?;
        Ok(match received {
            Some(list) => own_properties(&Properties::new(name, list), of_snapshot),
            None => NvList::new(),
        })
    }

    fn holds_of(&self, snapshot: &SnapshotName) -> Result<Vec<(String, u64)>> {
        let listed = self.zfs.device().holds(snapshot.as_str());
        let listed = listed
            .map_err(|errno| Error::from_errno(Operation::ReadHolds, snapshot.as_str(), errno))?;
        let tags = listed.iter();
        Ok(tags
            .map(|(tag, time)| (tag.to_string(), time.as_u64().unwrap_or(0)))
            .collect())
    }

    /// The sends, each of them after those that it builds on.
    fn sends(&self, parts: &[Part<'_>]) -> Result<Vec<SendBuilder>> {
        let origins: HashSet<&SnapshotName> = parts
            .iter()
            .filter_map(|part| part.local.origin.as_ref())
            .collect();
        let mut sends = Vec::new();
        let mut done: HashSet<&DatasetName> = HashSet::new();
        while done.len() < parts.len() {
            let before = done.len();
            for part in parts {
                let name = part.local.name();
                // What the receiver has already needs nothing to be made before it.
                let waits_for = |other: Option<&DatasetName>| {
                    let is_part = |name| parts.iter().any(|part| part.local.name() == name);
                    let other = other.filter(|other| *other != name && is_part(*other));
                    part.base.is_none() && other.is_some_and(|other| !done.contains(other))
                };
                let origin = part.local.origin.as_ref().map(SnapshotName::dataset);
                if done.contains(name)
                    || waits_for(name.parent().as_ref())
                    || (self.recursive && waits_for(origin))
                {
                    continue;
                }
                let mut from = match (part.base, &part.local.origin) {
                    (Some(base), _) => Some(&base.name),
                    (None, Some(origin)) if self.recursive => Some(origin),
                    _ => None,
                };
                for snapshot in part.since_base() {
                    let last = snapshot.guid == part.to.guid;
                    let needed = self.recursive && origins.contains(&snapshot.name);
                    if !(self.sends_all() || last || needed) {
                        continue;
                    }
                    let mut send = self.zfs.send(&snapshot.name).flags(self.flags);
                    if self.raw {
                        send = send.raw();
                    }
                    if let Some(from) = from {
                        send = send.from(from);
                    }
                    sends.push(send);
                    from = Some(&snapshot.name);
                }
                done.insert(name);
            }
            if done.len() == before {
                let why = "a dataset is a clone of one that is below it, so that neither can be \
                           received first";
                return Err(self.refused(ErrorKind::InvalidArgument, why));
            }
        }
        Ok(sends)
    }
}

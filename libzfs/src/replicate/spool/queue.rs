//! What can be received, and what waits for what.

use std::collections::HashMap;
use std::fmt;

use super::Sidecar;
use crate::name::{DatasetName, NameError, SnapshotName};
use crate::replicate::{DatasetState, Marks, Partial, Point, Tree};

/// What a stream in a spool waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Wait {
    /// The stream to which the sidecar belongs.
    Stream,
    /// The sidecar of the stream.
    Sidecar,
    /// The snapshot that it goes on from.
    Base {
        /// Its GUID.
        guid: u64,
    },
    /// A receiver of its set, which [this one](super::SpoolReceiver::set) is not.
    Set {
        /// The set.
        set: Marks,
    },
    /// The dataset above the copy.
    Parent {
        /// Its name.
        dataset: DatasetName,
    },
    /// Somebody who renames: what it goes on from is in a dataset with another name, as the source was
    /// renamed, or the copy.
    Renamed {
        /// The name of the dataset that has it.
        from: DatasetName,
    },
    /// Somebody who decides: the copy has later snapshots than the one that the stream goes on from,
    /// and is not rolled back.
    Diverged {
        /// The newest of them.
        newest: SnapshotName,
    },
    /// Somebody who decides: the stream begins anew, and there is a dataset already.
    Occupied {
        /// Its name.
        dataset: DatasetName,
    },
    /// Somebody who decides: an interrupted receive of another stream left partial state.
    ForeignPartial {
        /// Where it is.
        dataset: DatasetName,
    },
}

impl Wait {
    /// Whether no stream that comes ends it, but somebody who decides.
    pub fn needs_decision(&self) -> bool {
        match self {
            Self::Stream
            | Self::Sidecar
            | Self::Base { .. }
            | Self::Set { .. }
            | Self::Parent { .. } => false,
            Self::Renamed { .. }
            | Self::Diverged { .. }
            | Self::Occupied { .. }
            | Self::ForeignPartial { .. } => true,
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream => f.write_str("the stream is missing"),
            Self::Sidecar => f.write_str("the sidecar is missing"),
            Self::Base { guid } => write!(f, "the base with GUID {guid} is missing"),
            Self::Set { set } => write!(f, "it is of the set {set}"),
            Self::Parent { dataset } => write!(f, "{dataset} is missing"),
            Self::Renamed { from } => write!(f, "the copy is at {from}, and has to be renamed"),
            Self::Diverged { newest } => write!(f, "{newest} is later than the base"),
            Self::Occupied { dataset } => {
                write!(f, "{dataset} is there, and the stream goes on from nothing")
            }
            Self::ForeignPartial { dataset } => {
                write!(f, "{dataset} has partial state of another stream")
            }
        }
    }
}

/// What to do about a stream.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    Receive {
        snapshot: SnapshotName,
        /// The snapshot that a clone is made of.
        origin: Option<SnapshotName>,
        /// What an interrupted receive of the same stream left.
        discard: Option<String>,
    },
    /// It is there.
    Remove {
        snapshot: SnapshotName,
        /// Whether nothing came behind it, so that it may be that it was never verified.
        is_newest: bool,
    },
    Wait(Wait),
}

/// What is below the prefix.
pub(super) struct Copies {
    datasets: HashMap<DatasetName, Copy>,
}

struct Copy {
    /// From the oldest to the newest.
    snapshots: Vec<(u64, SnapshotName)>,
    partial: Option<Partial>,
}

impl Copies {
    pub(super) fn new(tree: &Tree) -> Result<Self, NameError> {
        let copy = |state: &DatasetState| {
            let mut points: Vec<&Point> = state.snapshots.iter().collect();
            points.sort_by_key(|point| point.create_txg);
            let snapshots = points
                .into_iter()
                .map(|point| Ok((point.guid, state.name.snapshot(&point.name)?)))
                .collect::<Result<_, NameError>>()?;
            let partial = state.partial.clone();
            Ok((state.name.clone(), Copy { snapshots, partial }))
        };
        Ok(Self {
            datasets: tree.datasets.iter().map(copy).collect::<Result<_, _>>()?,
        })
    }

    /// Takes down that a snapshot was received.
    pub(super) fn received(&mut self, guid: u64, snapshot: SnapshotName) {
        let copy = self.datasets.entry(snapshot.dataset().clone());
        let copy = copy.or_insert_with(|| Copy {
            snapshots: Vec::new(),
            partial: None,
        });
        copy.snapshots.push((guid, snapshot));
        copy.partial = None;
    }

    fn owner(&self, guid: u64) -> Option<&SnapshotName> {
        let mut copies = self.datasets.values();
        copies.find_map(|copy| copy.snapshot(guid))
    }

    /// What to do about the stream that has to become a snapshot of this dataset.
    pub(super) fn next(
        &self,
        destination: &DatasetName,
        sidecar: &Sidecar,
    ) -> Result<Next, NameError> {
        let copy = self.datasets.get(destination);
        let snapshots = copy.map_or(&[][..], |copy| &copy.snapshots);
        if let Some(at) = snapshots.iter().position(|(guid, _)| *guid == sidecar.guid) {
            return Ok(Next::Remove {
                snapshot: snapshots[at].1.clone(),
                is_newest: at + 1 == snapshots.len(),
            });
        }
        let partial = copy.and_then(|copy| copy.partial.as_ref());
        let is_ours = |partial: &Partial| {
            partial.raw
                && partial.to_guid == sidecar.guid
                && partial.from_guid == sidecar.base.map(|base| base.guid)
        };
        let dataset = destination.clone();
        if partial.is_some_and(|partial| !is_ours(partial)) {
            return Ok(Next::Wait(Wait::ForeignPartial { dataset }));
        }
        if let Some(parent) = destination.parent() {
            if !self.datasets.contains_key(&parent) {
                return Ok(Next::Wait(Wait::Parent { dataset: parent }));
            }
        }
        // What an interrupted first receive left is no copy yet.
        let is_new = snapshots.is_empty() && (copy.is_none() || partial.is_some());
        let mut origin = None;
        match sidecar.base {
            Some(base) if base.clone => match self.owner(base.guid) {
                _ if !is_new => return Ok(Next::Wait(Wait::Occupied { dataset })),
                None => return Ok(Next::Wait(Wait::Base { guid: base.guid })),
                found => origin = found.cloned(),
            },
            Some(base) => match (
                copy.and_then(|copy| copy.snapshot(base.guid)),
                snapshots.last(),
            ) {
                (Some(_), Some((newest, name))) => {
                    if *newest != base.guid {
                        let newest = name.clone();
                        return Ok(Next::Wait(Wait::Diverged { newest }));
                    }
                }
                _ => {
                    return Ok(Next::Wait(match self.owner(base.guid) {
                        Some(owner) => Wait::Renamed {
                            from: owner.dataset().clone(),
                        },
                        None => Wait::Base { guid: base.guid },
                    }));
                }
            },
            None if !is_new => return Ok(Next::Wait(Wait::Occupied { dataset })),
            None => {}
        }
        Ok(Next::Receive {
            snapshot: destination.snapshot(&sidecar.snapshot)?,
            origin,
            discard: partial.map(|partial| partial.token.clone()),
        })
    }
}

impl Copy {
    fn snapshot(&self, guid: u64) -> Option<&SnapshotName> {
        let mut snapshots = self.snapshots.iter();
        snapshots.find_map(|(there, name)| (*there == guid).then_some(name))
    }
}

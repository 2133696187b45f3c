//! What is going to be done, dataset by dataset.

use std::fmt;

use super::Finding;
use crate::name::{BookmarkName, DatasetName, SnapshotName};

/// What a replication is to bring about: a vault with all snapshots, unless it is said.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Request {
    /// What the copy is for, and so what is allowed.
    pub policy: Policy,
    /// Which of the snapshots between the newest common one and the newest are sent.
    pub intermediates: Intermediates,
    /// Only snapshots whose names begin so are sent; all, if it is empty.
    pub snapshots: String,
    /// Whether streams may be sent that replace a key which was changed on the copy by the source's:
    /// the copy with all its snapshots asks for that from then on.
    #[cfg_attr(feature = "serde", serde(default))]
    pub allow_key_changes: bool,
}

/// What a copy is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Policy {
    /// The destination never has a key: everything is sent raw, and what is not encrypted is not
    /// sent.
    #[default]
    Vault,
    /// As a vault; and a key can be loaded there, for as long as the copy is in use.
    ///
    /// It can be mounted meanwhile, read-only: `zfs mount` does so by itself, because the copy is
    /// `readonly`, and a mount has to be given the option `ro` otherwise
    /// (`MountBuilder::read_only` of the feature `mount`). Without it nothing can be
    /// written either, but the kernel begins to account for users, which changes the copy (seen on
    /// 2.1, 2.3 and 2.4). It then refuses the next stream with [`ErrorKind::DestinationModified`], and
    /// the copy has to be [rolled back](crate::Zfs::rollback), which is never done unasked.
    ///
    /// [`ErrorKind::DestinationModified`]: crate::ErrorKind::DestinationModified
    WarmStandby,
}

/// Which of several new snapshots are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Intermediates {
    /// Each of them, as `zfs send -I` does.
    #[default]
    All,
    /// Only the newest, as `zfs send -i` does.
    Newest,
}

/// What brings a copy up to date.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Plan {
    /// What is replicated, with all below it.
    pub source: DatasetName,
    /// What becomes its copy.
    pub destination: DatasetName,
    /// What was asked for.
    pub request: Request,
    /// What is done, in this order: a dataset comes behind those that it needs.
    pub steps: Vec<Step>,
    /// What is not done, and what should be known.
    pub findings: Vec<Finding>,
}

/// What is done for one dataset.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Step {
    /// The dataset that is replicated.
    pub source: DatasetName,
    /// Its copy.
    pub destination: DatasetName,
    /// What is done, in this order.
    pub actions: Vec<Action>,
}

/// One thing that is done.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Action {
    /// The copy has another name by now, since the source was renamed: it gets the new one.
    Rename {
        /// The copy's name until then.
        from: DatasetName,
    },
    /// What an interrupted receive of this dataset left is of no use any more.
    DiscardPartial {
        /// Its token: what has another one by then stays.
        token: String,
        /// Why it is not.
        why: String,
    },
    /// A snapshot of the dataset that this one is a clone of is bookmarked in this one, so that the next
    /// stream goes on from it: a clone has taken it along that was promoted.
    BookmarkAncestor {
        /// Its name on the source.
        ancestor: SnapshotName,
        /// Its GUID.
        guid: u64,
    },
    /// A stream is sent and received.
    Transfer(Transfer),
    /// All is there, and was not verified or anchored yet, as an interruption leaves it.
    Anchor {
        /// The newest common snapshot, by its name on the destination.
        copy: SnapshotName,
        /// Its name on the source, if that still has it.
        snapshot: Option<SnapshotName>,
        /// Its GUID.
        guid: u64,
    },
}

/// A stream.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Transfer {
    /// The snapshot that it is of.
    pub snapshot: SnapshotName,
    /// Its GUID.
    pub guid: u64,
    /// What the stream goes on from; nothing for a full one.
    pub base: Option<Base>,
    /// The token with which an interrupted transfer of the same goes on.
    pub resumed: Option<String>,
    /// The estimate of its size in bytes, once somebody has asked for it.
    pub estimate: Option<u64>,
}

/// What an incremental stream goes on from.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Base {
    /// A snapshot of the source: of the same dataset, or the one that it is a clone of.
    Snapshot {
        /// Its name on the source.
        name: SnapshotName,
        /// Its GUID.
        guid: u64,
        /// If the copy becomes a clone of it: its name on the destination. There is none if the copy
        /// has it itself, as when a clone took it along that was promoted on the source.
        origin: Option<SnapshotName>,
    },
    /// A bookmark of a snapshot that only the destination still has.
    Bookmark {
        /// Its name on the source.
        name: BookmarkName,
        /// Its GUID.
        guid: u64,
    },
}

impl Base {
    /// Its GUID.
    pub fn guid(&self) -> u64 {
        match self {
            Self::Snapshot { guid, .. } | Self::Bookmark { guid, .. } => *guid,
        }
    }
}

impl Plan {
    /// The streams, in the order in which they are sent.
    pub fn transfers(&self) -> impl Iterator<Item = &Transfer> {
        self.steps.iter().flat_map(|step| {
            step.actions.iter().filter_map(|action| match action {
                Action::Transfer(transfer) => Some(transfer),
                _ => None,
            })
        })
    }

    /// Whether there is nothing to do and nothing in the way.
    pub fn is_up_to_date(&self) -> bool {
        self.steps.is_empty() && !self.findings.iter().any(Finding::is_error)
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot { name, .. } => name.fmt(f),
            Self::Bookmark { name, .. } => name.fmt(f),
        }
    }
}

impl fmt::Display for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "send {}", self.snapshot)?;
        match &self.base {
            Some(base) => write!(f, " from {base}")?,
            None => f.write_str(" in full")?,
        }
        match &self.resumed {
            Some(_) => f.write_str(", resumed"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rename { from } => write!(f, "rename from {from}"),
            Self::DiscardPartial { why, .. } => write!(f, "discard partial state: {why}"),
            Self::BookmarkAncestor { ancestor, .. } => write!(f, "bookmark {ancestor}"),
            Self::Transfer(transfer) => transfer.fmt(f),
            Self::Anchor { copy, .. } => write!(f, "verify and hold {copy}"),
        }
    }
}

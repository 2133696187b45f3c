//! The two sides of a replication, on this machine or on another.

use std::fmt;
use std::io::Read;

use super::{Error, Marks, Policy, Result, Transfer, Tree, WrappedKey};
use crate::name::{BookmarkName, DatasetName, SnapshotName};
use crate::send::SendStream;
use crate::transfer::TransferControl;

/// What both sides of a replication can do.
///
/// All of it may be done again after it was done, so that what was interrupted is just begun anew.
///
/// The permissions that it takes on this machine are those of a
/// [`Replication`](super::Replication#permissions).
pub trait Side: Send + Sync {
    /// What is there.
    ///
    /// # Errors
    ///
    /// Any; a tree whose top is missing is an empty one. What goes wrong with a dataset below is in
    /// the tree.
    fn tree(&self, look: &Look) -> Result<Tree>;

    /// Holds snapshots with the tag of the marks and, on the source, bookmarks them: those of one pool
    /// all at once. Each has to have the GUID beside it.
    ///
    /// # Errors
    ///
    /// Any; so too if one has not that GUID. It may keep all of them from being held.
    fn anchor(&self, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()>;

    /// Takes the marks from the snapshots of each of these datasets that are older than the newest with
    /// one of its GUIDs, but from those that have one, and destroys the bookmarks of the marks but theirs
    /// and that of the one before: for those of one pool, all at once. With no GUID, all marks go. What
    /// is later stays: it is what another run has come to meanwhile. Which snapshots there are to look
    /// at is known by the bookmarks, and on the target by what was remembered with the copy.
    ///
    /// # Errors
    ///
    /// Any. It may keep the marks of all of them from being taken.
    fn settle(&self, marks: &Marks, kept: &[(DatasetName, Vec<u64>)]) -> Result<()>;

    /// The key of a dataset as it lies on disk, which tells whether a raw stream would change it;
    /// none if there is no snapshot, no encryption, or nobody knows.
    ///
    /// # Errors
    ///
    /// Any.
    fn wrapped_key(&self, dataset: &DatasetName) -> Result<Option<WrappedKey>> {
        let _ = dataset;
        Ok(None)
    }
}

/// Where streams come from.
pub trait Source: Side {
    /// Takes these snapshots, in one transaction.
    ///
    /// # Errors
    ///
    /// Any; none is taken then.
    fn take_snapshots(&self, snapshots: &[SnapshotName]) -> Result<()>;

    /// Bookmarks a snapshot in a clone of its dataset, under the marks: the snapshot that the clone is of,
    /// or one before that. This is what a stream of the clone goes on from whose copy is no clone; from
    /// the snapshot itself the kernel sends what can only become one.
    ///
    /// No other bookmark has the name that it gets, since bookmarks move when a clone is promoted, and
    /// the kernel panics where there is one of that name. If the marks have bookmarked it there already,
    /// the answer is that.
    ///
    /// # Errors
    ///
    /// Any; so too if the snapshot has not that GUID.
    fn bookmark_ancestor(
        &self,
        marks: &Marks,
        clone: &DatasetName,
        ancestor: &SnapshotName,
        guid: u64,
    ) -> Result<BookmarkName> {
        let _ = (marks, clone, guid);
        let why = format!("{ancestor} cannot be bookmarked here");
        Err(Error::Refused(why))
    }

    /// About how many bytes the stream will have.
    ///
    /// # Errors
    ///
    /// Any.
    fn estimate(&self, transfer: &Transfer) -> Result<u64>;

    /// Begins a stream, which is raw.
    ///
    /// # Errors
    ///
    /// Any; so too if the snapshot has not the GUID of the plan. Where the base has not, the target has
    /// to refuse the stream.
    fn send(&self, transfer: &Transfer, control: &TransferControl) -> Result<Outgoing>;
}

/// Where copies are.
pub trait Target: Side {
    /// Whether the key of a copy was changed since it was [verified](Self::verify), as far as anybody
    /// knows: a raw stream would undo that.
    ///
    /// # Errors
    ///
    /// Any.
    fn has_changed_key(&self, copy: &DatasetName) -> Result<bool> {
        let _ = copy;
        Ok(false)
    }

    /// Gives a copy another name.
    ///
    /// # Errors
    ///
    /// Any.
    fn rename(&self, from: &DatasetName, to: &DatasetName) -> Result<()>;

    /// Discards what an interrupted receive left, if it still has this token.
    ///
    /// # Errors
    ///
    /// Any; so too if the token is another one by now.
    fn discard_partial(&self, dataset: &DatasetName, token: &str) -> Result<()>;

    /// Receives a stream, which has to be the one of the order: it is looked at before anything is
    /// changed. What arrives before an interruption stays, to be resumed.
    ///
    /// # Errors
    ///
    /// Any.
    fn receive(&self, order: &Order, stream: Outgoing, control: &TransferControl) -> Result<()>;

    /// Looks whether what arrived is what was ordered and keeps the policy's promise, and remembers
    /// with the copy that it was seen, and with which key.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`](super::Error::Broken) if it does not; any, if it cannot be looked at.
    fn verify(&self, marks: &Marks, order: &Order) -> Result<Proof>;
}

/// A stream on its way.
pub enum Outgoing {
    /// From the kernel of this machine.
    Kernel(Box<SendStream>),
    /// From elsewhere. Its end without an error is the end of a complete stream.
    Reader(Box<dyn Read + Send>),
}

/// What of a tree is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Look {
    /// The dataset, with all below it.
    pub top: DatasetName,
    /// With these, the snapshots from the newest that has them on: enough if the other side has them
    /// too, and cheap however many there are. Without, all.
    pub since: Option<Marks>,
    /// The user properties to be read as well.
    #[cfg_attr(feature = "serde", serde(default))]
    pub properties: Vec<String>,
}

impl Look {
    /// All of a dataset and of what is below it, but no user properties.
    pub fn all(top: &DatasetName) -> Self {
        Self {
            top: top.clone(),
            since: None,
            properties: Vec::new(),
        }
    }

    /// What is enough to go on from the marks.
    pub fn since(top: &DatasetName, marks: &Marks) -> Self {
        Self {
            since: Some(marks.clone()),
            ..Self::all(top)
        }
    }

    /// With these user properties.
    pub fn with_properties(self, properties: Vec<String>) -> Self {
        Self { properties, ..self }
    }
}

/// The one stream that a target is to receive.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Order {
    /// The snapshot that it becomes.
    pub snapshot: SnapshotName,
    /// The GUID that it has.
    pub guid: u64,
    /// The GUID of what the stream goes on from.
    pub base: Option<u64>,
    /// The snapshot of the target that a clone is made of.
    pub origin: Option<SnapshotName>,
    /// Whether it goes on with partial state, of which this is the token.
    pub resumed: Option<String>,
    /// What the copy is for.
    pub policy: Policy,
}

/// What a copy was seen to be.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Proof {
    /// The snapshot.
    pub snapshot: SnapshotName,
    /// Its GUID.
    pub guid: u64,
    /// The suite that it is encrypted with, as ZFS names it.
    pub suite: String,
    /// The dataset that it has its key from.
    pub encryption_root: DatasetName,
    /// Whether the key is loaded.
    pub key_available: bool,
    /// Whether it is mounted.
    pub mounted: bool,
}

impl Outgoing {
    /// The bytes of it, wherever they come from.
    pub(super) fn into_reader(self) -> Box<dyn Read + Send> {
        match self {
            Self::Kernel(stream) => stream,
            Self::Reader(reader) => reader,
        }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kernel(_) => "Kernel(..)",
            Self::Reader(_) => "Reader(..)",
        })
    }
}

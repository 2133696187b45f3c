//! What one side of a replication has.

use std::collections::BTreeMap;

use crate::name::{BookmarkName, DatasetName, NameError, SnapshotName};

/// A dataset and all below it, as one side of a replication has them.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tree {
    /// The dataset that is replicated, or that is its copy.
    pub top: DatasetName,
    /// It and all below it, in any order; none if there is no such dataset.
    pub datasets: Vec<DatasetState>,
    /// What of it could not be read.
    #[cfg_attr(feature = "serde", serde(default))]
    pub unreadable: Vec<Unreadable>,
}

/// A dataset that could not be read, or of which it could not be read what is below it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Unreadable {
    /// It.
    pub dataset: DatasetName,
    /// What was said.
    pub why: String,
}

/// What there is to know of a dataset for a plan.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DatasetState {
    /// Its name.
    pub name: DatasetName,
    /// Its own GUID, which is not that of its copies.
    pub guid: u64,
    /// The transaction group in which it was made. What is older of its snapshots was another dataset's
    /// before: it was a clone of that, and was promoted.
    pub create_txg: u64,
    /// Whether it is a volume.
    pub volume: bool,
    /// How it is encrypted, if it is.
    pub encryption: Option<EncryptionState>,
    /// The GUID of the snapshot that it is a clone of, if it is one.
    pub origin: Option<u64>,
    /// Its snapshots, in any order.
    pub snapshots: Vec<Point>,
    /// Its bookmarks, in any order.
    pub bookmarks: Vec<Point>,
    /// What an interrupted receive left.
    pub partial: Option<Partial>,
    /// Its user properties that were [asked for](super::Look::properties), own or inherited.
    #[cfg_attr(feature = "serde", serde(default))]
    pub properties: BTreeMap<String, String>,
    /// The GUIDs of the snapshots that are held with the marks, if it was looked for them.
    #[cfg_attr(feature = "serde", serde(default))]
    pub anchors: Option<Vec<u64>>,
}

/// How a dataset is encrypted.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EncryptionState {
    /// The dataset that it has its key from, maybe itself.
    pub root: DatasetName,
    /// What is public of the key. It is the same for a copy that nobody gave another key.
    pub key: KeyParameters,
    /// On the destination: what that was when the last stream had been received, if it was
    /// remembered.
    pub last_key: Option<KeyParameters>,
}

/// What is public of a key: enough to tell that one made from a passphrase was changed, and nothing
/// about others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct KeyParameters {
    /// The kernel's number for the key format.
    pub format: u64,
    /// The salt of a passphrase; 0 for other keys.
    pub salt: u64,
    /// The iterations that make a key from a passphrase; 0 for other keys.
    pub iterations: u64,
}

/// A snapshot or a bookmark.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Point {
    /// Its name behind the `@` or `#`.
    pub name: String,
    /// What it is known by on both sides. A bookmark has that of its snapshot.
    pub guid: u64,
    /// The transaction group in which the snapshot was made: of two on one side, the later one has
    /// the higher number.
    pub create_txg: u64,
}

/// What an interrupted receive left on the destination, by its resume token.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Partial {
    /// The text of the token.
    pub token: String,
    /// The dataset on the sender.
    pub dataset: Option<DatasetName>,
    /// The GUID of the snapshot that was sent.
    pub to_guid: u64,
    /// The GUID of the base; none in a full transfer.
    pub from_guid: Option<u64>,
    /// Whether it was raw.
    pub raw: bool,
}

impl Tree {
    /// The tree with the parents before their children.
    pub(super) fn sorted(&self) -> Vec<&DatasetState> {
        let mut datasets: Vec<_> = self.datasets.iter().collect();
        datasets.sort_by(|a, b| {
            let (a, b) = (a.name.as_str(), b.name.as_str());
            a.split('/').cmp(b.split('/'))
        });
        datasets
    }
}

impl DatasetState {
    /// The names of its snapshots.
    pub(super) fn snapshot(&self, point: &Point) -> Result<SnapshotName, NameError> {
        self.name.snapshot(&point.name)
    }

    pub(super) fn bookmark(&self, point: &Point) -> Result<BookmarkName, NameError> {
        self.name.bookmark(&point.name)
    }

    pub(super) fn has_snapshot(&self, guid: u64) -> Option<&Point> {
        self.snapshots.iter().find(|point| point.guid == guid)
    }
}

impl From<&crate::ResumeToken> for Partial {
    fn from(token: &crate::ResumeToken) -> Self {
        let fields = token.fields();
        let to_name = String::from_utf8_lossy(&fields.to_name);
        Self {
            token: token.as_str().to_owned(),
            dataset: to_name
                .parse::<SnapshotName>()
                .ok()
                .map(|name| name.dataset().clone()),
            to_guid: fields.to_guid,
            from_guid: fields.from_guid,
            raw: fields.raw,
        }
    }
}

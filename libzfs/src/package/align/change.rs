//! What was changed of what was there before.

use std::fmt;

use crate::error::Result;
use crate::name::{DatasetName, SnapshotName};

/// A change of what was there before, and whether it could be made.
#[derive(Debug)]
#[non_exhaustive]
pub struct Change {
    /// What was to be changed.
    pub kind: ChangeKind,
    /// Whether it could be.
    pub result: Result<()>,
}

/// What was to be changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A dataset was made for others to stand below it.
    CreatedDataset(DatasetName),
    /// A dataset was renamed, with all below it; maybe to a name that is free for the moment.
    RenamedDataset {
        /// The name that it had.
        from: DatasetName,
        /// The name that it has.
        to: DatasetName,
    },
    /// A snapshot was renamed.
    RenamedSnapshot {
        /// The name that it had.
        from: SnapshotName,
        /// The name that it has.
        to: SnapshotName,
    },
    /// A clone was promoted.
    Promoted(DatasetName),
    /// A snapshot that is not in the package was destroyed.
    DestroyedSnapshot(SnapshotName),
    /// A dataset that is not in the package was destroyed.
    DestroyedDataset(DatasetName),
    /// A dataset was made an encryption root.
    MadeEncryptionRoot(DatasetName),
    /// An encryption root was made to have its key from its parent.
    InheritedKey(DatasetName),
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreatedDataset(name) => write!(f, "create {name}"),
            Self::RenamedDataset { from, to } => write!(f, "rename {from} to {to}"),
            Self::RenamedSnapshot { from, to } => write!(f, "rename {from} to {to}"),
            Self::Promoted(name) => write!(f, "promote {name}"),
            Self::DestroyedSnapshot(name) => write!(f, "destroy {name}"),
            Self::DestroyedDataset(name) => write!(f, "destroy {name}"),
            Self::MadeEncryptionRoot(name) => write!(f, "make {name} an encryption root"),
            Self::InheritedKey(name) => write!(f, "let {name} inherit its key"),
        }
    }
}

//! What can be wrong with a copy.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Marks;
use crate::name::DatasetName;

/// Where a promise is broken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "breach", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Breach {
    /// It can be read by whoever has the disks.
    NotEncrypted,
    /// It can be read by whoever has the machine.
    KeyAvailable,
    /// It has its key from a dataset that is not one of the copies.
    RootElsewhere {
        /// That dataset.
        root: DatasetName,
    },
    /// It is mounted.
    Mounted {
        /// Where.
        at: Vec<PathBuf>,
    },
    /// Its `readonly` is off.
    Writable,
    /// It can be mounted unasked.
    CanMount {
        /// Its `canmount`.
        value: String,
    },
    /// The first receive was interrupted: it is no copy yet.
    Incomplete,
    /// The source has nothing that it could be a copy of.
    NoSource,
    /// The source has what it should be a copy of by its name, and none of its snapshots.
    NothingShared {
        /// That dataset.
        with: DatasetName,
    },
    /// It has snapshots that the source has not, behind the newest that both have.
    Diverged {
        /// The newest that both have.
        shared: String,
        /// Those behind it.
        later: Vec<String>,
    },
    /// Nobody verified it.
    NeverVerified,
    /// The snapshot that was verified last is not there any more.
    VerifiedGone {
        /// The marks of the replication that verified it.
        marks: Marks,
    },
    /// The snapshot that a replication goes on from is not held.
    NotHeld {
        /// The snapshot.
        snapshot: String,
        /// The marks that should hold it.
        marks: Marks,
    },
    /// Its key is not the one that it had when it was verified: the key that fits the source's need
    /// not fit it.
    KeyChanged {
        /// The marks of the replication that verified it.
        marks: Marks,
    },
    /// The newest snapshot that was verified was taken too long ago.
    Old {
        /// The snapshot.
        snapshot: String,
        /// How many seconds ago it was taken.
        age: u64,
    },
    /// A dataset of the source has no copy.
    NoCopy,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEncrypted => f.write_str("not encrypted"),
            Self::KeyAvailable => f.write_str("its key is loaded"),
            Self::RootElsewhere { root } => write!(f, "it has its key from {root}, outside"),
            Self::Mounted { at } => {
                let paths: Vec<_> = at.iter().map(|path| path.display().to_string()).collect();
                write!(f, "mounted at {}", paths.join(", "))
            }
            Self::Writable => f.write_str("readonly is off"),
            Self::CanMount { value } => write!(f, "canmount is {value}"),
            Self::Incomplete => f.write_str("its first receive was interrupted"),
            Self::NoSource => f.write_str("a copy of nothing that the source has"),
            Self::NothingShared { with } => write!(f, "no snapshot in common with {with}"),
            Self::Diverged { shared, later } => write!(
                f,
                "has @{} behind @{shared}, which the source has not",
                later.join(", @")
            ),
            Self::NeverVerified => f.write_str("never verified"),
            Self::VerifiedGone { marks } => {
                write!(f, "what {marks} verified last is not there any more")
            }
            Self::NotHeld { snapshot, marks } => write!(f, "@{snapshot} is not held by {marks}"),
            Self::KeyChanged { marks } => {
                write!(f, "its key was changed since {marks} verified it")
            }
            Self::Old { snapshot, age } => {
                write!(f, "@{snapshot}, the newest verified, is {age} s old")
            }
            Self::NoCopy => f.write_str("has no copy"),
        }
    }
}

//! What stands in the way of a replication.

use std::fmt;

use crate::name::{DatasetName, SnapshotName};

/// Something that keeps a dataset from being replicated, or that should be known.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Finding {
    /// The dataset of the source; of the destination, where the source has none.
    pub dataset: DatasetName,
    /// What it is.
    pub obstacle: Obstacle,
}

/// Whether a finding keeps a dataset from being replicated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum Severity {
    /// It does not.
    Notice,
    /// It does: nothing is done for the dataset.
    Error,
}

/// What stands in the way.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Obstacle {
    /// The source is not encrypted, so that a copy would be readable.
    NotEncrypted,
    /// A dataset below the top has no snapshot that could be sent, and no copy: a new one, perhaps.
    NoSnapshot,
    /// The top itself has no snapshot that could be sent, and no copy, so that there is no copy of
    /// anything.
    NothingToSend,
    /// What has the copy's name has none of the source's snapshots, and the source has no bookmark
    /// of any of its: it is a copy of something else, or the base is gone on both sides.
    NoCommonSnapshot {
        /// What has the name.
        destination: DatasetName,
        /// Whether it has any snapshot at all.
        has_snapshots: bool,
    },
    /// The copy has snapshots that are later than the newest common one and that the source does
    /// not have.
    Diverged {
        /// The copy.
        destination: DatasetName,
        /// The newest common snapshot, by its name on the destination.
        common: String,
        /// The later ones, by their names on the destination.
        later: Vec<String>,
    },
    /// Several datasets of the destination have snapshots of the source, and none of them the
    /// right name.
    SeveralCopies {
        /// They.
        copies: Vec<DatasetName>,
    },
    /// What an interrupted receive left was not sent from this dataset, so that it is somebody
    /// else's to discard.
    ForeignPartial {
        /// Where it is.
        destination: DatasetName,
        /// What it was sent from, if that is a dataset's name.
        sent_from: Option<DatasetName>,
    },
    /// The copy's key is not the source's: one was changed. A raw incremental stream would bring the
    /// source's, and the copy would ask for that from then on.
    KeyDiffers {
        /// The copy.
        destination: DatasetName,
    },
    /// The copy has its key from a dataset that is not one of the copies. A raw incremental stream
    /// would bring the source's, which that dataset's key does not open.
    KeyElsewhere {
        /// The copy.
        destination: DatasetName,
        /// The dataset that it has its key from.
        root: DatasetName,
    },
    /// The copy's key was changed, and is replaced by the source's, as it was
    /// [asked for](super::Request::allow_key_changes).
    KeyReplaced {
        /// The copy.
        destination: DatasetName,
    },
    /// The source's key was changed since the last stream: the copy will ask for the new one.
    SourceKeyChanged,
    /// The dataset above is not replicated, so that there is no place for this one.
    ParentNotReplicated,
    /// It is a clone of a dataset that comes behind it in any order.
    OriginBehind,
    /// What would be its name on the destination is none.
    BadName {
        /// Why.
        why: String,
    },
    /// It could not be read, or its copy.
    Unreadable {
        /// Which of them.
        dataset: DatasetName,
        /// What was said.
        why: String,
    },
    /// Nobody can say how large a stream will be.
    NotEstimated {
        /// The snapshot that is sent.
        snapshot: SnapshotName,
        /// What was said.
        why: String,
    },
    /// The source does not have it any more; the copy stays as it is.
    Vanished,
    /// The snapshot that it is a clone of is not on the destination: its copy is whole.
    OriginNotReplicated,
    /// The copy goes on from a bookmark: the snapshot is gone on the source, or a clone that was promoted
    /// has it now.
    FromBookmark,
}

impl Obstacle {
    /// Whether it keeps the dataset from being replicated.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Vanished
            | Self::OriginNotReplicated
            | Self::FromBookmark
            | Self::SourceKeyChanged
            | Self::KeyReplaced { .. }
            | Self::NotEstimated { .. }
            | Self::NoSnapshot => Severity::Notice,
            _ => Severity::Error,
        }
    }

    /// What can be done, each with what it costs.
    pub fn choices(&self) -> &'static [&'static str] {
        match self {
            Self::NotEncrypted => &[
                "leave the dataset out",
                "send its data into an encrypted dataset of the source",
            ],
            Self::NoSnapshot => &["take a snapshot"],
            Self::NothingToSend => &[
                "take a snapshot (--take)",
                "choose the snapshots by another beginning of their names (--only)",
            ],
            Self::NoCommonSnapshot { .. } => &[
                "rename what is there, and send everything again",
                "choose another destination",
                "if a clone of it was promoted that is not replicated, and took its snapshots along: bookmark \
                 the one that the copy ends with (zfs bookmark CLONE@SNAPSHOT DATASET#NAME)",
                "destroy what is there, and send everything again",
            ],
            Self::Diverged { .. } => &[
                "rename the copy, and send everything again",
                "destroy the later snapshots of the copy, with what is only in them",
            ],
            Self::SeveralCopies { .. } => &["rename the one that is to be continued"],
            Self::ForeignPartial { .. } => &[
                "let whoever began it finish",
                "discard the partial state by its name",
            ],
            Self::KeyDiffers { .. } => &[
                "change the source's key to that of the copy",
                "allow changes of keys (--allow-key-changes): the copy asks for the source's from then on",
            ],
            Self::KeyElsewhere { .. } => &[
                "make the copy an encryption root of its own, with the source's key",
                "rename the copy, and send everything again",
            ],
            Self::ParentNotReplicated => &["mend what is found of the dataset above"],
            Self::OriginBehind => &["replicate the clone to a destination of its own"],
            Self::BadName { .. } => &["choose a shorter destination"],
            Self::Unreadable { .. } => &["mend what it says, and run again"],
            Self::Vanished => &["destroy the copy when it is not needed any more"],
            Self::OriginNotReplicated
            | Self::FromBookmark
            | Self::SourceKeyChanged
            | Self::KeyReplaced { .. }
            | Self::NotEstimated { .. } => &[],
        }
    }
}

impl Finding {
    /// Whether it keeps the dataset from being replicated.
    pub fn is_error(&self) -> bool {
        self.obstacle.severity() == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.dataset, self.obstacle)
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEncrypted => f.write_str("it is not encrypted"),
            Self::NoSnapshot | Self::NothingToSend => f.write_str("it has no snapshot to send"),
            Self::NoCommonSnapshot {
                destination,
                has_snapshots: true,
            } => write!(
                f,
                "it has no snapshot or bookmark in common with {destination}"
            ),
            Self::NoCommonSnapshot { destination, .. } => {
                write!(f, "{destination} is there, and is no copy of anything")
            }
            Self::Diverged {
                destination,
                common,
                later,
            } => write!(
                f,
                "{destination} has {} of its own behind @{common}: @{}",
                match later.len() {
                    1 => "a snapshot".to_owned(),
                    count => format!("{count} snapshots"),
                },
                later.join(", @")
            ),
            Self::SeveralCopies { copies } => {
                let names: Vec<_> = copies.iter().map(DatasetName::as_str).collect();
                write!(f, "any of these may be its copy: {}", names.join(", "))
            }
            Self::ForeignPartial {
                destination,
                sent_from: Some(from),
            } => write!(
                f,
                "{destination} has partial state that was sent from {from}"
            ),
            Self::ForeignPartial { destination, .. } => {
                write!(f, "{destination} has partial state of something else")
            }
            Self::KeyDiffers { destination } => {
                write!(f, "the key of {destination} is not the source's any more")
            }
            Self::KeyElsewhere { destination, root } => {
                write!(f, "{destination} has its key from {root}, outside")
            }
            Self::KeyReplaced { destination } => write!(
                f,
                "the key of {destination} was changed there, and is replaced by the source's"
            ),
            Self::SourceKeyChanged => {
                f.write_str("its key was changed: the copy will ask for the new one")
            }
            Self::ParentNotReplicated => f.write_str("the dataset above it is not replicated"),
            Self::OriginBehind => f.write_str("it is a clone of a dataset that is below it"),
            Self::BadName { why } => f.write_str(why),
            Self::Unreadable { dataset, why } => write!(f, "{dataset} cannot be read: {why}"),
            Self::NotEstimated { snapshot, why } => {
                write!(f, "the size of {snapshot} cannot be estimated: {why}")
            }
            Self::Vanished => f.write_str("the source does not have it any more"),
            Self::OriginNotReplicated => {
                f.write_str("what it is a clone of is not on the destination: it is sent whole")
            }
            Self::FromBookmark => f.write_str("it goes on from a bookmark"),
        }
    }
}

//! What is told of a replication, while it goes on and afterwards.

use std::time::Duration;

use super::{Error, Finding, Plan, Proof, Transfer};
use crate::name::{DatasetName, SnapshotName};

/// Something that happened.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Snapshots of the source were taken, in one transaction.
    Taken {
        /// They.
        snapshots: Vec<SnapshotName>,
    },
    /// It is known what is to be done.
    Planned {
        /// All of it.
        plan: Box<Plan>,
    },
    /// Something of a dataset keeps it from being replicated, or should be known.
    Found {
        /// What it is.
        finding: Finding,
    },
    /// It is the turn of a dataset.
    Begun {
        /// It.
        source: DatasetName,
        /// Its copy.
        destination: DatasetName,
    },
    /// A stream begins.
    Sending {
        /// The snapshot that it becomes.
        copy: SnapshotName,
        /// What is sent.
        transfer: Transfer,
    },
    /// How far a stream is; told once in a while.
    Progress {
        /// The snapshot that it becomes.
        copy: SnapshotName,
        /// How many bytes have arrived.
        bytes: u64,
        /// About how many it will be, if that was asked for.
        estimate: Option<u64>,
    },
    /// A stream has arrived.
    Arrived {
        /// The snapshot that it became.
        copy: SnapshotName,
        /// Its bytes.
        bytes: u64,
        /// How long it took.
        time: Duration,
    },
    /// A copy was looked at, and is what it has to be.
    Verified {
        /// What it is.
        proof: Proof,
    },
    /// A dataset was replicated and anchored.
    Done {
        /// It.
        source: DatasetName,
        /// Its copy.
        destination: DatasetName,
    },
    /// A dataset was not replicated.
    Failed {
        /// It.
        source: DatasetName,
        /// Its copy.
        destination: DatasetName,
        /// Why not.
        error: String,
    },
}

/// What carrying out a plan came to.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// The datasets that something was done for, in the order of the plan.
    pub datasets: Vec<DatasetReport>,
    /// What was found when the plan was made.
    pub findings: Vec<Finding>,
    /// Whether it was cancelled, so that some of the plan may not have been begun.
    pub cancelled: bool,
}

/// What was done for one dataset.
#[derive(Debug)]
#[non_exhaustive]
pub struct DatasetReport {
    /// It.
    pub source: DatasetName,
    /// Its copy.
    pub destination: DatasetName,
    /// The streams that arrived, also if a later one did not.
    pub sent: Vec<Sent>,
    /// What the copy was seen to be, or why it is not so far.
    pub result: Result<Proof, Error>,
}

/// A stream that has arrived.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Sent {
    /// The snapshot that it became.
    pub copy: SnapshotName,
    /// Its GUID.
    pub guid: u64,
    /// How many bytes it had; of a resumed one, this time.
    pub bytes: u64,
    /// How long it took.
    pub time: Duration,
}

impl Report {
    /// That it was cancelled before there was anything to tell.
    pub(super) fn of_nothing_begun() -> Self {
        Self {
            datasets: Vec::new(),
            findings: Vec::new(),
            cancelled: true,
        }
    }

    /// Whether all of the source is on the destination, as it has to be.
    pub fn is_complete(&self) -> bool {
        !self.cancelled
            && self.datasets.iter().all(|dataset| dataset.result.is_ok())
            && !self.findings.iter().any(Finding::is_error)
    }

    /// What went wrong, dataset by dataset.
    pub fn errors(&self) -> impl Iterator<Item = (&DatasetName, &Error)> {
        let datasets = self.datasets.iter();
        datasets.filter_map(|dataset| Some((&dataset.source, dataset.result.as_ref().err()?)))
    }

    /// How many bytes arrived.
    pub fn bytes(&self) -> u64 {
        let sent = self.datasets.iter().flat_map(|dataset| &dataset.sent);
        sent.map(|sent| sent.bytes).sum()
    }
}

//! Replication: which streams bring a copy of a tree up to date, and what stands in their way.
//!
//! A [`Plan`] is computed from what both sides have, [`Tree`] each, and from a [`Request`]. It
//! decides everything by GUIDs, as ZFS itself does: names only say where a copy is to be. What it
//! cannot bring about without losing something is a [`Finding`], and nothing is planned for the
//! dataset that it is of; nothing on the destination is ever rolled back or destroyed for the sake
//! of a plan, but partial state that was sent from a dataset of the same name.
//!
//! [`Retention`] decides which snapshots may go when old ones are pruned.
//!
//! All of this is computed without ZFS. With the feature `replicate` a plan is carried out, by a
//! `Replication` between a `Source` and a `Target`, each on this machine or on another; `Prune` destroys
//! snapshots, and `audit` compares copies with what was promised of them.

#[cfg(feature = "replicate")]
mod anchored;
#[cfg(feature = "replicate")]
mod audit;
#[cfg(feature = "replicate")]
mod carry;
#[cfg(feature = "replicate")]
mod error;
mod finding;
#[cfg(feature = "replicate")]
mod limit;
#[cfg(feature = "replicate")]
mod local;
mod marks;
mod plan;
mod planner;
#[cfg(feature = "replicate")]
mod prune;
#[cfg(feature = "replicate")]
mod remote;
#[cfg(feature = "replicate")]
mod replication;
#[cfg(feature = "replicate")]
mod report;
mod retention;
#[cfg(feature = "replicate")]
mod schedule;
#[cfg(feature = "replicate")]
mod select;
#[cfg(feature = "replicate")]
mod settler;
#[cfg(feature = "replicate")]
mod side;
#[cfg(feature = "wire")]
pub mod spool;
#[cfg(test)]
mod tests;
mod tree;
#[cfg(feature = "replicate")]
mod wrapped;

#[cfg(feature = "replicate")]
pub use self::audit::{
    Audit, Breach, Copies, CopyAudit, CopyEncryption, CopySnapshot, CopyState, NewestVerified,
    Promise, Shared, audit,
};
#[cfg(feature = "replicate")]
pub use self::error::{Error, Result};
pub use self::finding::{Finding, Obstacle, Severity};
#[cfg(feature = "replicate")]
pub use self::limit::Limits;
#[cfg(feature = "replicate")]
pub use self::local::{LocalSource, LocalTarget, Verified};
pub use self::marks::{InvalidMarks, Marks};
pub use self::plan::{Action, Base, Intermediates, Plan, Policy, Request, Step, Transfer};
pub use self::planner::plan;
#[cfg(feature = "replicate")]
pub use self::prune::{NotPruned, Prune, Pruned};
#[cfg(feature = "ssh")]
pub use self::remote::Ssh;
#[cfg(feature = "replicate")]
pub use self::remote::{Confinement, Connection, Remote, Role, Server};
#[cfg(feature = "replicate")]
pub use self::replication::Replication;
#[cfg(feature = "replicate")]
pub use self::report::{DatasetReport, Event, Report, Sent};
pub use self::retention::{Candidate, Kept, Pruning, Reason, Retention, Rule};
#[cfg(feature = "replicate")]
pub use self::select::{Selection, UserValue};
#[cfg(feature = "replicate")]
pub use self::side::{Look, Order, Outgoing, Proof, Side, Source, Target};
pub use self::tree::{
    DatasetState, EncryptionState, KeyParameters, Partial, Point, Tree, Unreadable,
};
#[cfg(feature = "replicate")]
pub use self::wrapped::WrappedKey;

//! What is said over a connection, as JSON.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::{Error, Look, Marks, Order, Transfer};
use crate::name::{DatasetName, SnapshotName};

/// The versions of the protocol that are spoken here.
pub(super) const VERSIONS: &[u32] = &[1];

/// The most of a text from the other side that is kept, in characters.
const MAX_TEXT: usize = 4096;

/// What a server is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Role {
    /// It receives, and gives nothing away.
    ReceiveOnly,
    /// It sends raw streams.
    SendRawOnly,
    /// It tells what there is, and changes nothing.
    ReadOnly,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReceiveOnly => "receive-only",
            Self::SendRawOnly => "send-raw-only",
            Self::ReadOnly => "read-only",
        })
    }
}

/// What a client says first.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hello {
    /// The versions of the protocol that it speaks.
    pub(super) zvault: Vec<u32>,
}

/// What the server says to that.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Welcome {
    /// The version that is spoken from then on.
    pub(super) zvault: u32,
    pub(super) role: Role,
}

/// What a client asks for: a method of the sides, each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request {
    Tree {
        look: Look,
    },
    Anchor {
        marks: Marks,
        snapshots: Vec<(SnapshotName, u64)>,
    },
    Settle {
        marks: Marks,
        kept: Vec<(DatasetName, Vec<u64>)>,
    },
    WrappedKey {
        dataset: DatasetName,
    },
    TakeSnapshots {
        snapshots: Vec<SnapshotName>,
    },
    BookmarkAncestor {
        marks: Marks,
        clone: DatasetName,
        ancestor: SnapshotName,
        guid: u64,
    },
    Estimate {
        transfer: Transfer,
    },
    Send {
        transfer: Transfer,
    },
    Rename {
        from: DatasetName,
        to: DatasetName,
    },
    DiscardPartial {
        dataset: DatasetName,
        token: String,
    },
    Receive {
        order: Order,
    },
    Verify {
        marks: Marks,
        order: Order,
    },
}

impl Request {
    /// What it is called where it is told of.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Tree { .. } => "tree",
            Self::Anchor { .. } => "anchor",
            Self::Settle { .. } => "settle",
            Self::WrappedKey { .. } => "wrapped key",
            Self::TakeSnapshots { .. } => "take snapshots",
            Self::BookmarkAncestor { .. } => "bookmark an ancestor",
            Self::Estimate { .. } => "estimate",
            Self::Send { .. } => "send",
            Self::Rename { .. } => "rename",
            Self::DiscardPartial { .. } => "discard partial state",
            Self::Receive { .. } => "receive",
            Self::Verify { .. } => "verify",
        }
    }
}

/// Why something was not done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Failure {
    Refused(String),
    Changed {
        dataset: DatasetName,
        what: String,
    },
    Broken {
        dataset: DatasetName,
        what: String,
    },
    Other {
        text: String,
        kind: Option<String>,
        errno: Option<i32>,
    },
}

impl Failure {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Other {
            text: text.into(),
            kind: None,
            errno: None,
        }
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let text = error.to_string();
        let (kind, errno) = match error {
            Error::Refused(why) => return Self::Refused(why.clone()),
            Error::Changed { dataset, what } => {
                let (dataset, what) = (dataset.clone(), what.clone());
                return Self::Changed { dataset, what };
            }
            Error::Broken { dataset, what } => {
                let (dataset, what) = (dataset.clone(), what.clone());
                return Self::Broken { dataset, what };
            }
            Error::Zfs(error) => (
                Some(format!("{:?}", error.kind())),
                Some(error.errno().raw()),
            ),
            Error::Remote { kind, errno, .. } => (kind.clone(), *errno),
            Error::Lost(error) | Error::File { source: error, .. } => (None, error.raw_os_error()),
            _ => (None, None),
        };
        Self::Other { text, kind, errno }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(why) => Self::Refused(plain(&why)),
            Failure::Changed { dataset, what } => Self::Changed {
                dataset,
                what: plain(&what),
            },
            Failure::Broken { dataset, what } => Self::Broken {
                dataset,
                what: plain(&what),
            },
            Failure::Other { text, kind, errno } => Self::Remote {
                text: plain(&text),
                kind: kind.map(|kind| plain(&kind)),
                errno,
            },
        }
    }
}

/// A text as it can be shown: it comes from another machine, and could tell a terminal to do things.
pub(super) fn plain(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(MAX_TEXT).map(shown).collect()
}

//! What goes wrong when a plan is carried out.

use std::io;

use crate::error::ErrorKind;
use crate::name::{DatasetName, NameError};
use crate::property::UnknownForm;
use crate::stream::StreamError;

/// Why something of a replication was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// ZFS on this machine says so.
    #[error(transparent)]
    Zfs(#[from] crate::Error),
    /// The other machine says so.
    #[error("{text}")]
    Remote {
        /// What it says.
        text: String,
        /// The name of the [`ErrorKind`](crate::ErrorKind), if it was an error of ZFS.
        kind: Option<String>,
        /// The error number, if it was one of ZFS or of the system.
        errno: Option<i32>,
    },
    /// It is not allowed to whoever asked.
    #[error("refused: {0}")]
    Refused(String),
    /// The connection to the other machine is gone, or what comes over it makes no sense.
    #[error("the connection is lost: {0}")]
    Lost(#[source] io::Error),
    /// The stream is not what was ordered.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// What is there is not what the plan was made for.
    #[error("{dataset} has changed since the plan was made: {what}")]
    Changed {
        /// The dataset.
        dataset: DatasetName,
        /// What is different.
        what: String,
    },
    /// Another dataset that this one needs was not replicated.
    #[error("{0} was not replicated, which it needs")]
    Needs(DatasetName),
    /// The copy is not what its policy promises.
    #[error("{dataset} is not as promised: {what}")]
    Broken {
        /// The copy.
        dataset: DatasetName,
        /// What it is instead.
        what: String,
    },
    /// A property has a form that is not known here.
    #[error(transparent)]
    Property(#[from] UnknownForm),
    /// What would be a name is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Another run is at work there.
    #[error("another run is at work in {path}")]
    Busy {
        /// The directory.
        path: String,
    },
    /// A file, such as one of a spool.
    #[error("{path}: {source}")]
    File {
        /// Its path.
        path: String,
        /// What the system says.
        source: io::Error,
    },
}

/// What a part of a replication comes to.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What it means that reading a stream failed so.
    pub(super) fn of_source(error: io::Error) -> Self {
        let error = match error.downcast::<crate::Error>() {
            Ok(error) => return error.into(),
            Err(error) => error,
        };
        let error = match error.downcast::<Self>() {
            Ok(error) => return error,
            Err(error) => error,
        };
        match error.downcast::<StreamError>() {
            Ok(error) => error.into(),
            Err(error) => Self::Lost(error),
        }
    }

    /// Whether something else is at work on the dataset, which may be over soon, or was since it was
    /// looked at.
    pub(super) fn is_busy(&self) -> bool {
        const KINDS: [ErrorKind; 3] = [
            ErrorKind::Busy,
            ErrorKind::ResumableStateExists,
            ErrorKind::ResumeMismatch,
        ];
        let is_busy =
            matches!(self, Self::Remote { errno: Some(errno), .. } if *errno == libc::EBUSY);
        is_busy || self.is_one_of(&KINDS)
    }

    /// Whether a snapshot is there that was not when it was looked at.
    pub(super) fn is_there(&self) -> bool {
        self.is_one_of(&[ErrorKind::SnapshotExists])
    }

    /// Whether it is one of ZFS, here or on the other machine, of one of these kinds.
    pub(super) fn is_one_of(&self, kinds: &[ErrorKind]) -> bool {
        match self {
            Self::Zfs(error) => kinds.contains(&error.kind()),
            Self::Remote {
                kind: Some(kind), ..
            } => kinds.iter().any(|known| *kind == format!("{known:?}")),
            _ => false,
        }
    }
}

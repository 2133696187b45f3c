//! How it ends: with a number for scripts, and with a reason for people.

use std::fmt;
use std::io;
use std::process::ExitCode;

use libzfs::replicate;
use serde::Serialize;

/// The numbers that zvault exits with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Exit {
    /// All is done, and all is well.
    Done = 0,
    /// Something could not be done.
    Failed = 1,
    /// The command line or the configuration makes no sense; clap exits with it too.
    Usage = 2,
    /// All was looked at, and something is not as it should be: a promise is broken, a stream is
    /// damaged, or something stands in the way of a replication.
    Finding = 3,
    /// A signal stopped it, or whoever was asked for a key did.
    Interrupted = 4,
}

/// The same for the help and for the man page.
pub(crate) const EXPLAINED: &str = "\
Exit codes:
  0  all is done, and all is well
  1  something could not be done; the output says what
  2  the command line or the configuration makes no sense
  3  something is not as it should be: a promise is broken, a stream is
     damaged, or something stands in the way of a replication
  4  a signal interrupted a transfer, which can be gone on with, or whoever
     was asked for a key gave none";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ended before its end.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    #[serde(skip)]
    pub(crate) exit: Exit,
    #[serde(rename = "error")]
    pub(crate) text: String,
    /// The name of the [`libzfs::ErrorKind`], if it is an error of ZFS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) errno: Option<i32>,
}

/// What a command comes to.
pub(crate) type Outcome<T = Exit> = Result<T, Problem>;

impl Problem {
    pub(crate) fn new(exit: Exit, text: impl fmt::Display) -> Self {
        Self {
            exit,
            text: text.to_string(),
            kind: None,
            errno: None,
        }
    }

    /// Something could not be done.
    pub(crate) fn failed(text: impl fmt::Display) -> Self {
        Self::new(Exit::Failed, text)
    }

    /// It was asked for in a way that makes no sense.
    pub(crate) fn usage(text: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// What went wrong with a file.
    pub(crate) fn file(path: impl fmt::Display, error: &io::Error) -> Self {
        Self::failed(format!("{path}: {error}"))
    }
}

impl From<libzfs::Error> for Problem {
    fn from(error: libzfs::Error) -> Self {
        let exit = match error.kind() {
            libzfs::ErrorKind::Cancelled => Exit::Interrupted,
            _ => Exit::Failed,
        };
        Self {
            kind: Some(format!("{:?}", error.kind())),
            errno: Some(error.errno().raw()),
            ..Self::new(exit, error)
        }
    }
}

impl From<replicate::Error> for Problem {
    fn from(error: replicate::Error) -> Self {
        match error {
            replicate::Error::Zfs(error) => error.into(),
            replicate::Error::Broken { .. } => Self::new(Exit::Finding, error),
            replicate::Error::Remote {
                text, kind, errno, ..
            } => Self {
                kind,
                errno,
                ..Self::failed(text)
            },
            error => Self::failed(error),
        }
    }
}

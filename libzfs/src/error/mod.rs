//! What went wrong: with which operation, on what, why, and what to do.

mod classify;
mod errno;
mod kind;

use std::fmt;

use crate::resume_token::ResumeToken;

pub use self::errno::Errno;
pub use self::kind::{ErrorKind, Operation};

/// The result of an operation on ZFS.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed operation on ZFS.
///
/// [`kind`](Self::kind) is what a program matches on, [`errno`](Self::errno) the raw number
/// behind it, and for calls that take many items [`failures`](Self::failures) has each that
/// failed with its own reason. `Display` says all of it in one line.
///
/// ```no_run
/// use libzfs::{ErrorKind, Zfs};
///
/// match Zfs::open() {
///     Ok(zfs) => drop(zfs),
///     Err(error) if error.kind() == ErrorKind::ZfsNotAvailable => eprintln!("{error}"),
///     Err(error) => return Err(error),
/// }
/// # Ok::<(), libzfs::Error>(())
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    operation: Operation,
    target: String,
    kind: ErrorKind,
    errno: Errno,
    failures: Vec<Failure>,
    suppressed: u64,
    resume_token: Option<ResumeToken>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Failure {
    /// What starting or stopping something on a vdev met.
    pub(crate) fn of_vdev(vdev: impl Into<String>, errno: Errno) -> Self {
        Self {
            name: vdev.into(),
            kind: classify::classify_vdev(errno),
            errno,
        }
    }
}

/// One failed item of an operation on many; see [`Error::failures`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// What failed: a snapshot, a bookmark, `SNAPSHOT#TAG`, a property, or the GUID of a vdev.
    pub name: String,
    /// Why.
    pub kind: ErrorKind,
    /// The raw error number.
    pub errno: Errno,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.name, self.kind, Code(self.errno))
    }
}

impl Error {
    /// An error of the kind that `errno` means for `operation`.
    pub(crate) fn from_errno(
        operation: Operation,
        target: impl Into<String>,
        errno: Errno,
    ) -> Self {
        Self::new(
            operation,
            target,
            classify::classify(operation, errno),
            errno,
        )
    }

    /// An error of this process's own input and output: of a pipe, a thread, or a descriptor that
    /// the caller gave. Its number has nothing to do with what ZFS means by it.
    pub(crate) fn from_io(
        operation: Operation,
        target: impl Into<String>,
        error: std::io::Error,
    ) -> Self {
        let errno = classify::errno_of(&error);
        let kind = classify::classify_io(operation, errno);
        let has_number = error.raw_os_error().is_some();
        let failed = Self::new(operation, target, kind, errno);
        if has_number {
            return failed;
        }
        failed.with_source(error)
    }

    /// An error whose kind the caller knows better than the number tells.
    pub(crate) fn new(
        operation: Operation,
        target: impl Into<String>,
        kind: ErrorKind,
        errno: Errno,
    ) -> Self {
        Self(Box::new(Inner {
            operation,
            target: target.into(),
            kind,
            errno,
            failures: Vec::new(),
            suppressed: 0,
            resume_token: None,
            source: None,
        }))
    }

    /// An error found before the kernel was asked: `errno` is what the kernel would have said.
    pub(crate) fn refused(
        operation: Operation,
        target: impl Into<String>,
        kind: ErrorKind,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::new(operation, target, kind, kind.usual_errno()).with_source(source)
    }

    /// What the library or the module lacks because it came with a later `release`.
    pub(crate) fn needs_release(
        operation: Operation,
        target: impl Into<String>,
        release: &str,
    ) -> Self {
        let why = format!("it needs OpenZFS {release} or later");
        Self::refused(operation, target, ErrorKind::Unsupported, why)
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn with_resume_token(mut self, token: Option<ResumeToken>) -> Self {
        self.0.resume_token = token;
        self
    }

    pub(crate) fn with_operation(mut self, operation: Operation) -> Self {
        self.0.operation = operation;
        self
    }

    pub(crate) fn with_failures(
        mut self,
        failures: impl IntoIterator<Item = (String, Errno)>,
        suppressed: u64,
    ) -> Self {
        let operation = self.0.operation;
        self.0.failures = failures
            .into_iter()
            .map(|(name, errno)| Failure {
                name,
                kind: classify::classify(operation, errno),
                errno,
            })
            .collect();
        self.0.suppressed = suppressed;
        if let ([only], 0) = (&self.0.failures[..], suppressed) {
            // The one item's own reason is nearer to the truth than that of the whole call.
            (self.0.kind, self.0.errno) = (only.kind, only.errno);
        }
        self
    }

    /// Gives each failed item the kind that `refine` knows better than its number tells.
    pub(crate) fn refine_failures(
        mut self,
        refine: impl Fn(&Failure) -> Option<ErrorKind>,
    ) -> Self {
        for failure in &mut self.0.failures {
            failure.kind = refine(failure).unwrap_or(failure.kind);
        }
        let errno = self.0.errno;
        let same = |failure: &&Failure| failure.errno == errno;
        if let Some(failure) = self.0.failures.iter().find(same) {
            self.0.kind = failure.kind;
        }
        self
    }

    /// The error of a call on many of which these failed; its kind is that of the first.
    pub(crate) fn of_failures(
        operation: Operation,
        target: impl Into<String>,
        failures: Vec<Failure>,
    ) -> Self {
        let (kind, errno) = match failures.first() {
            Some(first) => (first.kind, first.errno),
            None => (ErrorKind::Other, Errno::new(libc::EIO)),
        };
        let mut error = Self::new(operation, target, kind, errno);
        error.0.failures = failures;
        error
    }

    /// What was being done.
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// The dataset, snapshot, pool or descriptor that it was being done to.
    pub fn target(&self) -> &str {
        &self.0.target
    }

    /// Why it failed, by what a caller would do next.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The raw error number. Where the crate refused before the kernel was asked, the number that
    /// stands for the same reason.
    pub fn errno(&self) -> Errno {
        self.0.errno
    }

    /// Each item that failed, of a call on many; empty where the call failed as a whole.
    pub fn failures(&self) -> &[Failure] {
        &self.0.failures
    }

    /// With what a receive that failed can be resumed: after one that was
    /// [resumable](crate::ReceiveBuilder::resumable) and of which the dataset has a part, this one's
    /// or an earlier one's. It is what
    /// [`Dataset::receive_resume_token`](crate::Dataset::receive_resume_token) said after the
    /// failure.
    pub fn resume_token(&self) -> Option<&ResumeToken> {
        self.0.resume_token.as_ref()
    }

    /// How many more items failed than [`failures`](Self::failures) lists, because the kernel's
    /// answer had no room for them.
    pub fn suppressed_failures(&self) -> u64 {
        self.0.suppressed
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        write!(f, "cannot {}", inner.operation)?;
        if !inner.target.is_empty() {
            write!(f, " {}", inner.target)?;
        }
        write!(f, ": {}", inner.kind)?;
        if let Some(source) = &inner.source {
            write!(f, ": {source}")?;
        }
        write!(f, " ({})", Code(inner.errno))?;
        const SHOWN: usize = 3;
        for (i, failure) in inner.failures.iter().take(SHOWN).enumerate() {
            write!(f, "{}{failure}", if i == 0 { ": " } else { ", " })?;
        }
        let more = inner.failures.len().saturating_sub(SHOWN) as u64 + inner.suppressed;
        if more > 0 {
            write!(f, ", and {more} more")?;
        }
        if let Some(remedy) = inner.kind.remedy() {
            write!(f, "; {remedy}")?;
        }
        Ok(())
    }
}

/// An error number by its name where it has one.
struct Code(Errno);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "errno {}", self.0.raw()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("operation", &inner.operation)
            .field("target", &inner.target)
            .field("kind", &inner.kind)
            .field("errno", &inner.errno)
            .field("failures", &inner.failures)
            .field("suppressed", &inner.suppressed)
            .field("resume_token", &inner.resume_token)
            .field("source", &inner.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        use std::io::ErrorKind as Io;
        // Never `Interrupted`: that would be tried again by whoever reads, and there is nothing
        // left to read.
        let kind = match error.kind() {
            ErrorKind::BrokenPipe => Io::BrokenPipe,
            ErrorKind::PermissionDenied | ErrorKind::KeyNotLoaded => Io::PermissionDenied,
            ErrorKind::NoSpace => Io::StorageFull,
            ErrorKind::QuotaExceeded => Io::QuotaExceeded,
            ErrorKind::ReadOnlyPool => Io::ReadOnlyFilesystem,
            ErrorKind::StreamTruncated | ErrorKind::EmptyStream => Io::UnexpectedEof,
            ErrorKind::SourceFailed => Io::ConnectionReset,
            ErrorKind::NotAStream | ErrorKind::BadStream => Io::InvalidData,
            ErrorKind::TimedOut | ErrorKind::Stalled => Io::TimedOut,
            ErrorKind::Unsupported => Io::Unsupported,
            kind if kind.usual_errno().raw() == libc::ENOENT => Io::NotFound,
            kind if kind.usual_errno().raw() == libc::EEXIST => Io::AlreadyExists,
            _ => Io::Other,
        };
        Self::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_send_sync<T: Send + Sync + 'static>() {}

    #[test]
    fn one_line_says_all() {
        is_send_sync::<Error>();
        let error = Error::from_errno(
            Operation::CreateSnapshots,
            "tank/a@s",
            Errno::new(libc::EEXIST),
        );
        assert_eq!(error.kind(), ErrorKind::SnapshotExists);
        assert_eq!(
            error.to_string(),
            "cannot create snapshot tank/a@s: snapshot exists already (EEXIST)"
        );
    }

    #[test]
    fn failures_are_listed_and_the_rest_counted() {
        let failures = (0..5).map(|i| (format!("tank@{i}"), Errno::new(libc::EBUSY)));
        let error = Error::from_errno(
            Operation::DestroySnapshots,
            "5 snapshots",
            Errno::new(libc::EBUSY),
        )
        .with_failures(failures, 7);
        assert_eq!(error.failures().len(), 5);
        assert_eq!(error.failures()[4].kind, ErrorKind::SnapshotHeld);
        let text = error.to_string();
        assert!(text.contains("tank@0: snapshot is held"), "{text}");
        assert!(text.contains("and 9 more"), "{text}");
        assert!(!text.contains('\n'), "{text}");
    }

    #[test]
    fn no_error_is_one_that_a_reader_would_try_again() {
        for operation in [Operation::Send, Operation::Receive] {
            let error = Error::from_errno(operation, "tank@a", Errno::new(libc::EINTR));
            assert_eq!(error.kind(), ErrorKind::Interrupted);
            let io = std::io::Error::from(error);
            assert_eq!(io.kind(), std::io::ErrorKind::Other);
            assert_eq!(io.downcast::<Error>().unwrap().errno().raw(), libc::EINTR);
        }
    }

    #[test]
    fn a_single_failure_gives_the_error_its_kind() {
        let error = Error::from_errno(Operation::CreateSnapshots, "x", Errno::new(libc::EINVAL))
            .with_failures([("tank@a".to_owned(), Errno::new(libc::EEXIST))], 0);
        assert_eq!(error.kind(), ErrorKind::SnapshotExists);
    }
}

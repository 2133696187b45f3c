//! What became of a package that was received.

use crate::error::{Error, Result};
use crate::name::SnapshotName;
use crate::package::{Change, PackageHead};
use crate::receive::Received;

/// What became of a package.
#[derive(Debug)]
#[must_use = "streams may have failed; see all()"]
pub struct ReceivedPackage {
    pub(super) head: PackageHead,
    pub(super) streams: Vec<ReceivedStream>,
    pub(super) changes: Vec<Change>,
    pub(super) interrupted: Option<Error>,
}

impl ReceivedPackage {
    /// What the package says of itself.
    pub fn head(&self) -> &PackageHead {
        &self.head
    }

    /// Each stream, in the order in which they came, and what became of it.
    pub fn streams(&self) -> &[ReceivedStream] {
        &self.streams
    }

    /// What was changed of what was there before, in that order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Why the package could not be read, or gone on with, to its end.
    pub fn interrupted(&self) -> Option<&Error> {
        self.interrupted.as_ref()
    }

    /// Demands that the package came to its end, and all of it was received, with all properties, or
    /// was there before. Of what was to be changed, each has been.
    ///
    /// # Errors
    ///
    /// The first error that there is. What was received stays.
    pub fn all(self) -> Result<Vec<ReceivedStream>> {
        if let Some(error) = self.interrupted {
            return Err(error);
        }
        let mut received = Vec::new();
        for stream in self.streams {
            match stream.outcome {
                StreamOutcome::Failed(error) => return Err(error),
                StreamOutcome::Received(ref properties) => {
                    properties.all()?;
                    if let Some(error) = stream.snapshot_error {
                        return Err(error);
                    }
                }
                StreamOutcome::AlreadyThere | StreamOutcome::Skipped => {}
            }
            received.push(ReceivedStream {
                snapshot_error: None,
                ..stream
            });
        }
        for change in self.changes {
            change.result?;
        }
        Ok(received)
    }
}

/// A stream of a package.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReceivedStream {
    /// The name of the snapshot where it was sent, as the stream has it.
    pub sent: String,
    /// Its name here, if one could be found.
    pub snapshot: Option<SnapshotName>,
    /// What became of it.
    pub outcome: StreamOutcome,
    /// Why the snapshot, which was received, has not the properties or holds that it should have.
    pub snapshot_error: Option<Error>,
}

/// What became of a stream of a package.
#[derive(Debug)]
#[non_exhaustive]
pub enum StreamOutcome {
    /// It was received, if maybe without some property.
    Received(Box<Received>),
    /// The snapshot is there already.
    AlreadyThere,
    /// A stream that it builds on, or that would have made the dataset above, was not received.
    Skipped,
    /// It could not be received.
    Failed(Error),
}

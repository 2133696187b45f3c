//! What a receive came to.

use bstr::{BString, ByteSlice};

use crate::error::{Errno, Error, ErrorKind, Failure, Operation, Result};
use crate::ffi::RawReceived;
use crate::nvlist::Value;
use crate::stream::BeginRecord;

/// What was received.
#[derive(Debug, Clone)]
#[must_use = "properties may not have been set; see all() and property_failures()"]
pub struct Received {
    begin: BeginRecord,
    bytes: u64,
    failures: Vec<Failure>,
    outdated: bool,
}

impl Received {
    pub(super) fn new(begin: BeginRecord, raw: RawReceived) -> Self {
        let property_errors = raw
            .errors
            .into_iter()
            .map(|(name, errno): (BString, Value)| {
                let errno = errno.to_integer().and_then(|n| i32::try_from(n).ok());
                (
                    name.to_str_lossy().into_owned(),
                    Errno::new(errno.unwrap_or(libc::EIO)),
                )
            });
        let failures = Error::from_errno(Operation::SetProperty, "", Errno::new(libc::EINVAL))
            .with_failures(property_errors, 0)
            .failures()
            .to_vec();
        Self {
            begin,
            bytes: raw.bytes,
            failures,
            outdated: raw.outdated_properties,
        }
    }

    /// How many bytes were read behind the first record.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The stream's first record: its GUIDs and features, and whether it is raw.
    pub fn begin(&self) -> &BeginRecord {
        &self.begin
    }

    /// Demands that every property was set or left out as asked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidProperty`] and others, with the properties in
    /// [`Error::failures`](Error::failures). The data was received and stays.
    pub fn all(&self) -> Result<()> {
        let Some(first) = self.failures.first() else {
            if self.outdated {
                let why = "what was received before could not be cleared";
                let kind = ErrorKind::Other;
                return Err(Error::refused(Operation::SetProperty, "", kind, why));
            }
            return Ok(());
        };
        let error = Error::new(
            Operation::SetProperty,
            first.name.as_str(),
            first.kind,
            first.errno,
        );
        let failures = self
            .failures
            .iter()
            .map(|failure| (failure.name.clone(), failure.errno));
        Err(error.with_failures(failures, 0))
    }

    /// Whether the dataset still has properties that it received before and that were to make room
    /// for those of [`received_properties`](crate::ReceiveBuilder::received_properties).
    #[doc(alias = "ZPROP_ERR_NOCLEAR")]
    pub fn has_outdated_properties(&self) -> bool {
        self.outdated
    }

    /// Properties that could not be set or left out. The data was received all the same.
    pub fn property_failures(&self) -> &[Failure] {
        &self.failures
    }
}

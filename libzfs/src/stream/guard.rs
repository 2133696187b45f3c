//! Nothing is let through of a stream that is not what it has to be.

use std::fmt;
use std::io::{self, Read};

use super::pass::{Inspect, Pass};
use super::record::{Place, RECORD_LEN, Record};
use super::summary::StreamEncryption;
use super::{BeginRecord, Features, Limits, StreamError};
use crate::nvlist::NvList;

/// What a stream has to be; anything, until a method is called.
///
/// ```
/// use libzfs::stream::{Features, Require};
///
/// // What a place may be given that is never to see plain text.
/// let require = Require::new().raw().single().known_features();
/// # let _ = require.features(Features::COMPRESSED);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Require {
    raw: bool,
    single: bool,
    features: Features,
    without: Features,
    known: bool,
    to_guid: Option<u64>,
    from_guid: Option<Option<u64>>,
    key_guid: Option<u64>,
}

impl Require {
    /// Requires nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Requires what is in the stream to be encrypted, as it is on disk: that it says that it is raw
    /// and has the parameters of its encryption.
    ///
    /// Names, sizes and times of files are among what is encrypted. The name of the snapshot, the
    /// sizes of blocks, and with a package the properties of its datasets are not.
    #[must_use]
    pub const fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// Requires a single stream, and none that is deduplicated.
    #[must_use]
    pub const fn single(mut self) -> Self {
        self.single = true;
        self
    }

    /// Requires all of these features.
    #[must_use]
    pub fn features(mut self, features: Features) -> Self {
        self.features |= features;
        self
    }

    /// Requires none of these features.
    #[must_use]
    pub fn without(mut self, features: Features) -> Self {
        self.without |= features;
        self
    }

    /// Requires no feature that has no name in [`Features`].
    #[must_use]
    pub const fn known_features(mut self) -> Self {
        self.known = true;
        self
    }

    /// Requires the snapshot with that GUID.
    #[must_use]
    pub const fn to_guid(mut self, guid: u64) -> Self {
        self.to_guid = Some(guid);
        self
    }

    /// Requires an incremental stream from the base with that GUID.
    #[must_use]
    pub const fn from_guid(mut self, guid: u64) -> Self {
        self.from_guid = Some(Some(guid));
        self
    }

    /// Requires a stream that needs no base.
    #[must_use]
    pub const fn full(mut self) -> Self {
        self.from_guid = Some(None);
        self
    }

    /// Requires the data to be encrypted with the key that has that GUID
    /// ([`StreamEncryption::key_guid`]), which raw streams of one dataset have in common.
    #[must_use]
    pub const fn key_guid(mut self, guid: u64) -> Self {
        self.key_guid = Some(guid);
        self
    }

    /// Looks at the first record of a stream and what follows it.
    ///
    /// # Errors
    ///
    /// [`StreamError`] says what the stream is not; [`StreamError::BadBeginPayload`] if it has to be
    /// raw and what follows the record is no nvlist. Bytes are counted from the record on.
    pub fn check(&self, begin: &BeginRecord, payload: &[u8]) -> Result<(), StreamError> {
        if self.single {
            begin.require_single()?;
        }
        let unmet = |at: usize, unmet| {
            let offset = at as u64;
            Err(StreamError::Unmet { offset, unmet })
        };
        let features = begin.features();
        if self.raw && !begin.is_raw() {
            return unmet(BeginRecord::VERSION_AT, Unmet::NotRaw);
        }
        let missing = self.features - features;
        if !missing.is_empty() {
            return unmet(BeginRecord::VERSION_AT, Unmet::Lacks(missing));
        }
        let mut excess = features & self.without;
        if self.known {
            excess |= features.unknown();
        }
        if !excess.is_empty() {
            return unmet(BeginRecord::VERSION_AT, Unmet::Has(excess));
        }
        match self.to_guid {
            Some(expected) if expected != begin.to_guid() => {
                let found = begin.to_guid();
                return unmet(BeginRecord::TO_GUID_AT, Unmet::ToGuid { expected, found });
            }
            _ => {}
        }
        match self.from_guid {
            Some(expected) if expected != begin.from_guid() => {
                let found = begin.from_guid();
                return unmet(
                    BeginRecord::FROM_GUID_AT,
                    Unmet::FromGuid { expected, found },
                );
            }
            _ => {}
        }
        if !self.raw && self.key_guid.is_none() {
            return Ok(());
        }
        let list = match payload {
            [] => NvList::new(),
            payload => NvList::decode(payload).map_err(|error| StreamError::BadBeginPayload {
                start: RECORD_LEN as u64,
                error,
            })?,
        };
        let Some(encryption) = StreamEncryption::from_list(&list) else {
            return unmet(RECORD_LEN, Unmet::NotEncrypted);
        };
        match self.key_guid {
            Some(expected) if expected != encryption.key_guid => {
                let found = encryption.key_guid;
                unmet(RECORD_LEN, Unmet::KeyGuid { expected, found })
            }
            _ => Ok(()),
        }
    }
}

/// What a stream is not that it has to be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unmet {
    /// It is not raw: what is in it is not encrypted.
    #[error("the stream is not raw, as it has to be")]
    NotRaw,
    /// It has no parameters of its encryption, whatever else it says.
    #[error("the stream does not say how it is encrypted, as it has to be")]
    NotEncrypted,
    /// It lacks features.
    #[error("the stream lacks the features {0}")]
    Lacks(Features),
    /// It has features that it may not have.
    #[error("the stream has the features {0}, which it may not have")]
    Has(Features),
    /// It is of another snapshot.
    #[error("the stream is of the snapshot with GUID {found}, and not {expected}")]
    ToGuid {
        /// The GUID that it has to have.
        expected: u64,
        /// The GUID that it has.
        found: u64,
    },
    /// It has another base; `None` stands for no base.
    #[error("the stream is {}, and not {}", from(.found), from(.expected))]
    FromGuid {
        /// The GUID that the base has to have.
        expected: Option<u64>,
        /// The GUID that it has.
        found: Option<u64>,
    },
    /// It is encrypted with another key.
    #[error("the stream is encrypted with the key with GUID {found}, and not {expected}")]
    KeyGuid {
        /// The GUID that it has to have.
        expected: u64,
        /// The GUID that it has.
        found: u64,
    },
}

fn from(guid: &Option<u64>) -> String {
    match guid {
        Some(guid) => format!("from the base with GUID {guid}"),
        None => "of everything".to_owned(),
    }
}

impl Inspect for Require {
    fn record(&mut self, record: &Record<'_>, payload: &[u8]) -> Result<(), StreamError> {
        let Some(begin) = record.begin() else {
            return Ok(());
        };
        let checked = match record.place {
            // What it makes use of is said by its streams.
            Place::PackageHead if self.single => begin.require_single(),
            Place::PackageHead => Ok(()),
            _ => self.check(&begin, payload),
        };
        checked.map_err(|error| match record.offset {
            0 => error,
            start => StreamError::Substream {
                start,
                error: Box::new(error),
            },
        })
    }

    fn payload(&mut self, _: &[u8], _: bool) {}
}

/// Passes a stream or package through unchanged, and refuses it before its first byte if it is not
/// what it has to be.
///
/// In a package each stream is looked at before its own first byte. The head of a package, with the
/// names and properties of its datasets, passes before any of them; require a
/// [single](Require::single) stream where that matters.
///
/// What it goes by is what the stream says of itself. Checksums are not compared: put a
/// [`Verify`](super::Verify) below or above. Errors, ends and reading are as with that.
///
/// ```
/// use std::io;
///
/// use libzfs::stream::{Guard, Require, Verify};
///
/// fn upload(stream: impl io::Read, mut to: impl io::Write) -> io::Result<u64> {
///     let guard = Guard::new(stream, Require::new().raw().single());
///     io::copy(&mut Verify::new(guard), &mut to)
/// }
/// ```
pub struct Guard<R>(Pass<R, Require>);

impl<R> Guard<R> {
    /// Reads a stream from its first byte on.
    pub fn new(inner: R, require: Require) -> Self {
        Self::with_limits(inner, require, Limits::default())
    }

    /// Reads a stream from its first byte on, with these limits on payloads.
    pub const fn with_limits(inner: R, require: Require, limits: Limits) -> Self {
        Self(Pass::new(inner, require, limits))
    }

    /// Whether all of the stream has been passed on.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.0.is_done()
    }

    /// What is read from.
    pub fn into_inner(self) -> R {
        self.0.into_parts().0
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl<R> fmt::Debug for Guard<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(self.0.inspector()).finish()
    }
}

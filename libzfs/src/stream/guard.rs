//! Nothing is let through of a stream that is not what it has to be.

use std::fmt;
use std::io::{self, Read};

use super::begin::begin_list;
use super::pass::{Inspect, Pass};
use super::raw::{self, Dnodes};
use super::record::{Place, RECORD_LEN, Record, RecordType};
use super::{BeginFlags, BeginRecord, Features, HeaderType, Limits, StreamError};

/// What a stream has to be; anything, until a method is called.
///
/// ```
/// use libzfs::stream::{Features, Require};
///
/// // What a place may be given that is never to see plain text.
/// let require = Require::new().raw().known_features();
/// # let _ = require.features(Features::COMPRESSED);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Require {
    raw: bool,
    packages: bool,
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

    /// Requires what is in the stream to be encrypted, as it is on disk: that it says that it is raw,
    /// has the parameters of its encryption, and that each of its records has the form that it has in
    /// such a stream. Nor may it be a package, unless [`packages`](Self::packages) are let through.
    ///
    /// Names, sizes and times of files are among what is encrypted. The name of the snapshot and the
    /// sizes of blocks are not, and neither is what OpenZFS itself only authenticates, such as the
    /// properties of a volume.
    ///
    /// This finds plain text that is there by mistake. Who makes a stream to deceive can put anything
    /// where encrypted bytes are to be, with an authentication code that he makes up: whether it is
    /// right only the key tells.
    #[must_use]
    pub const fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// Lets packages through where what is required is [`raw`](Self::raw): then the streams in them
    /// have to be. The head of a package is not encrypted, and has the names and properties of its
    /// datasets.
    #[must_use]
    pub const fn packages(mut self) -> Self {
        self.packages = true;
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

    /// Requires no feature that no supported release of OpenZFS can receive: none without a name in
    /// [`Features`], and no deduplication.
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

    /// Requires an incremental stream from the base with that GUID; with 0, by which a stream says
    /// that it has no base, one that needs none.
    #[must_use]
    pub const fn from_guid(mut self, guid: u64) -> Self {
        self.from_guid = Some(if guid == 0 { None } else { Some(guid) });
        self
    }

    /// Requires a stream that needs no base.
    #[must_use]
    pub const fn full(mut self) -> Self {
        self.from_guid = Some(None);
        self
    }

    /// Requires a [`raw`](Self::raw) stream that is encrypted with the key that has that GUID
    /// ([`key_guid`](super::summary::StreamEncryption::key_guid)), which raw streams of one dataset
    /// have in common.
    #[must_use]
    pub const fn key_guid(mut self, guid: u64) -> Self {
        self.key_guid = Some(guid);
        self
    }

    const fn requires_raw(&self) -> bool {
        self.raw || self.key_guid.is_some()
    }

    /// Whether what nothing can receive is refused.
    const fn refuses_dedup(&self) -> bool {
        self.single || self.known || self.requires_raw()
    }

    /// Whether anything is required.
    fn requires(&self) -> bool {
        let nothing = Self {
            packages: self.packages,
            ..Self::default()
        };
        *self != nothing
    }

    /// The features that may not be.
    fn excess(&self, features: Features) -> Features {
        let excess = features & self.without;
        if self.known {
            excess | features.unknown()
        } else {
            excess
        }
    }

    /// Looks at the first record of a stream or package and what follows it.
    ///
    /// Of a package it is what can be said before its streams are looked at: that it may be one, its
    /// features, and that what follows is an nvlist. The records of a raw stream are looked at by a
    /// [`Guard`] only.
    ///
    /// # Errors
    ///
    /// [`StreamError`] says what the stream is not; [`StreamError::BadBeginPayload`] if it has to be
    /// raw, or is a package, and what follows the record is no nvlist. Bytes are counted from the
    /// record on.
    pub fn check(&self, begin: &BeginRecord, payload: &[u8]) -> Result<(), StreamError> {
        let is_package = begin.header_type() == HeaderType::Compound;
        if is_package && (self.single || self.requires_raw() && !self.packages) {
            return Err(StreamError::Package);
        }
        let dedup = Features::DEDUP | Features::DEDUP_PROPS;
        if self.refuses_dedup() && begin.features().intersects(dedup) {
            return Err(StreamError::Dedup);
        }
        let unmet = |at: usize, unmet| {
            let offset = at as u64;
            Err(StreamError::Unmet { offset, unmet })
        };
        let features = begin.features();
        let excess = self.excess(features);
        if !excess.is_empty() {
            return unmet(BeginRecord::VERSION_AT, Unmet::Has(excess));
        }
        if is_package {
            // Nothing else is known of what its streams are.
            return match self.requires() {
                true => begin_list(payload, 0).map(drop),
                false => Ok(()),
            };
        }
        if self.requires_raw() {
            raw::check_fields(begin)?;
        }
        let missing = self.features - features;
        if !missing.is_empty() {
            return unmet(BeginRecord::VERSION_AT, Unmet::Lacks(missing));
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
        if !self.requires_raw() {
            return Ok(());
        }
        let encryption = raw::check_keys(&begin_list(payload, 0)?)?;
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
    /// What it says of its encryption is not what a receiver takes.
    #[error("{entry} is missing or wrong in what the stream says of its encryption")]
    BadEncryption {
        /// The entry of `crypt_keydata`.
        entry: &'static str,
    },
    /// It lacks flags that it has to have.
    #[error("the stream lacks the flags {0}")]
    LacksFlags(BeginFlags),
    /// A record is not as in a stream that is what it has to be.
    #[error("a record of type {record_type} {why}")]
    Record {
        /// The type of the record.
        record_type: RecordType,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It is a package without a stream, of which nothing can be said.
    #[error("the package has no stream that could be what it has to be")]
    NoStream,
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

/// Looks at a stream as it is required.
#[derive(Debug)]
struct Requiring {
    require: Require,
    dnodes: Dnodes,
    /// Whether a stream has begun.
    has_stream: bool,
}

impl Requiring {
    /// The first record of a stream or package.
    fn begin(&self, begin: &BeginRecord, start: u64, payload: &[u8]) -> Result<(), StreamError> {
        self.require
            .check(begin, payload)
            .map_err(|error| match start {
                0 => error,
                start => StreamError::Substream {
                    start,
                    error: Box::new(error),
                },
            })
    }
}

impl Inspect for Requiring {
    fn holds_head(&self) -> bool {
        self.require.requires()
    }

    fn record(&mut self, record: &Record<'_>, payload: &[u8]) -> Result<(), StreamError> {
        if let Some(begin) = record.begin() {
            self.begin(&begin, record.offset, payload)?;
            self.dnodes = Dnodes::default();
            self.has_stream |= record.place == Place::Stream;
            return Ok(());
        }
        if record.place == Place::PackageEnd && self.require.requires() && !self.has_stream {
            return Err(StreamError::Unmet {
                offset: record.offset,
                unmet: Unmet::NoStream,
            });
        }
        if record.record_type == RecordType::WriteByRef && self.require.refuses_dedup() {
            let why = "has a block that is elsewhere, in a stream that may not be deduplicated";
            return Err(raw::unfit(record, 0, why));
        }
        if record.place == Place::Stream && self.require.requires_raw() {
            self.dnodes.check(record)?;
        }
        Ok(())
    }

    fn payload(&mut self, _: &[u8], _: bool) {}
}

/// Passes a stream or package through unchanged, and refuses it before its first byte if it does not
/// begin as what it has to be.
///
/// In a package each stream is looked at before its own first byte, and its head passes when its first
/// stream may: up to then it is in memory, which [`Limits::package`] bounds. Where a
/// [raw](Require::raw) stream is required each record is looked at, and none passes that is not as in
/// such a stream.
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
///     let guard = Guard::new(stream, Require::new().raw());
///     io::copy(&mut Verify::new(guard), &mut to)
/// }
/// ```
pub struct Guard<R>(Pass<R, Requiring>);

impl<R> Guard<R> {
    /// Reads a stream from its first byte on.
    pub fn new(inner: R, require: Require) -> Self {
        Self::with_limits(inner, require, Limits::default())
    }

    /// Reads a stream from its first byte on, with these limits on payloads.
    pub const fn with_limits(inner: R, require: Require, limits: Limits) -> Self {
        let inspect = Requiring {
            require,
            dnodes: Dnodes { first: 0, slots: 0 },
            has_stream: false,
        };
        Self(Pass::new(inner, inspect, limits))
    }

    /// Takes it for the end of a single stream that what is read from ends behind a record, as is
    /// so with what an interrupted receive has left (`zfs send -S`, `Zfs::send_saved`): the kernel
    /// leaves out the record that ends it. Whether more was to come is then not known.
    #[must_use]
    pub fn without_end(mut self) -> Self {
        self.0.takes_no_end();
        self
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
        let require = &self.0.inspector().require;
        f.debug_tuple("Guard").field(require).finish()
    }
}

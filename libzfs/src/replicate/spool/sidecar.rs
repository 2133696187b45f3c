//! What lies beside a stream in a spool.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::{DatasetName, NameError};
use crate::replicate::Marks;

/// How long a sidecar may be, in bytes: three names, and a few numbers.
pub const MAX_SIDECAR_LEN: usize = 8 << 10;

/// The only version that there is so far.
const VERSION: u32 = 1;

/// What the receiver has to know of a stream in a spool: a JSON object, for people to read as well.
///
/// GUIDs are texts in it, since many that read JSON have no integers of 64 bits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Sidecar {
    version: u32,
    /// Under which marks it was sent, and so to which destination.
    pub set: Marks,
    /// Of two streams of one dataset the later one has the higher number. It is the transaction group
    /// of the snapshot on the sender.
    pub sequence: u64,
    /// The dataset on the sender.
    pub source: DatasetName,
    /// The copy, by its name below the receiver's prefix.
    pub destination: RelativeName,
    /// The name of the snapshot behind the `@`.
    pub snapshot: String,
    /// Its GUID.
    #[serde(with = "decimal")]
    pub guid: u64,
    /// What the stream goes on from; nothing for a full one.
    pub base: Option<SidecarBase>,
    /// Whether it is raw, which it has to be.
    pub raw: bool,
    /// How many bytes the stream has.
    pub stream_bytes: u64,
    /// How many bytes the file has.
    pub file_bytes: u64,
    /// The digest of the file.
    pub sha256: Sha256Digest,
    /// What the file is, once it went through the receiver's filter.
    pub compression: Compression,
    /// Whether the stream went through a filter behind the compression.
    pub filtered: bool,
    /// When it was written, in seconds since 1970.
    pub created: u64,
}

/// What a stream in a spool goes on from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SidecarBase {
    /// The GUID of the snapshot.
    #[serde(with = "decimal")]
    pub guid: u64,
    /// Whether the stream makes a clone of it, and does not go on with the copy that has it.
    pub clone: bool,
}

/// How a stream in a spool is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// As zstd does it.
    Zstd,
}

/// Why a text is no sidecar.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SidecarError {
    /// It is longer than any.
    #[error("it has more than {MAX_SIDECAR_LEN} bytes")]
    TooLong,
    /// It has another form.
    #[error("{0}")]
    Json(String),
    /// It is of a version that is not known here.
    #[error("it is of version {0}, and only {VERSION} is known here")]
    Version(u32),
    /// Something in it cannot be.
    #[error("{0}")]
    Nonsense(&'static str),
}

impl Sidecar {
    /// What is known before the stream is written.
    #[cfg(feature = "replicate")]
    pub(super) fn new(
        set: &Marks,
        snapshot: &crate::name::SnapshotName,
        guid: u64,
        destination: RelativeName,
    ) -> Self {
        Self {
            version: VERSION,
            set: set.clone(),
            sequence: 0,
            source: snapshot.dataset().clone(),
            destination,
            snapshot: snapshot.short_name().to_owned(),
            guid,
            base: None,
            raw: true,
            stream_bytes: 0,
            file_bytes: 0,
            sha256: Sha256Digest([0; 32]),
            compression: Compression::None,
            filtered: false,
            created: 0,
        }
    }

    /// Reads one.
    ///
    /// # Errors
    ///
    /// [`SidecarError`] if it is none that could be right.
    pub fn parse(bytes: &[u8]) -> Result<Self, SidecarError> {
        /// What all versions have.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }

        if bytes.len() > MAX_SIDECAR_LEN {
            return Err(SidecarError::TooLong);
        }
        let json = |error: serde_json::Error| SidecarError::Json(error.to_string());
        let Versioned { version } = serde_json::from_slice(bytes).map_err(json)?;
        if version != VERSION {
            return Err(SidecarError::Version(version));
        }
        let sidecar: Self = serde_json::from_slice(bytes).map_err(json)?;
        sidecar.check()?;
        Ok(sidecar)
    }

    fn check(&self) -> Result<(), SidecarError> {
        // ZFS begins so the names that it makes for itself.
        if self.snapshot.contains('%') || self.source.snapshot(&self.snapshot).is_err() {
            return Err(SidecarError::Nonsense("the snapshot's name is none"));
        }
        // By 0 streams say that they have no base.
        if self.guid == 0 || self.base.is_some_and(|base| base.guid == 0) {
            return Err(SidecarError::Nonsense("no snapshot has the GUID 0"));
        }
        if self.base.is_some_and(|base| base.guid == self.guid) {
            return Err(SidecarError::Nonsense("the snapshot is its own base"));
        }
        Ok(())
    }

    /// The text of it.
    ///
    /// # Panics
    ///
    /// Never.
    pub fn to_json(&self) -> String {
        #[expect(clippy::expect_used, reason = "it has no maps, and writes to memory")]
        let mut text = serde_json::to_string_pretty(self).expect("a sidecar is JSON");
        text.push('\n');
        text
    }
}

/// The name of a dataset below another one that only the receiver knows, such as `prod/db`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelativeName(String);

impl RelativeName {
    /// The name, which has at least one component and no `%`, by which ZFS begins names of its own.
    ///
    /// # Errors
    ///
    /// There could be no such dataset.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        // A pool's name is as short as can be; where it is longer, that is found out there.
        let whole: DatasetName = format!("p/{name}").parse()?;
        match whole.as_str().contains('%') {
            true => Err(NameError::new(
                "dataset name",
                &name,
                crate::name::NameErrorReason::InvalidCharacter('%'),
            )),
            false => Ok(Self(name)),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The dataset of that name below this one.
    ///
    /// # Errors
    ///
    /// The whole is too long or too deep.
    pub fn below(&self, prefix: &DatasetName) -> Result<DatasetName, NameError> {
        prefix.child(&self.0)
    }
}

impl TryFrom<String> for RelativeName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl From<RelativeName> for String {
    fn from(name: RelativeName) -> Self {
        name.0
    }
}

impl fmt::Display for RelativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A digest, as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Digest(pub [u8; 32]);

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Sha256Digest> for String {
    fn from(digest: Sha256Digest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for Sha256Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        const NONE: &str = "a digest has 64 hexadecimal digits";
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(NONE),
        };
        let mut digest = [0; 32];
        if text.len() != 2 * digest.len() {
            return Err(NONE);
        }
        for (byte, digits) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = (digit(digits[0])? << 4) | digit(digits[1])?;
        }
        Ok(Self(digest))
    }
}

/// A number as a text.
mod decimal {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;

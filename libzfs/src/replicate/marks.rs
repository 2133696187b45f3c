//! The names of what a replication leaves behind on both sides.

use std::fmt;

use crate::name::{BookmarkName, DatasetName, HoldTag, NameError};

/// What the snapshots are marked with that a replication goes on from.
///
/// A set of marks belongs to one source and one destination: whoever feeds several destinations has
/// one for each.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Marks(String);

/// How long the name of a set of marks may be.
const MAX_MARKS: usize = 32;

/// What the name of marks of what was begun ends with.
const BEGUN: &str = ".begun";

impl Marks {
    /// What the tags, the properties and the names of the bookmarks begin with.
    pub const PREFIX: &str = "zvault:";

    /// The marks of that name, which has up to 32 of `a` to `z`, `0` to `9`, `-` and `_`.
    ///
    /// # Errors
    ///
    /// [`InvalidMarks`] if it has not.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidMarks> {
        let name = name.into();
        let is_good =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if name.is_empty() || name.len() > MAX_MARKS || !name.bytes().all(is_good) {
            return Err(InvalidMarks(name));
        }
        Ok(Self(name))
    }

    /// Their name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag of the holds.
    ///
    /// # Panics
    ///
    /// Never: the name is short.
    pub fn tag(&self) -> HoldTag {
        #[expect(clippy::expect_used, reason = "the name was checked")]
        format!("{}{}", Self::PREFIX, self.0)
            .parse()
            .expect("a short name is a tag")
    }

    /// The bookmark of a snapshot of the source.
    ///
    /// # Errors
    ///
    /// If the dataset's name leaves no room for it.
    pub fn bookmark(&self, dataset: &DatasetName, guid: u64) -> Result<BookmarkName, NameError> {
        dataset.bookmark(&format!("{}{guid:016x}", self.bookmark_prefix()))
    }

    /// Another bookmark of a snapshot, with a number that no other has. Bookmarks move when a clone is
    /// promoted, and the kernel panics where there is one of that name.
    #[cfg(feature = "replicate")]
    pub(super) fn extra_bookmark(
        &self,
        dataset: &DatasetName,
        guid: u64,
        number: u64,
    ) -> Result<BookmarkName, NameError> {
        dataset.bookmark(&format!(
            "{}{guid:016x}:{number:016x}",
            self.bookmark_prefix()
        ))
    }

    /// Whether a bookmark of a snapshot with this GUID, by its name behind the `#`, is one of these marks.
    pub fn is_bookmark(&self, name: &str, guid: u64) -> bool {
        let is_number = |text: &str| {
            let mut digits = text.bytes();
            text.len() == 16 && digits.all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        };
        let rest = name.strip_prefix(&self.bookmark_prefix());
        let rest = rest.and_then(|rest| rest.strip_prefix(&format!("{guid:016x}")));
        rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':').is_some_and(is_number))
    }

    /// What the names of the bookmarks begin with; the GUID follows, in 16 hexadecimal digits, and maybe
    /// another number behind a `:`.
    pub fn bookmark_prefix(&self) -> String {
        format!("{}{}:", Self::PREFIX, self.0)
    }

    /// The marks of what was begun under these and may be on its way, of which nobody can have the
    /// name otherwise.
    #[cfg(feature = "replicate")]
    pub(super) fn begun(&self) -> Self {
        Self(format!("{}{BEGUN}", self.0))
    }

    /// The user property of a copy in which is kept what was last seen of it.
    pub fn property(&self) -> String {
        format!("{}{}", Self::PREFIX, self.0)
    }
}

/// A name that marks cannot have.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is not up to 32 of a to z, 0 to 9, '-' and '_'")]
pub struct InvalidMarks(String);

impl TryFrom<String> for Marks {
    type Error = InvalidMarks;

    fn try_from(name: String) -> Result<Self, InvalidMarks> {
        match name.strip_suffix(BEGUN) {
            Some(marks) => Self::new(marks).map(|_| Self(name)),
            None => Self::new(name),
        }
    }
}

impl From<Marks> for String {
    fn from(marks: Marks) -> Self {
        marks.0
    }
}

impl std::str::FromStr for Marks {
    type Err = InvalidMarks;

    fn from_str(name: &str) -> Result<Self, InvalidMarks> {
        Self::new(name)
    }
}

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

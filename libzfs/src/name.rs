//! Names of pools, datasets, snapshots and bookmarks, checked before anything in C sees them.
//!
//! `libzfs_core` copies names into buffers of 256 bytes and cuts what does not fit, so that a
//! name that is too long may act on *another dataset*. Of these types no such value exists: a
//! name that parsed is one that the kernel reads to its end.
//!
//! ```
//! use libzfs::{DatasetName, SnapshotName};
//!
//! let prod: DatasetName = "tank/prod".parse()?;
//! let snap: SnapshotName = prod.snapshot("rep-1")?;
//! assert_eq!(snap.as_str(), "tank/prod@rep-1");
//! assert_eq!(snap.dataset(), &prod);
//! assert!("tank/prod@a@b".parse::<SnapshotName>().is_err());
//! # Ok::<(), libzfs::NameError>(())
//! ```

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The longest name of a dataset, snapshot or bookmark, in bytes
/// (`ZFS_MAX_DATASET_NAME_LEN` less its terminating NUL).
pub const MAX_NAME_LEN: usize = 255;

/// The longest name of a pool, in bytes: the pool's internal `$ORIGIN@$ORIGIN` must still fit.
pub const MAX_POOL_NAME_LEN: usize = 239;

/// How many `/` a name can have at most with the module's default `zfs_max_dataset_nesting` (50).
pub const MAX_NESTING: usize = 49;

/// Why a text is no name of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason} in the {what} {name:?}")]
pub struct NameError {
    what: &'static str,
    name: Box<str>,
    reason: NameErrorReason,
}

impl NameError {
    pub(crate) fn new(what: &'static str, name: &str, reason: NameErrorReason) -> Self {
        // An absurdly long name must not make an absurdly long message.
        let shown = match name.char_indices().nth(300) {
            Some((end, _)) => format!("{}…", &name[..end]),
            None => name.to_owned(),
        };
        Self {
            what,
            name: shown.into(),
            reason,
        }
    }

    /// What is wrong with the name.
    pub fn reason(&self) -> NameErrorReason {
        self.reason
    }

    /// The text that was refused (cut after 300 characters).
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What is wrong with a name; see [`NameError::reason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameErrorReason {
    /// Nothing, or nothing between two separators.
    #[error("empty component")]
    EmptyComponent,
    /// More bytes than fit.
    #[error("{len} bytes where at most {max} fit")]
    TooLong {
        /// The length in bytes.
        len: usize,
        /// The longest that would fit.
        max: usize,
    },
    /// More `/` than OpenZFS allows by default.
    #[error("{depth} levels below the pool where at most {max} are allowed")]
    TooDeep {
        /// The number of `/`.
        depth: usize,
        /// The most that are allowed.
        max: usize,
    },
    /// A character that ZFS does not allow: letters, digits and `-_.: %` are.
    #[error("character {0:?} is not allowed")]
    InvalidCharacter(char),
    /// A component that is `.` or `..`.
    #[error("component \".\" or \"..\" is not allowed")]
    RelativeComponent,
    /// A pool name must begin with a letter.
    #[error("a pool's name begins with a letter; this is not so")]
    PoolNotALetter,
    /// `mirror`, `raidz` and `draid` name kinds of vdevs.
    #[error("reserved word")]
    PoolReserved,
    /// A snapshot name needs one `@`, a bookmark name one `#`.
    #[error("missing {0:?}")]
    MissingDelimiter(char),
    /// `@` or `#` where a name of another kind is wanted, or more than one of them.
    #[error("unexpected {0:?}")]
    UnexpectedDelimiter(char),
    /// A hold tag or property name that is not of the form that ZFS allows.
    #[error("not of the allowed form")]
    Malformed,
}

use NameErrorReason as Reason;

fn allowed(c: char) -> bool {
    // `%` begins the names that ZFS makes for itself (`%recv`): nobody creates them by hand, but
    // they exist and have to be nameable.
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | ' ' | '%')
}

fn check_chars(text: &str) -> Result<(), Reason> {
    match text.chars().find(|&c| !allowed(c)) {
        Some(c @ ('@' | '#' | '/')) => Err(Reason::UnexpectedDelimiter(c)),
        Some(c) => Err(Reason::InvalidCharacter(c)),
        None => Ok(()),
    }
}

fn check_pool(text: &str) -> Result<(), Reason> {
    if text.is_empty() {
        return Err(Reason::EmptyComponent);
    }
    if text.len() > MAX_POOL_NAME_LEN {
        return Err(Reason::TooLong {
            len: text.len(),
            max: MAX_POOL_NAME_LEN,
        });
    }
    check_chars(text)?;
    if let Some(c) = text.chars().find(|&c| c == '%') {
        return Err(Reason::InvalidCharacter(c));
    }
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(Reason::PoolNotALetter);
    }
    if matches!(text, "mirror" | "raidz" | "draid") {
        return Err(Reason::PoolReserved);
    }
    Ok(())
}

fn check_len(text: &str) -> Result<(), Reason> {
    if text.len() > MAX_NAME_LEN {
        return Err(Reason::TooLong {
            len: text.len(),
            max: MAX_NAME_LEN,
        });
    }
    Ok(())
}

fn check_dataset(text: &str) -> Result<(), Reason> {
    check_len(text)?;
    for (i, component) in text.split('/').enumerate() {
        if component.is_empty() {
            return Err(Reason::EmptyComponent);
        }
        check_chars(component)?;
        if matches!(component, "." | "..") {
            return Err(Reason::RelativeComponent);
        }
        if i == 0 {
            check_pool(component)?;
        }
    }
    let depth = text.matches('/').count();
    if depth > MAX_NESTING {
        return Err(Reason::TooDeep {
            depth,
            max: MAX_NESTING,
        });
    }
    Ok(())
}

/// Splits `dataset@short` or `dataset#short` and checks both halves.
fn check_delimited(text: &str, delimiter: char) -> Result<usize, Reason> {
    check_len(text)?;
    let at = text
        .find(delimiter)
        .ok_or(Reason::MissingDelimiter(delimiter))?;
    check_dataset(&text[..at])?;
    let short = &text[at + 1..];
    if short.is_empty() {
        return Err(Reason::EmptyComponent);
    }
    check_chars(short)?;
    Ok(at)
}

macro_rules! text_traits {
    ($name:ident) => {
        impl $name {
            /// The whole name.
            pub fn as_str(&self) -> &str {
                self.as_ref()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.as_str())
            }
        }

        impl TryFrom<&str> for $name {
            type Error = NameError;

            fn try_from(text: &str) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<&$name> for $name {
            fn from(name: &$name) -> Self {
                name.clone()
            }
        }

        /// The whole name.
        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// The name of a pool, such as `tank`.
///
/// At most [`MAX_POOL_NAME_LEN`] bytes, begins with a letter.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PoolName(Box<str>);

impl PoolName {
    /// The pool's root dataset, which has the same name.
    pub fn root(&self) -> DatasetName {
        DatasetName(self.0.clone())
    }
}

impl FromStr for PoolName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        check_pool(text).map_err(|reason| NameError::new("pool name", text, reason))?;
        Ok(Self(text.into()))
    }
}

impl AsRef<str> for PoolName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

text_traits!(PoolName);

/// The name of a file system or a volume, such as `tank/prod/db`.
///
/// At most [`MAX_NAME_LEN`] bytes and [`MAX_NESTING`] levels below the pool.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DatasetName(Box<str>);

impl DatasetName {
    /// The pool that the dataset is in.
    pub fn pool(&self) -> PoolName {
        let end = self.0.find('/').unwrap_or(self.0.len());
        PoolName(self.0[..end].into())
    }

    /// The dataset above this one; a pool's root dataset has none.
    pub fn parent(&self) -> Option<Self> {
        self.0.rfind('/').map(|end| Self(self.0[..end].into()))
    }

    /// The dataset `name` below this one; `name` can have several components.
    ///
    /// # Errors
    ///
    /// The result would be no dataset's name.
    pub fn child(&self, name: &str) -> Result<Self, NameError> {
        format!("{self}/{name}").parse()
    }

    /// The name of this dataset's snapshot `short`.
    ///
    /// # Errors
    ///
    /// The result would be no snapshot's name: `short` is empty, has a character that is not
    /// allowed, or the whole is too long.
    pub fn snapshot(&self, short: &str) -> Result<SnapshotName, NameError> {
        format!("{self}@{short}").parse()
    }

    /// The name of this dataset's bookmark `short`.
    ///
    /// # Errors
    ///
    /// As for [`snapshot`](Self::snapshot).
    pub fn bookmark(&self, short: &str) -> Result<BookmarkName, NameError> {
        format!("{self}#{short}").parse()
    }

    /// Whether this is `other` or somewhere below it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0
            .strip_prefix(&*other.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl FromStr for DatasetName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        check_dataset(text).map_err(|reason| NameError::new("dataset name", text, reason))?;
        Ok(Self(text.into()))
    }
}

impl AsRef<str> for DatasetName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<PoolName> for DatasetName {
    fn from(pool: PoolName) -> Self {
        Self(pool.0)
    }
}

text_traits!(DatasetName);

macro_rules! delimited_name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $delimiter:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name {
            dataset: DatasetName,
            whole: Box<str>,
        }

        impl $name {
            /// The dataset that it belongs to.
            pub fn dataset(&self) -> &DatasetName {
                &self.dataset
            }

            /// The pool that it is in.
            pub fn pool(&self) -> PoolName {
                self.dataset.pool()
            }

            #[doc = concat!("The part behind the `", $delimiter, "`.")]
            pub fn short_name(&self) -> &str {
                &self.whole[self.dataset.0.len() + 1..]
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let at = check_delimited(text, $delimiter)
                    .map_err(|reason| NameError::new($what, text, reason))?;
                Ok(Self { dataset: DatasetName(text[..at].into()), whole: text.into() })
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.whole
            }
        }

        text_traits!($name);
    };
}

delimited_name! {
    /// The name of a snapshot, such as `tank/prod@rep-1`.
    SnapshotName, "snapshot name", '@'
}

delimited_name! {
    /// The name of a bookmark, such as `tank/prod#rep-1`.
    BookmarkName, "bookmark name", '#'
}

/// What an incremental send starts from: a snapshot, or the bookmark of one that may be gone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum IncrementalSource {
    /// A snapshot that still exists on the source.
    Snapshot(SnapshotName),
    /// A bookmark; the snapshot that it was made from may have been destroyed.
    Bookmark(BookmarkName),
}

impl IncrementalSource {
    /// The whole name, with its `@` or `#`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Snapshot(name) => name.as_str(),
            Self::Bookmark(name) => name.as_str(),
        }
    }

    /// The dataset that it belongs to.
    pub fn dataset(&self) -> &DatasetName {
        match self {
            Self::Snapshot(name) => name.dataset(),
            Self::Bookmark(name) => name.dataset(),
        }
    }
}

impl fmt::Display for IncrementalSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl AsRef<str> for IncrementalSource {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

macro_rules! incremental_source_from {
    ($name:ident, $variant:ident) => {
        impl From<$name> for IncrementalSource {
            fn from(name: $name) -> Self {
                Self::$variant(name)
            }
        }

        impl From<&$name> for IncrementalSource {
            fn from(name: &$name) -> Self {
                Self::$variant(name.clone())
            }
        }
    };
}

incremental_source_from!(SnapshotName, Snapshot);
incremental_source_from!(BookmarkName, Bookmark);

impl FromStr for IncrementalSource {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.contains('#') {
            text.parse().map(Self::Bookmark)
        } else {
            text.parse().map(Self::Snapshot)
        }
    }
}

/// The tag of a user hold: 1 to 255 bytes without NUL.
///
/// `zfs hold` refuses a tag that begins with `.`, which is kept for ZFS itself; so does this type.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HoldTag(Box<str>);

impl FromStr for HoldTag {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let reason = if text.is_empty() {
            Reason::EmptyComponent
        } else if text.len() > MAX_NAME_LEN {
            Reason::TooLong {
                len: text.len(),
                max: MAX_NAME_LEN,
            }
        } else if text.starts_with('.') || text.contains('\0') {
            Reason::Malformed
        } else {
            return Ok(Self(text.into()));
        };
        Err(NameError::new("hold tag", text, reason))
    }
}

impl AsRef<str> for HoldTag {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

text_traits!(HoldTag);

/// Checks that `text` is a user property's name: lower-case letters, digits and `:+._-`, at
/// least one `:`, not beginning with `-`, at most 255 bytes.
///
/// # Errors
///
/// It is not.
pub fn check_user_property(text: &str) -> Result<(), NameError> {
    let error = |reason| Err(NameError::new("user property name", text, reason));
    if text.is_empty() {
        return error(Reason::EmptyComponent);
    }
    if text.len() > MAX_NAME_LEN {
        return error(Reason::TooLong {
            len: text.len(),
            max: MAX_NAME_LEN,
        });
    }
    let valid = |c: char| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, ':' | '+' | '.' | '_' | '-')
    };
    if let Some(c) = text.chars().find(|&c| !valid(c)) {
        return error(Reason::InvalidCharacter(c));
    }
    if !text.contains(':') || text.starts_with('-') {
        return error(Reason::Malformed);
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! Where `zfs load-key` looks for a key.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

/// The longest `keylocation` in bytes that the programs of all releases can read. The kernel does
/// not look at the length before it stores a new key, and panics over one of 8192 bytes.
const MAX_LEN: usize = 4095;

/// The property `keylocation` of an encryption root.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyLocation {
    /// Whoever loads the key has to give it.
    Prompt,
    /// A file, by its absolute path. In the property it is written behind `file://`, with no
    /// character escaped.
    File(PathBuf),
    /// A URL that begins with `https://` or `http://`.
    Url(String),
}

/// A text that is no `keylocation` of a dataset with a key of its own.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no keylocation")]
pub struct KeyLocationError(String);

impl FromStr for KeyLocation {
    type Err = KeyLocationError;

    fn from_str(text: &str) -> Result<Self, KeyLocationError> {
        let has_rest = |scheme| {
            text.strip_prefix(scheme)
                .is_some_and(|rest| !rest.is_empty())
        };
        let path = text.strip_prefix("file://").unwrap_or_default();
        if text.len() > MAX_LEN || text.contains('\0') {
            Err(KeyLocationError(text.chars().take(100).collect()))
        } else if text == "prompt" {
            Ok(Self::Prompt)
        } else if path.len() > 1 && Path::new(path).is_absolute() {
            Ok(Self::File(path.into()))
        } else if has_rest("https://") || has_rest("http://") {
            Ok(Self::Url(text.to_owned()))
        } else {
            Err(KeyLocationError(text.chars().take(100).collect()))
        }
    }
}

impl fmt::Display for KeyLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prompt => f.pad("prompt"),
            Self::File(path) => write!(f, "file://{}", path.display()),
            Self::Url(url) => f.pad(url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_what_zfs_takes_for_one() {
        let parsed = |text: &str| text.parse::<KeyLocation>().ok();
        assert_eq!(parsed("prompt"), Some(KeyLocation::Prompt));
        let file = KeyLocation::File("/etc/key%20 of all".into());
        assert_eq!(parsed("file:///etc/key%20 of all"), Some(file));
        let url = KeyLocation::Url("https://keys/a".into());
        assert_eq!(parsed("https://keys/a"), Some(url));
        for text in [
            "none",
            "",
            "/key",
            "file://",
            "file:///",
            "file://key",
            "https://",
            "a\0b",
        ] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
        let long = |len| format!("file:///{}", "k".repeat(len - "file:///".len()));
        assert!(parsed(&long(4095)).is_some());
        assert!(parsed(&long(4096)).is_none());
    }

    #[test]
    fn a_location_is_written_as_it_was_read() {
        for text in ["prompt", "file:///a b", "http://h/x"] {
            assert_eq!(text.parse::<KeyLocation>().unwrap().to_string(), text);
        }
    }
}

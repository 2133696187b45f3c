//! What a resume token is expected to say.

use bstr::{BString, ByteSlice};

use super::ResumeToken;

/// What a resume token is expected to say; nothing, until a method is called.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expectation {
    dataset: Option<BString>,
    to_guid: Option<u64>,
    from_guid: Option<Option<u64>>,
    raw: Option<bool>,
    redact_snaps: Option<Option<Vec<u64>>>,
    book_redact_snaps: Option<Option<Vec<u64>>>,
}

impl Expectation {
    /// Expects nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects a snapshot of that dataset, by the name it had on the sender.
    #[must_use]
    pub fn dataset(mut self, name: impl Into<BString>) -> Self {
        self.dataset = Some(name.into());
        self
    }

    /// Expects the snapshot with that GUID.
    #[must_use]
    pub const fn to_guid(mut self, guid: u64) -> Self {
        self.to_guid = Some(guid);
        self
    }

    /// Expects an incremental transfer from the base with that GUID; with 0, which says that there
    /// is none, a full one.
    #[must_use]
    pub const fn from_guid(mut self, guid: u64) -> Self {
        self.from_guid = Some(if guid == 0 { None } else { Some(guid) });
        self
    }

    /// Expects a full transfer.
    #[must_use]
    pub const fn full(mut self) -> Self {
        self.from_guid = Some(None);
        self
    }

    /// Expects a raw transfer, or one that is not.
    #[must_use]
    pub const fn raw(mut self, raw: bool) -> Self {
        self.raw = Some(raw);
        self
    }

    /// Expects what is sent to be redacted by exactly the snapshots with these GUIDs, in any order.
    ///
    /// Without this a token may leave redaction out, and all is sent.
    #[must_use]
    pub fn redacted_by(mut self, guids: impl Into<Vec<u64>>) -> Self {
        self.redact_snaps = Some(Some(sorted(guids.into())));
        self
    }

    /// Expects that nothing is redacted.
    #[must_use]
    pub fn not_redacted(mut self) -> Self {
        self.redact_snaps = Some(None);
        self
    }

    /// Expects the base to be a redaction bookmark of exactly the snapshots with these GUIDs, in any
    /// order.
    #[must_use]
    pub fn base_redacted_by(mut self, guids: impl Into<Vec<u64>>) -> Self {
        self.book_redact_snaps = Some(Some(sorted(guids.into())));
        self
    }

    /// Expects that there is no redaction bookmark that is the base.
    #[must_use]
    pub fn base_not_redacted(mut self) -> Self {
        self.book_redact_snaps = Some(None);
        self
    }
}

fn sorted(mut guids: Vec<u64>) -> Vec<u64> {
    guids.sort_unstable();
    guids
}

/// What in a resume token is not as expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenMismatch {
    /// It is for a snapshot of another dataset.
    #[error("the resume token is for {found:?}, which is no snapshot of {expected:?}")]
    Dataset {
        /// The dataset's name.
        expected: BString,
        /// The snapshot's name in the token.
        found: BString,
    },
    /// It is for another snapshot.
    #[error("the resume token is for the snapshot with GUID {found}, and not {expected}")]
    ToGuid {
        /// The GUID expected.
        expected: u64,
        /// The GUID in the token.
        found: u64,
    },
    /// It is for a transfer from another base; `None` stands for a full one.
    #[error(
        "the resume token is for a transfer {}, and not {}",
        from(.found), from(.expected)
    )]
    FromGuid {
        /// The GUID expected.
        expected: Option<u64>,
        /// The GUID in the token.
        found: Option<u64>,
    },
    /// It is for a raw transfer and should not be, or the other way round.
    #[error(
        "the resume token is for a transfer that is {}raw, which it should {}be",
        if *.expected { "not " } else { "" }, if *.expected { "" } else { "not " }
    )]
    Raw {
        /// Whether a raw one is expected.
        expected: bool,
    },
    /// It is for a transfer redacted by other snapshots; `None` stands for one that is not redacted.
    #[error(
        "the resume token is for a transfer {}, where one {} is expected",
        redacted(.found), redacted(.expected)
    )]
    Redacted {
        /// The GUIDs expected, in ascending order.
        expected: Option<Vec<u64>>,
        /// The GUIDs in the token, in ascending order.
        found: Option<Vec<u64>>,
    },
    /// It is for a transfer from a redaction bookmark of other snapshots; `None` stands for a base
    /// that is none.
    #[error(
        "the resume token is for a transfer from a base {}, where one {} is expected",
        redacted(.found), redacted(.expected)
    )]
    BaseRedacted {
        /// The GUIDs expected, in ascending order.
        expected: Option<Vec<u64>>,
        /// The GUIDs in the token, in ascending order.
        found: Option<Vec<u64>>,
    },
}

fn redacted(guids: &Option<Vec<u64>>) -> String {
    match guids {
        Some(guids) => format!("redacted by the snapshots with GUIDs {guids:?}"),
        None => "that is not redacted".to_owned(),
    }
}

fn from(guid: &Option<u64>) -> String {
    match guid {
        Some(guid) => format!("from the base with GUID {guid}"),
        None => "of everything".to_owned(),
    }
}

impl ResumeToken {
    /// Makes sure that the token says what is expected of it.
    ///
    /// # Errors
    ///
    /// The first [`TokenMismatch`] found.
    pub fn check(&self, expected: &Expectation) -> Result<(), TokenMismatch> {
        let found = &self.fields;
        if let Some(expected) = &expected.dataset {
            if found.to_name.split_once_str("@").map(|(name, _)| name) != Some(expected) {
                return Err(TokenMismatch::Dataset {
                    expected: expected.clone(),
                    found: found.to_name.clone(),
                });
            }
        }
        match expected.to_guid {
            Some(expected) if expected != found.to_guid => {
                return Err(TokenMismatch::ToGuid {
                    expected,
                    found: found.to_guid,
                });
            }
            _ => {}
        }
        match expected.from_guid {
            Some(expected) if expected != found.from_guid => {
                return Err(TokenMismatch::FromGuid {
                    expected,
                    found: found.from_guid,
                });
            }
            _ => {}
        }
        match expected.raw {
            Some(raw) if raw != found.raw => return Err(TokenMismatch::Raw { expected: raw }),
            _ => {}
        }
        let snaps = found.redact_snaps.clone().map(sorted);
        match &expected.redact_snaps {
            Some(expected) if *expected != snaps => {
                return Err(TokenMismatch::Redacted {
                    expected: expected.clone(),
                    found: snaps,
                });
            }
            _ => {}
        }
        let snaps = found.book_redact_snaps.clone().map(sorted);
        match &expected.book_redact_snaps {
            Some(expected) if *expected != snaps => Err(TokenMismatch::BaseRedacted {
                expected: expected.clone(),
                found: snaps,
            }),
            _ => Ok(()),
        }
    }
}

//! What is remembered with a copy: a user property of its own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::anchor::held;
use crate::dataset::Dataset;
use crate::handle::Zfs;
use crate::name::DatasetName;
use crate::property::{Properties, Source};
use crate::replicate::{KeyParameters, Marks, Result, WrappedKey};

/// What a copy was when it was last [verified](crate::replicate::Target::verify).
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Verified {
    /// The GUID of its newest snapshot.
    pub guid: u64,
    /// The transaction group in which that was received.
    pub create_txg: u64,
    /// When, in seconds since 1970.
    pub time: u64,
    /// What was public of its key.
    pub key: KeyParameters,
    /// The key as it lay on disk, if that could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapped: Option<WrappedKey>,
    /// The GUID and transaction group of those before that may still be held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<(u64, u64)>,
}

impl Verified {
    /// What was remembered of a copy with these marks. What the copy has not of its own, or what makes
    /// no sense, counts for nothing.
    pub fn of(dataset: &Dataset, marks: &Marks) -> Option<Self> {
        Self::named(dataset.properties(), &marks.property())
    }

    /// When it was.
    pub fn at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.time)
    }

    /// What was last remembered, with any marks.
    pub(super) fn newest(properties: &Properties) -> Option<Self> {
        let prefix = Marks::PREFIX.as_bytes();
        properties
            .users()
            .filter(|(name, _)| name.starts_with(prefix))
            .filter_map(|(name, _)| Self::named(properties, std::str::from_utf8(name).ok()?))
            .max_by_key(|verified| verified.time)
    }

    pub(in crate::replicate) fn named(properties: &Properties, name: &str) -> Option<Self> {
        let property = properties.user(name)?;
        match property.source {
            Source::Local => serde_json::from_slice(property.value).ok(),
            _ => None,
        }
    }

    /// The GUIDs and transaction groups of all that may be held.
    pub(super) fn marked(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.before
            .iter()
            .copied()
            .chain([(self.guid, self.create_txg)])
    }

    /// Remembers it in place of what was before.
    pub(super) fn remember(
        mut self,
        zfs: &Zfs,
        dataset: &DatasetName,
        marks: &Marks,
        old: Option<Self>,
    ) -> Result<()> {
        if let Some(old) = old {
            let what = |of: &Self| (of.guid, of.create_txg, of.key, of.wrapped);
            if what(&old) == what(&self) {
                return Ok(());
            }
            let marked: Vec<_> = old.marked().collect();
            let held = held(zfs, marks, dataset, &marked)?;
            self.before = marked;
            self.before.retain(|(guid, _)| {
                *guid != self.guid && held.iter().any(|(_, held)| held == guid)
            });
        }
        let text = serde_json::to_string(&self).unwrap_or_default();
        zfs.set_properties(dataset)
            .set_text(&marks.property(), &text)
            .run()?
            .all()?;
        Ok(())
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

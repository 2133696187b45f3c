//! Whose master keys the kernel encrypts anew when a key is changed.

use std::collections::HashMap;

use crate::dataset::{Dataset, read};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::DatasetName;
use crate::property::{self, KeyStatus};

impl Zfs {
    /// Refuses to encrypt the master keys of a tree anew if one of them cannot be had: the kernel
    /// takes for granted that a key which is loaded fits all that is to have it, and panics. A raw
    /// stream can bring that about.
    pub(super) fn check_keys_below(&self, dataset: &Dataset) -> Result<()> {
        let root = dataset.encryption_root()?;
        // The kernel refuses what is not loaded, or not encrypted.
        let (KeyStatus::Available, Some(root)) = (dataset.key_status()?, root) else {
            return Ok(());
        };
        for name in self.family_of(dataset.name())?.of(dataset.name(), &root) {
            // Others are gone, or not for this caller to know.
            if let Ok(false) = self.device().is_decryptable(name.as_str()) {
                return Err(Error::refused(
                    Operation::ChangeKey,
                    dataset.name().as_str(),
                    ErrorKind::LoadedKeyMismatch,
                    format!("{name} cannot be opened"),
                ));
            }
        }
        Ok(())
    }

    /// Reads all datasets of the pool, because clones can be anywhere in it. What cannot be read is
    /// an error below `top` alone.
    fn family_of(&self, top: &DatasetName) -> Result<Family> {
        let failed = |error: Error| error.with_operation(Operation::ChangeKey);
        let mut family = Family::default();
        let all = self.list(&top.pool().root()).recursive();
        let all = all.filesystems().volumes().properties();
        for entry in all.run().map_err(failed)? {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if is_within(error.target(), top) => return Err(failed(error)),
                Err(error) => {
                    tracing::debug!(%error, "not looked at");
                    continue;
                }
            };
            if let Some(properties) = entry.properties() {
                let name = entry.name().dataset();
                let root = read(properties, name.as_str(), &property::ENCRYPTION_ROOT)?;
                let origin = read(properties, name.as_str(), &property::ORIGIN)?;
                let origin = origin.map(|origin| origin.value);
                family.add(name, root.map(|root| root.value), origin.as_deref());
            }
        }
        Ok(family)
    }
}

fn is_within(name: &str, top: &DatasetName) -> bool {
    let name = name.parse::<DatasetName>();
    name.is_ok_and(|name| name.is_within(top))
}

/// All datasets of a pool, as far as it is about their keys.
#[derive(Debug, Default)]
struct Family(HashMap<DatasetName, Member>);

#[derive(Debug, Default)]
struct Member {
    root: Option<DatasetName>,
    is_clone: bool,
    children: Vec<DatasetName>,
    clones: Vec<DatasetName>,
}

impl Family {
    fn add(&mut self, name: &DatasetName, root: Option<DatasetName>, origin: Option<&str>) {
        if let Some(parent) = name.parent() {
            self.member(parent).children.push(name.clone());
        }
        let origin = origin.and_then(|origin| origin.split('@').next());
        if let Some(Ok(origin)) = origin.map(str::parse) {
            self.member(origin).clones.push(name.clone());
        }
        let member = self.member(name.clone());
        member.root = root;
        member.is_clone = origin.is_some();
    }

    fn member(&mut self, name: DatasetName) -> &mut Member {
        self.0.entry(name).or_default()
    }

    /// Those that get another key with `top`, which has its own from `root`. The kernel goes from
    /// each to what is below it and what is below its clones, wherever these are; a clone itself has
    /// the very key of its origin, and what has its key from elsewhere keeps that.
    fn of(&self, top: &DatasetName, root: &DatasetName) -> Vec<&DatasetName> {
        let mut found = Vec::new();
        let mut ahead: Vec<_> = self
            .0
            .get_key_value(top)
            .into_iter()
            .map(|(top, _)| (top, false))
            .collect();
        while let Some((name, is_reached_as_clone)) = ahead.pop() {
            let Some(member) = self.0.get(name) else {
                continue;
            };
            if !is_reached_as_clone {
                if member.is_clone || member.root.as_ref() != Some(root) {
                    continue;
                }
                found.push(name);
            }
            ahead.extend(member.children.iter().map(|child| (child, false)));
            ahead.extend(member.clones.iter().map(|clone| (clone, true)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_followed_through_clones_as_the_kernel_does() {
        let name = |text: &str| text.parse::<DatasetName>().unwrap();
        let mut family = Family::default();
        for (dataset, root, origin) in [
            ("p", None, None),
            ("p/a", Some("p/a"), None),
            ("p/a/b", Some("p/a"), None),
            ("p/a/own", Some("p/a/own"), None),
            ("p/a/own/x", Some("p/a/own"), None),
            ("p/a/here", Some("p/a"), Some("p/z@s")),
            ("p/a/here/x", Some("p/a"), None),
            ("p/clone", Some("p/a"), Some("p/a/b@s")),
            ("p/clone/x", Some("p/a"), None),
            ("p/clone/own", Some("p/clone/own"), None),
            ("p/again", Some("p/a"), Some("p/clone@s")),
            ("p/again/x", Some("p/a"), None),
            ("p/beside", Some("p/a"), None),
        ] {
            family.add(&name(dataset), root.map(name), origin);
        }
        let of = |top: &str, root: &str| {
            let mut found: Vec<_> = family.of(&name(top), &name(root));
            found.sort();
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of("p/a", "p/a"), ["p/a", "p/a/b", "p/again/x", "p/clone/x"]);
        assert_eq!(of("p/a/b", "p/a"), ["p/a/b", "p/again/x", "p/clone/x"]);
        assert_eq!(of("p/a/own", "p/a/own"), ["p/a/own", "p/a/own/x"]);
        assert_eq!(of("p/clone", "p/a"), [""; 0]);
        assert_eq!(of("p/gone", "p/a"), [""; 0]);
    }
}

//! Which features a new pool gets of those that the module has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;

use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::nvlist::NvList;

/// Where the sets of features are that `compatibility` names.
const COMPATIBILITY: [&str; 2] = ["/etc/zfs/compatibility.d", "/usr/share/zfs/compatibility.d"];

/// The features that are wanted, by their short names.
#[derive(Debug, Clone)]
pub(crate) enum Features {
    AllBut(BTreeSet<String>),
    /// Those of a set, as far as the module has them.
    Compatible(String),
    None,
}

impl Features {
    /// Leaves one out, where not all are.
    pub(crate) fn leave_out(&mut self, name: &str) {
        if let Self::AllBut(left_out) = self {
            left_out.insert(name.to_owned());
        }
    }
}

/// The features that a new pool gets.
pub(super) struct Chosen {
    enabled: BTreeSet<String>,
    /// All that the module has, with the names under which pools know them.
    supported: BTreeMap<String, String>,
}

impl Features {
    pub(super) fn choose(&self, pool: &str) -> Result<Chosen> {
        let refused = |kind, why| Err(Error::refused(Operation::CreatePool, pool, kind, why));
        let supported = supported().map_err(|error| {
            let errno = Errno::from(error);
            Error::from_errno(Operation::CreatePool, pool, errno)
        })?;
        let enabled = match self {
            Self::None => BTreeSet::new(),
            Self::AllBut(left_out) => {
                if let Some(name) = left_out.iter().find(|name| !supported.contains_key(*name)) {
                    let why = format!("the module has no feature {name}");
                    return refused(ErrorKind::Unsupported, why);
                }
                let names = supported.keys().filter(|name| !left_out.contains(*name));
                names.cloned().collect()
            }
            Self::Compatible(names) => match compatible(names) {
                Ok(mut set) => {
                    set.retain(|name| supported.contains_key(name));
                    set
                }
                Err(why) => return refused(ErrorKind::InvalidProperty, why),
            },
        };
        Ok(Chosen { enabled, supported })
    }
}

impl Chosen {
    /// Adds what the kernel takes for each.
    pub(super) fn add_to(&self, properties: &mut NvList) {
        for feature in &self.enabled {
            properties.insert(format!("feature@{feature}"), 0_u64);
        }
    }

    pub(super) fn contains(&self, feature: &str) -> bool {
        self.enabled.contains(feature)
    }

    /// A feature that a pool of this configuration has and was not to have: the kernel enables what
    /// others build on.
    pub(super) fn unwanted(&self, config: &NvList) -> Option<&str> {
        let stats = config.get_list("feature_stats")?;
        let unwanted = |(name, guid): &(&String, &String)| {
            stats.contains(guid.as_str()) && !self.enabled.contains(*name)
        };
        self.supported
            .iter()
            .find(unwanted)
            .map(|(name, _)| name.as_str())
    }
}

/// All pool features that the module has, which a pool gets only if it is asked for each.
fn supported() -> io::Result<BTreeMap<String, String>> {
    let mut features = BTreeMap::new();
    for entry in fs::read_dir("/sys/module/zfs/features.pool")? {
        let entry = entry?;
        let name = fs::read_to_string(entry.path().join("uname"))?;
        let guid = entry.file_name().to_string_lossy().into_owned();
        features.insert(name.trim_end().to_owned(), guid);
    }
    Ok(features)
}

/// The features that all of these sets have, of which the names are separated by commas.
fn compatible(sets: &str) -> Result<BTreeSet<String>, String> {
    let mut common: Option<BTreeSet<String>> = None;
    for set in sets.split(',') {
        let features = read_set(set)?;
        common = Some(match common {
            Some(common) => &common & &features,
            None => features,
        });
    }
    Ok(common.unwrap_or_default())
}

fn read_set(set: &str) -> Result<BTreeSet<String>, String> {
    if set.is_empty() || set.contains('/') {
        return Err(format!("{set:?} is no name of a set of features"));
    }
    let text = COMPATIBILITY
        .iter()
        .find_map(|directory| fs::read_to_string(format!("{directory}/{set}")).ok());
    match text {
        Some(text) => Ok(parse_set(&text)),
        None => Err(format!("there is no set of features {set} on this system")),
    }
}

fn parse_set(text: &str) -> BTreeSet<String> {
    let without_comment = |line: &'_ str| line.split('#').next().unwrap_or_default().to_owned();
    let separator = |c: char| c == ',' || c.is_whitespace();
    text.lines()
        .map(without_comment)
        .flat_map(|line| {
            let names = line.split(separator).filter(|name| !name.is_empty());
            names.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_features_is_read() {
        let set = parse_set("# a comment\nbookmarks, hole_birth\n\nlz4_compress # more\n");
        let names: Vec<_> = set.iter().map(String::as_str).collect();
        assert_eq!(names, ["bookmarks", "hole_birth", "lz4_compress"]);
        assert!(compatible("../etc/passwd").is_err());
        assert!(compatible("no such set").is_err());
    }
}

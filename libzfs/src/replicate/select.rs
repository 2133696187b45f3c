//! Which datasets of a tree are replicated.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::str::FromStr;

use super::{DatasetState, Tree};
use crate::name::DatasetName;

/// Which datasets below the top are replicated: all, unless something is said.
///
/// Patterns are for the names below the top (`db/wal` for `tank/prod/db/wal` of `tank/prod`), the top
/// itself is `.`; `?` stands for a character, `*` for any number of them, neither for a `/`, and `**`
/// for any number with `/`. What matches stands for all below it.
///
/// A dataset also says itself whether it is one of them, by a user property, its own or inherited.
///
/// What is above a dataset that is replicated is too, as its place, with all its data.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Selection {
    /// Those that are replicated; all, if there is no pattern.
    pub include: Vec<String>,
    /// Those of them that are not.
    pub exclude: Vec<String>,
    /// Only those that have one of these; all, if there is none.
    pub with: Vec<UserValue>,
    /// Those that have one of these are not, whatever else is said, but as the place of what is.
    pub without: Vec<UserValue>,
}

/// A user property with a value, written `org.example:copy=yes`.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserValue {
    property: String,
    value: String,
}

impl UserValue {
    fn is_of(&self, dataset: &DatasetState) -> bool {
        dataset.properties.get(&self.property) == Some(&self.value)
    }
}

impl FromStr for UserValue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((property, value)) if property.contains(':') => Ok(Self {
                property: property.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err(format!(
                "{text:?} is no user property with a value, such as org.example:copy=yes"
            )),
        }
    }
}

impl TryFrom<String> for UserValue {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<UserValue> for String {
    fn from(value: UserValue) -> Self {
        value.to_string()
    }
}

impl fmt::Display for UserValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.property, self.value)
    }
}

impl Selection {
    /// The user properties that it goes by.
    pub(super) fn properties(&self) -> Vec<String> {
        let values = self.with.iter().chain(&self.without);
        let names: BTreeSet<_> = values.map(|value| value.property.clone()).collect();
        names.into_iter().collect()
    }

    fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Leaves only what is selected in the tree of the source, and in that of the destination only
    /// what is not the copy of something that is not selected.
    pub(super) fn apply(&self, source: &mut Tree, destination: &mut Tree) {
        let dropped = self.keep(source);
        let is_copy = |copy: &DatasetName| {
            let path = below(&destination.top, copy);
            dropped.contains(&path)
        };
        let copies = destination
            .datasets
            .iter()
            .filter(|copy| is_copy(&copy.name));
        let copies: HashSet<_> = copies.map(|copy| copy.guid).collect();
        destination
            .datasets
            .retain(|copy| !copies.contains(&copy.guid));
    }

    /// Leaves what is selected; what is dropped is returned by its path.
    pub(super) fn keep(&self, tree: &mut Tree) -> HashSet<String> {
        if self.is_all() {
            return HashSet::new();
        }
        let top = tree.top.clone();
        let chosen = tree.datasets.iter().filter(|dataset| self.wants(dataset));
        let chosen = chosen.map(|dataset| below(&top, &dataset.name));
        let chosen: Vec<_> = chosen.filter(|path| self.selects(path)).collect();
        let mut kept: HashSet<String> = HashSet::new();
        for path in &chosen {
            kept.extend(ancestry(path).map(str::to_owned));
        }
        // Of what cannot be read nobody knows what it says of itself.
        tree.unreadable
            .retain(|lost| self.selects(&below(&top, &lost.dataset)));
        let mut dropped = HashSet::new();
        tree.datasets.retain(|dataset| {
            let path = below(&top, &dataset.name);
            let keep = kept.contains(&path);
            if !keep {
                dropped.insert(path);
            }
            keep
        });
        dropped
    }

    /// Whether the dataset says of itself that it is one of them.
    fn wants(&self, dataset: &DatasetState) -> bool {
        let any = |values: &[UserValue]| values.iter().any(|value| value.is_of(dataset));
        (self.with.is_empty() || any(&self.with)) && !any(&self.without)
    }

    fn selects(&self, path: &str) -> bool {
        let any = |patterns: &[String]| {
            ancestry(path).any(|path| patterns.iter().any(|pattern| matches(pattern, path)))
        };
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

/// The name below the top.
fn below(top: &DatasetName, name: &DatasetName) -> String {
    match name.as_str().get(top.as_str().len() + 1..) {
        Some(rest) => rest.to_owned(),
        None => ".".to_owned(),
    }
}

/// A path, all above it, and the top.
fn ancestry(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| match path.rsplit_once('/') {
        Some((above, _)) => Some(above),
        None if *path != "." => Some("."),
        None => None,
    })
}

fn matches(pattern: &str, path: &str) -> bool {
    matches_bytes(pattern.as_bytes(), path.as_bytes())
}

fn matches_bytes(pattern: &[u8], path: &[u8]) -> bool {
    match pattern {
        [] => path.is_empty(),
        [b'*', b'*', rest @ ..] => (0..=path.len()).any(|at| matches_bytes(rest, &path[at..])),
        [b'*', rest @ ..] => {
            let end = path.iter().position(|&byte| byte == b'/');
            (0..=end.unwrap_or(path.len())).any(|at| matches_bytes(rest, &path[at..]))
        }
        [b'?', rest @ ..] => match path {
            [b'/', ..] | [] => false,
            [_, path @ ..] => matches_bytes(rest, path),
        },
        [first, rest @ ..] => match path {
            [byte, path @ ..] if byte == first => matches_bytes(rest, path),
            _ => false,
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "it is how a test fails")]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_for_paths_below_the_top() {
        let selection = |include: &[&str], exclude: &[&str]| Selection {
            include: include.iter().map(|&text| text.to_owned()).collect(),
            exclude: exclude.iter().map(|&text| text.to_owned()).collect(),
            ..Selection::default()
        };
        let all = selection(&[], &[]);
        assert!(all.selects(".") && all.selects("a/b"));
        let some = selection(&["db*", "home/?"], &["**/tmp"]);
        assert!(some.selects("db") && some.selects("db1/wal") && some.selects("home/a"));
        assert!(!some.selects(".") && !some.selects("home/ab") && !some.selects("home"));
        assert!(!some.selects("db/tmp") && !some.selects("db/x/tmp/y"));
        assert!(!selection(&[], &["."]).selects("a"));
        assert!(matches("a*c", "abc") && !matches("a*c", "a/c") && matches("a**c", "a/b/c"));
    }
    #[test]
    fn a_dataset_says_itself_whether_it_is_selected() {
        let dataset = |name: &str, values: &[(&str, &str)]| DatasetState {
            name: name.parse().unwrap(),
            guid: 1,
            create_txg: 1,
            volume: false,
            encryption: None,
            origin: None,
            snapshots: Vec::new(),
            bookmarks: Vec::new(),
            partial: None,
            properties: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            anchors: None,
        };
        let whole = Tree {
            top: "tank".parse().unwrap(),
            datasets: vec![
                dataset("tank", &[]),
                dataset("tank/a", &[("our:copy", "no")]),
                dataset("tank/a/b", &[("our:copy", "yes")]),
                dataset("tank/c", &[("our:copy", "yes"), ("our:scratch", "")]),
            ],
            unreadable: Vec::new(),
        };
        let kept = |with: &[&str], without: &[&str]| {
            let values = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
            let selection = Selection {
                with: values(with),
                without: values(without),
                ..Selection::default()
            };
            let mut tree = whole.clone();
            selection.keep(&mut tree);
            let names = tree.datasets.iter().map(|dataset| dataset.name.to_string());
            names.collect::<Vec<_>>()
        };
        let yes = ["our:copy=yes"];
        assert_eq!(kept(&yes, &[]), ["tank", "tank/a", "tank/a/b", "tank/c"]);
        assert_eq!(
            kept(&yes, &["our:scratch="]),
            ["tank", "tank/a", "tank/a/b"]
        );
        assert_eq!(
            kept(&[], &["our:copy=no"]),
            ["tank", "tank/a", "tank/a/b", "tank/c"]
        );
        assert_eq!(kept(&[], &yes), ["tank", "tank/a"]);
        assert!(kept(&["our:other=yes"], &[]).is_empty());
        for text in ["copy=yes", "our:copy", "", "=a:b"] {
            assert!(text.parse::<UserValue>().is_err(), "{text}");
        }
    }
}

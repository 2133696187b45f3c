//! Which datasets of a tree are replicated.

use std::collections::HashSet;

use super::Tree;
use crate::name::DatasetName;

/// Which datasets below the top are replicated: all, unless something is said.
///
/// Patterns are for the names below the top (`db/wal` for `tank/prod/db/wal` of `tank/prod`), the top
/// itself is `.`; `?` stands for a character, `*` for any number of them, neither for a `/`, and `**`
/// for any number with `/`. What matches stands for all below it.
///
/// What is above a dataset that is replicated is too, as its place.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Selection {
    /// Those that are replicated; all, if there is no pattern.
    pub include: Vec<String>,
    /// Those of them that are not.
    pub exclude: Vec<String>,
}

impl Selection {
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
        if self.include.is_empty() && self.exclude.is_empty() {
            return HashSet::new();
        }
        let top = tree.top.clone();
        let chosen = tree
            .datasets
            .iter()
            .map(|dataset| below(&top, &dataset.name));
        let chosen: Vec<_> = chosen.filter(|path| self.selects(path)).collect();
        let mut kept: HashSet<String> = HashSet::new();
        for path in &chosen {
            kept.extend(ancestry(path).map(str::to_owned));
        }
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
mod tests {
    use super::*;

    #[test]
    fn patterns_are_for_paths_below_the_top() {
        let selection = |include: &[&str], exclude: &[&str]| Selection {
            include: include.iter().map(|&text| text.to_owned()).collect(),
            exclude: exclude.iter().map(|&text| text.to_owned()).collect(),
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
}

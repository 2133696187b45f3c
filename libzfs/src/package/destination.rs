//! Where what is in a package goes.

use crate::name::{DatasetName, NameError};

/// Where the datasets of a package are received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageTarget {
    /// The dataset that was sent becomes this one, and what is below it is below this one
    /// (`zfs receive vault/prod`).
    As(DatasetName),
    /// Below this one, with the last part of the name that it had where it was sent
    /// (`zfs receive -e vault`): `tank/prod/db` becomes `vault/db`.
    Below(DatasetName),
    /// Below this one, with the whole name that it had where it was sent, save the pool
    /// (`zfs receive -d vault`): `tank/prod/db` becomes `vault/prod/db`. What stands between and is
    /// missing is made, as file systems with the properties that are
    /// [set](super::PackageReceive::set). They are not mounted; whether they will be is said with
    /// `canmount`.
    BelowWithPath(DatasetName),
}

impl From<DatasetName> for PackageTarget {
    fn from(name: DatasetName) -> Self {
        Self::As(name)
    }
}

impl From<&DatasetName> for PackageTarget {
    fn from(name: &DatasetName) -> Self {
        Self::As(name.clone())
    }
}

impl PackageTarget {
    /// What the dataset that was sent becomes.
    pub(super) fn top(&self, sent: &DatasetName) -> Result<DatasetName, NameError> {
        let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
        match self {
            Self::As(name) => Ok(name.clone()),
            Self::Below(name) => name.child(&last(sent.as_str())),
            Self::BelowWithPath(name) => match sent.as_str().split_once('/') {
                Some((_, path)) => name.child(path),
                None => Ok(name.clone()),
            },
        }
    }
}

/// What a dataset becomes, where the one above it, or itself, is to become `top`.
pub(super) fn moved(
    name: &DatasetName,
    sent_top: &DatasetName,
    top: &DatasetName,
) -> Result<DatasetName, NameError> {
    match name.as_str().strip_prefix(sent_top.as_str()) {
        Some("") => Ok(top.clone()),
        Some(path) if path.starts_with('/') => top.child(&path[1..]),
        // Where a package says what is in it, that is made sure of.
        _ => top.child(name.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DatasetName {
        text.parse().unwrap()
    }

    #[test]
    fn a_tree_moves_as_a_whole() {
        let vault = name("vault/a");
        let becomes = |target: PackageTarget, sent: &str, below: &str| {
            let top = target.top(&name(sent)).unwrap();
            moved(&name(below), &name(sent), &top).unwrap().to_string()
        };
        let cases = [
            (PackageTarget::As(vault.clone()), "vault/a", "vault/a/db"),
            (
                PackageTarget::Below(vault.clone()),
                "vault/a/prod",
                "vault/a/prod/db",
            ),
            (
                PackageTarget::BelowWithPath(vault),
                "vault/a/eu/prod",
                "vault/a/eu/prod/db",
            ),
        ];
        for (target, top, below) in cases {
            assert_eq!(becomes(target.clone(), "tank/eu/prod", "tank/eu/prod"), top);
            assert_eq!(becomes(target, "tank/eu/prod", "tank/eu/prod/db"), below);
        }
        let pool = |target| becomes(target, "tank", "tank/db");
        assert_eq!(pool(PackageTarget::Below(name("vault"))), "vault/tank/db");
        assert_eq!(
            pool(PackageTarget::BelowWithPath(name("vault"))),
            "vault/db"
        );
    }
}

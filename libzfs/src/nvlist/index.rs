//! A side index from names to positions, so that long lists are not searched from end to end.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use bstr::BStr;
use hashbrown::HashTable;

use super::Pair;

/// Below this many pairs a search from the front is about as fast as the hash of a name, also where
/// each pair is searched for as it is added, and costs no memory. Nearly all of ZFS's lists are that
/// short. Those of the tests are shorter.
pub(super) const THRESHOLD: usize = if cfg!(test) { 16 } else { 64 };

/// Positions by the hash of the name.
///
/// Which positions are in it is the list's choice: all where names are unique (alone or together
/// with the type), only the first of each name where they are not. So one name never has more
/// entries than there are types, and a search is short whoever wrote the list. The hash is keyed
/// at random, because lists come from untrusted peers.
#[derive(Clone)]
pub(super) struct Index {
    hasher: RandomState,
    table: HashTable<usize>,
}

impl Index {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            table: HashTable::with_capacity(capacity),
        }
    }

    /// The positions whose pair has that name, in no particular order.
    pub(super) fn positions<'a>(
        &'a self,
        pairs: &'a [Pair],
        name: &'a BStr,
    ) -> impl Iterator<Item = usize> + 'a {
        self.table
            .iter_hash(self.hasher.hash_one(name))
            .copied()
            .filter(move |&at| *pairs[at].name == *name)
    }

    /// Adds the position of a pair that is in `pairs` already.
    pub(super) fn add(&mut self, pairs: &[Pair], at: usize) {
        let Self { hasher, table } = self;
        let hash = |at: &usize| hasher.hash_one(&*pairs[*at].name);
        table.insert_unique(hash(&at), at, hash);
    }

    /// Forgets the position of a pair of that name which was just taken out, and moves those
    /// behind it one to the front; `left` pairs are left.
    pub(super) fn removed(&mut self, name: &BStr, at: usize, left: usize) {
        if let Ok(entry) = self
            .table
            .find_entry(self.hasher.hash_one(name), |&other| other == at)
        {
            entry.remove();
        }
        if at == left {
            return;
        }
        for other in &mut self.table {
            if *other > at {
                *other -= 1;
            }
        }
    }
}

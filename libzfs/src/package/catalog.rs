//! What a package says is in it, to be looked up. It is not trusted to say anything only once.

use std::collections::HashMap;

use super::destination::moved;
use super::local::LocalDataset;
use super::{PackageContents, PackageHead, PackagedDataset, PackagedSnapshot};
use crate::name::DatasetName;

/// The contents of a package, with what becomes of them here.
pub(super) struct Catalog<'a> {
    pub(super) contents: &'a PackageContents,
    entries: Vec<Entry<'a>>,
    sent: HashMap<&'a DatasetName, usize>,
    becoming: HashMap<DatasetName, usize>,
    by_guid: HashMap<u64, Owner>,
    /// The one that the package is of.
    top: Option<usize>,
}

/// A dataset of a package.
pub(super) struct Entry<'a> {
    pub(super) packaged: &'a PackagedDataset,
    /// The name that it is to have here, if it can be one.
    pub(super) becomes: Option<DatasetName>,
    by_name: HashMap<&'a str, &'a PackagedSnapshot>,
    by_guid: HashMap<u64, &'a PackagedSnapshot>,
}

/// Who has a snapshot.
enum Owner {
    One(usize),
    /// Copies of each other, where they come from.
    Several,
}

impl<'a> Entry<'a> {
    fn new(packaged: &'a PackagedDataset, becomes: Option<DatasetName>) -> Self {
        let snapshots = &packaged.snapshots;
        Self {
            packaged,
            becomes,
            by_name: snapshots.iter().map(|s| (s.name.as_str(), s)).collect(),
            by_guid: snapshots.iter().map(|s| (s.guid, s)).collect(),
        }
    }

    pub(super) fn snapshot(&self, short: &str) -> Option<&'a PackagedSnapshot> {
        self.by_name.get(short).copied()
    }

    pub(super) fn by_guid(&self, guid: u64) -> Option<&'a PackagedSnapshot> {
        self.by_guid.get(&guid).copied()
    }
}

impl<'a> Catalog<'a> {
    /// The catalog of a package that is received as `top`; none of one that does not say what is in
    /// it.
    pub(super) fn new(head: &'a PackageHead, top: &DatasetName) -> Option<Self> {
        let contents = head.contents.as_ref()?;
        let sent_top = head.snapshot.dataset();
        let mut catalog = Self {
            contents,
            entries: Vec::new(),
            sent: HashMap::new(),
            becoming: HashMap::new(),
            by_guid: HashMap::new(),
            top: None,
        };
        for (at, packaged) in contents.datasets.iter().enumerate() {
            let becomes = moved(&packaged.name, sent_top, top).ok();
            catalog.sent.insert(&packaged.name, at);
            if let Some(becomes) = &becomes {
                catalog.becoming.insert(becomes.clone(), at);
            }
            for snapshot in &packaged.snapshots {
                let owner = catalog.by_guid.entry(snapshot.guid);
                owner
                    .and_modify(|owner| *owner = Owner::Several)
                    .or_insert(Owner::One(at));
            }
            catalog.entries.push(Entry::new(packaged, becomes));
        }
        catalog.top = catalog.sent.get(sent_top).copied();
        Some(catalog)
    }

    /// The dataset that had this name where it was sent.
    pub(super) fn sent_as(&self, name: &DatasetName) -> Option<&Entry<'a>> {
        Some(&self.entries[*self.sent.get(name)?])
    }

    /// Whether any dataset has this snapshot.
    pub(super) fn has(&self, guid: u64) -> bool {
        self.by_guid.contains_key(&guid)
    }

    /// What the datasets of the package are to be called here.
    pub(super) fn becoming(&self) -> impl Iterator<Item = &DatasetName> {
        self.becoming.keys()
    }

    /// The dataset in the package that this one is a copy of: the one that has its latest snapshot
    /// of those that are in the package at all. If several have, it is the one of this name, or none.
    pub(super) fn counterpart(&self, local: &LocalDataset) -> Option<&Entry<'a>> {
        let mut latest_first = local.snapshots.iter().rev();
        let (guid, owner) = latest_first
            .find_map(|snapshot| Some((snapshot.guid, self.by_guid.get(&snapshot.guid)?)))?;
        match owner {
            Owner::One(at) => Some(&self.entries[*at]),
            Owner::Several => {
                let here = &self.entries[*self.becoming.get(local.name())?];
                here.by_guid(guid).map(|_| here)
            }
        }
    }

    /// Whether this dataset has the snapshot that the package goes on from.
    pub(super) fn goes_on_from(&self, entry: &Entry<'_>, local: &LocalDataset) -> bool {
        let from = self.contents.from.as_deref();
        let base = from.and_then(|from| entry.snapshot(from));
        base.is_some_and(|base| local.by_guid(base.guid).is_some())
    }

    /// Whether the package is one of what is here: its top has the snapshot that the package goes on
    /// from, or the one, called `to`, that it ends with.
    pub(super) fn is_of(&self, top: &LocalDataset, to: &str) -> bool {
        let Some(entry) = self.top.map(|at| &self.entries[at]) else {
            return false;
        };
        let last = entry.snapshot(to);
        self.goes_on_from(entry, top) || last.is_some_and(|last| top.by_guid(last.guid).is_some())
    }
}

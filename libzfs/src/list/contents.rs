//! What is in one dataset: its snapshots, its bookmarks, the datasets right below it.

use std::sync::Arc;
use std::vec;

use bstr::ByteVec;

use super::entry::{Entry, EntryName};
use super::program;
use super::{Order, Plan};
use crate::error::{Errno, Error, Operation, Result};
use crate::ffi::{Ask, Found, Lister};
use crate::handle::Zfs;
use crate::name::DatasetName;
use crate::nvlist::Value;

/// All that the kernel knows of a bookmark. It tells nothing that is not asked for by name.
const OF_BOOKMARKS: [&str; 8] = [
    "guid",
    "createtxg",
    "creation",
    "ivsetguid",
    "referenced",
    "logicalreferenced",
    "redact_snaps",
    "redact_complete",
];

/// What one thread needs to list one dataset after the other.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) zfs: Zfs,
    pub(super) plan: Arc<Plan>,
    snapshots: Lister,
    datasets: Lister,
}

impl Reader {
    pub(super) fn new(zfs: &Zfs, plan: &Arc<Plan>) -> Result<Self> {
        let failed = |errno| Error::from_errno(Operation::List, plan.top.as_str(), errno);
        // Of a dataset the kernel has its identity at no cost.
        let of_datasets = match plan.ask {
            Ask::Name | Ask::Identity if !plan.states => Ask::Identity,
            _ => Ask::Properties,
        };
        Ok(Self {
            zfs: zfs.clone(),
            plan: plan.clone(),
            snapshots: Lister::new(plan.ask, plan.txgs()).map_err(failed)?,
            datasets: Lister::new(of_datasets, None).map_err(failed)?,
        })
    }

    /// The dataset that the listing is of.
    pub(super) fn top(&mut self) -> Result<Option<Node>> {
        let plan = self.plan.clone();
        let top = plan.top.as_str();
        let found = self.zfs.device().find(&mut self.datasets, top);
        let found = found.map_err(|errno| Error::from_errno(Operation::List, top, errno))?;
        let entry = Entry::of_dataset(found).transpose()?;
        Ok(entry.map(|entry| Node::new(entry, plan.depth)))
    }

    /// Whether a dataset is still there, under its name.
    pub(super) fn is_there(&self, dataset: &Entry) -> bool {
        let identity = self.zfs.device().identity(dataset.name.as_str());
        identity.is_ok_and(|(guid, _)| guid == dataset.guid)
    }
}

/// A dataset to be listed, as it was found.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) entry: Entry,
    /// How many levels below it are wanted.
    pub(super) depth: usize,
}

impl Node {
    fn new(entry: Entry, depth: usize) -> Self {
        // There is nothing below a volume.
        let depth = match entry.name {
            EntryName::Volume(_) => 0,
            _ => depth,
        };
        Self { entry, depth }
    }

    pub(super) fn name(&self) -> &DatasetName {
        self.entry.name.dataset()
    }

    /// Whether there is more to list of it than itself.
    pub(super) fn has_contents(&self, plan: &Plan) -> bool {
        self.depth > 0 || plan.snapshots || plan.bookmarks
    }
}

/// Something in a dataset.
#[derive(Debug)]
pub(super) enum Content {
    /// A snapshot or a bookmark.
    Entry(Entry),
    Child(Node),
}

/// The listing of one dataset, which keeps no more than where it is, but for bookmarks, which the
/// kernel tells all at once.
#[derive(Debug)]
pub(super) struct Contents {
    dataset: DatasetName,
    depth: usize,
    /// Whether its snapshots are wanted.
    snapshots: bool,
    stage: Stage,
}

/// Where the kernel is to go on; none if it has failed there.
type Cookie = Option<u64>;

#[derive(Debug)]
enum Stage {
    Start,
    Snapshots(Cookie),
    SnapshotsOfProgram(vec::IntoIter<String>),
    Bookmarks(vec::IntoIter<Result<Entry>>),
    Children(Cookie),
    End,
}

impl Contents {
    pub(super) fn of(node: &Node, plan: &Plan) -> Self {
        Self {
            dataset: node.name().clone(),
            depth: node.depth,
            snapshots: plan.snapshots,
            stage: Stage::Start,
        }
    }

    /// All but its snapshots.
    pub(super) fn without_snapshots(node: &Node, plan: &Plan) -> Self {
        Self {
            snapshots: false,
            ..Self::of(node, plan)
        }
    }

    pub(super) fn dataset(&self) -> &DatasetName {
        &self.dataset
    }

    /// The next of what is wanted. After an error it goes on with what that does not concern.
    pub(super) fn next(&mut self, reader: &mut Reader) -> Option<Result<Content>> {
        loop {
            let found = match &mut self.stage {
                Stage::Start => {
                    self.stage = self.begin(reader);
                    continue;
                }
                Stage::Snapshots(cookie) => next_snapshot(reader, &self.dataset, cookie),
                Stage::SnapshotsOfProgram(names) => names
                    .next()
                    .map(|name| Entry::named(&name).map(Content::Entry)),
                Stage::Bookmarks(found) => found.next().map(|entry| entry.map(Content::Entry)),
                Stage::Children(cookie) => {
                    next_child(reader, &self.dataset, self.depth - 1, cookie)
                }
                Stage::End => return None,
            };
            if found.is_some() {
                return found;
            }
            self.stage = match self.stage {
                Stage::Start | Stage::Snapshots(_) | Stage::SnapshotsOfProgram(_) => {
                    Stage::Bookmarks(bookmarks(reader, &self.dataset).into_iter())
                }
                Stage::Bookmarks(_) if self.depth > 0 => Stage::Children(Some(0)),
                Stage::Bookmarks(_) | Stage::Children(_) | Stage::End => Stage::End,
            };
        }
    }

    fn begin(&self, reader: &Reader) -> Stage {
        if !self.snapshots {
            return Stage::Snapshots(None);
        }
        match program::snapshots(&reader.zfs, &reader.plan, &self.dataset) {
            Some(names) => Stage::SnapshotsOfProgram(names.into_iter()),
            None => Stage::Snapshots(Some(0)),
        }
    }
}

fn next_snapshot(
    reader: &mut Reader,
    dataset: &DatasetName,
    cookie: &mut Cookie,
) -> Option<Result<Content>> {
    let device = reader.zfs.device();
    let next = |at: &mut u64| device.next_snapshot(&mut reader.snapshots, dataset.as_str(), at);
    let found = step(dataset, cookie, next)?;
    Some(found.and_then(Entry::of_snapshot).map(Content::Entry))
}

fn next_child(
    reader: &mut Reader,
    dataset: &DatasetName,
    depth: usize,
    cookie: &mut Cookie,
) -> Option<Result<Content>> {
    loop {
        let device = reader.zfs.device();
        let next = |at: &mut u64| device.next_child(&mut reader.datasets, dataset.as_str(), at);
        let entry = match step(dataset, cookie, next)? {
            Ok(found) => Entry::of_dataset(found),
            Err(error) => Some(Err(error)),
        };
        if let Some(entry) = entry {
            return Some(entry.map(|entry| Content::Child(Node::new(entry, depth))));
        }
    }
}

/// One step on. After one that failed there is another only if it moved the cookie.
fn step(
    dataset: &DatasetName,
    cookie: &mut Cookie,
    next: impl FnOnce(&mut u64) -> Result<Option<Found>, Errno>,
) -> Option<Result<Found>> {
    let before = (*cookie)?;
    let mut at = before;
    let found = next(&mut at);
    *cookie = Some(at);
    match found {
        Ok(found) => found.map(Ok),
        Err(errno) => {
            if at == before {
                *cookie = None;
            }
            let error = Error::from_errno(Operation::List, dataset.as_str(), errno);
            Some(Err(error))
        }
    }
}

/// All that is in a dataset.
#[derive(Debug)]
pub(super) struct Sorted {
    pub(super) entries: Vec<Result<Entry>>,
    pub(super) children: Vec<Node>,
}

impl Sorted {
    /// Errors come first. Without an order all stays as it was found.
    pub(super) fn new(
        found: impl IntoIterator<Item = Result<Content>>,
        order: Option<Order>,
    ) -> Self {
        let mut errors = Vec::new();
        let mut entries = Vec::new();
        let mut children = Vec::new();
        for content in found {
            match content {
                Ok(Content::Entry(entry)) => entries.push(entry),
                Ok(Content::Child(node)) => children.push(node),
                Err(error) => errors.push(Err(error)),
            }
        }
        // Those of one dataset: snapshots are before bookmarks in the order of `EntryName` too.
        match order {
            None => {}
            Some(Order::Name) => {
                entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
                children.sort_unstable_by(|a, b| a.name().cmp(b.name()));
            }
            Some(Order::Creation) => {
                fn key(entry: &Entry) -> (bool, u64, &EntryName) {
                    let is_bookmark = entry.name.bookmark().is_some();
                    (is_bookmark, entry.create_txg, &entry.name)
                }
                entries.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
                children.sort_unstable_by(|a, b| key(&a.entry).cmp(&key(&b.entry)));
            }
        }
        let mut all = errors;
        all.extend(entries.into_iter().map(Ok));
        Self {
            entries: all,
            children,
        }
    }
}

/// The bookmarks of a dataset that are wanted; none if it has gone.
fn bookmarks(reader: &Reader, dataset: &DatasetName) -> Vec<Result<Entry>> {
    let plan = &reader.plan;
    if !plan.bookmarks {
        return Vec::new();
    }
    let wanted = match plan.ask {
        Ask::Name if plan.txgs().is_none() => &OF_BOOKMARKS[..0],
        Ask::Name | Ask::Identity => &OF_BOOKMARKS[..2],
        Ask::Properties => &OF_BOOKMARKS[..],
    };
    let wanted = wanted.iter().map(|name| (*name, Value::Boolean)).collect();
    let list = match reader.zfs.device().bookmarks(dataset.as_str(), &wanted) {
        Ok(list) => list,
        Err(errno) if errno.raw() == libc::ENOENT => return Vec::new(),
        Err(errno) => {
            let dataset = dataset.as_str();
            return vec![Err(Error::from_errno(Operation::List, dataset, errno))];
        }
    };
    list.into_iter()
        .map(|(short, values)| {
            let short = Vec::from(short).into_string_lossy();
            let values = values.into_list().unwrap_or_default();
            Entry::of_bookmark(dataset, &short, values, plan.ask == Ask::Properties)
        })
        .filter(|entry| entry.as_ref().map_or(true, |entry| plan.wants_txg(entry)))
        .collect()
}

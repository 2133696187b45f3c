//! Listing file systems, volumes, snapshots and bookmarks.

mod catalog;
mod contents;
mod entry;
mod keeper;
mod news;
mod parallel;
mod program;
mod walk;

use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

pub use self::catalog::{Catalog, Refreshed};
use self::contents::Reader;
pub use self::entry::{Entry, EntryName};
use self::parallel::Crew;
use self::program::{Mounts, Programs};
use self::walk::Walk;
use crate::error::Result;
use crate::ffi::Ask;
use crate::handle::Zfs;
use crate::name::DatasetName;

impl Zfs {
    /// Begins to list what is in a dataset: itself, its snapshots and its bookmarks, and as deep as
    /// is said, the datasets below it with theirs. See [`ListBuilder`].
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// for snapshot in zfs.list(&"tank/prod".parse()?).recursive().snapshots().run()? {
    ///     let snapshot = snapshot?;
    ///     println!("{} {}", snapshot.name(), snapshot.guid());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "zfs_iter_filesystems")]
    #[doc(alias = "zfs_iter_snapshots")]
    pub fn list(&self, dataset: &DatasetName) -> ListBuilder {
        ListBuilder {
            zfs: self.clone(),
            dataset: dataset.clone(),
            kinds: None,
            depth: 0,
            txgs: (0, u64::MAX),
            order: None,
            properties: false,
            threads: 1,
            programs_for: 0,
        }
    }
}

/// In which order a listing yields what is in one dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// By name, as bytes.
    Name,
    /// By creation txg: earlier ones first.
    Creation,
}

/// Which kinds are listed.
#[derive(Debug, Clone, Copy, Default)]
struct Kinds {
    filesystems: bool,
    volumes: bool,
    snapshots: bool,
    bookmarks: bool,
}

/// A listing about to begin.
///
/// What comes out is a dataset, then its snapshots, then its bookmarks, then the datasets below it,
/// each in the same way. Without an [order](Self::order) each of these comes as the kernel has it,
/// and at once; memory is taken for the bookmarks of one dataset, which the kernel tells in one
/// answer, and for nothing else.
///
/// A listing is no picture of one moment. What is created meanwhile is there or is not; what is
/// destroyed before its turn is not, and that is no error; what is renamed meanwhile can be there
/// under its old name, its new one, both or none. Everything else is there once.
///
/// Datasets and snapshots that ZFS has for itself (`$ORIGIN`, the `%recv` of a receive that has not
/// ended) are not listed, as `zfs list` does not.
///
/// Needs no permission. Snapshots are asked for one by one on every release; on 2.1 each takes the
/// kernel longer, because it then opens the snapshot for its GUID.
#[derive(Debug, Clone)]
#[must_use = "nothing is listed before run() or names()"]
pub struct ListBuilder {
    zfs: Zfs,
    dataset: DatasetName,
    /// None for all.
    kinds: Option<Kinds>,
    depth: usize,
    /// The first and the last.
    txgs: (u64, u64),
    order: Option<Order>,
    properties: bool,
    threads: usize,
    programs_for: u64,
}

impl ListBuilder {
    /// Lists file systems, and only what else is called for like that.
    pub fn filesystems(mut self) -> Self {
        self.kinds.get_or_insert_default().filesystems = true;
        self
    }

    /// Lists volumes, and only what else is called for like that.
    pub fn volumes(mut self) -> Self {
        self.kinds.get_or_insert_default().volumes = true;
        self
    }

    /// Lists snapshots, and only what else is called for like that.
    pub fn snapshots(mut self) -> Self {
        self.kinds.get_or_insert_default().snapshots = true;
        self
    }

    /// Lists bookmarks, and only what else is called for like that.
    #[doc(alias = "lzc_get_bookmarks")]
    pub fn bookmarks(mut self) -> Self {
        self.kinds.get_or_insert_default().bookmarks = true;
        self
    }

    /// Goes so many levels of datasets down; none unless this is called.
    ///
    /// Snapshots and bookmarks are at the level of their dataset. (For `zfs list -d` they are one
    /// below.)
    pub fn depth(mut self, levels: usize) -> Self {
        self.depth = levels;
        self
    }

    /// Goes all the way down.
    pub fn recursive(self) -> Self {
        self.depth(usize::MAX)
    }

    /// Lists what was created in these transaction groups; of bookmarks, that whose snapshots were.
    ///
    /// Other datasets are gone through nevertheless. Other snapshots are passed over in the kernel,
    /// which is quicker than to list them, but is no index: it looks at each. While it does, no
    /// transaction group of the pool can be finished, so that a range without any of a million
    /// snapshots is felt.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// let seen = zfs.snapshot(&"tank/prod@rep-1".parse()?)?.create_txg()?;
    /// let newer = zfs.list(&"tank/prod".parse()?).snapshots().created(seen + 1..);
    /// for snapshot in newer.run()? {
    ///     println!("{}", snapshot?.name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn created(mut self, txgs: impl RangeBounds<u64>) -> Self {
        let first = match txgs.start_bound() {
            Bound::Included(&first) => Some(first),
            Bound::Excluded(&before) => before.checked_add(1),
            Bound::Unbounded => Some(0),
        };
        let last = match txgs.end_bound() {
            Bound::Included(&last) => Some(last),
            Bound::Excluded(&after) => after.checked_sub(1),
            Bound::Unbounded => Some(u64::MAX),
        };
        // Where there is no such number there is nothing in the range either.
        self.txgs = first.zip(last).unwrap_or((u64::MAX, 0));
        self
    }

    /// Sorts the snapshots of each dataset, its bookmarks, and the datasets right below it.
    ///
    /// For that all that is listed of one dataset is held at a time, some 200 bytes for each
    /// snapshot, and comes when the last was found.
    pub fn order(mut self, order: Order) -> Self {
        self.order = Some(order);
        self
    }

    /// Reads all properties of each, for [`Entry::properties`]. The kernel takes several times as
    /// long for that; without it there are names, GUIDs and creation txgs.
    pub fn properties(mut self) -> Self {
        self.properties = true;
        self
    }

    /// Lists with so many threads; with 1, and unless this is called, in the caller's own.
    ///
    /// They take different datasets of the tree. For a file system that is not mounted, and for a
    /// volume, two of them work together, because there the kernel opens the dataset anew for each
    /// snapshot unless somebody else is just asking: one thread lists while the other sees to it
    /// that it stays open.
    ///
    /// Without an [order](Self::order), what is of different datasets then comes mixed. With one it
    /// comes as from one thread, and what is found before its turn is held meanwhile.
    ///
    /// The threads end with the listing, also if it is dropped before its end: that waits for the
    /// call of the kernel that each of them is in.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Lets [`names`](Self::names) run a read-only [channel program](crate::program) for each mounted
    /// file system that has at most so many snapshots: one call for all of them, many times as fast.
    ///
    /// Whatever comes in its way, such as that the caller is not root, a read-only pool, or more
    /// snapshots, the names are then listed as they would be without. They are held in memory for
    /// one dataset at a time.
    ///
    /// Not done unasked, because the kernel writes each program to the pool's history with its
    /// result, if that is at most 1 MiB: names that displace what is of more interest there.
    #[doc(alias = "lzc_channel_program_nosync")]
    pub fn allow_program(mut self, snapshots: u32) -> Self {
        self.programs_for = snapshots.into();
        self
    }

    /// Begins. Each error concerns one dataset or name, which the text says; the listing goes on
    /// with the others.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::DatasetNotFound`](crate::ErrorKind::DatasetNotFound),
    ///   [`ErrorKind::PoolSuspended`](crate::ErrorKind::PoolSuspended);
    /// * [`ErrorKind::OutOfResources`](crate::ErrorKind::OutOfResources): no thread could be started.
    ///
    /// Of what is listed:
    ///
    /// * [`ErrorKind::NameTooLong`](crate::ErrorKind::NameTooLong): a dataset was renamed, and one of
    ///   its bookmarks has no name of at most 255 bytes any more;
    /// * [`ErrorKind::Io`](crate::ErrorKind::Io), [`ErrorKind::PoolSuspended`](crate::ErrorKind::PoolSuspended)
    #[doc(alias = "ZFS_IOC_SNAPSHOT_LIST_NEXT")]
    #[doc(alias = "ZFS_IOC_DATASET_LIST_NEXT")]
    pub fn run(self) -> Result<Listing> {
        let ask = match self.properties {
            true => Ask::Properties,
            false => Ask::Identity,
        };
        self.begin(ask).map(Listing)
    }

    /// As [`run`](Self::run), for names alone; [properties](Self::properties) are not read.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn names(self) -> Result<Names> {
        // An order by creation needs the txgs.
        let ask = match self.order {
            Some(Order::Creation) => Ask::Identity,
            _ => Ask::Name,
        };
        self.begin(ask).map(Names)
    }

    fn begin(self, ask: Ask) -> Result<Course> {
        let Self { zfs, threads, .. } = &self;
        tracing::debug!(dataset = %self.dataset, ?ask, threads, "list");
        let plan = Arc::new(self.plan(ask));
        let mut reader = Reader::new(zfs, &plan)?;
        let top = reader.top()?;
        match top {
            Some(top) if plan.threads > 1 => Crew::start(zfs, &plan, top).map(Course::Crew),
            top => Ok(Course::Walk(Box::new(Walk::new(reader, top)))),
        }
    }

    fn plan(&self, ask: Ask) -> Plan {
        let kinds = self.kinds.unwrap_or(Kinds {
            filesystems: true,
            volumes: true,
            snapshots: true,
            bookmarks: true,
        });
        let programs = Programs::new(self.programs_for);
        // The kernel takes 0 for no bound; nothing was created before 1.
        let has_any = self.txgs.0 <= self.txgs.1 && self.txgs.1 > 0;
        Plan {
            top: self.dataset.clone(),
            filesystems: kinds.filesystems,
            volumes: kinds.volumes,
            snapshots: kinds.snapshots && has_any,
            bookmarks: kinds.bookmarks && has_any,
            depth: self.depth,
            txgs: self.txgs,
            order: self.order,
            ask,
            states: false,
            threads: self.threads,
            mounts: match self.threads > 1 || programs.are_allowed() {
                true => Mounts::read(),
                false => Mounts::default(),
            },
            programs,
        }
    }
}

/// What is listed, and how: the same for all threads.
#[derive(Debug)]
struct Plan {
    top: DatasetName,
    filesystems: bool,
    volumes: bool,
    snapshots: bool,
    bookmarks: bool,
    depth: usize,
    txgs: (u64, u64),
    order: Option<Order>,
    ask: Ask,
    /// Whether all properties of datasets are read, for the states of their snapshots.
    states: bool,
    threads: usize,
    mounts: Mounts,
    programs: Programs,
}

impl Plan {
    /// The bounds that the kernel is to be told, if there are any.
    fn txgs(&self) -> Option<(u64, u64)> {
        (self.txgs != (0, u64::MAX)).then_some(self.txgs)
    }

    fn wants_txg(&self, entry: &Entry) -> bool {
        (self.txgs.0..=self.txgs.1).contains(&entry.create_txg)
    }

    /// Whether a dataset itself is wanted.
    fn wants(&self, dataset: &Entry) -> bool {
        let kind = match dataset.name {
            EntryName::Volume(_) => self.volumes,
            _ => self.filesystems,
        };
        kind && self.wants_txg(dataset)
    }
}

/// A listing on its way, by one thread or by several.
enum Course {
    Walk(Box<Walk>),
    Crew(Crew),
}

impl Course {
    fn next(&mut self) -> Option<Result<Entry>> {
        match self {
            Self::Walk(walk) => walk.next(),
            Self::Crew(crew) => crew.next(),
        }
    }
}

/// What is listed, one after the other; see [`ListBuilder::run`].
pub struct Listing(Course);

impl Iterator for Listing {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Result<Entry>> {
        self.0.next()
    }
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing").finish_non_exhaustive()
    }
}

/// The names of what is listed; see [`ListBuilder::names`].
pub struct Names(Course);

impl Iterator for Names {
    type Item = Result<EntryName>;

    fn next(&mut self) -> Option<Result<EntryName>> {
        Some(self.0.next()?.map(Entry::into_name))
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

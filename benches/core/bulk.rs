//! A thousand of a kind in one call, against C's one call and against a `zfs` process for each.

use std::ffi::CString;
use std::process::{Command, Stdio};
use std::thread;

use libzfs::testing::Pool;
use libzfs::{BookmarkName, DatasetName, Destroy, HoldTag, IncrementalSource, SnapshotName, Zfs};

use crate::c;
use crate::measure::{Pairs, median, timed};

/// How many of each there are.
pub(crate) const MANY: usize = 1000;

/// How many datasets are created at a time: those that wait at the same time for a transaction
/// share it.
const CREATORS: usize = 50;

/// A thousand file systems, each with a name for a snapshot and a bookmark of it. One call creates
/// at most one snapshot of a dataset.
pub(crate) struct Fixture {
    /// What all is in.
    _pool: Pool,
    /// Which enters nothing into the history, as C does not.
    zfs: Zfs,
    tag: HoldTag,
    snapshots: Vec<SnapshotName>,
    bookmarks: Vec<(BookmarkName, IncrementalSource)>,
    bookmark_names: Vec<BookmarkName>,
    c_tag: CString,
    c_snapshots: Vec<CString>,
    c_bookmarks: Vec<(CString, CString)>,
    c_bookmark_names: Vec<CString>,
}

/// A step of the round that leaves all as it was before.
struct Step<'a> {
    name: &'static str,
    c: Box<dyn Fn() + 'a>,
    safe: Box<dyn Fn() + 'a>,
    /// What `zfs` is told for one of the thousand.
    arguments: Box<dyn Fn(usize) -> Vec<&'a str> + 'a>,
}

/// How long a step took.
pub(crate) struct Result {
    pub(crate) name: &'static str,
    pub(crate) pairs: Pairs,
    /// For one process.
    pub(crate) process: f64,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let pool = Pool::builder().label("bulk").size(1 << 30).build().unwrap();
        let parent = pool.dataset("data");
        pool.zfs().create(&parent).run().unwrap();
        let datasets: Vec<DatasetName> = (0..MANY)
            .map(|number| parent.child(&format!("set-{number:04}")).unwrap())
            .collect();
        thread::scope(|scope| {
            for share in datasets.chunks(MANY / CREATORS) {
                let zfs = pool.zfs();
                scope.spawn(move || {
                    for dataset in share {
                        zfs.create(dataset).run().unwrap();
                    }
                });
            }
        });
        let snapshots: Vec<_> = datasets
            .iter()
            .map(|dataset| dataset.snapshot("nightly").unwrap())
            .collect();
        let bookmark_names: Vec<_> = datasets
            .iter()
            .map(|dataset| dataset.bookmark("nightly").unwrap())
            .collect();
        Self {
            zfs: pool.zfs().clone().without_history(),
            _pool: pool,
            tag: "replication".parse().unwrap(),
            c_tag: c::name("replication"),
            c_snapshots: snapshots.iter().map(c::name).collect(),
            c_bookmarks: bookmark_names
                .iter()
                .zip(&snapshots)
                .map(|(bookmark, snapshot)| (c::name(bookmark), c::name(snapshot)))
                .collect(),
            c_bookmark_names: bookmark_names.iter().map(c::name).collect(),
            bookmarks: bookmark_names
                .iter()
                .cloned()
                .zip(snapshots.iter().map(IncrementalSource::from))
                .collect(),
            bookmark_names,
            snapshots,
        }
    }

    fn steps(&self) -> [Step<'_>; 6] {
        let zfs = &self.zfs;
        let tag = self.tag.as_str();
        let snapshot = |number: usize| self.snapshots[number].as_str();
        let bookmark = |number: usize| self.bookmark_names[number].as_str();
        [
            Step {
                name: "create_snapshots",
                c: Box::new(|| c::snapshot(&self.c_snapshots)),
                safe: Box::new(|| zfs.create_snapshots(&self.snapshots).unwrap()),
                arguments: Box::new(move |number| vec!["snapshot", snapshot(number)]),
            },
            Step {
                name: "hold",
                c: Box::new(|| c::hold(&self.c_tag, &self.c_snapshots)),
                safe: Box::new(|| {
                    let held = zfs.hold(&self.tag, &self.snapshots);
                    held.unwrap().all().unwrap();
                }),
                arguments: Box::new(move |number| vec!["hold", tag, snapshot(number)]),
            },
            Step {
                name: "create_bookmarks",
                c: Box::new(|| c::bookmark(&self.c_bookmarks)),
                safe: Box::new(|| zfs.create_bookmarks(&self.bookmarks).unwrap()),
                arguments: Box::new(move |number| {
                    vec!["bookmark", snapshot(number), bookmark(number)]
                }),
            },
            Step {
                name: "release",
                c: Box::new(|| c::release(&self.c_tag, &self.c_snapshots)),
                safe: Box::new(|| {
                    let released = zfs.release(&self.tag, &self.snapshots);
                    released.unwrap().all().unwrap();
                }),
                arguments: Box::new(move |number| vec!["release", tag, snapshot(number)]),
            },
            Step {
                name: "destroy_bookmarks",
                c: Box::new(|| c::destroy_bookmarks(&self.c_bookmark_names)),
                safe: Box::new(|| zfs.destroy_bookmarks(&self.bookmark_names).unwrap()),
                arguments: Box::new(move |number| vec!["destroy", bookmark(number)]),
            },
            Step {
                name: "destroy_snapshots",
                c: Box::new(|| c::destroy_snapshots(&self.c_snapshots)),
                safe: Box::new(|| {
                    zfs.destroy_snapshots(&self.snapshots, Destroy::Now)
                        .unwrap();
                }),
                arguments: Box::new(move |number| vec!["destroy", snapshot(number)]),
            },
        ]
    }

    /// Has both sides go all steps in turns, and then `zfs` for so many of the thousand.
    pub(crate) fn measure(&self, rounds: usize, processes: usize) -> Vec<Result> {
        let steps = self.steps();
        let mut results: Vec<_> = steps
            .iter()
            .map(|step| Result {
                name: step.name,
                pairs: Pairs::default(),
                process: 0.0,
            })
            .collect();
        // The first round is not counted.
        for round in 0..=rounds {
            let all = |safe: bool| -> Vec<f64> {
                let side = |step: &Step<'_>| timed(if safe { &step.safe } else { &step.c });
                steps.iter().map(side).collect()
            };
            let (c, safe) = if round % 2 == 0 {
                let c = all(false);
                (c, all(true))
            } else {
                let safe = all(true);
                (all(false), safe)
            };
            if round > 0 {
                for (result, pair) in results.iter_mut().zip(c.into_iter().zip(safe)) {
                    result.pairs.0.push(pair);
                }
            }
        }
        for (result, step) in results.iter_mut().zip(&steps) {
            result.process = median((0..processes).map(|number| {
                let arguments = (step.arguments)(number);
                timed(&|| {
                    let status = Command::new("zfs")
                        .args(&arguments)
                        .stdin(Stdio::null())
                        .status()
                        .unwrap();
                    assert!(status.success(), "zfs {arguments:?}");
                })
            }));
        }
        results
    }
}

//! The marks of a replication: moved for many datasets at once, and for none because of another.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::io;
use std::sync::{Condvar, Mutex};

use libzfs::replicate::{
    Error, Event, Limits, LocalSource, LocalTarget, Look, Marks, Order, Outgoing, Proof,
    Replication, Report, Result, Side, Source, Target, Transfer, Tree, WrappedKey,
};
use libzfs::testing::Pool;
use libzfs::{DatasetName, SnapshotName, TransferControl};
use support::{LIMIT, encrypted, file_system, pool, snapshot, within, zfs_says};

/// What a side was asked to mark, and what it refuses.
struct Asked<'a, S> {
    side: S,
    /// Each call with its datasets.
    calls: Mutex<Vec<(&'static str, Vec<DatasetName>)>>,
    refuses: &'a (dyn Fn(&Call<'_>) -> bool + Sync),
    /// What is wrong with the connection, if it is for that.
    lost: Option<io::ErrorKind>,
    /// Whether it is lost behind each stream.
    is_cut: bool,
}

/// A call.
struct Call<'a> {
    what: &'static str,
    datasets: &'a [DatasetName],
}

impl<'a, S> Asked<'a, S> {
    fn new(side: S, refuses: &'a (dyn Fn(&Call<'_>) -> bool + Sync)) -> Self {
        Self {
            side,
            calls: Mutex::default(),
            refuses,
            lost: None,
            is_cut: false,
        }
    }

    fn call(&self, what: &'static str, datasets: impl Iterator<Item = DatasetName>) -> Result<()> {
        let datasets: Vec<_> = datasets.collect();
        self.calls.lock().unwrap().push((what, datasets.clone()));
        let datasets = datasets.as_slice();
        match ((self.refuses)(&Call { what, datasets }), self.lost) {
            (true, Some(kind)) => Err(Error::Lost(kind.into())),
            (true, None) => Err(Error::Refused(format!("{what} {datasets:?}"))),
            (false, _) => Ok(()),
        }
    }

    /// Of how many datasets each call of these was.
    fn sizes(&self, what: &str) -> Vec<usize> {
        let calls = self.calls.lock().unwrap();
        let calls = calls.iter().filter(|(called, _)| *called == what);
        calls.map(|(_, datasets)| datasets.len()).collect()
    }
}

impl<S: Side> Side for Asked<'_, S> {
    fn tree(&self, look: &Look) -> Result<Tree> {
        self.side.tree(look)
    }

    fn anchor(&self, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
        let datasets = snapshots.iter().map(|(name, _)| name.dataset().clone());
        self.call("anchor", datasets)?;
        self.side.anchor(marks, snapshots)
    }

    fn settle(&self, marks: &Marks, kept: &[(DatasetName, Vec<u64>)]) -> Result<()> {
        self.call("settle", kept.iter().map(|(dataset, _)| dataset.clone()))?;
        self.side.settle(marks, kept)
    }

    fn wrapped_key(&self, dataset: &DatasetName) -> Result<Option<WrappedKey>> {
        self.side.wrapped_key(dataset)
    }
}

impl Source for Asked<'_, LocalSource> {
    fn take_snapshots(&self, snapshots: &[SnapshotName]) -> Result<()> {
        self.side.take_snapshots(snapshots)
    }

    fn estimate(&self, transfer: &Transfer) -> Result<u64> {
        self.side.estimate(transfer)
    }

    fn send(&self, transfer: &Transfer, control: &TransferControl) -> Result<Outgoing> {
        self.side.send(transfer, control)
    }
}

impl Target for Asked<'_, LocalTarget> {
    fn has_changed_key(&self, copy: &DatasetName) -> Result<bool> {
        self.side.has_changed_key(copy)
    }

    fn rename(&self, from: &DatasetName, to: &DatasetName) -> Result<()> {
        self.side.rename(from, to)
    }

    fn discard_partial(&self, dataset: &DatasetName, token: &str) -> Result<()> {
        self.side.discard_partial(dataset, token)
    }

    fn receive(&self, order: &Order, stream: Outgoing, control: &TransferControl) -> Result<()> {
        self.side.receive(order, stream, control)?;
        match self.is_cut {
            true => Err(Error::Lost(io::ErrorKind::ConnectionReset.into())),
            false => Ok(()),
        }
    }

    fn verify(&self, marks: &Marks, order: &Order) -> Result<Proof> {
        self.side.verify(marks, order)
    }
}

const CHILDREN: usize = 5;

struct Site {
    pool: Pool,
    /// What is replicated, the top first.
    tree: Vec<DatasetName>,
    to: DatasetName,
    marks: Marks,
}

type Refuses<'a> = &'a (dyn Fn(&Call<'_>) -> bool + Sync);

impl Site {
    fn new(label: &str) -> Self {
        let pool = pool(label);
        file_system(&pool, "vault");
        let mut tree = vec![encrypted(&pool, "prod")];
        for number in 0..CHILDREN {
            let child = tree[0].child(&format!("d{number}")).unwrap();
            pool.zfs().create(&child).run().unwrap();
            tree.push(child);
        }
        Self {
            tree,
            to: pool.dataset("vault/prod"),
            marks: Marks::new("test").unwrap(),
            pool,
        }
    }

    fn snapshots(&self, name: &str) {
        for dataset in &self.tree {
            snapshot(self.pool.zfs(), dataset, name);
        }
    }

    /// Replicates between sides that refuse these; what else is asked of them is taken down.
    fn run<'a>(
        &self,
        at_once: usize,
        of_source: Refuses<'a>,
        of_target: Refuses<'a>,
    ) -> (Report, Asked<'a, LocalSource>, Asked<'a, LocalTarget>) {
        let source = Asked::new(LocalSource::new(self.pool.zfs()), of_source);
        let target = Asked::new(LocalTarget::new(self.pool.zfs()), of_target);
        let (from, to) = ((&source, &self.tree[0]), (&target, &self.to));
        let limits = Limits {
            at_once,
            ..Limits::default()
        };
        let report = Replication::new((from.0 as _, from.1), (to.0 as _, to.1), &self.marks)
            .limits(limits)
            .run()
            .unwrap();
        (report, source, target)
    }

    /// Fails unless that snapshot of each dataset, and no other, is held on both sides.
    #[track_caller]
    fn holds_only(&self, name: &str) {
        for dataset in &self.tree {
            let below = dataset.as_str().split_once('/').unwrap().1;
            let copy = self.pool.dataset(&format!("vault/{below}"));
            for dataset in [dataset, &copy] {
                let all = ["list", "-Hpt", "snapshot", "-o", "name,userrefs"];
                let says = zfs_says(&[&all[..], &[dataset.as_str()]].concat());
                let held: Vec<_> = says
                    .lines()
                    .filter_map(|line| line.strip_suffix("\t1"))
                    .collect();
                assert_eq!(held, [dataset.snapshot(name).unwrap().as_str()], "{says}");
            }
        }
    }
}

const NOTHING: Refuses<'static> = &|_| false;

#[test]
fn what_is_about_to_be_sent_is_held_with_one_call() {
    within(LIMIT, || {
        let site = Site::new("marks-all");
        site.snapshots("one");
        // Two are sent, and then one, and what that goes on from is held, too.
        let snapshots = 2;
        for (at_once, newest) in [(1, "two"), (4, "three")] {
            site.snapshots(newest);
            let (report, source, target) = site.run(at_once, NOTHING, NOTHING);
            assert!(report.is_complete(), "{report:?}");
            // The children have no place before their parent.
            assert_eq!(source.sizes("anchor"), [snapshots, snapshots * CHILDREN]);
            // However many are verified while others are settled.
            for settled in [
                target.sizes("anchor"),
                target.sizes("settle"),
                source.sizes("settle"),
            ] {
                assert_eq!(settled.iter().sum::<usize>(), site.tree.len());
            }
            site.holds_only(newest);
        }
        site.pool.destroy().unwrap();
    });
}

#[test]
fn what_is_verified_while_others_are_settled_is_settled_with_one_call() {
    within(LIMIT, || {
        let site = Site::new("marks-batch");
        site.snapshots("one");
        let verified = (Mutex::new(0), Condvar::new());
        // The first waits until all of them were verified.
        let wait = |call: &Call<'_>| {
            if call.what == "anchor" {
                let all = verified.0.lock().unwrap();
                let some_miss = |verified: &mut usize| *verified < 1 + CHILDREN;
                drop(verified.1.wait_while(all, some_miss).unwrap());
            }
            false
        };
        let source = Asked::new(LocalSource::new(site.pool.zfs()), NOTHING);
        let target = Asked::new(LocalTarget::new(site.pool.zfs()), &wait);
        let (from, to) = ((&source, &site.tree[0]), (&target, &site.to));
        let report = Replication::new((from.0 as _, from.1), (to.0 as _, to.1), &site.marks)
            .on_event(|event| {
                if matches!(event, Event::Verified { .. }) {
                    *verified.0.lock().unwrap() += 1;
                    verified.1.notify_all();
                }
            })
            .run()
            .unwrap();
        assert!(report.is_complete(), "{report:?}");
        for settled in [
            target.sizes("anchor"),
            target.sizes("settle"),
            source.sizes("settle"),
        ] {
            assert_eq!(settled, [1, CHILDREN]);
        }
        site.holds_only("one");
        site.pool.destroy().unwrap();
    });
}

#[test]
fn one_that_cannot_be_marked_costs_the_others_nothing() {
    within(LIMIT, || {
        let site = Site::new("marks-one");
        site.snapshots("one");
        let bad = site.tree[2].clone();
        let is_bad = |call: &Call<'_>| {
            call.datasets
                .iter()
                .any(|name| name.as_str().ends_with("/d1"))
        };
        for what in ["anchor", "settle"] {
            let refuses = |call: &Call<'_>| call.what == what && is_bad(call);
            // What the source anchors comes before the stream, and what the target does behind it.
            let sides: [(_, Refuses<'_>, Refuses<'_>); 2] =
                [("source", &refuses, NOTHING), ("target", NOTHING, &refuses)];
            for (side, of_source, of_target) in sides {
                let name = format!("{what}-{side}");
                site.snapshots(&name);
                let (report, ..) = site.run(2, of_source, of_target);
                let errors: Vec<_> = report.errors().collect();
                assert!(
                    matches!(errors[..], [(dataset, Error::Refused(_))] if *dataset == bad),
                    "{name}: {report:?}"
                );
                assert_eq!(report.datasets.len(), site.tree.len());
                let (report, ..) = site.run(2, NOTHING, NOTHING);
                assert!(report.is_complete(), "{name}: {report:?}");
                assert_eq!(report.datasets.len(), 1);
                site.holds_only(&name);
            }
        }
        site.pool.destroy().unwrap();
    });
}

#[test]
fn what_finds_no_connection_beside_a_stream_is_tried_again_behind_it() {
    within(LIMIT, || {
        let site = Site::new("marks-again");
        site.snapshots("one");
        let verified = Mutex::new(0);
        // As where there is but one connection, and streams have it until all are verified.
        let refuses =
            |call: &Call<'_>| call.what == "anchor" && *verified.lock().unwrap() < 1 + CHILDREN;
        let source = LocalSource::new(site.pool.zfs());
        let mut target = Asked::new(LocalTarget::new(site.pool.zfs()), &refuses);
        target.lost = Some(io::ErrorKind::NotConnected);
        let (from, to) = ((&source, &site.tree[0]), (&target, &site.to));
        let report = Replication::new((from.0 as _, from.1), (to.0 as _, to.1), &site.marks)
            .on_event(|event| {
                if matches!(event, Event::Verified { .. }) {
                    *verified.lock().unwrap() += 1;
                }
            })
            .run()
            .unwrap();
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(report.datasets.len(), site.tree.len());
        // The top was tried before.
        assert!(target.sizes("anchor").iter().sum::<usize>() > site.tree.len());
        site.holds_only("one");
        site.pool.destroy().unwrap();
    });
}

#[test]
fn what_the_first_stream_to_a_copy_of_another_goes_on_from_is_held() {
    within(LIMIT, || {
        let mut site = Site::new("marks-base");
        site.snapshots("one");
        site.marks = Marks::new("other").unwrap();
        assert!(site.run(1, NOTHING, NOTHING).0.is_complete());
        site.marks = Marks::new("test").unwrap();
        site.snapshots("two");
        // While streams go on, for as long as that takes.
        let held = Mutex::new(Vec::new());
        let look = |call: &Call<'_>| {
            if call.what == "anchor" {
                for copy in call.datasets {
                    let base = format!("{}@one", copy.as_str().replace("/vault/", "/"));
                    let says = zfs_says(&["holds", "-H", &base]);
                    held.lock().unwrap().push(says);
                }
            }
            false
        };
        let (report, ..) = site.run(1, NOTHING, &look);
        assert!(report.is_complete(), "{report:?}");
        let held = held.into_inner().unwrap();
        assert_eq!(held.len(), site.tree.len());
        for base in held {
            assert!(base.contains("zvault:test"), "{base}");
        }
        // And not for longer.
        for dataset in &site.tree {
            let base = zfs_says(&["holds", "-H", &format!("{dataset}@one")]);
            assert!(!base.contains("zvault:test"), "{base}");
        }
        let other = Marks::new("other").unwrap().tag();
        let ones = site.tree.iter().map(|name| name.snapshot("one").unwrap());
        let ones: Vec<_> = ones.collect();
        site.pool
            .zfs()
            .release(&other, &ones)
            .unwrap()
            .all()
            .unwrap();
        site.pool.destroy().unwrap();
    });
}

#[test]
fn nothing_more_is_tried_where_nobody_answers() {
    within(LIMIT, || {
        let site = Site::new("marks-lost");
        site.snapshots("one");
        let is_child = |call: &Call<'_>| call.datasets[0] != site.tree[0];
        for at_once in [1, 2] {
            let mut source = Asked::new(LocalSource::new(site.pool.zfs()), &is_child);
            source.lost = Some(io::ErrorKind::TimedOut);
            let target = LocalTarget::new(site.pool.zfs());
            let (from, to) = ((&source, &site.tree[0]), (&target, &site.to));
            let limits = Limits {
                at_once,
                ..Limits::default()
            };
            let report = Replication::new((from.0 as _, from.1), (to.0 as _, to.1), &site.marks)
                .limits(limits)
                .run()
                .unwrap();
            let lost = report.errors();
            let lost = lost.filter(|(_, error)| matches!(error, Error::Lost(_)));
            assert_eq!(lost.count(), CHILDREN, "{report:?}");
            let of_children = |calls: &[usize]| calls.len() - usize::from(at_once == 1);
            let tried = of_children(&source.sizes("anchor"));
            assert!((at_once + 1..=2 * at_once).contains(&tried), "{tried}");
        }
        assert!(site.run(1, NOTHING, NOTHING).0.is_complete());
        site.holds_only("one");
        site.pool.destroy().unwrap();
    });
}

#[test]
fn who_was_there_for_a_stream_is_tried_again() {
    within(LIMIT, || {
        let site = Site::new("marks-cut");
        site.snapshots("one");
        assert!(site.run(1, NOTHING, NOTHING).0.is_complete());
        site.snapshots("two");
        let source = LocalSource::new(site.pool.zfs());
        let mut target = Asked::new(LocalTarget::new(site.pool.zfs()), NOTHING);
        target.is_cut = true;
        let (from, to) = ((&source, &site.tree[0]), (&target, &site.to));
        let report = Replication::new((from.0 as _, from.1), (to.0 as _, to.1), &site.marks)
            .run()
            .unwrap();
        let cut = report.errors().filter(|(_, error)| match error {
            Error::Lost(error) => error.kind() == io::ErrorKind::ConnectionReset,
            _ => false,
        });
        assert_eq!(cut.count(), site.tree.len(), "{report:?}");
        let (report, ..) = site.run(1, NOTHING, NOTHING);
        assert!(report.is_complete(), "{report:?}");
        site.holds_only("two");
        site.pool.destroy().unwrap();
    });
}

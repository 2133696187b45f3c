//! Replication on one machine: plans are carried out, and the copies are what they have to be.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;

use libzfs::key::MIN_PBKDF2_ITERS;
use libzfs::replicate::{
    Error, Event, Limits, LocalSource, LocalTarget, Look, Marks, Obstacle, Order, Outgoing, Plan,
    Policy, Replication, Report, Request, Result, Selection, Side, Source, Target, Transfer, Tree,
};
use libzfs::testing::Pool;
use libzfs::{
    DatasetName, Destroy, Encryption, ErrorKind, Key, SnapshotName, TransferControl, Zfs,
};
use support::{
    LIMIT, encrypted, file_system, kind, noise, pool, property_says, raw_key, snapshot, within,
    write_file, zfs_says,
};

/// A pool with a place for copies, and the two names of a replication.
struct Site {
    pool: Pool,
    source: LocalSource,
    target: LocalTarget,
    from: DatasetName,
    to: DatasetName,
    marks: Marks,
}

impl Site {
    #[track_caller]
    fn new(label: &str) -> Self {
        Self::on(pool(label))
    }

    #[track_caller]
    fn on(pool: Pool) -> Self {
        file_system(&pool, "vault");
        Self {
            source: LocalSource::new(pool.zfs()),
            target: LocalTarget::new(pool.zfs()),
            from: encrypted(&pool, "prod"),
            to: pool.dataset("vault/prod"),
            marks: Marks::new("test").unwrap(),
            pool,
        }
    }

    fn zfs(&self) -> &Zfs {
        self.pool.zfs()
    }

    fn replication(&self) -> Replication<'_> {
        let (from, to) = ((&self.source, &self.from), (&self.target, &self.to));
        Replication::new((from.0 as _, from.1), (to.0 as _, to.1), &self.marks)
    }

    /// Takes snapshots and replicates them, which has to go well.
    #[track_caller]
    fn run(&self, snapshots: &str) -> Report {
        let report = self.replication().take_snapshots(snapshots).run().unwrap();
        assert!(report.is_complete(), "{report:?}");
        report
    }

    #[track_caller]
    fn plan(&self) -> Plan {
        self.replication().plan().unwrap()
    }

    fn copy_of(&self, path: &str) -> DatasetName {
        self.pool.dataset(&format!("vault/{path}"))
    }

    /// Fails unless each snapshot of the source is on the destination, by GUID, as `zfs` has them, and
    /// nothing is held but the newest of each dataset.
    #[track_caller]
    fn is_replicated(&self, paths: &[&str]) {
        for path in paths {
            let source = self.pool.dataset(path);
            let copy = self.copy_of(path);
            let there = guids(&copy);
            assert_eq!(guids(&source), there, "{path}");
            for (dataset, guids) in [(&source, guids(&source)), (&copy, there)] {
                let held: Vec<_> = guids
                    .iter()
                    .map(|(name, _)| dataset.snapshot(name).unwrap())
                    .filter(|name| self.is_held(name))
                    .collect();
                let newest = guids
                    .last()
                    .map(|(name, _)| dataset.snapshot(name).unwrap());
                assert_eq!(held, Vec::from_iter(newest), "{dataset}");
            }
            assert_eq!(property_says("receive_resume_token", &copy), "-");
            assert_eq!(property_says("keystatus", &copy), "unavailable");
            assert_eq!(property_says("readonly", &copy), "on");
        }
    }

    #[track_caller]
    fn is_held(&self, name: &SnapshotName) -> bool {
        let holds = self.zfs().holds(name).unwrap();
        holds.iter().any(|hold| hold.tag == "zvault:test")
    }

    /// Reads a file of a copy, whose key is loaded for as long as that takes.
    #[track_caller]
    fn read_copy(&self, path: &str, root: &str, key: &Key, file: &str) -> Vec<u8> {
        let root = self.copy_of(root);
        self.zfs().load_key(&root, key).unwrap();
        // To be mounted for writing would change it, and the next stream would not fit.
        let mount = self.pool.mount_read_only(&self.copy_of(path)).unwrap();
        let bytes = fs::read(mount.path().join(file)).unwrap();
        mount.unmount().unwrap();
        self.zfs().unload_key(&root).unwrap();
        bytes
    }
}

/// The snapshots of a dataset with their GUIDs, as `zfs` lists them.
#[track_caller]
fn guids(dataset: &DatasetName) -> Vec<(String, String)> {
    let args = [
        "list",
        "-Hpt",
        "snapshot",
        "-s",
        "createtxg",
        "-o",
        "name,guid",
    ];
    let said = zfs_says(&[&args[..], &[dataset.as_str()]].concat());
    said.lines()
        .map(|line| {
            let (name, guid) = line.split_once('\t').unwrap();
            let (_, short) = name.split_once('@').unwrap();
            (short.to_owned(), guid.to_owned())
        })
        .collect()
}

fn other_key() -> Key {
    Key::raw(&[9; 32]).unwrap()
}

#[test]
fn a_tree_is_replicated() {
    let site = Site::new("replicate");
    let (pool, zfs) = (&site.pool, site.zfs());
    let db = pool.dataset("prod/db");
    zfs.create(&db).run().unwrap();
    let own = pool.dataset("prod/own");
    let create = zfs.create(&own);
    create
        .encryption(Encryption::Aes256Gcm, other_key())
        .run()
        .unwrap();
    zfs.create(&pool.dataset("prod/vol"))
        .volume(8 << 20)
        .run()
        .unwrap();
    let all = ["prod", "prod/db", "prod/own", "prod/vol"];
    let first = noise(1, 300_000);
    for dataset in [&site.from, &db, &own] {
        write_file(pool, dataset, "first", &first);
    }

    // Nothing is done by a plan; without a snapshot there is nothing to send.
    let plan = site.plan();
    assert!(plan.steps.is_empty());
    assert_eq!(plan.findings.len(), 4);
    assert!(!zfs.dataset_exists(&site.to).unwrap());

    let report = site.run("rep-1");
    assert_eq!(report.datasets.len(), all.len());
    assert!(report.bytes() > 900_000, "{}", report.bytes());
    site.is_replicated(&all);
    for path in all {
        let copy = site.copy_of(path);
        assert_eq!(property_says("encryptionroot", &copy), copy.as_str());
        assert!(zfs.mount_points_of(&copy).unwrap().is_empty());
        let can_mount = match path {
            "prod/vol" => "-",
            _ => "off",
        };
        assert_eq!(property_says("canmount", &copy), can_mount);
    }
    let proof = report.datasets[1].result.as_ref().unwrap();
    assert_eq!(proof.suite, "aes-256-gcm");
    assert!(!proof.key_available && !proof.mounted);
    assert!(site.plan().is_up_to_date());
    assert_eq!(site.replication().run().unwrap().datasets.len(), 0);

    // Each of several snapshots is sent.
    let second = noise(2, 300_000);
    write_file(pool, &db, "second", &second);
    snapshot(zfs, &db, "by-hand");
    let report = site.run("rep-2");
    let sent: Vec<_> = report.datasets.iter().map(|one| one.sent.len()).collect();
    assert_eq!(sent, [1, 2, 1, 1]);
    site.is_replicated(&all);
    assert!(site.plan().is_up_to_date());

    // What is on the copies is what was written, and opens with the source's keys.
    assert!(site.read_copy("prod", "prod", &raw_key(), "first") == first);
    assert!(site.read_copy("prod/db", "prod/db", &raw_key(), "second") == second);
    assert!(site.read_copy("prod/own", "prod/own", &other_key(), "first") == first);

    // What the next stream goes on from is safe on both sides.
    for name in [&db, &site.copy_of("prod/db")] {
        let anchor = name.snapshot("rep-2").unwrap();
        let destroyed = zfs.destroy_snapshots(&[anchor], Destroy::Now);
        assert_eq!(kind(destroyed), ErrorKind::SnapshotHeld);
    }
    let bookmarks = zfs.bookmarks(&db).unwrap();
    assert_eq!(bookmarks.len(), 2, "{bookmarks:?}");

    // Nor does another run take that away which was behind, and ends only now.
    let copy = site.copy_of("prod/db");
    let behind = copy.snapshot("by-hand").unwrap();
    let guid = zfs.snapshot(&behind).unwrap().guid().unwrap();
    let order = Order {
        snapshot: behind.clone(),
        guid,
        base: None,
        origin: None,
        resumed: None,
        policy: Policy::Vault,
    };
    site.target.verify(&site.marks, &order).unwrap();
    site.target
        .anchor(&site.marks, &[(behind.clone(), guid)])
        .unwrap();
    let kept = |dataset: &DatasetName| [(dataset.clone(), vec![guid])];
    site.target.settle(&site.marks, &kept(&copy)).unwrap();
    site.source.settle(&site.marks, &kept(&db)).unwrap();
    for name in [&db, &copy] {
        assert!(site.is_held(&name.snapshot("rep-2").unwrap()));
    }
    assert_eq!(zfs.bookmarks(&db).unwrap(), bookmarks);
    snapshot(zfs, &db, "rep-3");
    let report = site.replication().run().unwrap();
    assert!(report.is_complete(), "{report:?}");
    assert!(site.is_held(&copy.snapshot("rep-3").unwrap()));
    for name in [behind, copy.snapshot("rep-2").unwrap()] {
        assert!(!site.is_held(&name));
    }
    site.pool.destroy().unwrap();
}

/// A source that takes down what it is asked for, and cannot estimate what is called `heavy`.
struct Asked<'a> {
    source: &'a LocalSource,
    looks: Mutex<Vec<Look>>,
}

impl Side for Asked<'_> {
    fn tree(&self, look: &Look) -> Result<Tree> {
        self.looks.lock().unwrap().push(look.clone());
        self.source.tree(look)
    }

    fn anchor(&self, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
        self.source.anchor(marks, snapshots)
    }

    fn settle(&self, marks: &Marks, kept: &[(DatasetName, Vec<u64>)]) -> Result<()> {
        self.source.settle(marks, kept)
    }
}

impl Source for Asked<'_> {
    fn take_snapshots(&self, snapshots: &[SnapshotName]) -> Result<()> {
        self.source.take_snapshots(snapshots)
    }

    fn estimate(&self, transfer: &Transfer) -> Result<u64> {
        match transfer.snapshot.short_name() {
            "heavy" => Err(Error::Refused("too heavy".into())),
            _ => self.source.estimate(transfer),
        }
    }

    fn send(&self, transfer: &Transfer, control: &TransferControl) -> Result<Outgoing> {
        self.source.send(transfer, control)
    }
}

#[test]
fn what_is_wrong_with_one_costs_the_others_nothing() {
    let site = Site::new("one");
    let zfs = site.zfs();
    let child = site.from.child("child").unwrap();
    zfs.create(&child).run().unwrap();
    site.run("rep-1");
    let copy = site.copy_of("prod/child");
    snapshot(zfs, &copy, "foreign");
    snapshot(zfs, &child, "rep-2");
    for name in ["heavy", "light"] {
        snapshot(zfs, &site.from, name);
    }
    let asked = Asked {
        source: &site.source,
        looks: Mutex::default(),
    };
    let (from, to) = ((&asked, &site.from), (&site.target, &site.to));
    let replication = Replication::new((from.0 as _, from.1), (to.0 as _, to.1), &site.marks);
    let plan = replication.with_estimates().plan().unwrap();
    let estimates: Vec<_> = plan.transfers().map(|one| one.estimate.is_some()).collect();
    assert_eq!(estimates, [false, true]);
    let found = |is: fn(&Obstacle) -> bool| plan.findings.iter().any(|one| is(&one.obstacle));
    assert!(found(|one| matches!(one, Obstacle::Diverged { .. })));
    assert!(found(|one| matches!(one, Obstacle::NotEstimated { .. })));
    assert_eq!(plan.findings.len(), 2);
    // All snapshots of that one were looked at, and only the newest of the others.
    let looks = asked.looks.into_inner().unwrap();
    let looks: Vec<_> = looks
        .iter()
        .map(|look| (&look.top, look.since.is_some()))
        .collect();
    assert_eq!(looks, [(&site.from, true), (&child, false)]);
    let nothing = Selection {
        include: vec!["chlid".into()],
        ..Selection::default()
    };
    let selected = site.replication().select(nothing).run();
    assert!(matches!(selected, Err(Error::Refused(_))), "{selected:?}");
    site.pool.destroy().unwrap();
}

#[test]
fn clones_are_promoted_there_and_back() {
    let site = Site::new("promote");
    let zfs = site.zfs();
    let [old, new] = ["prod/old", "prod/new"].map(|path| site.pool.dataset(path));
    zfs.create(&old).run().unwrap();
    site.run("rep-1");
    let origin = old.snapshot("rep-1").unwrap();
    zfs.clone_snapshot(&origin, &new).run().unwrap();
    snapshot(zfs, &new, "own");
    assert!(site.replication().run().unwrap().is_complete());
    for (round, clone) in [&new, &old, &new, &old].into_iter().enumerate() {
        // Bookmarks of the same name would make the kernel panic.
        zfs.promote(clone).unwrap();
        // The former origin has nothing new, and is marked all the same.
        let report = site.replication().run().unwrap();
        assert!(report.is_complete(), "{report:?}");
        let plan = site.plan();
        assert!(plan.is_up_to_date(), "{plan}", plan = plan.steps.len());
        site.run(&format!("round-{round}"));
        for dataset in [&old, &new] {
            let below = &dataset.as_str()[site.from.as_str().len()..];
            let copy = site.copy_of(&format!("prod{below}"));
            let newest = |name: &DatasetName| guids(name).pop().unwrap();
            assert_eq!(newest(dataset), newest(&copy));
            assert!(site.is_held(&dataset.snapshot(&format!("round-{round}")).unwrap()));
        }
    }
    site.pool.destroy().unwrap();
}

#[test]
fn copies_below_their_source_are_not_copied_again() {
    let mut site = Site::new("nested");
    let place = site.pool.dataset("prod/place");
    site.zfs().create(&place).run().unwrap();
    site.to = site.pool.dataset("prod/place/copy");
    for name in ["rep-1", "rep-2"] {
        site.run(name);
        let all = zfs_says(&["list", "-Hr", "-o", "name", site.from.as_str()]);
        assert_eq!(all.lines().count(), 4, "{all}");
        assert_eq!(guids(&site.to), guids(&site.from));
    }
    site.pool.destroy().unwrap();
}

#[test]
fn what_became_of_a_dataset_is_told_and_the_others_go_on() {
    let site = Site::new("findings");
    let (pool, zfs) = (&site.pool, site.zfs());
    let child = |name: &str| {
        let name = pool.dataset(&format!("prod/{name}"));
        zfs.create(&name).run().unwrap();
        name
    };
    let [db, gone, again, moved] = ["db", "gone", "again", "moved"].map(child);
    write_file(pool, &db, "first", &noise(1, 100_000));
    site.run("rep-1");

    // Destroyed; destroyed and made again; renamed; snapshots of the copy; a clone; a base destroyed.
    let destroy = |name: &DatasetName| {
        let anchor = name.snapshot("rep-1").unwrap();
        let _ = zfs
            .release(&site.marks.tag(), std::slice::from_ref(&anchor))
            .unwrap();
        zfs.destroy_snapshots(&[anchor], Destroy::Now).unwrap();
    };
    for name in [&gone, &again] {
        destroy(name);
        zfs.destroy_dataset(name).unwrap();
    }
    child("again");
    zfs.rename_dataset(&moved, &pool.dataset("prod/here"))
        .unwrap();
    let base = db.snapshot("rep-1").unwrap();
    let clone = pool.dataset("prod/clone");
    zfs.clone_snapshot(&base, &clone).run().unwrap();
    write_file(pool, &clone, "of-clone", b"c");
    destroy(&site.from);
    let report = site.replication().take_snapshots("rep-2").run().unwrap();
    let found = |report: &Report| -> Vec<(String, Obstacle)> {
        let findings = report.findings.iter().cloned();
        let prefix = pool.name().as_str().len() + 1;
        findings
            .map(|finding| {
                (
                    finding.dataset.as_str()[prefix..].to_owned(),
                    finding.obstacle,
                )
            })
            .collect()
    };
    let no_common = Obstacle::NoCommonSnapshot {
        destination: site.copy_of("prod/again"),
        has_snapshots: true,
    };
    let mut findings = found(&report);
    findings.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        findings,
        [
            ("prod".to_owned(), Obstacle::FromBookmark),
            ("prod/again".to_owned(), no_common),
            ("vault/prod/gone".to_owned(), Obstacle::Vanished),
        ]
    );
    assert!(
        !report.is_complete() && report.errors().count() == 0,
        "{report:?}"
    );
    assert_eq!(guids(&site.copy_of("prod/gone")).len(), 1);
    site.is_replicated(&["prod/db", "prod/here", "prod/clone"]);
    assert!(!zfs.dataset_exists(&site.copy_of("prod/moved")).unwrap());
    let origin = site.copy_of("prod/db").snapshot("rep-1").unwrap();
    let clone_there = site.copy_of("prod/clone");
    assert_eq!(property_says("origin", &clone_there), origin.as_str());

    // The clone takes its origin over; on the destination it stays what it is.
    zfs.promote(&clone).unwrap();
    // With the hold and the bookmarks, and there is nothing newer that the copy has.
    let held = pool.dataset("prod/here").snapshot("rep-2").unwrap();
    let second = pool.dataset("prod/second");
    zfs.clone_snapshot(&held, &second).run().unwrap();
    snapshot(zfs, &second, "of-second");
    let report = site.replication().run().unwrap();
    assert_eq!(report.errors().count(), 0, "{report:?}");
    zfs.promote(&second).unwrap();
    let held = second.snapshot("rep-2").unwrap();
    assert!(site.is_held(&held));
    write_file(pool, &db, "second", b"2");
    // Somebody was at the copy.
    let foreign = snapshot(zfs, &site.to, "own");
    let report = site.replication().take_snapshots("rep-3").run().unwrap();
    let diverged = Obstacle::Diverged {
        destination: site.to.clone(),
        common: "rep-2".into(),
        later: vec!["own".into()],
    };
    assert!(found(&report).contains(&("prod".to_owned(), diverged)));
    assert!(zfs.snapshot_exists(&foreign).unwrap());
    assert!(
        !report.is_complete() && report.errors().count() == 0,
        "{report:?}"
    );
    assert_eq!(report.datasets.len(), 4, "{report:?}");
    assert!(!site.is_held(&held));
    // By a bookmark of its own.
    let of_here = zfs.bookmarks(&pool.dataset("prod/here")).unwrap();
    assert_eq!(of_here.len(), 2, "{of_here:?}");
    zfs.destroy_snapshots(&[foreign], Destroy::Now).unwrap();
    let report = site.replication().run().unwrap();
    assert_eq!(report.errors().count(), 0, "{report:?}");
    let newest = |name: &DatasetName| guids(name).pop().unwrap();
    for path in ["prod", "prod/db", "prod/clone", "prod/here"] {
        let (here, there) = (newest(&pool.dataset(path)), newest(&site.copy_of(path)));
        assert_eq!((here.0.as_str(), &here), ("rep-3", &there), "{path}");
    }
    let second = site.read_copy("prod/db", "prod/db", &raw_key(), "second");
    assert_eq!(second, b"2");

    // That it has another name is all that there is to do, and a bookmark that has no name any more
    // keeps none but its own dataset from being looked at.
    zfs.rename_dataset(&pool.dataset("prod/here"), &pool.dataset("prod/there"))
        .unwrap();
    let report = site.replication().run().unwrap();
    assert_eq!(report.errors().count(), 0, "{report:?}");
    assert!(zfs.dataset_exists(&site.copy_of("prod/there")).unwrap());
    let plan = site.plan();
    assert!(plan.steps.is_empty(), "{plan:?}");
    let long = pool.dataset(&format!("prod/{}", "l".repeat(60)));
    let short = child("l");
    let base = snapshot(zfs, &short, "rep-4");
    let bookmark = short.bookmark(&"b".repeat(200)).unwrap();
    zfs.create_bookmarks(&[(bookmark, (&base).into())]).unwrap();
    zfs.rename_dataset(&short, &long).unwrap();
    snapshot(zfs, &clone, "rep-4");
    let report = site.replication().run().unwrap();
    let lost = report.findings.iter().find(|one| one.dataset == long);
    let lost = &lost.unwrap().obstacle;
    assert!(matches!(lost, Obstacle::Unreadable { .. }), "{lost}");
    assert_eq!(newest(&site.copy_of("prod/clone")), newest(&clone));
    site.pool.destroy().unwrap();
}

#[test]
fn a_key_that_was_changed_is_seen_before_anything_is_sent() {
    let site = Site::new("keys");
    let (pool, zfs) = (&site.pool, site.zfs());
    let own = pool.dataset("prod/own");
    let create = zfs.create(&own);
    create
        .encryption(Encryption::Aes256Gcm, raw_key())
        .run()
        .unwrap();
    site.run("rep-1");

    let passphrase = Key::passphrase(support::PASSPHRASE).unwrap();
    zfs.change_key(&own, passphrase.clone())
        .pbkdf2_iters(MIN_PBKDF2_ITERS)
        .run()
        .unwrap();
    write_file(pool, &own, "secret", b"s");
    let report = site.run("rep-2");
    let seen: Vec<_> = report.findings.iter().map(|one| &one.obstacle).collect();
    assert_eq!(seen, [&Obstacle::SourceKeyChanged]);
    site.is_replicated(&["prod", "prod/own"]);
    assert_eq!(
        site.read_copy("prod/own", "prod/own", &passphrase, "secret"),
        b"s"
    );

    let change = |copy: &DatasetName, from: &Key, to: Key| {
        zfs.load_key(copy, from).unwrap();
        zfs.change_key(copy, to).even_if_replica().run().unwrap();
        zfs.unload_key(copy).unwrap();
    };
    // From one raw key to another only the bytes on disk tell.
    let (copy, top) = (site.copy_of("prod/own"), site.to.clone());
    change(&copy, &passphrase, raw_key());
    change(&top, &raw_key(), other_key());
    let report = site.replication().take_snapshots("rep-3").run().unwrap();
    let seen: Vec<_> = report.findings.iter().map(|one| &one.obstacle).collect();
    let differs = |destination| Obstacle::KeyDiffers { destination };
    assert_eq!(seen, [&differs(copy.clone()), &differs(top.clone())]);
    for (copy, key) in [(&copy, raw_key()), (&top, other_key())] {
        assert_eq!(guids(copy).len(), 2);
        assert!(zfs.try_key(copy, &key).unwrap());
    }
    // It is replaced if that is said, and only then. The one copy was mounted since its last stream.
    zfs.rollback(&copy).discard_changes().unwrap();
    let replacing = Request {
        allow_key_changes: true,
        ..Request::default()
    };
    let report = site.replication().request(replacing).run().unwrap();
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(report.findings.len(), 2);
    site.is_replicated(&["prod", "prod/own"]);
    assert!(zfs.try_key(&copy, &passphrase).unwrap());
    assert!(zfs.try_key(&top, &raw_key()).unwrap());
    // One that was changed on the source is that of the copy from then on.
    zfs.change_key(&site.from, other_key()).run().unwrap();
    for name in ["rep-4", "rep-5"] {
        assert_eq!(site.run(name).findings, []);
    }
    site.is_replicated(&["prod", "prod/own"]);
    assert!(zfs.try_key(&top, &other_key()).unwrap());
    site.pool.destroy().unwrap();
}

#[test]
fn a_vault_that_does_not_keep_its_promise_is_told() {
    let site = Site::new("promise");
    let (pool, zfs) = (&site.pool, site.zfs());
    file_system(pool, "plain");
    snapshot(zfs, &pool.dataset("plain"), "a");
    // What is not encrypted is not sent.
    let (from, to) = (pool.dataset("plain"), pool.dataset("vault/plain"));
    let plain = Replication::new((&site.source, &from), (&site.target, &to), &site.marks);
    let report = plain.run().unwrap();
    assert_eq!(report.findings[0].obstacle, Obstacle::NotEncrypted);
    assert!(!zfs.dataset_exists(&to).unwrap());

    site.run("rep-1");
    zfs.load_key(&site.to, &raw_key()).unwrap();
    let report = site.replication().take_snapshots("rep-2").run().unwrap();
    let (_, error) = report.errors().next().unwrap();
    assert!(error.to_string().contains("its key is loaded"), "{error}");
    // It came all the same, and is not taken for verified: what was before stays held.
    assert_eq!(guids(&site.to).len(), 2);
    assert!(site.is_held(&site.from.snapshot("rep-1").unwrap()));
    assert!(!site.replication().run().unwrap().is_complete());

    // To a warm standby the key may be loaded.
    let standby = Request {
        policy: Policy::WarmStandby,
        ..Request::default()
    };
    let replication = site.replication().request(standby.clone());
    let report = replication.run().unwrap();
    assert!(report.is_complete(), "{report:?}");
    assert!(report.datasets[0].result.as_ref().unwrap().key_available);
    assert_eq!(property_says("canmount", &site.to), "off");
    let and_then = |name: &str| {
        let replication = site.replication().request(standby.clone());
        replication.take_snapshots(name).run().unwrap()
    };
    pool.mount_read_only(&site.to).unwrap().unmount().unwrap();
    let report = and_then("rep-3");
    assert!(report.is_complete(), "{report:?}");
    // The property does not keep a mount that is not read-only from changing it for the kernel: what is
    // in it now is for somebody to give up.
    assert_eq!(property_says("readonly", &site.to), "on");
    pool.mount(&site.to).unwrap().unmount().unwrap();
    let report = and_then("rep-4");
    let (_, error) = report.errors().next().unwrap();
    assert!(
        matches!(error, Error::Zfs(error) if error.kind() == ErrorKind::DestinationModified),
        "{error}"
    );
    zfs.rollback(&site.to).discard_changes().unwrap();
    let report = replication.run().unwrap();
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(property_says("canmount", &site.to), "noauto");
    drop(replication);
    zfs.unload_key(&site.to).unwrap();
    site.run("rep-5");
    site.is_replicated(&["prod"]);
    assert_eq!(property_says("canmount", &site.to), "off");
    site.pool.destroy().unwrap();
}

#[test]
fn a_panic_of_who_is_told_ends_it() {
    let site = Site::new("reppanic");
    let child = site.from.child("child").unwrap();
    site.zfs().create(&child).run().unwrap();
    let replicated = within(LIMIT, move || {
        let at_once = Limits {
            at_once: 2,
            ..Limits::default()
        };
        let replication = site
            .replication()
            .take_snapshots("mon")
            .limits(at_once)
            .on_event(|event| {
                assert!(!matches!(event, Event::Sending { .. }), "told to panic");
            });
        panic::catch_unwind(AssertUnwindSafe(|| replication.run().map(drop))).is_err()
    });
    assert!(replicated);
}

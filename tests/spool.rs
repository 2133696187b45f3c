//! Store and forward, on pools.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libzfs::replicate::spool::{
    BadStream, Filter, Outcome, RelativeName, SpoolReceiver, SpoolSender, SpoolStream, Wait,
};
use libzfs::replicate::{LocalSource, LocalTarget, Marks};
use libzfs::testing::Pool;
use libzfs::{DatasetName, Zfs};
use support::{
    encrypted, file_system, noise, pool, property_says, share, share_unless_said, snapshot,
    stream_of, write_file, zfs_says,
};

/// An encrypted tree, a place for its copy, and directories between them.
struct Site {
    pool: Pool,
    top: DatasetName,
    prefix: DatasetName,
}

impl Site {
    /// With so many datasets.
    fn new(label: &str, datasets: usize) -> Self {
        let pool = pool(label);
        let top = encrypted(&pool, "data");
        for number in 1..datasets - 1 {
            file_system(&pool, &format!("data/{number}"));
        }
        let volume = pool.dataset("data/volume");
        pool.zfs().create(&volume).volume(1 << 20).run().unwrap();
        let prefix = file_system(&pool, "vault");
        Self { pool, top, prefix }
    }

    fn snapshot(&self, short: &str) {
        zfs_says(&["snapshot", "-r", &format!("{}@{short}", self.top)]);
    }

    fn directory(&self, name: &str) -> PathBuf {
        let path = self.pool.directory().join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// The names and GUIDs of the snapshots below a dataset, which is left out of the names.
    fn guids(&self, top: &DatasetName) -> BTreeSet<String> {
        let listed = zfs_says(&[
            "list",
            "-Hpr",
            "-t",
            "snap",
            "-o",
            "name,guid",
            top.as_str(),
        ]);
        let lines = listed.lines().filter(|line| !line.is_empty());
        lines
            .map(|line| line.strip_prefix(top.as_str()).unwrap().to_owned())
            .collect()
    }

    /// The snapshots below a dataset that are held with this tag.
    fn held(&self, top: &DatasetName, tag: &str) -> BTreeSet<String> {
        let snapshots = zfs_says(&["list", "-Hr", "-t", "snap", "-o", "name", top.as_str()]);
        let names: Vec<_> = snapshots.lines().collect();
        let mut args = vec!["holds", "-H"];
        args.extend(&names);
        let holds = zfs_says(&args);
        let fields = holds
            .lines()
            .map(|line| line.split('\t').collect::<Vec<_>>());
        fields
            .filter(|fields| fields[1] == tag)
            .map(|fields| fields[0].strip_prefix(top.as_str()).unwrap().to_owned())
            .collect()
    }

    /// The copy is one, its newest snapshots alone are held on both sides, and nothing else is left.
    fn is_done(&self, directories: &[&Path]) {
        let copy = self.prefix.child("data").unwrap();
        assert_eq!(self.guids(&copy), self.guids(&self.top));
        let newest: BTreeMap<String, String> = self
            .in_order(&self.top)
            .into_iter()
            .map(|name| (name.split('@').next().unwrap().to_owned(), name))
            .collect();
        let newest: BTreeSet<String> = newest.into_values().collect();
        for top in [&self.top, &copy] {
            assert_eq!(self.held(top, "zvault:offsite"), newest, "{top}");
            assert_eq!(self.held(top, "zvault:offsite.begun"), BTreeSet::new());
        }
        let bookmarks = zfs_says(&[
            "list",
            "-Hr",
            "-t",
            "bookmark",
            "-o",
            "name",
            self.top.as_str(),
        ]);
        assert!(!bookmarks.contains("begun"), "{bookmarks}");
        for property in ["receive_resume_token", "mounted"] {
            let values = zfs_says(&[
                "get",
                "-Hr",
                "-t",
                "filesystem,volume",
                "-o",
                "value",
                property,
                copy.as_str(),
            ]);
            assert!(values.lines().all(|value| ["-", "no"].contains(&value)));
        }
        for directory in directories {
            assert_eq!(files(directory), Vec::<String>::new());
        }
    }

    fn in_order(&self, top: &DatasetName) -> Vec<String> {
        let order = ["list", "-Hr", "-t", "snap", "-s", "createtxg", "-o", "name"];
        let listed = zfs_says(&[&order[..], &[top.as_str()]].concat());
        let names = listed.lines();
        names
            .map(|name| name.strip_prefix(top.as_str()).unwrap().to_owned())
            .collect()
    }
}

/// What is in a directory but for the locks.
fn files(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".lock"))
        .collect();
    names.sort();
    names
}

fn send(zfs: &Zfs, top: &DatasetName, directory: &Path) -> usize {
    let source = LocalSource::new(zfs);
    let sender = SpoolSender::new(&source, top.clone(), Marks::new("offsite").unwrap());
    let sent = sender.run(directory).unwrap();
    let errors: Vec<_> = sent.errors().collect();
    assert!(errors.is_empty(), "{errors:?}");
    sent.streams().count()
}

fn receive(zfs: &Zfs, prefix: &DatasetName, directory: &Path) -> Vec<SpoolStream> {
    let target = LocalTarget::new(zfs);
    let receiver = SpoolReceiver::new(&target, prefix.clone());
    receiver.run(directory).unwrap()
}

#[track_caller]
fn all_received(streams: &[SpoolStream]) {
    for stream in streams {
        let outcome = &stream.outcome;
        assert!(
            matches!(outcome, Outcome::Received(_) | Outcome::AlreadyThere(_)),
            "{stream:?}"
        );
    }
}

/// Numbers that look random, and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

/// Copies a stream and its sidecar, and does something to the stream on the way.
fn carry(from: &Path, to: &Path, name: &str, edit: impl FnOnce(&mut Vec<u8>)) {
    let mut stream = fs::read(from.join(format!("{name}.zfs"))).unwrap();
    edit(&mut stream);
    fs::write(to.join(format!("{name}.zfs")), stream).unwrap();
    let sidecar = format!("{name}.json");
    fs::copy(from.join(&sidecar), to.join(&sidecar)).unwrap();
}

/// How many streams each of 20 datasets has; in all it is what `LIBZFS_TEST_SPOOL_STREAMS` says.
fn rounds() -> usize {
    share_unless_said("LIBZFS_TEST_SPOOL_STREAMS", "streams of 20 datasets", 100) / 20
}

#[test]
fn what_a_promoted_clone_took_along_is_gone_on_from() {
    let site = Site::new("spool-promoted", 3);
    let (zfs, directory) = (site.pool.zfs(), site.directory("spool"));
    let [old, new] = ["data/1", "data/new"].map(|path| site.pool.dataset(path));
    let carried = |streams: usize| {
        assert_eq!(send(zfs, &site.top, &directory), streams);
        all_received(&receive(zfs, &site.prefix, &directory));
    };
    site.snapshot("one");
    carried(3);
    let origin = old.snapshot("one").unwrap();
    zfs.clone_snapshot(&origin, &new).run().unwrap();
    snapshot(zfs, &new, "two");
    carried(1);
    zfs.promote(&new).unwrap();
    // With the bookmark, of which the third stream of the clone leaves nothing.
    for short in ["three", "four", "five"] {
        snapshot(zfs, &new, short);
        carried(1);
    }
    site.snapshot("six");
    carried(4);
    let copy = site.prefix.child("data").unwrap();
    let newest = |top: &DatasetName| -> BTreeSet<_> {
        let of_all = site.guids(top).into_iter();
        of_all.filter(|line| line.contains("@six\t")).collect()
    };
    assert_eq!(newest(&copy), newest(&site.top));
    let names: BTreeSet<_> = ["@six", "/1@six", "/new@six", "/volume@six"]
        .map(str::to_owned)
        .into();
    for top in [&site.top, &copy] {
        assert_eq!(site.held(top, "zvault:offsite"), names);
    }
    assert_eq!(files(&directory), Vec::<String>::new());
    site.pool.destroy().unwrap();
}

#[test]
fn streams_come_in_any_order_some_twice_and_some_damaged() {
    let site = Site::new("order", 20);
    let zfs = site.pool.zfs();
    let rounds = rounds();
    for round in 0..rounds {
        site.snapshot(&format!("rep-{round}"));
    }
    let (sent, carried) = (site.directory("sent"), site.directory("carried"));
    assert_eq!(send(zfs, &site.top, &sent), 20 * rounds);
    let mut names: Vec<_> = files(&sent)
        .iter()
        .filter_map(|name| Some(name.strip_suffix(".zfs")?.to_owned()))
        .collect();
    assert_eq!(names.len(), 20 * rounds);

    let mut numbers = Numbers(6);
    numbers.shuffle(&mut names);
    let (damaged, good) = names.split_at(names.len() / 20);
    let (cut, flipped) = damaged.split_at(damaged.len() / 2);
    let mut kept = BTreeSet::new();
    for name in cut {
        carry(&sent, &carried, name, |stream| {
            stream.truncate(stream.len() / 2);
        });
        kept.insert(name.clone());
    }
    for name in flipped {
        let at = numbers.below(1 << 20);
        carry(&sent, &carried, name, |stream| {
            let at = at % stream.len();
            stream[at] ^= 1;
        });
        kept.insert(name.clone());
    }
    let mut received = BTreeSet::new();
    for arriving in good.chunks(good.len().div_ceil(4)) {
        let twice = &good[..numbers.below(10)];
        for name in arriving.iter().chain(twice) {
            carry(&sent, &carried, name, |_| {});
        }
        for stream in receive(zfs, &site.prefix, &carried) {
            let is_damaged = kept.contains(&stream.name);
            match stream.outcome {
                Outcome::Received(_) if !is_damaged => assert!(received.insert(stream.name)),
                Outcome::AlreadyThere(_) if !is_damaged => {}
                Outcome::Waits(Wait::Base { .. } | Wait::Parent { .. }) => {}
                Outcome::Bad(BadStream::Size { .. }) => assert!(cut.contains(&stream.name)),
                Outcome::Bad(BadStream::Digest) => assert!(flipped.contains(&stream.name)),
                _ => panic!("{stream:?}"),
            }
        }
    }
    // All that is bad is named by who looks for it, and nothing of it is gone.
    let target = LocalTarget::new(zfs);
    let receiver = SpoolReceiver::new(&target, site.prefix.clone());
    let examined = receiver.examine(&carried).unwrap();
    let bad = examined
        .iter()
        .filter(|stream| matches!(stream.outcome, Outcome::Bad(_)));
    assert_eq!(
        bad.map(|stream| stream.name.clone())
            .collect::<BTreeSet<_>>(),
        kept
    );
    for name in damaged {
        carry(&sent, &carried, name, |_| {});
    }
    for stream in receive(zfs, &site.prefix, &carried) {
        assert!(matches!(stream.outcome, Outcome::Received(_)), "{stream:?}");
        assert!(received.insert(stream.name));
    }
    assert_eq!(received.len(), names.len());
    site.is_done(&[&carried]);

    // What zfs receives too.
    let first = names
        .iter()
        .filter(|name| name.ends_with(".full"))
        .min()
        .unwrap();
    let by_zfs = format!("zfs receive -u {}/by-zfs", site.prefix);
    let by_zfs = format!("{by_zfs} < {}/{first}.zfs", sent.display());
    let status = Command::new("sh").args(["-c", &by_zfs]).status().unwrap();
    assert!(status.success());
}

/// Where a process that is to be killed finds what it has to do.
const WORK: &str = "LIBZFS_SPOOL_WORK";

fn start(work: &str, dataset: &DatasetName, directory: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "a_kill_at_any_moment_is_made_good_by_the_next_run",
        ])
        .env(WORK, format!("{work}\n{dataset}\n{}", directory.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Does the work that the test has for another process.
fn work(order: &str) {
    let mut order = order.split('\n');
    let mut next = || order.next().unwrap();
    let zfs = Zfs::open().unwrap();
    match (next(), next().parse().unwrap(), Path::new(next())) {
        ("send", top, directory) => drop(send(&zfs, &top, directory)),
        (_, prefix, directory) => drop(receive(&zfs, &prefix, directory)),
    }
}

#[test]
fn a_kill_at_any_moment_is_made_good_by_the_next_run() {
    if let Ok(order) = env::var(WORK) {
        return work(&order);
    }
    let site = Site::new("killed", 3);
    let zfs = site.pool.zfs();
    let spool = site.directory("spool");
    let mut numbers = Numbers(9);
    let mut longest = BTreeMap::new();
    for round in 0..share("kills of either end", 5) {
        write_file(&site.pool, &site.top, "file", &noise(round as u64, 300_000));
        site.snapshot(&format!("a-{round}"));
        site.snapshot(&format!("b-{round}"));
        for (work, dataset) in [("send", &site.top), ("receive", &site.prefix)] {
            let begun = Instant::now();
            let mut child = start(work, dataset, &spool);
            // The first is left to end, to know how long that takes.
            let limit = longest
                .get(work)
                .map_or(Duration::MAX, |longest: &Duration| {
                    *longest * u32::try_from(numbers.below(1000)).unwrap() / 1000
                });
            while child.try_wait().unwrap().is_none() && begun.elapsed() < limit {
                thread::sleep(Duration::from_millis(2));
            }
            let _ = child.kill();
            child.wait().unwrap();
            longest.entry(work).or_insert(begun.elapsed());
            // What the kernel had begun may outlive the process for a moment.
            match work {
                "send" => drop(send(zfs, &site.top, &spool)),
                _ => all_received(&receive(zfs, &site.prefix, &spool)),
            }
        }
        site.is_done(&[&spool]);
    }
}

#[test]
fn a_full_disk_leaves_nothing() {
    let site = Site::new("full", 3);
    let zfs = site.pool.zfs();
    write_file(&site.pool, &site.top, "file", &noise(1, 4 << 20));
    site.snapshot("rep-1");
    let small = site.pool.dataset("small");
    zfs.create(&small).set("quota", "2M").run().unwrap();
    let mount = site.pool.mount(&small).unwrap();
    let source = LocalSource::new(zfs);
    let sender = SpoolSender::new(&source, site.top.clone(), Marks::new("offsite").unwrap());
    let sent = sender.run(mount.path()).unwrap();
    let (dataset, error) = sent.errors().next().unwrap();
    assert_eq!(dataset, &site.top);
    assert!(error.to_string().contains("os error"), "{error}");
    assert_eq!(sent.datasets.len(), 1, "the others were not begun");
    assert_eq!(files(mount.path()), Vec::<String>::new());
    let bookmarks = zfs_says(&[
        "list",
        "-Hr",
        "-t",
        "bookmark",
        "-o",
        "name",
        site.top.as_str(),
    ]);
    assert!(!bookmarks.contains("offsite:"), "{bookmarks}");

    zfs_says(&["set", "quota=none", small.as_str()]);
    assert_eq!(send(zfs, &site.top, mount.path()), 3);
    all_received(&receive(zfs, &site.prefix, mount.path()));
    site.is_done(&[mount.path()]);
    mount.unmount().unwrap();
}

#[test]
fn what_is_forged_changes_nothing() {
    let site = Site::new("forged", 3);
    let zfs = site.pool.zfs();
    write_file(&site.pool, &site.top, "file", b"secret");
    let snap = snapshot(zfs, &site.top, "rep-1");
    let spool = site.directory("spool");
    assert_eq!(send(zfs, &site.top, &spool), 1);
    let name = files(&spool).remove(0);
    let sidecar = spool.join(&name);
    let right = fs::read_to_string(&sidecar).unwrap();
    let stream = sidecar.with_extension("zfs");
    let before = || {
        let listed = zfs_says(&[
            "list",
            "-Hpr",
            "-t",
            "all",
            "-o",
            "name,guid",
            site.pool.name().as_str(),
        ]);
        (listed, files(&spool))
    };
    let pool_before = before();
    let is_bad = |why: &str| {
        let streams = receive(zfs, &site.prefix, &spool);
        let Outcome::Bad(bad) = &streams[0].outcome else {
            panic!("{streams:?}");
        };
        assert!(bad.to_string().contains(why), "{bad}");
        assert_eq!(before(), pool_before);
    };
    for (destination, why) in [("../data", "not allowed"), ("x/%recv", "not allowed")] {
        let forged = right.replace(
            "\"destination\": \"data\"",
            &format!("\"destination\": \"{destination}\""),
        );
        assert_ne!(forged, right);
        fs::write(&sidecar, forged).unwrap();
        is_bad(why);
    }
    // A stream that is not raw, and a sidecar that says so of it what would be right.
    let plain = stream_of(&zfs.send(&snap));
    fs::write(&stream, &plain).unwrap();
    let sum = Command::new("sha256sum").arg(&stream).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap()[..64].to_owned();
    let mut forged: serde_json::Value = serde_json::from_str(&right).unwrap();
    forged["sha256"] = sum.into();
    forged["stream_bytes"] = plain.len().into();
    forged["file_bytes"] = plain.len().into();
    fs::write(&sidecar, forged.to_string()).unwrap();
    is_bad("raw");
}

#[test]
fn streams_go_through_compression_and_another_program() {
    let site = Site::new("filter", 3);
    let zfs = site.pool.zfs();
    write_file(&site.pool, &site.top, "file", &noise(1, 1 << 20));
    site.snapshot("rep-1");
    let spool = site.directory("spool");
    // Its own inverse, which nobody would take for a stream.
    let script = "LC_ALL=C tr '\\000-\\177\\200-\\377' '\\200-\\377\\000-\\177'";
    let filter = || Filter::new("sh").argument("-c").argument(script);
    let source = LocalSource::new(zfs);
    let sender = SpoolSender::new(&source, site.top.clone(), Marks::new("offsite").unwrap())
        .destination(RelativeName::new("data").unwrap())
        .zstd(0)
        .filter(filter());
    let sent = sender.run(&spool).unwrap();
    assert_eq!(sent.errors().count(), 0, "{sent:?}");
    for stream in receive(zfs, &site.prefix, &spool) {
        assert!(
            matches!(
                stream.outcome,
                Outcome::Bad(BadStream::Filter { .. }) | Outcome::Waits(_)
            ),
            "{stream:?}"
        );
    }
    let target = LocalTarget::new(zfs);
    // What may be there the next time is nothing that is wrong with a stream.
    for program in ["false", "/nonexistent/filter"] {
        let filter = Filter::new(program);
        let receiver = SpoolReceiver::new(&target, site.prefix.clone()).filter(filter);
        let streams = receiver.run(&spool).unwrap();
        assert!(!streams.is_empty());
        for stream in &streams {
            assert!(
                matches!(stream.outcome, Outcome::Failed(_) | Outcome::Waits(_)),
                "{program}: {stream:?}"
            );
        }
    }
    let receiver = SpoolReceiver::new(&target, site.prefix.clone()).filter(filter());
    let other = receiver.set(&Marks::new("onsite").unwrap());
    for stream in other.run(&spool).unwrap() {
        assert!(
            matches!(stream.outcome, Outcome::Waits(Wait::Set { .. })),
            "{stream:?}"
        );
    }
    let receiver = SpoolReceiver::new(&target, site.prefix.clone()).filter(filter());
    let receiver = receiver.set(&Marks::new("offsite").unwrap());
    all_received(&receiver.run(&spool).unwrap());
    site.is_done(&[&spool]);
    let copy = site.prefix.child("data").unwrap();
    for (property, value) in [
        ("keystatus", "unavailable"),
        ("readonly", "on"),
        ("canmount", "off"),
        ("encryptionroot", copy.as_str()),
    ] {
        assert_eq!(property_says(property, &copy), value);
    }
}

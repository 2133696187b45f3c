//! A replication whose processes are killed at any moment is made good by the next run.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

#[path = "support/replica.rs"]
mod replica;
mod support;

use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::hash::BuildHasher as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use libzfs::replicate::{Limits, Prune, Retention, Rule};
use libzfs::testing::Pool;
use libzfs::{DatasetName, Zfs};
use replica::{Sides, is_replicated, site};
use support::{
    LIMIT, noise, pool, raw_key, read_file, share_unless_said, within, write_file, zfs_says,
};

const ZVAULT: &str = env!("CARGO_BIN_EXE_zvault");

/// A tree that changes between one moment and the next, and its copy.
struct Site {
    pool: Pool,
    sides: Sides,
    tree: Vec<DatasetName>,
    moments: u64,
}

impl Site {
    fn new(label: &str) -> Self {
        let pool = pool(label);
        let sides = site(&pool);
        let mut tree = vec![sides.from.clone()];
        for path in ["prod/a", "prod/b", "prod/b/c"] {
            let child = pool.dataset(path);
            pool.zfs().create(&child).run().unwrap();
            tree.push(child);
        }
        Self {
            pool,
            sides,
            tree,
            moments: 0,
        }
    }

    fn zfs(&self) -> &Zfs {
        self.pool.zfs()
    }

    /// What is in the file of a dataset.
    fn bytes(&self, number: usize) -> Vec<u8> {
        noise(8 * self.moments + 2 * number as u64, 500_000)
    }

    fn newest(&self) -> String {
        format!("rep-{}", self.moments)
    }

    /// Something else in every dataset, and a snapshot of it.
    fn change(&mut self) {
        self.moments += 1;
        for (number, dataset) in self.tree.iter().enumerate() {
            write_file(&self.pool, dataset, "file", &self.bytes(number));
        }
        let newest = self.newest();
        let snapshots = self.tree.iter().map(|name| name.snapshot(&newest).unwrap());
        let snapshots: Vec<_> = snapshots.collect();
        self.zfs().create_snapshots(&snapshots).unwrap();
    }

    /// Or most of the time would go by with looking at snapshots.
    fn prune(&self) {
        let rules = vec![Rule::new("rep-").newest(4)];
        let prune = Prune::new(self.zfs(), Retention { rules });
        for top in [&self.sides.from, &self.sides.to] {
            for pruned in prune.tree(top).unwrap() {
                assert!(pruned.failed.is_empty(), "{pruned:?}");
            }
        }
        is_replicated(self.zfs(), &self.sides, &self.newest());
    }

    fn copies(&self) -> Vec<DatasetName> {
        let below = |name: &DatasetName| name.as_str()[self.sides.from.as_str().len()..].to_owned();
        let names = self.tree.iter().map(below);
        names
            .map(|below| format!("{}{below}", self.sides.to).parse().unwrap())
            .collect()
    }

    /// Whether nothing of the newest snapshots has arrived, some of it, or all.
    fn arrived(&self) -> Arrived {
        let args = [
            "list",
            "-Hrt",
            "filesystem,snapshot",
            "-o",
            "name,receive_resume_token",
            self.sides.to.as_str().rsplit_once('/').unwrap().0,
        ];
        let said = zfs_says(&args);
        let is_partial = said.lines().any(|line| line.contains("\t1-"));
        let newest = format!("@{}\t", self.newest());
        match said.lines().filter(|line| line.contains(&newest)).count() {
            _ if is_partial => Arrived::Partial,
            0 => Arrived::Nothing,
            number if number < self.tree.len() => Arrived::Some,
            _ => Arrived::All,
        }
    }

    /// Fails unless the copies have the bytes of the tree.
    fn compare(self) {
        for (number, copy) in self.copies().iter().enumerate() {
            self.zfs().load_key(copy, &raw_key()).unwrap();
            let bytes = read_file(&self.pool, copy, "file");
            assert!(bytes == self.bytes(number), "{copy}");
        }
        self.pool.destroy().unwrap();
    }
}

/// How far a replication came that was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrived {
    Nothing,
    Some,
    Partial,
    All,
}

/// The processes of a replication.
struct Processes {
    near: Child,
    /// Where the far end writes its number, if it is not the same process.
    far: Option<PathBuf>,
}

impl Processes {
    /// Kills one of them. The far one may not have been started, and is only waited for if that is said.
    fn kill(mut self, is_far: bool, is_waited_for: bool) {
        let far = self.far.as_deref().and_then(number_in);
        match far {
            Some(far) if is_far => {
                // It may have ended.
                Command::new("kill").args(["-KILL", &far]).output().unwrap();
            }
            _ => self.near.kill().unwrap(),
        }
        within(LIMIT, move || self.near.wait().unwrap());
        if !is_waited_for {
            return;
        }
        let since = Instant::now();
        while let Some(far) = self.far.as_deref().and_then(number_in) {
            if !is_running(&far) {
                break;
            }
            assert!(since.elapsed() < LIMIT, "the far end goes on");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn number_in(path: &Path) -> Option<String> {
    let number = fs::read_to_string(path).ok()?;
    Some(number.trim().to_owned())
}

fn is_running(process: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    !status.is_empty() && !status.contains("State:\tZ")
}

/// Kills what `start` starts as often as is said, and has `again` replicate each time.
fn kill_at_any_moment(
    site: &mut Site,
    (what, number): (&str, usize),
    start: impl Fn(&Site) -> Processes,
    again: impl Fn(&Site),
) {
    let number = share_unless_said("LIBZFS_TEST_KILLS", what, number);
    // Two are not killed: the first has more to do than those that follow, and the second tells how
    // long they take.
    let mut length = Duration::ZERO;
    for _ in 0..2 {
        site.change();
        let since = Instant::now();
        assert!(start(site).near.wait().unwrap().success());
        length = since.elapsed();
        is_replicated(site.zfs(), &site.sides, &site.newest());
    }
    println!("one takes {length:?}");
    let mut arrived = Vec::new();
    let mut killed = 0;
    let count = |arrived: &[Arrived], wanted| arrived.iter().filter(|one| **one == wanted).count();
    for moment in 1.. {
        site.change();
        let random = RandomState::new().hash_one(moment);
        let mut processes = start(site);
        let thousandths = u32::try_from(random % 1000).unwrap();
        thread::sleep(length * thousandths / 1000);
        // A machine is not equally fast all the time: one in six is to end by itself.
        if processes.near.try_wait().unwrap().is_none() {
            killed += 1;
            length = length.mul_f64(1.01);
        } else {
            length = length.mul_f64(0.95);
        }
        processes.kill(random >> 63 == 1, random >> 62 & 1 == 1);
        arrived.push(site.arrived());
        again(site);
        is_replicated(site.zfs(), &site.sides, &site.newest());
        let [some, partial] = [Arrived::Some, Arrived::Partial].map(|one| count(&arrived, one));
        if moment % 10 == 0 {
            let [nothing, all] = [Arrived::Nothing, Arrived::All].map(|one| count(&arrived, one));
            println!(
                "{moment} moments, {killed} killed: nothing had arrived {nothing} times, \
                 some {some}, in part {partial}, all {all}"
            );
            site.prune();
        }
        // What is between is of interest. It is one in three.
        if moment >= number && some + partial > 0 {
            break;
        }
        assert!(moment < number + 40, "{arrived:?}");
    }
}

/// As a process of its own.
fn replicate(from: &str, to: &str) {
    let zfs = Zfs::open().unwrap();
    let sides = Sides::new(&zfs, &from.parse().unwrap(), &to.parse().unwrap());
    let limits = Limits {
        at_once: 2,
        ..Limits::default()
    };
    let report = sides.replication().limits(limits).run().unwrap();
    assert!(report.is_complete(), "{report:?}");
}

#[test]
fn a_process_that_is_killed_leaves_nothing_that_is_in_the_way() {
    const FROM: &str = "LIBZFS_TEST_FROM";
    const TO: &str = "LIBZFS_TEST_TO";
    if let (Ok(from), Ok(to)) = (env::var(FROM), env::var(TO)) {
        replicate(&from, &to);
        return;
    }
    let mut site = Site::new("killed");
    let start = |site: &Site| {
        let near = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "a_process_that_is_killed_leaves_nothing_that_is_in_the_way",
            ])
            .env(FROM, site.sides.from.as_str())
            .env(TO, site.sides.to.as_str())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Processes { near, far: None }
    };
    let again = |site: &Site| {
        let report = site.sides.replication().run().unwrap();
        assert!(report.is_complete(), "{report:?}");
    };
    kill_at_any_moment(&mut site, ("kills of one process", 5), start, again);
    site.compare();
}

/// What is `ssh` to zvault: it runs the command here, and says which process that is.
const SSH: &str = r#"#!/bin/sh
for command; do :; done
echo $$ >"$LIBZFS_TEST_FAR.new"
mv "$LIBZFS_TEST_FAR.new" "$LIBZFS_TEST_FAR"
eval "exec $command"
"#;

#[test]
fn either_end_that_is_killed_leaves_nothing_that_is_in_the_way() {
    let directory = tempfile::tempdir().unwrap();
    let ssh = directory.path().join("ssh");
    fs::write(&ssh, SSH).unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    symlink(ZVAULT, directory.path().join("zvault")).unwrap();
    let far = directory.path().join("far");
    let push = |site: &Site| {
        let _ = fs::remove_file(&far);
        let mut path = OsString::from(directory.path());
        path.push(":");
        path.push(env::var_os("PATH").unwrap());
        let place = format!("ssh://far/{}", site.sides.to);
        let mut push = Command::new(ZVAULT);
        push.args(["push", site.sides.from.as_str(), &place])
            .args(["--marks", "test", "--at-once", "2"])
            .env("PATH", path)
            .env("LIBZFS_TEST_FAR", &far)
            .stdin(Stdio::null());
        push
    };
    let start = |site: &Site| {
        let mut push = push(site);
        let near = push.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Processes {
            near: near.unwrap(),
            far: Some(far.clone()),
        }
    };
    let again = |site: &Site| {
        let mut push = push(site);
        let output = within(LIMIT, move || push.output().unwrap());
        assert!(output.status.success(), "{output:?}");
    };
    let mut site = Site::new("ends");
    kill_at_any_moment(&mut site, ("kills of either end", 10), start, again);
    site.compare();
}

//! A replication that was interrupted goes on, whatever it was interrupted by.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::env;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use libzfs::replicate::{
    Action, Event, Limits, LocalSource, LocalTarget, Marks, Obstacle, Plan, Prune, Replication,
    Retention, Rule,
};
use libzfs::testing::Pool;
use libzfs::{DatasetName, ErrorKind, FromReader, TransferControl, Zfs};
use support::{
    encrypted, file_system, fill, noise, pool, property_says, raw_key, read_file,
    share_unless_said, snapshot, write_file, zfs_says,
};

fn marks() -> Marks {
    Marks::new("test").unwrap()
}

/// Both sides of a machine, as something that a replication can be made of.
struct Sides {
    source: LocalSource,
    target: LocalTarget,
    from: DatasetName,
    to: DatasetName,
}

impl Sides {
    fn new(zfs: &Zfs, from: &DatasetName, to: &DatasetName) -> Self {
        Self {
            source: LocalSource::new(zfs),
            target: LocalTarget::new(zfs),
            from: from.clone(),
            to: to.clone(),
        }
    }

    fn replication(&self) -> Replication<'_> {
        Replication::new(
            (&self.source, &self.from),
            (&self.target, &self.to),
            &marks(),
        )
    }
}

/// The source and the place for its copy.
#[track_caller]
fn site(pool: &Pool) -> Sides {
    file_system(pool, "vault");
    let from = encrypted(pool, "prod");
    Sides::new(pool.zfs(), &from, &pool.dataset("vault/prod"))
}

/// All snapshots of a tree with their GUIDs, by their names below the top, as `zfs` lists them.
#[track_caller]
fn guids(top: &DatasetName) -> Vec<String> {
    let args = ["list", "-Hprt", "snapshot", "-o", "name,guid"];
    let said = zfs_says(&[&args[..], &[top.as_str()]].concat());
    let below = top.as_str().len();
    let mut guids: Vec<_> = said.lines().map(|line| line[below..].to_owned()).collect();
    guids.sort();
    guids
}

/// The holds of a tree with our tag, by the names of the snapshots below the top.
#[track_caller]
fn holds(zfs: &Zfs, top: &DatasetName) -> Vec<String> {
    let list = zfs.list(top).recursive().snapshots().names().unwrap();
    let names = list.map(|name| name.unwrap().snapshot().unwrap().clone());
    let tag = marks().tag();
    let is_held = |name: &libzfs::SnapshotName| {
        let holds = zfs.holds(name).unwrap();
        holds.iter().any(|hold| hold.tag == tag.as_str())
    };
    let held = names.filter(is_held);
    let mut held: Vec<_> = held
        .map(|name| name.as_str()[top.as_str().len()..].to_owned())
        .collect();
    held.sort();
    held
}

/// Fails unless the copies are as the source, and nothing is left over on either side.
#[track_caller]
fn is_replicated(zfs: &Zfs, sides: &Sides, newest: &str) {
    let there = guids(&sides.to);
    assert_eq!(guids(&sides.from), there);
    let args = ["get", "-Hprt", "filesystem,volume", "-o", "value"];
    let partial = zfs_says(&[&args[..], &["receive_resume_token", sides.to.as_str()]].concat());
    assert!(partial.lines().all(|token| token == "-"), "{partial}");
    let anchors: Vec<_> = there
        .iter()
        .filter_map(|line| line.split_once('\t').map(|(name, _)| name.to_owned()))
        .filter(|name| name.ends_with(&format!("@{newest}")))
        .collect();
    assert!(!anchors.is_empty());
    assert_eq!(holds(zfs, &sides.from), anchors, "on the source");
    assert_eq!(holds(zfs, &sides.to), anchors, "on the destination");
    let args = ["list", "-Hrt", "bookmark", "-o", "name"];
    let bookmarks = zfs_says(&[&args[..], &[sides.from.as_str()]].concat());
    // Two of each, and one that the next time destroys if it was killed before it did.
    let most = 3 * anchors.len();
    assert!(bookmarks.lines().count() <= most, "{bookmarks}");
    let plan = sides.replication().plan().unwrap();
    assert!(plan.is_up_to_date(), "{plan:?}");
}

fn resumes(plan: &Plan) -> bool {
    plan.transfers().any(|transfer| transfer.resumed.is_some())
}

#[test]
fn what_was_cancelled_is_resumed_no_faster_than_it_may() {
    let pool = pool("cancel");
    let zfs = pool.zfs();
    let sides = site(&pool);
    let bytes = noise(1, 6 << 20);
    write_file(&pool, &sides.from, "file", &bytes);
    snapshot(zfs, &sides.from, "a");

    let control = TransferControl::new();
    let limits = Limits {
        bytes_per_second: Some(2 << 20),
        ..Limits::default()
    };
    let progress = Mutex::new(0);
    let replication = sides.replication().limits(limits).controlled_by(&control);
    let replication = replication.with_estimates().on_event(|event| {
        if let Event::Progress {
            bytes, estimate, ..
        } = event
        {
            assert!(estimate.unwrap() > 6 << 20);
            *progress.lock().unwrap() = bytes;
            if bytes > 0 {
                control.cancel();
            }
        }
    });
    let since = Instant::now();
    let report = replication.run().unwrap();
    assert!(since.elapsed() < Duration::from_secs(60));
    assert!(report.cancelled && !report.is_complete());
    let (_, error) = report.errors().next().unwrap();
    let libzfs::replicate::Error::Zfs(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let arrived = *progress.lock().unwrap();
    assert!((1..=4 << 20).contains(&arrived), "{arrived}");

    // What is to be done can be kept, and be done another time, once.
    let plan = sides.replication().plan().unwrap();
    assert!(resumes(&plan), "{plan:?}");
    let saved = serde_json::to_string(&plan).unwrap();
    let saved: Plan = serde_json::from_str(&saved).unwrap();
    assert_eq!(saved, plan);
    let report = sides.replication().carry_out(&saved).unwrap();
    assert!(report.is_complete(), "{report:?}");
    assert!(report.bytes() < 6 << 20, "all came again");
    is_replicated(zfs, &sides, "a");
    let report = sides.replication().carry_out(&saved).unwrap();
    let (_, error) = report.errors().next().unwrap();
    let text = error.to_string();
    assert!(
        text.contains("has changed since the plan was made"),
        "{text}"
    );
    zfs.load_key(&sides.to, &raw_key()).unwrap();
    assert!(read_file(&pool, &sides.to, "file") == bytes);
    pool.destroy().unwrap();
}

#[test]
fn partial_state_of_another_is_not_discarded_and_ours_of_no_use_is() {
    let pool = pool("partial");
    let zfs = pool.zfs();
    let sides = site(&pool);
    let other = encrypted(&pool, "other");
    let cut = |from: &DatasetName, short: &str| {
        write_file(&pool, from, "file", &noise(1, 1 << 20));
        let name = snapshot(zfs, from, short);
        let stream = support::stream_of(&zfs.send(&name).raw());
        let copy = sides.to.snapshot(short).unwrap();
        let receive = zfs.receive(&copy).resumable();
        let received = receive.run(FromReader(&stream[..stream.len() / 2]));
        assert_eq!(received.unwrap_err().kind(), ErrorKind::StreamTruncated);
        property_says("receive_resume_token", &sides.to)
    };
    let token = cut(&other, "a");
    snapshot(zfs, &sides.from, "b");
    let report = sides.replication().run().unwrap();
    let foreign = Obstacle::ForeignPartial {
        destination: sides.to.clone(),
        sent_from: Some(other.clone()),
    };
    assert_eq!(report.findings[0].obstacle, foreign);
    assert_eq!(property_says("receive_resume_token", &sides.to), token);
    assert!(zfs.discard_partial_receive(&sides.to).unwrap());

    // The snapshot that was half there is gone.
    cut(&sides.from, "c");
    let gone = [sides.from.snapshot("c").unwrap()];
    zfs.destroy_snapshots(&gone, libzfs::Destroy::Now).unwrap();
    let plan = sides.replication().plan().unwrap();
    let first = &plan.steps[0].actions[0];
    assert!(matches!(first, Action::DiscardPartial { .. }), "{first}");
    assert!(sides.replication().run().unwrap().is_complete());
    is_replicated(zfs, &sides, "b");
    pool.destroy().unwrap();
}

#[test]
fn what_found_no_room_is_resumed_when_there_is() {
    let source = pool("roomy");
    let full = Pool::builder()
        .label("full")
        .size(64 << 20)
        .build()
        .unwrap();
    let zfs = source.zfs();
    let from = encrypted(&source, "prod");
    let child = source.dataset("prod/child");
    zfs.create(&child).run().unwrap();
    write_file(&source, &from, "file", &noise(1, 8 << 20));
    let filler = file_system(&full, "filler");
    fill(&full, &filler);
    let sides = Sides::new(zfs, &from, &full.dataset("prod"));
    let report = sides.replication().take_snapshots("a").run().unwrap();
    let errors: Vec<_> = report.errors().collect();
    let libzfs::replicate::Error::Zfs(error) = errors[0].1 else {
        panic!("{errors:?}");
    };
    let no_room = [ErrorKind::NoSpace, ErrorKind::QuotaExceeded];
    assert!(no_room.contains(&error.kind()), "{error}");
    // What is below it was not begun.
    let needs = errors[1].1;
    assert!(
        matches!(needs, libzfs::replicate::Error::Needs(name) if *name == from),
        "{needs}"
    );
    zfs.destroy_dataset(&filler).unwrap();
    let mut left = Some(());
    for _ in 0..20 {
        // Space comes back some transaction groups later.
        let report = sides.replication().run().unwrap();
        left = (!report.is_complete()).then_some(());
        if left.is_none() {
            break;
        }
        thread::sleep(Duration::from_secs(1));
    }
    assert!(left.is_none());
    is_replicated(zfs, &sides, "a");
    full.destroy().unwrap();
    source.destroy().unwrap();
}

/// What a child does that is killed: as often as it can, it takes snapshots and replicates them.
fn replicate_until_killed(from: &str, to: &str) {
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
        replicate_until_killed(&from, &to);
        return;
    }
    let pool = pool("killed");
    let zfs = pool.zfs();
    let sides = site(&pool);
    let children = ["prod/a", "prod/b", "prod/b/c"].map(|path| pool.dataset(path));
    for child in &children {
        zfs.create(child).run().unwrap();
    }
    let mut tree: Vec<_> = children.iter().collect();
    tree.push(&sides.from);
    let moments = share_unless_said("LIBZFS_TEST_KILLS", "moments", 10);
    let mut killed = 0;
    let mut longest = Duration::from_millis(300);
    for moment in 0..moments {
        let name = format!("rep-{moment}");
        let seed = 1 + moment as u64;
        write_file(&pool, tree[moment % 4], "file", &noise(seed, 400_000));
        let snapshots: Vec<_> = tree
            .iter()
            .map(|dataset| dataset.snapshot(&name).unwrap())
            .collect();
        zfs.create_snapshots(&snapshots).unwrap();
        let since = Instant::now();
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "a_process_that_is_killed_leaves_nothing_that_is_in_the_way",
            ])
            .env(FROM, sides.from.as_str())
            .env(TO, sides.to.as_str())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // At any moment of what the longest of them took, and a little more.
        let noise = noise(seed * 7919, 8);
        let share = f64::from(noise[3]) / 255.0;
        thread::sleep(longest.mul_f64(share));
        if child.try_wait().unwrap().is_none() {
            killed += 1;
        }
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            longest = longest.max(since.elapsed().mul_f64(1.1));
        }
        let report = sides.replication().run().unwrap();
        assert!(report.is_complete(), "{moment}: {report:?}");
        is_replicated(zfs, &sides, &name);
        if moment % 10 == 9 {
            // Or most of the time goes by with looking at them.
            let rules = vec![Rule::new("rep-").newest(4)];
            let prune = Prune::new(zfs, Retention { rules });
            for top in [&sides.from, &sides.to] {
                for pruned in prune.tree(top).unwrap() {
                    assert!(pruned.failed.is_empty(), "{moment}: {pruned:?}");
                }
            }
            is_replicated(zfs, &sides, &name);
        }
    }
    println!("{killed} of {moments} were killed");
    assert!(killed * 3 > moments);
    zfs.load_key(&sides.to, &raw_key()).unwrap();
    let last = noise(moments as u64, 400_000);
    let path = tree[(moments - 1) % 4]
        .as_str()
        .replace("prod", "vault/prod");
    let copy: DatasetName = path.parse().unwrap();
    if copy != sides.to {
        zfs.load_key(&copy, &raw_key()).unwrap();
    }
    assert!(read_file(&pool, &copy, "file") == last);
    pool.destroy().unwrap();
}

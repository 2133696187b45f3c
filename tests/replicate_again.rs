//! A replication that was interrupted goes on, whatever it was interrupted by.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

#[path = "support/replica.rs"]
mod replica;
mod support;

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use libzfs::replicate::{Action, Event, Limits, Obstacle, Plan, Replication, Report};
use libzfs::testing::Pool;
use libzfs::{DatasetName, ErrorKind, FromReader, TransferControl};
use replica::{Sides, is_replicated, site};
use support::{
    encrypted, file_system, fill, noise, pool, property_says, raw_key, read_file, snapshot,
    write_file,
};

#[track_caller]
fn run(replication: Replication<'_>) -> Report {
    replication.run().unwrap()
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
fn what_is_behind_a_promotion_is_resumed() {
    let pool = pool("promoted");
    let zfs = pool.zfs();
    let sides = site(&pool);
    let [old, new] = ["prod/old", "prod/new"].map(|path| pool.dataset(path));
    zfs.create(&old).run().unwrap();
    assert!(run(sides.replication().take_snapshots("a")).is_complete());
    let origin = old.snapshot("a").unwrap();
    zfs.clone_snapshot(&origin, &new).run().unwrap();
    snapshot(zfs, &new, "own");
    assert!(run(sides.replication()).is_complete());
    zfs.promote(&new).unwrap();
    // What the next stream of it begins at is another's now.
    let bytes = noise(1, 6 << 20);
    write_file(&pool, &old, "file", &bytes);

    let control = TransferControl::new();
    let limits = Limits {
        bytes_per_second: Some(2 << 20),
        ..Limits::default()
    };
    let replication = sides.replication().take_snapshots("b").limits(limits);
    let replication = replication.controlled_by(&control).on_event(|event| {
        if matches!(event, Event::Progress { bytes, .. } if bytes > 1 << 20) {
            control.cancel();
        }
    });
    assert!(run(replication).cancelled);
    let plan = sides.replication().plan().unwrap();
    assert!(resumes(&plan), "{plan:?}");
    let report = run(sides.replication());
    assert!(report.is_complete(), "{report:?}");
    assert!(report.bytes() < 6 << 20, "all came again");
    assert!(sides.replication().plan().unwrap().is_up_to_date());

    let copy = |path| pool.dataset(&format!("vault/{path}"));
    let [old_copy, new_copy] = ["prod/old", "prod/new"].map(copy);
    for (dataset, copy) in [(&old, &old_copy), (&new, &new_copy)] {
        let newest = [dataset, copy].map(|name| property_says("guid", format!("{name}@b")));
        assert_eq!(newest[0], newest[1], "{dataset}");
    }
    zfs.load_key(&old_copy, &raw_key()).unwrap();
    assert!(read_file(&pool, &old_copy, "file") == bytes);
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

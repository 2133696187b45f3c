//! Spools between two sides that behave as ZFS does, as far as a spool can tell.

mod bad;
pub(super) mod crash;
mod interrupted;
mod model;
mod order;

use std::fs;
use std::path::Path;

use super::*;
use crate::replicate::Marks;
use model::{FakeSource, FakeTarget, sender};

/// Every file in a directory but for the locks.
fn files(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".lock"))
        .collect();
    names.sort();
    names
}

fn receive(target: &FakeTarget, directory: &Path) -> Vec<SpoolStream> {
    let receiver = SpoolReceiver::new(target, "vault/in".parse().unwrap());
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

#[test]
fn what_is_new_is_sent_and_received() {
    let directory = tempfile::tempdir().unwrap();
    let (source, target) = (FakeSource::tree(), FakeTarget::new());
    for round in 1..4 {
        source.snapshot_all(&format!("rep-{round}"));
        let sent = sender(&source).run(directory.path()).unwrap();
        assert_eq!(sent.errors().count(), 0, "{sent:?}");
        assert_eq!(sent.streams().count(), 3);
        assert_eq!(files(directory.path()).len(), 6);
        let listed = SpoolReceiver::new(&target, "vault/in".parse().unwrap())
            .list(directory.path())
            .unwrap();
        assert_eq!(listed.len(), 3);
        let received = receive(&target, directory.path());
        assert_eq!(received.len(), 3);
        all_received(&received);
        target.is_copy_of(&source);
        target.is_settled(&source);
        source.is_settled("offsite");
        assert_eq!(files(directory.path()), Vec::<String>::new());
        let nothing = sender(&source).run(directory.path()).unwrap();
        assert_eq!(nothing.streams().count(), 0, "{nothing:?}");
    }
}

#[test]
fn a_source_may_have_its_key_from_above() {
    let directory = tempfile::tempdir().unwrap();
    let source = FakeSource::tree();
    source.has_key_from("tank");
    for round in 1..3 {
        source.snapshot_all(&format!("rep-{round}"));
        let sent = sender(&source).run(directory.path()).unwrap();
        assert_eq!(sent.streams().count(), 3, "{sent:?}");
    }
}

#[test]
fn two_runs_never_work_the_same_queue() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let (source, target) = (FakeSource::tree(), FakeTarget::new());
    source.snapshot_all("rep-1");
    let open = directory::Directory::open(path).unwrap();
    let receiver = SpoolReceiver::new(&target, "vault/in".parse().unwrap());
    let lock = open.lock(".receive.lock").unwrap();
    let busy = receiver.run(path);
    assert!(matches!(busy, Err(crate::replicate::Error::Busy { .. })));
    receiver.list(path).unwrap();
    drop(lock);
    receiver.run(path).unwrap();
    let lock = open.lock(".offsite.send.lock").unwrap();
    let busy = sender(&source).run(path);
    assert!(matches!(busy, Err(crate::replicate::Error::Busy { .. })));
    drop(lock);
    sender(&source).run(path).unwrap();
}

#[test]
fn what_is_cancelled_reads_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let (source, target) = (FakeSource::tree(), FakeTarget::new());
    source.snapshot_all("rep-1");
    let control = crate::transfer::TransferControl::new();
    control.cancel();
    let sent = sender(&source).controlled_by(&control).run(&directory);
    assert_eq!(sent.unwrap().datasets.len(), 0);
    sender(&source).run(&directory).unwrap();
    let before = files(directory.path());
    let receiver = SpoolReceiver::new(&target, "vault/in".parse().unwrap());
    let receiver = receiver.controlled_by(&control);
    // Of a stream that is not read it is not known whether it is good.
    let examined = receiver.examine(&directory).unwrap();
    let received = receiver.run(&directory).unwrap();
    for stream in examined.into_iter().chain(received) {
        match stream.outcome {
            Outcome::Failed(crate::replicate::Error::Zfs(error)) => {
                assert_eq!(error.kind(), crate::ErrorKind::Cancelled);
            }
            Outcome::Waits(Wait::Parent { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(files(directory.path()), before);
    assert_eq!(target.guids(), Vec::<u64>::new());
}

#[test]
fn each_destination_has_its_own_pace() {
    let [near, far] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [near_copy, far_copy] = [(); 2].map(|()| FakeTarget::new());
    let source = FakeSource::tree();
    let send = |set: &str, directory: &Path| {
        let set = Marks::new(set).unwrap();
        let sender = SpoolSender::new(&source, "tank/prod".parse().unwrap(), set);
        let sent = sender.run(directory).unwrap();
        assert_eq!(sent.errors().count(), 0, "{sent:?}");
        sent.streams().count()
    };
    source.snapshot_all("rep-1");
    assert_eq!(send("near", near.path()), 3);
    assert_eq!(send("far", far.path()), 3);
    for round in 2..5 {
        source.snapshot_all(&format!("rep-{round}"));
        assert_eq!(send("near", near.path()), 3);
        all_received(&receive(&near_copy, near.path()));
    }
    near_copy.is_copy_of(&source);
    assert_eq!(send("far", far.path()), 9);
    all_received(&receive(&far_copy, far.path()));
    far_copy.is_copy_of(&source);
}

#[test]
fn what_was_lost_on_the_way_is_sent_again() {
    let directory = tempfile::tempdir().unwrap();
    let (source, target) = (FakeSource::tree(), FakeTarget::new());
    source.snapshot_all("rep-1");
    sender(&source).run(directory.path()).unwrap();
    all_received(&receive(&target, directory.path()));
    source.snapshot_all("rep-2");
    sender(&source).run(directory.path()).unwrap();
    for name in files(directory.path()) {
        fs::remove_file(directory.path().join(name)).unwrap();
    }
    source.snapshot_all("rep-3");
    sender(&source).run(directory.path()).unwrap();
    let waiting = receive(&target, directory.path());
    for stream in &waiting {
        let Outcome::Waits(Wait::Base { guid }) = &stream.outcome else {
            panic!("{stream:?}");
        };
        assert_eq!(stream.sidecar.as_ref().unwrap().base.unwrap().guid, *guid);
    }
    let known: Vec<u64> = target.guids();
    let again = sender(&source)
        .go_on_from(known)
        .run(directory.path())
        .unwrap();
    assert_eq!(again.errors().count(), 0, "{again:?}");
    all_received(&receive(&target, directory.path()));
    target.is_copy_of(&source);
    source.is_settled("offsite");
}

#[test]
fn clones_become_clones() {
    let directory = tempfile::tempdir().unwrap();
    let (source, target) = (FakeSource::tree(), FakeTarget::new());
    source.snapshot_all("rep-1");
    sender(&source).run(directory.path()).unwrap();
    source.snapshot_all("rep-2");
    source.clone_of("tank/prod/new", "tank/prod/db", "rep-1");
    source.snapshot("tank/prod/new", "rep-3");
    let sent = sender(&source).run(directory.path()).unwrap();
    let clone = sent
        .streams()
        .find(|stream| stream.destination.as_str() == "prod/new");
    assert!(clone.unwrap().base.unwrap().clone);
    all_received(&receive(&target, directory.path()));
    target.is_copy_of(&source);
}

#[cfg(feature = "zstd")]
#[test]
fn compressed_streams_are_received() {
    let directory = tempfile::tempdir().unwrap();
    let (source, target) = (FakeSource::tree(), FakeTarget::new());
    source.snapshot_all("rep-1");
    let sent = sender(&source).zstd(0).run(directory.path()).unwrap();
    for stream in sent.streams() {
        assert_eq!(stream.compression, Compression::Zstd);
        assert!(stream.file_bytes < stream.stream_bytes);
    }
    all_received(&receive(&target, directory.path()));
    target.is_copy_of(&source);
}

#[cfg(feature = "filter")]
#[test]
fn what_a_filter_leaves_running_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let source = FakeSource::tree();
    source.snapshot("tank/prod", "rep-1");
    let since = std::time::Instant::now();
    for end in ["exit 3", "exit 0"] {
        let script = format!("sleep 60 >/dev/null & cat; {end}");
        let filter = Filter::new("sh").argument("-c").argument(script);
        let sent = sender(&source).filter(filter).run(&directory).unwrap();
        assert_eq!(sent.errors().count(), usize::from(end == "exit 3"));
    }
    assert!(since.elapsed() < std::time::Duration::from_secs(30));
}

#[cfg(feature = "filter")]
#[test]
fn filters_are_on_both_ends() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let (source, target) = (FakeSource::tree(), FakeTarget::new());
    source.snapshot_all("rep-1");
    let sh = |script: &str| Filter::new("sh").argument("-c").argument(script);
    for (script, why) in [
        ("cat; echo no key >&2; exit 3", "no key"),
        ("exit 4", "exit status: 4"),
    ] {
        let failed = sender(&source).filter(sh(script)).run(path).unwrap();
        assert_eq!(failed.errors().count(), 3);
        for (_, error) in failed.errors() {
            assert!(error.to_string().contains(why), "{error}");
        }
        assert_eq!(files(path), Vec::<String>::new());
    }
    let sent = sender(&source)
        .filter(Filter::new("gzip"))
        .run(path)
        .unwrap();
    assert_eq!(sent.errors().count(), 0, "{sent:?}");
    let before = files(path);
    let receiver = || SpoolReceiver::new(&target, "vault/in".parse().unwrap());
    // A filter that fails may do so for want of something else than a good stream.
    let failing = [
        (receiver(), false),
        (receiver().filter(sh("cat")), false),
        (receiver().filter(sh("gzip -d; exit 5")), true),
        (receiver().filter(sh("gzip -d; echo more")), false),
        (receiver().filter(Filter::new("/nothing/here")), true),
    ];
    for (receiver, fails) in failing {
        for stream in receiver.run(path).unwrap() {
            let is_kept = match stream.outcome {
                Outcome::Bad(_) => !fails,
                Outcome::Failed(_) => fails,
                Outcome::Waits(_) => true,
                _ => false,
            };
            assert!(is_kept, "{stream:?}");
        }
        assert_eq!(files(path), before);
        assert_eq!(target.guids(), Vec::<u64>::new());
    }
    let receiver = receiver().filter(Filter::new("gzip").argument("-d"));
    all_received(&receiver.run(path).unwrap());
    target.is_copy_of(&source);
}

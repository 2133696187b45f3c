//! Whatever the change is behind which a run ends, the next one makes it good.

use std::path::Path;

use super::*;
use crate::replicate::{Intermediates, Policy};

/// Nothing is there that nobody can see.
fn is_whole_or_nothing(directory: &Path, target: &FakeTarget) {
    let receiver = SpoolReceiver::new(target, "vault/in".parse().unwrap());
    for stream in receiver.examine(directory).unwrap() {
        let outcome = &stream.outcome;
        let is_half = matches!(outcome, Outcome::Waits(Wait::Sidecar));
        let is_good = matches!(
            outcome,
            Outcome::Ready
                | Outcome::AlreadyThere(_)
                | Outcome::Waits(Wait::Base { .. } | Wait::Parent { .. })
        );
        assert!(is_good || is_half, "{stream:?}");
    }
}

#[test]
fn a_sender_that_ends_anywhere_is_just_run_again() {
    // With a receiver that takes what it finds before the next run, and without.
    for takes in [false, true] {
        let mut steps = 0;
        loop {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path();
            let (source, target) = (FakeSource::tree(), FakeTarget::new());
            source.snapshot_all("rep-1");
            sender(&source).run(path).unwrap();
            if takes {
                all_received(&receive(&target, path));
            }
            source.snapshot_all("rep-2");
            source.snapshot_all("rep-3");
            let ended = crash::after(steps, || drop(sender(&source).run(path)));
            is_whole_or_nothing(path, &target);
            if takes {
                let streams = receive(&target, path);
                assert!(streams.iter().all(|stream| {
                    matches!(
                        stream.outcome,
                        Outcome::Received(_) | Outcome::Waits(Wait::Sidecar)
                    )
                }));
            }
            let again = sender(&source).run(path).unwrap();
            assert_eq!(again.errors().count(), 0, "{again:?}");
            let names = files(path);
            assert!(
                names.iter().all(|name| !name.ends_with(".part")),
                "{names:?}"
            );
            source.is_settled("offsite");
            all_received(&receive(&target, path));
            target.is_copy_of(&source);
            assert_eq!(files(path), Vec::<String>::new());
            if !ended {
                break;
            }
            steps += 1;
        }
        assert!(steps > 50, "{steps}");
    }
}

#[test]
fn what_was_begun_is_not_gone_around() {
    let mut steps = 0;
    loop {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let (source, target) = (FakeSource::tree(), FakeTarget::new());
        let newest = || sender(&source).intermediates(Intermediates::Newest);
        source.snapshot_all("rep-1");
        newest().run(path).unwrap();
        all_received(&receive(&target, path));
        source.snapshot_all("rep-2");
        let ended = crash::after(steps, || drop(newest().run(path)));
        // Somebody takes what is there, and what is sent next has to go on from that.
        receive(&target, path);
        source.snapshot_all("rep-3");
        newest().run(path).unwrap();
        all_received(&receive(&target, path));
        target.is_settled(&source);
        source.is_settled("offsite");
        if !ended {
            break;
        }
        steps += 1;
    }
}

#[test]
fn a_receiver_that_ends_anywhere_is_just_run_again() {
    let mut steps = 0;
    loop {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let (source, target) = (FakeSource::tree(), FakeTarget::new());
        for round in ["rep-1", "rep-2"] {
            source.snapshot_all(round);
            sender(&source).run(path).unwrap();
        }
        let ended = crash::after(steps, || {
            let receiver = SpoolReceiver::new(&target, "vault/in".parse().unwrap());
            drop(receiver.policy(Policy::Vault).run(path));
        });
        all_received(&receive(&target, path));
        target.is_copy_of(&source);
        target.is_settled(&source);
        assert_eq!(files(path), Vec::<String>::new());
        if !ended {
            break;
        }
        steps += 1;
    }
    assert!(steps > 30, "{steps}");
}

//! Streams that come in any order, and more than once.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::*;

/// Copies a stream and its sidecar.
fn carry(from: &Path, to: &Path, stem: &str) {
    for end in [STREAM, SIDECAR] {
        let name = format!("{stem}{end}");
        fs::copy(from.join(&name), to.join(&name)).unwrap();
    }
}

/// The names of all streams in a directory.
fn stems(directory: &Path) -> Vec<String> {
    let names = files(directory).into_iter();
    names
        .filter_map(|name| Some(name.strip_suffix(SIDECAR)?.to_owned()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn order_does_not_matter(
        order in Just((0..15).collect::<Vec<usize>>()).prop_shuffle(),
        again in prop::collection::vec(0..15_usize, 0..8),
        batch in 1..6_usize,
    ) {
        let [sent, carried] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let (source, target) = (FakeSource::tree(), FakeTarget::new());
        for round in 1..=5 {
            source.snapshot_all(&format!("rep-{round}"));
            sender(&source).run(sent.path()).unwrap();
        }
        let stems = stems(sent.path());
        let order: Vec<_> = order.into_iter().chain(again).collect();
        let mut received = BTreeMap::new();
        for arriving in order.chunks(batch) {
            for at in arriving {
                carry(sent.path(), carried.path(), &stems[*at]);
            }
            for stream in receive(&target, carried.path()) {
                match stream.outcome {
                    Outcome::Received(_) => *received.entry(stream.name).or_insert(0) += 1,
                    Outcome::AlreadyThere(_) | Outcome::Waits(_) => {}
                    _ => panic!("{stream:?}"),
                }
            }
        }
        prop_assert_eq!(received.len(), 15);
        prop_assert!(received.values().all(|times| *times == 1));
        target.is_copy_of(&source);
        target.is_settled(&source);
        prop_assert_eq!(files(carried.path()), Vec::<String>::new());
    }
}

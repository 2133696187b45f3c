#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

use super::*;
use crate::replicate::{EncryptionState, Point};

const NOW: u64 = 1_790_000_000;

fn name(text: &str) -> DatasetName {
    text.parse().unwrap()
}

fn marks() -> Marks {
    Marks::new("off-site").unwrap()
}

/// A copy as it was promised, with snapshots of these GUIDs.
fn copy(dataset: &str, guids: &[u64]) -> CopyState {
    let key = KeyParameters {
        format: 3,
        salt: 1,
        iterations: 2,
    };
    let mut state = CopyState {
        name: name(dataset),
        volume: false,
        encryption: Some(CopyEncryption {
            suite: "aes-256-gcm".into(),
            root: name(dataset),
            key_available: false,
            key,
        }),
        read_only: true,
        can_mount: Some("off".into()),
        mounted_at: Vec::new(),
        snapshots: guids
            .iter()
            .map(|&guid| CopySnapshot {
                name: format!("s{guid}"),
                guid,
                create_txg: guid,
                creation: NOW - 1000 + guid,
                anchored_by: Vec::new(),
            })
            .collect(),
        incomplete: false,
        seen: Vec::new(),
    };
    if let Some(newest) = state.snapshots.last_mut() {
        newest.anchored_by.push(marks());
        let seen = Verified {
            guid: newest.guid,
            create_txg: newest.guid,
            time: NOW - 5,
            key,
            wrapped: None,
            before: Vec::new(),
        };
        state.seen.push((marks(), seen));
    }
    state
}

fn copies(datasets: Vec<CopyState>) -> Copies {
    Copies {
        top: datasets[0].name.clone(),
        datasets,
        unreadable: Vec::new(),
    }
}

fn source(dataset: &str, snapshots: &[u64], bookmarks: &[u64]) -> DatasetState {
    let points = |guids: &[u64]| {
        let point = |&guid: &u64| Point {
            name: format!("here{guid}"),
            guid,
            create_txg: guid,
        };
        guids.iter().map(point).collect()
    };
    DatasetState {
        name: name(dataset),
        guid: 1,
        create_txg: 1,
        volume: false,
        encryption: Some(EncryptionState {
            root: name(dataset),
            key: KeyParameters::default(),
            last_key: None,
        }),
        origin: None,
        snapshots: points(snapshots),
        bookmarks: points(bookmarks),
        anchors: None,
        partial: None,
        properties: std::collections::BTreeMap::new(),
    }
}

fn promise() -> Promise {
    Promise {
        marks: Some(marks()),
        max_age: Some(Duration::from_secs(3600)),
        ..Promise::default()
    }
}

/// The breaches of a copy that was changed like this, without a look at the source.
fn broken(change: impl FnOnce(&mut CopyState)) -> Vec<Breach> {
    let mut state = copy("vault/a", &[1, 2]);
    change(&mut state);
    let audit = audit(&copies(vec![state]), None, &promise(), NOW);
    audit.breaches().map(|(_, breach)| breach.clone()).collect()
}

#[test]
fn a_copy_as_promised_breaks_nothing() {
    let tree = Tree {
        top: name("tank/a"),
        unreadable: Vec::new(),
        datasets: vec![source("tank/a", &[2, 3], &[1])],
    };
    let copies = copies(vec![copy("vault/a", &[1, 2])]);
    let audit = audit(&copies, Some(&tree), &promise(), NOW);
    assert_eq!(audit.breaches().collect::<Vec<_>>(), []);
    assert!(audit.is_kept());
    let found = &audit.datasets[0];
    assert_eq!(found.source, Some(name("tank/a")));
    let shared: Vec<_> = found.shared.iter().map(|s| (s.guid, s.bookmark)).collect();
    assert_eq!(shared, [(1, true), (2, false)]);
    let verified = found.verified.as_ref().unwrap();
    assert_eq!((verified.guid, verified.age), (2, 998));
}

#[test]
fn each_breach_is_found() {
    let root = name("vault/elsewhere");
    assert_eq!(broken(|_| ()), []);
    assert_eq!(
        broken(|copy| copy.encryption = None),
        [Breach::NotEncrypted]
    );
    assert_eq!(
        broken(|copy| copy.encryption.as_mut().unwrap().key_available = true),
        [Breach::KeyAvailable]
    );
    assert_eq!(
        broken(|copy| copy.encryption.as_mut().unwrap().root = root.clone()),
        [Breach::RootElsewhere { root: root.clone() }]
    );
    let at = vec![PathBuf::from("/mnt")];
    assert_eq!(
        broken(|copy| copy.mounted_at = at.clone()),
        [Breach::Mounted { at: at.clone() }]
    );
    assert_eq!(broken(|copy| copy.read_only = false), [Breach::Writable]);
    let value = "noauto".to_owned();
    assert_eq!(
        broken(|copy| copy.can_mount = Some(value.clone())),
        [Breach::CanMount {
            value: value.clone()
        }]
    );
    assert_eq!(
        broken(|copy| copy.encryption.as_mut().unwrap().key.salt = 9),
        [Breach::KeyChanged { marks: marks() }]
    );
    assert_eq!(
        broken(|copy| copy.snapshots[1].anchored_by.clear()),
        [Breach::NotHeld {
            snapshot: "s2".into(),
            marks: marks()
        }]
    );
    assert_eq!(
        broken(|copy| drop(copy.snapshots.pop())),
        [
            Breach::VerifiedGone { marks: marks() },
            Breach::NeverVerified
        ]
    );
    assert_eq!(broken(|copy| copy.seen.clear()), [Breach::NeverVerified]);
    assert_eq!(
        broken(|copy| copy.snapshots[1].creation = NOW - 3601),
        [Breach::Old {
            snapshot: "s2".into(),
            age: 3601
        }]
    );
    assert_eq!(
        broken(|copy| {
            copy.incomplete = true;
            copy.read_only = false;
            copy.seen.clear();
        }),
        [Breach::Incomplete]
    );
}

#[test]
fn a_standby_may_be_unlocked_and_mounted() {
    let mut state = copy("vault/a", &[1]);
    state.encryption.as_mut().unwrap().key_available = true;
    state.mounted_at.push("/mnt".into());
    let promise = Promise {
        policy: Policy::WarmStandby,
        ..promise()
    };
    assert!(audit(&copies(vec![state]), None, &promise, NOW).is_kept());
}

#[test]
fn the_source_decides_by_guids() {
    let tree = Tree {
        top: name("tank/a"),
        unreadable: Vec::new(),
        datasets: vec![
            source("tank/a", &[1], &[]),
            source("tank/a/renamed", &[11], &[]),
            source("tank/a/diverged", &[20], &[]),
            source("tank/a/other", &[30], &[]),
            source("tank/a/new", &[40], &[]),
            // Without snapshots there is nothing to copy.
            source("tank/a/empty", &[], &[]),
        ],
    };
    let copies = copies(vec![
        copy("vault/a", &[1]),
        copy("vault/a/old-name", &[11]),
        copy("vault/a/diverged", &[20, 21, 22]),
        copy("vault/a/other", &[31]),
        copy("vault/a/foreign", &[99]),
    ]);
    let mut promise = promise();
    promise.marks = None;
    let audit = audit(&copies, Some(&tree), &promise, NOW);
    let breaches: Vec<_> = audit
        .breaches()
        .map(|(dataset, breach)| (dataset.as_str(), breach.clone()))
        .collect();
    assert_eq!(
        breaches,
        [
            (
                "vault/a/diverged",
                Breach::Diverged {
                    shared: "s20".into(),
                    later: vec!["s21".into(), "s22".into()]
                }
            ),
            (
                "vault/a/other",
                Breach::NothingShared {
                    with: name("tank/a/other")
                }
            ),
            ("vault/a/foreign", Breach::NoSource),
            ("tank/a/new", Breach::NoCopy),
        ]
    );
    assert_eq!(audit.datasets[1].source, Some(name("tank/a/renamed")));
}

#[test]
fn a_container_is_no_copy() {
    let mut top = copy("vault", &[]);
    top.encryption = None;
    let copies = copies(vec![top, copy("vault/a", &[1])]);
    let mut promise = promise();
    assert!(!audit(&copies, None, &promise, NOW).is_kept());
    promise.container = true;
    assert!(audit(&copies, None, &promise, NOW).is_kept());
}

#[test]
fn it_is_written_and_read() {
    let audit = audit(&copies(vec![copy("vault/a", &[1])]), None, &promise(), NOW);
    let text = serde_json::to_string(&audit).unwrap();
    assert_eq!(serde_json::from_str::<Audit>(&text).unwrap(), audit);
}

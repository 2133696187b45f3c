use super::model::{Side, carry_out, name};
use crate::replicate::{
    Action, Base, Intermediates, KeyParameters, Obstacle, Partial, Plan, Point, Policy, Request,
    Unreadable, plan,
};
use proptest::prelude::*;

fn all() -> Request {
    Request {
        policy: Policy::Vault,
        intermediates: Intermediates::All,
        snapshots: String::new(),
        allow_key_changes: false,
    }
}

fn newest() -> Request {
    Request {
        intermediates: Intermediates::Newest,
        ..all()
    }
}

/// A source with a child, two snapshots each, and a destination that has a copy of it all.
fn copied() -> (Side, Side) {
    let mut source = Side::new("tank/prod", 1000);
    let mut vault = Side::new("vault/prod", 5000);
    source.create("tank/prod");
    source.create("tank/prod/db");
    for short in ["a", "b"] {
        for dataset in ["tank/prod", "tank/prod/db"] {
            source.snapshot(dataset, short);
        }
    }
    let first = plan(&source.tree(), &vault.tree(), &all());
    carry_out(&first, &mut source, &mut vault);
    (source, vault)
}

fn made(source: &Side, vault: &Side) -> Plan {
    plan(&source.tree(), &vault.tree(), &all())
}

fn texts(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .flat_map(|step| {
            let to = &step.destination;
            step.actions
                .iter()
                .map(move |action| format!("{to}: {action}"))
        })
        .collect()
}

fn obstacles(plan: &Plan) -> Vec<(&str, &Obstacle)> {
    plan.findings
        .iter()
        .map(|finding| (finding.dataset.as_str(), &finding.obstacle))
        .collect()
}

#[test]
fn the_first_time_all_is_sent() {
    let (source, vault) = copied();
    let first = made(&source, &Side::new("vault/prod", 1));
    assert_eq!(
        texts(&first),
        [
            "vault/prod: send tank/prod@a in full",
            "vault/prod: send tank/prod@b from tank/prod@a",
            "vault/prod/db: send tank/prod/db@a in full",
            "vault/prod/db: send tank/prod/db@b from tank/prod/db@a",
        ]
    );
    assert!(made(&source, &vault).is_up_to_date());
    let first = plan(
        &source.tree(),
        &Side::new("vault/prod", 1).tree(),
        &newest(),
    );
    assert_eq!(first.transfers().count(), 2);
}

#[test]
fn where_there_is_neither_a_snapshot_nor_a_copy_nothing_is_up_to_date() {
    let (mut source, vault) = copied();
    let mistyped = Request {
        snapshots: "autosanp".into(),
        ..all()
    };
    let none = Side::new("vault/prod", 1).tree();
    let first = plan(&source.tree(), &none, &mistyped);
    let found = obstacles(&first);
    assert!(found.contains(&("tank/prod", &Obstacle::NothingToSend)));
    assert!(!first.is_up_to_date());
    // Where there is a copy, no news are no trouble; nor is a new dataset.
    source.create("tank/prod/new");
    let later = plan(&source.tree(), &vault.tree(), &mistyped);
    assert_eq!(
        obstacles(&later),
        [("tank/prod/new", &Obstacle::NoSnapshot)]
    );
    assert!(later.is_up_to_date());
}

#[test]
fn only_what_is_new_is_sent() {
    let (mut source, vault) = copied();
    source.snapshot("tank/prod/db", "c");
    source.snapshot("tank/prod/db", "d");
    assert_eq!(
        texts(&made(&source, &vault)),
        [
            "vault/prod/db: send tank/prod/db@c from tank/prod/db@b",
            "vault/prod/db: send tank/prod/db@d from tank/prod/db@c",
        ]
    );
    assert_eq!(
        texts(&plan(&source.tree(), &vault.tree(), &newest())),
        ["vault/prod/db: send tank/prod/db@d from tank/prod/db@b"]
    );
    let request = Request {
        snapshots: "c".to_owned(),
        ..all()
    };
    assert_eq!(
        texts(&plan(&source.tree(), &vault.tree(), &request)),
        ["vault/prod/db: send tank/prod/db@c from tank/prod/db@b"]
    );
}

#[test]
fn names_do_not_matter() {
    let (mut source, mut vault) = copied();
    source.get("tank/prod").snapshots[1].name = "renamed".to_owned();
    vault.get("vault/prod").snapshots[0].name = "renamed".to_owned();
    assert!(made(&source, &vault).is_up_to_date());
}

#[test]
fn a_bookmark_serves_where_the_snapshot_is_gone() {
    let (mut source, vault) = copied();
    source.bookmark("tank/prod", "b");
    source.snapshot("tank/prod", "c");
    source.destroy_snapshot("tank/prod", "b");
    let plan = made(&source, &vault);
    assert_eq!(
        texts(&plan),
        ["vault/prod: send tank/prod@c from tank/prod#b"]
    );
    assert_eq!(obstacles(&plan), [("tank/prod", &Obstacle::FromBookmark)]);
    // Without one, there is an older snapshot; the copy has a newer one.
    source.get("tank/prod").bookmarks.clear();
    let plan = made(&source, &vault);
    let diverged = Obstacle::Diverged {
        destination: name("vault/prod"),
        common: "a".to_owned(),
        later: vec!["b".to_owned()],
    };
    // The copy is still a place for what is below.
    assert_eq!(obstacles(&plan), [("tank/prod", &diverged)]);
    assert!(plan.steps.is_empty());
}

#[test]
fn a_dataset_that_was_made_again_is_not_taken_for_its_namesake() {
    let (mut source, vault) = copied();
    source.destroy("tank/prod/db");
    source.create("tank/prod/db");
    source.snapshot("tank/prod/db", "a");
    let plan = made(&source, &vault);
    let obstacle = Obstacle::NoCommonSnapshot {
        destination: name("vault/prod/db"),
        has_snapshots: true,
    };
    assert_eq!(obstacles(&plan), [("tank/prod/db", &obstacle)]);
    assert!(plan.steps.is_empty() && !plan.is_up_to_date());
}

#[test]
fn what_was_renamed_is_renamed() {
    let (mut source, mut vault) = copied();
    source.create("tank/prod/db/deep");
    source.snapshot("tank/prod/db/deep", "a");
    carry_out(&made(&source, &vault), &mut source, &mut vault);
    source.rename("tank/prod/db", "tank/prod/sql");
    source.snapshot("tank/prod/sql/deep", "b");
    let plan = made(&source, &vault);
    assert_eq!(
        texts(&plan),
        [
            "vault/prod/sql: rename from vault/prod/db",
            "vault/prod/sql: verify and hold vault/prod/sql@b",
            "vault/prod/sql/deep: send tank/prod/sql/deep@b from tank/prod/sql/deep@a",
        ]
    );
    assert_eq!(plan.findings, []);
    carry_out(&plan, &mut source, &mut vault);
    assert!(made(&source, &vault).is_up_to_date());
}

#[test]
fn a_dataset_of_another_place_is_an_obstacle() {
    let (mut source, vault) = copied();
    for elsewhere in ["t", "tank/prodigal", "other/place"] {
        source.create(elsewhere);
        source.snapshot(elsewhere, "a");
    }
    let plan = made(&source, &vault);
    assert!(plan.steps.is_empty());
    let found = obstacles(&plan);
    assert_eq!(found.len(), 3);
    assert!(
        found
            .iter()
            .all(|(_, obstacle)| matches!(obstacle, Obstacle::BadName { .. }))
    );
}

#[test]
fn a_clone_goes_on_from_its_origin() {
    let (mut source, mut vault) = copied();
    source.clone_of("tank/prod/db", "a", "tank/prod/a-clone");
    source.snapshot("tank/prod/a-clone", "x");
    let plan = made(&source, &vault);
    let Action::Transfer(transfer) = &plan.steps[0].actions[0] else {
        panic!("{plan:?}");
    };
    let Some(Base::Snapshot { name, origin, .. }) = &transfer.base else {
        panic!("{plan:?}");
    };
    assert_eq!(name.as_str(), "tank/prod/db@a");
    assert_eq!(origin.as_ref().unwrap().as_str(), "vault/prod/db@a");
    carry_out(&plan, &mut source, &mut vault);
    assert!(made(&source, &vault).is_up_to_date());
    // And before there is anything: it waits for its origin, and that is sent even so.
    let mut empty = Side::new("vault/prod", 9000);
    let plan = super::super::plan(&source.tree(), &empty.tree(), &newest());
    let order: Vec<_> = plan.steps.iter().map(|step| step.source.as_str()).collect();
    assert_eq!(order, ["tank/prod", "tank/prod/db", "tank/prod/a-clone"]);
    carry_out(&plan, &mut source, &mut empty);
    assert!(super::super::plan(&source.tree(), &empty.tree(), &newest()).is_up_to_date());
}

#[test]
fn what_is_not_encrypted_is_not_sent() {
    let (mut source, vault) = copied();
    source.get("tank/prod/db").encryption = None;
    source.snapshot("tank/prod/db", "c");
    let plan = made(&source, &vault);
    assert!(plan.steps.is_empty());
    assert_eq!(
        obstacles(&plan)[0],
        ("tank/prod/db", &Obstacle::NotEncrypted)
    );
}

#[test]
fn a_key_that_was_changed_is_seen() {
    let other = KeyParameters {
        salt: 7,
        ..KeyParameters::default()
    };
    // On the destination.
    let (mut source, mut vault) = copied();
    source.snapshot("tank/prod", "c");
    vault.get("vault/prod").encryption.as_mut().unwrap().key = other;
    let found = made(&source, &vault);
    let differs = Obstacle::KeyDiffers {
        destination: name("vault/prod"),
    };
    assert_eq!(obstacles(&found)[0], ("tank/prod", &differs));
    assert!(found.steps.is_empty());
    // On the source.
    let (mut source, mut vault) = copied();
    source.snapshot("tank/prod", "c");
    source.get("tank/prod").encryption.as_mut().unwrap().key = other;
    let encryption = vault.get("vault/prod").encryption.as_mut().unwrap();
    encryption.last_key = Some(encryption.key);
    let found = made(&source, &vault);
    assert_eq!(
        obstacles(&found),
        [("tank/prod", &Obstacle::SourceKeyChanged)]
    );
    assert_eq!(found.transfers().count(), 1);
}

#[test]
fn a_changed_key_of_a_copy_is_replaced_if_that_is_said_and_if_it_can_be() {
    let (mut source, mut vault) = copied();
    source.snapshot("tank/prod/db", "c");
    let other = KeyParameters {
        salt: 7,
        ..KeyParameters::default()
    };
    let replacing = Request {
        allow_key_changes: true,
        ..all()
    };
    let change = |vault: &mut Side, root: &str| {
        let encryption = vault.get("vault/prod/db").encryption.as_mut().unwrap();
        (encryption.key, encryption.root) = (other, name(root));
    };
    let destination = name("vault/prod/db");
    change(&mut vault, "vault/prod/db");
    let found = plan(&source.tree(), &vault.tree(), &replacing);
    let replaced = Obstacle::KeyReplaced {
        destination: destination.clone(),
    };
    assert_eq!(obstacles(&found), [("tank/prod/db", &replaced)]);
    assert_eq!(found.transfers().count(), 1);
    // That of the dataset above would not open it then.
    change(&mut vault, "vault/prod");
    let found = plan(&source.tree(), &vault.tree(), &replacing);
    let differs = Obstacle::KeyDiffers {
        destination: destination.clone(),
    };
    assert_eq!(obstacles(&found), [("tank/prod/db", &differs)]);
    change(&mut vault, "vault");
    let found = plan(&source.tree(), &vault.tree(), &replacing);
    let elsewhere = Obstacle::KeyElsewhere {
        destination,
        root: name("vault"),
    };
    assert_eq!(obstacles(&found), [("tank/prod/db", &elsewhere)]);
    assert!(found.steps.is_empty());
}

#[test]
fn the_first_stream_of_a_clone_does_not_change_the_key_of_its_origin() {
    let (mut source, mut vault) = copied();
    source.clone_of("tank/prod/db", "a", "tank/prod/clone");
    source.snapshot("tank/prod/clone", "x");
    let encryption = vault.get("vault/prod/db").encryption.as_mut().unwrap();
    encryption.key.salt = 7;
    let found = made(&source, &vault);
    let differs = Obstacle::KeyDiffers {
        destination: name("vault/prod/db"),
    };
    assert_eq!(obstacles(&found), [("tank/prod/clone", &differs)]);
    assert!(found.steps.is_empty());
}

#[test]
fn an_interrupted_transfer_goes_on_or_is_discarded() {
    let (mut source, mut vault) = copied();
    let (c, d) = (
        source.snapshot("tank/prod", "c"),
        source.snapshot("tank/prod", "d"),
    );
    let base = source.get("tank/prod").snapshots[1].guid;
    let partial = |to_guid, from: &str| Partial {
        token: "1-a-b-c".to_owned(),
        dataset: Some(name(from)),
        to_guid,
        from_guid: Some(base),
        raw: true,
    };
    for (to, count) in [(c, 2), (d, 1)] {
        vault.get("vault/prod").partial = Some(partial(to, "tank/prod"));
        let plan = made(&source, &vault);
        assert_eq!(plan.transfers().count(), count);
        assert!(plan.transfers().next().unwrap().resumed.is_some());
        carry_out(&plan, &mut source, &mut vault.clone());
    }
    // What was begun is finished, though there is a newer one by now.
    vault.get("vault/prod").partial = Some(partial(c, "tank/prod"));
    let begun = plan(&source.tree(), &vault.tree(), &newest());
    assert_eq!(begun.transfers().count(), 2);
    assert!(begun.transfers().next().unwrap().resumed.is_some());
    carry_out(&begun, &mut source, &mut vault.clone());
    // What was begun with this snapshot cannot be finished any more.
    vault.get("vault/prod").partial = Some(partial(99, "tank/prod"));
    let plan = made(&source, &vault);
    assert!(matches!(
        plan.steps[0].actions[0],
        Action::DiscardPartial { .. }
    ));
    carry_out(&plan, &mut source, &mut vault.clone());
    // Also if there is nothing else to do: what is left is looked at then.
    let mut without = source.clone();
    without.get("tank/prod").snapshots.truncate(2);
    assert_eq!(
        texts(&made(&without, &vault)),
        [
            "vault/prod: discard partial state: its snapshot is not to be sent any more",
            "vault/prod: verify and hold vault/prod@b",
        ]
    );
    // Somebody else's stays.
    vault.get("vault/prod").partial = Some(partial(99, "tank/other"));
    let foreign = Obstacle::ForeignPartial {
        destination: name("vault/prod"),
        sent_from: Some(name("tank/other")),
    };
    assert_eq!(
        obstacles(&made(&source, &vault))[0],
        ("tank/prod", &foreign)
    );
    // Nor does one help that is not raw.
    vault.get("vault/prod").partial = Some(Partial {
        raw: false,
        ..partial(c, "tank/prod")
    });
    assert!(
        made(&source, &vault)
            .transfers()
            .all(|transfer| transfer.resumed.is_none())
    );
}

#[test]
fn what_cannot_be_read_hides_nothing_else() {
    let (mut source, vault) = copied();
    source.snapshot("tank/prod", "c");
    source.snapshot("tank/prod/db", "c");
    let lost = |side: &Side, dataset: &str| {
        let mut tree = side.tree();
        tree.datasets.retain(|state| state.name.as_str() != dataset);
        tree.unreadable.push(Unreadable {
            dataset: name(dataset),
            why: "it is broken".to_owned(),
        });
        tree
    };
    let unreadable = |dataset: &str| Obstacle::Unreadable {
        dataset: name(dataset),
        why: "it is broken".to_owned(),
    };
    let top = ["vault/prod: send tank/prod@c from tank/prod@b"];
    let below = ["vault/prod/db: send tank/prod/db@c from tank/prod/db@b"];
    for (dataset, others) in [("tank/prod", below), ("tank/prod/db", top)] {
        let plan = plan(&lost(&source, dataset), &vault.tree(), &all());
        assert_eq!(texts(&plan), others);
        assert_eq!(obstacles(&plan), [(dataset, &unreadable(dataset))]);
    }
    for (dataset, copy, others) in [
        ("tank/prod", "vault/prod", below),
        ("tank/prod/db", "vault/prod/db", top),
    ] {
        let plan = plan(&source.tree(), &lost(&vault, copy), &all());
        assert_eq!(texts(&plan), others);
        assert_eq!(obstacles(&plan), [(dataset, &unreadable(copy))]);
    }
    // Also where the source has none.
    let mut there = lost(&vault, "vault/prod/gone");
    there
        .datasets
        .retain(|state| state.name.as_str() == "vault/prod");
    source.destroy("tank/prod/db");
    let plan = plan(&source.tree(), &there, &all());
    assert_eq!(texts(&plan), top);
    let gone = ("vault/prod/gone", &unreadable("vault/prod/gone"));
    assert_eq!(obstacles(&plan), [gone]);
}

#[test]
fn what_a_promoted_clone_took_along_is_gone_on_from() {
    let (mut source, mut vault) = copied();
    source.clone_of("tank/prod/db", "b", "tank/prod/new");
    source.snapshot("tank/prod/new", "x");
    let plan = made(&source, &vault);
    carry_out(&plan, &mut source, &mut vault);
    let before = source.clone();
    source.promote("tank/prod/new");
    assert!(source.get("tank/prod/db").snapshots.is_empty());
    let taken = source.clone();
    // Also if nothing is new: the former clone may lose it.
    let plan = made(&source, &vault);
    assert_eq!(
        texts(&plan),
        [
            "vault/prod/db: bookmark tank/prod/new@b",
            "vault/prod/db: verify and hold vault/prod/db@b",
        ]
    );
    carry_out(&plan, &mut source, &mut vault);
    assert!(made(&source, &vault).is_up_to_date());
    source.destroy_snapshot("tank/prod/new", "b");
    source.snapshot("tank/prod/db", "c");
    assert_eq!(
        texts(&made(&source, &vault)),
        ["vault/prod/db: send tank/prod/db@c from tank/prod/db#b"]
    );
    source = taken;
    source.snapshot("tank/prod/db", "c");
    source.snapshot("tank/prod/new", "y");
    let plan = made(&source, &vault);
    assert_eq!(
        texts(&plan),
        [
            "vault/prod/db: bookmark tank/prod/new@b",
            "vault/prod/db: send tank/prod/db@c from tank/prod/new@b",
            "vault/prod/new: send tank/prod/new@y from tank/prod/new@x",
        ]
    );
    // An older bookmark of its own does not keep it from that.
    let mut older = source.clone();
    older.bookmark("tank/prod/new", "a");
    let mark = older.get("tank/prod/new").bookmarks.pop().unwrap();
    older.get("tank/prod/db").bookmarks.push(mark);
    assert_eq!(texts(&made(&older, &vault)), texts(&plan));
    // Nor does a copy of the former clone that the tree has as well.
    let mut twice = source.clone();
    twice.create("tank/prod/aside");
    for point in twice.get("tank/prod/new").snapshots.clone() {
        let create_txg = 1_000_000 + point.create_txg;
        let point = Point {
            create_txg,
            ..point
        };
        twice.get("tank/prod/aside").snapshots.push(point);
    }
    assert!(texts(&made(&twice, &vault)).contains(&texts(&plan)[0].clone()));
    assert_eq!(obstacles(&plan), []);
    let mut there = vault.clone();
    carry_out(&plan, &mut source, &mut there);
    source.snapshot("tank/prod/db", "d");
    assert_eq!(
        texts(&made(&source, &there)),
        ["vault/prod/db: send tank/prod/db@d from tank/prod/db@c"]
    );
    // What is behind it on the copy is somebody's.
    there = vault.clone();
    there.snapshot("vault/prod/db", "own");
    let plan = made(&source, &there);
    let (at, obstacle) = obstacles(&plan)[0];
    assert_eq!(at, "tank/prod/db");
    assert!(matches!(obstacle, Obstacle::Diverged { later, .. } if later == &["own"]));

    // A clone that only has the name of what it is a clone of does not get its copy.
    source = before;
    source.destroy("tank/prod/new");
    source.rename("tank/prod/db", "tank/prod/old");
    source.clone_of("tank/prod/old", "b", "tank/prod/db");
    source.snapshot("tank/prod/db", "c");
    let plan = made(&source, &vault);
    assert_eq!(
        texts(&plan),
        [
            "vault/prod/old: rename from vault/prod/db",
            "vault/prod/old: verify and hold vault/prod/old@b",
            "vault/prod/db: send tank/prod/db@c from tank/prod/old@b",
        ]
    );
}

#[test]
fn what_vanished_stays() {
    let (mut source, vault) = copied();
    source.destroy("tank/prod/db");
    let plan = made(&source, &vault);
    assert_eq!(obstacles(&plan), [("vault/prod/db", &Obstacle::Vanished)]);
    assert!(plan.is_up_to_date());
}

#[test]
fn a_name_that_would_be_too_long_is_an_obstacle() {
    let (source, _) = copied();
    let long = format!("vault/{}", "v".repeat(245));
    let plan = made(&source, &Side::new(&long, 1));
    assert!(matches!(
        obstacles(&plan)[..],
        [("tank/prod/db", Obstacle::BadName { .. })]
    ));
}

#[cfg(feature = "serde")]
#[test]
fn a_plan_can_be_kept() {
    let (mut source, vault) = copied();
    source.snapshot("tank/prod/db", "c");
    source.clone_of("tank/prod/db", "a", "tank/prod/clone");
    source.snapshot("tank/prod/clone", "x");
    source.create("tank/prod/empty");
    let plan = made(&source, &vault);
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
}

const NAMES: [&str; 5] = [
    "tank/prod",
    "tank/prod/a",
    "tank/prod/b",
    "tank/prod/a/x",
    "tank/prod/b/y",
];

/// Does one of the things that happen to a source, if it can be done.
fn happen(source: &mut Side, what: (u8, usize, usize), count: usize) {
    let (what, one, other) = what;
    let (one, other) = (NAMES[one % NAMES.len()], NAMES[other % NAMES.len()]);
    let there = |source: &Side, name: &str| source.datasets.contains_key(name);
    let has_parent =
        |source: &Side, text: &str| there(source, name(text).parent().unwrap().as_str());
    let newest = |source: &Side, name: &str| {
        let snapshots = &source.datasets.get(name)?.snapshots;
        Some(snapshots.last()?.name.clone())
    };
    match what % 9 {
        0 if !there(source, one) && has_parent(source, one) => source.create(one),
        1..=3 if there(source, one) => {
            source.snapshot(one, &format!("s{count}"));
        }
        4 => {
            if let Some(short) = newest(source, one) {
                source.bookmark(one, &short);
                source.destroy_snapshot(one, &short);
            }
        }
        5 if one != NAMES[0]
            && there(source, one)
            && !there(source, other)
            && has_parent(source, other)
            && !name(other).is_within(&name(one)) =>
        {
            source.rename(one, other);
        }
        6 if one != NAMES[0] && there(source, one) => source.destroy(one),
        7 if there(source, one) && !there(source, other) && has_parent(source, other) => {
            if let Some(short) = newest(source, one) {
                source.clone_of(one, &short, other);
            }
        }
        8 if there(source, one) => source.promote_if_clone(one),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_a_plan_can_be_carried_out_and_loses_nothing(
        rounds in prop::collection::vec(
            prop::collection::vec((any::<u8>(), any::<usize>(), any::<usize>()), 0..12),
            1..6,
        ),
        all_of_them in any::<bool>(),
    ) {
        let request = if all_of_them { all() } else { newest() };
        let mut source = Side::new(NAMES[0], 0);
        source.create(NAMES[0]);
        let mut vault = Side::new("vault/x", 1_000_000);
        let mut count = 0;
        for round in rounds {
            for what in round {
                count += 1;
                happen(&mut source, what, count);
            }
            let before: usize = vault.datasets.values().map(|copy| copy.snapshots.len()).sum();
            let made = plan(&source.tree(), &vault.tree(), &request);
            carry_out(&made, &mut source, &mut vault);
            let after: usize = vault.datasets.values().map(|copy| copy.snapshots.len()).sum();
            prop_assert_eq!(after, before + made.transfers().count());

            let again = plan(&source.tree(), &vault.tree(), &request);
            prop_assert!(again.steps.is_empty(), "{:?} after {:?}", again, made);
            for dataset in source.datasets.values() {
                let silent = !made.findings.iter().any(|finding| finding.dataset == dataset.name);
                // What is older than a bookmark that was gone on from may not have been sent.
                let marked = dataset.bookmarks.iter().map(|mark| mark.create_txg).max();
                let newest = dataset.snapshots.last();
                let newest = newest.filter(|newest| Some(newest.create_txg) > marked);
                if let (true, Some(newest)) = (silent, newest) {
                    let rest = &dataset.name.as_str()[NAMES[0].len()..];
                    let copy = &vault.datasets[&format!("vault/x{rest}")];
                    prop_assert!(copy.has_snapshot(newest.guid).is_some());
                }
            }
        }
    }
}

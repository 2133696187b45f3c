use std::time::Duration;

use proptest::prelude::*;

use crate::replicate::{Candidate, Pruning, Reason, Retention, Rule};

const HOUR: u64 = 3600;
const NOW: u64 = 1_000_000 * HOUR;

fn hourly(count: u64) -> Vec<Candidate> {
    (0..count)
        .map(|age| Candidate::new(format!("h{age}"), count - age, NOW - age * HOUR))
        .collect()
}

fn kept(pruning: &Pruning) -> Vec<&str> {
    pruning.kept.iter().map(|kept| kept.name.as_str()).collect()
}

fn with(rule: Rule) -> Retention {
    Retention { rules: vec![rule] }
}

#[test]
fn by_count_and_by_age() {
    let pruning = with(Rule::new("h").newest(2)).prune(&hourly(5), NOW);
    assert_eq!(kept(&pruning), ["h1", "h0"]);
    assert_eq!(pruning.destroyed, ["h4", "h3", "h2"]);

    let age = Duration::from_secs(2 * HOUR);
    let pruning = with(Rule::new("h").younger_than(age)).prune(&hourly(5), NOW);
    assert_eq!(kept(&pruning), ["h2", "h1", "h0"]);
}

#[test]
fn one_of_each_period() {
    let day = Duration::from_secs(24 * HOUR);
    // NOW is 16 hours into its day: the newest of the day before is 17 hours old.
    let pruning = with(Rule::new("").one_of_each(day, 3)).prune(&hourly(100), NOW);
    assert_eq!(kept(&pruning), ["h41", "h17", "h0"]);
    assert_eq!(pruning.kept[0].reasons, [Reason::OneOfEach(day)]);
    let none = with(Rule::new("").one_of_each(Duration::ZERO, 3)).prune(&hourly(3), NOW);
    assert_eq!(none.destroyed.len(), 3);
}

#[test]
fn what_is_needed_stays_and_says_why() {
    let mut all = hourly(5);
    all[2].is_anchor = true;
    all[3].holds.push("rep".to_owned());
    all[4].clones.push("tank/clone".to_owned());
    all.push(Candidate::new("by-hand", 9, NOW));
    all.push(Candidate::new("h-later", 10, NOW + 1));
    let pruning = with(Rule::new("h")).prune(&all, NOW);
    assert_eq!(pruning.destroyed, ["h1", "h0"]);
    let reasons: Vec<_> = pruning
        .kept
        .iter()
        .map(|kept| kept.reasons.clone())
        .collect();
    assert_eq!(
        reasons,
        [
            vec![Reason::Cloned(vec!["tank/clone".to_owned()])],
            vec![Reason::Held(vec!["rep".to_owned()])],
            vec![Reason::Anchor],
            vec![Reason::NoRule],
            vec![Reason::FromTheFuture],
        ]
    );
}

#[test]
fn without_a_rule_nothing_goes() {
    assert_eq!(
        Retention::default().prune(&hourly(9), NOW).destroyed,
        [""; 0]
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_anchor_never_goes_and_nothing_is_forgotten(
        ages in prop::collection::vec((0..10_000_u64, any::<bool>()), 0..50),
        newest in 0..10_usize,
        days in 0..5_usize,
    ) {
        let all: Vec<_> = ages.iter().enumerate().map(|(number, &(age, is_anchor))| {
            let mut one = Candidate::new(format!("s{number}"), number as u64, NOW - age * HOUR);
            one.is_anchor = is_anchor;
            one
        }).collect();
        let rule = Rule::new("s").newest(newest).one_of_each(Duration::from_secs(24 * HOUR), days);
        let pruning = with(rule).prune(&all, NOW);
        prop_assert_eq!(pruning.kept.len() + pruning.destroyed.len(), all.len());
        prop_assert!(pruning.kept.len() >= newest.min(all.len()));
        for one in &all {
            let gone = pruning.destroyed.contains(&one.name);
            prop_assert_ne!(gone, kept(&pruning).contains(&one.name.as_str()));
            prop_assert!(!(gone && one.is_anchor));
        }
    }
}

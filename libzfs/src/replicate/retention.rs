//! Which snapshots are kept when old ones are pruned.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What is kept; all that no rule is for, and nothing else, unless it is needed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Retention {
    /// The rules; of several that are for one snapshot, it is enough that one keeps it.
    pub rules: Vec<Rule>,
}

/// Which of the snapshots with one tag are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Rule {
    /// What the snapshots' names begin with.
    pub tag: String,
    /// So many of the newest.
    pub newest: usize,
    /// Those that are not older.
    pub younger_than: Option<Duration>,
    /// The newest of each of so many periods of that length, in which there is one.
    pub one_of_each: Vec<(Duration, usize)>,
}

impl Rule {
    /// Keeps none of the snapshots with that tag.
    pub fn new(tag: impl Into<String>) -> Self {
        Self {
            tag: tag.into(),
            newest: 0,
            younger_than: None,
            one_of_each: Vec::new(),
        }
    }

    /// Keeps so many of the newest.
    #[must_use]
    pub fn newest(mut self, count: usize) -> Self {
        self.newest = count;
        self
    }

    /// Keeps those that are not older.
    #[must_use]
    pub fn younger_than(mut self, age: Duration) -> Self {
        self.younger_than = Some(age);
        self
    }

    /// Keeps the newest of each period of that length, counted from 1970 on, for the last `count`
    /// periods in which there is one. A length of zero is none.
    #[must_use]
    pub fn one_of_each(mut self, period: Duration, count: usize) -> Self {
        self.one_of_each.push((period, count));
        self
    }
}

/// A snapshot that might be pruned.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// Its name behind the `@`.
    pub name: String,
    /// The transaction group in which it was made.
    pub create_txg: u64,
    /// When it was made, in seconds since 1970.
    pub creation: u64,
    /// Whether a replication goes on from it.
    pub is_anchor: bool,
    /// The tags that it is held with.
    pub holds: Vec<String>,
    /// The clones that were made of it.
    pub clones: Vec<String>,
}

impl Candidate {
    /// One that nothing needs.
    pub fn new(name: impl Into<String>, create_txg: u64, creation: u64) -> Self {
        Self {
            name: name.into(),
            create_txg,
            creation,
            is_anchor: false,
            holds: Vec::new(),
            clones: Vec::new(),
        }
    }
}

/// What a retention makes of the snapshots of a dataset.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Pruning {
    /// What is kept, and why, earlier before later.
    pub kept: Vec<Kept>,
    /// What goes, earlier before later.
    pub destroyed: Vec<String>,
}

/// A snapshot that is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Kept {
    /// Its name behind the `@`.
    pub name: String,
    /// Every reason for which it is.
    pub reasons: Vec<Reason>,
}

/// Why a snapshot is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reason {
    /// A replication goes on from it.
    Anchor,
    /// It is held with these tags.
    Held(Vec<String>),
    /// There are clones of it.
    Cloned(Vec<String>),
    /// No rule is for it.
    NoRule,
    /// It is one of the newest with its tag.
    Newest,
    /// It is not old enough.
    Young,
    /// It is the newest of a period of that length.
    OneOfEach(Duration),
    /// It was made after `now`, so that its age is not known.
    FromTheFuture,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anchor => f.write_str("a replication goes on from it"),
            Self::Held(tags) => write!(f, "held: {}", tags.join(", ")),
            Self::Cloned(clones) => write!(f, "cloned: {}", clones.join(", ")),
            Self::NoRule => f.write_str("no rule is for it"),
            Self::Newest => f.write_str("one of the newest"),
            Self::Young => f.write_str("young"),
            Self::OneOfEach(period) => write!(f, "one of each {} s", period.as_secs()),
            Self::FromTheFuture => f.write_str("made in the future"),
        }
    }
}

impl Retention {
    /// Decides about the snapshots of one dataset, in any order; `now` is in seconds since 1970.
    ///
    /// What a replication goes on from, what is held and what has clones is kept whatever the rules
    /// say.
    pub fn prune(&self, candidates: &[Candidate], now: u64) -> Pruning {
        let mut candidates: Vec<_> = candidates.iter().collect();
        candidates.sort_by_key(|candidate| candidate.create_txg);
        let mut reasons = vec![Vec::new(); candidates.len()];
        for (candidate, reasons) in candidates.iter().zip(&mut reasons) {
            needed(candidate, reasons);
            if !self.rules.iter().any(|rule| rule.is_for(candidate)) {
                reasons.push(Reason::NoRule);
            }
            if candidate.creation > now {
                reasons.push(Reason::FromTheFuture);
            }
        }
        for rule in &self.rules {
            rule.apply(&candidates, now, &mut reasons);
        }
        let mut pruning = Pruning::default();
        for (candidate, reasons) in candidates.into_iter().zip(reasons) {
            let name = candidate.name.clone();
            if reasons.is_empty() {
                pruning.destroyed.push(name);
            } else {
                pruning.kept.push(Kept { name, reasons });
            }
        }
        pruning
    }
}

fn needed(candidate: &Candidate, reasons: &mut Vec<Reason>) {
    if candidate.is_anchor {
        reasons.push(Reason::Anchor);
    }
    if !candidate.holds.is_empty() {
        reasons.push(Reason::Held(candidate.holds.clone()));
    }
    if !candidate.clones.is_empty() {
        reasons.push(Reason::Cloned(candidate.clones.clone()));
    }
}

impl Rule {
    fn is_for(&self, candidate: &Candidate) -> bool {
        candidate.name.starts_with(&self.tag)
    }

    /// Says of each candidate, of which the later ones come later, why this rule keeps it.
    fn apply(&self, candidates: &[&Candidate], now: u64, reasons: &mut [Vec<Reason>]) {
        let mine: Vec<_> = (0..candidates.len())
            .rev()
            .filter(|&at| self.is_for(candidates[at]))
            .collect();
        let mut keep = |at: usize, reason: Reason| {
            if !reasons[at].contains(&reason) {
                reasons[at].push(reason);
            }
        };
        for &at in mine.iter().take(self.newest) {
            keep(at, Reason::Newest);
        }
        if let Some(age) = self.younger_than {
            for &at in &mine {
                if now.saturating_sub(candidates[at].creation) <= age.as_secs() {
                    keep(at, Reason::Young);
                }
            }
        }
        for (period, count) in &self.one_of_each {
            let seconds = period.as_secs();
            if seconds == 0 {
                continue;
            }
            // By the time and not by the order, which a clock that was set back would confuse.
            let mut newest: BTreeMap<u64, usize> = BTreeMap::new();
            for &at in mine.iter().rev() {
                newest.insert(candidates[at].creation / seconds, at);
            }
            for (_, at) in newest.into_iter().rev().take(*count) {
                keep(at, Reason::OneOfEach(*period));
            }
        }
    }
}

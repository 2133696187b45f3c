//! Measuring two ways to do the same thing side by side.
//!
//! What a machine does beside it changes from second to second, and a call that waits for a
//! transaction takes as long as the transaction does. So the two ways take turns, and what is
//! looked at is by how much the one took longer than the other right beside it: the median of
//! those differences, which a few slow rounds do not move, and an interval around it that holds
//! whatever the times' distribution is.

use std::time::{Duration, Instant};

/// A call that is measured: what is called, and what is done around it without being measured.
pub(crate) struct Case<'a> {
    pub(crate) name: &'static str,
    pub(crate) prepare: Box<dyn Fn() + 'a>,
    pub(crate) c: Box<dyn Fn() + 'a>,
    pub(crate) safe: Box<dyn Fn() + 'a>,
    pub(crate) restore: Box<dyn Fn() + 'a>,
}

impl<'a> Case<'a> {
    /// A call that leaves all as it was.
    pub(crate) fn new(name: &'static str, c: impl Fn() + 'a, safe: impl Fn() + 'a) -> Self {
        Self {
            name,
            prepare: Box::new(|| ()),
            c: Box::new(c),
            safe: Box::new(safe),
            restore: Box::new(|| ()),
        }
    }

    /// What has to be done before each call.
    pub(crate) fn prepare(mut self, prepare: impl Fn() + 'a) -> Self {
        self.prepare = Box::new(prepare);
        self
    }

    /// What has to be done after each call.
    pub(crate) fn restore(mut self, restore: impl Fn() + 'a) -> Self {
        self.restore = Box::new(restore);
        self
    }

    pub(crate) fn side(&self, side: Side) -> &dyn Fn() {
        match side {
            Side::C => &self.c,
            Side::Safe => &self.safe,
        }
    }

    /// Calls one side once, and returns what `around` makes of it.
    pub(crate) fn call<T>(&self, side: Side, around: impl FnOnce(&dyn Fn()) -> T) -> T {
        (self.prepare)();
        let result = around(self.side(side));
        (self.restore)();
        result
    }

    /// Has both sides take turns for as long as is said, and at least so many rounds.
    pub(crate) fn measure(&self, limit: Duration, least: usize) -> Pairs {
        let mut pairs = Pairs::default();
        for side in SIDES {
            self.call(side, timed);
        }
        let start = Instant::now();
        while pairs.0.len() < least || start.elapsed() < limit {
            // Who goes first changes, so that it is nobody's advantage.
            pairs.0.push(if pairs.0.len() % 2 == 0 {
                let c = self.call(Side::C, timed);
                (c, self.call(Side::Safe, timed))
            } else {
                let safe = self.call(Side::Safe, timed);
                (self.call(Side::C, timed), safe)
            });
        }
        pairs
    }
}

/// Who makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    C,
    Safe,
}

/// Both, in the order in which they are counted.
pub(crate) const SIDES: [Side; 2] = [Side::C, Side::Safe];

/// How many seconds the work takes.
pub(crate) fn timed(work: &dyn Fn()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// How many seconds C took in each round, and how many the safe layer.
#[derive(Debug, Default, Clone)]
pub(crate) struct Pairs(pub(crate) Vec<(f64, f64)>);

impl Pairs {
    pub(crate) fn c(&self) -> f64 {
        median(self.0.iter().map(|pair| pair.0))
    }

    pub(crate) fn safe(&self) -> f64 {
        median(self.0.iter().map(|pair| pair.1))
    }

    /// By which part of C's time the safe layer takes longer, with a 95 % interval.
    pub(crate) fn added(&self) -> Added {
        let mut differences: Vec<f64> = self.0.iter().map(|(c, safe)| safe - c).collect();
        differences.sort_by(f64::total_cmp);
        let (from, to) = sign_interval(differences.len());
        let c = self.c();
        Added {
            median: median(differences.iter().copied()) / c,
            from: differences[from] / c,
            to: differences[to] / c,
        }
    }
}

/// A part of the whole, as a median in its interval.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Added {
    pub(crate) median: f64,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 0 {
        (values[middle - 1] + values[middle]) / 2.0
    } else {
        values[middle]
    }
}

/// Between which of `n` sorted values their distribution's median lies, 19 times of 20: each value
/// is as likely below it as above, so that the number below is binomial (the sign test turned
/// round).
fn sign_interval(n: usize) -> (usize, usize) {
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of rounds are small and positive"
    )]
    let below = (n as f64 / 2.0 - 0.98 * (n as f64).sqrt()).floor().max(0.0) as usize;
    let from = below.saturating_sub(1);
    (from, n - 1 - from)
}

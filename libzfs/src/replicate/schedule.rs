//! In which order steps are taken, by several at once.

use std::collections::HashMap;

use super::{Action, Base, Step};
use crate::name::DatasetName;

/// The steps of a plan, as far as they are taken.
pub(super) struct Schedule {
    states: Vec<State>,
    needs: Vec<Vec<Need>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Done,
    Failed,
}

/// An earlier step that has to be over.
struct Need {
    step: usize,
    /// And it has to have succeeded.
    success: bool,
}

/// What is to be done next.
pub(super) enum Next {
    /// This step.
    Step(usize),
    /// Nothing for the first, because the second has failed.
    Lacks(usize, usize),
    /// Nothing before another step is over.
    Wait,
    /// Nothing any more.
    End,
}

impl Schedule {
    pub(super) fn new(steps: &[Step]) -> Self {
        let mut needs: Vec<Vec<Need>> = Vec::with_capacity(steps.len());
        let mut senders = HashMap::new();
        for (at, step) in steps.iter().enumerate() {
            let mut of_step = Vec::new();
            for (earlier, other) in steps[..at].iter().enumerate() {
                let is_above = step.destination.is_within(&other.destination);
                // A copy that gets another name takes along what is below it, and makes room.
                if is_above || step.renames() || other.renames() {
                    let success = is_above && (other.makes_copy() || other.renames());
                    of_step.push(Need {
                        step: earlier,
                        success,
                    });
                }
            }
            for transfer in step.transfers() {
                if let Some(Base::Snapshot {
                    guid,
                    origin: Some(_),
                    ..
                }) = &transfer.base
                {
                    let sender = senders.get(guid).copied();
                    of_step.extend(sender.map(|step| Need {
                        step,
                        success: true,
                    }));
                }
            }
            needs.push(of_step);
            senders.extend(step.transfers().map(|transfer| (transfer.guid, at)));
        }
        Self {
            states: vec![State::Waiting; steps.len()],
            needs,
        }
    }

    /// Whether nothing keeps a step from being begun.
    pub(super) fn is_next(&self, at: usize) -> bool {
        let is_over = |need: &Need| match self.states[need.step] {
            State::Done => true,
            State::Failed => !need.success,
            State::Waiting | State::Running => false,
        };
        self.states[at] == State::Waiting && self.needs[at].iter().all(is_over)
    }

    /// What is next, which is taken to be begun with that.
    pub(super) fn next(&mut self) -> Next {
        let mut waits = false;
        for at in 0..self.states.len() {
            if self.states[at] != State::Waiting {
                continue;
            }
            let failed = self.needs[at]
                .iter()
                .find(|need| need.success && self.states[need.step] == State::Failed);
            if let Some(need) = failed {
                let needed = need.step;
                self.states[at] = State::Running;
                return Next::Lacks(at, needed);
            }
            if self.is_next(at) {
                self.states[at] = State::Running;
                return Next::Step(at);
            }
            waits = true;
        }
        match waits {
            true => Next::Wait,
            false => Next::End,
        }
    }

    pub(super) fn finished(&mut self, at: usize, well: bool) {
        self.states[at] = match well {
            true => State::Done,
            false => State::Failed,
        };
    }
}

impl Step {
    fn renames(&self) -> bool {
        let mut actions = self.actions.iter();
        actions.any(|action| matches!(action, Action::Rename { .. }))
    }

    fn transfers(&self) -> impl Iterator<Item = &super::Transfer> {
        self.actions.iter().filter_map(|action| match action {
            Action::Transfer(transfer) => Some(transfer),
            _ => None,
        })
    }

    /// The dataset of the destination, by the name that it has before this, of which the streams
    /// bring a new key: the copy, or what it becomes a clone of.
    pub(super) fn goes_on_from(&self) -> Option<&DatasetName> {
        match &self.transfers().next()?.base {
            None => None,
            Some(Base::Snapshot {
                origin: Some(origin),
                ..
            }) => Some(origin.dataset()),
            Some(_) => Some(match self.actions.first() {
                Some(Action::Rename { from }) => from,
                _ => &self.destination,
            }),
        }
    }

    /// Whether there is no whole copy before it.
    pub(super) fn makes_copy(&self) -> bool {
        let mut transfers = self.transfers();
        let first = transfers.next().map(|transfer| &transfer.base);
        matches!(
            first,
            Some(
                None | Some(Base::Snapshot {
                    origin: Some(_),
                    ..
                })
            )
        )
    }
}

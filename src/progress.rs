//! What is said of a replication while it goes on: bars on a terminal, lines elsewhere.

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use libzfs::SnapshotName;
use libzfs::replicate::Event;

use crate::output::{Output, warn};
use crate::units::{count, show_bytes};

/// Says on standard error what happens.
pub(crate) enum Progress {
    Bars {
        all: MultiProgress,
        running: Mutex<HashMap<SnapshotName, ProgressBar>>,
    },
    Lines,
    Nothing,
}

impl Progress {
    pub(crate) fn new(output: &Output) -> Self {
        if output.is_json() {
            Self::Nothing
        } else if io::stderr().is_terminal() {
            Self::Bars {
                all: MultiProgress::new(),
                running: Mutex::default(),
            }
        } else {
            Self::Lines
        }
    }

    pub(crate) fn tell(&self, event: &Event) {
        match self {
            Self::Nothing => {}
            Self::Lines => self.say(event),
            Self::Bars { all, running } => {
                let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
                match event {
                    Event::Sending { copy, transfer } => {
                        let bar = all.add(bar(transfer.estimate));
                        bar.set_message(copy.to_string());
                        running.insert(copy.clone(), bar);
                    }
                    Event::Progress { copy, bytes, .. } => {
                        if let Some(bar) = running.get(copy) {
                            // The estimate is one, and a bar that runs over its end says nothing.
                            if bar.length().is_some_and(|length| length < *bytes) {
                                bar.set_length(*bytes);
                            }
                            bar.set_position(*bytes);
                        }
                    }
                    Event::Arrived { copy, .. } => {
                        if let Some(bar) = running.remove(copy) {
                            bar.finish_and_clear();
                        }
                    }
                    // What had arrived in the meantime is done without.
                    Event::Failed { destination, .. } | Event::Done { destination, .. } => {
                        running.retain(|copy, bar| {
                            let other = copy.dataset() != destination;
                            if !other {
                                bar.finish_and_clear();
                            }
                            other
                        });
                    }
                    _ => {}
                }
                all.suspend(|| self.say(event));
            }
        }
    }

    fn say(&self, event: &Event) {
        match event {
            Event::Taken { snapshots } => {
                if let Some(first) = snapshots.first() {
                    let number = count(snapshots.len(), "snapshot");
                    warn(format!("took {number}: @{}", first.short_name()));
                }
            }
            Event::Found { finding } => warn(finding.to_string()),
            Event::Sending { transfer, .. } if matches!(self, Self::Lines) => {
                warn(transfer.to_string());
            }
            Event::Arrived { copy, bytes, .. } => {
                warn(format!("received {copy}, {}", show_bytes(*bytes)));
            }
            Event::Failed {
                destination, error, ..
            } => warn(format!("{destination}: {error}")),
            _ => {}
        }
    }
}

fn bar(estimate: Option<u64>) -> ProgressBar {
    let (bar, template) = match estimate {
        Some(estimate) => (
            ProgressBar::new(estimate),
            "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {msg} {bytes} {bytes_per_sec}",
        ),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

//! A replication as it is asked for, on the command line or in the configuration.

use std::time::{SystemTime, UNIX_EPOCH};

use libzfs::Zfs;
use libzfs::replicate::{
    Intermediates, Limits, LocalSource, LocalTarget, Marks, Policy, Replication, Request,
    Selection, Source, Ssh, Target,
};

use crate::arguments::{PolicyName, Replicate, Want};
use crate::config;
use crate::exit::{Outcome, Problem};
use crate::place::Place;

/// What is replicated to where, and how.
pub(crate) struct Job {
    pub(crate) source: Place,
    pub(crate) destination: Place,
    pub(crate) marks: Marks,
    pub(crate) policy: PolicyName,
    request: Request,
    selection: Selection,
    limits: Limits,
    /// What the names of snapshots begin with that are taken first.
    take: Option<String>,
    changes_keys: bool,
    ssh: config::Ssh,
}

/// Both sides, connected to.
pub(crate) struct Sides {
    source: Box<dyn Source>,
    target: Box<dyn Target>,
}

impl Job {
    pub(crate) fn of_arguments(replicate: &Replicate, want: &Want) -> Outcome<Self> {
        let marks = match &replicate.marks {
            Some(marks) => marks.clone(),
            None => replicate.destination.marks().ok_or_else(|| {
                Problem::usage("the destination is too long to make marks of: say --marks NAME")
            })?,
        };
        Ok(Self {
            source: replicate.source.clone(),
            destination: replicate.destination.clone(),
            marks,
            policy: want.policy,
            request: Request {
                allow_key_changes: want.allow_key_changes,
                ..request(want.policy, want.newest, &want.only)
            },
            selection: Selection {
                include: want.include.clone(),
                exclude: want.exclude.clone(),
                with: want.with.clone(),
                without: want.without.clone(),
            },
            limits: Limits {
                at_once: want.at_once,
                bytes_per_second: want.rate.map(|rate| rate.0),
                stall: want.stall.map(|stall| stall.0),
            },
            take: want.take.clone(),
            changes_keys: want.allow_key_changes,
            ssh: config::Ssh {
                options: want.ssh_option.clone(),
                command: want.ssh_command.clone(),
            },
        })
    }

    pub(crate) fn of_config(name: &str, job: &config::Job) -> Outcome<Self> {
        let marks = match &job.marks {
            Some(marks) => marks.clone(),
            None => Marks::new(name).map_err(|error| {
                Problem::usage(format!("job {name}: {error}, so that it needs marks"))
            })?,
        };
        Ok(Self {
            source: job.source.clone(),
            destination: job.destination.clone(),
            marks,
            policy: job.policy,
            request: request(job.policy, job.newest, &job.only),
            selection: Selection {
                include: job.include.clone(),
                exclude: job.exclude.clone(),
                with: job.with.clone(),
                without: job.without.clone(),
            },
            limits: Limits {
                at_once: job.at_once,
                bytes_per_second: job.rate.map(|rate| rate.0),
                stall: job.stall.map(|stall| stall.0),
            },
            take: job.take.clone(),
            changes_keys: job.allow_key_changes,
            ssh: job.ssh.clone(),
        })
    }

    /// Connects to both sides.
    pub(crate) fn connect(&self, zfs: &Zfs) -> Outcome<Sides> {
        if self.source.host.is_some() && self.destination.host.is_some() {
            let text = "one of source and destination has to be on this machine";
            return Err(Problem::usage(text));
        }
        let source: Box<dyn Source> = match &self.source.host {
            None => Box::new(LocalSource::new(zfs)),
            Some(host) => {
                let snapshots = match self.take {
                    Some(_) => " --allow-snapshots",
                    None => "",
                };
                let command = self.serve("--send-raw-only", &self.source, snapshots);
                Box::new(self.ssh(host, command).connect()?)
            }
        };
        let target: Box<dyn Target> = match &self.destination.host {
            None => Box::new(LocalTarget::new(zfs)),
            Some(host) => {
                let policy = match self.policy {
                    PolicyName::Vault => " --allow-renames",
                    PolicyName::Standby => " --allow-renames --policy standby",
                };
                let command = self.serve("--receive-only", &self.destination, policy);
                Box::new(self.ssh(host, command).connect()?)
            }
        };
        Ok(Sides { source, target })
    }

    /// What is started on the other machine, where no command is forced. Neither names of datasets
    /// nor marks have anything that a shell would take for its own.
    fn serve(&self, role: &str, place: &Place, more: &str) -> String {
        match &self.ssh.command {
            Some(command) => command.clone(),
            None => {
                let (dataset, marks) = (&place.dataset, &self.marks);
                format!("zvault serve {role} --marks {marks}{more} -- '{dataset}'")
            }
        }
    }

    fn ssh(&self, host: &str, command: String) -> Ssh {
        let options = self.ssh.options.iter();
        let ssh = Ssh::new(host).connections(self.limits.at_once + 1);
        options.fold(ssh.command(command), Ssh::option)
    }

    /// The replication between these sides.
    pub(crate) fn replication<'a>(&self, sides: &'a Sides) -> Replication<'a> {
        let replication = Replication::new(
            (&*sides.source, &self.source.dataset),
            (&*sides.target, &self.destination.dataset),
            &self.marks,
        )
        .request(self.request.clone())
        .select(self.selection.clone())
        .limits(self.limits.clone());
        let replication = match self.source.host.is_some() && !self.changes_keys {
            true => replication.keep_keys(),
            false => replication,
        };
        match &self.take {
            Some(prefix) => replication.take_snapshots(format!("{prefix}{}", timestamp())),
            None => replication,
        }
    }
}

fn request(policy: PolicyName, newest: bool, only: &str) -> Request {
    Request {
        policy: Policy::from(policy),
        intermediates: match newest {
            true => Intermediates::Newest,
            false => Intermediates::All,
        },
        snapshots: only.to_owned(),
        allow_key_changes: false,
    }
}

/// The time, such as `20260131T235959Z`.
pub(crate) fn timestamp() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    show_time(since.map_or(0, |since| since.as_secs()))
}

fn show_time(seconds: u64) -> String {
    let (days, second) = (seconds / 86400, seconds % 86400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// The date so many days after the first of January 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut left = days;
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if left < length {
            break;
        }
        left -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, left + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_names() {
        assert_eq!(show_time(0), "19700101T000000Z");
        assert_eq!(show_time(951_782_399), "20000228T235959Z");
        assert_eq!(show_time(951_782_400), "20000229T000000Z");
        assert_eq!(show_time(1_798_761_599), "20261231T235959Z");
        assert_eq!(show_time(4_107_542_400), "21000301T000000Z");
    }
}

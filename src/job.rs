//! A replication as it is asked for, on the command line or in the configuration.

use jiff::Timestamp;
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
    pub(crate) want: Want,
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
            want: want.clone(),
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
            want: job.want(),
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
                let snapshots = match self.want.snapshots.take {
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
                let policy = match self.want.policy {
                    PolicyName::Vault => "",
                    PolicyName::Standby => " --policy standby",
                };
                let keys = match self.want.allow_key_changes {
                    true => " --allow-key-changes",
                    false => "",
                };
                let more = format!(" --allow-renames{policy}{keys}");
                let command = self.serve("--receive-only", &self.destination, &more);
                Box::new(self.ssh(host, command).connect()?)
            }
        };
        Ok(Sides { source, target })
    }

    /// What is started on the other machine, where no command is forced. Neither names of datasets
    /// nor marks have anything that a shell would take for its own.
    fn serve(&self, role: &str, place: &Place, more: &str) -> String {
        match &self.want.ssh_command {
            Some(command) => command.clone(),
            None => {
                let (dataset, marks) = (&place.dataset, &self.marks);
                format!("zvault serve {role} --marks {marks}{more} -- '{dataset}'")
            }
        }
    }

    fn ssh(&self, host: &str, command: String) -> Ssh {
        let options = self.want.ssh_option.iter();
        let ssh = Ssh::new(host).connections(self.want.at_once + 1);
        options.fold(ssh.command(command), Ssh::option)
    }

    /// The replication between these sides.
    pub(crate) fn replication<'a>(&self, sides: &'a Sides) -> Replication<'a> {
        let want = &self.want;
        let replication = Replication::new(
            (&*sides.source, &self.source.dataset),
            (&*sides.target, &self.destination.dataset),
            &self.marks,
        )
        .request(Request {
            policy: Policy::from(want.policy),
            intermediates: match want.snapshots.newest {
                true => Intermediates::Newest,
                false => Intermediates::All,
            },
            snapshots: want.snapshots.only.clone(),
            allow_key_changes: want.allow_key_changes,
        })
        .select(Selection {
            include: want.include.clone(),
            exclude: want.exclude.clone(),
            with: want.with.clone(),
            without: want.without.clone(),
        })
        .limits(Limits {
            at_once: want.at_once,
            bytes_per_second: want.rate.map(|rate| rate.0),
            stall: want.stall.map(|stall| stall.0),
        });
        let replication = match self.source.host.is_some() && !want.allow_key_changes {
            true => replication.keep_keys(),
            false => replication,
        };
        match &want.snapshots.take {
            Some(prefix) => replication.take_snapshots(format!("{prefix}{}", timestamp())),
            None => replication,
        }
    }
}

/// The time, such as `20260131T235959Z`.
pub(crate) fn timestamp() -> String {
    show_time(Timestamp::now())
}

fn show_time(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "it is how a test fails")]
mod tests {
    use super::*;

    #[test]
    fn times_have_names() {
        let shown = |seconds| show_time(Timestamp::from_second(seconds).unwrap());
        assert_eq!(shown(0), "19700101T000000Z");
        assert_eq!(shown(951_782_399), "20000228T235959Z");
        assert_eq!(shown(951_782_400), "20000229T000000Z");
        assert_eq!(shown(1_798_761_599), "20261231T235959Z");
        assert_eq!(shown(4_107_542_400), "21000301T000000Z");
    }
}

//! The configuration: jobs for `zvault run`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use libzfs::DatasetName;
use libzfs::replicate::{Marks, Rule, UserValue};
use serde::Deserialize;

use crate::arguments::{Keep, PolicyName, Snapshots, Want};
use crate::exit::{Outcome, Problem};
use crate::place::Place;
use crate::units::{Bytes, Span};

/// All of it. What is not known is an error, so that no typing mistake is taken for a wish.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    jobs: BTreeMap<String, Job>,
}

/// A replication that is run by its name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Job {
    pub(crate) source: Place,
    pub(crate) destination: Place,
    #[serde(default)]
    pub(crate) policy: PolicyName,
    /// The name of the job, unless it is said.
    pub(crate) marks: Option<Marks>,
    /// What the names of the snapshots begin with that are taken first; none are, unless it is said.
    pub(crate) take: Option<String>,
    /// Only snapshots whose names begin so are sent.
    #[serde(default)]
    pub(crate) only: String,
    /// Of several new snapshots only the newest is sent.
    #[serde(default)]
    pub(crate) newest: bool,
    #[serde(default)]
    pub(crate) include: Vec<String>,
    #[serde(default)]
    pub(crate) exclude: Vec<String>,
    #[serde(default)]
    pub(crate) with: Vec<UserValue>,
    #[serde(default)]
    pub(crate) without: Vec<UserValue>,
    /// Bytes in a second.
    pub(crate) rate: Option<Bytes>,
    pub(crate) stall: Option<Span>,
    #[serde(default = "one")]
    pub(crate) at_once: usize,
    /// Streams may change the keys of copies: a source on another machine brings its new one, and what
    /// was changed on a copy is replaced by the source's.
    #[serde(default)]
    pub(crate) allow_key_changes: bool,
    #[serde(default)]
    pub(crate) ssh: Ssh,
    /// How old the newest verified snapshot may be when a copy here is verified afterwards.
    pub(crate) max_age: Option<Span>,
    #[serde(default)]
    pub(crate) prune: Vec<Prune>,
}

/// How the other machine is reached.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ssh {
    /// Options as they stand in `ssh_config`.
    #[serde(default)]
    pub(crate) options: Vec<String>,
    /// What is started there, where no command is forced, in place of `zvault serve` with its arguments.
    pub(crate) command: Option<String>,
}

/// What is pruned after a run in which all went well.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prune {
    pub(crate) dataset: DatasetName,
    pub(crate) tag: String,
    pub(crate) newest: Option<usize>,
    pub(crate) younger: Option<Span>,
    pub(crate) hourly: Option<usize>,
    pub(crate) daily: Option<usize>,
    pub(crate) weekly: Option<usize>,
}

fn one() -> usize {
    1
}

impl Job {
    /// The job of that name in that file.
    pub(crate) fn read(path: &Path, name: &str) -> Outcome<Self> {
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| Problem::usage(format!("{}: {error}", path.display())))?;
        let mut config =
            parse(&text).map_err(|error| Problem::usage(format!("{}: {error}", path.display())))?;
        config.jobs.remove(name).ok_or_else(|| {
            let names: Vec<_> = config.jobs.keys().map(String::as_str).collect();
            Problem::usage(format!(
                "{} has no job {name}; those that it has: {}",
                path.display(),
                names.join(", ")
            ))
        })
    }

    /// What is wanted, as the command line would say it.
    pub(crate) fn want(&self) -> Want {
        Want {
            policy: self.policy,
            snapshots: Snapshots {
                take: self.take.clone(),
                only: self.only.clone(),
                newest: self.newest,
            },
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            with: self.with.clone(),
            without: self.without.clone(),
            rate: self.rate,
            stall: self.stall,
            at_once: self.at_once,
            allow_key_changes: self.allow_key_changes,
            ssh_option: self.ssh.options.clone(),
            ssh_command: self.ssh.command.clone(),
        }
    }
}

fn parse(text: &str) -> Result<Config, String> {
    let config: Config = toml::from_str(text).map_err(|error| error.to_string())?;
    for (name, job) in &config.jobs {
        for prune in &job.prune {
            if prune.keep().is_none() {
                return Err(format!(
                    "job {name}: what is pruned of {} keeps nothing",
                    prune.dataset
                ));
            }
        }
    }
    Ok(config)
}

impl Prune {
    /// What is kept, if anything.
    fn keep(&self) -> Option<Keep> {
        let keep = Keep {
            newest: self.newest,
            younger: self.younger,
            hourly: self.hourly,
            daily: self.daily,
            weekly: self.weekly,
        };
        let counts = [keep.newest, keep.hourly, keep.daily, keep.weekly];
        let any = counts.iter().flatten().any(|&count| count > 0);
        (any || keep.younger.is_some()).then_some(keep)
    }

    pub(crate) fn rule(&self) -> Rule {
        let keep = self.keep();
        // Where it keeps nothing, it was refused when it was read.
        keep.map_or_else(
            || Rule::new(&self.tag).newest(usize::MAX),
            |keep| keep.rule(&self.tag),
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "it is how a test fails")]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_understood() {
        let config = parse(include_str!("../contrib/zvault.toml")).unwrap();
        assert!(config.jobs.contains_key("offsite"));
        assert!(config.jobs.len() > 1);
    }

    #[test]
    fn a_job_wants_what_it_says() {
        let text = "[jobs.a]
            source = 'tank/a'
            destination = 'ssh://host/vault/a'
            policy = 'standby'
            take = 'rep-'
            only = 'rep'
            newest = true
            include = ['b']
            exclude = ['c']
            with = ['x:y=z']
            without = ['x:y=no']
            rate = '1M'
            stall = '5m'
            at_once = 3
            allow_key_changes = true
            ssh = { options = ['Port=2222'], command = 'serve' }";
        let want = parse(text).unwrap().jobs["a"].want();
        assert_eq!(want.policy, PolicyName::Standby);
        assert_eq!(want.snapshots.take.as_deref(), Some("rep-"));
        assert_eq!(want.snapshots.only, "rep");
        assert!(want.snapshots.newest && want.allow_key_changes);
        assert_eq!(
            (want.include, want.exclude),
            (vec!["b".into()], vec!["c".into()])
        );
        assert_eq!(want.with, ["x:y=z".parse().unwrap()]);
        assert_eq!(want.without, ["x:y=no".parse().unwrap()]);
        assert_eq!(want.rate.map(|rate| rate.0), Some(1 << 20));
        assert_eq!(want.stall.map(|stall| stall.0.as_secs()), Some(300));
        assert_eq!(
            (want.at_once, want.ssh_option),
            (3, vec!["Port=2222".into()])
        );
        assert_eq!(want.ssh_command.as_deref(), Some("serve"));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let job = "[jobs.a]\nsource = 'tank/a'\ndestination = 'vault/a'\n";
        assert!(parse(job).is_ok());
        for more in [
            "sorce = 'x'",
            "policy = 'warm'",
            "rate = 10",
            "at_once = -1",
            "marks = 'A B'",
            "[[jobs.a.prune]]\ndataset = 'tank/a'\ntag = 'rep-'",
            "[[jobs.a.prune]]\ndataset = 'tank/a'\ntag = 'rep-'\nnewest = 0",
            "[other]",
        ] {
            assert!(parse(&format!("{job}{more}\n")).is_err(), "{more}");
        }
        assert!(parse("[jobs.a]\nsource = 'tank/a@b'\ndestination = 'vault/a'\n").is_err());
    }
}

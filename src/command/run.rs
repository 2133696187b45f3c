//! `zvault run`

use libzfs::replicate::{Copies, Promise, Prune, Retention, audit};

use super::verify::now;
use crate::arguments::Run;
use crate::config;
use crate::exit::{Exit, Outcome};
use crate::job::Job;
use crate::output::Output;

/// Replicates, verifies the copies that are here, and prunes; each only after what comes before went
/// well. With JSON there is a document for each.
pub(super) fn run(run: &Run, output: &Output) -> Outcome {
    let config = config::Job::read(&run.config, &run.job)?;
    let zfs = super::zfs(&format!("run {}", run.job))?;
    let job = Job::of_config(&run.job, &config)?;
    let exit = super::push::replicate_now(&zfs, &job, None, output)?;
    if exit != Exit::Done {
        return Ok(exit);
    }
    if job.destination.host.is_none() {
        let copies = Copies::gather(&zfs, &job.destination.dataset)?;
        let promise = Promise {
            policy: job.want.policy.into(),
            marks: Some(job.marks.clone()),
            max_age: config.max_age.map(|age| age.0),
            container: false,
        };
        let exit = super::verify::show(&[audit(&copies, None, &promise, now())], output)?;
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    let mut exit = Exit::Done;
    for prune in &config.prune {
        let rules = vec![prune.rule()];
        let pruned = Prune::new(&zfs, Retention { rules }).tree(&prune.dataset)?;
        exit = exit.max(super::prune::show(&pruned, &prune.tag, false, output)?);
    }
    Ok(exit)
}

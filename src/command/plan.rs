//! `zvault plan`

use std::fs;

use libzfs::replicate::{Action, Finding, Plan};

use crate::arguments;
use crate::exit::{Exit, Outcome, Problem};
use crate::job::Job;
use crate::output::{Mood, Output};
use crate::units::{count, show_bytes};

pub(super) fn run(arguments: &arguments::Plan, output: &Output) -> Outcome {
    let zfs = super::zfs("plan")?;
    let job = Job::of_arguments(&arguments.replicate, &arguments.want)?;
    let sides = job.connect(&zfs)?;
    let plan = job.replication(&sides).with_estimates().plan()?;
    if let Some(path) = &arguments.save {
        let text = serde_json::to_string_pretty(&plan).map_err(Problem::failed)?;
        fs::write(path, text).map_err(|error| Problem::file(path.display(), &error))?;
    }
    if output.is_json() {
        output.json(&plan)?;
    } else {
        show(&plan, output)?;
    }
    Ok(exit(&plan.findings))
}

/// What findings come to.
pub(super) fn exit(findings: &[Finding]) -> Exit {
    match findings.iter().any(Finding::is_error) {
        true => Exit::Finding,
        false => Exit::Done,
    }
}

fn show(plan: &Plan, output: &Output) -> Outcome<()> {
    for step in &plan.steps {
        output.said(
            Mood::Heading,
            format!("{} -> {}", step.source, step.destination),
        )?;
        for action in &step.actions {
            let size = match action {
                Action::Transfer(transfer) => transfer.estimate,
                _ => None,
            };
            let size =
                size.map_or_else(String::new, |size| format!(", about {}", show_bytes(size)));
            output.line(format!("  {action}{size}"))?;
        }
    }
    for finding in &plan.findings {
        show_finding(finding, output)?;
    }
    let estimates = plan.transfers().filter_map(|transfer| transfer.estimate);
    match plan.transfers().count() {
        0 if plan.is_up_to_date() => output.said(Mood::Good, "up to date"),
        0 => Ok(()),
        streams => {
            let bytes = show_bytes(estimates.sum());
            output.line(format!("{}, about {bytes}", count(streams, "stream")))
        }
    }
}

/// Says what was found, and what can be done.
pub(super) fn show_finding(finding: &Finding, output: &Output) -> Outcome<()> {
    let mood = match finding.is_error() {
        true => Mood::Bad,
        false => Mood::Doubtful,
    };
    output.said(mood, finding.to_string())?;
    if finding.is_error() {
        for choice in finding.obstacle.choices() {
            output.line(format!("  - {choice}"))?;
        }
    }
    Ok(())
}

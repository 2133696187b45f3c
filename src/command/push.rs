//! `zvault push`, `zvault pull`

use std::fs;

use libzfs::TransferControl;
use libzfs::replicate::{Error, Finding, Plan, Proof, Report, Sent};
use libzfs::{DatasetName, Zfs};
use serde::Serialize;

use crate::arguments::Transfer;
use crate::exit::{Exit, Outcome, Problem};
use crate::interrupt::Watch;
use crate::job::Job;
use crate::output::{Mood, Output};
use crate::progress::Progress;
use crate::units::{count, show_bytes};

/// [`Report`], as it is written.
#[derive(Serialize)]
struct Written<'a> {
    datasets: Vec<Dataset<'a>>,
    findings: &'a [Finding],
    cancelled: bool,
    bytes: u64,
}

#[derive(Serialize)]
struct Dataset<'a> {
    source: &'a DatasetName,
    destination: &'a DatasetName,
    sent: &'a [Sent],
    proof: Option<&'a Proof>,
    error: Option<String>,
}

pub(super) fn push(transfer: &Transfer, output: &Output) -> Outcome {
    if let Some(host) = &transfer.replicate.source.host {
        return Err(elsewhere("push", "source", host));
    }
    run("push", transfer, output)
}

pub(super) fn pull(transfer: &Transfer, output: &Output) -> Outcome {
    if let Some(host) = &transfer.replicate.destination.host {
        return Err(elsewhere("pull", "destination", host));
    }
    run("pull", transfer, output)
}

fn elsewhere(command: &str, what: &str, host: &str) -> Problem {
    Problem::usage(format!(
        "zvault {command} has its {what} on this machine, and not on {host}"
    ))
}

fn run(command: &str, transfer: &Transfer, output: &Output) -> Outcome {
    let Transfer {
        replicate, want, ..
    } = transfer;
    let plan = match &transfer.plan {
        Some(path) => {
            let text = fs::read_to_string(path);
            let text = text.map_err(|error| Problem::file(path.display(), &error))?;
            let plan: Plan = serde_json::from_str(&text)
                .map_err(|error| Problem::usage(format!("{}: {error}", path.display())))?;
            Some(plan)
        }
        None => None,
    };
    let zfs = super::zfs(command)?;
    replicate_now(&zfs, &Job::of_arguments(replicate, want)?, plan, output)
}

/// Replicates, and says what came of it.
pub(super) fn replicate_now(zfs: &Zfs, job: &Job, plan: Option<Plan>, output: &Output) -> Outcome {
    let control = TransferControl::new();
    let watch = Watch::cancels(&control).map_err(Problem::failed)?;
    let progress = Progress::new(output);
    let sides = job.connect(zfs)?;
    let replication = job
        .replication(&sides)
        .controlled_by(&control)
        .on_event(|event| progress.tell(&event));
    let report = match plan {
        Some(plan) => replication.carry_out(&plan),
        None => replication.run(),
    };
    drop(watch);
    let report = report?;
    show(&report, output)?;
    Ok(exit(&report))
}

fn exit(report: &Report) -> Exit {
    if report.cancelled {
        return Exit::Interrupted;
    }
    let mut exit = super::plan::exit(&report.findings);
    for (_, error) in report.errors() {
        match error {
            Error::Broken { .. } if exit != Exit::Failed => exit = Exit::Finding,
            _ => exit = Exit::Failed,
        }
    }
    exit
}

fn show(report: &Report, output: &Output) -> Outcome<()> {
    if output.is_json() {
        let datasets = report.datasets.iter().map(|dataset| Dataset {
            source: &dataset.source,
            destination: &dataset.destination,
            sent: &dataset.sent,
            proof: dataset.result.as_ref().ok(),
            error: dataset.result.as_ref().err().map(ToString::to_string),
        });
        return output.json(&Written {
            datasets: datasets.collect(),
            findings: &report.findings,
            cancelled: report.cancelled,
            bytes: report.bytes(),
        });
    }
    for finding in report.findings.iter().filter(|finding| finding.is_error()) {
        super::plan::show_finding(finding, output)?;
    }
    for (dataset, error) in report.errors() {
        output.said(Mood::Bad, format!("{dataset}: {error}"))?;
    }
    let sent: usize = report.datasets.iter().map(|one| one.sent.len()).sum();
    let streams = count(sent, "stream");
    let bytes = show_bytes(report.bytes());
    match (report.is_complete(), sent) {
        (true, 0) => output.said(Mood::Good, "up to date"),
        (true, _) => output.said(
            Mood::Good,
            format!("{streams} received and verified, {bytes}"),
        ),
        (false, _) if report.cancelled => output.said(
            Mood::Doubtful,
            format!("interrupted after {streams}, {bytes}; the same again goes on"),
        ),
        (false, _) => output.said(
            Mood::Bad,
            format!("not complete: {streams} received, {bytes}"),
        ),
    }
}

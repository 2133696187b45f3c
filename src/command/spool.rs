//! `zvault spool`

use std::path::Path;

use libzfs::replicate::spool::{Filter, Outcome as Fate, RelativeName, SpoolReceiver, SpoolSender};
use libzfs::replicate::spool::{Sidecar, SpoolSent, SpoolStream};
use libzfs::replicate::{
    Intermediates, LocalSource, LocalTarget, Look, Marks, Side as _, Source as _,
};
use libzfs::{DatasetName, TransferControl, Zfs};
use serde::Serialize;

use crate::arguments::{Spool, SpoolList, SpoolReceive, SpoolSend};
use crate::exit::{Exit, Outcome, Problem};
use crate::interrupt::Watch;
use crate::job::timestamp;
use crate::output::{Cell, Mood, Output, warn};
use crate::units::{count, show_bytes};

pub(super) fn run(spool: &Spool, output: &Output) -> Outcome {
    match spool {
        Spool::Send(arguments) => send(arguments, output),
        Spool::Receive(arguments) => receive(arguments, output),
        Spool::List(arguments) => list(arguments, output),
    }
}

/// What a run of the sender came to.
#[derive(Serialize)]
struct Sent<'a> {
    streams: Vec<&'a Sidecar>,
    errors: Vec<(&'a DatasetName, String)>,
    findings: Vec<String>,
}

/// A stream in the spool, and what became of it.
#[derive(Serialize)]
struct Stream<'a> {
    name: &'a str,
    outcome: &'static str,
    what: Option<String>,
    sidecar: Option<&'a Sidecar>,
}

fn send(arguments: &SpoolSend, output: &Output) -> Outcome {
    let zfs = super::zfs("spool send")?;
    let source = LocalSource::new(&zfs);
    if let Some(prefix) = &arguments.snapshots.take {
        take(&source, &arguments.source, &arguments.marks, prefix)?;
    }
    let control = TransferControl::new();
    let _watch = Watch::cancels(&control).map_err(Problem::failed)?;
    let (top, marks) = (arguments.source.clone(), arguments.marks.clone());
    let mut sender = SpoolSender::new(&source, top, marks)
        .snapshots(&arguments.snapshots.only)
        .go_on_from(arguments.known.iter().copied())
        .controlled_by(&control);
    if let Some(name) = &arguments.name {
        let name = RelativeName::new(name.as_str()).map_err(Problem::usage)?;
        sender = sender.destination(name);
    }
    if arguments.snapshots.newest {
        sender = sender.intermediates(Intermediates::Newest);
    }
    if let Some(level) = arguments.zstd {
        sender = sender.zstd(level);
    }
    if let Some(filter) = filter(arguments.filter.as_deref())? {
        sender = sender.filter(filter);
    }
    let sent = sender.run(&arguments.directory)?;
    show_sent(&sent, output)?;
    Ok(if control.is_cancelled() {
        Exit::Interrupted
    } else if sent.errors().next().is_some() {
        Exit::Failed
    } else {
        super::plan::exit(&sent.plan.findings)
    })
}

/// Takes snapshots of all datasets of the tree that are encrypted, at once.
fn take(source: &LocalSource, top: &DatasetName, marks: &Marks, prefix: &str) -> Outcome<()> {
    let name = format!("{prefix}{}", timestamp());
    let snapshots = source
        .tree(&Look::since(top, marks))?
        .datasets
        .iter()
        .filter(|dataset| dataset.encryption.is_some())
        .map(|dataset| DatasetName::snapshot(&dataset.name, &name))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Problem::usage)?;
    Ok(source.take_snapshots(&snapshots)?)
}

/// A command line, of which the words are separated by blanks; no shell is in between.
fn filter(words: Option<&str>) -> Outcome<Option<Filter>> {
    let Some(words) = words else {
        return Ok(None);
    };
    let mut words = words.split_whitespace();
    let program = words
        .next()
        .ok_or_else(|| Problem::usage("the filter is empty"))?;
    let filter = words.fold(Filter::new(program), Filter::argument);
    Ok(Some(filter))
}

fn show_sent(sent: &SpoolSent, output: &Output) -> Outcome<()> {
    if output.is_json() {
        let findings = sent.plan.findings.iter();
        return output.json(&Sent {
            streams: sent.streams().collect(),
            errors: sent
                .errors()
                .map(|(dataset, error)| (dataset, error.to_string()))
                .collect(),
            findings: findings.map(ToString::to_string).collect(),
        });
    }
    for finding in &sent.plan.findings {
        super::plan::show_finding(finding, output)?;
    }
    for stream in sent.streams() {
        let bytes = show_bytes(stream.file_bytes);
        output.line(format!("{}@{}, {bytes}", stream.source, stream.snapshot))?;
    }
    for (dataset, error) in sent.errors() {
        warn(format!("{dataset}: {error}"));
    }
    match sent.streams().count() {
        0 => output.line("nothing is new"),
        streams => {
            let streams = count(streams, "stream");
            output.said(Mood::Good, format!("{streams} left in the spool"))
        }
    }
}

fn receive(arguments: &SpoolReceive, output: &Output) -> Outcome {
    let zfs = super::zfs("spool receive")?;
    let target = LocalTarget::new(&zfs);
    let control = TransferControl::new();
    let _watch = Watch::cancels(&control).map_err(Problem::failed)?;
    let mut receiver = SpoolReceiver::new(&target, arguments.prefix.clone())
        .policy(arguments.policy.into())
        .controlled_by(&control);
    if arguments.allow_key_changes {
        receiver = receiver.allow_key_changes();
    }
    for marks in &arguments.marks {
        receiver = receiver.set(marks);
    }
    if let Some(filter) = filter(arguments.filter.as_deref())? {
        receiver = receiver.filter(filter);
    }
    let streams = receiver.run(&arguments.directory)?;
    let exit = show(&streams, output)?;
    Ok(if control.is_cancelled() {
        Exit::Interrupted
    } else {
        exit
    })
}

fn list(arguments: &SpoolList, output: &Output) -> Outcome {
    let zfs: Zfs = super::zfs("spool list")?;
    let target = LocalTarget::new(&zfs);
    let mut receiver = SpoolReceiver::new(&target, arguments.prefix.clone());
    for marks in &arguments.marks {
        receiver = receiver.set(marks);
    }
    if let Some(filter) = filter(arguments.filter.as_deref())? {
        receiver = receiver.filter(filter);
    }
    let directory: &Path = &arguments.directory;
    let streams = match arguments.check {
        true => receiver.examine(directory)?,
        false => receiver.list(directory)?,
    };
    show(&streams, output)
}

/// Says what became of each. That one waits is no finding if its turn comes.
fn show(streams: &[SpoolStream], output: &Output) -> Outcome {
    let mut exit = Exit::Done;
    let mut rows = Vec::new();
    let mut written = Vec::new();
    for stream in streams {
        let (outcome, what, mood) = match &stream.outcome {
            Fate::Received(proof) => ("received", Some(proof.snapshot.to_string()), Mood::Good),
            Fate::AlreadyThere(name) => ("already there", Some(name.to_string()), Mood::Good),
            Fate::Ready => ("ready", None, Mood::Plain),
            Fate::Waits(what) if what.needs_decision() => {
                ("waits", Some(what.to_string()), Mood::Bad)
            }
            Fate::Waits(what) => ("waits", Some(what.to_string()), Mood::Doubtful),
            Fate::Bad(why) => ("bad", Some(why.to_string()), Mood::Bad),
            Fate::Failed(error) => ("failed", Some(error.to_string()), Mood::Bad),
            _ => ("unknown", None, Mood::Bad),
        };
        exit = match (&stream.outcome, exit) {
            (Fate::Failed(_), _) | (_, Exit::Failed) => Exit::Failed,
            (Fate::Bad(_), _) => Exit::Finding,
            (Fate::Waits(what), _) if what.needs_decision() => Exit::Finding,
            _ => exit,
        };
        rows.push(vec![
            Cell::from(&stream.name),
            Cell::new(outcome, mood),
            Cell::from(what.as_deref().unwrap_or_default()),
        ]);
        written.push(Stream {
            name: &stream.name,
            outcome,
            what,
            sidecar: stream.sidecar.as_ref(),
        });
    }
    if output.is_json() {
        output.json(&written)?;
    } else if rows.is_empty() {
        output.line("the spool is empty")?;
    } else {
        output.table(&["STREAM", "", ""], &rows)?;
    }
    Ok(exit)
}

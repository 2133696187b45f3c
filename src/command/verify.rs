//! `zvault verify`

use std::time::{SystemTime, UNIX_EPOCH};

use libzfs::Zfs;
use libzfs::replicate::{
    Audit, Breach, Copies, CopyAudit, LocalSource, Look, Promise, Side, Ssh, Tree, audit,
};

use crate::arguments::Verify;
use crate::exit::{Exit, Outcome, Problem};
use crate::output::{Cell, Mood, Output};
use crate::place::Place;
use crate::units::show_seconds;

pub(super) fn run(verify: &Verify, output: &Output) -> Outcome {
    if verify.source.is_some() && verify.datasets.len() > 1 {
        return Err(Problem::usage("--source is for one copy at a time"));
    }
    let zfs = super::zfs("verify")?;
    let source = match &verify.source {
        Some(source) => Some(source_tree(&zfs, source)?),
        None => None,
    };
    let promise = Promise {
        policy: verify.policy.into(),
        marks: verify.marks.clone(),
        max_age: verify.max_age.map(|age| age.0),
        container: verify.below,
    };
    let mut audits = Vec::new();
    for dataset in &verify.datasets {
        let copies = Copies::gather(&zfs, dataset)?;
        audits.push(audit(&copies, source.as_ref(), &promise, now()));
    }
    show(&audits, output)
}

/// What the source has.
fn source_tree(zfs: &Zfs, place: &Place) -> Outcome<Tree> {
    let look = Look::all(&place.dataset);
    let tree = match &place.host {
        None => LocalSource::new(zfs).tree(&look)?,
        Some(host) => {
            let command = format!("zvault serve --read-only -- '{}'", place.dataset);
            Side::tree(&Ssh::new(host).command(command).connect()?, &look)?
        }
    };
    if tree.datasets.is_empty() {
        return Err(Problem::failed(format!("{place} is not there")));
    }
    Ok(tree)
}

pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Says what was found, and whether the promise is kept.
pub(crate) fn show(audits: &[Audit], output: &Output) -> Outcome {
    let is_kept = audits.iter().all(Audit::is_kept);
    let exit = if is_kept { Exit::Done } else { Exit::Finding };
    if output.is_json() {
        output.json(&audits)?;
        return Ok(exit);
    }
    let copies = audits.iter().flat_map(|audit| &audit.datasets);
    let rows: Vec<_> = copies.map(row).collect();
    let headings = [
        "COPY",
        "ENCRYPTED",
        "KEY",
        "MOUNTED",
        "SNAPSHOTS",
        "SHARED",
        "VERIFIED",
        "PROMISE",
    ];
    output.table(&headings, &rows)?;
    for audit in audits {
        for why in &audit.unreadable {
            output.said(Mood::Bad, format!("unreadable: {why}"))?;
        }
        for (dataset, breach) in audit.breaches() {
            output.said(Mood::Bad, format!("broken: {dataset}: {breach}"))?;
        }
    }
    match is_kept {
        true => output.said(Mood::Good, "the promise is kept")?,
        false => output.said(Mood::Bad, "the promise is broken")?,
    }
    Ok(exit)
}

fn row(copy: &CopyAudit) -> Vec<Cell> {
    let state = &copy.state;
    let mood = |is_good| if is_good { Mood::Good } else { Mood::Bad };
    let has = |wanted: fn(&Breach) -> bool| copy.breaches.iter().any(wanted);
    let (suite, key) = match &state.encryption {
        Some(encryption) => (
            Cell::new(&encryption.suite, Mood::Good),
            match encryption.key_available {
                true => Cell::new(
                    "loaded",
                    mood(!has(|breach| matches!(breach, Breach::KeyAvailable))),
                ),
                false => Cell::new("not loaded", Mood::Good),
            },
        ),
        None => (Cell::new("no", Mood::Bad), Cell::from("-")),
    };
    let mounted = match state.mounted_at.is_empty() {
        true => Cell::from("no"),
        false => Cell::new(
            "yes",
            mood(!has(|breach| matches!(breach, Breach::Mounted { .. }))),
        ),
    };
    let shared = match &copy.source {
        Some(_) => copy.shared.len().to_string(),
        None => "-".into(),
    };
    let verified = match &copy.verified {
        Some(verified) => format!("@{}, {}", verified.snapshot, show_seconds(verified.age)),
        None => "never".into(),
    };
    vec![
        Cell::from(state.name.as_str()),
        suite,
        key,
        mounted,
        Cell::from(state.snapshots.len().to_string()),
        Cell::from(shared),
        Cell::from(verified),
        match copy.breaches.is_empty() {
            true => Cell::new("kept", Mood::Good),
            false => Cell::new("broken", Mood::Bad),
        },
    ]
}

//! `zvault unlock`

use libzfs::{DatasetName, KeyOutcome};
use serde::Serialize;

use crate::arguments::Unlock;
use crate::exit::{Exit, Outcome, Problem};
use crate::keys::Material;
use crate::output::{Mood, Output};

/// What came of one encryption root.
#[derive(Serialize)]
pub(super) struct Root {
    root: DatasetName,
    error: Option<String>,
}

pub(super) fn run(unlock: &Unlock, output: &Output) -> Outcome {
    let zfs = super::zfs("unlock")?;
    let dataset = &unlock.dataset;
    let roots = zfs.encryption_roots(dataset)?;
    let mut outcomes = Vec::new();
    if roots.locked().next().is_some() {
        let material = Material::read(&unlock.key, &format!("Key of {dataset}"))?;
        let mut problem = None;
        outcomes = zfs.load_keys(dataset, |root| {
            let key = material.key_for(root);
            key.map_err(|error| problem = Some(error)).ok()
        })?;
        // A key that is none fits nowhere, and why says more than that there was none.
        if let Some(problem) = problem {
            outcomes.retain(|outcome| outcome.result.is_ok());
            if !outcomes.is_empty() && !output.is_json() {
                show("unlocked", &outcomes, output)?;
            }
            return Err(problem);
        }
    }
    let exit = show("unlocked", &outcomes, output)?;
    if let (Some(path), Exit::Done) = (&unlock.at, exit) {
        let path = zfs.mount(dataset).at(path).read_only().run()?;
        if !output.is_json() {
            output.line(format!("{dataset} is at {}", path.display()))?;
        }
    }
    Ok(exit)
}

/// Says what came of each root.
pub(super) fn show(what: &str, outcomes: &[KeyOutcome], output: &Output) -> Outcome {
    let roots: Vec<_> = outcomes
        .iter()
        .map(|outcome| Root {
            root: outcome.root.name().clone(),
            error: outcome.result.as_ref().err().map(ToString::to_string),
        })
        .collect();
    if output.is_json() {
        output.json(&roots)?;
    }
    for Root { root, error } in &roots {
        match error {
            _ if output.is_json() => {}
            None => output.line(format!("{what} {root}"))?,
            Some(error) => output.said(Mood::Bad, error)?,
        }
    }
    match roots.iter().filter(|root| root.error.is_some()).count() {
        0 => {
            if roots.is_empty() && !output.is_json() {
                output.line(format!("nothing was to be {what}"))?;
            }
            Ok(Exit::Done)
        }
        _ if output.is_json() => Ok(Exit::Failed),
        failed => Err(Problem::failed(format!(
            "{failed} of {} not {what}",
            roots.len()
        ))),
    }
}

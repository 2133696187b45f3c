//! `zvault prune`

use libzfs::replicate::{self, Pruned, Retention};

use crate::arguments::Prune;
use crate::exit::{Exit, Outcome};
use crate::output::{Cell, Mood, Output, warn};

pub(super) fn run(prune: &Prune, output: &Output) -> Outcome {
    let zfs = super::zfs("prune")?;
    let rules = vec![prune.keep.rule(&prune.tag)];
    let mut pruning = replicate::Prune::new(&zfs, Retention { rules });
    if prune.dry_run {
        pruning = pruning.dry_run();
    }
    let pruned = pruning.tree(&prune.dataset)?;
    show(&pruned, &prune.tag, prune.dry_run, output)
}

/// Says what went and what stayed; what stayed because it has another tag is of no interest.
pub(super) fn show(pruned: &[Pruned], tag: &str, dry_run: bool, output: &Output) -> Outcome {
    let failed = pruned.iter().any(|pruned| !pruned.failed.is_empty());
    let exit = if failed { Exit::Failed } else { Exit::Done };
    if output.is_json() {
        output.json(&pruned)?;
        return Ok(exit);
    }
    let mut rows = Vec::new();
    for Pruned {
        dataset,
        kept,
        destroyed,
        failed,
        ..
    } in pruned
    {
        let row = |name: &str, what: &str, why: &str, mood| {
            let name = Cell::from(format!("{dataset}@{name}"));
            vec![name, Cell::new(what, mood), Cell::from(why)]
        };
        for kept in kept.iter().filter(|kept| kept.name.starts_with(tag)) {
            let reasons: Vec<_> = kept.reasons.iter().map(ToString::to_string).collect();
            rows.push(row(&kept.name, "kept", &reasons.join("; "), Mood::Good));
        }
        let gone = if dry_run { "would go" } else { "destroyed" };
        for name in destroyed {
            rows.push(row(name, gone, "", Mood::Doubtful));
        }
        for failure in failed {
            match &failure.snapshot {
                Some(name) => rows.push(row(name, "not destroyed", &failure.why, Mood::Bad)),
                None => warn(&failure.why),
            }
        }
    }
    output.table(&["SNAPSHOT", "", "WHY"], &rows)?;
    Ok(exit)
}

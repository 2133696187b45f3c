//! `zvault hold`, `zvault release`

use libzfs::{HoldTag, SnapshotName, Zfs};
use serde::Serialize;

use crate::arguments::Hold;
use crate::exit::{Exit, Outcome, Problem};
use crate::output::{Output, warn};

/// What zvault's own tags begin with.
const ANCHORS: &str = "zvault:";

/// What was done.
#[derive(Serialize)]
struct Done<'a> {
    tag: &'a str,
    snapshots: Vec<SnapshotName>,
    /// Those that are not there, or are not held so.
    missing: Vec<&'a SnapshotName>,
}

pub(super) fn hold(hold: &Hold, output: &Output) -> Outcome {
    let zfs = super::zfs("hold")?;
    let snapshots = snapshots(&zfs, hold)?;
    let missing = zfs.hold(&hold.tag, &snapshots)?;
    let missing = missing.missing().to_vec();
    done("held", hold, snapshots, &missing, output)
}

pub(super) fn release(hold: &Hold, output: &Output) -> Outcome {
    let zfs = super::zfs("release")?;
    let snapshots = snapshots(&zfs, hold)?;
    let missing = zfs.release(&hold.tag, &snapshots)?;
    let missing = missing.missing().to_vec();
    done("released", hold, snapshots, &missing, output)
}

/// The snapshots that are meant, of those that there are below.
fn snapshots(zfs: &Zfs, hold: &Hold) -> Outcome<Vec<SnapshotName>> {
    if hold.tag.as_str().starts_with(ANCHORS) != hold.anchors {
        return Err(Problem::usage(match hold.anchors {
            true => format!("{} is none of zvault's own tags", hold.tag),
            false => format!(
                "{} is a tag of zvault's own, which keeps what a replication goes on from: \
                 say --anchors if you mean it",
                hold.tag
            ),
        }));
    }
    let mut snapshots = hold.snapshots.clone();
    if hold.recursive {
        for top in &hold.snapshots {
            let tree = zfs.list(top.dataset()).recursive().filesystems().volumes();
            for name in tree.names()? {
                let name = name?;
                let Ok(snapshot) = name.dataset().snapshot(top.short_name()) else {
                    continue;
                };
                if *name.dataset() != *top.dataset() && zfs.snapshot_exists(&snapshot)? {
                    snapshots.push(snapshot);
                }
            }
        }
    }
    Ok(snapshots)
}

fn done(
    what: &str,
    hold: &Hold,
    mut snapshots: Vec<SnapshotName>,
    missing: &[(SnapshotName, HoldTag)],
    output: &Output,
) -> Outcome {
    snapshots.retain(|snapshot| !missing.iter().any(|(name, _)| name == snapshot));
    let tag = hold.tag.as_str();
    let missing: Vec<_> = missing.iter().map(|(name, _)| name).collect();
    let exit = match missing.is_empty() {
        true => Exit::Done,
        false => Exit::Failed,
    };
    if output.is_json() {
        output.json(&Done {
            tag,
            snapshots,
            missing,
        })?;
        return Ok(exit);
    }
    for snapshot in &snapshots {
        output.line(format!("{what} {snapshot}"))?;
    }
    for name in missing {
        warn(format!("{name} is not there, or is not held with {tag}"));
    }
    Ok(exit)
}

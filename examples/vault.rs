//! Replicates an encrypted dataset, with all below it, into a vault that never has its key; run again
//! and again, from a timer, it goes on where it was.
//!
//! ```console
//! # cargo run --example vault -- tank/prod vault/prod nightly
//! ```

use std::error::Error;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use libzfs::Zfs;
use libzfs::replicate::{Event, LocalSource, LocalTarget, Marks, Replication};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(from), Some(to), Some(set)) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: vault DATASET DATASET SET".into());
    };
    let zfs = Zfs::open()?;
    let (source, target) = (LocalSource::new(&zfs), LocalTarget::new(&zfs));
    let (from, to, marks) = (from.parse()?, to.parse()?, Marks::new(set)?);
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();

    let report = Replication::new((&source, &from), (&target, &to), &marks)
        .take_snapshots(format!("{marks}-{seconds}"))
        .on_event(|event| match event {
            Event::Arrived { copy, bytes, .. } => println!("{copy}: {bytes} bytes"),
            Event::Verified { proof } => {
                println!("{}: {}, key not here", proof.snapshot, proof.suite);
            }
            Event::Found { finding } => eprintln!("{finding}"),
            Event::Failed { source, error, .. } => eprintln!("{source}: {error}"),
            _ => {}
        })
        .run()?;
    Ok(match report.is_complete() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

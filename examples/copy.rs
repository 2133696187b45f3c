//! Copies a snapshot to another pool of this machine, shows how far it is, and stops when Enter is
//! pressed; started again, it goes on where it stopped (with a dataset that is not encrypted, whose
//! stream is not raw).
//!
//! ```console
//! # cargo run --example copy -- tank/data@mon vault/data@mon
//! ```

use std::error::Error;
use std::io::{self, BufRead};
use std::thread;
use std::time::Duration;

use libzfs::{ErrorKind, Received, SnapshotName, TransferControl, Zfs};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err("usage: copy FILESYSTEM@SNAPSHOT FILESYSTEM@SNAPSHOT".into());
    };
    let (from, to): (SnapshotName, SnapshotName) = (from.parse()?, to.parse()?);

    // Nothing moving for a minute is a failure as well.
    let control = TransferControl::new().with_stall_limit(Duration::from_secs(60));
    let canceller = control.clone();
    thread::spawn(move || {
        if matches!(io::stdin().lock().read_line(&mut String::new()), Ok(n) if n > 0) {
            canceller.cancel();
        }
    });

    let copy = {
        let control = control.clone();
        thread::spawn(move || copy(&from, &to, &control))
    };
    while !copy.is_finished() {
        thread::sleep(Duration::from_millis(500));
        let progress = control.progress();
        match progress.estimate {
            Some(estimate) => eprintln!("{} of about {estimate} bytes", progress.bytes),
            None => eprintln!("{} bytes", progress.bytes),
        }
    }
    let copied = match copy.join() {
        Ok(copied) => copied,
        Err(panic) => std::panic::resume_unwind(panic),
    };
    match copied {
        Ok(received) => received.all()?,
        Err(error) if error.kind() == ErrorKind::Cancelled => {
            let again = error.resume_token().is_some();
            eprintln!(
                "stopped; {}",
                if again {
                    "it can be resumed"
                } else {
                    "nothing is left"
                }
            );
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn copy(
    from: &SnapshotName,
    to: &SnapshotName,
    control: &TransferControl,
) -> libzfs::Result<Received> {
    let zfs = Zfs::open()?;
    let receive = zfs.receive(to).resumable().controlled_by(control);
    let left = match zfs.dataset(to.dataset()) {
        Ok(dataset) => dataset.receive_resume_token()?,
        Err(error) if error.kind() == ErrorKind::DatasetNotFound => None,
        Err(error) => return Err(error),
    };
    if let Some(token) = left {
        let rest = zfs.resume_send(from.dataset(), &token)?;
        control.set_estimate(rest.size()?);
        return rest.start()?.copy_to(receive);
    }
    let send = zfs.send(from);
    control.set_estimate(send.size()?);
    send.start()?.copy_to(receive)
}

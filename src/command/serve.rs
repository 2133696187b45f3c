//! `zvault serve`

use std::io;
use std::os::fd::AsFd;

use libzfs::replicate::{Confinement, LocalSource, LocalTarget, Server};

use crate::arguments::Serve;
use crate::exit::{Exit, Outcome, Problem};

pub(super) fn run(serve: &Serve) -> Outcome {
    let zfs = super::zfs("serve")?;
    let (source, target) = (LocalSource::new(&zfs), LocalTarget::new(&zfs));
    let mut confinement = Confinement::to(&serve.dataset).policy(serve.policy.into());
    for dataset in &serve.and {
        confinement = confinement.and(dataset);
    }
    for marks in &serve.marks {
        confinement = confinement.marks(marks);
    }
    if serve.allow_snapshots {
        confinement = confinement.allow_snapshots();
    }
    if serve.allow_renames {
        confinement = confinement.allow_renames();
    }
    if serve.allow_key_changes {
        confinement = confinement.allow_key_changes();
    }
    let server = if serve.role.receive_only {
        Server::receive_only(&target, confinement)
    } else if serve.role.send_raw_only {
        Server::send_raw_only(&source, confinement)
    } else {
        Server::read_only(&source, confinement)
    };
    let failed = |error: io::Error| Problem::failed(error);
    let input = io::stdin().as_fd().try_clone_to_owned().map_err(failed)?;
    let output = io::stdout().as_fd().try_clone_to_owned().map_err(failed)?;
    server.serve(input, output)?;
    Ok(Exit::Done)
}

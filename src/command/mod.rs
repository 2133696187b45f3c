//! The commands, each in a file.

mod hold;
mod lock;
mod man;
mod plan;
mod prune;
mod push;
mod run;
mod serve;
mod spool;
mod status;
mod stream;
mod unlock;
mod verify;
mod version;

use libzfs::Zfs;

use crate::arguments::{Arguments, Command};
use crate::exit::Outcome;
use crate::output::Output;

pub(crate) fn run(arguments: &Arguments, output: &Output) -> Outcome {
    match &arguments.command {
        Command::Plan(plan) => plan::run(plan, output),
        Command::Push(transfer) => push::push(transfer, output),
        Command::Pull(transfer) => push::pull(transfer, output),
        Command::Run(job) => run::run(job, output),
        Command::Verify(verify) => verify::run(verify, output),
        Command::Status(status) => status::run(status, output),
        Command::Prune(prune) => prune::run(prune, output),
        Command::Hold(hold) => hold::hold(hold, output),
        Command::Release(release) => hold::release(release, output),
        Command::Unlock(unlock) => unlock::run(unlock, output),
        Command::Lock(lock) => lock::run(lock, output),
        Command::Serve(serve) => serve::run(serve),
        Command::Spool(spool) => spool::run(spool, output),
        Command::Stream(stream) => stream::run(stream, output),
        Command::Version => version::run(output),
        Command::Completions { shell } => man::completions(*shell),
        Command::Man { directory } => man::pages(directory, output),
    }
}

/// ZFS, with the command's name for the pools' history.
fn zfs(command: &str) -> Outcome<Zfs> {
    Ok(Zfs::open()?.with_history_name(&format!("zvault {command}")))
}

//! `zvault`: raw-encrypted ZFS replication to a place that never has the keys.
//!
//! What it does is in `libzfs`; here is what people see of it.

mod arguments;
mod command;
mod config;
mod exit;
mod interrupt;
mod job;
mod keep;
mod keys;
mod log;
mod output;
mod place;
mod progress;
mod units;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::output::Output;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let serves = matches!(arguments.command, Command::Serve(_));
    log::start(arguments.common.verbose, serves);
    let output = Output::new(arguments.common.json);
    let exit = match command::run(&arguments, &output) {
        Ok(exit) => exit,
        Err(problem) => output.problem(&problem),
    };
    exit.into()
}

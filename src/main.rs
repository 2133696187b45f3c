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
mod output;
mod place;
mod progress;
mod units;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::LevelFilter;

use crate::arguments::Arguments;
use crate::output::Output;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log(arguments.common.verbose);
    let output = Output::new(arguments.common.json);
    let exit = match command::run(&arguments, &output) {
        Ok(exit) => exit,
        Err(problem) => output.problem(&problem),
    };
    exit.into()
}

/// What the library logs goes to standard error, so that standard output has nothing but results.
fn log(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .init();
}

//! How the project runs itself: guests with a real OpenZFS, tests, checks.
//!
//! `cargo xtask help` lists what it does. A machine needs neither ZFS nor KVM
//! for any of it: guests are made of Debian's packages and emulated.

mod build;
mod cache;
mod carry;
mod check;
mod cli;
mod demo;
mod disk;
mod guest;
mod guests;
mod host;
mod initramfs;
mod libtest;
mod msrv;
mod native;
mod ports;
mod process;
mod progress;
mod project;
mod qemu;
mod recipe;
mod release;
mod runner;
mod suite;
mod test;
mod tree;

use std::process::ExitCode;

/// The tool's own failure, told from a command's: as `timeout` and others do.
const FAILED: u8 = 125;

fn main() -> ExitCode {
    match cli::run() {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

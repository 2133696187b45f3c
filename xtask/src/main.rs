//! How the project runs itself: guests with a real OpenZFS, tests, checks.
//!
//! `cargo xtask help` lists what it does. A machine needs neither ZFS nor KVM
//! for any of it: guests are made of Debian's packages and emulated.
//!
//! From the ground up:
//!
//! - `release`, `recipe`, `tree`: which OpenZFS releases there are, how a Debian
//!   tree with each is made, and the making; `cache` keeps what was made, `host`
//!   sees to the tools it takes, `progress` shows it.
//! - `initramfs`, `disk`, `carry`, `qemu`, `ports`, `guest`: one command in one
//!   guest, with its output and its status; `native` is the same without a guest.
//! - `build`: programs for guests, built against a release's own libraries.
//! - `suite`, `libtest`: test programs in one place, told apart and counted.
//! - `cli` and one module for each thing that it does.

mod bench;
#[cfg(test)]
mod bindings;
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
mod memory;
mod miri;
mod msrv;
mod native;
mod pools;
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

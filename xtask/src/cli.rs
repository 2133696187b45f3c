//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};

use crate::cache::Cache;
use crate::carry::{self, Task};
use crate::guest::{self, Settings, Streams};
use crate::project::Project;
use crate::release::Release;
use crate::tree;

#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", about, disable_help_subcommand = false)]
struct Cli {
    #[command(subcommand)]
    command: Task_,
}

#[derive(Debug, Subcommand)]
enum Task_ {
    /// Run a command as root in a guest with a real OpenZFS
    Vm(Vm),
    /// Make the guests now, or list what is cached
    Guests(Guests),
}

/// What all that boots a guest can be told about it.
#[derive(Args, Debug)]
struct GuestOptions {
    /// The guest's memory, as QEMU reads it
    #[arg(long, value_name = "SIZE", default_value = "2G", value_parser = parse_size)]
    memory: String,
    /// The guest's processors
    #[arg(long, value_name = "N", default_value_t = 2)]
    cpus: u32,
    /// Say on standard error what is going on
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Args, Debug)]
struct Vm {
    /// The guest's OpenZFS: 2.1, 2.3 or 2.4
    #[arg(long, value_name = "RELEASE", default_value = "2.3")]
    zfs: Release,
    #[command(flatten)]
    guest: GuestOptions,
    /// A file or directory that the guest finds under the same path
    #[arg(long, value_name = "PATH")]
    carry: Vec<PathBuf>,
    /// Where what the command leaves in /out goes
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How long the command may take
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    timeout: u64,
    /// A variable in the command's environment
    #[arg(long, value_name = "NAME=VALUE", value_parser = carry::parse_variable)]
    env: Vec<(OsString, OsString)>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Args, Debug)]
struct Guests {
    /// Only this release's: 2.1, 2.3 or 2.4
    #[arg(long, value_name = "RELEASE")]
    zfs: Vec<Release>,
}

/// Reads a size as QEMU does, and refuses what it would misread.
fn parse_size(text: &str) -> Result<String> {
    let digits = text.trim_end_matches(['M', 'G']);
    let number: u64 = digits.parse().context("a size is a number and M or G")?;
    anyhow::ensure!(
        text.len() == digits.len() + 1,
        "a size is a number and M or G"
    );
    let megabytes = if text.ends_with('G') {
        number.saturating_mul(1024)
    } else {
        number
    };
    anyhow::ensure!(megabytes >= 512, "a guest needs 512M at the least");
    Ok(text.to_owned())
}

/// Does what the command line says.
pub(crate) fn run() -> Result<u8> {
    let cli = Cli::parse();
    let cache = Cache::open()?;
    match cli.command {
        Task_::Vm(vm) => {
            let project = Project::find()?;
            let settings = Settings {
                release: vm.zfs,
                memory: vm.guest.memory,
                cpus: vm.guest.cpus,
                timeout: Duration::from_secs(vm.timeout),
                verbose: vm.guest.verbose,
                out: vm.out.clone(),
            };
            let task = Task {
                command: vm.command,
                directory: std::env::current_dir()?,
                environment: vm.env,
                carried: vm.carry,
                wants_out: vm.out.is_some(),
            };
            guest::run(&cache, &project, &settings, &task, Streams::inherited()?)
        }
        Task_::Guests(guests) => {
            let releases = if guests.zfs.is_empty() {
                Release::ALL.to_vec()
            } else {
                guests.zfs
            };
            for release in releases {
                tree::Guest::get(&cache, release)?;
            }
            Ok(0)
        }
    }
}

//! The command line.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Parser, Subcommand};

use crate::build::Environment;
use crate::cache::Cache;
use crate::carry::{self, Task};
use crate::guest::{self, Settings, Streams};
use crate::project::Project;
use crate::qemu::Clock;
use crate::release::Release;
use crate::{bench, check, demo, guests, memory, miri, msrv, native, pools, runner, test};

#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", about = "How the project runs itself")]
struct Cli {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the main job on real pools: an encrypted backup that the vault cannot read
    Demo(Demo),
    /// Make a pool on each release and import it on the others
    Pools(Pools),
    /// Test: what is pure here, the rest on pools of each release
    Test(Test),
    /// Test on pools with AddressSanitizer: no leak, no bad access
    Memory(Memory),
    /// Test what is pure with Miri: no undefined behaviour
    Miri(Miri),
    /// Run a command as root in a guest with a real OpenZFS
    Vm(Vm),
    /// Measure, and print a table
    Bench(Bench),
    /// Check formatting, lints and documentation
    Check,
    /// Check that the oldest Rust that is promised builds all of it
    Msrv,
    /// Print the environment in which cargo builds for guests, for a shell to eval
    Env(Env),
    /// Make all guests now, or list or clean what is cached
    Guests(Guests),
    /// Run a program that cargo built in a guest, as cargo's runner
    #[command(hide = true)]
    Runner(Runner),
}

/// What a guest is like.
#[derive(Args, Debug)]
struct GuestOptions {
    /// The guest's memory, 512M or more
    #[arg(long, value_name = "SIZE", default_value = "2G", value_parser = parse_size)]
    memory: String,
    /// The guest's processors
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    cpus: u32,
    /// Say on standard error what is going on
    #[arg(long, short)]
    verbose: bool,
}

impl GuestOptions {
    fn settings(&self, release: Release, timeout: u64) -> Settings {
        Settings {
            release,
            memory: self.memory.clone(),
            cpus: self.cpus,
            clock: Clock::Time,
            timeout: Duration::from_secs(timeout),
            out: None,
            verbose: self.verbose,
        }
    }
}

#[derive(Args, Debug)]
struct Vm {
    /// The guest's OpenZFS: 2.1, 2.3 or 2.4
    #[arg(long, value_name = "RELEASE", default_value = "2.3")]
    zfs: Release,
    /// On this machine instead, which must have ZFS, as root
    #[arg(long, conflicts_with_all = ["zfs", "out"])]
    native: bool,
    #[command(flatten)]
    guest: GuestOptions,
    /// A file or directory that the command finds under the same path
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
struct Demo {
    /// The guest's OpenZFS: 2.1, 2.3 or 2.4
    #[arg(long, value_name = "RELEASE", default_value = "2.3")]
    zfs: Release,
    /// On this machine instead, which must have ZFS, as root
    #[arg(long, conflicts_with = "zfs")]
    native: bool,
    #[command(flatten)]
    guest: GuestOptions,
    /// How long it may take
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    timeout: u64,
    /// Arguments for the example
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

#[derive(Args, Debug)]
struct Pools {
    #[command(flatten)]
    guest: GuestOptions,
    /// How long each guest may take
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
}

#[derive(Args, Debug)]
struct Bench {
    /// What is measured; transfers are the part of streams that takes a pool
    #[arg(value_parser = ["core", "list", "replicate", "streams", "transfers"])]
    name: String,
    /// The OpenZFS of the guest, and of zstream: 2.1, 2.3 or 2.4
    #[arg(long, value_name = "RELEASE", default_value = "2.3")]
    zfs: Release,
    /// On this machine instead, which must have ZFS, as root
    #[arg(long, conflicts_with = "zfs")]
    native: bool,
    /// By the machine's clock, not by the number of the guest's instructions
    #[arg(long)]
    real_time: bool,
    /// By the number of the guest's instructions also where two threads are measured, which are left
    /// out then: `list`
    #[arg(long, conflicts_with_all = ["real_time", "native"])]
    instructions: bool,
    /// Say on standard error what is going on
    #[arg(long, short)]
    verbose: bool,
    /// How long it may take
    #[arg(long, value_name = "SECONDS", default_value_t = 7200)]
    timeout: u64,
    /// Arguments for the benchmark; `--help` lists them
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

#[derive(Args, Debug)]
struct Test {
    /// Only on this release (again for more): 2.1, 2.3 or 2.4
    #[arg(long, value_name = "RELEASE")]
    zfs: Vec<Release>,
    /// On this machine instead, which must have ZFS, as root
    #[arg(long, conflicts_with = "zfs")]
    native: bool,
    #[command(flatten)]
    guest: GuestOptions,
    /// Only this test program (again for more), and only on pools
    #[arg(long, value_name = "NAME")]
    test: Vec<String>,
    /// How many guests run side by side; as many as there are processors by default
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// How long one test program may take
    #[arg(long, value_name = "SECONDS", default_value_t = 1200)]
    timeout: u64,
    /// Only tests with this in their names
    filter: Option<String>,
}

#[derive(Args, Debug)]
struct Memory {
    /// The guest's OpenZFS (again for more): 2.1, 2.3 or 2.4
    #[arg(long, value_name = "RELEASE", default_value = "2.3")]
    zfs: Vec<Release>,
    #[command(flatten)]
    guest: GuestOptions,
    /// Only this test program (again for more)
    #[arg(long, value_name = "NAME")]
    test: Vec<String>,
    /// How long one test program may take
    #[arg(long, value_name = "SECONDS", default_value_t = 1200)]
    timeout: u64,
    /// Only tests with this in their names
    filter: Option<String>,
}

#[derive(Args, Debug)]
struct Miri {
    /// A toolchain of rustup's that has Miri
    #[arg(long, value_name = "NAME", default_value = "nightly")]
    toolchain: String,
    /// Only tests with this in their names
    filter: Option<String>,
}

#[derive(Args, Debug)]
struct Env {
    /// Build against this release: 2.1, 2.3 or 2.4
    #[arg(long, value_name = "RELEASE", default_value = Release::OLDEST.name())]
    zfs: Release,
    /// Have cargo run what it builds in this release's guest, too
    #[arg(long, value_name = "RELEASE", num_args = 0..=1, default_missing_value = "2.3")]
    runner: Option<Release>,
}

#[derive(Args, Debug)]
struct Guests {
    /// Only this release's (again for more): 2.1, 2.3 or 2.4
    #[arg(long, value_name = "RELEASE", conflicts_with_all = ["list", "clean"])]
    zfs: Vec<Release>,
    /// List what is cached and make nothing
    #[arg(long)]
    list: bool,
    /// Remove what no present recipe makes
    #[arg(long, conflicts_with = "list")]
    clean: bool,
}

#[derive(Args, Debug)]
struct Runner {
    #[arg(long, default_value = "2.3")]
    zfs: Release,
    program: PathBuf,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Reads a size as QEMU does, and refuses what it would misread.
fn parse_size(text: &str) -> Result<String> {
    let grammar = "a size is a whole number and M or G";
    let (number, unit) = text
        .split_at_checked(text.len().wrapping_sub(1))
        .context(grammar)?;
    let megabytes = match unit {
        "M" => 1,
        "G" => 1024,
        _ => anyhow::bail!(grammar),
    };
    let size = number
        .parse::<u64>()
        .context(grammar)?
        .saturating_mul(megabytes);
    ensure!(size >= 512, "a guest needs 512M at the least");
    ensure!(number.bytes().all(|byte| byte.is_ascii_digit()), grammar);
    Ok(text.to_owned())
}

/// Does what the command line says, and returns the status to end with.
pub(crate) fn run() -> Result<u8> {
    let cli = Cli::parse();
    let cache = Cache::open()?;
    let project = Project::find()?;
    match cli.action {
        Action::Demo(demo) => {
            let settings = demo.guest.settings(demo.zfs, demo.timeout);
            demo::run(&cache, &project, &settings, demo.native, &demo.arguments)
        }
        Action::Pools(options) => {
            let settings = options.guest.settings(Release::OLDEST, options.timeout);
            pools::run(&cache, &project, &settings)
        }
        Action::Bench(options) => run_bench(&cache, &project, &options),
        Action::Test(test) => run_tests(&cache, &project, test),
        Action::Memory(memory) => check_memory(&cache, &project, memory),
        Action::Miri(options) => {
            let filter = options.filter.as_deref();
            Ok(u8::from(!miri::run(&project, &options.toolchain, filter)?))
        }
        Action::Vm(vm) => run_command(&cache, &project, vm),
        Action::Check => Ok(u8::from(!check::run(&cache, &project)?)),
        Action::Msrv => Ok(u8::from(!msrv::run(&cache, &project)?)),
        Action::Env(env) => {
            let mut environment = Environment::get(&cache, env.zfs)?;
            if let Some(release) = env.runner {
                environment = environment.with_runner(release)?;
            }
            std::io::stdout().write_all(environment.exports().as_bytes())?;
            Ok(0)
        }
        Action::Guests(options) => {
            if options.list {
                guests::list(&cache)?;
            } else if options.clean {
                guests::clean(&cache)?;
            } else {
                guests::make(&cache, &some_or_all(options.zfs))?;
            }
            Ok(0)
        }
        Action::Runner(options) => runner::run(
            &cache,
            &project,
            options.zfs,
            &options.program,
            &options.arguments,
        ),
    }
}

fn some_or_all(releases: Vec<Release>) -> Vec<Release> {
    if releases.is_empty() {
        Release::ALL.to_vec()
    } else {
        releases
    }
}

fn run_command(cache: &Cache, project: &Project, vm: Vm) -> Result<u8> {
    let mut settings = vm.guest.settings(vm.zfs, vm.timeout);
    settings.out.clone_from(&vm.out);
    let task = Task {
        command: vm.command,
        directory: std::env::current_dir()?,
        environment: vm.env,
        carried: vm.carry,
        wants_out: vm.out.is_some(),
    };
    if vm.native {
        native::check()?;
        native::run(&task, settings.timeout, Streams::inherited()?)
    } else {
        guest::run(cache, project, &settings, &task, Streams::inherited()?)
    }
}

fn run_bench(cache: &Cache, project: &Project, options: &Bench) -> Result<u8> {
    let mut name = options.name.as_str();
    if name == "streams" {
        let status = bench::streams(cache, project, options.zfs)?;
        if status != 0 {
            return Ok(status);
        }
        name = "transfers";
    }
    // What two threads do at the same time is part of what a listing is measured for.
    let has_threads = options.name == "list" && !options.instructions;
    let (clock, cpus) = if options.real_time || options.native || has_threads {
        (Clock::Time, 2)
    } else {
        // Of two processors each would count what the other executes.
        (Clock::Instructions, 1)
    };
    // Half of it is for the file of the pool, which grows to 4 GiB with what is copied five times.
    let memory = if name == "replicate" { "10G" } else { "2G" };
    let settings = Settings {
        release: options.zfs,
        memory: memory.to_owned(),
        cpus,
        clock,
        timeout: Duration::from_secs(options.timeout),
        out: None,
        verbose: options.verbose,
    };
    bench::run(
        cache,
        project,
        &settings,
        options.native,
        name,
        &options.arguments,
    )
}

fn run_tests(cache: &Cache, project: &Project, test: Test) -> Result<u8> {
    if test.native {
        native::check()?;
    }
    let plan = test::Plan {
        settings: test_settings(&test.guest),
        releases: some_or_all(test.zfs),
        native: test.native,
        watched: false,
        filter: test.filter,
        programs: test.test,
        limit: Duration::from_secs(test.timeout),
        jobs: test.jobs.unwrap_or_else(usual_jobs),
    };
    Ok(u8::from(!test::run(cache, project, &plan)))
}

fn check_memory(cache: &Cache, project: &Project, memory: Memory) -> Result<u8> {
    let plan = test::Plan {
        settings: test_settings(&memory.guest),
        releases: memory.zfs,
        native: false,
        watched: true,
        filter: memory.filter,
        programs: memory.test,
        limit: Duration::from_secs(memory.timeout),
        jobs: usual_jobs(),
    };
    Ok(u8::from(!memory::run(cache, project, &plan)?))
}

/// For guests that run tests: what bounds a run is the sum of its programs' limits.
fn test_settings(guest: &GuestOptions) -> Settings {
    guest.settings(Release::OLDEST, 24 * 60 * 60)
}

/// Tests wait a lot: two guests on two processors take not twice, but a fourth more
/// of the time that one takes.
fn usual_jobs() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes_are_read() {
        for good in ["512M", "1G", "2G", "4096M"] {
            assert_eq!(parse_size(good).unwrap(), good);
        }
        for bad in [
            "", "G", "2", "2T", "1.5G", "+2G", "-2G", "511M", "0G", "2 G", "2GG", "2g",
        ] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_command_keeps_its_own_options() {
        let words = [
            "x", "vm", "--zfs", "2.4", "--", "zfs", "list", "--zfs", "-v",
        ];
        let Action::Vm(vm) = Cli::parse_from(words).action else {
            panic!("not a vm");
        };
        assert_eq!(vm.zfs, Release::V2_4);
        assert_eq!(vm.command, ["zfs", "list", "--zfs", "-v"]);

        let words = [
            "x",
            "runner",
            "--zfs",
            "2.1",
            "/t/prog",
            "--nocapture",
            "--zfs",
            "-q",
            "--",
        ];
        let Action::Runner(runner) = Cli::parse_from(words).action else {
            panic!("not a runner");
        };
        assert_eq!(runner.program.to_str(), Some("/t/prog"));
        assert_eq!(runner.arguments[..3], ["--nocapture", "--zfs", "-q"]);
    }
}

//! `cargo xtask bench`: measurements, side by side with what they are compared with.

use std::ffi::OsString;

use anyhow::{Context as _, Result};

use crate::build::Environment;
use crate::cache::Cache;
use crate::carry::Task;
use crate::guest::{self, Settings, Streams};
use crate::project::Project;
use crate::qemu::{Clock, INSTRUCTION_NS};
use crate::recipe::Recipe;
use crate::release::Release;
use crate::{native, process, tree};

/// The benchmark of single calls, the instructions of which are counted.
const CALLS: &str = "core";

/// The benchmark of replication, which `syncoid` does beside it.
const REPLICATE: &str = "replicate";

/// Where valgrind's tools are in its package.
const TOOLS: &str = "usr/libexec/valgrind";

/// Streams, read side by side with `zstream dump` of that release. Neither side has anything to do
/// with a kernel module, and so it runs right here.
pub(crate) fn streams(cache: &Cache, project: &Project, release: Release) -> Result<u8> {
    let built = Environment::native().build(
        project,
        &[
            "bench",
            "--no-run",
            "-p",
            "libzfs",
            "--no-default-features",
            "--bench",
            "streams",
        ],
    )?;
    let program = built
        .into_iter()
        .find(|program| program.name == "streams")
        .context("cargo built no such benchmark")?
        .path;
    let zstream = tree::unpacked(cache, &Recipe::zstream(release))?;
    let mut command = project.command(program);
    command.arg(zstream);
    Ok(process::exit_code(process::status(&mut command)?))
}

/// Builds the benchmark and runs it: in a guest, or right here.
pub(crate) fn run(
    cache: &Cache,
    project: &Project,
    settings: &Settings,
    on_this_machine: bool,
    name: &str,
    arguments: &[OsString],
) -> Result<u8> {
    let environment = if on_this_machine {
        native::check()?;
        Environment::native()
    } else {
        // Against the oldest, whichever the guest has: one binary for all.
        Environment::get(cache, Release::OLDEST)?
    };
    let built = environment.build(
        project,
        &["bench", "--no-run", "-p", "zvault", "--bench", name],
    )?;
    let program = built
        .into_iter()
        .find(|program| program.name == name)
        .context("cargo built no such benchmark")?
        .path;
    // What is measured beside it is only unpacked, here as in guests.
    let tools = tree::unpacked(cache, &Recipe::valgrind())?.join(TOOLS);
    let mut carried = vec![program.clone(), tools.clone()];
    let mut peer: Vec<OsString> = Vec::new();
    if name == REPLICATE {
        let syncoid = tree::unpacked(cache, &Recipe::syncoid())?;
        peer = vec!["--syncoid".into(), syncoid.clone().into()];
        carried.push(syncoid);
    }
    let measure = |settings: &Settings, options: &[OsString]| {
        let mut command: Vec<OsString> = vec![program.clone().into()];
        command.extend_from_slice(options);
        command.extend_from_slice(&peer);
        command.extend_from_slice(arguments);
        let task = Task {
            command,
            directory: project.root.clone(),
            // In memory: a disk would be part of what is measured.
            environment: vec![("TMPDIR".into(), "/dev/shm".into())],
            carried: carried.clone(),
            wants_out: false,
        };
        if on_this_machine {
            native::run(&task, settings.timeout, Streams::inherited()?)
        } else {
            guest::run(cache, project, settings, &task, Streams::inherited()?)
        }
    };
    let status = match settings.clock {
        Clock::Time => measure(settings, &[])?,
        Clock::Instructions => {
            let ns = INSTRUCTION_NS.to_string();
            measure(settings, &["--instruction-clock".into(), ns.into()])?
        }
    };
    if status != 0 || name != CALLS {
        return Ok(status);
    }
    // What callgrind counts is the same by any clock, and this one is the faster.
    let settings = Settings {
        clock: Clock::Time,
        ..settings.clone()
    };
    measure(&settings, &["--valgrind".into(), tools.clone().into()])
}

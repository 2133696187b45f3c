//! Cargo's runner: `cargo test` and `cargo run` on a machine without ZFS.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::cache::Cache;
use crate::carry::Task;
use crate::guest::{self, Settings, Streams};
use crate::project::Project;
use crate::qemu::Clock;
use crate::release::Release;

/// Runs what cargo would have run.
pub(crate) fn run(
    cache: &Cache,
    project: &Project,
    release: Release,
    program: &Path,
    arguments: &[OsString],
) -> Result<u8> {
    let program = std::path::absolute(program)?;
    if program.file_name().is_some_and(|name| name == "xtask") {
        // `cargo xtask` itself, in a shell where the runner is set.
        let error = Command::new(&program).args(arguments).exec();
        return Err(error).with_context(|| format!("could not run {}", program.display()));
    }
    let mut command = vec![program.clone().into_os_string()];
    command.extend_from_slice(arguments);
    // What cargo tells the programs that it runs, and what tests are told.
    let environment = std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        name == "CARGO_MANIFEST_DIR"
            || [
                "CARGO_PKG_",
                "CARGO_BIN_EXE_",
                "RUST_",
                "ZFS_",
                "LIBZFS_TEST",
            ]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    });
    let task = Task {
        command,
        directory: std::env::current_dir()?,
        environment: environment.collect(),
        carried: vec![program],
        wants_out: false,
    };
    let settings = Settings {
        release,
        memory: "2G".to_owned(),
        cpus: 2,
        clock: Clock::Time,
        timeout: Duration::from_secs(1800),
        out: None,
        verbose: false,
    };
    guest::run(cache, project, &settings, &task, Streams::inherited()?)
}

//! `cargo xtask demo`: the project's main job, shown on real pools.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::build::Environment;
use crate::cache::Cache;
use crate::carry::Task;
use crate::guest::{self, Settings, Streams};
use crate::native;
use crate::project::Project;
use crate::release::Release;

/// The example that shows it.
const EXAMPLE: &str = "raw_send";

/// Builds the example and runs it: in a guest, or right here.
pub(crate) fn run(
    cache: &Cache,
    project: &Project,
    settings: &Settings,
    on_this_machine: bool,
    arguments: &[OsString],
) -> Result<u8> {
    let environment = if on_this_machine {
        native::check()?;
        Environment::native()
    } else {
        // Against the oldest, whichever the guest has: one binary for all.
        Environment::get(cache, Release::OLDEST)?
    };
    let built = environment.build(project, &["build", "-p", "zvault", "--example", EXAMPLE])?;
    let program: PathBuf = built
        .into_iter()
        .find(|program| program.name == EXAMPLE)
        .context("cargo built no such example")?
        .path;
    let mut command = vec![program.clone().into_os_string()];
    command.extend_from_slice(arguments);
    let task = Task {
        command,
        directory: project.root.clone(),
        environment: Vec::new(),
        carried: vec![program],
        wants_out: false,
    };
    if on_this_machine {
        native::run(&task, settings.timeout, Streams::inherited()?)
    } else {
        guest::run(cache, project, settings, &task, Streams::inherited()?)
    }
}

//! `cargo xtask pools`: a pool that the crate makes on one release is imported on the others.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use crate::build::Environment;
use crate::cache::Cache;
use crate::carry::Task;
use crate::guest::{self, Settings, Streams};
use crate::project::Project;
use crate::release::Release;

/// The example that makes a pool in a file, and that looks at one.
const EXAMPLE: &str = "move_pool";

/// The guests in their turns: each has by then the pools of the two others to look at.
const TURNS: [Release; 5] = [
    Release::V2_4,
    Release::V2_1,
    Release::V2_3,
    Release::V2_4,
    Release::V2_1,
];

/// A pool in a file: where it is now, who made it, and who has seen it.
struct Moved {
    file: PathBuf,
    made_by: Release,
    seen_by: Vec<Release>,
}

pub(crate) fn run(cache: &Cache, project: &Project, settings: &Settings) -> Result<u8> {
    // Against the oldest: one binary for all.
    let environment = Environment::get(cache, Release::OLDEST)?;
    let built = environment.build(project, &["build", "-p", "zvault", "--example", EXAMPLE])?;
    let program: PathBuf = built
        .into_iter()
        .find(|program| program.name == EXAMPLE)
        .context("cargo built no such example")?
        .path;
    let scratch = cache.scratch()?;
    let mut pools: Vec<Moved> = Vec::new();
    for (turn, release) in TURNS.into_iter().enumerate() {
        let mut script = String::from("set -e\n");
        let mut carried = vec![program.clone()];
        let mut arguments: Vec<OsString> = vec![program.clone().into()];
        let unseen =
            |pool: &&mut Moved| pool.made_by != release && !pool.seen_by.contains(&release);
        for pool in pools.iter_mut().filter(unseen) {
            let name = pool.made_by.name();
            carried.push(pool.file.clone());
            arguments.push(pool.file.clone().into());
            let number = arguments.len() - 1;
            writeln!(script, "cp --sparse=always \"${{{number}}}\" /out/{name}")?;
            writeln!(script, "echo \"the pool of {name}:\"")?;
            writeln!(script, "\"$0\" check /out/{name}")?;
            pool.file = scratch.path().join(turn.to_string()).join(name);
            pool.seen_by.push(release);
        }
        let name = release.name();
        if !pools.iter().any(|pool| pool.made_by == release) {
            writeln!(script, "\"$0\" make /out/{name}")?;
            pools.push(Moved {
                file: scratch.path().join(turn.to_string()).join(name),
                made_by: release,
                seen_by: Vec::new(),
            });
        }
        let mut command: Vec<OsString> = vec!["sh".into(), "-c".into(), script.into()];
        command.extend(arguments);
        let task = Task {
            command,
            directory: project.root.clone(),
            environment: Vec::new(),
            carried,
            wants_out: true,
        };
        let out = scratch.path().join(turn.to_string());
        fs::create_dir_all(&out)?;
        let settings = Settings {
            release,
            out: Some(out),
            ..settings.clone()
        };
        let status = guest::run(cache, project, &settings, &task, Streams::inherited()?)?;
        ensure!(
            status == 0,
            "in the guest with OpenZFS {name}: status {status}"
        );
    }
    let others = Release::ALL.len() - 1;
    let all = pools.iter().all(|pool| pool.seen_by.len() == others);
    ensure!(all, "not every pool was seen by the other releases");
    println!(
        "{} pools were imported on {others} other releases each",
        pools.len()
    );
    Ok(0)
}

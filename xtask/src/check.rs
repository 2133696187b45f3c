//! `cargo xtask check`: formatting, lints and documentation, without any ZFS.

use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::build::Environment;
use crate::cache::Cache;
use crate::process;
use crate::project::Project;
use crate::release::Release;

/// The ways in which the crates are built: all as they are, all with everything
/// in, and the library's pure part.
const FEATURES: &[&[&str]] = &[
    &["--workspace"],
    &["--workspace", "--all-features"],
    &["-p", "libzfs", "--no-default-features"],
];

/// Checks everything, also after a failure, and says whether all is well.
pub(crate) fn run(cache: &Cache, project: &Project) -> Result<bool> {
    let mut failed = Vec::new();
    let mut step = |command: &mut Command| -> Result<()> {
        let what = process::shown(command);
        let start = Instant::now();
        let status = process::status(command)?;
        let word = if status.success() { "ok" } else { "FAILED" };
        eprintln!("{what}: {word} ({:.1} s)", start.elapsed().as_secs_f64());
        if !status.success() {
            failed.push(what);
        }
        Ok(())
    };
    step(project.cargo().args(["fmt", "--all", "--check"]))?;
    let environment = Environment::get(cache, Release::OLDEST)?;
    for features in FEATURES {
        step(
            environment
                .cargo(project)
                .args(["clippy", "--quiet", "--all-targets"])
                .args(*features)
                .args(["--", "-D", "warnings"]),
        )?;
    }
    step(
        environment
            .cargo(project)
            .env("RUSTDOCFLAGS", "-D warnings")
            .args([
                "doc",
                "--quiet",
                "--no-deps",
                "--workspace",
                "--all-features",
            ]),
    )?;
    for what in &failed {
        eprintln!("failed: {what}");
    }
    Ok(failed.is_empty())
}

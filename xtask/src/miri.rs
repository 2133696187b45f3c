//! `cargo xtask miri`: the part of libzfs that is pure Rust, interpreted by Miri,
//! which sees all undefined behaviour that the tests reach, in what they depend on
//! too.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process;
use crate::project::Project;

/// Random cases for each property: interpreted code takes a thousand times as long.
const PROPTEST_CASES: &str = "2";

/// Tests, and says whether all is well.
pub(crate) fn run(project: &Project, toolchain: &str, filter: Option<&str>) -> Result<bool> {
    process::output(miri(project, toolchain).arg("--version")).with_context(|| {
        format!(
            "there is no Miri in the toolchain {toolchain}; rustup brings it:\n  \
             rustup toolchain install {toolchain} --component miri,rust-src"
        )
    })?;
    let status = process::status(
        miri(project, toolchain)
            .env("PROPTEST_CASES", PROPTEST_CASES)
            // Properties' tests look where their sources are.
            .env("MIRIFLAGS", "-Zmiri-disable-isolation")
            .args(["test", "-p", "libzfs", "--no-default-features", "--lib"])
            .arg("--")
            .args(filter),
    )?;
    Ok(status.success())
}

/// Miri, by way of rustup: the cargo that runs this tool has one toolchain.
fn miri(project: &Project, toolchain: &str) -> Command {
    let mut command = project.command("rustup");
    command.args(["run", toolchain, "cargo", "miri"]);
    command
}

//! `cargo xtask msrv`: the oldest Rust that the crates promise to build with.
//!
//! Debian's stable release has just that one, so it comes from there, unpacked,
//! whatever toolchains this machine has.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::build::Environment;
use crate::cache::Cache;
use crate::project::Project;
use crate::recipe::Recipe;
use crate::release::Release;
use crate::{process, tree};

/// Checks the workspace with it, and says whether all is well.
pub(crate) fn run(cache: &Cache, project: &Project) -> Result<bool> {
    let tree = tree::unpacked(cache, &Recipe::rust())?;
    let scratch = cache.scratch()?;
    let cargo = wrapper(&tree, "cargo", "", scratch.path())?;
    let sysroot = format!("--sysroot='{}/usr'", tree.display());
    let rustc = wrapper(&tree, "rustc", &sysroot, scratch.path())?;

    let version = process::output(Command::new(&rustc).arg("--version"))?;
    let promised = promised(project)?;
    ensure!(
        version.starts_with(&format!("rustc {promised}.")),
        "the workspace promises Rust {promised}, and this is {version}"
    );
    let environment = Environment::get(cache, Release::OLDEST)?;
    let status = process::status(
        environment
            .on(Command::new(cargo))
            .current_dir(&project.root)
            .env("RUSTC", &rustc)
            .env_remove("RUSTUP_TOOLCHAIN")
            .args([
                "check",
                "--workspace",
                "--all-targets",
                "--all-features",
                "--locked",
            ])
            .arg("--target-dir")
            .arg(project.target.join("msrv")),
    )?;
    eprintln!(
        "{}: {}",
        version.trim(),
        if status.success() { "ok" } else { "FAILED" }
    );
    Ok(status.success())
}

/// A script that runs a program of the tree with the tree's own libraries.
fn wrapper(tree: &Path, program: &str, arguments: &str, directory: &Path) -> Result<PathBuf> {
    let path = directory.join(program);
    let tree = tree.display();
    let script = format!(
        "#!/bin/sh\nexec '{tree}/lib64/ld-linux-x86-64.so.2' \
         --library-path '{tree}/usr/lib/x86_64-linux-gnu' \
         '{tree}/usr/bin/{program}' {arguments} \"$@\"\n"
    );
    fs::write(&path, script)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

/// The `rust-version` of the workspace.
fn promised(project: &Project) -> Result<String> {
    let manifest = fs::read_to_string(project.root.join("Cargo.toml"))?;
    version_in(&manifest).context("Cargo.toml states no rust-version")
}

fn version_in(manifest: &str) -> Option<String> {
    let line = manifest
        .lines()
        .find(|line| line.starts_with("rust-version"))?;
    Some(line.split('"').nth(1)?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_promise_is_read() {
        let manifest = "[workspace.package]\nedition = \"2024\"\nrust-version = \"1.85\"\n";
        assert_eq!(version_in(manifest).as_deref(), Some("1.85"));
        assert_eq!(
            version_in("[package]\nrust-version.workspace = true\n"),
            None
        );
    }
}

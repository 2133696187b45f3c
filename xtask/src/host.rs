//! What the tool needs of the machine it runs on, and how it gets it.

use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::process;

/// A program, and the package of Debian's `main` that has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    program: &'static str,
    package: &'static str,
}

const fn tool(program: &'static str, package: &'static str) -> Tool {
    Tool { program, package }
}

/// A library and no program.
const LIBCLANG: &str = "libclang";

/// To make a tree of Debian packages.
pub(crate) const FOR_TREES: &[Tool] = &[
    tool("mmdebstrap", "mmdebstrap"),
    tool("unshare", "util-linux"),
];
/// To make a disk for a guest.
pub(crate) const FOR_DISKS: &[Tool] = &[tool("mke2fs", "e2fsprogs")];
/// To build against a sysroot; bindgen loads libclang, `clang` itself is not run.
pub(crate) const FOR_BUILDS: &[Tool] = &[
    tool("cc", "gcc"),
    tool("pkg-config", "pkg-config"),
    tool(LIBCLANG, "libclang-dev"),
];

/// Whether this process may do everything.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Sees to it that the tools are there, installing what is missing if it can.
pub(crate) fn ensure(tools: &[Tool]) -> Result<()> {
    let mut missing: Vec<_> = tools
        .iter()
        .filter(|tool| !present(tool))
        .map(|tool| tool.package)
        .collect();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if process::find("apt-get").is_none() {
        bail!("these Debian packages (or what they contain) are missing here: {list}");
    }
    if !is_root() {
        bail!("these packages are missing: run  apt-get install {list}  as root");
    }
    eprintln!("installing from Debian's main: {list}");
    let install = || {
        process::output(
            Command::new("apt-get")
                .args(["install", "--yes", "--quiet", "--no-install-recommends"])
                .args(&missing)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
    };
    if install().is_err() {
        // Most often the package lists are old or, in a container, not there.
        process::output(Command::new("apt-get").args(["update", "--quiet"]))?;
        install().with_context(|| format!("could not install {list}"))?;
    }
    for tool in tools {
        ensure!(
            present(tool),
            "{} is installed, but has no {}",
            tool.package,
            tool.program
        );
    }
    Ok(())
}

fn present(tool: &Tool) -> bool {
    // Asked as libzfs-sys's build script asks: a build that finds none takes the
    // checked-in bindings, and only a test would tell.
    if tool.program == LIBCLANG {
        return clang_sys::load().is_ok();
    }
    process::find(tool.program).is_some()
}

/// The mirror of Debian that this machine's own apt uses.
pub(crate) fn mirror() -> Result<String> {
    if let Ok(mirror) = std::env::var("LIBZFS_MIRROR") {
        return Ok(mirror);
    }
    if let Some(mirror) = configured_mirror()? {
        return Ok(mirror);
    }
    // apt knows a source's origin only once it has fetched the source's lists.
    if is_root() {
        process::output(Command::new("apt-get").args(["update", "--quiet"]))?;
        if let Some(mirror) = configured_mirror()? {
            return Ok(mirror);
        }
    }
    bail!("apt's configuration names no Debian mirror; set LIBZFS_MIRROR to the address of one")
}

fn configured_mirror() -> Result<Option<String>> {
    if process::find("apt-get").is_none() {
        return Ok(None);
    }
    let format = "$(REPO_URI)|$(ORIGIN)|$(LABEL)|$(CODENAME)|$(COMPONENT)";
    let targets = process::output(Command::new("apt-get").args([
        "indextargets",
        "--format",
        format,
        "Created-By: Packages",
    ]))?;
    Ok(debian_among(&targets))
}

/// Picks the archive itself: updates and backports live at the same address,
/// security fixes at another one, that has no whole suite.
fn debian_among(targets: &str) -> Option<String> {
    targets.lines().find_map(|line| {
        let fields: Vec<_> = line.split('|').collect();
        match fields[..] {
            [address, "Debian", "Debian", codename, "main"] if !codename.contains('-') => {
                Some(address.to_owned())
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_told_from_others() {
        let targets = "\
            http://other.example/apt/|Other|Other|stable|main\n\
            http://mirror.example/debian-security/|Debian|Debian-Security|bookworm-security|main\n\
            http://mirror.example/debian/|Debian|Debian|bookworm-updates|main\n\
            http://mirror.example/debian/|Debian|Debian|bookworm|contrib\n\
            http://mirror.example/debian/|Debian|Debian|bookworm|main\n";
        assert_eq!(
            debian_among(targets).as_deref(),
            Some("http://mirror.example/debian/")
        );
        assert_eq!(debian_among(""), None);
        assert_eq!(debian_among("||||\n"), None);
    }
}

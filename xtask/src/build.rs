//! Building for guests: against the oldest release's headers and libraries, so
//! that what is built once runs in every guest, also when this machine's C
//! library is newer than theirs and when it has no ZFS at all.

use std::fmt::Write as _;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::{Message, TargetKind};
use rustix::process::Signal;

use crate::cache::Cache;
use crate::project::Project;
use crate::release::Release;
use crate::{host, process, tree};

/// What guests are.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// All that is set to build for guests, or to run what was built in one.
pub(crate) const VARIABLES: [&str; 9] = [
    "PKG_CONFIG_LIBDIR",
    "PKG_CONFIG_SYSROOT_DIR",
    "PKG_CONFIG_ALLOW_CROSS",
    "BINDGEN_EXTRA_CLANG_ARGS",
    "CARGO_BUILD_TARGET",
    RUSTFLAGS,
    "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTDOCFLAGS",
    "CARGO_PROFILE_DEV_DEBUG",
    RUNNER,
];

/// What a target's code is compiled with, besides what its profile says.
const RUSTFLAGS: &str = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS";

/// What cargo runs a target's programs with.
const RUNNER: &str = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER";

/// The environment in which cargo builds against a release, and not against the
/// machine.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    variables: Vec<(&'static str, String)>,
    /// Cargo's profile, where it is not the usual one.
    profile: Option<&'static str>,
}

/// A program that cargo built.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The package that it belongs to.
    pub(crate) package: String,
    /// Its directory.
    pub(crate) directory: PathBuf,
    /// The name of the target.
    pub(crate) name: String,
    /// Whether it is one of the package's `tests/`.
    pub(crate) is_integration_test: bool,
    /// Whether it is a test's executable.
    pub(crate) is_test: bool,
    /// Where it is.
    pub(crate) path: PathBuf,
}

impl Environment {
    /// For builds against the release; the first use unpacks it.
    pub(crate) fn get(cache: &Cache, release: Release) -> Result<Self> {
        host::ensure(host::FOR_BUILDS)?;
        let sysroot = tree::sysroot(cache, release)?;
        Self::of(&sysroot)
    }

    /// For builds against the ZFS that this machine has.
    pub(crate) fn native() -> Self {
        Self {
            variables: Vec::new(),
            profile: None,
        }
    }

    fn of(sysroot: &Path) -> Result<Self> {
        let root = sysroot.to_str().context("the cache's path is not UTF-8")?;
        // Cargo and bindgen split their flags at blanks, and nothing can be quoted.
        ensure!(
            !root.contains(char::is_whitespace),
            "the cache's path has a blank in it: {root}; set LIBZFS_CACHE to another one"
        );
        let libraries = format!("{root}/usr/lib/x86_64-linux-gnu");
        let flags = format!("-Clink-arg=--sysroot={root} -Lnative={libraries}");
        let values = [
            format!("{libraries}/pkgconfig:{root}/usr/share/pkgconfig"),
            root.to_owned(),
            "1".to_owned(),
            format!("--sysroot={root}"),
            // A named target, though it is the host's own, keeps the linker's
            // flags away from build scripts, which run here.
            TARGET.to_owned(),
            flags.clone(),
            // The documentation's examples are linked, too.
            flags,
            // Line numbers are worth carrying into a guest, types are not.
            "line-tables-only".to_owned(),
        ];
        Ok(Self {
            variables: VARIABLES.into_iter().zip(values).collect(),
            profile: None,
        })
    }

    /// Has AddressSanitizer watch what is built, in a profile of its own.
    pub(crate) fn watched(mut self) -> Self {
        for (name, value) in &mut self.variables {
            if *name == RUSTFLAGS {
                // With frame pointers a report can say who called the C function.
                value.push_str(" -Zsanitizer=address -Cforce-frame-pointers=yes");
            }
        }
        // Stable compilers bring the sanitizer, and only nightly ones admit to it.
        self.variables.push(("RUSTC_BOOTSTRAP", "1".to_owned()));
        self.profile = Some("memory");
        self
    }

    /// Has cargo run what it builds in a guest.
    ///
    /// The runner is this very program: `cargo xtask` as a runner would have
    /// cargo run it with the runner, and so on.
    pub(crate) fn with_runner(mut self, release: Release) -> Result<Self> {
        let program = std::env::current_exe()?;
        let program = program
            .to_str()
            .context("the target directory is not UTF-8")?;
        self.variables
            .push((RUNNER, format!("{program} runner --zfs {release}")));
        Ok(self)
    }

    /// The variables as a shell reads them.
    pub(crate) fn exports(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.variables {
            let quoted = String::from_utf8_lossy(&process::quoted(value)).into_owned();
            let _ = writeln!(text, "export {name}={quoted}");
        }
        text
    }

    /// Cargo in this environment.
    pub(crate) fn cargo(&self, project: &Project) -> Command {
        self.on(project.cargo())
    }

    /// The command in this environment.
    pub(crate) fn on(&self, mut command: Command) -> Command {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a `cargo` command that builds, and lists the programs it made.
    pub(crate) fn build(&self, project: &Project, arguments: &[&str]) -> Result<Vec<Program>> {
        let mut cargo = self.cargo(project);
        cargo
            .args(arguments)
            .args(self.profile.map(|profile| format!("--profile={profile}")))
            .arg("--message-format=json-render-diagnostics")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = process::die_with_parent(&mut cargo, Signal::TERM)
            .spawn()
            .context("could not run cargo")?;
        let output = child.stdout.take().context("cargo has no output")?;
        let mut programs = Vec::new();
        for message in Message::parse_stream(BufReader::new(output)) {
            if let Message::CompilerArtifact(artifact) = message? {
                let Some(path) = artifact.executable else {
                    continue;
                };
                let (package, directory) = project.package_at(artifact.manifest_path.as_ref());
                programs.push(Program {
                    package,
                    directory,
                    is_integration_test: artifact.target.kind.contains(&TargetKind::Test),
                    name: artifact.target.name,
                    is_test: artifact.profile.test,
                    path: path.into(),
                });
            }
        }
        let status = child.wait()?;
        ensure!(
            status.success(),
            "{} failed ({status})",
            process::shown(&cargo)
        );
        Ok(programs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_names_the_sysroot_alone() {
        let environment = Environment::of(Path::new("/c/sysroot")).unwrap();
        let exports = environment.exports();
        assert_eq!(exports.lines().count(), VARIABLES.len() - 1);
        assert!(exports.contains("export PKG_CONFIG_SYSROOT_DIR='/c/sysroot'\n"));
        assert!(exports.contains("-Clink-arg=--sysroot=/c/sysroot "));
        assert!(Environment::of(Path::new("/c d/sysroot")).is_err());
    }
}

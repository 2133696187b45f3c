//! The checkout that this tool belongs to.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use cargo_metadata::MetadataCommand;

/// Where the checkout is, and where cargo builds it.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// The workspace's directory.
    pub(crate) root: PathBuf,
    /// Cargo's target directory, wherever the user has put it.
    pub(crate) target: PathBuf,
    /// The manifest and the name of each of the workspace's packages.
    packages: Vec<(PathBuf, String)>,
}

impl Project {
    /// Asks cargo.
    pub(crate) fn find() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let metadata = MetadataCommand::new()
            .manifest_path(PathBuf::from(manifest).join("Cargo.toml"))
            .no_deps()
            .exec()
            .context("could not ask cargo about the workspace")?;
        Ok(Self {
            root: metadata.workspace_root.into_std_path_buf(),
            target: metadata.target_directory.into_std_path_buf(),
            packages: metadata
                .packages
                .into_iter()
                .map(|package| (package.manifest_path.into(), package.name.to_string()))
                .collect(),
        })
    }

    /// The name and the directory of the package that has this manifest.
    pub(crate) fn package_at(&self, manifest: &Path) -> (String, PathBuf) {
        let directory = manifest.parent().unwrap_or(manifest).to_owned();
        let known = self.packages.iter().find(|(path, _)| path == manifest);
        let name = known.map_or_else(String::new, |(_, name)| name.clone());
        (name, directory)
    }

    /// Cargo itself, in the checkout, the one that runs this tool.
    pub(crate) fn cargo(&self) -> Command {
        self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// A command that builds, in the checkout.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        // A shell that has read `cargo xtask env` must not bend what is asked for
        // here: each use says itself what it builds against.
        for name in crate::build::VARIABLES {
            command.env_remove(name);
        }
        command
    }
}

//! Making what is cached: trees of Debian packages, and guests' disks of them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::cache::Cache;
use crate::recipe::Recipe;
use crate::release::Release;
use crate::{disk, host, initramfs, progress};

/// How large a guest's disk is; what no file uses takes no room on the host.
const GUEST_DISK: &str = "16G";

/// A release's guest, ready to boot.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    directory: PathBuf,
}

impl Guest {
    /// The release's guest; the first use makes it, which takes minutes.
    pub(crate) fn get(cache: &Cache, release: Release) -> Result<Self> {
        let recipe = Recipe::guest(release);
        let directory = cache.get_or_make(&recipe.name(), |directory| {
            host::ensure(host::FOR_DISKS)?;
            let tree = directory.join("tree");
            make_tree(&recipe, directory, &tree)?;
            initramfs::keep_ingredients(&tree, directory)?;
            disk::make(&tree, &directory.join("root.ext4"), GUEST_DISK)?;
            // Nothing is mounted in the tree any more: it is plain files.
            fs::remove_dir_all(&tree)?;
            Ok(())
        })?;
        Ok(Self { directory })
    }

    /// The guest's kernel.
    pub(crate) fn kernel(&self) -> PathBuf {
        self.directory.join(initramfs::KERNEL)
    }

    /// The file system it runs from.
    pub(crate) fn root_disk(&self) -> PathBuf {
        self.directory.join("root.ext4")
    }

    /// The small file system that finds the large one.
    pub(crate) fn initramfs(&self) -> Result<Vec<u8>> {
        initramfs::build(&self.directory)
    }
}

/// The tree that programs for a release are built against.
pub(crate) fn sysroot(cache: &Cache, release: Release) -> Result<PathBuf> {
    let recipe = Recipe::sysroot(release);
    unpacked(cache, &recipe)
}

/// A tree of packages that are only unpacked, and used from outside.
pub(crate) fn unpacked(cache: &Cache, recipe: &Recipe) -> Result<PathBuf> {
    let directory = cache.get_or_make(&recipe.name(), |directory| {
        let tree = directory.join("tree");
        make_tree(recipe, directory, &tree)?;
        make_links_relative(&tree, &tree)
    })?;
    Ok(directory.join("tree"))
}

fn make_tree(recipe: &Recipe, directory: &Path, tree: &Path) -> Result<()> {
    host::ensure(host::FOR_TREES)?;
    if !host::is_root() {
        bail!(
            "making the {} takes root, once; later uses do not",
            recipe.title()
        );
    }
    let script = directory.join("script.sh");
    fs::write(&script, recipe.script())?;
    let script = script
        .to_str()
        .filter(|path| !path.contains('\''))
        .context("the cache's path must be UTF-8 without quotes")?;
    let mirror = host::mirror()?;
    // In namespaces of its own: what it mounts in the tree and what it started
    // there vanish with it, however it ends.
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--pid", "--mount-proc", "--fork", "--kill-child"])
        .args(["--", "mmdebstrap", "--verbose"])
        .args(recipe.arguments(&mirror, script, tree))
        // Guests bring their own initramfs; Debian's would take a minute to make.
        .env("INITRD", "No")
        .env("LC_ALL", "C.UTF-8");
    let log = directory.with_extension("log");
    progress::run(&recipe.title(), &mut command, &log, phase)
        .with_context(|| format!("could not make the {}", recipe.title()))
}

/// What a line of mmdebstrap's output says about where it is.
fn phase(line: &str) -> Option<String> {
    let doing = ["Setting up ", "Unpacking ", "Building "];
    if let Some(step) = line.strip_prefix("I: ") {
        return Some(step.to_owned());
    }
    doing
        .iter()
        .find(|doing| line.starts_with(**doing))
        .map(|_| {
            let words: Vec<_> = line.split(' ').take(3).collect();
            words.join(" ")
        })
}

/// Debian's links may be absolute, which inside a tree that is not the root
/// means another file: the host's, or none.
fn make_links_relative(tree: &Path, directory: &Path) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            make_links_relative(tree, &path)?;
        } else if kind.is_symlink() {
            let target = fs::read_link(&path)?;
            if target.is_absolute() && !target.starts_with("/dev") && !target.starts_with("/proc") {
                let depth = directory.strip_prefix(tree)?.components().count();
                let mut relative = PathBuf::new();
                relative.extend(std::iter::repeat_n(Component::ParentDir, depth));
                relative.push(target.strip_prefix("/")?);
                fs::remove_file(&path)?;
                symlink(relative, &path)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_picked_out() {
        assert_eq!(
            phase("I: extracting archives...").as_deref(),
            Some("extracting archives...")
        );
        assert_eq!(
            phase("Setting up zfs-dkms (2.3.9-1) ...").as_deref(),
            Some("Setting up zfs-dkms")
        );
        assert_eq!(phase("Get:42 something"), None);
    }

    #[test]
    fn absolute_links_stay_inside() {
        let tree = std::env::temp_dir().join(format!("xtask-links-{}", std::process::id()));
        fs::create_dir_all(tree.join("usr/lib")).unwrap();
        fs::write(tree.join("usr/lib/real"), "x").unwrap();
        symlink("/usr/lib/real", tree.join("usr/lib/link")).unwrap();
        symlink("real", tree.join("usr/lib/near")).unwrap();
        make_links_relative(&tree, &tree).unwrap();
        let read = |name| fs::read_link(tree.join(name)).unwrap();
        assert_eq!(read("usr/lib/link"), Path::new("../../usr/lib/real"));
        assert_eq!(read("usr/lib/near"), Path::new("real"));
        assert_eq!(fs::read_to_string(tree.join("usr/lib/link")).unwrap(), "x");
        fs::remove_dir_all(tree).unwrap();
    }
}

//! The guest's first file system: a shell, the drivers of its disks and ports,
//! and the script that does all the rest.
//!
//! It is put together anew for each boot, which takes milliseconds, so that the
//! script can change without guests being made again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// The kernel's name in a guest's directory.
pub(crate) const KERNEL: &str = "vmlinuz";

/// Modules that must be loaded, where they are not built in, before the guest's
/// disk can be mounted and the host can be spoken to.
const DRIVERS: &[&str] = &["virtio_pci", "virtio_blk", "virtio_console", "ext4"];

/// Loaded from the guest's disk are ZFS and what else a command may ask for.
const INIT: &str = include_str!("../guest/init.sh");

/// Copies out of a guest's tree what its initramfs is made of.
pub(crate) fn keep_ingredients(tree: &Path, directory: &Path) -> Result<()> {
    let kernels: Vec<_> = fs::read_dir(tree.join("usr/lib/modules"))?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<Result<_>>()?;
    ensure!(
        kernels.len() == 1,
        "the guest's tree has {} kernels",
        kernels.len()
    );
    let version = kernels[0]
        .to_str()
        .context("a kernel's version is not UTF-8")?;
    fs::copy(
        tree.join(format!("boot/vmlinuz-{version}")),
        directory.join(KERNEL),
    )?;
    fs::copy(tree.join("usr/bin/busybox"), directory.join("busybox"))
        .or_else(|_| fs::copy(tree.join("bin/busybox"), directory.join("busybox")))?;

    let modules = tree.join("usr/lib/modules").join(version);
    let dependencies = fs::read_to_string(modules.join("modules.dep"))?;
    let kept = directory.join("modules");
    fs::create_dir(&kept)?;
    for (index, path) in load_order(&dependencies, DRIVERS).iter().enumerate() {
        // The number keeps the order.
        let name = path.rsplit('/').next().unwrap_or(path);
        fs::copy(modules.join(path), kept.join(format!("{index:02}-{name}")))?;
    }
    Ok(())
}

/// The paths of the modules wanted and of all that they need, needed ones first.
/// What is not in `modules.dep` is built into the kernel.
fn load_order<'a>(modules_dep: &'a str, wanted: &[&str]) -> Vec<&'a str> {
    let needs: BTreeMap<&str, Vec<&str>> = modules_dep
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(path, needed)| (path, needed.split_whitespace().collect()))
        .collect();
    let name = |path: &str| {
        let file = path.rsplit('/').next().unwrap_or(path);
        file.trim_end_matches(".ko").replace('-', "_")
    };
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    for wanted in wanted {
        let Some((path, needed)) = needs.iter().find(|(path, _)| name(path) == *wanted) else {
            continue;
        };
        // modules.dep lists all of a module's needs, the last one to be loaded first.
        for path in needed.iter().rev().chain([path]) {
            if seen.insert(*path) {
                order.push(*path);
            }
        }
    }
    order
}

/// Builds the archive that the kernel unpacks, of a guest's ingredients.
pub(crate) fn build(directory: &Path) -> Result<Vec<u8>> {
    let mut archive = Cpio::default();
    for name in ["bin", "dev", "proc", "sys", "root", "modules"] {
        archive.directory(name);
    }
    archive.device("dev/console", 5, 1);
    archive.file("bin/busybox", &fs::read(directory.join("busybox"))?);
    archive.file("init", INIT.as_bytes());
    let mut modules: Vec<_> = fs::read_dir(directory.join("modules"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    modules.sort();
    for path in modules {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        archive.file(&format!("modules/{name}"), &fs::read(&path)?);
    }
    Ok(archive.finish())
}

/// A cpio archive in the kernel's format, "newc".
#[derive(Debug, Default)]
struct Cpio {
    bytes: Vec<u8>,
    inode: u32,
}

impl Cpio {
    fn directory(&mut self, name: &str) {
        self.entry(name, 0o040_755, (0, 0), &[]);
    }

    fn file(&mut self, name: &str, data: &[u8]) {
        self.entry(name, 0o100_755, (0, 0), data);
    }

    fn device(&mut self, name: &str, major: u32, minor: u32) {
        self.entry(name, 0o020_600, (major, minor), &[]);
    }

    fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, (0, 0), &[]);
        self.bytes
    }

    fn entry(&mut self, name: &str, mode: u32, device: (u32, u32), data: &[u8]) {
        self.inode += 1;
        let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let fields = [
            self.inode,
            mode,
            0, // uid
            0, // gid
            1, // links
            0, // time
            length(data.len()),
            0, // the device it is on, major and minor
            0,
            device.0,
            device.1,
            length(name.len() + 1),
            0, // checksum: none in this format
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes
                .extend_from_slice(format!("{field:08X}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(data);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_are_loaded_first_and_once() {
        let dep = "\
            kernel/a/virtio.ko:\n\
            kernel/a/virtio_ring.ko: kernel/a/virtio.ko\n\
            kernel/b/virtio-blk.ko: kernel/a/virtio_ring.ko kernel/a/virtio.ko\n\
            kernel/b/virtio_console.ko: kernel/a/virtio_ring.ko kernel/a/virtio.ko\n\
            kernel/c/other.ko:\n";
        assert_eq!(
            load_order(dep, &["virtio_blk", "virtio_console", "ext4"]),
            [
                "kernel/a/virtio.ko",
                "kernel/a/virtio_ring.ko",
                "kernel/b/virtio-blk.ko",
                "kernel/b/virtio_console.ko"
            ]
        );
    }

    #[test]
    fn an_archive_is_aligned_and_ended() {
        let mut archive = Cpio::default();
        archive.directory("bin");
        archive.file("init", b"hello");
        let bytes = archive.finish();
        assert_eq!(bytes.len() % 4, 0);
        assert!(bytes.starts_with(b"07070100000001000041ED"));
        assert!(bytes.windows(10).any(|window| window == b"TRAILER!!!"));
    }
}

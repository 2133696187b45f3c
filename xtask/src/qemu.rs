//! QEMU: which one, with which accelerator, and how it is started.

use std::collections::hash_map::DefaultHasher;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use rustix::process::Signal;

use crate::cache::Cache;
use crate::process;
use crate::recipe::Recipe;
use crate::tree;

/// The directory of the ports' sockets in a machine's directory.
pub(crate) const SOCKETS: &str = "ports";

const PROGRAM: &str = "qemu-system-x86_64";

/// Of 17 boots of Linux 6.12 in QEMU 7.2 at least 4 panicked at one place, behind
/// a `cmpxchg16b`; of 18 in 10.0 none did.
const OLDEST: u32 = 9;

/// The kernel's parameters.
///
/// A panic or an oops ends QEMU at once (`-no-reboot`). Under emulation every
/// instruction counts: no guards against a processor's flaws, no audit. And time is
/// not what it seems: on a busy machine the kernel could find that its timer does
/// not tick, and panic, so it is told not to look.
const KERNEL_PARAMETERS: &str = "console=ttyS0 loglevel=5 panic=-1 oops=panic \
     mitigations=off audit=0 nokaslr random.trust_cpu=on net.ifnames=0 no_timer_check";

/// A QEMU that can be run.
#[derive(Clone, Debug)]
pub(crate) struct Qemu {
    program: PathBuf,
    arguments: Vec<OsString>,
    modules: Option<PathBuf>,
}

/// What executes the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accelerator {
    /// The processor.
    Kvm,
    /// QEMU.
    Tcg,
}

/// What the guest's clock goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Clock {
    /// The machine's time.
    #[default]
    Time,
    /// The guest's instructions, each of [`INSTRUCTION_NS`] while any is executed. What is measured
    /// then does not depend on what else the machine does. Takes emulation.
    Instructions,
}

/// How long an instruction is by [`Clock::Instructions`]: about as long as it takes to emulate
/// one, so that in the guest's seconds about as much happens as usual.
pub(crate) const INSTRUCTION_NS: u32 = 1 << INSTRUCTION_SHIFT;

const INSTRUCTION_SHIFT: u32 = 3;

/// A virtual machine to start.
#[derive(Debug)]
pub(crate) struct Machine<'a> {
    pub(crate) accelerator: Accelerator,
    pub(crate) clock: Clock,
    pub(crate) memory: &'a str,
    pub(crate) cpus: u32,
    pub(crate) kernel: &'a Path,
    pub(crate) initramfs: &'a Path,
    /// In the order of their names in the guest; what is written to them is lost.
    pub(crate) disks: &'a [&'a Path],
    /// The names of sockets that are listened at in [`SOCKETS`].
    pub(crate) ports: &'a [&'a str],
    pub(crate) console: &'a Path,
    /// Where QEMU runs, and keeps what the guest writes to its disks.
    pub(crate) directory: &'a Path,
}

impl Qemu {
    /// The machine's own, if it will do, or an unpacked one out of the cache.
    pub(crate) fn get(cache: &Cache) -> Result<Self> {
        if let Some(program) = process::find(PROGRAM) {
            let version = process::output(Command::new(&program).arg("--version"));
            if version.is_ok_and(|text| major_version(&text) >= OLDEST) {
                return Ok(Self {
                    program,
                    arguments: Vec::new(),
                    modules: None,
                });
            }
        }
        let tree = tree::unpacked(cache, &Recipe::qemu())?;
        let libraries = tree.join("usr/lib/x86_64-linux-gnu");
        let mut path = libraries.clone().into_os_string();
        path.push(":");
        path.push(libraries.join("pulseaudio"));
        Ok(Self {
            // Its own loader finds its own libraries, whatever the host's are.
            program: tree.join("lib64/ld-linux-x86-64.so.2"),
            arguments: vec![
                "--library-path".into(),
                path,
                tree.join("usr/bin").join(PROGRAM).into(),
                "-L".into(),
                tree.join("usr/share/qemu").into(),
                "-L".into(),
                tree.join("usr/share/seabios").into(),
            ],
            modules: Some(libraries.join("qemu")),
        })
    }

    /// Starts a machine; it ends with the calling thread at the latest.
    pub(crate) fn start(&self, machine: &Machine<'_>) -> Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args(machine.arguments());
        if let Some(modules) = &self.modules {
            command.env("QEMU_MODULE_DIR", modules);
        }
        let log = fs::File::create(machine.directory.join("qemu.log"))?;
        command
            .current_dir(machine.directory)
            .env("TMPDIR", machine.directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        process::die_with_parent(&mut command, Signal::KILL)
            .spawn()
            .with_context(|| format!("could not run {}", self.program.display()))
    }

    /// Which accelerator to use, and whether that is known or has to be found out.
    pub(crate) fn accelerator(&self, cache: &Cache) -> (Accelerator, bool) {
        match fs::read_to_string(self.verdict(cache)).as_deref() {
            Ok("kvm") => (Accelerator::Kvm, true),
            Ok("tcg") => (Accelerator::Tcg, true),
            _ if usable("/dev/kvm") => (Accelerator::Kvm, false),
            _ => (Accelerator::Tcg, true),
        }
    }

    /// Remembers which accelerator has been found to work.
    pub(crate) fn remember(&self, cache: &Cache, accelerator: Accelerator) -> Result<()> {
        let word = match accelerator {
            Accelerator::Kvm => "kvm",
            Accelerator::Tcg => "tcg",
        };
        Ok(fs::write(self.verdict(cache), word)?)
    }

    /// A finding holds for this QEMU until the machine is started anew.
    fn verdict(&self, cache: &Cache) -> PathBuf {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let mut hash = DefaultHasher::new();
        (boot, &self.program).hash(&mut hash);
        cache
            .root()
            .join(format!("accelerator-{:016x}", hash.finish()))
    }
}

impl Machine<'_> {
    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        let mut add = |option: &str, value: OsString| arguments.extend([option.into(), value]);
        let joined = |before: &str, path: &Path, after: &str| {
            let mut value = OsString::from(before);
            value.push(escaped(path));
            value.push(after);
            value
        };
        add("-machine", "pc".into());
        add(
            "-accel",
            match (self.accelerator, self.clock) {
                (Accelerator::Kvm, _) => "kvm".into(),
                (Accelerator::Tcg, Clock::Time) => "tcg,thread=multi".into(),
                // One thread counts.
                (Accelerator::Tcg, Clock::Instructions) => "tcg,thread=single".into(),
            },
        );
        if self.clock == Clock::Instructions {
            add("-icount", format!("shift={INSTRUCTION_SHIFT}").into());
        }
        add("-cpu", "max".into());
        add("-smp", self.cpus.to_string().into());
        add("-m", self.memory.into());
        add("-display", "none".into());
        add("-serial", joined("file:", self.console, ""));
        add("-kernel", self.kernel.into());
        add("-initrd", self.initramfs.into());
        add("-append", KERNEL_PARAMETERS.into());
        for (index, disk) in self.disks.iter().enumerate() {
            let rest = format!(",format=raw,if=none,id=disk{index},snapshot=on,cache=unsafe");
            add("-drive", joined("file=", disk, &rest));
            add(
                "-device",
                format!("virtio-blk-pci,drive=disk{index}").into(),
            );
        }
        add("-device", "virtio-rng-pci".into());
        add("-device", "virtio-serial-pci".into());
        for name in self.ports {
            add(
                "-chardev",
                format!("socket,id={name},path={SOCKETS}/{name}").into(),
            );
            add(
                "-device",
                format!("virtserialport,chardev={name},name={name}").into(),
            );
        }
        arguments.extend(["-nodefaults", "-no-user-config", "-no-reboot"].map(OsString::from));
        arguments
    }
}

/// A comma ends a value in QEMU's options; two of them are one.
fn escaped(path: &Path) -> OsString {
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    let mut bytes = Vec::new();
    for &byte in path.as_os_str().as_bytes() {
        bytes.push(byte);
        if byte == b',' {
            bytes.push(byte);
        }
    }
    OsString::from_vec(bytes)
}

/// The first number in `QEMU emulator version 10.0.13 (Debian ...)`.
fn major_version(text: &str) -> u32 {
    text.split(' ')
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .and_then(|version| version.split('.').next()?.parse().ok())
        .unwrap_or(0)
}

fn usable(device: impl AsRef<OsStr>) -> bool {
    fs::File::options()
        .read(true)
        .write(true)
        .open(Path::new(device.as_ref()))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(
            major_version("QEMU emulator version 10.0.13 (Debian 1:10.0.13)"),
            10
        );
        assert_eq!(major_version("QEMU emulator version 7.2.22\n"), 7);
        assert_eq!(major_version("no such thing"), 0);
    }

    #[test]
    fn commas_do_not_end_a_path() {
        assert_eq!(escaped(Path::new("/a,b/c")), "/a,,b/c");
    }
}

//! Running a command on this very machine, when it has ZFS.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal};

use crate::carry::Task;
use crate::guest::Streams;
use crate::{host, process};

/// The device that all of ZFS's calls go through.
const DEVICE: &str = "/dev/zfs";

/// Fails, and says why, unless ZFS can be used here.
pub(crate) fn check() -> Result<()> {
    ensure!(host::is_root(), "--native takes root, and this is not root");
    if !Path::new(DEVICE).exists() {
        // Some systems load the module only when a pool is imported.
        let loaded = process::output(Command::new("modprobe").arg("zfs"));
        if let Err(error) = loaded {
            bail!("--native takes a machine with OpenZFS, and this has no {DEVICE}: {error:#}");
        }
        ensure!(
            Path::new(DEVICE).exists(),
            "the zfs module is loaded, but there is no {DEVICE}"
        );
    }
    let version = std::fs::read_to_string("/sys/module/zfs/version").unwrap_or_default();
    eprintln!("native: on this machine's own OpenZFS {}", version.trim());
    Ok(())
}

/// Runs the task here, where [`check`] has succeeded.
pub(crate) fn run(task: &Task, timeout: Duration, streams: Streams) -> Result<u8> {
    ensure!(
        !task.wants_out,
        "--out is for guests: with --native a command writes where it likes"
    );
    let (program, arguments) = task.command.split_first().context("there is no command")?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(&task.directory)
        .envs(task.environment.iter().map(|(name, value)| (name, value)))
        // A group of its own, to be ended as one.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = process::die_with_parent(&mut command, Signal::KILL)
        .spawn()
        .with_context(|| format!("could not run {}", process::shown(&command)))?;
    let (mut stdout, mut stderr) = (streams.stdout, streams.stderr);
    let mut from_stdout = child.stdout.take().context("no standard output")?;
    let mut from_stderr = child.stderr.take().context("no standard error")?;
    thread::scope(|scope| {
        scope.spawn(move || io::copy(&mut from_stdout, &mut stdout));
        scope.spawn(move || io::copy(&mut from_stderr, &mut stderr));
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(process::exit_code(status));
            }
            if Instant::now() > deadline {
                let _ = rustix::process::kill_process_group(Pid::from_child(&child), Signal::KILL);
                child.wait()?;
                bail!(
                    "the command did not end within {} s and was killed",
                    timeout.as_secs()
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
    })
}

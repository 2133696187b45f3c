//! Running a command in a guest.
//!
//! A boot may be repeated, because nothing has happened yet; a command that has
//! begun never is. The line between the two is the `go` that the guest waits for.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Error, Result, anyhow, bail};

use crate::cache::Cache;
use crate::carry::{self, Task};
use crate::ports::{self, Event, Port};
use crate::project::Project;
use crate::qemu::{self, Accelerator, Clock, Machine, Qemu};
use crate::release::Release;
use crate::tree::Guest;

/// How long a boot may take: some 10 s are usual under emulation, but the machine
/// may be busy. The second try gets twice as long.
const BOOT_LIMIT: Duration = Duration::from_secs(120);
/// How long a boot may take with an accelerator that is on trial.
const TRIAL_LIMIT: Duration = Duration::from_secs(15);
/// How long a guest may be silent; its heart beats every five seconds.
const SILENCE_LIMIT: Duration = Duration::from_secs(120);
/// How many times as long all that may take in a guest whose clock counts instructions: a single
/// thread executes them, and five seconds of that clock are as long as that takes.
const COUNTED: u32 = 5;
/// How many of the console's last lines an error shows.
const CONSOLE_TAIL: usize = 30;

/// What the first line of a kernel's trouble has in it.
const REASONS: &[&str] = &[
    "Kernel panic",
    "BUG:",
    "Oops",
    "VERIFY",
    "PANIC at",
    "blocked for more",
];

/// What a guest is like, and how long it may take.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) release: Release,
    /// As QEMU reads it, `2G`.
    pub(crate) memory: String,
    pub(crate) cpus: u32,
    pub(crate) clock: Clock,
    /// For the command, the boot not counted.
    pub(crate) timeout: Duration,
    /// Where what the command leaves in `/out` goes.
    pub(crate) out: Option<PathBuf>,
    /// Whether to say on standard error what is going on.
    pub(crate) verbose: bool,
}

impl Settings {
    /// A time limit, as it is for a guest with this clock.
    fn stretched(&self, limit: Duration) -> Duration {
        match self.clock {
            Clock::Time => limit,
            Clock::Instructions => COUNTED * limit,
        }
    }
}

/// Where the command's output goes.
pub(crate) struct Streams {
    pub(crate) stdout: Box<dyn Write + Send>,
    pub(crate) stderr: Box<dyn Write + Send>,
}

impl Streams {
    /// The tool's own, past the standard library's buffers.
    pub(crate) fn inherited() -> io::Result<Self> {
        Ok(Self {
            stdout: Box::new(File::from(io::stdout().as_fd().try_clone_to_owned()?)),
            stderr: Box::new(File::from(io::stderr().as_fd().try_clone_to_owned()?)),
        })
    }
}

/// Runs the task in a fresh guest and returns its exit status.
///
/// An error means that the guest failed, not the command.
pub(crate) fn run(
    cache: &Cache,
    project: &Project,
    settings: &Settings,
    task: &Task,
    streams: Streams,
) -> Result<u8> {
    let guest = Guest::get(cache, settings.release)?;
    let qemu = Qemu::get(cache)?;
    let start = Instant::now();
    let say = |text: &str| {
        if settings.verbose {
            eprintln!("[{:>5.1} s] {text}", start.elapsed().as_secs_f64());
        }
    };
    let scratch = cache.scratch()?;
    let marker = ports::new_marker()?;
    let plan = Plan {
        qemu: &qemu,
        settings,
        kernel: guest.kernel(),
        initramfs: scratch.path().join("initramfs"),
        disks: [
            guest.root_disk(),
            carry::make_disk(project, task, settings.release, &marker, scratch.path())?,
        ],
        directory: scratch.path(),
    };
    fs::write(&plan.initramfs, guest.initramfs()?)?;
    say("the disk with what is carried is made");

    let (running, version) = plan.boot_somehow(cache, &say)?;
    say(&format!("OpenZFS {version} is up"));
    let status = running.execute(settings, task, &marker, streams, scratch.path())?;
    say(&format!("the command ended with status {status}"));
    Ok(status)
}

/// All that a boot takes.
struct Plan<'a> {
    qemu: &'a Qemu,
    settings: &'a Settings,
    kernel: PathBuf,
    initramfs: PathBuf,
    disks: [PathBuf; 2],
    directory: &'a Path,
}

impl Plan<'_> {
    /// Boots, with what accelerator works, twice if need be.
    fn boot_somehow(&self, cache: &Cache, say: &dyn Fn(&str)) -> Result<(Running, String)> {
        let (mut accelerator, known) = match self.settings.clock {
            Clock::Time => self.qemu.accelerator(cache),
            Clock::Instructions => (Accelerator::Tcg, true),
        };
        if !known {
            say("trying KVM");
            match self.boot(accelerator, TRIAL_LIMIT) {
                Ok(up) => {
                    self.qemu.remember(cache, accelerator)?;
                    return Ok(up);
                }
                Err(_) => {
                    say("KVM is there and does not work: the guest is emulated");
                    accelerator = Accelerator::Tcg;
                    self.qemu.remember(cache, accelerator)?;
                }
            }
        }
        say("booting");
        let limit = self.settings.stretched(BOOT_LIMIT);
        self.boot(accelerator, limit).or_else(|error| {
            // About one emulated boot in seventy stalls for good.
            eprintln!("{error:#}\nbooting the guest once more");
            self.boot(accelerator, 2 * limit)
        })
    }

    /// Boots, and leaves the guest waiting for its `go`.
    fn boot(&self, accelerator: Accelerator, limit: Duration) -> Result<(Running, String)> {
        let sockets = self.directory.join(qemu::SOCKETS);
        // Another boot may have been here before.
        let _ = fs::remove_dir_all(&sockets);
        fs::create_dir(&sockets)?;
        let sockets = File::open(&sockets)?;
        let console = self.directory.join("console");
        let _ = fs::remove_file(&console);
        let names = ["control", "stdout", "stderr", "out"];
        let listeners = names
            .into_iter()
            .map(|name| Port::listen(&sockets, name))
            .collect::<Result<Vec<_>>>()?;
        let child = self.qemu.start(&Machine {
            accelerator,
            clock: self.settings.clock,
            memory: &self.settings.memory,
            cpus: self.settings.cpus,
            kernel: &self.kernel,
            initramfs: &self.initramfs,
            disks: &self.disks.each_ref().map(PathBuf::as_path),
            ports: &names,
            console: &console,
            directory: self.directory,
        })?;
        let mut qemu = Emulator { child, console };
        let deadline = Instant::now() + limit;
        let mut streams = VecDeque::new();
        for port in &listeners {
            streams.push_back(qemu.connected(port, deadline, self.directory)?);
        }
        let mut next = || streams.pop_front().context("a port has no stream");
        let (sender, events) = channel();
        let control = next()?;
        ports::listen_to_control(control.try_clone()?, sender.clone());
        let running = Running {
            control,
            stdout: next()?,
            stderr: next()?,
            out: next()?,
            sender,
            events,
            qemu,
        };
        let version = running.wait_until_ready(deadline, limit)?;
        Ok((running, version))
    }
}

/// QEMU, running; it does not outlive this value.
struct Emulator {
    child: Child,
    console: PathBuf,
}

impl Emulator {
    /// The stream of a port, once QEMU has connected to it.
    fn connected(&mut self, port: &Port, deadline: Instant, logs: &Path) -> Result<UnixStream> {
        loop {
            if let Some(stream) = port.accept()? {
                return Ok(stream);
            }
            if let Some(status) = self.child.try_wait()? {
                let log = fs::read_to_string(logs.join("qemu.log")).unwrap_or_default();
                bail!("QEMU ended as it started ({status}): {}", log.trim());
            }
            if Instant::now() > deadline {
                bail!("QEMU does not connect to its ports");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The error, with what the guest's kernel said last.
    fn blamed(&self, what: impl std::fmt::Display) -> Error {
        let console = fs::read(&self.console).unwrap_or_default();
        let console = String::from_utf8_lossy(&console);
        let lines: Vec<_> = console.lines().map(str::trim_end).collect();
        let tail = &lines[lines.len().saturating_sub(CONSOLE_TAIL)..];
        if tail.is_empty() {
            return anyhow!("{what}; its console is empty");
        }
        // A panic's reason comes before a long trace.
        let reason = lines
            .iter()
            .find(|line| REASONS.iter().any(|reason| line.contains(reason)));
        let reason = reason.map_or_else(String::new, |line| format!("\n    {line}\n    ..."));
        anyhow!(
            "{what}; its console's last lines:{reason}\n    {}",
            tail.join("\n    ")
        )
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Nothing in the guest is worth an orderly end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A guest that has been started.
struct Running {
    qemu: Emulator,
    control: UnixStream,
    stdout: UnixStream,
    stderr: UnixStream,
    out: UnixStream,
    sender: Sender<Event>,
    events: Receiver<Event>,
}

impl Running {
    fn wait_until_ready(&self, deadline: Instant, limit: Duration) -> Result<String> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(Event::Ready(version)) => return Ok(version),
                Ok(Event::Gone) => {
                    return Err(self.qemu.blamed("the guest died while it booted"));
                }
                Ok(Event::Failed(why)) => {
                    return Err(self
                        .qemu
                        .blamed(format_args!("the guest did not come up: {why}")));
                }
                Ok(_) => {}
                Err(_) => {
                    let seconds = limit.as_secs();
                    let what = format!("the guest did not come up within {seconds} s");
                    return Err(self.qemu.blamed(what));
                }
            }
        }
    }

    /// Has the guest run its command, and sees it through.
    fn execute(
        mut self,
        settings: &Settings,
        task: &Task,
        marker: &str,
        streams: Streams,
        directory: &Path,
    ) -> Result<u8> {
        let archive = directory.join("out.tar");
        let mut copies = vec![
            (self.stdout.try_clone()?, streams.stdout),
            (self.stderr.try_clone()?, streams.stderr),
        ];
        if task.wants_out {
            copies.push((self.out.try_clone()?, Box::new(File::create(&archive)?)));
        }
        let mut open = copies.len();
        for (stream, to) in copies {
            ports::copy_stream(stream, marker, to, self.sender.clone());
        }
        self.control.write_all(b"go\n")?;

        let start = Instant::now();
        let mut heard = start;
        let mut status = None;
        let mut done = false;
        while !done || open > 0 {
            match self.events.recv_timeout(Duration::from_secs(1)) {
                Ok(event) => {
                    heard = Instant::now();
                    match event {
                        Event::Exit(code) => status = Some(code),
                        Event::Done => done = true,
                        Event::StreamEnded => open -= 1,
                        Event::Beat | Event::Ready(_) => {}
                        Event::Gone => bail!(self.qemu.blamed("the guest died")),
                        Event::Failed(why) => {
                            bail!(self.qemu.blamed(format_args!("the guest gave up: {why}")));
                        }
                        Event::StreamFailed(why) => bail!("could not pass output on: {why}"),
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("the guest's ports are closed"),
            }
            let limit = settings.stretched(SILENCE_LIMIT);
            if heard.elapsed() > limit {
                let seconds = limit.as_secs();
                let what = format!("the guest hangs: not a sign of life for {seconds} s");
                bail!(self.qemu.blamed(what));
            }
            if start.elapsed() > settings.timeout {
                let seconds = settings.timeout.as_secs();
                let what = format!("the command did not end within {seconds} s and was killed");
                bail!(self.qemu.blamed(what));
            }
        }
        drop(self);
        if let Some(out) = settings.out.as_deref().filter(|_| task.wants_out) {
            unpack(&archive, out)?;
        }
        status.context("the guest did not say how the command ended")
    }
}

/// Unpacks what came out of `/out`.
fn unpack(archive: &Path, out: &Path) -> Result<()> {
    fs::create_dir_all(out)?;
    let mut archive = tar::Archive::new(File::open(archive)?);
    archive.set_preserve_permissions(true);
    archive
        .unpack(out)
        .with_context(|| format!("could not unpack what came back into {}", out.display()))
}

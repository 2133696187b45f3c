//! A server on another machine, by OpenSSH's client.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::super::{Error, Result};
use super::client::{Attendant, Connection, Remote};
use super::message::plain;

/// How much of what `ssh` says of an error is kept, in bytes: the last of it.
const MAX_SAID: usize = 1024;
/// How long one waits for `ssh` to end by itself when its connection is closed.
const GRACE: Duration = Duration::from_secs(3);
/// How long one waits for it to end when its connection was lost, to know why.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Also what is idle has to notice that it is cut off, and is not to be forgotten by what is in between.
const ALIVE: &str = "ServerAliveInterval=15";
/// How often one looks.
const STEP: Duration = Duration::from_millis(5);

/// A server on another machine, to which OpenSSH's client connects: with its configuration, its keys
/// and its known hosts.
///
/// Neither an agent nor X11 is forwarded. What `ssh` asks for, such as a passphrase, it asks for on the
/// terminal; `BatchMode=yes` makes it fail instead. It asks every 15 seconds whether the other machine is
/// still there, and gives it up after three answers that did not come, unless an
/// [option](Self::option) says otherwise: `ServerAliveInterval=0` for not at all.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use libzfs::replicate::Ssh;
///
/// let remote = Ssh::new("backup@vault.example.org")
///     .option("BatchMode=yes")
///     .option("ServerAliveInterval=5")
///     .command("zvault serve --receive-only --marks offsite vault/prod")
///     .connect()?;
/// # let _ = remote;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Ssh {
    program: OsString,
    host: String,
    options: Vec<OsString>,
    command: String,
    connections: usize,
    limit: Duration,
}

impl Ssh {
    /// Connects to that host: `host`, `user@host`, `ssh://user@host:port`, or what the configuration
    /// has under that name.
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            program: "ssh".into(),
            host: host.into(),
            options: Vec::new(),
            command: "zvault serve".to_owned(),
            connections: 8,
            limit: Duration::from_secs(15 * 60),
        }
    }

    /// Sets an option as it stands in `ssh_config`, such as `Port=2222`.
    #[must_use]
    pub fn option(mut self, option: impl AsRef<OsStr>) -> Self {
        self.options.push("-o".into());
        self.options.push(option.as_ref().into());
        self
    }

    /// What is started there. The user's shell there takes it apart. Where a command is forced it is
    /// that which is started, and nothing has to be said here.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = command.into();
        self
    }

    /// Starts this in place of `ssh`, with the same arguments.
    #[must_use]
    pub fn program(mut self, program: impl AsRef<OsStr>) -> Self {
        self.program = program.as_ref().into();
        self
    }

    /// Connects that often at once at most; 8 if nothing is said.
    #[must_use]
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// See [`Remote::with_limits`]; 15 minutes if nothing is said.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Connects; further connections are made when they are needed.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`], with what `ssh` says; [`Error::Refused`], if the name of the host would be taken
    /// for something else.
    pub fn connect(self) -> Result<Remote> {
        // `--` would do for ssh, but not for what may be in its place.
        if self.host.is_empty() || self.host.starts_with('-') {
            return Err(Error::Refused(format!("{:?} is no host", self.host)));
        }
        let (connections, limit) = (self.connections, self.limit);
        Remote::with_limits(move || self.start(), connections, limit)
    }

    fn start(&self) -> Result<Connection> {
        let (ours, theirs) = UnixStream::pair().map_err(Error::Lost)?;
        let mut command = Command::new(&self.program);
        // No terminal, agent or display there.
        command.args(["-T", "-a", "-x"]);
        command.args(&self.options);
        // Of an option that is there twice the first one counts.
        command.args(["-o", ALIVE]);
        command.args(["--", &self.host, &self.command]);
        let output = theirs.try_clone().map_err(Error::Lost)?;
        command.stdin(OwnedFd::from(theirs));
        command.stdout(OwnedFd::from(output));
        command.stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| {
            let what = format!(
                "{} cannot be started: {error}",
                std::path::Path::new(&self.program).display()
            );
            Error::Lost(io::Error::new(error.kind(), what))
        })?;
        // It has the other end, and is to be the only one.
        drop(command);
        let process = Process::new(child);
        let input = ours.try_clone().map_err(Error::Lost)?;
        Ok(Connection::new(input, ours)?.attended_by(process))
    }
}

/// `ssh`, which does not outlive its connection.
struct Process {
    child: Child,
    said: Arc<Said>,
}

/// What it says of errors.
#[derive(Default)]
struct Said {
    last: Mutex<Vec<u8>>,
    over: AtomicBool,
}

impl Process {
    fn new(mut child: Child) -> Self {
        let said = Arc::<Said>::default();
        if let Some(stderr) = child.stderr.take() {
            let said = said.clone();
            // Not waited for: a master of shared connections (`ControlPersist`) would keep it.
            let reading = thread::Builder::new().name("ssh-stderr".to_owned());
            if let Err(error) = reading.spawn(move || said.keep(stderr)) {
                tracing::warn!(%error, "what ssh says will not be known");
            }
        }
        Self { child, said }
    }

    /// Waits so long for it to end.
    fn wait(&mut self, limit: Duration) -> Option<std::process::ExitStatus> {
        let since = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if since.elapsed() < limit => thread::sleep(STEP),
                _ => return None,
            }
        }
    }
}

impl Said {
    fn keep(&self, mut from: impl Read) {
        let mut buffer = [0; 512];
        loop {
            match from.read(&mut buffer) {
                Ok(len) if len > 0 => {
                    let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                    last.extend_from_slice(&buffer[..len]);
                    let excess = last.len().saturating_sub(MAX_SAID);
                    last.drain(..excess);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => break,
            }
        }
        self.over.store(true, Ordering::SeqCst);
    }

    fn text(&self) -> String {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&last);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        plain(&lines.collect::<Vec<_>>().join("; "))
    }
}

impl Attendant for Process {
    fn explain(&mut self) -> Option<String> {
        let ended = self.wait(LAST_WORDS);
        let since = Instant::now();
        while ended.is_some()
            && !self.said.over.load(Ordering::SeqCst)
            && since.elapsed() < LAST_WORDS
        {
            thread::sleep(STEP);
        }
        let ended = ended.map(|status| format!("ssh ended with {status}"));
        let said = Some(self.said.text()).filter(|said| !said.is_empty());
        match (ended, said) {
            (Some(ended), Some(said)) => Some(format!("{ended}: {said}")),
            (ended, said) => ended.or(said),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.wait(GRACE).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("id", &self.child.id())
            .finish_non_exhaustive()
    }
}

//! Another program that streams go through on their way into a file or out of it.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// How much of what a filter complains of is kept, in bytes.
const MAX_COMPLAINT: u64 = 4 << 10;
/// How long one waits for that once it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A program, such as one that encrypts, that reads a stream on its standard input and writes what
/// becomes of it to its standard output. It is started anew for each stream.
///
/// It has done its work if it ends with the status 0; what it writes to its standard error is in the
/// error otherwise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter {
    program: OsString,
    arguments: Vec<OsString>,
}

impl Filter {
    /// A program, which is looked for as a shell does; none is in between.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
        }
    }

    /// One more argument for it. All users of the machine can see arguments: no secret goes there.
    #[must_use]
    pub fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Starts it.
    pub(super) fn start(&self, input: Stdio) -> io::Result<Running> {
        let failed = |error: io::Error| {
            let program = Path::new(&self.program).display();
            io::Error::new(error.kind(), format!("the filter {program}: {error}"))
        };
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let (says, complaint) = mpsc::channel();
        if let Some(mut stderr) = child.stderr.take() {
            thread::spawn(move || {
                let mut text = Vec::new();
                // What cannot be read was not said.
                let _ = stderr.by_ref().take(MAX_COMPLAINT).read_to_end(&mut text);
                let _ = says.send(text);
                let _ = io::copy(&mut stderr, &mut io::sink());
            });
        }
        Ok(Running {
            program: self.program.clone(),
            child,
            complaint,
        })
    }
}

/// A filter at work. It is killed when it is dropped before its end.
pub(super) struct Running {
    program: OsString,
    child: Child,
    complaint: Receiver<Vec<u8>>,
}

impl Running {
    pub(super) fn input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    pub(super) fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits for its end, and sees that it was a good one.
    pub(super) fn wait(mut self) -> io::Result<()> {
        let status = self.child.wait()?;
        if status.success() {
            return Ok(());
        }
        // What it has left running, as an agent, may keep its standard error open for ever.
        let complaint = self.complaint.recv_timeout(LAST_WORDS).unwrap_or_default();
        let complaint = String::from_utf8_lossy(&complaint);
        let program = Path::new(&self.program).display();
        Err(io::Error::other(Complaint(match complaint.trim() {
            "" => format!("the filter {program} ended with {status}"),
            complaint => format!("the filter {program} ended with {status}: {complaint}"),
        })))
    }
}

/// That a filter failed, which may be for want of a key, or because it was interrupted.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Complaint(String);

impl Drop for Running {
    fn drop(&mut self) {
        // Both do nothing where it has been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a filter writes. Its end is one only if the filter's was a good one.
pub(super) struct Filtered {
    output: ChildStdout,
    running: Option<Running>,
}

impl Filtered {
    /// What comes of the file.
    pub(super) fn new(filter: &Filter, file: std::fs::File) -> io::Result<Self> {
        let mut running = filter.start(file.into())?;
        match running.output() {
            Some(output) => Ok(Self {
                output,
                running: Some(running),
            }),
            None => Err(io::Error::other("the filter has no output")),
        }
    }
}

impl Read for Filtered {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.output.read(buf)? {
            0 if !buf.is_empty() => match self.running.take() {
                Some(running) => running.wait().map(|()| 0),
                None => Ok(0),
            },
            len => Ok(len),
        }
    }
}

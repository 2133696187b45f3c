//! Long steps: what they are at, how long it has taken, and why they failed.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;

use crate::process;

/// How many of a failed step's last lines are shown.
const TAIL: usize = 30;

/// How often a terminal's line is redrawn, and how often a log gets a new one.
const REDRAW: Duration = Duration::from_millis(500);
const REMIND: Duration = Duration::from_secs(20);

/// Guests are made side by side, and only one line can be drawn at a time.
static LINE: Mutex<()> = Mutex::new(());

/// Runs a long command with all its output in `log`, showing what it is at.
///
/// `phase` picks what to show out of the command's lines.
pub(crate) fn run(
    what: &str,
    command: &mut Command,
    log: &Path,
    phase: impl Fn(&str) -> Option<String>,
) -> Result<()> {
    let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = process::die_with_parent(command, Signal::KILL)
        .spawn()
        .with_context(|| format!("could not run {}", process::shown(command)))?;
    // The command keeps the pipe's other end open until it is replaced.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    let (sender, lines) = channel();
    let mut log_file = File::options().append(true).create(true).open(log)?;
    let copier = std::thread::spawn(move || {
        let mut reader = BufReader::new(File::from(reader));
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            let _ = log_file.write_all(&line);
            let _ = sender.send(String::from_utf8_lossy(&line).trim_end().to_owned());
            line.clear();
        }
    });

    let tail = show(what, &lines, phase);
    let status = child.wait()?;
    let _ = copier.join();
    if !status.success() {
        for line in &tail {
            eprintln!("    {line}");
        }
        bail!(
            "{what}: failed ({status}); all of its output is in {}",
            log.display()
        );
    }
    Ok(())
}

/// Draws until the lines end, and returns the last of them.
fn show(
    what: &str,
    lines: &Receiver<String>,
    phase: impl Fn(&str) -> Option<String>,
) -> VecDeque<String> {
    let live = std::io::stderr().is_terminal();
    let interval = if live { REDRAW } else { REMIND };
    let start = Instant::now();
    let mut drawn = start;
    let mut now = "starting".to_owned();
    let mut tail = VecDeque::new();
    eprintln!("{what}: begun");
    loop {
        match lines.recv_timeout(REDRAW) {
            Ok(line) => {
                now = phase(&line).unwrap_or(now);
                tail.push_back(line);
                if tail.len() > TAIL {
                    tail.pop_front();
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if drawn.elapsed() >= interval {
            drawn = Instant::now();
            let _line = LINE.lock();
            let seconds = start.elapsed().as_secs();
            if live {
                eprint!("\r\x1b[K{what}: {seconds:>4} s  {now}");
                let _ = std::io::stderr().flush();
            } else {
                eprintln!("{what}: {seconds:>4} s  {now}");
            }
        }
    }
    let _line = LINE.lock();
    let clear = if live { "\r\x1b[K" } else { "" };
    eprintln!("{clear}{what}: ended after {} s", start.elapsed().as_secs());
    tail
}

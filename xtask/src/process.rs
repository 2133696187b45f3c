//! Child processes: quiet ones, logged ones, and none that outlive us.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;

/// Has the kernel send `signal` to the child when the thread that spawns it
/// ends, however it ends.
///
/// This is what makes Ctrl-C, `kill` and even `kill -9` of the tool take the
/// guest along, with no signal handler to get wrong.
pub(crate) fn die_with_parent(command: &mut Command, signal: Signal) -> &mut Command {
    let hook = move || {
        Ok(rustix::process::set_parent_process_death_signal(Some(
            signal,
        ))?)
    };
    // SAFETY: the hook runs between fork and exec and makes one system call;
    // it allocates nothing and takes no lock.
    unsafe { command.pre_exec(hook) }
}

/// Runs a command, inheriting its output.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    die_with_parent(command, Signal::TERM)
        .status()
        .with_context(|| format!("could not run {}", shown(command)))
}

/// Runs a command and returns what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = die_with_parent(command, Signal::TERM)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("could not run {}", shown(command)))?;
    if !output.status.success() {
        bail!(
            "{} failed ({}): {}",
            shown(command),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} wrote no UTF-8", shown(command)))
}

/// The status as a shell reports it: a signal is 128 and its number.
pub(crate) fn exit_code(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    u8::try_from(code & 0xff).unwrap_or(1)
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut text = program
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    for word in command.get_args() {
        let _ = write!(text, " {}", word.to_string_lossy());
    }
    text
}

/// Where a program is, if it is on `PATH` or among the administrator's.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|directory| directory.join(program))
        .find(|candidate| is_executable(candidate))
}

/// Whether a path is a file that may be executed.
pub(crate) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// A word that a POSIX shell reads back as exactly these bytes.
pub(crate) fn quoted(word: impl AsRef<OsStr>) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    let mut quoted = vec![b'\''];
    for &byte in word.as_ref().as_bytes() {
        match byte {
            b'\'' => quoted.extend_from_slice(b"'\\''"),
            byte => quoted.push(byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_quoted_words_back() {
        for word in [
            "",
            "plain",
            "two words",
            "it's",
            "''",
            "$x `y` \\ \"z\"\nw",
            "-n",
        ] {
            let mut script = b"printf %s ".to_vec();
            script.extend(quoted(word));
            let text = String::from_utf8(script).unwrap();
            let read = output(Command::new("sh").args(["-c", &text])).unwrap();
            assert_eq!(read, word);
        }
    }

    #[test]
    fn statuses_are_a_shells() {
        let code = |script| exit_code(status(Command::new("sh").args(["-c", script])).unwrap());
        assert_eq!(code("exit 0"), 0);
        assert_eq!(code("exit 7"), 7);
        assert_eq!(code("kill -TERM $$"), 143);
    }
}

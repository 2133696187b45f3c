//! What goes into a guest with a command: the checkout, the programs built from
//! it, and what the caller names, each under the path that it has here.
//!
//! They travel as a disk, made of a staging directory full of hard links.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::project::Project;
use crate::release::Release;
use crate::{disk, process};

/// Room that a guest has for writing beside what is carried.
const ROOM: u64 = 4 << 30;

/// Directories that are the guest's own.
const GUESTS_OWN: &[&str] = &[
    "/", "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin",
    "/sys", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/var", "/out",
];

/// A command, as it is to run in a guest.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// The program and its arguments.
    pub(crate) command: Vec<OsString>,
    /// Where it runs.
    pub(crate) directory: PathBuf,
    /// What is added to its environment.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// Files and directories that it finds under the same paths.
    pub(crate) carried: Vec<PathBuf>,
    /// Whether `/out` comes back.
    pub(crate) wants_out: bool,
}

/// Makes the disk that brings a task into a guest.
pub(crate) fn make_disk(
    project: &Project,
    task: &Task,
    release: Release,
    marker: &str,
    directory: &Path,
) -> Result<PathBuf> {
    let staging = directory.join("carried");
    fs::create_dir(&staging)?;
    let mut stage = Stage::new(&staging);

    stage.tree(&project.root, &|path| {
        // All that cargo builds is so marked, also where it has several places.
        path.ends_with(".git") || path == project.target || path.join("CACHEDIR.TAG").exists()
    })?;
    stage.mount(&project.root);
    stage.programs(project)?;
    for path in &task.carried {
        let path = std::path::absolute(path)?;
        ensure!(
            !GUESTS_OWN.iter().any(|own| path == Path::new(own)),
            "{} is the guest's own and cannot be carried",
            path.display()
        );
        stage.tree(&path, &|_| false)?;
        stage.mount(&path);
    }
    // A program can be named that no rule above takes along.
    for word in &task.command {
        let path = task.directory.join(word);
        if path.starts_with(&project.target) && path.is_file() {
            stage.file(&path)?;
            stage.mount(&project.target);
        }
    }

    let own = staging.join(".guest");
    fs::create_dir(&own)?;
    fs::write(own.join("mounts"), stage.mounts())?;
    fs::write(own.join("settings"), settings(task, release, marker))?;
    fs::write(own.join("command"), script(task))?;

    let image = directory.join("carried.ext4");
    let size = (stage.bytes + stage.bytes / 8 + ROOM) >> 10;
    disk::make(&staging, &image, &format!("{size}k"))?;
    Ok(image)
}

/// What the guest's init script asks about the task.
fn settings(task: &Task, release: Release, marker: &str) -> String {
    let wants_out = if task.wants_out { "yes" } else { "no" };
    format!("marker='{marker}'\nwants_out={wants_out}\nexport LIBZFS_GUEST={release}\n")
}

/// The task as a shell script.
fn script(task: &Task) -> Vec<u8> {
    let mut script = Vec::new();
    let directory = process::quoted(&task.directory);
    for (before, word) in [("mkdir -p ", &directory), ("cd ", &directory)] {
        script.extend_from_slice(before.as_bytes());
        script.extend_from_slice(word);
        script.extend_from_slice(b" || exit\n");
    }
    for (name, value) in &task.environment {
        script.extend_from_slice(b"export ");
        script.extend_from_slice(name.as_bytes());
        script.push(b'=');
        script.extend(process::quoted(value));
        script.push(b'\n');
    }
    script.extend_from_slice(b"exec");
    for word in &task.command {
        script.push(b' ');
        script.extend(process::quoted(word));
    }
    script.push(b'\n');
    script
}

/// A staging directory being filled.
struct Stage<'a> {
    staging: &'a Path,
    bytes: u64,
    mounts: BTreeSet<PathBuf>,
}

impl<'a> Stage<'a> {
    fn new(staging: &'a Path) -> Self {
        Self {
            staging,
            bytes: 0,
            mounts: BTreeSet::new(),
        }
    }

    fn mount(&mut self, path: &Path) {
        self.mounts.insert(path.to_owned());
    }

    fn staged(&self, path: &Path) -> PathBuf {
        self.staging.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Stages a file, or a directory with all in it but what is left out.
    fn tree(&mut self, path: &Path, left_out: &dyn Fn(&Path) -> bool) -> Result<()> {
        let meta = path
            .symlink_metadata()
            .with_context(|| format!("could not carry {}", path.display()))?;
        if meta.is_dir() {
            fs::create_dir_all(self.staged(path))?;
            for entry in fs::read_dir(path)? {
                let path = entry?.path();
                if !left_out(&path) {
                    self.tree(&path, left_out)?;
                }
            }
            fs::set_permissions(self.staged(path), meta.permissions())?;
            Ok(())
        } else {
            self.file(path)
        }
    }

    fn file(&mut self, path: &Path) -> Result<()> {
        let staged = self.staged(path);
        let meta = match path.symlink_metadata() {
            Ok(meta) => meta,
            // Others may be at work in the checkout.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if let Some(parent) = staged.parent() {
            fs::create_dir_all(parent)?;
        }
        if meta.is_symlink() {
            let target = fs::read_link(path)?;
            return existing_is_fine(std::os::unix::fs::symlink(target, staged));
        }
        if !meta.is_file() {
            return Ok(());
        }
        self.bytes += meta.len();
        let linked = fs::hard_link(path, &staged);
        match linked {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            // Another file system, or another user's file.
            Err(_) => {
                fs::copy(path, &staged)
                    .with_context(|| format!("could not carry {}", path.display()))?;
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Stages the executables that cargo made under names of their own, in each
    /// profile's directory and its `examples`. Tests' names have a hash, and old
    /// ones pile up: those are carried by who runs them.
    fn programs(&mut self, project: &Project) -> Result<()> {
        for profile in profiles(&project.target) {
            for directory in [profile.join("examples"), profile] {
                for entry in fs::read_dir(directory).into_iter().flatten() {
                    let path = entry?.path();
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    if is_program(&name) && process::is_executable(&path) {
                        self.file(&path)?;
                        self.mount(&project.target);
                    }
                }
            }
        }
        Ok(())
    }

    /// A script that puts each carried path where it belongs.
    fn mounts(&self) -> Vec<u8> {
        let mut script = Vec::new();
        let mut outer: Option<&Path> = None;
        // Sorted, so that what contains others comes before them.
        for path in &self.mounts {
            if outer.is_some_and(|outer| path.starts_with(outer)) {
                continue;
            }
            outer = Some(path);
            let quoted = process::quoted(path);
            let mut staged = b"/run/carried".to_vec();
            staged.extend_from_slice(&quoted);
            if self.staged(path).is_dir() {
                script.extend_from_slice(b"mkdir -p ");
                script.extend_from_slice(&quoted);
            } else {
                let parent = path.parent().unwrap_or(Path::new("/"));
                script.extend_from_slice(b"mkdir -p ");
                script.extend(process::quoted(parent));
                script.extend_from_slice(b" && touch ");
                script.extend_from_slice(&quoted);
            }
            script.extend_from_slice(b" && mount --bind ");
            script.extend_from_slice(&staged);
            script.push(b' ');
            script.extend_from_slice(&quoted);
            script.extend_from_slice(b" || return\n");
        }
        script
    }
}

fn existing_is_fine(result: std::io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

/// The directories of a target directory that cargo builds into: `debug`,
/// `release` and the like, also those of named targets.
fn profiles(target: &Path) -> Vec<PathBuf> {
    let directories = |path: &Path| {
        fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect::<Vec<_>>()
    };
    let mut profiles = Vec::new();
    for outer in directories(target) {
        if outer.join("deps").is_dir() {
            profiles.push(outer);
        } else {
            profiles.extend(
                directories(&outer)
                    .into_iter()
                    .filter(|inner| inner.join("deps").is_dir()),
            );
        }
    }
    profiles
}

/// Whether an executable of this name is a program and not a library, a twin
/// with a hash in its name, or this tool.
fn is_program(name: &str) -> bool {
    let hashed = name
        .rsplit_once('-')
        .is_some_and(|(_, hash)| hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
    !name.contains('.') && !hashed && name != "xtask"
}

/// Reads `NAME=VALUE`.
pub(crate) fn parse_variable(text: &str) -> Result<(OsString, OsString)> {
    match text.split_once('=') {
        Some((name, value))
            if !name.is_empty()
                && !name.starts_with(|first: char| first.is_ascii_digit())
                && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()) =>
        {
            Ok((name.into(), value.into()))
        }
        _ => bail!("{text:?} is not of the form NAME=VALUE"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_have_plain_names() {
        assert!(is_program("zvault"));
        assert!(is_program("raw_send"));
        assert!(is_program("short-0123"));
        assert!(!is_program("raw_send-0123456789abcdef"));
        assert!(!is_program("libx.so"));
        assert!(!is_program("zvault.d"));
        assert!(!is_program("xtask"));
    }

    #[test]
    fn variables_are_read() {
        let (name, value) = parse_variable("A_1=b=c").unwrap();
        assert_eq!((name, value), ("A_1".into(), "b=c".into()));
        assert!(parse_variable("A=").is_ok());
        for bad in ["", "=", "A", "1A=b", "A B=c", "A;=c"] {
            assert!(parse_variable(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn inner_mounts_are_left_to_outer_ones() {
        let staging = std::env::temp_dir();
        let mut stage = Stage::new(&staging);
        for path in ["/w/m", "/w/m/target", "/w/m2", "/w/m/target/x"] {
            stage.mount(Path::new(path));
        }
        let script = String::from_utf8(stage.mounts()).unwrap();
        assert_eq!(script.matches("mount --bind").count(), 2);
    }

    #[test]
    fn a_task_is_a_script_a_shell_runs() {
        let task = Task {
            command: ["printf", "%s|", "$HOME", "a b", "it's"]
                .map(OsString::from)
                .to_vec(),
            directory: std::env::temp_dir(),
            environment: vec![("X".into(), "y z".into())],
            carried: Vec::new(),
            wants_out: false,
        };
        let text = String::from_utf8(script(&task)).unwrap();
        let output = process::output(std::process::Command::new("sh").args(["-c", &text]));
        assert_eq!(output.unwrap(), "$HOME|a b|it's|");
    }
}

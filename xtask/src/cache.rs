//! The cache: everything in it can be made again, and losing it costs time.
//!
//! An entry is a directory named after what it is and after a hash of how it
//! is made, so a changed recipe is a new entry and never a stale one. It is made
//! under another name and renamed when complete; a lock keeps two runs from
//! making the same one.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use rustix::fs::FlockOperation;
use rustix::io::Errno;

/// Ends the name of an entry that is not complete.
const UNFINISHED: &str = ".unfinished";
/// Ends the name of an entry's lock.
const LOCK: &str = ".lock";

/// The directory of all that is cached.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    root: PathBuf,
}

/// A directory of one run's own, gone when the run is.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    _lock: File,
}

impl Cache {
    /// `$LIBZFS_CACHE`, or `libzfs` where the user's caches are.
    pub(crate) fn open() -> Result<Self> {
        let variable = |name| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
        let root = if let Some(root) = variable("LIBZFS_CACHE") {
            PathBuf::from(root)
        } else if let Some(caches) = variable("XDG_CACHE_HOME") {
            Path::new(&caches).join("libzfs")
        } else if let Some(home) = variable("HOME") {
            Path::new(&home).join(".cache/libzfs")
        } else {
            bail!("neither LIBZFS_CACHE nor XDG_CACHE_HOME nor HOME says where to keep guests");
        };
        fs::create_dir_all(&root).with_context(|| format!("could not make {}", root.display()))?;
        // Paths from here end up in other programs' arguments and environment.
        let root = root.canonicalize()?;
        Ok(Self { root })
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The entry, if it has been made.
    pub(crate) fn get(&self, name: &str) -> Option<PathBuf> {
        Some(self.root.join(name)).filter(|path| path.is_dir())
    }

    /// The entry, made by `make` in the directory it is given unless it is there.
    pub(crate) fn get_or_make(
        &self,
        name: &str,
        make: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<PathBuf> {
        if let Some(path) = self.get(name) {
            return Ok(path);
        }
        let _lock = lock(&self.root.join(format!("{name}{LOCK}")), || {
            eprintln!("waiting for another run that is making {name}");
        })?;
        // The other run may have been the one that made it.
        if let Some(path) = self.get(name) {
            return Ok(path);
        }
        let unfinished = self.root.join(format!("{name}{UNFINISHED}"));
        remove(&unfinished)?;
        fs::create_dir(&unfinished)?;
        make(&unfinished)?;
        let path = self.root.join(name);
        fs::rename(&unfinished, &path)?;
        Ok(path)
    }

    /// What is cached, complete or not, by name.
    pub(crate) fn entries(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() && entry.file_name() != "runs" {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Removes an entry that no run is making.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        let entry = name.strip_suffix(UNFINISHED).unwrap_or(name);
        let path = self.root.join(format!("{entry}{LOCK}"));
        let lock = File::create(&path)?;
        if !try_lock(&lock)? {
            bail!("another run is making {entry}");
        }
        remove(&self.root.join(name))?;
        let _ = fs::remove_file(self.root.join(format!("{entry}.log")));
        fs::remove_file(path)?;
        Ok(())
    }

    /// A fresh directory for this run; those that killed runs left are removed.
    pub(crate) fn scratch(&self) -> Result<Scratch> {
        use std::sync::atomic::{AtomicU32, Ordering};
        static COUNT: AtomicU32 = AtomicU32::new(0);

        let runs = self.root.join("runs");
        fs::create_dir_all(&runs)?;
        // One run at a time looks around, or it could take for abandoned what
        // another has just made and not yet locked.
        let _lock = lock(&runs.join("lock"), || ())?;
        for entry in fs::read_dir(&runs)? {
            let path = entry?.path();
            if path.is_dir() && abandoned(&path)? {
                remove(&path)?;
            }
        }
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = runs.join(format!("{}-{count}", std::process::id()));
        fs::create_dir(&path)?;
        let own = File::create(path.join("lock"))?;
        rustix::fs::flock(&own, FlockOperation::LockExclusive)?;
        Ok(Scratch { path, _lock: own })
    }
}

impl Scratch {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is removed by the next run.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Whether no living run holds the scratch directory's lock.
fn abandoned(scratch: &Path) -> Result<bool> {
    match File::open(scratch.join("lock")) {
        Ok(file) => try_lock(&file),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error.into()),
    }
}

fn try_lock(file: &File) -> Result<bool> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Takes a lock, calling `waiting` first if that will take time.
fn lock(path: &Path, waiting: impl FnOnce()) -> Result<File> {
    let file = File::create(path).with_context(|| format!("could not make {}", path.display()))?;
    if !try_lock(&file)? {
        waiting();
        rustix::fs::flock(&file, FlockOperation::LockExclusive)?;
    }
    Ok(file)
}

/// Removes a directory with all that is in it, but never through a mount: a
/// tree whose making was killed could still have the host's `/dev` in it.
fn remove(path: &Path) -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    for mount in mounts.lines().filter_map(|line| line.split(' ').nth(1)) {
        if Path::new(mount).starts_with(path) {
            bail!("{mount} is still mounted; unmount it first");
        }
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("could not remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(name: &str) -> Cache {
        let root = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        Cache { root }
    }

    #[test]
    fn an_entry_is_made_once_and_only_whole() {
        let cache = cache("entry");
        let failed = cache.get_or_make("thing-1", |directory| {
            fs::write(directory.join("half"), "")?;
            bail!("no")
        });
        assert!(failed.is_err());
        assert_eq!(cache.get("thing-1"), None);

        let made = cache.get_or_make("thing-1", |directory| {
            assert!(!directory.join("half").exists());
            Ok(fs::write(directory.join("whole"), "")?)
        });
        assert!(made.unwrap().join("whole").exists());
        cache
            .get_or_make("thing-1", |_| panic!("made twice"))
            .unwrap();

        assert_eq!(cache.entries().unwrap(), ["thing-1"]);
        cache.remove("thing-1").unwrap();
        assert_eq!(cache.entries().unwrap(), [""; 0]);
        fs::remove_dir_all(cache.root).unwrap();
    }

    #[test]
    fn scratch_goes_away_and_abandoned_scratch_too() {
        let cache = cache("scratch");
        let abandoned = cache.root.join("runs/1-0");
        fs::create_dir_all(&abandoned).unwrap();
        fs::write(abandoned.join("lock"), "").unwrap();

        let first = cache.scratch().unwrap();
        let second = cache.scratch().unwrap();
        assert!(!abandoned.exists());
        assert!(first.path().exists() && second.path().exists());
        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists());
        drop(second);
        fs::remove_dir_all(cache.root).unwrap();
    }
}

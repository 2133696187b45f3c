//! The directory of a spool: names are of files in it, and nothing is followed out of it.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::replicate::{Error, Result};

pub(super) struct Directory {
    path: PathBuf,
    fd: OwnedFd,
}

/// That no other run works here, until it is dropped, or the process ends.
pub(super) struct Lock(OwnedFd);

impl Drop for Lock {
    fn drop(&mut self) {
        // To close it would not do: a child that another thread is about to start has it too, until
        // it becomes another program.
        let _ = rustix::fs::flock(&self.0, FlockOperation::Unlock);
    }
}

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(fd) => Ok(Self {
                path: path.to_owned(),
                fd,
            }),
            Err(error) => Err(file_error(path, error.into())),
        }
    }

    /// An error of a file in it.
    pub(super) fn error(&self, name: &str, source: io::Error) -> Error {
        file_error(&self.path.join(name), source)
    }

    fn done<T, E: Into<io::Error>>(&self, name: &str, result: Result<T, E>) -> Result<T> {
        result.map_err(|error| self.error(name, error.into()))
    }

    /// Takes the lock of that name. It stays there as an empty file.
    pub(super) fn lock(&self, name: &str) -> Result<Lock> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR);
        let file = self.done(name, opened)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Lock(file)),
            Err(Errno::WOULDBLOCK) => Err(Error::Busy {
                path: self.path.display().to_string(),
            }),
            Err(error) => Err(self.error(name, error.into())),
        }
    }

    /// What is in it. What has a name that is no text is not ours.
    pub(super) fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in self.done(".", rustix::fs::Dir::read_from(&self.fd))? {
            let entry = self.done(".", entry)?;
            if let Ok(name) = entry.file_name().to_str() {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// A new file, to be written.
    pub(super) fn create(&self, name: &str) -> Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
        let created = step().and_then(|()| Ok(rustix::fs::openat(&self.fd, name, flags, mode)?));
        self.done(name, created).map(File::from)
    }

    /// A file, to be read; `None` if there is none. What is no plain file is none that could be read.
    pub(super) fn read(&self, name: &str) -> Result<Option<File>> {
        // A FIFO would wait for its writer otherwise.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(self.error(name, error.into())),
        };
        let stat = self.done(name, rustix::fs::fstat(&file))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(Some(file.into())),
            _ => Err(self.error(name, io::Error::other("it is no plain file"))),
        }
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> Result<()> {
        let renamed = step().and_then(|()| Ok(rustix::fs::renameat(&self.fd, from, &self.fd, to)?));
        self.done(to, renamed)
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        let removed =
            step().and_then(
                |()| match rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()) {
                    Ok(()) | Err(Errno::NOENT) => Ok(()),
                    Err(error) => Err(error.into()),
                },
            );
        self.done(name, removed)
    }

    /// Has what was done to names survive a loss of power.
    pub(super) fn sync(&self) -> Result<()> {
        let synced = step().and_then(|()| Ok(rustix::fs::fsync(&self.fd)?));
        self.done(".", synced)
    }
}

fn file_error(path: &Path, source: io::Error) -> Error {
    Error::File {
        path: path.display().to_string(),
        source,
    }
}

/// Every change to a spool is behind this.
#[cfg(not(test))]
pub(super) fn step() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(super) use super::tests::crash::step;

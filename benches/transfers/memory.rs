//! How much memory a process takes at its peak.

use std::fs;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use libzfs::{SnapshotName, Zfs};

use crate::ways::{Send, discard, into, zfs_copying, zfs_send};

/// What each side takes, in bytes.
pub(crate) struct Memory {
    /// Of both processes, where there are two.
    pub(crate) zfs: u64,
    /// Of a process that does nothing else.
    pub(crate) libzfs: u64,
}

/// The memory for the way with this name; without one it is a copy.
pub(crate) fn of(name: &str, zfs: &Zfs, snap: &SnapshotName) -> Memory {
    let libzfs = || {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--once", name, snap.as_str()]);
        peaks([program.spawn().unwrap()])
    };
    if let Some(send) = Send::ALL.iter().find(|send| send.name == name) {
        let theirs = |fd| peaks([zfs_send(snap).stdout(fd).spawn().unwrap()]);
        return Memory {
            zfs: into(send.sink, theirs),
            libzfs: libzfs(),
        };
    }
    let theirs = peaks(zfs_copying(snap));
    discard(zfs, snap);
    let ours = libzfs();
    discard(zfs, snap);
    Memory {
        zfs: theirs,
        libzfs: ours,
    }
}

/// Waits for the processes, and adds up the most memory that each has had.
///
/// The kernel forgets it when a process ends, so that it is asked again and again.
fn peaks<const N: usize>(mut processes: [Child; N]) -> u64 {
    let mut peaks = [0; N];
    loop {
        let mut running = false;
        for (process, peak) in processes.iter_mut().zip(&mut peaks) {
            match process.try_wait().unwrap() {
                Some(status) => assert!(status.success()),
                None => running = true,
            }
            *peak = so_far(process).unwrap_or(*peak);
        }
        if !running {
            return peaks.iter().sum();
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The most memory that a process has had so far, if it has any still.
fn so_far(process: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"))?;
    Some(kib.parse::<u64>().unwrap() << 10)
}

//! The ways to send, by libzfs and by `zfs`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::thread;

use libzfs::{Destroy, SnapshotName, TransferControl, Zfs};

/// Where a stream goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sink {
    Null,
    File,
    /// With a reader that throws away what it reads.
    Pipe,
    Socket,
    /// A [`Write`] that throws away what it is given; for `zfs`, such a one behind a pipe.
    Writer,
    /// The same, by reading from a [`SendStream`](libzfs::SendStream).
    Stream,
    /// The same in a task of tokio's.
    Task,
}

/// A send that is measured.
#[derive(Debug)]
pub(crate) struct Send {
    pub(crate) name: &'static str,
    pub(crate) sink: Sink,
    /// Whether it has a control.
    watched: bool,
}

const fn send(name: &'static str, sink: Sink) -> Send {
    let watched = false;
    Send {
        name,
        sink,
        watched,
    }
}

const fn watched(name: &'static str, sink: Sink) -> Send {
    let watched = true;
    Send {
        name,
        sink,
        watched,
    }
}

impl Send {
    pub(crate) const ALL: [Self; 14] = [
        send("/dev/null", Sink::Null),
        watched("/dev/null, watched", Sink::Null),
        send("file", Sink::File),
        watched("file, watched", Sink::File),
        send("pipe", Sink::Pipe),
        watched("pipe, watched", Sink::Pipe),
        send("socket", Sink::Socket),
        watched("socket, watched", Sink::Socket),
        send("Write", Sink::Writer),
        watched("Write, watched", Sink::Writer),
        send("SendStream", Sink::Stream),
        watched("SendStream, watched", Sink::Stream),
        send("AsyncWrite", Sink::Task),
        watched("AsyncWrite, watched", Sink::Task),
    ];

    pub(crate) fn run(&self, zfs: &Zfs, snap: &SnapshotName) {
        let mut send = zfs.send(snap).raw();
        let control = TransferControl::new();
        if self.watched {
            send = send.controlled_by(&control);
        }
        match self.sink {
            Sink::Writer => send.write_to_writer(io::sink()).unwrap(),
            Sink::Stream => read_all(send.start().unwrap()),
            Sink::Task => {
                let mut runtime = tokio::runtime::Builder::new_multi_thread();
                let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
                runtime.block_on(async {
                    let stream = send.start().unwrap().into_async().unwrap();
                    stream.write_to(tokio::io::sink()).await.unwrap();
                });
            }
            sink => into(sink, |fd| send.write_to(&fd).unwrap()),
        }
        assert!(!self.watched || control.progress().bytes > 0);
    }

    pub(crate) fn run_zfs(&self, snap: &SnapshotName) {
        into(self.sink, |fd| {
            assert!(zfs_send(snap).stdout(fd).status().unwrap().success());
        });
    }
}

pub(crate) fn zfs_send(snap: &SnapshotName) -> Command {
    let mut command = Command::new("zfs");
    command.args(["send", "-w", snap.as_str()]);
    command
}

/// Has a sink of that kind filled, by `fill`, which closes it.
pub(crate) fn into<T>(sink: Sink, fill: impl FnOnce(OwnedFd) -> T) -> T {
    let (reader, writer): (OwnedFd, OwnedFd) = match sink {
        Sink::Null => {
            let null = File::options().write(true).open("/dev/null").unwrap();
            return fill(null.into());
        }
        // Without a name, in the same place as the pool's file.
        Sink::File => return fill(tempfile::tempfile().unwrap().into()),
        Sink::Socket => {
            let (reader, writer) = UnixStream::pair().unwrap();
            reader.shutdown(Shutdown::Write).unwrap();
            (reader.into(), writer.into())
        }
        _ => pipe(),
    };
    thread::scope(|scope| {
        scope.spawn(|| read_all(File::from(reader)));
        fill(writer)
    })
}

fn pipe() -> (OwnedFd, OwnedFd) {
    let mut fds = [0; 2];
    // SAFETY: there is room for two numbers.
    let rc = unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) };
    assert_eq!(rc, 0);
    // SAFETY: both are open, and nobody else has them.
    let [reader, writer] = fds.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
    (reader, writer)
}

fn read_all(mut from: impl Read) {
    let mut buffer = vec![0; 256 << 10];
    loop {
        let len = from.read(&mut buffer).unwrap();
        if len == 0 {
            return;
        }
        io::sink().write_all(&buffer[..len]).unwrap();
    }
}

/// Where a copy of the snapshot goes.
fn target(snap: &SnapshotName) -> SnapshotName {
    format!("{}/copy@s", snap.dataset().pool()).parse().unwrap()
}

pub(crate) fn copy(zfs: &Zfs, snap: &SnapshotName, watched: bool) {
    let mut receive = zfs.receive(&target(snap));
    if watched {
        receive = receive.controlled_by(&TransferControl::new());
    }
    let send = zfs.send(snap).raw().start().unwrap();
    send.copy_to(receive).unwrap().all().unwrap();
}

/// A `zfs send` and the `zfs receive` that it is piped into.
pub(crate) fn zfs_copying(snap: &SnapshotName) -> [Child; 2] {
    let mut send = zfs_send(snap).stdout(Stdio::piped()).spawn().unwrap();
    let mut receive = Command::new("zfs");
    receive
        .args(["receive", "-u", target(snap).as_str()])
        .stdin(send.stdout.take().unwrap());
    [send, receive.spawn().unwrap()]
}

pub(crate) fn zfs_copy(snap: &SnapshotName) {
    for mut process in zfs_copying(snap) {
        assert!(process.wait().unwrap().success());
    }
}

/// Destroys the copy.
pub(crate) fn discard(zfs: &Zfs, snap: &SnapshotName) {
    let target = target(snap);
    let targets = std::slice::from_ref(&target);
    zfs.destroy_snapshots(targets, Destroy::Now).unwrap();
    zfs.destroy_dataset(target.dataset()).unwrap();
}

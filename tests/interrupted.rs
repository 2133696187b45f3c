//! Transfers that are disturbed by what cannot be kept from them: the process is stopped, it changes
//! its user, or somebody changes the pipe. One at a time, because that is the whole process's.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::process::Command;
use std::thread;
use std::time::Duration;

use libzfs::testing::Pool;
use libzfs::{Error, ErrorKind, Operation, SnapshotName, TransferControl};
use serial_test::serial;
use support::{
    LIMIT, file_system, kind, noise, pipe, pool, snapshot, stream_of, within, write_file,
};

/// How long a transfer is left to come to where it can go no further.
const A_WHILE: Duration = Duration::from_millis(500);

/// More than all the pipes on the way hold.
const LEN: usize = 4 << 20;

fn sample(pool: &Pool) -> SnapshotName {
    let data = file_system(pool, "data");
    write_file(pool, &data, "bulk", &noise(1, LEN));
    snapshot(pool.zfs(), &data, "s")
}

/// What reaches every thread whatever it blocks.
const INTERRUPTIONS: [fn(); 2] = [
    || {
        let both = "kill -STOP $PPID; sleep 0.1; kill -CONT $PPID";
        let status = Command::new("sh").args(["-c", both]).status().unwrap();
        assert!(status.success());
    },
    || {
        // SAFETY: only a number is passed, that of the user that this is in any case.
        let rc = unsafe { libc::setuid(0) };
        assert_eq!(rc, 0);
    },
];

#[test]
#[serial]
fn an_interrupted_send_says_so() {
    within(LIMIT, || {
        let pool = pool("stopped");
        let zfs = pool.zfs();
        let snap = sample(&pool);
        let send = zfs.send(&snap);
        let target = pool.snapshot("copy@s");
        for interrupt in INTERRUPTIONS {
            let begun = || {
                let stream = send.start().unwrap();
                thread::sleep(A_WHILE);
                interrupt();
                stream
            };
            let read = begun().read_to_end(&mut Vec::new()).unwrap_err();
            let error = read.downcast::<Error>().unwrap();
            assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");

            // A pipe that the kernel has, and whose reader is there.
            let (_reader, writer) = pipe();
            let error = thread::scope(|scope| {
                let sending = scope.spawn(|| send.write_to(&writer));
                thread::sleep(A_WHILE);
                interrupt();
                kind(sending.join().unwrap())
            });
            assert_eq!(error, ErrorKind::Interrupted);

            for watched in [false, true] {
                let control = TransferControl::new();
                let mut receive = zfs.receive(&target).resumable();
                if watched {
                    receive = receive.controlled_by(&control);
                }
                let error = begun().copy_to(receive).unwrap_err();
                let why = (error.operation(), error.kind());
                assert_eq!(why, (Operation::Send, ErrorKind::Interrupted), "{error}");
                assert!(error.resume_token().unwrap().fields().bytes > 0);
                zfs.discard_partial_receive(target.dataset()).unwrap();
            }
        }
    });
}

#[test]
#[serial]
fn a_pipe_that_somebody_makes_nonblocking_is_the_pipes_fault() {
    within(LIMIT, || {
        let pool = pool("flags");
        let zfs = pool.zfs();
        let snap = sample(&pool);
        let stream = stream_of(&zfs.send(&snap));
        let set_nonblocking = |fd: libc::c_int| {
            // SAFETY: the descriptor is open.
            let rc = unsafe { libc::fcntl(fd, libc::F_SETFL, libc::O_NONBLOCK) };
            assert_eq!(rc, 0);
        };
        let target = pool.snapshot("copy@s");
        let (reader, mut writer) = pipe();
        let error = thread::scope(|scope| {
            let receiving = scope.spawn(|| zfs.receive(&target).resumable().run(&reader));
            writer.write_all(&stream[..LEN / 2]).unwrap();
            thread::sleep(A_WHILE);
            set_nonblocking(reader.as_raw_fd());
            writer.write_all(&stream[LEN / 2..][..1000]).unwrap();
            receiving.join().unwrap().unwrap_err()
        });
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(error.to_string().contains("non-blocking"), "{error}");
        assert!(error.resume_token().is_some());

        let (mut reader, writer) = pipe();
        let error = thread::scope(|scope| {
            let sending = scope.spawn(|| zfs.send(&snap).write_to(&writer));
            thread::sleep(A_WHILE);
            set_nonblocking(writer.as_raw_fd());
            // So that it goes on until there is no room once more.
            reader.read_exact(&mut [0; 20_000]).unwrap();
            sending.join().unwrap().unwrap_err()
        });
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(error.to_string().contains("non-blocking"), "{error}");
    });
}

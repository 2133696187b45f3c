//! Transfers that are disturbed by what cannot be kept from them: the process is stopped, it changes
//! its user, or somebody changes the pipe. One at a time, because that is the whole process's.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libzfs::testing::Pool;
use libzfs::{Error, ErrorKind, FromReader, Operation, SnapshotName, TransferControl, Zfs};
use serial_test::serial;
use support::{
    LIMIT, file_system, kind, noise, pipe, pool, share, snapshot, stream_of, within, write_file,
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

/// Tells a child that the test starts what it receives, and the file with the stream.
const CHILD: &str = "LIBZFS_TEST_CHILD";

/// Receives from what comes to no end, until it is killed.
fn receive_for_ever(target: &SnapshotName, file: &str) {
    struct Stuck(fs::File);

    impl Read for Stuck {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => loop {
                    thread::park();
                },
                read => Ok(read),
            }
        }
    }

    let zfs = Zfs::open().unwrap();
    let source = Stuck(fs::File::open(file).unwrap());
    io::stderr().write_all(b"!").unwrap();
    let received = zfs.receive(target).run(FromReader(source));
    unreachable!("{received:?}");
}

/// Whether the process, which was killed, has ended in time.
fn ends(child: &mut Child) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.signal(), Some(libc::SIGKILL));
            return true;
        }
        thread::sleep(Duration::from_millis(1));
    }
    false
}

#[test]
#[serial]
fn a_receiver_that_is_killed_ends_whenever_that_is() {
    const NAME: &str = "a_receiver_that_is_killed_ends_whenever_that_is";
    if let Ok(task) = std::env::var(CHILD) {
        let (target, file) = task.split_once(' ').unwrap();
        return receive_for_ever(&target.parse().unwrap(), file);
    }
    within(LIMIT, || {
        let pool = pool("killed");
        let stream = stream_of(&pool.zfs().send(&sample(&pool)));
        let file = pool.directory().join("stream");
        fs::write(&file, &stream[..LEN / 8]).unwrap();
        let kills = share("kills", 50);
        for number in 0..kills {
            let target = pool.snapshot(&format!("copy{number}@s"));
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", NAME, "--nocapture"])
                .env(CHILD, format!("{target} {}", file.display()))
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut begun = [0];
            let mut said = child.stderr.take().unwrap();
            said.read_exact(&mut begun).unwrap();
            thread::sleep(Duration::from_micros(500) * u32::try_from(number * 50 / kills).unwrap());
            child.kill().unwrap();
            assert!(ends(&mut child), "kill {number}");
            let left = pool.zfs().all_properties(target.dataset());
            assert_eq!(kind(left), ErrorKind::DatasetNotFound, "kill {number}");
        }
    });
}

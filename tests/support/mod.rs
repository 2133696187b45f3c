//! What tests on pools share.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use libzfs::property::PropertyInfo;
use libzfs::testing::Pool;
pub(crate) use libzfs::testing::{NOBODY, as_user};
use libzfs::{DatasetName, Encryption, ErrorKind, Key, SendBuilder, SendStream, SnapshotName, Zfs};

pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

/// A pool; where none can be made, the test fails, and says why.
#[track_caller]
pub(crate) fn pool(label: &str) -> Pool {
    match Pool::builder().label(label).build() {
        Ok(pool) => pool,
        Err(error) => panic!("this test needs a pool: {error}"),
    }
}

/// The kind of the error that a call has to fail with.
#[track_caller]
pub(crate) fn kind<T: Debug>(result: libzfs::Result<T>) -> ErrorKind {
    match result {
        Ok(value) => panic!("succeeded with {value:?}"),
        Err(error) => {
            assert!(!error.to_string().contains('\n'), "{error}");
            assert_ne!(error.errno().raw(), 0, "{error}");
            error.kind()
        }
    }
}

pub(crate) fn raw_key() -> Key {
    Key::raw(&[7; 32]).unwrap()
}

/// An encrypted file system with a raw key, which is loaded; it has nothing to derive, which
/// takes long under emulation.
#[track_caller]
pub(crate) fn encrypted(pool: &Pool, path: &str) -> DatasetName {
    let name = pool.dataset(path);
    pool.zfs()
        .create(&name)
        .encryption(Encryption::Aes256Gcm, raw_key())
        .run()
        .unwrap();
    name
}

#[track_caller]
pub(crate) fn file_system(pool: &Pool, path: &str) -> DatasetName {
    let name = pool.dataset(path);
    pool.zfs().create(&name).run().unwrap();
    name
}

#[track_caller]
pub(crate) fn snapshot(zfs: &Zfs, dataset: &DatasetName, short: &str) -> SnapshotName {
    let name = dataset.snapshot(short).unwrap();
    zfs.create_snapshots(std::slice::from_ref(&name)).unwrap();
    name
}

/// A send that has begun and waits for its reader, so that the snapshot, of more than a few
/// mebibytes, is in use for as long as the stream is there.
#[track_caller]
pub(crate) fn begun_send(zfs: &Zfs, snapshot: &SnapshotName) -> SendStream {
    let mut stream = zfs.send(snapshot).start().unwrap();
    stream.read_exact(&mut [0]).unwrap();
    stream
}

/// The value of a property as `zfs get` prints it.
#[track_caller]
pub(crate) fn property_says(property: &str, name: impl AsRef<str>) -> String {
    zfs_says(&["get", "-Hpo", "value", property, name.as_ref()])
}

/// Bytes that no compression makes smaller, the same for the same seed.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next)
        .flatten()
        .take(len)
        .collect()
}

/// Writes a file into a dataset by mounting it for a moment.
#[track_caller]
pub(crate) fn write_file(pool: &Pool, dataset: &DatasetName, file: &str, bytes: &[u8]) {
    let mount = pool.mount(dataset).unwrap();
    fs::write(mount.path().join(file), bytes).unwrap();
    mount.unmount().unwrap();
}

#[track_caller]
pub(crate) fn read_file(pool: &Pool, dataset: &DatasetName, file: &str) -> Vec<u8> {
    let mount = pool.mount(dataset).unwrap();
    let bytes = fs::read(mount.path().join(file)).unwrap();
    mount.unmount().unwrap();
    bytes
}

/// All of a stream.
#[track_caller]
pub(crate) fn stream_of(send: &SendBuilder) -> Vec<u8> {
    let mut bytes = Vec::new();
    send.start().unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// A file with these bytes, at its start.
#[track_caller]
pub(crate) fn file_with(pool: &Pool, bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile_in(pool.directory()).unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

/// A pipe that blocks: its reading and its writing end.
#[track_caller]
pub(crate) fn pipe() -> (File, File) {
    let mut fds = [0; 2];
    // SAFETY: there is room for two numbers.
    let rc = unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) };
    assert_eq!(rc, 0);
    // SAFETY: both are open, and nobody else has them.
    let [reader, writer] = fds.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
    (reader.into(), writer.into())
}

/// What `zfs` prints, trimmed: an opinion that is not ours.
#[track_caller]
pub(crate) fn zfs_says(args: &[&str]) -> String {
    program_says("zfs", args)
}

/// What `zpool` prints, trimmed.
#[track_caller]
pub(crate) fn zpool_says(args: &[&str]) -> String {
    program_says("zpool", args)
}

#[track_caller]
fn program_says(program: &str, args: &[&str]) -> String {
    let output = std::process::Command::new(program)
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success(), "{program} {args:?}: {output:?}");
    // `zpool history -i` of 2.4 prints some bytes of its own memory for a list that is empty.
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

/// Runs `work` and fails if it takes longer than `limit`, for whatever could hang.
#[track_caller]
pub(crate) fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (done, finished) = mpsc::channel();
    let thread = thread::spawn(move || {
        let value = work();
        let _ = done.send(());
        value
    });
    match finished.recv_timeout(limit) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("not done after {limit:?}"),
        _ => thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
    }
}

/// What `work` returns, and how much later than it was to be woken a thread was meanwhile, in all: for
/// so long, about, the process had no processor.
pub(crate) fn lateness<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    const STEP: Duration = Duration::from_millis(10);
    let (done, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let waking = scope.spawn(move || {
            let mut late = Duration::ZERO;
            loop {
                let since = Instant::now();
                if ended.recv_timeout(STEP) == Err(mpsc::RecvTimeoutError::Disconnected) {
                    return late;
                }
                late += since.elapsed().saturating_sub(STEP);
            }
        });
        let value = work();
        drop(done);
        (value, waking.join().unwrap())
    })
}

/// Delegates permissions, such as `send,hold`, to a user.
#[track_caller]
pub(crate) fn allow(dataset: &DatasetName, uid: u32, permissions: &str) {
    zfs_says(&[
        "allow",
        "-u",
        &uid.to_string(),
        permissions,
        dataset.as_str(),
    ]);
}

/// Takes all delegated permissions back.
#[track_caller]
pub(crate) fn unallow(dataset: &DatasetName, uid: u32) {
    zfs_says(&["unallow", "-u", &uid.to_string(), dataset.as_str()]);
}

/// Fails unless a user who has these permissions can do `work`, and one who lacks any of them
/// cannot.
#[track_caller]
pub(crate) fn needs(
    permissions: &[(&DatasetName, &str)],
    work: impl Fn() -> libzfs::Result<()> + Sync,
) {
    let uid = NOBODY.to_string();
    for (dataset, permission) in permissions {
        allow(dataset, NOBODY, permission);
    }
    for (dataset, permission) in permissions {
        zfs_says(&["unallow", "-u", &uid, permission, dataset.as_str()]);
        let denied = kind(as_user(NOBODY, &work));
        assert_eq!(denied, ErrorKind::PermissionDenied, "no {permission}");
        allow(dataset, NOBODY, permission);
    }
    as_user(NOBODY, &work).unwrap();
}

/// Fails unless each of these is refused, with the reason, by a pool that is suspended or that is
/// read-only.
#[track_caller]
pub(crate) fn needs_a_healthy_pool(pool: Pool, work: &[&dyn Fn() -> libzfs::Result<()>]) {
    let suspension = pool.suspend().unwrap();
    for (number, work) in work.iter().enumerate() {
        assert_eq!(kind(work()), ErrorKind::PoolSuspended, "number {number}");
    }
    suspension.resume().unwrap();
    let pool = pool.export().unwrap().import_read_only().unwrap();
    for (number, work) in work.iter().enumerate() {
        assert_eq!(kind(work()), ErrorKind::ReadOnlyPool, "number {number}");
    }
    pool.destroy().unwrap();
}

/// Longer than anything takes that does not hang, under emulation and on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(180);

/// Writes into a file system until nothing more fits; returns the number of the error that says so.
#[track_caller]
pub(crate) fn fill(pool: &Pool, dataset: &DatasetName) -> i32 {
    let mount = pool.mount(dataset).unwrap();
    let mut file = File::create(mount.path().join("filling")).unwrap();
    let error = (1..)
        .find_map(|seed| {
            let bytes = noise(seed, 1 << 20);
            file.write_all(&bytes).and_then(|()| file.sync_data()).err()
        })
        .unwrap();
    drop(file);
    mount.unmount().unwrap();
    error.raw_os_error().unwrap()
}

/// The release of the loaded module, such as `(2, 3)`.
#[track_caller]
pub(crate) fn release() -> (u32, u32) {
    let version = libzfs::kernel_version().unwrap();
    let mut numbers = version.split('.').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// The release on which tests that repeat themselves do so in full.
const REPEATED_ON: (u32, u32) = (2, 3);

/// How many of `all` a test is to do: all of them on one release; on the others, where it would be
/// the same again, a fifth. It says how many.
#[track_caller]
pub(crate) fn share(what: &str, all: usize) -> usize {
    let share = match release() {
        REPEATED_ON => all,
        _ => all.div_ceil(5),
    };
    println!("{share} of {all} {what}");
    share
}

/// As [`share`], unless the variable says how many.
#[track_caller]
pub(crate) fn share_unless_said(variable: &str, what: &str, all: usize) -> usize {
    match std::env::var(variable) {
        Ok(number) => number.parse().unwrap(),
        Err(_) => share(what, all),
    }
}

/// What the `zfs` of this release shows for a value of a property: `xattr` by one or the other of its
/// names, and no limit as a number.
pub(crate) fn as_this_release_says(info: &PropertyInfo, value: String) -> String {
    match (info.name(), value.as_str(), release()) {
        ("xattr", "dir", (2, 1)) => "on".into(),
        ("xattr", "sa", (2, 3)) => "on".into(),
        (name, "none", (2, 1)) if name.ends_with("_limit") || name.ends_with("_count") => {
            u64::MAX.to_string()
        }
        _ => value,
    }
}

/// How many threads of this process have names that begin so.
pub(crate) fn threads_named(prefix: &str) -> usize {
    fs::read_dir("/proc/self/task")
        .unwrap()
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("comm")).ok())
        .filter(|name| name.starts_with(prefix))
        .count()
}

/// How many descriptors this process has open.
pub(crate) fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

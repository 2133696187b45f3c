//! Opening ZFS, where it is and where it is not.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

use std::env;
use std::process::Command;

use libzfs::testing::Pool;
use libzfs::{Encryption, ErrorKind, Key, Zfs, kernel_version, userland_library};

/// Set in a child that the test starts, to run the part that needs another environment.
const CHILD: &str = "LIBZFS_TEST_CHILD";

fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// Runs the same test again in a child of this program.
#[track_caller]
fn in_child(test: &str, prepare: impl FnOnce(Command) -> Command) {
    let mut command = prepare(Command::new(env::current_exe().unwrap()));
    command
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{output:?}"
    );
}

#[test]
fn opens_and_knows_its_versions() {
    Zfs::open().unwrap();
    let kernel = kernel_version().unwrap();
    assert!(kernel.starts_with("2."), "{kernel}");
    let userland = userland_library();
    assert!(
        userland
            .path
            .unwrap()
            .to_str()
            .unwrap()
            .contains("libzfs_core.so.3")
    );
    let version = userland.version.expect("zfsutils is installed in guests");
    assert_eq!(version.trim_start_matches("zfs-"), kernel);
}

#[test]
fn a_missing_device_is_an_error_that_says_so() {
    if is_child() {
        let error = Zfs::open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ZfsNotAvailable);
        assert_eq!(error.errno().raw(), libc::ENOENT);
        assert!(error.to_string().contains("modprobe zfs"), "{error}");
        return;
    }
    in_child("a_missing_device_is_an_error_that_says_so", |program| {
        let mut command = Command::new("unshare");
        let script = "mount -t tmpfs none /dev && exec \"$0\" \"$@\"";
        command
            .args(["-m", "sh", "-c", script])
            .arg(program.get_program());
        command
    });
}

#[test]
fn a_device_that_may_not_be_opened_is_an_error_that_says_so() {
    if is_child() {
        let error = Zfs::open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(error.errno().raw(), libc::EACCES);
        return;
    }
    in_child(
        "a_device_that_may_not_be_opened_is_an_error_that_says_so",
        |program| {
            // A copy, because the program may stand where only root can go.
            let mut command = Command::new("unshare");
            let script = "mount -t tmpfs none /mnt && cp \"$0\" /mnt/test && chmod 0600 /dev/zfs && \
                      exec setpriv --reuid 65534 --regid 65534 --clear-groups /mnt/test \"$@\"";
            command
                .args(["-m", "sh", "-c", script])
                .arg(program.get_program());
            command
        },
    );
}

#[test]
fn handles_are_shared_between_threads_and_outlive_each_other() {
    let zfs = Zfs::open().unwrap();
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let zfs = zfs.clone();
            std::thread::spawn(move || {
                for _ in 0..50 {
                    let other = Zfs::open().unwrap();
                    let missing = "nosuchpool/a".parse().unwrap();
                    assert!(!zfs.dataset_exists(&missing).unwrap());
                    drop(other);
                    assert!(!zfs.dataset_exists(&missing).unwrap());
                }
            })
        })
        .collect();
    drop(zfs);
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn no_key_is_handed_to_a_library_that_would_print_it() {
    if is_child() {
        let pool = Pool::create().unwrap();
        let key = || Key::raw(&[0xab; 32]).unwrap();
        let name = pool.dataset("enc");
        let create = pool
            .zfs()
            .create(&name)
            .encryption(Encryption::Aes256Gcm, key());
        assert_eq!(create.run().unwrap_err().kind(), ErrorKind::KeyWouldShow);
        assert!(!pool.zfs().dataset_exists(&name).unwrap());
        return;
    }
    in_child(
        "no_key_is_handed_to_a_library_that_would_print_it",
        |mut program| {
            program.env("ZFS_IOC_TRACE", "1");
            program
        },
    );
}

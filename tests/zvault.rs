//! The command-line tool, as it is built.

#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

use std::process::Command;

const ZVAULT: &str = env!("CARGO_BIN_EXE_zvault");

fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn version_names_crate_library_and_module() {
    let text = stdout(Command::new(ZVAULT).arg("version"));
    let module = libzfs::kernel_version().unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("zvault") && lines[0].ends_with(env!("CARGO_PKG_VERSION")));
    assert!(
        lines[1].contains(&module) && lines[1].contains("libzfs_core.so.3"),
        "{text}"
    );
    assert!(
        lines[2].starts_with("kernel module") && lines[2].ends_with(&module),
        "{text}"
    );
}

#[test]
fn what_is_missing_is_said() {
    // A module that is not loaded is one whose directory is not there, and a release that nobody
    // knows is a libzfs that is not there.
    let script = "mount -t tmpfs none /sys/module && \
                  for lib in /lib/x86_64-linux-gnu/libzfs.so.*; do mount --bind /dev/null $lib; done && \
                  exec \"$0\" version";
    let text = stdout(Command::new("unshare").args(["-m", "sh", "-c", script, ZVAULT]));
    assert!(text.contains("release not known"), "{text}");
    assert!(
        text.contains("kernel module  missing: ") && text.contains("modprobe zfs"),
        "{text}"
    );
}

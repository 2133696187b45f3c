//! zvault on both ends of a real connection by OpenSSH, with a forced command.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

#[path = "support/sshd.rs"]
mod sshd;
mod support;

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use libzfs::testing::Pool;
use libzfs::{DatasetName, Key, SnapshotName};
use serial_test::{parallel, serial};
use sshd::{HOST, Sshd};
use support::{
    LIMIT, encrypted, noise, pool, property_says, raw_key, snapshot, within, write_file,
};

const ZVAULT: &str = env!("CARGO_BIN_EXE_zvault");

fn zvault(server: &Sshd, arguments: &[&str]) -> Command {
    let mut path = OsString::from(server.client());
    path.push(":");
    path.push(env::var_os("PATH").unwrap());
    let mut command = Command::new(ZVAULT);
    command.args(arguments).env("PATH", path);
    command.stdin(Stdio::null());
    command
}

#[track_caller]
fn run(server: &Sshd, arguments: &[&str]) -> Output {
    let mut command = zvault(server, arguments);
    within(LIMIT, move || command.output().unwrap())
}

#[track_caller]
fn succeeds(server: &Sshd, arguments: &[&str]) -> String {
    let output = run(server, arguments);
    assert!(output.status.success(), "{output:?}\n{}", server.log());
    String::from_utf8(output.stdout).unwrap()
}

/// An encrypted dataset with a child, a megabyte in each, and a snapshot of both.
fn tree(pool: &Pool) -> (DatasetName, [SnapshotName; 2]) {
    let top = encrypted(pool, "data");
    let child = top.child("child").unwrap();
    pool.zfs().create(&child).run().unwrap();
    for (seed, name) in [(1, &top), (2, &child)] {
        write_file(pool, name, "file", &noise(seed, 1 << 20));
    }
    let snapshots = [&top, &child].map(|name| name.snapshot("mon").unwrap());
    pool.zfs().create_snapshots(&snapshots).unwrap();
    (top, snapshots)
}

fn guid(name: &str) -> String {
    property_says("guid", name)
}

/// Who reads the system's log.
fn system_log() -> UnixDatagram {
    let _ = fs::remove_file("/dev/log");
    let log = UnixDatagram::bind("/dev/log").unwrap();
    fs::set_permissions("/dev/log", fs::Permissions::from_mode(0o666)).unwrap();
    log.set_nonblocking(true).unwrap();
    log
}

/// What has been written there.
fn logged(log: &UnixDatagram) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = [0; 8192];
    while let Ok(len) = log.recv(&mut line) {
        lines.push(String::from_utf8(line[..len].to_vec()).unwrap());
    }
    lines
}

#[test]
#[parallel]
fn a_tree_is_pushed_to_who_may_only_receive() {
    let log = system_log();
    let (here, there) = (pool("sshfrom"), pool("sshto"));
    let (top, snapshots) = tree(&here);
    let vault = there.name();
    let copy = there.dataset("copies");
    let server = Sshd::with_forced_command(&format!(
        "{ZVAULT} serve --receive-only --marks offsite {copy}"
    ));
    let place = format!("ssh://{HOST}/{copy}");
    let push = ["push", top.as_str(), &place, "--marks", "offsite"];

    succeeds(&server, &push);
    let copies = [format!("{copy}@mon"), format!("{copy}/child@mon")];
    for (snapshot, copied) in snapshots.iter().zip(&copies) {
        assert_eq!(guid(copied), guid(snapshot.as_str()));
    }
    for name in [copy.to_string(), format!("{copy}/child")] {
        assert_eq!(property_says("keystatus", &name), "unavailable");
        assert_eq!(property_says("mounted", &name), "no");
    }
    let next = snapshot(here.zfs(), &top, "tue");
    succeeds(&server, &push);
    assert_eq!(guid(&format!("{copy}@tue")), guid(next.as_str()));
    assert!(succeeds(&server, &push).contains("up to date"));

    // What it shows is what was written.
    there.zfs().load_key(&copy, &raw_key()).unwrap();
    let read = support::read_file(&there, &copy, "file");
    assert!(read == noise(1, 1 << 20));

    for outside in [
        format!("{vault}"),
        format!("{vault}/other"),
        format!("{copy}x"),
    ] {
        let place = format!("ssh://{HOST}/{outside}");
        let output = run(
            &server,
            &["push", top.as_str(), &place, "--marks", "offsite"],
        );
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("refused"), "{said}");
        // What the client is told is no log: this is.
        let logged = logged(&log);
        let of_this = format!("{outside} is not within what is served");
        let is_logged = |line: &String| {
            line.starts_with("<84>zvault[")
                && line.contains("]: for 127.0.0.1: WARN")
                && line.contains("refused")
                && line.contains(&of_this)
        };
        assert!(logged.iter().any(is_logged), "{logged:?}");
    }
    assert!(!there.zfs().dataset_exists(&there.dataset("other")).unwrap());
    // Nor does it give anything away.
    let back = here.dataset("back");
    let pull = ["pull", &place, back.as_str(), "--marks", "offsite"];
    assert_eq!(run(&server, &pull).status.code(), Some(1));
    assert!(!here.zfs().dataset_exists(&back).unwrap());
}

#[test]
#[parallel]
fn a_tree_is_pulled_from_who_may_only_send() {
    let (there, here) = (pool("sshfrom"), pool("sshto"));
    let (top, snapshots) = tree(&there);
    let server = Sshd::with_forced_command(&format!(
        "{ZVAULT} serve --send-raw-only --marks backup {top}"
    ));
    let place = format!("ssh://{HOST}/{top}");
    let copy = here.dataset("copies");
    succeeds(
        &server,
        &["pull", &place, copy.as_str(), "--marks", "backup"],
    );
    assert_eq!(guid(&format!("{copy}@mon")), guid(snapshots[0].as_str()));
    assert_eq!(property_says("keystatus", &copy), "unavailable");

    // Another key, with which whoever has the source could lock all of the copy.
    let other = Key::raw(&[9; 32]).unwrap();
    there.zfs().change_key(&top, other).run().unwrap();
    snapshot(there.zfs(), &top, "tue");
    let pull = ["pull", &place, copy.as_str(), "--marks", "backup"];
    let output = run(&server, &pull);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("would change the key"), "{said}");
    here.zfs().load_key(&copy, &raw_key()).unwrap();
    here.zfs().unload_key(&copy).unwrap();
    succeeds(&server, &[&pull[..], &["--allow-key-changes"]].concat());
    assert!(here.zfs().load_key(&copy, &raw_key()).is_err());
    assert_eq!(property_says("keystatus", &copy), "unavailable");

    let output = run(
        &server,
        &["push", copy.as_str(), &place, "--marks", "backup"],
    );
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

/// Whether the kernel is in the middle of a receive.
fn has_receive_writer() -> bool {
    let names = fs::read_dir("/proc").unwrap().filter_map(|process| {
        let path = process.unwrap().path().join("comm");
        fs::read_to_string(path).ok()
    });
    names
        .into_iter()
        .any(|name| name.starts_with("receive_writer"))
}

#[test]
#[serial]
fn a_connection_that_is_cut_is_made_up_for() {
    let (here, there) = (pool("sshfrom"), pool("sshto"));
    let (top, snapshots) = tree(&here);
    let copy = there.dataset("copies");
    let server =
        Sshd::with_forced_command(&format!("{ZVAULT} serve --receive-only --marks cut {copy}"));
    let place = format!("ssh://{HOST}/{copy}");
    let push = ["push", top.as_str(), &place, "--marks", "cut"];
    let mut slowly = zvault(&server, &[&push[..], &["--rate", "200K"]].concat());
    let mut child = slowly.stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while !has_receive_writer() {
        assert!(start.elapsed() < LIMIT, "{}", server.log());
        thread::sleep(Duration::from_millis(100));
    }
    // The far end dies as it would with its machine.
    let killed = Command::new("pkill")
        .args(["-KILL", "-f", "zvault serve --receive-only --marks cut"])
        .status();
    assert!(killed.unwrap().success());
    let ended = within(LIMIT, move || child.wait().unwrap());
    assert_eq!(ended.code(), Some(1));
    assert!(
        !there
            .zfs()
            .snapshot_exists(&copy.snapshot("mon").unwrap())
            .unwrap()
    );

    succeeds(&server, &push);
    assert_eq!(guid(&format!("{copy}@mon")), guid(snapshots[0].as_str()));
    assert_eq!(
        guid(&format!("{copy}/child@mon")),
        guid(snapshots[1].as_str())
    );
}

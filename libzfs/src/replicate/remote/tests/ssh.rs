//! What does what `ssh` does, as far as it matters here.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use super::super::Ssh;
use super::*;
use crate::replicate::Side;

/// A program in a directory of its own.
fn program(script: &str) -> (tempfile::TempDir, Ssh) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ssh");
    let script = format!("#!/bin/sh\ncd '{}'\n{script}\n", directory.path().display());
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    let ssh = Ssh::new("backup@vault").program(&path);
    (directory, ssh.limit(LIMIT))
}

fn lost(ssh: Ssh) -> String {
    match ssh.connect() {
        Err(Error::Lost(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_reason_is_what_it_says_last() {
    within(|| {
        let (_directory, ssh) = program(
            "i=0; while [ $i -lt 2000 ]; do echo noise $i; i=$((i+1)); done >&2\n\
             echo 'Permission denied (publickey).' >&2; exit 255",
        );
        let why = lost(ssh);
        assert!(why.contains("exit status: 255"), "{why}");
        assert!(why.ends_with("Permission denied (publickey)."), "{why}");
        assert!(why.len() < 4000);
        let missing = Ssh::new("vault").program("/nonexistent/ssh");
        assert!(lost(missing).contains("/nonexistent/ssh"));
    });
}

#[test]
fn a_host_is_no_option() {
    for host in ["", "-oProxyCommand=touch /tmp/x"] {
        let (directory, _) = program("touch started");
        let named = Ssh::new(host).program(directory.path().join("ssh"));
        refusal(named.connect());
        assert!(!directory.path().join("started").exists());
    }
}

#[test]
fn one_that_hangs_is_ended() {
    within(|| {
        let (directory, ssh) = program("echo $$ >id; exec sleep 600 </dev/null >/dev/null");
        let since = Instant::now();
        let ssh = ssh.limit(Duration::from_millis(500));
        lost(ssh);
        assert!(since.elapsed() < LIMIT / 2);
        let id = fs::read_to_string(directory.path().join("id")).unwrap();
        let process = std::path::Path::new("/proc").join(id.trim());
        assert!(!process.exists(), "it is still there");
    });
}

#[test]
fn a_server_is_spoken_to_through_it() {
    within(|| {
        // Where the server would be started, it is there already, behind two named pipes.
        let (directory, ssh) = program(
            "printf '%s\\n' \"$@\" >arguments\n\
             cat <from & cat >to; wait",
        );
        let path = |name: &str| directory.path().join(name);
        for name in ["from", "to"] {
            let made = std::process::Command::new("mkfifo")
                .arg(path(name))
                .status();
            assert!(made.unwrap().success());
        }
        let fake = Arc::new(Fake::default());
        let (from, to) = (path("from"), path("to"));
        let serving = fake.clone();
        let served = thread::spawn(move || {
            let output = fs::OpenOptions::new().write(true).open(from).unwrap();
            let input = fs::File::open(to).unwrap();
            receiving(&serving).serve(input, output)
        });
        let remote = ssh
            .option("BatchMode=yes")
            .command("zvault serve 'vault/prod'")
            .connect()
            .unwrap();
        remote
            .settle(&marks(), &[(dataset("vault/prod"), vec![1])])
            .unwrap();
        let arguments = fs::read_to_string(path("arguments")).unwrap();
        let arguments: Vec<_> = arguments.lines().collect();
        assert_eq!(
            arguments,
            [
                "-T",
                "-a",
                "-x",
                "-o",
                "BatchMode=yes",
                "-o",
                "ServerAliveInterval=15",
                "--",
                "backup@vault",
                "zvault serve 'vault/prod'"
            ]
        );
        drop(remote);
        served.join().unwrap().unwrap();
        assert_eq!(fake.calls().len(), 1);
    });
}

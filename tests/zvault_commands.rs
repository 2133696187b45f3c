//! The commands of zvault that look after copies, as they are built, on real pools.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use libzfs::testing::Pool;
use libzfs::{DatasetName, SnapshotName};
use serde_json::Value;
use support::{
    PASSPHRASE, encrypted, file_system, noise, pool, property_says, snapshot, stream_of,
    write_file, zfs_says,
};

const ZVAULT: &str = env!("CARGO_BIN_EXE_zvault");

/// What zvault exits with.
const DONE: i32 = 0;
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const FINDING: i32 = 3;

#[track_caller]
fn zvault(args: &[&str], exit: i32) -> String {
    let output = Command::new(ZVAULT).args(args).output().unwrap();
    check(args, &output, exit)
}

/// As a person would who has this on standard input.
#[track_caller]
fn zvault_fed(args: &[&str], input: &[u8], exit: i32) -> String {
    let mut child = Command::new(ZVAULT)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It need not read all of it.
    let _ = child.stdin.take().unwrap().write_all(input);
    check(args, &child.wait_with_output().unwrap(), exit)
}

#[track_caller]
fn check(args: &[&str], output: &Output, exit: i32) -> String {
    assert_eq!(output.status.code(), Some(exit), "{args:?}: {output:?}");
    let said = [&output.stdout[..], &output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(
        !said.contains('\x1b'),
        "a colour without a terminal: {said}"
    );
    assert!(!said.contains(PASSPHRASE), "{said}");
    said
}

#[track_caller]
fn json(args: &[&str], exit: i32) -> Value {
    let args = [args, &["--json"]].concat();
    let output = Command::new(ZVAULT).args(&args).output().unwrap();
    check(&args, &output, exit);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// An encrypted file system with a passphrase, quickly derived.
fn with_passphrase(pool: &Pool, path: &str) -> DatasetName {
    let name = pool.dataset(path);
    let mut create = Command::new("zfs")
        .args(["create", "-u", "-o", "encryption=aes-256-gcm"])
        .args(["-o", "keyformat=passphrase", "-o", "pbkdf2iters=100000"])
        .arg(name.as_str())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let twice = format!("{PASSPHRASE}\n{PASSPHRASE}\n");
    create
        .stdin
        .take()
        .unwrap()
        .write_all(twice.as_bytes())
        .unwrap();
    assert!(create.wait().unwrap().success());
    name
}

/// Received raw by `zfs` itself, and set up as a vault has it.
fn copy(snapshot: &SnapshotName, to: &DatasetName) {
    let script = "zfs send -w \"$0\" | zfs receive -u -o readonly=on -o canmount=off \"$1\"";
    let status = Command::new("sh")
        .args(["-c", script, snapshot.as_str(), to.as_str()])
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn what_breaks_the_promise_is_found() {
    let pool = pool("zverify");
    let zfs = pool.zfs();
    let source = encrypted(&pool, "prod");
    let first = snapshot(zfs, &source, "rep-1");
    let vault = file_system(&pool, "vault");
    let there = pool.dataset("vault/prod");
    copy(&first, &there);

    let kept = |exit| {
        let args = ["verify", there.as_str(), "--source", source.as_str()];
        (zvault(&args, exit), json(&args, exit))
    };
    let (text, value) = kept(DONE);
    assert!(text.contains("the promise is kept"), "{text}");
    assert!(text.contains("aes-256-gcm"), "{text}");
    let copy_of = &value[0]["datasets"][0];
    assert_eq!(copy_of["source"], source.as_str());
    let guid: u64 = property_says("guid", &first).parse().unwrap();
    assert_eq!(copy_of["shared"][0]["guid"], guid);
    assert_eq!(copy_of["breaches"], Value::Array(Vec::new()));

    // The container is encrypted with nothing, and is none of the copies.
    let text = zvault(&["verify", vault.as_str()], FINDING);
    assert!(text.contains("vault: not encrypted"), "{text}");
    zvault(&["verify", "--below", vault.as_str()], DONE);

    // What an operator could do to it, each of which is found, and only that.
    let breach = |change: &[&str], back: &[&str], found: &str| {
        zfs_says(change);
        let value = json(&["verify", there.as_str()], FINDING);
        let breaches = value[0]["datasets"][0]["breaches"].as_array().unwrap();
        assert_eq!(breaches.len(), 1, "{value}");
        assert_eq!(breaches[0]["breach"], found);
        zfs_says(back);
        zvault(&["verify", there.as_str()], DONE);
    };
    let name = there.as_str();
    breach(
        &["set", "readonly=off", name],
        &["set", "readonly=on", name],
        "writable",
    );
    breach(
        &["set", "canmount=noauto", name],
        &["set", "canmount=off", name],
        "can_mount",
    );
    let key = tempfile::NamedTempFile::new().unwrap();
    fs::write(&key, [7; 32]).unwrap();
    let location = format!("file://{}", key.path().display());
    breach(
        &["load-key", "-L", &location, name],
        &["unload-key", name],
        "key_available",
    );

    // Snapshots of its own make it another thing than its source.
    let own = there.snapshot("own").unwrap();
    zfs_says(&["snapshot", own.as_str()]);
    let (text, value) = kept(FINDING);
    assert!(text.contains("has @own behind @rep-1"), "{text}");
    let found = &value[0]["datasets"][0]["breaches"][0];
    assert_eq!(found["breach"], "diverged");
    zfs_says(&["destroy", own.as_str()]);

    // A name is no proof: another snapshot has it by now on the source.
    zfs_says(&["destroy", first.as_str()]);
    snapshot(zfs, &source, "rep-1");
    let (text, _) = kept(FINDING);
    assert!(text.contains("no snapshot in common"), "{text}");

    // Nobody verified it.
    let text = zvault(&["verify", name, "--marks", "off-site"], FINDING);
    assert!(text.contains("never verified"), "{text}");
    let text = zvault(&["verify", "nonexistent/x"], FAILED);
    assert!(text.contains("nonexistent"), "{text}");
}

#[test]
fn what_is_not_raw_is_found() {
    let pool = pool("zplain");
    let source = encrypted(&pool, "prod");
    let first = snapshot(pool.zfs(), &source, "rep-1");
    let there = pool.dataset("copy");
    let script = "zfs send \"$0\" | zfs receive -u -o readonly=on -o canmount=off \"$1\"";
    let sent = Command::new("sh")
        .args(["-c", script, first.as_str(), there.as_str()])
        .status();
    assert!(sent.unwrap().success());
    let text = zvault(&["verify", there.as_str()], FINDING);
    assert!(text.contains("not encrypted"), "{text}");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&stream_of(&pool.zfs().send(&first)))
        .unwrap();
    let text = zvault(&["stream", "info", file.path().to_str().unwrap()], DONE);
    assert!(text.contains("whoever has it can read it"), "{text}");
}

#[test]
fn pruning_keeps_what_is_needed_and_says_why() {
    let pool = pool("zprune");
    let zfs = pool.zfs();
    let data = encrypted(&pool, "data");
    let names: Vec<_> = (1..=6)
        .map(|number| snapshot(zfs, &data, &format!("rep-{number}")))
        .collect();
    let other = snapshot(zfs, &data, "monthly");
    zfs_says(&["hold", "audit", names[0].as_str()]);
    zfs_says(&["clone", names[1].as_str(), pool.dataset("clone").as_str()]);
    let mark = format!("{data}#zvault:off-site:{:016x}", 1);
    zfs_says(&["bookmark", names[2].as_str(), &mark]);
    let args = ["prune", data.as_str(), "--tag", "rep-", "--newest", "1"];

    let text = zvault(&[&args[..], &["-n"]].concat(), DONE);
    assert_eq!(text.matches("would go").count(), 2, "{text}");
    for name in &names {
        assert!(zfs.snapshot_exists(name).unwrap());
    }
    let value = json(&args, DONE);
    let destroyed = &value[0]["destroyed"];
    assert_eq!(*destroyed, serde_json::json!(["rep-4", "rep-5"]));
    let left = zfs_says(&[
        "list",
        "-Ho",
        "name",
        "-t",
        "snapshot",
        "-s",
        "createtxg",
        data.as_str(),
    ]);
    let expected = [&names[0], &names[1], &names[2], &names[5], &other];
    let expected: Vec<_> = expected.iter().map(|name| name.as_str()).collect();
    assert_eq!(left.lines().collect::<Vec<_>>(), expected);

    let text = zvault(&args, DONE);
    for why in [
        "held: audit",
        "cloned: ",
        "goes on from it",
        "one of the newest",
    ] {
        assert!(text.contains(why), "{why}: {text}");
    }
    assert!(!text.contains("monthly"), "{text}");
    // Without anything to keep, nothing would be kept by mistake.
    let text = zvault(&["prune", data.as_str(), "--tag", "rep-"], USAGE);
    assert!(text.contains("--newest"), "{text}");
}

#[test]
fn snapshots_are_held_and_released() {
    let pool = pool("zhold");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let child = file_system(&pool, "data/child");
    let top = snapshot(zfs, &data, "a");
    let below = snapshot(zfs, &child, "a");
    zvault(&["hold", "-r", "audit", top.as_str()], DONE);
    for name in [&top, &below] {
        assert_eq!(property_says("userrefs", name), "1");
    }
    zvault(&["release", "audit", top.as_str()], DONE);
    let text = zvault(&["release", "audit", top.as_str()], FAILED);
    assert!(text.contains(top.as_str()), "{text}");
    let value = json(&["release", "audit", below.as_str()], DONE);
    assert_eq!(value["snapshots"][0], below.as_str());

    // An anchor is not released by the way.
    let text = zvault(&["hold", "zvault:off-site", top.as_str()], USAGE);
    assert!(text.contains("--anchors"), "{text}");
    zvault(
        &["hold", "--anchors", "zvault:off-site", top.as_str()],
        DONE,
    );
    zvault(&["release", "zvault:off-site", top.as_str()], USAGE);
    assert_eq!(property_says("userrefs", &top), "1");
    zvault(
        &["release", "--anchors", "zvault:off-site", top.as_str()],
        DONE,
    );
    assert_eq!(property_says("userrefs", &top), "0");
}

#[test]
fn a_copy_is_unlocked_read_and_locked_again() {
    let pool = pool("zunlock");
    let source = with_passphrase(&pool, "prod");
    write_file(&pool, &source, "secret", b"of the house");
    let first = snapshot(pool.zfs(), &source, "rep-1");
    let there = pool.dataset("copy");
    copy(&first, &there);
    let name = there.as_str();
    let status = || property_says("keystatus", name);
    assert_eq!(status(), "unavailable");

    let place = tempfile::tempdir().unwrap();
    let at = place.path().to_str().unwrap();
    let fd = ["unlock", name, "--key-fd", "0"];
    let text = zvault_fed(&fd, b"wrong horse battery\n", FAILED);
    assert!(text.contains(name), "{text}");
    let text = zvault_fed(&fd, b"short\n", FAILED);
    assert!(text.contains("8"), "{text}");
    assert_eq!(status(), "unavailable");
    // Nobody is asked where there is no terminal.
    let setsid = Command::new("setsid")
        .args(["-w", ZVAULT, "unlock", name])
        .output();
    check(&fd, &setsid.unwrap(), USAGE);

    let passphrase = format!("{PASSPHRASE}\n");
    zvault_fed(
        &[&fd[..], &["--at", at]].concat(),
        passphrase.as_bytes(),
        DONE,
    );
    assert_eq!(status(), "available");
    assert_eq!(
        fs::read(place.path().join("secret")).unwrap(),
        b"of the house"
    );
    assert!(fs::write(place.path().join("new"), b"x").is_err());
    let text = zvault(&["verify", name], FINDING);
    assert!(
        text.contains("its key is loaded") && text.contains("mounted at"),
        "{text}"
    );
    zvault(&["verify", name, "--policy", "standby"], DONE);

    let text = zvault(&["lock", name], DONE);
    assert!(text.contains(&format!("locked {name}")), "{text}");
    assert_eq!(status(), "unavailable");
    zvault(&["verify", name], DONE);
    let text = zvault(&["lock", name], DONE);
    assert!(text.contains("nothing was to be locked"), "{text}");

    let key = tempfile::NamedTempFile::new().unwrap();
    fs::write(&key, &passphrase).unwrap();
    zvault(
        &["unlock", name, "--key-file", key.path().to_str().unwrap()],
        DONE,
    );
    assert_eq!(status(), "available");
    zvault(&["lock", name], DONE);
}

#[test]
fn a_key_is_asked_for_with_the_echo_off() {
    let pool = pool("zprompt");
    let source = with_passphrase(&pool, "prod");
    zfs_says(&["unload-key", source.as_str()]);
    // A terminal of its own, into which somebody types.
    let script = format!(
        "{{ sleep 4; echo '{PASSPHRASE}'; sleep 3; }} | script -qec '{ZVAULT} unlock {source}' /dev/null"
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("Key of"), "{said}");
    assert!(!said.contains("battery"), "{said}");
    assert_eq!(property_says("keystatus", &source), "available", "{said}");
}

#[test]
fn streams_are_looked_into() {
    let pool = pool("zstream");
    let data = encrypted(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 1 << 20));
    let first = snapshot(pool.zfs(), &data, "a");
    let stream = stream_of(&pool.zfs().send(&first).raw());
    let text = zvault_fed(&["stream", "info"], &stream, DONE);
    assert!(text.contains("raw, with aes-256-gcm"), "{text}");
    assert!(text.contains(first.as_str()), "{text}");
    let text = zvault_fed(&["stream", "verify"], &stream, DONE);
    assert!(text.contains("all checksums right"), "{text}");

    let text = zvault_fed(&["stream", "verify"], &stream[..stream.len() - 1], FINDING);
    assert!(text.contains("damaged: the stream ends"), "{text}");
    let mut damaged = stream;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let text = zvault_fed(&["stream", "verify"], &damaged, FINDING);
    assert!(text.contains("damaged: "), "{text}");
    let text = zvault_fed(&["stream", "info"], b"", FINDING);
    assert!(text.contains("empty"), "{text}");
    zvault(&["stream", "info", "/nonexistent"], FAILED);
}

#[test]
fn it_shows_what_there_is_and_how_it_is_used() {
    let pool = pool("zstatus");
    let data = encrypted(&pool, "data");
    let first = snapshot(pool.zfs(), &data, "a");
    let mark = format!("{data}#zvault:off-site:{:016x}", 1);
    zfs_says(&["bookmark", first.as_str(), &mark]);
    let value = json(&["status"], DONE);
    let datasets = value["datasets"].as_array().unwrap();
    let found = datasets
        .iter()
        .find(|found| found["dataset"] == data.as_str());
    assert_eq!(found.unwrap()["sent_by"][0], "off-site");
    let text = zvault(&["status", data.as_str()], DONE);
    assert!(text.contains("ONLINE") && text.contains("@a"), "{text}");

    for shell in ["bash", "zsh", "fish"] {
        assert!(zvault(&["completions", shell], DONE).contains("verify"));
    }
    let pages = tempfile::tempdir().unwrap();
    zvault(&["man", pages.path().to_str().unwrap()], DONE);
    let page = fs::read_to_string(pages.path().join("zvault.1")).unwrap();
    assert!(page.contains("Exit codes"), "{page}");
    assert!(pages.path().join("zvault-verify.1").exists());
    assert!(zvault(&["help", "verify"], DONE).contains("Examples"));
    zvault(&["verify"], USAGE);
    zvault(&["verify", "bad@name"], USAGE);
}

//! What operators do for raw replication, done with zvault as it is built, and looked at with `zfs`.
//!
//! | operators                                          | test |
//! |----------------------------------------------------|------|
//! | look how a dataset is encrypted                    | `what_is_not_encrypted_is_not_sent`, `a_tree_is_replicated` |
//! | take snapshots of a whole tree at once             | `a_tree_is_replicated` |
//! | send a tree raw, receive it unmounted              | `a_tree_is_replicated` |
//! | prove that the copy is ciphertext                  | `a_tree_is_replicated`, `zvault_commands` |
//! | send all between two snapshots, or from a bookmark | `a_tree_is_replicated` |
//! | estimate sizes                                     | `a_tree_is_replicated` |
//! | notice a stream that is empty or cut               | `zvault_commands` |
//! | resume, or discard what was begun                  | `what_was_interrupted_goes_on` |
//! | find that a copy without its key cannot be mounted | `a_tree_is_replicated` |
//! | load a key, mount, unload it again                 | `a_copy_is_passed_on_and_restored`, `zvault_commands` |
//! | compare both sides by GUID                         | `a_tree_is_replicated` |
//! | hold and release anchors                           | `a_tree_is_replicated`, `zvault_commands` |
//! | have copies read-only and never mounted            | `a_tree_is_replicated` |
//! | watch capacity and health                          | `zvault_commands` |
//! | pass a copy on                                     | `a_copy_is_passed_on_and_restored` |
//! | store and forward                                  | `streams_wait_in_a_spool` |
//! | do it between machines                             | `the_other_side_can_be_another_machine` |
//!
//! | mistakes                                           | test |
//! |----------------------------------------------------|------|
//! | a send that is not raw                             | `what_is_not_encrypted_is_not_sent` |
//! | a base that nothing held                           | `a_tree_is_replicated` |
//! | a receive that rolls back what nobody looked at    | `what_went_its_own_way_is_left_alone` |
//! | a copy that mounts by itself                       | `a_tree_is_replicated` |
//! | a stream believed encrypted for its transport      | `what_is_not_encrypted_is_not_sent` |
//! | base and target chosen by name                     | `what_went_its_own_way_is_left_alone` |
//! | an estimate of the wrong range                     | `a_tree_is_replicated` |
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libzfs::DatasetName;
use libzfs::testing::Pool;
use serde_json::Value;
use support::{
    LIMIT, encrypted, file_system, noise, pool, property_says, snapshot, write_file, zfs_says,
};

const ZVAULT: &str = env!("CARGO_BIN_EXE_zvault");

/// What zvault exits with.
const DONE: i32 = 0;
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const FINDING: i32 = 3;
const INTERRUPTED: i32 = 4;

#[track_caller]
fn check(args: &[&str], output: &Output, exit: i32) -> String {
    assert_eq!(output.status.code(), Some(exit), "{args:?}: {output:?}");
    let said = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8(said).unwrap()
}

#[track_caller]
fn zvault(args: &[&str], exit: i32) -> String {
    let output = Command::new(ZVAULT).args(args).output().unwrap();
    check(args, &output, exit)
}

#[track_caller]
fn json(args: &[&str], exit: i32) -> Value {
    let args = [args, &["--json"]].concat();
    let output = Command::new(ZVAULT).args(&args).output().unwrap();
    check(&args, &output, exit);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The GUIDs of a dataset's snapshots, by `zfs`.
#[track_caller]
fn guids(dataset: &DatasetName) -> Vec<String> {
    let args = ["list", "-Hpo", "guid", "-t", "snapshot", "-s", "createtxg"];
    let said = zfs_says(&[&args[..], &[dataset.as_str()]].concat());
    said.lines().map(str::to_owned).collect()
}

/// The only snapshot that the marks hold, by `zfs`.
#[track_caller]
fn held(dataset: &DatasetName) -> String {
    let snapshots = zfs_says(&["list", "-Ho", "name", "-t", "snapshot", dataset.as_str()]);
    let snapshots: Vec<_> = snapshots.lines().collect();
    let said = zfs_says(&[&["holds", "-H"], &snapshots[..]].concat());
    let marked: Vec<_> = said
        .lines()
        .filter(|line| line.contains("zvault:test"))
        .collect();
    assert_eq!(marked.len(), 1, "{said}");
    marked[0].split('\t').next().unwrap().to_owned()
}

#[test]
fn a_tree_is_replicated() {
    let (here, there) = (pool("zrsource"), pool("zrvault"));
    let source = encrypted(&here, "prod");
    let home = here.dataset("prod/home");
    here.zfs().create(&home).run().unwrap();
    let disk = here.dataset("prod/disk");
    here.zfs().create(&disk).volume(8 << 20).run().unwrap();
    write_file(&here, &source, "data", &noise(1, 6 << 20));
    let to = there.dataset("prod");
    let copies = [
        (&source, to.clone()),
        (&home, there.dataset("prod/home")),
        (&disk, there.dataset("prod/disk")),
    ];
    let both = [source.as_str(), to.as_str(), "--marks", "test"];
    let with = |command: &'static str, more: &[&'static str]| -> Vec<String> {
        let all = [&[command], &both[..], more].concat();
        all.into_iter().map(str::to_owned).collect()
    };
    let run = |command, more: &[&'static str], exit| {
        let args = with(command, more);
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        zvault(&args, exit)
    };
    let text = run("push", &["--take", "rep-"], DONE);
    assert!(text.contains("3 streams received and verified"), "{text}");

    for (original, copy) in &copies {
        assert_eq!(guids(original), guids(copy));
        assert_eq!(property_says("encryption", copy), "aes-256-gcm");
        assert_eq!(property_says("keystatus", copy), "unavailable");
        assert_eq!(property_says("encryptionroot", copy), copy.as_str());
        assert_eq!(property_says("readonly", copy), "on");
        if *copy != there.dataset("prod/disk") {
            assert_eq!(property_says("canmount", copy), "off");
            assert_eq!(property_says("mounted", copy), "no");
        }
        // What the next stream goes on from cannot be destroyed by mistake, on either side.
        for dataset in [original, copy] {
            let held = held(dataset);
            let destroyed = Command::new("zfs").args(["destroy", &held]).output();
            assert!(!destroyed.unwrap().status.success());
        }
    }
    let verify = ["verify", to.as_str(), "--source", source.as_str()];
    let verify = [&verify[..], &["--marks", "test", "--max-age", "1h"]].concat();
    let text = zvault(&verify, DONE);
    assert!(text.contains("the promise is kept"), "{text}");
    // It does not mount by itself, and not by hand either.
    let _ = Command::new("zfs").args(["mount", "-a"]).output();
    let mount = Command::new("zfs").args(["mount", to.as_str()]).output();
    assert!(!mount.unwrap().status.success());
    assert_eq!(property_says("mounted", &to), "no");

    // All that is new, in its order, and with its own size.
    write_file(&here, &source, "more", &noise(2, 1 << 20));
    snapshot(here.zfs(), &source, "by-hand");
    snapshot(here.zfs(), &source, "rep-later");
    let args = with("plan", &["--json"]);
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let plan = json(&args[..args.len() - 1], DONE);
    let steps = plan["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 1, "{plan}");
    let actions = steps[0]["actions"].as_array().unwrap();
    assert_eq!(actions.len(), 2, "{plan}");
    let estimate = |at: usize| actions[at]["transfer"]["estimate"].as_u64().unwrap();
    assert!((1 << 20..2 << 20).contains(&estimate(0)), "{plan}");
    assert!(estimate(1) < 1 << 19, "{plan}");
    let text = run("push", &["--newest", "--only", "rep-"], DONE);
    assert!(text.contains("1 stream received"), "{text}");
    let text = run("push", &["--newest", "--only", "rep-"], DONE);
    assert!(text.contains("up to date"), "{text}");
    assert!(held(&to).ends_with("@rep-later"));

    // Without its snapshot the source goes on from the bookmark.
    let last = held(&source);
    zvault(&["release", "--anchors", "zvault:test", &last], DONE);
    zfs_says(&["destroy", &last]);
    snapshot(here.zfs(), &source, "rep-last");
    let text = run("plan", &["--only", "rep-"], DONE);
    assert!(text.contains("it goes on from a bookmark"), "{text}");
    run("push", &["--only", "rep-"], DONE);
    let last = |dataset| guids(dataset).pop();
    assert_eq!(last(&source), last(&to));
    zvault(&verify, DONE);
}

#[test]
fn a_copy_is_passed_on_and_restored() {
    let pool = pool("zrpass");
    let source = encrypted(&pool, "prod");
    write_file(&pool, &source, "file", b"of the house");
    snapshot(pool.zfs(), &source, "one");
    let (vault, third) = (pool.dataset("vault"), pool.dataset("third"));
    let push = |from: &DatasetName, to: &DatasetName, marks| {
        zvault(
            &["push", from.as_str(), to.as_str(), "--marks", marks],
            DONE,
        );
    };
    push(&source, &vault, "first");
    // From where nobody has the key.
    push(&vault, &third, "second");
    assert_eq!(guids(&source), guids(&third));
    assert_eq!(property_says("keystatus", &vault), "unavailable");
    zvault(&["verify", third.as_str(), "--marks", "second"], DONE);

    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("key");
    fs::write(&key, [7; 32]).unwrap();
    let at = directory.path().join("at");
    let unlock = [
        "unlock",
        third.as_str(),
        "--key-file",
        key.to_str().unwrap(),
    ];
    let unlock = [&unlock[..], &["--at", at.to_str().unwrap()]].concat();
    zvault(&unlock, DONE);
    assert_eq!(fs::read(at.join("file")).unwrap(), b"of the house");
    zvault(&["verify", third.as_str()], FINDING);
    zvault(&["lock", third.as_str()], DONE);
    zvault(&["verify", third.as_str()], DONE);

    // To have been read has not changed it.
    snapshot(pool.zfs(), &source, "two");
    push(&source, &vault, "first");
    push(&vault, &third, "second");
    assert_eq!(guids(&source), guids(&third));
}

#[test]
fn what_is_not_encrypted_is_not_sent() {
    let pool = pool("zrplain");
    let source = file_system(&pool, "plain");
    snapshot(pool.zfs(), &source, "one");
    let to = pool.dataset("copy");
    let args = [source.as_str(), to.as_str(), "--marks", "test"];
    for command in ["plan", "push"] {
        let text = zvault(&[&[command], &args[..]].concat(), FINDING);
        assert!(text.contains("it is not encrypted"), "{text}");
        assert!(text.contains("leave the dataset out"), "{text}");
    }
    assert!(!pool.zfs().dataset_exists(&to).unwrap());
    let text = zvault(&["push", "a@b", to.as_str()], USAGE);
    assert!(text.contains("a@b"), "{text}");
    let remote = "ssh://nowhere/tank/a";
    zvault(&["push", remote, to.as_str(), "--marks", "test"], USAGE);
}

#[test]
fn what_went_its_own_way_is_left_alone() {
    let pool = pool("zrdiverged");
    let source = encrypted(&pool, "prod");
    snapshot(pool.zfs(), &source, "one");
    let to = pool.dataset("copy");
    let push = ["push", source.as_str(), to.as_str(), "--marks", "test"];
    zvault(&push, DONE);
    zfs_says(&["snapshot", &format!("{to}@own")]);
    snapshot(pool.zfs(), &source, "two");
    let before = guids(&to);
    let text = zvault(&push, FINDING);
    assert!(text.contains("has a snapshot of its own"), "{text}");
    assert!(text.contains("rename the copy"), "{text}");
    assert_eq!(guids(&to), before);
    zvault(
        &["verify", to.as_str(), "--source", source.as_str()],
        FINDING,
    );
    zfs_says(&["destroy", &format!("{to}@own")]);
    zvault(&push, DONE);

    // The same names, and something else behind them.
    let other = encrypted(&pool, "other");
    for name in ["one", "two", "three"] {
        snapshot(pool.zfs(), &other, name);
    }
    let before = guids(&to);
    let push = ["push", other.as_str(), to.as_str(), "--marks", "other"];
    let text = zvault(&push, FINDING);
    assert!(text.contains("in common"), "{text}");
    assert_eq!(guids(&to), before);
}

/// Waits until a receive has begun to leave something behind.
#[track_caller]
fn wait_for_partial(dataset: &DatasetName) {
    let since = Instant::now();
    while since.elapsed() < LIMIT {
        let args = ["get", "-Hpo", "value", "receive_resume_token"];
        let said = Command::new("zfs")
            .args(args)
            .arg(dataset.as_str())
            .output();
        let said = String::from_utf8(said.unwrap().stdout).unwrap();
        if said.trim().len() > 1 {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("nothing arrived");
}

#[test]
fn what_was_interrupted_goes_on() {
    let pool = pool("zrkilled");
    let source = encrypted(&pool, "prod");
    write_file(&pool, &source, "data", &noise(1, 12 << 20));
    snapshot(pool.zfs(), &source, "one");
    let to = pool.dataset("copy");
    let push = ["push", source.as_str(), to.as_str(), "--marks", "test"];
    for signal in ["KILL", "TERM"] {
        let mut child = Command::new(ZVAULT)
            .args(push)
            .args(["--rate", "1M"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_secs(4));
        let kill = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        if signal == "TERM" {
            check(&push, &child.wait_with_output().unwrap(), INTERRUPTED);
        } else {
            child.wait().unwrap();
        }
        wait_for_partial(&to);
        let plan = ["plan", source.as_str(), to.as_str(), "--marks", "test"];
        let text = zvault(&plan, DONE);
        assert!(text.contains("resumed"), "{text}");
    }
    zvault(&push, DONE);
    assert_eq!(guids(&source), guids(&to));
    assert_eq!(property_says("receive_resume_token", &to), "-");
    assert!(held(&source).ends_with("@one"));
    zvault(&["verify", to.as_str(), "--marks", "test"], DONE);
}

/// A configuration with one job.
fn configuration(directory: &Path, pool: &Pool, more: &str) -> String {
    let path = directory.join("zvault.toml");
    let (source, destination) = (pool.dataset("prod"), pool.dataset("copy"));
    let text = format!(
        "[jobs.test]\nsource = '{source}'\ndestination = '{destination}'\n\
         take = 'rep-'\nonly = 'rep-'\nmax_age = '1h'\n{more}\n\
         [[jobs.test.prune]]\ndataset = '{source}'\ntag = 'rep-'\nnewest = 1\n"
    );
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn jobs_are_run() {
    let pool = pool("zrjob");
    let source = encrypted(&pool, "prod");
    let directory = tempfile::tempdir().unwrap();
    let config = configuration(directory.path(), &pool, "");
    let run = ["run", "test", "--config", &config];
    for _ in 0..3 {
        let text = zvault(&run, DONE);
        assert!(text.contains("the promise is kept"), "{text}");
        thread::sleep(Duration::from_millis(1100));
    }
    // The newest, and the one that the bookmark before it is of.
    assert!(guids(&source).len() <= 2);
    assert_eq!(guids(&pool.dataset("copy")).len(), 3);
    // Whoever opens the vault hears of it by the job.
    let key = directory.path().join("key");
    fs::write(&key, [7; 32]).unwrap();
    let location = format!("file://{}", key.display());
    zfs_says(&["load-key", "-L", &location, pool.dataset("copy").as_str()]);
    let text = zvault(&run, FINDING);
    assert!(text.contains("key"), "{text}");

    let text = zvault(&["run", "other", "--config", &config], USAGE);
    assert!(text.contains("test"), "{text}");
    let config = configuration(directory.path(), &pool, "tkae = 'x'");
    let text = zvault(&["run", "test", "--config", &config], USAGE);
    assert!(text.contains("tkae"), "{text}");
}

/// A program in the place of `ssh` that starts on this machine what is to be started on the other.
const SSH: &str = "#!/bin/sh\nfor command; do :; done\nexec sh -c \"$command\"\n";

#[test]
fn the_other_side_can_be_another_machine() {
    let pool = pool("zrssh");
    let source = encrypted(&pool, "prod");
    let (vault, back) = (pool.dataset("vault"), pool.dataset("back"));
    let programs = tempfile::tempdir().unwrap();
    let ssh = programs.path().join("ssh");
    fs::write(&ssh, SSH).unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    let path = with_zvault(programs.path());
    let run = |args: &[&str], exit| {
        let output = Command::new(ZVAULT).args(args).env("PATH", &path).output();
        check(args, &output.unwrap(), exit)
    };
    let there = |dataset: &DatasetName| format!("ssh://backup@vault.example/{dataset}");
    let push = ["push", source.as_str(), &there(&vault), "--marks", "test"];
    run(&[&push[..], &["--take", "rep-"]].concat(), DONE);
    assert_eq!(guids(&source), guids(&vault));
    assert_eq!(property_says("keystatus", &vault), "unavailable");
    let pull = ["pull", &there(&source), back.as_str(), "--marks", "back"];
    run(&[&pull[..], &["--take", "back-"]].concat(), DONE);
    assert_eq!(guids(&source), guids(&back));
    let verify = ["verify", back.as_str(), "--source", &there(&source)];
    let text = run(&verify, DONE);
    assert!(text.contains("the promise is kept"), "{text}");

    // What is forced there decides, whatever is asked for.
    let elsewhere = pool.dataset("elsewhere");
    file_system(&pool, "elsewhere");
    let forced = format!("zvault serve --receive-only --marks test {elsewhere}");
    snapshot(pool.zfs(), &source, "rep-later");
    let before = guids(&vault);
    run(&[&push[..], &["--ssh-command", &forced]].concat(), FAILED);
    assert_eq!(guids(&vault), before);
    // Nobody speaks to it by hand.
    let serve = ["serve", "--receive-only", vault.as_str()];
    let output = Command::new(ZVAULT)
        .args(serve)
        .stdin(Stdio::null())
        .output();
    let output = output.unwrap();
    assert!(output.stdout.len() < 200, "{output:?}");
}

/// A search path with zvault in it.
fn with_zvault(directory: &Path) -> String {
    std::os::unix::fs::symlink(ZVAULT, directory.join("zvault")).unwrap();
    format!("{}:{}", directory.display(), std::env::var("PATH").unwrap())
}

/// The README with its commands as they are written there, and what each of them printed.
struct Shown {
    command: String,
    printed: String,
}

fn five_minutes() -> Vec<Shown> {
    let readme = include_str!("../README.md");
    let (_, block) = readme
        .split_once("<!-- five minutes -->\n```console\n")
        .unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let mut shown: Vec<Shown> = Vec::new();
    for line in block.lines() {
        match line.strip_prefix("# ") {
            Some(command) => shown.push(Shown {
                command: command.to_owned(),
                printed: String::new(),
            }),
            None => shown.last_mut().unwrap().printed.extend([line, "\n"]),
        }
    }
    shown
}

/// The words of a text, in which all numbers are one, with their units.
fn alike(text: &str) -> Vec<String> {
    let word = |word: &str| {
        let is_number = word.starts_with(|first: char| first.is_ascii_digit());
        match is_number {
            true => "0".to_owned(),
            false => word.replace(|letter: char| letter.is_ascii_digit(), "0"),
        }
    };
    text.split_whitespace().map(word).collect()
}

#[test]
fn the_readme_is_true() {
    let programs = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(ZVAULT, programs.path().join("zvault")).unwrap();
    let path = format!(
        "{}:{}",
        programs.path().display(),
        std::env::var("PATH").unwrap()
    );
    let mut transcript = String::new();
    let mut is_true = true;
    for Shown { command, printed } in five_minutes() {
        let output = Command::new("sh")
            .args(["-c", &format!("{{ {command}; }} 2>&1")])
            .env("PATH", &path)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        is_true &= alike(&said) == alike(&printed);
        transcript += &format!("# {command}\n{said}");
    }
    for pool in ["tank", "vault"] {
        let destroyed = Command::new("zpool").args(["destroy", pool]).status();
        assert!(destroyed.unwrap().success());
    }
    assert!(
        is_true,
        "the README shows something else than this:\n{transcript}"
    );
}

/// Moves streams, with what is beside them.
fn carry(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if !name.to_str().unwrap().starts_with('.') {
            fs::rename(&path, to.join(name)).unwrap();
        }
    }
}

#[test]
fn streams_wait_in_a_spool() {
    let pool = pool("zrspool");
    let source = encrypted(&pool, "prod");
    let prefix = file_system(&pool, "site");
    let copy = pool.dataset("site/prod");
    let spool = tempfile::tempdir().unwrap();
    let (out, inbox) = (spool.path().join("out"), spool.path().join("inbox"));
    let first = spool.path().join("first");
    for directory in [&out, &inbox, &first] {
        fs::create_dir(directory).unwrap();
    }
    let [out_name, inbox_name] = [&out, &inbox].map(|path| path.to_str().unwrap());
    let send = [
        "spool",
        "send",
        source.as_str(),
        out_name,
        "--marks",
        "carried",
    ];
    let receive = ["spool", "receive", inbox_name, prefix.as_str()];
    let list = ["spool", "list", inbox_name, prefix.as_str(), "--check"];
    snapshot(pool.zfs(), &source, "one");
    let text = zvault(&send, DONE);
    assert!(text.contains("1 stream left"), "{text}");
    carry(&out, &first);
    snapshot(pool.zfs(), &source, "two");
    zvault(&[&send[..], &["--zstd", "0"]].concat(), DONE);
    let text = zvault(&send, DONE);
    assert!(text.contains("nothing is new"), "{text}");

    // The order in which they come does not matter.
    carry(&out, &inbox);
    let text = zvault(&receive, DONE);
    assert!(text.contains("waits"), "{text}");
    assert!(!pool.zfs().dataset_exists(&copy).unwrap());
    carry(&first, &inbox);
    let text = zvault(&list, DONE);
    assert!(text.contains("ready") && text.contains("waits"), "{text}");
    let text = zvault(&receive, DONE);
    assert_eq!(text.matches("received").count(), 2, "{text}");
    assert_eq!(guids(&source), guids(&copy));
    assert_eq!(property_says("keystatus", &copy), "unavailable");
    zvault(&["verify", copy.as_str()], DONE);
    let text = zvault(&list, DONE);
    assert!(text.contains("empty"), "{text}");

    // What is damaged stays, and is named.
    snapshot(pool.zfs(), &source, "three");
    zvault(&send, DONE);
    carry(&out, &inbox);
    let streams = fs::read_dir(&inbox)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let stream = streams.filter(|path| path.extension().is_some_and(|end| end == "zfs"));
    let stream = stream.last().unwrap();
    let mut bytes = fs::read(&stream).unwrap();
    bytes[400] ^= 1;
    fs::write(&stream, bytes).unwrap();
    let text = zvault(&receive, FINDING);
    assert!(text.contains("damaged"), "{text}");
    assert!(stream.exists());
    assert_eq!(guids(&copy).len(), 2);
}

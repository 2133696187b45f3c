//! Streams that are not what they should be are named and kept, and nothing is changed for them.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::*;
use crate::stream::tests::samples;

/// A spool with the first streams of three datasets, and the name of the first.
struct Spool {
    directory: tempfile::TempDir,
    target: FakeTarget,
    stem: String,
}

impl Spool {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let source = FakeSource::tree();
        source.snapshot_all("rep-1");
        sender(&source).run(directory.path()).unwrap();
        let first = files(directory.path()).remove(0);
        Self {
            stem: first.strip_suffix(SIDECAR).unwrap().to_owned(),
            target: FakeTarget::new(),
            directory,
        }
    }

    fn path(&self, end: &str) -> PathBuf {
        self.directory.path().join(format!("{}{end}", self.stem))
    }

    fn edit(&self, edit: impl FnOnce(&mut serde_json::Value)) {
        let text = fs::read(self.path(SIDECAR)).unwrap();
        let mut value = serde_json::from_slice(&text).unwrap();
        edit(&mut value);
        fs::write(self.path(SIDECAR), value.to_string()).unwrap();
    }

    fn set(&self, field: &str, value: impl Into<serde_json::Value>) {
        self.edit(|sidecar| sidecar[field] = value.into());
    }

    /// Replaces the stream, and has the sidecar be right as far as that goes.
    fn replace(&self, stream: &[u8]) {
        fs::write(self.path(STREAM), stream).unwrap();
        self.set("file_bytes", stream.len());
        self.set("stream_bytes", stream.len());
        let digest: [u8; 32] = Sha256::digest(stream).into();
        self.set("sha256", Sha256Digest(digest).to_string());
    }

    fn stream(&self) -> Vec<u8> {
        fs::read(self.path(STREAM)).unwrap()
    }

    /// The first stream is bad for that reason, stays, and changes nothing; those that need it wait.
    #[track_caller]
    fn is_bad(&self, why: &str) {
        let before = files(self.directory.path());
        let datasets = self.target.datasets();
        let streams = receive(&self.target, self.directory.path());
        for stream in &streams {
            match &stream.outcome {
                Outcome::Bad(bad) if stream.name == self.stem => {
                    assert!(bad.to_string().contains(why), "{bad}");
                }
                Outcome::Waits(Wait::Parent { .. }) if stream.name != self.stem => {}
                _ => panic!("{why}: {stream:?}"),
            }
        }
        assert_eq!(streams.len(), 3);
        assert_eq!(self.target.datasets(), datasets);
        assert_eq!(files(self.directory.path()), before);
    }
}

#[test]
fn what_is_damaged_is_bad() {
    let spool = Spool::new();
    let len = spool.stream().len();
    for cut in [0, 1, 311, 312, len / 2, len - 1] {
        let spool = Spool::new();
        fs::write(spool.path(STREAM), &spool.stream()[..cut]).unwrap();
        spool.is_bad("bytes, and not");
    }
    for at in (0..len).step_by(1009) {
        let spool = Spool::new();
        let mut stream = spool.stream();
        stream[at] ^= 4;
        fs::write(spool.path(STREAM), &stream).unwrap();
        spool.is_bad("digest");
        // As by who damages on purpose.
        let spool = Spool::new();
        spool.replace(&stream);
        spool.is_bad("");
    }
}

#[test]
fn what_is_another_stream_is_bad() {
    for (field, why) in [
        ("guid", "and not 12345"),
        ("base", "from the base with GUID 12345"),
    ] {
        let spool = Spool::new();
        match field {
            "guid" => spool.set("guid", "12345"),
            _ => {
                // One that the target has, so that its turn comes.
                let stream = samples::raw_stream_of(77, Some(12345), 0, 1);
                spool.replace(&stream);
                spool.set("guid", "77");
            }
        }
        spool.is_bad(why);
    }
    let spool = Spool::new();
    let guid = Sidecar::parse(&fs::read(spool.path(SIDECAR)).unwrap())
        .unwrap()
        .guid;
    spool.replace(&samples::raw_stream_of(guid, Some(3), 0, 1));
    spool.is_bad("GUID 3");

    let spool = Spool::new();
    spool.replace(&samples::plain_stream_of(guid, None));
    spool.is_bad("raw");

    let spool = Spool::new();
    spool.replace(&samples::package(crate::stream::Endian::Little));
    spool.is_bad("package");

    let spool = Spool::new();
    let mut more = spool.stream();
    more.push(0);
    spool.replace(&more);
    spool.is_bad("more behind the end");

    for less_or_more in [100, 1_000_000] {
        let spool = Spool::new();
        spool.set("stream_bytes", less_or_more);
        spool.is_bad("another size");
    }
}

#[test]
fn sidecars_that_make_no_sense_are_bad() {
    let name = "is not allowed";
    let fields: [(&str, serde_json::Value, &str); 19] = [
        ("version", 2.into(), "version 2"),
        ("version", "1".into(), "expected u32"),
        ("set", "../../etc".into(), "up to 32"),
        ("set", "".into(), "up to 32"),
        ("destination", "../other".into(), name),
        ("destination", "a/../../b".into(), name),
        ("destination", "".into(), "empty"),
        ("destination", "/etc".into(), "empty"),
        ("destination", "a@b".into(), "unexpected '@'"),
        ("destination", "prod/%recv".into(), name),
        ("destination", vec!["a"; 60].join("/").into(), "levels"),
        ("destination", "a".repeat(500).into(), "bytes where"),
        ("snapshot", "a/b".into(), "snapshot"),
        ("snapshot", "%recv".into(), "snapshot"),
        ("guid", 5.into(), "expected a string"),
        ("guid", "0".into(), "GUID 0"),
        ("raw", false.into(), "not raw"),
        ("sha256", "00".into(), "64 hexadecimal"),
        ("compression", "lzma".into(), "unknown variant"),
    ];
    for (field, value, why) in fields {
        let spool = Spool::new();
        spool.set(field, value);
        spool.is_bad(why);
    }
    let spool = Spool::new();
    spool.set("more", 1);
    spool.is_bad("unknown field");
    let spool = Spool::new();
    spool.set("filtered", true);
    spool.is_bad("there is none here");
    for text in ["", "{", "null", "[]", "\u{0}", "{\"version\":1}"] {
        let spool = Spool::new();
        fs::write(spool.path(SIDECAR), text).unwrap();
        spool.is_bad("sidecar");
    }
    let spool = Spool::new();
    let deep = "[".repeat(MAX_SIDECAR_LEN);
    fs::write(spool.path(SIDECAR), deep).unwrap();
    spool.is_bad("its sidecar is none");
    let spool = Spool::new();
    let huge = fs::File::create(spool.path(SIDECAR)).unwrap();
    huge.set_len(1 << 40).unwrap();
    spool.is_bad("more than");
}

#[test]
fn what_is_no_file_is_bad() {
    for end in [STREAM, SIDECAR] {
        let spool = Spool::new();
        let elsewhere = spool.directory.path().join("elsewhere");
        fs::rename(spool.path(end), &elsewhere).unwrap();
        symlink(&elsewhere, spool.path(end)).unwrap();
        spool.is_bad("symbolic");

        let spool = Spool::new();
        fs::remove_file(spool.path(end)).unwrap();
        fs::create_dir(spool.path(end)).unwrap();
        spool.is_bad("no plain file");

        let spool = Spool::new();
        fs::remove_file(spool.path(end)).unwrap();
        let fifo = rustix::fs::FileType::Fifo;
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, spool.path(end), fifo, mode, 0).unwrap();
        spool.is_bad("no plain file");
    }
}

#[test]
fn a_stream_waits_for_its_other_half() {
    let spool = Spool::new();
    let (sidecar, away) = (spool.path(SIDECAR), spool.path(".away"));
    for (end, wait) in [(SIDECAR, Wait::Sidecar), (STREAM, Wait::Stream)] {
        fs::rename(spool.path(end), &away).unwrap();
        let streams = receive(&spool.target, spool.directory.path());
        let first = streams.iter().find(|stream| stream.name == spool.stem);
        let outcome = &first.unwrap().outcome;
        assert!(matches!(outcome, Outcome::Waits(what) if *what == wait));
        fs::rename(&away, spool.path(end)).unwrap();
    }
    all_received(&receive(&spool.target, spool.directory.path()));
    // A sidecar that is left without its stream, of what is there by now.
    assert!(!sidecar.exists());
}

#[test]
fn nothing_is_received_over_what_is_there() {
    let spool = Spool::new();
    let other = FakeSource::tree();
    other.snapshot("tank/prod", "other");
    other.snapshot("tank/prod", "rep-1");
    let elsewhere = tempfile::tempdir().unwrap();
    sender(&other).run(elsewhere.path()).unwrap();
    all_received(&receive(&spool.target, elsewhere.path()));
    let before = spool.target.datasets();
    for stream in receive(&spool.target, spool.directory.path()) {
        let is_first = stream.name == spool.stem;
        match stream.outcome {
            Outcome::Waits(Wait::Occupied { .. }) if is_first => {}
            Outcome::Received(_) if !is_first => {}
            _ => panic!("{stream:?}"),
        }
    }
    assert_eq!(spool.target.datasets()[1], before[1]);
}

#[test]
fn a_key_is_not_changed_by_a_stream() {
    let directory = tempfile::tempdir().unwrap();
    let (source, target) = (FakeSource::tree(), FakeTarget::new());
    source.snapshot_all("rep-1");
    sender(&source).run(directory.path()).unwrap();
    all_received(&receive(&target, directory.path()));
    source.snapshot("tank/prod", "rep-2");
    sender(&source).run(directory.path()).unwrap();
    let first = files(directory.path()).remove(0);
    let spool = Spool {
        stem: first.strip_suffix(SIDECAR).unwrap().to_owned(),
        target,
        directory,
    };
    let sidecar = Sidecar::parse(&fs::read(spool.path(SIDECAR)).unwrap()).unwrap();
    let base = sidecar.base.map(|base| base.guid);
    spool.replace(&samples::raw_stream_of(sidecar.guid, base, 9, 1));
    let before = spool.target.datasets();
    let streams = receive(&spool.target, spool.directory.path());
    match &streams[0].outcome {
        Outcome::Failed(error) => assert!(error.to_string().contains("change the key"), "{error}"),
        _ => panic!("{streams:?}"),
    }
    assert_eq!(spool.target.datasets(), before);
    assert!(spool.path(STREAM).exists() && spool.path(SIDECAR).exists());
    let receiver = SpoolReceiver::new(&spool.target, "vault/in".parse().unwrap());
    let allowing = receiver.allow_key_changes();
    all_received(&allowing.run(spool.directory.path()).unwrap());
    assert!(!spool.path(STREAM).exists());
}

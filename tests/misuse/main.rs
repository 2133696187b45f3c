//! Nothing that safe code passes makes C abort, hang or act on something else.
//!
//! Every function of the handle is called here, with whatever its types let through; that each is
//! in [`calls`] is checked by a test of xtask's.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod calls;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::thread;
use std::time::Duration;

use calls::{Things, calls};
use libzfs::nvlist::{NvList, Value};
use libzfs::property::PropertyValue;
use libzfs::testing::Pool;
use libzfs::{
    BookmarkName, DatasetName, ErrorKind, HoldTag, MAX_NAME_LEN, PoolName, SnapshotName, VdevGuid,
    Zfs,
};
use serial_test::{parallel, serial};
use support::{file_system, pool, share, snapshot, within};

/// What none of these tests may take longer than.
const LIMIT: Duration = Duration::from_secs(1000);

/// Calls everything and gives what each came to.
fn call_all(things: &Things) -> Vec<(&'static str, libzfs::Result<()>)> {
    let call = |(name, call): (_, calls::Call)| (name, call(things));
    calls().into_iter().map(call).collect()
}

/// An error has a number and one line, whatever it is of.
fn check(results: &[(&'static str, libzfs::Result<()>)]) {
    for (name, result) in results {
        if let Err(error) = result {
            let text = error.to_string();
            assert_ne!(error.errno().raw(), 0, "{name}: {text}");
            assert!(!text.contains('\n'), "{name}: {text}");
            assert_ne!(error.kind(), ErrorKind::Other, "{name}: {text}");
        }
    }
}

#[test]
fn names_that_zfs_has_not_are_no_names() {
    let long = "x".repeat(4096);
    let just_too_long = "x".repeat(256);
    let bad = [
        "",
        &just_too_long,
        &long,
        "a\0b",
        "ä",
        "a@b@c",
        "a#b#c",
        "a/@b",
        "a\n",
    ];
    for text in bad {
        assert!(text.parse::<PoolName>().is_err(), "{text:?}");
        assert!(text.parse::<DatasetName>().is_err(), "{text:?}");
        assert!(text.parse::<SnapshotName>().is_err(), "{text:?}");
        assert!(text.parse::<BookmarkName>().is_err(), "{text:?}");
        let dataset: DatasetName = "tank/data".parse().unwrap();
        assert!(dataset.child(text).is_err(), "{text:?}");
        assert!(dataset.snapshot(text).is_err(), "{text:?}");
        assert!(dataset.bookmark(text).is_err(), "{text:?}");
    }
    for text in ["", &just_too_long, "a\0b"] {
        assert!(text.parse::<HoldTag>().is_err(), "{text:?}");
    }
    for text in ["a@b", "a#b", "a%b/c@d#e"] {
        assert!(text.parse::<PoolName>().is_err(), "{text:?}");
        assert!(text.parse::<DatasetName>().is_err(), "{text:?}");
    }
}

#[test]
#[parallel]
fn names_of_every_length_and_with_every_character_are_served() {
    let pool = pool("misnames");
    let room = MAX_NAME_LEN - pool.name().as_str().len() - "/".len();
    let longest_with = |suffix: usize| "x".repeat(room - suffix);
    let names = [
        "x".to_owned(),
        "a b-c_d.e:f".to_owned(),
        longest_with("@s".len()),
        longest_with("@s".len() + 1),
        longest_with("/%recv".len()),
    ];
    for name in names {
        let things = Things::named(pool.zfs(), pool.name(), &name);
        let results = within(LIMIT, move || call_all(&things));
        check(&results);
        for expected in ["create_snapshots", "hold", "create_bookmarks", "send"] {
            let done = results
                .iter()
                .any(|(name, result)| *name == expected && result.is_ok());
            assert!(done, "{name}: {expected}");
        }
    }
}

#[test]
#[parallel]
fn what_is_missing_is_an_error_of_every_function() {
    let zfs = Zfs::open().unwrap();
    let pool: PoolName = "no-such-pool".parse().unwrap();
    let things = Things::named(&zfs, &pool, "data");
    let results = within(LIMIT, move || call_all(&things));
    check(&results);
    // These say so with their value.
    let values = [
        "dataset_exists",
        "snapshot_exists",
        "bookmark_exists",
        "mount_points",
        "mount_points_of",
        "pools",
        "find_pools",
        "events",
    ];
    for (name, result) in &results {
        assert_eq!(result.is_ok(), values.contains(name), "{name}: {result:?}");
    }
}

/// Of ten thousand on one release, and fewer on the others.
#[test]
#[parallel]
fn nothing_and_ten_thousand_of_it_are_lists_as_well() {
    // With room for ten thousand holds, which the kernel asks for before it looks for the snapshots.
    let pool = Pool::builder().label("mislists").size(4 << 30).build();
    let pool = pool.expect("this test needs a pool");
    let data = file_system(&pool, "data");
    let snapshot = snapshot(pool.zfs(), &data, "s");
    let mut things = Things::named(pool.zfs(), pool.name(), "data");
    things.snapshots = Vec::new();
    things.bookmarks = Vec::new();
    things.vdevs = Vec::new();
    let lists = [
        "create_snapshots",
        "create_snapshots_with",
        "hold",
        "hold_many",
        "hold_guard",
        "release_many",
        "release",
        "create_bookmarks",
        "redact",
        "initialize",
        "trim",
        "destroy_bookmarks",
        "destroy_snapshots",
    ];
    let listed = move |things: &Things, without: &[&str]| -> Vec<_> {
        let calls = calls().into_iter().filter(|(name, _)| lists.contains(name));
        let calls = calls.filter(|(name, _)| !without.contains(name));
        calls.map(|(name, call)| (name, call(things))).collect()
    };
    check(&listed(&things, &[]));

    let number = share("items in a list", 10_000);
    let many = |short: &'static str| (0..number).map(move |i| format!("{short}{i}"));
    // One of them is there. The bookmarks are of the first of them, which is not: the kernel looks
    // at each of them, and would take hours to make so many of one snapshot.
    let missing = many("s").map(|short| data.snapshot(&short).unwrap());
    things.snapshots = missing.take(number - 1).chain([snapshot.clone()]).collect();
    things.bookmarks = many("b")
        .map(|short| data.bookmark(&short).unwrap())
        .collect();
    things.vdevs = (1..=number as u64).map(VdevGuid::new).collect();
    let zfs = pool.zfs().clone();
    within(LIMIT, move || {
        // What asks the kernel the same as others do: such a call takes many seconds.
        let alike = [
            "create_snapshots_with",
            "hold_many",
            "hold_guard",
            "release_many",
        ];
        let results = listed(&things, &alike);
        check(&results);
        let outcome = |of: &str| &results.iter().find(|(name, _)| *name == of).unwrap().1;
        for done in ["hold", "destroy_bookmarks", "destroy_snapshots"] {
            assert!(outcome(done).is_ok(), "{done}: {:?}", outcome(done));
        }
        for refused in ["create_snapshots", "create_bookmarks", "redact", "trim"] {
            assert!(outcome(refused).is_err(), "{refused}");
        }
        assert_eq!(zfs.bookmarks(&data).unwrap().len(), 0);
        zfs.snapshot(&snapshot).unwrap_err();
    });
}

#[test]
#[parallel]
fn values_of_the_wrong_type_are_refused() {
    let pool = pool("misvalues");
    let names = [
        "readonly",
        "quota",
        "volsize",
        "compression",
        "mountpoint",
        "keyformat",
        "encryption",
        "origin",
        "guid",
        "type",
        "user:property",
        "no such property",
        "",
        "a\0b",
        "objsetid",
        "receive_resume_token",
        "snapshot_limit",
        "normalization",
    ];
    let text = "x".repeat(100_000);
    let values: [PropertyValue; 6] = [
        true.into(),
        u64::MAX.into(),
        "".into(),
        "a\0b".into(),
        "ä\n".into(),
        text.as_str().into(),
    ];
    let typed = [
        "create with a property",
        "create_pool with a property",
        "receive a record",
        "set_vdev_property",
        "destroy_dataset",
    ];
    let mut things = Things::named(pool.zfs(), pool.name(), "data");
    within(LIMIT, move || {
        for name in names {
            for value in &values {
                things.property = (name.into(), value.clone());
                for (name, call) in calls().iter().filter(|(name, _)| typed.contains(name)) {
                    check(&[(name, call(&things))]);
                }
            }
        }
    });
}

#[test]
#[parallel]
fn lists_of_every_type_are_an_answer_or_an_error() {
    let pool = pool("misnvlists");
    let things = Things::named(pool.zfs(), pool.name(), "data");
    let deep = (0..90).fold(NvList::new(), |list, _| NvList::new().with("in", list));
    let mut twice = NvList::with_duplicates();
    twice.push("name", 1_u64);
    twice.push("name", "text");
    let values: Vec<Value> = vec![
        Value::Boolean,
        true.into(),
        Value::Byte(1),
        i8::MIN.into(),
        u64::MAX.into(),
        1.5.into(),
        "".into(),
        "ä\0\n".into(),
        Value::HrTime(-1),
        Value::ByteArray(vec![1]),
        vec![true].into(),
        vec![u64::MAX].into(),
        Vec::<u64>::new().into(),
        vec!["a", ""].into(),
        vec![NvList::new()].into(),
        NvList::new().into(),
        deep.into(),
        twice.into(),
        "x".repeat(1 << 20).into(),
    ];
    let many: NvList = (0..10_000)
        .map(|i| (format!("n{i}"), Value::from(1_u64)))
        .collect();
    let names = ["", "name", "version", "argv", "return", "a\0b", "ä"];
    let named = |value: &Value| names.map(|name| NvList::new().with(name, value.clone()));
    let lists: Vec<_> = values.iter().flat_map(named).chain([many]).collect();
    within(LIMIT, move || {
        for list in lists {
            let things = Things {
                list,
                ..things.clone()
            };
            let takes_a_list = ["set_boot_environment", "program"];
            for (name, call) in calls()
                .iter()
                .filter(|(name, _)| takes_a_list.contains(name))
            {
                check(&[(name, call(&things))]);
            }
        }
    });
}

#[test]
#[parallel]
fn sixteen_threads_call_everything_at_once() {
    let pool = pool("misthreads");
    let (zfs, name) = (pool.zfs().clone(), pool.name().clone());
    within(LIMIT, move || {
        thread::scope(|scope| {
            for number in 0..16 {
                let (zfs, name) = (&zfs, &name);
                scope.spawn(move || {
                    // Half of them have a dataset of their own, the others fight over one.
                    let own = format!("data{number}");
                    let component = if number % 2 == 0 { &own } else { "data" };
                    check(&call_all(&Things::named(zfs, name, component)));
                });
            }
        });
    });
}

#[test]
#[serial]
fn a_child_of_a_fork_calls_everything() {
    let pool = pool("misfork");
    let things = Things::named(pool.zfs(), pool.name(), "data");
    // SAFETY: the child calls the library and ends by `_exit`; that it may is what is tested.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let done = std::panic::catch_unwind(|| check(&call_all(&things))).is_ok();
        // SAFETY: ends the process, without the destructors that are the parent's.
        unsafe { libc::_exit(if done { 0 } else { 1 }) };
    }
    let status = within(LIMIT, move || {
        let mut status = 0;
        // SAFETY: `status` is ours to write.
        let waited = unsafe { libc::waitpid(child, &mut status, 0) };
        assert_eq!(waited, child);
        status
    });
    assert_eq!(status, 0);
    // And the parent can go on.
    check(&call_all(&Things::named(pool.zfs(), pool.name(), "data")));
}

/// `/dev/zfs`, taken away for as long as this lives.
struct WithoutDevice;

impl WithoutDevice {
    fn new() -> Self {
        fs::rename("/dev/zfs", "/dev/zfs.away").unwrap();
        Self
    }
}

impl Drop for WithoutDevice {
    fn drop(&mut self) {
        fs::rename("/dev/zfs.away", "/dev/zfs").unwrap();
    }
}

#[test]
#[serial]
fn nothing_needs_the_device_to_stay_where_it_was() {
    let pool = pool("misdevice");
    let things = Things::named(pool.zfs(), pool.name(), "data");
    let away = WithoutDevice::new();
    assert_eq!(Zfs::open().unwrap_err().kind(), ErrorKind::ZfsNotAvailable);
    let results = within(LIMIT, move || call_all(&things));
    drop(away);
    check(&results);
    // What opens the device itself says that it is not there, the others go on.
    for (name, result) in &results {
        let gone =
            result.as_ref().err().map(libzfs::Error::kind) == Some(ErrorKind::ZfsNotAvailable);
        assert_eq!(gone, OPENS_THE_DEVICE.contains(name), "{name}: {result:?}");
    }
}

/// What needs a descriptor of its own.
const OPENS_THE_DEVICE: &[&str] = &["hold_guard", "mount", "events"];

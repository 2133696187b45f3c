//! The devices of pools: their errors, statistics and events; taken offline, replaced, added,
//! removed.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs::{self, File};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use libzfs::testing::{DeviceFault, Pool};
use libzfs::{
    ErrorKind, EventsFrom, Latency, NewDraid, NewVdev, PoolActivity, PoolName, ScanKind, ScanState,
    Scrub, VdevClass, VdevGuid, VdevKind, VdevReason, VdevState, VdevStatus,
};
use support::{
    LIMIT, NOBODY, as_user, file_system, kind, noise, pool, within, write_file, zpool_says,
};

fn mirror(label: &str) -> Pool {
    Pool::builder()
        .label(label)
        .mirror(2)
        .size(96 << 20)
        .build()
        .unwrap()
}

fn guid(pool: &Pool, number: usize) -> VdevGuid {
    VdevGuid::new(pool.vdevs()[number].guid)
}

fn device(pool: &Pool, guid: VdevGuid) -> VdevStatus {
    let status = pool.zfs().pool_status(pool.name()).unwrap();
    status.vdev(guid).unwrap().clone()
}

/// A file beside those of the pool.
fn file(pool: &Pool, name: &str, mebibytes: u64) -> PathBuf {
    let path = pool.directory().join(name);
    File::create(&path)
        .unwrap()
        .set_len(mebibytes << 20)
        .unwrap();
    path
}

fn resilvered(pool: &Pool) {
    pool.zfs()
        .wait(pool.name(), PoolActivity::Resilver)
        .unwrap();
}

const NONE: VdevGuid = VdevGuid::new(7);

#[test]
fn a_device_is_taken_offline_and_online() {
    let pool = mirror("offline");
    let (zfs, name) = (pool.zfs(), pool.name());
    let [first, second] = [guid(&pool, 0), guid(&pool, 1)];
    zfs.offline_device(name, first).unwrap();
    let status = zfs.pool_status(name).unwrap();
    assert_eq!(status.health(), VdevState::Degraded);
    assert_eq!(status.vdev(first).unwrap().state, VdevState::Offline);
    let shown = zpool_says(&["status", "-g", name.as_str()]);
    let line = shown
        .lines()
        .find(|line| line.contains(&first.to_string()))
        .unwrap();
    assert!(line.contains("OFFLINE"), "{shown}");
    // The other has the data now.
    assert_eq!(
        kind(zfs.offline_device(name, second)),
        ErrorKind::NoReplicas
    );
    assert_eq!(kind(zfs.detach_device(name, second)), ErrorKind::NoReplicas);
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 1 << 20));
    assert_eq!(zfs.online_device(name, first).unwrap(), VdevState::Online);
    // The resilver begins a moment later, before which there is nothing to wait for.
    let scan = within(LIMIT, {
        let (zfs, name) = (zfs.clone(), name.clone());
        move || loop {
            match zfs.pool_status(&name).unwrap().scan() {
                Some(scan) if scan.state == ScanState::Finished => return *scan,
                _ => thread::sleep(Duration::from_millis(50)),
            }
        }
    });
    assert_eq!(zfs.pool_status(name).unwrap().health(), VdevState::Online);
    assert_eq!(
        (scan.kind, scan.state),
        (ScanKind::Resilver, ScanState::Finished)
    );
    assert!(scan.repaired >= 1 << 20 && scan.errors == 0, "{scan:?}");

    zfs.offline_device_temporarily(name, first).unwrap();
    let history = zfs.pool_history(name).map(Result::unwrap);
    let last = history
        .filter_map(|record| record.command().map(ToString::to_string))
        .last();
    assert!(
        last.unwrap()
            .ends_with(&format!("take offline a device of pool {name} {first}"))
    );
    let pool = pool.export().unwrap().import().unwrap();
    assert_eq!(device(&pool, first).state, VdevState::Online);

    let (zfs, name) = (pool.zfs(), pool.name());
    let top = zfs.pool_status(name).unwrap().vdevs()[0].guid;
    let missing: PoolName = "no-such-pool".parse().unwrap();
    for (pool, guid, expected) in [
        (name, NONE, ErrorKind::VdevNotFound),
        (name, top, ErrorKind::VdevNotSupported),
        (&missing, first, ErrorKind::PoolNotFound),
    ] {
        assert_eq!(kind(zfs.offline_device(pool, guid)), expected);
        let online = zfs.online_device(pool, guid);
        if guid == top && support::release() > (2, 1) {
            // Which has all that it is made of opened anew.
            assert_eq!(online.unwrap(), VdevState::Online);
        } else {
            assert_eq!(kind(online), expected);
        }
    }
    let denied = as_user(NOBODY, || zfs.offline_device(name, first));
    assert_eq!(kind(denied), ErrorKind::PermissionDenied);
}

#[test]
fn a_device_that_has_grown_is_used_when_it_is_said() {
    let pool = Pool::builder()
        .label("grow")
        .size(64 << 20)
        .build()
        .unwrap();
    let (zfs, name) = (pool.zfs(), pool.name());
    let before = zfs.pool_status(name).unwrap().size();
    let path = &pool.vdevs()[0].path;
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    assert_eq!(
        zfs.expand_device(name, guid(&pool, 0)).unwrap(),
        VdevState::Online
    );
    // The kernel says so when it has written it down.
    let zfs = zfs.clone();
    let name = name.clone();
    within(LIMIT, move || {
        while zfs.pool_status(&name).unwrap().size() < before + (512 << 20) {
            thread::sleep(Duration::from_millis(10));
        }
    });
}

#[test]
fn devices_are_attached_replaced_and_detached() {
    let pool = Pool::builder()
        .label("attach")
        .size(96 << 20)
        .build()
        .unwrap();
    let (zfs, name) = (pool.zfs(), pool.name());
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 1 << 20));
    let first = guid(&pool, 0);
    let (second, third) = (file(&pool, "second", 96), file(&pool, "third", 96));
    assert_eq!(
        kind(zfs.detach_device(name, first)),
        ErrorKind::VdevNotSupported
    );
    zfs.attach_device(name, first, &second).run().unwrap();
    resilvered(&pool);
    let top = zfs.pool_status(name).unwrap().vdevs()[0].clone();
    assert_eq!((top.kind, top.state), (VdevKind::Mirror, VdevState::Online));
    let second_guid = top.children[1].guid;
    assert_eq!(top.children[1].path.as_deref(), Some(&*second));

    zfs.replace_device(name, second_guid, &third).run().unwrap();
    resilvered(&pool);
    // It is detached a moment later.
    zfs.wait(name, PoolActivity::Replace).unwrap();
    let top = zfs.pool_status(name).unwrap().vdevs()[0].clone();
    let paths: Vec<_> = top
        .children
        .iter()
        .filter_map(|child| child.path.clone())
        .collect();
    assert_eq!(paths, [pool.vdevs()[0].path.clone(), third.clone()]);
    zfs.detach_device(name, top.children[0].guid).unwrap();
    let status = zfs.pool_status(name).unwrap();
    assert_eq!(status.vdevs()[0].kind, VdevKind::File);
    assert_eq!(status.health(), VdevState::Online);
    assert_eq!(support::read_file(&pool, &data, "file"), noise(1, 1 << 20));

    // What cannot be.
    let at = status.vdevs()[0].guid;
    let attach = |path: PathBuf| kind(zfs.attach_device(name, at, path).run());
    assert_eq!(attach(third.clone()), ErrorKind::DeviceInUse);
    assert_eq!(attach("/no/such/file".into()), ErrorKind::DeviceNotFound);
    assert_eq!(attach(file(&pool, "tiny", 1)), ErrorKind::DeviceTooSmall);
    assert_eq!(attach(file(&pool, "small", 64)), ErrorKind::DeviceTooSmall);
    assert_eq!(attach("/dev/null".into()), ErrorKind::InvalidLayout);
    let free = || file(&pool, "free", 96);
    let at_none = zfs.attach_device(name, NONE, free());
    assert_eq!(kind(at_none.run()), ErrorKind::VdevNotFound);
    let missing = "no-such-pool".parse().unwrap();
    let at_missing = zfs.replace_device(&missing, at, free());
    assert_eq!(kind(at_missing.run()), ErrorKind::PoolNotFound);
    assert_eq!(
        kind(zfs.detach_device(&missing, at)),
        ErrorKind::PoolNotFound
    );
    assert_eq!(kind(zfs.detach_device(name, NONE)), ErrorKind::VdevNotFound);
    // What was part of another pool, by force.
    let other = support::pool("attached");
    let path = other.vdevs()[0].path.clone();
    let copy = pool.directory().join("copy");
    other.zfs().sync_pool_and_labels(other.name()).unwrap();
    fs::copy(&path, &copy).unwrap();
    other.destroy().unwrap();
    assert_eq!(attach(copy.clone()), ErrorKind::DeviceInUse);
    zfs.attach_device(name, at, &copy)
        .force_overwrite()
        .run()
        .unwrap();
    resilvered(&pool);
}

#[test]
fn vdevs_are_added_and_removed() {
    // A vdev is removed only where there is much more room than it takes.
    let pool = Pool::builder().label("add").size(2 << 30).build().unwrap();
    let (zfs, name) = (pool.zfs(), pool.name());
    zfs.add_vdevs(name)
        .vdev(file(&pool, "data", 96))
        .log(file(&pool, "log", 64))
        .cache(file(&pool, "cache", 64))
        .spare(file(&pool, "spare", 128))
        .run()
        .unwrap();
    let classes = || -> Vec<_> {
        let status = zfs.pool_status(name).unwrap();
        let there = |vdev: &&VdevStatus| !matches!(vdev.kind, VdevKind::Hole | VdevKind::Indirect);
        let vdevs = status.vdevs().iter().filter(there);
        vdevs.map(|vdev| (vdev.class, vdev.guid)).collect()
    };
    let before = classes();
    use VdevClass::{Cache, Data, Log, Spare};
    let kinds: Vec<_> = before.iter().map(|(class, _)| *class).collect();
    assert_eq!(kinds, [Data, Data, Log, Cache, Spare]);
    for (class, guid) in &before[1..] {
        zfs.remove_vdev(name, *guid)
            .unwrap_or_else(|error| panic!("{class:?}: {error}"));
        zfs.wait(name, PoolActivity::Remove).unwrap();
    }
    assert_eq!(classes(), before[..1]);
    assert_eq!(kind(zfs.remove_vdev(name, NONE)), ErrorKind::VdevNotFound);
    // The only one.
    let last = kind(zfs.remove_vdev(name, before[0].1));
    assert!(
        matches!(last, ErrorKind::NoSpace | ErrorKind::VdevNotSupported),
        "{last:?}"
    );
    let missing = "no-such-pool".parse().unwrap();
    assert_eq!(
        kind(zfs.remove_vdev(&missing, NONE)),
        ErrorKind::PoolNotFound
    );
    assert_eq!(
        kind(zfs.add_vdevs(&missing).vdev("x").run()),
        ErrorKind::PoolNotFound
    );
    assert_eq!(kind(zfs.add_vdevs(name).run()), ErrorKind::InvalidLayout);
    let [a, b] = ["a", "b"].map(|name| file(&pool, name, 64));
    let unlike = || zfs.add_vdevs(name).vdev(NewVdev::mirror([&a, &b]));
    assert_eq!(kind(unlike().run()), ErrorKind::MixedRedundancy);
    let denied = as_user(NOBODY, || zfs.add_vdevs(name).vdev("/dev/null").run());
    assert_eq!(kind(denied), ErrorKind::InvalidLayout);
    unlike().allow_mixed_redundancy().run().unwrap();
    assert_eq!(classes().len(), 2);
}

#[test]
fn devices_that_come_later_have_the_blocks_of_the_pool() {
    let pool = pool("ashift");
    let (zfs, name) = (pool.zfs(), pool.name());
    let ashifts = |name: &PoolName| -> Vec<_> {
        let status = zfs.pool_status(name).unwrap();
        status.vdevs().iter().map(|vdev| vdev.ashift).collect()
    };
    let said: PoolName = format!("{name}-said").parse().unwrap();
    let create = zfs.create_pool(&said).vdev(file(&pool, "a", 64)).ashift(13);
    create.run().unwrap();
    zfs.add_vdevs(&said)
        .vdev(file(&pool, "b", 64))
        .run()
        .unwrap();
    assert_eq!(ashifts(&said), [Some(13); 2]);
    zfs.destroy_pool(&said).unwrap();

    // A file takes blocks of any size.
    assert_eq!(ashifts(name), [Some(9)]);
    let other = || zfs.add_vdevs(name).vdev(file(&pool, "c", 64)).ashift(12);
    if support::release() > (2, 1) {
        assert_eq!(kind(other().run()), ErrorKind::MixedBlockSizes);
        assert_eq!(ashifts(name), [Some(9)]);
    }
    other().allow_mixed_block_sizes().run().unwrap();
    assert_eq!(ashifts(name), [Some(9), Some(12)]);
    let added = zfs.pool_status(name).unwrap().vdevs()[1].guid;
    // 2.1 looks for room first.
    let refused = match support::release() < (2, 3) {
        true => ErrorKind::NoSpace,
        false => ErrorKind::VdevNotSupported,
    };
    assert_eq!(kind(zfs.remove_vdev(name, added)), refused);
    // What comes to a vdev has its blocks.
    let larger = zfs.replace_device(name, guid(&pool, 0), file(&pool, "large", 256));
    larger.run().unwrap();
    resilvered(&pool);
    assert_eq!(ashifts(name), [Some(9), Some(12)]);
}

#[test]
fn the_spare_space_of_a_draid_takes_the_place_of_a_device() {
    let home = pool("draid");
    let zfs = home.zfs();
    let name: PoolName = format!("{}-d", home.name()).parse().unwrap();
    let files = ["a", "b", "c", "d"].map(|name| file(&home, name, 128));
    let draid = NewDraid::draid1(files).data(2).spares(1);
    zfs.create_pool(&name).vdev(draid).run().unwrap();
    let status = zfs.pool_status(&name).unwrap();
    let top = &status.vdevs()[0];
    assert_eq!(top.kind, VdevKind::Draid(1));
    let lost = top.children[1].guid;
    zfs.offline_device(&name, lost).unwrap();
    let replaced = zfs.replace_device(&name, lost, "draid1-0-1");
    assert_eq!(kind(replaced.run()), ErrorKind::DeviceNotFound);
    let replaced = zfs.replace_device(&name, lost, "draid1-0-0");
    replaced.run().unwrap();
    zfs.wait(&name, PoolActivity::Resilver).unwrap();
    let status = zfs.pool_status(&name).unwrap();
    let both = &status.vdevs()[0].children[1];
    let kinds: Vec<_> = both.children.iter().map(|vdev| &vdev.kind).collect();
    assert_eq!(both.kind, VdevKind::Spare);
    assert_eq!(kinds, [&VdevKind::File, &VdevKind::DraidSpare]);
    zfs.destroy_pool(&name).unwrap();
}

#[test]
fn the_errors_of_a_device_are_counted_and_forgotten() {
    let pool = mirror("errors");
    let (zfs, name) = (pool.zfs(), pool.name());
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 4 << 20));
    let first = guid(&pool, 0);
    let failing = pool
        .fail_device(&pool.vdevs()[0], DeviceFault::Reads)
        .unwrap();
    zfs.scrub(name, Scrub::All).unwrap();
    zfs.wait(name, PoolActivity::Scrub).unwrap();
    drop(failing);
    let status = zfs.pool_status(name).unwrap();
    let vdev = status.vdev(first).unwrap();
    assert!(vdev.stats.read_errors > 0, "{vdev:?}");
    let shown = zpool_says(&["status", "-gp", name.as_str()]);
    let line = shown
        .lines()
        .find(|line| line.contains(&first.to_string()))
        .unwrap();
    let numbers: Vec<u64> = line
        .split_whitespace()
        .skip(2)
        .take(3)
        .map(|n| n.parse().unwrap())
        .collect();
    let stats = &vdev.stats;
    assert_eq!(
        numbers,
        [stats.read_errors, stats.write_errors, stats.checksum_errors]
    );
    assert_eq!(status.error_count(), 0, "the other device had all");
    let scan = status.scan().unwrap();
    assert_eq!(
        (scan.kind, scan.state, scan.errors),
        (ScanKind::Scrub, ScanState::Finished, 0)
    );
    let none = zfs.clear_vdev_errors(name, VdevGuid::new(0));
    assert_eq!(kind(none), ErrorKind::VdevNotFound);
    assert!(device(&pool, first).stats.read_errors > 0);
    zfs.clear_vdev_errors(name, first).unwrap();
    assert_eq!(device(&pool, first).stats.read_errors, 0);
    let history = zfs.pool_history(name).map(Result::unwrap);
    let last = history
        .filter_map(|record| record.command().map(ToString::to_string))
        .last();
    let cleared = format!("clear the errors of pool {name} {first}");
    assert!(last.unwrap().ends_with(&cleared));
    assert_eq!(
        kind(zfs.clear_vdev_errors(name, NONE)),
        ErrorKind::VdevNotFound
    );
    let missing: PoolName = "no-such-pool".parse().unwrap();
    assert_eq!(kind(zfs.clear_errors(&missing)), ErrorKind::PoolNotFound);
    let denied = as_user(NOBODY, || zfs.clear_errors(name));
    assert_eq!(kind(denied), ErrorKind::PermissionDenied);
    zfs.clear_errors(name).unwrap();
}

#[test]
fn damaged_files_are_named() {
    let pool = Pool::builder()
        .label("damage")
        .size(96 << 20)
        .build()
        .unwrap();
    let (zfs, name) = (pool.zfs().clone(), pool.name().clone());
    let data = file_system(&pool, "data");
    let bytes = noise(77, 8 << 20);
    write_file(&pool, &data, "file", &bytes);
    assert!(zfs.pool_errors(&name).unwrap().is_empty());
    let path = pool.vdevs()[0].path.clone();
    let exported = pool.export().unwrap();
    damage(&path, &bytes);
    let pool = exported.import().unwrap();
    zfs.scrub(&name, Scrub::All).unwrap();
    zfs.wait(&name, PoolActivity::Scrub).unwrap();
    let errors = zfs.pool_errors(&name).unwrap();
    let status = zfs.pool_status(&name).unwrap();
    assert!(status.error_count() > 0 && !errors.is_empty(), "{status:?}");
    assert!(device(&pool, guid(&pool, 0)).stats.checksum_errors > 0);
    let ours = |error: &&libzfs::DamagedBlock| {
        error.dataset.as_deref() == Some(data.as_str()) && error.path.as_deref() == Some("/file")
    };
    assert_eq!(
        errors.iter().filter(ours).count(),
        errors.len(),
        "{errors:?}"
    );
    let shown = zpool_says(&["status", "-v", name.as_str()]);
    assert!(shown.contains(&format!("{data}:/file")), "{shown}");
    let missing: PoolName = "no-such-pool".parse().unwrap();
    assert_eq!(kind(zfs.pool_errors(&missing)), ErrorKind::PoolNotFound);
    let denied = as_user(NOBODY, || zfs.pool_errors(&name));
    assert_eq!(kind(denied), ErrorKind::PermissionDenied);
}

/// Writes over one block of the file, wherever it is on the device.
fn damage(path: &std::path::Path, bytes: &[u8]) {
    use std::io::{Seek, SeekFrom, Write};
    let device = fs::read(path).unwrap();
    let wanted = &bytes[1 << 20..(1 << 20) + 512];
    let at = device
        .chunks(512)
        .position(|sector| sector == wanted)
        .unwrap() as u64
        * 512;
    let mut file = File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[0; 512]).unwrap();
}

#[test]
fn a_device_that_is_gone_is_told_with_the_reason() {
    let pool = mirror("gone");
    let (zfs, name) = (pool.zfs().clone(), pool.name().clone());
    let first = pool.vdevs()[0].clone();
    let exported = pool.export().unwrap();
    let label = libzfs::label::read(&File::open(&first.path).unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(label.guid(), first.guid);
    assert_eq!(label.pool_name().unwrap(), name.as_str());
    // Another file is there instead.
    File::create(&first.path)
        .unwrap()
        .set_len(96 << 20)
        .unwrap();
    let pool = exported.import().unwrap();
    let vdev = device(&pool, VdevGuid::new(first.guid));
    assert_eq!(
        (vdev.state, vdev.reason),
        (VdevState::CannotOpen, VdevReason::BadLabel)
    );
    assert_eq!(
        zfs.pool_status(&name).unwrap().health(),
        VdevState::Degraded
    );
    // The path can be the same: the new file takes its place.
    zfs.replace_device(&name, VdevGuid::new(first.guid), &first.path)
        .run()
        .unwrap();
    resilvered(&pool);
    zfs.wait(&name, PoolActivity::Replace).unwrap();
    assert_eq!(zfs.pool_status(&name).unwrap().health(), VdevState::Online);
}

#[test]
fn what_was_read_and_written_between_two_looks_is_told() {
    let pool = mirror("iostat");
    let (zfs, name) = (pool.zfs(), pool.name());
    let data = file_system(&pool, "data");
    let earlier = zfs.pool_status(name).unwrap();
    write_file(&pool, &data, "file", &noise(1, 8 << 20));
    zfs.sync_pool(name).unwrap();
    let later = zfs.pool_status(name).unwrap();
    let io = later.root().stats.since(&earlier.root().stats).unwrap();
    assert!(
        io.written_bytes >= 16 << 20 && io.write_operations > 0,
        "{io:?}"
    );
    assert!(io.elapsed > Duration::ZERO && io.per_second(io.written_bytes) > 0.0);
    for number in 0..2 {
        let of = |status: &libzfs::PoolStatus| status.vdev(guid(&pool, number)).unwrap().clone();
        let (before, after) = (of(&earlier), of(&later));
        let io = after.stats.since(&before.stats).unwrap();
        assert!(io.written_bytes >= 8 << 20, "{io:?}");
        let writes = |vdev: &VdevStatus| vdev.latency(Latency::DeviceWrite).unwrap();
        let latency = writes(&after).since(&writes(&before)).unwrap();
        assert!(latency.total() > 0 && latency.total() <= io.write_operations * 2);
        let below_a_minute = latency
            .counts()
            .filter(|(time, _)| *time < Duration::from_secs(60));
        assert_eq!(
            below_a_minute.map(|(_, count)| count).sum::<u64>(),
            latency.total()
        );
    }
    // An import begins anew.
    let pool = pool.export().unwrap().import().unwrap();
    let anew = pool.zfs().pool_status(pool.name()).unwrap();
    assert!(anew.root().stats.since(&later.root().stats).is_none());
}

#[test]
fn events_come_as_they_happen() {
    let zfs = libzfs::Zfs::open().unwrap();
    let mut events = zfs.events(EventsFrom::Now).unwrap();
    let pool = pool("events");
    let name = pool.name().as_str().to_owned();
    let mut until = |class: &str| {
        loop {
            let event = events.next_within(LIMIT).unwrap();
            let event = event.unwrap_or_else(|| panic!("no {class}"));
            // Other tests have pools, too.
            if event.class() == class && event.pool().is_some_and(|pool| pool == name.as_str()) {
                return event;
            }
        }
    };
    let created = until("sysevent.fs.zfs.pool_create");
    let status = zfs.pool_status(pool.name()).unwrap();
    assert_eq!(created.pool_guid(), Some(status.guid()));
    assert_eq!(created.lost(), 0);
    let age = created.time().unwrap().elapsed().unwrap_or_default();
    assert!(age < Duration::from_secs(3600), "{age:?}");
    zfs.scrub(pool.name(), Scrub::All).unwrap();
    let begun = until("sysevent.fs.zfs.scrub_start");
    assert!(begun.number() > created.number());
    let exported = pool.export().unwrap();
    until("sysevent.fs.zfs.pool_export");
    drop(exported);

    // Another reader has them, too, and one that goes on where the first was.
    let mut oldest = zfs.events(EventsFrom::Oldest).unwrap();
    let again = std::iter::from_fn(|| oldest.next_ready().unwrap());
    assert!(
        again
            .into_iter()
            .any(|event| event.number() == created.number())
    );
    let mut after = zfs.events(EventsFrom::After(created.number())).unwrap();
    let next = after.next().unwrap().unwrap();
    assert_eq!(next.number(), created.number() + 1);
    let mut now = zfs.events(EventsFrom::Now).unwrap();
    let begun = std::time::Instant::now();
    let waited = now.next_within(Duration::from_millis(100)).unwrap();
    assert!(waited.is_some() || begun.elapsed() >= Duration::from_millis(100));
    assert_eq!(
        kind(zfs.events(EventsFrom::After(1 << 60))),
        ErrorKind::InvalidArgument
    );
    let denied = as_user(NOBODY, || zfs.events(EventsFrom::Now));
    assert_eq!(kind(denied), ErrorKind::PermissionDenied);
}

#[test]
fn a_full_pool_a_failing_device_and_another_user_are_a_line_each() {
    let pool = Pool::builder()
        .label("lines")
        .size(64 << 20)
        .build()
        .unwrap();
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let snapshot = pool.snapshot("data@one");
    let take = || zfs.create_snapshots(std::slice::from_ref(&snapshot));
    assert_eq!(kind(as_user(NOBODY, take)), ErrorKind::PermissionDenied);
    pool.allow(&data, NOBODY, &["snapshot", "mount"]).unwrap();
    as_user(NOBODY, take).unwrap();
    let shown = support::zfs_says(&["allow", data.as_str()]);
    assert!(shown.contains("mount,snapshot"), "{shown}");
    pool.unallow(&data, NOBODY, &["snapshot"]).unwrap();
    let other = pool.snapshot("data@two");
    let again = as_user(NOBODY, || {
        zfs.create_snapshots(std::slice::from_ref(&other))
    });
    assert_eq!(kind(again), ErrorKind::PermissionDenied);
    let unknown = pool.allow(&data, NOBODY, &["no such"]);
    assert_eq!(kind(unknown), ErrorKind::InvalidArgument);
    let missing = pool.allow(&pool.dataset("missing"), NOBODY, &["snapshot"]);
    assert_eq!(kind(missing), ErrorKind::DatasetNotFound);

    pool.fill(&data).unwrap();
    let more = pool.mount(&data).unwrap();
    let full = fs::write(more.path().join("more"), noise(1, 4 << 20))
        .and_then(|()| File::open(more.path().join("more"))?.sync_all());
    assert_eq!(full.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    more.unmount().unwrap();
    let capacity = zfs.pool_status(pool.name()).unwrap().capacity();
    // What is left is the pool's own reserve, large in a small pool.
    assert!(capacity >= 40, "{capacity}");
}

//! Space by its owner, and what was written since a snapshot, as `zfs` has it.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::chown;
use std::sync::Barrier;
use std::thread;

use libzfs::ErrorKind;
use libzfs::property::{OwnerKind, Sid, SpaceMeasure, SpaceOwner};
use libzfs::testing::Pool;
use support::{
    encrypted, file_system, kind, needs, noise, pool, property_says, raw_key, snapshot, zfs_says,
    zpool_says,
};

#[test]
fn many_threads_limit_owners_of_one_file_system() {
    let pool = pool("setowners");
    let zfs = pool.zfs();
    for round in 0..20 {
        let data = file_system(&pool, &format!("data{round}"));
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for number in 0..8 {
                let (data, start) = (&data, &start);
                scope.spawn(move || {
                    let set = zfs.set_properties(data);
                    let set = set.space_quota(&SpaceOwner::User(number), 1 << 30);
                    start.wait();
                    set.run().unwrap().all().unwrap();
                });
            }
        });
        let owners = zfs.space_by_owner(&data, OwnerKind::User, SpaceMeasure::Quota);
        assert_eq!(owners.unwrap().len(), 8, "round {round}");
    }
}

#[test]
fn space_is_counted_and_limited_by_owner() {
    let pool = pool("owners");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let mount = pool.mount(&data).unwrap();
    for (file, owner) in [("a", 1000), ("b", 1000), ("c", 70000)] {
        let path = mount.path().join(file);
        fs::write(&path, noise(7, 100_000)).unwrap();
        chown(&path, Some(owner), Some(owner + 1)).unwrap();
    }
    mount.unmount().unwrap();
    zpool_says(&["sync", pool.name().as_str()]);
    let (user, group, project) = (
        SpaceOwner::User(1000),
        SpaceOwner::Group(1001),
        SpaceOwner::Project(7),
    );
    let sid = SpaceOwner::UserSid(Sid::new("S-1-5-21-1-2-3", 1001).unwrap());
    zfs.set_properties(&data)
        .space_quota(&user, 1 << 30)
        .object_quota(&group, 99)
        .space_quota(&project, 1 << 20)
        .run()
        .unwrap()
        .all()
        .unwrap();
    let said = |property: &str| property_says(property, &data).parse::<u64>().unwrap();
    let space = |owner: &SpaceOwner, measure| zfs.space_of(&data, owner, measure).unwrap();
    assert!(space(&user, SpaceMeasure::Used) >= 200_000);
    assert_eq!(space(&user, SpaceMeasure::Used), said("userused@1000"));
    assert_eq!(space(&user, SpaceMeasure::Quota), said("userquota@1000"));
    assert_eq!(space(&user, SpaceMeasure::ObjectsUsed), 2);
    assert_eq!(space(&group, SpaceMeasure::Used), said("groupused@1001"));
    assert_eq!(
        space(&group, SpaceMeasure::ObjectsQuota),
        said("groupobjquota@1001")
    );
    assert_eq!(space(&group, SpaceMeasure::ObjectsQuota), 99);
    assert_eq!(space(&project, SpaceMeasure::Quota), said("projectquota@7"));
    let stranger = SpaceOwner::GroupSid(Sid::new("S-1-5-99", 1).unwrap());
    assert_eq!(space(&stranger, SpaceMeasure::Used), 0);
    assert_eq!(space(&SpaceOwner::User(4), SpaceMeasure::Used), 0);

    let owners = |kind, measure| -> BTreeMap<SpaceOwner, u64> {
        zfs.space_by_owner(&data, kind, measure)
            .unwrap()
            .into_iter()
            .collect()
    };
    let used = owners(OwnerKind::User, SpaceMeasure::Used);
    let listed = zfs_says(&["userspace", "-Hpn", "-o", "name,used", data.as_str()]);
    let listed: BTreeMap<_, _> = listed
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(id, used)| Some((SpaceOwner::User(id.parse().ok()?), used.parse().ok()?)))
        .collect();
    assert_eq!(used, listed);
    assert_eq!(used.len(), 3);
    // After this `zfs userspace` lists nothing on Linux, which has nobody to ask for its name.
    let limit = zfs.set_properties(&data).space_quota(&sid, 1 << 21);
    limit.run().unwrap().all().unwrap();
    assert_eq!(space(&sid, SpaceMeasure::Quota), 1 << 21);
    let quotas = owners(OwnerKind::User, SpaceMeasure::Quota);
    assert_eq!(
        quotas,
        BTreeMap::from([(user.clone(), 1 << 30), (sid.clone(), 1 << 21)])
    );
    assert_eq!(
        owners(OwnerKind::Group, SpaceMeasure::ObjectsUsed)[&group],
        2
    );

    // 0 takes a quota away.
    zfs.set_properties(&data)
        .space_quota(&user, 0)
        .run()
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(space(&user, SpaceMeasure::Quota), 0);
    assert_eq!(owners(OwnerKind::User, SpaceMeasure::Quota).len(), 1);

    // Many, which do not fit in one answer.
    let mut many = zfs.set_properties(&data);
    for id in 0..250 {
        many = many.object_quota(&SpaceOwner::User(2000 + id), 10);
    }
    many.run().unwrap().all().unwrap();
    assert_eq!(
        owners(OwnerKind::User, SpaceMeasure::ObjectsQuota).len(),
        250
    );

    let snap = snapshot(zfs, &data, "s");
    assert_eq!(
        zfs.space_of(&snap, &user, SpaceMeasure::Used).unwrap(),
        said("userused@1000")
    );
    let volume = pool.dataset("vol");
    zfs.create(&volume).volume(4 << 20).run().unwrap();
    let gone = pool.dataset("gone");
    let enc = encrypted(&pool, "enc");
    zfs.unload_key(&enc).unwrap();
    for (name, expected) in [
        (&volume, ErrorKind::InvalidArgument),
        (&gone, ErrorKind::DatasetNotFound),
        (&enc, ErrorKind::KeyNotLoaded),
    ] {
        assert_eq!(
            kind(zfs.space_of(name, &user, SpaceMeasure::Used)),
            expected,
            "{name}"
        );
        assert_eq!(
            kind(zfs.space_of(name, &stranger, SpaceMeasure::Used)),
            expected,
            "{name}"
        );
        let by_owner = zfs.space_by_owner(name, OwnerKind::User, SpaceMeasure::Used);
        assert_eq!(kind(by_owner), expected, "{name}");
    }
    let limit = zfs.set_properties(&enc).space_quota(&user, 1);
    assert_eq!(kind(limit.run()), ErrorKind::KeyNotLoaded);
    zfs.load_key(&enc, &raw_key()).unwrap();
    let no_project = SpaceOwner::Project(u32::MAX);
    assert_eq!(
        kind(zfs.space_of(&data, &no_project, SpaceMeasure::Used)),
        ErrorKind::InvalidArgument
    );
    needs(&[(&data, "userused")], || {
        zfs.space_by_owner(&data, OwnerKind::User, SpaceMeasure::Used)
            .map(drop)
    });
    needs(&[(&data, "userquota")], || {
        zfs.set_properties(&data)
            .space_quota(&user, 5 << 30)
            .run()?
            .all()
    });
}

#[test]
fn nobody_counts_where_a_feature_is_missing() {
    let pool = Pool::builder()
        .label("uncounted")
        .without_feature("project_quota")
        .build()
        .unwrap();
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let project = SpaceOwner::Project(7);
    let of_project = zfs.space_of(&data, &project, SpaceMeasure::Used);
    assert_eq!(kind(of_project), ErrorKind::NotAccounted);
    let limit = zfs.set_properties(&data).space_quota(&project, 1 << 20);
    assert_eq!(kind(limit.run()), ErrorKind::FeatureDisabled);
}

#[test]
fn what_was_written_since_is_what_zfs_says() {
    let pool = pool("written");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let first = snapshot(zfs, &data, "a");
    let bookmark = data.bookmark("a").unwrap();
    zfs.create_bookmarks(&[(bookmark.clone(), first.clone().into())])
        .unwrap();
    support::write_file(&pool, &data, "f", &noise(1, 300_000));
    let second = snapshot(zfs, &data, "b");
    let said = |property: &str, name: &str| property_says(property, name).parse::<u64>().unwrap();
    let since_a = zfs.written_since(&data, &first).unwrap();
    assert!(since_a >= 300_000);
    assert_eq!(since_a, said("written@a", data.as_str()));
    assert_eq!(
        zfs.written_since(&second, &first).unwrap(),
        said("written@a", second.as_str())
    );
    assert_eq!(
        zfs.written_since_bookmark(&data, &bookmark).unwrap(),
        said("written#a", data.as_str())
    );
    assert_eq!(zfs.written_since(&data, &second).unwrap(), 0);

    let gone = data.snapshot("gone").unwrap();
    assert_eq!(
        kind(zfs.written_since(&data, &gone)),
        ErrorKind::SnapshotNotFound
    );
    assert_eq!(
        kind(zfs.written_since(&pool.dataset("gone"), &first)),
        ErrorKind::DatasetNotFound
    );
    assert_eq!(
        kind(zfs.written_since(&first, &second)),
        ErrorKind::NotAnAncestor
    );
    let other = snapshot(zfs, &file_system(&pool, "other"), "s");
    assert_eq!(
        kind(zfs.written_since(&data, &other)),
        ErrorKind::NotAnAncestor
    );
    let no_bookmark = data.bookmark("gone").unwrap();
    assert_eq!(
        kind(zfs.written_since_bookmark(&data, &no_bookmark)),
        ErrorKind::BookmarkNotFound
    );
    let result = zfs.written_since_bookmark(other.dataset(), &bookmark);
    assert_eq!(kind(result), ErrorKind::NotAnAncestor);
}

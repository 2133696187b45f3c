//! Every function of the handle, to be called with anything.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::time::Duration;

use libzfs::key::Derivation;
use libzfs::nvlist::{Endian, NvList};
use libzfs::property::{OwnerKind, PropertyValue, SpaceMeasure, SpaceOwner};
use libzfs::resume_token::TokenFields;
use libzfs::stream::BeginRecord;
use libzfs::{
    BookmarkName, BootEnvironment, DatasetActivity, DatasetName, DedupPrune, Destroy, Encryption,
    EventsFrom, HoldTag, PoolActivity, PoolName, PoolTable, ResumeToken, RunningScrub, Scrub,
    SnapshotName, VdevGuid, Zfs,
};

use crate::support::{noise, raw_key};

/// What the functions are called with.
#[derive(Clone)]
pub(crate) struct Things {
    pub(crate) zfs: Zfs,
    pub(crate) pool: PoolName,
    pub(crate) dataset: DatasetName,
    /// One beside it that does not exist.
    pub(crate) other: DatasetName,
    pub(crate) snapshots: Vec<SnapshotName>,
    pub(crate) bookmarks: Vec<BookmarkName>,
    pub(crate) tag: HoldTag,
    pub(crate) vdevs: Vec<VdevGuid>,
    /// A property, and a value that need not be one of its type.
    pub(crate) property: (String, PropertyValue),
    /// For what takes a list of the caller's.
    pub(crate) list: NvList,
}

impl Things {
    /// One of each, under this name in `pool`.
    pub(crate) fn named(zfs: &Zfs, pool: &PoolName, component: &str) -> Self {
        let dataset = pool.root().child(component).unwrap();
        Self {
            zfs: zfs.clone(),
            pool: pool.clone(),
            other: pool.root().child("other").unwrap(),
            snapshots: vec![dataset.snapshot("s").unwrap()],
            bookmarks: vec![dataset.bookmark("b").unwrap()],
            dataset,
            tag: "t".parse().unwrap(),
            vdevs: vec![VdevGuid::new(7)],
            property: ("readonly".into(), true.into()),
            list: NvList::new().with("name", 1_u64),
        }
    }

    fn snapshot(&self) -> SnapshotName {
        let first = self.snapshots.first().cloned();
        first.unwrap_or_else(|| self.dataset.snapshot("s").unwrap())
    }

    fn bookmark(&self) -> BookmarkName {
        let first = self.bookmarks.first().cloned();
        first.unwrap_or_else(|| self.dataset.bookmark("b").unwrap())
    }

    fn holds(&self) -> Vec<(SnapshotName, HoldTag)> {
        let with_tag = |name: &SnapshotName| (name.clone(), self.tag.clone());
        self.snapshots.iter().map(with_tag).collect()
    }
}

pub(crate) type Call = fn(&Things) -> libzfs::Result<()>;

/// Every function of the handle, those that destroy last. One of xtask's tests sees to it that none
/// is missing.
pub(crate) fn calls() -> Vec<(&'static str, Call)> {
    macro_rules! calls {
        ($($name:literal $call:expr;)*) => { vec![$(($name, ($call) as Call)),*] };
    }
    calls! {
        "dataset" |t| t.zfs.dataset(&t.dataset).map(drop);
        "dataset_exists" |t| t.zfs.dataset_exists(&t.dataset).map(drop);
        "create" |t| t.zfs.create(&t.dataset).run();
        "create with a property" |t| {
            let (name, value) = t.property.clone();
            t.zfs.create(&t.dataset).set(&name, value).run()
        };
        "create encrypted" |t| {
            t.zfs.create(&t.dataset).encryption(Encryption::Aes256Gcm, raw_key()).run()
        };
        "create a volume" |t| t.zfs.create(&t.dataset).volume(1 << 20).run();

        "all_properties" |t| t.zfs.all_properties(&t.dataset).map(drop);
        "all_properties of a snapshot" |t| t.zfs.all_properties(&t.snapshot()).map(drop);
        "set_properties" |t| {
            let (name, value) = t.property.clone();
            t.zfs.set_properties(&t.dataset).set_value(&name, value).run()?.all()
        };
        "set_properties of owners" |t| {
            let set = t.zfs.set_properties(&t.dataset);
            set.space_quota(&SpaceOwner::User(7), 1 << 40).run()?.all()
        };
        "inherit_property" |t| t.zfs.inherit_property(&t.dataset, &t.property.0);
        "inherit_property_below" |t| t.zfs.inherit_property_below(&t.dataset, &t.property.0)?.all();
        "revert_property" |t| t.zfs.revert_property(&t.dataset, &t.property.0);
        "revert_property_below" |t| t.zfs.revert_property_below(&t.dataset, &t.property.0)?.all();
        "space_of" |t| {
            t.zfs.space_of(&t.dataset, &SpaceOwner::Project(7), SpaceMeasure::Used).map(drop)
        };
        "space_by_owner" |t| {
            t.zfs.space_by_owner(&t.dataset, OwnerKind::User, SpaceMeasure::Used).map(drop)
        };
        "written_since" |t| t.zfs.written_since(&t.dataset, &t.snapshot()).map(drop);
        "written_since_bookmark" |t| {
            t.zfs.written_since_bookmark(&t.dataset, &t.bookmark()).map(drop)
        };

        "load_key" |t| t.zfs.load_key(&t.dataset, &raw_key());
        "try_key" |t| t.zfs.try_key(&t.dataset, &raw_key()).map(drop);
        "load_wrapping_key" |t| {
            let key = raw_key().wrapping_key(Derivation { salt: 0, iters: 0 }).unwrap();
            t.zfs.load_wrapping_key(&t.dataset, &key)
        };
        "load_key_from_location" |t| t.zfs.load_key_from_location(&t.dataset);
        "encryption_roots" |t| t.zfs.encryption_roots(&t.dataset).map(drop);
        "load_keys" |t| t.zfs.load_keys(&t.dataset, |_| Some(raw_key())).map(drop);
        "change_key" |t| t.zfs.change_key(&t.dataset, raw_key()).run();
        "inherit_key" |t| t.zfs.inherit_key(&t.dataset);
        "inherit_key_even_if_replica" |t| t.zfs.inherit_key_even_if_replica(&t.dataset);
        "force_encryption_root_without_rewrap" |t| {
            t.zfs.force_encryption_root_without_rewrap(&t.dataset)
        };
        "force_inherit_key_without_rewrap" |t| {
            t.zfs.force_inherit_key_without_rewrap(&t.dataset)
        };

        "create_snapshots" |t| t.zfs.create_snapshots(&t.snapshots);
        "create_snapshots_with" |t| {
            t.zfs.create_snapshots_with(&t.snapshots, [("test:note", "text")])
        };
        "snapshot" |t| t.zfs.snapshot(&t.snapshot()).map(drop);
        "snapshot_exists" |t| t.zfs.snapshot_exists(&t.snapshot()).map(drop);
        "snapshot_range_space" |t| {
            t.zfs.snapshot_range_space(&t.snapshot(), &t.snapshot()).map(drop)
        };
        "rename_snapshot" |t| {
            let to = t.snapshot().dataset().snapshot("r").unwrap();
            t.zfs.rename_snapshot(&t.snapshot(), &to)?;
            t.zfs.rename_snapshot(&to, &t.snapshot())
        };
        "rename_snapshots_recursively" |t| {
            let to = t.snapshot().dataset().snapshot("r").unwrap();
            t.zfs.rename_snapshots_recursively(&t.snapshot(), &to)?;
            t.zfs.rename_snapshots_recursively(&to, &t.snapshot())
        };

        "hold" |t| t.zfs.hold(&t.tag, &t.snapshots).map(drop);
        "hold_many" |t| t.zfs.hold_many(&t.holds()).map(drop);
        "hold_guard" |t| {
            let mut guard = t.zfs.hold_guard()?;
            let temporary = "temporary".parse().unwrap();
            guard.hold(&temporary, &t.snapshots)?.all()?;
            guard.release()
        };
        "holds" |t| t.zfs.holds(&t.snapshot()).map(drop);
        "release_many" |t| t.zfs.release_many(&t.holds()).map(drop);
        "release" |t| t.zfs.release(&t.tag, &t.snapshots).map(drop);

        "create_bookmarks" |t| {
            let of_snapshot = |name: &BookmarkName| (name.clone(), t.snapshot().into());
            let bookmarks: Vec<_> = t.bookmarks.iter().map(of_snapshot).collect();
            t.zfs.create_bookmarks(&bookmarks)
        };
        "bookmark" |t| t.zfs.bookmark(&t.bookmark()).map(drop);
        "bookmark_exists" |t| t.zfs.bookmark_exists(&t.bookmark()).map(drop);
        "bookmarks" |t| t.zfs.bookmarks(&t.dataset).map(drop);
        "list" |t| {
            let list = t.zfs.list(&t.dataset).recursive();
            list.clone().properties().threads(2).run()?.try_for_each(|entry| entry.map(drop))?;
            list.clone().allow_program(10).names()?.try_for_each(|name| name.map(drop))?;
            list.catalog()?.refresh().map(drop)
        };
        "redact" |t| {
            let bookmark = t.dataset.bookmark("r").unwrap();
            t.zfs.redact(&t.snapshot(), &bookmark, &t.snapshots)
        };

        "send" |t| t.zfs.send(&t.snapshot()).raw().write_to(&null());
        "send from" |t| t.zfs.send(&t.snapshot()).from(t.bookmark()).write_to(&null());
        "send redacted" |t| {
            t.zfs.send(&t.snapshot()).redacted(&t.bookmark()).write_to(&null())
        };
        "send, size" |t| t.zfs.send(&t.snapshot()).size().map(drop);
        "send_head" |t| t.zfs.send_head(&t.dataset).write_to(&null());
        "resume_send" |t| t.zfs.resume_send(&t.dataset, &token()).map(drop);
        "resume_send_decrypted" |t| {
            t.zfs.resume_send_decrypted(&t.dataset, &token()).map(drop)
        };
        "send_saved" |t| t.zfs.send_saved(&t.dataset).map(drop);
        "send_saved_decrypted" |t| t.zfs.send_saved_decrypted(&t.dataset).map(drop);
        "resume_send_saved" |t| t.zfs.resume_send_saved(&t.dataset, &token()).map(drop);
        "send_package" |t| t.zfs.send_package(&t.snapshot()).write_to_writer(null());
        "receive_package" |t| {
            t.zfs.receive_package(&t.dataset).run(file(&begin_record()))?.all().map(drop)
        };
        "receive" |t| t.zfs.receive(&t.snapshot()).run(null()).map(drop);
        "receive noise" |t| t.zfs.receive(&t.snapshot()).run(file(&noise(1, 4096))).map(drop);
        "receive a record" |t| {
            let (name, value) = t.property.clone();
            t.zfs
                .receive(&t.snapshot())
                .resumable()
                .force_rollback()
                .set(&name, value)
                .run(file(&begin_record()))
                .map(drop)
        };
        "force_heal" |t| t.zfs.force_heal(&t.snapshot(), file(&begin_record())).map(drop);
        "discard_partial_receive" |t| t.zfs.discard_partial_receive(&t.dataset).map(drop);

        "clone_snapshot" |t| {
            t.zfs.clone_snapshot(&t.snapshot(), &t.other).run()?;
            t.zfs.destroy_dataset(&t.other)
        };
        "promote" |t| t.zfs.promote(&t.dataset);
        "rename_dataset" |t| {
            t.zfs.rename_dataset(&t.dataset, &t.other)?;
            t.zfs.rename_dataset(&t.other, &t.dataset)
        };
        "rollback" |t| t.zfs.rollback(&t.dataset).discard_changes().map(drop);
        "rollback to" |t| t.zfs.rollback(&t.dataset).to(&t.snapshot()).discard_changes().map(drop);

        "set_pool_properties" |t| {
            let (name, value) = t.property.clone();
            t.zfs.set_pool_properties(&t.pool).set_value(&name, value).run()
        };
        "with_history_name" |t| t.zfs.clone().with_history_name("misuse\0").sync_pool(&t.pool);
        "without_history" |t| t.zfs.clone().without_history().sync_pool(&t.pool);
        "pools" |t| t.zfs.pools().map(drop);
        "pool_status" |t| t.zfs.pool_status(&t.pool).map(drop);
        "pool_errors" |t| t.zfs.pool_errors(&t.pool).map(drop);
        "pool_history" |t| t.zfs.pool_history(&t.pool).try_for_each(|record| record.map(drop));
        "events" |t| t.zfs.events(EventsFrom::Oldest)?.next_ready().map(drop);
        "clear_errors" |t| t.zfs.clear_errors(&t.pool);
        "clear_vdev_errors" |t| t.zfs.clear_vdev_errors(&t.pool, VdevGuid::new(7));
        "create_pool" |t| t.zfs.create_pool(&t.pool).vdev("/no/such/file").run();
        "create_pool with a property" |t| {
            let (name, value) = t.property.clone();
            t.zfs.create_pool(&t.pool).vdev("/no/such/file").set(&name, value.clone())
                .root(&name, value).altroot(&name).cache_file(&name).compatibility(&name).run()
        };
        "find_pools" |t| t.zfs.find_pools(["/dev"])?.named(&t.pool).map(drop).or(Ok(()));
        "import_pool" |t| {
            let found = t.zfs.find_pools(["/dev"])?;
            t.zfs.import_pool(found.named(&t.pool)?).read_only().run()
        };
        "offline_device" |t| t.zfs.offline_device(&t.pool, VdevGuid::new(7));
        "offline_device_temporarily" |t| {
            t.zfs.offline_device_temporarily(&t.pool, VdevGuid::new(7))
        };
        "online_device" |t| t.zfs.online_device(&t.pool, VdevGuid::new(7)).map(drop);
        "expand_device" |t| t.zfs.expand_device(&t.pool, VdevGuid::new(7)).map(drop);
        "attach_device" |t| t.zfs.attach_device(&t.pool, VdevGuid::new(7), "/no/such/file").run();
        "replace_device" |t| t.zfs.replace_device(&t.pool, VdevGuid::new(7), "").run();
        "detach_device" |t| t.zfs.detach_device(&t.pool, VdevGuid::new(7));
        "add_vdevs" |t| t.zfs.add_vdevs(&t.pool).vdev("/no/such/file").run();
        "remove_vdev" |t| t.zfs.remove_vdev(&t.pool, VdevGuid::new(7));
        // Of one that is not there: the others need theirs.
        "export_pool" |t| t.zfs.export_pool(&"no-such-pool".parse().unwrap());
        "force_export_pool" |t| t.zfs.force_export_pool(&"no-such-pool".parse().unwrap());
        "destroy_pool" |t| t.zfs.destroy_pool(&"no-such-pool".parse().unwrap());
        "pool_properties" |t| t.zfs.pool_properties(&t.pool).map(drop);
        "sync_pool" |t| t.zfs.sync_pool(&t.pool);
        "sync_pool_and_labels" |t| t.zfs.sync_pool_and_labels(&t.pool);
        "reopen_pool" |t| t.zfs.reopen_pool(&t.pool, RunningScrub::GoesOn);
        "checkpoint_pool" |t| t.zfs.checkpoint_pool(&t.pool);
        "discard_checkpoint" |t| t.zfs.discard_checkpoint(&t.pool);
        "scrub" |t| t.zfs.scrub(&t.pool, Scrub::All);
        "pause_scrub" |t| t.zfs.pause_scrub(&t.pool);
        "stop_scrub" |t| t.zfs.stop_scrub(&t.pool);
        "initialize" |t| t.zfs.initialize(&t.pool, &t.vdevs)?.all();
        "suspend_initialization" |t| t.zfs.suspend_initialization(&t.pool, &t.vdevs)?.all();
        "cancel_initialization" |t| t.zfs.cancel_initialization(&t.pool, &t.vdevs)?.all();
        "forget_initialization" |t| t.zfs.forget_initialization(&t.pool, &t.vdevs)?.all();
        "trim" |t| t.zfs.trim(&t.pool, &t.vdevs).run()?.all();
        "suspend_trim" |t| t.zfs.suspend_trim(&t.pool, &t.vdevs)?.all();
        "cancel_trim" |t| t.zfs.cancel_trim(&t.pool, &t.vdevs)?.all();
        "vdev_properties" |t| t.zfs.vdev_properties(&t.pool, VdevGuid::new(7)).map(drop);
        "set_vdev_property" |t| {
            let (name, value) = t.property.clone();
            t.zfs.set_vdev_property(&t.pool, VdevGuid::new(7), &name, value)
        };
        "wait" |t| t.zfs.wait(&t.pool, PoolActivity::Resilver).map(drop);
        "wait_in_background" |t| {
            let mut waiter = t.zfs.wait_in_background(&t.pool, PoolActivity::Resilver)?;
            waiter.wait_timeout(Duration::from_secs(60)).map(drop)
        };
        "wait_for_dataset" |t| {
            t.zfs.wait_for_dataset(&t.dataset, DatasetActivity::DeleteQueue).map(drop)
        };
        "wait_for_dataset_in_background" |t| {
            let activity = DatasetActivity::DeleteQueue;
            let mut waiter = t.zfs.wait_for_dataset_in_background(&t.dataset, activity)?;
            waiter.wait_timeout(Duration::from_secs(60)).map(drop)
        };
        "prefetch" |t| t.zfs.prefetch(&t.pool, PoolTable::Dedup);
        "prune_dedup_table" |t| t.zfs.prune_dedup_table(&t.pool, DedupPrune::OldestPercent(1));
        "boot_environment" |t| t.zfs.boot_environment(&t.pool).map(drop);
        "set_boot_environment" |t| {
            t.zfs.set_boot_environment(&t.pool, &BootEnvironment::Values(t.list.clone()))
        };
        "program" |t| {
            let script = "local args = ... return args";
            let program = t.zfs.program(&t.pool, script).argument("list", t.list.clone());
            program.run_read_only().map(drop)
        };

        "mount" |t| {
            let path = std::env::temp_dir().join("misuse").join(t.dataset.as_str());
            t.zfs.mount(&t.dataset).at(path).run().map(drop)
        };
        "mount_points" |t| t.zfs.mount_points().map(drop);
        "mount_points_of" |t| t.zfs.mount_points_of(&t.dataset).map(drop);
        "unmount" |t| t.zfs.unmount(&t.dataset);
        "unload_keys" |t| t.zfs.unload_keys(&t.dataset).map(drop);
        "unload_key" |t| t.zfs.unload_key(&t.dataset);
        "destroy_bookmarks" |t| t.zfs.destroy_bookmarks(&t.bookmarks);
        "destroy_snapshots" |t| t.zfs.destroy_snapshots(&t.snapshots, Destroy::Deferred);
        "destroy_dataset" |t| t.zfs.destroy_dataset(&t.dataset);
    }
}

fn null() -> File {
    File::options()
        .read(true)
        .write(true)
        .open("/dev/null")
        .unwrap()
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

/// The first record of a full stream, and no more.
fn begin_record() -> [u8; BeginRecord::LEN] {
    let mut record = [0; BeginRecord::LEN];
    let mut put = |at: usize, bytes: &[u8]| record[at..at + bytes.len()].copy_from_slice(bytes);
    put(8, &0x2_f5ba_cbac_u64.to_ne_bytes()); // the magic number
    put(16, &1_u64.to_ne_bytes()); // a single stream
    put(32, &2_u32.to_ne_bytes()); // of a file system
    put(40, &7_u64.to_ne_bytes()); // its GUID
    record
}

fn token() -> ResumeToken {
    let fields = TokenFields::new("pool/data@s", 7);
    ResumeToken::build(&fields, Endian::Little).unwrap()
}

//! Streams that the kernel refuses, each for its reason.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use libzfs::nvlist::NvList;
use libzfs::stream::{BeginRecord, Features};
use libzfs::testing::Pool;
use libzfs::{
    DatasetName, ErrorKind, ReceiveBuilder, SendBuilder, SendFlags, SnapshotName, kernel_version,
};
use support::{
    encrypted, file_system, file_with, kind, noise, pool, raw_key, snapshot, stream_of, write_file,
    zfs_says,
};

fn receive(pool: &Pool, path: &str) -> ReceiveBuilder {
    pool.zfs().receive(&pool.snapshot(path))
}

#[track_caller]
fn received(receive: ReceiveBuilder, send: &SendBuilder) {
    receive.run(send.start().unwrap()).unwrap().all().unwrap();
}

#[track_caller]
fn refused(receive: ReceiveBuilder, send: &SendBuilder) -> ErrorKind {
    kind(receive.run(send.start().unwrap()))
}

/// The stream with another first record. The checksum of the record behind it is cleared, which the
/// kernel takes for one that it need not check.
fn with_begin(stream: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut stream = stream.to_vec();
    let payload = usize::try_from(BeginRecord::parse(&stream).unwrap().payload_len()).unwrap();
    change(&mut stream[..BeginRecord::LEN]);
    let end = 2 * BeginRecord::LEN + payload;
    stream[end - 32..end].fill(0);
    stream
}

/// The stream with another list of what belongs to its keys.
fn with_keys(stream: &[u8], change: impl FnOnce(&mut NvList)) -> Vec<u8> {
    let begin = BeginRecord::parse(stream).unwrap();
    let end = BeginRecord::LEN + usize::try_from(begin.payload_len()).unwrap();
    let mut payload = NvList::decode(&stream[BeginRecord::LEN..end]).unwrap();
    let mut keys = payload
        .remove("crypt_keydata")
        .unwrap()
        .into_list()
        .unwrap();
    change(&mut keys);
    payload.insert("crypt_keydata", keys);
    let packed = payload.encode().unwrap();
    let mut changed = stream[..BeginRecord::LEN].to_vec();
    changed[4..8].copy_from_slice(&u32::try_from(packed.len()).unwrap().to_ne_bytes());
    changed.extend(packed);
    changed.extend(&stream[end..]);
    with_begin(&changed, |_| {})
}

fn set_feature(begin: &mut [u8], feature: Features) {
    let version = u64::from_ne_bytes(begin[16..24].try_into().unwrap());
    begin[16..24].copy_from_slice(&(version | feature.bits() << 2).to_ne_bytes());
}

/// An encrypted dataset with three snapshots, and a place for raw copies.
struct Sample {
    pool: Pool,
    root: DatasetName,
    snapshots: Vec<SnapshotName>,
}

impl Sample {
    fn new(label: &str) -> Self {
        let pool = pool(label);
        let root = encrypted(&pool, "enc");
        let snapshots = (1..=3)
            .map(|i| {
                write_file(&pool, &root, "file", &noise(2 * i + 1, 100_000));
                snapshot(pool.zfs(), &root, &format!("s{i}"))
            })
            .collect();
        Self {
            pool,
            root,
            snapshots,
        }
    }

    /// Sends the snapshot of this number, from 1, raw from the one before if there is one.
    fn raw(&self, number: usize) -> SendBuilder {
        let send = self.plain(number);
        send.raw()
    }

    fn plain(&self, number: usize) -> SendBuilder {
        let send = self.pool.zfs().send(&self.snapshots[number - 1]);
        match number {
            1 => send,
            _ => send.from(&self.snapshots[number - 2]),
        }
    }
}

fn unread(socket: &UnixStream) -> libc::c_int {
    let mut bytes = 0;
    // SAFETY: the descriptor is open, and `bytes` of the type that this request writes.
    let rc = unsafe { libc::ioctl(socket.as_raw_fd(), libc::FIONREAD, &raw mut bytes) };
    assert_eq!(rc, 0);
    bytes
}

#[test]
fn a_first_record_that_lies_is_told() {
    let pool = pool("begin");
    let data = file_system(&pool, "data");
    let snap = snapshot(pool.zfs(), &data, "s");
    let stream = stream_of(&pool.zfs().send(&snap));
    let run = |change: &dyn Fn(&mut [u8])| {
        let changed = with_begin(&stream, change);
        kind(receive(&pool, "copy@s").run(file_with(&pool, &changed)))
    };
    // The latter is one that 2.1 would not look at.
    for unknown in [1 << 10, 1 << 50] {
        let unknown = Features::from_bits_retain(unknown);
        assert_eq!(
            run(&|begin| set_feature(begin, unknown)),
            ErrorKind::UnknownStreamFeature
        );
    }
    // The kernel would panic.
    assert_eq!(
        run(&|begin| set_feature(begin, Features::REDACTED)),
        ErrorKind::NotAStream
    );
    assert_eq!(
        run(&|begin| begin[4..8].copy_from_slice(&0x7fff_ffff_u32.to_ne_bytes())),
        ErrorKind::PayloadTooLarge
    );
    assert_eq!(
        run(&|begin| begin[32..36].copy_from_slice(&4_u32.to_ne_bytes())),
        ErrorKind::NotAStream
    );
    assert_eq!(
        run(&|begin| set_feature(begin, Features::RESUMING)),
        ErrorKind::DatasetNotFound
    );
    receive(&pool, "copy@s")
        .run(file_with(&pool, &stream))
        .unwrap()
        .all()
        .unwrap();
    assert_eq!(
        run(&|begin| set_feature(begin, Features::RESUMING)),
        ErrorKind::ResumeMismatch
    );
}

#[test]
fn what_raw_streams_have_to_say_of_their_keys_is_checked() {
    let sample = Sample::new("rawkeys");
    let pool = &sample.pool;
    let full = stream_of(&sample.raw(1));
    let run = |path: &str, stream: &[u8]| kind(receive(pool, path).run(file_with(pool, stream)));

    const SPILL_BLOCK: u32 = 1 << 3;
    let without_flag = with_begin(&full, |begin| {
        let flags = u32::from_ne_bytes(begin[36..40].try_into().unwrap());
        begin[36..40].copy_from_slice(&(flags & !SPILL_BLOCK).to_ne_bytes());
    });
    assert_eq!(
        run("copy@s1", &without_flag),
        ErrorKind::SpillBlockFlagMissing
    );
    let future = with_keys(&full, |keys| {
        keys.insert("DSL_CRYPTO_SUITE", 99_u64);
    });
    let unsupported = run("copy@s1", &future);
    if kernel_version().unwrap().starts_with("2.1.") {
        // It has no number of its own for it there.
        assert_eq!(unsupported, ErrorKind::BadStream);
    } else {
        assert_eq!(unsupported, ErrorKind::EncryptionUnsupported);
    }

    received(receive(pool, "copy@s1"), &sample.raw(1));
    let incremental = stream_of(&sample.raw(2));
    let without_guid = with_keys(&incremental, |keys| {
        keys.insert("from_ivset_guid", 0_u64);
    });
    assert_eq!(run("copy@s2", &without_guid), ErrorKind::IvsetGuidMissing);
    received(receive(pool, "copy@s2"), &sample.raw(2));
}

#[test]
fn a_raw_stream_does_not_follow_on_a_plain_one() {
    let sample = Sample::new("rawplain");
    let (pool, zfs) = (&sample.pool, sample.pool.zfs());
    received(receive(pool, "plain@s1"), &sample.plain(1));
    assert_eq!(
        refused(receive(pool, "plain@s2"), &sample.raw(2)),
        ErrorKind::EncryptionMismatch
    );
    // Encrypted here, but with another key.
    encrypted(pool, "vault");
    received(receive(pool, "vault/copy@s1"), &sample.plain(1));
    assert_eq!(
        refused(receive(pool, "vault/copy@s2"), &sample.raw(2)),
        ErrorKind::IvsetGuidMismatch
    );
    let base = pool.snapshot("vault/copy@s1");
    let guid = zfs_says(&["get", "-Hpo", "value", "ivsetguid", base.as_str()]);
    let pretending = with_keys(&stream_of(&sample.raw(2)), |keys| {
        keys.insert("from_ivset_guid", guid.parse::<u64>().unwrap());
    });
    assert_eq!(
        kind(receive(pool, "vault/copy@s2").run(file_with(pool, &pretending))),
        ErrorKind::EncryptionMismatch
    );
    // A full raw stream cannot replace what is there.
    for path in ["plain@s2", "vault/copy@s2"] {
        assert_eq!(
            refused(receive(pool, path).force_rollback(), &sample.raw(1)),
            ErrorKind::EncryptionMismatch
        );
    }
    // With the same key, but the snapshot is another than the sender's.
    received(receive(pool, "copy@s1"), &sample.raw(1));
    zfs.load_key(&pool.dataset("copy"), &raw_key()).unwrap();
    received(receive(pool, "copy@s2"), &sample.plain(2));
    assert_eq!(
        refused(receive(pool, "copy@s3"), &sample.raw(3)),
        ErrorKind::IvsetGuidMismatch
    );
    assert!(zfs.dataset_exists(&sample.root).unwrap());
}

#[test]
fn embedded_blocks_are_not_received_where_data_is_encrypted() {
    let pool = pool("embed");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "tiny", &[1; 100]);
    let one = snapshot(zfs, &data, "one");
    let two = snapshot(zfs, &data, "two");
    encrypted(&pool, "enc");
    let embed = |send: SendBuilder| send.flags(SendFlags::EMBED_DATA);
    let send = embed(zfs.send(&one));
    let begin = BeginRecord::parse(&stream_of(&send)).unwrap();
    assert!(begin.features().contains(Features::EMBED_DATA));
    assert_eq!(
        refused(receive(&pool, "enc/copy@one"), &send),
        ErrorKind::StreamFeatureUnsupported
    );
    received(receive(&pool, "enc/copy@one"), &zfs.send(&one));
    assert_eq!(
        refused(
            receive(&pool, "enc/copy@two"),
            &embed(zfs.send(&two).from(&one))
        ),
        ErrorKind::StreamFeatureUnsupported
    );
}

#[test]
fn a_stream_without_large_blocks_does_not_follow_on_one_with_them() {
    let pool = pool("large");
    let zfs = pool.zfs();
    let data = pool.dataset("data");
    zfs.create(&data)
        .set("recordsize", 1_u64 << 20)
        .run()
        .unwrap();
    write_file(&pool, &data, "file", &noise(1, 4 << 20));
    let one = snapshot(zfs, &data, "one");
    write_file(&pool, &data, "file", &noise(2, 4 << 20));
    let two = snapshot(zfs, &data, "two");
    let large = |send: SendBuilder| send.flags(SendFlags::LARGE_BLOCKS);
    received(receive(&pool, "copy@one"), &large(zfs.send(&one)));
    let incremental = zfs.send(&two).from(&one);
    assert_eq!(
        refused(receive(&pool, "copy@two"), &incremental),
        ErrorKind::LargeBlockMismatch
    );
    received(receive(&pool, "copy@two"), &large(incremental));
}

#[test]
fn large_directories_need_large_blocks() {
    const LIMIT: &str = "/sys/module/zfs/parameters/zap_micro_max_size";
    let pool = pool("microzap");
    let zfs = pool.zfs();
    let old = kernel_version().unwrap().starts_with("2.1.");
    if old {
        // Its directories are of another kind when they are as large as that.
        assert!(!fs::exists(LIMIT).unwrap());
    } else {
        fs::write(LIMIT, "1048576").unwrap();
    }
    let data = pool.dataset("data");
    zfs.create(&data)
        .set("recordsize", 1_u64 << 20)
        .run()
        .unwrap();
    let mount = pool.mount(&data).unwrap();
    for i in 0..2500 {
        fs::write(mount.path().join(format!("file-{i}")), b"").unwrap();
    }
    mount.unmount().unwrap();
    let snap = snapshot(zfs, &data, "s");
    let send = zfs.send(&snap);
    if old {
        received(receive(&pool, "copy@s"), &send);
        return;
    }
    let null = fs::File::options().write(true).open("/dev/null").unwrap();
    assert_eq!(kind(send.write_to(&null)), ErrorKind::LargeMicrozap);
    let send = send.flags(SendFlags::LARGE_BLOCKS);
    received(receive(&pool, "copy@s"), &send);
}

#[test]
fn a_clone_needs_its_origin() {
    let pool = pool("origin");
    let other = support::pool("originother");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 100_000));
    let base = snapshot(zfs, &data, "base");
    let clone = pool.dataset("clone");
    zfs_says(&["clone", "-o", "canmount=off", base.as_str(), clone.as_str()]);
    write_file(&pool, &clone, "more", &noise(2, 100_000));
    let tip = snapshot(zfs, &clone, "tip");
    let send = zfs.send(&tip).from(&base);
    assert_eq!(
        refused(receive(&pool, "again@tip"), &send),
        ErrorKind::OriginNeeded
    );
    let at = |origin: &SnapshotName| receive(&pool, "again@tip").origin(origin);
    assert_eq!(
        refused(at(&pool.snapshot("data@missing")), &send),
        ErrorKind::SnapshotNotFound
    );
    assert_eq!(refused(at(&tip), &send), ErrorKind::NoMatchingSnapshot);
    let elsewhere = snapshot(zfs, &file_system(&other, "data"), "s");
    assert_eq!(refused(at(&elsewhere), &send), ErrorKind::PoolsDiffer);
    assert_eq!(
        refused(receive(&pool, "no/parent@tip").origin(&base), &send),
        ErrorKind::ParentNotFound
    );
    assert_eq!(
        refused(receive(&pool, "data@tip").origin(&base), &send),
        ErrorKind::DatasetExists
    );
    received(at(&base), &send);
    assert_eq!(
        zfs_says(&[
            "get",
            "-Ho",
            "value",
            "origin",
            pool.dataset("again").as_str()
        ]),
        base.as_str()
    );
    // A full stream as a clone: it shares what is the same.
    received(receive(&pool, "full@tip").origin(&base), &zfs.send(&tip));
    assert_eq!(
        zfs_says(&[
            "get",
            "-Ho",
            "value",
            "origin",
            pool.dataset("full").as_str()
        ]),
        base.as_str()
    );
}

#[test]
fn where_nothing_can_be_received_is_told() {
    let pool = pool("where");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 3 << 20));
    let snap = snapshot(zfs, &data, "s");
    let send = zfs.send(&snap);
    zfs.create(&pool.dataset("volume"))
        .volume(1 << 20)
        .run()
        .unwrap();
    assert_eq!(
        refused(receive(&pool, "volume/copy@s"), &send),
        ErrorKind::WrongParent
    );
    let no_pool: SnapshotName = "lzt-no-such-pool/copy@s".parse().unwrap();
    assert_eq!(
        refused(zfs.receive(&no_pool), &send),
        ErrorKind::PoolNotFound
    );
    let narrow = file_system(&pool, "narrow");
    zfs_says(&["set", "quota=1M", narrow.as_str()]);
    assert_eq!(
        refused(receive(&pool, "narrow/copy@s"), &send),
        ErrorKind::QuotaExceeded
    );
}

#[test]
fn a_receive_that_is_running_is_not_disturbed() {
    let pool = pool("running");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let snap = snapshot(zfs, &data, "s");
    received(receive(&pool, "copy@s"), &zfs.send(&snap));
    write_file(&pool, &data, "file", &noise(1, 10_000));
    let later = snapshot(zfs, &data, "later");
    let incremental = stream_of(&zfs.send(&later).from(&snap));
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs
        .write_all(&incremental[..incremental.len() - 312])
        .unwrap();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| receive(&pool, "copy@later").run(&ours));
        // It has begun when it has read all that there is.
        while unread(&ours) > 0 {
            assert!(!running.is_finished());
            std::thread::sleep(Duration::from_millis(50));
        }
        let second = receive(&pool, "copy@later").run(file_with(&pool, &incremental));
        assert_eq!(kind(second), ErrorKind::Busy);
        theirs
            .write_all(&incremental[incremental.len() - 312..])
            .unwrap();
        running.join().unwrap().unwrap().all().unwrap();
    });
}

#[test]
fn a_forced_full_receive_is_resumed_with_force() {
    let pool = pool("resforce");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    write_file(&pool, &data, "file", &noise(1, 2 << 20));
    let snap = snapshot(zfs, &data, "s");
    let stream = stream_of(&zfs.send(&snap));
    let copy = file_system(&pool, "copy");
    let half = file_with(&pool, &stream[..stream.len() / 2]);
    let cut = receive(&pool, "copy@s")
        .force_rollback()
        .resumable()
        .run(half);
    assert_eq!(kind(cut), ErrorKind::StreamTruncated);
    let token = zfs.dataset(&copy).unwrap().receive_resume_token().unwrap();
    let rest = zfs.resume_send(&data, &token.unwrap()).unwrap();
    let unforced = receive(&pool, "copy@s").run(rest.start().unwrap());
    if kernel_version().unwrap().starts_with("2.1.") {
        // Without a word about force.
        assert_eq!(kind(unforced), ErrorKind::DestinationModified);
    } else {
        assert_eq!(kind(unforced), ErrorKind::ResumableStateExists);
        receive(&pool, "copy@s")
            .force_rollback()
            .run(rest.start().unwrap())
            .unwrap()
            .all()
            .unwrap();
    }
}

//! The calls that are measured one by one.

use std::ffi::CString;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{Read, Seek, Write};
use std::slice;

use libzfs::key::{Derivation, WrappingKey};
use libzfs::testing::{Mount, Pool};
use libzfs::{
    BookmarkName, DatasetName, Destroy, Encryption, HoldTag, IncrementalSource, Key, SnapshotName,
    Zfs,
};

use crate::c;
use crate::measure::Case;

const KEY: [u8; 32] = [7; 32];

/// A call that enters itself into the pool's history, as it does if nothing else is said.
const ENTERED: &str = "hold, entered in the history";

/// How many holds and bookmarks there are to list.
const LISTED: usize = 10;

/// A name as each side has it.
struct Name<T> {
    safe: T,
    c: CString,
}

impl<T: AsRef<str>> Name<T> {
    fn new(safe: T) -> Self {
        let c = c::name(&safe);
        Self { safe, c }
    }
}

/// What the calls are made on.
pub(crate) struct Fixture {
    /// Mounted, as datasets mostly are; the first field, so that it is the first to go.
    _mount: Mount,
    pool: Pool,
    /// Which enters nothing into the history, as C does not.
    zfs: Zfs,
    key: Key,
    wrapping_key: WrappingKey,
    data: Name<DatasetName>,
    /// A snapshot of it with [`LISTED`] holds and as many bookmarks.
    listed: Name<SnapshotName>,
    /// An encrypted dataset, whose key is loaded.
    encrypted: Name<DatasetName>,
    /// What is there in the meantime only.
    tag: Name<HoldTag>,
    snapshot: Name<SnapshotName>,
    bookmark: Name<BookmarkName>,
    /// The bookmark with what it is of.
    bookmarks: [(BookmarkName, IncrementalSource); 1],
    c_bookmarks: [(CString, CString); 1],
    dataset: Name<DatasetName>,
    received: Name<SnapshotName>,
    /// The stream of the listed snapshot.
    stream: File,
    stream_len: usize,
    reader: File,
    writer: File,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let pool = Pool::builder().label("bench").build().unwrap();
        let zfs = pool.zfs();
        let data = pool.dataset("data");
        zfs.create(&data).run().unwrap();
        let mount = pool.mount(&data).unwrap();
        fs::write(mount.path().join("file"), [0x55; 10_000]).unwrap();

        let listed = data.snapshot("listed").unwrap();
        zfs.create_snapshots(slice::from_ref(&listed)).unwrap();
        let mut bookmarks = Vec::new();
        for number in 0..LISTED {
            let tag = format!("tag-{number}").parse().unwrap();
            let held = zfs.hold(&tag, slice::from_ref(&listed)).unwrap();
            held.all().unwrap();
            let name = data.bookmark(&format!("mark-{number}")).unwrap();
            bookmarks.push((name, IncrementalSource::from(&listed)));
        }
        zfs.create_bookmarks(&bookmarks).unwrap();

        let key = Key::raw(&KEY).unwrap();
        let encrypted = pool.dataset("encrypted");
        zfs.create(&encrypted)
            .encryption(Encryption::Aes256Gcm, Key::raw(&KEY).unwrap())
            .run()
            .unwrap();

        let mut bytes = Vec::new();
        let mut stream = zfs.send(&listed).start().unwrap();
        stream.read_to_end(&mut bytes).unwrap();
        // What a pipe holds, so that a send to it needs no reader.
        assert!(bytes.len() < 64 << 10, "a stream of {}", bytes.len());
        let mut file = tempfile::tempfile_in(pool.directory()).unwrap();
        file.write_all(&bytes).unwrap();
        let (reader, writer) = c::pipe();

        let bookmark = data.bookmark("made").unwrap();
        Self {
            _mount: mount,
            wrapping_key: key.wrapping_key(Derivation { salt: 0, iters: 0 }).unwrap(),
            key,
            bookmarks: [(bookmark.clone(), IncrementalSource::from(&listed))],
            c_bookmarks: [(c::name(&bookmark), c::name(&listed))],
            bookmark: Name::new(bookmark),
            snapshot: Name::new(data.snapshot("made").unwrap()),
            dataset: Name::new(data.child("made").unwrap()),
            received: Name::new(pool.snapshot("received@s")),
            tag: Name::new("made".parse().unwrap()),
            data: Name::new(data),
            listed: Name::new(listed),
            encrypted: Name::new(encrypted),
            stream: file,
            stream_len: bytes.len(),
            reader,
            writer,
            zfs: pool.zfs().clone().without_history(),
            pool,
        }
    }

    /// All calls, each with what makes and unmakes what it is called on.
    pub(crate) fn cases(&self) -> Vec<Case<'_>> {
        let mut cases = self.reads();
        cases.extend(self.changes());
        cases.extend(self.keys());
        cases.extend(self.streams());
        cases
    }

    fn reads(&self) -> Vec<Case<'_>> {
        let zfs = &self.zfs;
        let holds = || c::holds(&self.listed.c);
        vec![
            Case::new("(lzc_get_holds, twice)", holds, holds),
            Case::new(
                "dataset_exists",
                || c::exists(&self.data.c),
                || assert!(zfs.dataset_exists(&self.data.safe).unwrap()),
            ),
            Case::new("holds, of 10", holds, || {
                black_box(zfs.holds(&self.listed.safe).unwrap());
            }),
            Case::new(
                "bookmarks, of 10",
                || c::bookmarks(&self.data.c),
                || {
                    black_box(zfs.bookmarks(&self.data.safe).unwrap());
                },
            ),
            Case::new(
                "send().size()",
                || c::send_space(&self.listed.c),
                || {
                    black_box(zfs.send(&self.listed.safe).size().unwrap());
                },
            ),
        ]
    }

    fn changes(&self) -> Vec<Case<'_>> {
        let zfs = &self.zfs;
        let (listed, tag) = (&self.listed, &self.tag);
        let hold = || c::hold(&tag.c, slice::from_ref(&listed.c));
        let release = || c::release(&tag.c, slice::from_ref(&listed.c));
        let snapshot = || c::snapshot(slice::from_ref(&self.snapshot.c));
        let destroy_snapshot = || c::destroy_snapshots(slice::from_ref(&self.snapshot.c));
        let bookmark = || c::bookmark(&self.c_bookmarks);
        let destroy_bookmark = || c::destroy_bookmarks(slice::from_ref(&self.bookmark.c));
        let create = || c::create(&self.dataset.c);
        let destroy = || c::destroy(&self.dataset.c);
        vec![
            Case::new("create_snapshots", snapshot, || {
                let names = slice::from_ref(&self.snapshot.safe);
                zfs.create_snapshots(names).unwrap();
            })
            .restore(destroy_snapshot),
            Case::new("destroy_snapshots", destroy_snapshot, || {
                let names = slice::from_ref(&self.snapshot.safe);
                zfs.destroy_snapshots(names, Destroy::Now).unwrap();
            })
            .prepare(snapshot),
            Case::new("hold", hold, || {
                let held = zfs.hold(&tag.safe, slice::from_ref(&listed.safe));
                held.unwrap().all().unwrap();
            })
            .restore(release),
            Case::new(ENTERED, hold, || {
                let zfs = self.pool.zfs();
                let held = zfs.hold(&tag.safe, slice::from_ref(&listed.safe));
                held.unwrap().all().unwrap();
            })
            .restore(release),
            Case::new("release", release, || {
                let released = zfs.release(&tag.safe, slice::from_ref(&listed.safe));
                released.unwrap().all().unwrap();
            })
            .prepare(hold),
            Case::new("create_bookmarks", bookmark, || {
                zfs.create_bookmarks(&self.bookmarks).unwrap();
            })
            .restore(destroy_bookmark),
            Case::new("destroy_bookmarks", destroy_bookmark, || {
                let names = slice::from_ref(&self.bookmark.safe);
                zfs.destroy_bookmarks(names).unwrap();
            })
            .prepare(bookmark),
            Case::new("create().run()", create, || {
                zfs.create(&self.dataset.safe).run().unwrap();
            })
            .restore(destroy),
            Case::new("destroy_dataset", destroy, || {
                zfs.destroy_dataset(&self.dataset.safe).unwrap();
            })
            .prepare(create),
        ]
    }

    fn keys(&self) -> Vec<Case<'_>> {
        let zfs = &self.zfs;
        let encrypted = &self.encrypted;
        let load = || c::load_key(&encrypted.c, &KEY, false);
        let unload = || c::unload_key(&encrypted.c);
        vec![
            Case::new("load_wrapping_key", load, || {
                let key = &self.wrapping_key;
                zfs.load_wrapping_key(&encrypted.safe, key).unwrap();
            })
            .prepare(unload),
            Case::new("load_key", load, || {
                zfs.load_key(&encrypted.safe, &self.key).unwrap();
            })
            .prepare(unload),
            Case::new(
                "try_key",
                || c::load_key(&encrypted.c, &KEY, true),
                || assert!(zfs.try_key(&encrypted.safe, &self.key).unwrap()),
            ),
            Case::new("unload_key", unload, || {
                zfs.unload_key(&encrypted.safe).unwrap();
            })
            .restore(load),
        ]
    }

    fn streams(&self) -> Vec<Case<'_>> {
        let zfs = &self.zfs;
        vec![
            Case::new(
                "send().write_to(pipe)",
                || c::send(&self.listed.c, &self.writer),
                || {
                    let send = zfs.send(&self.listed.safe);
                    send.write_to(&self.writer).unwrap();
                },
            )
            .restore(|| {
                let mut bytes = vec![0; self.stream_len];
                (&self.reader).read_exact(&mut bytes).unwrap();
            }),
            Case::new(
                "receive().run(file)",
                || c::receive(&self.received.c, &self.stream),
                || {
                    let receive = zfs.receive(&self.received.safe);
                    receive.run(&self.stream).unwrap().all().unwrap();
                },
            )
            .prepare(|| (&self.stream).rewind().unwrap())
            .restore(|| {
                let received = &self.received.safe;
                let names = slice::from_ref(received);
                zfs.destroy_snapshots(names, Destroy::Now).unwrap();
                zfs.destroy_dataset(received.dataset()).unwrap();
            }),
        ]
    }
}

//! Replication through a server, and what clients try that want something else.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::fmt::Debug;
use std::io::{self, Cursor, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use libzfs::nvlist::Endian;
use libzfs::replicate::{
    Confinement, Connection, Error, Event, Limits, LocalSource, LocalTarget, Look, Marks, Order,
    Outgoing, Policy, Remote, Replication, Report, Result, Server, Side, Source, Target,
};
use libzfs::resume_token::{ResumeToken, TokenFields};
use libzfs::testing::Pool;
use libzfs::{DatasetName, Key, SnapshotName, TransferControl, Zfs};
use support::{
    encrypted, file_system, noise, pool, property_says, raw_key, read_file, snapshot, stream_of,
    within, write_file, zfs_says,
};

const LIMIT: Duration = Duration::from_secs(240);

fn marks() -> Marks {
    Marks::new("offsite").unwrap()
}

type Served = JoinHandle<Result<()>>;

/// A client, and the server that it speaks with.
fn remote(serve: impl FnOnce(UnixStream) -> Result<()> + Send + 'static) -> (Remote, Served) {
    let (ours, served) = socket(serve);
    let connection = Connection::new(ours.try_clone().unwrap(), ours).unwrap();
    (Remote::over(connection).unwrap(), served)
}

fn socket(serve: impl FnOnce(UnixStream) -> Result<()> + Send + 'static) -> (UnixStream, Served) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (ours, thread::spawn(move || serve(theirs)))
}

/// Receives what it is sent, as it is confined.
fn receiving(
    pool: &Pool,
    confinement: Confinement,
) -> impl FnOnce(UnixStream) -> Result<()> + Send + 'static {
    let target = LocalTarget::new(pool.zfs());
    move |socket| {
        Server::receive_only(&target, confinement)
            .stall_limit(Duration::from_secs(5))
            .serve(socket.try_clone().unwrap(), socket)
    }
}

fn sending(
    pool: &Pool,
    confinement: Confinement,
) -> impl FnOnce(UnixStream) -> Result<()> + Send + 'static {
    let source = LocalSource::new(pool.zfs());
    move |socket| {
        Server::send_raw_only(&source, confinement).serve(socket.try_clone().unwrap(), socket)
    }
}

fn confined_to(pool: &Pool, path: &str) -> Confinement {
    Confinement::to(&pool.dataset(path)).marks(&marks())
}

#[track_caller]
fn complete(report: Report) -> Report {
    assert!(report.is_complete(), "{report:?}");
    report
}

/// The GUIDs of the snapshots of a dataset, as `zfs` has them.
#[track_caller]
fn guids(dataset: &DatasetName) -> String {
    let name = dataset.as_str();
    zfs_says(&[
        "list",
        "-Hpt",
        "snapshot",
        "-s",
        "createtxg",
        "-o",
        "guid",
        name,
    ])
}

#[test]
fn a_tree_is_pushed_and_pulled() {
    within(LIMIT, || {
        let pool = pool("serve");
        let zfs = pool.zfs();
        let prod = encrypted(&pool, "prod");
        let db = pool.dataset("prod/db");
        zfs.create(&db).run().unwrap();
        file_system(&pool, "vault");
        let content = noise(1, 2 << 20);
        write_file(&pool, &db, "file", &content);
        let local = LocalSource::new(zfs);
        let copy = pool.dataset("vault/prod");
        let copies = [copy.clone(), copy.child("db").unwrap()];
        let sources = [prod.clone(), db.clone()];

        let (target, served) = remote(receiving(&pool, confined_to(&pool, "vault/prod")));
        let push = || Replication::new((&local, &prod), (&target, &copy), &marks());
        let report = complete(push().take_snapshots("one").run().unwrap());
        assert!(report.bytes() > 2 << 20);
        // An interrupted stream is gone on with, as from anywhere else.
        write_file(&pool, &db, "second", &noise(2, 2 << 20));
        snapshot(zfs, &prod, "two");
        let two = snapshot(zfs, &db, "two");
        let one = db.snapshot("one").unwrap();
        let bytes = stream_of(&zfs.send(&two).from(&one).raw());
        let mut order = Order {
            snapshot: copies[1].snapshot("two").unwrap(),
            guid: zfs.snapshot(&two).unwrap().guid().unwrap(),
            base: Some(zfs.snapshot(&one).unwrap().guid().unwrap()),
            origin: None,
            resumed: None,
            policy: Policy::Vault,
        };
        let cut = Cursor::new(bytes[..bytes.len() / 2].to_vec()).chain(Broken);
        push_stream(&target, &order, cut).unwrap_err();
        let token = property_says("receive_resume_token", &copies[1]);
        assert!(token.starts_with("1-"), "{token}");
        // Something else than what it is the token of.
        order.guid += 1;
        order.resumed = Some(token);
        refused(push_stream(&target, &order, Cursor::new(bytes)));
        let report = complete(push().run().unwrap());
        let resumed = report.datasets.iter().flat_map(|one| &one.sent);
        assert_eq!(resumed.count(), 2);
        for (source, copy) in sources.iter().zip(&copies) {
            assert_eq!(guids(source), guids(copy));
            assert_eq!(property_says("keystatus", copy), "unavailable");
            assert_eq!(property_says("receive_resume_token", copy), "-");
        }
        assert!(push().plan().unwrap().is_up_to_date());

        // Another key: whoever has the source could lock all of the copy with it.
        let other = Key::raw(&[9; 32]).unwrap();
        zfs.change_key(&prod, other.clone()).run().unwrap();
        let report = push().take_snapshots("three").run().unwrap();
        let why = report.errors().next().unwrap().1.to_string();
        assert!(why.contains("would change the key"), "{why}");
        zfs.load_key(&copy, &raw_key()).unwrap();
        zfs.unload_key(&copy).unwrap();
        drop(target);
        served.join().unwrap().unwrap();
        let allowing = confined_to(&pool, "vault/prod").allow_key_changes();
        let (target, _) = remote(receiving(&pool, allowing));
        let push = Replication::new((&local, &prod), (&target, &copy), &marks());
        complete(push.run().unwrap());
        assert!(zfs.load_key(&copy, &raw_key()).is_err());
        zfs.load_key(&copies[1], &other).unwrap();
        assert!(read_file(&pool, &copies[1], "file") == content);
        zfs.unload_key(&copies[1]).unwrap();

        // The other way round: the copy is the source, and has no key.
        let confinement = confined_to(&pool, "vault/prod");
        let (source, served) = remote(sending(&pool, confinement));
        let second = pool.dataset("vault/second");
        let local = LocalTarget::new(zfs);
        let pull = || Replication::new((&source, &copy), (&local, &second), &marks());
        // To take snapshots is not among what it may.
        assert!(pull().take_snapshots("four").run().is_err());
        complete(pull().run().unwrap());
        assert_eq!(guids(&second), guids(&copy));
        assert_eq!(guids(&second.child("db").unwrap()), guids(&copies[1]));
        assert!(pull().plan().unwrap().is_up_to_date());
        drop(source);
        served.join().unwrap().unwrap();
    });
}

#[test]
fn a_pull_that_was_cut_goes_on_behind_a_renamed_source() {
    within(LIMIT, || {
        let pool = pool("renamed");
        let zfs = pool.zfs();
        let prod = encrypted(&pool, "prod");
        file_system(&pool, "vault");
        write_file(&pool, &prod, "file", &noise(1, 6 << 20));
        snapshot(zfs, &prod, "one");
        let (local, copy) = (LocalTarget::new(zfs), pool.dataset("vault/prod"));
        let (source, _) = remote(sending(&pool, confined_to(&pool, "prod")));
        let control = TransferControl::new();
        let limits = Limits {
            bytes_per_second: Some(2 << 20),
            ..Limits::default()
        };
        let pull = Replication::new((&source, &prod), (&local, &copy), &marks());
        let pull = pull.limits(limits).controlled_by(&control);
        let pull = pull.on_event(|event| {
            if matches!(event, Event::Progress { bytes, .. } if bytes > 1 << 20) {
                control.cancel();
            }
        });
        assert!(pull.run().unwrap().cancelled);
        assert!(property_says("receive_resume_token", &copy).starts_with("1-"));
        let live = pool.dataset("live");
        zfs.rename_dataset(&prod, &live).unwrap();
        let (source, _) = remote(sending(&pool, confined_to(&pool, "live")));
        let pull = Replication::new((&source, &live), (&local, &copy), &marks());
        let report = complete(pull.run().unwrap());
        assert!(report.bytes() < 6 << 20, "all came again");
        assert_eq!(guids(&live), guids(&copy));
    });
}

/// A source of which there is no more.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("it is broken"))
    }
}

fn push_stream(target: &Remote, order: &Order, stream: impl Read + Send + 'static) -> Result<()> {
    let stream = Outgoing::Reader(Box::new(stream));
    target.receive(order, stream, &TransferControl::new())
}

#[track_caller]
fn refused<T: Debug>(result: Result<T>) {
    match result {
        Err(Error::Refused(_)) => {}
        // A stream that is not what it has to be.
        Err(Error::Remote { kind: None, .. }) => {}
        other => panic!("{other:?}"),
    }
}

/// All that there is on a pool, as far as a client could want to change it.
#[track_caller]
fn state(pool: &Pool) -> String {
    let top = pool.dataset("vault");
    let list = [
        "list",
        "-Hpr",
        "-t",
        "all",
        "-o",
        "name,guid,createtxg,userrefs",
    ];
    let listed = zfs_says(&[&list[..], &[top.as_str()]].concat());
    let get = ["get", "-Hpr", "-o", "name,property,value,source"];
    let properties = "readonly,canmount,mountpoint,mounted,keystatus,encryptionroot,quota,\
                      receive_resume_token,zvault:offsite,zvault:other";
    listed + &zfs_says(&[&get[..], &[properties, top.as_str()]].concat())
}

#[test]
fn who_wants_something_else_changes_nothing_and_is_told_of() {
    let logged = Logged::default();
    // For all threads of this program.
    tracing::subscriber::set_global_default(logged.clone()).unwrap();
    within(LIMIT, move || {
        let pool = pool("hostile");
        let zfs = pool.zfs();
        let prod = encrypted(&pool, "prod");
        write_file(&pool, &prod, "file", &noise(1, 1 << 20));
        let one = snapshot(zfs, &prod, "one");
        write_file(&pool, &prod, "second", &noise(2, 1 << 20));
        let two = snapshot(zfs, &prod, "two");
        let plain = file_system(&pool, "plain");
        write_file(&pool, &plain, "file", &noise(3, 1 << 20));
        let plain_one = snapshot(zfs, &plain, "one");
        file_system(&pool, "vault");
        file_system(&pool, "vault/mine");
        file_system(&pool, "vault/mine2");
        file_system(&pool, "vault/others");
        for (name, path) in [("offsite", "mine"), ("other", "others")] {
            let marks = Marks::new(name).unwrap();
            let to = pool.dataset(&format!("vault/{path}/copy"));
            let target = LocalTarget::new(zfs);
            // Up to the first of the two.
            let order = order_of(&to.snapshot("one").unwrap(), zfs, &one, None);
            let sent = zfs.send(&one).raw().start().unwrap();
            let sent = Outgoing::Kernel(Box::new(sent));
            target
                .receive(&order, sent, &TransferControl::new())
                .unwrap();
            target.verify(&marks, &order).unwrap();
            target
                .anchor(&marks, &[(order.snapshot, order.guid)])
                .unwrap();
        }
        let before = state(&pool);
        let copy = pool.dataset("vault/mine/copy");
        let others = pool.dataset("vault/others/copy");
        let guid = zfs.snapshot(&one).unwrap().guid().unwrap();

        let confinement = || confined_to(&pool, "vault/mine").allow_renames();
        let (client, served) = remote(receiving(&pool, confinement()));
        let incremental = stream_of(&zfs.send(&two).from(&one).raw());
        let raw = stream_of(&zfs.send(&one).raw());
        let push = |at: &DatasetName, name: &str, base, bytes: &[u8]| {
            let snapshot = at.snapshot(name).unwrap();
            let sent = match base {
                Some(_) => &two,
                None => &one,
            };
            let order = order_of(&snapshot, zfs, sent, base);
            push_stream(&client, &order, Cursor::new(bytes.to_vec()))
        };
        // Elsewhere.
        refused(push(&others, "two", Some(&one), &incremental));
        refused(push(&pool.dataset("vault/mine2/copy"), "one", None, &raw));
        refused(push(&pool.dataset("vault"), "one", None, &raw));
        refused(push(
            &pool.dataset("vault/mine/copy/%recv"),
            "two",
            Some(&one),
            &incremental,
        ));
        // Not raw, whatever is said; by another name it would be what was ordered.
        let readable = stream_of(&zfs.send(&plain_one));
        let at = pool.dataset("vault/mine/new").snapshot("one").unwrap();
        let order = order_of(&at, zfs, &plain_one, None);
        refused(push_stream(&client, &order, Cursor::new(readable)));
        // Its key is loaded.
        let decrypted = stream_of(&zfs.send(&one));
        refused(push(
            &pool.dataset("vault/mine/new"),
            "one",
            None,
            &decrypted,
        ));
        // Not what was ordered.
        refused(push(
            &pool.dataset("vault/mine/new"),
            "one",
            None,
            &incremental,
        ));
        refused(push(&copy, "two", Some(&one), &raw));
        // A forged token.
        for change in [
            (|fields: &mut TokenFields| fields.raw = false) as fn(&mut TokenFields),
            |fields| fields.to_guid += 1,
            |fields| fields.from_guid = None,
        ] {
            let mut order = order_of(&copy.snapshot("two").unwrap(), zfs, &two, Some(&one));
            let mut fields = TokenFields::new(two.as_str(), order.guid);
            fields.from_guid = order.base;
            fields.raw = true;
            change(&mut fields);
            let token = ResumeToken::build(&fields, Endian::HOST).unwrap();
            order.resumed = Some(token.as_str().to_owned());
            refused(push_stream(
                &client,
                &order,
                Cursor::new(incremental.clone()),
            ));
        }
        // What is held, and what is there.
        let other = Marks::new("other").unwrap();
        let kept = |dataset: &DatasetName| (dataset.clone(), vec![1]);
        refused(client.settle(&other, &[kept(&copy)]));
        refused(client.settle(&marks(), &[kept(&copy), kept(&others)]));
        refused(client.settle(&marks(), &[kept(&copy), (copy.clone(), vec![])]));
        refused(client.anchor(&marks(), &[(others.snapshot("one").unwrap(), guid)]));
        refused(client.rename(&copy, &pool.dataset("vault/mine2/copy")));
        refused(client.rename(&others, &pool.dataset("vault/mine/others")));
        refused(client.rename(&pool.dataset("vault/mine"), &pool.dataset("vault/mine/a")));
        refused(client.discard_partial(&others, "1-0-0-0"));
        refused(client.take_snapshots(&[copy.snapshot("new").unwrap()]));
        let look = |top: &str| Look::all(&pool.dataset(top));
        refused(client.tree(&look("vault")));
        refused(client.tree(&look("vault/mine2")));
        let told = logged.text();
        assert!(told.matches("refused").count() >= 20, "{told}");
        assert!(
            told.contains("not raw") && told.contains("vault/others/copy"),
            "{told}"
        );
        // Nothing is there to be discarded.
        client.discard_partial(&copy, "1-0-0-0").unwrap();
        assert_eq!(state(&pool), before);
        drop(client);
        served.join().unwrap().unwrap();

        // Nonsense, silence, and an end in the middle.
        let hello = b"M\0\0\0\x0e{\"zvault\":[1]}";
        let destroy = br#"{"destroy":{"dataset":"vault/mine/copy"}}"#;
        for said in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            &[&hello[..], b"M\0\0\0\x29", destroy].concat(),
            &[&hello[..], b"M\xff\xff\xff\xff"].concat(),
            &hello[..9],
        ] {
            let (mut socket, served) = socket(receiving(&pool, confinement()));
            socket.write_all(said).unwrap();
            assert!(matches!(served.join().unwrap(), Err(Error::Lost(_))));
        }
        let order = order_of(&copy.snapshot("two").unwrap(), zfs, &two, Some(&one));
        let order = serde_json::json!({ "receive": { "order": order } }).to_string();
        let request = |text: &str| {
            let len = u32::try_from(text.len()).unwrap().to_be_bytes();
            [b"M", &len[..], text.as_bytes()].concat()
        };
        for stalls in [false, true] {
            let (mut socket, served) = socket(receiving(&pool, confinement()));
            let data = &incremental[..incremental.len() / 8];
            let len = u32::try_from(data.len()).unwrap().to_be_bytes();
            socket.write_all(hello).unwrap();
            socket.write_all(&request(&order)).unwrap();
            socket.write_all(b"D").unwrap();
            socket.write_all(&len).unwrap();
            socket.write_all(data).unwrap();
            if !stalls {
                socket.shutdown(std::net::Shutdown::Both).unwrap();
            }
            assert!(matches!(served.join().unwrap(), Err(Error::Lost(_))));
        }
        // What had come of it may stay, to be resumed; nothing else is different.
        zfs.discard_partial_receive(&copy).unwrap();
        assert_eq!(state(&pool), before);

        // Whoever may read gets nothing readable, and nothing else.
        let confinement = confined_to(&pool, "plain").and(&prod);
        let (client, _) = remote(sending(&pool, confinement));
        let transfer = |snapshot: &SnapshotName| {
            let guid = zfs.snapshot(snapshot).unwrap().guid().unwrap();
            let transfer = serde_json::json!({
                "snapshot": snapshot, "guid": guid, "base": null, "resumed": null, "estimate": null
            });
            serde_json::from_value(transfer).unwrap()
        };
        let control = TransferControl::new();
        refused(client.send(&transfer(&plain_one), &control));
        refused(client.send(&transfer(&copy.snapshot("one").unwrap()), &control));
        refused(client.rename(&prod, &plain));
        assert!(client.send(&transfer(&one), &control).is_ok());
    });
}

fn order_of(
    becomes: &SnapshotName,
    zfs: &Zfs,
    sent: &SnapshotName,
    base: Option<&SnapshotName>,
) -> Order {
    let guid = |name| zfs.snapshot(name).unwrap().guid().unwrap();
    Order {
        snapshot: becomes.clone(),
        guid: guid(sent),
        base: base.map(guid),
        origin: None,
        resumed: None,
        policy: Policy::Vault,
    }
}

/// What is logged, as text.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<String>>);

impl Logged {
    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl tracing::Subscriber for Logged {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut |field: &tracing::field::Field, value: &dyn Debug| {
            *self.0.lock().unwrap() += &format!("{field}={value:?} ");
        });
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

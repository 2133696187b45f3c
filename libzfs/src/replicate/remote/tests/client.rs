//! What a client gets of a server that does its work.

use std::io::{Cursor, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::*;
use crate::ErrorKind;
use crate::replicate::{Look, Outgoing, Side, Source, Target};
use crate::stream::tests::samples::raw_stream_of;
use crate::transfer::TransferControl;

/// More than pipes, sockets and frames hold.
const TIMES: usize = 1500;

fn reader(bytes: &[u8]) -> Outgoing {
    Outgoing::Reader(Box::new(Cursor::new(bytes.to_vec())))
}

fn read(stream: Outgoing) -> io::Result<Vec<u8>> {
    let Outgoing::Reader(mut stream) = stream else {
        panic!("from a kernel");
    };
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What is wrong with a stream that was pulled.
fn flaw(stream: Outgoing) -> Error {
    read(stream).unwrap_err().downcast::<Error>().unwrap()
}

#[test]
fn a_stream_is_pushed_as_it_is() {
    within(|| {
        for remote in [remote, remote_over_pipes] {
            let fake = Arc::default();
            let (remote, served) = remote(&fake, receiving);
            let stream = raw_stream_of(5, None, 1, TIMES);
            assert!(stream.len() > 2 << 20);
            for _ in 0..2 {
                let control = TransferControl::new();
                remote
                    .receive(&order(5, None), reader(&stream), &control)
                    .unwrap();
                assert_eq!(control.progress().bytes, stream.len() as u64);
                assert!(!control.is_running());
            }
            drop(remote);
            served.join().unwrap().unwrap();
            let received = fake.received();
            assert_eq!(received.len(), 2);
            assert!(received.iter().all(|it| *it == (stream.clone(), true)));
        }
    });
}

#[test]
fn a_stream_is_pulled_as_it_is() {
    within(|| {
        for remote in [remote, remote_over_pipes] {
            let fake = Arc::new(Fake {
                stream: raw_stream_of(5, Some(4), 1, TIMES),
                ..Fake::default()
            });
            let (remote, served) = remote(&fake, sending);
            for _ in 0..2 {
                let control = TransferControl::new();
                let stream = remote.send(&transfer(5, Some(4)), &control).unwrap();
                assert!(control.is_running());
                assert!(read(stream).unwrap() == fake.stream);
                assert_eq!(control.progress().bytes, fake.stream.len() as u64);
                assert!(!control.is_running());
            }
            drop(remote);
            served.join().unwrap().unwrap();
        }
    });
}

#[test]
fn what_is_asked_for_is_done_there() {
    within(|| {
        let fake = Arc::new(Fake::default());
        let (target, served) = remote(&fake, |fake| {
            Server::receive_only(fake, confinement().allow_renames())
        });
        assert_eq!(target.role(), crate::replicate::Role::ReceiveOnly);
        let top = dataset("vault/prod");
        let look = Look::since(&top, &marks());
        assert_eq!(target.tree(&look).unwrap(), fake::tree(&top));
        let a = dataset("vault/prod/a");
        target
            .anchor(&marks(), &[(snapshot("vault/prod/a@s"), u64::MAX)])
            .unwrap();
        target
            .settle(&marks(), &[(a.clone(), vec![1, u64::MAX])])
            .unwrap();
        target.rename(&a, &dataset("vault/prod/b")).unwrap();
        target.discard_partial(&a, "token").unwrap();
        assert_eq!(target.wrapped_key(&a).unwrap(), None);
        let proof = target.verify(&marks(), &order(u64::MAX, None)).unwrap();
        assert_eq!(proof.guid, u64::MAX);
        match target.verify(&marks(), &order(0, None)) {
            Err(Error::Broken { dataset, what }) => {
                assert_eq!((dataset, &*what), (a, "it is mounted"));
            }
            other => panic!("{other:?}"),
        }
        drop(target);
        served.join().unwrap().unwrap();
        assert_eq!(
            fake.calls(),
            [
                "tree vault/prod",
                "anchor offsite [(SnapshotName(\"vault/prod/a@s\"), 18446744073709551615)]",
                "settle offsite vault/prod/a [1, 18446744073709551615]",
                "rename vault/prod/a vault/prod/b",
                "discard vault/prod/a token",
                "verify vault/prod/a@s",
                "verify vault/prod/a@s",
            ]
        );

        let (source, _) = remote(&fake, |fake| {
            Server::send_raw_only(fake, confinement().allow_snapshots())
        });
        assert_eq!(source.estimate(&transfer(5, None)).unwrap(), u64::MAX);
        let origin = snapshot("vault/prod/a@s");
        let clone = dataset("vault/prod/b");
        let bookmark = source.bookmark_ancestor(&marks(), &clone, &origin, 5);
        assert_eq!(
            bookmark.unwrap().as_str(),
            "vault/prod/b#zvault:offsite:0000000000000005:0000000000000007"
        );
        let bookmarked = "bookmark vault/prod/a@s 5 in vault/prod/b for offsite";
        assert!(fake.calls().iter().any(|call| call == bookmarked));
        let many: Vec<_> = (0..20_000)
            .map(|n| snapshot(&format!("vault/prod/a@{n}")))
            .collect();
        source.take_snapshots(&many).unwrap();
        let wanting = vec![snapshot(&format!("vault/prod/{}@s", "x".repeat(200))); 20_000];
        assert!(refusal(source.take_snapshots(&wanting)).contains("more than a message"));
        source.take_snapshots(&many).unwrap();
    });
}

#[test]
fn errors_come_back_with_their_kind() {
    within(|| {
        let fake = Arc::default();
        let (remote, _) = remote(&fake, receiving);
        let look = Look::all(&dataset("vault/prod/broken"));
        match remote.tree(&look).unwrap_err() {
            Error::Remote { kind, errno, .. } => {
                assert_eq!(kind.unwrap(), "NoSpace");
                assert_eq!(errno, Some(libc::ENOSPC));
            }
            other => panic!("{other:?}"),
        }
        // And it goes on.
        remote
            .settle(&marks(), &[(dataset("vault/prod"), vec![1])])
            .unwrap();
    });
}

/// A stream that does not end.
struct Endless(Cursor<Vec<u8>>, Arc<AtomicUsize>);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = match self.0.read(buffer)? {
            0 => {
                self.0.set_position(self.0.get_ref().len() as u64 / 2);
                self.0.read(buffer)?
            }
            len => len,
        };
        self.1.fetch_add(len, Ordering::SeqCst);
        Ok(len)
    }
}

#[test]
fn who_sends_stops_when_it_fails_there() {
    within(|| {
        for remote in [remote, remote_over_pipes] {
            let fake = Arc::new(Fake {
                takes: Some(100_000),
                ..Fake::default()
            });
            let (remote, _) = remote(&fake, receiving);
            let sent = Arc::<AtomicUsize>::default();
            let stream = raw_stream_of(5, None, 1, 100);
            let stream = Endless(Cursor::new(stream), sent.clone());
            let control = TransferControl::new();
            let stream = Outgoing::Reader(Box::new(stream));
            match remote.receive(&order(5, None), stream, &control) {
                Err(Error::Remote { kind, .. }) => assert_eq!(kind.unwrap(), "NoSpace"),
                other => panic!("{other:?}"),
            }
            assert!(sent.load(Ordering::SeqCst) < 16 << 20);
            remote
                .settle(&marks(), &[(dataset("vault/prod"), vec![1])])
                .unwrap();
        }
    });
}

#[test]
fn a_source_that_fails_is_no_end() {
    within(|| {
        let fake = Arc::default();
        let (remote, _) = remote(&fake, receiving);
        let stream = raw_stream_of(5, None, 1, 100);
        let stream = Failing(Vec::leak(stream[..stream.len() - 312].to_vec()));
        let control = TransferControl::new();
        let stream = Outgoing::Reader(Box::new(stream));
        match remote.receive(&order(5, None), stream, &control) {
            Err(Error::Lost(error)) => assert_eq!(error.raw_os_error(), Some(libc::EIO)),
            other => panic!("{other:?}"),
        }
        assert!(!fake.received()[0].1);
        remote
            .settle(&marks(), &[(dataset("vault/prod"), vec![1])])
            .unwrap();
    });
}

#[test]
fn a_source_that_fails_there_is_no_end() {
    within(|| {
        let fake = Arc::new(Fake {
            stream: raw_stream_of(5, None, 1, 100)[..100_000].to_vec(),
            fails: true,
            ..Fake::default()
        });
        let (remote, _) = remote(&fake, sending);
        let stream = remote.send(&transfer(5, None), &TransferControl::new());
        match flaw(stream.unwrap()) {
            Error::Remote { kind, errno, .. } => {
                assert_eq!((&*kind.unwrap(), errno), ("Io", Some(libc::EIO)));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(remote.estimate(&transfer(5, None)).unwrap(), u64::MAX);
    });
}

#[test]
fn a_cut_is_no_end() {
    within(|| {
        // In each of its frames, and between them.
        let mut whole = Vec::new();
        let mut frame = |kind: u8, bytes: &[u8]| {
            whole.push(kind);
            whole.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
            whole.extend_from_slice(bytes);
        };
        frame(b'M', br#"{"zvault":1,"role":"send-raw-only"}"#);
        let start = 5 + 35;
        frame(b'D', b"0123456789");
        frame(b'D', b"0123456789");
        frame(b'E', b"");
        for len in start..whole.len() {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            theirs.write_all(&whole[..start]).unwrap();
            let remote = Remote::over(connection(ours)).unwrap();
            theirs.write_all(&whole[start..len]).unwrap();
            theirs.shutdown(std::net::Shutdown::Write).unwrap();
            let sent = remote.send(&transfer(5, None), &TransferControl::new());
            match sent.map(flaw) {
                Ok(Error::Lost(_)) | Err(Error::Lost(_)) => {}
                other => panic!("{other:?} after {len} bytes"),
            }
        }
    });
}

#[test]
fn a_stream_that_is_not_wanted_any_more_costs_no_connection() {
    within(|| {
        let fake = Arc::new(Fake {
            stream: raw_stream_of(5, None, 1, TIMES),
            ..Fake::default()
        });
        let (remote, served) = remote(&fake, sending);
        for _ in 0..3 {
            let control = TransferControl::new();
            let stream = remote.send(&transfer(5, None), &control).unwrap();
            let Outgoing::Reader(mut stream) = stream else {
                panic!("from a kernel");
            };
            stream.read_exact(&mut [0; 1000]).unwrap();
        }
        assert_eq!(remote.estimate(&transfer(5, None)).unwrap(), u64::MAX);
        drop(remote);
        served.join().unwrap().unwrap();
    });
}

#[test]
fn a_control_ends_what_does_not_move() {
    within(|| {
        let welcome = br#"{"zvault":1,"role":"send-raw-only"}"#;
        for pulls in [true, false] {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            theirs.write_all(b"M\0\0\0\x23").unwrap();
            theirs.write_all(welcome).unwrap();
            let remote = Remote::over(connection(ours)).unwrap();
            let control = TransferControl::new();
            let cancelling = control.clone();
            let canceller = thread::spawn(move || {
                thread::sleep(Duration::from_millis(300));
                cancelling.cancel();
                Instant::now()
            });
            let failed = match pulls {
                true => remote.send(&transfer(5, None), &control).unwrap_err(),
                false => {
                    let stream = raw_stream_of(5, None, 1, TIMES);
                    remote
                        .receive(&order(5, None), reader(&stream), &control)
                        .unwrap_err()
                }
            };
            match failed {
                Error::Zfs(error) => assert_eq!(error.kind(), ErrorKind::Cancelled),
                other => panic!("{other:?}"),
            }
            assert!(canceller.join().unwrap().elapsed() < Duration::from_secs(20));
        }
    });
}

#[test]
fn calls_at_once_have_connections_of_their_own_and_dead_ones_are_replaced() {
    within(|| {
        let fake = Arc::new(Fake {
            stream: raw_stream_of(5, None, 1, TIMES),
            ..Fake::default()
        });
        let sockets = Arc::new(Mutex::new(Vec::new()));
        let (serving, kept) = (fake.clone(), sockets.clone());
        let connect = move || {
            let (ours, _) = serve(&serving, sending);
            kept.lock().unwrap().push(ours.try_clone().unwrap());
            Ok(connection(ours))
        };
        let remote = Remote::with_limits(connect, 2, LIMIT).unwrap();
        let opened = || sockets.lock().unwrap().len();
        let control = TransferControl::new();
        let stream = remote.send(&transfer(5, None), &control).unwrap();
        assert_eq!(opened(), 1);
        // While that one is in use.
        let other = remote.send(&transfer(5, None), &control).unwrap();
        assert_eq!(opened(), 2);
        thread::scope(|scope| {
            let third = scope.spawn(|| remote.estimate(&transfer(5, None)).unwrap());
            assert!(read(stream).unwrap() == fake.stream);
            assert!(read(other).unwrap() == fake.stream);
            third.join().unwrap();
        });
        assert_eq!(opened(), 2);
        for socket in &*sockets.lock().unwrap() {
            socket.shutdown(std::net::Shutdown::Both).unwrap();
        }
        remote.estimate(&transfer(5, None)).unwrap();
        assert_eq!(opened(), 3);
    });
}

#[test]
fn the_only_connection_is_not_had_again_when_it_is_lost() {
    within(|| {
        let fake = Arc::default();
        let (socket, served) = serve(&fake, sending);
        let remote = Remote::over(connection(socket.try_clone().unwrap())).unwrap();
        socket.shutdown(std::net::Shutdown::Both).unwrap();
        for _ in 0..2 {
            let error = remote.estimate(&transfer(5, None)).unwrap_err();
            assert!(matches!(error, Error::Lost(_)), "{error:?}");
        }
        served.join().unwrap().unwrap();
    });
}

#[test]
fn what_speaks_something_else_is_quoted() {
    within(|| {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(b"Welcome to \x1b[31mvault!\n").unwrap();
        match Remote::over(connection(ours)).unwrap_err() {
            Error::Lost(error) => {
                let text = error.to_string();
                assert!(text.contains("Welcome to \\u{1b}[31mvault!"), "{text}");
            }
            other => panic!("{other:?}"),
        }
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs
            .write_all(b"F\0\0\0\x20{\"refused\":\"not \\u001b[31mhere\"}")
            .unwrap();
        let why = refusal(Remote::over(connection(ours)));
        assert_eq!(why, "not \u{fffd}[31mhere");
    });
}

/// A server that answers the first request with these frames, whatever it is.
fn saying(frames: &[(u8, &str)]) -> Remote {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let say = |frames: &[(u8, &str)]| {
        let frame = |(kind, text): &(u8, &str)| {
            let len = u32::try_from(text.len()).unwrap().to_be_bytes();
            [&[*kind], &len[..], text.as_bytes()].concat()
        };
        frames.iter().flat_map(frame).collect::<Vec<u8>>()
    };
    let welcome = say(&[(b'M', r#"{"zvault":1,"role":"receive-only"}"#)]);
    let answer = say(frames);
    thread::spawn(move || {
        for said in [welcome, answer] {
            let mut head = [0; 5];
            theirs.read_exact(&mut head).unwrap();
            let len = u32::from_be_bytes(head[1..].try_into().unwrap());
            let mut text = vec![0; len as usize];
            theirs.read_exact(&mut text).unwrap();
            theirs.write_all(&said).unwrap();
        }
    });
    Remote::over(connection(ours)).unwrap()
}

#[test]
fn a_tree_is_of_what_was_asked_for() {
    let state = |name: &str| {
        format!(
            r#"{{"name":"{name}","guid":1,"create_txg":1,"volume":false,"encryption":null,"origin":null,
                "snapshots":[],"bookmarks":[],"partial":null}}"#
        )
    };
    let look = Look::all(&dataset("tank/prod"));
    let told = move |top: &str, names: &[&str]| {
        let states: Vec<_> = names.iter().map(|name| state(name)).collect();
        let tree = format!(r#"{{"top":"{top}","datasets":[{}]}}"#, states.join(","));
        let remote = saying(&[(b'D', &tree), (b'E', "")]);
        remote.tree(&look)
    };
    within(move || {
        assert!(told("tank/prod", &["tank/prod", "tank/prod/a"]).is_ok());
        assert!(told("tank/prod", &[]).is_ok());
        for (top, names) in [
            ("tank/prod", &["tank"][..]),
            ("tank/prod", &["tank/prod2"]),
            ("tank/prod", &["tank/prod/a", "tank/prod/a"]),
            ("tank", &["tank/prod"]),
            ("tank/prod/db", &[]),
        ] {
            match told(top, names) {
                Err(Error::Lost(error)) => {
                    assert!(error.to_string().contains("tree of tank/prod"), "{error}");
                }
                other => panic!("{top} {names:?}: {other:?}"),
            }
        }
    });
}

#[test]
fn what_makes_no_sense_is_quoted_plainly() {
    within(|| {
        let strange = r#"{"\u001b[31mred":1}"#;
        let look = Look::all(&dataset("tank/prod"));
        let remote = saying(&[(b'F', strange)]);
        let failed = remote.wrapped_key(&look.top).unwrap_err().to_string();
        let tree = r#"{"top":"a\u001b[31mb","datasets":[]}"#;
        let remote = saying(&[(b'D', tree), (b'E', "")]);
        let tree = remote.tree(&look).unwrap_err().to_string();
        for text in [failed, tree] {
            assert!(
                text.contains("unexpected") && text.contains("[31m"),
                "{text}"
            );
            assert!(!text.contains('\u{1b}'), "{text}");
        }
    });
}

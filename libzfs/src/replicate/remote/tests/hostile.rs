//! Clients that want something else than replication.

use std::io::{Cursor, Write};
use std::time::Instant;

use proptest::prelude::*;

use super::super::Role;
use super::*;
use crate::replicate::{Look, Outgoing, Side, Source, Target, WrappedKey};
use crate::stream::Endian;
use crate::stream::tests::samples::{package, plain_stream_of, raw_stream_of};
use crate::transfer::TransferControl;

const HELLO: &[u8] = b"M\0\0\0\x0e{\"zvault\":[1]}";

fn push(remote: &Remote, order: &Order, stream: Vec<u8>) -> Result<()> {
    let stream = Outgoing::Reader(Box::new(Cursor::new(stream)));
    remote.receive(order, stream, &TransferControl::new())
}

fn is_alive(remote: &Remote) {
    remote
        .settle(&marks(), &[(dataset("vault/prod"), vec![1])])
        .unwrap();
}

#[test]
fn a_stream_that_is_not_what_was_ordered_is_refused_before_anything_is_done() {
    within(|| {
        for remote in [remote, remote_over_pipes] {
            let fake = Arc::default();
            let (remote, _) = remote(&fake, receiving);
            let mut redated = raw_stream_of(5, None, 1, 2000);
            redated.truncate(300);
            for stream in [
                plain_stream_of(5, None),
                // Long enough that it is still sent when it is refused.
                raw_stream_of(6, None, 1, 2000),
                raw_stream_of(5, Some(4), 1, 2000),
                package(Endian::HOST),
                redated,
                vec![7; 8 << 20],
                vec![],
            ] {
                match push(&remote, &order(5, None), stream) {
                    Err(Error::Remote { .. }) => {}
                    other => panic!("{other:?}"),
                }
                is_alive(&remote);
            }
            assert!(fake.received().is_empty());
            assert!(fake.calls().iter().all(|call| call.starts_with("settle")));
        }
    });
}

#[test]
fn plain_text_within_a_raw_stream_is_no_end() {
    within(|| {
        let fake = Arc::default();
        let (remote, _) = remote(&fake, receiving);
        let raw = raw_stream_of(5, None, 1, 1);
        let plain = plain_stream_of(5, None);
        let begin = 312 + u32::from_le_bytes(plain[4..8].try_into().unwrap()) as usize;
        let mixed = [&raw[..raw.len() - 312], &plain[begin..]].concat();
        push(&remote, &order(5, None), mixed).unwrap_err();
        assert!(!fake.received()[0].1);
        is_alive(&remote);
    });
}

#[test]
fn a_key_is_not_changed_by_a_stream() {
    within(|| {
        let fake = Arc::new(Fake::default());
        let has_key = |dataset: &str, wrapped| {
            let stream = raw_stream_of(5, None, wrapped, 1);
            let key = WrappedKey::read(&stream[..]).unwrap().unwrap();
            fake.keys.lock().unwrap().insert(dataset.to_owned(), key);
        };
        let (client, _) = remote(&fake, receiving);
        let next = |wrapped| raw_stream_of(5, Some(4), wrapped, 2);
        let incremental = order(5, Some(4));
        has_key("vault/prod/a", 1);
        push(&client, &incremental, next(1)).unwrap();
        assert!(refusal(push(&client, &incremental, next(2))).contains("change the key"));
        // A new snapshot in the place of what is there.
        let full = raw_stream_of(5, None, 2, 1);
        refusal(push(&client, &order(5, None), full.clone()));
        // The clone of something that has that key, which it is not.
        has_key("vault/prod/b", 2);
        let mut clone = incremental.clone();
        clone.origin = Some(snapshot("vault/prod/b@r"));
        refusal(push(&client, &clone, next(2)));
        refusal(push(&client, &clone, next(1)));
        // What nothing is known of might be anything; but not the clone of something known.
        fake.keys.lock().unwrap().remove("vault/prod/a");
        assert!(refusal(push(&client, &incremental, next(1))).contains("nothing is known"));
        push(&client, &clone, next(2)).unwrap();
        push(&client, &order(5, None), full).unwrap();
        assert_eq!(fake.received().len(), 3);

        has_key("vault/prod/a", 1);
        let (client, _) = remote(&fake, |fake| {
            Server::receive_only(fake, confinement().allow_key_changes())
        });
        push(&client, &incremental, next(2)).unwrap();
    });
}

#[test]
fn what_is_refused_is_not_done_and_costs_no_connection() {
    within(|| {
        for remote in [remote, remote_over_pipes] {
            let fake = Arc::default();
            let (remote, served) = remote(&fake, receiving);
            let mut elsewhere = order(5, None);
            elsewhere.snapshot = snapshot("vault/other@s");
            let long = raw_stream_of(5, None, 1, 2000);
            assert!(refusal(push(&remote, &elsewhere, long)).contains("vault/other"));
            let stream = remote.send(&transfer(5, None), &TransferControl::new());
            assert!(refusal(stream).contains("receive-only"));
            refusal(remote.tree(&Look::all(&dataset("vault"))));
            assert_eq!(fake.calls(), [""; 0]);
            is_alive(&remote);
            drop(remote);
            served.join().unwrap().unwrap();
        }
    });
}

#[test]
fn nobody_asks_for_ever() {
    within(|| {
        let fake = Arc::default();
        let (remote, served) = remote(&fake, receiving);
        let mut refused = 0;
        while let Err(Error::Refused(_)) = remote.estimate(&transfer(5, None)) {
            refused += 1;
        }
        assert_eq!(refused, 64);
        assert!(matches!(served.join().unwrap(), Err(Error::Lost(_))));
        assert_eq!(fake.calls(), [""; 0]);
    });
}

#[test]
fn what_is_sent_is_raw_and_what_was_asked_for() {
    within(|| {
        for stream in [
            plain_stream_of(5, None),
            raw_stream_of(6, None, 1, 1),
            raw_stream_of(5, Some(4), 1, 1),
        ] {
            let fake = Arc::new(Fake {
                stream,
                ..Fake::default()
            });
            let (remote, _) = remote(&fake, sending);
            let sent = remote.send(&transfer(5, None), &TransferControl::new());
            assert!(matches!(sent, Err(Error::Remote { .. })), "{sent:?}");
        }
    });
}

/// A server with short limits, and the socket to speak with it.
fn impatient(fake: &Arc<Fake>, role: Role) -> (UnixStream, Served) {
    let make: Make = match role {
        Role::ReceiveOnly => |fake| {
            receiving(fake)
                .stall_limit(Duration::from_millis(100))
                .idle_limit(Duration::from_millis(200))
        },
        _ => |fake| {
            sending(fake)
                .stall_limit(Duration::from_millis(100))
                .idle_limit(Duration::from_millis(200))
        },
    };
    serve(fake, make)
}

fn frame(kind: u8, text: &str) -> Vec<u8> {
    let len = u32::try_from(text.len()).unwrap();
    [&[kind], &len.to_be_bytes()[..], text.as_bytes()].concat()
}

fn request(request: &super::super::message::Request) -> Vec<u8> {
    frame(b'M', &serde_json::to_string(request).unwrap())
}

#[test]
fn who_stalls_is_cut_off() {
    use super::super::message::Request;
    within(|| {
        let order = order(5, None);
        let receive = request(&Request::Receive { order });
        let stream = raw_stream_of(5, None, 1, 1);
        let begun = frame(b'D', "").len() + stream.len();
        let mut data = vec![b'D'];
        data.extend_from_slice(&u32::try_from(2 * begun).unwrap().to_be_bytes());
        data.extend_from_slice(&stream[..stream.len() - 1]);
        for said in [
            // Nothing; some of a greeting, nothing more; of a request; of a stream, and its records.
            vec![],
            HELLO[..7].to_vec(),
            HELLO.to_vec(),
            [HELLO, &receive[..9]].concat(),
            [HELLO, &receive].concat(),
            [HELLO, &receive, &data[..3]].concat(),
            [HELLO, &receive, &data].concat(),
        ] {
            let fake = Arc::default();
            let (mut socket, served) = impatient(&fake, Role::ReceiveOnly);
            socket.write_all(&said).unwrap();
            match served.join().unwrap() {
                Err(Error::Lost(error)) => assert_eq!(error.kind(), io::ErrorKind::TimedOut),
                other => panic!("{other:?} after {said:?}"),
            }
            assert!(fake.received().iter().all(|(_, whole)| !whole));
        }
        // One that asks for much and reads nothing.
        let fake = Arc::new(Fake {
            stream: raw_stream_of(5, None, 1, 2000),
            ..Fake::default()
        });
        let (mut socket, served) = impatient(&fake, Role::SendRawOnly);
        let transfer = transfer(5, None);
        socket.write_all(HELLO).unwrap();
        socket
            .write_all(&request(&Request::Send { transfer }))
            .unwrap();
        assert!(served.join().unwrap().is_err());
    });
}

#[test]
fn a_message_in_drops_is_cut_off() {
    within(|| {
        let fake = Arc::default();
        let (mut socket, served) = impatient(&fake, Role::ReceiveOnly);
        let since = Instant::now();
        // Each in time, and all of them not.
        for byte in HELLO.iter().chain(b"M\0\x10\0\0").chain(&[b' '; 100_000]) {
            thread::sleep(Duration::from_millis(5));
            if socket.write_all(&[*byte]).is_err() {
                break;
            }
        }
        assert!(since.elapsed() < LIMIT / 2);
        assert!(matches!(served.join().unwrap(), Err(Error::Lost(_))));
    });
}

#[test]
fn a_cut_is_an_error_but_between_requests() {
    use super::super::message::Request;
    within(|| {
        let order = order(5, None);
        let stream = raw_stream_of(5, None, 1, 1);
        let mut said = HELLO.to_vec();
        said.extend(request(&Request::Receive { order }));
        let between = [0, HELLO.len()];
        for part in stream.chunks(500) {
            said.push(b'D');
            said.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
            said.extend_from_slice(part);
        }
        let fake = Arc::new(Fake::default());
        for len in (0..said.len()).step_by(13).chain([said.len(), HELLO.len()]) {
            let (mut socket, served) = serve(&fake, receiving);
            socket.write_all(&said[..len]).unwrap();
            socket.shutdown(std::net::Shutdown::Write).unwrap();
            let ended = served.join().unwrap();
            assert_eq!(
                ended.is_ok(),
                between.contains(&len),
                "{ended:?} after {len}"
            );
        }
        // All of the stream was there, but nobody said that it was.
        let (mut socket, served) = serve(&fake, receiving);
        said.extend_from_slice(b"E\0\0\0\0");
        socket.write_all(&said).unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        served.join().unwrap().unwrap();
        assert!(fake.received().last().unwrap().1);
    });
}

#[test]
fn garbage_ends_the_connection() {
    within(|| {
        for said in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"M\xff\xff\xff\xff",
            b"M\0\0\0\x02{}",
            b"M\0\0\0\x0e{\"zvault\":[9]}",
            b"D\0\0\0\x01x",
            &[HELLO, b"M\0\0\0\x02{}"].concat(),
            &[HELLO, b"M\0\0\0\x03\xff\xff\xff"].concat(),
            &[HELLO, b"D\0\0\0\x01x"].concat(),
            &[HELLO, b"E\0\0\0\0"].concat(),
            &[
                HELLO,
                &frame(b'M', "{\"destroy\":{\"dataset\":\"vault/prod\"}}")[..],
            ]
            .concat(),
            &[HELLO, &frame(b'M', &"[".repeat(100_000))[..]].concat(),
        ] {
            let fake = Arc::default();
            let (mut socket, served) = serve(&fake, receiving);
            socket.write_all(said).unwrap();
            match served.join().unwrap() {
                Err(Error::Lost(_)) => {}
                other => panic!("{other:?} after {said:?}"),
            }
            assert_eq!(fake.calls(), [""; 0]);
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said_nothing_is_done_outside(
        frames in prop::collection::vec((
            prop::sample::select(&b"MMMMDEFx"[..]),
            prop_oneof![
                prop::sample::select(vec![
                    r#"{"rename":{"from":"vault/prod/a","to":"vault/b"}}"#,
                    r#"{"rename":{"from":"vault/prod/a","to":"vault/prod/b"}}"#,
                    r#"{"discard_partial":{"dataset":"vault/prod/../b","token":""}}"#,
                    r#"{"settle":{"marks":"others","kept":[["vault/prod",[1]]]}}"#,
                    r#"{"settle":{"marks":"offsite","kept":[["vault/prod",[1]]]}}"#,
                    r#"{"settle":{"marks":"offsite","kept":[["vault/prod",[1]],["vault",[1]]]}}"#,
                    r#"{"bookmark_ancestor":{"marks":"offsite","clone":"vault/prod/a","ancestor":"vault@s","guid":1}}"#,
                    r#"{"wrapped_key":{"dataset":"vault"}}"#,
                    r#"{"receive":{"order":{"snapshot":"vault/prod/a@s","guid":5,"base":null,"origin":null,"resumed":null,"policy":"vault"}}}"#,
                ]).prop_map(str::to_owned),
                "\\PC{0,40}",
            ],
        ), 0..12),
        cut in 0_usize..200,
    ) {
        let mut said = HELLO.to_vec();
        for (kind, text) in frames {
            said.extend(frame(kind, &text));
        }
        said.truncate(said.len().saturating_sub(cut.saturating_sub(100)));
        let fake = Arc::new(Fake::default());
        let (mut socket, served) = serve(&fake, |fake| {
            Server::receive_only(fake, confinement().allow_renames())
        });
        // It may have ended before.
        let _ = socket.write_all(&said);
        let _ = socket.shutdown(std::net::Shutdown::Write);
        let _ = within(move || served.join().unwrap());
        for call in fake.calls() {
            let (_, on) = call.split_once(' ').unwrap();
            prop_assert!(on.starts_with("vault/prod") || on.starts_with("offsite vault/prod"));
            prop_assert!(!call.contains("vault/b"));
        }
    }
}

//! Whatever a client says, a server touches nothing that is not within what it is confined to, lets
//! no stream through that is not raw, takes memory in proportion only, and comes to an end.
//!
//! The bytes are frames: for each a byte that chooses what it is, one for its length, and what is in
//! it, or else a request that makes sense but for what the bytes put in it.

#![no_main]

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use libzfs::replicate::{
    Confinement, DatasetState, Error, Look, Marks, Order, Outgoing, Point, Proof, Result, Server,
    Side, Source, Target, Transfer, Tree, WrappedKey,
};
use libzfs::stream::BeginRecord;
use libzfs::{DatasetName, SnapshotName, TransferControl};
use libzfs_fuzz::{peak, without_leak};

const TOP: &str = "vault/prod";

/// It fails if it is asked for anything outside.
struct Fake<'a> {
    /// What it sends.
    stream: &'a [u8],
}

fn seen(dataset: &DatasetName) {
    assert!(
        dataset.is_within(&TOP.parse().expect("a name")),
        "{dataset}"
    );
    assert!(!dataset.as_str().contains('%'), "{dataset}");
}

fn marked(marks: &Marks) {
    assert_eq!(marks.as_str(), "mine");
}

impl Side for Fake<'_> {
    fn tree(&self, look: &Look) -> Result<Tree> {
        seen(&look.top);
        let point = |name: &str| Point {
            name: name.to_owned(),
            guid: 1,
            create_txg: 1,
        };
        Ok(Tree {
            top: look.top.clone(),
            unreadable: vec![],
            datasets: vec![DatasetState {
                name: look.top.clone(),
                guid: 1,
                create_txg: 1,
            volume: false,
                encryption: None,
                origin: None,
                snapshots: vec![point("one"), point("two")],
                bookmarks: vec![],
                partial: None,
                properties: Default::default(),
                anchors: None,
            }],
        })
    }

    fn anchor(&self, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
        marked(marks);
        snapshots.iter().for_each(|(name, _)| seen(name.dataset()));
        Ok(())
    }

    fn settle(&self, marks: &Marks, kept: &[(DatasetName, Vec<u64>)]) -> Result<()> {
        marked(marks);
        for (dataset, keep) in kept {
            seen(dataset);
            assert!(!keep.is_empty());
        }
        Ok(())
    }

    fn wrapped_key(&self, dataset: &DatasetName) -> Result<Option<WrappedKey>> {
        seen(dataset);
        Ok(None)
    }
}

impl Source for Fake<'_> {
    fn take_snapshots(&self, _: &[SnapshotName]) -> Result<()> {
        panic!("it is not allowed");
    }

    fn estimate(&self, transfer: &Transfer) -> Result<u64> {
        seen(transfer.snapshot.dataset());
        Ok(1)
    }

    fn send(&self, transfer: &Transfer, _: &TransferControl) -> Result<Outgoing> {
        seen(transfer.snapshot.dataset());
        let stream = std::io::Cursor::new(self.stream.to_vec());
        Ok(Outgoing::Reader(Box::new(stream)))
    }
}

impl Target for Fake<'_> {
    fn rename(&self, from: &DatasetName, to: &DatasetName) -> Result<()> {
        seen(from);
        seen(to);
        assert!(from.as_str() != TOP && to.as_str() != TOP);
        Ok(())
    }

    fn discard_partial(&self, dataset: &DatasetName, _: &str) -> Result<()> {
        seen(dataset);
        Ok(())
    }

    fn receive(&self, order: &Order, stream: Outgoing, _: &TransferControl) -> Result<()> {
        seen(order.snapshot.dataset());
        order.origin.iter().for_each(|name| seen(name.dataset()));
        let Outgoing::Reader(mut stream) = stream else {
            panic!("from a kernel");
        };
        let mut head = [0; BeginRecord::LEN];
        stream.read_exact(&mut head).map_err(Error::Lost)?;
        let begin = BeginRecord::parse(&head).expect("it was looked at");
        assert!(begin.is_raw());
        assert_eq!(
            (begin.to_guid(), begin.from_guid()),
            (order.guid, order.base)
        );
        std::io::copy(&mut stream, &mut std::io::sink()).map_err(Error::Lost)?;
        Ok(())
    }

    fn verify(&self, marks: &Marks, order: &Order) -> Result<Proof> {
        marked(marks);
        seen(order.snapshot.dataset());
        Err(Error::Refused("nothing is there".to_owned()))
    }
}

/// A request with these bytes somewhere in it.
fn request(kind: u8, text: &str) -> String {
    let text = serde_json::to_string(text).expect("a text");
    let inner = &text[1..text.len() - 1];
    let order = format!(
        r#"{{"snapshot":"vault/prod/{inner}@s","guid":5,"base":null,"origin":null,"resumed":null,"policy":"vault"}}"#
    );
    let transfer = format!(
        r#"{{"snapshot":"vault/{inner}@s","guid":5,"base":null,"resumed":{text},"estimate":null}}"#
    );
    match kind % 12 {
        0 => format!(r#"{{"tree":{{"look":{{"top":{text},"since":null}}}}}}"#),
        1 => format!(r#"{{"anchor":{{"marks":"mine","snapshots":[[{text},1]]}}}}"#),
        2 => format!(r#"{{"settle":{{"marks":{text},"dataset":"vault/prod","keep":[1]}}}}"#),
        3 => format!(r#"{{"settle":{{"marks":"mine","dataset":{text},"keep":[{inner}]}}}}"#),
        4 => format!(r#"{{"wrapped_key":{{"dataset":{text}}}}}"#),
        5 => format!(r#"{{"take_snapshots":{{"snapshots":[{text}]}}}}"#),
        6 => format!(r#"{{"estimate":{{"transfer":{transfer}}}}}"#),
        7 => format!(r#"{{"send":{{"transfer":{transfer}}}}}"#),
        8 => format!(r#"{{"rename":{{"from":{text},"to":"vault/prod/{inner}"}}}}"#),
        9 => format!(r#"{{"discard_partial":{{"dataset":{text},"token":{text}}}}}"#),
        10 => format!(r#"{{"receive":{{"order":{order}}}}}"#),
        _ => format!(r#"{{"verify":{{"marks":"mine","order":{order}}}}}"#),
    }
}

fn frames(mut data: &[u8]) -> Vec<u8> {
    let mut said = b"M\0\0\0\x0e{\"zvault\":[1]}".to_vec();
    while let Some((&[kind, len], rest)) = data.split_first_chunk() {
        let (text, rest) = rest.split_at(usize::from(len).min(rest.len()));
        data = rest;
        let (letter, payload) = match kind {
            0..160 => match std::str::from_utf8(text) {
                Ok(text) => (b'M', request(kind, text).into_bytes()),
                Err(_) => (b'M', text.to_vec()),
            },
            160..200 => (b'D', text.to_vec()),
            200..220 => (b'E', vec![]),
            220..230 => (b'F', b"{\"refused\":\"\"}".to_vec()),
            // No frame at all.
            _ => {
                said.extend_from_slice(text);
                continue;
            }
        };
        let len = u32::try_from(payload.len()).expect("it is short");
        said.push(letter);
        said.extend_from_slice(&len.to_be_bytes());
        said.extend_from_slice(&payload);
    }
    said
}

fuzz_target!(|data: &[u8]| without_leak(|| case(data)));

fn case(data: &[u8]) {
    let Some((&role, data)) = data.split_first() else {
        return;
    };
    let said = match role & 8 {
        0 => frames(data),
        _ => data.to_vec(),
    };
    let (mut ours, theirs) = UnixStream::pair().expect("a pair");
    // It fits into what a socket holds, so that nobody has to read at the same time.
    ours.write_all(&said[..said.len().min(100_000)])
        .expect("room");
    ours.shutdown(Shutdown::Write).expect("it is open");
    let fake = Fake { stream: data };
    let confinement = Confinement::to(&TOP.parse().expect("a name"))
        .marks(&Marks::new("mine").expect("a name"))
        .allow_renames();
    let server = match role % 3 {
        0 => Server::receive_only(&fake, confinement),
        1 => Server::send_raw_only(&fake, confinement),
        _ => Server::read_only(&fake, confinement),
    };
    let limit = Duration::from_millis(200);
    let server = server.stall_limit(limit).idle_limit(limit);
    let input = theirs.try_clone().expect("a descriptor");
    let (memory, _) = peak(|| server.serve(input, theirs));
    // The buffers, a resume token's decompressor, and what a short text of one becomes.
    assert!(
        memory <= (4 << 20) + 2000 * said.len(),
        "{memory} bytes of memory for {}",
        said.len()
    );
}

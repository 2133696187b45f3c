//! A side that is made up: it keeps what it is asked to do, and gives what it was told to.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::Mutex;

use crate::error::{ErrorKind, Operation};
use crate::name::{BookmarkName, DatasetName, SnapshotName};
use crate::replicate::{
    DatasetState, Error, Look, Marks, Order, Outgoing, Point, Proof, Result, Side, Source, Target,
    Transfer, Tree, WrappedKey,
};
use crate::transfer::TransferControl;

#[derive(Default)]
pub(super) struct Fake {
    /// What it was asked to do.
    pub(super) calls: Mutex<Vec<String>>,
    /// Each stream that it received, to its end or not.
    pub(super) received: Mutex<Vec<(Vec<u8>, bool)>>,
    /// What it sends.
    pub(super) stream: Vec<u8>,
    /// Whether what it sends fails at its end.
    pub(super) fails: bool,
    /// How much it receives before it fails.
    pub(super) takes: Option<usize>,
    /// The keys of datasets.
    pub(super) keys: Mutex<BTreeMap<String, WrappedKey>>,
}

impl Fake {
    fn call(&self, what: String) {
        self.calls.lock().unwrap().push(what);
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    pub(super) fn received(&self) -> Vec<(Vec<u8>, bool)> {
        self.received.lock().unwrap().clone()
    }
}

/// A tree that takes several frames.
pub(super) fn tree(top: &DatasetName) -> Tree {
    let snapshots = (0..20_000).map(|n| Point {
        name: format!("snapshot-{n}"),
        guid: n,
        create_txg: n,
    });
    Tree {
        top: top.clone(),
        unreadable: Vec::new(),
        datasets: vec![DatasetState {
            name: top.clone(),
            guid: u64::MAX,
            create_txg: 1,
            volume: false,
            encryption: None,
            origin: Some(1),
            snapshots: snapshots.collect(),
            bookmarks: Vec::new(),
            partial: None,
            properties: BTreeMap::new(),
            anchors: None,
        }],
    }
}

impl Side for Fake {
    fn tree(&self, look: &Look) -> Result<Tree> {
        self.call(format!("tree {}", look.top));
        if look.top.as_str().ends_with("/broken") {
            let (kind, errno) = (ErrorKind::NoSpace, ErrorKind::NoSpace.usual_errno());
            return Err(crate::Error::new(Operation::List, "x", kind, errno).into());
        }
        Ok(tree(&look.top))
    }

    fn anchor(&self, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
        self.call(format!("anchor {marks} {snapshots:?}"));
        Ok(())
    }

    fn settle(&self, marks: &Marks, kept: &[(DatasetName, Vec<u64>)]) -> Result<()> {
        for (dataset, keep) in kept {
            self.call(format!("settle {marks} {dataset} {keep:?}"));
        }
        Ok(())
    }

    fn wrapped_key(&self, dataset: &DatasetName) -> Result<Option<WrappedKey>> {
        Ok(self.keys.lock().unwrap().get(dataset.as_str()).copied())
    }
}

impl Source for Fake {
    fn take_snapshots(&self, snapshots: &[SnapshotName]) -> Result<()> {
        self.call(format!("take {}", snapshots.len()));
        Ok(())
    }

    fn bookmark_ancestor(
        &self,
        marks: &Marks,
        clone: &DatasetName,
        ancestor: &SnapshotName,
        guid: u64,
    ) -> Result<BookmarkName> {
        self.call(format!("bookmark {ancestor} {guid} in {clone} for {marks}"));
        Ok(marks.extra_bookmark(clone, guid, 7)?)
    }

    fn estimate(&self, transfer: &Transfer) -> Result<u64> {
        self.call(format!("estimate {}", transfer.snapshot));
        Ok(u64::MAX)
    }

    fn send(&self, transfer: &Transfer, _: &TransferControl) -> Result<Outgoing> {
        self.call(format!("send {}", transfer.snapshot));
        let stream = Cursor::new(self.stream.clone());
        let stream = stream.chain(Ending(self.fails));
        Ok(Outgoing::Reader(Box::new(stream)))
    }
}

/// The end, or an error.
struct Ending(bool);

impl Read for Ending {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        match self.0 {
            true => {
                let (kind, errno) = (ErrorKind::Io, ErrorKind::Io.usual_errno());
                Err(crate::Error::new(Operation::Send, "x", kind, errno).into())
            }
            false => Ok(0),
        }
    }
}

impl Target for Fake {
    fn rename(&self, from: &DatasetName, to: &DatasetName) -> Result<()> {
        self.call(format!("rename {from} {to}"));
        Ok(())
    }

    fn discard_partial(&self, dataset: &DatasetName, token: &str) -> Result<()> {
        self.call(format!("discard {dataset} {token}"));
        Ok(())
    }

    fn receive(&self, order: &Order, stream: Outgoing, _: &TransferControl) -> Result<()> {
        self.call(format!("receive {}", order.snapshot));
        let Outgoing::Reader(mut stream) = stream else {
            panic!("from a kernel");
        };
        let mut bytes = Vec::new();
        let all = match self.takes {
            Some(len) => {
                (&mut stream)
                    .take(len as u64)
                    .read_to_end(&mut bytes)
                    .unwrap();
                let (kind, errno) = (ErrorKind::NoSpace, ErrorKind::NoSpace.usual_errno());
                Err(crate::Error::new(Operation::Receive, "x", kind, errno).into())
            }
            None => stream.read_to_end(&mut bytes).map_err(Error::Lost),
        };
        self.received.lock().unwrap().push((bytes, all.is_ok()));
        all.map(drop)
    }

    fn verify(&self, _: &Marks, order: &Order) -> Result<Proof> {
        self.call(format!("verify {}", order.snapshot));
        match order.guid {
            0 => Err(Error::Broken {
                dataset: order.snapshot.dataset().clone(),
                what: "it is mounted".to_owned(),
            }),
            guid => Ok(Proof {
                snapshot: order.snapshot.clone(),
                guid,
                suite: "aes-256-gcm".to_owned(),
                encryption_root: order.snapshot.dataset().clone(),
                key_available: false,
                mounted: false,
            }),
        }
    }
}

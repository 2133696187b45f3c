//! The two sides.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::crash::step;
use crate::name::{DatasetName, SnapshotName};
use crate::replicate::spool::SpoolSender;
use crate::replicate::{
    DatasetState, EncryptionState, Error, KeyParameters, Look, Marks, Order, Outgoing, Partial,
    Point, Proof, Result, Side, Source, Target, Transfer, Tree, WrappedKey,
};
use crate::stream::tests::samples::raw_stream_of;
use crate::transfer::TransferControl;

/// No two snapshots have the same.
static GUIDS: AtomicU64 = AtomicU64::new(1);

#[derive(Default)]
struct State {
    datasets: BTreeMap<DatasetName, DatasetState>,
    /// The GUIDs that are held, by marks and dataset.
    held: BTreeSet<(String, DatasetName, u64)>,
    /// The key of each copy, which is that of the last stream.
    keys: BTreeMap<DatasetName, WrappedKey>,
    number: u64,
}

impl State {
    fn create(&mut self, name: &str) -> &mut DatasetState {
        let name: DatasetName = name.parse().unwrap();
        self.number += 1;
        let state = DatasetState {
            name: name.clone(),
            guid: self.number,
            create_txg: self.number,
            volume: false,
            encryption: Some(EncryptionState {
                root: name.clone(),
                key: KeyParameters::default(),
                last_key: None,
            }),
            origin: None,
            snapshots: Vec::new(),
            bookmarks: Vec::new(),
            partial: None,
            properties: BTreeMap::new(),
            anchors: None,
        };
        self.datasets.insert(name.clone(), state);
        self.datasets.get_mut(&name).unwrap()
    }

    fn tree(&self, look: &Look) -> Tree {
        let within = |state: &&DatasetState| state.name.is_within(&look.top);
        let datasets = self.datasets.values().filter(within).map(|state| {
            let anchors = look
                .since
                .as_ref()
                .map(|marks| self.held(marks, &state.name));
            DatasetState {
                anchors,
                ..state.clone()
            }
        });
        Tree {
            top: look.top.clone(),
            datasets: datasets.collect(),
            unreadable: Vec::new(),
        }
    }

    fn held(&self, marks: &Marks, dataset: &DatasetName) -> Vec<u64> {
        let held = self.held.iter();
        held.filter(|(set, of, _)| set == marks.as_str() && of == dataset)
            .map(|(_, _, guid)| *guid)
            .collect()
    }

    fn hold(&mut self, marks: &Marks, snapshots: &[(SnapshotName, u64)]) {
        for (name, guid) in snapshots {
            let state = &self.datasets[name.dataset()];
            let point = state.snapshots.iter().find(|point| point.guid == *guid);
            assert_eq!(point.unwrap().name, name.short_name());
            let hold = (marks.as_str().to_owned(), name.dataset().clone(), *guid);
            self.held.insert(hold);
        }
    }

    fn release(&mut self, marks: &Marks, dataset: &DatasetName, keep: &[u64]) {
        self.held.retain(|(set, of, guid)| {
            set != marks.as_str() || of != dataset || keep.contains(guid)
        });
    }
}

fn crashed(error: std::io::Error) -> Error {
    Error::Lost(error)
}

pub(super) struct FakeSource(Mutex<State>);

/// What the tests send with.
pub(super) fn sender(source: &FakeSource) -> SpoolSender<'_> {
    let set = Marks::new("offsite").unwrap();
    SpoolSender::new(source, "tank/prod".parse().unwrap(), set)
}

impl FakeSource {
    /// One with three datasets.
    pub(super) fn tree() -> Self {
        let mut state = State::default();
        for name in ["tank/prod", "tank/prod/db", "tank/prod/db/log"] {
            state.create(name);
        }
        Self(state.into())
    }

    pub(super) fn snapshot(&self, dataset: &str, short: &str) {
        let mut state = self.0.lock().unwrap();
        state.number += 1;
        let create_txg = state.number;
        let dataset = state.datasets.get_mut(&dataset.parse().unwrap()).unwrap();
        dataset.snapshots.push(Point {
            name: short.to_owned(),
            // So that order is not to be had from it.
            guid: GUIDS
                .fetch_add(1, Ordering::Relaxed)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15),
            create_txg,
        });
    }

    pub(super) fn snapshot_all(&self, short: &str) {
        let names: Vec<_> = self.0.lock().unwrap().datasets.keys().cloned().collect();
        for name in names {
            self.snapshot(name.as_str(), short);
        }
    }

    pub(super) fn clone_of(&self, name: &str, origin: &str, short: &str) {
        let mut state = self.0.lock().unwrap();
        let origin = &state.datasets[&origin.parse::<DatasetName>().unwrap()];
        let point = origin.snapshots.iter().find(|point| point.name == short);
        let guid = point.unwrap().guid;
        state.create(name).origin = Some(guid);
    }

    /// All of it has its key from this dataset.
    pub(super) fn has_key_from(&self, root: &str) {
        for state in self.0.lock().unwrap().datasets.values_mut() {
            state.encryption.as_mut().unwrap().root = root.parse().unwrap();
        }
    }

    /// The newest snapshots alone are held, and two bookmarks are kept at most.
    pub(super) fn is_settled(&self, set: &str) {
        let state = self.0.lock().unwrap();
        let newest = state.datasets.values().map(|dataset| {
            let newest = dataset.snapshots.last().unwrap();
            assert!(dataset.bookmarks.len() <= 2, "{dataset:?}");
            assert!(
                dataset
                    .bookmarks
                    .iter()
                    .any(|mark| mark.guid == newest.guid)
            );
            let all_of_set = |mark: &Point| mark.name.starts_with(&format!("zvault:{set}:"));
            assert!(dataset.bookmarks.iter().all(all_of_set), "{dataset:?}");
            (set.to_owned(), dataset.name.clone(), newest.guid)
        });
        assert_eq!(state.held, newest.collect());
    }
}

impl Side for FakeSource {
    fn tree(&self, look: &Look) -> Result<Tree> {
        Ok(self.0.lock().unwrap().tree(look))
    }

    fn anchor(&self, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
        let mut state = self.0.lock().unwrap();
        step().map_err(crashed)?;
        for (name, guid) in snapshots {
            let dataset = state.datasets.get_mut(name.dataset()).unwrap();
            let mut snapshots = dataset.snapshots.iter();
            let point = snapshots.find(|point| point.guid == *guid).unwrap();
            let name = format!("{}{guid:016x}", marks.bookmark_prefix());
            let mark = Point {
                name,
                ..point.clone()
            };
            if !dataset.bookmarks.contains(&mark) {
                dataset.bookmarks.push(mark);
            }
        }
        step().map_err(crashed)?;
        state.hold(marks, snapshots);
        Ok(())
    }

    fn settle(&self, marks: &Marks, kept: &[(DatasetName, Vec<u64>)]) -> Result<()> {
        let [(dataset, keep)] = kept else {
            unreachable!("a spool settles one after the other");
        };
        let mut state = self.0.lock().unwrap();
        step().map_err(crashed)?;
        state.release(marks, dataset, keep);
        step().map_err(crashed)?;
        let prefix = marks.bookmark_prefix();
        let dataset = state.datasets.get_mut(dataset).unwrap();
        dataset.bookmarks.sort_by_key(|mark| mark.create_txg);
        let marked = dataset
            .bookmarks
            .iter()
            .filter(|mark| mark.name.starts_with(&prefix));
        let marked: Vec<u64> = marked.map(|mark| mark.guid).collect();
        let first = marked.iter().position(|guid| keep.contains(guid));
        let before = first.and_then(|first| first.checked_sub(1));
        let before = before.map(|before| marked[before]);
        dataset.bookmarks.retain(|mark| {
            !mark.name.starts_with(&prefix)
                || keep.contains(&mark.guid)
                || Some(mark.guid) == before
        });
        Ok(())
    }
}

impl Source for FakeSource {
    fn take_snapshots(&self, _: &[SnapshotName]) -> Result<()> {
        unreachable!("a spool takes none")
    }

    fn estimate(&self, _: &Transfer) -> Result<u64> {
        unreachable!("a spool asks for none")
    }

    fn send(&self, transfer: &Transfer, _: &TransferControl) -> Result<Outgoing> {
        let base = transfer.base.as_ref().map(crate::replicate::Base::guid);
        let stream = raw_stream_of(transfer.guid, base, 0, 1);
        Ok(Outgoing::Reader(Box::new(Cursor::new(stream))))
    }
}

pub(super) struct FakeTarget(Mutex<State>);

impl FakeTarget {
    /// One with nothing but the prefix.
    pub(super) fn new() -> Self {
        let mut state = State::default();
        state.create("vault/in");
        Self(state.into())
    }

    pub(super) fn guids(&self) -> Vec<u64> {
        let state = self.0.lock().unwrap();
        let all = state.datasets.values().flat_map(|state| &state.snapshots);
        all.map(|point| point.guid).collect()
    }

    pub(super) fn datasets(&self) -> Vec<DatasetState> {
        self.0.lock().unwrap().datasets.values().cloned().collect()
    }

    /// The copies have the snapshots of the source, by name and GUID, and are all that there is.
    #[track_caller]
    pub(super) fn is_copy_of(&self, source: &FakeSource) {
        let points = |points: &[Point]| -> Vec<_> {
            points.iter().map(|at| (at.guid, at.name.clone())).collect()
        };
        let here: BTreeMap<_, _> = source
            .0
            .lock()
            .unwrap()
            .datasets
            .values()
            .map(|state| {
                let name = state.name.as_str().replacen("tank/", "vault/in/", 1);
                (name, points(&state.snapshots))
            })
            .collect();
        let there = self.datasets().into_iter().filter_map(|state| {
            assert_eq!(state.partial, None);
            let is_copy = state.name.as_str() != "vault/in";
            is_copy.then(|| (state.name.to_string(), points(&state.snapshots)))
        });
        assert_eq!(here, there.collect());
    }

    /// The newest snapshots alone are held.
    #[track_caller]
    pub(super) fn is_settled(&self, source: &FakeSource) {
        let source = source.0.lock().unwrap();
        let newest = source.datasets.values().map(|state| {
            let name = state.name.as_str().replacen("tank/", "vault/in/", 1);
            let newest = state.snapshots.last().unwrap().guid;
            ("offsite".to_owned(), name.parse().unwrap(), newest)
        });
        assert_eq!(self.0.lock().unwrap().held, newest.collect());
    }
}

impl Side for FakeTarget {
    fn tree(&self, look: &Look) -> Result<Tree> {
        Ok(self.0.lock().unwrap().tree(look))
    }

    fn anchor(&self, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
        step().map_err(crashed)?;
        self.0.lock().unwrap().hold(marks, snapshots);
        Ok(())
    }

    fn settle(&self, marks: &Marks, kept: &[(DatasetName, Vec<u64>)]) -> Result<()> {
        for (dataset, keep) in kept {
            step().map_err(crashed)?;
            self.0.lock().unwrap().release(marks, dataset, keep);
        }
        Ok(())
    }

    fn wrapped_key(&self, dataset: &DatasetName) -> Result<Option<WrappedKey>> {
        Ok(self.0.lock().unwrap().keys.get(dataset).copied())
    }
}

impl Target for FakeTarget {
    fn rename(&self, _: &DatasetName, _: &DatasetName) -> Result<()> {
        unreachable!("a spool renames nothing")
    }

    fn discard_partial(&self, dataset: &DatasetName, token: &str) -> Result<()> {
        let mut state = self.0.lock().unwrap();
        step().map_err(crashed)?;
        let copy = state.datasets.get_mut(dataset).unwrap();
        assert_eq!(copy.partial.take().unwrap().token, token);
        if copy.snapshots.is_empty() {
            state.datasets.remove(dataset);
        }
        Ok(())
    }

    fn receive(&self, order: &Order, stream: Outgoing, _: &TransferControl) -> Result<()> {
        let Outgoing::Reader(mut stream) = stream else {
            unreachable!("it is from a file")
        };
        let mut state = self.0.lock().unwrap();
        step().map_err(crashed)?;
        let name = order.snapshot.dataset().clone();
        assert!(state.datasets.contains_key(&name.parent().unwrap()));
        if order.base.is_none() || order.origin.is_some() {
            let made = state.create(name.as_str());
            made.partial = None;
        }
        let copy = state.datasets.get_mut(&name).unwrap();
        assert_eq!(copy.partial, None);
        if order.origin.is_none() {
            assert_eq!(copy.snapshots.last().map(|point| point.guid), order.base);
        }
        copy.partial = Some(Partial {
            token: "token".to_owned(),
            dataset: None,
            to_guid: order.guid,
            from_guid: order.base,
            raw: true,
        });
        step().map_err(crashed)?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).map_err(crashed)?;
        let summary = crate::stream::verify(&bytes).unwrap();
        let begin = &summary.streams[0];
        assert_eq!(begin.to_guid, order.guid);
        let key = WrappedKey::read(&bytes[..]).unwrap().unwrap();
        state.keys.insert(name.clone(), key);
        step().map_err(crashed)?;
        state.number += 1;
        let create_txg = state.number;
        let copy = state.datasets.get_mut(&name).unwrap();
        copy.partial = None;
        copy.snapshots.push(Point {
            name: order.snapshot.short_name().to_owned(),
            guid: order.guid,
            create_txg,
        });
        Ok(())
    }

    fn verify(&self, _: &Marks, order: &Order) -> Result<Proof> {
        step().map_err(crashed)?;
        let dataset = order.snapshot.dataset();
        Ok(Proof {
            snapshot: order.snapshot.clone(),
            guid: order.guid,
            suite: "aes-256-gcm".to_owned(),
            encryption_root: dataset.clone(),
            key_available: false,
            mounted: false,
        })
    }
}

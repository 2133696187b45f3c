//! Both sides on this machine.

mod anchor;
mod look;
mod verified;
mod verify;
mod wrapped;

use std::error::Error as _;

use super::{
    Base, Error, Look, Marks, Order, Outgoing, Policy, Proof, Result, Side, Source, Target,
    Transfer, Tree, WrappedKey,
};
use crate::error::ErrorKind;
use crate::handle::Zfs;
use crate::name::{BookmarkName, DatasetName, IncrementalSource, SnapshotName};
use crate::property::{self, CanMount};
use crate::receive::FromReader;
use crate::resume_token::{Expectation, ResumeToken};
use crate::snapshot::Snapshot;
use crate::stream::{Guard, Require, StreamError};
use crate::transfer::TransferControl;

pub use self::verified::Verified;

/// The datasets of this machine as what is replicated.
///
/// For the permissions that it takes see [`Replication`](super::Replication#permissions).
#[derive(Debug, Clone)]
pub struct LocalSource(Zfs);

/// The datasets of this machine as copies.
///
/// For the permissions that it takes see [`Replication`](super::Replication#permissions).
#[derive(Debug, Clone)]
pub struct LocalTarget(Zfs);

impl LocalSource {
    /// What can be replicated through this handle.
    pub fn new(zfs: &Zfs) -> Self {
        Self(zfs.clone())
    }
}

impl LocalTarget {
    /// The copies that can be made through this handle.
    pub fn new(zfs: &Zfs) -> Self {
        Self(zfs.clone())
    }
}

impl Side for LocalSource {
    fn tree(&self, look: &Look) -> Result<Tree> {
        look::tree(&self.0, look, look::source_points)
    }

    fn anchor(&self, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
        check_guids(&self.0, snapshots)?;
        anchor::bookmark(&self.0, marks, snapshots)?;
        anchor::hold(&self.0, marks, snapshots)
    }

    fn settle(&self, marks: &Marks, kept: &[(DatasetName, Vec<u64>)]) -> Result<()> {
        anchor::settle_source(&self.0, marks, kept)
    }

    fn wrapped_key(&self, dataset: &DatasetName) -> Result<Option<WrappedKey>> {
        wrapped::wrapped_key(&self.0, dataset)
    }
}

impl Side for LocalTarget {
    fn tree(&self, look: &Look) -> Result<Tree> {
        look::tree(&self.0, look, look::target_points)
    }

    fn anchor(&self, marks: &Marks, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
        check_guids(&self.0, snapshots)?;
        anchor::hold(&self.0, marks, snapshots)
    }

    fn settle(&self, marks: &Marks, kept: &[(DatasetName, Vec<u64>)]) -> Result<()> {
        anchor::settle_target(&self.0, marks, kept)
    }

    fn wrapped_key(&self, dataset: &DatasetName) -> Result<Option<WrappedKey>> {
        wrapped::wrapped_key(&self.0, dataset)
    }
}

impl Source for LocalSource {
    fn take_snapshots(&self, snapshots: &[SnapshotName]) -> Result<()> {
        Ok(self.0.create_snapshots(snapshots)?)
    }

    fn bookmark_ancestor(
        &self,
        marks: &Marks,
        clone: &DatasetName,
        ancestor: &SnapshotName,
        guid: u64,
    ) -> Result<BookmarkName> {
        check_guid(&self.0, ancestor, guid)?;
        anchor::bookmark_in(&self.0, marks, clone, ancestor, guid)
    }

    fn estimate(&self, transfer: &Transfer) -> Result<u64> {
        Ok(match &transfer.resumed {
            Some(token) => self.resumed(transfer, token)?.size()?,
            None => self.begun(transfer).size()?,
        })
    }

    fn send(&self, transfer: &Transfer, control: &TransferControl) -> Result<Outgoing> {
        self.check(transfer)?;
        let stream = match &transfer.resumed {
            Some(token) => self
                .resumed(transfer, token)?
                .controlled_by(control)
                .start()?,
            None => self.begun(transfer).controlled_by(control).start()?,
        };
        Ok(Outgoing::Kernel(Box::new(stream)))
    }
}

impl LocalSource {
    /// Names decide nothing: what has them may be something else by now.
    fn check(&self, transfer: &Transfer) -> Result<()> {
        let snapshot = with_guid(&self.0, &transfer.snapshot, transfer.guid)?;
        let suite = snapshot.get(&property::ENCRYPTION)?;
        if !suite.is_some_and(|suite| suite.value.is_on()) {
            let dataset = transfer.snapshot.dataset();
            return Err(Error::Refused(format!("{dataset} is not encrypted")));
        }
        match &transfer.base {
            Some(Base::Bookmark { name, guid }) => self.check_bookmark(name, *guid),
            // What goes on from another snapshot fits nothing that is received.
            Some(Base::Snapshot { .. }) | None => Ok(()),
        }
    }

    fn check_bookmark(&self, name: &BookmarkName, guid: u64) -> Result<()> {
        let what = match self.0.bookmark(name) {
            Ok(bookmark) if bookmark.guid() == guid => return Ok(()),
            Ok(_) => format!("{name} is of another snapshot"),
            Err(error) if error.kind() == ErrorKind::BookmarkNotFound => {
                format!("{name} is gone")
            }
            Err(error) => return Err(error.into()),
        };
        let dataset = name.dataset().clone();
        Err(Error::Changed { dataset, what })
    }

    fn begun(&self, transfer: &Transfer) -> crate::SendBuilder {
        let send = self.0.send(&transfer.snapshot).raw();
        match &transfer.base {
            Some(Base::Snapshot { name, .. }) => send.from(IncrementalSource::from(name)),
            Some(Base::Bookmark { name, .. }) => send.from(IncrementalSource::from(name)),
            None => send,
        }
    }

    /// What a token asks for, if it is no more than this transfer.
    fn resumed(&self, transfer: &Transfer, token: &str) -> Result<crate::ResumedSend> {
        let refused = |why: String| Error::Refused(format!("the resume token: {why}"));
        let token: ResumeToken = token
            .parse()
            .map_err(|error: crate::resume_token::TokenError| refused(error.to_string()))?;
        let expected = Expectation::new().to_guid(transfer.guid).raw(true);
        let expected = match &transfer.base {
            Some(base) => expected.from_guid(base.guid()),
            None => expected.full(),
        };
        token
            .check(&expected)
            .map_err(|error| refused(error.to_string()))?;
        Ok(self.0.resume_send(transfer.snapshot.dataset(), &token)?)
    }
}

impl LocalTarget {
    /// Whether a copy has by itself what it is received with.
    fn is_set(&self, copy: &DatasetName, can_mount: CanMount) -> Result<bool> {
        let copy = match self.0.dataset(copy) {
            Err(error) if error.kind() == ErrorKind::DatasetNotFound => return Ok(false),
            copy => copy?,
        };
        let is_own = |source| source == property::Source::Local;
        let read_only = copy.get(&property::READONLY)?;
        let can_be = copy.get(&property::CANMOUNT)?;
        Ok(read_only.is_some_and(|it| it.value && is_own(it.source))
            // A volume has no such property.
            && can_be.is_none_or(|it| it.value == can_mount && is_own(it.source)))
    }
}

impl Target for LocalTarget {
    fn has_changed_key(&self, copy: &DatasetName) -> Result<bool> {
        let dataset = match self.0.dataset(copy) {
            Err(error) if error.kind() == ErrorKind::DatasetNotFound => return Ok(false),
            dataset => dataset?,
        };
        let verified = Verified::newest(dataset.properties());
        let Some(then) = verified.and_then(|verified| verified.wrapped) else {
            return Ok(false);
        };
        let now = wrapped::wrapped_key(&self.0, copy)?;
        Ok(now.is_some_and(|now| now != then))
    }

    fn rename(&self, from: &DatasetName, to: &DatasetName) -> Result<()> {
        match self.0.rename_dataset(from, to) {
            // It was done before.
            Err(error)
                if error.kind() == ErrorKind::DatasetNotFound && self.0.dataset_exists(to)? =>
            {
                Ok(())
            }
            renamed => Ok(renamed?),
        }
    }

    fn discard_partial(&self, dataset: &DatasetName, token: &str) -> Result<()> {
        let there = match self.0.dataset(dataset) {
            Ok(there) => there.receive_resume_token()?,
            Err(error) if error.kind() == ErrorKind::DatasetNotFound => None,
            Err(error) => return Err(error.into()),
        };
        match there {
            None => Ok(()),
            Some(there) if there.as_str() == token => {
                self.0.discard_partial_receive(dataset)?;
                Ok(())
            }
            Some(_) => Err(Error::Changed {
                dataset: dataset.clone(),
                what: "its partial state is another one".into(),
            }),
        }
    }

    fn receive(&self, order: &Order, stream: Outgoing, control: &TransferControl) -> Result<()> {
        let can_mount = match order.policy {
            Policy::Vault => CanMount::Off,
            Policy::WarmStandby => CanMount::NoAuto,
        };
        let mut receive = self
            .0
            .receive(&order.snapshot)
            .resumable()
            .controlled_by(control);
        // To set what is set takes as long as to set anything.
        if !self.is_set(order.snapshot.dataset(), can_mount)? {
            receive = receive
                .set("readonly", true)
                .set_on_file_system("canmount", can_mount);
        }
        if let (Some(origin), None) = (&order.origin, &order.resumed) {
            receive = receive.origin(origin);
        }
        let received = match stream {
            Outgoing::Kernel(stream) => receive.run(*stream),
            Outgoing::Reader(reader) => {
                let guard = Guard::new(reader, required(order));
                receive.run(FromReader(guard))
            }
        };
        Ok(received.map_err(refused_stream)?.all()?)
    }

    fn verify(&self, marks: &Marks, order: &Order) -> Result<Proof> {
        verify::verify(&self.0, marks, order)
    }
}

/// What a stream from elsewhere has to be, before the kernel sees any of it.
fn required(order: &Order) -> Require {
    let require = Require::new().raw().single().to_guid(order.guid);
    match order.base {
        Some(base) => require.from_guid(base),
        None => require.full(),
    }
}

/// What was found wrong with the stream itself, by whatever it is wrapped in.
fn refused_stream(error: crate::Error) -> Error {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(stream) = inner.downcast_ref::<StreamError>() {
            return Error::Stream(stream.clone());
        }
        cause = inner.source();
    }
    Error::Zfs(error)
}

fn check_guids(zfs: &Zfs, snapshots: &[(SnapshotName, u64)]) -> Result<()> {
    let mut snapshots = snapshots.iter();
    snapshots.try_for_each(|(name, guid)| check_guid(zfs, name, *guid))
}

fn check_guid(zfs: &Zfs, name: &SnapshotName, guid: u64) -> Result<()> {
    with_guid(zfs, name, guid).map(drop)
}

fn with_guid(zfs: &Zfs, name: &SnapshotName, guid: u64) -> Result<Snapshot> {
    let what = match zfs.snapshot(name) {
        Ok(snapshot) if snapshot.guid()? == guid => return Ok(snapshot),
        Ok(_) => format!("{name} is another snapshot"),
        Err(error) if error.kind() == ErrorKind::SnapshotNotFound => format!("{name} is gone"),
        Err(error) => return Err(error.into()),
    };
    let dataset = name.dataset().clone();
    Err(Error::Changed { dataset, what })
}

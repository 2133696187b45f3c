//! What a client of a server may have.

use std::collections::HashSet;

use super::super::{Base, Error, Look, Marks, Order, Policy, Result, Transfer};
use super::message::{Request, Role};
use crate::name::{DatasetName, SnapshotName};
use crate::resume_token::{Expectation, ResumeToken};

/// How many user properties may be asked for.
const MAX_PROPERTIES: usize = 32;

/// What the client of a [`Server`](super::Server) may see and touch: some datasets and what is below
/// them, with some marks, for one policy.
///
/// What it never may, whatever is set here: destroy a snapshot, or a dataset but what an interrupted
/// first receive left; roll anything back; set a property, but for `readonly`, `canmount` and what is
/// remembered of a copy, which receiving does; give or take a name outside.
///
/// What is left to it is to use up room, with what it sends or, from a server that sends, with the
/// snapshots that it holds. Against that there is a quota on the dataset that it is confined to, which
/// no stream changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Confinement {
    within: Vec<DatasetName>,
    marks: Vec<Marks>,
    policy: Policy,
    takes_snapshots: bool,
    renames: bool,
    changes_keys: bool,
}

impl Confinement {
    /// Confines to a dataset and all below it, without any marks.
    pub fn to(dataset: &DatasetName) -> Self {
        Self {
            within: vec![dataset.clone()],
            marks: Vec::new(),
            policy: Policy::default(),
            takes_snapshots: false,
            renames: false,
            changes_keys: false,
        }
    }

    /// Lets the client have another dataset too, with all below it.
    #[must_use]
    pub fn and(mut self, dataset: &DatasetName) -> Self {
        self.within.push(dataset.clone());
        self
    }

    /// Lets the client set these marks and take them away. It cannot those of others, and so not let
    /// go of what others rely on.
    #[must_use]
    pub fn marks(mut self, marks: &Marks) -> Self {
        self.marks.push(marks.clone());
        self
    }

    /// Receives for that policy, and no other; [`Policy::Vault`] if nothing is said.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Lets the client of a server that sends take snapshots. They are never destroyed for it.
    #[must_use]
    pub fn allow_snapshots(mut self) -> Self {
        self.takes_snapshots = true;
        self
    }

    /// Lets the client of a server that receives give copies other names, as after the source was
    /// renamed.
    ///
    /// Who may can change the key of a copy all the same, over two connections at once: while the
    /// kernel waits for more of a stream that was found to fit one copy, and before it looks for that,
    /// another copy gets its name. It is for the one run behind a change that is known of.
    #[must_use]
    pub fn allow_renames(mut self) -> Self {
        self.renames = true;
        self
    }

    /// Lets streams change the key by which a copy is unlocked, as they do once the source's was
    /// changed. Who can send then can make a copy, with all its snapshots, unreadable for good; see
    /// [`WrappedKey`](crate::replicate::WrappedKey). It is for the one run behind a change that is
    /// known of.
    #[must_use]
    pub fn allow_key_changes(mut self) -> Self {
        self.changes_keys = true;
        self
    }

    pub(super) fn allows_key_changes(&self) -> bool {
        self.changes_keys
    }

    /// Refuses what the client may not ask for.
    pub(super) fn check(&self, role: Role, request: &Request) -> Result<()> {
        let (receives, sends) = (role == Role::ReceiveOnly, role == Role::SendRawOnly);
        let is_in_role = match request {
            Request::Tree { .. } | Request::WrappedKey { .. } => true,
            Request::Anchor { .. } | Request::Settle { .. } => receives || sends,
            Request::Estimate { .. } => !receives,
            Request::Send { .. } | Request::BookmarkAncestor { .. } => sends,
            Request::TakeSnapshots { .. } => sends && self.takes_snapshots,
            Request::Rename { .. }
            | Request::DiscardPartial { .. }
            | Request::Receive { .. }
            | Request::Verify { .. } => receives,
        };
        if !is_in_role {
            return refuse(format!("this server is {role}"));
        }
        if matches!(request, Request::Rename { .. }) && !self.renames {
            return refuse("to rename copies has to be allowed here".to_owned());
        }
        match request {
            Request::Tree { look } => self.check_look(look),
            Request::WrappedKey { dataset } => self.check_dataset(dataset),
            Request::Anchor { marks, snapshots } => {
                self.check_marks(marks)?;
                self.check_snapshots(snapshots.iter().map(|(snapshot, _)| snapshot))
            }
            Request::Settle { marks, kept } => {
                self.check_marks(marks)?;
                let mut seen = HashSet::new();
                kept.iter().try_for_each(|(dataset, keep)| {
                    self.check_dataset(dataset)?;
                    if keep.is_empty() {
                        return refuse(format!("nothing of {dataset} would be held any more"));
                    }
                    // Each of them would take as much memory again.
                    match seen.insert(dataset) {
                        true => Ok(()),
                        false => refuse(format!("{dataset} is named twice")),
                    }
                })
            }
            Request::TakeSnapshots { snapshots } => self.check_snapshots(snapshots),
            Request::BookmarkAncestor {
                marks,
                clone,
                ancestor,
                ..
            } => {
                self.check_marks(marks)?;
                self.check_dataset(clone)?;
                self.check_snapshot(ancestor)
            }
            Request::Estimate { transfer } | Request::Send { transfer } => {
                self.check_transfer(transfer)
            }
            Request::Rename { from, to } => self.check_rename(from, to),
            Request::DiscardPartial { dataset, .. } => self.check_dataset(dataset),
            Request::Receive { order } => self.check_order(order),
            Request::Verify { marks, order } => {
                self.check_marks(marks)?;
                self.check_order(order)
            }
        }
    }

    /// What the dataset is confined by.
    fn place(&self, dataset: &DatasetName) -> Result<&DatasetName> {
        // By these ZFS itself names what it hides, such as what is being received.
        if dataset.as_str().contains('%') {
            return refuse(format!("{dataset} is ZFS's own"));
        }
        let place = self.within.iter().find(|place| dataset.is_within(place));
        place.ok_or_else(|| Error::Refused(format!("{dataset} is not within what is served")))
    }

    fn check_dataset(&self, dataset: &DatasetName) -> Result<()> {
        self.place(dataset).map(drop)
    }

    fn check_snapshot(&self, snapshot: &SnapshotName) -> Result<()> {
        if snapshot.short_name().contains('%') {
            return refuse(format!("{snapshot} is ZFS's own"));
        }
        self.check_dataset(snapshot.dataset())
    }

    fn check_snapshots<'a>(
        &self,
        snapshots: impl IntoIterator<Item = &'a SnapshotName>,
    ) -> Result<()> {
        let mut snapshots = snapshots.into_iter();
        snapshots.try_for_each(|snapshot| self.check_snapshot(snapshot))
    }

    fn check_marks(&self, marks: &Marks) -> Result<()> {
        match self.marks.contains(marks) {
            true => Ok(()),
            false => refuse(format!("the marks {marks} are not this client's")),
        }
    }

    fn check_look(&self, look: &Look) -> Result<()> {
        look.since
            .iter()
            .try_for_each(|marks| self.check_marks(marks))?;
        if look.properties.len() > MAX_PROPERTIES {
            return refuse("too many properties".to_owned());
        }
        self.check_dataset(&look.top)
    }

    /// A copy is given another name below the same place, which itself keeps its own.
    fn check_rename(&self, from: &DatasetName, to: &DatasetName) -> Result<()> {
        let (old, new) = (self.place(from)?, self.place(to)?);
        if old != new || from == old || to == new {
            return refuse(format!("{from} cannot become {to} here"));
        }
        Ok(())
    }

    fn check_order(&self, order: &Order) -> Result<()> {
        self.check_snapshot(&order.snapshot)?;
        order
            .origin
            .iter()
            .try_for_each(|origin| self.check_snapshot(origin))?;
        if order.policy != self.policy {
            return refuse(format!("this server receives for {:?} only", self.policy));
        }
        match &order.resumed {
            // The dataset that it names is one of the sender's.
            Some(token) => check_token(token, order.guid, order.base),
            None => Ok(()),
        }
    }

    fn check_transfer(&self, transfer: &Transfer) -> Result<()> {
        self.check_snapshot(&transfer.snapshot)?;
        match &transfer.base {
            Some(Base::Snapshot { name, .. }) => self.check_snapshot(name)?,
            Some(Base::Bookmark { name, .. }) => self.check_dataset(name.dataset())?,
            None => {}
        }
        let base = transfer.base.as_ref().map(Base::guid);
        match &transfer.resumed {
            // The dataset that it names may have another name by now. What has the GUID is looked for
            // in that of the transfer alone.
            Some(token) => check_token(token, transfer.guid, base),
            None => Ok(()),
        }
    }
}

/// Refuses a token that is not of this raw transfer.
fn check_token(token: &str, guid: u64, base: Option<u64>) -> Result<()> {
    let refused = |why: String| Error::Refused(format!("the resume token: {why}"));
    let token: ResumeToken = token
        .parse()
        .map_err(|error: crate::resume_token::TokenError| refused(error.to_string()))?;
    let expected = Expectation::new()
        .to_guid(guid)
        .from_guid(base.unwrap_or(0))
        .raw(true);
    token
        .check(&expected)
        .map_err(|mismatch| refused(mismatch.to_string()))?;
    // A raw stream is never redacted; with these one would be sent from elsewhere.
    let fields = token.fields();
    match (&fields.redact_snaps, &fields.book_redact_snaps) {
        (None, None) => Ok(()),
        _ => Err(refused("it is of a redacted transfer".to_owned())),
    }
}

fn refuse<T>(why: String) -> Result<T> {
    Err(Error::Refused(why))
}

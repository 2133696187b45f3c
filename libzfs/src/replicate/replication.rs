//! A replication: what is planned, and carried out.

use std::collections::HashSet;
use std::fmt;

use super::carry::Carrier;
use super::{
    Action, DatasetReport, Error, Event, Finding, Limits, Look, Marks, Obstacle, Plan, Report,
    Request, Result, Selection, Source, Step, Target, Tree, plan,
};
use crate::name::DatasetName;
use crate::transfer::TransferControl;

/// Replicates a dataset and all below it.
///
/// It can be done again and again, and goes on where the last time ended, however that was. What is
/// on the destination is never rolled back, destroyed or overwritten; partial state is discarded if
/// it is of the same dataset and of no use any more.
///
/// For each dataset, in this order: the snapshots are bookmarked and held on the source, the streams
/// are received, the copy is verified, its newest snapshot is held, and what was held before is
/// released, on the destination first. Whatever ends it in between, the next time does the rest. What
/// is first is done for some datasets at once, and what is last for those that wait for it, in a thread
/// of its own beside the next streams. Where a run ended before it came to a dataset, some of that may
/// be held; it stays so until one comes to it.
///
/// Copies that are below what is replicated are not replicated themselves.
///
/// What becomes of
///
/// * a dataset that was renamed: its copy is renamed, and gone on with;
/// * one that was destroyed: its copy stays ([`Obstacle::Vanished`]); one made again under the same
///   name is not taken for it ([`Obstacle::NoCommonSnapshot`]);
/// * a clone: its copy is a clone too, if its origin is replicated. When it is promoted, both copies
///   stay what they are, and both are gone on with. If the clone took along all that the copy of its
///   origin has, the newest snapshot of that is [bookmarked](Source::bookmark_ancestor) in what is the
///   clone now;
/// * a base that was destroyed on the source in spite of its hold: a bookmark serves
///   ([`Obstacle::FromBookmark`]);
/// * a snapshot that was renamed: its copy keeps its name, since names do not matter; what has its old
///   name on the source by now cannot be received before the copy's snapshot was renamed too;
/// * snapshots that somebody made of a copy: nothing is sent ([`Obstacle::Diverged`]), but to what is
///   below;
/// * a key that was changed on the source: the copy gets it with the next stream
///   ([`Obstacle::SourceKeyChanged`]). One that was changed on the copy would be lost by that, so that
///   nothing is sent ([`Obstacle::KeyDiffers`]) unless [that is allowed](Request::allow_key_changes).
///   Where the key is neither made from a passphrase nor of another format than before, it is only
///   seen by its bytes on disk: a change on the source goes without a word, and one on a copy is found
///   where the copy is on this machine and its key was read when it was verified, which takes the
///   permission `send` there. A [`Server`](super::Server) does not take streams with another key, and
///   with [`keep_keys`](Self::keep_keys) no copy gets one, whatever it is made from;
/// * a destination that is full: the stream fails, and is resumed when there is room.
///
/// # Permissions
///
/// On the source `send`, `hold`, `release`, `bookmark`, `destroy` for old bookmarks, and `snapshot` if
/// snapshots are taken; on the destination `receive`, `create`, `mount`, `hold`, `release`, `readonly`,
/// `canmount`, `userprop`, and `rename` and `destroy` where copies are renamed or partial state is
/// discarded. Where streams may not change keys (a [`Server`](super::Server),
/// [`keep_keys`](Self::keep_keys)) also `send`: what comes upon a copy is compared with its key.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// use libzfs::replicate::{LocalSource, LocalTarget, Marks, Replication};
///
/// let (source, target) = (LocalSource::new(zfs), LocalTarget::new(zfs));
/// let (from, to) = ("tank/prod".parse()?, "vault/prod".parse()?);
/// let replication = Replication::new((&source, &from), (&target, &to), &Marks::new("nightly")?)
///     .take_snapshots("nightly-2026-01-31");
/// println!("{:?}", replication.plan()?.steps);
/// let report = replication.run()?;
/// for (dataset, error) in report.errors() {
///     eprintln!("{dataset}: {error}");
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is done before run()"]
pub struct Replication<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) target: &'a dyn Target,
    top: DatasetName,
    destination: DatasetName,
    pub(super) marks: Marks,
    request: Request,
    selection: Selection,
    pub(super) limits: Limits,
    pub(super) keeps_keys: bool,
    estimates: bool,
    take: Option<String>,
    pub(super) control: TransferControl,
    events: Box<dyn Fn(Event) + Sync + 'a>,
}

impl<'a> Replication<'a> {
    /// Replicates the first dataset to the second, which is made if it is not there; that above it
    /// has to be. The marks belong to these two.
    pub fn new(
        (source, top): (&'a dyn Source, &DatasetName),
        (target, destination): (&'a dyn Target, &DatasetName),
        marks: &Marks,
    ) -> Self {
        Self {
            source,
            target,
            top: top.clone(),
            destination: destination.clone(),
            marks: marks.clone(),
            request: Request::default(),
            selection: Selection::default(),
            limits: Limits::default(),
            keeps_keys: false,
            estimates: false,
            take: None,
            control: TransferControl::new(),
            events: Box::new(|_| ()),
        }
    }

    /// What is wanted; a vault with all snapshots, unless it is said.
    pub fn request(mut self, request: Request) -> Self {
        self.request = request;
        self
    }

    /// Which datasets are replicated; all, unless it is said.
    pub fn select(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// What it may take.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Refuses each stream that would change the key by which a copy is unlocked, with
    /// [`Error::Refused`] for its dataset: for a source that is not trusted with that, as one on
    /// another machine. See [`WrappedKey`](crate::replicate::WrappedKey).
    pub fn keep_keys(mut self) -> Self {
        self.keeps_keys = true;
        self
    }

    /// Has plans say how many bytes the streams will have, about.
    pub fn with_estimates(mut self) -> Self {
        self.estimates = true;
        self
    }

    /// Has [`run`](Self::run) take a snapshot of this name of all selected datasets that are
    /// encrypted first, in one transaction.
    pub fn take_snapshots(mut self, name: impl Into<String>) -> Self {
        self.take = Some(name.into());
        self
    }

    /// Has it stopped by this control: streams within about a second, and what has arrived stays, to be
    /// resumed. A look at one of the sides is not interrupted, and nothing is begun after it.
    pub fn controlled_by(mut self, control: &TransferControl) -> Self {
        self.control = control.clone();
        self
    }

    /// Has this called for all that happens, from any of its threads.
    pub fn on_event(mut self, tell: impl Fn(Event) + Sync + 'a) -> Self {
        self.events = Box::new(tell);
        self
    }

    pub(super) fn tell(&self, event: Event) {
        (self.events)(event);
    }

    /// What would be done now. Nothing is changed, and so no [snapshots are
    /// taken](Self::take_snapshots): those that [`run`](Self::run) would take are not in it.
    ///
    /// It is first looked only at what is newer than what is held on both sides; where that says that
    /// anything else than to go on from there is to be done, at everything; where one dataset alone
    /// cannot go on from there, at all of that.
    ///
    /// # Errors
    ///
    /// That one of the sides cannot be looked at, or the source is not there, or nothing of it is
    /// selected. What is wrong with one
    /// dataset is a finding of the plan.
    pub fn plan(&self) -> Result<Plan> {
        let (mut source, mut target) = self.look(Some(&self.marks))?;
        let mut made = plan(&source, &target, &self.request);
        let unclear = unclear(&made);
        // What a clone had in common may be with what it is a clone of by now.
        let is_clone = |name: &DatasetName| {
            let mut datasets = source.datasets.iter();
            datasets.any(|dataset| dataset.name == *name && dataset.origin.is_some())
        };
        let mut needing_all = unclear.iter().map(|(dataset, _)| dataset);
        let is_unclear = needing_all.any(|dataset| *dataset == self.top || is_clone(dataset));
        if self.is_marked(&source) && (is_unclear || needs_all(&made)) {
            let anchors = [source, target];
            (source, target) = self.look(None)?;
            let [of_source, of_target] = anchors;
            keep_anchors(&mut source, of_source);
            keep_anchors(&mut target, of_target);
            made = plan(&source, &target, &self.request);
        } else if self.is_marked(&source) && !unclear.is_empty() {
            for (dataset, copy) in &unclear {
                self.look_closer(&mut source, &mut target, dataset, copy)?;
            }
            made = plan(&source, &target, &self.request);
        }
        self.keep_changed_keys(&mut made);
        if self.estimates {
            self.estimate(&mut made);
        }
        Ok(made)
    }

    fn estimate(&self, plan: &mut Plan) {
        for step in &mut plan.steps {
            for action in &mut step.actions {
                let Action::Transfer(transfer) = action else {
                    continue;
                };
                match self.source.estimate(transfer) {
                    Ok(estimate) => transfer.estimate = Some(estimate),
                    Err(error) => plan.findings.push(Finding {
                        dataset: step.source.clone(),
                        obstacle: Obstacle::NotEstimated {
                            snapshot: transfer.snapshot.clone(),
                            why: error.to_string(),
                        },
                    }),
                }
            }
        }
    }

    /// Leaves out what would undo a change of a copy's key that only its bytes on disk tell, as that
    /// from one raw key to another.
    fn keep_changed_keys(&self, plan: &mut Plan) {
        let Plan {
            steps, findings, ..
        } = plan;
        steps.retain(|step| {
            let Some(copy) = step.goes_on_from() else {
                return true;
            };
            let obstacle = match self.is_key_changed(&step.source, copy) {
                Ok(false) => return true,
                Ok(true) if self.request.allow_key_changes => Obstacle::KeyReplaced {
                    destination: copy.clone(),
                },
                Ok(true) => Obstacle::KeyDiffers {
                    destination: copy.clone(),
                },
                Err(error) => Obstacle::Unreadable {
                    dataset: copy.clone(),
                    why: error.to_string(),
                },
            };
            let dataset = step.source.clone();
            let finding = Finding { dataset, obstacle };
            let is_error = finding.is_error();
            // The parameters of the key may have told it before.
            if !findings.contains(&finding) {
                findings.push(finding);
            }
            !is_error
        });
    }

    fn is_key_changed(&self, source: &DatasetName, copy: &DatasetName) -> Result<bool> {
        // A stream that nobody verified has brought the source's.
        Ok(self.target.has_changed_key(copy)?
            && self.source.wrapped_key(source)? != self.target.wrapped_key(copy)?)
    }

    /// Takes snapshots if that is wanted, plans, and carries the plan out.
    ///
    /// # Errors
    ///
    /// That no stream could be begun; snapshots may have been taken. What goes wrong with one dataset is
    /// in the report, and keeps only those from being replicated that need it.
    pub fn run(&self) -> Result<Report> {
        if self.control.is_cancelled() {
            return Ok(Report::of_nothing_begun());
        }
        if let Some(name) = &self.take {
            self.take(name)?;
        }
        if self.control.is_cancelled() {
            return Ok(Report::of_nothing_begun());
        }
        let plan = self.plan()?;
        Ok(self.carry(plan, Vec::new()))
    }

    /// Carries a plan out that was made before, as far as it would be made so again: of what has
    /// changed since nothing is done. No snapshots are taken.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run), and that it is a plan for something else. For each dataset that is
    /// not as it was, [`Error::Changed`] is in the report.
    pub fn carry_out(&self, saved: &Plan) -> Result<Report> {
        if (&saved.source, &saved.destination) != (&self.top, &self.destination) {
            let why = format!(
                "it is a plan for {} and {}",
                saved.source, saved.destination
            );
            return Err(Error::Refused(why));
        }
        if saved.request != self.request {
            let why = format!(
                "the plan is for {:?}, and this is {:?}",
                saved.request, self.request
            );
            return Err(Error::Refused(why));
        }
        let mut fresh = self.plan()?;
        let mut changed = Vec::new();
        let mut steps = Vec::new();
        for step in &saved.steps {
            let now = fresh.steps.iter().position(|now| now.source == step.source);
            match now.map(|at| fresh.steps.swap_remove(at)) {
                Some(now) if is_same(&now, step) => steps.push(now),
                now => changed.push(DatasetReport {
                    source: step.source.clone(),
                    destination: step.destination.clone(),
                    sent: Vec::new(),
                    result: Err(Error::Changed {
                        dataset: step.source.clone(),
                        what: match now {
                            Some(_) => "something else is to be done now".into(),
                            None => "nothing can be done now".into(),
                        },
                    }),
                }),
            }
        }
        fresh.steps = steps;
        Ok(self.carry(fresh, changed))
    }

    fn carry(&self, plan: Plan, before: Vec<DatasetReport>) -> Report {
        self.tell(Event::Planned {
            plan: Box::new(plan.clone()),
        });
        for finding in &plan.findings {
            let finding = finding.clone();
            self.tell(Event::Found { finding });
        }
        for report in &before {
            if let Err(error) = &report.result {
                self.tell(Event::Failed {
                    source: report.source.clone(),
                    destination: report.destination.clone(),
                    error: error.to_string(),
                });
            }
        }
        let mut datasets = before;
        datasets.extend(Carrier::new(self, &plan).run());
        Report {
            datasets,
            findings: plan.findings,
            cancelled: self.control.is_cancelled(),
        }
    }

    fn take(&self, name: &str) -> Result<()> {
        let look = |top| Look::since(top, &self.marks);
        let selected = look(&self.top).with_properties(self.selection.properties());
        let mut tree = self.source.tree(&selected)?;
        self.selection.keep(&mut tree);
        if self.destination.is_within(&self.top) {
            let target = self.target.tree(&look(&self.destination))?;
            self.leave_copies(&mut tree, &target);
        }
        let encrypted = tree
            .datasets
            .iter()
            .filter(|dataset| dataset.encryption.is_some());
        let snapshots: Vec<_> = encrypted
            .map(|dataset| DatasetName::snapshot(&dataset.name, name))
            .collect::<Result<_, _>>()?;
        if snapshots.is_empty() {
            return Ok(());
        }
        self.source.take_snapshots(&snapshots)?;
        self.tell(Event::Taken { snapshots });
        Ok(())
    }

    fn look(&self, since: Option<&Marks>) -> Result<(Tree, Tree)> {
        let look = |top| match since {
            Some(marks) => Look::since(top, marks),
            None => Look::all(top),
        };
        let selected = look(&self.top).with_properties(self.selection.properties());
        let mut source = self.source.tree(&selected)?;
        let is_empty = |tree: &Tree| tree.datasets.is_empty() && tree.unreadable.is_empty();
        if is_empty(&source) {
            return Err(Error::Changed {
                dataset: self.top.clone(),
                what: "it is not there".into(),
            });
        }
        let mut target = self.target.tree(&look(&self.destination))?;
        self.leave_copies(&mut source, &target);
        self.selection.apply(&mut source, &mut target);
        if is_empty(&source) {
            let why = format!("nothing of {} is selected", self.top);
            return Err(Error::Refused(why));
        }
        Ok((source, target))
    }

    /// Looks at all of a dataset and of its copy.
    fn look_closer(
        &self,
        source: &mut Tree,
        target: &mut Tree,
        dataset: &DatasetName,
        copy: &DatasetName,
    ) -> Result<()> {
        see_closer(source, self.source.tree(&Look::all(dataset))?);
        see_closer(target, self.target.tree(&Look::all(copy))?);
        Ok(())
    }

    /// Leaves the copies out that are below what is replicated themselves, or there would be copies of
    /// them, and of those the next time.
    fn leave_copies(&self, source: &mut Tree, target: &Tree) {
        if !self.destination.is_within(&self.top) {
            return;
        }
        // On another machine the same name is another dataset.
        let copies = target.datasets.iter().map(|copy| (&copy.name, copy.guid));
        let copies: HashSet<_> = copies.collect();
        source
            .datasets
            .retain(|dataset| !copies.contains(&(&dataset.name, dataset.guid)));
    }

    /// Whether a quick look leaves anything out.
    fn is_marked(&self, source: &Tree) -> bool {
        let prefix = self.marks.bookmark_prefix();
        let mut bookmarks = source
            .datasets
            .iter()
            .flat_map(|dataset| &dataset.bookmarks);
        bookmarks.any(|bookmark| bookmark.name.starts_with(&prefix))
    }
}

/// Datasets with their copies, of which older snapshots may matter than those that were looked at.
fn unclear(plan: &Plan) -> Vec<(DatasetName, DatasetName)> {
    let unclear = plan.findings.iter().filter_map(|finding| {
        let copy = match &finding.obstacle {
            Obstacle::NoCommonSnapshot { destination, .. }
            | Obstacle::Diverged { destination, .. } => destination,
            _ => return None,
        };
        Some((finding.dataset.clone(), copy.clone()))
    });
    unclear.collect()
}

/// Whether older snapshots of any dataset may matter than those that were looked at.
fn needs_all(plan: &Plan) -> bool {
    let finding = plan.findings.iter().any(|finding| {
        matches!(
            finding.obstacle,
            Obstacle::SeveralCopies { .. } | Obstacle::OriginNotReplicated | Obstacle::OriginBehind
        )
    });
    finding || plan.steps.iter().any(Step::makes_copy)
}

/// All that was seen of the top of the second.
fn see_closer(tree: &mut Tree, closer: Tree) {
    let mut seen = closer.datasets.into_iter();
    let Some(seen) = seen.find(|state| state.name == closer.top) else {
        return;
    };
    let mut known = tree.datasets.iter_mut();
    if let Some(known) = known.find(|known| known.guid == seen.guid) {
        known.snapshots = seen.snapshots;
        known.bookmarks = seen.bookmarks;
    }
}

/// What is held was asked for in the quick look only.
fn keep_anchors(tree: &mut Tree, quick: Tree) {
    for known in quick.datasets {
        let mut datasets = tree.datasets.iter_mut();
        if let Some(dataset) = datasets.find(|dataset| dataset.guid == known.guid) {
            dataset.anchors = known.anchors;
        }
    }
}

/// Whether two steps are the same but for estimates.
fn is_same(a: &Step, b: &Step) -> bool {
    let plain = |step: &Step| {
        let mut step = step.clone();
        for action in &mut step.actions {
            if let Action::Transfer(transfer) = action {
                transfer.estimate = None;
            }
        }
        step
    };
    plain(a) == plain(b)
}

impl fmt::Debug for Replication<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replication")
            .field("top", &self.top)
            .field("destination", &self.destination)
            .field("marks", &self.marks)
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

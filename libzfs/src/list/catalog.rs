//! A listing that is kept, and brought up to date at the cost of what changed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bstr::BString;

use super::contents::{Content, Contents, Reader, Sorted};
use super::entry::Entry;
use super::keeper::{Keeper, Sample};
use super::news::{Mark, News};
use super::{ListBuilder, Plan};
use crate::error::Result;
use crate::ffi::Ask;
use crate::property::{ORIGIN, Properties, Release, SNAPSHOTS_CHANGED};

/// A change is not told from another in the same second; and the kernel's clock is behind ours by
/// part of one.
const SETTLED: Duration = Duration::from_secs(2);

impl ListBuilder {
    /// Lists all of it, to be kept and brought up to date with [`Catalog::refresh`]. Neither
    /// [properties](Self::properties) nor names alone can be kept. Datasets are listed one after the
    /// other; with several [threads](Self::threads), two work together on one that is not mounted.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut catalog = zfs.list(&"vault".parse()?).recursive().snapshots().catalog()?;
    /// println!("{} snapshots", catalog.iter().count());
    /// // Later:
    /// let refreshed = catalog.refresh()?;
    /// println!("{} datasets had to be listed", refreshed.listed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run); so are those of what is listed, with which there is no catalog.
    pub fn catalog(self) -> Result<Catalog> {
        let mut catalog = Catalog {
            list: self,
            datasets: Vec::new(),
            begun: None,
            mark: None,
        };
        catalog.refresh()?;
        Ok(catalog)
    }
}

/// What a listing found, kept in memory; see [`ListBuilder::catalog`].
#[derive(Debug, Clone)]
pub struct Catalog {
    list: ListBuilder,
    datasets: Vec<Kept>,
    /// When it was last brought up to date.
    begun: Option<Moment>,
    /// Up to where the pool's history is known, if that is gone by.
    mark: Option<Mark>,
}

/// What [`Catalog::refresh`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refreshed {
    /// Of how many datasets the snapshots were listed.
    pub listed: usize,
    /// Of how many they were known to be the same.
    pub unchanged: usize,
}

#[derive(Debug, Clone)]
struct Kept {
    dataset: Entry,
    is_wanted: bool,
    state: State,
    snapshots: Arc<Vec<Entry>>,
    bookmarks: Vec<Entry>,
}

/// What says whether the snapshots of a dataset can have changed.
#[derive(Debug, Clone)]
struct State {
    /// 0 where there is no saying.
    changed: u64,
    /// Promotion moves snapshots to a dataset without a word there.
    origin: Option<BString>,
    /// Whether that was long enough before they were listed.
    is_settled: bool,
    /// Whether all of them were listed.
    is_whole: bool,
}

impl State {
    /// The state of a dataset from properties that were read since then.
    fn of(properties: Option<Properties>, since: &Moment) -> Self {
        let raw = |name| properties.as_ref()?.raw(name);
        let changed = raw(SNAPSHOTS_CHANGED.name()).and_then(|changed| changed.value.as_u64());
        let changed = changed.unwrap_or(0);
        Self {
            changed,
            origin: raw(ORIGIN.name()).and_then(|origin| Some(origin.value.as_bstr()?.to_owned())),
            is_settled: changed != 0 && Duration::from_secs(changed) + SETTLED <= since.clock,
            is_whole: false,
        }
    }

    /// Whether snapshots that are all the same now have to have this state.
    fn is_still(&self, now: &Self) -> bool {
        self.is_whole && self.origin == now.origin
    }

    /// Whether the time says that they are.
    fn tells(&self, now: &Self) -> bool {
        self.is_settled && self.changed == now.changed
    }
}

/// A time by the clock, and by one that nobody sets.
#[derive(Debug, Clone, Copy)]
struct Moment {
    clock: Duration,
    steady: Instant,
}

impl Moment {
    fn now() -> Self {
        Self {
            clock: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            steady: Instant::now(),
        }
    }

    /// Whether the clock went on as it should since then, or was set forward.
    fn has_gone_on_since(&self, before: &Self) -> bool {
        let went_by = self.steady.saturating_duration_since(before.steady);
        before.clock + went_by <= self.clock + Duration::from_secs(1)
    }
}

impl Catalog {
    /// All that there is, as [`ListBuilder::run`] yields it: datasets, their snapshots and
    /// bookmarks, and those below.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.datasets.iter().flat_map(|kept| {
            let own = kept.is_wanted.then_some(&kept.dataset);
            own.into_iter()
                .chain(kept.snapshots.iter())
                .chain(&kept.bookmarks)
        })
    }

    /// Brings it up to date. On an error it stays as it was.
    ///
    /// Since 2.2 the kernel keeps the time at which the snapshots of a dataset last changed (the
    /// property `snapshots_changed`, in whole seconds). Where that is what it was, the snapshots are,
    /// and one call for the dataset is all it takes. It is not relied on where the change was less
    /// than two seconds before the listing began, nor if the clock was set back since; those are
    /// listed again. A clock that is set back and forth between two calls of this cannot be seen.
    ///
    /// On 2.1, and in pools without the feature `extensible_dataset`, which forget the time, no
    /// property tells of each change. There it goes by the pool's history, in which the kernel
    /// enters them all: what was entered since is read besides. That takes root, and for the first
    /// time a history of at most 64 MiB; otherwise all is listed again, as it is after the pool was
    /// imported anew, or a dataset in it renamed.
    ///
    /// Datasets and bookmarks are read anew each time, with one call for each dataset.
    ///
    /// # Errors
    ///
    /// As for [`ListBuilder::catalog`].
    #[doc(alias = "snapshots_changed")]
    pub fn refresh(&mut self) -> Result<Refreshed> {
        let now = Moment::now();
        let is_steady = self
            .begun
            .is_some_and(|before| now.has_gone_on_since(&before));
        let (news, mark) = self.news();
        let known: HashMap<_, _> = self
            .datasets
            .iter()
            .map(|kept| (kept.dataset.name.dataset(), kept))
            .collect();
        let plan = Arc::new(Plan {
            states: true,
            ..self.list.plan(Ask::Identity)
        });
        let mut reader = Reader::new(&self.list.zfs, &plan)?;
        let mut refreshed = Refreshed {
            listed: 0,
            unchanged: 0,
        };
        let mut datasets = Vec::new();
        let mut to_come: Vec<_> = reader.top()?.into_iter().collect();
        while let Some(mut node) = to_come.pop() {
            let mut state = State::of(node.entry.properties.take(), &now);
            let is_silent = |kept: &Kept| match &news {
                Some(news) => !news.concern(node.name()),
                None => is_steady && kept.state.tells(&state),
            };
            let same = known.get(node.name()).filter(|kept| {
                kept.dataset.guid == node.entry.guid
                    && kept.state.is_still(&state)
                    && is_silent(kept)
            });
            let contents = match same {
                Some(_) => Contents::without_snapshots(&node, &plan),
                None => Contents::of(&node, &plan),
            };
            let found = collect(&mut reader, contents)?;
            let (mut snapshots, mut bookmarks) = (Vec::new(), Vec::new());
            for entry in found.entries {
                let entry = entry?;
                match entry.name.snapshot() {
                    Some(_) => snapshots.push(entry),
                    None => bookmarks.push(entry),
                }
            }
            let snapshots = match same {
                Some(kept) => {
                    refreshed.unchanged += 1;
                    state.is_settled = kept.state.is_settled;
                    state.is_whole = true;
                    kept.snapshots.clone()
                }
                None => {
                    refreshed.listed += 1;
                    // Of one that was renamed or destroyed the kernel says that this was all.
                    state.is_whole = reader.is_there(&node.entry);
                    Arc::new(snapshots)
                }
            };
            datasets.push(Kept {
                is_wanted: plan.wants(&node.entry),
                dataset: node.entry,
                state,
                snapshots,
                bookmarks,
            });
            to_come.extend(found.children.into_iter().rev());
        }
        self.datasets = datasets;
        self.begun = Some(now);
        self.mark = mark;
        tracing::debug!(dataset = %plan.top, ?refreshed, "refresh");
        Ok(refreshed)
    }

    /// What the pool's history says, where it is needed, and up to where it is known then. It is
    /// read before anything is listed.
    fn news(&self) -> (Option<News>, Option<Mark>) {
        let since = SNAPSHOTS_CHANGED.info().since();
        let tells = since.is_none_or(Release::is_running);
        let is_silent = |kept: &Kept| kept.state.changed == 0 && !kept.snapshots.is_empty();
        if tells && !self.datasets.iter().any(is_silent) {
            return (None, None);
        }
        let (zfs, pool) = (&self.list.zfs, self.list.dataset.pool());
        match self.mark.and_then(|mark| mark.news(zfs, &pool)) {
            Some((news, mark)) => (Some(news), Some(mark)),
            None => (None, Mark::now(zfs, &pool)),
        }
    }
}

/// All of a dataset; with a second thread where the plan has one, and there is a reason to.
fn collect(reader: &mut Reader, mut contents: Contents) -> Result<Sorted> {
    let plan = reader.plan.clone();
    let mut sample = Sample::default();
    let mut keeper: Option<Keeper> = None;
    let mut found = Vec::new();
    while let Some(content) = contents.next(reader) {
        let content = content?;
        if let Content::Entry(entry) = &content {
            if let (Some(last_txg), true) = (sample.add(entry), plan.threads > 1) {
                match &keeper {
                    Some(keeper) => keeper.narrow(last_txg),
                    None => {
                        keeper = Keeper::unless_mounted(reader, contents.dataset(), last_txg);
                    }
                }
            }
        }
        found.push(Ok(content));
    }
    drop(keeper);
    Ok(Sorted::new(found, plan.order))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_back_is_noticed() {
        let before = Moment::now();
        let later = |clock: i64, steady: u64| Moment {
            clock: Duration::from_secs(before.clock.as_secs().saturating_add_signed(clock)),
            steady: before.steady + Duration::from_secs(steady),
        };
        assert!(later(10, 10).has_gone_on_since(&before));
        assert!(later(1000, 10).has_gone_on_since(&before));
        assert!(!later(5, 10).has_gone_on_since(&before));
        assert!(!later(-100, 10).has_gone_on_since(&before));
    }
}

//! Looking for pools that can be imported: from labels to the configuration that the kernel takes.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use bstr::{BStr, BString};

use super::status::{VdevClass, VdevState, VdevStatus};
use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::label::{self, Label, PoolState};
use crate::name::PoolName;
use crate::nvlist::{NvList, Value};

/// More vdevs at the top than any pool has: a label that speaks of more is not believed.
const MAX_TOP_LEVEL: u64 = 1 << 16;

impl Zfs {
    /// Looks for pools that are not imported on devices and files, and in directories of them such
    /// as `/dev/disk/by-id`; not in directories that are in those.
    ///
    /// The kernel is asked about each pool that is found, which reads from all of its devices.
    ///
    /// Needs root.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// let found = zfs.find_pools(["/dev/disk/by-id"])?;
    /// for pool in &found {
    ///     println!("{} {} {:?}", pool.name(), pool.guid(), pool.obstacle());
    /// }
    /// zfs.import_pool(found.named(&"tank".parse()?)?).run()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::DeviceNotFound`], [`ErrorKind::Io`], [`ErrorKind::PermissionDenied`]: a path
    ///   that was given cannot be read. What cannot be read in a directory is passed over;
    /// * [`ErrorKind::PermissionDenied`]: pools were found, and only root may ask about them
    #[doc(alias = "zpool_search_import")]
    #[doc(alias = "zpool_find_import")]
    #[doc(alias = "ZFS_IOC_POOL_TRYIMPORT")]
    pub fn find_pools<P: AsRef<Path>>(
        &self,
        places: impl IntoIterator<Item = P>,
    ) -> Result<FoundPools> {
        let mut search = Search::default();
        for place in places {
            let place = place.as_ref();
            search.look_in(place).map_err(|error| {
                let errno = Errno::from(error);
                Error::from_errno(Operation::FindPools, place.display().to_string(), errno)
            })?;
        }
        let imported: Vec<u64> = self.pools()?.into_iter().map(|pool| pool.guid).collect();
        let mut found = Vec::new();
        for (guid, candidate) in &search.pools {
            if imported.contains(guid) {
                continue;
            }
            let Some(config) = candidate.config(*guid, &search.paths) else {
                tracing::debug!(guid, "a label that no pool can have");
                continue;
            };
            let tried = match self.device().pool_try_import(&config) {
                Ok(tried) => tried,
                // The kernel makes nothing of it.
                Err(errno) if errno.raw() == libc::EINVAL => {
                    tracing::debug!(guid, "a pool that the kernel cannot make out");
                    continue;
                }
                Err(errno) => {
                    let target = guid.to_string();
                    return Err(Error::from_errno(Operation::FindPools, target, errno));
                }
            };
            found.extend(FoundPool::new(*guid, &config, tried, &search.paths));
        }
        Ok(FoundPools(found))
    }
}

/// The labels that were found.
#[derive(Default)]
struct Search {
    pools: BTreeMap<u64, Candidate>,
    paths: Paths,
}

/// Where each device was found.
#[derive(Default)]
struct Paths(BTreeMap<u64, Found>);

/// Where a device was found: of copies of it, the newest.
struct Found {
    txg: u64,
    paths: Vec<String>,
}

impl Paths {
    fn add(&mut self, label: &Label, path: &str) {
        let txg = label.txg();
        let found = self.0.entry(label.guid()).or_insert(Found {
            txg,
            paths: Vec::new(),
        });
        if txg > found.txg {
            found.txg = txg;
            found.paths.clear();
        }
        if txg == found.txg {
            found.paths.push(path.to_owned());
        }
    }

    /// The path of a device; of several, the one that it had.
    fn choose(&self, guid: u64, had: &str) -> Option<&str> {
        let paths = &self.0.get(&guid)?.paths;
        let same = paths.iter().find(|path| *path == had);
        same.or(paths.first()).map(String::as_str)
    }
}

/// A pool of which there are labels: the newest of each vdev at the top.
#[derive(Default)]
struct Candidate {
    tops: BTreeMap<u64, Label>,
}

impl Search {
    fn look_in(&mut self, place: &Path) -> io::Result<()> {
        let place = std::path::absolute(place)?;
        if !fs::metadata(&place)?.is_dir() {
            return self.look_at(&place);
        }
        let mut entries = fs::read_dir(&place)?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<PathBuf>>>()?;
        entries.sort();
        for path in entries {
            if let Err(error) = self.look_at(&path) {
                tracing::debug!(path = %path.display(), %error, "not looked at");
            }
        }
        Ok(())
    }

    fn look_at(&mut self, path: &Path) -> io::Result<()> {
        // Anything else might do something when it is opened.
        let kind = fs::metadata(path)?.file_type();
        if !kind.is_file() && !kind.is_block_device() {
            return Ok(());
        }
        // Nor is a pipe waited for that has taken its place since.
        let device = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)?;
        let (Some(label), Some(path)) = (label::read(&device)?, path.to_str()) else {
            return Ok(());
        };
        if matches!(label.state(), PoolState::Spare | PoolState::Cache) {
            self.paths.add(&label, path);
            return Ok(());
        }
        let top = label.config().get_u64("top_guid");
        let (Some(pool), Some(top), true) = (label.pool_guid(), top, label.txg() != 0) else {
            return Ok(());
        };
        self.paths.add(&label, path);
        let tops = &mut self.pools.entry(pool).or_default().tops;
        if tops.get(&top).is_none_or(|other| other.txg() < label.txg()) {
            tops.insert(top, label);
        }
        Ok(())
    }
}

impl Candidate {
    /// What the kernel is to be asked about; nothing where the labels make no sense.
    fn config(&self, guid: u64, paths: &Paths) -> Option<NvList> {
        let mut labels: Vec<&Label> = self.tops.values().collect();
        labels.sort_by_key(|label| label.txg());
        // It knows best which vdevs there are.
        let newest = labels.last()?;
        let from = newest.config();
        // Of two with one number, the older was removed before the newer came to its place.
        let mut by_id: BTreeMap<u64, NvList> = BTreeMap::new();
        for label in &labels {
            let Some(mut tree) = label.config().get_list("vdev_tree").cloned() else {
                continue;
            };
            if let Some(id) = tree.get_u64("id") {
                set_paths(&mut tree, paths);
                by_id.insert(id, tree);
            }
        }
        let last = by_id.keys().next_back()?.checked_add(1)?;
        let count = from.get_u64("vdev_children").unwrap_or(last);
        if count > MAX_TOP_LEVEL {
            return None;
        }
        let holes = from.get_u64_array("hole_array").unwrap_or_default();
        let child = |id| {
            by_id.remove(&id).unwrap_or_else(|| {
                let kind = if holes.contains(&id) {
                    "hole"
                } else {
                    "missing"
                };
                NvList::new()
                    .with("type", kind)
                    .with("id", id)
                    .with("guid", 0_u64)
            })
        };
        let children: Vec<NvList> = (0..count).map(child).collect();
        let root = NvList::new()
            .with("type", "root")
            .with("id", 0_u64)
            .with("guid", guid)
            .with("children", children);
        let mut config = NvList::new()
            .with("version", from.get_u64("version")?)
            .with("pool_guid", guid)
            .with("name", from.get_bstr("name")?)
            .with("state", from.get_u64("state")?);
        for name in ["comment", "compatibility"] {
            if let Some(text) = from.get_bstr(name) {
                config.insert(name, text);
            }
        }
        if let Some(count) = from.get_u64("vdev_children") {
            config.insert("vdev_children", count);
        }
        if !holes.is_empty() {
            config.insert("hole_array", holes);
        }
        if let (Some(id), Some(name)) = (newest.host_id(), newest.host_name()) {
            config.insert("hostid", id);
            config.insert("hostname", name);
        }
        Some(config.with("vdev_tree", root))
    }
}

/// Gives each device the path at which it was found.
fn set_paths(vdev: &mut NvList, paths: &Paths) {
    for name in ["children", "spares", "l2cache"] {
        if let Some(Value::NvListArray(mut children)) = vdev.remove(name) {
            for child in &mut children {
                set_paths(child, paths);
            }
            vdev.insert(name, children);
        }
    }
    if vdev.contains("children") {
        return;
    }
    let had = vdev.get_str("path").unwrap_or_default();
    let guid = vdev.get_u64("guid");
    if let Some(path) = guid.and_then(|guid| paths.choose(guid, had)) {
        vdev.insert("path", path);
    }
}

/// The pools that a search found; see [`Zfs::find_pools`].
#[derive(Debug, Clone)]
pub struct FoundPools(Vec<FoundPool>);

impl FoundPools {
    /// The pool of this name. One that was destroyed is not meant where there is another.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PoolNotFound`]; [`ErrorKind::AmbiguousPool`]: several have it.
    pub fn named(&self, name: &PoolName) -> Result<&FoundPool> {
        let named = self.0.iter().filter(|pool| pool.name == *name);
        let (destroyed, there): (Vec<_>, Vec<_>) =
            named.partition(|pool| pool.state == PoolState::Destroyed);
        let refused = |kind: ErrorKind| {
            let errno = kind.usual_errno();
            Err(Error::new(
                Operation::ImportPool,
                name.as_str(),
                kind,
                errno,
            ))
        };
        match (&there[..], &destroyed[..]) {
            ([only], _) | ([], [only]) => Ok(only),
            ([], []) => refused(ErrorKind::PoolNotFound),
            _ => refused(ErrorKind::AmbiguousPool),
        }
    }

    /// The pool of this GUID.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PoolNotFound`]
    pub fn with_guid(&self, guid: u64) -> Result<&FoundPool> {
        let kind = ErrorKind::PoolNotFound;
        let pool = self.0.iter().find(|pool| pool.guid == guid);
        pool.ok_or_else(|| {
            let target = guid.to_string();
            Error::new(Operation::ImportPool, target, kind, kind.usual_errno())
        })
    }

    /// The pools, by their GUIDs.
    pub fn iter(&self) -> std::slice::Iter<'_, FoundPool> {
        self.0.iter()
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a FoundPools {
    type Item = &'a FoundPool;
    type IntoIter = std::slice::Iter<'a, FoundPool>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// A pool that is not imported, as its labels and the kernel have it.
#[derive(Debug, Clone)]
pub struct FoundPool {
    name: PoolName,
    guid: u64,
    state: PoolState,
    root: VdevStatus,
    /// What an import is asked for with.
    pub(super) config: NvList,
}

impl FoundPool {
    fn new(guid: u64, asked: &NvList, mut tried: NvList, paths: &Paths) -> Option<Self> {
        if let Some(Value::NvList(mut root)) = tried.remove("vdev_tree") {
            set_paths(&mut root, paths);
            tried.insert("vdev_tree", root);
        }
        // The kernel has put in this host's.
        for name in ["hostid", "hostname"] {
            match asked.get(name) {
                Some(value) => drop(tried.insert(name, value.clone())),
                None => drop(tried.remove(name)),
            }
        }
        Some(Self {
            name: tried.get_str("name")?.parse().ok()?,
            guid,
            state: PoolState::from_number(tried.get_u64("state")?),
            root: VdevStatus::new(tried.get_list("vdev_tree")?, VdevClass::Data),
            config: tried,
        })
    }

    /// The name that it had.
    pub fn name(&self) -> &PoolName {
        &self.name
    }

    /// What names it, whatever its name becomes.
    pub fn guid(&self) -> u64 {
        self.guid
    }

    /// What its labels say: exported, destroyed, or active, which it was when its host went down if
    /// it is not imported there still.
    pub fn state(&self) -> PoolState {
        self.state
    }

    /// How it would be.
    pub fn health(&self) -> VdevState {
        self.root.state
    }

    /// Its vdevs, as they would be.
    pub fn vdevs(&self) -> &[VdevStatus] {
        &self.root.children
    }

    /// The number of the host that used it last, if that has one.
    pub fn host_id(&self) -> Option<u64> {
        // The pool's own word is newer than that of a label.
        let own = self.load_info().and_then(|info| info.get_u64("hostid"));
        own.or(self.config.get_u64("hostid"))
            .filter(|&host| host != 0)
    }

    /// The name of the host that used it last.
    pub fn host_name(&self) -> Option<&BStr> {
        let own = self.load_info().and_then(|info| info.get_bstr("hostname"));
        own.or(self.config.get_bstr("hostname"))
    }

    /// The features that it has and the module does not.
    pub fn unsupported_features(&self) -> Vec<BString> {
        unsupported_features(self.load_info())
    }

    /// What stands against an import as far as that is known before: an import without more would
    /// fail with it.
    pub fn obstacle(&self) -> Option<ErrorKind> {
        if self.state == PoolState::Destroyed {
            return Some(ErrorKind::PoolDestroyed);
        }
        if self.is_active_elsewhere() {
            return Some(ErrorKind::PoolActiveElsewhere);
        }
        if self.is_of_other_host() {
            return Some(ErrorKind::PoolOfOtherHost);
        }
        let info = self.load_info();
        if info.is_some_and(|info| info.contains("unsup_feat")) {
            return Some(unsupported_kind(info));
        }
        use super::status::VdevReason as Reason;
        match (self.root.state, self.root.reason) {
            (VdevState::CannotOpen, Reason::CorruptData | Reason::IoFailure) => Some(ErrorKind::Io),
            (VdevState::CannotOpen | VdevState::Closed, _) => Some(ErrorKind::DevicesMissing),
            _ => None,
        }
    }

    /// Whether another host was the last to use it and did not export it.
    pub(super) fn is_of_other_host(&self) -> bool {
        self.state != PoolState::Exported && self.host_id().unwrap_or(0) != host_id().unwrap_or(0)
    }

    /// What the property `multihost` is for.
    pub(super) fn is_active_elsewhere(&self) -> bool {
        /// `MMP_STATE_INACTIVE`
        const INACTIVE: u64 = 1;
        let state = self.load_info().and_then(|info| info.get_u64("mmp_state"));
        state.is_some_and(|state| state != INACTIVE)
    }

    fn load_info(&self) -> Option<&NvList> {
        self.config.get_list("load_info")
    }
}

pub(super) fn unsupported_features(load_info: Option<&NvList>) -> Vec<BString> {
    let list = load_info.and_then(|info| info.get_list("unsup_feat"));
    let names = list.into_iter().flat_map(NvList::names);
    names.map(ToOwned::to_owned).collect()
}

pub(super) fn unsupported_kind(load_info: Option<&NvList>) -> ErrorKind {
    if load_info.is_some_and(|info| info.contains("can_rdonly")) {
        ErrorKind::PoolFeaturesReadOnly
    } else {
        ErrorKind::PoolFeaturesUnsupported
    }
}

/// The number of this host, where it has one: the module's own, or that of `/etc/hostid`.
fn host_id() -> Option<u64> {
    let module = fs::read_to_string("/sys/module/spl/parameters/spl_hostid").ok();
    let module: Option<u64> = module.and_then(|text| text.trim().parse().ok());
    let file = || {
        let bytes = fs::read("/etc/hostid").ok()?;
        Some(u64::from(u32::from_ne_bytes(*bytes.first_chunk::<4>()?)))
    };
    module
        .filter(|&id| id != 0)
        .or_else(file)
        .map(|id| id & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(id: u64, guid: u64) -> NvList {
        let leaf = NvList::new()
            .with("type", "file")
            .with("guid", guid)
            .with("path", "/old");
        NvList::new()
            .with("type", "mirror")
            .with("id", id)
            .with("guid", id + 100)
            .with("children", vec![leaf])
    }

    #[test]
    fn a_device_gets_the_path_at_which_it_was_found() {
        let found = |paths: [&str; 2]| {
            let paths = paths.map(str::to_owned).into();
            Paths(BTreeMap::from([(7, Found { txg: 4, paths })]))
        };
        let paths = found(["/new", "/other"]);
        let path = |tree: &NvList| {
            let children = tree.get_list_array("children").unwrap();
            children[0].get_str("path").unwrap().to_owned()
        };
        let mut moved = tree(0, 7);
        set_paths(&mut moved, &paths);
        assert_eq!(path(&moved), "/new");
        let same = found(["/first", "/old"]);
        let mut there = tree(0, 7);
        set_paths(&mut there, &same);
        assert_eq!(path(&there), "/old");
        let mut unknown = tree(0, 8);
        set_paths(&mut unknown, &paths);
        assert_eq!(path(&unknown), "/old");
    }
}

//! What a pool is like: its vdevs, their state and errors, and the scan that goes on.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use libzfs_sys as sys;

use super::statistics::Histograms;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::handle::Zfs;
use crate::name::PoolName;
use crate::nvlist::NvList;
use crate::vdev::VdevGuid;

impl Zfs {
    /// What a pool is like now, as `zpool status` and `zpool list -v` show it: one call of the
    /// kernel, which answers for a suspended pool as well.
    ///
    /// Everybody may read it.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// let status = zfs.pool_status(&"tank".parse()?)?;
    /// println!("{} is {}", status.name(), status.health());
    /// for device in status.devices().filter(|device| !device.is_healthy()) {
    ///     println!("{:?} is {}: {:?}", device.path, device.state, device.reason);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PoolNotFound`]; [`ErrorKind::UnexpectedAnswer`]
    #[doc(alias = "zpool_get_config")]
    #[doc(alias = "zpool_get_status")]
    #[doc(alias = "ZFS_IOC_POOL_STATS")]
    pub fn pool_status(&self, pool: &PoolName) -> Result<PoolStatus> {
        let config = self
            .device()
            .pool_stats(pool.as_str())
            .map_err(|errno| Error::from_errno(Operation::ReadPoolStatus, pool.as_str(), errno))?;
        PoolStatus::new(pool, config)
    }
}

/// A pool as it was when it was read; see [`Zfs::pool_status`].
#[derive(Debug, Clone)]
pub struct PoolStatus {
    name: PoolName,
    guid: u64,
    root: VdevStatus,
    scan: Option<Scan>,
    config: NvList,
}

impl PoolStatus {
    fn new(name: &PoolName, config: NvList) -> Result<Self> {
        let missing = |what: &str| {
            let kind = ErrorKind::UnexpectedAnswer;
            let why = format!("there is no {what}");
            Error::refused(Operation::ReadPoolStatus, name.as_str(), kind, why)
        };
        let guid = config.get_u64("pool_guid");
        let tree = config
            .get_list("vdev_tree")
            .ok_or_else(|| missing("vdev_tree"))?;
        Ok(Self {
            name: name.clone(),
            guid: guid.ok_or_else(|| missing("pool_guid"))?,
            root: VdevStatus::new(tree, VdevClass::Data),
            scan: tree.get_u64_array("scan_stats").and_then(Scan::new),
            config,
        })
    }

    /// The pool's name.
    pub fn name(&self) -> &PoolName {
        &self.name
    }

    /// What names the pool wherever it is imported.
    pub fn guid(&self) -> u64 {
        self.guid
    }

    /// How it is, as `zpool status` says in its line `state`.
    pub fn health(&self) -> VdevState {
        self.root.state
    }

    /// Whether it is suspended: writes wait for devices to come back.
    pub fn is_suspended(&self) -> bool {
        self.config.contains("suspended")
    }

    /// The vdev that has all others in it, with the numbers of the whole pool.
    pub fn root(&self) -> &VdevStatus {
        &self.root
    }

    /// The vdevs at the top, those of all classes.
    pub fn vdevs(&self) -> &[VdevStatus] {
        &self.root.children
    }

    /// The devices and files at the ends of the tree, those of all classes.
    pub fn devices(&self) -> impl Iterator<Item = &VdevStatus> {
        self.root
            .walk()
            .into_iter()
            .filter(|vdev| vdev.children.is_empty() && vdev.kind != VdevKind::Hole)
    }

    /// The vdev of this GUID.
    pub fn vdev(&self, guid: VdevGuid) -> Option<&VdevStatus> {
        self.root.walk().into_iter().find(|vdev| vdev.guid == guid)
    }

    /// The vdev at the top that this one is, or is part of.
    pub(super) fn top_of(&self, guid: VdevGuid) -> Option<&VdevStatus> {
        let is_part = |top: &&VdevStatus| top.walk().iter().any(|vdev| vdev.guid == guid);
        self.vdevs().iter().find(is_part)
    }

    /// The bytes that there are for data, before redundancy in a RAID-Z is taken off.
    pub fn size(&self) -> u64 {
        self.root.stats.size
    }

    /// The bytes that are in use, counted as in [`size`](Self::size).
    pub fn allocated(&self) -> u64 {
        self.root.stats.allocated
    }

    /// How much of it is in use, in percent.
    pub fn capacity(&self) -> u64 {
        let percent = u128::from(self.allocated()) * 100;
        let percent = percent.checked_div(u128::from(self.size())).unwrap_or(0);
        u64::try_from(percent).unwrap_or(100)
    }

    /// How many damaged blocks are known that could not be repaired.
    pub fn error_count(&self) -> u64 {
        self.config.get_u64("error_count").unwrap_or(0)
    }

    /// The scrub or resilver that is going on, or the last one.
    pub fn scan(&self) -> Option<&Scan> {
        self.scan.as_ref()
    }

    /// All that the kernel told.
    pub fn config(&self) -> &NvList {
        &self.config
    }
}

/// A vdev as it was when it was read, with those that it is made of.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct VdevStatus {
    /// What it is.
    pub kind: VdevKind,
    /// What it is for; those in it are for the same.
    pub class: VdevClass,
    /// What names it, whatever becomes of its path.
    pub guid: VdevGuid,
    /// Where the device or file is, or was when it was last seen.
    pub path: Option<PathBuf>,
    /// How it is.
    pub state: VdevState,
    /// Why it is not well, or not used.
    pub reason: VdevReason,
    /// Its numbers.
    pub stats: VdevStats,
    /// The smallest block that is written to it, as a power of two, of a vdev at the top.
    pub ashift: Option<u64>,
    /// The vdevs that it is made of.
    pub children: Vec<VdevStatus>,
    pub(super) histograms: Histograms,
}

impl VdevStatus {
    pub(super) fn new(list: &NvList, class: VdevClass) -> Self {
        let numbers = list.get_u64_array("vdev_stats").unwrap_or_default();
        let of = |name, class: fn(&NvList) -> VdevClass| {
            let vdevs = list.get_list_array(name).unwrap_or_default();
            vdevs.iter().map(move |vdev| Self::new(vdev, class(vdev)))
        };
        let children = if list.get_str("type") == Some("root") {
            of("children", VdevClass::of)
                .chain(of("l2cache", |_| VdevClass::Cache))
                .chain(of("spares", |_| VdevClass::Spare))
                .collect()
        } else {
            let vdevs = list.get_list_array("children").unwrap_or_default();
            vdevs.iter().map(|vdev| Self::new(vdev, class)).collect()
        };
        let number = |at| numbers.get(at).copied().unwrap_or(0);
        Self {
            kind: VdevKind::of(list),
            class,
            guid: VdevGuid::new(list.get_u64("guid").unwrap_or(0)),
            path: list.get_str("path").map(PathBuf::from),
            state: VdevState::from_number(number(1)),
            reason: VdevReason::from_number(number(2)),
            stats: VdevStats::new(numbers),
            ashift: list.get_u64("ashift"),
            children,
            histograms: Histograms(list.get_list("vdev_stats_ex").cloned().unwrap_or_default()),
        }
    }

    /// Whether it is as it should be.
    pub fn is_healthy(&self) -> bool {
        self.state == VdevState::Online
    }

    /// It and all that it is made of.
    fn walk(&self) -> Vec<&Self> {
        let mut vdevs = vec![self];
        let mut next = 0;
        while let Some(vdev) = vdevs.get(next) {
            vdevs.extend(&vdev.children);
            next += 1;
        }
        vdevs
    }
}

/// What a vdev is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VdevKind {
    /// All vdevs of a pool together.
    Root,
    /// A block device.
    Disk,
    /// A file.
    File,
    /// Devices that each have all data.
    Mirror,
    /// Devices of which any so many may be lost.
    Raidz(u64),
    /// As a RAID-Z, with spare space distributed.
    Draid(u64),
    /// The spare space of a dRAID, in use for a device.
    DraidSpare,
    /// A device that is being replaced by another, which are both in it.
    Replacing,
    /// A device for which a spare stands, which are both in it.
    Spare,
    /// A device that was removed, and where its data are now.
    Indirect,
    /// The place of a device that was removed.
    Hole,
    /// A device of which nothing is known.
    Missing,
    /// What this crate does not know, by the kernel's name.
    Other(String),
}

impl VdevKind {
    fn of(list: &NvList) -> Self {
        let parity = list.get_u64("nparity").unwrap_or(1);
        match list.get_str("type").unwrap_or_default() {
            "root" => Self::Root,
            "disk" => Self::Disk,
            "file" => Self::File,
            "mirror" => Self::Mirror,
            "raidz" => Self::Raidz(parity),
            "draid" => Self::Draid(parity),
            "dspare" => Self::DraidSpare,
            "replacing" => Self::Replacing,
            "spare" => Self::Spare,
            "indirect" => Self::Indirect,
            "hole" => Self::Hole,
            "missing" => Self::Missing,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// What a vdev is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VdevClass {
    /// Data.
    Data,
    /// Metadata and small blocks.
    Special,
    /// Deduplication tables.
    Dedup,
    /// The intent log.
    Log,
    /// A cache for reading.
    Cache,
    /// To stand for a device that fails.
    Spare,
}

impl VdevClass {
    fn of(vdev: &NvList) -> Self {
        if vdev.get_u64("is_log") == Some(1) {
            return Self::Log;
        }
        match vdev.get_str("alloc_bias") {
            Some("special") => Self::Special,
            Some("dedup") => Self::Dedup,
            _ => Self::Data,
        }
    }
}

/// How a vdev or a pool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[doc(alias = "vdev_state_t")]
pub enum VdevState {
    /// Not open; what is known of it is from before.
    Closed,
    /// Taken offline.
    Offline,
    /// The device was removed from the machine.
    Removed,
    /// It cannot be opened (`UNAVAIL`).
    CannotOpen,
    /// Taken out of use because of its errors, or because somebody said so.
    Faulted,
    /// It works, but not all that it is made of does.
    Degraded,
    /// It works.
    Online,
    /// What this crate does not know.
    Other(u64),
}

impl VdevState {
    pub(super) fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Closed,
            2 => Self::Offline,
            3 => Self::Removed,
            4 => Self::CannotOpen,
            5 => Self::Faulted,
            6 => Self::Degraded,
            7 => Self::Online,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for VdevState {
    /// As `zpool status` says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Closed | Self::Offline => "OFFLINE",
            Self::Removed => "REMOVED",
            Self::CannotOpen => "UNAVAIL",
            Self::Faulted => "FAULTED",
            Self::Degraded => "DEGRADED",
            Self::Online => "ONLINE",
            Self::Other(_) => "UNKNOWN",
        })
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        /// Why a vdev is not well, or not used.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[doc(alias = "vdev_aux_t")]
        pub enum VdevReason {
            $($(#[$doc])* $name,)*
            /// What this crate does not know.
            Other(u64),
        }

        impl VdevReason {
            fn from_number(number: u64) -> Self {
                match number {
                    $($number => Self::$name,)*
                    other => Self::Other(other),
                }
            }
        }
    };
}

reasons! {
    /// There is none.
    None = 0;
    /// It could not be opened.
    OpenFailed = 1;
    /// Its label or what is on it is damaged.
    CorruptData = 2;
    /// Too few of those that it is made of work.
    NoReplicas = 3;
    /// Not all devices of the pool are there.
    BadGuidSum = 4;
    /// It is too small.
    TooSmall = 5;
    /// Its label is of something else.
    BadLabel = 6;
    /// It was written by a version that is too new.
    VersionNewer = 7;
    /// It was written by a version that is too old.
    VersionOlder = 8;
    /// The pool has features that are not known here.
    UnsupportedFeatures = 9;
    /// The spare is in use in another pool.
    Spared = 10;
    /// It had too many errors.
    TooManyErrors = 11;
    /// Input or output failed.
    IoFailure = 12;
    /// The intent log cannot be read.
    BadLog = 13;
    /// Somebody or something outside of ZFS said so.
    External = 14;
    /// It was split off into another pool.
    SplitPool = 15;
    /// Its smallest block is none that can be.
    BadAshift = 16;
    /// Somebody said so, for good.
    ExternalPersistent = 17;
    /// It is in use on another host.
    Active = 18;
    /// All that it is made of is offline.
    ChildrenOffline = 19;
    /// Its blocks are larger than those of the pool.
    AshiftTooBig = 20;
}

/// The numbers of a vdev. Those of input and output count from when the pool was imported, errors
/// from when they were last cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
#[doc(alias = "vdev_stat_t")]
pub struct VdevStats {
    /// Since when the vdev has been there.
    pub uptime: Duration,
    /// Bytes in use.
    pub allocated: u64,
    /// Bytes that there are.
    pub size: u64,
    /// Bytes by which it could be larger, since its devices have grown.
    pub expandable: u64,
    /// How scattered the free space is, in percent; nothing where that is not known.
    pub fragmentation: Option<u64>,
    /// Reads that failed.
    pub read_errors: u64,
    /// Writes that failed.
    pub write_errors: u64,
    /// Blocks that did not have their checksum.
    pub checksum_errors: u64,
    /// Reads and writes that took longer than thirty seconds.
    pub slow_ios: u64,
    /// Bytes that were found damaged and repaired.
    pub self_healed: u64,
    /// Reads that were done.
    pub read_operations: u64,
    /// Writes that were done.
    pub write_operations: u64,
    /// Bytes that were read.
    pub read_bytes: u64,
    /// Bytes that were written.
    pub written_bytes: u64,
}

impl VdevStats {
    /// From the array of a release that has more numbers, or fewer: those that this crate reads
    /// have been at their places since 2.1.
    fn new(numbers: &[u64]) -> Self {
        let number = |at| numbers.get(at).copied().unwrap_or(0);
        // `ZIO_TYPE_READ`, `ZIO_TYPE_WRITE`, in arrays of six types that begin at 8 and 14.
        const READ: usize = 1;
        const WRITE: usize = 2;
        Self {
            uptime: Duration::from_nanos(number(0)),
            allocated: number(3),
            size: number(4),
            expandable: number(7),
            fragmentation: numbers.get(27).copied().filter(|&part| part <= 100),
            read_errors: number(20),
            write_errors: number(21),
            checksum_errors: number(22),
            slow_ios: number(34),
            self_healed: number(24),
            read_operations: number(8 + READ),
            write_operations: number(8 + WRITE),
            read_bytes: number(14 + READ),
            written_bytes: number(14 + WRITE),
        }
    }
}

/// A scrub or resilver, going on or over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[doc(alias = "pool_scan_stat_t")]
pub struct Scan {
    /// Which of the two.
    pub kind: ScanKind,
    /// How it is with it.
    pub state: ScanState,
    /// When it began.
    pub started: SystemTime,
    /// When it ended, if it has.
    pub ended: Option<SystemTime>,
    /// Since when it is paused, if it is.
    pub paused: Option<SystemTime>,
    /// The bytes that are to be read.
    pub total: u64,
    /// The bytes that were found so far that are to be read.
    pub scanned: u64,
    /// The bytes that were read.
    pub issued: u64,
    /// The bytes that were repaired or resilvered.
    pub repaired: u64,
    /// The errors that it found and could not repair.
    pub errors: u64,
}

/// What a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScanKind {
    /// Reads what there is.
    Scrub,
    /// Writes what a device lacks.
    Resilver,
    /// What this crate does not know.
    Other(u64),
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScanState {
    /// It goes on; maybe it is [paused](Scan::paused).
    Running,
    /// It came to its end.
    Finished,
    /// It was stopped.
    Cancelled,
    /// What this crate does not know.
    Other(u64),
}

impl Scan {
    /// `None` where there has been none.
    fn new(numbers: &[u64]) -> Option<Self> {
        let number = |at| numbers.get(at).copied().unwrap_or(0);
        let time = |at| match number(at) {
            0 => None,
            seconds => SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)),
        };
        let kind = match number(0) {
            0 => return None,
            kind if kind == u64::from(sys::POOL_SCAN_SCRUB) => ScanKind::Scrub,
            kind if kind == u64::from(sys::POOL_SCAN_RESILVER) => ScanKind::Resilver,
            other => ScanKind::Other(other),
        };
        let state = match number(1) {
            0 => return None,
            1 => ScanState::Running,
            2 => ScanState::Finished,
            3 => ScanState::Cancelled,
            other => ScanState::Other(other),
        };
        let running = state == ScanState::Running;
        Some(Self {
            kind,
            state,
            started: time(2).unwrap_or(SystemTime::UNIX_EPOCH),
            ended: time(3).filter(|_| !running),
            paused: time(11).filter(|_| running),
            total: number(4),
            scanned: number(5),
            issued: number(14),
            repaired: number(7),
            errors: number(8),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(state: u64, numbers: usize) -> NvList {
        let mut stats: Vec<u64> = (0..50).collect();
        stats[1] = state;
        stats[2] = 0;
        stats.truncate(numbers);
        NvList::new()
            .with("type", "file")
            .with("path", "/a")
            .with("guid", 8_u64)
            .with("vdev_stats", stats)
    }

    #[test]
    fn a_tree_is_read_with_more_numbers_or_fewer() {
        let log = leaf(7, 46).with("is_log", 1_u64);
        let root = NvList::new()
            .with("type", "root")
            .with("guid", 7_u64)
            .with("vdev_stats", vec![0_u64, 6])
            .with("children", vec![leaf(7, 50), leaf(4, 20), log])
            .with("spares", vec![leaf(7, 46)]);
        let config = NvList::new()
            .with("pool_guid", 7_u64)
            .with("vdev_tree", root);
        let status = PoolStatus::new(&"tank".parse().unwrap(), config).unwrap();
        assert_eq!(status.health(), VdevState::Degraded);
        let classes: Vec<_> = status.vdevs().iter().map(|vdev| vdev.class).collect();
        use VdevClass::{Data, Log, Spare};
        assert_eq!(classes, [Data, Data, Log, Spare]);
        assert_eq!(status.devices().count(), 4);
        let [first, second, ..] = status.vdevs() else {
            panic!("{status:?}");
        };
        assert_eq!((first.stats.read_errors, second.stats.read_errors), (20, 0));
        assert_eq!(
            (first.stats.read_bytes, first.stats.written_bytes),
            (15, 16)
        );
        assert_eq!(first.stats.slow_ios, 34);
        assert_eq!(second.state, VdevState::CannotOpen);
        assert!(status.scan().is_none());
    }

    #[test]
    fn a_scan_is_read() {
        let mut numbers = vec![1, 1, 100, 0, 4000, 2000, 0, 5, 0, 0, 0, 150];
        let scan = Scan::new(&numbers).unwrap();
        assert_eq!(
            (scan.kind, scan.state),
            (ScanKind::Scrub, ScanState::Running)
        );
        assert_eq!((scan.total, scan.scanned, scan.repaired), (4000, 2000, 5));
        assert!(scan.paused.is_some() && scan.ended.is_none());
        numbers[1] = 2;
        numbers[3] = 200;
        let scan = Scan::new(&numbers).unwrap();
        assert!(scan.paused.is_none() && scan.ended.is_some());
        assert_eq!(Scan::new(&[0, 0]), None);
    }
}

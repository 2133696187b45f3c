//! The ioctls that list: each call finds one snapshot or one child of a dataset.

use std::ops::ControlFlow;

use libzfs_sys::ioctl::{self, zfs_cmd, zfs_ioc_t};

use super::{ANSWER, Command, Device, Result, copy_name};
use crate::error::Errno;
use crate::nvlist::NvList;

/// The kernel's names for the bounds of creation txgs (`SNAP_ITER_MIN_TXG`, `SNAP_ITER_MAX_TXG`),
/// both of them within; none, and 0, is no bound.
const MIN_TXG: &str = "snap_iter_min_txg";
const MAX_TXG: &str = "snap_iter_max_txg";

/// What is to be found of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Its name. There may be more.
    Name,
    /// Its name, GUID and creation txg.
    Identity,
    /// All of its properties too.
    Properties,
}

/// The structure and the buffers of calls that list, which each call uses again.
pub(crate) struct Lister {
    command: Command,
    ask: Ask,
    /// Whether snapshots are asked for in the simple mode, which opens none of them. That of 2.1
    /// has nothing but the name.
    simple: bool,
}

/// A snapshot or a dataset that was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The whole name.
    pub(crate) name: String,
    pub(crate) guid: u64,
    pub(crate) create_txg: u64,
    /// The kernel's number for its type (`dmu_objset_type_t`); only of datasets.
    pub(crate) objset_type: u32,
    /// None where they were not asked for.
    pub(crate) properties: Option<NvList>,
}

impl Lister {
    /// For all that there is, or for snapshots that were created in the txgs from the first to the
    /// last of these.
    pub(crate) fn new(ask: Ask, txgs: Option<(u64, u64)>) -> Result<Self> {
        let mut command = Command::new("")?;
        if let Some((min, max)) = txgs {
            command = command.source(&NvList::new().with(MIN_TXG, min).with(MAX_TXG, max))?;
        }
        if ask == Ask::Properties {
            command = command.answer(ANSWER);
        }
        Ok(Self {
            command,
            ask,
            simple: ask != Ask::Properties,
        })
    }

    /// Makes the structure what the first call would have found, but for the place.
    fn begin(&mut self, dataset: &str, cookie: u64) -> Result<()> {
        let zc: &mut zfs_cmd = &mut self.command.zc;
        copy_name(&mut zc.zc_name, dataset)?;
        zc.zc_name[dataset.len()] = 0;
        zc.zc_cookie = cookie;
        zc.zc_simple = self.simple.into();
        zc.zc_objset_stats.dds_guid = 0;
        zc.zc_objset_stats.dds_creation_txg = 0;
        Ok(())
    }

    fn found(&self) -> Result<Found> {
        let stats = &self.command.zc.zc_objset_stats;
        Ok(Found {
            name: self.command.name(),
            guid: stats.dds_guid,
            create_txg: stats.dds_creation_txg,
            objset_type: stats.dds_type,
            properties: match self.ask {
                Ask::Properties => Some(self.command.list()?),
                Ask::Name | Ask::Identity => None,
            },
        })
    }
}

impl std::fmt::Debug for Lister {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lister").field("ask", &self.ask).finish()
    }
}

impl Device {
    /// `ZFS_IOC_SNAPSHOT_LIST_NEXT`: the next snapshot of a dataset, in no order; none if there is
    /// no other, or no such dataset. The cookie is 0 for the first, and moves on with each call; one
    /// that fails and leaves it has nothing more to say of this dataset.
    ///
    /// Nothing is there twice, but for a snapshot that is renamed meanwhile.
    pub(crate) fn next_snapshot(
        &self,
        lister: &mut Lister,
        dataset: &str,
        cookie: &mut u64,
    ) -> Result<Option<Found>> {
        let before = *cookie;
        let found = self.list_next(ioctl::ZFS_IOC_SNAPSHOT_LIST_NEXT, lister, dataset, cookie)?;
        match found {
            // Without a buffer for the properties, 2.1 has the rest in its other mode.
            Some(found) if lister.simple && lister.ask == Ask::Identity && found.guid == 0 => {
                lister.simple = false;
                *cookie = before;
                self.next_snapshot(lister, dataset, cookie)
            }
            found => Ok(found),
        }
    }

    /// `ZFS_IOC_DATASET_LIST_NEXT`: the next dataset right below one, as
    /// [`next_snapshot`](Self::next_snapshot). Those with a `%` or `$` in their names are not among
    /// them.
    pub(crate) fn next_child(
        &self,
        lister: &mut Lister,
        dataset: &str,
        cookie: &mut u64,
    ) -> Result<Option<Found>> {
        let simple = std::mem::replace(&mut lister.simple, false);
        let found = self.list_next(ioctl::ZFS_IOC_DATASET_LIST_NEXT, lister, dataset, cookie);
        lister.simple = simple;
        found
    }

    /// `ZFS_IOC_OBJSET_STATS`: one dataset.
    pub(crate) fn find(&self, lister: &mut Lister, dataset: &str) -> Result<Found> {
        loop {
            lister.begin(dataset, 0)?;
            match self.call(ioctl::ZFS_IOC_OBJSET_STATS, &mut lister.command) {
                Ok(()) => return lister.found(),
                Err(errno) if errno.raw() == libc::ENOMEM && lister.command.grow() => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    fn list_next(
        &self,
        ioc: zfs_ioc_t,
        lister: &mut Lister,
        dataset: &str,
        cookie: &mut u64,
    ) -> Result<Option<Found>> {
        loop {
            lister.begin(dataset, *cookie)?;
            let called = self.call(ioc, &mut lister.command);
            match called.map_err(Errno::raw) {
                Ok(()) => {}
                // For both, the dataset is gone, or was renamed.
                Err(libc::ESRCH | libc::ENOENT) => return Ok(None),
                // It begins anew at what did not fit.
                Err(libc::ENOMEM) if lister.command.grow() => continue,
                Err(libc::EINTR) => {
                    // Snapshots that it passed over until then are out of the range.
                    if ioc == ioctl::ZFS_IOC_SNAPSHOT_LIST_NEXT {
                        *cookie = lister.command.zc.zc_cookie;
                    }
                    continue;
                }
                Err(errno) => {
                    *cookie = lister.command.zc.zc_cookie;
                    return Err(Errno::new(errno));
                }
            }
            *cookie = lister.command.zc.zc_cookie;
            return lister.found().map(Some);
        }
    }

    /// Each snapshot of a dataset with its GUID and creation txg, in no order; none if there is no
    /// such dataset.
    pub(crate) fn each_snapshot(
        &self,
        dataset: &str,
        mut each: impl FnMut(Found) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut lister = Lister::new(Ask::Identity, None)?;
        let mut cookie = 0;
        while let Some(found) = self.next_snapshot(&mut lister, dataset, &mut cookie)? {
            if each(found).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The name of each dataset right below one, in no order; none if there is no such dataset.
    pub(crate) fn children(&self, dataset: &str) -> Result<Vec<String>> {
        let mut lister = Lister::new(Ask::Name, None)?;
        let mut cookie = 0;
        let mut children = Vec::new();
        while let Some(found) = self.next_child(&mut lister, dataset, &mut cookie)? {
            children.push(found.name);
        }
        Ok(children)
    }
}

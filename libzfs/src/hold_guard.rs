//! Holds that end with whoever made them.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::ffi::Device;
use crate::handle::Zfs;
use crate::hold::{Holds, name_holds, with_tag};
use crate::name::{HoldTag, SnapshotName};

/// The longest tag of a temporary hold, in bytes: in front of it the kernel keeps 17 more for itself
/// (`MAX_TAG_PREFIX_LEN`).
const MAX_TAG_LEN: usize = 238;

impl Zfs {
    /// A guard for holds that end when it is dropped; see [`HoldGuard`]. It opens `/dev/zfs` once
    /// more, for itself.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::OutOfResources`] if there is no descriptor left, and those of
    /// [`open`](Self::open).
    pub fn hold_guard(&self) -> Result<HoldGuard> {
        let device = Device::open()
            .map_err(|errno| Error::from_errno(Operation::Open, "/dev/zfs", errno))?;
        Ok(HoldGuard {
            zfs: self.clone(),
            device,
            holds: Vec::new(),
        })
    }
}

/// Holds on snapshots that last as long as this guard: until it is dropped, and no longer than the
/// process, however that ends.
///
/// The kernel binds them to an open descriptor, which the guard owns, and releases them when that is
/// closed. So they end when the process is killed, too. After a crash of the machine, or if the pool
/// is exported before, they are released when it is next imported (writable). They are holds like
/// any other otherwise: `zfs holds` lists them, and `zfs release` ends them early.
///
/// The guard is for snapshots of as many pools as needed, a call for each.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// let snapshot = "tank/prod@rep-2".parse()?;
/// let mut guard = zfs.hold_guard()?;
/// guard.hold(&"sending".parse()?, std::slice::from_ref(&snapshot))?.all()?;
/// // Nobody destroys the snapshot meanwhile.
/// zfs.send(&snapshot).raw().write_to(&std::io::stdout())?;
/// guard.release()?;
/// # Ok(())
/// # }
/// ```
///
/// # Dropping
///
/// Prefer [`release`](Self::release). When the descriptor is closed, by dropping the guard or by the
/// end of the process, nobody is told if releasing fails. A single snapshot that would go with its
/// last hold, because it was destroyed deferred, and is just being sent or is mounted, keeps **all**
/// that were held with the same call: they stay held until the pool is next imported. And if the
/// pool is suspended, closing waits in the kernel until it is resumed; so does a process that ends.
///
/// As with [`Zfs::release`], the kernel tries to unmount what is mounted below `.zfs/snapshot` of
/// the snapshots that are released.
///
/// # Tags
///
/// The kernel remembers a hold by its snapshot and its tag. If somebody releases it, and makes
/// another one with the same tag on the same snapshot, then it is that which ends with the guard:
/// have a tag that nobody else uses.
///
/// # Fork
///
/// A program that is started (`exec`) has not the descriptor. A child of a `fork` that goes on in
/// this program has: the holds last until it has dropped its copy too, or has ended, or
/// [`release`](Self::release) was called in either. So it is for a moment with a program that
/// another thread is just starting.
#[derive(Debug)]
#[must_use = "the holds end when the guard is dropped"]
pub struct HoldGuard {
    zfs: Zfs,
    device: Device,
    holds: Vec<(SnapshotName, HoldTag)>,
}

impl HoldGuard {
    /// Holds snapshots of one pool with `tag`, besides those that the guard holds already.
    ///
    /// Needs the permission `hold`; to be released they need none.
    ///
    /// # Errors
    ///
    /// As for [`Zfs::hold`], and [`ErrorKind::NameTooLong`] for a tag of more than 238 bytes.
    #[doc(alias = "lzc_hold")]
    pub fn hold(&mut self, tag: &HoldTag, snapshots: &[SnapshotName]) -> Result<Holds> {
        self.hold_many(&with_tag(tag, snapshots))
    }

    /// Holds snapshots of one pool in one transaction, each with a tag of its own, besides those
    /// that the guard holds already.
    ///
    /// # Errors
    ///
    /// As for [`hold`](Self::hold).
    #[doc(alias = "lzc_hold")]
    pub fn hold_many(&mut self, holds: &[(SnapshotName, HoldTag)]) -> Result<Holds> {
        if holds
            .iter()
            .any(|(_, tag)| tag.as_str().len() > MAX_TAG_LEN)
        {
            return Err(Error::refused(
                Operation::Hold,
                name_holds(holds).to_string(),
                ErrorKind::NameTooLong,
                format!("the tag of a temporary hold has at most {MAX_TAG_LEN} bytes"),
            ));
        }
        let outcome = self.zfs.hold_with(holds, Some(&self.device))?;
        let missing = outcome.missing();
        let held = holds.iter().filter(|hold| !missing.contains(hold));
        self.holds.extend(held.cloned());
        Ok(outcome)
    }

    /// Releases the holds now and tells how it went, which dropping the guard cannot: what the
    /// kernel left is released once more, a call for each pool.
    ///
    /// # Errors
    ///
    /// The first there was; the other pools' holds are released in spite of it. As for
    /// [`Zfs::release`], the permission for which is needed only if a forked child has the
    /// descriptor too.
    pub fn release(self) -> Result<()> {
        let Self { zfs, device, holds } = self;
        drop(device);
        let mut remaining: BTreeMap<String, Vec<_>> = BTreeMap::new();
        let mut result = Ok(());
        for hold in holds {
            let (snapshot, tag) = &hold;
            match zfs.holds(snapshot) {
                Ok(list) if list.iter().any(|held| held.tag == tag.as_str()) => {
                    let pool = snapshot.pool().to_string();
                    remaining.entry(pool).or_default().push(hold);
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::SnapshotNotFound => {}
                Err(error) => result = result.and(Err(error.with_operation(Operation::Release))),
            }
        }
        for holds in remaining.into_values() {
            // Those that are gone meanwhile are what was asked for.
            result = result.and(zfs.release_many(&holds).map(drop));
        }
        result
    }
}

//! Vdevs: what names one, initialisation, trimming.

use std::fmt;
use std::num::{NonZeroU64, ParseIntError};
use std::str::FromStr;

use libzfs_sys as sys;

#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::{Errno, Error, Failure, Operation, Result};
use crate::handle::Zfs;
use crate::name::PoolName;
use crate::nvlist::NvList;

/// The GUID of a vdev: what names it in a pool, whatever becomes of its path.
///
/// `zpool status -g` shows the GUIDs, `zpool get guid POOL VDEV` since 2.2 too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VdevGuid(u64);

impl VdevGuid {
    /// The GUID that is this number.
    pub const fn new(guid: u64) -> Self {
        Self(guid)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for VdevGuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for VdevGuid {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

/// `pool_initialize_func_t` has this since 2.1.12.
const POOL_INITIALIZE_UNINIT: sys::pool_initialize_func_t = 3;

impl Zfs {
    /// Begins to initialise vdevs: to write all of their space that is free, so that a device that
    /// allocates space on the first write to it has done that. A vdev of which the initialisation
    /// was suspended goes on where it was. One that is initialised already stays as it is, until
    /// that is [forgotten](Self::forget_initialization).
    ///
    /// It goes on in the background ([`PoolActivity::Initialize`]), also after the pool was
    /// exported and imported again.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// Each vdev has its own result; see [`VdevOutcome`]. There it is
    /// [`ErrorKind::AlreadyRunning`] also for a vdev that is being removed or expanded, and for a
    /// moment after the end of an initialisation.
    ///
    /// The call itself fails with [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`],
    /// [`ErrorKind::ReadOnlyPool`] and [`ErrorKind::PoolSuspended`], and nothing was done.
    ///
    /// [`PoolActivity::Initialize`]: crate::PoolActivity::Initialize
    #[doc(alias = "lzc_initialize")]
    #[doc(alias = "POOL_INITIALIZE_START")]
    pub fn initialize(&self, pool: &PoolName, vdevs: &[VdevGuid]) -> Result<VdevOutcome> {
        self.change_initialization(pool, vdevs, sys::POOL_INITIALIZE_START)
    }

    /// Suspends the initialisation of vdevs, so that [`initialize`](Self::initialize) goes on with
    /// it.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// As for [`initialize`](Self::initialize); a vdev that is not being initialised is
    /// [`ErrorKind::NotRunning`] in the outcome.
    #[doc(alias = "lzc_initialize")]
    #[doc(alias = "POOL_INITIALIZE_SUSPEND")]
    pub fn suspend_initialization(
        &self,
        pool: &PoolName,
        vdevs: &[VdevGuid],
    ) -> Result<VdevOutcome> {
        self.change_initialization(pool, vdevs, sys::POOL_INITIALIZE_SUSPEND)
    }

    /// Ends the initialisation of vdevs, one that is suspended too. Another begins from the start.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// As for [`initialize`](Self::initialize); a vdev that is neither being initialised nor
    /// suspended is [`ErrorKind::NotRunning`] in the outcome.
    #[doc(alias = "lzc_initialize")]
    #[doc(alias = "POOL_INITIALIZE_CANCEL")]
    pub fn cancel_initialization(
        &self,
        pool: &PoolName,
        vdevs: &[VdevGuid],
    ) -> Result<VdevOutcome> {
        self.change_initialization(pool, vdevs, sys::POOL_INITIALIZE_CANCEL)
    }

    /// Has the pool forget that vdevs were initialised (`zpool initialize -u`). Nothing is done to
    /// what is on them.
    ///
    /// Needs root, and OpenZFS 2.1.12 or later.
    ///
    /// # Errors
    ///
    /// As for [`initialize`](Self::initialize); a vdev that is being initialised is
    /// [`ErrorKind::AlreadyRunning`] in the outcome. [`ErrorKind::Unsupported`]: the module is
    /// older.
    #[doc(alias = "lzc_initialize")]
    #[doc(alias = "POOL_INITIALIZE_UNINIT")]
    pub fn forget_initialization(
        &self,
        pool: &PoolName,
        vdevs: &[VdevGuid],
    ) -> Result<VdevOutcome> {
        self.change_initialization(pool, vdevs, POOL_INITIALIZE_UNINIT)
    }

    fn change_initialization(
        &self,
        pool: &PoolName,
        vdevs: &[VdevGuid],
        command: sys::pool_initialize_func_t,
    ) -> Result<VdevOutcome> {
        let operation = Operation::Initialize;
        tracing::debug!(%pool, ?vdevs, command, "initialize");
        let (result, answer) = self
            .library()
            .initialize(pool.as_str(), command, &guid_list(vdevs))
            .map_err(|errno| Error::from_errno(operation, pool.as_str(), errno))?;
        let result = self.recorded(operation, pool, result);
        match (result, answer.get_list("initialize_vdevs")) {
            (Ok(()), None) => Ok(VdevOutcome::new(operation, pool, &NvList::new())),
            (_, Some(errors)) => Ok(VdevOutcome::new(operation, pool, errors)),
            // An older module does not know the command.
            (Err(errno), None)
                if command == POOL_INITIALIZE_UNINIT && errno.raw() == libc::EINVAL =>
            {
                Err(Error::needs_release(operation, pool.as_str(), "2.1.12"))
            }
            (Err(errno), None) => Err(Error::from_errno(operation, pool.as_str(), errno)),
        }
    }

    /// Begins to trim vdevs; see [`TrimBuilder`].
    #[doc(alias = "lzc_trim")]
    #[doc(alias = "POOL_TRIM_START")]
    pub fn trim(&self, pool: &PoolName, vdevs: &[VdevGuid]) -> TrimBuilder {
        TrimBuilder {
            zfs: self.clone(),
            pool: pool.clone(),
            vdevs: vdevs.to_vec(),
            rate: None,
            secure: false,
        }
    }

    /// Suspends the trimming of vdevs, so that [`trim`](Self::trim) goes on with it.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// As for [`TrimBuilder::run`]; a vdev that is not being trimmed is [`ErrorKind::NotRunning`]
    /// in the outcome.
    #[doc(alias = "lzc_trim")]
    #[doc(alias = "POOL_TRIM_SUSPEND")]
    pub fn suspend_trim(&self, pool: &PoolName, vdevs: &[VdevGuid]) -> Result<VdevOutcome> {
        self.change_trim(pool, vdevs, sys::POOL_TRIM_SUSPEND, None, false)
    }

    /// Ends the trimming of vdevs, one that is suspended too. Another begins from the start.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// As for [`TrimBuilder::run`]; a vdev that is neither being trimmed nor suspended is
    /// [`ErrorKind::NotRunning`] in the outcome.
    #[doc(alias = "lzc_trim")]
    #[doc(alias = "POOL_TRIM_CANCEL")]
    pub fn cancel_trim(&self, pool: &PoolName, vdevs: &[VdevGuid]) -> Result<VdevOutcome> {
        self.change_trim(pool, vdevs, sys::POOL_TRIM_CANCEL, None, false)
    }

    fn change_trim(
        &self,
        pool: &PoolName,
        vdevs: &[VdevGuid],
        command: sys::pool_trim_func_t,
        rate: Option<NonZeroU64>,
        secure: bool,
    ) -> Result<VdevOutcome> {
        let operation = Operation::Trim;
        tracing::debug!(%pool, ?vdevs, command, rate, secure, "trim");
        // As fast as it goes. So is 0, but a trim that was suspended keeps its rate with that.
        let rate = rate.map_or(u64::MAX, NonZeroU64::get);
        let (result, answer) = self
            .library()
            .trim(pool.as_str(), command, rate, secure, &guid_list(vdevs))
            .map_err(|errno| Error::from_errno(operation, pool.as_str(), errno))?;
        let result = self.recorded(operation, pool, result);
        match (result, answer.get_list("trim_vdevs")) {
            (Ok(()), None) => Ok(VdevOutcome::new(operation, pool, &NvList::new())),
            (_, Some(errors)) => Ok(VdevOutcome::new(operation, pool, errors)),
            (Err(errno), None) => Err(Error::from_errno(operation, pool.as_str(), errno)),
        }
    }
}

/// The form in which the kernel takes several vdevs; it ignores the names.
fn guid_list(vdevs: &[VdevGuid]) -> NvList {
    vdevs
        .iter()
        .map(|vdev| (vdev.to_string(), vdev.get()))
        .collect()
}

/// A trim of vdevs to begin, or to go on with: it tells the devices which of their blocks are free.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs, vdev: libzfs::VdevGuid) -> Result<(), Box<dyn std::error::Error>> {
/// use std::num::NonZeroU64;
///
/// if let Some(rate) = NonZeroU64::new(100 << 20) {
///     zfs.trim(&"tank".parse()?, &[vdev]).rate(rate).run()?.all()?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is trimmed before run()"]
pub struct TrimBuilder {
    zfs: Zfs,
    pool: PoolName,
    vdevs: Vec<VdevGuid>,
    rate: Option<NonZeroU64>,
    secure: bool,
}

impl TrimBuilder {
    /// At most so many bytes per second and vdev; otherwise as fast as the device takes it.
    pub fn rate(mut self, bytes_per_second: NonZeroU64) -> Self {
        self.rate = Some(bytes_per_second);
        self
    }

    /// Has the devices erase all copies of the blocks that they keep (`zpool trim -s`). Few
    /// devices can do it.
    ///
    /// Of a trim that was suspended only what is left is trimmed: to have everything erased so,
    /// [cancel](Zfs::cancel_trim) that first.
    pub fn secure(mut self) -> Self {
        self.secure = true;
        self
    }

    /// Begins. It goes on in the background
    /// ([`PoolActivity::Trim`](crate::PoolActivity::Trim)), also after the pool was exported and
    /// imported again. A trim that was suspended goes on where it was, with this rate, and
    /// securely if it was begun so, whether that is asked for again or not.
    ///
    /// Needs root.
    ///
    /// # Errors
    ///
    /// Each vdev has its own result; see [`VdevOutcome`]. There it is
    /// [`ErrorKind::AlreadyRunning`] also for a vdev that is being removed or expanded, and for a
    /// moment after the end of a trim, and [`ErrorKind::VdevNotSupported`] for a device that
    /// cannot be trimmed, or not securely.
    ///
    /// The call itself fails with [`ErrorKind::PoolNotFound`], [`ErrorKind::PermissionDenied`],
    /// [`ErrorKind::ReadOnlyPool`] and [`ErrorKind::PoolSuspended`], and nothing was done.
    pub fn run(self) -> Result<VdevOutcome> {
        let command = sys::POOL_TRIM_START;
        self.zfs
            .change_trim(&self.pool, &self.vdevs, command, self.rate, self.secure)
    }
}

/// What starting or stopping something on several vdevs came to: done, except for those that
/// failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "vdevs can have failed; see all() and failures()"]
pub struct VdevOutcome {
    operation: Operation,
    pool: PoolName,
    failures: Vec<Failure>,
}

impl VdevOutcome {
    fn new(operation: Operation, pool: &PoolName, errors: &NvList) -> Self {
        let failures = errors
            .iter()
            .map(|(vdev, errno)| {
                let errno = errno.to_integer().and_then(|n| i32::try_from(n).ok());
                Failure::of_vdev(vdev.to_string(), Errno::new(errno.unwrap_or(libc::EIO)))
            })
            .collect();
        Self {
            operation,
            pool: pool.clone(),
            failures,
        }
    }

    /// Each vdev that failed, by its GUID, with its reason:
    ///
    /// * [`ErrorKind::VdevNotFound`], also for a spare or a cache device;
    /// * [`ErrorKind::VdevNotLeaf`], [`ErrorKind::VdevNotWritable`],
    ///   [`ErrorKind::VdevNotSupported`];
    /// * [`ErrorKind::AlreadyRunning`], [`ErrorKind::NotRunning`]
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// Demands that no vdev failed.
    ///
    /// # Errors
    ///
    /// That of the first that failed; [`Error::failures`] has all. What was done for the others
    /// stays done.
    pub fn all(self) -> Result<()> {
        if self.failures.is_empty() {
            return Ok(());
        }
        Err(Error::of_failures(
            self.operation,
            self.pool.as_str(),
            self.failures,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn each_vdev_has_its_own_reason() {
        let errors = NvList::new()
            .with("17", i64::from(libc::EBUSY))
            .with("18", i64::from(libc::ENODEV));
        let pool: PoolName = "tank".parse().unwrap();
        let outcome = VdevOutcome::new(Operation::Trim, &pool, &errors);
        let error = outcome.all().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyRunning);
        assert_eq!(error.failures()[1].kind, ErrorKind::VdevNotFound);
        assert_eq!(error.failures()[1].name, "18");
        assert!(
            VdevOutcome::new(Operation::Trim, &pool, &NvList::new())
                .all()
                .is_ok()
        );
    }
}

//! Pools as a whole.

use libzfs_sys as sys;
use libzfs_sys::{ioctl, optional};

use super::{Library, Result, check};
use crate::ffi::c_string;
use crate::ffi::nvlist::CNvList;
use crate::nvlist::NvList;

impl Library {
    /// `lzc_sync`; with `force` there is always something to write.
    pub(crate) fn sync(&self, pool: &str, force: bool) -> Result<()> {
        let pool = c_string(pool)?;
        let args = CNvList::new(&NvList::new().with("force", force))?;
        // SAFETY: initialised (`self`); name and list live until the call returns, and C does not
        // look at where an answer would go.
        check(unsafe { sys::lzc_sync(pool.as_ptr(), args.as_ptr(), std::ptr::null_mut()) })
    }

    /// `lzc_reopen`
    pub(crate) fn reopen(&self, pool: &str, scrub_restart: bool) -> Result<()> {
        let pool = c_string(pool)?;
        // SAFETY: initialised (`self`); the name lives until the call returns.
        check(unsafe { sys::lzc_reopen(pool.as_ptr(), scrub_restart.into()) })
    }

    /// `lzc_pool_checkpoint`
    pub(crate) fn pool_checkpoint(&self, pool: &str) -> Result<()> {
        let pool = c_string(pool)?;
        // SAFETY: as in `reopen`.
        check(unsafe { sys::lzc_pool_checkpoint(pool.as_ptr()) })
    }

    /// `lzc_pool_checkpoint_discard`
    pub(crate) fn pool_checkpoint_discard(&self, pool: &str) -> Result<()> {
        let pool = c_string(pool)?;
        // SAFETY: as in `reopen`.
        check(unsafe { sys::lzc_pool_checkpoint_discard(pool.as_ptr()) })
    }

    /// `lzc_wait`: whether there was anything to wait for.
    pub(crate) fn wait(&self, pool: &str, activity: sys::zpool_wait_activity_t) -> Result<bool> {
        let pool = c_string(pool)?;
        let mut waited = sys::B_FALSE;
        // SAFETY: initialised (`self`); the name lives until the call returns, and `waited` is
        // ours to write.
        check(unsafe { sys::lzc_wait(pool.as_ptr(), activity, &mut waited) })?;
        Ok(waited != sys::B_FALSE)
    }

    /// `lzc_wait_tag`: as [`wait`](Self::wait), for one vdev.
    pub(crate) fn wait_tag(
        &self,
        pool: &str,
        activity: sys::zpool_wait_activity_t,
        tag: u64,
    ) -> Result<bool> {
        let pool = c_string(pool)?;
        let mut waited = sys::B_FALSE;
        // SAFETY: as in `wait`.
        check(unsafe { sys::lzc_wait_tag(pool.as_ptr(), activity, tag, &mut waited) })?;
        Ok(waited != sys::B_FALSE)
    }

    /// `lzc_wait_fs`: whether there was anything to wait for.
    pub(crate) fn wait_fs(
        &self,
        dataset: &str,
        activity: sys::zfs_wait_activity_t,
    ) -> Result<bool> {
        let dataset = c_string(dataset)?;
        let mut waited = sys::B_FALSE;
        // SAFETY: as in `wait`.
        check(unsafe { sys::lzc_wait_fs(dataset.as_ptr(), activity, &mut waited) })?;
        Ok(waited != sys::B_FALSE)
    }

    /// `lzc_set_bootenv`
    ///
    /// The kernel looks `version` up in a way that panics it where names in the list are not
    /// unique, or `version` is no `u64`.
    pub(crate) fn set_bootenv(&self, pool: &str, version: u64, values: &NvList) -> Result<()> {
        let mut env = NvList::new();
        for (name, value) in values {
            env.push(name, value.clone());
        }
        env.push("version", version);
        let (pool, env) = (c_string(pool)?, CNvList::new(&env)?);
        // SAFETY: initialised (`self`); name and list live until the call returns.
        check(unsafe { sys::lzc_set_bootenv(pool.as_ptr(), env.as_ptr()) })
    }

    /// `lzc_get_bootenv`
    pub(crate) fn get_bootenv(&self, pool: &str) -> Result<NvList> {
        let pool = c_string(pool)?;
        let mut env = CNvList::none();
        // SAFETY: initialised (`self`); the name lives until the call returns, and what C leaves
        // in `env` is the caller's to free.
        check(unsafe { sys::lzc_get_bootenv(pool.as_ptr(), env.out()) })?;
        env.to_rust()
    }

    /// `lzc_scrub`, of 2.2 and later; `None` where the library has no such function.
    pub(crate) fn scrub(&self, pool: &str, args: &NvList) -> Option<Result<()>> {
        let scrub = optional::lzc_scrub()?;
        let call = || {
            let (pool, args) = (c_string(pool)?, CNvList::new(args)?);
            let mut answer = CNvList::none();
            // SAFETY: as in `get_bootenv`; the number is that of the ioctl that the function is
            // made for.
            check(unsafe {
                scrub(
                    ioctl::ZFS_IOC_POOL_SCRUB,
                    pool.as_ptr(),
                    args.as_ptr(),
                    answer.out(),
                )
            })
        };
        Some(call())
    }

    /// `lzc_pool_prefetch`, of 2.3 and later; `None` where the library has no such function.
    pub(crate) fn pool_prefetch(
        &self,
        pool: &str,
        what: optional::zpool_prefetch_type_t,
    ) -> Option<Result<()>> {
        let prefetch = optional::lzc_pool_prefetch()?;
        let call = || {
            let pool = c_string(pool)?;
            // SAFETY: as in `reopen`.
            check(unsafe { prefetch(pool.as_ptr(), what) })
        };
        Some(call())
    }

    /// `lzc_ddt_prune`, of 2.3 and later; `None` where the library has no such function.
    ///
    /// With an amount out of its range the kernel prunes all there is (2.3), or never again (2.4).
    pub(crate) fn ddt_prune(
        &self,
        pool: &str,
        unit: optional::zpool_ddt_prune_unit_t,
        amount: u64,
    ) -> Option<Result<()>> {
        let prune = optional::lzc_ddt_prune()?;
        let call = || {
            let pool = c_string(pool)?;
            // SAFETY: as in `reopen`.
            check(unsafe { prune(pool.as_ptr(), unit, amount) })
        };
        Some(call())
    }
}

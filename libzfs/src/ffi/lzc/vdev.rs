//! Vdevs of a pool.

use libzfs_sys as sys;
use libzfs_sys::optional;

use super::{Batch, Library, Result, check};
use crate::ffi::c_string;
use crate::ffi::nvlist::CNvList;
use crate::nvlist::NvList;

impl Library {
    /// `lzc_initialize`
    pub(crate) fn initialize(
        &self,
        pool: &str,
        command: sys::pool_initialize_func_t,
        vdevs: &NvList,
    ) -> Result<Batch> {
        let (pool, vdevs) = (c_string(pool)?, CNvList::new(vdevs)?);
        let mut errors = CNvList::none();
        // SAFETY: initialised (`self`); name and list live until the call returns, and what C
        // leaves in `errors` is the caller's to free.
        let rc =
            unsafe { sys::lzc_initialize(pool.as_ptr(), command, vdevs.as_ptr(), errors.out()) };
        Ok((check(rc), errors.to_rust()?))
    }

    /// `lzc_trim`
    pub(crate) fn trim(
        &self,
        pool: &str,
        command: sys::pool_trim_func_t,
        rate: u64,
        secure: bool,
        vdevs: &NvList,
    ) -> Result<Batch> {
        let (pool, vdevs) = (c_string(pool)?, CNvList::new(vdevs)?);
        let mut errors = CNvList::none();
        // SAFETY: as in `initialize`.
        let rc = unsafe {
            sys::lzc_trim(
                pool.as_ptr(),
                command,
                rate,
                secure.into(),
                vdevs.as_ptr(),
                errors.out(),
            )
        };
        Ok((check(rc), errors.to_rust()?))
    }

    /// `lzc_get_vdev_prop`, of 2.2 and later; `None` where the library has no such function.
    pub(crate) fn get_vdev_prop(&self, pool: &str, args: &NvList) -> Option<Result<NvList>> {
        let get = optional::lzc_get_vdev_prop()?;
        let call = || {
            let (pool, args) = (c_string(pool)?, CNvList::new(args)?);
            let mut props = CNvList::none();
            // SAFETY: as in `initialize`.
            check(unsafe { get(pool.as_ptr(), args.as_ptr(), props.out()) })?;
            props.to_rust()
        };
        Some(call())
    }

    /// `lzc_set_vdev_prop`, of 2.2 and later; `None` where the library has no such function.
    ///
    /// A value that is not of the property's type, or longer than 8 KiB, panics the kernel.
    pub(crate) fn set_vdev_prop(&self, pool: &str, args: &NvList) -> Option<Result<()>> {
        let set = optional::lzc_set_vdev_prop()?;
        let call = || {
            let (pool, args) = (c_string(pool)?, CNvList::new(args)?);
            let mut errors = CNvList::none();
            // SAFETY: as in `initialize`.
            check(unsafe { set(pool.as_ptr(), args.as_ptr(), errors.out()) })
        };
        Some(call())
    }
}

//! The functions of `libzfs_core` that not every supported release has.
//!
//! None of them is linked, so that a program built against a newer release
//! starts on an older one. Each is looked up once, at its first use, in the
//! library that is loaded; that it is not there is a value, [`None`]. (A
//! `libzfs_core` that is linked statically is not searched.)

use core::ffi::{CStr, c_char, c_int, c_uint, c_ulong, c_void};
use std::sync::OnceLock;

use crate::ioctl::{zfs_cmd, zfs_ioc_t};
use crate::replay::dmu_replay_record;
use crate::{boolean_t, nvlist_t};

/// What [`lzc_pool_prefetch`] is to load: one of the `ZPOOL_PREFETCH_*`.
pub type zpool_prefetch_type_t = c_uint;
/// Nothing.
pub const ZPOOL_PREFETCH_NONE: zpool_prefetch_type_t = 0;
/// The deduplication tables.
pub const ZPOOL_PREFETCH_DDT: zpool_prefetch_type_t = 1;
/// The block reference tables. Since 2.4.
pub const ZPOOL_PREFETCH_BRT: zpool_prefetch_type_t = 2;

/// The unit of [`lzc_ddt_prune`]'s amount: one of the `ZPOOL_DDT_PRUNE_*`.
pub type zpool_ddt_prune_unit_t = c_uint;
/// No unit.
pub const ZPOOL_DDT_PRUNE_NONE: zpool_ddt_prune_unit_t = 0;
/// Seconds.
pub const ZPOOL_DDT_PRUNE_AGE: zpool_ddt_prune_unit_t = 1;
/// Per cent, from 1 to 100.
pub const ZPOOL_DDT_PRUNE_PERCENTAGE: zpool_ddt_prune_unit_t = 2;

/// Looks `name` up among what is loaded.
fn find(name: &CStr) -> Option<*const c_void> {
    // The library has to be among what the program needs, even if the program
    // uses nothing of it but optional functions.
    core::hint::black_box(crate::libzfs_core_init as *const c_void);
    // SAFETY: `name` is NUL-terminated, and RTLD_DEFAULT searches only what is
    // loaded already.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address.cast_const())
}

macro_rules! optional {
    ($(
        $(#[$doc:meta])*
        $name:ident: $alias:ident = $signature:ty;
    )+) => {
        $(
            #[doc = concat!("The signature of [`", stringify!($name), "`].")]
            pub type $alias = $signature;

            $(#[$doc])*
            #[must_use]
            pub fn $name() -> Option<$alias> {
                static FOUND: OnceLock<Option<$alias>> = OnceLock::new();
                const NAME: &str = concat!(stringify!($name), "\0");
                *FOUND.get_or_init(|| {
                    let name = CStr::from_bytes_with_nul(NAME.as_bytes()).ok()?;
                    let address = find(name)?;
                    // SAFETY: a function of this name has this signature in
                    // every release that has it; the build compares it with
                    // the headers where they declare it.
                    Some(unsafe { core::mem::transmute::<*const c_void, $alias>(address) })
                })
            }
        )+

        /// Each optional function: whether the library that is loaded has it.
        #[must_use]
        pub fn all() -> Vec<(&'static str, bool)> {
            vec![$((stringify!($name), $name().is_some())),+]
        }
    };
}

optional! {
    /// Prunes the deduplication table. 2.3 and later.
    lzc_ddt_prune: LzcDdtPrune =
        unsafe extern "C" fn(*const c_char, zpool_ddt_prune_unit_t, u64) -> c_int;

    /// Reads the properties of a pool. 2.3 and later.
    lzc_get_props: LzcGetProps =
        unsafe extern "C" fn(*const c_char, *mut *mut nvlist_t) -> c_int;

    /// Reads the properties of a vdev. 2.2 and later.
    lzc_get_vdev_prop: LzcGetVdevProp = unsafe extern "C" fn(
        *const c_char,
        *mut nvlist_t,
        *mut *mut nvlist_t,
    ) -> c_int;

    /// Calls an ioctl on a descriptor of `/dev/zfs`. 2.2 and later.
    lzc_ioctl_fd: LzcIoctlFd = unsafe extern "C" fn(c_int, c_ulong, *mut zfs_cmd) -> c_int;

    /// Loads tables of a pool into memory. 2.3 and later.
    lzc_pool_prefetch: LzcPoolPrefetch =
        unsafe extern "C" fn(*const c_char, zpool_prefetch_type_t) -> c_int;

    /// Receives a stream, and can heal damaged blocks with it. 2.2 and later.
    lzc_receive_with_heal: LzcReceiveWithHeal = unsafe extern "C" fn(
        *const c_char,
        *mut nvlist_t,
        *mut nvlist_t,
        *mut u8,
        c_uint,
        *const c_char,
        boolean_t,
        boolean_t,
        boolean_t,
        boolean_t,
        c_int,
        *const dmu_replay_record,
        c_int,
        *mut u64,
        *mut u64,
        *mut u64,
        *mut *mut nvlist_t,
    ) -> c_int;

    /// Starts, pauses or stops a scrub. 2.2 and later.
    lzc_scrub: LzcScrub = unsafe extern "C" fn(
        zfs_ioc_t,
        *const c_char,
        *mut nvlist_t,
        *mut *mut nvlist_t,
    ) -> c_int;

    /// Calls a function with a pipe in the place of a descriptor that the
    /// kernel can't write to. 2.2 and later.
    lzc_send_wrapper: LzcSendWrapper = unsafe extern "C" fn(
        Option<unsafe extern "C" fn(c_int, *mut c_void) -> c_int>,
        c_int,
        *mut c_void,
    ) -> c_int;

    /// Sets the properties of a vdev. 2.2 and later.
    lzc_set_vdev_prop: LzcSetVdevProp = unsafe extern "C" fn(
        *const c_char,
        *mut nvlist_t,
        *mut *mut nvlist_t,
    ) -> c_int;
}

//! Raw bindings to OpenZFS: what C has, under C's names, and no policy.
//!
//! * the functions of `libzfs_core` that every release from 2.1 on has, linked
//!   ([`lzc_send`], [`lzc_receive_with_cmdprops`], ...), and the integer types,
//!   property ids and nvlist keys of `sys/fs/zfs.h`, at the root of the crate;
//! * [`optional`]: the functions that only newer releases have, found at run
//!   time;
//! * [`dynamic`]: the few functions of libzfs that are the same in every release,
//!   found at run time in whichever libzfs is installed;
//! * [`nvpair`]: nvlists, from the crate `nvpair-sys`, so that there is one
//!   [`nvlist_t`];
//! * [`errno`], [`ioctl`], [`replay`]: what the packages' headers lack, or lack
//!   in the older releases, declared by hand and compared with the headers;
//! * `libzfs`, with the feature of that name: the functions and types of
//!   `libzfs.h`, whose ABI is another one in each release.
//!
//! C's enumerations are integers with constants, never Rust enums: a module
//! that is newer than the headers may answer with a value they do not name.
//!
//! What is bound, and how the crate is built without OpenZFS, is in its
//! `README.md`.
#![allow(
    non_camel_case_types,
    reason = "the names are C's own, so that they can be looked up there"
)]

pub mod dynamic;
pub mod errno;
pub mod ioctl;
pub mod optional;
pub mod replay;

mod allowlist;

#[allow(
    missing_docs,
    non_upper_case_globals,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the headers"
)]
mod bindings {
    use crate::replay::dmu_replay_record;
    use crate::{boolean_t, nvlist_t, uint_t};

    include!(concat!(env!("OUT_DIR"), "/core.rs"));
}

#[allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    non_upper_case_globals,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the headers, and read only by the compiler"
)]
mod checks {
    use crate::{boolean_t, ioctl::zfs_cmd, nvlist_t, replay::dmu_replay_record, uint_t};

    include!(concat!(env!("OUT_DIR"), "/checks.rs"));
}

/// Bindings to `libzfs`, for the release that the crate was built for.
///
/// Nothing of this is the same from release to release for certain, and a
/// program that uses it needs exactly that release's `libzfs.so`.
#[cfg(feature = "libzfs")]
#[allow(
    missing_docs,
    missing_debug_implementations,
    unused_imports,
    unknown_lints,
    unused_qualifications,
    non_upper_case_globals,
    clippy::all,
    clippy::pedantic,
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block,
    clippy::wildcard_imports,
    reason = "generated from the headers"
)]
pub mod libzfs {
    use crate::*;
    use crate::{
        ioctl::zfs_cmd,
        optional::{zpool_ddt_prune_unit_t, zpool_prefetch_type_t},
    };
    use libc::FILE;

    include!(concat!(env!("OUT_DIR"), "/libzfs.rs"));
}

/// What is bound, by name: for tests that prove each function to exist.
pub mod symbols {
    pub use crate::allowlist::{LINKED, OPTIONAL};

    include!(concat!(env!("OUT_DIR"), "/symbols.rs"));
}

/// The OpenZFS release that the crate was built against, such as `2.3.9` (of the
/// checked-in copy, where there was none). What a program runs on can be another.
pub const BUILT_AGAINST: &str = env!("LIBZFS_SYS_VERSION");

pub use bindings::*;
pub use nvpair_sys as nvpair;
pub use nvpair_sys::boolean_t::{B_FALSE, B_TRUE, Type as boolean_t};
pub use nvpair_sys::{nvlist_t, nvpair_t, uint_t};

//! What is in the `libzfs_core` that is loaded: every linked function, and the
//! optional ones that its release has. Needs a machine with OpenZFS.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::CString;

use libzfs_sys::optional;
use libzfs_sys::symbols::{LINKED, OPTIONAL};

/// The optional functions that came with 2.2; the others came with 2.3.
const SINCE_2_2: &[&str] = &[
    "lzc_get_vdev_prop",
    "lzc_ioctl_fd",
    "lzc_receive_with_heal",
    "lzc_scrub",
    "lzc_send_wrapper",
    "lzc_set_vdev_prop",
];

/// Whether the libraries that are loaded have `name`.
fn is_there(name: &str) -> bool {
    let name = CString::new(name).unwrap();
    // SAFETY: the name is NUL-terminated, and only what is loaded is searched.
    !unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }.is_null()
}

/// The release that is installed, such as (2, 3).
fn release() -> (u32, u32) {
    let path = "/sys/module/zfs/version";
    let text = std::fs::read_to_string(path)
        .unwrap_or_else(|why| panic!("{path}: {why} (this test needs a loaded OpenZFS module)"));
    let mut numbers = text.trim().split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[test]
fn every_linked_function_is_there() {
    let missing: Vec<_> = LINKED.iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_function_that_no_library_defines_is_not() {
    assert!(!is_there("lzc_send_progress"));
}

#[test]
fn the_optional_functions_of_the_release_are_there() {
    let release = release();
    let found = optional::all();
    println!("OpenZFS {}.{}: {found:?}", release.0, release.1);
    assert_eq!(
        found.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        OPTIONAL
    );
    for (name, there) in found {
        assert_eq!(
            there,
            is_there(name),
            "{name}: found otherwise than by dlsym"
        );
        let since = if SINCE_2_2.contains(&name) {
            (2, 2)
        } else {
            (2, 3)
        };
        assert_eq!(there, release >= since, "{name} with OpenZFS {release:?}");
    }
}

#[test]
fn the_library_starts_and_stops() {
    // SAFETY: no argument, no requirement.
    let started = unsafe { libzfs_sys::libzfs_core_init() };
    assert_eq!(started, 0, "{}", std::io::Error::from_raw_os_error(started));
    // SAFETY: the call before it succeeded.
    unsafe { libzfs_sys::libzfs_core_fini() };
}

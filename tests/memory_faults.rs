//! Memory of C's, handled as it should be; and handled wrongly when `LIBZFS_TEST_FAULT` is set,
//! which is how `cargo xtask memory` knows that it would see a mistake.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

use std::ffi::c_char;
use std::ptr;

use libzfs_sys::{nvlist_t, nvpair, uint_t};

/// Whether this run is to make mistakes.
fn faulty() -> bool {
    std::env::var_os("LIBZFS_TEST_FAULT").is_some()
}

/// A list of C's, with a byte array that C copies from `bytes`.
fn list(bytes: &[u8], len: usize) -> *mut nvlist_t {
    let mut list = ptr::null_mut();
    // SAFETY: a new list is left in `list`.
    let rc = unsafe { nvpair::nvlist_alloc(&mut list, nvpair::NV_UNIQUE_NAME, 0) };
    assert_eq!(rc, 0);
    let len = uint_t::try_from(len).unwrap();
    // SAFETY: the list is valid, and C only reads the bytes; there are as many as said, unless a
    // test of this file wants to see that noticed.
    let rc = unsafe {
        nvpair::nvlist_add_byte_array(list, c"bytes".as_ptr(), bytes.as_ptr().cast_mut(), len)
    };
    assert_eq!(rc, 0);
    list
}

fn free(list: *mut nvlist_t) {
    // SAFETY: every caller has the list from `list` and uses it no more.
    unsafe { nvpair::nvlist_free(list) };
}

#[test]
fn a_list_of_c_is_freed() {
    let list = list(&[1, 2, 3], 3);
    if !faulty() {
        free(list);
    }
}

#[test]
fn c_is_told_the_length_of_a_buffer() {
    let bytes = vec![1; 1000];
    free(list(&bytes, if faulty() { 1001 } else { 1000 }));
}

#[test]
fn bytes_of_c_are_read_before_they_are_freed() {
    let list = list(&[1, 2, 3], 3);
    let mut packed: *mut c_char = ptr::null_mut();
    let mut len = 0;
    // SAFETY: the list is valid; C allocates the buffer and says its length.
    let rc =
        unsafe { nvpair::nvlist_pack(list, &mut packed, &mut len, nvpair::NV_ENCODE_NATIVE, 0) };
    assert_eq!(rc, 0);
    free(list);
    let first = || {
        // SAFETY: it is C's buffer, which is there, unless this test wants to see it noticed.
        unsafe { packed.read_volatile() }
    };
    let early = first();
    // SAFETY: the buffer came from `malloc`.
    unsafe { libc::free(packed.cast()) };
    let read = if faulty() { first() } else { early };
    assert_eq!(read, early);
}

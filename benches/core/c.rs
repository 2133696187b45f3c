//! The other side of the comparison: the calls as a C programmer writes them.
//!
//! Names are C strings that were there before, as the safe side's names are. The lists that a call
//! takes are built in it and freed in it, and what it answers is read pair by pair where it lies:
//! nobody who calls these functions can do without. What a failed call would take is left out.

use std::ffi::{CStr, CString, c_char};
use std::fs::File;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd};
use std::ptr;

use libzfs_sys as sys;
use libzfs_sys::nvpair::{self, nvlist_t, nvpair_t};
use libzfs_sys::replay::dmu_replay_record;

/// A name as C has it.
pub(crate) fn name(name: impl AsRef<str>) -> CString {
    CString::new(name.as_ref()).unwrap()
}

fn check(rc: i32) {
    assert_eq!(rc, 0, "the call has failed");
}

/// A list that is being built, or that a call left.
struct List(*mut nvlist_t);

impl List {
    fn new() -> Self {
        let mut list = ptr::null_mut();
        // SAFETY: `list` is ours to write.
        check(unsafe { nvpair::nvlist_alloc(&mut list, nvpair::NV_UNIQUE_NAME, 0) });
        Self(list)
    }

    fn none() -> Self {
        Self(ptr::null_mut())
    }

    fn add_boolean(&self, name: &CStr) {
        // SAFETY: the list is valid, and C copies the name.
        check(unsafe { nvpair::nvlist_add_boolean(self.0, name.as_ptr()) });
    }

    fn add_string(&self, name: &CStr, value: &CStr) {
        // SAFETY: the list is valid, and C copies name and value.
        check(unsafe { nvpair::nvlist_add_string(self.0, name.as_ptr(), value.as_ptr()) });
    }

    fn add_list(&self, name: &CStr, value: &List) {
        // SAFETY: both lists are valid, and C copies name and value.
        check(unsafe { nvpair::nvlist_add_nvlist(self.0, name.as_ptr(), value.0) });
    }

    fn next(&self, pair: *mut nvpair_t) -> *mut nvpair_t {
        // SAFETY: the list is valid, and the pair is one of its own or null.
        unsafe { nvpair::nvlist_next_nvpair(self.0, pair) }
    }

    fn each(&self, mut each: impl FnMut(*mut nvpair_t)) {
        let mut pair = self.next(ptr::null_mut());
        while !pair.is_null() {
            each(pair);
            pair = self.next(pair);
        }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: the list is ours, or null, which is allowed.
        unsafe { nvpair::nvlist_free(self.0) };
    }
}

fn name_of(pair: *mut nvpair_t) -> *mut c_char {
    // SAFETY: a pair of a list that is still there.
    unsafe { nvpair::nvpair_name(pair) }
}

/// A list of names that say nothing but themselves.
fn booleans(names: &[CString]) -> List {
    let list = List::new();
    for name in names {
        list.add_boolean(name);
    }
    list
}

pub(crate) fn exists(dataset: &CStr) {
    // SAFETY: initialised, by the handle that the pool has; so for all that follow.
    let exists = unsafe { sys::lzc_exists(dataset.as_ptr()) };
    assert_ne!(black_box(exists), sys::B_FALSE);
}

pub(crate) fn create(dataset: &CStr) {
    let props = List::new();
    // SAFETY: name and list live until the call returns.
    check(unsafe {
        sys::lzc_create(
            dataset.as_ptr(),
            sys::LZC_DATSET_TYPE_ZFS,
            props.0,
            ptr::null_mut(),
            0,
        )
    });
}

pub(crate) fn destroy(dataset: &CStr) {
    // SAFETY: the name lives until the call returns.
    check(unsafe { sys::lzc_destroy(dataset.as_ptr()) });
}

pub(crate) fn snapshot(snapshots: &[CString]) {
    let list = booleans(snapshots);
    let mut errors = List::none();
    // SAFETY: the list lives until the call returns; what it leaves is ours to free.
    check(unsafe { sys::lzc_snapshot(list.0, ptr::null_mut(), &mut errors.0) });
}

pub(crate) fn destroy_snapshots(snapshots: &[CString]) {
    let list = booleans(snapshots);
    let mut errors = List::none();
    // SAFETY: as in `snapshot`.
    check(unsafe { sys::lzc_destroy_snaps(list.0, sys::B_FALSE, &mut errors.0) });
}

pub(crate) fn bookmark(bookmarks: &[(CString, CString)]) {
    let list = List::new();
    for (bookmark, snapshot) in bookmarks {
        list.add_string(bookmark, snapshot);
    }
    let mut errors = List::none();
    // SAFETY: as in `snapshot`.
    check(unsafe { sys::lzc_bookmark(list.0, &mut errors.0) });
}

pub(crate) fn destroy_bookmarks(bookmarks: &[CString]) {
    let list = booleans(bookmarks);
    let mut errors = List::none();
    // SAFETY: as in `snapshot`.
    check(unsafe { sys::lzc_destroy_bookmarks(list.0, &mut errors.0) });
}

/// The same properties as the safe call: the kernel's part grows with their number.
pub(crate) fn bookmarks(dataset: &CStr) {
    let props = List::new();
    for name in [
        c"guid",
        c"createtxg",
        c"creation",
        c"ivsetguid",
        c"referenced",
        c"logicalreferenced",
        c"redact_snaps",
        c"redact_complete",
    ] {
        props.add_boolean(name);
    }
    let mut found = List::none();
    // SAFETY: as in `snapshot`.
    check(unsafe { sys::lzc_get_bookmarks(dataset.as_ptr(), props.0, &mut found.0) });
    found.each(|pair| {
        let mut props = ptr::null_mut();
        // SAFETY: a pair of a list that is still there; what is lent of it is not freed.
        check(unsafe { nvpair::nvpair_value_nvlist(pair, &mut props) });
        let number = |name: &CStr| {
            let mut property = ptr::null_mut();
            let mut value = 0_u64;
            // SAFETY: the list is lent by one that is still there.
            check(unsafe { nvpair::nvlist_lookup_nvlist(props, name.as_ptr(), &mut property) });
            // SAFETY: as above.
            check(unsafe { nvpair::nvlist_lookup_uint64(property, c"value".as_ptr(), &mut value) });
            value
        };
        black_box((
            name_of(pair),
            number(c"guid"),
            number(c"createtxg"),
            number(c"creation"),
            number(c"ivsetguid"),
            number(c"referenced"),
            number(c"logicalreferenced"),
        ));
    });
}

pub(crate) fn hold(tag: &CStr, snapshots: &[CString]) {
    let list = List::new();
    for snapshot in snapshots {
        list.add_string(snapshot, tag);
    }
    let mut errors = List::none();
    // SAFETY: as in `snapshot`; there is no descriptor.
    check(unsafe { sys::lzc_hold(list.0, -1, &mut errors.0) });
}

pub(crate) fn release(tag: &CStr, snapshots: &[CString]) {
    let tags = List::new();
    tags.add_boolean(tag);
    let list = List::new();
    for snapshot in snapshots {
        list.add_list(snapshot, &tags);
    }
    let mut errors = List::none();
    // SAFETY: as in `snapshot`.
    check(unsafe { sys::lzc_release(list.0, &mut errors.0) });
}

pub(crate) fn holds(snapshot: &CStr) {
    let mut found = List::none();
    // SAFETY: as in `snapshot`.
    check(unsafe { sys::lzc_get_holds(snapshot.as_ptr(), &mut found.0) });
    found.each(|pair| {
        let mut since = 0_u64;
        // SAFETY: a pair of a list that is still there.
        check(unsafe { nvpair::nvpair_value_uint64(pair, &mut since) });
        black_box((name_of(pair), since));
    });
}

pub(crate) fn load_key(dataset: &CStr, key: &[u8; 32], noop: bool) {
    let noop = if noop { sys::B_TRUE } else { sys::B_FALSE };
    // SAFETY: name and key live until the call returns, and C only reads them.
    check(unsafe { sys::lzc_load_key(dataset.as_ptr(), noop, key.as_ptr().cast_mut(), 32) });
}

pub(crate) fn unload_key(dataset: &CStr) {
    // SAFETY: the name lives until the call returns.
    check(unsafe { sys::lzc_unload_key(dataset.as_ptr()) });
}

pub(crate) fn send_space(snapshot: &CStr) {
    let mut space = 0;
    // SAFETY: the name lives until the call returns; `space` is ours to write.
    check(unsafe { sys::lzc_send_space(snapshot.as_ptr(), ptr::null(), 0, &mut space) });
    black_box(space);
}

/// A pipe's reading and its writing end.
pub(crate) fn pipe() -> (File, File) {
    let mut ends = [-1; 2];
    // SAFETY: there is room for two descriptors.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) });
    // SAFETY: both are new, and nobody else has them.
    ends.map(|end| unsafe { File::from_raw_fd(end) }).into()
}

/// Sends to a pipe that has room for the whole stream.
pub(crate) fn send(snapshot: &CStr, pipe: &File) {
    // SAFETY: name and descriptor live until the call returns.
    check(unsafe { sys::lzc_send(snapshot.as_ptr(), ptr::null(), pipe.as_raw_fd(), 0) });
}

/// Receives a stream from a file that stands at its start.
pub(crate) fn receive(snapshot: &CStr, file: &File) {
    let mut begin = MaybeUninit::<dmu_replay_record>::uninit();
    let len = size_of::<dmu_replay_record>();
    // SAFETY: the record is ours to write, and as long as is said.
    let read = unsafe { libc::read(file.as_raw_fd(), begin.as_mut_ptr().cast(), len) };
    assert_eq!(usize::try_from(read), Ok(len));
    // SAFETY: name and descriptor live until the call returns; the record is read whole, and made
    // of integers, which have no invalid values.
    check(unsafe {
        sys::lzc_receive_with_header(
            snapshot.as_ptr(),
            ptr::null_mut(),
            ptr::null(),
            sys::B_FALSE,
            sys::B_FALSE,
            sys::B_FALSE,
            file.as_raw_fd(),
            begin.as_ptr(),
        )
    });
}

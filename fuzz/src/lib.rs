//! What the fuzz targets share: an allocator that counts, so that memory has a bound too.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static FIRST: AtomicBool = AtomicBool::new(true);

struct Counting;

fn add(len: usize) {
    let now = NOW.fetch_add(len, Ordering::Relaxed) + len;
    PEAK.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: every call is handed to the system's allocator as it is, and what it answers handed back.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's promise is the one that is asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the pointer came from the same allocator with the same layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most memory, in bytes, that the closure had at any time, and what it returned.
pub fn peak<T>(run: impl FnOnce() -> T) -> (usize, T) {
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let value = run();
    (PEAK.load(Ordering::Relaxed).saturating_sub(before), value)
}

/// Runs one case and sees that it gave back all memory that it took.
///
/// # Panics
///
/// It kept some of it.
pub fn without_leak(case: impl FnOnce()) {
    let before = NOW.load(Ordering::Relaxed);
    case();
    let after = NOW.load(Ordering::Relaxed);
    // What a first case sets up once for all is not one's own.
    if !FIRST.swap(false, Ordering::Relaxed) {
        assert!(after <= before, "{} bytes were kept", after - before);
    }
}

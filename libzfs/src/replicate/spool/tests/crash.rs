//! Ends that come between any two changes.

use std::cell::Cell;
use std::io;

thread_local! {
    /// How many changes this thread may still make.
    static LEFT: Cell<u32> = const { Cell::new(u32::MAX) };
}

/// Counts a change, and fails once there may be no more of them: from then on all do, so that nothing
/// can be mended, as by a process that is gone.
pub(in crate::replicate::spool) fn step() -> io::Result<()> {
    LEFT.with(|left| match left.get() {
        0 => Err(io::Error::other("the end has come")),
        u32::MAX => Ok(()),
        more => {
            left.set(more - 1);
            Ok(())
        }
    })
}

/// Lets `work` make so many changes; whether that was too few.
pub(super) fn after<T>(steps: u32, work: impl FnOnce() -> T) -> bool {
    LEFT.with(|left| left.set(steps));
    work();
    LEFT.with(|left| left.replace(u32::MAX)) == 0
}

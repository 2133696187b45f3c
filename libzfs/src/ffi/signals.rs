//! Signals, which end a send or receive in the kernel if they reach the thread that runs it.

use std::mem::MaybeUninit;

/// Blocks every signal for the calling thread that can be blocked. Besides `SIGKILL` and `SIGSTOP`
/// those are not that the C library keeps for itself: `setuid` and its kin, called anywhere in the
/// process, interrupt a transfer.
///
/// Meant for threads of our own that run a send or receive: the kernel gives such a call up with
/// `EINTR` when *any* signal is pending for its thread, handled or not, and writing to a pipe
/// without a reader raises `SIGPIPE` in it. A blocked signal does neither: one for the process
/// goes to another thread, and one for this thread ends with it.
pub(crate) fn block_all_signals() {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigfillset` initialises the set that it is given.
    unsafe { libc::sigfillset(set.as_mut_ptr()) };
    // SAFETY: the set is initialised; the old mask is not asked for, because the thread ends with
    // the mask that it gets here.
    let rc =
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, set.as_ptr(), std::ptr::null_mut()) };
    debug_assert_eq!(rc, 0, "SIG_SETMASK is a valid way to change a mask");
}

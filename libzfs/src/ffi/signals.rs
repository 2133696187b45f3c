//! Signals, which end a send, a receive or a channel program in the kernel if they reach the thread
//! that runs it.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;

/// Blocks every signal for the calling thread that can be blocked. Besides `SIGKILL` and `SIGSTOP`
/// those are not that the C library keeps for itself: `setuid` and its kin, called anywhere in the
/// process, interrupt a transfer.
///
/// Meant for threads of our own that run a send or receive: the kernel gives such a call up with
/// `EINTR` when *any* signal is pending for its thread, handled or not, and writing to a pipe
/// without a reader raises `SIGPIPE` in it. A blocked signal does neither: one for the process
/// goes to another thread, and one for this thread ends with it.
pub(crate) fn block_all_signals() {
    // The thread ends with the mask that it gets here.
    std::mem::forget(SignalsBlocked::new());
}

/// Signals of the calling thread, blocked as by [`block_all_signals`] for as long as this lives.
#[derive(Debug)]
pub(crate) struct SignalsBlocked {
    before: libc::sigset_t,
    /// It is this thread's mask that is put back.
    _not_send: PhantomData<*const ()>,
}

impl SignalsBlocked {
    pub(crate) fn new() -> Self {
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: `sigfillset` initialises the set that it is given.
        unsafe { libc::sigfillset(all.as_mut_ptr()) };
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: the set is initialised, and the other is ours to write.
        let rc =
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
        debug_assert_eq!(rc, 0, "SIG_SETMASK is a valid way to change a mask");
        Self {
            // SAFETY: the only way for it not to be written is that SIG_SETMASK is not valid.
            before: unsafe { before.assume_init() },
            _not_send: PhantomData,
        }
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        // SAFETY: the set is a mask that this thread had; the present one is not asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, ptr::null_mut()) };
    }
}

/// `SIGPIPE` kept from the calling thread for as long as this lives: writing to what has no reader
/// fails, and raises nothing.
///
/// The kernel raises it for the thread that writes. So what this thread raised meanwhile is pending
/// for it, and is taken back before the mask is.
#[derive(Debug)]
pub(crate) struct SigpipeBlocked {
    only: libc::sigset_t,
    before: libc::sigset_t,
    /// It was pending before, and is not ours to take back.
    pending: bool,
    _not_send: PhantomData<*const ()>,
}

impl SigpipeBlocked {
    pub(crate) fn new() -> Self {
        let mut only = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: `sigemptyset` initialises the set that it is given.
        unsafe { libc::sigemptyset(only.as_mut_ptr()) };
        // SAFETY: the set is initialised; the signal exists.
        unsafe { libc::sigaddset(only.as_mut_ptr(), libc::SIGPIPE) };
        // SAFETY: it was initialised above.
        let only = unsafe { only.assume_init() };
        let pending = is_pending(libc::SIGPIPE);
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: the set is initialised, and the other is ours to write.
        let rc = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &only, before.as_mut_ptr()) };
        debug_assert_eq!(rc, 0, "SIG_BLOCK is a valid way to change a mask");
        Self {
            only,
            // SAFETY: the only way for it not to be written is that SIG_BLOCK is not valid.
            before: unsafe { before.assume_init() },
            pending,
            _not_send: PhantomData,
        }
    }
}

impl Drop for SigpipeBlocked {
    fn drop(&mut self) {
        if !self.pending && is_pending(libc::SIGPIPE) {
            let at_once = libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            // SAFETY: the set and the time are initialised; what is known of the signal is not
            // asked for.
            unsafe { libc::sigtimedwait(&self.only, ptr::null_mut(), &at_once) };
        }
        // SAFETY: the set is a mask that this thread had; the present one is not asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, ptr::null_mut()) };
    }
}

fn is_pending(signal: libc::c_int) -> bool {
    let mut pending = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigpending` initialises the set that it is given.
    unsafe { libc::sigpending(pending.as_mut_ptr()) };
    // SAFETY: the set was initialised.
    unsafe { libc::sigismember(pending.as_ptr(), signal) == 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_blocked(signal: libc::c_int) -> bool {
        let mut mask = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: nothing is changed; the mask is ours to write.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), mask.as_mut_ptr()) };
        // SAFETY: the mask was written.
        unsafe { libc::sigismember(mask.as_ptr(), signal) == 1 }
    }

    #[test]
    fn the_mask_of_before_comes_back() {
        assert!(!is_blocked(libc::SIGUSR1));
        let blocked = SignalsBlocked::new();
        assert!(is_blocked(libc::SIGUSR1));
        drop(blocked);
        assert!(!is_blocked(libc::SIGUSR1));
    }

    #[test]
    fn a_broken_pipe_leaves_nothing_pending() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        drop(reader);
        let blocked = SigpipeBlocked::new();
        assert!(rustix::io::write(&writer, b"x").is_err());
        drop(blocked);
        assert!(!is_blocked(libc::SIGPIPE));
        assert!(!is_pending(libc::SIGPIPE));
    }
}

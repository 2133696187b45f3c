//! A thread that is another user.

use crate::error::Errno;

/// Makes this thread, and no other, a user without groups and privileges, for as long as it lives.
pub(crate) fn become_user(uid: u32) -> Result<(), Errno> {
    let done = |result| match result {
        0 => Ok(()),
        _ => Err(Errno::last()),
    };
    // C's own functions would change all threads, the system calls only the one that calls.
    // SAFETY: with no groups there is no list to be read.
    done(unsafe { libc::syscall(libc::SYS_setgroups, 0, 0) })?;
    // SAFETY: only numbers are passed.
    done(unsafe { libc::syscall(libc::SYS_setresgid, uid, uid, uid) })?;
    // SAFETY: only numbers are passed.
    done(unsafe { libc::syscall(libc::SYS_setresuid, uid, uid, uid) })
}

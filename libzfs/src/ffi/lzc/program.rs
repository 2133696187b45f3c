//! Channel programs.

use std::ffi::CStr;

use libzfs_sys as sys;

use super::{Library, Result, check};
use crate::ffi::nvlist::CNvList;
use crate::ffi::{SignalsBlocked, c_string};
use crate::nvlist::NvList;

/// What [`Library::channel_program`] is told.
#[derive(Debug)]
pub(crate) struct RawProgram<'a> {
    pub(crate) pool: &'a str,
    pub(crate) script: &'a CStr,
    /// Whether it may change anything (`lzc_channel_program_nosync` otherwise).
    pub(crate) sync: bool,
    pub(crate) instruction_limit: u64,
    /// In bytes. C allocates as much for the answer.
    pub(crate) memory_limit: u64,
    /// At most [`MAX_ARGUMENT_DEPTH`] lists deep.
    pub(crate) arguments: &'a NvList,
}

/// How many lists there can be in one another, that of all arguments counted. The kernel packs them
/// in one more for the pool's history, and panics if these are more than 20. C would abort over a
/// hundred.
pub(crate) const MAX_ARGUMENT_DEPTH: usize = 19;

impl Library {
    /// `lzc_channel_program`, `lzc_channel_program_nosync`: how it went, and what the kernel
    /// answered, which can be something in either case.
    pub(crate) fn channel_program(
        &self,
        program: &RawProgram<'_>,
    ) -> Result<(Result<()>, Option<NvList>)> {
        let pool = c_string(program.pool)?;
        let arguments = CNvList::new(program.arguments)?;
        let mut answer = CNvList::none();
        let run = match program.sync {
            true => sys::lzc_channel_program,
            false => sys::lzc_channel_program_nosync,
        };
        // A signal would end the program in the middle.
        let blocked = SignalsBlocked::new();
        // SAFETY: initialised (`self`); names, script and list live until the call returns; the
        // list is not so deep that C aborts when it packs it; what C leaves in `answer` is ours to
        // free.
        let rc = unsafe {
            run(
                pool.as_ptr(),
                program.script.as_ptr(),
                program.instruction_limit,
                program.memory_limit,
                arguments.as_ptr(),
                answer.out(),
            )
        };
        drop(blocked);
        let list = match answer.as_ptr().is_null() {
            true => None,
            false => Some(answer.to_rust()?),
        };
        Ok((check(rc), list))
    }
}

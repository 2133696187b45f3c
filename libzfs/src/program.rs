//! Channel programs: Lua scripts that the kernel runs on a pool (`zfs program`).
//!
//! What a program changes is changed together, in one transaction group, with nothing of others'
//! in between; and what it reads does not change while it runs. What a script can call is described
//! in `zfs-program(8)`.
//!
//! ```no_run
//! # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
//! let script = r#"
//!     local args = ...
//!     local destroyed = {}
//!     for snapshot in zfs.list.snapshots(args.dataset) do
//!         if zfs.sync.destroy(snapshot) == 0 then
//!             destroyed[snapshot] = true
//!         end
//!     end
//!     return destroyed
//! "#;
//! let result = zfs
//!     .program(&"tank".parse()?, script)
//!     .argument("dataset", "tank/scratch")
//!     .run()?;
//! if let Some(destroyed) = result.as_ref().and_then(|value| value.as_list()) {
//!     println!("{} snapshots", destroyed.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What becomes of values
//!
//! The arguments are one table, the script's `...`. A list becomes a table, an array one with the
//! keys 1, 2 and so on. A list of nothing but [`Value::Boolean`] becomes an array of its names.
//! Numbers are 64-bit and signed in a program.
//!
//! A result that is a table becomes an [`NvList`], whose names are the table's keys as text: `"1"`
//! and so on for an array, which keep their order. Numbers become [`Value::I64`]. A string ends at
//! its first NUL.
//!
//! # What to take care of
//!
//! * A program that fails, in whatever way, leaves changed what it had changed by then. Only what
//!   [`ProgramSyntax`](ErrorKind::ProgramSyntax),
//!   [`InvalidArgument`](ErrorKind::InvalidArgument) and
//!   [`InvalidProgramLimit`](ErrorKind::InvalidProgramLimit) stand for is found before it begins.
//! * Script, arguments and result (if it is not more than 1 MiB) are written to the pool's history,
//!   where `zpool history -i` shows them; those of a program that only reads too. So no secrets,
//!   and large ones displace the older entries: the history has room for 0.1% of the pool, or for
//!   128 KiB.
//! * The kernel takes a script for benign. A result of tables in tables, 20 deep, panics it, and a
//!   result that has the same large table in it many times takes all its memory. Nothing on this
//!   side of it can prevent that.

use std::ffi::CString;
use std::fmt;

use crate::error::{Errno, Error, ErrorKind, Operation, Result};
use crate::ffi::{MAX_ARGUMENT_DEPTH, RawProgram};
use crate::handle::{N_MORE_ERRORS, Zfs};
use crate::name::PoolName;
use crate::nvlist::{NvList, Value};

/// How many Lua instructions a program may execute where nothing else is said.
pub const DEFAULT_INSTRUCTION_LIMIT: u64 = 10_000_000;

/// The highest instruction limit, if the module's parameter `zfs_lua_max_instrlimit` is not lower.
pub const MAX_INSTRUCTION_LIMIT: u64 = 100_000_000;

/// How much memory in bytes a program may use where nothing else is said.
pub const DEFAULT_MEMORY_LIMIT: u64 = 10 << 20;

/// The highest memory limit in bytes, if the module's parameter `zfs_lua_max_memlimit` is not lower.
pub const MAX_MEMORY_LIMIT: u64 = 100 << 20;

/// The longest script in bytes.
///
/// The kernel's compiler has room for 32767 local variables in one function, and panics over one
/// more. A script needs more than 64 KiB to have so many. What is longer should get its data as
/// arguments.
pub const MAX_SCRIPT_LEN: usize = 64 << 10;

impl Zfs {
    /// Begins to run a channel program on a pool; see [`Program`] and the
    /// [module's text](crate::program).
    #[doc(alias = "lzc_channel_program")]
    pub fn program(&self, pool: &PoolName, script: &str) -> Program {
        Program {
            zfs: self.clone(),
            pool: pool.clone(),
            script: script.to_owned(),
            arguments: NvList::new(),
            instruction_limit: DEFAULT_INSTRUCTION_LIMIT,
            memory_limit: DEFAULT_MEMORY_LIMIT,
        }
    }
}

/// A channel program about to be run, by [`run`](Self::run) or by
/// [`run_read_only`](Self::run_read_only).
#[derive(Debug)]
#[must_use = "no program is run before run() or run_read_only()"]
pub struct Program {
    zfs: Zfs,
    pool: PoolName,
    script: String,
    arguments: NvList,
    instruction_limit: u64,
    memory_limit: u64,
}

impl Program {
    /// Passes an argument: after `local args = ...` it is `args.name` in the script.
    ///
    /// It can be a truth value, an integer of up to 63 bits and a sign, a string, an array of
    /// strings, of `i64` or of `u64`, or a list of all these and of lists.
    ///
    /// `zfs program` passes what stands behind the script on its command line as `argv`, an array
    /// of strings.
    pub fn argument(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.arguments.insert(name, value);
        self
    }

    /// How many Lua instructions it may execute; [`DEFAULT_INSTRUCTION_LIMIT`] unless this is
    /// called, [`MAX_INSTRUCTION_LIMIT`] at most. The kernel looks every hundred instructions, and
    /// what a function of ZFS does counts as one.
    #[doc(alias = "instrlimit")]
    pub fn instruction_limit(mut self, instructions: u64) -> Self {
        self.instruction_limit = instructions;
        self
    }

    /// How much memory in bytes it may use, and how large its encoded result may be;
    /// [`DEFAULT_MEMORY_LIMIT`] unless this is called, [`MAX_MEMORY_LIMIT`] at most.
    #[doc(alias = "memlimit")]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory_limit = bytes;
        self
    }

    /// Runs it while the pool writes a transaction group: nothing else is written meanwhile, so
    /// that a program should be short. It can change what it likes, with the functions of
    /// `zfs.sync`.
    ///
    /// What the program returns is the result; none for nothing and for `nil`.
    ///
    /// Needs root; there is no permission for it that could be delegated.
    ///
    /// # Errors
    ///
    /// Those that come with a text of the kernel's have it as [`ProgramMessage`] in
    /// [`source`](std::error::Error::source).
    ///
    /// * [`ErrorKind::ProgramSyntax`], with the text;
    /// * [`ErrorKind::ProgramFailed`], with the text: it ended with an error, a function of ZFS was
    ///   called with wrong arguments, it returned more than one value or one that cannot be
    ///   converted, or it could not be begun (the pool is full, say);
    /// * [`ErrorKind::ProgramInstructionLimit`], with the text; [`ErrorKind::ProgramMemoryLimit`];
    /// * [`ErrorKind::ProgramResultTooLarge`]: it ran to its end, and only its result is lost;
    /// * [`ErrorKind::InvalidProgramLimit`];
    /// * [`ErrorKind::Interrupted`]: `setuid` or one of its kin was called in another thread of the
    ///   process, for which the C library signals all threads; other signals are blocked for this
    ///   one. The program was not begun, or ended in the middle, and what it did stays done;
    /// * [`ErrorKind::InvalidArgument`]: an argument of a type that there is not in a program, lists
    ///   in lists too deep, or a script that is too long or has a NUL;
    /// * [`ErrorKind::PoolNotFound`], [`ErrorKind::ReadOnlyPool`], [`ErrorKind::PoolSuspended`],
    ///   [`ErrorKind::PermissionDenied`]
    #[doc(alias = "lzc_channel_program")]
    pub fn run(self) -> Result<Option<Value>> {
        self.run_in(true)
    }

    /// Runs it beside everything else: quicker, since no transaction group has to be waited for,
    /// but the functions of `zfs.sync` are not there. Those of `zfs.check`, which say whether a
    /// change could be made, are.
    ///
    /// A pool that is imported read-only refuses it all the same, and it needs root.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run); a function of `zfs.sync` is [`ErrorKind::ProgramFailed`].
    #[doc(alias = "lzc_channel_program_nosync")]
    pub fn run_read_only(self) -> Result<Option<Value>> {
        self.run_in(false)
    }

    fn run_in(self, sync: bool) -> Result<Option<Value>> {
        let pool = self.pool.as_str();
        let refused = |kind, why: String| Error::refused(Operation::RunProgram, pool, kind, why);
        let (script, arguments) = self.check().map_err(|(kind, why)| refused(kind, why))?;
        tracing::debug!(pool, sync, "channel program");
        let failed = |errno| Error::from_errno(Operation::RunProgram, pool, errno);
        let (result, answer) = self
            .zfs
            .library()
            .channel_program(&RawProgram {
                pool,
                script: &script,
                sync,
                instruction_limit: self.instruction_limit,
                memory_limit: self.memory_limit,
                arguments: &arguments,
            })
            .map_err(failed)?;
        match result {
            Ok(()) => {
                if sync {
                    self.zfs.record(Operation::RunProgram, pool);
                }
                self.returned(answer)
            }
            Err(errno) => Err(program_error(pool, errno, answer)),
        }
    }

    /// What the program returned, from the kernel's answer to a program that ran to its end.
    fn returned(&self, answer: Option<NvList>) -> Result<Option<Value>> {
        match answer {
            // The kernel treats a result without room as it treats a list of errors: it takes out
            // what does not fit, which is all of it, and counts that. Or there is no answer.
            Some(mut answer) if !answer.contains(N_MORE_ERRORS) => {
                // `nil` is a name without a value.
                Ok(answer
                    .remove("return")
                    .filter(|value| *value != Value::Boolean))
            }
            _ => Err(Error::refused(
                Operation::RunProgram,
                self.pool.as_str(),
                ErrorKind::ProgramResultTooLarge,
                format!("more than the memory limit of {} bytes", self.memory_limit),
            )),
        }
    }

    /// Script and arguments as the kernel takes them, or why it would not.
    fn check(&self) -> Result<(CString, NvList), (ErrorKind, String)> {
        let limits = [
            (
                "instructions",
                self.instruction_limit,
                MAX_INSTRUCTION_LIMIT,
            ),
            ("bytes", self.memory_limit, MAX_MEMORY_LIMIT),
        ];
        for (what, limit, max) in limits {
            if !(1..=max).contains(&limit) {
                let why = format!("{limit} {what} are not between 1 and {max}");
                return Err((ErrorKind::InvalidProgramLimit, why));
            }
        }
        let invalid = |why| (ErrorKind::InvalidArgument, why);
        if self.script.len() > MAX_SCRIPT_LEN {
            let len = self.script.len();
            let why = format!("the script has {len} bytes, of at most {MAX_SCRIPT_LEN}");
            return Err(invalid(why));
        }
        let script = CString::new(self.script.as_str())
            .map_err(|_| invalid("the script has a NUL byte".into()))?;
        let arguments = to_table(&self.arguments, 1).map_err(invalid)?;
        // In Lua they take no less memory than encoded.
        let len = match arguments.encode() {
            Ok(encoded) => encoded.len() as u64,
            Err(error) => return Err(invalid(error.to_string())),
        };
        if len > self.memory_limit {
            let limit = self.memory_limit;
            let why = format!("the arguments alone take {len} bytes, of at most {limit}");
            return Err((ErrorKind::ProgramMemoryLimit, why));
        }
        Ok((script, arguments))
    }
}

/// A list of which the kernel can make a table, the `depth`th in one another.
fn to_table(list: &NvList, depth: usize) -> Result<NvList, String> {
    if depth > MAX_ARGUMENT_DEPTH {
        return Err(format!(
            "the arguments have more than {MAX_ARGUMENT_DEPTH} lists in one another"
        ));
    }
    let names_alone = list.values().all(|value| *value == Value::Boolean);
    let mut table = NvList::with_uniqueness(list.uniqueness());
    for (name, value) in list {
        let large = |n: i128| format!("the argument {name:?} is {n}, more than 63 bits hold");
        let value = match value {
            Value::NvList(list) => Value::NvList(to_table(list, depth + 1)?),
            Value::Bool(_) | Value::String(_) | Value::StringArray(_) | Value::I64Array(_) => {
                value.clone()
            }
            Value::Boolean if names_alone => Value::Boolean,
            Value::U64Array(array) => {
                if let Some(&n) = array.iter().find(|&&n| i64::try_from(n).is_err()) {
                    return Err(large(n.into()));
                }
                value.clone()
            }
            other => match other.to_integer() {
                Some(n) => Value::I64(i64::try_from(n).map_err(|_| large(n))?),
                None => {
                    let data_type = other.data_type();
                    return Err(format!(
                        "the argument {name:?} is of the type {data_type}, which a program does not have here"
                    ));
                }
            },
        };
        table.push(name, value);
    }
    Ok(table)
}

/// Why a program failed, from the number and what the kernel answered.
fn program_error(pool: &str, errno: Errno, answer: Option<NvList>) -> Error {
    let error = Error::from_errno(Operation::RunProgram, pool, errno);
    // Limits that are not accepted have the same number as a syntax error, and no text; one that
    // there was no room for is counted.
    let answer = answer.unwrap_or_default();
    let is_text = answer.contains("error") || answer.contains(N_MORE_ERRORS);
    let error = match errno.raw() {
        libc::EINVAL if is_text => error.with_kind(ErrorKind::ProgramSyntax),
        _ => error,
    };
    match answer.get_bstr("error") {
        Some(text) => error.with_source(ProgramMessage(text.to_string())),
        None => error,
    }
}

/// What the kernel says of a channel program that failed: Lua's message, and where it came from.
///
/// ```no_run
/// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
/// use std::error::Error;
///
/// use libzfs::program::ProgramMessage;
///
/// if let Err(error) = zfs.program(&"tank".parse()?, "error('no')").run_read_only() {
///     let source = error.source().and_then(|source| source.downcast_ref::<ProgramMessage>());
///     println!("{}", source.map_or("", ProgramMessage::text));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramMessage(String);

impl ProgramMessage {
    /// The text as it is, several lines for the most part. `Display` makes one of them.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProgramMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c.is_control() {
                true => write!(f, "{}", c.escape_default())?,
                false => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for ProgramMessage {}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> NvList {
        (1..levels).fold(NvList::new(), |list, _| NvList::new().with("in", list))
    }

    #[test]
    fn numbers_of_all_widths_become_those_of_lua() {
        let list = NvList::new()
            .with("u8", 1_u8)
            .with("i32", -1_i32)
            .with("u64", i64::MAX.unsigned_abs())
            .with("inner", NvList::new().with("u32", 7_u32));
        let table = to_table(&list, 1).unwrap();
        assert_eq!(table.get_i64("u8"), Some(1));
        assert_eq!(table.get_i64("i32"), Some(-1));
        assert_eq!(table.get_i64("u64"), Some(i64::MAX));
        assert_eq!(table.get_list("inner").unwrap().get_i64("u32"), Some(7));
    }

    #[test]
    fn what_a_program_does_not_have_is_refused() {
        for value in [
            Value::U64(1 << 63),
            Value::U64Array(vec![1, 1 << 63]),
            Value::Double(0.5),
            Value::ByteArray(vec![1]),
            Value::U32Array(vec![1]),
            Value::BoolArray(vec![true]),
            Value::NvListArray(vec![NvList::new()]),
            Value::NvList(NvList::new().with("a", Value::Boolean).with("b", 1_i64)),
        ] {
            let list = NvList::new().with("x", value);
            assert!(to_table(&list, 1).is_err(), "{list:?}");
        }
        let names = NvList::new()
            .with("a", Value::Boolean)
            .with("b", Value::Boolean);
        assert_eq!(to_table(&names, 1).unwrap(), names);
    }

    #[test]
    fn lists_are_followed_as_deep_as_the_kernel_follows_them() {
        assert!(to_table(&nested(MAX_ARGUMENT_DEPTH), 1).is_ok());
        assert!(to_table(&nested(MAX_ARGUMENT_DEPTH + 1), 1).is_err());
        assert!(to_table(&nested(1000), 1).is_err());
    }

    #[test]
    fn a_text_without_room_is_still_a_syntax_error() {
        let kind = |answer| program_error("tank", Errno::new(libc::EINVAL), answer).kind();
        assert_eq!(kind(None), ErrorKind::InvalidProgramLimit);
        assert_eq!(kind(Some(NvList::new())), ErrorKind::InvalidProgramLimit);
        let counted = NvList::new().with(N_MORE_ERRORS, 1_i32);
        assert_eq!(kind(Some(counted)), ErrorKind::ProgramSyntax);
        let text = NvList::new().with("error", "unexpected symbol");
        assert_eq!(kind(Some(text)), ErrorKind::ProgramSyntax);
    }

    #[test]
    fn a_message_is_shown_on_one_line() {
        let message = ProgramMessage("no: ä\nstack traceback:\n\t?\u{7f}".into());
        assert_eq!(message.to_string(), r"no: ä\nstack traceback:\n\t?\u{7f}");
        assert!(message.text().contains('\n'));
    }
}

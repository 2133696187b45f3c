//! Channel programs.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod support;

use std::error::Error as _;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use libzfs::nvlist::{NvList, Value};
use libzfs::program::{
    DEFAULT_MEMORY_LIMIT, MAX_INSTRUCTION_LIMIT, MAX_MEMORY_LIMIT, MAX_SCRIPT_LEN, ProgramMessage,
};
use libzfs::testing::Pool;
use libzfs::{Error, ErrorKind, Program, SnapshotName};
use support::{
    NOBODY, allow, as_user, file_system, kind, pool, snapshot, within, zfs_says, zpool_says,
};

fn program(pool: &Pool, script: &str) -> Program {
    pool.zfs().program(pool.name(), script)
}

/// What a script that changes nothing returns.
#[track_caller]
fn returned(pool: &Pool, script: &str) -> Option<Value> {
    program(pool, script).run_read_only().unwrap()
}

/// The kernel's text of an error.
#[track_caller]
fn message(error: &Error) -> &str {
    let source = error.source().unwrap();
    source.downcast_ref::<ProgramMessage>().unwrap().text()
}

#[test]
fn a_program_lists_what_there_is() {
    let pool = pool("list");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let snapshots = [snapshot(zfs, &data, "a"), snapshot(zfs, &data, "b")];
    let script = "
        local args = ...
        local found = {}
        for snapshot in zfs.list.snapshots(args.dataset) do
            table.insert(found, snapshot)
        end
        return found";
    let list = || program(&pool, script).argument("dataset", data.as_str());
    for result in [list().run(), list().run_read_only()] {
        let result = result.unwrap().unwrap().into_list().unwrap();
        let mut found: Vec<_> = result.values().filter_map(Value::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, snapshots.each_ref().map(SnapshotName::as_str));
        let keys: Vec<_> = result.names().map(ToString::to_string).collect();
        assert_eq!(keys, ["1", "2"], "an array's keys are numbers from 1");
    }
}

#[test]
fn a_program_changes_things_unless_it_may_only_read() {
    let pool = pool("change");
    let zfs = pool.zfs();
    let data = file_system(&pool, "data");
    let name = data.snapshot("made").unwrap();
    let make = "local args = ... return zfs.sync.snapshot(args.name)";
    let run = |script| program(&pool, script).argument("name", name.as_str());

    let error = run(make).run_read_only().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProgramFailed, "{error}");
    assert!(message(&error).contains("zfs.sync"), "{error}");
    let check = "local args = ... return zfs.check.snapshot(args.name)";
    assert_eq!(run(check).run_read_only().unwrap(), Some(Value::I64(0)));
    let list = ["list", "-Ho", "name", "-t", "snapshot", data.as_str()];
    assert_eq!(zfs_says(&list), "");

    assert_eq!(run(make).run().unwrap(), Some(Value::I64(0)));
    assert_eq!(zfs_says(&list), name.as_str());
    zfs.hold(&"rep".parse().unwrap(), std::slice::from_ref(&name))
        .unwrap()
        .all()
        .unwrap();
    // What a function of ZFS fails with is the script's to handle.
    for (script, result) in [
        (make, libc::EEXIST),
        (check, libc::EEXIST),
        (
            "local args = ... return zfs.sync.destroy(args.name)",
            libc::EBUSY,
        ),
    ] {
        let errno = Some(Value::I64(result.into()));
        assert_eq!(run(script).run().unwrap(), errno, "{script}");
    }
}

#[test]
fn what_a_program_did_before_it_failed_stays() {
    let pool = pool("partial");
    let data = file_system(&pool, "data");
    let script = "local args = ... zfs.sync.snapshot(args.name) ";
    let endings = [
        ("error('on purpose')", ErrorKind::ProgramFailed),
        ("while true do end", ErrorKind::ProgramInstructionLimit),
        (
            "local s = 'x' while true do s = s .. s end",
            ErrorKind::ProgramMemoryLimit,
        ),
        (
            "local t, s = {}, string.rep('x', 100000) for i = 1, 200 do t[i] = s end return t",
            ErrorKind::ProgramResultTooLarge,
        ),
    ];
    for (number, (ending, expected)) in endings.into_iter().enumerate() {
        let name = data.snapshot(format!("s{number}").as_str()).unwrap();
        let run = program(&pool, &format!("{script}{ending}"))
            .argument("name", name.as_str())
            .instruction_limit(100_000)
            .run();
        assert_eq!(kind(run), expected, "{ending}");
        assert_eq!(
            zfs_says(&["list", "-Ho", "name", name.as_str()]),
            name.as_str()
        );
    }
}

#[test]
fn arguments_of_each_type_arrive() {
    let pool = pool("arguments");
    let script = "
        local args = ...
        local function kinds(table)
            local result = {}
            for key, value in pairs(table) do
                if type(value) == 'table' then
                    result[key] = kinds(value)
                else
                    result[key] = type(value) .. ' ' .. tostring(value)
                end
            end
            return result
        end
        return kinds(args)";
    let arguments = [
        ("true", Value::from(true), "boolean true"),
        ("false", Value::from(false), "boolean false"),
        (
            "lowest",
            Value::from(i64::MIN),
            "number -9223372036854775808",
        ),
        (
            "highest",
            Value::from(i64::MAX),
            "number 9223372036854775807",
        ),
        ("u8", Value::from(200_u8), "number 200"),
        ("u64", Value::from(7_u64), "number 7"),
        ("text", Value::from("ä b\n"), "string ä b\n"),
        ("empty", Value::from(""), "string "),
        ("", Value::from("no name"), "string no name"),
    ];
    let all = arguments
        .iter()
        .fold(program(&pool, script), |program, (name, value, _)| {
            program.argument(name, value.clone())
        })
        .argument("strings", vec!["a", "", "c"])
        .argument("i64s", vec![-1_i64, 2])
        .argument("u64s", vec![1_u64, 2, 3])
        .argument("none", Vec::<&str>::new())
        .argument(
            "list",
            NvList::new().with("x", NvList::new().with("y", 1_i64)),
        )
        .argument(
            "names",
            NvList::new()
                .with("tank/a", Value::Boolean)
                .with("tank/b", Value::Boolean),
        )
        .argument("no list", NvList::new());
    let result = all.run_read_only().unwrap().unwrap().into_list().unwrap();
    for (name, _, expected) in &arguments {
        assert_eq!(result.get_str(name), Some(*expected), "{name}");
    }
    let list = |name: &str| result.get_list(name).unwrap();
    assert_eq!(list("strings").len(), 3);
    assert_eq!(list("strings").get_str("3"), Some("string c"));
    assert_eq!(list("i64s").get_str("1"), Some("number -1"));
    assert_eq!(list("u64s").get_str("3"), Some("number 3"));
    assert!(list("none").is_empty());
    assert_eq!(
        list("list").get_list("x").unwrap().get_str("y"),
        Some("number 1")
    );
    assert_eq!(list("names").get_str("2"), Some("string tank/b"));
    assert!(list("no list").is_empty());
}

#[test]
fn results_of_each_type_arrive() {
    let pool = pool("results");
    for (script, expected) in [
        ("", None),
        ("return", None),
        ("return nil", None),
        ("return true", Some(Value::Bool(true))),
        ("return -5", Some(Value::I64(-5))),
        ("return 9223372036854775807", Some(Value::I64(i64::MAX))),
        ("return 'text'", Some(Value::from("text"))),
        ("return 'ends\\0here'", Some(Value::from("ends"))),
        ("return {}", Some(Value::from(NvList::new()))),
        ("return ... ", Some(Value::from(NvList::new()))),
        (
            "return {1, 'b', x = {y = {true}}}",
            Some(Value::from(
                NvList::new()
                    .with("1", 1_i64)
                    .with("2", "b")
                    .with("x", NvList::new().with("y", NvList::new().with("1", true))),
            )),
        ),
    ] {
        assert_eq!(returned(&pool, script), expected, "{script}");
        assert_eq!(program(&pool, script).run().unwrap(), expected, "{script}");
    }
    // As deep as the kernel can write it to the pool's history.
    let script = "local t = 1 for i = 1, 19 do t = {t} end return t";
    let mut value = program(&pool, script).run().unwrap().unwrap();
    let mut depth = 0;
    while let Value::NvList(mut list) = value {
        value = list.remove("1").unwrap();
        depth += 1;
    }
    assert_eq!((value, depth), (Value::I64(1), 19));
}

#[test]
fn each_way_in_which_a_script_fails_is_told() {
    let pool = pool("fails");
    for (script, expected, text) in [
        (
            "return return",
            ErrorKind::ProgramSyntax,
            "unexpected symbol",
        ),
        ("x = = 1", ErrorKind::ProgramSyntax, ":1:"),
        ("\x1bLua", ErrorKind::ProgramSyntax, "unexpected symbol"),
        (
            "error('on purpose')",
            ErrorKind::ProgramFailed,
            "on purpose",
        ),
        (
            "assert(false)",
            ErrorKind::ProgramFailed,
            "assertion failed",
        ),
        ("error({1})", ErrorKind::ProgramFailed, "stack traceback"),
        ("return 1, 2", ErrorKind::ProgramFailed, "Multiple return"),
        (
            "return function() end",
            ErrorKind::ProgramFailed,
            "function",
        ),
        ("return {[{}] = 1}", ErrorKind::ProgramFailed, "Invalid key"),
        (
            "return {[1] = 1, ['1'] = 2}",
            ErrorKind::ProgramFailed,
            "Collision",
        ),
        ("zfs.exists(1, 2)", ErrorKind::ProgramFailed, "wrong type"),
        (
            "zfs.get_prop('nosuchpool/x', 'used')",
            ErrorKind::ProgramFailed,
            "nosuchpool",
        ),
        (
            "while true do end",
            ErrorKind::ProgramInstructionLimit,
            "timed out",
        ),
    ] {
        for sync in [true, false] {
            let run = program(&pool, script).instruction_limit(10_000);
            let result = if sync { run.run() } else { run.run_read_only() };
            let error = result.unwrap_err();
            assert_eq!(error.kind(), expected, "{script}: {error}");
            assert!(message(&error).contains(text), "{script}: {error}");
            assert!(error.to_string().contains(text), "{script}: {error}");
            assert!(!error.to_string().contains('\n'), "{script}: {error}");
            assert_eq!(error.target(), pool.name().as_str());
        }
    }
}

#[test]
fn a_program_has_the_memory_that_it_is_given() {
    let pool = pool("memory");
    let script = "local t = {} for i = 1, 100 do t[i] = string.rep('x', 200000 + i) end return #t";
    let error = program(&pool, script).run_read_only().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProgramMemoryLimit, "{error}");
    let enough = program(&pool, script).memory_limit(MAX_MEMORY_LIMIT);
    assert_eq!(enough.run_read_only().unwrap(), Some(Value::I64(100)));
    let little = program(&pool, "return 1").memory_limit(1);
    assert_eq!(kind(little.run()), ErrorKind::ProgramMemoryLimit);

    // More than the program itself may have is refused before it begins.
    let many: Vec<String> = (0..1000).map(|i| format!("tank/data@{i}")).collect();
    let little = program(&pool, "return 1")
        .argument("names", many)
        .memory_limit(10_000);
    let error = little.run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProgramMemoryLimit, "{error}");
    assert!(error.to_string().contains("arguments"), "{error}");
}

#[test]
fn a_result_can_be_as_large_as_the_memory() {
    let pool = pool("large");
    // The one string is there many times in the result.
    let script = "
        local args = ...
        local t, s = {}, string.rep('x', 100000)
        for i = 1, args.count do t[i] = s end
        return t";
    let run = |count: i64| program(&pool, script).argument("count", count);
    let result = run(100).run_read_only().unwrap().unwrap();
    let result = result.into_list().unwrap();
    assert_eq!(result.len(), 100);
    assert!(
        result
            .values()
            .all(|value| value.as_str().unwrap().len() == 100_000)
    );
    for run in [run(110), run(200)] {
        let error = run.run_read_only().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ProgramResultTooLarge, "{error}");
        assert!(
            error
                .to_string()
                .contains(&DEFAULT_MEMORY_LIMIT.to_string())
        );
    }
    let enough = run(200).memory_limit(MAX_MEMORY_LIMIT);
    let result = enough.run_read_only().unwrap().unwrap();
    assert_eq!(result.as_list().unwrap().len(), 200);
}

#[test]
fn limits_that_are_none_are_refused() {
    let pool = pool("limits");
    let run = || program(&pool, "return 1");
    for run in [
        run().instruction_limit(0),
        run().instruction_limit(MAX_INSTRUCTION_LIMIT + 1),
        run().instruction_limit(u64::MAX),
        run().memory_limit(0),
        run().memory_limit(MAX_MEMORY_LIMIT + 1),
        run().memory_limit(u64::MAX),
    ] {
        assert_eq!(kind(run.run()), ErrorKind::InvalidProgramLimit);
    }
    let most = run()
        .instruction_limit(MAX_INSTRUCTION_LIMIT)
        .memory_limit(MAX_MEMORY_LIMIT);
    assert_eq!(most.run().unwrap(), Some(Value::I64(1)));

    // The kernel's own limit can be lower.
    let parameter = "/sys/module/zfs/parameters/zfs_lua_max_instrlimit";
    let before = fs::read_to_string(parameter).unwrap();
    fs::write(parameter, "50000000").unwrap();
    let result = run().instruction_limit(MAX_INSTRUCTION_LIMIT).run();
    fs::write(parameter, before).unwrap();
    assert_eq!(kind(result), ErrorKind::InvalidProgramLimit);
}

#[test]
fn what_would_end_badly_in_c_or_in_the_kernel_is_refused() {
    let pool = pool("refused");
    let longest = format!("return 1{}", " ".repeat(MAX_SCRIPT_LEN - "return 1".len()));
    assert_eq!(returned(&pool, &longest), Some(Value::I64(1)));
    // As many local variables as there is room for, written as shortly as they can be.
    let names = "a,".repeat(198) + "a";
    let locals = format!("do local {names} end ").repeat(200);
    for script in [longest + " ", locals.repeat(2), "return\0 1".to_owned()] {
        let error = program(&pool, &script).run_read_only().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    assert!(locals.len() > MAX_SCRIPT_LEN, "{}", locals.len());

    let nested = |levels: usize| {
        (0..levels).fold(NvList::new().with("end", 1_i64), |list, _| {
            NvList::new().with("in", list)
        })
    };
    let deep = |levels| program(&pool, "return 1").argument("deep", nested(levels));
    assert_eq!(deep(17).run().unwrap(), Some(Value::I64(1)));
    for levels in [18, 19, 20, 99, 100, 500] {
        assert_eq!(kind(deep(levels).run()), ErrorKind::InvalidArgument);
    }
    for value in [
        Value::U64(u64::MAX),
        Value::Double(1.0),
        Value::U8Array(vec![1]),
        Value::NvListArray(vec![NvList::new()]),
        Value::from("a\0b"),
    ] {
        let run = program(&pool, "return 1").argument("x", value);
        let error = run.run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    let mixed = program(&pool, "return 1")
        .argument("name", Value::Boolean)
        .argument("value", 1_i64);
    assert_eq!(kind(mixed.run()), ErrorKind::InvalidArgument);
    let bad_name = program(&pool, "return 1").argument("a\0b", true);
    assert_eq!(kind(bad_name.run()), ErrorKind::InvalidArgument);
    // Everything before was written to the pool's history, where it has to fit.
    zpool_says(&["sync", pool.name().as_str()]);
    let history = zpool_says(&["history", "-i", pool.name().as_str()]);
    assert!(history.contains("channel_program"), "{history}");
    pool.destroy().unwrap();
}

#[test]
fn ten_thousand_arguments_arrive() {
    let pool = pool("many");
    let script = "
        local args = ...
        local count, sum = 0, 0
        for _, value in pairs(args) do count = count + 1 sum = sum + value end
        return {count, sum}";
    let many = (0..10_000_i64).fold(program(&pool, script), |program, i| {
        program.argument(&format!("argument {i}"), i)
    });
    let result = many.run().unwrap().unwrap().into_list().unwrap();
    assert_eq!(result.get_i64("1"), Some(10_000));
    assert_eq!(result.get_i64("2"), Some(49_995_000));
}

#[test]
fn a_pool_that_is_not_there_is_told() {
    let pool = pool("nopool");
    let missing = "nosuchpool".parse().unwrap();
    let run = || pool.zfs().program(&missing, "return 1");
    assert_eq!(kind(run().run()), ErrorKind::PoolNotFound);
    assert_eq!(kind(run().run_read_only()), ErrorKind::PoolNotFound);
    // Another pool's dataset is not there for a program.
    let script = "return zfs.exists('nosuchpool/x')";
    let error = program(&pool, script).run_read_only().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ProgramFailed, "{error}");
}

#[test]
fn a_pool_that_cannot_be_written_runs_no_program_at_all() {
    let read_only = pool("readonly").export().unwrap();
    let read_only = read_only.import_read_only().unwrap();
    let run = |pool: &Pool| {
        let program = || program(pool, "return 1");
        [kind(program().run()), kind(program().run_read_only())]
    };
    assert_eq!(run(&read_only), [ErrorKind::ReadOnlyPool; 2]);
    within(Duration::from_secs(180), move || {
        let pool = pool("suspended");
        let suspension = pool.suspend().unwrap();
        assert_eq!(run(&pool), [ErrorKind::PoolSuspended; 2]);
        suspension.resume().unwrap();
        assert_eq!(returned(&pool, "return 1"), Some(Value::I64(1)));
    });
}

#[test]
fn a_program_is_for_root_whatever_is_delegated() {
    let pool = pool("user");
    let root = pool.dataset("");
    allow(&root, NOBODY, "create,destroy,mount,snapshot,hold,send");
    let run = || program(&pool, "return 1");
    let denied = as_user(NOBODY, || [kind(run().run()), kind(run().run_read_only())]);
    assert_eq!(denied, [ErrorKind::PermissionDenied; 2]);
}

#[test]
fn programs_run_from_several_threads() {
    let pool = pool("threads");
    thread::scope(|scope| {
        for number in 0..8_i64 {
            // The kernel makes one snapshot of a dataset in a transaction group.
            let data = file_system(&pool, &format!("data{number}"));
            let pool = &pool;
            scope.spawn(move || {
                for round in 0..4_i64 {
                    let name = data.snapshot(format!("s{round}").as_str()).unwrap();
                    let script = "local args = ... return zfs.sync.snapshot(args.name)";
                    let made = program(pool, script).argument("name", name.as_str());
                    assert_eq!(made.run().unwrap(), Some(Value::I64(0)));
                    let script = "local args = ... return args.number + args.round";
                    let sum = program(pool, script)
                        .argument("number", number)
                        .argument("round", round);
                    let expected = Some(Value::I64(number + round));
                    assert_eq!(sum.run_read_only().unwrap(), expected);
                }
            });
        }
    });
    let list = [
        "list",
        "-rHo",
        "name",
        "-t",
        "snapshot",
        pool.name().as_str(),
    ];
    assert_eq!(zfs_says(&list).lines().count(), 32);
}

#[test]
fn signals_do_not_cut_a_program_short() {
    extern "C" fn handle(_: libc::c_int) {}
    // SAFETY: all zero is a value of it, and without SA_RESTART.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handle as extern "C" fn(libc::c_int) as libc::sighandler_t;
    // SAFETY: the handler does nothing, which is allowed in a handler.
    let rc = unsafe { libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()) };
    assert_eq!(rc, 0);
    let pool = pool("signals");
    // SAFETY: has no preconditions.
    let this = unsafe { libc::pthread_self() };
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut sent = 0;
            while !done.load(Ordering::Relaxed) {
                // SAFETY: the thread is there until the scope ends, and handles the signal.
                unsafe { libc::pthread_kill(this, libc::SIGUSR1) };
                sent += 1;
                thread::sleep(Duration::from_millis(1));
            }
            sent
        });
        let script = "local n = 0 for i = 1, 2000000 do n = n + i end return n";
        let sum = Some(Value::I64(2_000_001_000_000));
        let run = || program(&pool, script);
        let results = [run().run_read_only(), run().run()];
        done.store(true, Ordering::Relaxed);
        assert!(sender.join().unwrap() > 0);
        for result in results {
            assert_eq!(result.unwrap(), sum);
        }
    });
}

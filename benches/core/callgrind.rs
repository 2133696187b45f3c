//! Counting instructions: this program once more, under callgrind.
//!
//! The second run makes each call in [`counted`] alone, whose beginning and end are callgrind's
//! marks to count and to write down; what it writes comes in the order of the names that the
//! second run prints. Only the program's own instructions are counted, the libraries' with them,
//! not the kernel's, and of a call that has threads those of the caller's thread.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::calls::Fixture;
use crate::measure::SIDES;

/// How often each call is counted. The least is taken: what is not the same every time, such as
/// where the allocator finds room, only adds to it.
const TIMES: usize = 3;

/// The instructions of a call.
pub(crate) struct Count {
    pub(crate) name: String,
    pub(crate) c: u64,
    pub(crate) safe: u64,
}

/// The name of [`counted`], as callgrind knows it.
const COUNTED: &str = "libzfs_bench_counted";

// SAFETY: nothing else has this name.
#[unsafe(export_name = "libzfs_bench_counted")]
#[inline(never)]
fn counted(work: &dyn Fn()) {
    work();
    // So that the call is not the last thing that this function does, and it stays on the stack.
    std::hint::black_box(());
}

/// The second run.
pub(crate) fn call(filter: &str) {
    let fixture = Fixture::new();
    for case in fixture.cases() {
        if !case.name.contains(filter) {
            continue;
        }
        println!("{}", case.name);
        for side in SIDES {
            // The first call of a function finds out where it is.
            case.call(side, |work| work());
            for _ in 0..TIMES {
                case.call(side, counted);
            }
        }
    }
}

/// Runs this program under callgrind; `tool` is the directory with its parts.
pub(crate) fn count(tool: &Path, filter: &str) -> Vec<Count> {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new(tool.join("callgrind-amd64-linux"))
        .env("VALGRIND_LIB", tool)
        // What the launcher, which only picks the tool for a program's architecture, sets.
        .env("VALGRIND_LAUNCHER", tool.join("callgrind-amd64-linux"))
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(format!("--dump-after={COUNTED}"))
        .arg(format!(
            "--callgrind-out-file={}/counts",
            directory.path().display()
        ))
        .arg(std::env::current_exe().unwrap())
        .args(["--call", filter])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let mut totals = (1..).map(|number| {
        let path = directory.path().join(format!("counts.{number}"));
        read_total(&path)
    });
    let mut least = || totals.by_ref().take(TIMES).min().unwrap();
    let names = String::from_utf8(output.stdout).unwrap();
    names
        .lines()
        .map(|name| Count {
            name: name.to_owned(),
            c: least(),
            safe: least(),
        })
        .collect()
}

/// The number of instructions that callgrind counted between two marks.
fn read_total(path: &Path) -> u64 {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .find_map(|line| line.strip_prefix("summary: "))
        .and_then(|total| total.trim().parse().ok())
        .unwrap_or_else(|| panic!("{} has no total", path.display()))
}

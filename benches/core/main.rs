//! `cargo xtask bench core`: what the safe layer adds to a call of C's, and what one call for a
//! thousand items saves.
//!
//! Both sides run in this process, on pools of its own, and take turns. Names are checked or made
//! before; all else that a call takes is part of it, on either side.
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that meets an error has measured nothing"
)]

mod bulk;
mod c;
mod callgrind;
mod calls;
mod measure;
mod table;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;

use crate::bulk::MANY;
use crate::calls::Fixture;
use crate::measure::Pairs;
use crate::table::{Clock, Table, added};

/// The fewest rounds of a call in a run.
const LEAST: usize = 10;

/// How many rounds the calls on many items make.
const BULK_ROUNDS: usize = 3;

const CALL_NOTES: &str = "\
The first row is the same call on both sides: what the measurement is good for. Neither side enters
anything into the history of the pool, but for libzfs in the row that says so, which takes a system
call and a list more. What libzfs does more on purpose: send and receive are in a thread of their own,
which no signal reaches.
";

#[derive(Debug, Parser)]
struct Options {
    /// Only calls with this in their names, and none on many items
    #[arg(default_value = "")]
    filter: String,
    /// Only calls on many items
    #[arg(long, conflicts_with = "filter")]
    bulk: bool,
    /// How often all calls are measured
    #[arg(long, value_name = "N", default_value_t = 3)]
    runs: usize,
    /// For how long each call is measured in each run, by this machine's clock
    #[arg(long, value_name = "SECONDS", default_value_t = 0.2)]
    seconds: f64,
    /// How many `zfs` processes stand for a thousand
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    processes: u32,
    /// The clock counts instructions, each of so many nanoseconds
    #[arg(long, value_name = "NANOSECONDS")]
    instruction_clock: Option<u32>,
    /// Count the program's own instructions instead, with valgrind's tools in this directory
    #[arg(long, value_name = "DIRECTORY")]
    valgrind: Option<PathBuf>,
    /// Make each call a few times and say its name, for callgrind to count
    #[arg(long, hide = true)]
    call: bool,
    /// What cargo says to a benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    if options.call {
        return callgrind::call(&options.filter);
    }
    let clock = options
        .instruction_clock
        .map_or(Clock::Time, Clock::Instructions);
    println!(
        "libzfs {} and libzfs_core side by side: OpenZFS {}, Linux {}",
        env!("CARGO_PKG_VERSION"),
        libzfs::kernel_version().unwrap(),
        std::fs::read_to_string("/proc/sys/kernel/osrelease")
            .unwrap()
            .trim(),
    );
    if let Some(tools) = &options.valgrind {
        return counted_calls(&options, tools);
    }
    if !options.bulk {
        single_calls(&options, clock);
    }
    if options.filter.is_empty() {
        bulk_calls(&options, clock);
    }
}

fn counted_calls(options: &Options, tools: &Path) {
    let mut table = Table::new(["call", "C", "libzfs", "added"]);
    for count in callgrind::count(tools, &options.filter) {
        table.add([
            count.name,
            count.c.to_string(),
            count.safe.to_string(),
            (i128::from(count.safe) - i128::from(count.c)).to_string(),
        ]);
    }
    println!(
        "\nOne call, in instructions of the program and its libraries, without the kernel's, in \
         the calling thread (callgrind):\n\n{table}"
    );
}

fn single_calls(options: &Options, clock: Clock) {
    let fixture = Fixture::new();
    let mut cases = fixture.cases();
    cases.retain(|case| case.name.contains(&options.filter));
    let limit = Duration::from_secs_f64(options.seconds);
    let mut runs: Vec<Vec<Pairs>> = cases.iter().map(|_| Vec::new()).collect();
    for _ in 0..options.runs {
        for (case, runs) in cases.iter().zip(&mut runs) {
            runs.push(case.measure(limit, LEAST));
        }
    }
    let mut table = Table::new([
        "call",
        "rounds",
        "C",
        "libzfs",
        "added (95 % interval)",
        "each run, %",
    ]);
    for (case, runs) in cases.iter().zip(&runs) {
        let all = Pairs(runs.iter().flat_map(|run| run.0.clone()).collect());
        let each: Vec<_> = runs
            .iter()
            .map(|run| format!("{:+.1}", run.added().median * 100.0))
            .collect();
        table.add([
            case.name.to_owned(),
            all.0.len().to_string(),
            clock.show(all.c()),
            clock.show(all.safe()),
            added(&all),
            each.join(" "),
        ]);
    }
    println!(
        "\nOne call, in {}, the kernel's part with it; medians of {} runs:\n\n{table}",
        clock.unit(),
        options.runs
    );
    println!("{CALL_NOTES}");
}

fn bulk_calls(options: &Options, clock: Clock) {
    let processes = usize::try_from(options.processes).unwrap();
    let results = bulk::Fixture::new().measure(BULK_ROUNDS, processes);
    let mut table = Table::new([
        "call for 1,000",
        "C",
        "libzfs",
        "added (95 % interval)",
        "one zfs process",
        "1,000 of them take",
    ]);
    for result in &results {
        #[allow(clippy::cast_precision_loss, reason = "it is 1,000")]
        let times = result.process * MANY as f64 / result.pairs.safe();
        table.add([
            result.name.to_owned(),
            clock.show(result.pairs.c()),
            clock.show(result.pairs.safe()),
            added(&result.pairs),
            clock.show(result.process),
            format!("{times:.0} times as long"),
        ]);
    }
    println!(
        "One call for 1,000 file systems' snapshots, in {}, medians of {BULK_ROUNDS} rounds; \
         a process each of `zfs`, median of {processes}:\n\n{table}",
        clock.unit()
    );
}

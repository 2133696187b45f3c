//! `cargo xtask bench list`: listing snapshots, beside the bare loop of ioctls and beside `zfs`.
//!
//! On a pool of its own, with the file systems mounted and not. All ways take turns, and medians
//! are shown. (Debian has no binding of libzfs for Python; python3-pyzfs is one of `libzfs_core`,
//! which has no function that lists snapshots.)
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that meets an error has measured nothing"
)]

mod floor;
mod memory;

use std::cell::Cell;
use std::hint::black_box;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use clap::Parser;
use libzfs::property::{
    CREATE_TXG, CREATION, GUID, LOGICAL_REFERENCED, NativeProperty, REFERENCED, USED,
};
use libzfs::testing::{Mount, Pool};
use libzfs::{DatasetName, Entry, ListBuilder, Properties};

/// What `zfs list` is asked for where it is six properties.
const SIX: &str = "guid,createtxg,creation,used,referenced,logicalreferenced";

/// How many threads make snapshots: those that wait at the same time share a transaction group.
const CREATORS: usize = 25;

#[derive(Debug, Parser)]
struct Options {
    /// How many snapshots there are, in all datasets together
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    snapshots: usize,
    /// How many datasets
    #[arg(long, value_name = "N", default_value_t = 8)]
    datasets: usize,
    /// How often all is measured
    #[arg(long, value_name = "N", default_value_t = 1)]
    rounds: usize,
    /// How many single properties are read
    #[arg(long, value_name = "N", default_value_t = 1000)]
    reads: usize,
    /// How many `zfs get` processes stand for as many
    #[arg(long, value_name = "N", default_value_t = 20)]
    processes: usize,
    /// How long the clock says that an instruction takes; with it, ways of one thread only
    #[arg(long, value_name = "NANOSECONDS")]
    instruction_clock: Option<u32>,
    /// Only ways with this in their names
    #[arg(default_value = "")]
    filter: String,
    /// What cargo says to a benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// Lists all snapshots, says when it has the first, and returns how many there are.
type List<'a> = dyn Fn(&dyn Fn()) -> usize + 'a;

/// One way to list them.
struct Way<'a> {
    name: &'static str,
    list: Box<List<'a>>,
    /// Whether it is a process of its own.
    process: bool,
}

/// What it took, in seconds and in bytes.
#[derive(Debug, Clone, Copy)]
struct Cost {
    first: f64,
    total: f64,
    memory: usize,
}

fn main() {
    let options = Options::parse();
    println!(
        "Listing {} snapshots of {} file systems: OpenZFS {}",
        options.snapshots,
        options.datasets,
        libzfs::kernel_version().unwrap(),
    );
    let fixture = Fixture::new(&options);
    let mounts = fixture.mount();
    fixture.compare("mounted", &options);
    fixture.single_reads(&options);
    drop(mounts);
    fixture.compare("not mounted", &options);
}

struct Fixture {
    pool: Pool,
    top: DatasetName,
    datasets: Vec<DatasetName>,
    names: Vec<String>,
}

impl Fixture {
    fn new(options: &Options) -> Self {
        let pool = Pool::builder().label("list").size(1 << 30).build().unwrap();
        let zfs = pool.zfs();
        let top = pool.dataset("data");
        zfs.create(&top).run().unwrap();
        let datasets: Vec<_> = (0..options.datasets)
            .map(|number| top.child(&format!("set-{number}")).unwrap())
            .collect();
        for dataset in &datasets {
            zfs.create(dataset).run().unwrap();
        }
        let next = AtomicUsize::new(0);
        let each = options.snapshots / options.datasets;
        thread::scope(|scope| {
            for _ in 0..CREATORS {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= each {
                            return;
                        }
                        let short = format!("autosnap_2026-11-{number:05}_hourly");
                        let names: Vec<_> = datasets
                            .iter()
                            .map(|dataset| dataset.snapshot(&short).unwrap())
                            .collect();
                        zfs.create_snapshots(&names).unwrap();
                    }
                });
            }
        });
        let names = datasets.iter().map(DatasetName::to_string).collect();
        Self {
            pool,
            top,
            datasets,
            names,
        }
    }

    fn count(&self, options: &Options) -> usize {
        options.snapshots / self.datasets.len() * self.datasets.len()
    }

    fn mount(&self) -> Vec<Mount> {
        let mount = |dataset| self.pool.mount(dataset).unwrap();
        self.datasets.iter().map(mount).collect()
    }

    fn snapshots(&self) -> ListBuilder {
        self.pool.zfs().list(&self.top).recursive().snapshots()
    }

    fn zfs_list<'a>(&'a self, name: &'static str, columns: &'static str) -> Way<'a> {
        let arguments = [
            "list",
            "-Hp",
            "-t",
            "snapshot",
            "-r",
            "-o",
            columns,
            self.top.as_str(),
        ];
        Way {
            name,
            list: Box::new(move |first| process(&arguments, first)),
            process: true,
        }
    }

    fn ways(&self) -> Vec<Vec<Way<'_>>> {
        let floor = |name, properties| Way {
            name,
            list: Box::new(move |first: &dyn Fn()| floor::list(&self.names, properties, first)),
            process: false,
        };
        let names = |name, threads, program| Way {
            name,
            list: Box::new(move |first: &dyn Fn()| {
                let list = self.snapshots().threads(threads).allow_program(program);
                counted(list.names().unwrap(), first, |name| {
                    black_box(name);
                })
            }),
            process: false,
        };
        let identities = |name, threads| Way {
            name,
            list: Box::new(move |first: &dyn Fn()| {
                let list = self.snapshots().threads(threads);
                counted(list.run().unwrap(), first, |entry: Entry| {
                    black_box((entry.guid(), entry.create_txg()));
                })
            }),
            process: false,
        };
        let properties = |name, threads| Way {
            name,
            list: Box::new(move |first: &dyn Fn()| {
                let list = self.snapshots().threads(threads).properties();
                counted(list.run().unwrap(), first, |entry: Entry| {
                    black_box(six(entry.properties().unwrap()));
                })
            }),
            process: false,
        };
        vec![
            vec![
                floor("names: the bare loop", false),
                names("names: libzfs, 1 thread", 1, 0),
                names("names: libzfs, 2 threads", 2, 0),
                names("names: libzfs, with a program", 1, 20_000),
                self.zfs_list("names: zfs list", "name"),
            ],
            vec![
                floor("identities: the bare loop", false),
                identities("identities: libzfs, 1 thread", 1),
                identities("identities: libzfs, 2 threads", 2),
                self.zfs_list("identities: zfs list", "name,guid,createtxg"),
            ],
            vec![
                floor("properties: the bare loop", true),
                properties("properties: libzfs, 1 thread", 1),
                properties("properties: libzfs, 2 threads", 2),
                self.zfs_list("properties: zfs list, six of them", SIX),
            ],
        ]
    }

    /// Has all ways take turns, and says what they took, each group compared with its first.
    fn compare(&self, state: &str, options: &Options) {
        let expected = self.count(options);
        println!("\nFile systems {state}; {} rounds:\n", options.rounds);
        println!("| way | first, ms | in all, s | one, µs | times the bare loop | memory, KiB |");
        println!("|---|---:|---:|---:|---:|---:|");
        for group in self.ways() {
            let ways: Vec<_> = group
                .iter()
                .filter(|way| way.name.contains(&options.filter))
                .filter(|way| options.instruction_clock.is_none() || !way.name.ends_with("threads"))
                .collect();
            let mut costs: Vec<Vec<Cost>> = ways.iter().map(|_| Vec::new()).collect();
            for _ in 0..options.rounds {
                for (way, costs) in ways.iter().zip(&mut costs) {
                    costs.push(way.measure(expected));
                }
            }
            let mut base = None;
            for (way, costs) in ways.iter().zip(&costs) {
                let first = median(costs.iter().map(|cost| cost.first));
                let total = median(costs.iter().map(|cost| cost.total));
                let memory = costs.iter().map(|cost| cost.memory).max().unwrap();
                let base = *base.get_or_insert(total);
                #[allow(clippy::cast_precision_loss, reason = "there are not so many")]
                let one = total / expected as f64;
                println!(
                    "| {} | {:.1} | {total:.2} | {:.0} | {:.2} | {} |",
                    way.name,
                    first * 1e3,
                    one * 1e6,
                    total / base,
                    memory >> 10,
                );
            }
        }
        if options.instruction_clock.is_none() {
            self.again(options);
        }
    }

    /// A listing of which it is known that nothing has changed.
    fn again(&self, options: &Options) {
        let begun = Instant::now();
        let mut catalog = self.snapshots().threads(2).catalog().unwrap();
        let made = begun.elapsed();
        // The first one is too close to when the snapshots were made, maybe.
        catalog.refresh().unwrap();
        let mut times = Vec::new();
        for _ in 0..options.rounds.max(3) {
            let begun = Instant::now();
            let refreshed = catalog.refresh().unwrap();
            times.push(begun.elapsed().as_secs_f64());
            black_box(refreshed);
        }
        println!(
            "\nA catalog made by 2 threads: {:.2} s; brought up to date with nothing changed: {:.4} s \
             ({:?})",
            made.as_secs_f64(),
            median(times),
            catalog.refresh().unwrap(),
        );
    }

    fn single_reads(&self, options: &Options) {
        let zfs = self.pool.zfs();
        let dataset = &self.datasets[0];
        let begun = Instant::now();
        for _ in 0..options.reads {
            black_box(zfs.dataset(dataset).unwrap().get(&USED).unwrap());
        }
        #[allow(clippy::cast_precision_loss, reason = "there are not so many")]
        let one = begun.elapsed().as_secs_f64() / options.reads as f64;
        let arguments = ["get", "-Hpo", "value", "used", dataset.as_str()];
        let each = median((0..options.processes).map(|_| {
            let begun = Instant::now();
            process(&arguments, &|| ());
            begun.elapsed().as_secs_f64()
        }));
        println!(
            "\nOne property of one file system, {} times: {:.0} µs each; a process of zfs get: {:.0} µs, \
             {:.0} times as long",
            options.reads,
            one * 1e6,
            each * 1e6,
            each / one,
        );
    }
}

impl Way<'_> {
    fn measure(&self, expected: usize) -> Cost {
        let first = Cell::new(None);
        memory::begin();
        let begun = Instant::now();
        let count = (self.list)(&|| first.set(Some(begun.elapsed())));
        let total = begun.elapsed();
        assert_eq!(count, expected, "{}", self.name);
        let memory = match self.process {
            true => memory::of_children(),
            false => memory::most(),
        };
        Cost {
            first: first.get().unwrap().as_secs_f64(),
            total: total.as_secs_f64(),
            memory,
        }
    }
}

fn counted<T>(
    listing: impl Iterator<Item = libzfs::Result<T>>,
    first: &dyn Fn(),
    use_up: impl Fn(T),
) -> usize {
    let mut count = 0;
    for found in listing {
        use_up(found.unwrap());
        if count == 0 {
            first();
        }
        count += 1;
    }
    count
}

/// The values that [`SIX`] names.
fn six(properties: &Properties) -> [u64; 6] {
    let number = |property: &NativeProperty<u64>| properties.get(property).unwrap().unwrap().value;
    [
        number(&GUID),
        number(&CREATE_TXG),
        number(&CREATION),
        number(&USED),
        number(&REFERENCED),
        number(&LOGICAL_REFERENCED),
    ]
}

/// Runs `zfs` and counts the lines that it prints.
fn process(arguments: &[&str], first: &dyn Fn()) -> usize {
    let mut child = Command::new("zfs")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut buffer = vec![0; 64 << 10];
    let mut lines = 0;
    loop {
        let len = output.read(&mut buffer).unwrap();
        if len == 0 {
            break;
        }
        if lines == 0 {
            first();
        }
        lines += buffer[..len].iter().filter(|&&byte| byte == b'\n').count();
    }
    assert!(child.wait().unwrap().success(), "zfs {arguments:?}");
    lines
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

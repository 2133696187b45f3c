//! `cargo xtask test`: what needs no ZFS here, and the rest on each release.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::process::Signal;

use crate::build::{Environment, Program};
use crate::cache::Cache;
use crate::guest::{self, Settings, Streams};
use crate::libtest::{self, Counts};
use crate::project::Project;
use crate::recipe::Recipe;
use crate::release::Release;
use crate::suite::{self, Feed, Suites};
use crate::{memory, native, process, tree};

/// What is to be tested, and where.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The releases; those of all guests by default.
    pub(crate) releases: Vec<Release>,
    /// On this machine instead.
    pub(crate) native: bool,
    /// Only the tests with this in their names.
    pub(crate) filter: Option<String>,
    /// Only the test programs of these names, and nothing on the host.
    pub(crate) programs: Vec<String>,
    /// Whether AddressSanitizer watches; then nothing is tested on the host.
    pub(crate) watched: bool,
    /// How long one test program may take.
    pub(crate) limit: Duration,
    /// How many guests run at the same time.
    pub(crate) jobs: usize,
    /// What the guests are like.
    pub(crate) settings: Settings,
}

/// What is tested without any ZFS, and the release that it is built against: the
/// parts that are pure, the documentation's examples (of which those that would
/// need ZFS are only compiled), the raw bindings' build script, and this tool.
const ON_HOST: &[(&str, Option<Release>, &[&str])] = &[
    (
        "libzfs without ZFS",
        None,
        &["-p", "libzfs", "--no-default-features", "--lib", "--tests"],
    ),
    (
        "libzfs, documentation",
        Some(Release::OLDEST),
        &["-p", "libzfs", "--doc"],
    ),
    (
        "libzfs-sys, tests/build_script",
        Some(Release::OLDEST),
        &["-p", "libzfs-sys", "--test", "build_script"],
    ),
    ("xtask", None, &["-p", "xtask"]),
];

/// What is tested on pools, built once for all releases. Examples are built too,
/// and not run.
pub(crate) const ON_POOLS: &[&str] = &["test", "--no-run", "-p", "zvault", "-p", "libzfs"];

/// What is built for each release anew: the raw bindings with the library whose
/// interface changes with every release.
const PER_RELEASE: &[&str] = &[
    "test",
    "--no-run",
    "-p",
    "libzfs-sys",
    "--features",
    "libzfs",
];

/// The test program that is built for each release.
const LINK_TEST: &str = "libzfs_link";

/// The test program that is given OpenSSH, and how it is told where that is.
const SSH_TEST: &str = "ssh";
const OPENSSH: &str = "LIBZFS_TEST_OPENSSH";

/// Random cases for each property that is tested in a guest: the code is the same
/// that is tested with many more on the host, where a case takes no time.
const PROPTEST_CASES: &str = "16";

/// What was built to be run on pools.
#[derive(Debug, Default)]
struct Programs {
    /// On whichever release.
    common: Vec<Program>,
    /// On one release only.
    own: BTreeMap<Release, Vec<Program>>,
}

impl Programs {
    fn of(&self, release: Release) -> Vec<Program> {
        let own = self.own.get(&release).into_iter().flatten();
        self.common.iter().chain(own).cloned().collect()
    }
}

/// The line that all ends with, and what it is made of.
#[derive(Debug, Default)]
struct Tally {
    lines: Vec<String>,
    total: Counts,
}

impl Tally {
    fn add(&mut self, what: &str, counts: Counts, note: &str) {
        let separator = if note.is_empty() { "" } else { ": " };
        self.lines
            .push(format!("{what}: {counts}{separator}{note}"));
        self.total += counts;
    }

    /// Something that could not be tested at all.
    fn add_failure(&mut self, what: &str, why: &str) {
        let counts = Counts {
            failed: 1,
            ..Counts::default()
        };
        self.add(what, counts, why.lines().next().unwrap_or_default());
    }
}

/// Tests, and says whether all is well. Whatever goes wrong, the last line counts.
pub(crate) fn run(cache: &Cache, project: &Project, plan: &Plan) -> bool {
    let mut tally = Tally::default();
    if plan.programs.is_empty() && !plan.watched {
        for (what, release, arguments) in ON_HOST {
            let tested = environment(cache, plan, *release)
                .and_then(|environment| test_on_host(environment.cargo(project), plan, arguments));
            match tested {
                Ok(counts) => tally.add(&format!("host, {what}"), counts, ""),
                Err(error) => {
                    eprintln!("host, {what}: {error:#}");
                    tally.add_failure(&format!("host, {what}"), &error.to_string());
                }
            }
        }
    }
    match build(cache, project, plan) {
        Ok(programs) if plan.native => test_natively(project, plan, &programs, &mut tally),
        Ok(programs) => test_in_guests(cache, project, plan, &programs, &mut tally),
        Err(error) => {
            eprintln!("error: {error:#}");
            tally.add_failure("tests on pools", "were not built");
        }
    }
    if tally.total.total() == 0 {
        tally.add_failure("tests", "there is none of that name");
    }
    println!();
    for line in &tally.lines {
        println!("{line}");
    }
    println!("{}", tally.total);
    tally.total.failed == 0
}

/// What to build in: against a release, or as this machine is. On a machine that
/// has ZFS, it is that ZFS which is built against.
fn environment(cache: &Cache, plan: &Plan, release: Option<Release>) -> Result<Environment> {
    match release {
        Some(release) if !plan.native => {
            let environment = Environment::get(cache, release)?;
            Ok(if plan.watched {
                environment.watched()
            } else {
                environment
            })
        }
        _ => Ok(Environment::native()),
    }
}

/// Runs `cargo test` right here and counts.
fn test_on_host(mut cargo: Command, plan: &Plan, arguments: &[&str]) -> Result<Counts> {
    let start = Instant::now();
    cargo.args(["test", "--no-fail-fast"]).args(arguments);
    if let Some(filter) = &plan.filter {
        cargo.args(["--", filter]);
    }
    cargo.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = process::die_with_parent(&mut cargo, Signal::TERM).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut counts = libtest::count(&text, output.status.success());
    if counts.total() == 0 && plan.filter.is_none() {
        counts.failed = 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    let what = process::shown(&cargo);
    println!("host: {what}: {counts} ({seconds:.1} s)");
    if counts.failed > 0 {
        show_failure(&what, &text);
    }
    Ok(counts)
}

/// Builds what runs everywhere, and then what only runs on each release.
fn build(cache: &Cache, project: &Project, plan: &Plan) -> Result<Programs> {
    let (link_test, common): (Vec<&str>, Vec<&str>) = plan
        .programs
        .iter()
        .map(String::as_str)
        .partition(|name| *name == LINK_TEST);
    let all = plan.programs.is_empty();
    let mut programs = Programs::default();
    if all || !common.is_empty() {
        let environment = environment(cache, plan, Some(Release::OLDEST))?;
        programs.common = build_tests(&environment, project, ON_POOLS, &common)?;
    }
    // What it tests are names and addresses: there is nothing to watch.
    if plan.watched || (!all && link_test.is_empty()) {
        return Ok(programs);
    }
    // Other tests of that package are of its build script, and run on the host.
    let link_test = if all {
        &["--lib", "--test", LINK_TEST]
    } else {
        &["--test", LINK_TEST][..]
    };
    let arguments = [PER_RELEASE, link_test].concat();
    if plan.native {
        let own = build_tests(&Environment::native(), project, &arguments, &[])?;
        programs.common.extend(own);
        return Ok(programs);
    }
    for &release in &plan.releases {
        let environment = environment(cache, plan, Some(release))?;
        let mut own = build_tests(&environment, project, &arguments, &[])?;
        for program in &mut own {
            // The next release's would take its place.
            program.path = set_aside(project, release, program)?;
        }
        programs.own.insert(release, own);
    }
    Ok(programs)
}

/// Builds test programs, all or those of the names given.
fn build_tests(
    environment: &Environment,
    project: &Project,
    arguments: &[&str],
    names: &[&str],
) -> Result<Vec<Program>> {
    let mut arguments = arguments.to_vec();
    for name in names {
        arguments.extend(["--test", name]);
    }
    let mut programs = environment.build(project, &arguments)?;
    programs.retain(|program| program.is_test);
    // In an order that does not depend on what cargo finished first.
    programs.sort_by_key(|program| (program.is_integration_test, suite::suite_name(program)));
    Ok(programs)
}

/// Copies a program to where no other build writes.
fn set_aside(project: &Project, release: Release, program: &Program) -> Result<PathBuf> {
    let directory = project.target.join("guests").join(release.name());
    fs::create_dir_all(&directory)?;
    let path = directory.join(program.path.file_name().unwrap_or_default());
    fs::copy(&program.path, &path)?;
    Ok(path)
}

fn test_natively(project: &Project, plan: &Plan, programs: &Programs, tally: &mut Tally) {
    test_at(
        "native",
        project,
        plan,
        &programs.common,
        tally,
        |task, streams| native::run(task, plan.settings.timeout, streams),
    );
}

/// Tests each release in a guest of its own, as many at a time as asked for.
fn test_in_guests(
    cache: &Cache,
    project: &Project,
    plan: &Plan,
    programs: &Programs,
    tally: &mut Tally,
) {
    let waiting: Mutex<VecDeque<_>> = Mutex::new(plan.releases.iter().copied().collect());
    let tested = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..plan.jobs.max(1) {
            scope.spawn(|| {
                let next = || {
                    waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .pop_front()
                };
                while let Some(release) = next() {
                    let mut own = Tally::default();
                    let place = format!("OpenZFS {release}");
                    let settings = Settings {
                        release,
                        ..plan.settings.clone()
                    };
                    let programs = programs.of(release);
                    test_at(
                        &place,
                        project,
                        plan,
                        &programs,
                        &mut own,
                        |task, streams| {
                            let mut task = task.clone();
                            if programs.iter().any(|program| program.name == SSH_TEST) {
                                let openssh = tree::unpacked(cache, &Recipe::openssh())?;
                                let place = openssh.clone().into_os_string();
                                task.environment.push((OPENSSH.into(), place));
                                task.carried.push(openssh);
                            }
                            guest::run(cache, project, &settings, &task, streams)
                        },
                    );
                    tested
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((release, own));
                }
            });
        }
    });
    let mut tested = tested.into_inner().unwrap_or_else(PoisonError::into_inner);
    tested.sort_by_key(|(release, _)| *release);
    for (_, own) in tested {
        tally.lines.extend(own.lines);
        tally.total += own.total;
    }
}

/// Runs all programs in one place, by `execute`, and counts.
fn test_at(
    place: &str,
    project: &Project,
    plan: &Plan,
    programs: &[Program],
    tally: &mut Tally,
    execute: impl FnOnce(&crate::carry::Task, Streams) -> Result<u8>,
) {
    let filter: Vec<_> = plan.filter.iter().cloned().collect();
    let suites = match Suites::new(place, programs, plan.filter.is_some()) {
        Ok(suites) => Arc::new(suites),
        Err(error) => return tally.add_failure(place, &error.to_string()),
    };
    let mut task = suites.task(&project.root, plan.limit, &filter);
    task.environment
        .push(("PROPTEST_CASES".into(), PROPTEST_CASES.into()));
    if plan.watched {
        task.environment.extend(memory::variables());
    }
    let streams = Streams {
        stdout: Box::new(Feed(Arc::clone(&suites))),
        stderr: Box::new(std::io::stderr()),
    };
    let result = execute(&task, streams);
    if let Err(error) = &result {
        eprintln!("{place}: {error:#}");
        suites.close(&error.to_string());
    }
    if !suites.stray().is_empty() {
        eprintln!("{place}: {}", suites.stray());
    }

    let mut total = Counts::default();
    for (program, outcome) in suites.outcomes() {
        let name = format!("{place}, {}", suite::suite_name(program));
        match outcome {
            Some(outcome) => {
                if let Some(failure) = &outcome.failure {
                    show_failure(&name, failure);
                }
                if outcome.counts.total() > 0 {
                    tally.add(&name, outcome.counts, "");
                    total += outcome.counts;
                }
            }
            None => {
                tally.add_failure(&name, "was not run");
                total.failed += 1;
            }
        }
    }
    if total.total() == 0 && plan.filter.is_none() {
        tally.add_failure(place, "ran no tests");
        total.failed += 1;
    }
    tally.lines.push(format!("{place}: {total}"));
}

/// Shows a suite's output.
fn show_failure(what: &str, output: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "\n---- {what} ----");
    for line in output.lines() {
        let _ = writeln!(stdout, "    {line}");
    }
    let _ = writeln!(stdout, "---- end of {what} ----\n");
}

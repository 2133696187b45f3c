//! `cargo xtask memory`: the tests on pools, with AddressSanitizer watching the
//! memory of Rust and of the C libraries.
//!
//! It sees what is never freed, whoever allocated it, and what is accessed out of
//! bounds or after it was freed by Rust code compiled here, or by the C library's
//! memory and string functions on anyone's behalf. Loads and stores that
//! OpenZFS's libraries make themselves it does not see.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use anyhow::{Context as _, Result, ensure};

use crate::build::Environment;
use crate::cache::Cache;
use crate::carry::Task;
use crate::guest::{self, Settings, Streams};
use crate::project::Project;
use crate::release::Release;
use crate::test::{self, Plan};

/// The directory for reports in a guest. Written to standard error, those of
/// programs that tests start would go unseen.
const REPORTS: &str = "/tmp/memory-reports";

/// The status of a program that something was reported of; no test's own.
pub(crate) const REPORTED: u8 = 86;

/// What the sanitizer is told, with where to report: that each string that C is
/// given has to have its end, and that the tool for line numbers is `addr2line`,
/// which guests have.
fn options(reports: &str) -> String {
    format!(
        "detect_leaks=1:strict_string_checks=1:allow_addr2line=1:\
         exitcode={REPORTED}:log_path={reports}"
    )
}

/// What tests are run with to be watched.
pub(crate) fn variables() -> [(OsString, OsString); 3] {
    [
        (
            "ASAN_OPTIONS".into(),
            options(&format!("{REPORTS}/report")).into(),
        ),
        ("REPORTS".into(), REPORTS.into()),
        ("REPORTED".into(), REPORTED.to_string().into()),
    ]
}

/// The test program that makes mistakes when told to.
const FAULTS: &str = "memory_faults";

/// Its tests, and what a report of each has to say.
const EXPECTED: &[(&str, &[&str])] = &[
    (
        "a_list_of_c_is_freed",
        &["LeakSanitizer: detected memory leaks", "libnvpair.so"],
    ),
    (
        "c_is_told_the_length_of_a_buffer",
        &["AddressSanitizer: heap-buffer-overflow", "libnvpair.so"],
    ),
    (
        "bytes_of_c_are_read_before_they_are_freed",
        &["AddressSanitizer: heap-use-after-free"],
    ),
];

/// Tests, once it is known that mistakes are seen, and says whether all is well.
pub(crate) fn run(cache: &Cache, project: &Project, plan: &Plan) -> Result<bool> {
    let arguments = [test::ON_POOLS, &["--test", FAULTS]].concat();
    let faults = Environment::get(cache, Release::OLDEST)?
        .watched()
        .build(project, &arguments)?
        .into_iter()
        .find(|program| program.name == FAULTS)
        .context("cargo built no such test")?;
    for &release in &plan.releases {
        let settings = Settings {
            release,
            ..plan.settings.clone()
        };
        check_the_watch(cache, project, &settings, &faults.path)?;
    }
    Ok(test::run(cache, project, plan))
}

/// Has each mistake made, and is content if each is reported.
fn check_the_watch(
    cache: &Cache,
    project: &Project,
    settings: &Settings,
    faults: &Path,
) -> Result<()> {
    let scratch = cache.scratch()?;
    let reports = scratch.path().join("reports");
    let mut script = String::new();
    for (test, _) in EXPECTED {
        let _ = writeln!(
            script,
            // Finding line numbers takes minutes under emulation.
            "ASAN_OPTIONS={}:symbolize=0 \"$0\" --exact {test}",
            options(&format!("/out/{test}"))
        );
    }
    let task = Task {
        command: vec!["sh".into(), "-c".into(), script.into(), faults.into()],
        directory: project.root.clone(),
        environment: vec![("LIBZFS_TEST_FAULT".into(), "1".into())],
        carried: vec![faults.to_owned()],
        wants_out: true,
    };
    let settings = Settings {
        out: Some(reports.clone()),
        ..settings.clone()
    };
    let streams = Streams {
        stdout: Box::new(io::sink()),
        stderr: Box::new(io::sink()),
    };
    guest::run(cache, project, &settings, &task, streams)?;
    for (test, expected) in EXPECTED {
        let report = report_of(test, &reports)?;
        for phrase in *expected {
            ensure!(
                report.contains(phrase),
                "a mistake made on purpose was missed: {test} left no report of \"{phrase}\", \
                 but this:\n{report}"
            );
        }
    }
    println!(
        "OpenZFS {}: {} mistakes made on purpose were reported",
        settings.release,
        EXPECTED.len()
    );
    Ok(())
}

/// All that was reported while the test ran; the names of the files end with the
/// number of a process.
fn report_of(test: &str, reports: &Path) -> Result<String> {
    let mut text = String::new();
    for entry in fs::read_dir(reports)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.rsplit_once('.').is_some_and(|(stem, _)| stem == test) {
            text.push_str(&String::from_utf8_lossy(&fs::read(entry.path())?));
        }
    }
    Ok(text)
}

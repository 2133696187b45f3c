//! Suites: test programs run one after the other in one place, their output
//! taken apart and counted as it comes.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::build::Program;
use crate::carry::Task;
use crate::libtest::{self, Counts};
use crate::{memory, ports, process};

/// What runs in the place.
const SCRIPT: &str = include_str!("../guest/tests.sh");

/// Statuses of `timeout` when time ran out: by its own signal, or by the last one.
const TIMED_OUT: [u8; 2] = [124, 137];

/// One program's tests, when they are over.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) counts: Counts,
    /// What it printed, if any of it failed.
    pub(crate) failure: Option<String>,
}

/// All programs' tests in one place.
#[derive(Debug)]
pub(crate) struct Suites {
    /// What the place is called.
    place: String,
    programs: Vec<Program>,
    filtered: bool,
    mark: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    line: Vec<u8>,
    running: Option<(usize, Instant, String)>,
    outcomes: Vec<Option<Outcome>>,
    /// What is printed between programs' outputs, which should be nothing.
    stray: String,
}

impl Suites {
    /// None has been run yet.
    pub(crate) fn new(place: &str, programs: &[Program], filtered: bool) -> anyhow::Result<Self> {
        Ok(Self {
            place: place.to_owned(),
            programs: programs.to_vec(),
            filtered,
            mark: format!(
                "@{}",
                ports::new_marker()?.trim_start_matches(char::is_control)
            ),
            state: Mutex::new(State {
                line: Vec::new(),
                running: None,
                outcomes: vec![None; programs.len()],
                stray: String::new(),
            }),
        })
    }

    /// The task that runs them all.
    pub(crate) fn task(&self, root: &Path, limit: Duration, arguments: &[String]) -> Task {
        let mut script = SCRIPT.as_bytes().to_vec();
        for (number, program) in self.programs.iter().enumerate() {
            let _ = write!(script, "run {number}");
            for word in [program.directory.as_os_str(), program.path.as_os_str()]
                .into_iter()
                .chain(arguments.iter().map(AsRef::as_ref))
            {
                script.push(b' ');
                script.extend(process::quoted(word));
            }
            script.push(b'\n');
        }
        let script = {
            use std::os::unix::ffi::OsStringExt as _;
            OsString::from_vec(script)
        };
        Task {
            command: vec!["sh".into(), "-c".into(), script],
            directory: root.to_owned(),
            environment: vec![
                ("MARK".into(), self.mark.clone().into()),
                ("LIMIT".into(), limit.as_secs().to_string().into()),
                ("RUST_BACKTRACE".into(), "1".into()),
            ],
            carried: self
                .programs
                .iter()
                .map(|program| program.path.clone())
                .collect(),
            wants_out: false,
        }
    }

    /// Ends what was running when the place ceased to be.
    pub(crate) fn close(&self, why: &str) {
        let mut state = self.lock();
        let line = std::mem::take(&mut state.line);
        self.take_line(&mut state, &line);
        if let Some((number, start, output)) = state.running.take() {
            let output = format!("{output}\n[{why}]\n");
            self.finish(&mut state, number, start, &output, Err(why));
        }
    }

    /// Each program with what became of its tests; `None` if it was not run.
    pub(crate) fn outcomes(&self) -> Vec<(&Program, Option<Outcome>)> {
        let outcomes = self.lock().outcomes.clone();
        self.programs.iter().zip(outcomes).collect()
    }

    /// What was printed outside of any program.
    pub(crate) fn stray(&self) -> String {
        self.lock().stray.trim().to_owned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_line(&self, state: &mut State, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let Some(event) = text.strip_prefix(&self.mark) else {
            let log = match &mut state.running {
                Some((_, _, log)) => log,
                None => &mut state.stray,
            };
            log.push_str(text.trim_end_matches('\r'));
            log.push('\n');
            return;
        };
        let words: Vec<_> = event.split_whitespace().collect();
        match words[..] {
            ["begin", number] => {
                if let Ok(number) = number.parse() {
                    state.running = Some((number, Instant::now(), String::new()));
                }
            }
            ["end", _, status] => {
                if let Some((number, start, log)) = state.running.take() {
                    let status = status.parse().unwrap_or(1);
                    self.finish(state, number, start, &log, Ok(status));
                }
            }
            ["leaked", number, pool] => {
                let number: usize = number.parse().unwrap_or(0);
                let name = self
                    .programs
                    .get(number)
                    .map_or("?", |program| &program.name);
                eprintln!("{}: {name}: left the pool {pool} behind", self.place);
            }
            _ => {}
        }
    }

    /// Counts a program's tests and says so.
    fn finish(
        &self,
        state: &mut State,
        number: usize,
        start: Instant,
        log: &str,
        end: Result<u8, &str>,
    ) {
        let Some(program) = self.programs.get(number) else {
            return;
        };
        let mut counts = libtest::count(log, end == Ok(0));
        let mut note = String::new();
        match end {
            Ok(0) if counts.total() == 0 && program.is_integration_test && !self.filtered => {
                counts.failed = 1;
                note = "ran no tests".to_owned();
            }
            Ok(0) => {}
            Ok(status) if TIMED_OUT.contains(&status) => {
                note = "took too long and was killed".to_owned();
            }
            // The status of the test harness itself, when a test has failed.
            Ok(101) => {}
            Ok(memory::REPORTED) => note = "its memory is not in order".to_owned(),
            Ok(status @ 129..) => note = format!("died of signal {}", status - 128),
            Ok(status) => note = format!("ended with status {status}"),
            Err(why) => why.lines().next().unwrap_or_default().clone_into(&mut note),
        }
        if counts.total() > 0 {
            let mut text = format!("{}: {}", self.place, suite_name(program));
            let seconds = start.elapsed().as_secs_f64();
            let _ = write!(text, ": {counts} ({seconds:.1} s)");
            if !note.is_empty() {
                let _ = write!(text, ": {note}");
            }
            println!("{text}");
        }
        state.outcomes[number] = Some(Outcome {
            counts,
            failure: (counts.failed > 0).then(|| format!("{}\n{note}", log.trim())),
        });
    }
}

/// What a program's tests are called.
pub(crate) fn suite_name(program: &Program) -> String {
    if program.is_integration_test {
        format!("{}, tests/{}", program.package, program.name)
    } else {
        format!("{}, unit tests", program.package)
    }
}

/// Feeds suites with what their place prints.
#[derive(Clone, Debug)]
pub(crate) struct Feed(pub(crate) Arc<Suites>);

impl Write for Feed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        for &byte in bytes {
            if byte == b'\n' {
                let line = std::mem::take(&mut state.line);
                self.0.take_line(&mut state, &line);
            } else {
                state.line.push(byte);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(name: &str, is_integration_test: bool) -> Program {
        Program {
            package: "p".into(),
            directory: "/p".into(),
            name: name.into(),
            is_integration_test,
            is_test: true,
            path: format!("/t/{name}").into(),
        }
    }

    fn feed(suites: &Arc<Suites>, text: &str) {
        let text = text.replace("MARK", &suites.mark);
        // As cut up as a port may deliver it.
        for byte in text.as_bytes() {
            Feed(Arc::clone(suites)).write_all(&[*byte]).unwrap();
        }
    }

    fn outcomes(suites: &Suites) -> Vec<Option<String>> {
        let text = |outcome: Outcome| outcome.counts.to_string();
        suites
            .outcomes()
            .into_iter()
            .map(|(_, outcome)| outcome.map(text))
            .collect()
    }

    const RESULT: &str = "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured";

    #[test]
    fn outputs_are_told_apart() {
        let programs = [program("a", true), program("b", true), program("c", false)];
        let suites = Arc::new(Suites::new("x", &programs, false).unwrap());
        feed(
            &suites,
            &format!("\nMARK begin 0\n{RESULT}\n\nMARK end 0 0\n"),
        );
        feed(&suites, "\nMARK begin 1\nno newline\nMARK end 1 0\n");
        feed(&suites, "\nMARK begin 2\n\nMARK end 2 0\n");
        let expected = [
            "2 passed, 0 failed, 1 skipped",
            "0 passed, 1 failed, 0 skipped",
        ];
        let found = outcomes(&suites);
        assert_eq!(found[0].as_deref(), Some(expected[0]));
        // An empty file of tests is an error, an empty module of them is none.
        assert_eq!(found[1].as_deref(), Some(expected[1]));
        assert_eq!(found[2].as_deref(), Some("0 passed, 0 failed, 0 skipped"));
        assert_eq!(suites.stray(), "");
    }

    /// As `cargo xtask memory` runs programs, but here, and with a report that is
    /// that of another process.
    #[test]
    fn a_report_fails_a_program_that_succeeds() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = std::env::temp_dir().join(format!("xtask-report-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let script = format!(
            "#!/bin/sh\necho '{RESULT}'\n[ $0 = {0}/good ] || echo LEAK >{0}/reports/x.1\n",
            directory.display()
        );
        let programs = ["bad", "good"].map(|name| Program {
            path: directory.join(name),
            directory: directory.clone(),
            ..program(name, true)
        });
        for program in &programs {
            std::fs::write(&program.path, &script).unwrap();
            std::fs::set_permissions(&program.path, std::fs::Permissions::from_mode(0o755))
                .unwrap();
        }
        let suites = Arc::new(Suites::new("x", &programs, false).unwrap());
        let mut task = suites.task(&directory, Duration::from_secs(60), &[]);
        task.environment.extend(memory::variables());
        let mut command = std::process::Command::new(&task.command[0]);
        command
            .args(&task.command[1..])
            .envs(task.environment)
            .env("REPORTS", directory.join("reports"));
        let output = process::output(&mut command).unwrap();
        Feed(Arc::clone(&suites))
            .write_all(output.as_bytes())
            .unwrap();
        let found = outcomes(&suites);
        assert_eq!(found[0].as_deref(), Some("2 passed, 1 failed, 1 skipped"));
        assert_eq!(found[1].as_deref(), Some("2 passed, 0 failed, 1 skipped"));
        let failure = suites.outcomes()[0].1.clone().unwrap().failure.unwrap();
        assert!(failure.contains("\nLEAK\n"), "{failure}");
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn what_ran_when_the_guest_died_has_failed() {
        let programs = [program("a", true), program("b", true)];
        let suites = Arc::new(Suites::new("x", &programs, false).unwrap());
        feed(&suites, "\nMARK begin 0\ntest one ... ok\ntest two ... ");
        suites.close("the guest died");
        let found = outcomes(&suites);
        assert_eq!(found[0].as_deref(), Some("1 passed, 1 failed, 0 skipped"));
        assert_eq!(found[1], None);
    }

    #[test]
    fn statuses_count() {
        let programs = [program("a", true)];
        let suites = Arc::new(Suites::new("x", &programs, false).unwrap());
        feed(
            &suites,
            &format!("\nMARK begin 0\n{RESULT}\n\nMARK end 0 124\n"),
        );
        assert_eq!(
            outcomes(&suites)[0].as_deref(),
            Some("2 passed, 1 failed, 1 skipped")
        );
        let failure = suites.outcomes()[0].1.clone().unwrap().failure.unwrap();
        assert!(failure.ends_with("took too long and was killed"));
    }
}

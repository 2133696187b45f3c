//! Reading what test programs print.

/// What became of a program's tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    /// How many there are in all.
    pub(crate) fn total(self) -> u64 {
        self.passed + self.failed + self.skipped
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// Counts the tests in a program's output, of which there may be several runs.
///
/// `clean` is whether the program ended as it does when no test fails. If it
/// did not, there is at least one failure, whatever the output says: a program
/// that was killed has no summary, only what it had printed by then.
pub(crate) fn count(output: &str, clean: bool) -> Counts {
    let mut counts = Counts::default();
    let mut since_summary = Counts::default();
    for line in output.lines() {
        if let Some(summary) = line.strip_prefix("test result: ") {
            counts += summary_counts(summary);
            since_summary = Counts::default();
        } else if line.starts_with("test ") {
            // With `--nocapture` a test's own output may stand in between.
            if line.ends_with(" ... ok") {
                since_summary.passed += 1;
            } else if line.ends_with(" ... FAILED") {
                since_summary.failed += 1;
            } else if line.contains(" ... ignored") {
                since_summary.skipped += 1;
            }
        }
    }
    counts += since_summary;
    if !clean && counts.failed == 0 {
        counts.failed = 1;
    }
    counts
}

/// Reads `ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; ...`.
fn summary_counts(summary: &str) -> Counts {
    let mut counts = Counts::default();
    let list = summary.split_once(". ").map_or(summary, |(_, list)| list);
    for item in list.split("; ") {
        let Some((number, word)) = item.split_once(' ') else {
            continue;
        };
        let Ok(number) = number.parse::<u64>() else {
            continue;
        };
        match word {
            "passed" => counts.passed = number,
            "failed" => counts.failed = number,
            "ignored" => counts.skipped = number,
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
        }
    }

    const GOOD: &str = "\nrunning 3 tests\ntest a ... ok\ntest b::c ... ok\ntest d ... ignored\n\n\
        test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; \
        finished in 0.01s\n\n";

    #[test]
    fn a_summary_is_read() {
        assert_eq!(count(GOOD, true), counts(2, 0, 1));
        let bad = GOOD.replace("ok. 2 passed; 0 failed", "FAILED. 1 passed; 1 failed");
        assert_eq!(count(&bad, false), counts(1, 1, 1));
    }

    #[test]
    fn several_summaries_are_added_up() {
        assert_eq!(count(&GOOD.repeat(3), true), counts(6, 0, 3));
    }

    #[test]
    fn a_program_that_died_has_failed() {
        let cut = "running 3 tests\ntest a ... ok\ntest b ... ignored, slow\ntest c ... ";
        assert_eq!(count(cut, false), counts(1, 1, 1));
        assert_eq!(count("", false), counts(0, 1, 0));
        assert_eq!(count(GOOD, false), counts(2, 1, 1));
    }

    #[test]
    fn what_tests_print_is_no_result() {
        assert_eq!(
            count("testing ... ok\nresult: 5 passed; 1 failed\n", true),
            counts(0, 0, 0)
        );
    }

    #[test]
    fn the_summary_line_is_exact() {
        assert_eq!(
            counts(123, 0, 2).to_string(),
            "123 passed, 0 failed, 2 skipped"
        );
    }
}

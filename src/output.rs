//! What is printed: results on standard output, everything else on standard error.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};

use serde::Serialize;

use crate::exit::{Exit, Outcome, Problem};

/// Where results go, and in which form.
pub(crate) struct Output {
    json: bool,
    colours: bool,
}

/// How something is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Plain,
    Heading,
    Good,
    Bad,
    Doubtful,
}

/// A piece of text in a table.
pub(crate) struct Cell {
    text: String,
    mood: Mood,
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text.as_ref(), Mood::Plain)
    }
}

impl Cell {
    pub(crate) fn new(text: impl AsRef<str>, mood: Mood) -> Self {
        Self {
            text: clean(text.as_ref()),
            mood,
        }
    }
}

/// Whether what is written there may be coloured.
fn has_colours(to: &impl IsTerminal) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    to.is_terminal() && !is_set("NO_COLOR") && !is_dumb
}

/// The text without what could command a terminal: names in streams and tags are anybody's.
fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            cleaned.extend(character.escape_default());
        } else {
            cleaned.push(character);
        }
    }
    cleaned
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            json,
            colours: has_colours(&io::stdout()),
        }
    }

    /// Whether results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// The result, if results are JSON.
    pub(crate) fn json(&self, value: &impl Serialize) -> Outcome<()> {
        let text = serde_json::to_string_pretty(value).map_err(Problem::failed)?;
        self.write(&text)
    }

    pub(crate) fn line(&self, text: impl AsRef<str>) -> Outcome<()> {
        self.write(&clean(text.as_ref()))
    }

    /// A line that is meant like that.
    pub(crate) fn said(&self, mood: Mood, text: impl AsRef<str>) -> Outcome<()> {
        self.write(&self.paint(&Cell::new(text, mood), 0))
    }

    /// Columns as wide as what is in them; the last one is not padded.
    pub(crate) fn table(&self, headings: &[&str], rows: &[Vec<Cell>]) -> Outcome<()> {
        let widths: Vec<_> = headings
            .iter()
            .enumerate()
            .map(|(column, heading)| {
                let cells = rows.iter().filter_map(|row| row.get(column));
                let widths = cells.map(|cell| cell.text.chars().count());
                widths.max().unwrap_or(0).max(heading.len())
            })
            .collect();
        let headings: Vec<_> = headings
            .iter()
            .map(|heading| Cell::new(heading, Mood::Heading))
            .collect();
        for row in std::iter::once(&headings).chain(rows) {
            let last = row.len().saturating_sub(1);
            let cells = row.iter().zip(&widths).enumerate();
            let cells = cells.map(|(column, (cell, &width))| {
                self.paint(cell, if column == last { 0 } else { width })
            });
            self.write(cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }

    fn paint(&self, cell: &Cell, width: usize) -> String {
        let code = match cell.mood {
            Mood::Plain => None,
            Mood::Heading => Some("1"),
            Mood::Good => Some("32"),
            Mood::Bad => Some("31;1"),
            Mood::Doubtful => Some("33"),
        };
        let mut text = cell.text.clone();
        if let Some(code) = code.filter(|_| self.colours) {
            text = format!("\x1b[{code}m{text}\x1b[0m");
        }
        let missing = width.saturating_sub(cell.text.chars().count());
        let _ = write!(text, "{:missing$}", "");
        text
    }

    fn write(&self, text: &str) -> Outcome<()> {
        writeln!(io::stdout().lock(), "{text}").map_err(|error| Problem {
            // Whoever reads has seen enough, as `head` has: nothing to complain of.
            text: match error.kind() {
                io::ErrorKind::BrokenPipe => String::new(),
                _ => format!("standard output: {error}"),
            },
            ..Problem::failed("")
        })
    }

    /// Says why a command ended before its end, and returns what to exit with.
    pub(crate) fn problem(&self, problem: &Problem) -> Exit {
        if !problem.text.is_empty() {
            if self.json {
                let _ = self.json(problem);
            }
            warn(&problem.text);
        }
        problem.exit
    }
}

/// Says something on standard error.
pub(crate) fn warn(text: impl AsRef<str>) {
    let _ = writeln!(io::stderr().lock(), "zvault: {}", clean(text.as_ref()));
}

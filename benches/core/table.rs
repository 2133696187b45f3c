//! What is printed: tables that can be read as they are and as Markdown.

use std::fmt::{Display, Formatter, Result};

use crate::measure::Pairs;

/// Rows of cells under a heading.
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    pub(crate) fn new<const N: usize>(heading: [&str; N]) -> Self {
        Self(vec![heading.map(str::to_owned).to_vec()])
    }

    pub(crate) fn add<const N: usize>(&mut self, row: [String; N]) {
        self.0.push(row.to_vec());
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let width = |column: usize| {
            let cells = self.0.iter().filter_map(|row| row.get(column));
            cells.map(String::len).max().unwrap_or(0)
        };
        for (number, row) in self.0.iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                let width = width(column);
                match column {
                    0 => write!(f, "| {cell:<width$} ")?,
                    _ => write!(f, "| {cell:>width$} ")?,
                }
            }
            writeln!(f, "|")?;
            if number == 0 {
                for column in 0..row.len() {
                    let colon = if column == 0 { "-" } else { ":" };
                    write!(f, "|{}{colon}", "-".repeat(width(column) + 1))?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

/// What the guest's clock counts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clock {
    /// Time.
    Time,
    /// Instructions, each of so many nanoseconds.
    Instructions(u32),
}

impl Clock {
    /// A duration in the unit that [`unit`](Self::unit) names.
    pub(crate) fn show(self, seconds: f64) -> String {
        match self {
            Self::Time => format!("{:.1}", seconds * 1e6),
            Self::Instructions(ns) => format!("{:.1}", seconds * 1e6 / f64::from(ns)),
        }
    }

    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Time => "µs",
            Self::Instructions(_) => "thousands of instructions",
        }
    }
}

/// What is added, as a percentage with its interval.
pub(crate) fn added(pairs: &Pairs) -> String {
    let added = pairs.added();
    let percent = |part: f64| format!("{:+.1}", part * 100.0);
    format!(
        "{} % ({} to {})",
        percent(added.median),
        percent(added.from),
        percent(added.to)
    )
}

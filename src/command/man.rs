//! `zvault completions`, `zvault man`

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::exit::{Exit, Outcome, Problem};
use crate::output::Output;

pub(super) fn completions(shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "zvault", &mut script);
    let written = io::stdout().lock().write_all(&script);
    written.map_err(|error| Problem::file("standard output", &error))?;
    Ok(Exit::Done)
}

pub(super) fn pages(directory: &Path, output: &Output) -> Outcome {
    let failed = |error| Problem::file(directory.display(), &error);
    fs::create_dir_all(directory).map_err(failed)?;
    clap_mangen::generate_to(Arguments::command(), directory).map_err(failed)?;
    if !output.is_json() {
        output.line(format!("the pages are in {}", directory.display()))?;
    }
    Ok(Exit::Done)
}

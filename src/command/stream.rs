//! `zvault stream`

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use libzfs::stream::{Features, StreamError, StreamSummary, Summary, Verify};
use serde::Serialize;

use crate::arguments::{Stream, StreamFile};
use crate::exit::{Exit, Outcome, Problem};
use crate::output::{Mood, Output};
use crate::units::show_bytes;

/// How much is read at a time.
const BUFFER: usize = 1 << 20;

pub(super) fn run(stream: &Stream, output: &Output) -> Outcome {
    match stream {
        Stream::Info(file) => info(file, output),
        Stream::Verify(file) => verify(file, output),
    }
}

fn open(file: &StreamFile) -> Outcome<BufReader<Box<dyn Read>>> {
    let source: Box<dyn Read> = if file.file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let opened = File::open(&file.file);
        Box::new(opened.map_err(|error| Problem::file(file.file.display(), &error))?)
    };
    Ok(BufReader::with_capacity(BUFFER, source))
}

/// What is said of a stream, and what is wrong with it if anything is.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    error: Option<String>,
}

fn verify(file: &StreamFile, output: &Output) -> Outcome {
    let mut verify = Verify::new(open(file)?);
    let passed = io::copy(&mut verify, &mut io::sink());
    let damage = damage(file, passed.map(drop))?;
    report(verify.summary(), damage, true, output)
}

/// Reads until the first stream has begun, which is behind the head of a package.
fn info(file: &StreamFile, output: &Output) -> Outcome {
    let mut verify = Verify::new(open(file)?);
    let mut buffer = [0; 4096];
    let read = loop {
        match verify.read(&mut buffer) {
            Ok(0) => break Ok(()),
            Ok(_) if verify.summary().streams.is_empty() => {}
            Ok(_) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    let damage = damage(file, read)?;
    report(verify.summary(), damage, false, output)
}

/// What is wrong with the stream, if it is that which is wrong.
fn damage(file: &StreamFile, read: io::Result<()>) -> Outcome<Option<String>> {
    let Err(error) = read else {
        return Ok(None);
    };
    match StreamError::in_io(&error) {
        Some(damage) => Ok(Some(damage.to_string())),
        None => Err(Problem::file(file.file.display(), &error)),
    }
}

fn report(summary: &Summary, error: Option<String>, verified: bool, output: &Output) -> Outcome {
    let exit = match error {
        None => Exit::Done,
        Some(_) => Exit::Finding,
    };
    if output.is_json() {
        output.json(&Report { summary, error })?;
        return Ok(exit);
    }
    if let Some(package) = &summary.package {
        output.line(format!("package of {}", package.to_name))?;
    }
    for stream in &summary.streams {
        show(stream, verified, output)?;
    }
    let more = summary.stream_count - summary.streams.len() as u64;
    if more > 0 {
        output.line(format!("and {more} more streams"))?;
    }
    match error {
        Some(damage) => output.said(Mood::Bad, format!("damaged: {damage}"))?,
        None if verified => {
            let text = format!("complete, {} bytes, all checksums right", summary.bytes);
            output.said(Mood::Good, text)?;
        }
        None => {}
    }
    Ok(exit)
}

fn show(stream: &StreamSummary, verified: bool, output: &Output) -> Outcome<()> {
    output.line(format!("snapshot     {}", stream.to_name))?;
    output.line(format!("GUID         {}", stream.to_guid))?;
    output.line(match stream.from_guid {
        Some(guid) => format!("goes on from {guid}"),
        None => "goes on from nothing: it is full".to_owned(),
    })?;
    match stream.encryption {
        Some(encryption) => {
            let suite = encryption.suite_name().unwrap_or("an unknown suite");
            output.said(Mood::Good, format!("encrypted    raw, with {suite}"))?;
        }
        None if stream.is_raw() => output.said(Mood::Good, "encrypted    raw")?,
        None => output.said(Mood::Bad, "encrypted    no: whoever has it can read it")?,
    }
    if stream.features.contains(Features::RESUMING) {
        output.line("resumed      it goes on with a stream that was interrupted")?;
    }
    if verified {
        let records = stream.records.total().records;
        let bytes = show_bytes(stream.bytes);
        output.line(format!("records      {records}, {bytes}"))?;
    }
    Ok(())
}

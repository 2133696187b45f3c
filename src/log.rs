//! Where it goes what the library logs.

use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::MakeWriterExt as _;

/// The facility for what has to do with who may do what, as syslog numbers it: that of sshd too.
const AUTHPRIV: u8 = 10;
/// How long the system's log may take. Without this, who fills it could have a server wait for ever.
const PATIENCE: Duration = Duration::from_secs(1);

/// Logs to standard error, so that standard output has nothing but results. Where somebody else is
/// served, who has that standard error for himself, it goes to the system's log as well.
pub(crate) fn start(verbose: u8, serves: bool) {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .without_time();
    if !serves {
        log.with_writer(io::stderr).init();
        return;
    }
    match SystemLog::open() {
        Ok(system) => log.with_writer(system.and(io::stderr)).init(),
        Err(error) => {
            log.with_writer(io::stderr).init();
            tracing::warn!(%error, "no system's log: only the client sees what is refused");
        }
    }
}

/// The system's log, which everybody may write to.
struct SystemLog {
    socket: UnixDatagram,
    /// Who is served, as sshd says.
    client: String,
}

impl SystemLog {
    fn open() -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.connect("/dev/log")?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let connection = std::env::var("SSH_CONNECTION").unwrap_or_default();
        let client = match connection.split_once(' ') {
            Some((address, _)) => format!("for {address}: "),
            None => String::new(),
        };
        Ok(Self { socket, client })
    }
}

impl<'a> MakeWriter<'a> for SystemLog {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            log: self,
            severity: 6,
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line<'a> {
        let severity = match *metadata.level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        };
        Line {
            log: self,
            severity,
        }
    }
}

/// One line of it, which is written at once.
struct Line<'a> {
    log: &'a SystemLog,
    severity: u8,
}

impl Write for Line<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let priority = AUTHPRIV * 8 + self.severity;
        let (process, client) = (std::process::id(), &self.log.client);
        let shown = String::from_utf8_lossy(text);
        let line = format!("<{priority}>zvault[{process}]: {client}{}", shown.trim());
        // Standard error has it too.
        let _ = self.log.socket.send(line.as_bytes());
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! What a replication may take.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Outgoing;
use crate::transfer::TransferControl;

/// What a replication may take of a machine and of the line.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Limits {
    /// How many datasets are replicated at once; 1 unless it is said. One that is below another, or a
    /// clone of it, comes after that.
    pub at_once: usize,
    /// How many bytes a second may pass, of all streams together.
    pub bytes_per_second: Option<u64>,
    /// A stream of which no byte moves for so long has failed.
    pub stall: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: 1,
            bytes_per_second: None,
            stall: None,
        }
    }
}

/// Lets so many bytes a second through, whoever takes them.
#[derive(Debug)]
pub(super) struct Throttle {
    bytes_per_second: u64,
    /// Until when what went through so far takes.
    until: Mutex<Instant>,
}

/// How often it is looked whether it is still wanted, and how much may go at once.
const STEP: Duration = Duration::from_millis(100);

impl Throttle {
    pub(super) fn new(bytes_per_second: u64) -> Self {
        Self {
            bytes_per_second: bytes_per_second.max(1),
            until: Mutex::new(Instant::now()),
        }
    }

    /// The stream, no faster than that.
    pub(super) fn wrap(self: &Arc<Self>, stream: Outgoing, control: &TransferControl) -> Outgoing {
        Outgoing::Reader(Box::new(Throttled {
            inner: stream.into_reader(),
            throttle: self.clone(),
            control: control.clone(),
        }))
    }

    /// How much may be read at once.
    fn portion(&self) -> usize {
        let portion = self.bytes_per_second / 10;
        usize::try_from(portion.clamp(512, 1 << 17)).unwrap_or(1 << 17)
    }

    /// Waits until that many more may have gone through.
    fn wait(&self, bytes: usize, control: &TransferControl) {
        let time = Duration::from_secs_f64(bytes as f64 / self.bytes_per_second as f64);
        let until = {
            let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
            // What was not used is not saved up.
            *until = (*until).max(Instant::now()) + time;
            *until
        };
        while !control.is_cancelled() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(STEP));
        }
    }
}

struct Throttled {
    inner: Box<dyn Read + Send>,
    throttle: Arc<Throttle>,
    control: TransferControl,
}

impl Read for Throttled {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let portion = buf.len().min(self.throttle.portion());
        let read = self.inner.read(&mut buf[..portion])?;
        self.throttle.wait(read, &self.control);
        Ok(read)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "it is how a test fails")]
mod tests {
    use super::*;

    #[test]
    fn no_more_passes_than_may() {
        let throttle = Arc::new(Throttle::new(100_000));
        let control = TransferControl::new();
        let stream = Outgoing::Reader(Box::new(io::repeat(7).take(30_000)));
        let Outgoing::Reader(mut stream) = throttle.wrap(stream, &control) else {
            panic!();
        };
        let since = Instant::now();
        assert_eq!(io::copy(&mut stream, &mut io::sink()).unwrap(), 30_000);
        assert!(since.elapsed() >= Duration::from_millis(290));
        control.cancel();
        let stream = Outgoing::Reader(Box::new(io::repeat(7).take(30_000_000)));
        let Outgoing::Reader(mut stream) = throttle.wrap(stream, &control) else {
            panic!();
        };
        io::copy(&mut stream, &mut io::sink()).unwrap();
    }
}

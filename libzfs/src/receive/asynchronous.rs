//! Receiving in a task of tokio's.

use std::mem;
use std::os::fd::OwnedFd;

use tokio::io::AsyncRead;

use super::{ReceiveBuilder, Received};
use crate::error::Result;
use crate::transfer::{self, AsyncWatch, Halt, RecordWalk};

impl ReceiveBuilder {
    /// Receives the stream that `source` has, in a task. Feature `tokio`.
    ///
    /// Exactly the stream is read. Dropping the future cancels the receive, and waits for nothing:
    /// the kernel gives it up at its next read. What is left is as with
    /// [`TransferControl::cancel`](crate::TransferControl::cancel).
    ///
    /// ```no_run
    /// # async fn example(zfs: libzfs::Zfs, socket: tokio::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
    /// let received = zfs.receive(&"vault/prod@mon".parse()?).resumable();
    /// received.run_async(socket).await?.all()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run).
    ///
    /// # Panics
    ///
    /// If it is polled outside of a runtime that has input, output and time.
    pub async fn run_async(self, source: impl AsyncRead) -> Result<Received> {
        self.check()?;
        let mut intake = self.intake()?;
        let outcome = intake.outcome();
        let failed = |error| outcome.failed(error);
        let watch = AsyncWatch::new(mem::take(&mut intake.watch)).map_err(failed)?;
        let (reader, writer) = transfer::pipe().map_err(failed)?;
        let reader = OwnedFd::from(reader);
        // Open for as long as there is writing, so that no SIGPIPE is raised.
        let kept_open = reader.try_clone().map_err(failed)?;
        let worker = intake.begin(reader, Some(watch.alarm()))?;
        let fed = transfer::feed_async(source, writer, &watch, &worker, RecordWalk::new()).await;
        drop(kept_open);
        let stopped = matches!(fed, Err(Halt::Cancelled | Halt::Stalled));
        let received = transfer::join_async(worker, &watch, stopped).await;
        outcome.of(fed, received)
    }
}

//! Receiving a package in a task of tokio's.

use std::os::fd::OwnedFd;

use tokio::io::AsyncRead;

use super::{PackageReceive, ReceivedPackage};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::transfer::{self, AsyncWatch, Halt, RecordWalk, TransferControl, Worker};

/// Stops what is received in a thread when the future that feeds it is dropped.
struct StopsAtDrop(TransferControl);

impl Drop for StopsAtDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl PackageReceive {
    /// Receives the package that `source` has, in a task. Feature `tokio`.
    ///
    /// Exactly the package is read. Dropping the future cancels the receive, and waits for nothing.
    /// What is left is as with a [control](Self::controlled_by) that is cancelled.
    ///
    /// ```no_run
    /// # async fn example(zfs: libzfs::Zfs, socket: tokio::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
    /// let target: libzfs::DatasetName = "vault/prod".parse()?;
    /// zfs.receive_package(&target).resumable().run_async(socket).await?.all()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run); with a control [`ErrorKind::StillRunning`], too, if the kernel does
    /// not give the receive up.
    ///
    /// # Panics
    ///
    /// If it is polled outside of a runtime that has input, output and time.
    pub async fn run_async(mut self, source: impl AsyncRead) -> Result<ReceivedPackage> {
        let name = self.target_name().to_owned();
        let failed = |error| Error::from_io(Operation::Receive, name.as_str(), error);
        let watch = AsyncWatch::new(self.watch()?).map_err(failed)?;
        // The task watches what comes in. The thread has to know only when it is to stop.
        let stop = StopsAtDrop(TransferControl::new());
        self.controls = vec![stop.0.clone()];
        let (reader, writer) = transfer::pipe().map_err(failed)?;
        let reader = OwnedFd::from(reader);
        // Open for as long as there is writing, so that no SIGPIPE is raised.
        let kept_open = reader.try_clone().map_err(failed)?;
        let work = move |pipe: std::os::fd::BorrowedFd<'_>| self.run_from(&pipe);
        let alarm = Some(watch.alarm());
        let worker = Worker::spawn("zfs-package", reader, alarm, work).map_err(failed)?;
        let walk = RecordWalk::or_package();
        let mut fed = transfer::feed_async(source, writer, &watch, &worker, walk).await;
        drop(kept_open);
        if fed.is_ok() {
            // What there is to do when all bytes are there.
            let rest = watch.guard(std::future::pending::<()>(), || worker.has_ended());
            fed = rest.await;
        }
        let stopped = match fed {
            Err(Halt::Cancelled) => Some(ErrorKind::Cancelled),
            Err(Halt::Stalled) => Some(ErrorKind::Stalled),
            _ => None,
        };
        if stopped.is_some() {
            stop.0.cancel();
        }
        let received = transfer::join_async(worker, &watch, stopped.is_some()).await;
        let error = |kind: ErrorKind| {
            Error::new(Operation::Receive, name.as_str(), kind, kind.usual_errno())
        };
        let Some(received) = received else {
            return Err(error(ErrorKind::StillRunning));
        };
        // Where the package was cut, why it was is the reason.
        let why = match (stopped, fed) {
            (Some(kind), _) => Some(error(kind)),
            (None, Err(Halt::Source(source))) => Some(failed(source)),
            _ => None,
        };
        match received {
            Ok(package) => Ok(package.cut_because(why)),
            Err(error) if is_cut(&error) => Err(why.unwrap_or(error)),
            Err(error) => Err(error),
        }
    }
}

impl ReceivedPackage {
    /// Says why it was interrupted, if that was because there was no more of it.
    fn cut_because(mut self, why: Option<Error>) -> Self {
        if let (Some(error), Some(why)) = (&self.interrupted, why) {
            if is_cut(error) {
                self.interrupted = Some(why);
            }
        }
        self
    }
}

fn is_cut(error: &Error) -> bool {
    use ErrorKind::{Cancelled, EmptyStream, StreamTruncated};
    matches!(error.kind(), Cancelled | EmptyStream | StreamTruncated)
}

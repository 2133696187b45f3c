//! A stream that is being sent.

use std::fs::File;
use std::io::{self, Read};
#[cfg(feature = "tokio")]
use std::mem;

use crate::error::{Error, ErrorKind, Operation, Result};
use crate::ffi::SigpipeBlocked;
use crate::receive::{ReceiveBuilder, Received};
use crate::transfer::{self, Descriptor, Halt, RecordWalk, Watch, Worker};

/// A stream being sent, to be read with [`Read`].
///
/// Reading to its end tells whether it is complete: if the send failed, the last read fails with
/// its [`Error`] instead of reporting the end, so that a cut stream is never taken for a whole
/// one. Dropping it ends the send.
#[derive(Debug)]
pub struct SendStream {
    /// Gone once it has been handed on or closed.
    pipe: Option<File>,
    /// Gone once it has been joined.
    worker: Option<Worker<Result<()>>>,
    watch: Watch,
    walk: RecordWalk,
    /// What is sent.
    name: String,
    /// Whether a read has reported the send's error: then there is no end to report after it.
    failed: bool,
    /// Whether what is sent has no last record.
    endless: bool,
}

/// What a [`SendStream`] is made of.
#[cfg(feature = "tokio")]
pub(super) struct Parts {
    pub(super) pipe: Option<File>,
    pub(super) worker: Option<Worker<Result<()>>>,
    pub(super) watch: Watch,
    pub(super) walk: RecordWalk,
    pub(super) name: String,
    pub(super) failed: bool,
    pub(super) endless: bool,
}

impl SendStream {
    pub(crate) fn new(pipe: File, worker: Worker<Result<()>>, watch: Watch, name: &str) -> Self {
        Self {
            pipe: Some(pipe),
            worker: Some(worker),
            watch,
            walk: RecordWalk::or_package(),
            name: name.to_owned(),
            failed: false,
            endless: false,
        }
    }

    /// The same stream, of which it is known that it has no last record.
    pub(super) fn endless(mut self) -> Self {
        self.endless = true;
        self
    }

    /// The reading end of the pipe that the kernel writes to, to be handed on.
    pub(crate) fn take_pipe(&mut self) -> Option<File> {
        self.pipe.take()
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    /// What it consists of, all of which is gone from it then.
    #[cfg(feature = "tokio")]
    pub(super) fn dismantle(mut self) -> Parts {
        Parts {
            pipe: self.pipe.take(),
            worker: self.worker.take(),
            watch: mem::take(&mut self.watch),
            walk: mem::replace(&mut self.walk, RecordWalk::new()),
            name: mem::take(&mut self.name),
            failed: self.failed,
            endless: self.endless,
        }
    }

    /// Receives what is sent, on this machine: through one pipe, which nothing but the kernel
    /// touches unless one of the two has a [`TransferControl`](crate::TransferControl). The same as
    /// [`ReceiveBuilder::run`] with this stream.
    ///
    /// ```no_run
    /// # fn example(zfs: &libzfs::Zfs) -> Result<(), Box<dyn std::error::Error>> {
    /// let copy = zfs.receive(&"vault/prod@mon".parse()?).resumable();
    /// zfs.send(&"tank/prod@mon".parse()?).raw().start()?.copy_to(copy)?.all()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the receive, of which the broken pipe on this side is only a consequence; that of
    /// the send if it failed by itself. See [`ReceiveBuilder::run`].
    pub fn copy_to(self, receive: ReceiveBuilder) -> Result<Received> {
        receive.run(self)
    }

    /// Closes the pipe, waits for the send to end, and tells how it went. What was not read is
    /// lost, and the send fails then with [`ErrorKind::BrokenPipe`].
    ///
    /// The kernel gives it up at its next write, which on a suspended pool is when that goes on: only
    /// a [control](super::SendBuilder::controlled_by) ends the waiting before, by being cancelled or
    /// with its stall limit.
    ///
    /// # Errors
    ///
    /// Those of the send; see [`SendBuilder::write_to`](super::SendBuilder::write_to). With a control,
    /// [`ErrorKind::StillRunning`].
    pub fn finish(mut self) -> Result<()> {
        self.join()
    }

    fn join(&mut self) -> Result<()> {
        let Some(worker) = self.worker.take() else {
            return Ok(());
        };
        // First, or the send would wait for a reader for ever. Once that is gone, an interrupted
        // write is one that found none.
        let cut = self.pipe.take().is_some() && !worker.has_ended();
        let Some(ended) = worker.join_watched(&self.watch) else {
            return Err(self.refused(ErrorKind::StillRunning));
        };
        transfer::joined(ended).map_err(|error| match error.kind() {
            ErrorKind::Interrupted if cut => error.with_kind(ErrorKind::BrokenPipe),
            _ => error,
        })
    }

    /// Waits a moment for the send to end whose pipe is closed, and tells how it went; none if it
    /// goes on. For how long the watch knows that the transfer has.
    pub(crate) fn ended(mut self, watch: &Watch) -> Option<Result<()>> {
        match self.worker.take() {
            Some(worker) => worker.join_within(watch.patience()).map(transfer::joined),
            None => Some(Ok(())),
        }
    }

    fn refused(&self, kind: ErrorKind) -> Error {
        Error::new(
            Operation::Send,
            self.name.as_str(),
            kind,
            kind.usual_errno(),
        )
    }

    /// Has `work` move the whole stream out of the pipe, and return what it passed along if it looked
    /// at it.
    pub(crate) fn drain(
        mut self,
        work: impl FnOnce(&File, &Watch) -> Result<Option<RecordWalk>, Halt>,
    ) -> Result<()> {
        let Some(pipe) = self.pipe.take() else {
            return self.join();
        };
        let quiet = SigpipeBlocked::new();
        let moved = work(&pipe, &self.watch);
        drop(quiet);
        drop(pipe);
        let walk = moved.map_err(|halt| self.halted(halt))?;
        self.join()?;
        walk.map_or(Ok(()), |walk| check(&self.name, &walk, self.endless))
    }

    /// Moves the whole stream to a descriptor.
    pub(crate) fn drain_into(self, sink: &mut Descriptor<'_>) -> Result<()> {
        self.drain(|pipe, watch| {
            // What is looked at has to pass through here.
            if !watch.is_active() && sink.splice_from(pipe)? {
                return Ok(None);
            }
            transfer::drain(pipe, sink, watch).map(Some)
        })
    }

    /// Has the send given up, and says why.
    fn halted(&mut self, halt: Halt) -> Error {
        self.pipe = None;
        let worker = self.worker.take();
        let left = worker.is_some_and(|worker| match worker.join_within(self.watch.patience()) {
            Some(ended) => {
                // Its error is that it could not write.
                let _ = transfer::joined(ended);
                false
            }
            None => true,
        });
        let error = stopped(&self.name, halt);
        match error.kind() {
            ErrorKind::Cancelled | ErrorKind::Stalled if left => {
                self.refused(ErrorKind::StillRunning)
            }
            _ => {
                if left {
                    self.left();
                }
                error
            }
        }
    }

    fn left(&self) {
        tracing::warn!(what = self.name, "the kernel has not given the send up");
    }
}

/// Refuses what was sent if it is not a whole stream and no more.
pub(super) fn check(name: &str, walk: &RecordWalk, endless: bool) -> Result<()> {
    match walk.flaw() {
        Some(why) if !(endless && walk.is_cut()) => {
            let kind = ErrorKind::Interrupted;
            Err(Error::refused(Operation::Send, name, kind, why))
        }
        _ => Ok(()),
    }
}

/// Why a send was stopped.
pub(super) fn stopped(name: &str, halt: Halt) -> Error {
    let kind = match halt {
        Halt::Source(error) | Halt::Sink(error) => {
            let failed = |error| Error::from_io(Operation::Send, name, error);
            return error.downcast().unwrap_or_else(failed);
        }
        Halt::Gone => ErrorKind::BrokenPipe,
        Halt::Cancelled => ErrorKind::Cancelled,
        Halt::Stalled => ErrorKind::Stalled,
    };
    Error::new(Operation::Send, name, kind, kind.usual_errno())
}

impl Read for SendStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.failed {
            return Err(io::Error::other("the send has failed"));
        }
        let Some(pipe) = &self.pipe else {
            return Ok(0);
        };
        match transfer::read_pipe(pipe, buffer, &self.watch) {
            Ok(0) => {
                let ended = self.join();
                let ended = ended.and_then(|()| check(&self.name, &self.walk, self.endless));
                self.failed = ended.is_err();
                Ok(ended.map(|()| 0)?)
            }
            Ok(len) => {
                self.watch.moved(len, self.walk.pass(&buffer[..len]));
                Ok(len)
            }
            Err(halt) => {
                self.failed = true;
                Err(self.halted(halt).into())
            }
        }
    }
}

impl Drop for SendStream {
    /// Waits for the send to give up, which it does at its next write to the pipe; not for ever,
    /// because the pool may be suspended.
    fn drop(&mut self) {
        self.pipe = None;
        let worker = self.worker.take();
        match worker.map(|worker| worker.join_within(self.watch.patience())) {
            None | Some(Some(Ok(Ok(())))) => {}
            Some(Some(Ok(Err(error)))) => {
                tracing::debug!(what = self.name, %error, "send given up");
            }
            // Panicking here, maybe during another panic, would abort.
            Some(Some(Err(_))) => tracing::error!(what = self.name, "the sending thread panicked"),
            Some(None) => self.left(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::BorrowedFd;
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::stream::{BeginRecord, Endian, RecordType};
    use crate::transfer::TransferControl;

    /// Less than what one waits for the kernel that nobody is in a hurry with.
    const SOON: Duration = Duration::from_secs(5);

    /// A send of which `work` is what the kernel does.
    fn sending(
        control: Option<&TransferControl>,
        work: impl FnOnce(BorrowedFd<'_>) -> Result<()> + Send + 'static,
    ) -> SendStream {
        let mut watch = Watch::default();
        if let Some(control) = control {
            watch.add(control).unwrap();
        }
        let (reader, writer) = transfer::pipe().unwrap();
        let worker = Worker::spawn("zfs-send", writer, watch.alarm(), work).unwrap();
        SendStream::new(reader, worker, watch, "tank/data@s")
    }

    fn interrupted() -> Result<()> {
        let kind = ErrorKind::Interrupted;
        Err(Error::new(
            Operation::Send,
            "tank/data@s",
            kind,
            kind.usual_errno(),
        ))
    }

    /// The first record of a stream, and the last.
    fn records() -> [Vec<u8>; 2] {
        let mut begin = vec![0; BeginRecord::LEN];
        begin[8..16].copy_from_slice(&Endian::HOST.put_u64(BeginRecord::MAGIC));
        begin[16..24].copy_from_slice(&Endian::HOST.put_u64(1));
        let mut end = vec![0; BeginRecord::LEN];
        end[..4].copy_from_slice(&Endian::HOST.put_u32(RecordType::End.number()));
        [begin, end]
    }

    fn write(pipe: BorrowedFd<'_>, records: &[&[u8]]) {
        let mut pipe = File::from(pipe.try_clone_to_owned().unwrap());
        for record in records {
            pipe.write_all(record).unwrap();
        }
    }

    /// What reading, and each way of moving, says of a send that does this.
    fn outcomes(
        endless: bool,
        work: impl Fn(BorrowedFd<'_>) -> Result<()> + Clone + Send + 'static,
    ) -> Vec<Result<(), ErrorKind>> {
        let start = || {
            let stream = sending(None, work.clone());
            if endless { stream.endless() } else { stream }
        };
        let mut bytes = Vec::new();
        let read = start().read_to_end(&mut bytes).map(drop);
        let read = read.map_err(|error| error.downcast::<Error>().unwrap());
        let mut sink = transfer::IntoWrite(Vec::new());
        let drained =
            start().drain(|pipe, watch| transfer::drain(pipe, &mut sink, watch).map(Some));
        let ways = [read, drained];
        ways.map(|way| way.map_err(|error| error.kind())).into()
    }

    #[test]
    fn an_interrupted_send_is_no_broken_pipe_while_it_is_read() {
        let all = outcomes(false, |_| interrupted());
        assert_eq!(all, [Err(ErrorKind::Interrupted); 2]);
    }

    #[test]
    fn an_interrupted_send_that_nobody_reads_is_a_broken_pipe() {
        let (go, wait) = mpsc::channel();
        let stream = sending(None, move |_| {
            let _ = wait.recv();
            interrupted()
        });
        let closing = std::thread::spawn(move || stream.finish());
        std::thread::sleep(Duration::from_millis(50));
        go.send(()).unwrap();
        let error = closing.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_stream_that_begins_again_is_refused() {
        let all = outcomes(false, |pipe| {
            let [begin, end] = records();
            write(pipe, &[&begin, &begin, &end]);
            Ok(())
        });
        assert_eq!(all, [Err(ErrorKind::Interrupted); 2]);
    }

    #[test]
    fn only_what_is_left_of_a_receive_has_no_end() {
        let cut = |pipe: BorrowedFd<'_>| {
            write(pipe, &[&records()[0]]);
            Ok(())
        };
        assert_eq!(outcomes(false, cut), [Err(ErrorKind::Interrupted); 2]);
        assert_eq!(outcomes(true, cut), [Ok(()); 2]);
        let whole = |pipe: BorrowedFd<'_>| {
            let [begin, end] = records();
            write(pipe, &[&begin, &end]);
            Ok(())
        };
        assert_eq!(outcomes(false, whole), [Ok(()); 2]);
    }

    #[test]
    fn finishing_ends_with_the_control() {
        let limit = Duration::from_millis(50);
        let cancelled = TransferControl::new();
        cancelled.cancel();
        for control in [cancelled, TransferControl::new().with_stall_limit(limit)] {
            let (_go, wait) = mpsc::channel::<()>();
            let stream = sending(Some(&control), move |_| {
                let _ = wait.recv();
                Ok(())
            });
            let since = Instant::now();
            let error = stream.finish().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StillRunning);
            assert!(since.elapsed() < SOON);
        }
    }

    #[test]
    fn a_send_is_waited_for_no_longer_than_the_transfer_is() {
        let control = TransferControl::new();
        let mut watch = Watch::default();
        watch.add(&control).unwrap();
        control.cancel();
        assert!(watch.check().is_err());
        let (_go, wait) = mpsc::channel::<()>();
        // It has no control itself.
        let stream = sending(None, move |_| {
            let _ = wait.recv();
            Ok(())
        });
        let since = Instant::now();
        assert!(stream.ended(&watch).is_none());
        assert!(since.elapsed() < SOON);
    }
}

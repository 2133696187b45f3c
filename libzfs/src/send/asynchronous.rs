//! A stream that is being sent, for tokio.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Sleep, sleep};

use super::SendStream;
use super::stream::{Parts, check, stopped};
use crate::error::{Error, Operation, Result};
use crate::ffi::SigpipeBlocked;
use crate::transfer::{AsyncWatch, CHUNK, Halt, RecordWalk, Worker};

/// A stream being sent, to be read with [`AsyncRead`]; see [`SendStream::into_async`].
///
/// As with [`SendStream`], reading to its end tells whether it is complete. Dropping it ends the
/// send, and waits for nothing. With a stall limit it has to be read in a runtime that has time.
#[derive(Debug)]
pub struct AsyncSendStream {
    /// Gone once the stream has ended.
    pipe: Option<Receiver>,
    /// Gone once it has been joined or left to itself.
    worker: Option<Worker<Result<()>>>,
    watch: AsyncWatch,
    walk: RecordWalk,
    name: String,
    failed: bool,
    /// Whether what is sent has no last record.
    endless: bool,
    /// When it has stalled, if nothing comes before.
    stall: Option<Pin<Box<Sleep>>>,
}

impl SendStream {
    /// The rest of the stream as something to read from in a task. Feature `tokio`.
    ///
    /// ```no_run
    /// # async fn example(zfs: libzfs::Zfs, mut socket: tokio::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
    /// let stream = zfs.send(&"tank/prod@mon".parse()?).raw().start()?;
    /// stream.into_async()?.write_to(&mut socket).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// That no descriptor is to be had.
    ///
    /// # Panics
    ///
    /// If it is called outside of a runtime that has input and output.
    pub fn into_async(self) -> Result<AsyncSendStream> {
        let Parts {
            pipe,
            worker,
            watch,
            walk,
            name,
            failed: has_failed,
            endless,
        } = self.dismantle();
        let failed = |error| Error::from_io(Operation::Send, name.as_str(), error);
        let watch = AsyncWatch::new(watch).map_err(failed)?;
        let pipe = pipe.map(Receiver::from_file).transpose().map_err(failed)?;
        Ok(AsyncSendStream {
            pipe,
            worker,
            watch,
            walk,
            name,
            failed: has_failed,
            endless,
            stall: None,
        })
    }
}

impl AsyncSendStream {
    /// Writes the whole stream to `sink`, and flushes it.
    ///
    /// Dropping the future ends the send.
    ///
    /// # Errors
    ///
    /// As for [`SendBuilder::write_to_writer`](super::SendBuilder::write_to_writer). A send that is
    /// cancelled returns at once, and the kernel gives it up at its next write.
    pub async fn write_to(mut self, sink: impl AsyncWrite) -> Result<()> {
        let mut sink = pin!(sink);
        let mut buffer = vec![0; CHUNK];
        loop {
            let len = match self.read(&mut buffer).await {
                Ok(0) => break,
                Ok(len) => len,
                Err(error) => return Err(self.failed(error)),
            };
            let mut rest = &buffer[..len];
            while !rest.is_empty() {
                match self.guarded(sink.write(rest)).await? {
                    0 => return Err(self.failed(io::ErrorKind::WriteZero.into())),
                    written => {
                        rest = rest.get(written..).ok_or_else(|| {
                            let why = "the writer says that it has written more than there was";
                            self.failed(io::Error::other(why))
                        })?;
                    }
                }
            }
        }
        self.guarded(sink.flush()).await
    }

    /// Does a piece of writing, unless the send is to be stopped.
    async fn guarded<T>(&mut self, work: impl Future<Output = io::Result<T>>) -> Result<T> {
        let mut work = pin!(work);
        let quiet = poll_fn(|cx| {
            // What it writes to can be a pipe, and the thread is the runtime's.
            let _quiet = SigpipeBlocked::new();
            work.as_mut().poll(cx)
        });
        match self.watch.guard(quiet, || false).await {
            Ok(done) => done.map_err(|error| self.failed(error)),
            Err(halt) => Err(self.halted(halt)),
        }
    }

    /// An error of reading, which is the send's own, or of writing.
    fn failed(&self, error: io::Error) -> Error {
        error
            .downcast()
            .unwrap_or_else(|error| Error::from_io(Operation::Send, self.name.as_str(), error))
    }

    fn halted(&mut self, halt: Halt) -> Error {
        self.failed = true;
        self.pipe = None;
        self.worker = None;
        stopped(&self.name, halt)
    }

    fn poll_some(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if self.failed {
            return Poll::Ready(Err(io::Error::other("the send has failed")));
        }
        let Some(pipe) = &mut self.pipe else {
            return Poll::Ready(Ok(()));
        };
        if let Poll::Ready(halt) = self.watch.poll_halt(cx, || false) {
            return Poll::Ready(Err(self.halted(halt).into()));
        }
        let before = buffer.filled().len();
        match Pin::new(pipe).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => {
                self.stall = None;
                let new = &buffer.filled()[before..];
                if !new.is_empty() {
                    self.watch.moved(new.len(), self.walk.pass(new));
                    return Poll::Ready(Ok(()));
                }
                self.pipe = None;
                // The thread was done before it closed the pipe.
                let ended = self.worker.take().map_or(Ok(()), |worker| {
                    worker.join()?;
                    check(&self.name, &self.walk, self.endless)
                });
                self.failed = ended.is_err();
                Poll::Ready(ended.map_err(Into::into))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let Some(limit) = self.watch.stall_limit() else {
                    return Poll::Pending;
                };
                let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(limit)));
                match stall.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(Err(self.halted(Halt::Stalled).into())),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }
}

impl AsyncRead for AsyncSendStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_some(cx, buffer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;
    use crate::transfer::{Watch, pipe};

    fn sending() -> SendStream {
        let (reader, writer) = pipe().unwrap();
        let work = |pipe: std::os::fd::BorrowedFd<'_>| {
            rustix::io::write(pipe, b"some").unwrap();
            Ok(())
        };
        let worker = Worker::spawn("zfs-send", writer, None, work).unwrap();
        SendStream::new(reader, worker, Watch::default(), "tank/data@s")
    }

    /// Says that it has written more than it was given.
    struct Boastful;

    impl AsyncWrite for Boastful {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len() + 1))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn a_writer_is_not_trusted() {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        let written = runtime.block_on(async { sending().into_async()?.write_to(Boastful).await });
        assert!(
            written
                .unwrap_err()
                .to_string()
                .contains("more than there was")
        );
    }

    #[test]
    #[should_panic = "runtime"]
    fn a_task_needs_a_runtime() {
        let _ = sending().into_async();
    }
}

//! A stream that is being sent, for tokio.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Sleep, sleep};

use super::SendStream;
use super::stream::{Parts, stopped};
use crate::error::{Error, Operation, Result};
use crate::transfer::{AsyncWatch, CHUNK, Halt, RecordWalk, Worker};

/// A stream being sent, to be read with [`AsyncRead`]; see [`SendStream::into_async`].
///
/// As with [`SendStream`], reading to its end tells whether it is complete. Dropping it ends the
/// send, and waits for nothing.
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
    /// That no descriptor is to be had, or that it is not called in a runtime that has input and
    /// output.
    pub fn into_async(self) -> Result<AsyncSendStream> {
        let Parts {
            pipe,
            worker,
            watch,
            walk,
            name,
            failed: has_failed,
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
                    written => rest = &rest[written..],
                }
            }
        }
        self.guarded(sink.flush()).await
    }

    /// Does a piece of writing, unless the send is to be stopped.
    async fn guarded<T>(&mut self, work: impl Future<Output = io::Result<T>>) -> Result<T> {
        match self.watch.guard(work, || false).await {
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
                let ended = self.worker.take().map_or(Ok(()), Worker::join);
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

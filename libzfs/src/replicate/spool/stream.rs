//! Streams on their way into files and out of them.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use sha2::{Digest, Sha256};

#[cfg(feature = "filter")]
use super::filter::{Filter, Filtered};
use super::{Compression, Sha256Digest};
use crate::error::{ErrorKind, Operation};
use crate::stream::{Guard, Require, Verify};
use crate::transfer::TransferControl;

/// How much is read and written at once, in bytes.
const BUFFER: usize = 128 << 10;

/// What a stream becomes in a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Coding {
    pub(super) compression: Compression,
    #[cfg(feature = "zstd")]
    pub(super) level: i32,
    #[cfg(feature = "filter")]
    pub(super) filter: Option<Filter>,
}

/// What was written.
pub(super) struct Written {
    pub(super) stream_bytes: u64,
    pub(super) file_bytes: u64,
    pub(super) sha256: Sha256Digest,
}

impl Coding {
    pub(super) fn is_filtered(&self) -> bool {
        #[cfg(feature = "filter")]
        return self.filter.is_some();
        #[cfg(not(feature = "filter"))]
        false
    }

    /// Writes a stream into a file, and has it survive a loss of power.
    pub(super) fn write(&self, stream: &mut (impl Read + Send), file: File) -> io::Result<Written> {
        let mut file = BufWriter::with_capacity(BUFFER, Digesting::new(file));
        let stream_bytes = self.encode(stream, &mut file)?;
        let digesting = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        super::directory::step()?;
        digesting.inner.sync_all()?;
        Ok(Written {
            stream_bytes,
            file_bytes: digesting.bytes,
            sha256: digesting.digest(),
        })
    }

    fn encode(&self, stream: &mut (impl Read + Send), to: &mut impl Write) -> io::Result<u64> {
        #[cfg(feature = "filter")]
        if let Some(filter) = &self.filter {
            return self.through(filter, stream, to);
        }
        self.compress(stream, to)
    }

    fn compress(&self, stream: &mut impl Read, to: &mut impl Write) -> io::Result<u64> {
        match self.compression {
            Compression::None => copy(stream, to),
            #[cfg(feature = "zstd")]
            Compression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(to, self.level)?;
                let bytes = copy(stream, &mut encoder)?;
                encoder.finish()?;
                Ok(bytes)
            }
            #[cfg(not(feature = "zstd"))]
            Compression::Zstd => Err(no_zstd()),
        }
    }

    /// One thread feeds the filter, and this one takes what it gives.
    #[cfg(feature = "filter")]
    fn through(
        &self,
        filter: &Filter,
        stream: &mut (impl Read + Send),
        to: &mut impl Write,
    ) -> io::Result<u64> {
        use std::process::Stdio;

        let mut running = filter.start(Stdio::piped())?;
        let (Some(input), Some(mut output)) = (running.input(), running.output()) else {
            return Err(io::Error::other("the filter has no input or no output"));
        };
        std::thread::scope(|scope| {
            let feeding = scope.spawn(move || {
                let mut input = BufWriter::with_capacity(BUFFER, input);
                let bytes = self.compress(stream, &mut input)?;
                input.flush().map(|()| bytes)
            });
            let taken = copy(&mut output, to);
            // If there is no more room, the filter is not to wait for its reader.
            drop(output);
            let fed = match feeding.join() {
                Ok(fed) => fed,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            let ended = running.wait();
            taken?;
            match fed {
                // The filter knows better why it reads no more.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    ended?;
                    Err(io::Error::other(
                        "the filter has not read all of the stream",
                    ))
                }
                fed => {
                    let bytes = fed?;
                    ended.map(|()| bytes)
                }
            }
        })
    }

    /// The stream in a file that it was written to, with nothing yet read of it.
    pub(super) fn decode(&self, file: impl Read + Send + 'static) -> io::Result<Stream> {
        let file = BufReader::with_capacity(BUFFER, file);
        match self.compression {
            Compression::None => Ok(Box::new(file)),
            #[cfg(feature = "zstd")]
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(file)?;
                decoder.window_log_max(MAX_WINDOW_LOG)?;
                Ok(Box::new(BufReader::with_capacity(BUFFER, decoder)))
            }
            #[cfg(not(feature = "zstd"))]
            Compression::Zstd => Err(no_zstd()),
        }
    }

    /// The stream in a file, through the filter.
    pub(super) fn open(&self, mut file: File) -> io::Result<Stream> {
        file.rewind()?;
        #[cfg(feature = "filter")]
        if let Some(filter) = &self.filter {
            return self.decode(Filtered::new(filter, file)?);
        }
        self.decode(file)
    }
}

/// The most memory that a compressed file can ask for, as a power of two: what zstd itself takes
/// without being told otherwise.
#[cfg(feature = "zstd")]
const MAX_WINDOW_LOG: u32 = 27;

#[cfg(not(feature = "zstd"))]
fn no_zstd() -> io::Error {
    let text = "zstd takes the feature of that name, which this program was built without";
    io::Error::new(io::ErrorKind::Unsupported, text)
}

/// The bytes of a stream.
pub(super) type Stream = Box<dyn Read + Send>;

fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<u64> {
    let mut buffer = vec![0; BUFFER];
    let mut bytes = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(len) => {
                super::directory::step()?;
                to.write_all(&buffer[..len])?;
                bytes += len as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A stream that is what it has to be, has its checksums right, and behind which nothing comes.
pub(super) struct Whole {
    stream: Option<Guard<Verify<Stream>>>,
}

impl Whole {
    pub(super) fn new(stream: Stream, require: Require) -> Self {
        Self {
            stream: Some(Guard::new(Verify::new(stream), require)),
        }
    }
}

impl Read for Whole {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(stream) = &mut self.stream else {
            return Ok(0);
        };
        let len = stream.read(buf)?;
        if len > 0 || buf.is_empty() {
            return Ok(len);
        }
        // What is below may have to say that it failed.
        if let Some(guard) = self.stream.take() {
            let (mut below, _) = guard.into_inner().into_parts();
            if !is_at_end(&mut below)? {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "there is more behind the end of the stream",
                ));
            }
        }
        Ok(0)
    }
}

/// Whether nothing comes.
fn is_at_end(from: &mut impl Read) -> io::Result<bool> {
    loop {
        match from.read(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return Ok(read? == 0),
        }
    }
}

/// Reads or writes, and knows the digest of it.
pub(super) struct Digesting<T> {
    inner: T,
    sha256: Sha256,
    bytes: u64,
}

impl<T> Digesting<T> {
    pub(super) fn new(inner: T) -> Self {
        Self {
            inner,
            sha256: Sha256::new(),
            bytes: 0,
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    pub(super) fn digest(self) -> Sha256Digest {
        Sha256Digest(self.sha256.finalize().into())
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let len = self.inner.write(buf)?;
        self.add(&buf[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The digest of a file, from its beginning.
pub(super) fn digest_of(mut file: &File, control: &TransferControl) -> io::Result<Sha256Digest> {
    file.rewind()?;
    let mut digesting = Digesting::new(io::sink());
    copy_plainly(&mut file, &mut digesting, control)?;
    Ok(digesting.digest())
}

/// Reads all of it and has no use for it.
pub(super) fn drain(from: &mut impl Read, control: &TransferControl) -> io::Result<()> {
    copy_plainly(from, &mut io::sink(), control)
}

fn copy_plainly(
    from: &mut impl Read,
    to: &mut impl Write,
    control: &TransferControl,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    while !control.is_cancelled() {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(len) => to.write_all(&buffer[..len])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Err(cancelled().into())
}

/// That the control does not want any more of it.
pub(super) fn cancelled() -> crate::Error {
    let kind = ErrorKind::Cancelled;
    crate::Error::new(Operation::Receive, "", kind, kind.usual_errno())
}

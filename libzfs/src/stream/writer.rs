//! Streams made record by record, with their checksums.

use std::fmt;
use std::io::{self, Write};

use super::record::{CHECKSUM_AT, End, RECORD_LEN, RecordType, payload_len};
use super::{BeginRecord, Body, Checksum, Endian, HeaderType};
use crate::fletcher4::Fletcher4;

/// Writes the records of streams, and the checksums that belong into them.
///
/// What a stream has to consist of so that it can be received is the caller's to know. What is
/// checked is that payloads are as long as their records say. A package is its head, streams, and
/// its end; streams that are there already are copied as they are, since their checksums do not
/// depend on what stands before them:
///
/// ```
/// use std::io::{self, Read, Write};
///
/// use libzfs::SnapshotName;
/// use libzfs::stream::{BeginFields, BeginFlags, BeginRecord, Endian, Features, HeaderType};
/// use libzfs::stream::{ObjsetType, Writer};
///
/// fn package(
///     name: SnapshotName,
///     list: &[u8],
///     streams: &mut [impl Read],
///     to: impl Write,
/// ) -> io::Result<()> {
///     let fields = BeginFields {
///         header_type: HeaderType::Compound,
///         features: Features::SA_SPILL,
///         creation_time: 0,
///         objset_type: ObjsetType::None,
///         flags: BeginFlags::empty(),
///         to_guid: 0,
///         from_guid: None,
///         to_name: name,
///     };
///     let len = list.len().try_into().map_err(io::Error::other)?;
///     let mut writer = Writer::new(to);
///     writer.package_head(&BeginRecord::build(&fields, len, Endian::HOST), list)?;
///     for stream in streams {
///         io::copy(stream, writer.get_mut())?;
///     }
///     writer.package_end()
/// }
/// ```
pub struct Writer<W> {
    inner: W,
    endian: Endian,
    sum: Fletcher4,
}

impl<W: Write> Writer<W> {
    /// Writes streams there.
    pub const fn new(inner: W) -> Self {
        Self {
            inner,
            endian: Endian::HOST,
            sum: Fletcher4::new(Endian::HOST),
        }
    }

    /// Begins a stream, whose byte order is that of the record.
    ///
    /// # Errors
    ///
    /// Those of writing, and `InvalidInput` if the payload is not as long as the record says.
    pub fn begin(&mut self, begin: &BeginRecord, payload: &[u8]) -> io::Result<()> {
        if payload.len() as u64 != u64::from(begin.payload_len()) {
            return Err(wrong_length(RecordType::Begin));
        }
        self.endian = begin.endian();
        self.sum = Fletcher4::new(self.endian);
        self.put(begin.as_bytes(), payload)
    }

    /// Writes a record.
    ///
    /// `BEGIN` begins a stream as [`begin`](Self::begin) does; into `END` goes the checksum of the
    /// stream, whatever was in its place.
    ///
    /// # Errors
    ///
    /// Those of writing, and `InvalidInput` if the payload is not as long as the record says.
    pub fn record(&mut self, body: &Body, payload: &[u8]) -> io::Result<()> {
        let mut bytes = match body {
            Body::Begin(begin) => return self.begin(begin, payload),
            Body::End(end) => Body::End(End {
                checksum: Checksum(self.sum.sums()),
                ..end.clone()
            })
            .encode(self.endian),
            other => other.encode(self.endian),
        };
        let record_type = body.record_type();
        if payload.len() as u64 != payload_len(record_type, &bytes, self.endian).0 {
            return Err(wrong_length(record_type));
        }
        let mut sum = self.sum.clone();
        sum.update(&bytes[..CHECKSUM_AT]);
        for (place, sum) in bytes[CHECKSUM_AT..].chunks_exact_mut(8).zip(sum.sums()) {
            place.copy_from_slice(&self.endian.put_u64(sum));
        }
        self.put(&bytes, payload)
    }

    /// Ends a stream of the snapshot with that GUID.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn end(&mut self, to_guid: u64) -> io::Result<()> {
        let end = End {
            to_guid,
            ..End::default()
        };
        self.record(&end.into(), &[])
    }

    /// Begins a package: its first record, what follows it, and the record that ends this head.
    ///
    /// What follows is an nvlist in the XDR encoding, or nothing.
    ///
    /// # Errors
    ///
    /// Those of writing, and `InvalidInput` if the record is not that of a package, or the payload
    /// not as long as it says.
    pub fn package_head(&mut self, begin: &BeginRecord, payload: &[u8]) -> io::Result<()> {
        if begin.header_type() != HeaderType::Compound {
            let why = "the first record of a package says that it is a single stream";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        self.begin(begin, payload)?;
        // This one has no checksum of its own.
        let end = End {
            checksum: Checksum(self.sum.sums()),
            to_guid: 0,
        };
        self.inner.write_all(&Body::End(end).encode(self.endian))
    }

    /// Ends a package.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn package_end(&mut self) -> io::Result<()> {
        let end = Body::End(End::default()).encode(self.endian);
        self.inner.write_all(&end)
    }

    fn put(&mut self, record: &[u8; RECORD_LEN], payload: &[u8]) -> io::Result<()> {
        self.sum.update(record);
        self.sum.update(payload);
        self.sum.finish_piece();
        self.inner.write_all(record)?;
        self.inner.write_all(payload)
    }

    /// What is written to. What goes there directly is in no checksum.
    pub const fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.inner
    }
}

fn wrong_length(record_type: RecordType) -> io::Error {
    let why = format!("the payload is not as long as the {record_type} record says");
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

impl<W> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("endian", &self.endian)
            .finish_non_exhaustive()
    }
}

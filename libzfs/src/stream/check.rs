//! The checksums of a stream.

use super::begin::begin_list;
use super::pass::Inspect;
use super::record::{CHECKSUM_AT, END_CHECKSUM_AT, Place, RECORD_LEN, Record, RecordType};
use super::summary::Summary;
use super::{BeginRecord, Checksum, Endian, Records, StreamError};
use crate::fletcher4::Fletcher4;

/// Sums up a stream, compares its checksums, and remembers what is learned of it.
///
/// What precedes a record's checksum in its stream is in it: the records before with their
/// checksums and payloads, and what of the record itself stands before. `BEGIN` has none and is in
/// that of the next record. `END` has another besides its own: that of all before it. So every bit
/// of a stream is in some checksum but those of the last, which is compared.
///
/// In a package only the streams have such. In its head the `BEGIN` record and what follows are in
/// the second checksum of `END`, and the record at its end is the same in every package; what
/// neither covers are zeros, and so that is what they have to be.
pub(super) struct Checks {
    sum: Fletcher4,
    /// Whether a record of the stream had a checksum. Those of old had none at all.
    has_checksums: bool,
    pub(super) summary: Summary,
}

impl Checks {
    pub(super) fn new() -> Self {
        Self {
            sum: Fletcher4::new(Endian::HOST),
            has_checksums: false,
            summary: Summary::default(),
        }
    }

    fn begin(
        &mut self,
        begin: &BeginRecord,
        record: &Record<'_>,
        payload: &[u8],
    ) -> Result<(), StreamError> {
        self.sum = Fletcher4::new(record.endian);
        self.has_checksums = false;
        self.sum.update(record.bytes);
        if record.place == Place::PackageHead {
            self.summary.begin_package(begin);
            return Ok(());
        }
        self.sum.update(payload);
        self.sum.finish_piece();
        let list = begin_list(payload, record.offset)?;
        self.summary.begin_stream(begin, record.offset, &list);
        Ok(())
    }

    fn compare(&mut self, record: &Record<'_>) -> Result<(), StreamError> {
        let before = Checksum(self.sum.sums());
        self.sum.update(&record.bytes[..CHECKSUM_AT]);
        let expected = Checksum(self.sum.sums());
        let found = record.raw_checksum();
        if found.is_zero() && record.place != Place::Stream {
            let behind = match record.place {
                // The checksum of what precedes it.
                Place::PackageHead => 40,
                _ => 8,
            };
            let mut zeros = (4..8).chain(behind..RECORD_LEN);
            if let Some(at) = zeros.find(|&at| record.bytes[at] != 0) {
                let offset = record.offset + at as u64;
                return Err(StreamError::BadPackageEnd { offset });
            }
        } else if !found.is_zero() || self.has_checksums {
            if found != expected {
                return Err(StreamError::BadChecksum {
                    offset: record.offset + CHECKSUM_AT as u64,
                    record_type: record.record_type,
                    expected,
                    found,
                });
            }
            self.has_checksums = true;
        }
        self.sum.update(&record.bytes[CHECKSUM_AT..]);
        if record.record_type != RecordType::End {
            return Ok(());
        }
        let found = record.end_checksum();
        if found != before {
            return Err(StreamError::BadEndChecksum {
                offset: record.offset + END_CHECKSUM_AT as u64,
                expected: before,
                found,
            });
        }
        // What comes next is a stream of its own.
        self.sum = Fletcher4::new(record.endian);
        self.has_checksums = false;
        Ok(())
    }
}

impl Inspect for Checks {
    fn record(&mut self, record: &Record<'_>, payload: &[u8]) -> Result<(), StreamError> {
        match record.begin() {
            Some(begin) => self.begin(&begin, record, payload)?,
            None => self.compare(record)?,
        }
        self.summary.record(record);
        Ok(())
    }

    fn payload(&mut self, bytes: &[u8], last: bool) {
        self.sum.update(bytes);
        if last {
            self.sum.finish_piece();
        }
    }
}

/// Compares all checksums of a stream or package in memory, as [`Verify`](super::Verify) does of one
/// that is read, and says what is learned of it.
///
/// What follows the stream is not looked at.
///
/// # Errors
///
/// [`StreamError`] says at which byte what is wrong.
pub fn verify(stream: &[u8]) -> Result<Summary, StreamError> {
    let mut checks = Checks::new();
    let mut records = Records::new(stream);
    while !records.is_done() {
        let record = records.header()?;
        if record.record_type == RecordType::Begin && record.place == Place::Stream {
            checks.record(&record, records.payload(&record)?)?;
        } else {
            // First of all that the record is right, which says how long its payload is.
            checks.record(&record, &[])?;
            checks.payload(records.payload(&record)?, true);
        }
    }
    Ok(checks.summary)
}

//! From record to record: what may come where, and how long it is. No input or output, so that all
//! readers of streams agree.

use super::record::{Place, RECORD_LEN, Record, RecordType, payload_len};
use super::{BeginRecord, Endian, HeaderType, StreamError};

/// How long the payloads of a stream may be.
///
/// Nothing is done with memory on the word of a record, so these are not what protects it where a
/// payload is passed on or passed over. They are what is read into memory at most where it is asked
/// for, and what a receiver would take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Of the payload of any record but the first: 16 MiB, the largest block that there is.
    pub block: u64,
    /// Of what follows the first record of a stream: 1 MiB. Real ones have about 1 KiB, and 8 bytes
    /// more for each snapshot that what is sent is redacted by. The kernel takes 256 MiB.
    pub begin: u64,
    /// Of what follows the first record of a package: 64 MiB, as `zfs receive` takes by default.
    pub package: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            block: 16 << 20,
            begin: 1 << 20,
            package: 64 << 20,
        }
    }
}

/// What has to come next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    /// The first record.
    First,
    /// Records of a stream.
    InStream { endian: Endian, in_package: bool },
    /// The end of what a package begins with.
    HeadEnd(Endian),
    /// A stream in a package, or the end of the package.
    Substream(Endian),
    /// Nothing.
    Nothing,
}

/// A walk over a stream or package.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    limits: Limits,
    next: Next,
    /// Where the next record begins.
    offset: u64,
}

impl Walk {
    pub(super) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            next: Next::First,
            offset: 0,
        }
    }

    /// Where the next record begins, or what comes behind the last.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the last record has been seen.
    pub(super) const fn is_done(&self) -> bool {
        matches!(self.next, Next::Nothing)
    }

    /// What it means that the input ends after so many bytes of a record.
    pub(super) fn cut_in_record(&self, got: usize) -> StreamError {
        match (self.next, got) {
            (Next::First, 0) => StreamError::Empty,
            (Next::First, _) => StreamError::TooShort { got },
            (_, 0) => StreamError::NoEnd {
                offset: self.offset,
            },
            _ => StreamError::Truncated {
                offset: self.offset.saturating_add(got as u64),
                missing: (RECORD_LEN - got) as u64,
            },
        }
    }

    /// Whether a stream that is in no package has begun and not ended.
    pub(super) const fn is_in_single(&self) -> bool {
        matches!(
            self.next,
            Next::InStream {
                in_package: false,
                ..
            }
        )
    }

    /// What it means that the input ends with so many bytes of a payload to come.
    pub(super) const fn cut_in_payload(&self, missing: u64) -> StreamError {
        StreamError::Truncated {
            offset: self.offset - missing,
            missing,
        }
    }

    /// Looks at the next record, and walks past it and its payload.
    pub(super) fn step<'a>(
        &mut self,
        bytes: &'a [u8; RECORD_LEN],
    ) -> Result<Record<'a>, StreamError> {
        let offset = self.offset;
        let number = |endian: Endian| endian.u32([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let known = |endian: Endian| {
            let record_type = number(endian);
            RecordType::from_number(record_type).ok_or(StreamError::UnknownRecordType {
                offset,
                record_type,
            })
        };
        let (endian, record_type, place, next) = match self.next {
            Next::First => {
                let begin = BeginRecord::parse(bytes)?;
                let endian = begin.endian();
                let (place, next) = match begin.header_type() {
                    HeaderType::Compound => (Place::PackageHead, Next::HeadEnd(endian)),
                    HeaderType::Substream => {
                        let in_package = false;
                        (Place::Stream, Next::InStream { endian, in_package })
                    }
                };
                (endian, RecordType::Begin, place, next)
            }
            Next::InStream { endian, in_package } => {
                let record_type = known(endian)?;
                let next = match record_type {
                    RecordType::Begin => {
                        return Err(StreamError::Misplaced {
                            offset,
                            record_type,
                        });
                    }
                    RecordType::End if in_package => Next::Substream(endian),
                    RecordType::End => Next::Nothing,
                    _ => self.next,
                };
                (endian, record_type, Place::Stream, next)
            }
            Next::HeadEnd(endian) => match known(endian)? {
                end @ RecordType::End => (endian, end, Place::PackageHead, Next::Substream(endian)),
                record_type => {
                    return Err(StreamError::Misplaced {
                        offset,
                        record_type,
                    });
                }
            },
            // Each stream of a package can have a byte order of its own, and so, to a receiver, can
            // its end.
            Next::Substream(before) => {
                let end = [before, before.swapped()]
                    .into_iter()
                    .find(|&endian| number(endian) == RecordType::End.number());
                if let Some(endian) = end {
                    (endian, RecordType::End, Place::PackageEnd, Next::Nothing)
                } else {
                    let in_package = |error| StreamError::Substream {
                        start: offset,
                        error: Box::new(error),
                    };
                    let begin = BeginRecord::parse(bytes).map_err(in_package)?;
                    if begin.header_type() == HeaderType::Compound {
                        return Err(in_package(StreamError::Package));
                    }
                    let endian = begin.endian();
                    let in_package = true;
                    let next = Next::InStream { endian, in_package };
                    (endian, RecordType::Begin, Place::Stream, next)
                }
            }
            Next::Nothing => {
                return Err(StreamError::Misplaced {
                    offset,
                    record_type: known(Endian::HOST)?,
                });
            }
        };
        let (payload_len, said_at) = payload_len(record_type, bytes, endian);
        let limit = match (record_type, place) {
            (RecordType::Begin, Place::PackageHead) => self.limits.package,
            (RecordType::Begin, _) => self.limits.begin,
            _ => self.limits.block,
        };
        // Bytes are counted in 64 bits, whatever the limits.
        let limit = limit.min(u64::MAX - offset.saturating_add(RECORD_LEN as u64));
        if payload_len > limit {
            return Err(StreamError::PayloadTooLong {
                offset: offset.saturating_add(said_at as u64),
                record_type,
                claimed: payload_len,
                limit,
            });
        }
        self.next = next;
        // A stream that long would be read for centuries.
        self.offset = offset
            .saturating_add(RECORD_LEN as u64)
            .saturating_add(payload_len);
        Ok(Record {
            bytes,
            endian,
            record_type,
            payload_len,
            offset,
            place,
        })
    }
}

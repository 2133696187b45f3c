//! Whatever bytes there are, all ways to walk over a stream agree, none takes memory that the stream
//! does not pay for, and what is verified and written again is what it was. Most of the time the
//! bytes are what records say, and the checksums are made right, since otherwise nothing behind them
//! is reached.

#![no_main]

use std::io::{self, Read};

use libfuzzer_sys::fuzz_target;
use libzfs::stream::{
    BeginRecord, Body, Endian, Guard, HeaderType, Limits, Place, ReadError, Reader, Record, Records, Require,
    StreamError, Summary, Verify, Writer, verify,
};
use libzfs_fuzz::{peak, without_leak};

/// Gives a few bytes at a time.
struct Dribble<'a>(&'a [u8]);

impl Read for Dribble<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = buf.len().min(1 + self.0.len() % 700);
        self.0.read(&mut buf[..len])
    }
}

/// A stream of what the bytes say, cut down: each record is a byte for its type, a byte for how much
/// of it is given, that, and its payload.
fn build(mut data: &[u8]) -> Option<Vec<u8>> {
    let mut writer = Writer::new(Vec::new());
    let mut endian = Endian::HOST;
    while let Some((&[kind, len], rest)) = data.split_first_chunk() {
        let (fields, rest) = rest.split_at(usize::from(len).min(rest.len()));
        data = rest;
        let mut bytes = [0; BeginRecord::LEN];
        bytes[4..][..fields.len()].copy_from_slice(fields);
        let begins = kind % 16 == 0;
        if begins {
            endian = [Endian::Little, Endian::Big][usize::from(kind >> 7)];
            let magic = match endian {
                Endian::Little => BeginRecord::MAGIC.to_le_bytes(),
                Endian::Big => BeginRecord::MAGIC.to_be_bytes(),
            };
            bytes[..4].fill(0);
            bytes[8..16].copy_from_slice(&magic);
            let begin = BeginRecord::parse(&bytes).ok()?;
            let len = usize::try_from(begin.payload_len()).ok()?;
            let payload;
            (payload, data) = data.split_at_checked(len)?;
            writer.begin(&begin, payload).ok()?;
            continue;
        }
        let number = u32::from(kind % 16);
        bytes[..4].copy_from_slice(&match endian {
            Endian::Little => number.to_le_bytes(),
            Endian::Big => number.to_be_bytes(),
        });
        let (body, len) = body(&bytes, endian)?;
        let payload;
        (payload, data) = data.split_at_checked(usize::try_from(len).ok()?)?;
        writer.record(&body, payload).ok()?;
    }
    Some(writer.into_inner())
}

/// What a record within a stream says, and how long its payload is.
fn body(bytes: &[u8; BeginRecord::LEN], endian: Endian) -> Option<(Body, u64)> {
    let mut stream = vec![0; BeginRecord::LEN];
    let (magic, version) = match endian {
        Endian::Little => (BeginRecord::MAGIC.to_le_bytes(), 1_u64.to_le_bytes()),
        Endian::Big => (BeginRecord::MAGIC.to_be_bytes(), 1_u64.to_be_bytes()),
    };
    stream[8..16].copy_from_slice(&magic);
    stream[16..24].copy_from_slice(&version);
    stream.extend(bytes);
    let mut reader = Reader::new(&stream[..]);
    reader.next_record().ok()?;
    let record = reader.next_record().ok()??;
    Some((record.body(), record.payload_len()))
}

/// All that a record says of itself.
type Seen = (u64, Vec<u8>, Vec<u8>);

fn seen(record: &Record<'_>) -> Seen {
    let _ = (format!("{record:?}"), record.checksum());
    (record.offset(), record.as_bytes().to_vec(), Vec::new())
}

fn in_memory(stream: &[u8]) -> (Vec<Seen>, Option<StreamError>) {
    let mut all = Vec::new();
    for item in Records::new(stream) {
        match item {
            Ok((record, payload)) => {
                all.push(seen(&record));
                all.last_mut().expect("one").2 = payload.to_vec();
            }
            Err(error) => return (all, Some(error)),
        }
    }
    (all, None)
}

fn by_reading(stream: &[u8]) -> (Vec<Seen>, Option<StreamError>) {
    let mut reader = Reader::new(Dribble(stream));
    let mut all = Vec::new();
    let failed = |error| match error {
        ReadError::Stream(error) => Some(error),
        other => panic!("{other}"),
    };
    loop {
        let mut record = match reader.next_record() {
            Ok(Some(record)) => seen(&record),
            Ok(None) => return (all, None),
            Err(error) => return (all, failed(error)),
        };
        match reader.read_payload(&mut record.2) {
            Ok(()) => all.push(record),
            Err(error) => return (all, failed(error)),
        }
    }
}

/// What passes through, and how it ends.
fn pass(mut from: impl Read) -> (usize, Option<StreamError>) {
    let (mut len, mut buf) = (0, [0; 999]);
    loop {
        match from.read(&mut buf) {
            Ok(0) => return (len, None),
            Ok(more) => len += more,
            Err(error) => {
                let inner = StreamError::in_io(&error).expect("no other error");
                assert!(!inner.to_string().is_empty());
                return (len, Some(inner.clone()));
            }
        }
    }
}

fn verified(stream: &[u8]) -> Result<Summary, StreamError> {
    let mut through = Verify::new(Dribble(stream));
    let (len, error) = pass(&mut through);
    assert_eq!(through.is_done(), error.is_none());
    let summary = through.into_parts().1;
    match error {
        Some(error) => Err(error),
        None => {
            assert!(summary.complete);
            assert_eq!(summary.bytes, len as u64);
            Ok(summary)
        }
    }
}

fuzz_target!(|data: &[u8]| without_leak(|| case(data)));

fn case(data: &[u8]) {
    let Some((&kind, data)) = data.split_first() else {
        return;
    };
    let stream = match kind {
        b'r' => match build(data) {
            Some(stream) => stream,
            None => return,
        },
        _ => data.to_vec(),
    };
    let (memory, _) = peak(|| {
        let mut reader = Reader::with_limits(Dribble(&stream), {
            let mut limits = Limits::default();
            limits.block = u64::MAX;
            limits
        });
        while let Ok(Some(_)) = reader.next_record() {}
        Records::new(&stream).count()
    });
    assert!(memory <= 80_000, "{memory} bytes of memory to walk");
    // What is held is what follows a first record, as bytes and as a list.
    let (memory, result) = peak(|| verified(&stream));
    let bound = 80_000 + 26 * stream.len().min(2 << 20) + 2 * stream.len();
    assert!(
        memory <= bound,
        "{memory} bytes of memory for {}",
        stream.len()
    );

    let walked = in_memory(&stream);
    assert!(walked == by_reading(&stream));
    if let Some(error) = &walked.1 {
        assert!(error.offset() <= stream.len() as u64, "{error}");
    }
    assert_eq!(result, verify(&stream));
    match &result {
        Err(error) => assert!(error.offset() <= stream.len() as u64, "{error}"),
        Ok(summary) => {
            assert_eq!(walked.1, None);
            assert_eq!(summary.records.total().records, walked.0.len() as u64);
            let (len, error) = pass(Guard::new(Dribble(&stream), Require::new()));
            assert_eq!((len as u64, error), (summary.bytes, None));
            if summary.streams.iter().all(|stream| stream.has_checksums) {
                rewritten(&stream);
            }
        }
    }
    guarded(&stream, &walked.0);
}

/// Of what has to be raw nothing passes before it has said so, and no record that is not.
fn guarded(stream: &[u8], records: &[Seen]) {
    let require = Require::new().raw().known_features();
    let is_package = records.first().is_some_and(|(_, bytes, _)| {
        BeginRecord::parse(bytes).is_ok_and(|begin| begin.header_type() == HeaderType::Compound)
    });
    let (len, _) = pass(Guard::new(Dribble(stream), require.clone()));
    assert!(len == 0 || !is_package);
    let (len, error) = pass(Guard::new(Dribble(stream), require.packages()));
    if is_package && len > 0 {
        // With the head at least the first record of a stream.
        assert!(records.get(2).is_some_and(|record| len > record.0 as usize));
    }
    let passed = Records::new(stream).take_while(|item| {
        item.as_ref().is_ok_and(|(record, _)| record.offset() < len as u64)
    });
    for item in passed {
        let (record, _) = item.expect("seen to be right");
        let mac = match record.body() {
            Body::Begin(begin) if record.place() == Place::Stream => {
                assert!(begin.is_raw());
                continue;
            }
            Body::Write(write) => write.mac,
            Body::Spill(spill) => spill.mac,
            Body::ObjectRange(range) => range.mac,
            Body::WriteEmbedded(_) | Body::WriteByRef(_) => panic!("{record:?} {error:?}"),
            _ => continue,
        };
        assert_ne!(mac, [0; 16], "{record:?}");
    }
}

/// What is written of the records of a stream is that stream, but for what no field is for.
fn rewritten(stream: &[u8]) {
    let mut writer = Writer::new(Vec::new());
    for item in Records::new(stream) {
        let (record, payload) = item.expect("a stream that was verified");
        match (record.body(), record.place()) {
            (Body::Begin(begin), Place::PackageHead) => writer.package_head(&begin, payload),
            (_, Place::PackageHead) => Ok(()),
            (_, Place::PackageEnd) => writer.package_end(),
            (body, Place::Stream) => writer.record(&body, payload),
        }
        .expect("what was read");
    }
    let again = writer.into_inner();
    assert_eq!(
        again.len(),
        Records::new(stream).fold(0, |sum, item| {
            let (record, payload) = item.expect("a stream that was verified");
            sum + record.as_bytes().len() + payload.len()
        })
    );
    let (first, second) = (verify(stream), verify(&again));
    assert_eq!(
        first.expect("verified").records,
        second.expect("verified again").records
    );
}

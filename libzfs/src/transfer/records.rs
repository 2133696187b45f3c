//! Where the records of a stream that passes by begin and end.

use crate::stream::record::payload_len;
use crate::stream::{BeginRecord, Endian, HeaderType, RecordType};

const LEN: usize = BeginRecord::LEN;

/// Walks along a stream: counts its records, and knows how much of it certainly follows.
///
/// It trusts the stream no more than it has to. What is not a stream, or one of a later release, it
/// loses track of; then all that comes is said to follow.
#[derive(Debug)]
pub(crate) struct RecordWalk {
    header: [u8; LEN],
    /// How much of it is there.
    filled: usize,
    /// How much of the payload is still to come.
    payload: u64,
    /// How much it is as a whole.
    whole: u64,
    /// None where a stream has yet to begin.
    endian: Option<Endian>,
    /// Whether there are records that are not known here, for all that is known of the stream.
    from_later_release: bool,
    state: State,
    /// Whether a package may come in place of a stream.
    or_package: bool,
    /// Whether one has come.
    package: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Walking,
    Ended,
    /// Something follows its end.
    Exceeded,
    /// It has begun again in the middle.
    Restarted,
    Lost,
}

impl RecordWalk {
    pub(crate) fn new() -> Self {
        Self {
            header: [0; LEN],
            filled: 0,
            payload: 0,
            whole: 0,
            endian: None,
            from_later_release: false,
            state: State::Walking,
            or_package: false,
            package: false,
        }
    }

    /// A walk along a stream or a package.
    pub(crate) fn or_package() -> Self {
        Self {
            or_package: true,
            ..Self::new()
        }
    }

    /// Whether the stream's last record has passed.
    pub(crate) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Why what has passed, if nothing follows, is not what the kernel means to send.
    ///
    /// A thread that is interrupted while it waits for room in the pipe, at one of the last records,
    /// has Linux call the kernel once more, which then writes the whole stream behind what there is
    /// of it, and reports success.
    pub(crate) fn flaw(&self) -> Option<&'static str> {
        match self.state {
            State::Ended => None,
            State::Walking => Some("the stream ended without its last record"),
            State::Exceeded => Some("something follows the stream's last record"),
            State::Restarted => Some("the stream began again in the middle"),
            State::Lost if self.from_later_release => None,
            State::Lost => Some("the stream has a record of no known type"),
        }
    }

    /// Whether a record may follow what has passed, which is no end.
    pub(crate) fn is_cut(&self) -> bool {
        self.state == State::Walking
    }

    /// How many bytes can be read without reading what follows the stream; never 0 before its end.
    pub(crate) fn certain(&self) -> usize {
        match self.state {
            State::Ended => 0,
            State::Exceeded | State::Restarted | State::Lost => usize::MAX,
            State::Walking => {
                let payload = usize::try_from(self.payload).unwrap_or(usize::MAX);
                payload.saturating_add(LEN - self.filled)
            }
        }
    }

    /// How much of a record's payload is to come.
    pub(crate) fn payload(&self) -> u64 {
        match self.state {
            State::Walking => self.payload,
            State::Ended | State::Exceeded | State::Restarted | State::Lost => 0,
        }
    }

    /// How long the payload is as a whole of the record that began last.
    pub(crate) fn whole_payload(&self) -> u64 {
        self.whole
    }

    /// Goes on by as much of a payload.
    pub(crate) fn pass_payload(&mut self, len: usize) {
        self.payload = self.payload.saturating_sub(len as u64);
    }

    /// Goes on by `bytes`; returns how many records have begun in them, as far as they are whole.
    pub(crate) fn pass(&mut self, mut bytes: &[u8]) -> u64 {
        let mut records = 0;
        if self.state == State::Ended && !bytes.is_empty() {
            self.state = State::Exceeded;
        }
        while !bytes.is_empty() && self.state == State::Walking {
            if self.payload > 0 {
                let len = bytes
                    .len()
                    .min(self.payload.try_into().unwrap_or(usize::MAX));
                self.payload -= len as u64;
                bytes = &bytes[len..];
                continue;
            }
            let len = bytes.len().min(LEN - self.filled);
            self.header[self.filled..self.filled + len].copy_from_slice(&bytes[..len]);
            self.filled += len;
            bytes = &bytes[len..];
            if self.filled == LEN {
                self.filled = 0;
                self.next();
                self.whole = self.payload;
                records += u64::from(self.state != State::Lost);
                if self.state == State::Ended && !bytes.is_empty() {
                    self.state = State::Exceeded;
                }
            }
        }
        records
    }

    fn next(&mut self) {
        let Some(endian) = self.endian else {
            match BeginRecord::parse(&self.header) {
                Ok(begin) => {
                    self.endian = Some(begin.endian());
                    self.payload = begin.payload_len().into();
                    self.from_later_release = !begin.features().unknown().is_empty();
                    self.package |= self.or_package && begin.header_type() == HeaderType::Compound;
                }
                Err(_) if self.package && self.is_end() => self.state = State::Ended,
                Err(_) => self.state = State::Lost,
            }
            return;
        };
        match RecordType::from_number(endian.u32(self.number())) {
            // Of the head of a package, or of a stream in it.
            Some(RecordType::End) if self.package => self.endian = None,
            Some(RecordType::End) => self.state = State::Ended,
            Some(RecordType::Begin) => self.state = State::Restarted,
            Some(known) => (self.payload, _) = payload_len(known, &self.header, endian),
            None => self.state = State::Lost,
        }
    }

    /// The type of the record.
    fn number(&self) -> [u8; 4] {
        let mut number = [0; 4];
        number.copy_from_slice(&self.header[..4]);
        number
    }

    /// Whether it is an `END` record, of either byte order.
    fn is_end(&self) -> bool {
        let is_end = |endian: Endian| endian.u32(self.number()) == RecordType::End.number();
        is_end(Endian::Little) || is_end(Endian::Big)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: RecordType, fields: &[(usize, u64, usize)]) -> Vec<u8> {
        let mut bytes = vec![0; LEN];
        bytes[..4].copy_from_slice(&Endian::HOST.put_u32(kind.number()));
        for &(at, value, len) in fields {
            match len {
                4 => bytes[at..at + 4]
                    .copy_from_slice(&Endian::HOST.put_u32(u32::try_from(value).unwrap())),
                _ => bytes[at..at + 8].copy_from_slice(&Endian::HOST.put_u64(value)),
            }
        }
        bytes
    }

    /// A begin record with a payload, one of each kind of those with one and of those without, and
    /// the end.
    fn stream() -> (Vec<u8>, u64) {
        let mut write = record(RecordType::Write, &[(32, 4096, 8), (96, 500, 8)]);
        let mut parts = vec![
            (
                record(
                    RecordType::Begin,
                    &[(4, 100, 4), (8, 0x2_f5ba_cbac, 8), (16, 1, 8)],
                ),
                100,
            ),
            (record(RecordType::Object, &[(28, 13, 4)]), 16),
            (
                record(RecordType::Object, &[(28, 13, 4), (36, 192, 4)]),
                192,
            ),
            (record(RecordType::FreeObjects, &[(8, 5, 8)]), 0),
            (write.clone(), 4096),
            (record(RecordType::Spill, &[(16, 512, 8)]), 512),
            (record(RecordType::Spill, &[(16, 512, 8), (40, 40, 8)]), 40),
            (record(RecordType::WriteEmbedded, &[(52, 29, 4)]), 32),
            (record(RecordType::ObjectRange, &[]), 0),
            (record(RecordType::Redact, &[(24, 1 << 40, 8)]), 0),
            (record(RecordType::Free, &[(24, 1 << 40, 8)]), 0),
        ];
        write[50] = 15;
        parts.push((write, 500));
        parts.push((record(RecordType::End, &[]), 0));
        let records = parts.len() as u64;
        let whole = parts
            .into_iter()
            .flat_map(|(record, payload)| record.into_iter().chain(vec![7; payload]))
            .collect();
        (whole, records)
    }

    #[test]
    fn a_stream_in_pieces_of_any_size_ends_where_it_ends() {
        let (mut stream, records) = stream();
        let len = stream.len();
        stream.extend([7; 1000]);
        for most in [1, 7, 311, 312, 313, 5000, usize::MAX] {
            let mut walk = RecordWalk::new();
            let (mut at, mut seen) = (0, 0);
            while !walk.has_ended() {
                let piece = walk.certain().min(most);
                assert!(piece > 0);
                seen += walk.pass(&stream[at..at + piece]);
                at += piece;
            }
            assert_eq!((at, seen), (len, records), "{most}");
            assert_eq!(walk.certain(), 0);
        }
    }

    #[test]
    fn a_package_ends_behind_its_last_stream() {
        let (stream, records) = stream();
        let head = record(
            RecordType::Begin,
            &[(4, 100, 4), (8, 0x2_f5ba_cbac, 8), (16, 2, 8)],
        );
        let end = record(RecordType::End, &[]);
        let list = vec![7; 100];
        let parts = [&head, &list, &end, &stream, &stream, &end];
        let package: Vec<u8> = parts.into_iter().flatten().copied().collect();
        let walk_along = |mut walk: RecordWalk, most: usize| {
            let (mut at, mut seen) = (0, 0);
            while !walk.has_ended() {
                let piece = walk.certain().min(most);
                seen += walk.pass(&package[at..at + piece]);
                at += piece;
            }
            (at, seen)
        };
        for most in [1, 311, 5000] {
            let whole = walk_along(RecordWalk::or_package(), most);
            assert_eq!(whole, (package.len(), 2 * records + 3), "{most}");
            // Who takes only a stream leaves what comes behind the head.
            assert_eq!(walk_along(RecordWalk::new(), most), (724, 2), "{most}");
        }
    }

    #[test]
    fn what_is_no_stream_is_let_pass() {
        let mut walk = RecordWalk::new();
        assert_eq!(walk.pass(&[9; 400]), 0);
        assert_eq!(walk.certain(), usize::MAX);
        assert!(!walk.has_ended());

        let mut walk = RecordWalk::new();
        let (stream, _) = stream();
        assert_eq!(walk.pass(&stream[..LEN + 100]), 1);
        assert_eq!(walk.pass(&[0xff; LEN]), 0);
        assert_eq!(walk.certain(), usize::MAX);
    }

    #[test]
    fn only_one_whole_stream_has_no_flaw() {
        let (whole, _) = stream();
        let end = whole.len() - LEN;
        let flaw = |pieces: &[&[u8]]| {
            let mut walk = RecordWalk::new();
            for piece in pieces {
                walk.pass(piece);
            }
            let at_once = {
                let mut walk = RecordWalk::new();
                walk.pass(&pieces.concat());
                walk.flaw()
            };
            assert_eq!(walk.flaw(), at_once);
            at_once.map(|why| why.rsplit(' ').next().unwrap())
        };
        assert_eq!(flaw(&[&whole]), None);
        assert_eq!(flaw(&[]), Some("record"));
        assert_eq!(flaw(&[&whole[..end]]), Some("record"));
        assert_eq!(flaw(&[&whole[..100]]), Some("record"));
        assert_eq!(flaw(&[&whole, &[0]]), Some("record"));
        // Interrupted at its end, behind another record, and behind the first one.
        assert_eq!(flaw(&[&whole[..end], &whole]), Some("middle"));
        assert_eq!(flaw(&[&whole[..LEN + 100], &whole]), Some("middle"));
        // In the payload of the first record, so that a part of it passes for that.
        assert_eq!(flaw(&[&whole[..LEN], &whole]), Some("middle"));
        let unknown = [&whole[..LEN + 100], &[0xff; LEN]];
        assert_eq!(flaw(&unknown), Some("type"));
        let mut later = whole.clone();
        later[16 + 6] = 0x80;
        later.splice(LEN + 100..LEN + 100, [0xff; LEN]);
        assert_eq!(flaw(&[&later]), None);
    }

    #[test]
    fn a_payload_of_any_length_costs_nothing() {
        let mut walk = RecordWalk::new();
        let (stream, _) = stream();
        walk.pass(&stream[..LEN + 100]);
        walk.pass(&record(RecordType::Write, &[(32, u64::MAX, 8)]));
        assert_eq!(walk.certain(), usize::MAX);
        assert_eq!(walk.pass(&[0; 1000]), 0);
    }
}

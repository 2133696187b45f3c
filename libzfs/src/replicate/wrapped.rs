//! By which key a copy can be unlocked.

use std::fmt;
use std::io::{self, Cursor, Read};

use sha2::{Digest, Sha256};

use super::{Error, Order, Outgoing, Result, Target};
use crate::nvlist::{NvList, Value};
use crate::stream::{ReadError, Reader, RecordType, StreamError};

/// The key of a dataset as it lies on disk, wrapped in the user's, by a digest of it.
///
/// Every raw stream brings this, and the receiver's kernel puts it in the place of what the copy has,
/// also when the stream is incremental, and without being able to tell whether it is any good. From
/// then on the copy with *all* its snapshots is unlocked by the key that this is wrapped in; if it is
/// garbage, by none. So who can send to a copy could take it hostage, and whoever receives from
/// those that he does not trust compares this first.
///
/// It changes with each change of the user's key, also from one raw key to another, and else never.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct WrappedKey([u8; 32]);

impl WrappedKey {
    /// That of a stream, of which the first record is read and what follows it; none if it is not
    /// raw.
    ///
    /// # Errors
    ///
    /// That it cannot be read, or is no stream.
    pub fn read(stream: impl Read) -> std::result::Result<Option<Self>, ReadError> {
        let mut reader = Reader::new(stream);
        let mut payload = Vec::new();
        let begin = reader.next_record()?.map(|record| record.record_type());
        if begin != Some(RecordType::Begin) {
            return Err(StreamError::Empty.into());
        }
        reader.read_payload(&mut payload)?;
        let list = NvList::decode(&payload).unwrap_or_default();
        Ok(list.get_list("crypt_keydata").map(Self::of))
    }

    /// That of a stream, and the stream with nothing yet read of it.
    pub(super) fn ahead<R: Read>(mut stream: R) -> Result<(Option<Self>, Ahead<R>)> {
        let mut head = Vec::new();
        let key = Self::read(Tee {
            inner: &mut stream,
            copy: &mut head,
        });
        let key = key.map_err(|error| match error {
            ReadError::Stream(error) => error.into(),
            ReadError::Io { error, .. } => Error::of_source(error),
        })?;
        Ok((key, Cursor::new(head).chain(stream)))
    }

    fn of(keys: &NvList) -> Self {
        let mut digest = Sha256::new();
        for name in [
            "DSL_CRYPTO_SUITE",
            "DSL_CRYPTO_GUID",
            "DSL_CRYPTO_VERSION",
            "keyformat",
            "pbkdf2iters",
            "pbkdf2salt",
        ] {
            digest.update(keys.get_u64(name).unwrap_or(0).to_le_bytes());
        }
        for name in [
            "DSL_CRYPTO_MASTER_KEY_1",
            "DSL_CRYPTO_HMAC_KEY_1",
            "DSL_CRYPTO_IV",
            "DSL_CRYPTO_MAC",
        ] {
            let bytes = keys.get(name).and_then(Value::as_u8_array);
            let bytes = bytes.unwrap_or_default();
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        }
        Self(digest.finalize().into())
    }
}

/// A stream of which the beginning was read already.
pub(super) type Ahead<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// Keeps a copy of what is read.
struct Tee<'a, R> {
    inner: &'a mut R,
    copy: &'a mut Vec<u8>,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.copy.extend_from_slice(&buffer[..len]);
        Ok(len)
    }
}

/// The stream, if it leaves the key of what is there as it is.
pub(super) fn keeping_key(
    target: &dyn Target,
    order: &Order,
    stream: Outgoing,
) -> Result<Outgoing> {
    let (key, stream) = WrappedKey::ahead(stream.into_reader())?;
    check_key(target, order, key)?;
    Ok(Outgoing::Reader(Box::new(stream)))
}

/// Refuses a stream with that key if it would change the one of what is there. The kernel would take
/// it, and cannot know whether anybody can unlock the copy then.
pub(super) fn check_key(target: &dyn Target, order: &Order, key: Option<WrappedKey>) -> Result<()> {
    let mut is_known = order.base.is_none();
    // A clone has its key in common with what it is a clone of; but that it is one is only what the
    // order says.
    for copy in [Some(&order.snapshot), order.origin.as_ref()]
        .into_iter()
        .flatten()
    {
        let copy = copy.dataset();
        let here = target.wrapped_key(copy)?;
        is_known |= here.is_some();
        if here.is_some() && here != key {
            return Err(Error::Refused(format!(
                "the stream would change the key of {copy}, with which all of its snapshots are \
                 read; if it was changed on purpose, that has to be allowed here"
            )));
        }
    }
    match is_known {
        true => Ok(()),
        false => Err(Error::Refused(format!(
            "nothing is known of the key of {}",
            order.snapshot.dataset()
        ))),
    }
}

/// In hexadecimal digits.
impl fmt::Display for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({self})")
    }
}

impl From<WrappedKey> for String {
    fn from(key: WrappedKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for WrappedKey {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        let digits = text.as_bytes();
        let mut key = [0; 32];
        let is_hex = digits.len() == 2 * key.len() && digits.iter().all(u8::is_ascii_hexdigit);
        if !is_hex {
            return Err("the digest of a wrapped key is 64 hexadecimal digits".to_owned());
        }
        for (byte, at) in key.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|error| error.to_string())?;
        }
        Ok(Self(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{
        BeginFields, BeginFlags, BeginRecord, Endian, Features, HeaderType, ObjsetType,
    };

    fn stream(keys: Option<NvList>) -> Vec<u8> {
        let mut list = NvList::new();
        if let Some(keys) = keys {
            list.insert("crypt_keydata", keys);
        }
        let payload = list.encode().unwrap();
        let len = u32::try_from(payload.len()).unwrap();
        let fields = BeginFields {
            header_type: HeaderType::Substream,
            features: Features::empty(),
            creation_time: 0,
            objset_type: ObjsetType::Zfs,
            flags: BeginFlags::empty(),
            to_guid: 1,
            from_guid: None,
            to_name: "tank/prod@s".parse().unwrap(),
        };
        let begin = BeginRecord::build(&fields, len, Endian::HOST);
        [&begin.as_bytes()[..], &payload].concat()
    }

    fn keys(wrapped: u8) -> NvList {
        let mut keys = NvList::new();
        keys.insert("DSL_CRYPTO_GUID", 7_u64);
        keys.insert("DSL_CRYPTO_MASTER_KEY_1", vec![wrapped; 32]);
        keys.insert("to_ivset_guid", u64::from(wrapped));
        keys
    }

    #[test]
    fn it_is_that_of_the_key_alone() {
        let read = |keys| WrappedKey::read(&stream(keys)[..]).unwrap();
        let key = read(Some(keys(1)));
        let mut later = keys(1);
        later.insert("to_ivset_guid", 9_u64);
        assert!(key.is_some());
        assert_eq!(read(Some(later)), key);
        assert_ne!(read(Some(keys(2))), key);
        assert_eq!(read(None), None);
    }

    #[test]
    fn it_is_written_and_read() {
        let key = WrappedKey::of(&keys(1));
        assert_eq!(WrappedKey::try_from(key.to_string()), Ok(key));
        for text in ["", "12", &"g".repeat(64), &"é".repeat(32)] {
            assert!(WrappedKey::try_from(text.to_owned()).is_err());
        }
    }

    #[test]
    fn no_stream_has_none() {
        assert!(WrappedKey::read(&[][..]).is_err());
        assert!(WrappedKey::read(&[1; 400][..]).is_err());
        assert!(WrappedKey::read(&stream(Some(keys(1)))[..350]).is_err());
    }
}

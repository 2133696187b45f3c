//! Keys from files, pipes and whatever else can be read.

use std::io::{self, Read};

use thiserror::Error;
use zeroize::Zeroizing;

use super::{Key, KeyError, KeyFormat, MAX_PASSPHRASE_LEN, WRAPPING_KEY_LEN};

/// Why no key was read. It never tells what was read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyReadError {
    /// What was read is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The source failed.
    #[error("the key cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl Key {
    /// Reads a key, as `zfs load-key` reads it from a file.
    ///
    /// A raw key is all that there is, so that the source has to end after its 32 bytes. A hex key
    /// or a passphrase is the first line, of which the line feed is not a part and may be missing;
    /// nothing behind it is read.
    ///
    /// What was read is overwritten here. A source that buffers, such as
    /// [`BufReader`](io::BufReader), has its own copy.
    ///
    /// ```
    /// use libzfs::{Key, KeyFormat};
    ///
    /// let mut source = &b"correct horse\nbattery staple\n"[..];
    /// let key = Key::read(KeyFormat::Passphrase, &mut source)?;
    /// assert_eq!(source, b"battery staple\n");
    /// assert!(Key::read(KeyFormat::Raw, source).is_err());
    /// # Ok::<(), libzfs::key::KeyReadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`KeyReadError::Io`], or what [`raw`](Self::raw), [`hex`](Self::hex) and
    /// [`passphrase`](Self::passphrase) say of what was read. No more of it is read than shows that
    /// it is too long, so that the length in such an error is a lower bound.
    pub fn read(format: KeyFormat, mut source: impl Read) -> Result<Self, KeyReadError> {
        Ok(match format {
            KeyFormat::Raw => {
                let mut bytes = Zeroizing::new([0; WRAPPING_KEY_LEN + 1]);
                let len = fill(&mut source, &mut *bytes)?;
                Self::raw(&bytes[..len])?
            }
            KeyFormat::Hex | KeyFormat::Passphrase => {
                let mut line = Zeroizing::new([0; MAX_PASSPHRASE_LEN + 1]);
                let len = read_line(&mut source, &mut *line)?;
                let text = &line[..len];
                if format == KeyFormat::Hex {
                    Self::hex(text)?
                } else {
                    Self::passphrase(text)?
                }
            }
        })
    }
}

/// Reads until the buffer is full or the source ends.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buffer.len() {
        match source.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

/// As [`fill`], up to a line feed. Byte by byte, because what follows is somebody else's.
fn read_line(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    for at in 0..buffer.len() {
        let byte = &mut buffer[at..=at];
        if fill(source, byte)? == 0 || byte[0] == b'\n' {
            return Ok(at);
        }
    }
    Ok(buffer.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Derivation;

    fn read(format: KeyFormat, bytes: &[u8]) -> Result<Key, KeyError> {
        // Through a source that hands out as little as it may.
        let dribble = bytes
            .chunks(1)
            .fold(Box::new(io::empty()) as Box<dyn Read>, |before, byte| {
                Box::new(before.chain(byte))
            });
        Key::read(format, dribble).map_err(|error| match error {
            KeyReadError::Key(error) => error,
            KeyReadError::Io(error) => panic!("{error}"),
        })
    }

    fn bytes(key: &Key) -> [u8; WRAPPING_KEY_LEN] {
        *key.wrapping_key(Derivation { salt: 0, iters: 1 })
            .unwrap()
            .as_bytes()
    }

    #[test]
    fn a_raw_key_is_all_that_there_is() {
        // Line feeds are bytes as any other.
        let key = read(KeyFormat::Raw, &[b'\n'; 32]).unwrap();
        assert_eq!(bytes(&key), [b'\n'; 32]);
        for len in [0, 31, 33, 100] {
            let error = read(KeyFormat::Raw, &vec![7; len]).unwrap_err();
            assert_eq!(error, KeyError::RawLength { len: len.min(33) });
        }
    }

    #[test]
    fn a_text_is_the_first_line() {
        let digits = "0a".repeat(32);
        for end in ["", "\n", "\nmore", "\n\n"] {
            let key = read(KeyFormat::Hex, format!("{digits}{end}").as_bytes()).unwrap();
            assert_eq!(bytes(&key), [10; 32]);
            let key = read(KeyFormat::Passphrase, format!("password{end}").as_bytes()).unwrap();
            let same = Key::passphrase("password").unwrap();
            assert_eq!(bytes(&key), bytes(&same));
        }
        // A carriage return is a part of it, as it is to zfs.
        let error = read(KeyFormat::Hex, format!("{digits}\r\n").as_bytes()).unwrap_err();
        assert_eq!(error, KeyError::HexLength { len: 65 });
    }

    #[test]
    fn lengths_are_exact() {
        for (text, len) in [("", 0), ("\npassword", 0), ("seven77\n", 7)] {
            let error = read(KeyFormat::Passphrase, text.as_bytes()).unwrap_err();
            assert_eq!(error, KeyError::PassphraseLength { len });
        }
        assert!(read(KeyFormat::Passphrase, &[b'p'; 512]).is_ok());
        assert!(read(KeyFormat::Passphrase, &[&[b'p'; 512][..], b"\n"].concat()).is_ok());
        let error = read(KeyFormat::Passphrase, &[b'p'; 600]).unwrap_err();
        assert_eq!(error, KeyError::PassphraseLength { len: 513 });
        let error = read(KeyFormat::Hex, &[b'0'; 63]).unwrap_err();
        assert_eq!(error, KeyError::HexLength { len: 63 });
    }

    #[test]
    fn an_endless_source_is_given_up() {
        for format in [KeyFormat::Raw, KeyFormat::Hex, KeyFormat::Passphrase] {
            assert!(Key::read(format, io::repeat(b'0')).is_err());
        }
    }

    /// Interrupted once, and then broken.
    struct Broken(bool);

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            let kind = if std::mem::replace(&mut self.0, true) {
                io::ErrorKind::ConnectionReset
            } else {
                io::ErrorKind::Interrupted
            };
            Err(kind.into())
        }
    }

    #[test]
    fn a_source_that_fails_says_why() {
        let error = Key::read(KeyFormat::Raw, Broken(false)).unwrap_err();
        let KeyReadError::Io(error) = error else {
            panic!("{error}");
        };
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
}

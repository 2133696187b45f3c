//! Encryption keys: what users have (raw, hex, passphrase) and what the kernel takes.
//!
//! The kernel knows only *wrapping keys* of 32 bytes. A raw or hex key is one; from a passphrase
//! it is derived with PBKDF2-HMAC-SHA1, the dataset's salt and its number of iterations. All of
//! it happens in Rust: no prompt and no terminal, and what was read or derived is overwritten when
//! it goes out of scope. No key is ever in an error, in a log or in `Debug`.
//!
//! ```
//! use libzfs::{Key, KeyFormat};
//!
//! let key = Key::passphrase("correct horse")?;
//! assert_eq!(key.format(), KeyFormat::Passphrase);
//! assert_eq!(format!("{key:?}"), "Key(Passphrase, ..)");
//! assert!(Key::raw(&[0; 31]).is_err());
//! # Ok::<(), libzfs::KeyError>(())
//! ```

mod location;
mod read;

use std::fmt;

use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use self::location::{KeyLocation, KeyLocationError};
pub use self::read::KeyReadError;

/// The length of a wrapping key in bytes (`WRAPPING_KEY_LEN`).
pub const WRAPPING_KEY_LEN: usize = 32;

/// The shortest passphrase in bytes, as `zfs create` demands it.
pub const MIN_PASSPHRASE_LEN: usize = 8;

/// The longest passphrase in bytes.
pub const MAX_PASSPHRASE_LEN: usize = 512;

/// The number of PBKDF2 iterations for new datasets where none is given (`pbkdf2iters`).
pub const DEFAULT_PBKDF2_ITERS: u64 = 350_000;

/// The fewest PBKDF2 iterations that the kernel accepts.
pub const MIN_PBKDF2_ITERS: u64 = 100_000;

/// The property `keyformat`: what a dataset's key is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyFormat {
    /// 32 bytes.
    Raw,
    /// 64 hexadecimal digits.
    Hex,
    /// A passphrase of 8 to 512 bytes.
    Passphrase,
}

impl KeyFormat {
    /// The number that the kernel has for it.
    pub fn index(self) -> u64 {
        match self {
            Self::Raw => 1,
            Self::Hex => 2,
            Self::Passphrase => 3,
        }
    }

    /// The format of that number; `None` for 0 (not encrypted) and unknown ones.
    pub fn from_index(index: u64) -> Option<Self> {
        match index {
            1 => Some(Self::Raw),
            2 => Some(Self::Hex),
            3 => Some(Self::Passphrase),
            _ => None,
        }
    }
}

impl fmt::Display for KeyFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Raw => "raw",
            Self::Hex => "hex",
            Self::Passphrase => "passphrase",
        })
    }
}

/// Why something is no key. It never tells what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A raw key has exactly 32 bytes.
    #[error("a raw key has 32 bytes, this one has {len}")]
    RawLength {
        /// How many bytes were given.
        len: usize,
    },
    /// A hex key has exactly 64 digits.
    #[error("a hex key has 64 digits, this one has {len}")]
    HexLength {
        /// How many bytes were given.
        len: usize,
    },
    /// A hex key has nothing but hexadecimal digits.
    #[error("a hex key has only hexadecimal digits; byte {at} is none")]
    HexDigit {
        /// The place of the first byte that is none, from 0.
        at: usize,
    },
    /// A passphrase has 8 to 512 bytes.
    #[error("a passphrase has 8 to 512 bytes, this one has {len}")]
    PassphraseLength {
        /// How many bytes were given.
        len: usize,
    },
    /// A passphrase with a NUL byte: OpenZFS itself would take only what stands before it.
    #[error("a passphrase cannot have a NUL byte; byte {at} is one")]
    PassphraseNul {
        /// The place of the NUL, from 0.
        at: usize,
    },
    /// Fewer PBKDF2 iterations than the kernel accepts, or more than can be counted.
    #[error("{iters} PBKDF2 iterations are not between 100000 and 4294967295")]
    Iterations {
        /// How many were asked for.
        iters: u64,
    },
    /// More PBKDF2 iterations than are spent unasked.
    #[error("{iters} PBKDF2 iterations are more than are spent without being asked to")]
    TooManyIterations {
        /// How many the dataset has.
        iters: u64,
    },
    /// The operating system gave no random bytes for a salt.
    #[error("no random bytes for a salt are to be had")]
    NoRandomness,
    /// The dataset's `keyformat` is another one.
    #[error("the dataset's keyformat is {expected}, the key given is {given}")]
    Format {
        /// What the dataset has.
        expected: KeyFormat,
        /// What was given.
        given: KeyFormat,
    },
}

/// A key as a user has it. It is overwritten when it is dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Key(Material);

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
enum Material {
    Raw([u8; WRAPPING_KEY_LEN]),
    Hex([u8; WRAPPING_KEY_LEN]),
    Passphrase(Vec<u8>),
}

impl Key {
    /// A key of 32 bytes (`keyformat=raw`).
    ///
    /// # Errors
    ///
    /// [`KeyError::RawLength`]
    pub fn raw(bytes: &[u8]) -> Result<Self, KeyError> {
        match bytes.try_into() {
            Ok(key) => Ok(Self(Material::Raw(key))),
            Err(_) => Err(KeyError::RawLength { len: bytes.len() }),
        }
    }

    /// A key of 64 hexadecimal digits (`keyformat=hex`).
    ///
    /// # Errors
    ///
    /// [`KeyError::HexLength`], [`KeyError::HexDigit`]
    pub fn hex(digits: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let digits = digits.as_ref();
        if digits.len() != 2 * WRAPPING_KEY_LEN {
            return Err(KeyError::HexLength { len: digits.len() });
        }
        let mut key = Zeroizing::new([0; WRAPPING_KEY_LEN]);
        for (i, pair) in digits.chunks_exact(2).enumerate() {
            let digit = |at: usize| match pair[at] {
                c @ b'0'..=b'9' => Ok(c - b'0'),
                c @ b'a'..=b'f' => Ok(c - b'a' + 10),
                c @ b'A'..=b'F' => Ok(c - b'A' + 10),
                _ => Err(KeyError::HexDigit { at: 2 * i + at }),
            };
            key[i] = digit(0)? << 4 | digit(1)?;
        }
        Ok(Self(Material::Hex(*key)))
    }

    /// A passphrase (`keyformat=passphrase`), without a line end.
    ///
    /// # Errors
    ///
    /// [`KeyError::PassphraseLength`], [`KeyError::PassphraseNul`]
    pub fn passphrase(passphrase: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let bytes = passphrase.as_ref();
        if !(MIN_PASSPHRASE_LEN..=MAX_PASSPHRASE_LEN).contains(&bytes.len()) {
            return Err(KeyError::PassphraseLength { len: bytes.len() });
        }
        if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
            return Err(KeyError::PassphraseNul { at });
        }
        Ok(Self(Material::Passphrase(bytes.to_vec())))
    }

    /// The `keyformat` of a dataset that this key is for.
    pub fn format(&self) -> KeyFormat {
        match self.0 {
            Material::Raw(_) => KeyFormat::Raw,
            Material::Hex(_) => KeyFormat::Hex,
            Material::Passphrase(_) => KeyFormat::Passphrase,
        }
    }

    /// The wrapping key that the kernel takes.
    ///
    /// `derivation` is used for passphrases alone: the dataset's `pbkdf2salt` and `pbkdf2iters`.
    /// Deriving takes a noticeable time by design (some tenths of a second).
    ///
    /// # Errors
    ///
    /// [`KeyError::Iterations`]: more than PBKDF2 can count, or none.
    pub fn wrapping_key(&self, derivation: Derivation) -> Result<WrappingKey, KeyError> {
        match &self.0 {
            Material::Raw(key) | Material::Hex(key) => Ok(WrappingKey(*key)),
            Material::Passphrase(passphrase) => {
                let iters = match u32::try_from(derivation.iters) {
                    Ok(iters) if iters > 0 => iters,
                    _ => {
                        return Err(KeyError::Iterations {
                            iters: derivation.iters,
                        });
                    }
                };
                let mut key = WrappingKey([0; WRAPPING_KEY_LEN]);
                pbkdf2::pbkdf2_hmac::<sha1::Sha1>(
                    passphrase,
                    &derivation.salt.to_le_bytes(),
                    iters,
                    &mut key.0,
                );
                Ok(key)
            }
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?}, ..)", self.format())
    }
}

/// How a passphrase becomes a wrapping key: the properties `pbkdf2salt` and `pbkdf2iters`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Derivation {
    /// The dataset's random salt.
    pub salt: u64,
    /// How many iterations.
    pub iters: u64,
}

/// The 32 bytes with which the kernel unwraps a dataset's master key. Overwritten when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct WrappingKey([u8; WRAPPING_KEY_LEN]);

impl WrappingKey {
    /// The bytes. Whoever copies them has to overwrite the copy.
    pub fn as_bytes(&self) -> &[u8; WRAPPING_KEY_LEN] {
        &self.0
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrappingKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZERO: Derivation = Derivation { salt: 0, iters: 1 };

    #[test]
    fn lengths_are_exact() {
        assert_eq!(
            Key::raw(&[1; 31]).unwrap_err(),
            KeyError::RawLength { len: 31 }
        );
        assert_eq!(
            Key::raw(&[1; 33]).unwrap_err(),
            KeyError::RawLength { len: 33 }
        );
        assert_eq!(Key::hex("ab").unwrap_err(), KeyError::HexLength { len: 2 });
        assert_eq!(
            Key::passphrase("seven77").unwrap_err(),
            KeyError::PassphraseLength { len: 7 }
        );
        assert!(Key::passphrase("p".repeat(512)).is_ok());
        assert!(Key::passphrase("p".repeat(513)).is_err());
        assert_eq!(
            Key::passphrase("pass\0word").unwrap_err(),
            KeyError::PassphraseNul { at: 4 }
        );
    }

    #[test]
    fn hex_is_read_in_either_case() {
        let key = Key::hex("00ff".repeat(8) + &"Ab".repeat(16)).unwrap();
        let bytes = *key.wrapping_key(ZERO).unwrap().as_bytes();
        assert_eq!(&bytes[..4], &[0, 0xff, 0, 0xff]);
        assert_eq!(&bytes[16..], &[0xab; 16]);
        let bad = "0".repeat(63) + "g";
        assert_eq!(Key::hex(bad).unwrap_err(), KeyError::HexDigit { at: 63 });
    }

    #[test]
    #[cfg_attr(miri, ignore = "4096 rounds take more than a quarter of an hour there")]
    fn a_passphrase_is_derived_as_others_derive_it() {
        // RFC 6070's vectors have salt "salt"; ours is a little-endian number of eight bytes, so
        // the reference is another implementation's answer for "saltsalt" (Python's hashlib).
        let salt = u64::from_le_bytes(*b"saltsalt");
        let key = Key::passphrase("password").unwrap();
        let derived = key.wrapping_key(Derivation { salt, iters: 4096 }).unwrap();
        let expected = Key::hex(EXPECTED_4096).unwrap().wrapping_key(ZERO).unwrap();
        assert_eq!(derived.as_bytes(), expected.as_bytes());
    }

    const EXPECTED_4096: &str = "baf9a7b042dcdce2c91418a3ec63f8aa2819f8e265016e0380ac207d933a12c7";

    #[test]
    fn iterations_are_bounded() {
        let key = Key::passphrase("password").unwrap();
        for iters in [0, u64::from(u32::MAX) + 1, u64::MAX] {
            let error = key.wrapping_key(Derivation { salt: 1, iters }).unwrap_err();
            assert_eq!(error, KeyError::Iterations { iters });
        }
    }

    #[test]
    fn no_key_shows_in_debug() {
        let key = Key::passphrase("hunter2hunter2").unwrap();
        assert!(!format!("{key:?}").contains("hunter"));
        let wrapping = key.wrapping_key(ZERO).unwrap();
        assert_eq!(format!("{wrapping:?}"), "WrappingKey(..)");
    }
}

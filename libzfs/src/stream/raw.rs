//! What a raw stream has to have, so that none of it is plain text.
//!
//! A receiver's kernel looks for most of this too, but only when the stream has come that far.

use super::record::{Body, Record};
use super::summary::StreamEncryption;
use super::{BeginFlags, BeginRecord, Features, StreamError, Unmet};
use crate::nvlist::{NvList, Value};

/// What of the first record is said in its own fields.
pub(super) fn check_fields(begin: &BeginRecord) -> Result<(), StreamError> {
    let unmet = |at: usize, unmet| {
        let offset = at as u64;
        Err(StreamError::Unmet { offset, unmet })
    };
    if !begin.is_raw() {
        return unmet(BeginRecord::VERSION_AT, Unmet::NotRaw);
    }
    let embedded = begin.features() & Features::EMBED_DATA;
    if !embedded.is_empty() {
        return unmet(BeginRecord::VERSION_AT, Unmet::Has(embedded));
    }
    let missing = BeginFlags::SPILL_BLOCK - begin.flags();
    if !missing.is_empty() {
        return unmet(BeginRecord::FLAGS_AT, Unmet::LacksFlags(missing));
    }
    Ok(())
}

/// What follows the first record: the parameters of the encryption, as a receiver takes them.
pub(super) fn check_keys(list: &NvList) -> Result<StreamEncryption, StreamError> {
    let unmet = |unmet| StreamError::Unmet {
        offset: BeginRecord::LEN as u64,
        unmet,
    };
    let keys = list.get_list("crypt_keydata");
    let keys = keys.ok_or_else(|| unmet(Unmet::NotEncrypted))?;
    let number = |entry, right: fn(u64) -> bool| {
        let number = keys.get_u64(entry);
        (entry, number.is_some_and(right))
    };
    let bytes = |entry, len| {
        let bytes = keys.get(entry).and_then(Value::as_u8_array);
        (entry, bytes.is_some_and(|bytes| bytes.len() == len))
    };
    let entries = [
        // Those below stand for no encryption, and those above for nothing yet.
        number("DSL_CRYPTO_SUITE", |suite| (3..=8).contains(&suite)),
        number("DSL_CRYPTO_GUID", |_| true),
        number("DSL_CRYPTO_VERSION", |version| version == 1),
        bytes("DSL_CRYPTO_MASTER_KEY_1", 32),
        bytes("DSL_CRYPTO_HMAC_KEY_1", 64),
        bytes("DSL_CRYPTO_IV", 12),
        bytes("DSL_CRYPTO_MAC", 16),
        number("keyformat", |format| (1..=3).contains(&format)),
    ];
    for (entry, is_right) in entries {
        if !is_right {
            return Err(unmet(Unmet::BadEncryption { entry }));
        }
    }
    StreamEncryption::from_list(list).ok_or_else(|| unmet(Unmet::NotEncrypted))
}

/// The dnodes of a raw stream whose encryption has been told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Dnodes {
    pub(super) first: u64,
    pub(super) slots: u64,
}

impl Dnodes {
    /// Looks at a record of a raw stream.
    ///
    /// All blocks that are sent of an encrypted dataset have an authentication code, also the few that
    /// are not encrypted, such as the properties of a volume. Those have no salt and no initialisation
    /// vector, for which nothing is asked here.
    pub(super) fn check(&mut self, record: &Record<'_>) -> Result<(), StreamError> {
        const NO_MAC: &str = "has no authentication code";
        let has_mac = |mac: [u8; 16]| mac != [0; 16];
        let plain = match record.body() {
            Body::ObjectRange(range) => {
                *self = Self {
                    first: range.first_object,
                    slots: range.slots,
                };
                (!has_mac(range.mac)).then_some((52, NO_MAC))
            }
            Body::Object(object) if object.raw_bonus_len < object.bonus_len => {
                Some((36, "has a bonus that is not encrypted"))
            }
            Body::Object(object) if !self.has(object.object) => {
                Some((8, "is not of a dnode whose encryption is told"))
            }
            // What is not compressed says so in a raw stream.
            Body::Write(write) if write.compression == 0 => {
                Some((50, "has a block that is not as on disk"))
            }
            Body::Write(write) if !has_mac(write.mac) => Some((124, NO_MAC)),
            Body::Spill(spill) if spill.compressed_size == 0 => {
                Some((40, "has a block that is not as on disk"))
            }
            Body::Spill(spill) if !has_mac(spill.mac) => Some((68, NO_MAC)),
            Body::WriteEmbedded(_) => Some((0, "has a block that is embedded in its pointer")),
            _ => None,
        };
        match plain {
            Some((at, why)) => Err(unfit(record, at, why)),
            None => Ok(()),
        }
    }

    fn has(self, object: u64) -> bool {
        let slot = object.checked_sub(self.first);
        slot.is_some_and(|slot| slot < self.slots)
    }
}

/// A record is not what it has to be.
pub(super) fn unfit(record: &Record<'_>, at: u64, why: &'static str) -> StreamError {
    StreamError::Unmet {
        offset: record.offset.saturating_add(at),
        unmet: Unmet::Record {
            record_type: record.record_type,
            why,
        },
    }
}

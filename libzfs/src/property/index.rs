//! Enumerations: the values of properties that the kernel has numbers for.

use std::fmt;

use crate::nvlist::Value;

use super::info::IndexNames;

/// Makes enumerations. A value can have further names and further numbers, behind a `|`.
macro_rules! enumerations {
    ($($(#[$doc:meta])* $enum:ident {$(
        $(#[$value_doc:meta])*
        $value:ident = $index:literal $(| $other:literal)*, $name:literal $(| $alias:literal)*;
    )*})*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $enum {
            $($(#[$value_doc])* $value,)*
            /// A value that is newer than this crate, with the kernel's number for it.
            Unknown(u64),
        }

        impl $enum {
            /// The values' names.
            pub const NAMES: IndexNames = &[$(($name, $index), $(($alias, $index),)*)*];

            /// The value that the kernel has this number for.
            pub const fn from_index(index: u64) -> Self {
                match index {
                    $($index $(| $other)* => Self::$value,)*
                    other => Self::Unknown(other),
                }
            }

            /// The number that the kernel has for it.
            pub const fn index(self) -> u64 {
                match self {
                    $(Self::$value => $index,)*
                    Self::Unknown(index) => index,
                }
            }

            pub(super) fn decode(value: &Value) -> Option<Self> {
                value.as_u64().map(Self::from_index)
            }
        }

        impl fmt::Display for $enum {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self {
                    $(Self::$value => $name,)*
                    Self::Unknown(index) => return index.fmt(f),
                })
            }
        }
    )*};
}

enumerations! {
    /// The property `aclinherit`: what of an ACL a new file gets.
    AclInherit {
        /// Nothing.
        Discard = 0, "discard";
        /// Entries that deny.
        NoAllow = 1, "noallow";
        /// All, without the permission to write the ACL or the owner.
        Restricted = 4, "restricted" | "secure";
        /// All.
        Passthrough = 3, "passthrough";
        /// All, and the permission to execute only where the file is created with it.
        PassthroughX = 5, "passthrough-x";
    }

    /// The property `aclmode`: what `chmod` does to an ACL.
    AclMode {
        /// It is replaced.
        Discard = 0, "discard";
        /// It is reduced to what the group may do.
        GroupMask = 2, "groupmask";
        /// It stays.
        Passthrough = 3, "passthrough";
        /// `chmod` fails.
        Restricted = 4, "restricted";
    }

    /// The property `acltype`: the kind of ACLs.
    AclType {
        /// None.
        Off = 0, "off" | "disabled" | "noacl";
        /// POSIX ACLs, which Linux has.
        Posix = 1, "posix" | "posixacl";
        /// ACLs of NFS 4, which FreeBSD has.
        Nfsv4 = 2, "nfsv4";
    }

    /// The properties `primarycache`, `secondarycache` and `prefetch`: what is cached or read ahead.
    CacheMode {
        /// Nothing.
        None = 0, "none";
        /// Metadata.
        Metadata = 1, "metadata";
        /// Data and metadata.
        All = 2, "all";
    }

    /// The property `canmount`: whether a file system can be mounted.
    CanMount {
        /// Never.
        Off = 0, "off";
        /// With all others, at `mountpoint`.
        On = 1, "on";
        /// Only when asked for by name.
        NoAuto = 2, "noauto";
    }

    /// The property `casesensitivity`: whether `A` and `a` are two names.
    CaseSensitivity {
        /// They are.
        Sensitive = 0, "sensitive";
        /// They are one.
        Insensitive = 1, "insensitive";
        /// As each request has it.
        Mixed = 2, "mixed";
    }

    /// The property `checksum`: by which algorithm blocks are checked.
    Checksum {
        /// The one that OpenZFS recommends: fletcher4.
        On = 1, "on";
        /// None, which spoils redundancy.
        Off = 2, "off";
        /// fletcher2, obsolete.
        Fletcher2 = 6, "fletcher2";
        /// fletcher4.
        Fletcher4 = 7, "fletcher4";
        /// SHA-256.
        Sha256 = 8, "sha256";
        /// As `Off`, and without redundancy: for dump devices.
        NoParity = 10, "noparity";
        /// SHA-512/256.
        Sha512 = 11, "sha512";
        /// Skein.
        Skein = 12, "skein";
        /// Edon-R.
        Edonr = 13, "edonr";
        /// BLAKE3, since OpenZFS 2.2.
        Blake3 = 14, "blake3";
    }

    /// The property `dedup`: whether equal blocks are stored once, and what makes them equal.
    Dedup {
        /// The checksum that OpenZFS recommends: SHA-256.
        On = 1, "on";
        /// Each block is stored.
        Off = 2, "off";
        /// As `On`, and blocks are compared.
        Verify = 257, "verify";
        /// SHA-256.
        Sha256 = 8, "sha256";
        /// SHA-256, and blocks are compared.
        Sha256Verify = 264, "sha256,verify";
        /// SHA-512/256.
        Sha512 = 11, "sha512";
        /// SHA-512/256, and blocks are compared.
        Sha512Verify = 267, "sha512,verify";
        /// Skein.
        Skein = 12, "skein";
        /// Skein, and blocks are compared.
        SkeinVerify = 268, "skein,verify";
        /// Edon-R, and blocks are compared.
        EdonrVerify = 269, "edonr,verify";
        /// BLAKE3, since OpenZFS 2.2.
        Blake3 = 14, "blake3";
        /// BLAKE3, and blocks are compared, since OpenZFS 2.2.
        Blake3Verify = 270, "blake3,verify";
    }

    /// The property `direct`: whether reads and writes can pass the cache by.
    DirectIo {
        /// Never.
        Disabled = 0, "disabled";
        /// Where a program asks for it (`O_DIRECT`).
        Standard = 1, "standard";
        /// Wherever it can be done.
        Always = 2, "always";
    }

    /// The property `dnodesize`: how large a file's own record is.
    DnodeSize {
        /// 512 bytes.
        Legacy = 0, "legacy";
        /// As large as suits.
        Auto = 1, "auto";
        /// 1 KiB.
        K1 = 1024, "1k";
        /// 2 KiB.
        K2 = 2048, "2k";
        /// 4 KiB.
        K4 = 4096, "4k";
        /// 8 KiB.
        K8 = 8192, "8k";
        /// 16 KiB.
        K16 = 16384, "16k";
    }

    /// The property `encryption`: with which cipher suite a dataset is encrypted.
    Encryption {
        /// Not at all. A raw send of such a dataset is plain text.
        Off = 2 | 0, "off";
        /// AES with a 128-bit key in CCM mode.
        Aes128Ccm = 3, "aes-128-ccm";
        /// AES with a 192-bit key in CCM mode.
        Aes192Ccm = 4, "aes-192-ccm";
        /// AES with a 256-bit key in CCM mode.
        Aes256Ccm = 5, "aes-256-ccm";
        /// AES with a 128-bit key in GCM mode.
        Aes128Gcm = 6, "aes-128-gcm";
        /// AES with a 192-bit key in GCM mode.
        Aes192Gcm = 7, "aes-192-gcm";
        /// AES with a 256-bit key in GCM mode: what `encryption=on` stands for since OpenZFS
        /// 0.8.4.
        // 1 stands for `on`, and the kernel replaces it when it stores the property.
        Aes256Gcm = 8 | 1, "aes-256-gcm" | "on";
    }

    /// The property `keystatus`: whether a dataset's key is loaded.
    KeyStatus {
        /// The dataset is not encrypted.
        None = 0, "none";
        /// It is encrypted and its key is not loaded: nothing of it can be read here.
        Unavailable = 1, "unavailable";
        /// It is encrypted and its key is loaded.
        Available = 2, "available";
    }

    /// The property `logbias`: what synchronous writes are made for.
    LogBias {
        /// That each is done soon.
        Latency = 0, "latency";
        /// That many are done.
        Throughput = 1, "throughput";
    }

    /// The property `normalization`: in which form of Unicode names are compared.
    Normalization {
        /// As they are.
        None = 0, "none";
        /// Form D.
        FormD = 0x10, "formD";
        /// Form KC.
        FormKC = 0x60, "formKC";
        /// Form C.
        FormC = 0x50, "formC";
        /// Form KD.
        FormKD = 0x20, "formKD";
    }

    /// The property `redundant_metadata`: of which metadata an extra copy is stored.
    RedundantMetadata {
        /// Of all.
        All = 0, "all";
        /// Of most.
        Most = 1, "most";
        /// Of the most important.
        Some = 2, "some";
        /// Of none but the pool's own.
        None = 3, "none";
    }

    /// The property `snapdev`: whether a volume's snapshots have devices.
    SnapDev {
        /// They have none.
        Hidden = 0, "hidden";
        /// They have.
        Visible = 1, "visible";
    }

    /// The property `snapdir`: whether a file system has a `.zfs`.
    SnapDir {
        /// One that listings do not show.
        Hidden = 0, "hidden";
        /// One.
        Visible = 1, "visible";
        /// None, since OpenZFS 2.3.
        Disabled = 2, "disabled";
    }

    /// The property `sync`: when synchronous writes are done.
    SyncMode {
        /// When the data are on stable storage.
        Standard = 0, "standard";
        /// As `Standard`, and all writes are synchronous.
        Always = 1, "always";
        /// At once: a crash loses what a program was told is safe.
        Disabled = 2, "disabled";
    }

    /// The property `volmode`: what a volume is to the system.
    VolMode {
        /// What the module's parameter `zvol_volmode` says.
        Default = 0, "default";
        /// A disk with partitions.
        Full = 1, "full" | "geom";
        /// A disk whose partitions are not looked for.
        Dev = 2, "dev";
        /// Nothing.
        None = 3, "none";
    }

    /// The property `xattr`: how extended attributes are stored.
    Xattr {
        /// Not at all.
        Off = 0, "off";
        /// As files in a hidden directory. OpenZFS 2.1 and 2.2 call it `on` too, and so `zfs get`
        /// does there.
        Dir = 1, "dir";
        /// With the file's own record. OpenZFS calls it `on` too, since 2.3.
        Sa = 2, "sa" | "on";
    }

    /// A pool's property `failmode`: what becomes of I/O when the pool's devices are gone.
    FailMode {
        /// It waits.
        Wait = 0, "wait";
        /// Writes fail.
        Continue = 1, "continue";
        /// The system panics.
        Panic = 2, "panic";
    }

    /// A pool's property `health`: the worst state of its devices that matter to it.
    Health {
        /// Closed or taken offline.
        Offline = 2 | 1, "OFFLINE";
        /// Taken out of the machine.
        Removed = 3, "REMOVED";
        /// It cannot be opened.
        Unavailable = 4, "UNAVAIL";
        /// It does not work.
        Faulted = 5, "FAULTED";
        /// It works, with less redundancy than it was made with.
        Degraded = 6, "DEGRADED";
        /// All is well.
        Online = 7, "ONLINE";
    }
}

impl Encryption {
    /// Whether data is encrypted at all.
    pub fn is_on(self) -> bool {
        self != Self::Off
    }
}

#[allow(
    clippy::derivable_impls,
    reason = "the enumeration is not written here"
)]
impl Default for Encryption {
    fn default() -> Self {
        Self::Aes256Gcm
    }
}

/// The property `compression`: how blocks are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// The algorithm that OpenZFS recommends: lz4, where the pool has the feature.
    On,
    /// Not at all.
    Off,
    /// LZJB, obsolete.
    Lzjb,
    /// gzip with a level from 1 to 9; 6 is usual.
    Gzip(u8),
    /// Runs of zeros alone.
    Zle,
    /// LZ4.
    Lz4,
    /// Zstandard with the level that OpenZFS uses for it, 3.
    Zstd,
    /// Zstandard with a level from 1 to 19.
    ZstdLevel(u8),
    /// Zstandard, faster than with level 1: 1 to 10, the tens up to 100, 500 or 1000, which is the
    /// fastest.
    ZstdFast(u16),
    /// A value that is newer than this crate, with the kernel's number for it.
    Unknown(u64),
}

const ZSTD: u64 = 16;

/// The kernel has the level in the bits above the lowest seven.
const fn leveled(level: u64) -> u64 {
    ZSTD | level << 7
}

/// A level that is known to be small.
fn small(level: u64) -> u8 {
    u8::try_from(level).unwrap_or(u8::MAX)
}

/// The levels of `zstd-fast`, in the order of their numbers.
const FAST_LEVELS: [u16; 21] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 500, 1000,
];
/// The number of the first of them.
const FIRST_FAST: u64 = 103;

impl Compression {
    /// The values' names.
    pub const NAMES: IndexNames = &[
        ("on", 1),
        ("off", 2),
        ("lzjb", 3),
        ("gzip", 10),
        ("gzip-1", 5),
        ("gzip-2", 6),
        ("gzip-3", 7),
        ("gzip-4", 8),
        ("gzip-5", 9),
        ("gzip-6", 10),
        ("gzip-7", 11),
        ("gzip-8", 12),
        ("gzip-9", 13),
        ("zle", 14),
        ("lz4", 15),
        ("zstd", ZSTD),
        ("zstd-fast", leveled(103)),
        ("zstd-1", leveled(1)),
        ("zstd-2", leveled(2)),
        ("zstd-3", leveled(3)),
        ("zstd-4", leveled(4)),
        ("zstd-5", leveled(5)),
        ("zstd-6", leveled(6)),
        ("zstd-7", leveled(7)),
        ("zstd-8", leveled(8)),
        ("zstd-9", leveled(9)),
        ("zstd-10", leveled(10)),
        ("zstd-11", leveled(11)),
        ("zstd-12", leveled(12)),
        ("zstd-13", leveled(13)),
        ("zstd-14", leveled(14)),
        ("zstd-15", leveled(15)),
        ("zstd-16", leveled(16)),
        ("zstd-17", leveled(17)),
        ("zstd-18", leveled(18)),
        ("zstd-19", leveled(19)),
        ("zstd-fast-1", leveled(103)),
        ("zstd-fast-2", leveled(104)),
        ("zstd-fast-3", leveled(105)),
        ("zstd-fast-4", leveled(106)),
        ("zstd-fast-5", leveled(107)),
        ("zstd-fast-6", leveled(108)),
        ("zstd-fast-7", leveled(109)),
        ("zstd-fast-8", leveled(110)),
        ("zstd-fast-9", leveled(111)),
        ("zstd-fast-10", leveled(112)),
        ("zstd-fast-20", leveled(113)),
        ("zstd-fast-30", leveled(114)),
        ("zstd-fast-40", leveled(115)),
        ("zstd-fast-50", leveled(116)),
        ("zstd-fast-60", leveled(117)),
        ("zstd-fast-70", leveled(118)),
        ("zstd-fast-80", leveled(119)),
        ("zstd-fast-90", leveled(120)),
        ("zstd-fast-100", leveled(121)),
        ("zstd-fast-500", leveled(122)),
        ("zstd-fast-1000", leveled(123)),
    ];

    /// The value that the kernel has this number for.
    pub fn from_index(index: u64) -> Self {
        match index {
            1 => Self::On,
            2 => Self::Off,
            3 => Self::Lzjb,
            5..=13 => Self::Gzip(small(index - 4)),
            14 => Self::Zle,
            15 => Self::Lz4,
            ZSTD => Self::Zstd,
            _ if index & 0x7f == ZSTD => match index >> 7 {
                level @ 1..=19 => Self::ZstdLevel(small(level)),
                level => level
                    .checked_sub(FIRST_FAST)
                    .and_then(|n| FAST_LEVELS.get(usize::try_from(n).ok()?))
                    .map_or(Self::Unknown(index), |fast| Self::ZstdFast(*fast)),
            },
            _ => Self::Unknown(index),
        }
    }

    /// The number that the kernel has for it; 0, which is none, for a level that there is not.
    pub fn index(self) -> u64 {
        match self {
            Self::On => 1,
            Self::Off => 2,
            Self::Lzjb => 3,
            Self::Gzip(level @ 1..=9) => 4 + u64::from(level),
            Self::Zle => 14,
            Self::Lz4 => 15,
            Self::Zstd => ZSTD,
            Self::ZstdLevel(level @ 1..=19) => leveled(level.into()),
            Self::ZstdFast(level) => FAST_LEVELS
                .iter()
                .zip(FIRST_FAST..)
                .find(|(fast, _)| **fast == level)
                .map_or(0, |(_, number)| leveled(number)),
            Self::Gzip(_) | Self::ZstdLevel(_) => 0,
            Self::Unknown(index) => index,
        }
    }

    pub(super) fn decode(value: &Value) -> Option<Self> {
        value.as_u64().map(Self::from_index)
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = self.index();
        match Self::NAMES.iter().find(|(_, number)| *number == index) {
            Some((name, _)) => f.pad(name),
            None => write!(f, "{self:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_go_both_ways() {
        for index in 3..=8 {
            assert_eq!(Encryption::from_index(index).index(), index);
        }
        assert!(!Encryption::from_index(2).is_on());
        assert_eq!(Encryption::from_index(99), Encryption::Unknown(99));
        for (name, index) in Compression::NAMES {
            let value = Compression::from_index(*index);
            assert!(!matches!(value, Compression::Unknown(_)), "{name}");
            assert_eq!(value.index(), *index, "{name}");
        }
        for index in 0..(256 << 7) {
            assert_eq!(Compression::from_index(index).index(), index);
        }
    }

    #[test]
    fn levels_that_there_are_not_have_no_number() {
        for value in [
            Compression::Gzip(0),
            Compression::Gzip(10),
            Compression::ZstdLevel(20),
            Compression::ZstdFast(11),
        ] {
            assert_eq!(value.index(), 0);
        }
        assert_eq!(Compression::ZstdFast(1).to_string(), "zstd-fast");
        assert_eq!(Compression::ZstdLevel(7).to_string(), "zstd-7");
        assert_eq!(Compression::Gzip(6).to_string(), "gzip");
        assert_eq!(Compression::Unknown(77).to_string(), "Unknown(77)");
    }
}

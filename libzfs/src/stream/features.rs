//! The flags of a stream.

use std::fmt;

bitflags::bitflags! {
    /// What a stream makes use of, and a receiver has to know (`DMU_BACKUP_FEATURE_*`).
    ///
    /// Bits without a name here are kept: a newer release may have given them a meaning. A receiver
    /// refuses a stream that has one which it does not know; see [`unknown`](Self::unknown).
    #[doc(alias = "DMU_GET_FEATUREFLAGS")]
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    #[cfg_attr(feature = "serde", serde(transparent))]
    pub struct Features: u64 {
        /// Blocks that occurred before are only referred to; no longer made nor received since 2.0.
        const DEDUP = 1 << 0;
        /// The same for properties; was never more than a mark.
        const DEDUP_PROPS = 1 << 1;
        /// There may be system attributes outside of the dnode.
        const SA_SPILL = 1 << 2;
        /// There may be blocks that are embedded in their pointers (`zfs send -e`).
        const EMBED_DATA = 1 << 16;
        /// There may be blocks compressed with LZ4.
        const LZ4 = 1 << 17;
        /// There may be blocks larger than 128 KiB (`zfs send -L`).
        const LARGE_BLOCKS = 1 << 19;
        /// The stream continues one that was interrupted (`zfs send -t`).
        const RESUMING = 1 << 20;
        /// Something is left out (`zfs send --redact`).
        const REDACTED = 1 << 21;
        /// Blocks come compressed as they are on disk (`zfs send -c`).
        const COMPRESSED = 1 << 22;
        /// There may be dnodes larger than 512 bytes.
        const LARGE_DNODE = 1 << 23;
        /// Blocks come exactly as they are on disk: if encrypted, then encrypted (`zfs send -w`).
        const RAW = 1 << 24;
        /// There may be blocks compressed with Zstandard.
        const ZSTD = 1 << 25;
        /// The package has the names of holds (`zfs send -h`).
        const HOLDS = 1 << 26;
        /// Large blocks may follow on a base that was sent without them. Nothing sets it yet.
        const SWITCH_TO_LARGE_BLOCKS = 1 << 27;
        /// There may be names of files longer than 255 bytes (since 2.3).
        const LONGNAME = 1 << 28;
        /// There may be directories of a compact kind larger than 128 KiB (since 2.3).
        const LARGE_MICROZAP = 1 << 29;
    }
}

impl Features {
    /// The features that have no name here.
    ///
    /// ```
    /// use libzfs::stream::Features;
    ///
    /// let features = Features::from_bits_retain(1 << 24 | 1 << 40);
    /// assert!(features.contains(Features::RAW));
    /// assert_eq!(features.unknown().bits(), 1 << 40);
    /// assert_eq!(features.to_string(), "RAW | 0x10000000000");
    /// ```
    #[must_use]
    pub const fn unknown(self) -> Self {
        Self::from_bits_retain(self.bits() & !Self::all().bits())
    }
}

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bitflags::parser::to_writer(self, f)
    }
}

bitflags::bitflags! {
    /// What a stream says of itself that a receiver need not know (`DRR_FLAG_*`).
    ///
    /// Bits without a name here are kept.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    #[cfg_attr(feature = "serde", serde(transparent))]
    pub struct BeginFlags: u32 {
        /// The base is the snapshot that the dataset is a clone of.
        const CLONE = 1 << 0;
        /// The names of the file system do not depend on upper or lower case.
        const CI_DATA = 1 << 1;
        /// A full stream says what is to be freed, so that it can be received as a clone.
        const FREERECORDS = 1 << 2;
        /// The records say which objects have a spill block.
        const SPILL_BLOCK = 1 << 3;
    }
}

impl fmt::Display for BeginFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bitflags::parser::to_writer(self, f)
    }
}

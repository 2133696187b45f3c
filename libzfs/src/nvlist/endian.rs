//! The byte order of encoded data.

use std::fmt;

/// The byte order of encoded data.
///
/// Send streams, resume tokens and natively encoded nvlists carry the byte order of the machine
/// that made them, so each can be met in either one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Endian {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

macro_rules! codec {
    ($($ty:ty: $get:ident, $put:ident;)*) => {$(
        #[inline]
        pub(crate) const fn $get(self, bytes: [u8; size_of::<$ty>()]) -> $ty {
            match self {
                Self::Little => <$ty>::from_le_bytes(bytes),
                Self::Big => <$ty>::from_be_bytes(bytes),
            }
        }

        #[inline]
        pub(crate) const fn $put(self, value: $ty) -> [u8; size_of::<$ty>()] {
            match self {
                Self::Little => value.to_le_bytes(),
                Self::Big => value.to_be_bytes(),
            }
        }
    )*};
}

#[allow(dead_code, reason = "one set for all users of a byte order")]
impl Endian {
    /// The byte order of this machine.
    pub const HOST: Self = if cfg!(target_endian = "big") {
        Self::Big
    } else {
        Self::Little
    };

    /// The other byte order.
    ///
    /// ```
    /// use libzfs::nvlist::Endian;
    ///
    /// assert_eq!(Endian::Little.swapped(), Endian::Big);
    /// ```
    #[must_use]
    pub const fn swapped(self) -> Self {
        match self {
            Self::Little => Self::Big,
            Self::Big => Self::Little,
        }
    }

    /// Whether this is the byte order of this machine.
    #[must_use]
    pub const fn is_host(self) -> bool {
        matches!(
            (self, Self::HOST),
            (Self::Little, Self::Little) | (Self::Big, Self::Big)
        )
    }

    codec! {
        u8: u8, put_u8;
        i8: i8, put_i8;
        u16: u16, put_u16;
        i16: i16, put_i16;
        u32: u32, put_u32;
        i32: i32, put_i32;
        u64: u64, put_u64;
        i64: i64, put_i64;
        f64: f64, put_f64;
    }
}

impl fmt::Display for Endian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Little => "little-endian",
            Self::Big => "big-endian",
        })
    }
}

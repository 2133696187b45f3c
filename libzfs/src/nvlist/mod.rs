//! Lists of named, typed values: the language in which ZFS is asked and answers.
//!
//! [`NvList`] is an owned value like any other: no handle, no allocator, nothing borrowed from the
//! C library. It holds every type that C's `nvlist_t` holds, keeps the order of the pairs, and
//! loses nothing: names and strings are bytes, since nothing promises that they are UTF-8.
//!
//! ```
//! use libzfs::nvlist::{NvList, Value};
//!
//! let mut props = NvList::new();
//! props.insert("compression", "zstd");
//! props.insert("recordsize", 1_048_576_u64);
//! assert_eq!(props.get_u64("recordsize"), Some(1_048_576));
//!
//! // What a program does not know in advance it can look at.
//! for (name, value) in &props {
//!     match value {
//!         Value::String(string) => println!("{name}: {string:?}"),
//!         other => println!("{name}: {other}, a {}", other.data_type()),
//!     }
//! }
//! ```
//!
//! # Encoding
//!
//! [`encode`](NvList::encode) and [`decode`](NvList::decode) are byte for byte what `nvlist_pack`
//! and `nvlist_unpack` are in C, and need no library. Both encodings are here: the *native* one
//! (that of ioctls, send streams and resume tokens), in either byte order, and XDR (that of vdev
//! labels and cache files).
//!
//! Decoding takes nothing on trust. Every length is compared with the bytes that are there before
//! memory is asked for, so that what a list can cost is a small multiple of its encoded length,
//! and the nesting is bounded by [`MAX_DEPTH`].
//!
//! Facts of the native encoding, all numbers in the byte order that the second byte names:
//!
//! | bytes | what |
//! |---|---|
//! | 0 | encoding: 0 native, 1 XDR |
//! | 1 | byte order of the writer: 0 big, 1 little |
//! | 2..4 | reserved |
//! | 4..8 | version of the list, 0 |
//! | 8..12 | flags of the list: 1 names are unique, 2 names with types are unique |
//! | 12.. | pairs, then four zero bytes |
//!
//! A pair is its size (`i32`), the size of the name with its NUL (`i16`), two reserved bytes, the
//! number of elements (`i32`), the type (`i32`), the name with its NUL, padding to 8 bytes counted
//! from the start of the pair, the value, padding to 8. Strings end in a NUL; an array of strings
//! has room for one pointer of 8 bytes per string in front. A list in a list is a header of 24
//! bytes in the pair (version, flags, room for a pointer, 8 bytes unused) while its pairs follow
//! after the pair, with four zero bytes of their own; an array of lists has room for one pointer
//! per list in front of the headers.

mod codec;
mod endian;
mod index;
mod native;
#[cfg(feature = "serde")]
pub(crate) mod serial;
#[cfg(test)]
mod tests;
mod value;
mod xdr;

use std::borrow::Cow;
use std::fmt;

use bstr::{BStr, BString};

use self::codec::Accept;
pub use self::codec::{DecodeError, DecodeErrorKind, EncodeError, Encoding, MAX_DEPTH};
pub use self::endian::Endian;
use self::index::Index;
pub use self::value::{DataType, Value};

/// Name of the pair whose content must never be shown or logged; by the same convention
/// (`ZPOOL_HIDDEN_ARGS`) the kernel keeps it out of the pool's history.
const HIDDEN: &str = "hidden_args";

/// What may occur only once in a list.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Uniqueness {
    /// A name (`NV_UNIQUE_NAME`), the rule in ZFS.
    #[default]
    Names,
    /// A name with a type (`NV_UNIQUE_NAME_TYPE`).
    NamesAndTypes,
    /// Nothing: names can repeat.
    None,
}

impl Uniqueness {
    /// The flags of an `nvlist_t` that mean this.
    #[must_use]
    pub const fn flags(self) -> u32 {
        match self {
            Self::Names => 1,
            Self::NamesAndTypes => 2,
            Self::None => 0,
        }
    }

    /// What the flags of an `nvlist_t` mean.
    ///
    /// Unknown ones mean nothing, as in C; with both set, C adds a pair as if there were only
    /// `NV_UNIQUE_NAME`.
    #[must_use]
    pub const fn from_flags(flags: u32) -> Self {
        match flags & 3 {
            0 => Self::None,
            2 => Self::NamesAndTypes,
            _ => Self::Names,
        }
    }
}

/// A name. Those that stand in nearly all of the kernel's answers take no memory of their own.
type Name = Cow<'static, BStr>;

/// The name of a pair that is decoded.
fn name_of(bytes: &[u8]) -> Name {
    match bytes {
        b"value" => Cow::Borrowed(BStr::new("value")),
        b"source" => Cow::Borrowed(BStr::new("source")),
        _ => Cow::Owned(bytes.into()),
    }
}

#[derive(Clone)]
struct Pair {
    name: Name,
    value: Value,
}

/// An owned list of named, typed values.
///
/// In C this is an `nvlist_t`. See the [module's documentation](self) for an example.
///
/// Two lists are equal if they have the same [`Uniqueness`] and the same pairs; where names are
/// unique their order does not matter, as it does not for ZFS.
#[doc(alias = "nvlist_t")]
#[derive(Clone, Default)]
pub struct NvList {
    pairs: Vec<Pair>,
    uniqueness: Uniqueness,
    /// Only there once the list has [`index::THRESHOLD`] pairs.
    index: Option<Box<Index>>,
}

impl NvList {
    /// An empty list in which names are unique.
    #[doc(alias = "nvlist_alloc")]
    #[must_use]
    pub const fn new() -> Self {
        Self::with_uniqueness(Uniqueness::Names)
    }

    /// An empty list in which names can repeat.
    ///
    /// ZFS wants one of these where a name is said several times, such as several holds on one
    /// snapshot.
    ///
    /// ```
    /// use libzfs::nvlist::NvList;
    ///
    /// let mut holds = NvList::with_duplicates();
    /// holds.push("tank/prod@monday", "backup");
    /// holds.push("tank/prod@monday", "audit");
    /// assert_eq!(holds.get_all("tank/prod@monday").count(), 2);
    /// ```
    #[must_use]
    pub const fn with_duplicates() -> Self {
        Self::with_uniqueness(Uniqueness::None)
    }

    /// An empty list with that uniqueness.
    #[must_use]
    pub const fn with_uniqueness(uniqueness: Uniqueness) -> Self {
        Self {
            pairs: Vec::new(),
            uniqueness,
            index: None,
        }
    }

    /// What may occur only once in this list.
    #[doc(alias = "nvlist_nvflag")]
    #[must_use]
    pub const fn uniqueness(&self) -> Uniqueness {
        self.uniqueness
    }

    /// The number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are no pairs.
    #[doc(alias = "nvlist_empty")]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Adds a pair, and returns the value that it replaces.
    ///
    /// Where the list's [`Uniqueness`] lets the pair stand beside those that are there, it goes to
    /// the end and nothing is replaced. A replaced value leaves its place to the new one (in C the
    /// new one goes to the end, which matters to nobody since names are then unique).
    ///
    /// ```
    /// use libzfs::nvlist::{NvList, Value};
    ///
    /// let mut list = NvList::new();
    /// assert_eq!(list.insert("readonly", 0_u64), None);
    /// assert_eq!(list.insert("readonly", 1_u64), Some(Value::U64(0)));
    /// ```
    #[doc(alias = "nvlist_add_boolean")]
    #[doc(alias = "nvlist_add_boolean_value")]
    #[doc(alias = "nvlist_add_string")]
    #[doc(alias = "nvlist_add_uint64")]
    #[doc(alias = "nvlist_add_nvlist")]
    pub fn insert(&mut self, name: impl Into<BString>, value: impl Into<Value>) -> Option<Value> {
        let (name, value) = (name.into(), value.into());
        match self.conflict(BStr::new(&name), value.data_type()) {
            Some(at) => Some(std::mem::replace(&mut self.pairs[at].value, value)),
            None => {
                self.append(Cow::Owned(name), value);
                None
            }
        }
    }

    /// Adds a pair as [`insert`](Self::insert) does, without a word on what it replaces.
    pub fn push(&mut self, name: impl Into<BString>, value: impl Into<Value>) {
        self.insert(name, value);
    }

    /// The list with one more pair, to write lists down in one expression.
    ///
    /// ```
    /// use libzfs::nvlist::{NvList, Value};
    ///
    /// let args = NvList::new()
    ///     .with("fd", 3_i32)
    ///     .with("rawok", Value::Boolean)
    ///     .with("props", NvList::new().with("org.example:keep", "7d"));
    /// assert_eq!(args.len(), 3);
    /// ```
    #[must_use]
    pub fn with(mut self, name: impl Into<BString>, value: impl Into<Value>) -> Self {
        self.insert(name, value);
        self
    }

    /// Adds a pair unless that would replace another: then says so. For the decoders.
    fn try_append(&mut self, name: Name, value: Value) -> Result<(), BString> {
        if self.conflict(&name, value.data_type()).is_some() {
            return Err(name.into_owned());
        }
        self.append(name, value);
        Ok(())
    }

    /// The pair that would have to go if one of that name and type were added.
    fn conflict(&self, name: &BStr, data_type: DataType) -> Option<usize> {
        match self.uniqueness {
            Uniqueness::Names => self.position(name),
            Uniqueness::NamesAndTypes => self.position_of(name, data_type),
            Uniqueness::None => None,
        }
    }

    fn append(&mut self, name: Name, value: Value) {
        if self.pairs.capacity() == 0 {
            // Most lists are a property's: its value and where that comes from.
            self.pairs.reserve_exact(2);
        }
        self.pairs.push(Pair { name, value });
        let at = self.pairs.len() - 1;
        match &mut self.index {
            Some(index) => {
                let name = &*self.pairs[at].name;
                if self.uniqueness != Uniqueness::None
                    || index.positions(&self.pairs, name).next().is_none()
                {
                    index.add(&self.pairs, at);
                }
            }
            None if self.pairs.len() >= index::THRESHOLD => self.build_index(),
            None => {}
        }
    }

    fn build_index(&mut self) {
        let mut index = Index::with_capacity(self.pairs.len());
        for (at, pair) in self.pairs.iter().enumerate() {
            if self.uniqueness != Uniqueness::None
                || index.positions(&self.pairs, &pair.name).next().is_none()
            {
                index.add(&self.pairs, at);
            }
        }
        self.index = Some(Box::new(index));
    }

    /// The first pair of that name.
    fn position(&self, name: &BStr) -> Option<usize> {
        match &self.index {
            Some(index) => index.positions(&self.pairs, name).min(),
            None => self.pairs.iter().position(|pair| *pair.name == *name),
        }
    }

    /// The pair of that name and type; only for lists where both together are unique.
    fn position_of(&self, name: &BStr, data_type: DataType) -> Option<usize> {
        let matches = |pair: &Pair| pair.value.data_type() == data_type;
        match &self.index {
            Some(index) => index
                .positions(&self.pairs, name)
                .find(|&at| matches(&self.pairs[at])),
            None => self
                .pairs
                .iter()
                .position(|pair| *pair.name == *name && matches(pair)),
        }
    }

    /// The value of the first pair of that name.
    #[doc(alias = "nvlist_lookup_nvpair")]
    #[must_use]
    pub fn get<N: AsRef<[u8]> + ?Sized>(&self, name: &N) -> Option<&Value> {
        let at = self.position(BStr::new(name.as_ref()))?;
        Some(&self.pairs[at].value)
    }

    /// The values of all pairs of that name, in their order.
    pub fn get_all<'a, N: AsRef<[u8]> + ?Sized>(
        &'a self,
        name: &'a N,
    ) -> impl Iterator<Item = &'a Value> + 'a {
        let name = BStr::new(name.as_ref());
        // Where there is none or only one, the index knows without a walk over the list.
        let from = self.position(name).unwrap_or(self.pairs.len());
        let to = match self.uniqueness {
            Uniqueness::Names => self.pairs.len().min(from + 1),
            _ => self.pairs.len(),
        };
        self.pairs[from..to]
            .iter()
            .filter(move |pair| *pair.name == *name)
            .map(|pair| &pair.value)
    }

    /// Whether there is a pair of that name, whatever its value.
    #[doc(alias = "nvlist_exists")]
    #[must_use]
    pub fn contains<N: AsRef<[u8]> + ?Sized>(&self, name: &N) -> bool {
        self.position(BStr::new(name.as_ref())).is_some()
    }

    /// Takes out the first pair of that name. The others keep their order.
    #[doc(alias = "nvlist_remove")]
    pub fn remove<N: AsRef<[u8]> + ?Sized>(&mut self, name: &N) -> Option<Value> {
        let at = self.position(BStr::new(name.as_ref()))?;
        let Pair { name, value } = self.pairs.remove(at);
        if let Some(index) = &mut self.index {
            index.removed(&name, at, self.pairs.len());
            if self.uniqueness == Uniqueness::None {
                // The next of that name is now the first.
                if let Some(next) = self.pairs[at..].iter().position(|pair| pair.name == name) {
                    index.add(&self.pairs, at + next);
                }
            }
        }
        Some(value)
    }

    /// Keeps the pairs for which the closure says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&BStr, &Value) -> bool) {
        self.pairs.retain(|pair| keep(&pair.name, &pair.value));
        self.index = None;
        if self.pairs.len() >= index::THRESHOLD {
            self.build_index();
        }
    }

    /// Takes out all pairs.
    pub fn clear(&mut self) {
        self.pairs.clear();
        self.index = None;
    }

    /// The pairs in their order.
    #[doc(alias = "nvlist_next_nvpair")]
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.pairs.iter())
    }

    /// The names in the order of their pairs.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &BStr> + ExactSizeIterator {
        self.pairs.iter().map(|pair| &*pair.name)
    }

    /// The values in the order of their pairs.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.pairs.iter().map(|pair| &pair.value)
    }
}

macro_rules! getters {
    ($($(#[$alias:meta])* $get:ident: $as:ident -> $ty:ty;)*) => {$(
        #[doc = concat!(
            "[`Value::", stringify!($as), "`] of the first pair of that name; `None` also if it \
             has another type."
        )]
        $(#[$alias])*
        #[must_use]
        pub fn $get<N: AsRef<[u8]> + ?Sized>(&self, name: &N) -> Option<$ty> {
            self.get(name)?.$as()
        }
    )*};
}

/// Values whose type is known in advance.
impl NvList {
    getters! {
        #[doc(alias = "nvlist_lookup_boolean_value")]
        get_bool: as_bool -> bool;
        #[doc(alias = "nvlist_lookup_int32")]
        get_i32: as_i32 -> i32;
        #[doc(alias = "nvlist_lookup_uint32")]
        get_u32: as_u32 -> u32;
        #[doc(alias = "nvlist_lookup_int64")]
        get_i64: as_i64 -> i64;
        #[doc(alias = "nvlist_lookup_uint64")]
        get_u64: as_u64 -> u64;
        #[doc(alias = "nvlist_lookup_string")]
        get_str: as_str -> &str;
        get_bstr: as_bstr -> &BStr;
        #[doc(alias = "nvlist_lookup_nvlist")]
        get_list: as_list -> &Self;
        #[doc(alias = "nvlist_lookup_nvlist_array")]
        get_list_array: as_list_array -> &[Self];
        #[doc(alias = "nvlist_lookup_uint8_array")]
        get_u8_array: as_u8_array -> &[u8];
        #[doc(alias = "nvlist_lookup_uint64_array")]
        get_u64_array: as_u64_array -> &[u64];
        #[doc(alias = "nvlist_lookup_string_array")]
        get_string_array: as_string_array -> &[BString];
    }
}

/// To bytes and back.
impl NvList {
    /// The list in the native encoding and the byte order of this machine, as `nvlist_pack` makes
    /// it and `nvlist_unpack` takes it.
    ///
    /// ```
    /// use libzfs::nvlist::NvList;
    ///
    /// let list = NvList::new().with("answer", 42_u64);
    /// let bytes = list.encode()?;
    /// assert_eq!(bytes.len(), 48);
    /// assert_eq!(NvList::decode(&bytes)?, list);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// C can't say all that this type can hold: see [`EncodeError`].
    #[doc(alias = "nvlist_pack")]
    #[doc(alias = "fnvlist_pack")]
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        self.encode_with(Encoding::Native, Endian::HOST)
    }

    /// The list in that encoding, written as a machine of that byte order writes it.
    ///
    /// In XDR the numbers are big-endian on every machine, and the byte order is only noted in the
    /// header.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    pub fn encode_with(&self, encoding: Encoding, endian: Endian) -> Result<Vec<u8>, EncodeError> {
        codec::encode(self, encoding, endian)
    }

    /// Reads a list in any encoding and byte order; it has to fill the bytes.
    ///
    /// ```
    /// use libzfs::nvlist::NvList;
    ///
    /// let error = NvList::decode(&[0, 1, 0, 0, 0, 0]).unwrap_err();
    /// assert_eq!(error.offset(), 4);
    /// println!("{error}");
    /// ```
    ///
    /// # Errors
    ///
    /// [`DecodeError`] says at which byte what is wrong.
    #[doc(alias = "nvlist_unpack")]
    #[doc(alias = "fnvlist_unpack")]
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_all(bytes, Accept::Any)
    }

    /// As [`decode`](Self::decode), where C looks things up in the list and in those in it: for that
    /// it takes none whose names may repeat, since which of them counts is not said.
    pub(crate) fn decode_unique(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_all(bytes, Accept::UniqueNames)
    }

    fn decode_all(bytes: &[u8], accept: Accept) -> Result<Self, DecodeError> {
        let (list, len) = codec::decode(bytes, accept)?;
        if len < bytes.len() {
            return Err(DecodeError::new(
                len,
                DecodeErrorKind::TrailingBytes(bytes.len() - len),
            ));
        }
        Ok(list)
    }

    /// Reads a list that may have other bytes behind it, and says how many bytes were its own.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn decode_prefix(bytes: &[u8]) -> Result<(Self, usize), DecodeError> {
        codec::decode(bytes, Accept::Any)
    }
}

impl PartialEq for NvList {
    fn eq(&self, other: &Self) -> bool {
        let find = |pair: &Pair| match self.uniqueness {
            Uniqueness::Names => other.position(&pair.name),
            _ => other.position_of(&pair.name, pair.value.data_type()),
        };
        self.uniqueness == other.uniqueness
            && self.len() == other.len()
            && match self.uniqueness {
                Uniqueness::None => self.iter().eq(other.iter()),
                _ => self
                    .pairs
                    .iter()
                    .all(|pair| find(pair).is_some_and(|at| pair.value == other.pairs[at].value)),
            }
    }
}

/// Stands for a value that is not shown.
struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hidden>")
    }
}

impl fmt::Debug for NvList {
    /// A map; the content of `hidden_args`, where keys travel, is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for pair in &self.pairs {
            if *pair.name == HIDDEN {
                map.entry(&pair.name, &Hidden);
            } else {
                map.entry(&pair.name, &pair.value);
            }
        }
        map.finish()
    }
}

impl fmt::Display for NvList {
    /// `{name=value, name=value}` on one line, for messages; nothing reads it back. The content of
    /// `hidden_args`, where keys travel, is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, pair) in self.pairs.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{}=", &pair.name)?;
            if *pair.name == HIDDEN {
                fmt::Debug::fmt(&Hidden, f)?;
            } else {
                fmt::Display::fmt(&pair.value, f)?;
            }
        }
        f.write_str("}")
    }
}

impl<N: Into<BString>, V: Into<Value>> FromIterator<(N, V)> for NvList {
    /// A list in which names are unique; of several pairs with one name the last one stays.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut list = Self::new();
        list.extend(pairs);
        list
    }
}

impl<N: Into<BString>, V: Into<Value>> Extend<(N, V)> for NvList {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, pairs: I) {
        for (name, value) in pairs {
            self.insert(name, value);
        }
    }
}

/// The pairs of a list in their order; made by [`NvList::iter`].
#[derive(Clone)]
pub struct Iter<'a>(std::slice::Iter<'a, Pair>);

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("left", &self.0.len()).finish()
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a BStr, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        let pair = self.0.next()?;
        Some((&pair.name, &pair.value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let pair = self.0.next_back()?;
        Some((&pair.name, &pair.value))
    }
}

impl ExactSizeIterator for Iter<'_> {}
impl std::iter::FusedIterator for Iter<'_> {}

/// The pairs of a list by value; made by `NvList::into_iter`.
pub struct IntoIter(std::vec::IntoIter<Pair>);

impl fmt::Debug for IntoIter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter")
            .field("left", &self.0.len())
            .finish()
    }
}

impl Iterator for IntoIter {
    type Item = (BString, Value);

    fn next(&mut self) -> Option<Self::Item> {
        let Pair { name, value } = self.0.next()?;
        Some((name.into_owned(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for IntoIter {}
impl std::iter::FusedIterator for IntoIter {}

impl<'a> IntoIterator for &'a NvList {
    type Item = (&'a BStr, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for NvList {
    type Item = (BString, Value);
    type IntoIter = IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        IntoIter(self.pairs.into_iter())
    }
}

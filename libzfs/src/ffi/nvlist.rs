//! The border between [`NvList`] and C's `nvlist_t`.
//!
//! A list crosses it packed, in one piece, as it crosses the border to the kernel: Rust encodes
//! and C unpacks, or C packs and Rust decodes. So nothing of C's is ever borrowed, no pair is
//! added or looked up through a pointer, and the three functions below are all there is to trust.

use std::ffi::c_char;
use std::ptr;

use libzfs_sys::{nvlist_t, nvpair};

use crate::error::Errno;
use crate::nvlist::NvList;

/// An `nvlist_t` of C's that this value owns.
pub(super) struct CNvList(*mut nvlist_t);

impl CNvList {
    /// No list; what C is given where it may leave one.
    pub(super) fn none() -> Self {
        Self(ptr::null_mut())
    }

    /// A list of C's with the content of `list`.
    pub(super) fn new(list: &NvList) -> Result<Self, Errno> {
        let mut packed = list.encode().map_err(|_| Errno::new(libc::EINVAL))?;
        let mut unpacked = ptr::null_mut();
        // SAFETY: the buffer is as long as is said, and is only read during the call; on success
        // `unpacked` is a new list, which is ours to free.
        let rc = unsafe {
            nvpair::nvlist_unpack(
                packed.as_mut_ptr().cast(),
                packed.len() as nvpair::size_t,
                &mut unpacked,
                0,
            )
        };
        match rc {
            0 => Ok(Self(unpacked)),
            errno => Err(Errno::new(errno)),
        }
    }

    /// A list for `list` where there is one, otherwise none.
    pub(super) fn optional(list: Option<&NvList>) -> Result<Self, Errno> {
        list.map_or_else(|| Ok(Self::none()), Self::new)
    }

    pub(super) fn as_ptr(&self) -> *mut nvlist_t {
        self.0
    }

    /// Where C may leave a list that becomes this value's.
    pub(super) fn out(&mut self) -> *mut *mut nvlist_t {
        debug_assert!(self.0.is_null(), "a list would be leaked");
        &mut self.0
    }

    /// What the list holds; an empty list where there is none.
    pub(super) fn to_rust(&self) -> Result<NvList, Errno> {
        if self.0.is_null() {
            return Ok(NvList::new());
        }
        let mut buffer: *mut c_char = ptr::null_mut();
        let mut len: nvpair::size_t = 0;
        // SAFETY: the list is ours and valid; with a null buffer, C allocates one with `malloc`
        // and says its length.
        let rc = unsafe {
            nvpair::nvlist_pack(self.0, &mut buffer, &mut len, nvpair::NV_ENCODE_NATIVE, 0)
        };
        if rc != 0 {
            return Err(Errno::new(rc));
        }
        #[allow(
            clippy::cast_possible_truncation,
            reason = "`size_t` is as wide as `usize`"
        )]
        let len = len as usize;
        // SAFETY: on success `buffer` is `len` initialised bytes, which nobody else has.
        let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), len) };
        let list = NvList::decode(bytes);
        // SAFETY: `buffer` came from `malloc` and `bytes` is not used any more.
        unsafe { libc::free(buffer.cast()) };
        list.map_err(|_| Errno::new(libc::EIO))
    }
}

impl Drop for CNvList {
    fn drop(&mut self) {
        // SAFETY: the list is ours, and nothing can use it after this; null is allowed.
        unsafe { nvpair::nvlist_free(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nvlist::Value;

    fn all_types() -> NvList {
        let inner = NvList::new().with("deep", NvList::new().with("deeper", 1_u8));
        NvList::new()
            .with("boolean", Value::Boolean)
            .with("bool", true)
            .with("byte", Value::Byte(0xfe))
            .with("i8", i8::MIN)
            .with("u8", u8::MAX)
            .with("i16", i16::MIN)
            .with("u16", u16::MAX)
            .with("i32", i32::MIN)
            .with("u32", u32::MAX)
            .with("i64", i64::MIN)
            .with("u64", u64::MAX)
            .with("string", "text")
            .with("no text", "")
            .with("bytes", Value::ByteArray(vec![1, 2, 3]))
            .with("i8s", vec![-1_i8, 1])
            .with("u8s", vec![1_u8; 9])
            .with("i16s", vec![-1_i16])
            .with("u16s", vec![1_u16, 2, 3])
            .with("i32s", vec![-1_i32])
            .with("u32s", vec![1_u32, 2, 3])
            .with("i64s", vec![-1_i64])
            .with("u64s", vec![1_u64, 2, 3])
            .with("bools", vec![true, false, true])
            .with("strings", vec!["a", "", "abcdefghi"])
            .with("hrtime", Value::HrTime(-5))
            .with("double", 1.5)
            .with("list", inner.clone())
            .with("lists", vec![inner, NvList::new()])
            .with("no u64s", Vec::<u64>::new())
            .with("no strings", Vec::<&str>::new())
            .with("no lists", Vec::<NvList>::new())
            .with("a name that is longer than eight bytes", 1_u64)
    }

    #[test]
    fn every_type_crosses_the_border_both_ways() {
        let list = all_types();
        assert_eq!(CNvList::new(&list).unwrap().to_rust().unwrap(), list);
    }

    #[test]
    fn an_absent_list_is_an_empty_one() {
        assert!(CNvList::none().to_rust().unwrap().is_empty());
        let empty = CNvList::new(&NvList::new()).unwrap();
        assert!(!empty.as_ptr().is_null());
        assert!(empty.to_rust().unwrap().is_empty());
    }

    #[test]
    fn names_can_be_there_twice() {
        let mut list = NvList::with_duplicates();
        list.push("snap", "one");
        list.push("snap", "two");
        assert_eq!(CNvList::new(&list).unwrap().to_rust().unwrap(), list);
    }

    #[test]
    fn what_c_cannot_hold_is_an_error() {
        for list in [
            NvList::new().with("a\0b", 1_u8),
            NvList::new().with("a", "b\0c"),
        ] {
            assert_eq!(CNvList::new(&list).err(), Some(Errno::new(libc::EINVAL)));
        }
    }

    #[test]
    fn ten_thousand_pairs_cross_it() {
        let list: NvList = (0..10_000)
            .map(|i| (format!("tank/data@{i}"), Value::Boolean))
            .collect();
        assert_eq!(CNvList::new(&list).unwrap().to_rust().unwrap(), list);
    }
}

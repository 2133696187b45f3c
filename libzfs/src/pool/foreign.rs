//! What is on a device that is not ZFS's, told by the marks that file systems and others leave.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// The first bytes of a device, in which all of the marks are.
const HEAD: usize = 72 << 10;

/// A mark: what it is of, where it is, and what it is.
type Mark = (&'static str, usize, &'static [u8]);

const MARKS: &[Mark] = &[
    ("an ext2, ext3 or ext4 file system", 0x438, b"\x53\xef"),
    ("an XFS file system", 0, b"XFSB"),
    ("a btrfs file system", 0x1_0040, b"_BHRfS_M"),
    (
        "a bcachefs file system",
        0x1018,
        b"\xc6\x85\x73\xf6\x4e\x1a\x45\xca",
    ),
    ("an F2FS file system", 0x400, b"\x10\x20\xf5\xf2"),
    ("an NTFS file system", 3, b"NTFS    "),
    ("an exFAT file system", 3, b"EXFAT   "),
    ("a FAT file system", 82, b"FAT32   "),
    ("a FAT file system", 54, b"FAT1"),
    ("an ISO 9660 file system", 0x8001, b"CD001"),
    ("a squashfs file system", 0, b"hsqs"),
    ("an encrypted volume (LUKS)", 0, b"LUKS\xba\xbe"),
    ("an LVM volume", 0x218, b"LVM2 001"),
    ("a part of a RAID (md)", 0, b"\xfc\x4e\x2b\xa9"),
    ("a part of a RAID (md)", 0x1000, b"\xfc\x4e\x2b\xa9"),
    ("swap space", 4086, b"SWAPSPACE2"),
    ("a partition table", 512, b"EFI PART"),
    ("a partition table", 4096, b"EFI PART"),
];

/// What is on the device, as far as it is one of these. There can be other things.
pub(super) fn look(device: &File) -> io::Result<Option<&'static str>> {
    let mut head = vec![0; HEAD];
    let mut read = 0;
    while read < HEAD {
        match device.read_at(&mut head[read..], read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    Ok(find(&head))
}

fn find(head: &[u8]) -> Option<&'static str> {
    let there = |(_, at, mark): &&Mark| head.get(*at..).is_some_and(|rest| rest.starts_with(mark));
    match MARKS.iter().find(there) {
        Some((what, ..)) => Some(*what),
        None => has_partitions(head).then_some("a partition table"),
    }
}

/// Whether there is an old table of partitions, of which one is of some type.
fn has_partitions(head: &[u8]) -> bool {
    let types = [450, 466, 482, 498];
    head.get(510..512) == Some(b"\x55\xaa")
        && types
            .iter()
            .any(|&at| head.get(at).is_some_and(|&kind| kind != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_told() {
        assert_eq!(find(&vec![0; HEAD]), None);
        assert_eq!(find(&[]), None);
        for (what, at, mark) in MARKS {
            let mut head = vec![0; HEAD];
            head[*at..at + mark.len()].copy_from_slice(mark);
            assert_eq!(find(&head), Some(*what));
        }
        let mut boot = vec![0; HEAD];
        boot[510..512].copy_from_slice(b"\x55\xaa");
        assert_eq!(find(&boot), None, "a boot sector without partitions");
        boot[450] = 0x83;
        assert_eq!(find(&boot), Some("a partition table"));
    }
}

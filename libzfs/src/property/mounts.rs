//! The options of mounts, which hold in place of properties for as long as something is mounted.

use std::fs;
use std::io;

use bstr::{BString, ByteSlice};

/// The options with which a file system or snapshot is mounted; none where it is not. Of several
/// mounts the first is taken, as `zfs` does.
pub(super) fn options(name: &str) -> io::Result<Option<Vec<BString>>> {
    let mounts = fs::read("/proc/self/mounts")?;
    Ok(find(&mounts, name))
}

fn find(mounts: &[u8], name: &str) -> Option<Vec<BString>> {
    mounts.lines().find_map(|line| {
        let mut fields = line.split(|&byte| byte == b' ');
        let device = unescaped(fields.next()?);
        let (file_system, options) = (fields.nth(1)?, fields.next()?);
        if file_system != b"zfs" || device != name {
            return None;
        }
        let options = options.split(|&byte| byte == b',');
        Some(options.map(BString::from).collect())
    })
}

/// Spaces and backslashes are there as `\` and three octal digits.
fn unescaped(field: &[u8]) -> BString {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, behind)) = rest.split_first() {
        let octal = behind
            .get(..3)
            .filter(|_| first == b'\\')
            .and_then(|digits| {
                let digits = std::str::from_utf8(digits).ok()?;
                u8::from_str_radix(digits, 8).ok()
            });
        match octal {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[3..];
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    bytes.into()
}

/// A property that an option of a mount stands in for.
pub(super) struct MountOption {
    pub(super) property: &'static str,
    pub(super) on: &'static str,
    pub(super) off: &'static str,
}

const fn option(property: &'static str, on: &'static str, off: &'static str) -> MountOption {
    MountOption { property, on, off }
}

/// Those that `zfs get` goes by.
pub(super) const OPTIONS: &[MountOption] = &[
    option("atime", "atime", "noatime"),
    option("relatime", "relatime", "norelatime"),
    option("devices", "dev", "nodev"),
    option("exec", "exec", "noexec"),
    option("readonly", "ro", "rw"),
    option("setuid", "suid", "nosuid"),
    option("xattr", "xattr", "noxattr"),
    option("nbmand", "mand", "nomand"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_found_by_its_whole_name() {
        let mounts = b"proc /proc proc rw 0 0\n\
            tank/a /x\\040y zfs rw,noatime,xattr 0 0\n\
            tank/a /z zfs ro 0 0\n\
            tank/a\\040b\\134c /z zfs ro 0 0\n\
            tank/c /z ext4 rw 0 0\n\
            odd\n";
        let found = |name| find(mounts, name).map(|options| bstr::join(",", options));
        assert_eq!(found("tank/a"), Some(b"rw,noatime,xattr".to_vec()));
        assert_eq!(found("tank/a b\\c"), Some(b"ro".to_vec()));
        assert_eq!(found("tank"), None);
        assert_eq!(found("tank/c"), None);
        assert_eq!(unescaped(b"a\\9x\\04"), "a\\9x\\04");
    }
}

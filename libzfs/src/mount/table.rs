//! `/proc/self/mountinfo`, as far as it is about ZFS.

use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// A place where a file system or a snapshot is mounted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MountPoint {
    source: String,
    path: PathBuf,
    subdirectory: bool,
    read_only: bool,
    covered: bool,
}

impl MountPoint {
    /// The name of the file system, or of the snapshot.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether only a directory of it is mounted here (a bind mount), and not all of it.
    pub fn is_subdirectory(&self) -> bool {
        self.subdirectory
    }

    /// Whether this place is only for reading. It can be so at one place and not at another.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Whether something else was mounted at the same place later, so that the path leads there.
    pub fn is_covered(&self) -> bool {
        self.covered
    }
}

/// One line, of any file system.
struct Line<'a> {
    root: &'a [u8],
    path: &'a [u8],
    options: &'a [u8],
    kind: &'a [u8],
    source: &'a [u8],
}

impl<'a> Line<'a> {
    /// `ID PARENT DEVICE ROOT PATH OPTIONS [OPTIONAL]... - TYPE SOURCE SUPER_OPTIONS`
    fn parse(line: &'a [u8]) -> Option<Self> {
        let mut fields = line.split(|&byte| byte == b' ');
        let (root, path, options) = (fields.nth(3)?, fields.next()?, fields.next()?);
        fields.find(|&field| field == b"-")?;
        Some(Self {
            root,
            path,
            options,
            kind: fields.next()?,
            source: fields.next()?,
        })
    }
}

fn lines(table: &[u8]) -> impl DoubleEndedIterator<Item = Line<'_>> {
    let lines = table.split(|&byte| byte == b'\n');
    lines.filter_map(Line::parse)
}

/// What of ZFS is in the table. Lines that are not of its form are passed over.
pub(super) fn parse(table: &[u8]) -> Vec<MountPoint> {
    let mut points = Vec::new();
    let mut later = HashSet::new();
    for line in lines(table).rev() {
        let covered = !later.insert(line.path);
        if line.kind == b"zfs" {
            let mut options = line.options.split(|&byte| byte == b',');
            points.push(MountPoint {
                source: String::from_utf8_lossy(&unescape(line.source)).into_owned(),
                path: path(line.path),
                subdirectory: line.root != b"/",
                read_only: options.any(|option| option == b"ro"),
                covered,
            });
        }
    }
    points.reverse();
    points
}

/// Where anything is mounted, of ZFS or not.
#[cfg(feature = "testing")]
pub(super) fn paths(table: &[u8]) -> impl Iterator<Item = PathBuf> {
    lines(table).map(|line| path(line.path))
}

fn path(field: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(unescape(field)))
}

/// Bytes that would end a field stand there as a backslash and three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, behind @ ..] = rest {
        match (first, behind) {
            (
                b'\\',
                [
                    a @ b'0'..=b'3',
                    b @ b'0'..=b'7',
                    c @ b'0'..=b'7',
                    behind @ ..,
                ],
            ) => {
                plain.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = behind;
            }
            _ => {
                plain.push(*first);
                rest = behind;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TABLE: &[u8] = b"\
22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:41 / /tank/a\\040b rw,noatime shared:7 master:3 - zfs tank/a\\040b rw,xattr,noacl
41 22 0:41 /sub /bind\\134here ro,relatime - zfs tank/a\\040b rw,xattr
42 40 0:43 / /tank/a\\040b/.zfs/snapshot/s ro - zfs tank/a\\040b@s ro
43 22 0:44 / /tank/c rw - zfs tank/c rw
44 22 0:45 / /tank/c rw - tmpfs tank/c rw
torn
";

    #[test]
    fn a_table_is_read() {
        let points = parse(TABLE);
        let summary: Vec<_> = points
            .iter()
            .map(|p| {
                (
                    p.source(),
                    p.path().to_str().unwrap(),
                    p.is_subdirectory(),
                    p.is_read_only(),
                )
            })
            .collect();
        let expected = [
            ("tank/a b", "/tank/a b", false, false),
            ("tank/a b", "/bind\\here", true, true),
            ("tank/a b@s", "/tank/a b/.zfs/snapshot/s", false, true),
            ("tank/c", "/tank/c", false, false),
        ];
        assert_eq!(summary, expected);
        let covered: Vec<_> = points.iter().map(MountPoint::is_covered).collect();
        assert_eq!(covered, [false, false, false, true]);
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in ["\\", "\\04", "\\4000", "\\08a", "a\\x40"] {
            assert_eq!(unescape(text.as_bytes()), text.as_bytes());
        }
    }

    /// As the kernel writes a field.
    fn escape(plain: &[u8]) -> Vec<u8> {
        plain
            .iter()
            .flat_map(|byte| match byte {
                b' ' | b'\t' | b'\n' | b'\\' | b'#' => format!("\\{byte:03o}").into_bytes(),
                _ => vec![*byte],
            })
            .collect()
    }

    proptest! {
        #[test]
        fn escaping_is_undone(plain: Vec<u8>) {
            prop_assert_eq!(unescape(&escape(&plain)), plain);
        }

        #[test]
        fn any_path_is_found(path: Vec<u8>, name in "[a-z]{1,9}(/[a-zA-Z0-9 ._:-]{1,9}){0,3}") {
            let mut line = b"1 2 0:3 / ".to_vec();
            line.extend(escape(&path));
            line.extend(b" rw shared:1 - zfs ");
            line.extend(escape(name.as_bytes()));
            line.extend(b" rw\n");
            let points = parse(&line);
            prop_assert_eq!(points.len(), 1);
            prop_assert_eq!(points[0].source(), name);
            prop_assert_eq!(points[0].path().as_os_str().as_encoded_bytes(), &path[..]);
        }

        #[test]
        fn nothing_makes_it_panic(table: Vec<u8>) {
            parse(&table);
        }
    }
}

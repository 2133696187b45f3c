//! The bare loop: the ioctls as a C programmer writes them who knows what to expect, and nothing
//! besides. Nobody can list on one thread in less.

use std::fs::File;
use std::hint::black_box;
use std::os::fd::AsRawFd;

use libzfs_sys::ioctl::{ZFS_IOC_SNAPSHOT_LIST_NEXT, zfs_cmd};

/// Room for the properties of any snapshot here.
const ANSWER: usize = 16 << 10;

/// Goes through the snapshots of each of these datasets, with all properties or in the simple mode,
/// and counts them; `first` is called at the first.
pub(crate) fn list(datasets: &[String], properties: bool, mut first: impl FnMut()) -> usize {
    let device = File::options()
        .read(true)
        .write(true)
        .open("/dev/zfs")
        .unwrap();
    let mut zc = Box::new(zfs_cmd::default());
    let mut answer = vec![0_u8; ANSWER];
    let mut count = 0;
    for dataset in datasets {
        zc.zc_cookie = 0;
        loop {
            for (to, from) in zc.zc_name.iter_mut().zip(dataset.bytes().chain([0])) {
                *to = i8::from_ne_bytes([from]);
            }
            zc.zc_simple = u8::from(!properties);
            if properties {
                zc.zc_nvlist_dst = answer.as_mut_ptr() as u64;
                zc.zc_nvlist_dst_size = ANSWER as u64;
            }
            // SAFETY: the structure is as the kernel declares it, and the buffer that it points to,
            // if any, is as long as it says and lives until the call returns.
            let rc = unsafe {
                libc::ioctl(
                    device.as_raw_fd(),
                    ZFS_IOC_SNAPSHOT_LIST_NEXT.into(),
                    &raw mut *zc,
                )
            };
            if rc != 0 {
                let error = std::io::Error::last_os_error();
                assert_eq!(error.raw_os_error(), Some(libc::ESRCH), "{error}");
                break;
            }
            black_box((&zc.zc_name, zc.zc_objset_stats.dds_guid, &answer));
            if count == 0 {
                first();
            }
            count += 1;
        }
    }
    count
}

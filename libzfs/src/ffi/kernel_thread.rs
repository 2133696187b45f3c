//! The thread in which the kernel sends or receives.

use std::fs;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::thread;

use super::block_all_signals;
use crate::error::Errno;

/// The descriptors of the ZFS device that the process had when `libzfs_core` was initialised. One of
/// them is the library's own, which it does not tell.
#[derive(Debug)]
pub(crate) struct DeviceDescriptors {
    device: u64,
    open: Vec<RawFd>,
}

impl DeviceDescriptors {
    /// None where the system does not say what is open.
    pub(crate) fn find() -> Option<Self> {
        let metadata = fs::metadata("/dev/zfs").ok()?;
        if !metadata.file_type().is_char_device() {
            return None;
        }
        let device = metadata.rdev();
        let listed = fs::read_dir("/proc/self/fd").ok()?;
        let numbers = listed.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let open = numbers.filter(|&fd| is_device(fd, device)).collect();
        Some(Self { device, open })
    }
}

/// Runs `call` in a thread that signals do not reach, and that has no descriptors but `fd` and those
/// of the ZFS device.
///
/// OpenZFS forgets that a thread is to be killed when it makes one of its own at the beginning of a
/// send or receive. The thread then waits for the other end of its pipe; that must not be open still
/// only because the thread itself has it, as threads that share their descriptors do: neither thread
/// nor process would ever end, and the dataset stay busy.
///
/// Before Linux 5.9, or without `/proc`, the descriptors are shared all the same.
///
/// `call` is to use no other descriptor, and to close none: it would be closed in the thread alone.
pub(super) fn in_kernel_thread<T: Send>(
    device: Option<&DeviceDescriptors>,
    fd: BorrowedFd<'_>,
    call: impl FnOnce() -> Result<T, Errno> + Send,
) -> Result<T, Errno> {
    let fd = fd.as_raw_fd();
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name("zfs-kernel".into())
            .spawn_scoped(scope, || {
                block_all_signals();
                if let Some(device) = device {
                    keep_only(device, fd);
                }
                call()
            })
            .map_err(|error| Errno::new(error.raw_os_error().unwrap_or(libc::EAGAIN)))?;
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Gives the calling thread descriptors of its own, of which it keeps `fd` and those of the device.
fn keep_only(device: &DeviceDescriptors, fd: RawFd) {
    let mut kept = device.open.clone();
    kept.push(fd);
    kept.sort_unstable();
    kept.dedup();
    // From the last on, so that what is behind it is not even copied.
    let mut end = RawFd::MAX;
    for &keep in kept.iter().rev() {
        if !close_own(keep + 1, end) {
            return;
        }
        end = keep - 1;
    }
    close_own(0, end);
    // What has had the number of a closed one since.
    for other in kept {
        if other != fd && !is_device(other, device.device) {
            close_own(other, other);
        }
    }
}

/// Closes descriptors of the calling thread, which shares them with no other from now on. False if
/// the system cannot do that; nothing was closed then.
fn close_own(first: RawFd, last: RawFd) -> bool {
    if first > last {
        return true;
    }
    // SAFETY: what is closed are this thread's copies, which nobody owns: the other threads keep
    // theirs, and whoever runs in this one was told to use none of them.
    let rc = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first,
            last,
            libc::CLOSE_RANGE_UNSHARE,
        )
    };
    rc == 0
}

fn is_device(fd: RawFd, device: u64) -> bool {
    let mut found = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: any number may be asked for; the structure is ours to write.
    if unsafe { libc::fstat(fd, found.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: success has written it.
    let found = unsafe { found.assume_init() };
    found.st_mode & libc::S_IFMT == libc::S_IFCHR && found.st_rdev == device
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::sync::mpsc;

    use rustix::pipe::pipe;

    use super::*;

    /// As `/dev/null` stands for the device, no ZFS is needed.
    fn null() -> (fs::File, DeviceDescriptors) {
        let file = fs::File::open("/dev/null").unwrap();
        let device = DeviceDescriptors {
            device: file.metadata().unwrap().rdev(),
            open: vec![file.as_raw_fd()],
        };
        (file, device)
    }

    fn is_open(fd: RawFd) -> bool {
        // SAFETY: asks only.
        unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
    }

    #[test]
    fn the_thread_has_only_what_it_needs() {
        let (file, mut device) = null();
        let (reader, writer) = pipe().unwrap();
        let (given, _end) = pipe().unwrap();
        // Was one of the device, and its number is another's now.
        let (other, _end) = pipe().unwrap();
        device.open.push(other.as_raw_fd());
        let (started, has_started) = mpsc::channel();
        let (end, is_to_end) = mpsc::channel();
        let numbers = [&given, &other].map(AsRawFd::as_raw_fd);
        let numbers = [file.as_raw_fd(), numbers[0], numbers[1], writer.as_raw_fd()];
        let open = thread::scope(|scope| {
            let (device, given) = (&device, given.as_fd());
            let open = scope.spawn(move || {
                let call = move || {
                    started.send(()).unwrap();
                    is_to_end.recv().unwrap();
                    Ok(numbers.map(is_open))
                };
                in_kernel_thread(Some(device), given, call).unwrap()
            });
            has_started.recv().unwrap();
            // It was closed for that thread only, and is closed for good where it was made.
            assert!(numbers.into_iter().all(is_open));
            drop(writer);
            assert_eq!(fs::File::from(reader).read(&mut [0]).unwrap(), 0);
            end.send(()).unwrap();
            open.join().unwrap()
        });
        assert_eq!(open, [true, true, false, false]);
    }
}

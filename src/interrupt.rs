//! What SIGINT, SIGTERM and SIGHUP do.

use std::io;
use std::thread;

use libzfs::TransferControl;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

use crate::exit::Exit;

/// For as long as it is there, a signal does what it was told to.
pub(crate) struct Watch {
    handle: Handle,
}

impl Watch {
    /// Has each signal do `work`, with the number of signals that came before.
    fn new(mut work: impl FnMut(usize) + Send + 'static) -> io::Result<Self> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let handle = signals.handle();
        thread::spawn(move || {
            for (before, _) in signals.forever().enumerate() {
                work(before);
            }
        });
        Ok(Self { handle })
    }

    /// Has the first signal cancel transfers, and the second one end the process: what has arrived
    /// by then can be gone on with, however it ends.
    pub(crate) fn cancels(control: &TransferControl) -> io::Result<Self> {
        let control = control.clone();
        Self::new(move |before| match before {
            0 => control.cancel(),
            _ => std::process::exit(Exit::Interrupted as i32),
        })
    }

    /// Has a signal end the process after `before`.
    pub(crate) fn ends(before: impl Fn() + Send + 'static) -> io::Result<Self> {
        Self::new(move |_| {
            before();
            std::process::exit(Exit::Interrupted as i32);
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.handle.close();
    }
}

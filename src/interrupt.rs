//! What SIGINT, SIGTERM and SIGHUP do.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use libzfs::TransferControl;
use once_cell::sync::OnceCell;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::register_conditional_default;
use signal_hook::iterator::{Handle, Signals};

use crate::exit::Exit;

const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Whether there is no watch. A signal that was watched once would do nothing from then on.
static IS_UNWATCHED: OnceCell<Arc<AtomicBool>> = OnceCell::new();

/// For as long as it is there, a signal does what it was told to; after that what it does by itself.
/// There is one at a time.
pub(crate) struct Watch {
    handle: Handle,
}

impl Watch {
    /// Has each signal do `work`, with the number of signals that came before.
    fn new(mut work: impl FnMut(usize) + Send + 'static) -> io::Result<Self> {
        let is_unwatched = IS_UNWATCHED.get_or_try_init(|| {
            let is_unwatched = Arc::new(AtomicBool::new(true));
            for signal in SIGNALS {
                register_conditional_default(signal, is_unwatched.clone())?;
            }
            Ok::<_, io::Error>(is_unwatched)
        })?;
        let mut signals = Signals::new(SIGNALS)?;
        is_unwatched.store(false, Ordering::SeqCst);
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
        if let Some(is_unwatched) = IS_UNWATCHED.get() {
            is_unwatched.store(true, Ordering::SeqCst);
        }
        self.handle.close();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "it is how a test fails")]

    use std::env;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Command;

    use super::*;

    #[test]
    fn behind_a_watch_a_signal_ends_the_process() {
        const THERE: &str = "ZVAULT_TEST_SIGNAL";
        if let Ok(signal) = env::var(THERE) {
            let control = TransferControl::new();
            for _ in 0..2 {
                drop(Watch::cancels(&control).unwrap());
            }
            signal_hook::low_level::raise(signal.parse().unwrap()).unwrap();
            return;
        }
        for signal in SIGNALS {
            let status = Command::new(env::current_exe().unwrap())
                .args([
                    "--exact",
                    "interrupt::tests::behind_a_watch_a_signal_ends_the_process",
                ])
                .env(THERE, signal.to_string())
                .status();
            assert_eq!(status.unwrap().signal(), Some(signal));
        }
    }

    #[test]
    fn within_a_watch_a_signal_cancels() {
        const THERE: &str = "ZVAULT_TEST_CANCELS";
        if env::var_os(THERE).is_some() {
            let control = TransferControl::new();
            drop(Watch::cancels(&control).unwrap());
            let watch = Watch::cancels(&control).unwrap();
            signal_hook::low_level::raise(SIGTERM).unwrap();
            while !control.is_cancelled() {
                thread::yield_now();
            }
            drop(watch);
            return;
        }
        let status = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "interrupt::tests::within_a_watch_a_signal_cancels",
            ])
            .env(THERE, "1")
            .status();
        assert!(status.unwrap().success());
    }
}

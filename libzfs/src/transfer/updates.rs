//! Progress as a stream.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::control::{Progress, TransferControl, WakerSlot, wakes};

/// How far a transfer is, again and again; see [`TransferControl::updates`].
pub struct ProgressUpdates {
    control: TransferControl,
    ticks: Interval,
    /// Wakes when all transfers have ended.
    end: Arc<WakerSlot>,
    ended: bool,
}

impl fmt::Debug for ProgressUpdates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProgressUpdates")
            .field(&self.control)
            .finish()
    }
}

impl TransferControl {
    /// How far the transfers with this control are, now and each time that so much has gone by, and
    /// once more as soon as they have ended. If none has begun yet, that is waited for. Feature `tokio`.
    ///
    /// # Panics
    ///
    /// If it is called outside of a runtime that has time, or with no time at all.
    pub fn updates(&self, every: Duration) -> ProgressUpdates {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ProgressUpdates {
            control: self.clone(),
            ticks,
            end: self.at_end(),
            ended: false,
        }
    }
}

impl Stream for ProgressUpdates {
    type Item = Progress;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Progress>> {
        if self.ended {
            return Poll::Ready(None);
        }
        // First, so that an end that comes meanwhile wakes.
        wakes(&self.end, cx.waker());
        if !self.control.has_ended() {
            ready!(self.ticks.poll_tick(cx));
        }
        // Before it is asked how far they are, so that the last is the last.
        self.ended = self.control.has_ended();
        Poll::Ready(Some(self.control.progress()))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::super::Watch;
    use super::*;

    #[test]
    fn the_end_is_told_at_once() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let control = TransferControl::new();
            let mut updates = control.updates(Duration::from_secs(3600));
            let mut next = async || poll_fn(|cx| Pin::new(&mut updates).poll_next(cx)).await;
            assert!(next().await.is_some());
            let transfers = [(); 2].map(|()| {
                let mut watch = Watch::default();
                watch.add(&control).unwrap();
                watch
            });
            let transferring = std::thread::spawn(move || {
                for watch in transfers {
                    std::thread::sleep(Duration::from_millis(20));
                    watch.moved(10, 1);
                }
            });
            let last = tokio::time::timeout(Duration::from_secs(60), next()).await;
            assert_eq!(last.expect("it waits for the tick").unwrap().bytes, 20);
            assert!(next().await.is_none());
            transferring.join().unwrap();
        });
    }
}

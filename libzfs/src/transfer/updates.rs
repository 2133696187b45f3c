//! Progress as a stream.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::control::{Progress, TransferControl};

/// How far a transfer is, again and again; see [`TransferControl::updates`].
pub struct ProgressUpdates {
    control: TransferControl,
    ticks: Interval,
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
    /// once more when they have ended. If none has begun yet, that is waited for. Feature `tokio`.
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
        ready!(self.ticks.poll_tick(cx));
        // Before it is asked how far they are, so that the last is the last.
        self.ended = self.control.has_ended();
        Poll::Ready(Some(self.control.progress()))
    }
}

#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

mod model;
mod planner;
mod retention;
#[cfg(feature = "replicate")]
mod schedule;

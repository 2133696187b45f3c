//! The other side of a replication on another machine.
//!
//! # Protocol
//!
//! A client ([`Remote`]) and a server ([`Server`]) have a stream of bytes in each direction: those of a
//! process that `ssh` starts, for example. Each is a sequence of frames: a letter that says what it is,
//! the length of what follows in four bytes, the highest first, and that.
//!
//! | | is | has |
//! |---|---|---|
//! | `M` | a greeting, a request or its answer | JSON, up to 4 MiB |
//! | `D` | some of a stream | up to 1 MiB, at least a byte |
//! | `E` | the end of a stream that is whole | nothing |
//! | `F` | why there is no answer, or no more of a stream | JSON, up to 4 MiB |
//!
//! The client begins, with the versions of the protocol that it speaks: `{"zvault":[1]}`. The server says
//! which it will be, and its role: `{"zvault":1,"role":"receive-only"}`. From then on the client asks for
//! one thing at a time, and the server answers: with `M` or `F`, to `send` and `tree` with a stream.
//! After `receive` it is the client who sends a stream.
//!
//! A stream is any number of `D`, and ends with `E` or `F`: that the connection ends is no end of a
//! stream. Whoever gets one can say at any time that it wants no more, the server by its answer, the
//! client with `F`; what comes until the stream has ended is thrown away. So whoever sends one looks
//! for that before each frame, and neither waits for the other in vain.
//!
//! A length is compared with what there may be before there is memory for it, and each wait has a limit.

mod client;
mod confinement;
mod frame;
mod message;
mod pool;
mod server;
#[cfg(feature = "ssh")]
mod ssh;
#[cfg(test)]
mod tests;

pub use self::client::{Connection, Remote};
pub use self::confinement::Confinement;
pub use self::message::Role;
pub use self::server::Server;
#[cfg(feature = "ssh")]
pub use self::ssh::Ssh;

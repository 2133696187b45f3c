//! The connections of a client, each for one request at a time.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::{Error, Result};
use super::client::Connection;

type Connect = Box<dyn Fn() -> Result<Connection> + Send + Sync>;

pub(super) struct Pool {
    slots: Mutex<Slots>,
    freed: Condvar,
    connect: Option<Connect>,
    most: usize,
    /// How long is waited for the other side.
    pub(super) limit: Duration,
}

struct Slots {
    idle: Vec<Connection>,
    /// How many there are, with those in use.
    open: usize,
}

impl Pool {
    /// The one connection.
    pub(super) fn of(connection: Connection, limit: Duration) -> Self {
        Self::new(connection, None, 1, limit)
    }

    /// A first connection, and others.
    pub(super) fn connecting(
        first: Connection,
        connect: Connect,
        most: usize,
        limit: Duration,
    ) -> Self {
        Self::new(first, Some(connect), most, limit)
    }

    fn new(first: Connection, connect: Option<Connect>, most: usize, limit: Duration) -> Self {
        let idle = vec![first];
        Self {
            slots: Mutex::new(Slots { idle, open: 1 }),
            freed: Condvar::new(),
            connect,
            most,
            limit,
        }
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that nobody else uses.
    pub(super) fn lease(pool: &Arc<Self>) -> Result<Lease> {
        let since = Instant::now();
        let slot = || Slot(pool.clone());
        let mut slots = pool.slots();
        loop {
            if let Some(connection) = slots.idle.pop() {
                let slot = slot();
                drop(slots);
                // Unasked, it says nothing but that it is over.
                if !connection.input.has_something() {
                    return Ok(Lease { connection, slot });
                }
                drop(Lease { connection, slot });
                slots = pool.slots();
                continue;
            }
            if slots.open < pool.most {
                let Some(connect) = &pool.connect else {
                    return Err(lost("it was lost before"));
                };
                slots.open += 1;
                let slot = slot();
                drop(slots);
                let connection = connect()?;
                return Ok(Lease { connection, slot });
            }
            let left = pool.limit.saturating_sub(since.elapsed());
            if left.is_zero() {
                return Err(lost("all connections are in use"));
            }
            let waited = pool.freed.wait_timeout(slots, left);
            slots = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn lost(why: &str) -> Error {
    Error::Lost(std::io::Error::new(
        std::io::ErrorKind::NotConnected,
        why.to_owned(),
    ))
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("open", &self.slots().open)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

/// A connection for one request. It is closed when this is dropped, unless it is given back.
pub(super) struct Lease {
    connection: Connection,
    slot: Slot,
}

impl Lease {
    /// Keeps the connection: it stands where the next request can begin.
    pub(super) fn give_back(mut self) {
        // Nobody's control has to do with it any more.
        if self.connection.wait(self.slot.0.limit, None).is_err() {
            return;
        }
        let mut slots = self.slot.0.slots();
        slots.idle.push(self.connection);
        // It stays open, whatever the slot takes it for.
        slots.open += 1;
    }
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// One of the connections that there may be; when it is dropped there may be another.
struct Slot(Arc<Pool>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.slots().open -= 1;
        self.0.freed.notify_one();
    }
}

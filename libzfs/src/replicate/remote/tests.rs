//! Both ends in one process, over real pipes and sockets, with sides that are made up. Each test has a
//! time limit, since what goes wrong here mostly waits for ever.

mod client;
mod confinement;
mod fake;
mod hostile;
#[cfg(feature = "ssh")]
mod ssh;

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use self::fake::Fake;
use super::{Confinement, Connection, Remote, Server};
use crate::name::{DatasetName, SnapshotName};
use crate::replicate::{Base, Error, Marks, Order, Policy, Result, Transfer};

/// What no test comes near, on a machine that has other things to do.
const LIMIT: Duration = Duration::from_secs(60);

fn within<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, finished) = mpsc::channel();
    let thread = thread::spawn(move || {
        let value = work();
        let _ = done.send(());
        value
    });
    match finished.recv_timeout(LIMIT) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("not done after {LIMIT:?}"),
        _ => thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
    }
}

fn dataset(name: &str) -> DatasetName {
    name.parse().unwrap()
}

fn snapshot(name: &str) -> SnapshotName {
    name.parse().unwrap()
}

fn marks() -> Marks {
    Marks::new("offsite").unwrap()
}

fn confinement() -> Confinement {
    Confinement::to(&dataset("vault/prod")).marks(&marks())
}

/// What is to become `vault/prod/a@s`.
fn order(guid: u64, base: Option<u64>) -> Order {
    Order {
        snapshot: snapshot("vault/prod/a@s"),
        guid,
        base,
        origin: None,
        resumed: None,
        policy: Policy::Vault,
    }
}

fn transfer(guid: u64, base: Option<u64>) -> Transfer {
    Transfer {
        snapshot: snapshot("vault/prod/a@s"),
        guid,
        base: base.map(|guid| Base::Snapshot {
            name: snapshot("vault/prod/a@r"),
            guid,
            origin: None,
        }),
        resumed: None,
        estimate: None,
    }
}

type Served = JoinHandle<Result<()>>;

/// How a server is made of what it serves.
type Make = fn(&Fake) -> Server<'_>;

fn receiving(fake: &Fake) -> Server<'_> {
    Server::receive_only(fake, confinement())
}

fn sending(fake: &Fake) -> Server<'_> {
    Server::send_raw_only(fake, confinement())
}

/// A server in a thread, and the socket to speak with it.
fn serve(fake: &Arc<Fake>, make: Make) -> (UnixStream, Served) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let fake = fake.clone();
    let served = thread::spawn(move || {
        let input = theirs.try_clone().unwrap();
        make(&fake).serve(input, theirs)
    });
    (ours, served)
}

fn connection(socket: UnixStream) -> Connection {
    Connection::new(socket.try_clone().unwrap(), socket).unwrap()
}

fn remote(fake: &Arc<Fake>, make: Make) -> (Remote, Served) {
    let (socket, served) = serve(fake, make);
    (Remote::over(connection(socket)).unwrap(), served)
}

/// The server over pipes, which are smaller than sockets, and each for one direction.
fn remote_over_pipes(fake: &Arc<Fake>, make: Make) -> (Remote, Served) {
    let (input, their_output) = crate::transfer::pipe().unwrap();
    let (their_input, output) = crate::transfer::pipe().unwrap();
    let fake = fake.clone();
    let served = thread::spawn(move || make(&fake).serve(their_input, their_output));
    let connection = Connection::new(input, output).unwrap();
    (Remote::over(connection).unwrap(), served)
}

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    match result {
        Err(Error::Refused(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

/// Some bytes, and then an error.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::from_raw_os_error(libc::EIO)),
            len => Ok(len),
        }
    }
}

//! Where keys come from: a file, a descriptor or a person, and never the command line, which
//! everybody on the machine can read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::PathBuf;

use libzfs::{EncryptionRoot, Key, KeyFormat};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::arguments::KeyArguments;
use crate::exit::{Exit, Outcome, Problem};
use crate::interrupt::Watch;

/// More than any key has, with a line feed.
const MAX_LEN: usize = 1024;

/// What was read, from which each encryption root gets a key of its own format.
pub(crate) struct Material {
    bytes: Zeroizing<Vec<u8>>,
    is_text: bool,
}

impl Material {
    /// Reads it from where the command line says; asks for it, if that says nothing.
    pub(crate) fn read(from: &KeyArguments, prompt: &str) -> Outcome<Self> {
        let path = match (&from.key_file, from.key_fd) {
            (Some(path), _) => path.clone(),
            // What is open there is opened once more, for which nobody has to take it over.
            (None, Some(number)) => PathBuf::from(format!("/proc/self/fd/{number}")),
            (None, None) => return ask(prompt),
        };
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LEN));
        let read = File::open(&path).and_then(|file| {
            let limit = MAX_LEN as u64;
            file.take(limit).read_to_end(&mut bytes)
        });
        read.map_err(|error| Problem::file(path.display(), &error))?;
        Ok(Self {
            bytes,
            is_text: false,
        })
    }

    /// The key for an encryption root.
    pub(crate) fn key_for(&self, root: &EncryptionRoot) -> Outcome<Key> {
        let name = root.name();
        let Some(format) = root.key_format() else {
            return Err(Problem::failed(format!(
                "{name}: its key format is not known"
            )));
        };
        if self.is_text && format == KeyFormat::Raw {
            let text = format!("{name} has a raw key, which nobody can type: use --key-file");
            return Err(Problem::usage(text));
        }
        Key::read(format, &self.bytes[..])
            .map_err(|error| Problem::failed(format!("{name}: {error}")))
    }
}

/// Asks whoever sits at the terminal, whose answer is not shown.
fn ask(prompt: &str) -> Outcome<Material> {
    let no_terminal = |error: io::Error| {
        let text = format!("no terminal to ask at ({error}): use --key-file or --key-fd");
        Problem::usage(text)
    };
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty");
    let mut terminal = terminal.map_err(no_terminal)?;
    let failed = |error: io::Error| Problem::file("/dev/tty", &error);
    let before = tcgetattr(&terminal).map_err(|errno| failed(errno.into()))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.local_modes.insert(LocalModes::ECHONL);
    let again = terminal.try_clone().map_err(failed)?;
    let normal = before.clone();
    // A terminal that was left silent would be of no more use.
    let watch = Watch::ends(move || restore(&again, &normal)).map_err(failed)?;
    write!(terminal, "{prompt}: ").map_err(failed)?;
    tcsetattr(&terminal, OptionalActions::Flush, &silent).map_err(|errno| failed(errno.into()))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LEN));
    let read = read_line(&mut terminal, &mut bytes);
    restore(&terminal, &before);
    drop(watch);
    read.map_err(failed)?;
    if bytes.is_empty() {
        return Err(Problem::new(Exit::Interrupted, "no key was given"));
    }
    Ok(Material {
        bytes,
        is_text: true,
    })
}

fn restore(terminal: &File, before: &Termios) {
    let _ = tcsetattr(terminal, OptionalActions::Now, before);
}

fn read_line(from: &mut File, line: &mut Vec<u8>) -> io::Result<()> {
    let mut byte = Zeroizing::new([0]);
    while line.len() < MAX_LEN {
        match from.read(&mut *byte) {
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

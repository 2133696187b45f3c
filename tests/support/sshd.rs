//! OpenSSH's server, for one test: with keys of its own, on a port of its own, with a forced command.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A server that is killed when it is dropped.
pub(crate) struct Sshd {
    child: Child,
    directory: TempDir,
}

/// How `ssh` knows it.
pub(crate) const HOST: &str = "vault";

impl Sshd {
    /// One that runs `command`, whatever a client asks for.
    pub(crate) fn with_forced_command(command: &str) -> Self {
        let openssh = OpenSsh::find();
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for key in ["host", "client"] {
            let mut keygen = openssh.command("bin/ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]);
            assert!(keygen.arg(at(key)).status().unwrap().success());
        }
        let public = |key: &str| fs::read_to_string(at(&format!("{key}.pub"))).unwrap();
        let allowed = format!("restrict,command=\"{command}\" {}", public("client"));
        fs::write(at("authorized_keys"), allowed).unwrap();
        let port = free_port();
        let host_key = public("host");
        fs::write(at("known_hosts"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
        let here = directory.path().display();
        fs::write(
            at("sshd_config"),
            format!(
                "Port {port}\nListenAddress 127.0.0.1\nHostKey {here}/host\n\
                 AuthorizedKeysFile {here}/authorized_keys\nPidFile none\nUsePAM no\n\
                 StrictModes no\nPasswordAuthentication no\n"
            ),
        )
        .unwrap();
        fs::write(
            at("ssh_config"),
            format!(
                "Host {HOST}\nHostName 127.0.0.1\nPort {port}\nUser root\nBatchMode yes\n\
                 IdentityFile {here}/client\nIdentitiesOnly yes\n\
                 UserKnownHostsFile {here}/known_hosts\n"
            ),
        )
        .unwrap();
        openssh.make_client(directory.path());
        let child = openssh.serve(directory.path());
        let server = Self { child, directory };
        server.wait(port);
        server
    }

    /// A directory in which `ssh` is a program that knows this server and no other, for `PATH`.
    pub(crate) fn client(&self) -> PathBuf {
        self.directory.path().join("bin")
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    fn wait(&self, port: u16) {
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                start.elapsed() < crate::support::LIMIT,
                "sshd does not listen: {}",
                self.log()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The programs, which are only unpacked and have their libraries and their loader with them.
struct OpenSsh(PathBuf);

impl OpenSsh {
    fn find() -> Self {
        let tree = std::env::var_os("LIBZFS_TEST_OPENSSH");
        Self(
            tree.expect("`cargo xtask test` says where OpenSSH is")
                .into(),
        )
    }

    fn words(&self, program: &str) -> [PathBuf; 4] {
        [
            self.0.join("lib64/ld-linux-x86-64.so.2"),
            "--library-path".into(),
            self.0.join("usr/lib/x86_64-linux-gnu"),
            self.0.join("usr").join(program),
        ]
    }

    fn command(&self, program: &str) -> Command {
        let [loader, option, libraries, program] = self.words(program);
        let mut command = Command::new(loader);
        command.arg(option).arg(libraries).arg(program);
        command
    }

    fn serve(&self, directory: &Path) -> Child {
        // What a package's script would have made.
        fs::create_dir_all("/run/sshd").unwrap();
        if !fs::read_to_string("/etc/passwd")
            .unwrap()
            .contains("\nsshd:")
        {
            let mut users = OpenOptions::new().append(true).open("/etc/passwd").unwrap();
            writeln!(users, "sshd:x:65533:65534::/run/sshd:/bin/false").unwrap();
        }
        let log = fs::File::create(directory.join("log")).unwrap();
        let mut sshd = self.command("sbin/sshd");
        // It cannot start itself anew without the loader.
        sshd.args(["-D", "-e", "-r", "-f"]);
        sshd.arg(directory.join("sshd_config"));
        sshd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        sshd.spawn().unwrap()
    }

    fn make_client(&self, directory: &Path) {
        let bin = directory.join("bin");
        fs::create_dir(&bin).unwrap();
        let words = self.words("bin/ssh").map(|word| word.display().to_string());
        let config = directory.join("ssh_config");
        let script = format!(
            "#!/bin/sh\nexec {} -F {} \"$@\"\n",
            words.join(" "),
            config.display()
        );
        let path = bin.join("ssh");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

//! `zvault`: raw-encrypted ZFS replication to a place that never has the keys.

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "zvault", about, version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show the versions of zvault, of the OpenZFS library and of the kernel module
    Version,
}

fn main() {
    match Arguments::parse().command {
        Command::Version => version(),
    }
}

fn version() {
    println!("zvault         {}", env!("CARGO_PKG_VERSION"));

    let userland = libzfs::userland_library();
    let release = match userland.version {
        Some(version) => version.trim_start_matches("zfs-").to_owned(),
        None => "release not known: libzfs, which knows it, is not installed".to_owned(),
    };
    match userland.path {
        Some(path) => println!("libzfs_core    {release} ({})", path.display()),
        None => println!("libzfs_core    {release}"),
    }

    match libzfs::kernel_version() {
        Ok(version) => println!("kernel module  {version}"),
        Err(error) => println!("kernel module  missing: {error}"),
    }
}

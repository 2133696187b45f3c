//! `zvault`.
fn main() {}

//! How the project runs itself.
fn main() {}

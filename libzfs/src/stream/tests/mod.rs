mod guard;
pub(crate) mod samples;
mod verify;
mod walk;

/// How far apart the places are at which a sample is tried that is tried at all of them on the host.
/// Where random cases are few, as in a guest, a place takes long as well.
fn step() -> usize {
    if cfg!(miri) {
        997
    } else if std::env::var_os("PROPTEST_CASES").is_some() {
        31
    } else {
        1
    }
}

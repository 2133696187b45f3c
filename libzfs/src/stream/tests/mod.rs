pub(crate) mod samples;
mod verify;
mod walk;

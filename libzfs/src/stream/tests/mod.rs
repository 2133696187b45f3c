mod samples;
mod verify;
mod walk;

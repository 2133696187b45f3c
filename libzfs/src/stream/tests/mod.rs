mod samples;
mod walk;

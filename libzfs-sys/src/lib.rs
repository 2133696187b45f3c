//! Raw bindings to OpenZFS.

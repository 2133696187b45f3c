//! Safe bindings to OpenZFS.

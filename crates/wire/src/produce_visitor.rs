//! Reads Produce requests without building them.

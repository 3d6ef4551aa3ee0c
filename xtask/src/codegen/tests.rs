//! Schema files in, Rust out.

//! Decisions on features.

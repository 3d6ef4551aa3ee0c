//! Decisions on reassign.

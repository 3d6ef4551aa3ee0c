//! Decisions on configs.

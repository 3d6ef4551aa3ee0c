//! Decisions on brokers.

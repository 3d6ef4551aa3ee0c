//! Whole nodes in one thread: seeded crashes, torn writes, simulated clients, promises checked.

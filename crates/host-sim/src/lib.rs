//! The simulated host: a disk that tears and forgets, a network that drops, a clock turned by hand.

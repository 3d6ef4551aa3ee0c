//! Checks, fixes, tests, code generation, simulation and benchmarks.

fn main() {}

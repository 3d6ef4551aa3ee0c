//! The program: the server, the admin tool, the producer, the consumer and the benchmark.

fn main() {}

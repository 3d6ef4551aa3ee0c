//! Gives what the fuzzer makes up to the body of this target.

#![no_main]

#[path = "../bodies/log_files.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));

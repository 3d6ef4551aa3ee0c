//! The kernel's random numbers.

use crate::Entropy;

/// `getrandom(2)`.
#[derive(Debug)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        let mut done = 0;
        while done < buffer.len() {
            match rustix::rand::getrandom(
                &mut buffer[done..],
                rustix::rand::GetRandomFlags::empty(),
            ) {
                Ok(n) => done += n,
                Err(rustix::io::Errno::INTR) => {}
                // Without randomness no id is unique: nothing sane can follow.
                Err(error) => panic!("getrandom: {error}"),
            }
        }
    }
}

//! The assembly: bytes in, bytes out.

//! `klamm consume`: records out of a topic.

pub(crate) mod position;

//! Decisions as scripts: what is asked, what is answered, what becomes of the image.

mod assign_directories;
mod brokers;
mod configs;
mod features;
mod random;
mod reassign;
mod topics;

use super::*;
use crate::testing::{cluster, controller, layers};

/// A source of numbers that is the same in every run.
fn counter() -> impl FnMut() -> u128 {
    counter_from(0)
}

fn counter_from(mut n: u128) -> impl FnMut() -> u128 {
    move || {
        n += 1;
        n
    }
}

/// The kinds of the records of a decision.
fn kinds<R>(decision: &Decision<R>) -> Vec<&'static str> {
    decision.records.iter().map(MetadataRecord::name).collect()
}

/// The image after a decision.
fn applied<R>(image: &Image, decision: &Decision<R>) -> Image {
    image.replay(&decision.records).unwrap().0
}

/// An image with one topic of a number of partitions.
fn with_topic(image: &Image, name: &str, partitions: i32, replicas: i16) -> Image {
    let layers = layers("");
    let topic = NewTopic {
        name: name.to_owned(),
        num_partitions: partitions,
        replication_factor: replicas,
        ..NewTopic::default()
    };
    let controller = controller(image, &layers);
    // Another start for each topic: equal ids would be one topic.
    let mut random = counter_from(1000 * image.topics().len() as u128);
    let decision = create_topics(&controller, &[topic], false, &mut random).unwrap();
    assert!(decision.reply[0].1.is_ok(), "{:?}", decision.reply);
    applied(image, &decision)
}

//! The log of one partition on a disk, in Kafka's file formats.

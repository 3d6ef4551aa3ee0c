//! The operations that a caller may do on a resource, as the bit field of KIP-430. Without an authorizer: all of them.

const READ: u32 = 3;
const WRITE: u32 = 4;
const CREATE: u32 = 5;
const DELETE: u32 = 6;
const ALTER: u32 = 7;
const DESCRIBE: u32 = 8;
const CLUSTER_ACTION: u32 = 9;
const DESCRIBE_CONFIGS: u32 = 10;
const ALTER_CONFIGS: u32 = 11;
const IDEMPOTENT_WRITE: u32 = 12;

/// Not asked for.
pub(crate) const NOT_ASKED: i32 = i32::MIN;

/// All that can be done with a topic.
pub(crate) const ON_TOPIC: i32 = bits(&[
    READ,
    WRITE,
    CREATE,
    DELETE,
    ALTER,
    DESCRIBE,
    DESCRIBE_CONFIGS,
    ALTER_CONFIGS,
]);

/// All that can be done with the cluster.
pub(crate) const ON_CLUSTER: i32 = bits(&[
    CREATE,
    ALTER,
    DESCRIBE,
    CLUSTER_ACTION,
    DESCRIBE_CONFIGS,
    ALTER_CONFIGS,
    IDEMPOTENT_WRITE,
]);

/// All that can be done with a group.
pub(crate) const ON_GROUP: i32 = bits(&[READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS]);

const fn bits(operations: &[u32]) -> i32 {
    let (mut bits, mut rest) = (0, operations);
    while let [first, others @ ..] = rest {
        bits |= 1 << *first;
        rest = others;
    }
    bits
}

#[cfg(test)]
mod tests {
    #[test]
    fn bits_are_those_of_kafka() {
        assert_eq!((super::ON_TOPIC, super::ON_CLUSTER), (3576, 8096));
    }
}

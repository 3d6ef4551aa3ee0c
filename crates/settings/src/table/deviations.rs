//! Where our default is not Kafka's, and why.

/// A default that differs.
#[derive(Debug)]
pub(crate) struct Deviation {
    pub(crate) name: &'static str,
    /// Kafka's default; `None` if Kafka demands a value.
    pub(crate) kafka: Option<&'static str>,
    pub(crate) why: &'static str,
}

const ZERO_CONFIG: &str = "so that a node starts without any configuration";
const ONE_NODE: &str = "a single node can't hold more copies; set Kafka's value in a cluster";

pub(crate) static DEVIATIONS: &[Deviation] = &[
    differs("process.roles", None, ZERO_CONFIG),
    differs("node.id", None, ZERO_CONFIG),
    differs("controller.listener.names", None, ZERO_CONFIG),
    differs(
        "listeners",
        Some("PLAINTEXT://:9092"),
        "a node without configuration should not be reachable from other machines",
    ),
    differs(
        "log.dir",
        Some("/tmp/kafka-logs"),
        "data belongs where the node was started, not into a folder that a reboot empties",
    ),
    differs("offsets.topic.replication.factor", Some("3"), ONE_NODE),
    differs(
        "transaction.state.log.replication.factor",
        Some("3"),
        ONE_NODE,
    ),
    differs("transaction.state.log.min.isr", Some("2"), ONE_NODE),
    differs(
        "share.coordinator.state.topic.replication.factor",
        Some("3"),
        ONE_NODE,
    ),
    differs("share.coordinator.state.topic.min.isr", Some("2"), ONE_NODE),
    differs(
        "metric.reporters",
        Some("org.apache.kafka.common.metrics.JmxReporter"),
        "there is no JMX here",
    ),
];

const fn differs(name: &'static str, kafka: Option<&'static str>, why: &'static str) -> Deviation {
    Deviation { name, kafka, why }
}

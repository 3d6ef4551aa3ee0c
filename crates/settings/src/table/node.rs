//! Who this node is and where its data lies.

use super::rows;

rows! {
    PROCESS_ROLES: List "process.roles" = "broker,controller", SomeOf(&["broker", "controller"]), ReadOnly, Works,
        "What this process does: `broker` serves clients, `controller` takes part in the metadata quorum. Both in \
         one process is a combined node.";
    NODE_ID: Int "node.id" = "0", AtLeast(0), ReadOnly, Works,
        "The node's number in the cluster, at least 0. It is written into each data folder; a folder of another \
         node is refused.";
    BROKER_ID: Int "broker.id" = "-1", Any, ReadOnly, Works,
        "The old name of `node.id`. If both are set they must agree.";
    BROKER_RACK: Text "broker.rack" = none, Any, ReadOnly, Works,
        "Where the node stands (rack, zone). Shown to clients, used to spread replicas and to pick the nearest \
         replica.";
    CONTROLLER_LISTENER_NAMES: List "controller.listener.names" = "CONTROLLER", NotEmpty, ReadOnly, Works,
        "Names of the listeners that controllers use. On a combined node such a listener may be missing from \
         `listeners`: the quorum of one then needs no socket.";
    LOG_DIR: List "log.dir" = "klamm-data", NotEmpty, ReadOnly, Works,
        "The data folder, used if `log.dirs` is not set.";
    LOG_DIRS: List "log.dirs" = none, NotEmpty, ReadOnly, Works,
        "The data folders, separated by commas. New partitions go to the folder with the fewest partitions.";
    METADATA_LOG_DIR: Text "metadata.log.dir" = none, Any, ReadOnly, Works,
        "The folder of the metadata log. Unset: the first data folder.";
    CORDONED_LOG_DIRS: List "cordoned.log.dirs" = "", Any, PerBroker, NotYet(MOVES),
        "Data folders that receive no new partitions; `*` means all. What they hold is still served.";
    INITIAL_BROKER_REGISTRATION_TIMEOUT_MS: Int "initial.broker.registration.timeout.ms" = "60000",
        Any, ReadOnly, NotYet(CLUSTER),
        "How long a starting broker waits for the controller to register it, in ms, before it gives up.";
    BROKER_HEARTBEAT_INTERVAL_MS: Int "broker.heartbeat.interval.ms" = "2000", Any, ReadOnly, NotYet(CLUSTER),
        "Time between a broker's signs of life to the controller, in ms.";
    BROKER_SESSION_TIMEOUT_MS: Int "broker.session.timeout.ms" = "9000", Any, ReadOnly, NotYet(CLUSTER),
        "Without a sign of life for this long (ms) a broker counts as dead and loses its leaderships.";
    CONTROLLED_SHUTDOWN_ENABLE: Bool "controlled.shutdown.enable" = "true", Any, ReadOnly, NotYet(CLUSTER),
        "Whether a stopping broker first hands its leaderships over and waits for the controller's consent.";
    SERVER_MAX_STARTUP_TIME_MS: Long "server.max.startup.time.ms" = "9223372036854775807",
        AtLeast(0), Internal, NoEffect(LIMIT),
        "Longest time for a start, in ms.";
    UNSTABLE_API_VERSIONS_ENABLE: Bool "unstable.api.versions.enable" = "false", Any, Internal, NoEffect(STABLE),
        "Offer versions of requests that are not final. For tests of Kafka itself.";
    UNSTABLE_FEATURE_VERSIONS_ENABLE: Bool "unstable.feature.versions.enable" = "false",
        Any, Internal, NoEffect(STABLE),
        "Allow feature levels that are not final. For tests of Kafka itself.";
    CONFIG_PROVIDERS: List "config.providers" = "", Any, ClusterWide, NoEffect(JVM),
        "Classes that replace `${...}` in values. Klamm never loads values from elsewhere.";
    DELETE_TOPIC_ENABLE: Bool "delete.topic.enable" = "true", Any, ReadOnly, Works,
        "Whether topics may be deleted at all.";
    AUTO_CREATE_TOPICS_ENABLE: Bool "auto.create.topics.enable" = "true", Any, ReadOnly, Works,
        "Whether a metadata request or a produce for an unknown topic creates it.";
    NUM_PARTITIONS: Int "num.partitions" = "1", AtLeast(1), ReadOnly, Works,
        "Partitions of a topic that is created without a count.";
    DEFAULT_REPLICATION_FACTOR: Int "default.replication.factor" = "1", Any, ReadOnly, Works,
        "Replicas of a topic that is created without a count.";
    MAX_REQUEST_PARTITION_SIZE_LIMIT: Int "max.request.partition.size.limit" = "2000", AtLeast(1), ReadOnly, Works,
        "Most partitions in one DescribeTopicPartitions answer.";
    CREATE_TOPIC_POLICY_CLASS_NAME: Class "create.topic.policy.class.name" = none, Any, ReadOnly, NoEffect(JVM),
        "A class that may refuse the creation of topics.";
    ALTER_CONFIG_POLICY_CLASS_NAME: Class "alter.config.policy.class.name" = none, Any, ReadOnly, NoEffect(JVM),
        "A class that may refuse changes of settings.";
}

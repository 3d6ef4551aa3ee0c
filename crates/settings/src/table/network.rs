//! Listeners, connections and their limits.

use super::rows;

rows! {
    LISTENERS: List "listeners" = "PLAINTEXT://127.0.0.1:9092", NotEmpty, ReadOnly, Works,
        "Addresses to listen on: `NAME://host:port`, separated by commas. An empty host means every interface, of IPv6 and \
         IPv4; port 0 takes a free port.";
    ADVERTISED_LISTENERS: List "advertised.listeners" = none, NotEmpty, ReadOnly, Works,
        "Addresses that clients are told to use, in the form of `listeners`. Unset: those of `listeners`, with the \
         machine's name where they have no host, and `localhost` where they have `0.0.0.0`.";
    LISTENER_SECURITY_PROTOCOL_MAP: Text "listener.security.protocol.map" = "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT",
        Any, ReadOnly, Works,
        "What each listener name speaks: `NAME:PROTOCOL` pairs with PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.";
    INTER_BROKER_LISTENER_NAME: Text "inter.broker.listener.name" = none, Any, ReadOnly, Works,
        "The listener that other brokers use. Not together with `security.inter.broker.protocol`.";
    SECURITY_INTER_BROKER_PROTOCOL: Text "security.inter.broker.protocol" = "PLAINTEXT",
        OneOf(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]), ReadOnly, Works,
        "What brokers speak among themselves if `inter.broker.listener.name` is not set.";
    EARLY_START_LISTENERS: List "early.start.listeners" = none, Any, ReadOnly, NoEffect(READY),
        "Listeners that open before the node is ready.";
    NUM_NETWORK_THREADS: Int "num.network.threads" = "3", AtLeast(1), ClusterWide, NoEffect(THREADS),
        "Threads that read requests and write answers.";
    NUM_IO_THREADS: Int "num.io.threads" = "8", AtLeast(1), ClusterWide, NoEffect(THREADS),
        "Threads that work on requests.";
    BACKGROUND_THREADS: Int "background.threads" = "10", AtLeast(1), ClusterWide, NoEffect(THREADS),
        "Threads for upkeep.";
    QUEUED_MAX_REQUESTS: Int "queued.max.requests" = "500", AtLeast(1), ReadOnly, NoEffect(BOUNDED),
        "Most requests in work at once over all connections; beyond it no further request is read.";
    QUEUED_MAX_REQUEST_BYTES: Long "queued.max.request.bytes" = "-1", Any, ReadOnly, Works,
        "Most bytes of requests in work at once; -1 leaves the limit to `klamm.max.inflight.bytes`.";
    SOCKET_REQUEST_MAX_BYTES: Int "socket.request.max.bytes" = "104857600", AtLeast(1), ReadOnly, Works,
        "Largest request in bytes. A connection that announces more is closed.";
    SOCKET_SEND_BUFFER_BYTES: Int "socket.send.buffer.bytes" = "102400", Any, ReadOnly, Works,
        "Size of a connection's send buffer in the kernel, in bytes; -1 leaves it to the system. A small one costs less: the \
         reader takes what it gets while it is in the processor's cache. A network with a long way to go wants more.";
    SOCKET_RECEIVE_BUFFER_BYTES: Int "socket.receive.buffer.bytes" = "102400", Any, ReadOnly, NoEffect(SOCKETS),
        "Size of a connection's receive buffer in the kernel, in bytes; -1 leaves it to the system.";
    SOCKET_LISTEN_BACKLOG_SIZE: Int "socket.listen.backlog.size" = "50", AtLeast(1), ReadOnly, NoEffect(BACKLOG),
        "Connections that may wait to be accepted. The system may cap it.";
    CONNECTIONS_MAX_IDLE_MS: Long "connections.max.idle.ms" = "600000", Any, ReadOnly, Works,
        "A connection without a request for this long (ms) is closed. Negative: never.";
    MAX_CONNECTIONS: Int "max.connections" = "2147483647", AtLeast(0), ClusterWide, Works,
        "Most connections of the node. At the limit the longest idle connection of another listener is closed, or \
         accepting waits.";
    MAX_CONNECTIONS_PER_IP: Int "max.connections.per.ip" = "2147483647", AtLeast(0), ClusterWide, Works,
        "Most connections from one address; further ones are closed at once.";
    MAX_CONNECTIONS_PER_IP_OVERRIDES: Text "max.connections.per.ip.overrides" = "", AddressCounts, ClusterWide, Works,
        "Exceptions to `max.connections.per.ip`: `address:count` pairs separated by commas. Names are not looked up.";
    MAX_CONNECTION_CREATION_RATE: Int "max.connection.creation.rate" = "2147483647", AtLeast(1), ClusterWide, Works,
        "New connections per second that the node accepts; beyond it accepting is delayed.";
    CONNECTION_FAILED_AUTHENTICATION_DELAY_MS: Int "connection.failed.authentication.delay.ms" = "100",
        AtLeast(0), ReadOnly, NotYet(SECURITY),
        "Delay in ms before a connection with a failed login is closed.";
    CONNECTIONS_MAX_REAUTH_MS: Long "connections.max.reauth.ms" = "0", Any, ReadOnly, NotYet(SECURITY),
        "A SASL session ends after this time (ms) unless the client logs in again; 0 disables.";
    REQUEST_TIMEOUT_MS: Int "request.timeout.ms" = "30000", Any, ReadOnly, NotYet(CLUSTER),
        "How long a client of this node's own waits for an answer, in ms.";
    SOCKET_CONNECTION_SETUP_TIMEOUT_MS: Long "socket.connection.setup.timeout.ms" = "10000", Any, ReadOnly, NotYet(CLUSTER),
        "First limit in ms for opening a connection to another node; grows with each failure.";
    SOCKET_CONNECTION_SETUP_TIMEOUT_MAX_MS: Long "socket.connection.setup.timeout.max.ms" = "30000",
        Any, ReadOnly, NotYet(CLUSTER),
        "Largest limit in ms for opening a connection to another node.";
    CONTROLLER_SOCKET_TIMEOUT_MS: Int "controller.socket.timeout.ms" = "30000", Any, ReadOnly, NotYet(CLUSTER),
        "How long a broker waits for an answer of the controller, in ms.";
}

//! Settings of a client telemetry subscription.

use super::rows;

rows! {
    METRICS: List "metrics" = "", Any, Dynamic, Works,
        "Prefixes of the metrics that clients shall push; `*` means all, empty none.";
    INTERVAL_MS: Int "interval.ms" = "300000", Between(100, 3_600_000), Dynamic, Works,
        "How often clients push, in ms.";
    MATCH: List "match" = "", ClientMatch, Dynamic, Works,
        "Which clients: `key=pattern` pairs over client_id, client_instance_id, client_software_name, \
         client_software_version, client_source_address and client_source_port. Empty matches all.";
}

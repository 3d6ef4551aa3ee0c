//! The one table of metrics: name, help, where the value is read. Scrapes and docs/operating/metrics.md are made of it.

use crate::node::Node;
use crate::partitions::Sizes;
use std::fmt::Write as _;

/// What a scrape reads.
#[derive(Debug)]
pub(super) struct Moment<'a> {
    pub(super) node: &'a Node,
    pub(super) sizes: Sizes,
}

/// A metric with one value.
#[derive(Debug)]
pub(super) struct Single {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) is_counter: bool,
    pub(super) read: fn(&Moment<'_>) -> u64,
}

/// A metric with a value for each combination of its labels.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    kind: &'static str,
    labels: &'static str,
}

const fn counter(name: &'static str, help: &'static str, read: fn(&Moment<'_>) -> u64) -> Single {
    Single { name, help, is_counter: true, read }
}

const fn gauge(name: &'static str, help: &'static str, read: fn(&Moment<'_>) -> u64) -> Single {
    Single { name, help, is_counter: false, read }
}

#[rustfmt::skip] // one line a metric
pub(super) const SINGLE: &[Single] = &[
    counter("produced_bytes", "Bytes appended by producers", |m| m.node.meters.produced_bytes.value()),
    counter("produced_batches", "Batches appended by producers", |m| m.node.meters.produced_batches.value()),
    counter("fetched_bytes", "Bytes handed to consumers", |m| m.node.meters.fetched_bytes.value()),
    counter("malformed_requests", "Frames that are no request", |m| m.node.meters.malformed_requests.value()),
    counter("connections_refused", "Connections beyond max.connections.per.ip", |m| m.node.meters.connections_refused.value()),
    counter("accepts_delayed", "Waits of new connections at a limit", |m| m.node.meters.accepts_delayed.value()),
    counter("produce_throttled", "Produce requests over producer_byte_rate", |m| m.node.quotas.throttled.produce.value()),
    counter("fetch_throttled", "Fetches without data, over consumer_byte_rate", |m| m.node.quotas.throttled.fetch.value()),
    counter("request_time_throttled", "Requests over request_percentage", |m| m.node.quotas.throttled.request.value()),
    counter("mutations_throttled", "Requests over controller_mutation_rate", |m| m.node.quotas.throttled.mutation.value()),
    counter("connections_throttled", "Connections over connection_creation_rate", |m| m.node.quotas.throttled.connections.value()),
    gauge("quota_measurements", "Users, client ids and addresses that quotas measure at the moment", |m| m.node.quotas.measures() as u64),
    gauge("telemetry_clients", "Clients that asked what metrics to push", |m| m.node.telemetry.clients() as u64),
    counter("telemetry_dropped", "Values that clients pushed beyond what is kept", |m| m.node.telemetry.dropped()),
    gauge("connections", "Open connections", |m| m.node.limits.open_connections() as u64),
    gauge("requests_in_flight", "Requests under way, waiting fetches and joins included", |m| m.node.limits.in_flight.requests() as u64),
    gauge("requests_in_flight_bytes", "Bytes held for requests that arrive or are in work", |m| m.node.limits.in_flight.held() as u64),
    gauge("fetches_waiting", "Fetches that wait for bytes", |m| m.node.meters.fetches_waiting.value()),
    gauge("fetch_sessions", "Incremental fetch sessions", |m| m.node.fetch_sessions.lock().len() as u64),
    gauge("controller_queue", "Decisions that wait for the controller", |m| m.node.quorum.queued() as u64),
    gauge("group_coordinator_queue", "Requests that wait in the queues of the group shards", |m| m.node.groups.queued() as u64),
    gauge("blocking_pool_queue", "Work that waits for a thread of the blocking pool", |m| m.node.host.tasks.blocking_load().waiting),
    gauge("blocking_pool_active", "Work that runs on the blocking pool", |m| m.node.host.tasks.blocking_load().running),
    gauge("dirty_bytes", "Bytes in the page cache only", |m| m.node.dirty.bytes()),
    gauge("flush_queue", "Partitions that wait for the flusher", |m| m.node.dirty.partitions_waiting() as u64),
    gauge("removal_queue", "Files and folders out of service whose removal waits for its time", |m| m.node.partitions.removals().waiting() as u64),
    gauge("log_moves", "Logs on their way to other directories", |m| m.node.partitions.moves().len() as u64),
    gauge("partitions", "Partitions on this node", |m| m.sizes.partitions),
    gauge("log_bytes", "Bytes of all logs", |m| m.sizes.log_bytes),
    gauge("open_log_files", "Open files of logs", |m| m.sizes.open_files),
    counter("cleaner_passes", "Passes of the cleaner over a log", |m| m.node.partitions.cleaner().meters.passes.value()),
    counter("cleaner_failed_passes", "Passes that ended early because of an error", |m| m.node.partitions.cleaner().meters.failed_passes.value()),
    counter("cleaner_read_bytes", "Bytes read by the cleaner", |m| m.node.partitions.cleaner().meters.bytes_read.value()),
    counter("cleaner_written_bytes", "Bytes written by the cleaner", |m| m.node.partitions.cleaner().meters.bytes_written.value()),
    counter("cleaner_freed_bytes", "Bytes by which the cleaner made logs smaller", |m| m.node.partitions.cleaner().meters.bytes_freed.value()),
    gauge("cleaner_dirty_ppm_max", "Cleanable share of the dirtiest log at the last look, in millionths", |m| m.node.partitions.cleaner().meters.dirty_ppm_max.value()),
    gauge("cleaner_delay_ms_max", "How long ago max.compaction.lag.ms asked for a pass over the most overdue log", |m| m.node.partitions.cleaner().meters.delay_ms_max.value()),
    gauge("cleaner_last_pass_ms", "When the last pass ended, in ms since the Unix epoch; 0 before the first", |m| m.node.partitions.cleaner().meters.last_pass_ms.value()),
    gauge("uncleanable_partitions", "Partitions that the cleaner had to leave alone", |m| m.node.partitions.cleaner().uncleanable() as u64),
    gauge("uncleanable_bytes", "What could be cleaned in them, in bytes", |m| m.node.partitions.cleaner().meters.uncleanable_bytes.value()),
    gauge("offline_log_dirs", "Log directories that failed", |m| m.sizes.offline_dirs),
];

pub(super) const REQUESTS: Family = Family {
    name: "requests",
    help: "Requests answered",
    kind: "counter",
    labels: "`api`",
};
pub(super) const ERRORS: Family = Family {
    name: "request_errors",
    help: "Error codes in answers, each topic, partition, group … by itself",
    kind: "counter",
    labels: "`api`, `error`",
};
pub(super) const LATENCY: Family = Family {
    name: "request_seconds",
    help: "Time from a request's start to its answer",
    kind: "histogram",
    labels: "`api`",
};

pub(super) const CLIENT_METRIC: Family = Family {
    name: "client_metric",
    help: "Last values that clients pushed (KIP-714)",
    kind: "gauge",
    labels: "`metric`, `client_id`, `client_instance_id`, and the client's own",
};

pub(super) const PAUSES: Family = Family {
    name: "group_member_pause_seconds",
    help: "Time from when a member's assignment began to move until it had its target (consumer), or from the start of a \
           round to its SyncGroup's answer (classic)",
    kind: "histogram",
    labels: "`protocol`",
};

pub(super) const WAITS: Family = Family {
    name: "group_members_waiting",
    help: "Members of groups that wait, by what they wait for; left out while a shard is loading",
    kind: "gauge",
    labels: "`reason`",
};

pub(super) const GONE: Family = Family {
    name: "group_members_gone",
    help: "Members that left a group or were removed, by why: `left`, `session_timeout`, `join_timeout`, `sync_timeout`, \
           `revocation_timeout`, `no_room`",
    kind: "counter",
    labels: "`reason`",
};

const FAMILIES: &[Family] = &[
    REQUESTS,
    ERRORS,
    LATENCY,
    PAUSES,
    WAITS,
    GONE,
    CLIENT_METRIC,
];

/// The table as a Markdown page.
#[must_use]
pub fn metrics_markdown() -> String {
    let mut page = String::from(
        "# Metrics\n\nGenerated from the broker's table of metrics.\n\n\
         With `klamm.metrics.listener=127.0.0.1:9404` the node answers `GET /metrics` there in the text format of\n\
         Prometheus, `GET /health` (a log directory is online) and `GET /ready` (requests are served). Nothing is\n\
         counted by topic or client, so that the page stays small whatever clients do; only metrics that clients push\n\
         ([telemetry](telemetry.md)) are shown by client, at most 20,000.\n\n\
         | Metric | Kind | Labels | What it is |\n|---|---|---|---|\n",
    );
    for metric in SINGLE {
        let (total, kind) = if metric.is_counter {
            ("_total", "counter")
        } else {
            ("", "gauge")
        };
        let (name, help) = (metric.name, metric.help);
        let _ = writeln!(page, "| `klamm_{name}{total}` | {kind} | | {help} |");
    }
    for family in FAMILIES {
        let Family { name, help, kind, labels } = family;
        let total = if *kind == "counter" { "_total" } else { "" };
        let _ = writeln!(
            page,
            "| `klamm_{name}{total}` | {kind} | {labels} | {help} |"
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_given_twice() {
        let mut names: Vec<_> = SINGLE.iter().map(|m| m.name).collect();
        names.extend(FAMILIES.iter().map(|f| f.name));
        names.sort_unstable();
        assert!(names.windows(2).all(|w| w[0] != w[1]));
    }
}

//! Registers this node as a broker and takes it out of its fence.
//!
//! A clean stop fences it: Kafka, started on the same directories, does not wait for a session to expire. After one the
//! node goes on as the same incarnation: nothing moved, so no partition changes. After a crash it is a new incarnation, and every leader epoch rises: a client that read a tail that the
//! crash took sees that the log was cut (KIP-320).

use crate::quorum::{QuorumError, QuorumHandle};
use klamm_host::Host;
use klamm_metadata::decide::{
    Decision, Heartbeat, Refusal, Registration, heartbeat, register_broker, rest_broker,
};
use klamm_metadata::image::Listener;
use klamm_metadata::level::FEATURES;
use klamm_model::{NodeId, Uuid};
use klamm_settings::{Endpoint, Protocol, Settings, broker};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// What the node says of itself.
#[derive(Debug)]
pub(crate) struct SelfPortrait<'a> {
    /// Listeners with their real addresses.
    pub(crate) addresses: &'a [(Endpoint, SocketAddr)],
    /// The ids of its log directories.
    pub(crate) directory_ids: Vec<Uuid>,
    /// Every directory was left in order.
    pub(crate) was_clean: bool,
}

/// Registers and unfences; returns the broker's epoch.
///
/// # Errors
/// A sentence that says why the controller refuses.
pub(crate) async fn register(
    quorum: &QuorumHandle,
    host: &Host,
    settings: &Settings,
    portrait: SelfPortrait<'_>,
) -> Result<i64, String> {
    let id = NodeId(settings.get(&broker::NODE_ID));
    let known = quorum.image().cluster().broker(id).cloned();
    let incarnation = match &known {
        // One that gave its leaderships away to stop, as Kafka does, is over.
        Some(broker) if portrait.was_clean && !broker.in_controlled_shutdown => broker.incarnation,
        _ => Uuid::from_random(host.entropy.next_u128()),
    };
    // Asked only if it is told: where no name server answers it takes seconds.
    let told = settings.advertised_listeners()?;
    let local_name = if told.iter().any(|endpoint| endpoint.host.is_empty()) {
        host.net.local_name().await
    } else {
        None
    };
    let registration = Registration {
        id,
        incarnation,
        listeners: advertised(settings, portrait.addresses, local_name.as_deref())?,
        features: FEATURES
            .iter()
            .map(|f| (f.name.into(), f.supported))
            .collect::<BTreeMap<_, _>>(),
        rack: settings
            .get(&broker::BROKER_RACK)
            .map(|rack| rack.as_str().into()),
        directories: portrait.directory_ids,
        // The only replica of its partitions: its own log is the truth whatever the last stop was like.
        previous_epoch: known.map_or(-1, |broker| broker.epoch),
    };
    let epoch = quorum.decide(move |context| {
        let next = context.next_offset.0;
        refusable(register_broker(
            &context.controller,
            &registration,
            next,
            false,
        ))
    });
    let epoch = flatten(epoch.await)?;
    let beat = Heartbeat {
        broker: id,
        epoch,
        caught_up: true,
        want_fence: false,
        want_shut_down: false,
        others_follow: true,
    };
    let unfenced = quorum.decide(move |context| refusable(heartbeat(&context.controller, beat)));
    match flatten(unfenced.await)? {
        reply if reply.is_fenced => Err("the controller keeps this broker fenced".to_owned()),
        _ => Ok(epoch),
    }
}

/// Fences the broker at its orderly stop. The next start does without: it only takes Kafka longer.
pub(crate) async fn rest(quorum: &QuorumHandle, id: NodeId, epoch: i64) {
    let fenced =
        quorum.decide(move |context| refusable(rest_broker(&context.controller, id, epoch)));
    match tokio::time::timeout(REST_WAIT_MAX, fenced)
        .await
        .map(flatten)
    {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(error, "the broker is not fenced at its stop"),
        Err(_) => tracing::warn!("the broker is not fenced at its stop: no answer"),
    }
}

/// The quorum of a node whose disk failed may not answer any more.
const REST_WAIT_MAX: Duration = Duration::from_secs(2);

fn refusable<R>(decided: Result<Decision<R>, Refusal>) -> Decision<Result<R, Refusal>> {
    match decided {
        Ok(Decision { records, reply }) => Decision { records, reply: Ok(reply) },
        Err(refusal) => Decision::nothing(Err(refusal)),
    }
}

fn flatten<R>(decided: Result<Result<R, Refusal>, QuorumError>) -> Result<R, String> {
    match decided {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(refusal)) => Err(refusal.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// What clients are told: the advertised listeners, with the real port where none is named, and this machine's name where no
/// host is. Kafka wants a name beside `0.0.0.0`; without one it is for clients on this machine.
fn advertised(
    settings: &Settings,
    bound: &[(Endpoint, SocketAddr)],
    local_name: Option<&str>,
) -> Result<Vec<Listener>, String> {
    let told = settings.advertised_listeners()?;
    let listeners = told.into_iter().map(|endpoint| {
        let real = bound.iter().find(|(b, _)| b.listener == endpoint.listener);
        let host = match (endpoint.host.as_str(), real) {
            ("", _) => local_name.unwrap_or("localhost").to_owned(),
            ("0.0.0.0" | "::", _) => {
                tracing::warn!(
                    listener = endpoint.listener,
                    "clients are told to connect to localhost; those on other machines need advertised.listeners"
                );
                "localhost".to_owned()
            }
            (named, _) => named.to_owned(),
        };
        let port = match (endpoint.port, real) {
            (0, Some((_, address))) => address.port(),
            (port, _) => port,
        };
        Listener {
            name: endpoint.listener.as_str().into(),
            host: host.as_str().into(),
            port,
            security_protocol: match endpoint.protocol {
                Protocol::Plaintext => 0,
                Protocol::Ssl => 1,
                Protocol::SaslPlaintext => 2,
                Protocol::SaslSsl => 3,
            },
        }
    });
    Ok(listeners.collect())
}

#[cfg(test)]
mod tests {
    use super::advertised;
    use klamm_settings::Settings;

    #[test]
    fn clients_are_told_a_host_whatever_is_listened_on() {
        let told = |settings: &str, name| {
            let settings = Settings::load(settings, &[]).unwrap().settings;
            let bound: Vec<_> = settings
                .client_listeners()
                .unwrap()
                .into_iter()
                .map(|endpoint| (endpoint, "[::]:4321".parse().unwrap()))
                .collect();
            let told = advertised(&settings, &bound, name).unwrap();
            let told = told.iter().map(|it| format!("{}:{}", it.host, it.port));
            told.collect::<Vec<_>>().join(",")
        };
        let name = Some("web1.example.com");
        assert_eq!(
            told("listeners=PLAINTEXT://:0", name),
            "web1.example.com:4321"
        );
        assert_eq!(told("listeners=PLAINTEXT://:9092", None), "localhost:9092");
        assert_eq!(
            told("listeners=PLAINTEXT://0.0.0.0:0", name),
            "localhost:4321"
        );
        assert_eq!(told("listeners=PLAINTEXT://[::]:7", name), "localhost:7");
        assert_eq!(told("listeners=PLAINTEXT://10.0.0.7:7", name), "10.0.0.7:7");
        let both = "listeners=PLAINTEXT://:7\nadvertised.listeners=PLAINTEXT://kafka:9";
        assert_eq!(told(both, name), "kafka:9");
    }
}

//! The clients that telemetry was talked about with: what each was told, and when it may come again. Bounded.

use super::Push;
use super::subscriptions::{Client, Subscriptions, Wanted};
use klamm_model::Uuid;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Why a client is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The id names no client.
    InvalidInstance,
    /// It said that it goes.
    Terminated,
    /// It comes before its interval is over.
    TooEarly,
    /// The subscriptions have changed since it asked.
    UnknownSubscription,
    /// The codec has no name here.
    UnknownCompression,
    /// More than `telemetry.max.bytes`.
    TooLarge,
    /// Not what it should be inside.
    Malformed,
}

/// What a client was told.
#[derive(Debug, Clone)]
pub(crate) struct Told(pub(crate) Wanted);

#[derive(Debug)]
struct Instance {
    told: Told,
    /// The subscriptions that it was told of.
    version: u64,
    peer: SocketAddr,
    asked_ms: Option<i64>,
    pushed_ms: Option<i64>,
    is_gone: bool,
    last_refusal: Option<Refusal>,
    used_ms: i64,
}

/// All clients.
#[derive(Debug, Default)]
pub(crate) struct Instances {
    by_id: BTreeMap<Uuid, Instance>,
    swept_ms: i64,
}

/// Clients that are remembered at once, each of about 300 bytes and its metric prefixes.
const INSTANCES_MAX: usize = 16_384;
const KEEP_MS_MIN: i64 = 60_000;
const SWEEP_INTERVAL_MS: i64 = 10_000;

impl Told {
    /// How long a client that is not heard of is remembered.
    pub(crate) fn keep_ms(&self) -> i64 {
        (i64::from(self.0.interval_ms) * 3).max(KEEP_MS_MIN)
    }
}

impl Instances {
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// A client asks what to push.
    pub(super) fn get(
        &mut self,
        id: Uuid,
        client: &Client<'_>,
        subscriptions: &Subscriptions,
        now_ms: i64,
    ) -> Result<Told, Refusal> {
        let instance = self.instance(id, client, subscriptions, now_ms);
        let last_ms = instance.asked_ms.max(instance.pushed_ms);
        let is_early = last_ms.is_some_and(|last| now_ms - last < instance.interval_ms());
        // Told that its subscription or its codec is no good, it has to ask anew.
        let may_ask = matches!(
            instance.last_refusal,
            Some(Refusal::UnknownSubscription | Refusal::UnknownCompression)
        );
        if is_early && !may_ask {
            return Err(Refusal::TooEarly);
        }
        if !is_early {
            instance.asked_ms = Some(now_ms);
        }
        instance.last_refusal = None;
        Ok(instance.told.clone())
    }

    /// A client pushes.
    pub(super) fn push(
        &mut self,
        push: &Push<'_>,
        client: &Client<'_>,
        subscriptions: &Subscriptions,
        now_ms: i64,
    ) -> Result<Told, Refusal> {
        let instance = self.instance(push.instance, client, subscriptions, now_ms);
        let was_gone = std::mem::replace(&mut instance.is_gone, push.is_last);
        if was_gone {
            return Err(Refusal::Terminated);
        }
        // The first push after a question comes when the client likes.
        let is_first = instance.asked_ms > instance.pushed_ms;
        let waited = instance
            .pushed_ms
            .is_none_or(|last| now_ms - last >= instance.interval_ms());
        if is_first || waited {
            instance.pushed_ms = Some(now_ms);
        } else if !push.is_last {
            return Err(Refusal::TooEarly);
        }
        if push.subscription_id != instance.told.0.subscription_id {
            return Err(Refusal::UnknownSubscription);
        }
        Ok(instance.told.clone())
    }

    /// Remembers how a push ended.
    pub(super) fn note(&mut self, id: Uuid, refusal: Option<Refusal>) {
        if let Some(instance) = self.by_id.get_mut(&id) {
            instance.last_refusal = refusal;
        }
    }

    /// A client as it is known; anew if it comes over another connection or the subscriptions have changed.
    fn instance(
        &mut self,
        id: Uuid,
        client: &Client<'_>,
        subscriptions: &Subscriptions,
        now_ms: i64,
    ) -> &mut Instance {
        let known = self.by_id.get(&id);
        let is_current = known.is_some_and(|instance| {
            instance.version == subscriptions.version() && instance.peer == client.peer
        });
        if !is_current {
            if known.is_none() {
                self.make_room(now_ms);
            }
            let told = Told(subscriptions.of(id, client));
            let instance = Instance {
                told,
                version: subscriptions.version(),
                peer: client.peer,
                asked_ms: None,
                pushed_ms: None,
                is_gone: false,
                last_refusal: None,
                used_ms: now_ms,
            };
            self.by_id.insert(id, instance);
        }
        let instance = self
            .by_id
            .get_mut(&id)
            .expect("it was there, or was just put there");
        instance.used_ms = now_ms;
        instance
    }

    fn make_room(&mut self, now_ms: i64) {
        if now_ms - self.swept_ms >= SWEEP_INTERVAL_MS {
            self.swept_ms = now_ms;
            self.by_id
                .retain(|_, instance| now_ms - instance.used_ms < instance.told.keep_ms());
        }
        if self.by_id.len() >= INSTANCES_MAX {
            let oldest = self
                .by_id
                .iter()
                .min_by_key(|(_, instance)| instance.used_ms);
            if let Some((id, _)) = oldest {
                let id = *id;
                self.by_id.remove(&id);
            }
        }
    }
}

impl Instance {
    fn interval_ms(&self) -> i64 {
        i64::from(self.told.0.interval_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(port: u16) -> Client<'static> {
        Client {
            client_id: "c",
            software_name: "",
            software_version: "",
            peer: SocketAddr::from(([127, 0, 0, 1], port)),
        }
    }

    fn push(id: Uuid, subscription_id: i32, is_last: bool) -> Push<'static> {
        Push {
            instance: id,
            subscription_id,
            is_last,
            compression: 0,
            metrics: &[],
        }
    }

    #[test]
    fn a_client_comes_once_an_interval_and_first_when_it_likes() {
        let (subs, id, client) = (
            Subscriptions::default(),
            Uuid::from_bytes(u128::to_be_bytes(9)),
            client(1),
        );
        let mut all = Instances::default();
        let told = all.get(id, &client, &subs, 1000).unwrap();
        let subscription = told.0.subscription_id;
        assert_eq!(
            all.get(id, &client, &subs, 2000).unwrap_err(),
            Refusal::TooEarly
        );
        let ours = push(id, subscription, false);
        assert!(all.push(&ours, &client, &subs, 3000).is_ok());
        assert_eq!(
            all.push(&ours, &client, &subs, 4000).unwrap_err(),
            Refusal::TooEarly
        );
        assert!(all.push(&ours, &client, &subs, 303_000).is_ok());
        let other = push(id, subscription + 1, false);
        let refused = all.push(&other, &client, &subs, 603_000).unwrap_err();
        assert_eq!(refused, Refusal::UnknownSubscription);
        all.note(id, Some(refused));
        assert!(
            all.get(id, &client, &subs, 603_001).is_ok(),
            "it was told to ask anew"
        );
        let last = push(id, subscription, true);
        assert!(
            all.push(&last, &client, &subs, 603_002).is_ok(),
            "the last one may come early"
        );
        assert_eq!(
            all.push(&ours, &client, &subs, 999_999).unwrap_err(),
            Refusal::Terminated
        );
    }

    #[test]
    fn another_connection_or_subscription_begins_anew() {
        let (subs, id) = (
            Subscriptions::default(),
            Uuid::from_bytes(u128::to_be_bytes(9)),
        );
        let mut all = Instances::default();
        all.get(id, &client(1), &subs, 1000).unwrap();
        assert!(all.get(id, &client(2), &subs, 1001).is_ok());
        assert_eq!(
            all.get(id, &client(2), &subs, 1002).unwrap_err(),
            Refusal::TooEarly
        );
        let changed = Subscriptions::new(1, std::iter::empty());
        assert!(all.get(id, &client(2), &changed, 1003).is_ok());
        assert_eq!(all.len(), 1);
    }

    #[test]
    fn clients_are_bounded_and_forgotten() {
        let (subs, client) = (Subscriptions::default(), client(1));
        let mut all = Instances::default();
        for id in 0..20_000u32 {
            let _ = all.get(
                Uuid::from_bytes(u128::to_be_bytes(u128::from(id))),
                &client,
                &subs,
                i64::from(id),
            );
        }
        assert_eq!(all.len(), INSTANCES_MAX);
        all.get(
            Uuid::from_bytes(u128::to_be_bytes(99_999)),
            &client,
            &subs,
            10_000_000,
        )
        .unwrap();
        assert_eq!(all.len(), 1);
    }
}

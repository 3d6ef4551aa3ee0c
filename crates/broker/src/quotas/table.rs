//! Which quota holds for whom: the precedence of users and client ids (KIP-257), and who shares a measurement.

use klamm_metadata::image::{QuotaEntity, Quotas};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// What a quota limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// `producer_byte_rate`, in bytes a second.
    Produce,
    /// `consumer_byte_rate`, in bytes a second.
    Fetch,
    /// `request_percentage`: percents of a thread.
    Request,
    /// `controller_mutation_rate`, in partitions a second.
    Mutation,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Produce, Self::Fetch, Self::Request, Self::Mutation];

    const fn key(self) -> &'static str {
        match self {
            Self::Produce => "producer_byte_rate",
            Self::Fetch => "consumer_byte_rate",
            Self::Request => "request_percentage",
            Self::Mutation => "controller_mutation_rate",
        }
    }
}

const CONNECTIONS: &str = "connection_creation_rate";

/// Who is measured together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Measured {
    /// All clients of a user.
    User(Arc<str>),
    /// One client id of a user.
    UserClient(Arc<str>, Arc<str>),
    /// One client id of whatever user.
    Client(Arc<str>),
}

/// A name, or everyone whom no name fits.
type Name = Option<Arc<str>>;

/// The quotas of one kind.
#[derive(Debug, Default)]
struct OfKind {
    user_client: BTreeMap<(Name, Name), f64>,
    user: BTreeMap<Name, f64>,
    client: BTreeMap<Name, f64>,
}

/// All quotas, in the form in which requests ask.
#[derive(Debug, Default)]
pub(crate) struct QuotaTable {
    kinds: [OfKind; 4],
    ip: BTreeMap<IpAddr, f64>,
    ip_default: Option<f64>,
}

impl QuotaTable {
    pub(crate) fn new(quotas: &Quotas) -> Self {
        let mut table = Self::default();
        for (entity, values) in quotas.iter() {
            for kind in Kind::ALL {
                if let Some(limit) = values.get(kind.key()) {
                    table.of_mut(kind).set(entity, *limit);
                }
            }
            if let (Some(name), Some(limit)) = (entity.get("ip"), values.get(CONNECTIONS)) {
                match name.as_deref().map(str::parse::<IpAddr>) {
                    None => table.ip_default = Some(*limit),
                    Some(Ok(ip)) => {
                        table.ip.insert(ip.to_canonical(), *limit);
                    }
                    Some(Err(_)) => tracing::warn!(?name, "a quota for what is no address"),
                }
            }
        }
        table
    }

    /// Whether a kind is limited for anybody.
    pub(crate) fn limits(&self, kind: Kind) -> bool {
        let of = self.of(kind);
        !(of.user_client.is_empty() && of.user.is_empty() && of.client.is_empty())
    }

    /// Whether anybody is limited in anything but connections.
    pub(crate) fn limits_requests(&self) -> bool {
        Kind::ALL.iter().any(|kind| self.limits(*kind))
    }

    /// Connections a second from an address.
    pub(crate) fn connections(&self, ip: IpAddr) -> Option<f64> {
        self.ip.get(&ip.to_canonical()).copied().or(self.ip_default)
    }

    /// The limit that holds for a client, and who shares it.
    pub(crate) fn find(&self, kind: Kind, user: &str, client: &str) -> Option<(f64, Measured)> {
        let of = self.of(kind);
        if of.user_client.is_empty() && of.user.is_empty() && of.client.is_empty() {
            return None;
        }
        let (user, client): (Arc<str>, Arc<str>) = (user.into(), client.into());
        let (some_user, some_client) = (Some(Arc::clone(&user)), Some(Arc::clone(&client)));
        let pair = |user: &Name, client: &Name| {
            of.user_client.get(&(user.clone(), client.clone())).copied()
        };
        let exact_pair = || pair(&some_user, &some_client).or_else(|| pair(&some_user, &None));
        let default_pair = || pair(&None, &some_client).or_else(|| pair(&None, &None));
        let both = || Measured::UserClient(Arc::clone(&user), Arc::clone(&client));
        let alone = || Measured::User(Arc::clone(&user));
        let of_client = || of.client.get(&some_client).or_else(|| of.client.get(&None));
        let found = exact_pair().map(|limit| (limit, both()));
        let found = found.or_else(|| Some((*of.user.get(&some_user)?, alone())));
        let found = found.or_else(|| Some((default_pair()?, both())));
        let found = found.or_else(|| Some((*of.user.get(&None)?, alone())));
        found.or_else(|| Some((*of_client()?, Measured::Client(Arc::clone(&client)))))
    }

    fn of(&self, kind: Kind) -> &OfKind {
        let [produce, fetch, request, mutation] = &self.kinds;
        match kind {
            Kind::Produce => produce,
            Kind::Fetch => fetch,
            Kind::Request => request,
            Kind::Mutation => mutation,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut OfKind {
        let [produce, fetch, request, mutation] = &mut self.kinds;
        match kind {
            Kind::Produce => produce,
            Kind::Fetch => fetch,
            Kind::Request => request,
            Kind::Mutation => mutation,
        }
    }
}

impl OfKind {
    fn set(&mut self, entity: &QuotaEntity, limit: f64) {
        match (entity.get("user"), entity.get("client-id")) {
            (Some(user), Some(client)) => {
                self.user_client
                    .insert((user.clone(), client.clone()), limit);
            }
            (Some(user), None) => {
                self.user.insert(user.clone(), limit);
            }
            (None, Some(client)) => {
                self.client.insert(client.clone(), limit);
            }
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(table: &mut QuotaTable, user: Option<&str>, client: Option<&str>, limit: f64) {
        let name = |text: &str| (text != "*").then(|| Arc::from(text));
        let mut entity = QuotaEntity::new();
        entity.extend(user.map(|user| (Arc::from("user"), name(user))));
        entity.extend(client.map(|client| (Arc::from("client-id"), name(client))));
        table.of_mut(Kind::Produce).set(&entity, limit);
    }

    #[test]
    fn the_closest_quota_holds_and_says_who_shares_it() {
        let mut table = QuotaTable::default();
        let user = || Measured::User("u".into());
        let client = || Measured::Client("c".into());
        let both = || Measured::UserClient("u".into(), "c".into());
        // From the weakest to the strongest; each takes over from the one before.
        let steps = [
            (None, Some("*"), client()),
            (None, Some("c"), client()),
            (Some("*"), None, user()),
            (Some("*"), Some("*"), both()),
            (Some("*"), Some("c"), both()),
            (Some("u"), None, user()),
            (Some("u"), Some("*"), both()),
            (Some("u"), Some("c"), both()),
        ];
        assert_eq!(table.find(Kind::Produce, "u", "c"), None);
        assert!(!table.limits_requests());
        for (step, (of_user, of_client, measured)) in steps.into_iter().enumerate() {
            let limit = step as f64 + 1.0;
            set(&mut table, of_user, of_client, limit);
            let found = table.find(Kind::Produce, "u", "c");
            assert_eq!(found, Some((limit, measured)), "step {step}");
        }
        assert_eq!(table.find(Kind::Fetch, "u", "c"), None);
        assert!(table.limits(Kind::Produce) && !table.limits(Kind::Fetch));
        let (limit, measured) = table.find(Kind::Produce, "v", "d").unwrap();
        assert_eq!(
            (limit, measured),
            (4.0, Measured::UserClient("v".into(), "d".into()))
        );
    }

    #[test]
    fn an_address_has_its_own_limit_or_that_of_all() {
        let (a, b) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let mut table = QuotaTable::default();
        table.ip.insert(a, 5.0);
        assert_eq!(
            (table.connections(a), table.connections(b)),
            (Some(5.0), None)
        );
        table.ip_default = Some(7.0);
        assert_eq!(
            (table.connections(a), table.connections(b)),
            (Some(5.0), Some(7.0))
        );
        let mapped: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        assert_eq!(table.connections(mapped), Some(5.0));
    }
}

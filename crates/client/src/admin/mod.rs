//! Administration: topics, configurations, groups, transactions, the state of the cluster.
//!
//! Calls that change something go to the broker that the metadata names as controller, and are repeated on errors that
//! pass; so a call whose answer was lost may report that its work is done already. Where a call has many parts, each
//! has its own result.

mod cluster;
mod configs;
mod groups;
mod member_standing;
mod quotas;
mod topics;
mod transactions;

pub use cluster::{
    ClusterDescription, Election, FeatureUpdate, FeatureUpgrade, LogDir, LogDirPartition,
    ProducerOfPartition, Quorum, QuorumReplica,
};
pub use configs::{
    ConfigEntry, ConfigOperation, ConfigResource, ConfigResourceKind, ConfigSource, ConfigSynonym,
};
pub use groups::{GroupDescription, GroupListing, GroupMember};
pub use member_standing::{MemberStanding, MemberWait};
pub use quotas::{QuotaEntity, QuotaFilter, QuotaMatch, QuotaValues};
pub use topics::{MorePartitions, NewTopic, TopicCreated, TopicListing};

pub use transactions::{
    OpenTransaction, TransactionDescription, TransactionFilter, TransactionListing,
};

use crate::client::{Client, Target};
use crate::error::ClientError;
use klamm_wire::Request;
use std::collections::BTreeMap;

/// Administers one cluster.
#[derive(Debug, Clone)]
pub struct Admin {
    client: Client,
}

/// A result for each part of a call, by its name.
pub type Each<K, T> = BTreeMap<K, Result<T, ClientError>>;

impl Admin {
    /// An admin client that shares the client's connections.
    #[must_use]
    pub fn new(client: &Client) -> Self {
        Self { client: client.clone() }
    }

    /// The client below.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request, and again on errors that pass. `check` finds the error of the whole answer.
    async fn call<R: Request>(
        &self,
        what: &'static str,
        target: Target<'_>,
        request: &R,
        check: impl Fn(&R::Response) -> Result<(), ClientError>,
    ) -> Result<R::Response, ClientError> {
        let check = &check;
        let timeout = self.client.config().api_timeout;
        self.client
            .retrying(what, timeout, || async move {
                let response = self.client.request(target, request, None).await?;
                let checked = check(&response);
                if checked.as_ref().is_err_and(ClientError::is_retriable) {
                    // Whoever was the controller may be no more.
                    self.client.refresh(&[]).await?;
                }
                checked.map(|()| response)
            })
            .await
    }

    fn timeout_ms(&self) -> i32 {
        self.client.request_timeout_ms()
    }
}

//! Which topics a classic member asks for: those that it names, or those that match its pattern now.

use super::{Classic, Subscription};
use crate::client::Client;
use crate::error::{ClientError, ConfigError};
use klamm_coordinator::groups::Pattern;
use std::collections::BTreeSet;
use tokio::time::Instant;

/// Compiles a pattern.
pub(in crate::consumer::group) fn check_pattern(text: &str) -> Result<Pattern, ClientError> {
    Pattern::new(text).map_err(|_| {
        let expected = "a pattern in RE2's syntax";
        ConfigError::new("subscription", text, expected).into()
    })
}

/// The topics of a subscription. Kafka's own never match a pattern.
pub(super) async fn resolve(
    classic: &mut Classic,
    subscription: &Subscription,
) -> Result<BTreeSet<String>, ClientError> {
    let topics = match subscription {
        Subscription::Topics(topics) => topics.clone(),
        Subscription::Pattern(pattern) => matching(classic.member.client(), pattern).await?,
    };
    classic.topics.clone_from(&topics);
    classic.resolved_at = Instant::now();
    Ok(topics)
}

async fn matching(client: &Client, pattern: &str) -> Result<BTreeSet<String>, ClientError> {
    let pattern = check_pattern(pattern)?;
    let listed = crate::admin::Admin::new(client).list_topics().await?;
    let names = listed.into_iter().filter(|topic| !topic.is_internal);
    Ok(names
        .map(|topic| topic.name)
        .filter(|name| pattern.matches(name))
        .collect())
}

/// Whether a pattern means other topics than at the last join. Asks every `metadata.max.age.ms`.
pub(super) async fn changed(classic: &mut Classic) -> bool {
    let age_max = classic.member.client().config().metadata_age_max;
    let Some((Subscription::Pattern(pattern), _)) = classic.member.shared.subscription() else {
        return false;
    };
    if classic.resolved_at.elapsed() < age_max {
        return false;
    }
    classic.resolved_at = Instant::now();
    // A failure shows in the heartbeats.
    matching(classic.member.client(), &pattern)
        .await
        .is_ok_and(|now| now != classic.topics)
}

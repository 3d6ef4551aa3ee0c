//! DescribeUserScramCredentials (key 50), version 0 (KIP-554): which mechanisms users have credentials for, no secrets.
//!
//! A directory that Kafka wrote may hold some; Klamm makes none yet. Kafka's tool asks when it lists the quotas of users.

use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_codec::Str;
use klamm_wire::ErrorCode;
use klamm_wire::messages::describe_user_scram_credentials::{
    CredentialInfo, DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
    DescribeUserScramCredentialsResult,
};
use std::collections::BTreeMap;

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    quorum: &'a QuorumHandle,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { quorum: &node.quorum }
    }
}

#[expect(clippy::unused_async, reason = "every handler has the same form")]
pub(crate) async fn handle(
    request: DescribeUserScramCredentialsRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> DescribeUserScramCredentialsResponse {
    let image = needs.quorum.image();
    let credentials = image.security().credentials();
    let credentials = credentials.map(|c| (&*c.name, c.mechanism, c.iterations));
    let wanted = request.users.unwrap_or_default();
    DescribeUserScramCredentialsResponse {
        results: describe(
            wanted.into_iter().map(|user| user.name).collect(),
            credentials,
        ),
        ..DescribeUserScramCredentialsResponse::default()
    }
}

/// Credentials (user, mechanism, iterations) of the users that are wanted; of all if none is named.
fn describe<'a>(
    wanted: Vec<Str>,
    credentials: impl Iterator<Item = (&'a str, i8, i32)>,
) -> Vec<DescribeUserScramCredentialsResult> {
    let mut of_user: BTreeMap<&str, Vec<CredentialInfo>> = BTreeMap::new();
    for (user, mechanism, iterations) in credentials {
        let infos = of_user.entry(user).or_default();
        infos.push(CredentialInfo { mechanism, iterations });
    }
    let mut times: BTreeMap<Str, usize> = BTreeMap::new();
    if wanted.is_empty() {
        times.extend(of_user.keys().map(|user| (Str::from(*user), 1)));
    }
    for user in wanted {
        *times.entry(user).or_insert(0) += 1;
    }
    let result = |(user, times): (Str, usize)| {
        let infos = of_user.get(&*user).cloned();
        let (code, credential_infos) = match infos {
            _ if times > 1 => (ErrorCode::DUPLICATE_RESOURCE, Vec::new()),
            Some(infos) => (ErrorCode::NONE, infos),
            None => (ErrorCode::RESOURCE_NOT_FOUND, Vec::new()),
        };
        DescribeUserScramCredentialsResult {
            user,
            error_code: code.code(),
            error_message: (code != ErrorCode::NONE).then(|| Str::from(code.meaning())),
            credential_infos,
        }
    };
    times.into_iter().map(result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(wanted: &[&str]) -> Vec<String> {
        let credentials = [("a", 1, 4096), ("b", 1, 8192), ("a", 2, 5000)];
        let wanted = wanted.iter().map(|user| Str::from(*user)).collect();
        let results = describe(wanted, credentials.into_iter()).into_iter();
        let shown = results.map(|result| {
            let infos = result.credential_infos.iter();
            let infos: Vec<_> = infos.map(|i| (i.mechanism, i.iterations)).collect();
            format!("{} {} {infos:?}", result.user, result.error_code)
        });
        shown.collect()
    }

    #[test]
    fn users_are_found_missed_and_not_described_twice() {
        let all = ["a 0 [(1, 4096), (2, 5000)]", "b 0 [(1, 8192)]"];
        assert_eq!(shown(&[]), all);
        assert_eq!(shown(&["b", "c"]), ["b 0 [(1, 8192)]", "c 91 []"]);
        assert_eq!(shown(&["a", "a"]), ["a 92 []"]);
    }
}

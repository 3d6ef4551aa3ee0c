//! FindCoordinator (key 10), versions 0–6: the broker that coordinates a group or a transactional id.
//!
//! Share groups are not served yet: their keys get an error that says so.

use crate::coordinating::{Groups, LogTopic, Transactions};
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_codec::Str;
use klamm_wire::ErrorCode;
use klamm_wire::messages::find_coordinator::{
    Coordinator, FindCoordinatorRequest, FindCoordinatorResponse,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    groups: &'a Groups,
    transactions: &'a Transactions,
    quorum: &'a QuorumHandle,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self {
            groups: &node.groups,
            transactions: &node.transactions,
            quorum: &node.quorum,
        }
    }
}

const FIRST_VERSION_WITH_MANY: i16 = 4;
const FIRST_VERSION_WITH_SHARE: i16 = 6;
const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
const SHARE: i8 = 2;

pub(crate) async fn handle(
    request: FindCoordinatorRequest,
    call: &Call,
    needs: Needs<'_>,
) -> FindCoordinatorResponse {
    let mut found = Vec::new();
    let keys = if call.version < FIRST_VERSION_WITH_MANY {
        std::slice::from_ref(&request.key)
    } else {
        &request.coordinator_keys
    };
    for key in keys {
        found.push(find(key, request.key_type, call, needs).await);
    }
    if call.version >= FIRST_VERSION_WITH_MANY {
        return FindCoordinatorResponse {
            coordinators: found,
            ..FindCoordinatorResponse::default()
        };
    }
    let found = found.pop().unwrap_or_default();
    let error = ErrorCode::from(found.error_code);
    FindCoordinatorResponse {
        error_code: found.error_code,
        // Kafka has words for no error, too.
        error_message: Some(match error {
            ErrorCode::NONE => Str::from_static("NONE"),
            error => Str::from_static(error.meaning()),
        }),
        node_id: found.node_id,
        host: found.host,
        port: found.port,
        ..FindCoordinatorResponse::default()
    }
}

async fn find(key: &Str, key_type: i8, call: &Call, needs: Needs<'_>) -> Coordinator {
    let failed = |error: ErrorCode, message: &'static str| Coordinator {
        key: key.clone(),
        node_id: -1,
        host: Str::EMPTY,
        port: -1,
        error_code: error.code(),
        error_message: Some(Str::from_static(message)),
    };
    let (log, partition) = match key_type {
        GROUP => (LogTopic::OFFSETS, needs.groups.partition_of(key).await),
        TRANSACTION => {
            let partition = needs.transactions.partition_of(key).await;
            (LogTopic::TRANSACTIONS, partition)
        }
        SHARE if call.version >= FIRST_VERSION_WITH_SHARE => {
            let message = "Share groups are not served yet.";
            return failed(ErrorCode::UNSUPPORTED_VERSION, message);
        }
        SHARE => return failed(ErrorCode::INVALID_REQUEST, ""),
        _ => {
            let error = ErrorCode::INVALID_REQUEST;
            return failed(error, error.meaning());
        }
    };
    let partition = match partition {
        Ok(partition) => partition,
        Err(error) => return failed(error, ""),
    };
    let image = needs.quorum.image();
    let topic = image.topics().named(log);
    let leader = topic.and_then(|topic| topic.partitions.get(partition)?.leader());
    let broker = leader.and_then(|leader| image.cluster().broker(leader));
    let broker = broker.filter(|broker| !broker.fenced);
    let address = broker.and_then(|broker| {
        let listener = broker.listener(&call.caller.listener)?;
        Some((broker.id, listener))
    });
    match address {
        Some((id, listener)) => Coordinator {
            key: key.clone(),
            node_id: id.0,
            host: Str::from(&*listener.host),
            port: i32::from(listener.port),
            error_code: ErrorCode::NONE.code(),
            error_message: Some(Str::EMPTY),
        },
        None => failed(ErrorCode::COORDINATOR_NOT_AVAILABLE, ""),
    }
}

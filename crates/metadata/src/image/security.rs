//! Access rules, credentials and tokens, kept as the records they came in.
//!
//! Nothing here reads them yet, but a snapshot that forgot them would throw away what Kafka wrote.

use std::sync::Arc;

use bytes::Bytes;
use imbl::OrdMap;
use klamm_model::Uuid;

use crate::generated::{
    AccessControlEntryRecord, DelegationTokenRecord, UserScramCredentialRecord,
};
use crate::record::MetadataRecord;

/// The security records of a cluster.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Security {
    pub(crate) acls: OrdMap<Uuid, Arc<AccessControlEntryRecord>>,
    pub(crate) credentials: OrdMap<(i8, Arc<str>), Arc<UserScramCredentialRecord>>,
    pub(crate) tokens: OrdMap<Arc<str>, Arc<DelegationTokenRecord>>,
}

impl Security {
    /// Access rules by id.
    pub fn acls(&self) -> impl Iterator<Item = &AccessControlEntryRecord> {
        self.acls.values().map(|record| &**record)
    }

    /// SCRAM credentials by mechanism and user.
    pub fn credentials(&self) -> impl Iterator<Item = &UserScramCredentialRecord> {
        self.credentials.values().map(|record| &**record)
    }

    /// Delegation tokens by id.
    pub fn tokens(&self) -> impl Iterator<Item = &DelegationTokenRecord> {
        self.tokens.values().map(|record| &**record)
    }

    /// Replays a record of this room; others pass it by.
    pub(crate) fn replay(&mut self, record: &MetadataRecord) {
        match record {
            MetadataRecord::AccessControlEntry(r) => {
                self.acls.insert(r.id, Arc::new(detached_acl(r)));
            }
            MetadataRecord::RemoveAccessControlEntry(r) => {
                self.acls.remove(&r.id);
            }
            MetadataRecord::UserScramCredential(r) => {
                let key = (r.mechanism, Arc::from(&*r.name));
                self.credentials
                    .insert(key, Arc::new(detached_credential(r)));
            }
            MetadataRecord::RemoveUserScramCredential(r) => {
                self.credentials.remove(&(r.mechanism, Arc::from(&*r.name)));
            }
            MetadataRecord::DelegationToken(r) => {
                self.tokens
                    .insert((&*r.token_id).into(), Arc::new(detached_token(r)));
            }
            MetadataRecord::RemoveDelegationToken(r) => {
                self.tokens.remove(&*r.token_id);
            }
            _ => {}
        }
    }
}

// A decoded record is made of slices of the batch it came in; what stays must not keep the batch in memory.

fn detached_acl(r: &AccessControlEntryRecord) -> AccessControlEntryRecord {
    AccessControlEntryRecord {
        resource_name: r.resource_name.detached(),
        principal: r.principal.detached(),
        host: r.host.detached(),
        ..r.clone()
    }
}

fn detached_credential(r: &UserScramCredentialRecord) -> UserScramCredentialRecord {
    UserScramCredentialRecord {
        name: r.name.detached(),
        salt: Bytes::copy_from_slice(&r.salt),
        stored_key: Bytes::copy_from_slice(&r.stored_key),
        server_key: Bytes::copy_from_slice(&r.server_key),
        ..r.clone()
    }
}

fn detached_token(r: &DelegationTokenRecord) -> DelegationTokenRecord {
    DelegationTokenRecord {
        owner: r.owner.detached(),
        requester: r.requester.detached(),
        renewers: r.renewers.iter().map(klamm_codec::Str::detached).collect(),
        token_id: r.token_id.detached(),
        ..r.clone()
    }
}

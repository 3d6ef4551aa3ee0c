//! Transactions in one partition: the verification before a first batch, and the markers at the end.

use super::{Gone, Partition};
use crate::partitions::TopicTraits;
use crate::partitions::append::{AppendFailure, Appended};
use bytes::Bytes;
use klamm_model::ProducerId;
use klamm_records::{BatchFields, ControlRecord, EndTransactionMarker, control_batch};
use klamm_storage::{Admission, FirstBatch, Origin, VerificationGuard};
use klamm_wire::ErrorCode;
use std::sync::Arc;

/// The end of a producer's transaction, as a partition gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    pub(crate) end: EndTransactionMarker,
    /// The rules of transactions version 2: the epoch is above that of the transaction's records.
    pub(crate) strict: bool,
}

/// What a partition demands of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) origin: Origin,
    pub(super) strict_markers: bool,
    pub(super) admission: Admission,
}

impl Partition {
    /// Whether the coordinator must be asked about a transactional batch: then the guard for the append. `None` if its
    /// transaction is open here, or verification is off.
    pub(crate) fn begin_verification(
        &self,
        first: FirstBatch,
        now_ms: i64,
    ) -> Option<VerificationGuard> {
        if !self.traits.load().verifies_transactions && !first.bumps_epoch {
            return None;
        }
        // A deleted log refuses the append.
        let mut log = self.log().ok()?;
        log.begin_verification(first, now_ms)
    }

    /// Whether a guard is still worth something.
    pub(crate) fn is_under_verification(&self, producer_id: i64, guard: VerificationGuard) -> bool {
        self.log()
            .is_ok_and(|log| log.is_under_verification(producer_id, guard))
    }

    /// Appends a marker. Nothing happens if the producer has no transaction here, but for the marker.
    pub(crate) fn append_marker(
        self: &Arc<Self>,
        marker: Marker,
        now_ms: i64,
    ) -> Result<Appended, AppendFailure> {
        let batch = batch_of(&marker, now_ms)?;
        let terms = Terms {
            origin: Origin::Coordinator,
            strict_markers: marker.strict,
            admission: Admission::Free,
        };
        self.append_checked(&batch, terms, &self.traits.load(), now_ms)
    }

    /// Appends a coordinator's batch.
    ///
    /// `guard` is that of the verification, if the batch belongs to a producer's transaction that may not be open yet.
    pub(crate) fn append_coordinators(
        self: &Arc<Self>,
        batch: &Bytes,
        guard: Option<VerificationGuard>,
        now_ms: i64,
    ) -> Result<Appended, AppendFailure> {
        let traits = self.traits.load();
        let terms = Terms {
            origin: Origin::Coordinator,
            strict_markers: false,
            admission: admission(guard, &traits),
        };
        self.append_checked(batch, terms, &traits, now_ms)
    }
}

impl Terms {
    pub(super) fn of_client(guard: Option<VerificationGuard>, traits: &TopicTraits) -> Self {
        Self {
            origin: Origin::Client,
            strict_markers: false,
            admission: admission(guard, traits),
        }
    }
}

fn admission(guard: Option<VerificationGuard>, traits: &TopicTraits) -> Admission {
    if traits.verifies_transactions {
        Admission::Guarded(guard)
    } else {
        Admission::Free
    }
}

fn batch_of(marker: &Marker, now_ms: i64) -> Result<Bytes, AppendFailure> {
    let fields = BatchFields {
        producer_id: ProducerId(marker.producer_id),
        producer_epoch: marker.producer_epoch,
        transactional: true,
        ..BatchFields::default()
    };
    let record = ControlRecord {
        control_type: marker.end.control_type(),
        value: &marker.end.value(),
    };
    control_batch(&fields, now_ms, &[record])
        .map_err(|error| AppendFailure::new(ErrorCode::INVALID_TIMESTAMP, error.to_string()))
}

impl From<Gone> for AppendFailure {
    fn from(_: Gone) -> Self {
        Self::new(
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            "the topic was deleted",
        )
    }
}

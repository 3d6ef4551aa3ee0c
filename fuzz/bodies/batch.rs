//! Batches as they lie in a log or a request.

use klamm_model::{LeaderEpoch, Offset};
use klamm_records::{
    BatchView, InflateLimit, Inflater, RecordRules, RecordsError, Stamp, StampTime, batches,
    validate_records,
};

const INFLATED_MAX: usize = 1 << 20;

/// Walks over batches. Streaming and slicing agree on each; a stamp leaves a batch as valid as it was.
pub(crate) fn run(data: &[u8]) {
    let mut inflater = Inflater::new();
    for batch in batches(data).flatten() {
        let _ = batch.validate_envelope();
        check_records(&batch, &mut inflater);
        check_stamp(&batch);
    }
}

fn check_records(batch: &BatchView<'_>, inflater: &mut Inflater) {
    let rules = RecordRules {
        inflate_limit: Some(InflateLimit::bytes(INFLATED_MAX)),
        ..RecordRules::default()
    };
    let streamed = validate_records(batch, &rules, inflater);
    let Ok(body) = batch.inflate(inflater, InflateLimit::bytes(INFLATED_MAX)) else {
        let stopped_before = matches!(
            streamed,
            Err(RecordsError::Inflate(_) | RecordsError::Malformed { .. })
        );
        assert!(stopped_before, "streaming read what cannot be inflated");
        return;
    };
    assert!(body.len() <= INFLATED_MAX);
    let mut count = 0;
    let mut is_sound = true;
    for record in klamm_records::Records::new(batch.header(), &body) {
        match record {
            Ok(record) => {
                is_sound &= record.offset_delta == count;
                count += 1;
                assert_eq!(record.headers.count(), record.headers.len());
            }
            Err(_) => is_sound = false,
        }
    }
    is_sound &= count == batch.header().record_count.max(0);
    assert_eq!(
        streamed.is_ok(),
        is_sound,
        "streaming and slicing disagree: {streamed:?}"
    );
}

fn check_stamp(batch: &BatchView<'_>) {
    let was_valid = batch.validate_stored().is_ok();
    for time in [StampTime::Keep, StampTime::LogAppendTime { now_ms: 7 }] {
        let stamp = Stamp { base_offset: Offset(99), leader_epoch: LeaderEpoch(3), time };
        let stamped = [&batch.stamped(stamp)[..], batch.body()].concat();
        let again = BatchView::parse(&stamped).expect("lengths are untouched");
        assert_eq!(again.header().base_offset, Offset(99));
        assert!(again.validate_stored().is_ok() || !was_valid);
    }
}

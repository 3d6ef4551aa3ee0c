//! Who an idempotent producer is (KIP-98): an id from the broker, and an epoch that rises when sequences begin anew.

/// Id and epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProducerIdentity {
    pub(super) id: i64,
    pub(super) epoch: i16,
}

/// What is known of the own identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// Idempotence is off.
    Off,
    /// To be asked for.
    Missing,
    /// The question is under way.
    Asked,
    /// Known.
    Known(ProducerIdentity),
    /// Sequences have a hole: nothing more leaves until all is answered, then the epoch rises.
    Broken(ProducerIdentity),
}

impl Identity {
    /// Marks the sequences as broken.
    pub(super) const fn break_sequences(&mut self) {
        if let Self::Known(identity) = *self {
            *self = Self::Broken(identity);
        }
    }

    /// The next epoch, once nothing is under way. An idempotent producer raises its epoch by itself; the broker takes a
    /// higher epoch with sequence 0 as a new beginning. Past the last epoch, a new id is asked for.
    pub(super) fn heal(&mut self) -> bool {
        let Self::Broken(identity) = *self else {
            return false;
        };
        *self = match identity.epoch.checked_add(1) {
            Some(epoch) if epoch < i16::MAX => Self::Known(ProducerIdentity { epoch, ..identity }),
            _ => Self::Missing,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_identity_gets_the_next_epoch_or_a_new_id() {
        let mut identity = Identity::Known(ProducerIdentity { id: 4, epoch: 0 });
        assert!(!identity.heal());
        identity.break_sequences();
        assert!(identity.heal());
        assert_eq!(
            identity,
            Identity::Known(ProducerIdentity { id: 4, epoch: 1 })
        );
        identity = Identity::Broken(ProducerIdentity { id: 4, epoch: i16::MAX - 1 });
        assert!(identity.heal());
        assert_eq!(identity, Identity::Missing);
        identity.break_sequences();
        assert_eq!(identity, Identity::Missing);
    }
}

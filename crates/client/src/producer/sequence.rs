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
}

impl Identity {
    /// The identity, if it is known.
    pub(super) const fn known(self) -> Option<ProducerIdentity> {
        match self {
            Self::Known(identity) => Some(identity),
            Self::Off | Self::Missing | Self::Asked => None,
        }
    }

    /// The next epoch. An idempotent producer raises its epoch by itself; the broker takes a higher epoch with sequence
    /// 0 as a new beginning. Past the last epoch, a new id is asked for.
    pub(super) fn raise(&mut self) {
        if let Self::Known(identity) = *self {
            *self = match identity.epoch.checked_add(1) {
                Some(epoch) if epoch < i16::MAX => {
                    Self::Known(ProducerIdentity { epoch, ..identity })
                }
                _ => Self::Missing,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_identity_gets_the_next_epoch_or_a_new_id() {
        let mut identity = Identity::Known(ProducerIdentity { id: 4, epoch: 0 });
        identity.raise();
        assert_eq!(identity.known(), Some(ProducerIdentity { id: 4, epoch: 1 }));
        identity = Identity::Known(ProducerIdentity { id: 4, epoch: i16::MAX - 1 });
        identity.raise();
        assert_eq!(identity, Identity::Missing);
        identity.raise();
        assert_eq!(identity, Identity::Missing);
    }
}

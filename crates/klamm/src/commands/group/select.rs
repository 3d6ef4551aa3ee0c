//! Which partitions a command is about: `--topic NAME` or `--topic NAME:0,1`.

use crate::connect::Session;
use crate::failure::Failure;
use klamm_client::PartitionKey;
use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

/// A topic, or some of its partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selected {
    topic: String,
    partitions: Vec<i32>,
}

impl FromStr for Selected {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected TOPIC or TOPIC:PARTITION,…, such as orders:0,1".to_owned();
        let Some((topic, partitions)) = text.split_once(':') else {
            return Ok(Self { topic: text.to_owned(), partitions: Vec::new() });
        };
        let partitions: Result<Vec<i32>, _> = partitions
            .split(',')
            .map(|number| number.trim().parse())
            .collect();
        let partitions = partitions.map_err(|_| expected())?;
        Ok(Self { topic: topic.to_owned(), partitions })
    }
}

/// The partitions that are meant; each must exist.
pub(super) async fn partitions(
    session: &Session,
    selected: &[Selected],
) -> Result<BTreeSet<PartitionKey>, Failure> {
    let mut keys = BTreeSet::new();
    for one in selected {
        let topic = session.topic(&one.topic).await?;
        let partitions = crate::commands::offsets::select(&topic, &one.partitions)?;
        keys.extend(
            partitions
                .into_iter()
                .map(|partition| (Arc::clone(&topic.name), partition)),
        );
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selections_are_read() {
        let selected = |topic: &str, partitions: &[i32]| Selected {
            topic: topic.to_owned(),
            partitions: partitions.to_vec(),
        };
        assert_eq!("orders".parse(), Ok(selected("orders", &[])));
        assert_eq!("orders:0,12".parse(), Ok(selected("orders", &[0, 12])));
        assert!("orders:".parse::<Selected>().is_err());
        assert!("orders:a".parse::<Selected>().is_err());
    }
}

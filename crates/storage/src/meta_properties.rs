//! `meta.properties`: which cluster, node and directory this is.

use klamm_model::{NodeId, Uuid};
use std::fmt::Write;

/// The identity of a log directory (version 1 of the file, KIP-631 and KIP-858).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaProperties {
    /// The cluster's id, as text: old clusters have ids that are not 22 characters of base64.
    pub cluster_id: String,
    /// The node that owns the directory.
    pub node_id: NodeId,
    /// The directory's own id.
    pub directory_id: Uuid,
}

/// Why `meta.properties` is not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetaPropertiesError {
    /// A line or value that does not parse.
    #[error("cannot be read: {0}")]
    Damaged(&'static str),
    /// Only version 1 (KRaft) is known.
    #[error("version {0} is not supported")]
    Version(String),
}

impl MetaProperties {
    /// The bytes of the file, in the order in which Kafka sorts them.
    #[must_use]
    pub fn format(&self) -> String {
        let mut text = String::from("#\n");
        let (cluster, node, dir) = (&self.cluster_id, self.node_id, self.directory_id);
        // Writing into a string does not fail.
        let _ = write!(
            text,
            "cluster.id={cluster}\ndirectory.id={dir}\nnode.id={node}\nversion=1\n"
        );
        text
    }

    /// Reads the file. Unknown keys are passed over.
    ///
    /// # Errors
    /// A key is missing or its value does not parse, or the version is not 1.
    pub fn parse(bytes: &[u8]) -> Result<Self, MetaPropertiesError> {
        let damaged = MetaPropertiesError::Damaged;
        let text = std::str::from_utf8(bytes).map_err(|_| damaged("not UTF-8"))?;
        let (mut version, mut cluster, mut node, mut directory) = (None, None, None, None);
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with(['#', '!']) {
                continue;
            }
            let (key, value) = line.split_once('=').ok_or(damaged("a line without '='"))?;
            match key.trim_end() {
                "version" => version = Some(value.trim()),
                "cluster.id" => cluster = Some(value.trim()),
                "node.id" => node = Some(value.trim()),
                "directory.id" => directory = Some(value.trim()),
                _ => {}
            }
        }
        match version {
            Some("1") => {}
            Some(other) => return Err(MetaPropertiesError::Version(other.to_owned())),
            None => return Err(damaged("no version")),
        }
        let cluster_id = cluster
            .filter(|c| !c.is_empty())
            .ok_or(damaged("no cluster.id"))?;
        let node = node
            .and_then(|n| n.parse().ok())
            .ok_or(damaged("no node.id"))?;
        let directory = directory
            .and_then(|d| d.parse().ok())
            .ok_or(damaged("no directory.id"))?;
        Ok(Self {
            cluster_id: cluster_id.to_owned(),
            node_id: NodeId(node),
            directory_id: directory,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn kafkas_own_file_is_read() {
        let text = "#\n#Tue Nov 24 10:00:00 UTC 2026\ncluster.id=5L6g3nShT-eMCtK--X86sw\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAQ\nnode.id=3\nversion=1\n";
        let meta = MetaProperties::parse(text.as_bytes()).unwrap();
        assert_eq!(meta.cluster_id, "5L6g3nShT-eMCtK--X86sw");
        assert_eq!((meta.node_id, meta.directory_id), (NodeId(3), Uuid::ONE));
        assert_eq!(MetaProperties::parse(meta.format().as_bytes()), Ok(meta));
    }

    #[test]
    fn other_versions_and_gaps_are_refused() {
        let version = MetaProperties::parse(b"version=0\nbroker.id=1\n");
        assert_eq!(version, Err(MetaPropertiesError::Version("0".into())));
        for bad in [
            "",
            "version=1",
            "version=1\ncluster.id=a\nnode.id=x",
            "version",
        ] {
            let result = MetaProperties::parse(bad.as_bytes());
            assert!(
                matches!(result, Err(MetaPropertiesError::Damaged(_))),
                "{bad:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = MetaProperties::parse(&bytes);
        }
    }
}

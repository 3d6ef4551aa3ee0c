//! Where nodes and tools come from, and where their data lies.

use crate::kafka::Kafka;
use crate::node::Node;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Whose broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brand {
    Klamm,
    Kafka,
}

impl Brand {
    pub(crate) const BOTH: [Self; 2] = [Self::Klamm, Self::Kafka];

    const fn folder(self) -> &'static str {
        match self {
            Self::Klamm => "klamm",
            Self::Kafka => "kafka",
        }
    }
}

/// Settings that both get: short ways, and room that comes back soon after a topic went.
pub(crate) const SETTINGS: &[&str] = &[
    "num.partitions=4",
    "group.initial.rebalance.delay.ms=0",
    "log.segment.delete.delay.ms=1000",
];

/// The programs, and the folder for all data.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) program: PathBuf,
    pub(crate) jars: PathBuf,
    pub(crate) rdkafka_performance: Option<PathBuf>,
    pub(crate) folder: PathBuf,
}

impl Stage {
    /// What is needed to start, stop and start again on one folder.
    pub(crate) fn home(&self, brand: Brand, folder: &Path) -> Result<Home> {
        Ok(match brand {
            Brand::Klamm => Home::Klamm(self.program.clone(), folder.join("data")),
            Brand::Kafka => Home::Kafka(Kafka::prepare(&self.jars, folder, SETTINGS)?),
        })
    }

    /// The home of a node that stands while hot cases run.
    pub(crate) fn standing(&self, brand: Brand) -> Result<Home> {
        self.home(brand, &self.folder.join(brand.folder()))
    }

    /// The folder of a partition of a node that stands.
    pub(crate) fn partition(&self, brand: Brand, topic: &str, partition: i32) -> PathBuf {
        let data = self.folder.join(brand.folder()).join("data");
        data.join(format!("{topic}-{partition}"))
    }

    /// Removes the data of a node that stood.
    pub(crate) fn forget(&self, brand: Brand) -> Result<()> {
        let folder = self.folder.join(brand.folder());
        std::fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))
    }

    /// A folder of its own, gone with the returned value.
    pub(crate) fn scratch(&self) -> Result<tempfile::TempDir> {
        tempfile::tempdir_in(&self.folder).context("a folder for data")
    }
}

/// A prepared folder of one broker.
#[derive(Debug)]
pub(crate) enum Home {
    Klamm(PathBuf, PathBuf),
    Kafka(Kafka),
}

impl Home {
    /// Starts the broker.
    pub(crate) fn start(&self) -> Result<Node> {
        match self {
            Self::Klamm(program, data) => Node::start(program, data, SETTINGS),
            Self::Kafka(kafka) => Node::start_kafka(kafka),
        }
    }
}

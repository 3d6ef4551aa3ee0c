//! What a case is: who drives it, what is measured, and what is to be reached.

use super::stage::{Brand, Stage};
use crate::node::Node;
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// Who sends the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Ready-made requests; answers are cut and dropped.
    Prepared,
    /// librdkafka's `rdkafka_performance`.
    Librdkafka,
    /// The performance tools that Kafka brings.
    Java,
    /// `klamm bench`.
    KlammBench,
}

impl Tool {
    /// Its name in a case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Librdkafka => "librdkafka",
            Self::Java => "Java",
            Self::KlammBench => "klamm bench",
        }
    }
}

/// A case. `work` gets a node that stands, or makes its own.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) tool: Tool,
    pub(crate) targets: Vec<Target>,
    pub(crate) work: Work,
    /// The same work without a broker, in the same rounds.
    pub(crate) raw: Option<Raw>,
    /// About how long a round of both takes: its share of the time.
    pub(crate) weight_s: f64,
}

impl Case {
    /// A case without targets and raw loop, on nodes that stand.
    pub(crate) fn hot(name: &'static str, tool: Tool, weight_s: f64, work: Hot) -> Self {
        let work = Work::Hot(work);
        Self { name, tool, targets: Vec::new(), work, raw: None, weight_s }
    }

    /// A case on nodes that it starts itself.
    pub(crate) fn life(name: &'static str, weight_s: f64, work: Life) -> Self {
        let (work, tool) = (Work::Life(work), Tool::Prepared);
        Self { name, tool, targets: Vec::new(), work, raw: None, weight_s }
    }

    pub(crate) fn reaching(mut self, targets: &[Target]) -> Self {
        self.targets = targets.to_vec();
        self
    }

    pub(crate) fn beside(mut self, raw: Raw) -> Self {
        self.raw = Some(raw);
        self
    }

    /// Name and tool: one case may be driven by several.
    pub(crate) fn title(&self) -> String {
        format!("{} ({})", self.name, self.tool.name())
    }
}

/// Works on a node that stands; the topic is new in each round.
pub(crate) type Hot = fn(&Stage, &Node, &Load) -> Result<Vec<Value>>;
/// Works on nodes that it starts itself.
pub(crate) type Life = fn(&Stage, Brand, &Load) -> Result<Vec<Value>>;
/// A bare loop; its values bear the names of those that they stand beside.
pub(crate) type Raw = fn(&Stage, &Load) -> Result<Vec<Value>>;

/// How a case is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    Hot(Hot),
    Life(Life),
}

/// How much, and under which name.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// Unlike any other in this run.
    pub(crate) topic: String,
    /// Multiplies every amount.
    pub(crate) scale: f64,
}

impl Load {
    /// An amount at this scale, at least one.
    pub(crate) fn of(&self, full: usize) -> usize {
        ((full as f64 * self.scale) as usize).max(1)
    }

    /// The same for another topic.
    pub(crate) fn named(&self, topic: &str) -> Self {
        Self { topic: topic.to_owned(), scale: self.scale }
    }

    /// A time at this scale, at least a second.
    pub(crate) fn seconds(&self, full: f64) -> f64 {
        (full * self.scale).max(1.0)
    }
}

/// One measured value.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
    /// What the same broker does without what the case adds.
    pub(crate) alone: Option<f64>,
}

impl Value {
    pub(crate) const fn new(name: &'static str, unit: &'static str, value: f64) -> Self {
        Self { name, unit, value, alone: None }
    }

    /// With the value that it is measured by, instead of a raw loop.
    pub(crate) const fn with_alone(mut self, alone: f64) -> Self {
        self.alone = Some(alone);
        self
    }
}

/// A limit for a ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Bound {
    pub(crate) fn holds(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(most) => ratio <= most,
            Self::AtLeast(least) => ratio >= least,
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::AtLeast(least) => write!(f, "≥ {least}"),
        }
    }
}

/// What a value is to reach, measured by Kafka's and by the raw loop's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) value: &'static str,
    pub(crate) to_kafka: Option<Bound>,
    pub(crate) to_raw: Option<Bound>,
}

impl Target {
    /// At most so much of Kafka's.
    pub(crate) const fn most(value: &'static str, ratio: f64) -> Self {
        Self { value, to_kafka: Some(Bound::AtMost(ratio)), to_raw: None }
    }

    /// At least so many times Kafka's.
    pub(crate) const fn least(value: &'static str, ratio: f64) -> Self {
        Self { value, to_kafka: Some(Bound::AtLeast(ratio)), to_raw: None }
    }

    /// Measured by the raw loop only.
    pub(crate) const fn raw(value: &'static str, bound: Bound) -> Self {
        Self { value, to_kafka: None, to_raw: Some(bound) }
    }

    pub(crate) const fn and_raw(mut self, bound: Bound) -> Self {
        self.to_raw = Some(bound);
        self
    }
}

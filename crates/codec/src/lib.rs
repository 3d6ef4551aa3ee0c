//! Kafka's primitive encodings, decode budgets and segmented output.

//! Prints `docs/operating/metrics.md`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(klamm_broker::metrics_markdown().as_bytes())
}

//! Prints `docs/protocol.md`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(klamm_broker::protocol_markdown().as_bytes())
}

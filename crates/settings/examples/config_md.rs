//! Prints every setting as the Markdown of `docs/config.md`, which is checked in.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(klamm_settings::docs::markdown().as_bytes())
}

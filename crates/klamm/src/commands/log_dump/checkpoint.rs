//! The small text files: checkpoints of offsets and epochs, `partition.metadata`, `meta.properties`, `quorum-state`.

use super::Dump;
use crate::failure::Failure;
use serde_json::json;
use std::fs::File;
use std::io::Read;

impl Dump<'_> {
    /// Prints the lines of a text file; a file that is no text is left out.
    pub(super) fn text(&mut self, file: &File) -> Result<(), Failure> {
        let mut text = String::new();
        let mut source = file;
        if source.read_to_string(&mut text).is_err() {
            return Ok(());
        }
        for line in text.lines() {
            if self.screen.is_json() {
                self.screen.document(&json!({ "line": line }))?;
            } else {
                self.screen.line(format_args!("  {line}"))?;
            }
        }
        Ok(())
    }
}

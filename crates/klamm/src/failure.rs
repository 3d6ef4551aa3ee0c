//! How a command fails: what went wrong, and what to do next.

use serde_json::json;
use std::fmt::Display;
use std::process::ExitCode;

/// A failed command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line or a settings file is wrong. Exit code 2.
    Usage {
        /// What is wrong, one line or several.
        what: String,
        /// What to do about it.
        next: Option<String>,
    },
    /// The work could not be done. Exit code 1.
    Failed {
        /// What went wrong, one line or several.
        what: String,
        /// What to do about it.
        next: Option<String>,
    },
    /// Whoever read our output has gone, as `head` does. Not an error.
    ReaderGone,
}

impl Failure {
    /// Wrong usage.
    pub(crate) fn usage(what: impl Display) -> Self {
        Self::Usage { what: what.to_string(), next: None }
    }

    /// Work that failed.
    pub(crate) fn failed(what: impl Display) -> Self {
        Self::Failed { what: what.to_string(), next: None }
    }

    /// The same with advice.
    pub(crate) fn advise(mut self, advice: impl Display) -> Self {
        match &mut self {
            Self::Usage { next, .. } | Self::Failed { next, .. } => {
                *next = Some(advice.to_string())
            }
            Self::ReaderGone => {}
        }
        self
    }

    /// Prints the failure on stderr, as text or JSON.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        let (what, next, code) = match self {
            Self::Usage { what, next } => (what, next, 2),
            Self::Failed { what, next } => (what, next, 1),
            Self::ReaderGone => return ExitCode::SUCCESS,
        };
        if json {
            eprintln!("{}", json!({ "error": what, "next": next }));
            return ExitCode::from(code);
        }
        eprintln!("klamm: {what}");
        if let Some(next) = next {
            eprintln!("  → {next}");
        }
        ExitCode::from(code)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::ReaderGone
        } else {
            Self::failed(error)
        }
    }
}

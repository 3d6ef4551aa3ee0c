//! `klamm completion SHELL`: a script that completes commands and options.

use crate::failure::Failure;
use crate::screen::Screen;
use clap_complete::Shell;

const EXAMPLES: &str = "Examples:\n  source <(klamm completion bash)\n  klamm completion zsh > ~/.zfunc/_klamm\n  \
klamm completion fish > ~/.config/fish/completions/klamm.fish";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(
    arguments: &Arguments,
    screen: &mut Screen,
    program: &mut clap::Command,
) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, program, "klamm", &mut script);
    screen.bytes(&script)
}

//! Tools that the families need: installed from the distribution where we may, named exactly where we may not.

use crate::shell::{has, passes, say};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

/// A tool that is not here and that we may not install.
#[derive(Debug)]
pub(crate) struct Missing {
    program: &'static str,
    package: &'static str,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} is missing: as root, apt-get install {}",
            self.program, self.package
        )
    }
}

impl std::error::Error for Missing {}

/// Program, and the Debian package that brings it.
const PACKAGES: [(&str, &str); 13] = [
    ("kcat", "kcat"),
    ("python3", "python3 python3-venv"),
    ("java", "default-jdk-headless"),
    ("javac", "default-jdk-headless"),
    ("mvn", "maven"),
    ("go", "golang-go"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("gcc", "gcc"),
    ("g++", "g++"),
    ("make", "make"),
    ("rsyslogd", "rsyslog rsyslog-kafka"),
    ("valgrind", "valgrind"),
];

/// Makes sure that the programs are there.
///
/// # Errors
/// [`Missing`] for the first that is not, and cannot be installed.
pub(crate) fn need(programs: &[&str]) -> Result<()> {
    for program in programs {
        let Some(&(program, package)) = PACKAGES.iter().find(|(name, _)| name == program) else {
            anyhow::bail!("no package is known for {program}");
        };
        if !has(program) {
            install(package)?;
        }
        if !has(program) {
            return Err(Missing { program, package }.into());
        }
    }
    Ok(())
}

/// Packages of which nothing but the attempt can be seen: headers and plug-ins, separated by spaces.
pub(crate) fn packages(names: &str) -> Result<()> {
    install(names)
}

fn install(package: &str) -> Result<()> {
    static REFRESH: Once = Once::new();
    if !is_root() || !has("apt-get") {
        return Ok(());
    }
    REFRESH.call_once(|| {
        // A stale list may still know the package: what counts is whether the program is there afterwards.
        if !passes(Command::new("apt-get").args(["-qq", "update"])).unwrap_or(false) {
            say("the list of packages could not be refreshed");
        }
    });
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt.args(["-qq", "-y", "--no-install-recommends", "install"]);
    passes(apt.args(package.split(' ')))?;
    Ok(())
}

fn is_root() -> bool {
    crate::shell::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// The folder for what a family builds or installs, kept between runs.
pub(crate) fn cache(name: &str) -> PathBuf {
    crate::shell::target().join("compat").join(name)
}

/// Runs `build` once per folder and recipe: a file in the folder remembers the recipe that made it.
pub(crate) fn once(
    folder: &Path,
    recipe: &str,
    build: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let stamp = folder.join("made-by");
    if std::fs::read_to_string(&stamp).is_ok_and(|made_by| made_by == recipe) {
        return Ok(());
    }
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    build(folder)?;
    std::fs::write(&stamp, recipe)?;
    Ok(())
}

/// Runs a command that must succeed.
pub(crate) fn must(command: &mut Command) -> Result<()> {
    anyhow::ensure!(
        passes(command)?,
        "{} did not succeed",
        command.get_program().to_string_lossy()
    );
    Ok(())
}

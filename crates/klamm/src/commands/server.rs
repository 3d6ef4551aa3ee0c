//! `klamm server`: a node, from its settings to its clean end.

use crate::failure::Failure;
use crate::screen::Screen;
use klamm_broker::{Broker, StartError};
use klamm_settings::{Loaded, Settings, broker};
use std::fmt::Write;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

const AFTER_HELP: &str = "Once the node serves, it prints one line on standard output:\n  \
klamm ready: PLAINTEXT://127.0.0.1:9092\n\
Everything else goes to standard error. SIGTERM, SIGINT and a closed terminal stop it cleanly.\n\
All settings: docs/config.md. Examples:\n  klamm server\n  \
klamm server --config server.properties --set log.dirs=/var/lib/klamm\n  \
klamm server --set listeners=PLAINTEXT://127.0.0.1:0 --set klamm.log.format=json";

#[derive(Debug, Default, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// A file of settings in Kafka's server.properties form.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A setting that wins over the file; may be given more than once.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let Loaded { settings, warnings } = load(arguments.config.as_deref(), &arguments.set)?;
    let logs_json = screen.is_json() || settings.get(&broker::KLAMM_LOG_FORMAT) == "json";
    begin_logging(&settings, logs_json)?;
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    raise_open_files(&settings);
    let runtime = runtime(&settings)?;
    let outcome = runtime.block_on(serve(settings, screen, logs_json));
    // Nothing that is still running may hold the process up: the logs are closed.
    runtime.shutdown_background();
    outcome
}

/// Each connection is an open file: the limit for programs in general is none for a server.
fn raise_open_files(settings: &Settings) {
    let of_logs = u64::try_from(settings.get(&broker::KLAMM_OPEN_FILES_MAX)).unwrap_or(0);
    if let Some(limit) = klamm_host::os::raise_open_files()
        && limit < of_logs * 2
    {
        tracing::warn!(
            limit,
            of_logs,
            "few files may be open (ulimit -Hn); what logs leave is for connections"
        );
    }
}

/// Reads file and overrides.
pub(crate) fn load(file: Option<&Path>, set: &[String]) -> Result<Loaded, Failure> {
    let text = match file {
        None => String::new(),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?,
    };
    let overrides = set.iter().map(|text| Settings::parse_override(text));
    let overrides: Vec<_> = overrides
        .collect::<Result<_, _>>()
        .map_err(Failure::usage)?;
    Settings::load(&text, &overrides).map_err(|refused| {
        let reasons = refused.reasons.join("\n  ");
        Failure::usage(format!("the settings can't be used:\n  {reasons}"))
            .advise("docs/config.md lists every setting with what it allows")
    })
}

/// Logs go to stderr, as text or JSON.
fn begin_logging(settings: &Settings, json: bool) -> Result<(), Failure> {
    let level = settings.get(&broker::KLAMM_LOG_LEVEL);
    let filter = EnvFilter::try_new(&level)
        .map_err(|error| Failure::usage(format!("klamm.log.level: '{level}': {error}")))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = if json {
        log.json().try_init()
    } else {
        log.try_init()
    };
    started.map_err(Failure::failed)
}

/// How long an idle thread for blocking work stays: a node at rest has none.
const POOL_KEEP_ALIVE: Duration = Duration::from_secs(1);

fn runtime(settings: &Settings) -> Result<tokio::runtime::Runtime, Failure> {
    let count = |n: i32| usize::try_from(n).unwrap_or_default();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let threads = count(settings.get(&broker::KLAMM_THREADS));
    if threads > 0 {
        builder.worker_threads(threads);
    }
    builder
        .max_blocking_threads(count(settings.get(&broker::KLAMM_BLOCKING_THREADS)).max(1))
        .thread_keep_alive(POOL_KEEP_ALIVE)
        .thread_name("klamm")
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("no runtime: {error}")))
}

/// Starts the node, says where it is, and stops it when it is told to or can't go on.
async fn serve(settings: Settings, screen: &mut Screen, logs_json: bool) -> Result<(), Failure> {
    let no_signals = |error| Failure::failed(format!("no signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    // A terminal that goes away ends a node in order, but not one that was told to outlive it.
    let mut hangup = (!klamm_host::os::ignores_hangup())
        .then(|| signal(SignalKind::hangup()))
        .transpose()
        .map_err(no_signals)?;
    let hung_up = async {
        match &mut hangup {
            Some(hangup) => hangup.recv().await,
            None => std::future::pending().await,
        }
    };
    let settings = with_absolute_folders(settings)?;
    let is_first_start = is_first_start(&settings);
    let folders = settings.data_folders().join(", ");
    let node = Broker::start(klamm_host::os::host(), settings)
        .await
        .map_err(explain)?;
    if is_first_start && logs_json {
        // Whoever reads the logs expects nothing but JSON there.
        tracing::info!(
            cluster = node.cluster_id(),
            folders,
            servers = addresses(&node),
            "first start"
        );
    } else if is_first_start {
        eprint!("{}", welcome(&node, &folders));
    }
    screen.line(format_args!("klamm ready: {}", addresses(&node)))?;
    screen.flush()?;
    let halted = tokio::select! {
        biased;
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        _ = hung_up => None,
        cause = node.halted() => Some(cause),
    };
    match &halted {
        None => tracing::info!("stopping"),
        Some(cause) => tracing::error!("stopping: {cause}"),
    }
    tokio::select! {
        biased;
        () = node.shutdown() => {}
        _ = terminate.recv() => return Err(Failure::failed("told twice to stop: not waiting any longer")),
        _ = interrupt.recv() => return Err(Failure::failed("told twice to stop: not waiting any longer")),
    }
    match halted {
        None => Ok(()),
        Some(cause) => Err(Failure::failed(cause)),
    }
}

/// Data folders as clients are told them: where they are from the root on, since a client does not know ours.
fn with_absolute_folders(mut settings: Settings) -> Result<Settings, Failure> {
    let absolute = |folder: &str| {
        let path = std::path::absolute(folder).map_err(Failure::failed)?;
        let path = path.to_string_lossy().into_owned();
        // A list of folders has no way to write a comma: such a folder keeps the name that it has.
        Ok(if path.contains(',') {
            folder.to_owned()
        } else {
            path
        })
    };
    let folders = settings.data_folders();
    let folders = folders.iter().map(|folder| absolute(folder));
    let folders = folders.collect::<Result<Vec<_>, Failure>>()?.join(",");
    settings = settings
        .with(&broker::LOG_DIRS, &folders)
        .map_err(Failure::failed)?;
    if let Some(folder) = settings.get(&broker::METADATA_LOG_DIR) {
        let folder = absolute(&folder)?;
        settings = settings
            .with(&broker::METADATA_LOG_DIR, &folder)
            .map_err(Failure::failed)?;
    }
    Ok(settings)
}

fn is_first_start(settings: &Settings) -> bool {
    !Path::new(&settings.metadata_folder())
        .join("meta.properties")
        .exists()
}

/// The listeners with their real ports, in the order of the settings.
fn addresses(node: &Broker) -> String {
    let shown = node
        .listeners()
        .iter()
        .map(|(endpoint, address)| format!("{}://{}", endpoint.listener, reachable(*address)));
    shown.collect::<Vec<_>>().join(",")
}

/// An address that this machine can dial: a listener on every interface is also on the loopback one, with IPv4, too.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut shown = address;
    if address.ip().is_unspecified() {
        shown.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    shown
}

/// What a person sees who starts a node for the first time.
fn welcome(node: &Broker, folders: &str) -> String {
    let mut text = String::new();
    let address = node
        .listeners()
        .first()
        .map(|(_, address)| reachable(*address).to_string());
    let address = address.unwrap_or_default();
    // Writing into a string does not fail.
    let _ = write!(
        text,
        "New cluster {}, data in {folders}. Kafka clients: bootstrap.servers={address}. To try it:\n  \
         klamm topic create greetings -b {address}\n  \
         echo hello | klamm produce greetings -b {address}\n  \
         klamm consume greetings --from beginning -b {address}\n",
        node.cluster_id(),
    );
    if let Some(metrics) = node.metrics_address() {
        let _ = writeln!(text, "Metrics: http://{metrics}/metrics");
    }
    text
}

fn explain(error: StartError) -> Failure {
    let advice = match &error {
        StartError::Directory(klamm_storage::OpenDirError::NotFormatted(_)) => {
            "run `klamm format` with the same settings first, or set klamm.format.auto=true"
        }
        StartError::Directory(klamm_storage::OpenDirError::InUse(_)) => {
            "another node runs there: stop it, or name another folder with --set log.dirs=…"
        }
        StartError::Directory(_) | StartError::Format(_) => {
            "the folder says whose it is in meta.properties: check node.id and log.dirs"
        }
        StartError::Listen { .. } => {
            "take another address or a free port: --set listeners=PLAINTEXT://127.0.0.1:0"
        }
        _ => return Failure::failed(error),
    };
    Failure::failed(&error).advise(advice)
}

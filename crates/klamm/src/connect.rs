//! How client commands reach a cluster, and how they say that they don't.

use crate::failure::Failure;
use crate::quantity;
use klamm_client::{Admin, Client, ClientConfig, ClientError, Target, Topic};
use klamm_settings::{Settings, parse_properties};
use klamm_wire::ErrorCode;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What all client commands take.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Connect {
    /// A broker, or several separated by commas [default: 127.0.0.1:9092].
    #[arg(short = 'b', long, value_name = "HOST:PORT")]
    bootstrap_server: Option<String>,
    /// A file of client settings in Java's properties form.
    #[arg(long, value_name = "FILE")]
    command_config: Option<PathBuf>,
    /// A client setting that wins over the file; may be given more than once.
    #[arg(short = 'X', long = "property", value_name = "NAME=VALUE")]
    property: Vec<String>,
    /// How long a call may take.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = quantity::duration)]
    timeout: Duration,
}

/// A connected command.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// For what is not administration.
    pub(crate) client: Client,
    /// For what is.
    pub(crate) admin: Admin,
}

const DEFAULT_SERVER: &str = "127.0.0.1:9092";

impl Connect {
    /// All client settings: the file, then single ones, then the options.
    pub(crate) fn properties(&self) -> Result<BTreeMap<String, String>, Failure> {
        let text = match &self.command_config {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?,
        };
        let entries = parse_properties(&text)
            .into_iter()
            .map(|p| (p.name, p.value));
        let mut properties: BTreeMap<String, String> = entries.collect();
        for text in &self.property {
            let (name, value) = Settings::parse_override(text).map_err(Failure::usage)?;
            properties.insert(name, value);
        }
        let server = self.bootstrap_server.clone();
        match server {
            Some(server) => {
                properties.insert("bootstrap.servers".to_owned(), server);
            }
            None => {
                let server = properties.entry("bootstrap.servers".to_owned());
                server.or_insert_with(|| DEFAULT_SERVER.to_owned());
            }
        }
        let millis = self
            .timeout
            .as_millis()
            .clamp(1, i32::MAX as u128)
            .to_string();
        for name in [
            "request.timeout.ms",
            "default.api.timeout.ms",
            "socket.connection.setup.timeout.ms",
        ] {
            properties
                .entry(name.to_owned())
                .or_insert_with(|| millis.clone());
        }
        Ok(properties)
    }

    /// A session, and the settings that are not its own: a producer's or consumer's. Fails at once if no broker can be
    /// reached: only later calls are repeated.
    pub(crate) async fn open(&self) -> Result<(Session, Vec<(String, String)>), Failure> {
        let (config, rest) =
            ClientConfig::from_properties(self.properties()?).map_err(Failure::usage)?;
        let client = Client::new(klamm_host::os::host(), config).map_err(explain)?;
        client.versions(Target::Any).await.map_err(explain)?;
        let admin = Admin::new(&client);
        Ok((Session { client, admin }, rest))
    }

    /// A session for commands that need no producer or consumer; warns of settings that it does not know.
    pub(crate) async fn session(&self) -> Result<Session, Failure> {
        let (session, rest) = self.open().await?;
        warn_of_unknown(&rest);
        Ok(session)
    }
}

/// Says which settings nobody took.
pub(crate) fn warn_of_unknown(rest: &[(String, String)]) {
    for (name, _) in rest {
        eprintln!("klamm: {name}: unknown client setting, ignored");
    }
}

impl Session {
    /// A topic that must be there, with its partitions in order. Never creates it.
    pub(crate) async fn topic(&self, name: &str) -> Result<Arc<Topic>, Failure> {
        let topic = self.admin.describe_topic(name).await;
        topic.map_err(|error| explain_about(format_args!("topic {name}"), error))
    }
}

/// Runs a client command on a runtime of its own.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("no runtime: {error}")))?;
    let outcome = runtime.block_on(work);
    // Connections may still wait for answers that nobody needs.
    runtime.shutdown_background();
    outcome
}

/// A client's error, with what to do next.
pub(crate) fn explain(error: ClientError) -> Failure {
    explain_text(said(&error), &error)
}

/// A client's error about one of several things.
pub(crate) fn explain_about(about: impl Display, error: ClientError) -> Failure {
    explain_text(format!("{about}: {}", said(&error)), &error)
}

/// The error in words: a code alone says little.
fn said(error: &ClientError) -> String {
    match error {
        ClientError::Server { code, message } => {
            let message = message.as_deref().map(str::trim).filter(|m| !m.is_empty());
            let words = message.unwrap_or_else(|| code.meaning().trim_end_matches('.'));
            format!("{words} ({code})")
        }
        other => other.to_string(),
    }
}

fn explain_text(text: String, error: &ClientError) -> Failure {
    let failure = match error {
        ClientError::Config(_) => return Failure::usage(text),
        ClientError::RecordTooLarge { setting, .. } => {
            return Failure::failed(text).advise(format!("-X {setting}=BYTES allows larger ones"));
        }
        _ => Failure::failed(text),
    };
    let is_unreachable = match error {
        ClientError::Disconnected { .. } => true,
        ClientError::Timeout { last: Some(last), .. } => {
            matches!(**last, ClientError::Disconnected { .. })
        }
        _ => false,
    };
    match error.code() {
        Some(code) => with_advice(failure, code),
        None if is_unreachable => failure.advise(
            "is a node running there? `klamm server` starts one, -b HOST:PORT names another",
        ),
        None => failure,
    }
}

fn with_advice(failure: Failure, code: ErrorCode) -> Failure {
    let advice = match code {
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION | ErrorCode::UNKNOWN_TOPIC_ID => {
            "`klamm topic list` shows the topics there are"
        }
        ErrorCode::TOPIC_ALREADY_EXISTS => "--if-not-exists accepts that",
        ErrorCode::INVALID_REPLICATION_FACTOR => {
            "`klamm cluster describe` shows how many brokers there are"
        }
        ErrorCode::RECORD_LIST_TOO_LARGE | ErrorCode::MESSAGE_TOO_LARGE => {
            "allow larger ones: `klamm config alter topic NAME --set max.message.bytes=BYTES`"
        }
        ErrorCode::OFFSET_OUT_OF_RANGE => "`klamm offsets TOPIC` shows the offsets there are",
        ErrorCode::UNSUPPORTED_VERSION => "the broker is too old, or does not have this feature",
        ErrorCode::INVALID_CONFIG => "docs/config.md lists every setting with what it allows",
        ErrorCode::REQUEST_TIMED_OUT => "try again, or allow more time with --timeout",
        _ => return failure,
    };
    failure.advise(advice)
}

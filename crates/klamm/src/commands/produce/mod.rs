//! `klamm produce TOPIC`: lines, JSON or whole files into a topic.
//!
//! ```text
//! stdin ─thread─▶ lines ─▶ records ─▶ producer ─▶ deliveries, the oldest awaited when too many are under way
//! ```

mod input;
pub(crate) mod settings;

use crate::connect::{Connect, block_on, explain};
use crate::failure::Failure;
use crate::screen::Screen;
use bytes::Bytes;
use indicatif::ProgressBar;
use input::{Header, InputRecord, LineForm, read_header, read_json};
use klamm_client::{ClientError, Delivered, Delivery, Producer, Record};
use serde_json::json;
use settings::ProducerOptions;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, IsTerminal};
use std::path::PathBuf;
use tokio::sync::mpsc;

const AFTER_HELP: &str = "Examples:\n  echo hello | klamm produce greetings\n  \
printf 'a=1\\nb=2\\n' | klamm produce orders --key-separator '='\n  \
klamm produce images --key cat --header type=png --file cat.png\n  \
klamm consume orders --from beginning --until end --json | klamm produce copy --input json";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The topic.
    topic: String,
    /// How standard input is read.
    #[arg(long, value_enum, default_value_t = Input::Lines)]
    input: Input,
    /// What stands between key and value of a line; without it a line is all value.
    #[arg(short = 'K', long, value_name = "TEXT")]
    key_separator: Option<String>,
    /// Lines begin with `name=value,…` and a tab.
    #[arg(long)]
    with_headers: bool,
    /// A key or value of exactly this text is null, which deletes a key in a compacted topic.
    #[arg(long, value_name = "TEXT")]
    null: Option<String>,
    /// The key of every record that has none of its own.
    #[arg(short, long)]
    key: Option<String>,
    /// A header of every record; may be given more than once.
    #[arg(short = 'H', long = "header", value_name = "NAME=VALUE", value_parser = read_header)]
    headers: Vec<Header>,
    /// The partition of every record; else the key decides.
    #[arg(short, long)]
    partition: Option<i32>,
    /// Each file is one record, instead of standard input.
    #[arg(short, long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print where each record went.
    #[arg(short, long)]
    verbose: bool,
    /// Write all records or, if anything fails, none: as one transaction under this transactional.id.
    #[arg(long, value_name = "ID", conflicts_with = "no_idempotence")]
    transactional_id: Option<String>,
    #[command(flatten)]
    producer: ProducerOptions,
    #[command(flatten)]
    connect: Connect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Input {
    /// One record a line.
    Lines,
    /// One JSON object a line, as `klamm consume --json` prints them.
    Json,
}

/// Records that may be under way. Bounds memory, and how late an error is seen.
const UNDER_WAY_MAX: usize = 20_000;

pub(crate) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    block_on(async {
        let (session, mut rest) = arguments.connect.open().await?;
        if let Some(id) = &arguments.transactional_id {
            rest.push(("transactional.id".to_owned(), id.clone()));
        }
        let config = arguments.producer.config(rest)?;
        let is_transactional = config.transactional_id.is_some();
        let producer = Producer::new(&session.client, config).map_err(explain)?;
        if is_transactional {
            producer.init_transactions().await.map_err(explain)?;
            producer.begin_transaction().map_err(explain)?;
        }
        let progress = match std::io::stdin().is_terminal() {
            // A bar would stand in the way of typing.
            true => ProgressBar::hidden(),
            false => screen.progress("records", None),
        };
        let mut sending = Sending {
            arguments,
            producer: &producer,
            under_way: VecDeque::new(),
            screen,
            progress,
            is_transactional,
            records: 0,
            bytes: 0,
        };
        let sent = sending.all().await;
        producer.flush().await;
        let delivered = sending.settle(0).await;
        sending.progress.finish_and_clear();
        if let Err(failure) = sent.and(delivered) {
            // An open transaction is aborted.
            producer.close().await;
            return Err(failure);
        }
        if is_transactional {
            let committed = sending.producer.commit_transaction().await;
            committed.map_err(|error| {
                explain(error).advise("nothing of it is seen unless it was committed: run it again")
            })?;
        }
        let (records, bytes) = (sending.records, sending.bytes);
        producer.close().await;
        if screen.is_json() {
            return screen.document(
                &json!({ "topic": arguments.topic, "records": records, "bytes": bytes }),
            );
        }
        if std::io::stderr().is_terminal() {
            eprintln!("{records} records, {bytes} bytes");
        }
        Ok(())
    })
}

/// What becomes of a record.
type Fate = <Delivery as IntoFuture>::IntoFuture;

/// What happens next: a record is delivered, or a line comes.
enum Event {
    Delivered(Result<Delivered, ClientError>),
    Line(Option<std::io::Result<Vec<u8>>>),
}

/// The state of a run.
struct Sending<'a> {
    arguments: &'a Arguments,
    producer: &'a Producer,
    /// In the order in which they were sent.
    under_way: VecDeque<Fate>,
    screen: &'a mut Screen,
    progress: ProgressBar,
    is_transactional: bool,
    /// Delivered.
    records: u64,
    /// Keys and values that were sent.
    bytes: u64,
}

impl Sending<'_> {
    async fn all(&mut self) -> Result<(), Failure> {
        if !self.arguments.files.is_empty() {
            for path in &self.arguments.files {
                let value = std::fs::read(path)
                    .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
                self.send(InputRecord { value: Some(value), ..InputRecord::default() })
                    .await?;
            }
            return Ok(());
        }
        let form = LineForm {
            key_separator: self.arguments.key_separator.clone(),
            with_headers: self.arguments.with_headers,
            null: self.arguments.null.clone(),
        };
        let mut lines = lines();
        let mut number = 0u64;
        loop {
            let line = match self.next(&mut lines).await {
                Event::Line(Some(line)) => line,
                Event::Line(None) => return Ok(()),
                Event::Delivered(delivered) => {
                    self.under_way.pop_front();
                    self.count(&delivered.map_err(explain)?)?;
                    continue;
                }
            };
            number += 1;
            let line = line.map_err(|error| Failure::failed(format!("standard input: {error}")))?;
            let record = match self.arguments.input {
                Input::Lines => form.read(&line),
                Input::Json => read_json(&line),
            };
            let record = record.map_err(|error| {
                let failure = Failure::failed(format!("line {number}: {error}"));
                match self.is_transactional {
                    true => failure.advise("nothing is written: the transaction is aborted"),
                    false => failure.advise("records before it were sent"),
                }
            })?;
            self.send(record).await?;
        }
    }

    /// The oldest record's fate or the next line, whichever is first: somebody may be typing, and wants to see.
    async fn next(&mut self, lines: &mut mpsc::Receiver<std::io::Result<Vec<u8>>>) -> Event {
        let oldest = self.under_way.front_mut();
        let delivered = async {
            match oldest {
                Some(oldest) => oldest.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            delivered = delivered => Event::Delivered(delivered),
            line = lines.recv() => Event::Line(line),
        }
    }

    async fn send(&mut self, read: InputRecord) -> Result<(), Failure> {
        let arguments = self.arguments;
        let key = read
            .key
            .or_else(|| arguments.key.clone().map(String::into_bytes));
        let headers = arguments.headers.iter().cloned().chain(read.headers);
        self.bytes += [&key, &read.value]
            .into_iter()
            .flatten()
            .map(|b| b.len() as u64)
            .sum::<u64>();
        let record = Record {
            topic: arguments.topic.clone(),
            partition: read.partition.or(arguments.partition),
            timestamp_ms: read.timestamp,
            key: key.map(Bytes::from),
            value: read.value.map(Bytes::from),
            headers: headers
                .map(|(name, value)| (name, value.map(Bytes::from)))
                .collect(),
        };
        let delivery = self.producer.send(record).await.map_err(explain)?;
        self.under_way.push_back(delivery.into_future());
        self.settle(UNDER_WAY_MAX).await
    }

    /// Waits for the oldest records until no more than `rest` are under way.
    async fn settle(&mut self, rest: usize) -> Result<(), Failure> {
        while self.under_way.len() > rest {
            let Some(oldest) = self.under_way.pop_front() else {
                break;
            };
            self.count(&oldest.await.map_err(explain)?)?;
        }
        Ok(())
    }

    fn count(&mut self, delivered: &Delivered) -> Result<(), Failure> {
        self.records += 1;
        self.progress.set_position(self.records);
        if !self.arguments.verbose {
            return Ok(());
        }
        self.print(delivered)?;
        // Whoever waits for the last word gets it; a stream of them goes in larger pieces.
        if self.under_way.is_empty() {
            self.screen.flush()
        } else {
            Ok(())
        }
    }

    fn print(&mut self, delivered: &Delivered) -> Result<(), Failure> {
        let Delivered { topic, partition, offset, timestamp_ms } = delivered;
        if self.screen.is_json() {
            return self.screen.document(&json!({
                "topic": topic.as_ref(),
                "partition": partition,
                "offset": offset,
                "timestamp": timestamp_ms,
            }));
        }
        match offset {
            Some(offset) => self
                .screen
                .line(format_args!("{topic}-{partition}@{offset}")),
            None => self.screen.line(format_args!("{topic}-{partition}")),
        }
    }
}

/// The lines of standard input, without their ends. A thread reads them, because reading blocks.
fn lines() -> mpsc::Receiver<std::io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel(1024);
    tokio::task::spawn_blocking(move || {
        let mut input = BufReader::with_capacity(256 << 10, std::io::stdin());
        loop {
            let mut line = Vec::new();
            let line = match input.read_until(b'\n', &mut line) {
                Ok(0) => return,
                Ok(_) => {
                    if line.ends_with(b"\n") {
                        line.pop();
                    }
                    Ok(line)
                }
                Err(error) => Err(error),
            };
            let is_last = line.is_err();
            if sender.blocking_send(line).is_err() || is_last {
                return;
            }
        }
    });
    receiver
}

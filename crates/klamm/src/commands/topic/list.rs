//! `klamm topic list`.

use crate::connect::{Connect, explain};
use crate::failure::Failure;
use crate::screen::Screen;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Leave internal topics out.
    #[arg(long)]
    exclude_internal: bool,
    /// Print the number of partitions and the id too.
    #[arg(short, long)]
    long: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let mut topics = session.admin.list_topics().await.map_err(explain)?;
    topics.retain(|topic| !(arguments.exclude_internal && topic.is_internal));
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    if screen.is_json() {
        let topics = topics.iter().map(|topic| {
            json!({
                "name": topic.name,
                "id": topic.id.to_string(),
                "internal": topic.is_internal,
                "partitions": topic.partitions,
            })
        });
        return screen.document(&json!({ "topics": topics.collect::<Vec<_>>() }));
    }
    if arguments.long {
        let rows = topics.iter().map(|topic| {
            vec![
                topic.name.clone(),
                topic.partitions.to_string(),
                topic.id.to_string(),
            ]
        });
        return screen.table(&["TOPIC", "PARTITIONS", "ID"], &rows.collect::<Vec<_>>());
    }
    for topic in &topics {
        screen.line(&topic.name)?;
    }
    Ok(())
}

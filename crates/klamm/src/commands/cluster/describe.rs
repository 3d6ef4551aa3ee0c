//! `klamm cluster describe`.

use crate::connect::{Connect, explain};
use crate::failure::Failure;
use crate::screen::Screen;
use serde_json::{Value, json};

pub(crate) async fn run(connect: &Connect, screen: &mut Screen) -> Result<(), Failure> {
    let session = connect.session().await?;
    let mut cluster = session.admin.describe_cluster().await.map_err(explain)?;
    cluster.brokers.sort_by_key(|broker| broker.id);
    if screen.is_json() {
        let brokers = cluster.brokers.iter().map(|broker| {
            json!({
                "id": broker.id,
                "host": broker.address.host,
                "port": broker.address.port,
                "rack": broker.rack,
            })
        });
        let brokers: Vec<Value> = brokers.collect();
        return screen.document(&json!({
            "cluster_id": cluster.cluster_id,
            "controller_id": cluster.controller_id,
            "brokers": brokers,
        }));
    }
    screen.line(format_args!("cluster {}", cluster.cluster_id))?;
    let rows = cluster.brokers.iter().map(|broker| {
        let is_controller = Some(broker.id) == cluster.controller_id;
        vec![
            format!("  {}", broker.id),
            broker.address.to_string(),
            broker.rack.clone().unwrap_or_default(),
            if is_controller { "controller" } else { "" }.to_owned(),
        ]
    });
    screen.table(
        &["  BROKER", "ADDRESS", "RACK", ""],
        &rows.collect::<Vec<_>>(),
    )
}

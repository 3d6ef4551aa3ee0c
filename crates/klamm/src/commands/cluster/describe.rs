//! `klamm cluster describe`.

use crate::connect::{Connect, check};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::Target;
use klamm_wire::messages::describe_cluster::DescribeClusterRequest;
use serde_json::{Value, json};

pub(crate) async fn run(connect: &Connect, screen: &mut Screen) -> Result<(), Failure> {
    let session = connect.session()?;
    // Endpoint type 1: brokers.
    let request = DescribeClusterRequest { endpoint_type: 1, ..Default::default() };
    let mut cluster = session.ask(Target::Any, &request).await?;
    check(
        cluster.error_code,
        cluster.error_message.as_ref(),
        "cluster",
    )?;
    cluster.brokers.sort_by_key(|broker| broker.broker_id);
    if screen.is_json() {
        let brokers = cluster.brokers.iter().map(|broker| {
            json!({
                "id": broker.broker_id,
                "host": broker.host.as_str(),
                "port": broker.port,
                "rack": broker.rack.as_deref(),
                "fenced": broker.is_fenced,
            })
        });
        let brokers: Vec<Value> = brokers.collect();
        return screen.document(&json!({
            "cluster_id": cluster.cluster_id.as_str(),
            "controller_id": cluster.controller_id,
            "brokers": brokers,
        }));
    }
    screen.line(format_args!("cluster {}", cluster.cluster_id))?;
    let rows = cluster.brokers.iter().map(|broker| {
        let role = if broker.broker_id == cluster.controller_id {
            "controller"
        } else {
            ""
        };
        vec![
            format!("  {}", broker.broker_id),
            format!("{}:{}", broker.host, broker.port),
            broker.rack.as_deref().unwrap_or_default().to_owned(),
            role.to_owned(),
        ]
    });
    screen.table(
        &["  BROKER", "ADDRESS", "RACK", ""],
        &rows.collect::<Vec<_>>(),
    )
}

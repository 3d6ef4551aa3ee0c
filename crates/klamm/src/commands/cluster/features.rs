//! `klamm cluster features`.

use crate::connect::{Connect, explain};
use crate::failure::Failure;
use crate::screen::Screen;
use klamm_client::{ClientError, Target};
use klamm_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use klamm_wire::{ApiKey, ErrorCode};
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The requests that a broker answers, too.
    #[arg(long)]
    apis: bool,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let session = arguments.connect.session().await?;
    let request = ApiVersionsRequest {
        client_software_name: "klamm".into(),
        client_software_version: env!("CARGO_PKG_VERSION").into(),
    };
    let answer = session
        .client
        .request(Target::Any, &request, None)
        .await
        .map_err(explain)?;
    if answer.error_code != 0 {
        let code = ErrorCode::from(answer.error_code);
        return Err(explain(ClientError::Server { code, message: None }));
    }
    let features = features(&answer);
    if screen.is_json() {
        let features = features.iter().map(|feature| {
            json!({
                "name": feature.name,
                "supported_min": feature.supported.0,
                "supported_max": feature.supported.1,
                "level": feature.level,
            })
        });
        let features: Vec<Value> = features.collect();
        let apis = answer.api_keys.iter().map(|api| {
            json!({ "key": api.api_key, "name": name_of(api.api_key), "min": api.min_version, "max": api.max_version })
        });
        let apis: Vec<Value> = apis.collect();
        return screen.document(&json!({ "features": features, "apis": apis }));
    }
    let rows = features.iter().map(|feature| {
        vec![
            feature.name.clone(),
            feature
                .level
                .map_or("off".to_owned(), |level| level.to_string()),
            format!("{} to {}", feature.supported.0, feature.supported.1),
        ]
    });
    screen.table(
        &["FEATURE", "LEVEL", "SUPPORTED"],
        &rows.collect::<Vec<_>>(),
    )?;
    if arguments.apis {
        screen.line("")?;
        let rows = answer.api_keys.iter().map(|api| {
            let versions = format!("{} to {}", api.min_version, api.max_version);
            vec![api.api_key.to_string(), name_of(api.api_key), versions]
        });
        screen.table(&["KEY", "REQUEST", "VERSIONS"], &rows.collect::<Vec<_>>())?;
    }
    Ok(())
}

struct Feature {
    name: String,
    supported: (i16, i16),
    level: Option<i16>,
}

fn features(answer: &ApiVersionsResponse) -> Vec<Feature> {
    let supported = answer.supported_features.iter();
    let mut features: Vec<Feature> = supported
        .map(|feature| {
            let finalized = answer
                .finalized_features
                .iter()
                .find(|f| f.name == feature.name);
            Feature {
                name: feature.name.to_string(),
                supported: (feature.min_version, feature.max_version),
                level: finalized
                    .map(|f| f.max_version_level)
                    .filter(|level| *level > 0),
            }
        })
        .collect();
    features.sort_by(|a, b| a.name.cmp(&b.name));
    features
}

fn name_of(key: i16) -> String {
    ApiKey::from_i16(key).map_or_else(|| "unknown".to_owned(), |api| api.name().to_owned())
}

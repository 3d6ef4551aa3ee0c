//! The HTTP endpoint of `metrics.listener`: `/metrics`, `/health`, `/ready`.

use super::scrape;
use crate::node::Node;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use klamm_host::{Host, Listener};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Scrapes at once; more wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 16;
const HEADER_WAIT_MAX: Duration = Duration::from_secs(5);

/// Whether the node serves requests: false while it starts and once it stops.
#[derive(Debug, Default)]
pub(crate) struct Readiness(AtomicBool);

impl Readiness {
    pub(crate) fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Release);
    }

    fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Answers scrapes until the task is ended.
pub(crate) async fn serve(
    mut listener: Box<dyn Listener>,
    node: Arc<Node>,
    readiness: Arc<Readiness>,
    host: Host,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let accepted = std::future::poll_fn(|cx| listener.poll_accept(cx)).await;
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (node, readiness) = (Arc::clone(&node), Arc::clone(&readiness));
        host.tasks.spawn(Box::pin(async move {
            let _place = place;
            let service = hyper::service::service_fn(async |request| {
                Ok::<_, Infallible>(answer(&request, &node, &readiness).await)
            });
            let served = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_WAIT_MAX)
                .max_buf_size(16 << 10)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "a scrape ended early");
            }
        }));
    }
}

async fn answer(
    request: &Request<Incoming>,
    node: &Node,
    readiness: &Readiness,
) -> Response<Full<Bytes>> {
    if request.method() != Method::GET {
        return text(
            StatusCode::METHOD_NOT_ALLOWED,
            "only GET is answered here\n".into(),
        );
    }
    match request.uri().path() {
        "/metrics" => match scrape::text(node).await {
            Ok(page) => text(StatusCode::OK, page),
            Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        },
        "/health" if node.partitions.any_directory_online() => text(StatusCode::OK, "ok\n".into()),
        "/health" => text(
            StatusCode::SERVICE_UNAVAILABLE,
            "every log directory is offline\n".into(),
        ),
        "/ready" if readiness.is_ready() => text(StatusCode::OK, "ready\n".into()),
        "/ready" => text(StatusCode::SERVICE_UNAVAILABLE, "not serving\n".into()),
        _ => text(
            StatusCode::NOT_FOUND,
            "see /metrics, /health and /ready\n".into(),
        ),
    }
}

fn text(status: StatusCode, page: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(page.into()));
    *response.status_mut() = status;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let kind = if status == StatusCode::OK {
        kind
    } else {
        "text/plain; charset=utf-8"
    };
    response.headers_mut().insert(
        "content-type",
        hyper::header::HeaderValue::from_static(kind),
    );
    response
}

//! Replays the seeds of the fuzz targets.

use std::path::Path;

#[path = "../../../../fuzz/bodies/frame.rs"]
mod frame;
#[path = "../../../../fuzz/bodies/produce_visitor.rs"]
mod produce_visitor;
#[path = "../../../../fuzz/bodies/request.rs"]
mod request;
#[path = "../../../../fuzz/bodies/response.rs"]
mod response;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let mut seeds = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        eprintln!("{}", path.display());
        run(&std::fs::read(&path).unwrap());
        seeds += 1;
    }
    assert!(seeds >= 5, "{seeds}");
}

#[test]
fn frames() {
    replay("frame", frame::run);
}

#[test]
fn requests() {
    replay("request", request::run);
}

#[test]
fn responses() {
    replay("response", response::run);
}

#[test]
fn produce_requests() {
    replay("produce_visitor", produce_visitor::run);
}

//! Foreign load tools for `bench compare`.

use super::foreign::copy_crate;
use super::provision::{cache, must, need, once};
use crate::shell::root;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How librdkafka's tool is made. It gives every group a session timeout, which the new protocol refuses.
const RECIPE: &str = "cd crate/librdkafka && chmod +x configure lds-gen.py && \
    sed -i '/\"session.timeout.ms\"/d' examples/rdkafka_performance.c && \
    ./configure --disable-gssapi --disable-ssl --disable-curl --disable-zstd && \
    make -C src librdkafka.a && make -C examples rdkafka_performance";

/// librdkafka's `rdkafka_performance`, built from the source that the rdkafka crate brings.
pub(crate) fn rdkafka_performance() -> Result<PathBuf> {
    need(&["gcc", "g++", "make", "python3"])?;
    let manifest = std::fs::read_to_string(root().join("compat/rdkafka/Cargo.toml.in"))?;
    let folder = cache("rdkafka-performance");
    once(
        &folder,
        &format!("{manifest}\n{RECIPE}"),
        |folder: &Path| {
            copy_crate(&manifest, "rdkafka-sys", folder)?;
            must(Command::new("sh").args(["-c", RECIPE]).current_dir(folder))
        },
    )?;
    Ok(folder.join("crate/librdkafka/examples/rdkafka_performance"))
}

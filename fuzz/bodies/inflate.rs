//! A compressed body: one byte for the codec, then what a client says it compressed.

use klamm_records::{Compression, InflateError, InflateLimit, InflateReader, Inflater};

const LIMIT: usize = 1 << 20;

/// Inflates. No more than the limit comes out, and the size of the reads does not matter.
pub(crate) fn run(data: &[u8]) {
    let Some((codec, body)) = data.split_first() else {
        return;
    };
    let Some(codec) = Compression::from_id(codec % 5) else {
        return;
    };
    let mut inflater = Inflater::new();
    let limit = InflateLimit::bytes(LIMIT);
    let whole = inflater
        .reader(codec, body, limit)
        .and_then(InflateReader::read_to_end);
    let pieces = inflater
        .reader(codec, body, limit)
        .and_then(|reader| read(reader, 777));
    match (&whole, &pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert!(whole.len() <= LIMIT);
            assert!(whole == pieces, "{codec}: the size of reads matters");
        }
        (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => panic!("{codec}: only one way: {error}"),
    }
}

fn read(mut reader: InflateReader<'_>, size: usize) -> Result<Vec<u8>, InflateError> {
    let mut out = Vec::new();
    let mut piece = vec![0; size];
    loop {
        let count = reader.read(&mut piece)?;
        if count == 0 {
            return Ok(out);
        }
        out.extend(piece.iter().take(count));
    }
}

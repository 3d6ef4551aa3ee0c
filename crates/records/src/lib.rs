//! Record batches, magic 2: view without copying, build, validate, compress.

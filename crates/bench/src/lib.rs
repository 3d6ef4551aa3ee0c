//! Load, raw limit loops and ratios in one run.

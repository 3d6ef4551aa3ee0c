//! Every setting: name, type, default, range, scope and meaning.

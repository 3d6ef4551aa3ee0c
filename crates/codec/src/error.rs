//! Why bytes are no value, and why a value can't become bytes.

use thiserror::Error;

/// Why bytes of a peer or a disk are not the value that was expected. Always theirs, never a panic of ours.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The bytes end before the value does.
    #[error("{needed} bytes are needed and {remaining} remain")]
    Truncated {
        /// What the value needs, as far as known.
        needed: usize,
        /// What is left.
        remaining: usize,
    },
    /// A variable-length number goes on for too long, or holds more than its type.
    #[error("a variable-length number is longer than its type allows")]
    VarintTooLong,
    /// A length below -1.
    #[error("length {0} is negative")]
    NegativeLength(i64),
    /// Null where the schema asks for a value.
    #[error("null where a value must be")]
    UnexpectedNull,
    /// Text that is no UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// The frame asks for more elements or memory than its size justifies.
    #[error("the elements of this frame exceed its decode budget")]
    BudgetExceeded,
    /// Tags have to rise, which also rules out doubles.
    #[error("tag {0} does not follow its predecessor in order")]
    TagOrder(u32),
    /// A known tagged field is shorter or longer than its announced size.
    #[error("tagged field {0} does not fill its announced size")]
    TagSize(u32),
    /// The value ends before the bytes do.
    #[error("{0} bytes are left over")]
    TrailingBytes(usize),
    /// A message that we know, in a version that we don't.
    #[error("{message} has no version {version}")]
    UnsupportedVersion {
        /// The message, as Kafka names it.
        message: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// A number that names no message or record of ours.
    #[error("{what} {id} is unknown")]
    UnknownId {
        /// What the number stands for.
        what: &'static str,
        /// The number.
        id: i64,
    },
}

/// Why a value can't be written in a version. A mistake of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// A field is set, must not be dropped, and this version has no place for it.
    #[error("version {version} has no place for {field}")]
    UnsupportedField {
        /// `Message.field`.
        field: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// A field is null, which this version can't say.
    #[error("{field} must not be null in version {version}")]
    UnexpectedNull {
        /// `Message.field`.
        field: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// Text, bytes or an array longer than its length prefix can say.
    #[error("length {0} does not fit its prefix")]
    TooLong(usize),
    /// A message that we know, in a version that we don't.
    #[error("{message} has no version {version}")]
    UnsupportedVersion {
        /// The message, as Kafka names it.
        message: &'static str,
        /// The version asked for.
        version: i16,
    },
}

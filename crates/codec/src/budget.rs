//! What one frame may cost us.

use crate::DecodeError;

/// How many array elements one frame may hold, and how many bytes they may take in memory.
///
/// Text, bytes and records are slices of the frame and cost nothing here. Elements cost their size in memory, which
/// can be many times their size in the frame: an empty string is one byte there and 32 here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Array elements left.
    pub elements: usize,
    /// Bytes of memory left.
    pub allocated_bytes: usize,
}

impl Budget {
    /// The most memory that the default budget grants to the elements of one frame, however long the frame is.
    pub const ALLOCATED_BYTES_MAX: usize = 512 << 20;

    /// Bytes of memory for each byte of the frame. The leanest elements of Kafka's schemas need fewer (a test in `wire`
    /// keeps it so), hence no honest frame below the ceiling is refused.
    pub const BYTES_PER_BYTE: usize = 64;

    /// The default: as many elements as the frame has bytes, and a few more.
    #[must_use]
    pub const fn for_frame(frame_bytes: usize) -> Self {
        let allocated = frame_bytes
            .saturating_mul(Self::BYTES_PER_BYTE)
            .saturating_add(64 << 10);
        Self {
            elements: frame_bytes.saturating_add(16),
            allocated_bytes: if allocated < Self::ALLOCATED_BYTES_MAX {
                allocated
            } else {
                Self::ALLOCATED_BYTES_MAX
            },
        }
    }

    /// Takes `count` elements of `element_bytes` each.
    ///
    /// # Errors
    /// Not that much is left; the budget is as before.
    pub(crate) fn take(&mut self, count: usize, element_bytes: usize) -> Result<(), DecodeError> {
        let bytes = count.saturating_mul(element_bytes);
        let elements_left = self.elements.checked_sub(count);
        let bytes_left = self.allocated_bytes.checked_sub(bytes);
        let (Some(elements), Some(allocated_bytes)) = (elements_left, bytes_left) else {
            return Err(DecodeError::BudgetExceeded);
        };
        *self = Self { elements, allocated_bytes };
        Ok(())
    }
}

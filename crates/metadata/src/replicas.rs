//! A short list of broker ids that costs 16 bytes as long as it holds at most three.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Broker ids in order. Up to three live inside the value; more are shared on the heap.
#[derive(Clone)]
pub struct Replicas(Form);

/// How many ids fit without the heap: the replication factor that almost everybody uses.
const INLINE: usize = 3;

#[derive(Clone)]
enum Form {
    Inline { len: u8, ids: [i32; INLINE] },
    // Boxed so that the pointer is thin: a fat one would add eight bytes to every partition.
    Shared(Arc<Box<[i32]>>),
}

impl Replicas {
    /// No broker at all.
    pub const NONE: Self = Self(Form::Inline { len: 0, ids: [0; INLINE] });

    /// The ids of a slice.
    #[must_use]
    pub fn new(ids: &[i32]) -> Self {
        let mut inline = [0; INLINE];
        match (inline.get_mut(..ids.len()), u8::try_from(ids.len())) {
            (Some(slots), Ok(len)) => {
                slots.copy_from_slice(ids);
                Self(Form::Inline { len, ids: inline })
            }
            _ => Self(Form::Shared(Arc::new(ids.into()))),
        }
    }
}

impl Deref for Replicas {
    type Target = [i32];

    fn deref(&self) -> &[i32] {
        match &self.0 {
            Form::Inline { len, ids } => ids.get(..usize::from(*len)).unwrap_or_default(),
            Form::Shared(ids) => ids,
        }
    }
}

impl PartialEq for Replicas {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Replicas {}

impl fmt::Debug for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl From<&[i32]> for Replicas {
    fn from(ids: &[i32]) -> Self {
        Self::new(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_lists_read_the_same() {
        assert_eq!(size_of::<Replicas>(), 16);
        for len in 0..6 {
            let ids: Vec<i32> = (10..10 + len).collect();
            assert_eq!(&*Replicas::new(&ids), &*ids);
        }
        assert_eq!(&*Replicas::NONE, &[0; 0]);
        assert_ne!(Replicas::new(&[1, 2]), Replicas::new(&[1, 2, 0]));
    }
}

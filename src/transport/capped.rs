//! The first and the last bytes of a stream: whatever a process prints, it costs no more memory than its cap.

use std::collections::VecDeque;

use crate::model::OutputCap;

/// Keeps the head and the tail of what is pushed into it, and counts the rest.
#[derive(Debug)]
pub(super) struct Capped {
    cap: OutputCap,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
}

impl Capped {
    pub(super) fn new(cap: OutputCap) -> Self {
        Self {
            cap,
            head: Vec::new(),
            tail: VecDeque::new(),
            total: 0,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = self.cap.head_bytes - self.head.len();
        let (first, rest) = bytes.split_at(bytes.len().min(room));
        self.head.extend_from_slice(first);
        let kept = &rest[rest.len().saturating_sub(self.cap.tail_bytes)..];
        let too_many = (self.tail.len() + kept.len()).saturating_sub(self.cap.tail_bytes);
        self.tail.drain(..too_many);
        self.tail.extend(kept);
    }

    /// How many bytes have come so far.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// What came after the first `seen` bytes, as far as it is still there.
    pub(super) fn since(&self, seen: u64) -> Vec<u8> {
        let head_from = usize::try_from(seen).map_or(self.head.len(), |at| at.min(self.head.len()));
        let unseen = usize::try_from(self.total.saturating_sub(seen)).unwrap_or(usize::MAX);
        let tail_from = self.tail.len() - unseen.min(self.tail.len());
        let mut bytes = self.head[head_from..].to_vec();
        bytes.extend(self.tail.range(tail_from..));
        bytes
    }

    /// The bytes that were kept, and how many were left out between head and tail.
    pub(super) fn into_parts(mut self) -> (Vec<u8>, u64) {
        let kept = (self.head.len() + self.tail.len()) as u64;
        self.head.extend(&self.tail);
        (self.head, self.total - kept)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SMALL: OutputCap = OutputCap {
        head_bytes: 4,
        tail_bytes: 3,
    };

    #[test]
    fn middle_is_left_out_and_counted() {
        let mut capped = Capped::new(SMALL);
        capped.push(b"abcdef");
        capped.push(b"ghijklm");
        assert_eq!(capped.into_parts(), (b"abcdklm".to_vec(), 6));
    }

    proptest! {
        #[test]
        fn watcher_who_looks_after_every_push_sees_every_byte_that_fits(
            pushes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..8)
        ) {
            let mut capped = Capped::new(SMALL);
            let mut seen = Vec::new();
            for push in &pushes {
                let before = capped.total();
                capped.push(push);
                seen.extend(capped.since(before));
            }
            let whole = pushes.concat();
            prop_assert_eq!(&seen, &whole);
            let (kept, omitted) = capped.into_parts();
            prop_assert_eq!(kept.len() as u64 + omitted, whole.len() as u64);
            let head = whole.len().min(4);
            prop_assert_eq!(&kept[..head], &whole[..head]);
            prop_assert!(whole.ends_with(&kept[head..]));
        }
    }
}

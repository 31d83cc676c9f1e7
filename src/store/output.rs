//! Which output is kept: the first and the last of each stream of each target, and how much lies between.

use std::collections::{HashMap, VecDeque};

use serde::Serialize;

use crate::model::{EffectId, OutputCap, OutputStream, TargetName};

/// How much of one stream of one target is kept on disk for one effect: enough to see what went wrong.
/// Ten thousand targets that print without end fill 2.5 GB at most with it.
pub const STORED_OUTPUT: OutputCap = OutputCap {
    head_bytes: 64 << 10,
    tail_bytes: 64 << 10,
};

/// Which output is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFilter {
    /// Only what has a number above this.
    pub after: u64,
    pub target: Option<TargetName>,
    pub limit: usize,
}

impl Default for OutputFilter {
    fn default() -> Self {
        Self {
            after: 0,
            target: None,
            limit: super::NO_LIMIT,
        }
    }
}

/// Output that was left out in the middle of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutputCut {
    pub effect: EffectId,
    pub target: TargetName,
    pub stream: OutputStream,
    pub bytes: u64,
}

/// One stream of one target in one effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct OutputKey {
    pub(super) effect: EffectId,
    pub(super) target: TargetName,
    pub(super) stream: OutputStream,
}

/// What to do with the chunks of a stream after another has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Thinning {
    /// The numbers of the chunks that give way to it.
    pub(super) gone: Vec<u64>,
    /// Their bytes.
    pub(super) cut_bytes: u64,
}

/// Decides which chunks are kept. Whole chunks: a stream keeps at most one chunk more than its cap.
#[derive(Debug)]
pub(super) struct OutputThinner {
    cap: OutputCap,
    streams: HashMap<OutputKey, Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    head_bytes: usize,
    tail: VecDeque<(u64, usize)>,
    tail_bytes: usize,
}

impl OutputThinner {
    pub(super) fn new(cap: OutputCap) -> Self {
        Self {
            cap,
            streams: HashMap::new(),
        }
    }

    /// Takes in the chunk of this number. It is kept, for now; others may have to go.
    pub(super) fn take(&mut self, key: &OutputKey, seq: u64, bytes: usize) -> Thinning {
        let mut thinning = Thinning::default();
        if !self.streams.contains_key(key) {
            self.streams.insert(key.clone(), Kept::default());
        }
        let Some(kept) = self.streams.get_mut(key) else {
            return thinning;
        };
        if kept.head_bytes < self.cap.head_bytes {
            kept.head_bytes += bytes;
            return thinning;
        }
        kept.tail.push_back((seq, bytes));
        kept.tail_bytes += bytes;
        while let Some(&(oldest, length)) = kept.tail.front()
            && kept.tail_bytes - length >= self.cap.tail_bytes
        {
            kept.tail.pop_front();
            kept.tail_bytes -= length;
            thinning.gone.push(oldest);
            thinning.cut_bytes += length as u64;
        }
        thinning
    }

    /// Forgets a target whose effect is over: nothing more comes of it.
    pub(super) fn finish(&mut self, effect: &EffectId, target: &TargetName) {
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            let key = OutputKey {
                effect: effect.clone(),
                target: target.clone(),
                stream,
            };
            self.streams.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::effect_id;

    #[test]
    fn head_and_tail_are_kept_and_the_middle_is_counted() {
        let cap = OutputCap {
            head_bytes: 10,
            tail_bytes: 10,
        };
        let mut thinner = OutputThinner::new(cap);
        let key = OutputKey {
            effect: effect_id("", 1),
            target: "web1".into(),
            stream: OutputStream::Stdout,
        };
        let mut kept: Vec<u64> = Vec::new();
        let mut cut = 0;
        for seq in 1..=100 {
            kept.push(seq);
            let thinning = thinner.take(&key, seq, 4);
            kept.retain(|chunk| !thinning.gone.contains(chunk));
            cut += thinning.cut_bytes;
            assert!(kept.len() * 4 <= 10 + 10 + 2 * 4);
        }
        assert_eq!(kept, [1, 2, 3, 98, 99, 100]);
        assert_eq!(cut, 94 * 4);
    }

    #[test]
    fn streams_are_apart_and_forgotten_when_their_target_is_over() {
        let mut thinner = OutputThinner::new(OutputCap {
            head_bytes: 1,
            tail_bytes: 1,
        });
        let key = |stream| OutputKey {
            effect: effect_id("", 1),
            target: "web1".into(),
            stream,
        };
        thinner.take(&key(OutputStream::Stdout), 1, 5);
        assert_eq!(
            thinner.take(&key(OutputStream::Stderr), 2, 5),
            Thinning::default()
        );
        thinner.finish(&effect_id("", 1), &"web1".into());
        assert!(thinner.streams.is_empty());
    }
}

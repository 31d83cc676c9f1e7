//! A fair bound over many lanes: who starts next when many actions share so many slots.

use std::{
    collections::{BTreeMap, VecDeque},
    num::NonZeroUsize,
};

/// A lane: one of many that want slots, such as an action with its targets.
pub type Lane = u64;

/// Slots that lanes take turns in. Each turn is one slot, so a lane with 10,000 targets holds up none with three;
/// lanes come in the order in which they were opened. Every operation is a lookup and no search.
#[derive(Clone, Debug)]
pub struct Slots {
    free: usize,
    lanes: BTreeMap<Lane, Wants>,
    /// The lanes that could use a slot, each once, the next to be served first.
    turns: VecDeque<Lane>,
}

#[derive(Clone, Debug)]
struct Wants {
    waiting: usize,
    running: usize,
    limit: usize,
    has_turn: bool,
}

impl Slots {
    /// So many slots, all free.
    #[must_use]
    pub const fn new(slots: NonZeroUsize) -> Self {
        Self {
            free: slots.get(),
            lanes: BTreeMap::new(),
            turns: VecDeque::new(),
        }
    }

    /// Opens a lane that wants `waiting` slots, or adds them to one that is open, whose limit stays.
    pub fn want(&mut self, lane: Lane, waiting: usize, limit: Option<NonZeroUsize>) {
        let wants = self.lanes.entry(lane).or_insert(Wants {
            waiting: 0,
            running: 0,
            limit: limit.map_or(usize::MAX, NonZeroUsize::get),
            has_turn: false,
        });
        wants.waiting = wants.waiting.saturating_add(waiting);
        self.give_turn(lane);
    }

    /// Takes a slot for the lane whose turn it is. `None` if no slot is free or no lane may have one.
    pub fn take(&mut self) -> Option<Lane> {
        while self.free > 0 {
            let lane = self.turns.pop_front()?;
            // One that was dropped in the meantime is gone.
            let Some(wants) = self.lanes.get_mut(&lane) else {
                continue;
            };
            wants.has_turn = false;
            if wants.waiting == 0 || wants.running == wants.limit {
                continue;
            }
            wants.waiting -= 1;
            wants.running += 1;
            self.free -= 1;
            self.give_turn(lane);
            return Some(lane);
        }
        None
    }

    /// Gives back one slot of a lane. A lane that wants no more and has given back all is closed.
    /// Giving back what was not taken changes nothing.
    pub fn give_back(&mut self, lane: Lane) {
        if let Some(wants) = self.lanes.get_mut(&lane)
            && wants.running > 0
        {
            wants.running -= 1;
            self.free += 1;
            self.close_or_give_turn(lane);
        }
    }

    /// The lane wants no more slots; those that it has are still to be given back. Returns how many it had waited for.
    pub fn drop_waiting(&mut self, lane: Lane) -> usize {
        let Some(wants) = self.lanes.get_mut(&lane) else {
            return 0;
        };
        let waiting = std::mem::take(&mut wants.waiting);
        self.close_or_give_turn(lane);
        waiting
    }

    /// How many slots are free.
    #[must_use]
    pub const fn free(&self) -> usize {
        self.free
    }

    /// How many lanes are open.
    #[must_use]
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }

    fn close_or_give_turn(&mut self, lane: Lane) {
        let is_over = self
            .lanes
            .get(&lane)
            .is_some_and(|wants| wants.waiting == 0 && wants.running == 0);
        if !is_over {
            self.give_turn(lane);
        } else if let Some(wants) = self.lanes.remove(&lane)
            && wants.has_turn
        {
            self.turns.retain(|other| *other != lane);
        }
    }

    fn give_turn(&mut self, lane: Lane) {
        if let Some(wants) = self.lanes.get_mut(&lane)
            && !wants.has_turn
            && wants.waiting > 0
            && wants.running < wants.limit
        {
            wants.has_turn = true;
            self.turns.push_back(lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slots(many: usize) -> Slots {
        Slots::new(NonZeroUsize::new(many).unwrap())
    }

    fn take_all(slots: &mut Slots) -> Vec<Lane> {
        std::iter::from_fn(|| slots.take()).collect()
    }

    #[test]
    fn lanes_take_turns() {
        let mut slots = slots(5);
        slots.want(7, 10_000, None);
        slots.want(3, 2, None);
        assert_eq!(take_all(&mut slots), [7, 3, 7, 3, 7]);
        slots.give_back(3);
        slots.want(5, 1, None);
        slots.give_back(3);
        assert_eq!(take_all(&mut slots), [7, 5]);
    }

    #[test]
    fn a_lane_at_its_limit_holds_up_no_other() {
        let mut slots = slots(4);
        slots.want(1, 5, NonZeroUsize::new(1));
        slots.want(2, 2, None);
        assert_eq!(take_all(&mut slots), [1, 2, 2]);
        slots.give_back(1);
        assert_eq!(take_all(&mut slots), [1]);
    }

    #[test]
    fn a_lane_that_wants_no_more_is_closed_when_all_is_given_back() {
        let mut slots = slots(2);
        slots.want(1, 9, None);
        assert_eq!(take_all(&mut slots), [1, 1]);
        assert_eq!(slots.drop_waiting(1), 7);
        assert_eq!(slots.lanes(), 1);
        slots.give_back(1);
        slots.give_back(1);
        slots.give_back(1);
        assert_eq!((slots.lanes(), slots.free()), (0, 2));
        slots.want(1, 1, None);
        assert_eq!(slots.drop_waiting(1), 1);
        assert_eq!(slots.drop_waiting(1), 0);
        assert!(slots.turns.is_empty());
    }

    proptest! {
        #[test]
        fn no_limit_is_passed_and_no_slot_stays_free_that_somebody_could_use(
            many in 1..6_usize,
            wanted in prop::collection::vec((0..20_usize, 1..4_usize), 1..8),
            ends in prop::collection::vec(any::<u16>(), 1..60),
        ) {
            let mut slots = slots(many);
            let mut waiting: Vec<usize> = wanted.iter().map(|(count, _)| *count).collect();
            for (lane, (count, limit)) in wanted.iter().enumerate() {
                slots.want(lane as Lane, *count, NonZeroUsize::new(*limit));
            }
            let mut running: Vec<usize> = Vec::new();
            let mut ends = ends.into_iter().cycle();
            loop {
                for lane in take_all(&mut slots) {
                    let lane = usize::try_from(lane).unwrap();
                    waiting[lane] -= 1;
                    running.push(lane);
                }
                let of = |lane: usize| running.iter().filter(|other| **other == lane).count();
                prop_assert!(running.len() <= many);
                for (lane, (_, limit)) in wanted.iter().enumerate() {
                    prop_assert!(of(lane) <= *limit);
                    let could = waiting[lane] > 0 && of(lane) < *limit;
                    prop_assert!(!could || running.len() == many, "lane {} is held up", lane);
                }
                if running.is_empty() {
                    break;
                }
                let ended = running.swap_remove(usize::from(ends.next().unwrap()) % running.len());
                slots.give_back(ended as Lane);
            }
            prop_assert!(waiting.iter().all(|count| *count == 0));
        }
    }
}

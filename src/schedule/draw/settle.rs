//! The exact places in layers whose order is given: near to what each is linked to, and never too near to a neighbour.

/// How often all layers are gone through. Places hardly move after a dozen times.
const SWEEPS: usize = 16;

/// Something that has a place in a layer.
#[derive(Clone, Debug, Default)]
pub(super) struct Settler {
    /// What it takes of its layer, with the gap to the next.
    pub(super) size: f64,
    /// Its middle; where it begins does not matter.
    pub(super) middle: f64,
    /// What it is linked to in the layer before and the layer after, and how strongly each pulls.
    pub(super) before: Vec<(usize, f64)>,
    pub(super) after: Vec<(usize, f64)>,
}

/// Settles all layers, each in its order.
///
/// Layer by layer, forth and back, everything is pulled to the weighted middle of its links on one side, then of all.
/// In a layer, the places with the least sum of squared distances to where they are pulled, and with enough between
/// neighbours, are found by pooling adjacent violators (Barlow et al., 1972) in linear time.
pub(super) fn settle(settlers: &mut [Settler], layers: &[Vec<usize>]) {
    for layer in layers {
        let mut begin = -layer.iter().map(|&at| settlers[at].size).sum::<f64>() / 2.0;
        for &at in layer {
            settlers[at].middle = begin + settlers[at].size / 2.0;
            begin += settlers[at].size;
        }
    }
    for sweep in 0..SWEEPS {
        let is_last = sweep + 2 >= SWEEPS;
        let sides = match (is_last, sweep % 2) {
            (true, _) => (1.0, 1.0),
            (false, 0) => (1.0, 0.0),
            (false, _) => (0.0, 1.0),
        };
        // Forth with the layer before in place, back with the layer after.
        for number in 0..layers.len() {
            let number = match sweep % 2 {
                0 => number,
                _ => layers.len() - 1 - number,
            };
            settle_layer(settlers, &layers[number], sides);
        }
    }
}

/// Neighbours that have been pushed together: their common offset and how strongly it is held.
struct Pool {
    offset: f64,
    weight: f64,
    members: usize,
}

fn settle_layer(settlers: &mut [Settler], layer: &[usize], (before, after): (f64, f64)) {
    let mut pools: Vec<Pool> = Vec::with_capacity(layer.len());
    // Where a place would be if all before it in the layer were packed from zero.
    let mut packed = 0.0;
    for &at in layer {
        let settler = &settlers[at];
        let (wanted, weight) = pull(settlers, settler, before, after);
        let mut pool = Pool {
            offset: wanted - packed - settler.size / 2.0,
            weight,
            members: 1,
        };
        packed += settler.size;
        while let Some(last) = pools.pop_if(|last| last.offset >= pool.offset) {
            let weight = last.weight + pool.weight;
            pool = Pool {
                offset: (last.offset * last.weight + pool.offset * pool.weight) / weight,
                weight,
                members: last.members + pool.members,
            };
        }
        pools.push(pool);
    }
    let offsets = pools
        .iter()
        .flat_map(|pool| std::iter::repeat_n(pool.offset, pool.members));
    let mut packed = 0.0;
    for (&at, offset) in layer.iter().zip(offsets) {
        let settler = &mut settlers[at];
        settler.middle = offset + packed + settler.size / 2.0;
        packed += settler.size;
    }
}

/// Where a settler is pulled to, and how strongly. One without links stays where it is as long as nobody needs the place.
fn pull(settlers: &[Settler], settler: &Settler, before: f64, after: f64) -> (f64, f64) {
    const IDLE: f64 = 0.05;
    let sides = [(&settler.before, before), (&settler.after, after)];
    let links = sides.into_iter().flat_map(|(links, side)| {
        links
            .iter()
            .map(move |(other, weight)| (*other, weight * side))
    });
    let start = (settler.middle * IDLE, IDLE);
    let (sum, weight) = links.fold(start, |(sum, total), (other, weight)| {
        (sum + settlers[other].middle * weight, total + weight)
    });
    (sum / weight, weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settlers(count: usize, links: &[(usize, usize)]) -> Vec<Settler> {
        let mut settlers = vec![
            Settler {
                size: 10.0,
                ..Settler::default()
            };
            count
        ];
        for &(from, to) in links {
            settlers[from].after.push((to, 1.0));
            settlers[to].before.push((from, 1.0));
        }
        settlers
    }

    #[test]
    fn neighbours_keep_their_order_and_their_distance() {
        // Two of a layer are both pulled to the same, in crossed order.
        let mut all = settlers(5, &[(0, 4), (1, 3), (0, 2)]);
        settle(&mut all, &[vec![0, 1], vec![2, 3, 4]]);
        let middles: Vec<f64> = all.iter().map(|settler| settler.middle).collect();
        assert!(middles[0] + 10.0 <= middles[1] + 1e-9);
        assert!(middles[2] + 10.0 <= middles[3] + 1e-9);
        assert!(middles[3] + 10.0 <= middles[4] + 1e-9);
    }

    #[test]
    fn a_chain_becomes_straight() {
        let mut all = settlers(6, &[(0, 2), (2, 4), (1, 3), (3, 5)]);
        settle(&mut all, &[vec![0, 1], vec![2, 3], vec![4, 5]]);
        assert!((all[0].middle - all[4].middle).abs() < 0.5);
        assert!((all[1].middle - all[5].middle).abs() < 0.5);
    }

    #[test]
    fn one_above_two_stands_in_the_middle() {
        let mut all = settlers(3, &[(0, 1), (0, 2)]);
        settle(&mut all, &[vec![0], vec![1, 2]]);
        let middle = f64::midpoint(all[1].middle, all[2].middle);
        assert!((all[0].middle - middle).abs() < 0.01);
    }
}

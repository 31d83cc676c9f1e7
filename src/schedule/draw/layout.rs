//! Where the boxes of a drawing stand, and the way of its lines between them.
//!
//! Boxes stand in layers: a box in the first layer after all that it comes after. A line that passes layers has a place
//! of its own in each, so that it runs between the boxes; a line that others imply is left out. The order in a layer, and so the crossings, are the work
//! of `rust-sugiyama`; layers, long lines and the exact places are ours (the crate leaves wide holes in large graphs).

use rust_sugiyama::{configure::Config, from_vertices_and_edges};

use super::settle::{Settler, settle};
use crate::schedule::dependencies::Dependencies;

/// The most places (boxes, and lines that pass a layer) that are ordered well. Beyond it, which takes some thousand
/// boxes, crossings can't be followed by eye, the time grows with the square, and the crate recurses deeply.
const PLACES_MAX: usize = 3_000;

/// The most places for which neighbours are exchanged one by one, the better and slower half of the ordering.
const EXCHANGED_MAX: usize = 800;

/// Between two boxes or lines of a layer.
const GAP_ACROSS: f64 = 14.0;

/// Between boxes that have nothing to do with each other.
const GAP_PARTS: f64 = 26.0;

/// Between two layers, for the lines to bend in.
const GAP_LAYERS: f64 = 46.0;

/// What a line takes of a layer that it passes.
const LINE_ACROSS: f64 = 6.0;

/// The size of a box: along the direction in which steps follow each other, and across it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size {
    pub(super) along: f64,
    pub(super) across: f64,
}

/// A place, likewise: where along a layer begins, and the middle across.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) layer: usize,
    pub(super) across: f64,
}

/// A line from one box to another, with its place in each layer that it passes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) passes: Vec<Place>,
}

/// The whole.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// One for each box.
    pub(super) places: Vec<Place>,
    pub(super) lines: Vec<Line>,
    /// Where each layer begins, and how long its longest box is.
    pub(super) layers: Vec<Layer>,
    pub(super) size: Size,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Layer {
    pub(super) begins: f64,
    pub(super) length: f64,
}

/// The layer of each box.
pub(super) fn layers_of(dependencies: &Dependencies) -> Vec<usize> {
    let mut layers = vec![0; dependencies.len()];
    for node in dependencies.order() {
        let before = dependencies.before(node).map(|before| layers[before] + 1);
        layers[node] = before.max().unwrap_or(0);
    }
    layers
}

/// A layout of boxes of these sizes. Boxes of one layer never overlap, and lines never cross boxes, unless there are
/// more of them than could be followed by eye.
pub(super) fn layout(dependencies: &Dependencies, sizes: &[Size]) -> Layout {
    let layers = layers_of(dependencies);
    let mut grid = Grid::new(dependencies, sizes, &layers);
    grid.order_well();
    grid.place_parts();
    grid.add_lone_boxes(dependencies, sizes, &layers);
    grid.into_layout(sizes)
}

/// All places: of the boxes, and of the lines that pass layers.
struct Grid {
    /// The boxes first, then the places of lines.
    places: Vec<GridPlace>,
    /// Pairs of places; in neighbouring layers, unless there are too many.
    links: Vec<(usize, usize)>,
    /// For each box its place.
    of_box: Vec<usize>,
    /// For each line its ends and the places that it passes.
    lines: Vec<(usize, usize, Vec<usize>)>,
    /// Too large to be ordered well: lines go straight from box to box.
    is_too_large: bool,
    across: f64,
}

#[derive(Clone, Copy)]
struct GridPlace {
    layer: usize,
    size: f64,
    middle: f64,
    /// Places with a number belong together, others are yet alone.
    part: usize,
}

impl Grid {
    fn new(dependencies: &Dependencies, sizes: &[Size], layers: &[usize]) -> Self {
        let count = sizes.len();
        let mut grid = Self {
            places: Vec::with_capacity(count),
            links: Vec::new(),
            of_box: vec![usize::MAX; count],
            lines: Vec::with_capacity(dependencies.edge_count()),
            is_too_large: false,
            across: 0.0,
        };
        // By layers, because the crate ranks its vertices in the order in which they are given.
        let mut nodes: Vec<usize> = (0..count).collect();
        nodes.sort_by_key(|&node| layers[node]);
        for &node in &nodes {
            grid.of_box[node] = grid.add_place(layers[node], sizes[node].across);
        }
        let before = dependencies.reduced();
        let long_way = |to: usize| {
            before[to]
                .iter()
                .map(move |&from| layers[to] - layers[from] - 1)
        };
        let on_the_way: usize = nodes.iter().copied().flat_map(long_way).sum();
        let has_ways = count + on_the_way <= PLACES_MAX;
        grid.is_too_large = !has_ways;
        for &to in &nodes {
            for &from in &before[to] {
                let mut passes = Vec::new();
                if has_ways {
                    let between = layers[from] + 1..layers[to];
                    passes.extend(between.map(|layer| grid.add_place(layer, LINE_ACROSS)));
                }
                let starts = [grid.of_box[from]]
                    .into_iter()
                    .chain(passes.iter().copied());
                let ends = passes.iter().copied().chain([grid.of_box[to]]);
                grid.links.extend(starts.zip(ends));
                grid.lines.push((from, to, passes));
            }
        }
        grid
    }

    fn add_place(&mut self, layer: usize, size: f64) -> usize {
        self.places.push(GridPlace {
            layer,
            size,
            middle: 0.0,
            part: usize::MAX,
        });
        self.places.len() - 1
    }

    /// Orders what has lines so that few of them cross. What is too large for that stays in its order.
    fn order_well(&mut self) {
        let mut is_linked = vec![false; self.places.len()];
        for &(from, to) in &self.links {
            is_linked[from] = true;
            is_linked[to] = true;
        }
        // The crate wants ids in the order of layers, and has them as small numbers.
        let mut linked: Vec<usize> = (0..self.places.len()).filter(|&at| is_linked[at]).collect();
        linked.sort_by_key(|&place| self.places[place].layer);
        if self.is_too_large {
            for &place in &linked {
                self.places[place].part = 0;
            }
            return;
        }
        let mut ids = vec![0_u32; self.places.len()];
        let mut vertices = Vec::with_capacity(linked.len());
        for (id, &place) in (0_u32..).zip(&linked) {
            ids[place] = id;
            vertices.push((id, (self.places[place].size, 1.0)));
        }
        let edge = |&(from, to): &(usize, usize)| (ids[from], ids[to]);
        let edges: Vec<(u32, u32)> = self.links.iter().map(edge).collect();
        let config = Config {
            vertex_spacing: GAP_ACROSS,
            // Layers are as we gave them: every link goes to the next one.
            ranking_type: rust_sugiyama::configure::RankingType::Up,
            transpose: linked.len() <= EXCHANGED_MAX,
            ..Config::default()
        };
        let parts = from_vertices_and_edges(&vertices, &edges, &config);
        for (part, (placed, _, _)) in parts.into_iter().enumerate() {
            let mut members = Vec::with_capacity(placed.len());
            for (id, (middle, _)) in placed {
                let place = &mut self.places[linked[id]];
                place.part = part;
                place.middle = middle;
                members.push(linked[id]);
            }
            if self.is_upside_down(&mut members) {
                for &at in &members {
                    self.places[at].middle = -self.places[at].middle;
                }
            }
        }
    }

    /// Whether most neighbours of a part stand the other way round than they were written. As many lines cross in its mirror
    /// image.
    fn is_upside_down(&self, members: &mut [usize]) -> bool {
        members.sort_unstable_by(|&one, &other| {
            let (first, second) = (&self.places[one], &self.places[other]);
            let by_middle = first.middle.total_cmp(&second.middle);
            first.layer.cmp(&second.layer).then(by_middle)
        });
        // Boxes were added before lines, and those of a layer as they were written.
        let boxes = members.iter().filter(|&&at| at < self.of_box.len());
        let boxes: Vec<usize> = boxes.copied().collect();
        let neighbours = boxes.windows(2).map(|pair| (pair[0], pair[1]));
        let (mut right, mut wrong) = (0_usize, 0_usize);
        for (one, other) in neighbours {
            if self.places[one].layer == self.places[other].layer {
                *(if one < other { &mut right } else { &mut wrong }) += 1;
            }
        }
        wrong > right
    }

    /// Gives each part its exact places, and puts the parts, which have no line between them, side by side.
    fn place_parts(&mut self) {
        let mut settlers = self.settlers();
        for layers in self.parts() {
            settle(&mut settlers, &layers);
            let ends = layers.iter().flatten().map(|&at| {
                let (middle, half) = (settlers[at].middle, self.places[at].size / 2.0);
                (middle - half, middle + half)
            });
            let (low, high) = ends.fold((f64::MAX, f64::MIN), |(low, high), (from, to)| {
                (low.min(from), high.max(to))
            });
            let shift = self.begin_part() - low;
            for at in layers.into_iter().flatten() {
                self.places[at].middle = settlers[at].middle + shift;
            }
            self.across = high + shift;
        }
    }

    /// For each part, the places of each of its layers in their order.
    fn parts(&self) -> Vec<Vec<Vec<usize>>> {
        let is_linked = |&at: &usize| self.places[at].part != usize::MAX;
        let mut order: Vec<usize> = (0..self.places.len()).filter(is_linked).collect();
        let key = |at: usize| (self.places[at].part, self.places[at].layer);
        order.sort_by(|&one, &other| {
            let (first, second) = (self.places[one].middle, self.places[other].middle);
            let by_place = first.total_cmp(&second).then(one.cmp(&other));
            key(one).cmp(&key(other)).then(by_place)
        });
        let mut parts: Vec<Vec<Vec<usize>>> = Vec::new();
        for layer in order.chunk_by(|&one, &other| key(one) == key(other)) {
            if self.places[layer[0]].layer == 0 {
                parts.push(Vec::new());
            }
            let part = parts.last_mut();
            part.expect("every part begins in the first layer")
                .push(layer.to_vec());
        }
        parts
    }

    fn settlers(&self) -> Vec<Settler> {
        let settler = |place: &GridPlace| Settler {
            size: place.size + GAP_ACROSS,
            ..Settler::default()
        };
        let mut settlers: Vec<Settler> = self.places.iter().map(settler).collect();
        let is_line = |at: usize| at >= self.of_box.len();
        for &(from, to) in &self.links {
            // Long lines are the straighter, the easier the eye follows them.
            let weight = match (is_line(from), is_line(to)) {
                (true, true) => 6.0,
                (false, false) => 1.0,
                _ => 2.0,
            };
            settlers[from].after.push((to, weight));
            settlers[to].before.push((from, weight));
        }
        settlers
    }

    fn begin_part(&self) -> f64 {
        if self.across == 0.0 {
            0.0
        } else {
            self.across + GAP_PARTS
        }
    }

    /// Boxes without any line fill rows as long as the rest is, or as makes them a square.
    fn add_lone_boxes(&mut self, dependencies: &Dependencies, sizes: &[Size], layers: &[usize]) {
        let is_lone = |&node: &usize| {
            dependencies.before(node).next().is_none() && dependencies.after(node).next().is_none()
        };
        let lone: Vec<usize> = (0..sizes.len()).filter(is_lone).collect();
        let deepest = layers.iter().max().map_or(0, |last| last + 1);
        let extent = |size: fn(&Size) -> f64| {
            lone.iter()
                .map(|&node| size(&sizes[node]))
                .fold(0.0, f64::max)
        };
        let (along, across) = (extent(|size| size.along), extent(|size| size.across));
        let mut in_row = 1;
        while rows(lone.len(), in_row) * (across + GAP_ACROSS)
            > rows(in_row, 1) * (along + GAP_LAYERS)
        {
            in_row += 1;
        }
        let in_row = in_row.max(deepest);
        for row in lone.chunks(in_row) {
            let top = if row[0] == lone[0] {
                self.begin_part()
            } else {
                self.across + GAP_ACROSS
            };
            for (layer, &node) in row.iter().enumerate() {
                let place = &mut self.places[self.of_box[node]];
                place.layer = layer;
                place.middle = top + across / 2.0;
            }
            self.across = top + across;
        }
    }

    fn into_layout(self, sizes: &[Size]) -> Layout {
        let place = |at: &usize| Place {
            layer: self.places[*at].layer,
            across: self.places[*at].middle,
        };
        let places: Vec<Place> = self.of_box.iter().map(place).collect();
        let deepest = places
            .iter()
            .map(|place| place.layer + 1)
            .max()
            .unwrap_or(0);
        let mut lengths = vec![0.0_f64; deepest];
        for (place, size) in places.iter().zip(sizes) {
            lengths[place.layer] = lengths[place.layer].max(size.along);
        }
        let mut begins = 0.0;
        let mut layers = Vec::with_capacity(deepest);
        for length in lengths {
            layers.push(Layer { begins, length });
            begins += length + GAP_LAYERS;
        }
        let line = |(from, to, passes): &(usize, usize, Vec<usize>)| Line {
            from: *from,
            to: *to,
            passes: passes.iter().map(place).collect(),
        };
        Layout {
            lines: self.lines.iter().map(line).collect(),
            size: Size {
                along: (begins - GAP_LAYERS).max(0.0),
                across: self.across,
            },
            places,
            layers,
        }
    }
}

/// How many rows of `in_row` boxes `count` boxes fill, as a length.
fn rows(count: usize, in_row: usize) -> f64 {
    u32::try_from(count.div_ceil(in_row)).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZE: Size = Size {
        along: 100.0,
        across: 30.0,
    };

    /// Every list names earlier positions only, so there is no cycle.
    fn any_dependencies(nodes: usize) -> impl Strategy<Value = Vec<Vec<usize>>> {
        let before = prop::collection::vec((any::<prop::sample::Index>(), 0..6_u8), 0..4);
        prop::collection::vec(before, 1..nodes).prop_map(|lists| {
            let list = |(at, picks): (usize, Vec<(prop::sample::Index, u8)>)| {
                let near = |(pick, far): (prop::sample::Index, u8)| match far {
                    0 => pick.index(at),
                    _ => at - 1 - pick.index(at.min(8)),
                };
                match at {
                    0 => Vec::new(),
                    _ => picks.into_iter().map(near).collect(),
                }
            };
            lists.into_iter().enumerate().map(list).collect()
        })
    }

    fn check(lists: &[Vec<usize>]) -> Result<(), TestCaseError> {
        let dependencies = Dependencies::new(lists);
        let layout = layout(&dependencies, &vec![SIZE; lists.len()]);
        let lines = layout.lines.iter().flat_map(|line| &line.passes);
        let mut taken: Vec<(usize, f64, f64)> = Vec::new();
        for (place, size) in layout
            .places
            .iter()
            .map(|place| (place, SIZE.across))
            .chain(lines.map(|place| (place, LINE_ACROSS)))
        {
            let (low, high) = (place.across - size / 2.0, place.across + size / 2.0);
            prop_assert!(low >= -0.001 && high <= layout.size.across + 0.001);
            taken.push((place.layer, low, high));
        }
        taken.sort_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
        for pair in taken.windows(2) {
            prop_assert!(pair[0].0 < pair[1].0 || pair[0].2 < pair[1].1, "{:?}", pair);
        }
        for line in &layout.lines {
            let mut layer = layout.places[line.from].layer;
            for place in line.passes.iter().chain([&layout.places[line.to]]) {
                prop_assert_eq!(place.layer, layer + 1);
                layer = place.layer;
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn boxes_and_lines_keep_apart_and_lines_go_from_layer_to_layer(
            lists in any_dependencies(60),
        ) {
            check(&lists)?;
        }
    }

    #[test]
    fn the_same_graph_gives_the_same_layout() {
        let lists: Vec<Vec<usize>> = (0..200_usize)
            .map(|at| match at {
                0..5 => Vec::new(),
                _ => vec![at - 1 - at % 4, at * 7 % at, at / 2],
            })
            .collect();
        let dependencies = Dependencies::new(&lists);
        let sizes = vec![SIZE; lists.len()];
        let first = layout(&dependencies, &sizes);
        assert_eq!(first, layout(&dependencies, &sizes));
    }

    #[test]
    fn nothing_and_one_box_have_a_layout() {
        let nothing = layout(&Dependencies::new(&[]), &[]);
        assert!(nothing.places.is_empty() && nothing.layers.is_empty());
        let one = layout(&Dependencies::new(&[vec![]]), &[SIZE]);
        assert_eq!(one.size, SIZE);
    }

    #[test]
    fn more_than_can_be_ordered_well_is_still_placed() {
        let many = (0..4_000_usize).map(|at| match at {
            0..40 => Vec::new(),
            _ => vec![at - 40, (at - 40) / 3],
        });
        // A chain, and beside it a step from each link to the last one: lines of half the chain's length.
        let long = (0..202_usize).map(|at| match at {
            0 => Vec::new(),
            1..=100 => vec![at - 1],
            201 => (100..201).collect(),
            _ => vec![at - 101],
        });
        for (lists, layers) in [
            (many.collect::<Vec<_>>(), 100),
            (long.collect::<Vec<_>>(), 102),
        ] {
            let dependencies = Dependencies::new(&lists);
            let layout = layout(&dependencies, &vec![SIZE; lists.len()]);
            assert_eq!(layout.layers.len(), layers);
            assert!(layout.lines.iter().all(|line| line.passes.is_empty()));
            let mut taken: Vec<(usize, f64)> = Vec::new();
            taken.extend(
                layout
                    .places
                    .iter()
                    .map(|place| (place.layer, place.across)),
            );
            taken.sort_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
            for pair in taken.windows(2) {
                assert!(pair[0].0 < pair[1].0 || pair[0].1 + SIZE.across < pair[1].1);
            }
        }
    }
}

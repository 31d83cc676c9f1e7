//! A drawing as a picture that stands alone: no script, no font and no file beside it.

use std::fmt;

use super::{
    Drawing,
    drawing::{Node, columns},
    layout::{Layout, Line, Place, Size, layers_of, layout},
    look,
};
use crate::schedule::State;

/// The longest name that is shown in full. The whole stands in the tooltip.
const NAME_COLUMNS_MAX: usize = 36;
/// A letter of the font of fixed width at 13 pixels.
const COLUMN: f64 = 7.9;
/// A letter of the small lines at 11 pixels.
const SMALL_COLUMN: f64 = 6.7;
const LINE_HEIGHT: f64 = 17.0;
const PADDING: f64 = 10.0;
const MARGIN: f64 = 24.0;
const HEADING: f64 = 34.0;

/// The drawing as SVG. Steps that follow each other stand side by side, or below each other if that makes a better page.
pub fn svg(drawing: &Drawing<'_>) -> impl fmt::Display {
    fmt::from_fn(|f| {
        let boxes: Vec<Face> = drawing.nodes.iter().map(Face::of).collect();
        let direction = Direction::best_for(drawing, &boxes);
        let sizes: Vec<Size> = boxes.iter().map(|face| direction.turned(face)).collect();
        let layout = layout(drawing.dependencies, &sizes);
        let page = Page {
            drawing,
            boxes,
            sizes,
            layout,
            direction,
        };
        page.write(f)
    })
}

/// Where the next step stands.
#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Right,
    Down,
}

/// A box as it is written.
struct Face {
    label: String,
    details: Vec<String>,
    width: f64,
    height: f64,
}

struct Page<'a> {
    drawing: &'a Drawing<'a>,
    boxes: Vec<Face>,
    sizes: Vec<Size>,
    layout: Layout,
    direction: Direction,
}

struct Point {
    x: f64,
    y: f64,
}

impl Face {
    fn of(node: &Node) -> Self {
        let label = shortened(&node.label());
        // State and time share a line, the reason has its own.
        let mut details: Vec<String> = Vec::new();
        if !node.details.is_empty() {
            let (first, later) = node.details.split_at(node.details.len().min(2));
            let is_time = |text: &String| text.starts_with(|c: char| c.is_ascii_digit());
            if first.get(1).is_none_or(is_time) {
                details.push(first.join(" · "));
                details.extend(later.iter().cloned());
            } else {
                details.clone_from(&node.details);
            }
        }
        for detail in &mut details {
            *detail = shortened(detail);
        }
        let small = details.iter().map(|line| columns(line));
        let width =
            (length(columns(&label)) * COLUMN).max(length(small.max().unwrap_or(0)) * SMALL_COLUMN);
        Self {
            width: width.ceil() + 2.0 * PADDING,
            height: length(1 + details.len()) * LINE_HEIGHT + PADDING,
            label,
            details,
        }
    }
}

impl Direction {
    /// The one whose page is nearer to a square.
    fn best_for(drawing: &Drawing<'_>, boxes: &[Face]) -> Self {
        let layers = layers_of(drawing.dependencies);
        let mut in_layer = vec![0_usize; layers.iter().max().map_or(0, |last| last + 1)];
        for layer in &layers {
            in_layer[*layer] += 1;
        }
        let largest = |side: fn(&Face) -> f64| boxes.iter().map(side).fold(1.0, f64::max);
        let (width, height) = (largest(|face| face.width), largest(|face| face.height));
        let (long, broad) = (
            length(in_layer.len().max(1)),
            length(in_layer.iter().copied().max().unwrap_or(1)),
        );
        let stretch = |wide: f64, high: f64| (wide / high).max(high / wide);
        if stretch(long * width, broad * height) <= stretch(broad * width, long * height) {
            Self::Right
        } else {
            Self::Down
        }
    }

    fn turned(self, face: &Face) -> Size {
        match self {
            Self::Right => Size {
                along: face.width,
                across: face.height,
            },
            Self::Down => Size {
                along: face.height,
                across: face.width,
            },
        }
    }

    fn point(self, along: f64, across: f64) -> Point {
        let (x, y) = match self {
            Self::Right => (along, across),
            Self::Down => (across, along),
        };
        Point {
            x: x + MARGIN,
            y: y + MARGIN + HEADING,
        }
    }
}

impl Page<'_> {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { along, across } = self.layout.size;
        let far = self.direction.point(along, across);
        let heading = self.drawing.heading();
        let legend = self.legend();
        let texts = columns(&heading).max(columns(&legend));
        let width = (far.x + MARGIN).max(length(texts) * COLUMN + 2.0 * MARGIN);
        let height = far.y + MARGIN;
        writeln!(
            f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">"
        )?;
        writeln!(f, "<title>{}</title>", escaped(&heading))?;
        self.write_style(f)?;
        writeln!(f, "<rect class=\"page\" width=\"100%\" height=\"100%\"/>")?;
        writeln!(
            f,
            "<text class=\"heading\" x=\"{MARGIN}\" y=\"{MARGIN}\">{}</text>",
            escaped(&heading)
        )?;
        if !legend.is_empty() {
            let y = MARGIN + LINE_HEIGHT;
            writeln!(
                f,
                "<text class=\"small\" x=\"{MARGIN}\" y=\"{y}\">{}</text>",
                escaped(&legend)
            )?;
        }
        for line in &self.layout.lines {
            self.write_line(f, line)?;
        }
        for node in 0..self.boxes.len() {
            self.write_box(f, node)?;
        }
        f.write_str("</svg>\n")
    }

    fn legend(&self) -> String {
        let told = self.drawing.counts().into_iter();
        let told = told.map(|(state, count)| format!("{} {count} {state}", look::symbol(state)));
        told.collect::<Vec<_>>().join(" · ")
    }

    fn write_style(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "<style>\n\
             .page{fill:#ffffff}\n\
             text{font:13px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1f2328}\n\
             .heading{font-weight:bold}\n\
             .small{font-size:11px}\n\
             path{fill:none;stroke:#8c959f;stroke-width:1.3}\n",
        )?;
        let states = self.drawing.counts().into_iter();
        let states = states.map(|(state, _)| Some(state));
        for state in [None].into_iter().chain(states) {
            let colors = look::colors(state);
            let class = state.map_or("plain", look::class);
            writeln!(
                f,
                ".{class} rect{{fill:{};stroke:{}}}.{class} text{{fill:{}}}",
                colors.fill, colors.stroke, colors.text
            )?;
        }
        let left_out = look::colors(Some(State::Skipped)).stroke;
        writeln!(
            f,
            ".skipped rect,.unreached rect{{stroke:{left_out};stroke-dasharray:4 3}}"
        )?;
        // Boxes keep their light colours, which are read on a dark page as well.
        f.write_str(
            "@media (prefers-color-scheme:dark){.page{fill:#0d1117}text{fill:#e6edf3}path{stroke:#768390}\
             .plain rect{fill:#161b22;stroke:#768390}.plain text{fill:#e6edf3}}\n",
        )?;
        f.write_str(
            "</style>\n<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" \
             markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0.5L7 4L0 7.5\"/></marker></defs>\n",
        )
    }

    /// From box to box: straight through the layers that it passes, bent only between layers.
    fn write_line(&self, f: &mut fmt::Formatter<'_>, line: &Line) -> fmt::Result {
        let place = |node: usize| self.layout.places[node];
        let (from, to) = (place(line.from), place(line.to));
        let begin = self.layout.layers[from.layer].begins + self.sizes[line.from].along;
        let point = |along: f64, across: f64| self.direction.point(along, across);
        let start = point(begin, from.across);
        write!(f, "<path d=\"M{:.1} {:.1}", start.x, start.y)?;
        let mut at = (begin, from.across);
        let ways = line.passes.iter().chain([&to]);
        for (number, &Place { layer, across }) in ways.enumerate() {
            let column = self.layout.layers[layer];
            // A short box leaves a piece of its own layer to be crossed first.
            let before = self.layout.layers[layer.saturating_sub(1)];
            let edge = (before.begins + before.length).min(column.begins).max(at.0);
            if edge > at.0 {
                let straight = point(edge, at.1);
                write!(f, "L{:.1} {:.1}", straight.x, straight.y)?;
            }
            let middle = f64::midpoint(edge, column.begins);
            let (out, back) = (point(middle, at.1), point(middle, across));
            let end = point(column.begins, across);
            write!(
                f,
                "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
                out.x, out.y, back.x, back.y, end.x, end.y
            )?;
            at = (column.begins, across);
            if number < line.passes.len() {
                let through = point(column.begins + column.length, across);
                write!(f, "L{:.1} {:.1}", through.x, through.y)?;
                at.0 += column.length;
            }
        }
        f.write_str("\" marker-end=\"url(#tip)\"/>\n")
    }

    fn write_box(&self, f: &mut fmt::Formatter<'_>, node: usize) -> fmt::Result {
        let (face, told) = (&self.boxes[node], &self.drawing.nodes[node]);
        let place = self.layout.places[node];
        let corner = self.direction.point(
            self.layout.layers[place.layer].begins,
            place.across - self.sizes[node].across / 2.0,
        );
        writeln!(
            f,
            "<g class=\"{}\">",
            told.state.map_or("plain", look::class)
        )?;
        write!(f, "<title>{}", escaped(&told.name))?;
        for detail in &told.details {
            write!(f, "\n{}", escaped(detail))?;
        }
        writeln!(f, "</title>")?;
        writeln!(
            f,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"5\"/>",
            corner.x, corner.y, face.width, face.height
        )?;
        let x = corner.x + PADDING;
        let mut y = corner.y + LINE_HEIGHT;
        writeln!(
            f,
            "<text x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
            escaped(&face.label)
        )?;
        for detail in &face.details {
            y += LINE_HEIGHT - 1.0;
            writeln!(
                f,
                "<text class=\"small\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
                escaped(detail)
            )?;
        }
        writeln!(f, "</g>")
    }
}

fn shortened(text: &str) -> String {
    if columns(text) <= NAME_COLUMNS_MAX {
        return text.to_owned();
    }
    let mut left = NAME_COLUMNS_MAX - 1;
    let mut short: String = text
        .chars()
        .take_while(|letter| {
            let width = columns(letter.encode_utf8(&mut [0; 4]));
            let fits = width <= left;
            left = left.saturating_sub(width);
            fits
        })
        .collect();
    short.push('…');
    short
}

/// A number of letters or lines as a length.
fn length(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

fn escaped(text: &str) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        for character in text.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                _ => write!(f, "{character}")?,
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::drawing::tests::{after_a_run, hostile, release},
        *,
    };

    #[test]
    fn a_plain_graph() {
        let graph = release();
        insta::assert_snapshot!(svg(&Drawing::of_graph("release", &graph)));
    }

    #[test]
    fn a_graph_after_a_run() {
        let graph = release();
        insta::assert_snapshot!(svg(&after_a_run(&graph)));
    }

    #[test]
    fn hostile_names_stay_text() {
        let graph = hostile();
        let picture = svg(&Drawing::of_graph("<script>", &graph)).to_string();
        assert!(!picture.contains("<script>") && !picture.contains("<b>"));
        insta::assert_snapshot!(picture);
    }

    #[test]
    fn long_names_are_cut_and_told_in_full_beside() {
        let long = "a".repeat(60);
        assert_eq!(columns(&shortened(&long)), NAME_COLUMNS_MAX);
        assert!(columns(&shortened(&"東".repeat(30))) <= NAME_COLUMNS_MAX);
        let graph = crate::schedule::StepGraph::new(vec![crate::schedule::StepSpec::new(&*long)]);
        let picture = svg(&Drawing::of_graph("long", &graph.unwrap())).to_string();
        assert!(picture.contains(&format!("<title>{long}")));
    }
}

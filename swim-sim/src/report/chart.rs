//! Draws a curve as SVG: in a page that has the colours already, or as a file of its own.
//!
//! Knows nothing of what a curve means. Read first: SVG 1.1, chapter 8 (paths).

use super::curves::{Curve, Series};
use super::scale::{Scale, decimal, seconds, tenths};

/// The colours, by class; a page and a file share them.
pub(super) const STYLE: &str = include_str!("chart.css");

const WIDTH: u64 = 680;
const AXIS: TimeAxis = TimeAxis { left: 52, right: 660, end: 0, steps: 12 };
/// For narrow screens.
const NARROW_WIDTH: u64 = 400;
const NARROW_AXIS: TimeAxis = TimeAxis { left: 52, right: 380, end: 0, steps: 5 };
const LEFT: u64 = AXIS.left;
const RIGHT: u64 = AXIS.right;
const HEIGHT: u64 = 190;
const TOP: u64 = 14;
const BOTTOM: u64 = 160;

/// The drawing for a page, for wide screens and for narrow ones: the page's style shows one of
/// them. The narrow one takes the lines from the wide one, so that they are in the page once.
pub(super) fn inline(curve: &Curve, end: u64) -> String {
    let (id, title) = (curve.id, curve.title);
    let svg = |class, width, axis: TimeAxis, lines: &str| {
        format!(
            "<svg class=\"chart {class}\" data-curve=\"{id}\" viewBox=\"0 0 {width} {HEIGHT}\" role=\"img\" \
             aria-label=\"{title}\">{grid}{lines}{cursor}</svg>",
            grid = grid(curve, TimeAxis { end, ..axis }),
            cursor = axis.cursor(TOP, BOTTOM),
        )
    };
    let thousandths = (NARROW_AXIS.right - NARROW_AXIS.left) * 1_000 / (RIGHT - LEFT);
    let (left, narrow_left) = (LEFT, NARROW_AXIS.left);
    let again = format!(
        "<use href=\"#lines-{id}\" transform=\"translate({narrow_left} 0) scale(0.{thousandths:03} 1) translate(-{left} 0)\"/>"
    );
    let lines = format!("<g id=\"lines-{id}\">{}</g>", lines(curve, end));
    svg("wide", WIDTH, AXIS, &lines) + &svg("narrow", NARROW_WIDTH, NARROW_AXIS, &again)
}

/// A file of its own, with title and legend.
pub(super) fn file(curve: &Curve, run: &str, end: u64) -> String {
    let mut legend = String::new();
    let mut x = LEFT;
    for series in &curve.series {
        legend += &format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"52\" width=\"12\" height=\"12\" rx=\"3\"/>\
             <text x=\"{text}\" y=\"62\">{name}</text>",
            class = swatch(series),
            text = x + 18,
            name = series.name
        );
        x += 40 + 7 * series.name.len() as u64;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 -72 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
         <rect class=\"paper\" y=\"-72\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
         <g transform=\"translate(0 -72)\"><text class=\"title\" x=\"{LEFT}\" y=\"24\">{title}</text>\
         <text x=\"{LEFT}\" y=\"42\">{run}</text>{legend}</g>\n{plot}</svg>\n",
        height = HEIGHT + 72,
        title = curve.title,
        run = super::escape(run),
        plot = grid(curve, TimeAxis { end, ..AXIS }) + &lines(curve, end),
    )
}

/// The class of a legend's patch.
pub(super) fn swatch(series: &Series) -> String {
    format!("swatch {}", series.class)
}

/// The axis of time: where it begins and ends on the drawing, and the time at its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeAxis {
    pub(super) left: u64,
    pub(super) right: u64,
    pub(super) end: u64,
    /// So many steps it is divided into at most.
    pub(super) steps: u64,
}

impl TimeAxis {
    /// Where a time stands, in tenths.
    pub(super) fn x_of(self, time: u64) -> u64 {
        self.left * 10
            + Scale::of_time(self.end, self.steps).place(time, (self.right - self.left) * 10)
    }

    /// Grid lines from a height to another, with the times below.
    pub(super) fn grid(self, top: u64, bottom: u64) -> String {
        let mut text = String::new();
        for tick in Scale::of_time(self.end, self.steps).ticks() {
            let x = tenths(self.x_of(tick));
            text += &format!(
                "<line class=\"grid\" x1=\"{x}\" x2=\"{x}\" y1=\"{top}\" y2=\"{bottom}\"/>\
             <text class=\"tick\" text-anchor=\"middle\" x=\"{x}\" y=\"{y}\">{label}</text>",
                y = bottom + 18,
                label = seconds(tick)
            );
        }
        text
    }

    /// The line at the time that the reader chose, and what a script needs to move it.
    pub(super) fn cursor(self, top: u64, bottom: u64) -> String {
        let (left, right) = (self.left, self.right);
        format!(
            "<line class=\"cursor\" data-left=\"{left}\" data-right=\"{right}\" x1=\"{left}\" x2=\"{left}\" \
             y1=\"{top}\" y2=\"{bottom}\"/>"
        )
    }
}

/// Where a value stands, in tenths.
fn y_of(scale: Scale, value: u64) -> u64 {
    BOTTOM * 10 - scale.place(value, (BOTTOM - TOP) * 10)
}

/// The axes.
fn grid(curve: &Curve, axis: TimeAxis) -> String {
    let scale = Scale::of_values(curve.most());
    let mut text = axis.grid(TOP, BOTTOM);
    for tick in scale.ticks() {
        let y = y_of(scale, tick);
        text += &format!(
            "<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{y}\" y2=\"{y}\"/>\
             <text class=\"tick\" text-anchor=\"end\" x=\"{x}\" y=\"{below}\">{label}</text>",
            y = tenths(y),
            left = axis.left,
            right = axis.right,
            x = axis.left - 8,
            below = tenths(y + 40),
            label = decimal(tick)
        );
    }
    text
}

/// The lines, or the areas on each other.
fn lines(curve: &Curve, end: u64) -> String {
    let scale = Scale::of_values(curve.most());
    let y_of = |value| y_of(scale, value);
    let axis = TimeAxis { end, ..AXIS };
    let mut floor = vec![0; curve.times.len()];
    let mut shapes = String::new();
    for series in &curve.series {
        if curve.is_stacked {
            let roof: Vec<_> =
                floor.iter().zip(&series.values).map(|(floor, value)| floor + value).collect();
            let forth = points(curve.times.iter().zip(&roof), axis, y_of);
            let back = points(curve.times.iter().zip(&floor).rev(), axis, y_of);
            shapes += &format!("<path class=\"area {}\" d=\"M{forth} L{back}Z\"/>", series.class);
            floor = roof;
        } else {
            let line = points(curve.times.iter().zip(&series.values), axis, y_of);
            shapes += &format!("<path class=\"line {}\" d=\"M{line}\"/>", series.class);
        }
    }
    if curve.times.is_empty() { String::new() } else { shapes }
}

fn points<'a>(
    of: impl Iterator<Item = (&'a u64, &'a u64)>,
    axis: TimeAxis,
    y_of: impl Fn(u64) -> u64,
) -> String {
    let places =
        of.map(|(time, value)| format!("{} {}", tenths(axis.x_of(*time)), tenths(y_of(*value))));
    places.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(is_stacked: bool) -> Curve {
        let series = |class, values| Series { name: "a line", class, values };
        Curve {
            id: "id",
            title: "A title",
            caption: "",
            unit: "",
            is_stacked,
            least_top: 1_000,
            series: vec![series("line-1", vec![0, 100_000]), series("line-2", vec![50_000, 0])],
            times: vec![0, 10_000],
        }
    }

    #[test]
    fn lines_run_from_corner_to_corner() {
        let svg = inline(&curve(false), 10_000);
        assert!(
            svg.contains("<path class=\"line line-1\" d=\"M52.0 160.0 660.0 14.0\"/>"),
            "{svg}"
        );
        assert!(!svg.contains("http"), "a page needs no name space");
    }

    #[test]
    fn a_narrow_screen_has_fewer_ticks_and_the_same_lines() {
        let svg = inline(&curve(false), 10_000);
        let (wide, narrow) = svg.split_once("</svg>").unwrap();
        let ticks = |svg: &str| svg.matches("text-anchor=\"middle\"").count();
        assert_eq!((ticks(wide), ticks(narrow)), (11, 6));
        // From 52 to 660 becomes from 52 to 380.
        let moved = "<use href=\"#lines-id\" transform=\"translate(52 0) scale(0.539 1) translate(-52 0)\"/>";
        assert!(wide.contains("<g id=\"lines-id\">") && narrow.contains(moved), "{narrow}");
    }

    #[test]
    fn areas_stand_on_each_other() {
        let svg = inline(&curve(true), 10_000);
        assert!(
            svg.contains(
                "<path class=\"area line-2\" d=\"M52.0 87.0 660.0 14.0 L660.0 14.0 52.0 160.0Z\"/>"
            ),
            "{svg}"
        );
    }

    #[test]
    fn a_file_stands_alone() {
        let svg = file(&curve(false), "a <run>", 10_000);
        for wanted in ["xmlns=", "A title", "a &lt;run&gt;", "prefers-color-scheme", "a line"] {
            assert!(svg.contains(wanted), "{wanted}: {svg}");
        }
    }
}

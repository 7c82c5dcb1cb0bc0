//! Draws lines through measured points, with their confidence intervals, as an SVG file of its own.
//!
//! It knows nothing of what is drawn: swim-core's benchmark and the simulator's experiments do.
//! Read first: SVG 1.1, chapter 8 (paths).

use std::fmt::Write as _;

/// An axis: what it counts, and whether equal factors or equal steps are equally long.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// The quantity and its unit.
    pub label: &'static str,
    /// Equal factors are equally long.
    pub is_log: bool,
}

/// A measured point, and half of its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Place on the horizontal axis.
    pub x: f64,
    /// Measured value.
    pub y: f64,
    /// Half of the confidence interval of `y`; 0 if there is none.
    pub half: f64,
}

/// A line, broken where it stands for theory.
#[derive(Clone, Debug)]
pub struct Series {
    /// Entry in the legend.
    pub name: String,
    /// From left to right.
    pub points: Vec<Point>,
    /// Drawn broken and without its points.
    pub is_theory: bool,
}

impl Series {
    /// A line through measured points.
    #[must_use]
    pub fn new(name: impl Into<String>, points: impl IntoIterator<Item = Point>) -> Self {
        Self { name: name.into(), points: points.into_iter().collect(), is_theory: false }
    }

    /// A line that theory predicts.
    #[must_use]
    pub fn theory(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let points = points.into_iter().map(|(x, y)| Point { x, y, half: 0.0 });
        Self { is_theory: true, ..Self::new(name, points) }
    }
}

/// A chart: lines over two axes.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Name of its file, without the extension.
    pub id: &'static str,
    /// Heading.
    pub title: &'static str,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Lines, in the order of the legend.
    pub series: Vec<Series>,
}

const WIDTH: f64 = 680.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 660.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 300.0;
/// Lines of the legend stand this far apart.
const LEADING: f64 = 18.0;

/// Colours that stay apart for colour-blind eyes (after Okabe and Ito), by day and by night.
const STYLE: &str = "\
:root { --paper: #ffffff; --ink: #1d2430; --soft: #5b6675; --hair: #e3e7ec; --c0: #0b6db8; --c1: #cf5a00; --c2: #00826b;
  --c3: #a83279; --c4: #7a6a00; --c5: #5b4fc4; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161d; --ink: #e8ecf2; --soft: #a0abba; --hair: #29313d;
  --c0: #62b4f2; --c1: #f79646; --c2: #35c4a5; --c3: #e57ab8; --c4: #d3bf3c; --c5: #a79ef5; } }
svg { font: 12px system-ui, \"Segoe UI\", Roboto, \"Helvetica Neue\", \"DejaVu Sans\", sans-serif; }
text { fill: var(--soft); } .title { fill: var(--ink); font-size: 16px; font-weight: 600; } .paper { fill: var(--paper); }
.grid { stroke: var(--hair); } .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.theory { stroke-dasharray: 5 4; stroke-width: 1.5; } .bar { stroke-width: 1.5; } circle { stroke: none; }
";
/// How many colours there are; further lines begin anew.
const COLOURS: usize = 6;

/// An axis' span of values, and where it lies on the drawing.
#[derive(Clone, Copy, Debug)]
struct Scale {
    is_log: bool,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// For values from the least to the greatest: a logarithmic one ends at powers, another begins
    /// at 0.
    fn new(axis: Axis, values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Self {
        let positive = values.clone().filter(|&value| value > 0.0);
        let high = values.fold(0.0, f64::max);
        if axis.is_log {
            let low = positive.fold(f64::INFINITY, f64::min);
            let (low, high) = if low.is_finite() { (low, high.max(low * 2.0)) } else { (1.0, 2.0) };
            return Self { is_log: true, low, high, from, to };
        }
        let step = step(high);
        Self { is_log: false, low: 0.0, high: (high / step).ceil().max(1.0) * step, from, to }
    }

    fn place(self, value: f64) -> f64 {
        let share = if self.is_log {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            value / self.high
        };
        self.from + (self.to - self.from) * share
    }

    /// Powers of 2 or of 10 on a logarithmic axis, and about five round numbers on another.
    fn ticks(self) -> Vec<f64> {
        if self.is_log {
            let base: f64 = if self.high / self.low > 2_000.0 { 10.0 } else { 2.0 };
            let powers = (-20..=40).map(|power| base.powi(power));
            return powers
                .filter(|&tick| tick >= self.low * 0.999 && tick <= self.high * 1.001)
                .collect();
        }
        let step = step(self.high);
        (0..=20)
            .map(|number| f64::from(number) * step)
            .filter(|&tick| tick <= self.high * 1.001)
            .collect()
    }
}

/// 1, 2 or 5 times a power of ten, about five of which make up so much.
fn step(most: f64) -> f64 {
    let wanted = (most / 5.0).max(1e-9);
    let power = 10_f64.powf(wanted.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|&step| step >= wanted * 0.999)
        .unwrap_or(wanted)
}

/// As short as it can be said.
fn number(value: f64) -> String {
    if value >= 10_000.0 {
        return format!("{} k", number(value / 1_000.0));
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

impl Plot {
    /// Draws it, as the text of an SVG file.
    #[must_use]
    pub fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let x = Scale::new(self.x, points().map(|point| point.x), LEFT, RIGHT);
        let y = Scale::new(
            self.y,
            points().flat_map(|point| [point.y, point.y + point.half]),
            BOTTOM,
            TOP,
        );
        let height = BOTTOM + 52.0 + LEADING * self.series.len() as f64;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
             height=\"{height}\" role=\"img\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
             <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
             <text class=\"title\" x=\"16\" y=\"24\">{title}</text>\n",
            title = escape(self.title),
        );
        self.grid(&mut svg, x, y);
        for (place, series) in self.series.iter().enumerate() {
            draw(&mut svg, series, place % COLOURS, x, y);
            legend(&mut svg, series, place);
        }
        svg + "</svg>\n"
    }

    fn grid(&self, svg: &mut String, x: Scale, y: Scale) {
        for tick in x.ticks() {
            let (at, below, label) = (x.place(tick), BOTTOM + 18.0, number(tick));
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{BOTTOM}\"/>\
                 <text text-anchor=\"middle\" x=\"{at:.1}\" y=\"{below}\">{label}</text>"
            );
        }
        for tick in y.ticks() {
            let (at, label, left) = (y.place(tick), number(tick), LEFT - 8.0);
            let text = at + 4.0;
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
                 <text text-anchor=\"end\" x=\"{left}\" y=\"{text:.1}\">{label}</text>"
            );
        }
        let (middle, below) = (f64::midpoint(TOP, BOTTOM), BOTTOM + 38.0);
        let _ = writeln!(
            svg,
            "<text text-anchor=\"end\" x=\"{RIGHT}\" y=\"{below}\">{}</text>\
             <text text-anchor=\"middle\" transform=\"translate(16 {middle}) rotate(-90)\">{}</text>",
            escape(self.x.label),
            escape(self.y.label)
        );
    }
}

fn draw(svg: &mut String, series: &Series, colour: usize, x: Scale, y: Scale) {
    let shown = || series.points.iter().filter(|point| !y.is_log || point.y > 0.0);
    let path: Vec<_> =
        shown().map(|point| format!("{:.1} {:.1}", x.place(point.x), y.place(point.y))).collect();
    if path.is_empty() {
        return;
    }
    let class = if series.is_theory { "line theory" } else { "line" };
    let _ = writeln!(
        svg,
        "<path class=\"{class}\" stroke=\"var(--c{colour})\" d=\"M{}\"/>",
        path.join(" ")
    );
    for point in shown().filter(|_| !series.is_theory) {
        let (at, middle) = (x.place(point.x), y.place(point.y));
        let [low, high] =
            [-point.half, point.half].map(|half| y.place((point.y + half).max(y.low)));
        let _ = writeln!(
            svg,
            "<line class=\"bar\" stroke=\"var(--c{colour})\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{low:.1}\" y2=\"{high:.1}\"/>\
             <circle fill=\"var(--c{colour})\" cx=\"{at:.1}\" cy=\"{middle:.1}\" r=\"3\"/>"
        );
    }
}

fn legend(svg: &mut String, series: &Series, place: usize) {
    let at = BOTTOM + 50.0 + LEADING * place as f64;
    let (text, colour, end) = (at + 4.0, place % COLOURS, LEFT + 26.0);
    let class = if series.is_theory { "line theory" } else { "line" };
    let (name, beside) = (escape(&series.name), LEFT + 34.0);
    let _ = writeln!(
        svg,
        "<path class=\"{class}\" stroke=\"var(--c{colour})\" d=\"M{LEFT} {at} {end} {at}\"/>\
         <text x=\"{beside}\" y=\"{text}\">{name}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(is_log: bool) -> Plot {
        let point = |x, y| Point { x, y, half: 0.5 };
        Plot {
            id: "id",
            title: "A <title>",
            x: Axis { label: "nodes", is_log: true },
            y: Axis { label: "s", is_log },
            series: vec![
                Series::new("measured", [point(16.0, 1.0), point(64.0, 4.5)]),
                Series::theory("theory", [(16.0, 1.0), (64.0, 0.0)]),
            ],
        }
    }

    #[test]
    fn points_stand_where_the_axes_say() {
        let svg = plot(false).svg();
        assert!(svg.contains("d=\"M64.0 248.8 660.0 69.6\""), "{svg}");
        assert!(
            svg.contains(">32</text>")
                && svg.contains("A &lt;title>")
                && svg.contains("prefers-color-scheme"),
            "{svg}"
        );
    }

    #[test]
    fn nothing_stands_on_a_logarithmic_axis_where_nothing_was_counted() {
        let svg = plot(true).svg();
        assert!(
            svg.contains("<path class=\"line theory\" stroke=\"var(--c1)\" d=\"M64.0 300.0\"/>"),
            "{svg}"
        );
    }

    #[test]
    fn steps_are_round() {
        assert_eq!([0.9, 1.0, 7.0, 38.0, 640.0].map(step), [0.2, 0.2, 2.0, 10.0, 200.0]);
        assert_eq!([0.0, 0.25, 12.0, 25_000.0].map(number), ["0", "0.25", "12", "25 k"]);
    }
}

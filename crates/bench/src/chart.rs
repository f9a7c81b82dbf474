//! Bar charts, readable on a light and on a dark page.

use svg::{
    Document,
    node::element::{Group, Rectangle, Style, Text, Title},
};

/// Units of the picture: it is drawn as wide as a page of text.
const WIDTH: f64 = 840.0;
const LEFT: f64 = 235.0;
const RIGHT: f64 = 150.0;
const BAR: f64 = 20.0;
const ROW: f64 = 30.0;
const HEADING: f64 = 44.0;

/// The page's own colours, by what the reader's system prefers.
const STYLE: &str = "text{font:14px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1f2328}\
.heading{font-weight:600}\
.note{fill:#59636e}\
.ours{fill:#1a7f37}\
.other{fill:#8c959f}\
.later{fill-opacity:.55}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.note{fill:#9198a1}.ours{fill:#3fb950}.other{fill:#656c76}}";

/// Bars under one heading, drawn to one scale.
pub(crate) struct Panel {
    pub(crate) heading: String,
    pub(crate) bars: Vec<Bar>,
}

/// One bar, of parts that follow each other.
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) parts: Vec<f64>,
    pub(crate) value: String,
    /// Whether it is what the reader looks for.
    pub(crate) is_ours: bool,
}

impl Bar {
    fn length(&self) -> f64 {
        self.parts.iter().sum()
    }
}

/// The picture as SVG, which a screen reader calls by its title.
pub(crate) fn draw(title: &str, panels: &[Panel]) -> String {
    let height: f64 = panels.iter().map(Panel::height).sum::<f64>() + 12.0;
    let mut document = Document::new()
        .set("viewBox", (0, 0, WIDTH, height))
        .set("width", WIDTH)
        .set("height", height)
        .set("role", "img")
        .add(Title::new(title))
        .add(Style::new(STYLE));
    let mut top = 0.0;
    for panel in panels {
        document = document.add(panel.draw(top));
        top += panel.height();
    }
    format!("{document}\n")
}

impl Panel {
    fn height(&self) -> f64 {
        HEADING + self.bars.len() as f64 * ROW
    }

    fn draw(&self, top: f64) -> Group {
        let longest = self.bars.iter().map(Bar::length).fold(0.0, f64::max);
        let scale = (WIDTH - LEFT - RIGHT) / longest;
        let heading = Text::new(&self.heading)
            .set("class", "heading")
            .set("x", 8)
            .set("y", top + 30.0);
        let rows = self.bars.iter().enumerate();
        rows.fold(Group::new().add(heading), |group, (number, bar)| {
            group.add(bar.draw(top + HEADING + number as f64 * ROW, scale))
        })
    }
}

impl Bar {
    fn draw(&self, top: f64, scale: f64) -> Group {
        let colour = if self.is_ours { "ours" } else { "other" };
        let baseline = top + 15.0;
        let label = Text::new(&self.label)
            .set("x", LEFT - 10.0)
            .set("y", baseline)
            .set("text-anchor", "end");
        let mut group = Group::new().add(label);
        let mut left = LEFT;
        for (number, part) in self.parts.iter().enumerate() {
            let width = part * scale;
            let class = if number == 0 {
                colour.to_owned()
            } else {
                format!("{colour} later")
            };
            group = group.add(rectangle(left, top, width).set("class", class));
            left += width;
        }
        let value = Text::new(&self.value)
            .set("class", "note")
            .set("x", rounded(left + 8.0))
            .set("y", baseline);
        group.add(value)
    }
}

fn rectangle(left: f64, top: f64, width: f64) -> Rectangle {
    Rectangle::new()
        .set("x", rounded(left))
        .set("y", top)
        // Something must be there to be seen.
        .set("width", rounded(width.max(1.0)))
        .set("height", BAR)
}

/// Tenths of a unit are finer than a screen.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

//! What this workspace holds itself to.

use serde::{Deserialize, Serialize};

use crate::{Results, results::Row, subject::Name};

/// A number and its bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// What is held to it.
    pub name: String,
    /// What was measured.
    pub value: f64,
    /// What it is held to.
    pub bound: Bound,
    /// The unit of both; empty for a bare number.
    pub unit: String,
}

/// The side on which a value has to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Bound {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Target {
    /// Whether the value is on the right side of its bound.
    #[must_use]
    pub fn is_met(&self) -> bool {
        match self.bound {
            Bound::AtMost(bound) => self.value <= bound,
            Bound::AtLeast(bound) => self.value >= bound,
        }
    }
}

/// Of fewer starts the medians say nothing about a target.
const FEWEST_COLD_STARTS: u32 = 15;

/// The targets, from the results of one run; none where it was a short one, a function is missing in it, or the CPU was not
/// limited.
#[must_use]
pub fn targets(results: &Results) -> Vec<Target> {
    all(results).unwrap_or_default()
}

fn all(results: &Results) -> Option<Vec<Target>> {
    if results.unthrottled.is_some() || results.cold_starts < FEWEST_COLD_STARTS {
        return None;
    }
    let full = |name| results.full(name);
    let throttled = |name| results.throttled(name);
    let ours = throttled(Name::Ours)?;
    let over = |other: &Row| other.cold.median / ours.cold.median;
    let times = "×";
    Some(vec![
        target(
            "init without a connection, over plain HTTP: of hello world's",
            full(Name::OursOverPlainHttp)?.init.median / full(Name::HelloWorld)?.init.median,
            Bound::AtMost(1.25),
            times,
        ),
        target(
            "what opening the connection adds to init: of one first connection",
            preconnect_over_handshake(full(Name::Ours)?, full(Name::OursWithoutPreconnect)?),
            Bound::AtMost(1.0),
            times,
        ),
        target(
            "first invocation at 128 MB: of a warm one",
            ours.first.median / ours.warm.p50,
            Bound::AtMost(1.3),
            times,
        ),
        target(
            "init and first invocation at 128 MB: the Node.js handler's, of ours",
            over(throttled(Name::Node)?),
            Bound::AtLeast(90.0),
            times,
        ),
        target(
            "the same: the straightforward Rust port's, of ours",
            over(throttled(Name::StraightforwardRust)?),
            Bound::AtLeast(60.0),
            times,
        ),
        target(
            "peak resident memory",
            ours.peak_memory.median / 1e6,
            Bound::AtMost(8.0),
            "MB",
        ),
        target("zip", ours.zip_bytes as f64 / 1e6, Bound::AtMost(2.1), "MB"),
        target(
            "CPU time of a warm invocation at 128 MB",
            ours.warm_cpu.median,
            Bound::AtMost(1.0),
            "ms",
        ),
    ])
}

/// A first connection (TCP, TLS, HTTP/2) costs what the first invocation of the same binary takes more when it has to open one.
fn preconnect_over_handshake(with: &Row, without: &Row) -> f64 {
    let added = with.init.median - without.init.median;
    added / (without.first.median - with.first.median)
}

fn target(name: &str, value: f64, bound: Bound, unit: &str) -> Target {
    Target {
        name: name.to_owned(),
        value,
        bound,
        unit: unit.to_owned(),
    }
}

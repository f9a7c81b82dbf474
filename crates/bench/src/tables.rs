//! Formats the numbers for the terminal and the documents.

use crate::{
    BatchName, BatchRow, Batches, Growth, Name, Percentiles, Point, Results, Row, Series, Spread,
    StreamRow, Streaming,
    markdown::{bar, markdown, number},
};

/// A language that the READMEs are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// README.md
    English,
    /// README.ja.md
    Japanese,
}

use Language::{English, Japanese};

impl Language {
    fn name(self, name: Name) -> &'static str {
        let (english, japanese) = match name {
            Name::Ours => ("this function", "この関数"),
            Name::OursWithoutPreconnect => (
                "this function, connecting at the first call",
                "この関数 (最初の呼び出しで接続)",
            ),
            Name::OursOverPlainHttp => ("the same over plain HTTP", "同上、平文の HTTP"),
            Name::Node => ("Node.js, as in the walkthrough", "Node.js (手順書どおり)"),
            Name::NodeBundled => ("Node.js, bundled", "Node.js (バンドル済み)"),
            Name::StraightforwardRust => ("Rust, straightforward", "Rust (素直な移植)"),
            Name::HelloWorld => (
                "Rust hello world, no Bedrock",
                "Rust の hello world (Bedrock なし)",
            ),
        };
        match self {
            English => english,
            Japanese => japanese,
        }
    }
}

/// The table of the READMEs: the functions that somebody would deploy, at 128 MB.
#[must_use]
pub fn readme(results: &Results, language: Language) -> String {
    let heading = match language {
        English => [
            "at 128 MB",
            "INIT + first invocation",
            "warm",
            "peak memory",
        ],
        Japanese => [
            "128 MB での値",
            "INIT + 最初の呼び出し",
            "ウォーム",
            "最大メモリー",
        ],
    };
    let rows = results.by_memory.iter();
    let peers: Vec<_> = rows.filter(|row| row.name.is_peer()).collect();
    let slowest = peers.iter().map(|row| row.cold.median).fold(0.0, f64::max);
    let cells = |row: &&Row| {
        let cold = row.cold.median;
        [
            language.name(row.name).to_owned(),
            // A value is not broken from its unit, however narrow the reader's column is.
            format!("{}\u{a0}{}\u{a0}ms", bar(cold, slowest), number(cold)),
            format!("{}\u{a0}ms", number(row.warm.p50)),
            format!("{}\u{a0}MB", number(row.peak_memory.median / 1e6)),
        ]
    };
    format!(
        "{}\n{}",
        markdown(2, heading, peers.iter().map(cells).collect()),
        circumstances(results, language)
    )
}

/// How it was measured: the machine and the counts.
fn circumstances(results: &Results, language: Language) -> String {
    let Results {
        machine,
        node_version: node,
        cold_starts: cold,
        ..
    } = results;
    let warm = cold * results.warm_invocations;
    match language {
        English => format!(
            "Medians of {cold} cold starts and {warm} warm invocations of each, taken in turn on {machine}, with Node.js {node}.\n"
        ),
        Japanese => format!(
            "関数ごとにコールドスタート {cold} 回、ウォーム呼び出し {warm} 回の中央値。関数を交互に測定。測定環境: {machine}、Node.js {node}。\n"
        ),
    }
}

/// All numbers of a comparison: for both shares of CPU, after a freeze, and the targets.
#[must_use]
pub fn comparison(results: &Results) -> String {
    let tables = for_both_shares(
        &circumstances(results, English),
        &every_column(&results.full_cpu),
        results.memory_mb,
        results.unthrottled.as_deref(),
        &every_column(&results.by_memory),
    );
    [after_freeze(results), targets(results)]
        .into_iter()
        .filter(|table| !table.is_empty())
        .fold(tables, |tables, table| format!("{tables}\n{table}"))
}

/// The tables of both shares of CPU; `unthrottled` is the reason why the share was not limited.
fn for_both_shares(
    circumstances: &str,
    full_cpu: &str,
    memory_mb: u32,
    unthrottled: Option<&str>,
    by_memory: &str,
) -> String {
    let throttled = match unthrottled {
        None => format!("With the CPU of {memory_mb} MB after INIT"),
        Some(reason) => {
            format!("What should have the CPU of {memory_mb} MB, with all of it ({reason})")
        }
    };
    format!(
        "{circumstances}\nWith all the CPU of the machine (in brackets the middle half):\n\n{full_cpu}\n{throttled}:\n\n{by_memory}"
    )
}

fn every_column(rows: &[Row]) -> String {
    let heading = [
        "function",
        "init ms",
        "first invocation ms",
        "warm p50 / p99 ms",
        "CPU ms: init / first / warm",
        "throttled: first / warm",
        "peak RSS MB",
        "zip MB",
        "handshakes: init / invoke",
        "crates",
    ];
    let cells = |row: &Row| {
        let Percentiles { p50, p99 } = row.warm;
        let cpu = [row.init_cpu, row.first_cpu, row.warm_cpu].map(|cpu| number(cpu.median));
        let throttled = [row.first_throttled, row.warm_throttled].map(|share| share * 100.0);
        [
            English.name(row.name).to_owned(),
            spread(row.init),
            spread(row.first),
            format!("{} / {}", number(p50), number(p99)),
            cpu.join(" / "),
            format!("{:.0} / {:.0} %", throttled[0], throttled[1]),
            number(row.peak_memory.median / 1e6),
            number(row.zip_bytes as f64 / 1e6),
            format!("{} / {}", row.init_handshakes, row.invoke_handshakes),
            row.crates.map_or("–".to_owned(), |count| count.to_string()),
        ]
    };
    markdown(1, heading, rows.iter().map(cells).collect())
}

fn after_freeze(results: &Results) -> String {
    let Some(any) = results.after_freeze.first() else {
        return String::new();
    };
    let frozen = format!("after {} s frozen", any.frozen_seconds);
    let heading = [frozen.as_str(), "first invocation ms", "handshakes"];
    let rows = results.after_freeze.iter().map(|row| {
        let name = English.name(row.name).to_owned();
        [name, spread(row.first), row.handshakes.to_string()]
    });
    markdown(1, heading, rows.collect())
}

/// With fewer cold starts, the medians are too uncertain to judge a target.
const FEWEST_COLD_STARTS: u32 = 15;

/// The targets, and whether they are met; empty after a short run, or where the CPU was not limited.
fn targets(results: &Results) -> String {
    if results.unthrottled.is_some() || results.cold_starts < FEWEST_COLD_STARTS {
        return String::new();
    }
    target_table(&target_rows(results).unwrap_or_default())
}

/// A target: what is measured, the value, the side on which it is met, the bound, and the unit.
type Target = (&'static str, f64, &'static str, f64, &'static str);

const AT_MOST: &str = "≤";
const AT_LEAST: &str = "≥";

fn target_table(targets: &[Target]) -> String {
    let cells = |&(name, value, sign, bound, unit): &Target| {
        let is_met = if sign == AT_MOST {
            value <= bound
        } else {
            value >= bound
        };
        [
            name.to_owned(),
            format!("{sign} {bound} {unit}"),
            // One digit more than elsewhere: a value beside its bound must not look like it.
            format!("{value:.3} {unit}"),
            if is_met { "met" } else { "missed" }.to_owned(),
        ]
    };
    let rows = targets.iter().map(cells).collect();
    markdown(1, ["target", "bound", "measured", ""], rows)
}

/// None where a function is missing in the results.
fn target_rows(results: &Results) -> Option<Vec<Target>> {
    let full = |name| results.full_cpu.iter().find(|row| row.name == name);
    let throttled = |name| results.by_memory.iter().find(|row| row.name == name);
    let ours = throttled(Name::Ours)?;
    let (connecting, not_connecting) = (full(Name::Ours)?, full(Name::OursWithoutPreconnect)?);
    // The cost of a first connection (TCP, TLS, HTTP/2) is the difference between first invocations that open one and that do not.
    let connection = not_connecting.first.median - connecting.first.median;
    let added = connecting.init.median - not_connecting.init.median;
    let bare = full(Name::OursOverPlainHttp)?.init.median;
    let floor = full(Name::HelloWorld)?.init.median;
    let of_ours = |name| Some(throttled(name)?.cold.median / ours.cold.median);
    let rows = [
        (
            "init without a connection, over plain HTTP: of hello world's",
            bare / floor,
            AT_MOST,
            1.25,
            "×",
        ),
        (
            "what opening the connection adds to init: of one first connection",
            added / connection,
            AT_MOST,
            1.0,
            "×",
        ),
        (
            "first invocation at 128 MB: of a warm one",
            ours.first.median / ours.warm.p50,
            AT_MOST,
            1.3,
            "×",
        ),
        (
            "init and first invocation at 128 MB: the Node.js handler's, of ours",
            of_ours(Name::Node)?,
            AT_LEAST,
            90.0,
            "×",
        ),
        (
            "the same: the straightforward Rust port's, of ours",
            of_ours(Name::StraightforwardRust)?,
            AT_LEAST,
            60.0,
            "×",
        ),
        (
            "peak resident memory",
            ours.peak_memory.median / 1e6,
            AT_MOST,
            8.0,
            "MB",
        ),
        ("zip", ours.zip_bytes as f64 / 1e6, AT_MOST, 2.1, "MB"),
        (
            "CPU time of a warm invocation at 128 MB",
            ours.warm_cpu.median,
            AT_MOST,
            1.0,
            "ms",
        ),
    ];
    Some(rows.into())
}

/// All numbers of streamed answers, for both shares of CPU, and the targets.
#[must_use]
pub fn streaming(streaming: &Streaming) -> String {
    let Streaming {
        machine,
        node_version: node,
        processes,
        deltas,
        every_ms,
        unthrottled,
        full_cpu,
        by_memory,
    } = streaming;
    let circumstances = format!(
        "Medians of {processes} processes of each function, taken in turn on {machine}, with Node.js {node}; each streams two answers of \
         {deltas} pieces, {every_ms} ms apart, of which the model has the first at once.\n"
    );
    let tables = for_both_shares(
        &circumstances,
        &stream_rows(full_cpu),
        128,
        unthrottled.as_deref(),
        &stream_rows(by_memory),
    );
    match stream_targets(streaming) {
        Some(targets) if unthrottled.is_none() => {
            format!("{tables}\n{}", target_table(&targets))
        }
        _ => tables,
    }
}

fn stream_rows(rows: &[StreamRow]) -> String {
    let heading = [
        "function",
        "first text ms, cold",
        "first text ms, warm",
        "delay of a piece ms, p50 / p99",
        "CPU µs per piece",
        "handshakes",
    ];
    let cells = |row: &StreamRow| {
        let Percentiles { p50, p99 } = row.delay;
        [
            English.name(row.name).to_owned(),
            spread(row.first_text_cold),
            spread(row.first_text_warm),
            format!("{} / {}", number(p50), number(p99)),
            spread(row.cpu_per_delta),
            number(row.handshakes),
        ]
    };
    markdown(1, heading, rows.iter().map(cells).collect())
}

/// None where a function is missing in the results.
fn stream_targets(streaming: &Streaming) -> Option<[Target; 7]> {
    let of = |rows: &[StreamRow], name| rows.iter().find(|row| row.name == name).cloned();
    let full = of(&streaming.full_cpu, Name::Ours)?;
    let ours = of(&streaming.by_memory, Name::Ours)?;
    let node = of(&streaming.by_memory, Name::Node)?;
    let cold = ours.first_text_cold.median;
    Some([
        (
            "first text at 128 MB, cold: later than the model's own",
            cold,
            AT_MOST,
            3.0,
            "ms",
        ),
        (
            "the same: the Node.js handler's, of ours",
            node.first_text_cold.median / cold,
            AT_LEAST,
            60.0,
            "×",
        ),
        (
            "first text at 128 MB, warm: later than the model's own",
            ours.first_text_warm.median,
            AT_MOST,
            1.5,
            "ms",
        ),
        (
            "delay of a piece with all the CPU, p99",
            full.delay.p99,
            AT_MOST,
            1.0,
            "ms",
        ),
        (
            "delay of a piece at 128 MB, p99",
            ours.delay.p99,
            AT_MOST,
            20.0,
            "ms",
        ),
        (
            "CPU time of a piece at 128 MB",
            ours.cpu_per_delta.median,
            AT_MOST,
            30.0,
            "µs",
        ),
        ("handshakes after INIT", ours.handshakes, AT_MOST, 0.0, ""),
    ])
}

/// Files of prompts.
#[must_use]
pub fn batches(batches: &Batches) -> String {
    let answer_ms = batches.answer_ms;
    let circumstances = format!(
        "One file each, from the start of the command to its end, on {}, where the stand-in, which answers after {answer_ms} ms, \
         takes its share of the CPU too. The ideal is as many answers at once as there may be, with nothing between them.\n",
        batches.machine
    );
    let heading = [
        "command",
        "at once",
        "lines",
        "lines a second",
        "of the ideal",
        "CPU ms a line",
    ];
    let cells = |row: &BatchRow| {
        let name = match row.name {
            BatchName::Ours => "make batch",
            BatchName::Boto3 => "Python, boto3, threads",
            BatchName::AwsCli => "xargs -P, AWS CLI",
        };
        [
            name.to_owned(),
            row.at_once.to_string(),
            row.lines.to_string(),
            number(row.per_second()),
            format!("{:.1} %", row.share_of_ideal(answer_ms) * 100.0),
            number(row.cpu_ms_per_line()),
        ]
    };
    let rows = markdown(1, heading, batches.rows.iter().map(cells).collect());
    let memory = batches.memory.iter().map(|memory| {
        let peak = number(memory.peak as f64 / 1e6);
        [memory.lines.to_string(), peak]
    });
    let memory = markdown(0, ["lines of the file", "peak memory MB"], memory.collect());
    let targets = batch_targets(batches).map(|targets| target_table(&targets));
    format!(
        "{circumstances}\n{rows}\n{memory}\n{}",
        targets.unwrap_or_default()
    )
}

/// None where our run at 64 is missing in the results.
fn batch_targets(batches: &Batches) -> Option<[Target; 2]> {
    let is_ours = |row: &&BatchRow| row.name == BatchName::Ours && row.at_once == 64;
    let ours = batches.rows.iter().find(is_ours)?;
    let share = ours.share_of_ideal(batches.answer_ms);
    Some([
        (
            "make batch, 64 at once: of the ideal",
            share,
            AT_LEAST,
            0.95,
            "×",
        ),
        (
            "the same: CPU time of a line, the function's processes included",
            ours.cpu_ms_per_line(),
            AT_MOST,
            2.0,
            "ms",
        ),
    ])
}

/// The cost by size.
#[must_use]
pub fn growth(growth: &Growth) -> String {
    let circumstances = format!(
        "Medians of {} first invocations of each size, each of a process of its own, with all the CPU of {}. Memory is what the process \
         had resident above its INIT. Time has in it that the stand-in reads and writes as much. A deployment takes prompts of 4 MB \
         unless MAX_PROMPT_CHARS allows more, as it does here.\n",
        growth.repetitions, growth.machine
    );
    let tables = growth.series.iter().map(one_dimension);
    tables.fold(circumstances, |text, table| format!("{text}\n{table}"))
}

fn one_dimension(series: &Series) -> String {
    let (name, unit, _) = series.dimension.words();
    let cpu = series.points.iter().map(|point| point.cpu.median);
    let largest = cpu.fold(0.0, f64::max);
    let cells = |point: &Point| {
        let cpu = point.cpu.median;
        [
            series.dimension.label(point.size),
            format!("{} {}", bar(cpu, largest), number(cpu)),
            number(point.time.median),
            number(point.memory.median / 1e6),
        ]
    };
    let mut rows: Vec<_> = series.points.iter().map(cells).collect();
    rows.push([
        format!("each {unit} more"),
        number(series.slope(|point| point.cpu.median)),
        number(series.slope(|point| point.time.median)),
        number(series.slope(|point| point.memory.median / 1e6)),
    ]);
    markdown(2, [name, "CPU ms", "time ms", "memory MB"], rows)
}

/// The median, and the quartiles in brackets.
fn spread(spread: Spread) -> String {
    let [median, lower, upper] =
        [spread.median, spread.lower_quartile, spread.upper_quartile].map(number);
    format!("{median} ({lower}–{upper})")
}

//! The program's own lines on stderr.

use std::io::Write;

use lambda_local::Phase;

/// Writes a line of the program itself.
pub(crate) fn note(text: &str) {
    // A program without a stderr is no failure.
    let _ = writeln!(std::io::stderr(), "lambda-local: {text}");
}

/// Writes a line about one phase.
pub(crate) fn phase(name: &str, phase: &Phase) {
    let time = phase.duration.as_secs_f64() * 1e3;
    let used = match phase.usage {
        Some(usage) => format!(
            "  cpu {:8.3} ms  peak {:6.1} MB  faults {:5} + {}  throttled {}",
            usage.cpu_time.as_secs_f64() * 1e3,
            usage.peak_memory as f64 / 1e6,
            usage.minor_faults,
            usage.major_faults,
            usage.throttled_periods,
        ),
        None => String::new(),
    };
    note(&format!("{name:<10} {time:9.3} ms{used}"));
}

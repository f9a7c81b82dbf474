//! Any event: Lambda hands over JSON alone, and the parser takes any text.

#![no_main]

use std::sync::LazyLock;

use invariants::Events;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

static FUNCTION: LazyLock<(Runtime, Events)> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_time().build();
    (
        runtime.expect("a runtime"),
        Events::new().expect("a configuration"),
    )
});

fuzz_target!(|payload: &[u8]| {
    let (runtime, events) = &*FUNCTION;
    runtime.block_on(events.check(&String::from_utf8_lossy(payload)));
});

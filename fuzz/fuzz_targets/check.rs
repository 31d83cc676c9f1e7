//! `cargo +nightly fuzz run check`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| segue_fuzz::subject::check(text));

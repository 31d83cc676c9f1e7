//! `cargo +nightly fuzz run header`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| segue_fuzz::subject::header(text));

//! `Expectation`: a handle to what a test expects, to say more of it.

/// The number of an expectation of the test that runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected(pub(crate) usize);

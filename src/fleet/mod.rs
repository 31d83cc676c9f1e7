//! The embedded fleet: an SSH server that plays any number of targets on loopback, with latency and faults by seed.
//!
//! It really runs what it is sent, each target in a directory of its own. Knows nothing of plans or of the controller.

//! Tells cargo to build again when a file is added to the directories that travel in the binary: the macro that
//! embeds them notices changed files only.

fn main() {
    for directory in ["modules", "plans", "stdlib", "docs/errors"] {
        println!("cargo::rerun-if-changed={directory}");
    }
}

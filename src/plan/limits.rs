//! What a plan may use up. Set here and nowhere else, the same in debug and release builds.

use rhai::Engine;

/// The limits of one run of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Operations of the interpreter, over all branches: about a minute and a half of pure computing.
    pub operations: u64,
    /// Script functions called in each other. A branch's stack holds as many through closures.
    pub call_levels: usize,
    /// Expressions nested in each other, in the script and in a function. The parser recurses over them.
    pub expression_depth: usize,
    /// Bytes that the process may take while the plan runs, beside those that it had before. Twenty results of 10 KB from each of
    /// 10,000 targets are all of it.
    pub memory_bytes: u64,
    /// Bytes of a text that one function makes, or makes many values of.
    pub string_bytes: usize,
    /// Elements of a list that one function makes of a number or of a text: ten times the largest fleet that Segue is
    /// measured with. A list that grows by itself is bounded by the memory.
    pub array_items: usize,
    /// Variables alive at once in one function or script.
    pub variables: usize,
    /// Functions and closures of one file.
    pub functions: usize,
    /// Files imported by one plan, each time counted.
    pub imports: usize,
    /// Branches of one `parallel`: ten times the largest fleet that Segue is measured with.
    pub branches: usize,
    /// Branches with a stack at the same time. A stack takes two memory maps, and Linux gives a process 65,530.
    pub branches_alive: usize,
    /// Branches in branches, plans called by plans included.
    pub branch_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            operations: 1_000_000_000,
            call_levels: 64,
            expression_depth: 64,
            memory_bytes: 2 << 30,
            string_bytes: 64 << 20,
            array_items: 100_000,
            variables: 1_024,
            functions: 2_048,
            imports: 256,
            branches: 100_000,
            branches_alive: 20_000,
            branch_depth: 32,
        }
    }
}

impl Limits {
    /// Makes the engine keep those limits that are its own.
    pub(super) fn apply(&self, engine: &mut Engine) {
        engine
            // Counted over all branches in `Meter`: the engine's own count starts again in every branch.
            .set_max_operations(0)
            .set_max_call_levels(self.call_levels)
            .set_max_expr_depths(self.expression_depth, self.expression_depth)
            // With any of these Rhai measures the whole of a value after each call that may have changed it. Instead of
            // them `MemoryWatch` looks at how much there is, and `depth` at how deep it is.
            .set_max_string_size(0)
            .set_max_array_size(0)
            .set_max_map_size(0)
            .set_max_variables(self.variables)
            .set_max_functions(self.functions)
            .set_max_modules(self.imports);
    }
}

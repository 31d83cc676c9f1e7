//! The operator of a running job: asked when the terminal shows all that was told before the question.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::terminal::Terminal;
use crate::{
    event::Stream,
    model::Failure,
    run::{NoOperator, Operator, Question},
    store::{Durable, Readers},
};

/// Whoever sits at the terminal, if there is one.
pub(super) fn operator(stream: &Stream, readers: &Readers) -> Arc<dyn Operator> {
    if Terminal.is_present() {
        Arc::new(AfterReaders {
            stream: stream.clone(),
            told: readers.told(),
        })
    } else {
        Arc::new(NoOperator)
    }
}

/// The person at the terminal, who reads what stands behind the store before the question comes.
struct AfterReaders {
    stream: Stream,
    told: Durable,
}

impl Operator for AfterReaders {
    fn answer(&self, question: &Question) -> Result<String, Failure> {
        if let Ok(runtime) = Handle::try_current() {
            // Where nothing more is kept nothing more is told; the question is asked all the same.
            let _ = runtime.block_on(self.told.upto(self.stream.seq_last()));
        }
        Terminal.answer(question)
    }

    fn is_present(&self) -> bool {
        Terminal.is_present()
    }
}

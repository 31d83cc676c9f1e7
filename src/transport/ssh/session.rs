//! A connection to a target, as the rest of Segue sees it.

use std::{sync::Arc, time::Duration};

use super::{connection::Connection, process};
use crate::{
    model::{Output, Payload},
    transport::{GivenUp, OutputWatch, Pending, Session, SessionError},
};

pub(super) struct SshSession {
    pub(super) connection: Arc<Connection>,
    pub(super) disconnect_timeout: Duration,
}

impl Session for SshSession {
    fn run<'a>(
        &'a self,
        payload: &'a Payload,
        watch: Option<&'a OutputWatch<'a>>,
    ) -> Pending<'a, Result<Output, SessionError>> {
        Box::pin(process::run(&self.connection, payload, watch))
    }

    fn is_open(&self) -> bool {
        self.connection.is_open()
    }

    fn is_ending(&self) -> bool {
        self.connection.endings().are_under_way()
    }

    fn given_up(&self) -> Pending<'_, GivenUp> {
        Box::pin(self.connection.endings().over())
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(self.connection.close(self.disconnect_timeout))
    }
}

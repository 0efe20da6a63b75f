//! The harness's side of a node: a process and the lines to and from it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use crate::{
    Setup,
    protocol::{Answer, Request},
};

/// Longest wait for an answer. No block of a history takes a hundredth of it on a free machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A running node.
pub(crate) struct Peer {
    process: Child,
    requests: Option<ChildStdin>,
    answers: Receiver<String>,
}

/// Why a node did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Silence {
    /// Its process has ended.
    #[error("its process ended: {0}")]
    Ended(String),
    /// It takes too long.
    #[error("it did not answer within {} seconds", PATIENCE.as_secs())]
    Slow,
    /// It said something else.
    #[error("it said `{0}`")]
    Strange(String),
}

impl Peer {
    /// Starts the process of a node, under its limits.
    pub(crate) fn spawn(program: &Path, setup: &Setup) -> Result<Self, Silence> {
        let mut command = if setup.limits.is_empty() {
            let mut command = Command::new(program);
            command.arg("node");
            command
        } else {
            let pairs = setup
                .limits
                .chunks(2)
                .map(|pair| format!("ulimit {}", pair.join(" ")));
            let limits: Vec<_> = pairs.collect();
            let mut command = Command::new("bash");
            command
                .arg("-c")
                .arg(format!("{} && exec \"$0\" node", limits.join(" && ")))
                .arg(program);
            command
        };
        let ended = |error: std::io::Error| Silence::Ended(error.to_string());
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(ended)?;
        let requests = process.stdin.take();
        let output = process.stdout.take();
        let (sender, answers) = channel();
        thread::spawn(move || {
            let lines = output.map(|output| BufReader::new(output).lines());
            for line in lines.into_iter().flatten().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            process,
            requests,
            answers,
        })
    }

    /// Sends a request without waiting for the answer.
    pub(crate) fn send(&mut self, request: &Request) -> Result<(), Silence> {
        let mut line = serde_json::to_vec(request).unwrap_or_default();
        line.push(b'\n');
        let written = match &mut self.requests {
            Some(requests) => requests.write_all(&line).and_then(|()| requests.flush()),
            None => Ok(()),
        };
        // Whoever does not read has ended.
        written.map_err(|_| self.ended())
    }

    /// Waits for the answer to the last request.
    pub(crate) fn receive(&mut self) -> Result<Answer, Silence> {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(line) => serde_json::from_str(&line).map_err(|_| Silence::Strange(line)),
            Err(RecvTimeoutError::Timeout) => Err(Silence::Slow),
            Err(RecvTimeoutError::Disconnected) => Err(self.ended()),
        }
    }

    pub(crate) fn ask(&mut self, request: &Request) -> Result<Answer, Silence> {
        self.send(request)?;
        self.receive()
    }

    fn ended(&mut self) -> Silence {
        let status = self.process.wait();
        Silence::Ended(status.map_or_else(|error| error.to_string(), |status| status.to_string()))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.requests.take());
        // It ends by itself when there are no more requests, unless it hangs.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

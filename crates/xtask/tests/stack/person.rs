//! The two ends of a conversation: a terminal that a person sits at, and a model that says its words when it is told to.

use std::{
    fs::File,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, ExitStatus},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};

/// How long a test waits for a program before it fails. No step of a test takes as long, on a busy machine either.
const LIMIT: Duration = Duration::from_secs(300);

/// A program that runs at a terminal.
pub(crate) struct Terminal {
    pub(crate) child: Child,
    /// The end of the terminal that the program has.
    pub(crate) programs_end: File,
    keyboard: File,
    screen: Receiver<u8>,
}

impl Terminal {
    pub(crate) fn run(mut command: Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let programs_end = File::options().read(true).write(true).open(name).unwrap();
        command
            .env("TERM", "xterm")
            .stdin(programs_end.try_clone().unwrap())
            .stdout(programs_end.try_clone().unwrap())
            .stderr(programs_end.try_clone().unwrap());
        let child = command.spawn().unwrap();
        // The command holds the terminal open, too.
        drop(command);
        let keyboard = File::from(master);
        let mut output = keyboard.try_clone().unwrap();
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut byte = [0];
            // A terminal without a program at its other end cannot be read.
            while output.read(&mut byte).is_ok_and(|count| count == 1)
                && sender.send(byte[0]).is_ok()
            {}
        });
        Self {
            child,
            programs_end,
            keyboard,
            screen,
        }
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// What appears up to these words, and with them.
    pub(crate) fn shows(&self, words: &str) -> String {
        let mut shown = Vec::new();
        while !shown.ends_with(words.as_bytes()) {
            let byte = self.screen.recv_timeout(LIMIT);
            let so_far = String::from_utf8_lossy(&shown);
            shown.push(byte.unwrap_or_else(|_| panic!("no {words:?} in {so_far:?}")));
        }
        String::from_utf8(shown).unwrap()
    }

    /// How it ended, and what appeared last.
    pub(crate) fn ends(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        drop(self.programs_end);
        let rest: Vec<u8> = self.screen.iter().collect();
        (status, String::from_utf8(rest).unwrap())
    }
}

/// A server as UPSTREAM names one.
pub(crate) struct Model {
    address: SocketAddr,
    connections: Receiver<TcpStream>,
}

impl Model {
    pub(crate) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, connections) = channel();
        thread::spawn(move || {
            while let Ok((connection, _)) = listener.accept()
                && sender.send(connection).is_ok()
            {}
        });
        Self {
            address,
            connections,
        }
    }

    /// What `make` is told to have this model asked.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        let url = format!("http://{}/v1", self.address);
        [("UPSTREAM", url), ("UPSTREAM_MODEL", "test".to_owned())]
    }

    /// Has a command ask this model.
    pub(crate) fn answers(&self, mut command: Command) -> Command {
        command.envs(
            self.variables()
                .map(|(name, value)| (format!("XTASK_{name}"), value)),
        );
        command
    }

    /// The next request, and who is to answer it.
    pub(crate) fn is_asked(&self) -> (Value, Answering) {
        self.is_asked_within(LIMIT)
    }

    fn is_asked_within(&self, limit: Duration) -> (Value, Answering) {
        let connection = self
            .connections
            .recv_timeout(limit)
            .unwrap_or_else(|_| panic!("Nobody has asked the model within {limit:?}."));
        connection.set_read_timeout(Some(limit)).unwrap();
        let mut request = BufReader::new(connection);
        let mut length = 0;
        loop {
            let mut line = String::new();
            request.read_line(&mut line).unwrap();
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().unwrap();
                }
                None if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        request.read_exact(&mut body).unwrap();
        let request_body: Value = serde_json::from_slice(&body).unwrap();
        let mut answering = Answering(request.into_inner());
        if request_body["stream"] == true {
            answering.send(
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n",
            );
        }
        (request_body, answering)
    }

    /// Answers the next request with these words, and gives its messages.
    pub(crate) fn says(&self, words: &str) -> Value {
        let (request, mut answering) = self.is_asked();
        answering.says(words);
        answering.ends();
        request["messages"].clone()
    }
}

/// A model in the middle of an answer. It breaks off when this is dropped.
pub(crate) struct Answering(TcpStream);

impl Answering {
    fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    fn chunk(&mut self, choice: &Value, usage: &Value) {
        let chunk = json!({ "choices": [choice], "usage": usage });
        self.send(&format!("data: {chunk}\n\n"));
    }

    pub(crate) fn says(&mut self, words: &str) {
        self.chunk(&json!({ "delta": { "content": words } }), &Value::Null);
    }

    /// Answers a request that is not streamed.
    pub(crate) fn answers(mut self, words: &str) {
        let choice = json!({ "message": { "role": "assistant", "content": words }, "finish_reason": "stop" });
        let body =
            json!({ "choices": [choice], "usage": { "prompt_tokens": 7, "completion_tokens": 5 } });
        let body = body.to_string();
        self.send(&format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ));
    }

    pub(crate) fn ends(mut self) {
        let usage = json!({ "prompt_tokens": 7, "completion_tokens": 5 });
        self.chunk(&json!({ "delta": {}, "finish_reason": "stop" }), &usage);
        self.send("data: [DONE]\n\n");
    }

    /// Waits until the caller has closed the connection.
    pub(crate) fn until_left(mut self) {
        match self.0.read_to_end(&mut Vec::new()) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                panic!("The caller has not closed its connection within {LIMIT:?}.")
            }
            // A connection that is reset is closed too.
            _ => {}
        }
    }
}

#[test]
#[should_panic(expected = "Nobody has asked the model within 10ms.")]
fn a_model_that_nobody_asks_ends_the_test_with_a_sentence() {
    Model::listen().is_asked_within(Duration::from_millis(10));
}

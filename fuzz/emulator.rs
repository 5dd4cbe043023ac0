// The emulator's filters and routes, over its own HTTP on the loopback interface, and its configuration files, for the fuzz
// targets and for the test that replays their seeds. Any request is answered, in time, with JSON or nothing, and never with
// "internal error". A file that is taken makes the same tenants whenever it is read; one that is refused is told where.

use std::{
    cell::RefCell,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatorConfiguration, EmulatorServer};

/// What inputs write is kept this long; then a new tenant takes over.
const INPUTS_OF_A_TENANT: usize = 500;

struct Emulator {
    _runtime: tokio::runtime::Runtime,
    _server: EmulatorServer,
    address: (String, u16),
    token: String,
    inputs: usize,
}

impl Emulator {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let tenant = EmulatedTenant::new();
        let token = tenant.token_for(&Caller::global_administrator());
        let server = runtime.block_on(EmulatorServer::builder(tenant).start()).unwrap();
        let url = server.url();
        let address = (url.host_str().unwrap().to_owned(), url.port().unwrap());
        let mut started = Self {
            _runtime: runtime,
            _server: server,
            address,
            token,
            inputs: 0,
        };
        for name in ["One", "Two", "O''Hara"] {
            let body = format!(r#"{{"displayName":"{name}","uniqueName":"name-{name}"}}"#);
            assert_eq!(started.answer("POST", "/v1.0/applications", body.as_bytes()), 201);
        }
        started
    }

    /// The status of the answer to one request.
    fn answer(&mut self, method: &str, path: &str, body: &[u8]) -> u16 {
        self.inputs += 1;
        let mut stream = TcpStream::connect((self.address.0.as_str(), self.address.1)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}:{}\r\nauthorization: Bearer {}\r\nconsistencylevel: eventual\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            self.address.0,
            self.address.1,
            self.token,
            body.len()
        );
        // It may answer and hang up before it has read everything.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        let status: u16 = match answer.split(' ').nth(1).and_then(|status| status.parse().ok()) {
            Some(status) => status,
            None => panic!("{method} {path}: no answer ({ended:?}): {answer}"),
        };
        assert!(status < 500 || status == 501 || status == 503, "{method} {path}: {answer}");
        if let Some((head, body)) = answer.split_once("\r\n\r\n")
            && head.to_ascii_lowercase().contains("content-type: application/json")
            && !head.to_ascii_lowercase().contains("transfer-encoding")
            && method != "HEAD"
        {
            assert!(serde_json::from_str::<serde_json::Value>(body).is_ok(), "{method} {path}: {body}");
        }
        status
    }
}

thread_local! {
    static EMULATOR: RefCell<Option<Emulator>> = const { RefCell::new(None) };
}

fn answer(method: &str, path: &str, body: &[u8]) -> u16 {
    EMULATOR.with_borrow_mut(|held| {
        let emulator = match held.take() {
            Some(emulator) if emulator.inputs < INPUTS_OF_A_TENANT => held.insert(emulator),
            _ => held.insert(Emulator::start()),
        };
        emulator.answer(method, path, body)
    })
}

/// A configuration file; whether it was taken.
pub(crate) fn configuration(input: &[u8]) -> bool {
    match EmulatorConfiguration::from_json(input) {
        Ok(taken) => {
            let first = state(taken);
            // Written by another program, it is the same file.
            let file: serde_json::Value = serde_json::from_slice(input).expect("it was read before");
            let again = file.to_string();
            let same = || state(EmulatorConfiguration::from_json(again.as_bytes()).expect("it was taken before"));
            // A second may have begun in between, from which dates are counted.
            assert!(first == same() || same() == same(), "{again}");
            true
        }
        Err(refused) => {
            let text = refused.to_string();
            let place = text.strip_prefix("the configuration cannot be used: ").unwrap_or_default();
            assert!(PLACES.iter().any(|known| place.contains(known)), "{text}");
            false
        }
    }
}

/// How a refusal says where: by line and column, by the path to what is wrong, or that it is about the file as a whole.
const PLACES: [&str; 7] = [
    " at line ",
    "tenants[",
    "site: ",
    "preset",
    "it is not ",
    "it is longer",
    "there are more than",
];

/// What the first tenant of a configuration has in it. Ids that only a run has are left out.
fn state(configuration: EmulatorConfiguration) -> String {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    }
    let builder = EmulatorServer::of_configuration(configuration).expect("what is taken can be put in place");
    let server = RUNTIME.with(|runtime| runtime.block_on(builder.start())).unwrap();
    server.tenant().state().to_string()
}

/// A text as it may stand in the first line of a request.
fn encoded(text: &str, keep: &str) -> String {
    let of_byte = |byte: u8| match byte {
        _ if byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte) => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(of_byte).collect()
}

/// A `$filter` on app registrations; whether it was understood.
pub(crate) fn filter(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    let path = format!("/v1.0/applications?$count=true&$filter={}", encoded(text, "-._~"));
    // What does not fit into a request line is not the filter's.
    path.len() < 60_000 && answer("GET", &path, &[]) == 200
}

/// A method and a path in the first line, and a body below; whether it was carried out.
pub(crate) fn route(input: &[u8]) -> bool {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (line, body) = (&input[..end], input.get(end + 1..).unwrap_or_default());
    let Some((method, path)) = std::str::from_utf8(line).ok().and_then(|line| line.split_once(' ')) else {
        return false;
    };
    let path = encoded(path, "-._~:/?#[]@!$&'()*+,;=%");
    if !matches!(method, "GET" | "POST" | "PATCH" | "PUT" | "DELETE" | "HEAD") || !path.starts_with('/') || path.len() > 60_000 {
        return false;
    }
    answer(method, &path, body) < 400
}

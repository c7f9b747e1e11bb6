//! Asks addresses for the engine, which knows no network: whether a site is healthy.

use patchwright_engine::site::web::Web;
use patchwright_hooks_api::{Error, ErrorKind, WebAnswer, WebMethod, WebRequest};
use reqwest::blocking::Client;
use reqwest::redirect::Policy;
use reqwest::{Method, Url};
use rustls::crypto::ring;
use std::error::Error as _;
use std::io::Read;
use std::time::Duration;

/// So much of an answer is looked at.
const MAX_BYTES: usize = 1024 * 1024;

/// The web, over HTTP/1.1 and TLS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Http;

impl Web for Http {
    fn ask(&self, request: &WebRequest, timeout: Duration) -> Result<WebAnswer, Error> {
        let failed = |error: &reqwest::Error| Error::new(ErrorKind::Io, reason(error, timeout));
        let mut asked = client()?.request(method(request.method), parsed(&request.url)?).timeout(timeout);
        for (name, value) in &request.headers {
            asked = asked.header(name, value);
        }
        if let Some(body) = &request.body {
            asked = asked.body(body.clone());
        }
        let response = asked.send().map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        // What came before an answer broke off is an answer, too.
        let ended = response.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
        let is_whole = ended.is_ok() && bytes.len() <= MAX_BYTES;
        bytes.truncate(MAX_BYTES);
        Ok(WebAnswer { status, text: String::from_utf8_lossy(&bytes).into_owned(), is_whole })
    }

    fn check(&self, url: &str) -> Result<(), Error> {
        parsed(url).map(drop)
    }
}

fn method(method: WebMethod) -> Method {
    match method {
        WebMethod::Get => Method::GET,
        WebMethod::Post => Method::POST,
        WebMethod::Put => Method::PUT,
        WebMethod::Delete => Method::DELETE,
    }
}

fn parsed(url: &str) -> Result<Url, Error> {
    Url::parse(url).map_err(|error| Error::invalid(format!("{url} is no address: {error}")))
}

/// A client that goes straight to the site: no proxy of the environment, no redirection.
fn client() -> Result<Client, Error> {
    // Another part of the program may have chosen one already, and its choice is as good.
    let _ = ring::default_provider().install_default();
    let agent = concat!("patchwright/", env!("CARGO_PKG_VERSION"));
    let built = Client::builder().user_agent(agent).no_proxy().redirect(Policy::none()).build();
    built.map_err(|error| Error::new(ErrorKind::Internal, format!("can't ask any address: {error}")))
}

/// Why there was no answer: the innermost cause says it best.
fn reason(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", timeout.as_secs_f64());
    }
    let mut cause = error.source();
    let mut told = error.to_string();
    while let Some(inner) = cause {
        told = inner.to_string();
        cause = inner.source();
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{Shutdown, TcpListener};
    use std::thread;

    const LONG: Duration = Duration::from_secs(20);

    /// A listener that gives this answer once, and the address to ask it at.
    fn answering(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/health", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            assert!(request[..length].starts_with(b"GET /health HTTP/1.1\r\n"));
            // Who has heard enough hangs up.
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.shutdown(Shutdown::Write);
        });
        address
    }

    fn get(url: &str, timeout: Duration) -> Result<WebAnswer, Error> {
        Http.ask(&WebRequest::get(url), timeout)
    }

    #[test]
    fn an_answer_comes_with_its_status() {
        let answer = get(&answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1.0.1"), LONG).unwrap();
        assert_eq!(answer, WebAnswer { status: 200, text: "1.0.1".into(), is_whole: true });
        let answer = get(&answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), LONG).unwrap();
        assert_eq!(answer.status, 503);
    }

    #[test]
    fn of_an_answer_that_breaks_off_or_does_not_end_the_beginning_is_told() {
        let broken = get(&answering("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n1.0.1"), LONG).unwrap();
        assert_eq!(broken, WebAnswer { status: 200, text: "1.0.1".into(), is_whole: false });
        let long = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", MAX_BYTES + 9, "x".repeat(MAX_BYTES + 9));
        let answer = get(&answering(long.leak()), LONG).unwrap();
        assert!(!answer.is_whole && answer.text.len() == MAX_BYTES);
    }

    #[test]
    fn a_redirection_is_an_answer_and_not_followed() {
        let answer = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(get(&answering(answer), LONG).unwrap().status, 302);
    }

    #[test]
    fn who_does_not_listen_or_does_not_answer_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let error = get(&address, Duration::from_millis(100)).unwrap_err();
        assert_eq!(error.message, "no answer within 0.1 s");
        drop(listener);
        let error = get(&address, LONG).unwrap_err();
        assert!(error.message.contains("onnection refused"), "{error}");
    }

    #[test]
    fn an_address_is_looked_at_before_it_is_asked() {
        assert!(Http.check("https://cms.example/health?deep=1").is_ok());
        for wrong in ["http://", "https://[::1/", "https://cms.example:port/"] {
            assert!(Http.check(wrong).is_err(), "{wrong}");
        }
    }
}

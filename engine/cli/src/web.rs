//! Asks addresses for the engine, which knows no network: whether a site is healthy.

use patchwright_engine::site::web::{Page, Web};
use patchwright_hooks_api::{Error, ErrorKind};
use reqwest::Url;
use reqwest::blocking::Client;
use reqwest::redirect::Policy;
use rustls::crypto::ring;
use std::error::Error as _;
use std::io::Read;
use std::time::Duration;

/// So much of an answer is looked at.
const MAX_BYTES: u64 = 64 * 1024;

/// The web, over HTTP/1.1 and TLS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Http;

impl Web for Http {
    fn get(&self, url: &str, timeout: Duration) -> Result<Page, Error> {
        let failed = |error: &reqwest::Error| Error::new(ErrorKind::Io, reason(error, timeout));
        let response = client()?.get(parsed(url)?).timeout(timeout).send().map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        // What came before an answer broke off is an answer, too: what is expected in it may be missing.
        let _ = response.take(MAX_BYTES).read_to_end(&mut bytes);
        Ok(Page { status, text: String::from_utf8_lossy(&bytes).into_owned() })
    }

    fn check(&self, url: &str) -> Result<(), Error> {
        parsed(url).map(drop)
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
            stream.write_all(answer.as_bytes()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
        });
        address
    }

    #[test]
    fn an_answer_comes_with_its_status() {
        let page = Http.get(&answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1.0.1"), LONG).unwrap();
        assert_eq!(page, Page { status: 200, text: "1.0.1".into() });
        let page = Http.get(&answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), LONG).unwrap();
        assert_eq!(page.status, 503);
    }

    #[test]
    fn a_redirection_is_an_answer_and_not_followed() {
        let answer = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(Http.get(&answering(answer), LONG).unwrap().status, 302);
    }

    #[test]
    fn who_does_not_listen_or_does_not_answer_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let error = Http.get(&address, Duration::from_millis(100)).unwrap_err();
        assert_eq!(error.message, "no answer within 0.1 s");
        drop(listener);
        let error = Http.get(&address, LONG).unwrap_err();
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

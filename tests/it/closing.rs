//! Closing the shop without breaking anything off.
//!
//! Invariant: what has begun is finished, nothing new is begun, and the program ends with 0 as soon as it is done.

use crate::support::binary::Place;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn a_request_that_has_begun_is_answered_and_then_the_program_ends() {
    let place = Place::new(&[]);
    let serving = place.serve();
    let host = serving.origin.authority().to_owned();
    let connect = || TcpStream::connect(("127.0.0.1", serving.origin.port().expect("a port"))).expect("it listens");
    let mut watcher = connect();
    let ready = format!("GET /readyz HTTP/1.1\r\nhost: {host}\r\n\r\n");
    assert!(ask(&mut watcher, &ready).starts_with("HTTP/1.1 200"));

    let mut begun = connect();
    let body = "{\"username\": \"nobody@example.com\", \"password\": \"correct-wagon\"}";
    let (first, rest) = body.split_at(10);
    let length = body.len();
    write!(
        begun,
        "POST /api/login HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{first}"
    )
    .expect("it takes a beginning");
    std::thread::sleep(Duration::from_millis(200));
    serving.ask_to_stop();
    std::thread::sleep(Duration::from_millis(300));
    let told = ask(&mut watcher, &ready);
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 503"), "a proxy sends nobody here any more: {told}");
    let told = ask(&mut connect(), &ready);
    assert!(told.starts_with("HTTP/1.1 503"), "nor does a new connection hang: {told}");
    let answer = ask(&mut begun, rest);
    assert!(answer.starts_with("HTTP/1.1 401"), "what has begun is finished: {answer}");
    drop((begun, watcher));
    let asked = Instant::now();
    assert_eq!(serving.wait(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(3), "and then it ends at once: {:?}", asked.elapsed());
}

/// Sends and reads what comes; empty when the connection was closed.
fn ask(connection: &mut TcpStream, text: &str) -> String {
    connection.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    if connection.write_all(text.as_bytes()).is_err() {
        return String::new();
    }
    let mut answer = vec![0; 4096];
    match connection.read(&mut answer) {
        Ok(read) => String::from_utf8_lossy(&answer[..read]).into_owned(),
        Err(_) => String::new(),
    }
}

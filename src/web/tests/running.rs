//! A real server on a real socket.

use super::*;
use crate::config::BadSetting;
use crate::web::server::start;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends bytes and reads until the server has no more to say for a while.
async fn talk(stream: &mut TcpStream, bytes: &str) -> String {
    stream.write_all(bytes.as_bytes()).await.expect("sent");
    let mut heard = vec![0; 65_536];
    let length = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut heard)).await.expect("an answer").expect("read");
    String::from_utf8_lossy(&heard[..length]).into_owned()
}

#[actix_web::test]
async fn a_taken_port_is_an_error_that_names_the_setting_and_the_fix() {
    let folder = TempDir::new().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let failed = start(settings(&folder, &[("LATCHKEY_LISTEN", &address)]), Clock::default()).await.err().expect("it is taken");
    let bad = failed.downcast_ref::<BadSetting>().expect("a bad setting");
    assert_eq!(bad.name, "LATCHKEY_LISTEN");
    assert!(bad.why.contains("already") && bad.fix.contains("LATCHKEY_LISTEN="), "{bad}");
}

#[actix_web::test]
async fn a_stop_does_not_wait_for_idle_connections() {
    let folder = TempDir::new().expect("a folder");
    let running = start(settings(&folder, &[("LATCHKEY_WORKERS", "1")]), Clock::default()).await.expect("it starts");
    let host = format!("localhost:{}", running.address.port());
    let mut idle = TcpStream::connect(running.address).await.expect("connected");
    let answer = talk(&mut idle, &format!("GET /login HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let begun = Instant::now();
    running.stop().await.expect("it stops");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    TcpStream::connect(format!("127.0.0.1:{}", host.split_once(':').expect("a port").1))
        .await
        .expect_err("nobody listens any more");
}

#[actix_web::test]
async fn a_stop_waits_for_what_has_begun() {
    let folder = TempDir::new().expect("a folder");
    let running = start(settings(&folder, &[("LATCHKEY_WORKERS", "1")]), Clock::default()).await.expect("it starts");
    let origin = running.origin.origin().ascii_serialization();
    let mut slow = TcpStream::connect(running.address).await.expect("connected");
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\ncsrf=",
        origin.trim_start_matches("http://")
    );
    slow.write_all(head.as_bytes()).await.expect("sent");
    while running.app.traffic.underway() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let stopped = actix_web::rt::spawn(running.stop());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!stopped.is_finished());
    let answer = talk(&mut slow, "abcd").await;
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("too old to be sent"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"));
    stopped.await.expect("joined").expect("it stops");
}

/// Takes ten seconds: the deadline itself.
#[actix_web::test]
async fn a_body_that_drips_is_given_up_with_a_page() {
    let folder = TempDir::new().expect("a folder");
    let running = start(settings(&folder, &[("LATCHKEY_WORKERS", "1")]), Clock::default()).await.expect("it starts");
    let origin = running.origin.origin().ascii_serialization();
    let host = origin.trim_start_matches("http://");
    let mut slow = TcpStream::connect(running.address).await.expect("connected");
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 90\r\n\r\ncsrf="
    );
    let begun = Instant::now();
    let answer = talk(&mut slow, &head).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("did not reach us within ten seconds"), "{answer}");
    assert!((9..14).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    running.stop().await.expect("it stops");
}

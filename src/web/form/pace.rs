//! How fast a large body must come.
//!
//! Invariant: in each ten seconds at least 64 KiB arrive, or all that is left, else the body is given up; so a sender who dawdles
//! holds a connection for no longer than a small form would (docs/SECURITY.md, "Input and limits"). It does not know what the bytes mean.

use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt as _};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

const WINDOW: Duration = Duration::from_secs(10);
const LEAST: usize = 64 * 1024;

/// The same body, with an error of kind `TimedOut` where it is too slow.
pub fn paced<S>(body: S) -> impl Stream<Item = Result<Bytes, PayloadError>>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    paced_by(body, WINDOW, LEAST)
}

fn paced_by<S>(body: S, window: Duration, least: usize) -> impl Stream<Item = Result<Bytes, PayloadError>>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    let start = (Some(body), Instant::now() + window, 0_usize);
    futures_util::stream::unfold(start, move |(body, mut until, mut seen)| async move {
        let mut body = body?;
        match timeout_at(until, body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(chunk))) => {
                seen += chunk.len();
                if seen >= least {
                    (until, seen) = (Instant::now() + window, 0);
                }
                Some((Ok(chunk), (Some(body), until, seen)))
            }
            Ok(Some(Err(cause))) => Some((Err(cause), (None, until, seen))),
            Err(_) => Some((Err(PayloadError::Io(ErrorKind::TimedOut.into())), (None, until, seen))),
        }
    })
    .fuse()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    /// So many chunks of four bytes, one each so often; then how many came through, and whether it was given up. (A sleep may be late on
    /// a busy machine, and never early.)
    async fn sent(count: usize, each: Duration, window: Duration) -> (usize, bool) {
        let chunks = stream::iter(0..count).then(move |_| async move {
            tokio::time::sleep(each).await;
            Ok(Bytes::from_static(b"abcd"))
        });
        let came: Vec<_> = paced_by(Box::pin(chunks), window, 8).collect().await;
        (came.iter().filter(|chunk| chunk.is_ok()).count(), came.iter().any(Result::is_err))
    }

    #[actix_web::test]
    async fn a_body_may_be_long_but_not_slow() {
        let (tick, window) = (Duration::from_millis(50), Duration::from_secs(2));
        assert_eq!(sent(45, tick, window).await, (45, false), "longer than a window, and fast enough by far");
        let (came, given_up) = sent(30, 2 * tick, 3 * tick).await;
        assert!(came < 2 && given_up, "two would have to come in each window, and one can: {came}");
        assert_eq!(sent(1, Duration::ZERO, window).await, (1, false), "little is not slow");
        let never = paced_by(stream::pending(), Duration::from_millis(20), 8);
        assert!(Box::pin(never).next().await.is_some_and(|chunk| chunk.is_err()));
    }
}

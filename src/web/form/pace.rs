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

    /// So many chunks of four bytes, one each so often; then how many came through, and whether it was given up.
    async fn sent(count: usize, each: Duration) -> (usize, bool) {
        let chunks = stream::iter(0..count).then(move |_| async move {
            tokio::time::sleep(each).await;
            Ok(Bytes::from_static(b"abcd"))
        });
        let came: Vec<_> = paced_by(Box::pin(chunks), Duration::from_millis(120), 8).collect().await;
        (came.iter().filter(|chunk| chunk.is_ok()).count(), came.iter().any(Result::is_err))
    }

    #[actix_web::test]
    async fn a_body_may_be_long_but_not_slow() {
        assert_eq!(sent(30, Duration::from_millis(10)).await, (30, false), "longer than a window, and fast enough");
        assert_eq!(sent(30, Duration::from_millis(100)).await, (1, true), "too few in a window");
        assert_eq!(sent(1, Duration::from_millis(10)).await, (1, false), "little is not slow");
        let never = paced_by(stream::pending(), Duration::from_millis(20), 8);
        assert!(Box::pin(never).next().await.is_some_and(|chunk| chunk.is_err()));
    }
}

//! Takes the addresses that the settings name, or says which setting to change.
//!
//! Invariant: an address that somebody chose and that cannot be had stops the start; a default for those who watch is only a wish.

use crate::config::{BadSetting, Config};
use std::net::{SocketAddr, TcpListener};

/// The site's.
///
/// # Errors
/// `BadSetting`.
pub(super) fn site(config: &Config) -> Result<TcpListener, BadSetting> {
    take("LATCHKEY_LISTEN", config.listen)
}

/// That of `/metrics`, where it is wanted and to be had.
///
/// # Errors
/// `BadSetting` when somebody chose it.
pub(super) fn metrics(config: &Config) -> Result<Option<TcpListener>, BadSetting> {
    let Some(wanted) = config.metrics else { return Ok(None) };
    match take("LATCHKEY_METRICS_LISTEN", wanted.address) {
        Ok(listener) => Ok(Some(listener)),
        Err(bad) if wanted.chosen => Err(bad),
        Err(bad) => {
            tracing::warn!(why = bad.why, "there are no metrics: LATCHKEY_METRICS_LISTEN chooses another address, or off");
            Ok(None)
        }
    }
}

/// Could the addresses be had just now?
///
/// # Errors
/// `BadSetting`, as the start would say.
pub fn can_listen(config: &Config) -> Result<(), BadSetting> {
    take("LATCHKEY_LISTEN", config.listen)?;
    match config.metrics.filter(|wanted| wanted.chosen) {
        Some(wanted) => take("LATCHKEY_METRICS_LISTEN", wanted.address).map(drop),
        None => Ok(()),
    }
}

fn take(name: &str, address: SocketAddr) -> Result<TcpListener, BadSetting> {
    TcpListener::bind(address).map_err(|cause| {
        let why = match cause.kind() {
            std::io::ErrorKind::AddrInUse => format!("another program listens on {address} already"),
            std::io::ErrorKind::PermissionDenied => format!("this user may not listen on {address}"),
            std::io::ErrorKind::AddrNotAvailable => format!("{} is no address of this machine", address.ip()),
            _ => format!("{address} cannot be listened on: {cause}"),
        };
        let fix = format!(
            "stop the other program, or choose another port, such as {name}={}:{}",
            address.ip(),
            address.port().wrapping_add(1).max(1024)
        );
        BadSetting { name: name.to_owned(), why, fix }
    })
}

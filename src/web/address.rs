//! Where a request comes from.
//!
//! Invariant: `X-Forwarded-For` is believed only as far as proxies of ours wrote it, from the right: the first address that is not
//! one of them is the client. Nobody chooses their own address.

use crate::config::Proxies;
use actix_web::http::header::HeaderMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The client's address: the socket's peer, or what trusted proxies say of it.
#[must_use]
pub fn client(peer: Option<IpAddr>, headers: &HeaderMap, proxies: &Proxies) -> IpAddr {
    let mut address = canonical(peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    if !proxies.contains(address) {
        return address;
    }
    let lines: Vec<_> = headers.get_all("x-forwarded-for").collect();
    for line in lines.into_iter().rev() {
        let Ok(line) = line.to_str() else { return address };
        for part in line.rsplit(',') {
            let Some(hop) = parse(part.trim()) else { return address };
            address = canonical(hop);
            if !proxies.contains(address) {
                return address;
            }
        }
    }
    address
}

/// An address with or without a port, as proxies write it.
fn parse(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some(inner) = text.strip_prefix('[') {
        return inner.split_once(']').and_then(|(address, _)| address.parse::<Ipv6Addr>().ok()).map(IpAddr::V6);
    }
    text.parse::<std::net::SocketAddrV4>().ok().map(|socket| IpAddr::V4(*socket.ip()))
}

/// A v4 address that arrived on a v6 socket is the v4 address.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// What is counted as one client: an IPv4 address, or the /64 that a household gets.
#[must_use]
pub fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// An address as a person understands it: which of their own places it is, or the address itself.
#[must_use]
pub fn place(address: &str) -> String {
    match address.parse::<IpAddr>().map(canonical) {
        Ok(known) if known.is_loopback() => "the shop’s own machine".to_owned(),
        Ok(known) if is_local(known) => format!("your own network ({known})"),
        Ok(known) => known.to_string(),
        // Written by a proxy or an older version: ours, but nothing to build on.
        Err(_) => "an unknown place".to_owned(),
    }
}

/// Of a network that nobody reaches from outside.
fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn seen(peer: &str, forwarded: &[&str], proxies: &str) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_str(line).expect("a header"));
        }
        client(peer.parse().ok(), &headers, &proxies.parse().expect("networks")).to_string()
    }

    #[test]
    fn nobody_chooses_their_own_address() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], ""), "203.0.113.9");
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], "10.0.0.0/8"), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4, 198.51.100.1"], "10.0.0.0/8"), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4", "198.51.100.1, 10.0.0.2"], "10.0.0.0/8"), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, nonsense"], "10.0.0.0/8"), "10.0.0.1");
        assert_eq!(seen("::ffff:10.0.0.1", &["[2001:db8::7]:443"], "10.0.0.0/8"), "2001:db8::7");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1:4711"], "10.0.0.0/8"), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &[], "10.0.0.0/8"), "10.0.0.1");
    }

    #[test]
    fn a_place_is_named_as_its_person_knows_it() {
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(place(address), "the shop’s own machine");
        }
        assert_eq!(place("192.168.1.7"), "your own network (192.168.1.7)");
        assert_eq!(place("fd00::7"), "your own network (fd00::7)");
        for address in ["203.0.113.9", "2001:db8::7", "100.64.0.1"] {
            assert_eq!(place(address), address);
        }
        assert_eq!(place(""), "an unknown place");
        assert_eq!(place("<b>x</b>"), "an unknown place");
    }

    #[test]
    fn a_v6_household_is_one_client() {
        let one = household("2001:db8:1:2:3:4:5:6".parse().expect("an address"));
        assert_eq!(one, household("2001:db8:1:2:ffff::1".parse().expect("an address")));
        assert_ne!(one, household("2001:db8:1:3::1".parse().expect("an address")));
    }
}

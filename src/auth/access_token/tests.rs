//! Forged tokens, as a table: the cases of RFC 8725 and what public test vectors for JWS are known to try.

use super::*;
use crate::auth::user::Role;
use crate::clock::{self, Moment};
use crate::config::Algorithm;
use crate::ids::{SessionId, UserId};

const ISS: &str = "http://localhost:8080";
const AUD: &str = "http://localhost:8080/web";
const NOW: i64 = 1_800_000_000;

fn claims() -> Claims<'static> {
    Claims {
        iss: ISS,
        aud: AUD,
        sub: UserId::random(),
        sid: SessionId::random(),
        generation: 1,
        epoch: 0,
        role: Role::Shopper,
        jti: "128-random-bits-of-ids",
        iat: NOW,
        nbf: NOW,
        exp: NOW + 600,
    }
}

fn at(seconds: i64) -> Moment {
    clock::from_unix(seconds)
}

fn ring_of(algorithm: Algorithm) -> KeyRing {
    let key = |from| SigningKey::random(algorithm, at(from)).expect("a key");
    KeyRing::of(vec![key(NOW - 1), key(NOW + 1_000)]).expect("a ring")
}

fn ring() -> KeyRing {
    ring_of(Algorithm::Hs256)
}

fn issued(ring: &KeyRing, claims: &Claims<'_>) -> String {
    issue(ring.signing(at(NOW)), claims).expect("signs")
}

/// A token with any header and claims, rightly signed by the ring's first key.
fn signed(ring: &KeyRing, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64url(header), base64url(claims));
    let signature = ring.signing(at(NOW)).sign(&message).expect("signs");
    format!("{message}.{signature}")
}

fn checked(ring: &KeyRing, token: &str) -> Result<Bearer, Fault> {
    check(ring, token, ISS, AUD, NOW)
}

#[test]
fn a_token_of_ours_is_accepted_until_its_last_second() {
    let (ring, claims) = (ring(), claims());
    let token = issued(&ring, &claims);
    assert!(token.len() < 1024);
    assert_eq!(checked(&ring, &token), Ok(claims.bearer()));
    assert_eq!(check(&ring, &token, ISS, AUD, NOW + 599), Ok(claims.bearer()));
    assert_eq!(check(&ring, &token, ISS, AUD, NOW + 600), Err(Fault::Stale));
    assert_eq!(check(&ring, &token, ISS, AUD, NOW - 5).map(|_| ()), Ok(()));
    assert_eq!(check(&ring, &token, ISS, AUD, NOW - 6), Err(Fault::Stale), "not yet valid is stale, not forged");
}

#[test]
fn the_other_door_another_issuer_and_another_ring_refuse_it() {
    let ring = ring();
    let token = issued(&ring, &claims());
    assert_eq!(check(&ring, &token, ISS, "http://localhost:8080/api", NOW), Err(Fault::Forged("aud")));
    assert_eq!(check(&ring, &token, "http://localhost:8081", AUD, NOW), Err(Fault::Forged("iss")));
    assert_eq!(checked(&self::ring(), &token), Err(Fault::UnknownKey));
}

#[test]
fn a_header_with_anything_more_less_or_other_is_forged() {
    let ring = ring();
    let kid = ring.signing(at(NOW)).kid.clone();
    let body = serde_json::to_string(&claims()).expect("JSON");
    let good = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}"}}"#);
    assert!(checked(&ring, &signed(&ring, &good, &body)).is_ok());
    let turned = format!(r#"{{ "kid":"{kid}", "typ":"at+jwt", "alg":"HS256" }}"#);
    assert!(checked(&ring, &signed(&ring, &turned, &body)).is_ok(), "the same header in other letters");
    for header in [
        format!(r#"{{"alg":"none","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"None","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"hs256","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS384","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":["HS256"],"typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":null,"typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","typ":"application/at+jwt","kid":"{kid}"}}"#),
        r#"{"alg":"HS256","typ":"at+jwt"}"#.to_owned(),
        r#"{"alg":"HS256","typ":"at+jwt","kid":""}"#.to_owned(),
        r#"{"alg":"HS256","typ":"at+jwt","kid":"../../dev/null"}"#.to_owned(),
        r#"{"alg":"HS256","typ":"at+jwt","kid":"a' OR '1'='1"}"#.to_owned(),
        format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{}"}}"#, "k".repeat(33)),
        format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}","crit":["exp"]}}"#),
        format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}","b64":false}}"#),
        format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}","zip":"DEF"}}"#),
        format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}","cty":"JWT"}}"#),
        format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}","jku":"https://evil.example/keys"}}"#),
        format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}","jwk":{{"kty":"oct","k":"AA"}}}}"#),
        format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}","x5u":"https://evil.example/cert"}}"#),
        format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}","x5c":["AA"]}}"#),
        format!(r#"{{"alg":"HS256","alg":"none","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}","kid":"{kid}"}}"#),
        format!(r#"["HS256","at+jwt","{kid}"]"#),
        format!("{good}{good}"),
        "null".to_owned(),
        "{".to_owned(),
    ] {
        let fault = checked(&ring, &signed(&ring, &header, &body));
        assert!(matches!(fault, Err(Fault::Forged(_))), "{header}: {fault:?}");
    }
    let unknown = r#"{"alg":"HS256","typ":"at+jwt","kid":"never-seen-key"}"#;
    assert_eq!(checked(&ring, &signed(&ring, unknown, &body)), Err(Fault::UnknownKey));
}

#[test]
fn claims_with_anything_more_less_or_other_are_forged() {
    let ring = ring();
    let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{}"}}"#, ring.signing(at(NOW)).kid);
    let good = serde_json::to_value(claims()).expect("JSON");
    let with = |name: &str, value: serde_json::Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims.to_string()
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().expect("an object").remove(name);
        claims.to_string()
    };
    let text = good.to_string();
    let mut cases: Vec<String> =
        ["iss", "aud", "sub", "sid", "gen", "epoch", "role", "jti", "iat", "nbf", "exp"].map(without).into();
    cases.extend([
        with("iss", serde_json::json!([ISS])),
        text.replacen("http://localhost", r"http:\/\/localhost", 1),
        with("iss", serde_json::json!("http://localhost:8080/")),
        with("aud", serde_json::json!([AUD])),
        with("aud", serde_json::json!("")),
        with("exp", serde_json::json!(1_800_000_600.0)),
        with("exp", serde_json::json!((NOW + 600).to_string())),
        with("exp", serde_json::json!(i64::MAX)),
        with("exp", serde_json::json!(NOW + 901)),
        with("iat", serde_json::json!(i64::MIN)),
        with("exp", serde_json::json!(18_446_744_073_709_551_615_u64)),
        with("role", serde_json::json!("root")),
        with("sub", serde_json::json!("1")),
        with("sid", serde_json::json!(null)),
        with("admin", serde_json::json!(true)),
        text.replacen('{', &format!(r#"{{"exp":{},"#, NOW + 900), 1),
        format!("[{text}]"),
        String::from("{}"),
    ]);
    for body in cases {
        let fault = checked(&ring, &signed(&ring, &header, &body));
        assert!(matches!(fault, Err(Fault::Forged(_))), "{body}: {fault:?}");
    }
    for (name, value) in [("exp", NOW), ("nbf", NOW + 6), ("iat", NOW + 6)] {
        assert_eq!(checked(&ring, &signed(&ring, &header, &with(name, value.into()))), Err(Fault::Stale), "{name}");
    }
}

#[test]
fn a_token_whose_bytes_were_touched_is_forged() {
    let ring = ring();
    let token = issued(&ring, &claims());
    let parts: Vec<&str> = token.split('.').collect();
    let (header, body, signature) = (parts[0], parts[1], parts[2]);
    let mut cases = vec![
        String::new(),
        "..".to_owned(),
        format!("{header}.{body}."),
        format!("{header}.{body}"),
        format!("{header}.{body}.{signature}."),
        format!("{header}.{body}.{signature}="),
        format!("{token} "),
        format!(" {token}"),
        format!("Bearer {token}"),
        format!("{header}.{body}.{}", &signature[1..]),
        format!("{header}.{body}.{signature}AAAA"),
        format!("{header}.{body}.{}", base64url([0; 32])),
        format!("{body}.{header}.{signature}"),
        format!("{token}\0"),
        format!("{header}.{body}.{signature}{}", "A".repeat(2048)),
        format!("{header}.{}.{signature}", base64url(b"{}")),
    ];
    // Every last bit counts: the loose bits of base64 too.
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        cases.push(String::from_utf8(bytes).expect("ASCII"));
    }
    for case in cases {
        assert!(checked(&ring, &case).is_err(), "{case}");
    }
}

#[test]
fn the_life_of_a_token_is_spread_and_bounded() {
    let ends: Vec<i64> = (0..200).map(|_| expiry(NOW, 600, i64::MAX)).collect();
    assert!(ends.iter().all(|end| (NOW + 570..=NOW + 600).contains(end)));
    assert!(ends.iter().max() != ends.iter().min());
    assert_eq!(expiry(NOW, 600, NOW + 10), NOW + 10);
    assert_eq!(expiry(NOW, 2, i64::MAX), NOW + 2);
}

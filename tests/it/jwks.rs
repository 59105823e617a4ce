//! Tokens that strangers can check: every algorithm, the public keys, and other people's libraries.
//!
//! Invariant: a stranger is given the address of the key set, the issuer and the audience, and nothing else of ours.

use crate::keys::kid;
use crate::on_both;
use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::people::{PASSWORD, Shopper};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use latchkey::auth::keys::life;
use latchkey::config::Algorithm;
use reqwest::Response;
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

on_both! {
    a_stranger_checks_eddsa with { "LATCHKEY_JWT_ALGORITHM" = "EdDSA" },
    a_stranger_checks_es256 with { "LATCHKEY_JWT_ALGORITHM" = "ES256" },
    a_stranger_checks_rs256 with { "LATCHKEY_JWT_ALGORITHM" = "RS256" },
    a_shared_key_is_shown_to_nobody,
    a_change_of_the_algorithm_signs_nobody_out,
}

/// What a stranger's program does: `PyJWT`, from the key set alone.
const STRANGER: &str = "
import json, sys, jwt
told = json.load(sys.stdin)
keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(told['jwks']).keys}
header = jwt.get_unverified_header(told['token'])
claims = jwt.decode(told['token'], keys[header['kid']].key, algorithms=[told['alg']],
                    issuer=told['iss'], audience=told['aud'], options={'require': ['exp', 'iat', 'nbf', 'sub']})
try:
    jwt.decode(told['forged'], keys[header['kid']].key, algorithms=[told['alg']], audience=told['aud'])
    sys.exit('it takes a forged one')
except jwt.InvalidSignatureError:
    print(claims['sub'])
";

async fn key_set(app: &TestApp) -> (Response, Value) {
    let asked = |path: &str| app.http.get(app.origin.join(path).expect("a path"));
    let answer = asked("/.well-known/jwks.json").send().await.expect("an answer");
    let keys = asked("/.well-known/jwks.json").send().await.expect("an answer").json().await.expect("JSON");
    (answer, keys)
}

async fn a_stranger_checks_eddsa(app: &TestApp) {
    stranger_checks(app, Algorithm::EdDsa).await;
}

async fn a_stranger_checks_es256(app: &TestApp) {
    stranger_checks(app, Algorithm::Es256).await;
}

async fn a_stranger_checks_rs256(app: &TestApp) {
    stranger_checks(app, Algorithm::Rs256).await;
}

async fn stranger_checks(app: &TestApp, algorithm: Algorithm) {
    let ada = Shopper::registered(app).await;
    ada.get("/dashboard").await.expect(200);
    let client = ApiClient::signed_in(app, &ada.email, PASSWORD).await;
    let token = client.token.clone().expect("a token");
    let profile = client.get("/api/profile").await.expect(200).json();
    life::rotate(app.db(), &app.server().latch.secrets, app.clock.now()).expect("a rotation");
    app.server().latch.keep_keys().expect("the upkeep");
    let (answer, keys) = key_set(app).await;
    assert_eq!(answer.headers()["content-type"], "application/jwk-set+json");
    assert_eq!(answer.headers()["cache-control"], "public, max-age=60");
    assert!(answer.headers().get("set-cookie").is_none());
    let listed = keys["keys"].as_array().expect("a list");
    assert_eq!(listed.len(), 2, "one that signs, one that will: {keys}");
    for key in listed {
        assert_eq!((&key["use"], &key["alg"]), (&"sig".into(), &algorithm.word().into()), "{key}");
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{key}");
        }
    }
    let origin = app.origin.as_str().trim_end_matches('/').to_owned();
    by_jsonwebtoken(&keys, &token, &origin, &profile["user"]["id"]);
    by_pyjwt(&keys, &token, &origin, &profile["user"]["id"], algorithm);
}

/// A Rust program with the library everybody uses.
fn by_jsonwebtoken(keys: &Value, token: &str, origin: &str, sub: &Value) {
    let keys: JwkSet = serde_json::from_value(keys.clone()).expect("a key set");
    let key = keys.find(&kid(token)).expect("its key is there");
    let algorithm = key.common.key_algorithm.expect("alg").to_string().parse().expect("an algorithm");
    let mut rules = Validation::new(algorithm);
    rules.set_issuer(&[origin]);
    rules.set_audience(&[format!("{origin}/api")]);
    let read = jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(key).expect("a key"), &rules).expect("it is good");
    assert_eq!(&read.claims["sub"], sub);
}

/// A Python program. `PyJWT` stands in Debian as `python3-jwt` and does the three with `python3-cryptography`.
fn by_pyjwt(keys: &Value, token: &str, origin: &str, sub: &Value, algorithm: Algorithm) {
    let last = if token.ends_with("AA") { "BB" } else { "AA" };
    let (head, signature) = token.rsplit_once('.').expect("three parts");
    let forged = format!("{head}.{last}{}", &signature[2..]);
    let told = serde_json::json!({
        "jwks": keys, "token": token, "forged": forged, "alg": algorithm.word(), "iss": origin, "aud": format!("{origin}/api"),
    });
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), told.to_string()).expect("a file of ours");
    let input = std::fs::File::open(file.path()).expect("a file of ours");
    let ended = Command::new(python()).args(["-c", STRANGER]).stdin(input).output().expect("Python runs");
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{algorithm:?}: {errors}");
    assert_eq!(String::from_utf8_lossy(&ended.stdout).trim(), sub.as_str().expect("a text"));
}

/// The Python that has `PyJWT`: the first one, or Debian's own behind it.
fn python() -> &'static str {
    let has = |python: &&str| {
        let ended = Command::new(python).args(["-c", "import jwt, cryptography"]).output();
        ended.is_ok_and(|ended| ended.status.success())
    };
    let found = ["python3", "/usr/bin/python3"].into_iter().find(|python| has(python));
    found.expect("this test needs PyJWT: sudo apt-get install python3-jwt python3-cryptography")
}

async fn a_shared_key_is_shown_to_nobody(app: &TestApp) {
    let (answer, keys) = key_set(app).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(keys, serde_json::json!({"keys": []}));
}

async fn a_change_of_the_algorithm_signs_nobody_out(app: &TestApp) {
    let ada = Shopper::registered(app).await;
    let signed_with = |token: &str| {
        let header = jsonwebtoken::decode_header(token).expect("a header");
        format!("{:?}", header.alg)
    };
    let token = || ada.jar.borrow().value("__Host-at");
    for word in ["RS256", "EdDSA", "ES256", "HS256"] {
        // Every node is started anew with the other setting; one that was not yet goes on beside it.
        let node = app.node_with(&[("LATCHKEY_JWT_ALGORITHM", word)]).await;
        let before = token();
        ada.is_sent_to(node.address);
        ada.get("/dashboard").await.expect(200);
        assert_eq!(token(), before, "published, and used by none");
        app.server().latch.keep_keys().expect("the upkeep");
        app.pass(Duration::from_mins(11));
        ada.is_sent_to(app.address());
        ada.get("/dashboard").await.expect(200);
        assert_eq!(signed_with(&token()), word, "the node of before signs with the new key as well");
        ada.is_sent_to(node.address);
        ada.get("/dashboard").await.expect(200);
        node.stop().await.expect("it closes");
    }
    ada.is_sent_to(app.address());
    assert!(ada.is_signed_in().await);
}

//! What holds for the keys of every algorithm: a token is good under its own key, its own algorithm and its own form of signature.

use super::ring::KeyRing;
use super::stored::{State, StoredKey};
use super::*;
use crate::auth::access_token::{Fault, check, issue};
use crate::auth::claims::{Bearer, Claims};
use crate::auth::user::Role;
use crate::clock;
use crate::ids::{SessionId, UserId, from_base64url};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, RsaKeyPair};
use std::time::Duration;

const NOW: i64 = 1_800_000_000;
const AUD: &str = "https://shop.example/web";
const ASYMMETRIC: [Algorithm; 3] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256];

fn claims() -> Claims<'static> {
    Claims {
        iss: "https://shop.example",
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

/// A key, and what it is made of.
fn key(algorithm: Algorithm, kid: &str) -> (SigningKey, Vec<u8>) {
    let plain = material::generate(algorithm).expect("a key");
    (SigningKey::open(kid.to_owned(), algorithm, clock::from_unix(NOW), &plain).expect("it opens"), plain.to_vec())
}

fn checked(ring: &KeyRing, token: &str) -> Result<Bearer, Fault> {
    check(ring, token, "https://shop.example", AUD, NOW)
}

fn message(alg: &str, kid: &str) -> String {
    let claims = serde_json::to_string(&claims()).expect("JSON");
    format!("{}.{}", base64url(format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"{kid}"}}"#)), base64url(claims))
}

/// A message under a header of somebody's choice, with the signature that `sign` makes of it.
fn forged(alg: &str, kid: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let message = message(alg, kid);
    let signature = base64url(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn hmac_with(secret: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    move |message| hmac::sign(&key, message).as_ref().to_vec()
}

fn signs(key: &SigningKey) -> impl Fn(&[u8]) -> Vec<u8> {
    |message| from_base64url(&key.sign(std::str::from_utf8(message).expect("text")).expect("signs")).expect("base64url")
}

#[test]
fn a_token_of_every_algorithm_is_good_and_no_byte_of_it_may_change() {
    for (algorithm, bytes) in Algorithm::ALL.into_iter().zip([32, 64, 64, 384]) {
        let (key, _) = key(algorithm, "a-key-of-ours");
        let ring = KeyRing::of(vec![key]).expect("a ring");
        let claims = claims();
        let token = issue(ring.signing(clock::from_unix(NOW)), &claims).expect("signs");
        assert!(token.len() < 1024, "{algorithm:?}: {}", token.len());
        assert_eq!(checked(&ring, &token), Ok(claims.bearer()), "{algorithm:?}");
        let signature = token.rsplit_once('.').expect("three parts").1;
        assert_eq!(from_base64url(signature).expect("base64url").len(), bytes, "{algorithm:?}: RFC 7518 section 3, RFC 8037");
        for at in 0..token.len() {
            let mut touched = token.clone().into_bytes();
            touched[at] = if touched[at] == b'A' { b'B' } else { b'A' };
            let touched = String::from_utf8(touched).expect("ASCII");
            assert!(checked(&ring, &touched).is_err(), "{algorithm:?}: byte {at}");
        }
    }
}

#[test]
fn a_public_key_is_no_shared_secret() {
    for algorithm in ASYMMETRIC {
        let (key, plain) = key(algorithm, "a-key-of-ours");
        let jwk = serde_json::to_value(key.public.as_ref().expect("a public half")).expect("JSON");
        let member = |name: &str| jwk[name].as_str().and_then(from_base64url).unwrap_or_default();
        let point = [&[4][..], &member("x"), &member("y")].concat();
        let ring = KeyRing::of(vec![key]).expect("a ring");
        let everything_public = [
            jwk.to_string().into_bytes(),
            ring.jwks().as_bytes().to_vec(),
            member("x"),
            member("n"),
            point,
            b"a-key-of-ours".to_vec(),
            plain,
            Vec::new(),
        ];
        for secret in everything_public {
            for alg in ["HS256", algorithm.word()] {
                let fault = checked(&ring, &forged(alg, "a-key-of-ours", hmac_with(&secret)));
                assert!(matches!(fault, Err(Fault::Forged("alg" | "signature"))), "{algorithm:?}, {alg}: {fault:?}");
            }
        }
    }
}

#[test]
fn a_key_signs_under_its_own_name_and_algorithm_only() {
    let keys: Vec<_> = Algorithm::ALL.map(|algorithm| key(algorithm, &format!("key-{}", algorithm.word())).0).into();
    let others: Vec<_> = Algorithm::ALL.map(|algorithm| key(algorithm, "elsewhere").0).into();
    let ring = KeyRing::of(keys).expect("a ring");
    for algorithm in Algorithm::ALL {
        let kid = format!("key-{}", algorithm.word());
        for signer in Algorithm::ALL.map(|signer| ring.find(&format!("key-{}", signer.word())).expect("a key")) {
            for alg in Algorithm::ALL {
                let fault = checked(&ring, &forged(alg.word(), &kid, signs(signer)));
                let right = alg == algorithm && signer.algorithm == algorithm;
                assert_eq!(fault.is_ok(), right, "{kid} says {alg:?}, signed with {:?}: {fault:?}", signer.algorithm);
            }
        }
        for other in &others {
            let fault = checked(&ring, &forged(algorithm.word(), &kid, signs(other)));
            assert_eq!(fault, Err(Fault::Forged("signature")), "{kid}, signed elsewhere with {:?}", other.algorithm);
        }
        for alg in ["none", "None", "HS384", "HS512", "ES384", "ES256K", "PS256", "RS384", "Ed25519", "EdDSA ", ""] {
            let own = ring.find(&kid).expect("a key");
            assert_eq!(checked(&ring, &forged(alg, &kid, signs(own))), Err(Fault::Forged("alg")), "{alg}");
        }
        let bare = format!("{}.", message(algorithm.word(), &kid));
        assert!(matches!(checked(&ring, &bare), Err(Fault::Forged(_))), "no signature at all");
    }
}

#[test]
fn a_signature_of_another_form_hash_or_curve_is_none() {
    let random = SystemRandom::new();
    let (es256, point) = key(Algorithm::Es256, "key-ES256");
    let (rs256, rsa) = key(Algorithm::Rs256, "key-RS256");
    let (ed25519, _) = key(Algorithm::EdDsa, "key-EdDSA");
    let ring = KeyRing::of(vec![es256, rs256, ed25519]).expect("a ring");
    let own = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_ASN1_SIGNING, &point).expect("a key");
    let p384 = EcdsaKeyPair::generate(&signature::ECDSA_P384_SHA384_FIXED_SIGNING).expect("a key");
    let rsa = RsaKeyPair::from_pkcs8(&rsa).expect("a key");
    let by_rsa = |encoding: &'static dyn signature::RsaEncoding, message: &[u8]| {
        let mut made = vec![0; rsa.public_modulus_len()];
        rsa.sign(encoding, &random, message, &mut made).expect("signs");
        made
    };
    let cases: [(&str, Algorithm, String); 11] = [
        ("DER", Algorithm::Es256, forged("ES256", "key-ES256", |m| own.sign(&random, m).expect("signs").as_ref().to_vec())),
        ("P-384", Algorithm::Es256, forged("ES256", "key-ES256", |m| p384.sign(&random, m).expect("signs").as_ref().to_vec())),
        ("r = s = 0 (CVE-2022-21449)", Algorithm::Es256, forged("ES256", "key-ES256", |_| vec![0; 64])),
        ("r = s = 1", Algorithm::Es256, forged("ES256", "key-ES256", |_| [vec![0; 31], vec![1]].concat().repeat(2))),
        ("63 bytes", Algorithm::Es256, forged("ES256", "key-ES256", |_| vec![7; 63])),
        ("PSS", Algorithm::Rs256, forged("RS256", "key-RS256", |m| by_rsa(&signature::RSA_PSS_SHA256, m))),
        ("SHA-512", Algorithm::Rs256, forged("RS256", "key-RS256", |m| by_rsa(&signature::RSA_PKCS1_SHA512, m))),
        ("all zero", Algorithm::Rs256, forged("RS256", "key-RS256", |_| vec![0; 384])),
        ("one", Algorithm::Rs256, forged("RS256", "key-RS256", |_| [vec![0; 383], vec![1]].concat())),
        ("all zero", Algorithm::EdDsa, forged("EdDSA", "key-EdDSA", |_| vec![0; 64])),
        ("a point of small order", Algorithm::EdDsa, forged("EdDSA", "key-EdDSA", |_| [vec![1], vec![0; 63]].concat())),
    ];
    for (form, algorithm, token) in cases {
        assert_eq!(checked(&ring, &token), Err(Fault::Forged("signature")), "{algorithm:?}: {form}");
    }
    let pkcs1 = forged("RS256", "key-RS256", |m| by_rsa(&signature::RSA_PKCS1_SHA256, m));
    assert!(checked(&ring, &pkcs1).is_ok(), "the right one is taken");
}

#[test]
fn a_key_is_published_then_signs_then_verifies() {
    let (now, minute) = (clock::from_unix(NOW), Duration::from_mins(1));
    let mut key = StoredKey {
        kid: "a-key-of-ours".to_owned(),
        algorithm: "HS256".to_owned(),
        secret_id: "12345678".to_owned(),
        created_at: now,
        signs_from: now + 3 * minute,
        signs_until: None,
    };
    assert_eq!(key.state(now), State::Published);
    assert_eq!(key.state(now + 3 * minute), State::Signs);
    assert_eq!(key.gone_at(), None);
    key.signs_until = Some(now + 10 * minute);
    assert_eq!(key.state(now + 9 * minute), State::Signs);
    assert_eq!(key.state(now + 10 * minute), State::Verifies);
    assert_eq!(key.gone_at(), Some(now + 30 * minute), "no token lives longer than 15 minutes");
}

//! What a signing key is made of, for each algorithm.
//!
//! Invariant: a stored key is 32 random bytes (HS256) or PKCS#8 (all others), and whatever is opened has been checked by the
//! library that will use it. The public half is derived from the private one, so the two always belong together.
//! It does not know rows, or who may sign when.

use crate::config::Algorithm;
use crate::error::{Error, Result};
use crate::ids::random_bytes;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{DecodingKey, EncodingKey};
use zeroize::Zeroizing;

/// Makes a new key. RSA takes about a second: never while a connection is held or a request waits.
///
/// # Errors
/// `Internal`, should the library fail.
pub(super) fn generate(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>> {
    let failed = |cause| Error::internal(format!("a key cannot be made: {cause}"));
    let random = SystemRandom::new();
    Ok(Zeroizing::new(match algorithm {
        Algorithm::Hs256 => random_bytes::<32>().to_vec(),
        Algorithm::EdDsa => Ed25519KeyPair::generate_pkcs8v1(&random).map_err(failed)?.as_ref().to_vec(),
        Algorithm::Es256 => {
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(failed)?.as_ref().to_vec()
        }
        // 128 bits of strength, as the other three have (NIST SP 800-57 part 1, table 2; ASVS 11.2.3).
        Algorithm::Rs256 => rsa::KeyPair::generate(KeySize::Rsa3072).map_err(failed)?.as_der().map_err(failed)?.as_ref().to_vec(),
    }))
}

/// A key that can be used.
pub(super) struct Material {
    /// Signs.
    pub encoding: EncodingKey,
    /// Checks.
    pub decoding: DecodingKey,
    /// What strangers may have; nothing of a key that both sides share.
    pub public: Option<Jwk>,
}

/// Reads what `generate` made.
///
/// # Errors
/// What is wrong with it; nothing of the key is in the text.
pub(super) fn open(algorithm: Algorithm, kid: &str, plain: &[u8]) -> Result<Material, String> {
    let encoding = match algorithm {
        Algorithm::Hs256 if plain.len() < 32 => return Err("it is too short".to_owned()),
        Algorithm::Hs256 => {
            let encoding = EncodingKey::from_secret(plain);
            return Ok(Material { encoding, decoding: DecodingKey::from_secret(plain), public: None });
        }
        Algorithm::EdDsa => EncodingKey::from_ed_der(plain),
        Algorithm::Es256 => EncodingKey::from_ec_der(plain),
        Algorithm::Rs256 => EncodingKey::from_rsa_der(pkcs1(plain).ok_or("it is no RSA key in PKCS#8")?),
    };
    let mut public = Jwk::from_encoding_key(&encoding, jsonwebtoken(algorithm)).map_err(|cause| cause.to_string())?;
    public.common.key_id = Some(kid.to_owned());
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    let decoding = DecodingKey::from_jwk(&public).map_err(|cause| cause.to_string())?;
    Ok(Material { encoding, decoding, public: Some(public) })
}

/// The name that jsonwebtoken has for it.
pub(super) const fn jsonwebtoken(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
    }
}

/// The PKCS#1 key inside of a PKCS#8 one (RFC 5208): jsonwebtoken takes RSA keys only bare. Before it stand the version, the
/// object identifier of RSA and the head of an octet string, always the same but for two lengths, which the library that reads
/// what is left checks.
fn pkcs1(pkcs8: &[u8]) -> Option<&[u8]> {
    const BEFORE: [u8; 18] =
        [0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let rest = pkcs8.strip_prefix(&[0x30, 0x82])?.get(2..)?;
    rest.strip_prefix(&BEFORE)?.strip_prefix(&[0x04, 0x82])?.get(2..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_key_opens_as_it_was_made_and_not_as_another() {
        for algorithm in Algorithm::ALL {
            let made = generate(algorithm).expect("a key");
            assert!(open(algorithm, "a-kid-of-ours", &made).is_ok(), "{algorithm:?}");
            for other in Algorithm::ALL.into_iter().filter(|other| ![algorithm, Algorithm::Hs256].contains(other)) {
                assert!(open(other, "a-kid-of-ours", &made).is_err(), "{algorithm:?} as {other:?}");
            }
            assert!(open(algorithm, "a-kid-of-ours", &made[..made.len() / 2]).is_err(), "{algorithm:?} cut in half");
            assert!(open(algorithm, "a-kid-of-ours", b"").is_err());
        }
    }

    #[test]
    fn the_public_half_holds_nothing_of_the_private_one() {
        assert!(open(Algorithm::Hs256, "a-kid-of-ours", &[7; 32]).expect("a key").public.is_none());
        for (algorithm, members) in [
            (Algorithm::EdDsa, &["alg", "crv", "kid", "kty", "use", "x"][..]),
            (Algorithm::Es256, &["alg", "crv", "kid", "kty", "use", "x", "y"]),
            (Algorithm::Rs256, &["alg", "e", "kid", "kty", "n", "use"]),
        ] {
            let made = generate(algorithm).expect("a key");
            let public = open(algorithm, "a-kid-of-ours", &made).expect("a key").public.expect("a public half");
            let json = serde_json::to_value(public).expect("JSON");
            let mut named: Vec<_> = json.as_object().expect("an object").keys().map(String::as_str).collect();
            named.sort_unstable();
            assert_eq!(named, members);
            assert_eq!(
                (&json["alg"], &json["kid"], &json["use"]),
                (&algorithm.word().into(), &"a-kid-of-ours".into(), &"sig".into())
            );
        }
    }
}

//! A security key that somebody carries, made of software.
//!
//! Invariant: it does what WebAuthn level 3 says an authenticator and a browser do, with `ES256` and attestation `none`, unless a test
//! bends one of its fields; it shares no line with the shop. Its CBOR is written by hand.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use latchkey::ids::{base64url, from_base64url, random_bytes};
use serde_json::{Value, json};

/// See the module.
pub struct Authenticator {
    key: EcdsaKeyPair,
    /// What it calls its one credential.
    pub id: Vec<u8>,
    /// Whose it is, as the shop told it.
    pub handle: Option<Vec<u8>>,
    /// How often it has signed.
    pub count: u32,
    /// Does it ask for a fingerprint?
    pub unlocked: bool,
    /// Where its browser is.
    pub origin: String,
    /// Is the page that asks in a frame of another site?
    pub framed: bool,
}

impl Authenticator {
    /// A new one, in a browser at that origin.
    pub fn at(origin: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let id = random_bytes::<32>().to_vec();
        Self { key, id, handle: None, count: 0, unlocked: true, origin: origin.to_owned(), framed: false }
    }

    /// `navigator.credentials.create`: `RegistrationResponseJSON`.
    pub fn makes(&mut self, options: &Value) -> Value {
        self.handle = from_base64url(options["user"]["id"].as_str().expect("a handle"));
        self.count += 1;
        let client = self.client("webauthn.create", options);
        // AAGUID, length of the id, id, COSE key (section 6.5.1).
        let mut attested = vec![0; 16];
        attested.extend(u16::try_from(self.id.len()).expect("a short id").to_be_bytes());
        attested.extend(&self.id);
        attested.extend(self.cose_key());
        let part = self.signed_part(options["rp"]["id"].as_str().expect("a party"), 0x40, &attested);
        // {"fmt": "none", "attStmt": {}, "authData": bytes}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(part.len()).expect("a short one").to_be_bytes());
        object.extend(part);
        self.response(&json!({
            "attestationObject": base64url(object), "clientDataJSON": base64url(client), "transports": ["internal"],
        }))
    }

    /// `navigator.credentials.get`: `AuthenticationResponseJSON`.
    pub fn shows(&mut self, options: &Value) -> Value {
        self.count += 1;
        let client = self.client("webauthn.get", options);
        let part = self.signed_part(options["rpId"].as_str().expect("a party"), 0, &[]);
        let signed = [&part[..], digest(&SHA256, &client).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        self.response(&json!({
            "authenticatorData": base64url(part), "clientDataJSON": base64url(client), "signature": base64url(signature),
            "userHandle": self.handle.as_ref().map(base64url),
        }))
    }

    fn response(&self, response: &Value) -> Value {
        let id = base64url(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": response })
    }

    /// What the browser adds: `CollectedClientData` (section 5.8.1).
    fn client(&self, kind: &str, options: &Value) -> Vec<u8> {
        let client = json!({
            "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": self.framed,
        });
        client.to_string().into_bytes()
    }

    /// Authenticator data (section 6.1): the party's hash, flags, the count.
    fn signed_part(&self, party: &str, flags: u8, attested: &[u8]) -> Vec<u8> {
        let mut bytes = digest(&SHA256, party.as_bytes()).as_ref().to_vec();
        bytes.push(flags | 0x01 | if self.unlocked { 0x04 } else { 0 });
        bytes.extend(self.count.to_be_bytes());
        bytes.extend(attested);
        bytes
    }

    /// {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
    fn cose_key(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        let (x, y) = (&point[1..33], &point[33..65]);
        [&b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"[..], x, b"\x22\x58\x20", y].concat()
    }
}

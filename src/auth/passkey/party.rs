//! The relying party: what WebAuthn calls a shop that passkeys are for.
//!
//! Invariant: user verification is required and the origin is the public URL's, to the letter. It reads what browsers send and checks
//! signatures; it does not know the database.

use crate::auth::user::User;
use crate::error::{Error, Result};
use serde_json::{Value, json};
use std::fmt;
use url::Url;
use webauthn_rs::prelude::{
    AuthenticationResult, CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Uuid, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

/// See the module.
pub struct Party {
    webauthn: Webauthn,
    origin: String,
}

/// Why a passkey was not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It did not sign this, here, for a person who unlocked it.
    Wrong,
    /// It signed, and counts fewer signatures than it did before: there are two of it.
    Copied,
}

impl Party {
    /// The party of that origin; none where it has no domain name, for which browsers make no passkeys.
    #[must_use]
    pub fn new(origin: &str, shop: &str) -> Option<Self> {
        let url: Url = origin.parse().ok()?;
        let domain = url.domain()?;
        let webauthn = WebauthnBuilder::new(domain, &url).and_then(|builder| builder.rp_name(shop).build());
        match webauthn {
            Ok(webauthn) => Some(Self { webauthn, origin: origin.to_owned() }),
            Err(cause) => {
                tracing::warn!(%cause, "there can be no passkeys for this public URL");
                None
            }
        }
    }

    /// What a browser needs for a new passkey, and what its answer is checked against.
    pub(super) fn begin_making(&self, person: &User, have: Vec<CredentialID>) -> Result<(Value, PasskeyRegistration)> {
        let shown = if person.name.is_empty() { &person.email } else { &person.name };
        let begun =
            self.webauthn.start_passkey_registration(Uuid::from_bytes(person.id.bits()), &person.email, shown, Some(have));
        let (creation, state) = begun.map_err(Error::internal)?;
        let mut options = serde_json::to_value(creation.public_key).map_err(Error::internal)?;
        // The library leaves it open; only one that says whose it is can sign in by itself (WebAuthn section 6.2.2).
        options["authenticatorSelection"]["residentKey"] = json!("required");
        options["authenticatorSelection"]["requireResidentKey"] = json!(true);
        Ok((options, state))
    }

    /// What a browser needs to show any passkey, and what its answer is checked against.
    pub(super) fn begin_showing(&self) -> Result<(Value, DiscoverableAuthentication)> {
        let (request, state) = self.webauthn.start_discoverable_authentication().map_err(Error::internal)?;
        Ok((serde_json::to_value(request.public_key).map_err(Error::internal)?, state))
    }

    /// The passkey that a browser made, if it is a good one. Nobody is asked to attest what it is made of.
    pub(super) fn made(&self, credential: &RegisterPublicKeyCredential, state: &PasskeyRegistration) -> Option<Passkey> {
        if !self.is_ours(&credential.response.client_data_json) {
            return None;
        }
        match self.webauthn.finish_passkey_registration(credential, state) {
            Ok(passkey) => Some(passkey),
            Err(cause) => {
                tracing::debug!(%cause, "a new passkey was refused");
                None
            }
        }
    }

    /// Did this passkey sign that challenge, here, unlocked by its person?
    pub(super) fn shown(
        &self,
        credential: &PublicKeyCredential,
        state: DiscoverableAuthentication,
        passkey: &Passkey,
    ) -> std::result::Result<AuthenticationResult, Fault> {
        if !self.is_ours(&credential.response.client_data_json) {
            return Err(Fault::Wrong);
        }
        match self.webauthn.finish_discoverable_authentication_v2(credential, state, passkey) {
            Ok(result) if result.user_verified() => Ok(result),
            Ok(_) => Err(Fault::Wrong),
            Err(WebauthnError::CredentialPossibleCompromise) => Err(Fault::Copied),
            Err(cause) => {
                tracing::debug!(%cause, "a passkey was refused");
                Err(Fault::Wrong)
            }
        }
    }

    /// The origin to the letter, and no frame of another site: the library compares the origin's parts, and for a passkey that is shown
    /// does not look at `crossOrigin` (WebAuthn section 7.2, steps 13 and 14).
    fn is_ours(&self, client: &[u8]) -> bool {
        let Ok(client) = serde_json::from_slice::<Value>(client) else { return false };
        client["origin"] == self.origin.as_str() && !client["crossOrigin"].as_bool().unwrap_or(false)
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Party({})", self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_without_a_domain_name_has_no_passkeys() {
        for origin in ["http://127.0.0.1:8080", "http://[::1]:8080", "https://192.0.2.1", "nothing"] {
            assert!(Party::new(origin, "Shop").is_none(), "{origin}");
        }
        assert!(Party::new("http://localhost:8080", "Shop").is_some());
    }

    #[test]
    fn the_origin_is_ours_to_the_letter() {
        let party = Party::new("https://shop.example", "Shop").expect("a party");
        let ours = |text: &str| party.is_ours(text.as_bytes());
        assert!(ours(r#"{"origin":"https://shop.example"}"#));
        assert!(ours(r#"{"origin":"https://shop.example","crossOrigin":false}"#));
        for wrong in [
            r#"{"origin":"https://shop.example","crossOrigin":true}"#,
            r#"{"origin":"https://shop.example/"}"#,
            r#"{"origin":"https://shop.example:444"}"#,
            r#"{"origin":"https://a.shop.example"}"#,
            r#"{"origin":"http://shop.example"}"#,
            r#"{"origin":["https://shop.example"]}"#,
            "{}",
            "[]",
            "",
        ] {
            assert!(!ours(wrong), "{wrong}");
        }
    }
}

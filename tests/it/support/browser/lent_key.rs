//! The authenticator that chromedriver lends a browser (WebAuthn section 11): it keeps passkeys and is unlocked by nobody's finger.
//!
//! Invariant: it is gone with its browser.

use super::Browser;
use fantoccini::wd::WebDriverCompatibleCommand;
use reqwest::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A command below `webauthn/authenticator` with its body.
#[derive(Debug)]
struct Command(String, Value);

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/webauthn/authenticator{}", session.unwrap_or_default(), self.0))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.1.to_string()))
    }
}

impl Browser {
    /// Lends it one that asks for a finger and finds one; the name by which it is spoken to.
    pub async fn gets_an_authenticator(&self) -> String {
        let wish = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserConsenting": true, "isUserVerified": true,
        });
        let given = self.client.issue_cmd(Command(String::new(), wish)).await.expect("chromedriver lends one");
        given.as_str().expect("a name").to_owned()
    }

    /// Does the person unlock it from now on?
    pub async fn will_unlock(&self, authenticator: &str, will: bool) {
        let command = Command(format!("/{authenticator}/uv"), json!({ "isUserVerified": will }));
        self.client.issue_cmd(command).await.expect("chromedriver does so");
    }
}

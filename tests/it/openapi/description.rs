//! The document, and whether an answer is as it says.
//!
//! Invariant: a member or a status that is not described is as wrong as one that is missing.

use crate::support::api_client::ApiClient;
use crate::support::app::TestApp;
use crate::support::page::Page;
use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};

/// The document, and who checks against it.
pub struct Description(pub Value);

impl Description {
    /// As it is served.
    pub async fn of(app: &TestApp) -> Self {
        Self(ApiClient::new(app).get("/openapi.json").await.expect(200).json())
    }

    fn operation(&self, method: &Method, path: &str) -> &Value {
        &self.0["paths"][path][method.as_str().to_ascii_lowercase()]
    }

    /// A schema as a validator that takes no member which is not described.
    pub fn validator(&self, schema: &Value) -> Validator {
        let mut whole = schema.clone();
        let mut components = self.0["components"].clone();
        // What `allOf` puts together with more is closed by the whole.
        let parts = ["Id", "Problem", "Tokens"];
        let schemas = components["schemas"].as_object_mut().expect("schemas");
        for (_, schema) in schemas.iter_mut().filter(|(name, _)| !parts.contains(&name.as_str())) {
            schema["unevaluatedProperties"] = json!(false);
        }
        whole["components"] = components;
        whole["unevaluatedProperties"] = json!(false);
        jsonschema::draft202012::new(&whole).unwrap_or_else(|cause| panic!("{schema}: {cause}"))
    }

    /// Holds an answer against what is said of its operation.
    pub fn holds(&self, method: &Method, path: &str, page: &Page) {
        let mut told = &self.operation(method, path)["responses"][page.status.to_string()];
        assert!(!told.is_null(), "{method} {path}: {} is not described: {}", page.status, page.body);
        if let Some(reference) = told["$ref"].as_str() {
            told = self.0.pointer(reference.trim_start_matches('#')).expect("a reference leads somewhere");
        }
        let Some(content) = told["content"].as_object() else {
            assert!(page.body.is_empty(), "{method} {path}: a body where none is described: {}", page.body);
            return;
        };
        let schema = &content[page.header("content-type")]["schema"];
        let errors: Vec<String> = self
            .validator(schema)
            .iter_errors(&page.json())
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{method} {path} {}: {errors:?}: {}", page.status, page.body);
        for (name, _) in told["headers"].as_object().into_iter().flatten() {
            let always = name != "Idempotent-Replayed";
            assert!(!always || page.headers.contains_key(name.as_str()), "{method} {path} {}: no {name}", page.status);
        }
    }
}

//! A program that talks to the API.
//!
//! Invariant: it sends a bearer token and JSON, and nothing that only browsers send. It keeps no cookies unless it is given a jar.

use super::app::TestApp;
use super::page::Page;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use url::Url;

/// A client with at most one token.
#[derive(Clone)]
pub struct ApiClient {
    http: Client,
    origin: Url,
    /// What it shows as `Authorization: Bearer`.
    pub token: Option<String>,
}

impl ApiClient {
    /// Nobody yet.
    pub fn new(app: &TestApp) -> Self {
        Self { http: app.http.clone(), origin: app.origin.clone(), token: None }
    }

    /// Signs in with the tutorial's call, and keeps the token.
    pub async fn signed_in(app: &TestApp, email: &str, password: &str) -> Self {
        let mut client = Self::new(app);
        let answer = client.post("/api/login", json!({"username": email, "password": password})).await.expect(200).json();
        client.token = answer["token"].as_str().map(str::to_owned);
        client
    }

    /// Asks.
    pub async fn get(&self, path: &str) -> Page {
        self.send(path, self.request(Method::GET, path)).await
    }

    /// Sends JSON.
    pub async fn post(&self, path: &str, body: Value) -> Page {
        self.send(path, self.request(Method::POST, path).json(&body)).await
    }

    /// Sends JSON with another method.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> Page {
        self.send(path, self.request(method, path).json(&body)).await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str) -> Page {
        self.send(path, self.request(Method::DELETE, path)).await
    }

    /// A request with the token and nothing else.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, self.origin.join(path).expect("a path of ours"));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request as it is.
    pub async fn send(&self, path: &str, request: RequestBuilder) -> Page {
        let answer = request.send().await.unwrap_or_else(|cause| panic!("{path}: {cause:?}"));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.text().await.unwrap_or_else(|cause| panic!("{path}: {cause:?}"));
        Page::new(path, status, headers, body)
    }
}

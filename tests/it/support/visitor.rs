//! Somebody with a browser.
//!
//! Invariant: what is sent is what Chromium sends: the jar's cookies, `Origin` with every POST, `Sec-Fetch-*`. No redirect is followed
//! unless it is asked for.

use super::app::TestApp;
use super::jar::Jar;
use super::page::Page;
use reqwest::{Client, Method, RequestBuilder};
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use url::Url;

/// A browser with its own cookies.
pub struct Visitor {
    http: Client,
    origin: Url,
    /// The node that a proxy sends it to, where that is not the one at the origin.
    node: Cell<Option<SocketAddr>>,
    /// What it says it is.
    agent: RefCell<Option<String>>,
    /// Its cookies.
    pub jar: RefCell<Jar>,
}

impl Visitor {
    /// A fresh browser.
    pub fn new(app: &TestApp) -> Self {
        Self {
            http: app.http.clone(),
            origin: app.origin.clone(),
            node: Cell::default(),
            agent: RefCell::default(),
            jar: RefCell::new(Jar::new(app.clock.clone())),
        }
    }

    /// A browser in front of any shop, with these cookies.
    pub fn at(origin: &Url, jar: Jar) -> Self {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client needs nothing");
        Self { http, origin: origin.clone(), node: Cell::default(), agent: RefCell::default(), jar: RefCell::new(jar) }
    }

    /// Another tab or a copy of the whole profile: the same cookies, kept apart from now on.
    pub fn copy(&self) -> Self {
        Self {
            http: self.http.clone(),
            origin: self.origin.clone(),
            node: self.node.clone(),
            agent: self.agent.clone(),
            jar: self.jar.clone(),
        }
    }

    /// It names itself so from now on.
    pub fn calls_itself(&self, agent: &str) {
        self.agent.replace(Some(agent.to_owned()));
    }

    /// The proxy sends everything to this node from now on.
    pub fn is_sent_to(&self, node: SocketAddr) {
        self.node.set(Some(node));
    }

    /// Opens a page, as by a click on a link of ours.
    pub async fn get(&self, path: &str) -> Page {
        let request = self.request(Method::GET, path);
        let request = ["navigate", "document", "same-origin"]
            .into_iter()
            .zip(FETCH)
            .fold(request, |request, (value, name)| request.header(name, value));
        self.send(path, request).await
    }

    /// Opens a page and every page it sends to.
    pub async fn visit(&self, path: &str) -> Page {
        let page = self.get(path).await;
        self.follow(page).await
    }

    /// Goes where an answer sends to, until one is a page.
    pub async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..6 {
            if !(300..400).contains(&page.status) {
                return page;
            }
            page = self.get(page.location()).await;
        }
        panic!("sent round in circles, last to {}", page.path);
    }

    /// Opens the page at `path` and sends its form that posts to the same path.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.get(path).await.expect(200);
        let action = path.split('?').next().unwrap_or_default();
        self.press(&page, action, fields).await
    }

    /// Opens the page at `path` and presses its button that posts to `action`.
    pub async fn submit_to(&self, path: &str, action: &str) -> Page {
        let page = self.get(path).await.expect(200);
        self.press(&page, action, &[]).await
    }

    /// Sends a form of a page that is open already: as it stands there, with these fields changed.
    pub async fn press(&self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let mut form = page.form(action);
        form.retain(|(name, _)| fields.iter().all(|(changed, _)| changed != name));
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(action, &form).await
    }

    /// Sends these fields and no others, as a browser would.
    pub async fn post<N: AsRef<str>, V: AsRef<str>>(&self, path: &str, fields: &[(N, V)]) -> Page {
        let fields = fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.form_request(path).body(body);
        self.send(path, request).await
    }

    /// Posts JSON, as a script of a page of ours does.
    pub async fn tells(&self, path: &str, body: &serde_json::Value) -> Page {
        self.send(path, self.script_request(path).body(body.to_string())).await
    }

    /// The headers of a script's POST, without its body.
    pub fn script_request(&self, path: &str) -> RequestBuilder {
        let request = self.request(Method::POST, path).header("content-type", "application/json").header("origin", self.origin());
        ["cors", "empty", "same-origin"]
            .into_iter()
            .zip(FETCH)
            .fold(request, |request, (value, name)| request.header(name, value))
    }

    /// Sends a form with a file that stands on a page that is open already, with these fields changed.
    pub async fn uploads(&self, page: &Page, action: &str, fields: &[(&str, &str)], file: (&str, &str, &[u8])) -> Page {
        let mut form = page.form(action);
        form.retain(|(name, _)| name != file.0 && fields.iter().all(|(changed, _)| changed != name));
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.send(action, self.file_request(action).body(multipart(&form, file))).await
    }

    /// The headers of the POST of a form with a file, without its body.
    pub fn file_request(&self, path: &str) -> RequestBuilder {
        let headers = self.request(Method::POST, path).header("origin", self.origin()).header("sec-fetch-site", "same-origin");
        headers.header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
    }

    /// The headers of a form's POST, without its body.
    pub fn form_request(&self, path: &str) -> RequestBuilder {
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", self.origin());
        ["navigate", "document", "same-origin"]
            .into_iter()
            .zip(FETCH)
            .fold(request, |request, (value, name)| request.header(name, value))
    }

    /// A request with nothing but the cookies.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.origin.join(path).expect("a path of ours");
        let mut request = self.http.request(method.clone(), url.clone());
        if let Some(node) = self.node.get() {
            let host = self.origin().trim_start_matches("http://").to_owned();
            url.set_ip_host(node.ip()).expect("an address");
            url.set_port(Some(node.port())).expect("a port");
            request = self.http.request(method, url).header("host", host);
        }
        if let Some(agent) = &*self.agent.borrow() {
            request = request.header("user-agent", agent);
        }
        match self.jar.borrow().header() {
            Some(cookies) => request.header("cookie", cookies),
            None => request,
        }
    }

    /// Sends a request and keeps the cookies of its answer.
    pub async fn send(&self, path: &str, request: RequestBuilder) -> Page {
        self.try_to_send(path, request).await.unwrap_or_else(|cause| panic!("{path}: {cause:?}"))
    }

    /// The same, where a node may die before it has answered.
    pub async fn try_to_send(&self, path: &str, request: RequestBuilder) -> reqwest::Result<Page> {
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let page = Page::new(path, status, headers, answer.text().await?);
        for header in page.cookies_set() {
            self.jar.borrow_mut().take(header);
        }
        Ok(page)
    }

    /// The site's origin, as browsers write it.
    pub fn origin(&self) -> String {
        self.origin.origin().ascii_serialization()
    }

    /// Signs out by the button in the header.
    pub async fn signs_out(&self) -> Page {
        let page = self.get("/").await.expect(200);
        self.press(&page, "/logout", &[]).await
    }

    /// Is somebody signed in here, as the page says?
    pub async fn is_signed_in(&self) -> bool {
        self.get("/dashboard").await.status == 200
    }
}

/// Parts the parts of an upload.
const BOUNDARY: &str = "----latchkey-7MA4YWxkTrZu0gW";

/// The body of a form with a file, as browsers write it: the fields as they stand on the page, the file last.
pub fn multipart(fields: &[(String, String)], (field, name, bytes): (&str, &str, &[u8])) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "content-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\ncontent-type: application/octet-stream"
    );
    body.extend_from_slice(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

const FETCH: [&str; 3] = ["sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site"];

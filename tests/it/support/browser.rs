//! Real Chromium, driven over `WebDriver`.
//!
//! Invariant: every browser has a profile of its own, and none outlives the tests: a shell (driver.sh) owns them all. It knows pages
//! only as a person does: by what can be read, filled in and clicked.

mod lent_key;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// Does the browser run scripts?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// As people have it.
    On,
    /// As careful people have it.
    Off,
}

/// The one chromedriver of this process.
struct Driver {
    port: u16,
    _shell: Child,
    _held_open: Option<ChildStdin>,
}

impl Driver {
    fn shared() -> &'static Self {
        static DRIVER: OnceLock<Driver> = OnceLock::new();
        DRIVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", include_str!("driver.sh")])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let held_open = shell.stdin.take();
        let mut line = String::new();
        let output = shell.stdout.take().expect("the shell's output is a pipe");
        BufReader::new(output).read_line(&mut line).expect("it can be read");
        let port = line.trim().parse().unwrap_or_else(|_| panic!("Chromium did not start. {line}"));
        Self { port, _shell: shell, _held_open: held_open }
    }
}

/// A browser with a fresh profile.
pub struct Browser {
    client: Client,
    origin: String,
}

impl Browser {
    /// Opens one; `origin` is the shop's.
    pub async fn open(origin: &url::Url, scripts: Scripts) -> Self {
        Self::open_as(origin, scripts, "normal").await
    }

    /// Opens one whose `goto` does not wait for the page, so that two tabs can be under way at once.
    pub async fn open_hasty(origin: &url::Url, scripts: Scripts) -> Self {
        Self::open_as(origin, scripts, "none").await
    }

    async fn open_as(origin: &url::Url, scripts: Scripts, page_load: &str) -> Self {
        let flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
            --disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1280,1000";
        let script_setting = if scripts == Scripts::On { 1 } else { 2 };
        let options = json!({
            "args": flags.split_whitespace().collect::<Vec<_>>(),
            "prefs": {"profile.managed_default_content_settings.javascript": script_setting},
        });
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        capabilities.insert("pageLoadStrategy".to_owned(), json!(page_load));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", Driver::shared().port))
            .await
            .expect("chromedriver opens Chromium");
        Self { client, origin: origin.as_str().trim_end_matches('/').to_owned() }
    }

    /// Closes it.
    pub async fn close(self) {
        self.client.close().await.expect("Chromium closes");
    }

    /// Types an address.
    pub async fn goto(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.origin)).await.unwrap_or_else(|cause| panic!("{path}: {cause}"));
    }

    /// Types the address of any site.
    pub async fn goes_to(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|cause| panic!("{url}: {cause}"));
    }

    /// Goes back, as by the arrow.
    pub async fn back(&self) {
        self.client.back().await.expect("there is a page before");
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page loads again");
    }

    /// The path of the page, with its query.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.expect("a page is open");
        url.as_str().strip_prefix(&self.origin).unwrap_or(url.as_str()).to_owned()
    }

    /// Waits until the path is this one.
    pub async fn arrives_at(&self, path: &str) {
        for _ in 0..100 {
            if self.path().await == path {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("still at {}, not at {path}: {}", self.path().await, self.words().await);
    }

    async fn find(&self, css: &str) -> Element {
        let found = self.client.wait().at_most(Duration::from_secs(5)).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(cause) => panic!("{css} at {}: {cause}: {}", self.path().await, self.words().await),
        }
    }

    /// Fills in a field of the page's main part.
    pub async fn fill(&self, field: &str, text: &str) {
        let element = self.find(&format!("main [name='{field}']")).await;
        element.clear().await.expect("a field can be emptied");
        element.send_keys(text).await.expect("a field can be filled in");
    }

    /// Clicks an element.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        element.click().await.unwrap_or_else(|cause| panic!("{css}: {cause}"));
    }

    /// Presses the main button of the form that posts to `action`.
    pub async fn press(&self, action: &str) {
        self.click(&format!("form[action='{action}'] button:not([type='button'])")).await;
    }

    /// The words of an element.
    pub async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.expect("an element has words")
    }

    /// Waits until an element says this.
    pub async fn reads(&self, css: &str, words: &str) {
        for _ in 0..100 {
            // It may be of the page before, and gone while it is asked.
            if let Ok(element) = self.client.find(Locator::Css(css)).await
                && element.text().await.is_ok_and(|text| text.contains(words))
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{css} does not say {words:?} at {}: {}", self.path().await, self.words().await);
    }

    /// How many such elements there are.
    pub async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.expect("a page can be asked").len()
    }

    /// All words of the page.
    pub async fn words(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(cause) => cause.to_string(),
        }
    }

    /// Runs a script in the page, as an intruder would.
    pub async fn runs(&self, script: &str) {
        if let Err(cause) = self.client.execute(script, Vec::new()).await {
            eprintln!("the page did not run it: {cause}"); // which is as well
        }
    }

    /// Makes the window so wide; by how many pixels does the page stick out of it?
    pub async fn sticks_out_at(&self, width: u32) -> i64 {
        self.client.set_window_size(width, 1_000).await.expect("a window can be made smaller");
        let wider = "return document.documentElement.scrollWidth - window.innerWidth";
        let pixels = self.client.execute(wider, Vec::new()).await.expect("a page can be measured");
        pixels.as_i64().expect("a whole number")
    }

    /// Every cookie of the site: name and value.
    pub async fn cookies(&self) -> Vec<(String, String)> {
        let cookies = self.client.get_all_cookies().await.expect("cookies can be listed");
        cookies.iter().map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned())).collect()
    }

    /// Opens a second tab and stays in the first; the number names it.
    pub async fn opens_tab(&self) -> usize {
        self.client.new_window(true).await.expect("a tab opens");
        self.client.windows().await.expect("tabs can be listed").len() - 1
    }

    /// Looks at a tab.
    pub async fn looks_at_tab(&self, number: usize) {
        let tabs = self.client.windows().await.expect("tabs can be listed");
        self.client.switch_to_window(tabs[number].clone()).await.expect("the tab is there");
    }

    /// Keeps a picture of the page under target/screens.
    pub async fn photograph(&self, name: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screens");
        fs::create_dir_all(&folder).expect("target can be written to");
        let picture = self.client.screenshot().await.expect("Chromium takes a picture");
        fs::write(folder.join(format!("{name}.png")), picture).expect("target can be written to");
    }
}

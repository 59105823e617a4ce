//! Static files: compiled in, laid out on disk at the start, served from there.
//!
//! Invariant: only names that the build knows are served (so no dot file, no link, no folder, no name with a slash behind it); a name
//! carries the hash of its content and is kept by browsers for a year. It does not know what the files are.

type Embedded = (&'static str, &'static str, &'static [u8], Option<&'static [u8]>, Option<&'static [u8]>);

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/assets.rs"));
}

use crate::error::{Error, Result};
use crate::web::app::App;
use actix_files::Files;
use actix_web::body::MessageBody;
use actix_web::dev::{HttpServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{HttpResponse, web};
use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where the files are and what they are called.
#[derive(Debug)]
pub struct Assets {
    folder: PathBuf,
    urls: HashMap<&'static str, String>,
    served: HashSet<String>,
    dev: bool,
}

impl Assets {
    /// Writes the files to `var/static/<hash>/`, or with `dev` takes them from the tree.
    ///
    /// # Errors
    /// `Unavailable` when the folder cannot be written.
    pub fn lay_out(var: &Path, dev: bool) -> Result<Self> {
        if dev {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("static");
            return Ok(Self { folder, urls: HashMap::new(), served: HashSet::new(), dev });
        }
        let folder = var.join("static").join(embedded::DIGEST);
        let mut urls = HashMap::new();
        let mut served = HashSet::new();
        for (name, hashed, plain, brotli, gzip) in embedded::ASSETS {
            let path = folder.join(hashed);
            keep(&path, plain)?;
            for (ending, packed) in [("br", brotli), ("gz", gzip)] {
                if let Some(packed) = packed {
                    keep(&PathBuf::from(format!("{}.{ending}", path.display())), packed)?;
                }
            }
            urls.insert(*name, format!("/static/{hashed}"));
            served.insert(format!("/static/{hashed}"));
        }
        Ok(Self { folder, urls, served, dev })
    }

    /// The URL of a file by its name in `static/`.
    #[must_use]
    pub fn url(&self, name: &str) -> Option<String> {
        if self.dev {
            let url = format!("/static/{name}");
            return self.is_served(&url).then_some(url);
        }
        self.urls.get(name).cloned()
    }

    /// Every name with its URL; none while they are taken from the tree.
    pub fn urls(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.urls.iter().map(|(name, url)| (*name, url.as_str()))
    }

    /// Where the files lie.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn is_served(&self, path: &str) -> bool {
        if !self.dev {
            return self.served.contains(path);
        }
        let Some(name) = path.strip_prefix("/static/") else { return false };
        let plain = name.split('/').all(|part| !part.is_empty() && !part.starts_with('.')) && !name.contains(['%', '\\']);
        plain && std::fs::symlink_metadata(self.folder.join(name)).is_ok_and(|found| found.is_file())
    }
}

/// Puts a file in place whole, unless it is there with that length already.
fn keep(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() == bytes.len() as u64) {
        return Ok(());
    }
    let failed =
        |cause: &dyn Display| Error::Unavailable(format!("{} cannot be written (LATCHKEY_VAR): {cause}", path.display()));
    let folder = path.parent().ok_or_else(|| failed(&"it has no folder"))?;
    std::fs::create_dir_all(folder).map_err(|cause| failed(&cause))?;
    let draft = folder.join(format!(".draft-{}", crate::ids::base64url(crate::ids::random_bytes::<9>())));
    let mut file = std::fs::File::create_new(&draft).map_err(|cause| failed(&cause))?;
    file.write_all(bytes).map_err(|cause| failed(&cause))?;
    std::fs::rename(&draft, path).map_err(|cause| failed(&cause))
}

/// `/static/...`.
#[must_use]
pub fn files(app: &web::Data<App>) -> impl HttpServiceFactory + 'static {
    let files = Files::new("", app.assets.folder.clone())
        .try_compressed()
        .prefer_utf8(true)
        .disable_content_disposition()
        .read_mode_threshold(64 * 1024);
    web::scope("/static").wrap(from_fn(known)).service(files)
}

const YEAR: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Lets through what the build knows, by GET and HEAD, and says how long it may be kept.
async fn known(
    app: web::Data<App>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let answer = HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "GET, HEAD")).finish();
        return Ok(request.into_response(answer).map_into_right_body());
    }
    if !app.assets.is_served(request.path()) {
        return Ok(request.error_response(Error::NotFound).map_into_right_body());
    }
    let mut response = next.call(request).await?.map_into_left_body();
    let found = matches!(response.status(), StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED);
    if found && !app.assets.dev {
        response.headers_mut().insert(header::CACHE_CONTROL, YEAR);
    }
    Ok(response)
}

//! One operation: what it takes, what it answers, what it refuses.
//!
//! Invariant: the answers that follow from the kind of operation (a token that is needed, a body that may be too long) are added here,
//! so that no line of `operations` can forget them.

use super::{named, problems, shaped};
use serde_json::{Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{self, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, HttpMethod, Ref, Required};

/// An operation in the making.
pub(super) struct Operation {
    method: HttpMethod,
    path: &'static str,
    also: &'static [&'static str],
    id: &'static str,
    title: &'static str,
    text: &'static str,
    noun: &'static str,
    open: bool,
    parameters: Vec<Parameter>,
    body: Option<(Value, bool)>,
    answers: Vec<(u16, Response)>,
    refuses: Vec<(u16, &'static str)>,
}

/// Of that noun, with that name and title.
pub(super) fn operation(
    noun: &'static str,
    method: HttpMethod,
    path: &'static str,
    id: &'static str,
    title: &'static str,
) -> Operation {
    let (parameters, answers, refuses) = (path_parameters(path), Vec::new(), Vec::new());
    Operation { method, path, also: &[], id, title, text: "", noun, open: false, parameters, body: None, answers, refuses }
}

impl Operation {
    /// Its other addresses.
    pub(super) fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }

    /// What one must know of it.
    pub(super) fn says(self, text: &'static str) -> Self {
        Self { text, ..self }
    }

    /// Nobody needs to be signed in.
    pub(super) fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// A query parameter; none must be sent, and what is not legal is as absent.
    pub(super) fn query(self, name: &'static str, about: &'static str, example: &'static str) -> Self {
        self.parameter(name, ParameterIn::Query, about, json!({"type": "string", "examples": [example]}))
    }

    /// A header that may be sent.
    pub(super) fn header(self, name: &'static str, about: &'static str, value: Value) -> Self {
        self.parameter(name, ParameterIn::Header, about, value)
    }

    fn parameter(mut self, name: &'static str, place: ParameterIn, about: &'static str, value: Value) -> Self {
        let parameter = ParameterBuilder::new().name(name).parameter_in(place).required(Required::False);
        self.parameters.push(parameter.description(Some(about)).schema(Some(shaped(value))).build());
        self
    }

    /// The body, which must be sent.
    pub(super) fn takes(mut self, body: Value) -> Self {
        self.body = Some((body, true));
        self.refuses(&["invalid_fields"])
    }

    /// The body, which may be left out.
    pub(super) fn may_take(mut self, body: Value) -> Self {
        self.body = Some((body, false));
        self.refuses(&["invalid_fields"])
    }

    /// An answer with that body; null stands for none at all.
    pub(super) fn gives(mut self, status: u16, about: &'static str, body: Value) -> Self {
        let mut response = ResponseBuilder::new().description(about);
        if !body.is_null() {
            response = response.content("application/json", ContentBuilder::new().schema(Some(shaped(body))).build());
        }
        self.answers.push((status, response.build()));
        self
    }

    /// A header of the last answer.
    pub(super) fn with_header(mut self, name: &'static str, about: &'static str) -> Self {
        let header = HeaderBuilder::new().schema(Some(shaped(json!({"type": "string"})))).description(Some(about)).build();
        if let Some((_, response)) = self.answers.last_mut() {
            response.headers.insert(name.to_owned(), header.into());
        }
        self
    }

    /// Codes of its own.
    pub(super) fn refuses(mut self, codes: &[&'static str]) -> Self {
        self.refuses.extend(codes.iter().map(|code| (problems::status(code), *code)));
        self
    }

    /// An access token that is none of ours is refused, though none is needed.
    pub(super) fn forged(mut self) -> Self {
        self.refuses.push((403, "invalid_token"));
        self
    }

    /// Puts it, and its other addresses, into the paths.
    pub(super) fn stand_in(mut self, paths: &mut Paths) {
        if !self.open {
            self.refuses.extend([(401, "no_token"), (401, "invalid_token"), (403, "invalid_token"), (403, "insufficient_scope")]);
        }
        // A browser's request from another site: to read, or where a cookie is read or set.
        if self.open || self.method == HttpMethod::Get {
            self.refuses.push((403, "cross_site"));
        }
        if self.path.contains('{') {
            self.refuses.push((404, "not_found"));
        }
        for (at, path) in [self.path].iter().chain(self.also).enumerate() {
            paths.add_path_operation(format!("/api{path}"), vec![self.method.clone()], self.built(at));
        }
    }

    /// The operation at its address, or at one of its others.
    fn built(&self, at: usize) -> path::Operation {
        let main = format!("/api{}", self.path);
        let mut built =
            OperationBuilder::new().tag(self.noun).summary(Some(self.title)).parameters(Some(self.parameters.clone()));
        if at == 0 {
            built = built.operation_id(Some(self.id)).description(Some(self.text).filter(|text| !text.is_empty()));
        } else {
            let alias = Extensions::builder().add("x-alias-of", main.clone()).build();
            built = built.operation_id(Some(format!("{}_{at}", self.id))).description(Some(format!("The same as `{main}`.")));
            built = built.extensions(Some(alias));
        }
        if !self.open {
            built = built.security(SecurityRequirement::new::<_, [&str; 0], &str>("bearer", []));
        }
        if let Some((body, needed)) = &self.body {
            let content = ContentBuilder::new().schema(Some(shaped(body.clone()))).build();
            let needed = if *needed { Required::True } else { Required::False };
            let body = RequestBodyBuilder::new().content("application/json", content).required(Some(needed)).build();
            built = built.request_body(Some(body));
        }
        for (status, response) in self.answers.iter().cloned().chain(problems::own(&self.refuses)) {
            built = built.response(status.to_string(), response);
        }
        let query = self.parameters.iter().any(|parameter| parameter.parameter_in == ParameterIn::Query);
        for (status, name) in problems::usual(self.body.is_some(), query) {
            built = built.response(status.to_string(), Ref::from_response_name(name));
        }
        built.build()
    }
}

/// The parts of a path that name something.
fn path_parameters(path: &str) -> Vec<Parameter> {
    let parameter = |name: &str| {
        let short = |example: &str| json!({"type": "string", "minLength": 1, "examples": [example]});
        let (about, value) = match name {
            "slug" => ("The product's short name in addresses.", short("oak-bowl")),
            "number" => ("The order's number; dashes and case do not matter.", short("K7QX-M2RT")),
            "product_id" => ("The product.", named("Id")),
            _ => ("Which one.", named("Id")),
        };
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
        parameter.description(Some(about)).schema(Some(shaped(value))).build()
    };
    path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(parameter).collect()
}

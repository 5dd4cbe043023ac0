//! Who of several people signs in: by a hint of the client, or by a choice on the page.

use url::form_urlencoded;

use super::{AuthorityRequest, OAuthError};
use crate::{Caller, EmulatedTenant, texts};

/// What the page at the authorization endpoint goes on with.
pub(super) enum Chosen {
    /// The person with this account; the first one of the tenant without one.
    Account(Option<String>),
    /// A page to choose on.
    Ask(String),
}

impl EmulatedTenant {
    /// Whether there are several people who may sign in.
    pub(super) fn has_a_choice(&self) -> bool {
        self.users().len() > 1
    }

    /// The person with an account, or the first one.
    pub(super) fn person(&self, account: Option<&str>) -> Caller {
        account
            .and_then(|account| self.user_named(account))
            .unwrap_or_else(|| self.first_user())
    }
}

/// Chooses by `login_hint`, by the only one there is, or asks. A client that forbids pages is told that it has to ask.
///
/// Source: *Microsoft identity platform and OAuth 2.0 authorization code flow*, `prompt` and `login_hint`.
pub(super) fn choose(tenant: &EmulatedTenant, request: &AuthorityRequest) -> Result<Chosen, OAuthError> {
    let prompt = request.option("prompt").unwrap_or_default();
    let hint = request.option("login_hint").filter(|hint| !hint.is_empty());
    let known = hint.filter(|hint| tenant.user_named(hint).is_some());
    if !tenant.has_a_choice() || (known.is_some() && prompt != "select_account") || request.option("chosen").is_some() {
        return Ok(Chosen::Account(known));
    }
    if prompt == "none" {
        return Err(OAuthError::new("interaction_required", 16000, texts::SEVERAL_ACCOUNTS));
    }
    let path = format!("/{}", request.segments.join("/"));
    let kept: Vec<(String, String)> = form_urlencoded::parse(request.query.as_bytes())
        .into_owned()
        .filter(|(name, _)| name != "login_hint")
        .collect();
    let page = choice(tenant, |account| {
        let mut fields: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.extend([("login_hint", account), ("chosen", "1")]);
        link(&path, &fields)
    });
    Ok(Chosen::Ask(format!("<!doctype html><title>Emulator sign-in</title>{page}")))
}

/// One link for each person.
pub(super) fn choice(tenant: &EmulatedTenant, address: impl Fn(&str) -> String) -> String {
    let users = tenant.users();
    let accounts = users.iter().filter_map(|user| user.account_in(tenant.initial_domain()));
    let links: String = accounts
        .map(|account| format!("<li><a href=\"{}\">{}</a></li>", escaped(&address(&account)), escaped(&account)))
        .collect();
    format!("<p>Pick an account</p><ul>{links}</ul>")
}

pub(super) fn link(path: &str, fields: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("{path}?{query}")
}

/// Text as it stands in an attribute or between elements.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

//! Which of a server's tenants a request is for.

use std::{collections::HashMap, sync::Arc};

use crate::{EmulatedTenant, authority::AuthorityRequest, caller::read_token};

/// The tenants on one address. Clones share them: a server may have thousands, and every request looks one up.
#[derive(Debug, Clone)]
pub(crate) struct Tenants(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// It answers if a request names no tenant.
    first: EmulatedTenant,
    others: Vec<EmulatedTenant>,
    /// By id and by domain, in lower case.
    by_name: HashMap<String, EmulatedTenant>,
}

impl Tenants {
    /// At least one tenant; the first one answers if a request names none.
    pub(crate) fn of(tenants: Vec<EmulatedTenant>) -> Self {
        let mut tenants = tenants.into_iter();
        let first = tenants.next().unwrap_or_default();
        Self::new(first, tenants.collect())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &EmulatedTenant> {
        std::iter::once(&self.0.first).chain(&self.0.others)
    }

    pub(crate) fn new(first: EmulatedTenant, others: Vec<EmulatedTenant>) -> Self {
        let mut by_name = HashMap::new();
        for tenant in std::iter::once(&first).chain(&others) {
            let settings = tenant.settings();
            let names = settings.domains().map(str::to_ascii_lowercase);
            for name in names.chain([settings.tenant_id.to_string()]) {
                by_name.entry(name).or_insert_with(|| tenant.clone());
            }
        }
        Self(Arc::new(Inner { first, others, by_name }))
    }

    pub(crate) fn first(&self) -> &EmulatedTenant {
        &self.0.first
    }

    /// The tenant that issued the token of a request. The first one refuses a token of none of them.
    pub(crate) fn of_token(&self, authorization: Option<&str>) -> &EmulatedTenant {
        if self.0.others.is_empty() {
            return &self.0.first;
        }
        let token = authorization
            .and_then(|header| header.split_once(' '))
            .and_then(|(_, token)| read_token(token.trim()));
        let id = token.as_ref().and_then(|claims| claims.get("tid")?.as_str());
        id.and_then(|id| self.named(id)).unwrap_or(&self.0.first)
    }

    /// The tenant that the path of the authority names by its id or a domain. The first one answers for `common`, refuses
    /// names that no tenant has, and shows the page for device codes unless the code is another one's.
    pub(crate) fn of_authority(&self, request: &AuthorityRequest) -> &EmulatedTenant {
        let named = request.segments.first().and_then(|name| self.named(name));
        let awaiting = || self.0.others.iter().find(|tenant| tenant.awaits_device_code(request));
        named.or_else(awaiting).unwrap_or(&self.0.first)
    }

    pub(crate) fn named(&self, name: &str) -> Option<&EmulatedTenant> {
        self.0.by_name.get(&name.to_ascii_lowercase())
    }
}

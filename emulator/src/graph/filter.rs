//! `$filter`: the part of the language that this job's objects are asked with.

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    filter_text::{Token, tokens},
    filterable::check_filterable,
    listed::Listed,
};
use crate::{refusal::Refusal, store::Shape, texts};

/// A filter that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Compare(Comparison, String, Option<String>),
    Any(String, Box<Self>),
}

/// How a property is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    AtLeast,
    AtMost,
    StartsWith,
    EndsWith,
}

/// Filters nested deeper are refused before they are read any further. What is joined on one level is kept in a list, so
/// that this is also how deep anything that walks a filter, or drops it, can get.
const DEEPEST: usize = 32;
/// Filters with more comparisons are refused, too.
const MOST_COMPARISONS: usize = 1_000;

impl Filter {
    /// Reads a filter on objects of a type.
    pub(super) fn read(text: &str, type_name: &str) -> Result<Self, Refusal> {
        let mut reader = Reader {
            tokens: tokens(text).ok_or_else(|| invalid(text))?,
            position: 0,
            depth: 0,
            comparisons: 0,
        };
        let filter = reader
            .either()
            .filter(|_| reader.position == reader.tokens.len())
            .ok_or_else(|| invalid(text))?;
        filter.check_properties(type_name)?;
        Ok(filter)
    }

    /// Whether the service asks for `ConsistencyLevel: eventual` with it.
    pub(super) fn is_advanced(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::is_advanced),
            Self::Not(_) => true,
            Self::Compare(comparison, path, _) => {
                matches!(comparison, Comparison::Unequal | Comparison::EndsWith) || path.ends_with("/$count")
            }
            Self::Any(_, inner) => inner.is_advanced(),
        }
    }

    pub(super) fn holds(&self, listed: Listed<'_>, shape: Shape) -> bool {
        self.holds_for(&|path| listed.value(shape, path))
    }

    fn holds_for(&self, value: &dyn Fn(&str) -> Option<Value>) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds_for(value)),
            Self::Or(parts) => parts.iter().any(|part| part.holds_for(value)),
            Self::Not(inner) => !inner.holds_for(value),
            Self::Compare(comparison, path, wanted) => compare(*comparison, value(path).as_ref(), wanted.as_deref()),
            Self::Any(path, inner) => {
                let items = value(path).and_then(|items| items.as_array().cloned()).unwrap_or_default();
                items.iter().any(|item| {
                    inner.holds_for(&|below| {
                        if below.is_empty() {
                            Some(item.clone())
                        } else {
                            item.get(below).cloned()
                        }
                    })
                })
            }
        }
    }

    fn check_properties(&self, type_name: &str) -> Result<(), Refusal> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().try_for_each(|part| part.check_properties(type_name)),
            Self::Not(inner) => inner.check_properties(type_name),
            Self::Compare(_, path, _) | Self::Any(path, _) => check_filterable(type_name, path),
        }
    }
}

fn invalid(text: &str) -> Refusal {
    Refusal::new(400, "BadRequest", texts::FILTER_INVALID.with(&[("filter", text)]))
}

/// Strings are compared without regard to case, as the directory does.
fn compare(comparison: Comparison, value: Option<&Value>, wanted: Option<&str>) -> bool {
    let text = match value {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.to_lowercase()),
        Some(other) => Some(other.to_string()),
    };
    let wanted = wanted.map(str::to_lowercase);
    match comparison {
        Comparison::Equal => text == wanted,
        Comparison::Unequal => text != wanted,
        Comparison::AtLeast => text.zip(wanted).is_some_and(|(text, wanted)| order(&text, &wanted).is_ge()),
        Comparison::AtMost => text.zip(wanted).is_some_and(|(text, wanted)| order(&text, &wanted).is_le()),
        Comparison::StartsWith => text.zip(wanted).is_some_and(|(text, wanted)| text.starts_with(&wanted)),
        Comparison::EndsWith => text.zip(wanted).is_some_and(|(text, wanted)| text.ends_with(&wanted)),
    }
}

/// Moments by time, all else by its letters.
fn order(text: &str, other: &str) -> std::cmp::Ordering {
    let moment = |text: &str| OffsetDateTime::parse(&text.to_uppercase(), &Rfc3339).ok();
    match moment(text).zip(moment(other)) {
        Some((one, other)) => one.cmp(&other),
        None => text.cmp(other),
    }
}

struct Reader {
    tokens: Vec<Token>,
    position: usize,
    depth: usize,
    comparisons: usize,
}

impl Reader {
    fn either(&mut self) -> Option<Filter> {
        let first = self.both()?;
        let mut parts = vec![first];
        while self.takes_word("or") {
            parts.push(self.both()?);
        }
        joined(parts, Filter::Or)
    }

    fn both(&mut self) -> Option<Filter> {
        let first = self.one()?;
        let mut parts = vec![first];
        while self.takes_word("and") {
            parts.push(self.one()?);
        }
        joined(parts, Filter::And)
    }

    fn one(&mut self) -> Option<Filter> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let filter = self.unlimited();
        self.depth -= 1;
        filter
    }

    fn unlimited(&mut self) -> Option<Filter> {
        if self.takes_word("not") {
            return Some(Filter::Not(Box::new(self.one()?)));
        }
        if self.takes_sign('(') {
            let inner = self.either()?;
            return self.takes_sign(')').then_some(inner);
        }
        self.count_comparison()?;
        let Token::Word(name) = self.next()? else { return None };
        match name.to_ascii_lowercase().as_str() {
            "startswith" => self.function(Comparison::StartsWith),
            "endswith" => self.function(Comparison::EndsWith),
            _ => match name.strip_suffix("/any") {
                Some(collection) => self.any(collection),
                None => self.comparison(name),
            },
        }
    }

    fn function(&mut self, comparison: Comparison) -> Option<Filter> {
        let opened = self.takes_sign('(');
        let Token::Word(path) = self.next()? else { return None };
        let parted = self.takes_sign(',');
        let Token::Text(wanted) = self.next()? else { return None };
        (opened && parted && self.takes_sign(')')).then_some(Filter::Compare(comparison, path, Some(wanted)))
    }

    /// `identifierUris/any(u:u eq 'x')`: inside, the variable stands for the item, which is the empty path.
    fn any(&mut self, collection: &str) -> Option<Filter> {
        let opened = self.takes_sign('(');
        let Token::Word(variable) = self.next()? else { return None };
        if !(opened && self.takes_sign(':')) {
            return None;
        }
        let inner = self.either()?;
        let closed = self.takes_sign(')');
        closed.then(|| Filter::Any(collection.to_owned(), Box::new(without_variable(inner, &variable))))
    }

    fn comparison(&mut self, path: String) -> Option<Filter> {
        let Token::Word(operator) = self.next()? else { return None };
        match operator.to_ascii_lowercase().as_str() {
            "eq" => Some(Filter::Compare(Comparison::Equal, path, self.value()?)),
            "ne" => Some(Filter::Compare(Comparison::Unequal, path, self.value()?)),
            "ge" => Some(Filter::Compare(Comparison::AtLeast, path, self.value()?)),
            "le" => Some(Filter::Compare(Comparison::AtMost, path, self.value()?)),
            "in" => {
                if !self.takes_sign('(') {
                    return None;
                }
                let mut parts = vec![Filter::Compare(Comparison::Equal, path.clone(), self.value()?)];
                while self.takes_sign(',') {
                    self.count_comparison()?;
                    parts.push(Filter::Compare(Comparison::Equal, path.clone(), self.value()?));
                }
                let closed = self.takes_sign(')');
                joined(parts, Filter::Or).filter(|_| closed)
            }
            _ => None,
        }
    }

    /// A literal; `None` inside for `null`.
    fn value(&mut self) -> Option<Option<String>> {
        match self.next()? {
            Token::Text(text) => Some(Some(text)),
            Token::Word(word) if word == "null" => Some(None),
            Token::Word(word) => Some(Some(word)),
            Token::Sign(_) => None,
        }
    }

    fn count_comparison(&mut self) -> Option<()> {
        self.comparisons += 1;
        (self.comparisons <= MOST_COMPARISONS).then_some(())
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.position).cloned();
        self.position += 1;
        token
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let takes = matches!(self.tokens.get(self.position), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        self.position += usize::from(takes);
        takes
    }

    fn takes_sign(&mut self, sign: char) -> bool {
        let takes = self.tokens.get(self.position) == Some(&Token::Sign(sign));
        self.position += usize::from(takes);
        takes
    }
}

/// One part stays what it is.
fn joined(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Option<Filter> {
    if parts.len() == 1 { parts.pop() } else { Some(join(parts)) }
}

fn without_variable(filter: Filter, variable: &str) -> Filter {
    let inside = |parts: Vec<Filter>| parts.into_iter().map(|part| without_variable(part, variable)).collect();
    match filter {
        Filter::And(parts) => Filter::And(inside(parts)),
        Filter::Or(parts) => Filter::Or(inside(parts)),
        Filter::Not(inner) => Filter::Not(Box::new(without_variable(*inner, variable))),
        Filter::Compare(comparison, path, wanted) => {
            let below = path.strip_prefix(variable).unwrap_or(&path).trim_start_matches('/').to_owned();
            Filter::Compare(comparison, below, wanted)
        }
        Filter::Any(path, inner) => Filter::Any(path, inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(filter: &str) -> bool {
        let object = json!({
            "displayName": "It's the Server", "appId": "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01", "uniqueName": null,
            "identifierUris": ["api://a", "api://b"], "isFallbackPublicClient": true,
            "api": {"requestedAccessTokenVersion": 2}, "passwordCredentials": [{"displayName": "one"}],
        });
        let owners = [uuid::Uuid::nil()];
        let listed = Listed::from((&owners[..], object.as_object().unwrap()));
        Filter::read(filter, "application").unwrap().holds(listed, Shape::Application)
    }

    #[test]
    fn the_filters_that_clients_send_are_understood() {
        for filter in [
            "displayName eq 'it''s the server'",
            "appId eq '0D9F2C1E-5A52-4BB4-8F56-B9B41A3F1A01'",
            "appId eq 0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01",
            "startswith(displayName,'It')",
            "startsWith(displayName, 'it')",
            "identifierUris/any(u:u eq 'api://b')",
            "identifierUris/any(x:startswith(x,'api://'))",
            "passwordCredentials/any(p:p/displayName eq 'one')",
            "uniqueName eq null and isFallbackPublicClient eq true",
            "(displayName eq 'x' or displayName eq 'It''s the Server') and appId ne 'y'",
            "displayName in ('x','It''s the Server')",
            "api/requestedAccessTokenVersion eq 2",
            "not(displayName eq 'x')",
            "owners/$count eq 1",
            "identifierUris/$count ge 2 and tags/$count eq 0",
            "web/implicitGrantSettings/enableIdTokenIssuance eq false and signInAudience eq 'AzureADMyOrg'",
        ] {
            assert!(holds(filter), "{filter}");
        }
        for filter in [
            "displayName eq 'x'",
            "identifierUris/any(u:u eq 'api://c')",
            "endswith(displayName,'Client')",
        ] {
            assert!(!holds(filter), "{filter}");
        }
    }

    #[test]
    fn a_broken_filter_is_refused() {
        let deep = "(".repeat(100);
        for filter in [
            "",
            "displayName",
            "displayName eq",
            "displayName eq 'x",
            "displayName like 'x'",
            "colour eq 'x'",
            "displayName eq 'x' and",
            "appManagementPolicies/$count eq 1",
            "colour/$count eq 1",
            &deep,
        ] {
            assert!(Filter::read(filter, "application").is_err(), "{filter}");
        }
    }

    #[test]
    fn a_filter_of_any_length_and_depth_is_answered() {
        let term = "displayName eq 'x'";
        let many = |joint: &str, count: usize| vec![term; count].join(joint);
        for count in [1_001, 20_000] {
            for joint in [" or ", " and "] {
                assert!(Filter::read(&many(joint, count), "application").is_err());
            }
            let list = vec!["'x'"; count].join(",");
            assert!(Filter::read(&format!("displayName in ({list})"), "application").is_err());
            assert!(Filter::read(&format!("{}{term}", "not ".repeat(count)), "application").is_err());
        }
        assert!(!holds(&many(" or ", 1_000)));
        assert!(!holds(&format!("identifierUris/any(u:{})", vec!["u eq 'x'"; 900].join(" or "))));
    }

    #[test]
    fn only_some_filters_need_the_advanced_queries() {
        let is_advanced = |text| Filter::read(text, "application").unwrap().is_advanced();
        assert!(!is_advanced("identifierUris/any(u:u eq 'api://b')"));
        assert!(is_advanced("displayName eq 'a' and displayName ne 'b'"));
        assert!(is_advanced("owners/$count eq 1"));
    }
}

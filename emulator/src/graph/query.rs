//! The query options of a request: filter, selection, paging, count.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    filter::Filter,
    listed::{Listed, as_read},
    search::Search,
};
use crate::{graph_types, object::Object, refusal::Refusal, store::Shape, texts};

const USUAL_PAGE: usize = 100;
const LONGEST_PAGE: usize = 999;

/// What a request's query asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    filter: Option<String>,
    select: Vec<String>,
    order_by: Option<String>,
    top: Option<usize>,
    skip: usize,
    counts: bool,
    search: Option<String>,
    expand: Vec<String>,
    refused: Option<String>,
    /// As it was sent, without the paging token, for the link to the next page.
    rest: Vec<(String, String)>,
}

impl Query {
    /// Reads a query string. Options may be written with and without `$`.
    pub(crate) fn read(text: &str) -> Self {
        let mut query = Self::default();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let option = name.trim_start_matches('$').to_ascii_lowercase();
            match option.as_str() {
                "filter" => query.filter = Some(value.to_string()),
                "select" => {
                    query.select = value
                        .split(',')
                        .map(|name| name.trim().to_owned())
                        .filter(|name| !name.is_empty())
                        .collect()
                }
                "orderby" => query.order_by = Some(value.to_string()),
                "top" => query.top = value.parse().ok(),
                "count" => query.counts = value.eq_ignore_ascii_case("true"),
                "skiptoken" => query.skip = value.parse().unwrap_or_default(),
                "search" => query.search = Some(value.to_string()),
                "expand" => query.expand = expansions(&value),
                "skip" | "apply" => query.refused = Some(format!("the query option ${option}")),
                _ => {}
            }
            if option != "skiptoken" {
                query.rest.push((name.into_owned(), value.into_owned()));
            }
        }
        query
    }

    /// As people read it, with the leading question mark; empty without options.
    pub(crate) fn shown(&self) -> String {
        let options: Vec<String> = self.rest.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if options.is_empty() {
            String::new()
        } else {
            format!("?{}", options.join("&"))
        }
    }

    /// Answers a collection: filtered, ordered, one page of it, with a link to the next.
    pub(super) fn page<'a>(
        &self,
        type_name: &str,
        objects: impl Iterator<Item: Into<Listed<'a>>>,
        is_advanced: bool,
        root: &str,
        path: &str,
    ) -> Result<Value, Refusal> {
        let found = self.matching(type_name, objects, is_advanced)?;
        let size = self.top.unwrap_or(USUAL_PAGE);
        if size == 0 || size > LONGEST_PAGE {
            return Err(Refusal::bad_request(texts::PAGE_SIZE));
        }
        let end = self.skip.saturating_add(size);
        let page: Vec<Value> = found
            .iter()
            .skip(self.skip)
            .take(size)
            .map(|object| self.selected(type_name, object))
            .collect();
        let mut answer = json!({"@odata.context": format!("{root}/$metadata#{path}")});
        if self.counts && is_advanced {
            answer["@odata.count"] = json!(found.len());
        }
        if end < found.len() {
            let mut next = form_urlencoded::Serializer::new(String::new());
            next.extend_pairs(&self.rest).append_pair("$skiptoken", &end.to_string());
            answer["@odata.nextLink"] = json!(format!("{root}/{path}?{}", next.finish()));
        }
        answer["value"] = json!(page);
        Ok(answer)
    }

    /// Answers `$count`, which only the advanced queries offer.
    pub(super) fn count<'a>(
        &self,
        type_name: &str,
        objects: impl Iterator<Item: Into<Listed<'a>>>,
        is_advanced: bool,
    ) -> Result<usize, Refusal> {
        if !is_advanced {
            return Err(Refusal::new(400, "Request_BadRequest", texts::COUNT_UNSUPPORTED));
        }
        self.matching(type_name, objects, is_advanced).map(|found| found.len())
    }

    /// The relationships that are to come along.
    pub(super) fn expanded(&self) -> impl Iterator<Item = &str> {
        self.expand.iter().map(String::as_str)
    }

    /// Refuses `$select` of what the type does not have. Collections of several types show properties of each.
    pub(super) fn check_selection(&self, type_name: &str) -> Result<(), Refusal> {
        if !graph_types::is_known(type_name) {
            return Ok(());
        }
        // Directory extensions are not in the metadata.
        let mut names = self.select.iter().map(|name| name.split('/').next().unwrap_or_default());
        let unknown = names.find(|name| {
            let is_of_the_tenant = *name == "*" || name.starts_with("extension_") || name.contains('@');
            !is_of_the_tenant && !graph_types::has_property_in_any_case(type_name, name)
        });
        let Some(unknown) = unknown else { return Ok(()) };
        let values = [("property", unknown), ("type", type_name)];
        Err(Refusal::new(400, "BadRequest", texts::NO_SUCH_PROPERTY_IN_QUERY.with(&values)))
    }

    /// The selected properties of one object, and what was expanded.
    pub(super) fn selected(&self, type_name: &str, object: &Object) -> Value {
        let object = as_read(Shape::of(type_name).whole(object));
        if self.select.is_empty() || self.select.iter().any(|name| name == "*") {
            return Value::Object(object);
        }
        let is_selected = |name: &str| {
            let mut names = self.select.iter().chain(&self.expand);
            name.starts_with('@') || names.any(|selected| selected.eq_ignore_ascii_case(name))
        };
        Value::Object(object.into_iter().filter(|(name, _)| is_selected(name)).collect())
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        self.refused.as_deref().map_or(Ok(()), |what| Err(Refusal::not_emulated(what)))
    }

    fn matching<'a>(
        &self,
        type_name: &str,
        objects: impl Iterator<Item: Into<Listed<'a>>>,
        is_advanced: bool,
    ) -> Result<Vec<&'a Object>, Refusal> {
        self.check()?;
        if type_name != "directoryObject" {
            self.check_selection(type_name)?;
        }
        let search = self.search.as_deref().map(|text| Search::read(text, type_name)).transpose()?;
        if search.is_some() && !is_advanced {
            return Err(Refusal::new(400, "Request_UnsupportedQuery", texts::SEARCH_UNSUPPORTED));
        }
        let filter = self.filter.as_deref().map(|text| Filter::read(text, type_name)).transpose()?;
        let is_sorted_and_filtered = filter.is_some() && self.order_by.is_some();
        if !is_advanced && (is_sorted_and_filtered || filter.as_ref().is_some_and(Filter::is_advanced)) {
            return Err(Refusal::unsupported_query());
        }
        let shape = Shape::of(type_name);
        let mut found: Vec<&Object> = objects
            .map(Into::into)
            .filter(|listed| filter.as_ref().is_none_or(|filter| filter.holds(*listed, shape)))
            .map(|listed| listed.object)
            .filter(|object| search.as_ref().is_none_or(|search| search.holds(object)))
            .collect();
        if let Some(order_by) = &self.order_by {
            let (property, direction) = order_by.split_once(' ').unwrap_or((order_by, "asc"));
            found.sort_by_key(|object| object.get(property).and_then(Value::as_str).unwrap_or_default().to_lowercase());
            if direction.trim().eq_ignore_ascii_case("desc") {
                found.reverse();
            }
        }
        Ok(found)
    }
}

/// The names in `owners($select=id,displayName),appRoleAssignments`.
fn expansions(text: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut depth = 0_u32;
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => names.push(String::new()),
            letter if depth == 0 => {
                if let Some(last) = names.last_mut() {
                    last.push(letter);
                }
            }
            _ => {}
        }
    }
    names
        .iter()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

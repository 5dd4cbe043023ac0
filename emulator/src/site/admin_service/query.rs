//! The query options of the `wmi` route.

use serde_json::Value;
use url::form_urlencoded;

use super::{
    classes::{Class, Refused},
    filter::Filter,
    kinds::Object,
};

/// What a request's query asks for.
#[derive(Debug, Default)]
pub(super) struct Query {
    filter: Option<Filter>,
    select: Vec<String>,
    order_by: Option<(String, bool)>,
    top: Option<usize>,
    skip: usize,
    counts: bool,
}

impl Query {
    /// Reads a query string for a class, whose properties are the only ones that may be named.
    pub(super) fn read(text: &str, class: &Class) -> Result<Self, Refused> {
        let mut query = Self::default();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            match name.as_ref() {
                "$filter" => query.filter = Some(Filter::read(&value, class)?),
                "$select" => {
                    let names = value.split(',').map(|name| name.trim().to_owned());
                    query.select = names.map(|name| class.known(name)).collect::<Result<_, _>>()?;
                }
                "$orderby" => {
                    let value = value.trim();
                    let (property, direction) = value.split_once(' ').unwrap_or((value, "asc"));
                    query.order_by = Some((class.known(property.to_owned())?, direction.trim() == "desc"));
                }
                "$top" => query.top = Some(number(&value)?),
                "$skip" => query.skip = number(&value)?,
                "$count" => query.counts = value == "true",
                other => return Err((501, format!("The emulator does not offer the query option {other}."))),
            }
        }
        Ok(query)
    }

    /// The number of rows that match, where it is asked for, and the page that is, with all their properties.
    pub(super) fn page(&self, rows: Vec<Object>) -> Result<(Option<usize>, Vec<Object>), Refused> {
        let mut found: Vec<Object> = rows
            .into_iter()
            .filter(|row| self.filter.as_ref().is_none_or(|filter| filter.holds(row)))
            .collect();
        if let Some((property, is_descending)) = &self.order_by {
            found.sort_by_key(|row| match row.get(property) {
                Some(Value::Number(number)) => (number.as_i64().unwrap_or_default(), String::new()),
                Some(Value::String(text)) => (0, text.to_lowercase()),
                _ => (i64::MIN, String::new()),
            });
            if *is_descending {
                found.reverse();
            }
        }
        let count = self.counts.then_some(found.len());
        let page = found.into_iter().skip(self.skip).take(self.top.unwrap_or(usize::MAX));
        Ok((count, page.collect()))
    }

    /// Whether only some properties are asked for.
    pub(super) fn selects(&self) -> bool {
        !self.select.is_empty()
    }

    /// The selected properties of a row.
    pub(super) fn selected(&self, mut row: Object) -> Object {
        if !self.select.is_empty() {
            row.retain(|name, _| self.select.iter().any(|selected| selected == name));
        }
        row
    }
}

fn number(text: &str) -> Result<usize, Refused> {
    text.trim()
        .parse()
        .map_err(|_| (400, format!("Invalid value '{text}' for a paging option.")))
}

//! Looks groups up by their names.

use std::collections::HashSet;

use futures_util::future::try_join_all;
use serde::Deserialize;

use super::{
    address::{filtered, literal},
    client::GraphClient,
};
use crate::{call::Call, error::DirectoryError, http::Method, spec::GroupNames};

/// The most names in one question. Microsoft: *Use the $filter query parameter*, 15 expressions with `in`.
const MOST_NAMES: usize = 15;

/// How long the names in one question may be, encoded, unless one alone is longer.
const LONGEST: usize = 4_000;

/// How many questions are under way side by side.
const AT_ONCE: usize = 4;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    #[serde(default)]
    display_name: Option<String>,
}

/// The display names of the groups that have one of these names, one for each group. Questions for many names are asked
/// side by side, a few at a time.
pub(super) async fn by_name(client: &GraphClient, call: &Call, names: &[String]) -> Result<Vec<String>, DirectoryError> {
    let asked = GroupNames::of(names);
    let mut groups = Vec::new();
    for some in questions(names).chunks(AT_ONCE) {
        let answers = some.iter().map(|names| async move {
            let request = client.request(Method::Get, "groups", Some(&query(names)));
            client.list::<Group>(call, request).await
        });
        groups.extend(try_join_all(answers).await?.into_iter().flatten());
    }
    let found = groups.into_iter().filter_map(|group| group.display_name);
    Ok(found.filter(|name| asked.has(name)).collect())
}

/// Each name once, since a group that is asked for twice would come twice; few enough for one address.
fn questions(names: &[String]) -> Vec<Vec<&str>> {
    let (mut seen, mut all) = (HashSet::new(), Vec::<Vec<&str>>::new());
    let mut length = 0;
    for name in names.iter().filter(|name| seen.insert(name.to_lowercase())) {
        // Encoded, a byte may take three.
        let takes = name.len() * 3 + 8;
        match all.last_mut().filter(|some| some.len() < MOST_NAMES && length + takes <= LONGEST) {
            Some(some) => {
                some.push(name);
                length += takes;
            }
            None => {
                all.push(vec![name]);
                length = takes;
            }
        }
    }
    all
}

fn query(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
    filtered(&format!("displayName in ({})", names.join(",")), "$select=id,displayName")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_asked_for_once_and_no_address_grows_too_long() {
        let names: Vec<String> = (0..40)
            .map(|number| format!("Group {}", number % 20))
            .chain(["GROUP 1".to_owned()])
            .collect();
        let asked = questions(&names);
        assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [15, 5]);
        let long = vec!["é".repeat(500), "ü".repeat(500), "short".to_owned(), "ö".repeat(5_000)];
        assert_eq!(questions(&long).iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 1]);
    }

    #[test]
    fn any_name_is_data_in_the_filter() {
        let names = ["O'Neil & Co", "') or ('1' eq '1"];
        assert_eq!(
            query(&names),
            "$filter=displayName%20in%20%28%27O%27%27Neil%20%26%20Co%27%2C%27%27%27%29%20or%20%28%27%271%27%27%20eq%20%27%271%27%29&$select=id,displayName"
        );
    }
}

//! Looks groups up by their names.

use futures_util::future::try_join_all;
use serde::Deserialize;

use super::{
    address::{filtered, literal},
    client::GraphClient,
};
use crate::{call::Call, error::DirectoryError, http::Method, spec::GroupNames};

/// The most names in one question. Microsoft: *Use the $filter query parameter*, 15 expressions with `in`.
const MOST_NAMES: usize = 15;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    #[serde(default)]
    display_name: Option<String>,
}

/// The display names of the groups that have one of these names, one for each group. Questions for many names are asked
/// side by side.
pub(super) async fn by_name(client: &GraphClient, call: &Call, names: &[String]) -> Result<Vec<String>, DirectoryError> {
    let questions = names.chunks(MOST_NAMES).map(|some| async move {
        let request = client.request(Method::Get, "groups", Some(&query(some)));
        client.list::<Group>(call, request).await
    });
    let groups = try_join_all(questions).await?.into_iter().flatten();
    let found = groups.filter_map(|group| group.display_name);
    let asked = GroupNames::of(names);
    Ok(found.filter(|name| asked.has(name)).collect())
}

fn query(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
    filtered(&format!("displayName in ({})", names.join(",")), "$select=id,displayName")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_data_in_the_filter() {
        let names = ["O'Neil & Co".to_owned(), "') or ('1' eq '1".to_owned()];
        assert_eq!(
            query(&names),
            "$filter=displayName%20in%20%28%27O%27%27Neil%20%26%20Co%27%2C%27%27%27%29%20or%20%28%27%271%27%27%20eq%20%27%271%27%29&$select=id,displayName"
        );
    }
}

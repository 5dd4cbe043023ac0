//! Which items are public, and at which paths.

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
};

use serde_json::Value;

/// An item's number in rustdoc's JSON.
pub(crate) type Id = u64;

/// The public items of one crate.
#[derive(Debug)]
pub(crate) struct Api<'j> {
    json: &'j Value,
    /// Every path of every public item, shortest first, without the crate's name.
    pub(crate) paths: BTreeMap<Id, Vec<String>>,
    /// What the crate exports of other crates: path and origin.
    pub(crate) foreign: Vec<(String, Id)>,
    summaries: HashMap<Id, &'j Value>,
}

impl<'j> Api<'j> {
    pub(crate) fn read(json: &'j Value) -> Result<Self, Box<dyn Error>> {
        let summaries = json["paths"].as_object().ok_or("the JSON has no paths")?;
        let summaries = summaries
            .iter()
            .filter_map(|(id, summary)| Some((id.parse().ok()?, summary)))
            .collect();
        let mut api = Self {
            json,
            paths: BTreeMap::new(),
            foreign: Vec::new(),
            summaries,
        };
        let root = json["root"].as_u64().ok_or("the JSON has no root")?;
        api.walk(root, "", &mut Vec::new())?;
        for paths in api.paths.values_mut() {
            paths.sort_by_key(|path| (path.matches("::").count(), path.clone()));
            paths.dedup();
        }
        if api.paths.len() < 2 {
            return Err("the crate has no public items".into());
        }
        Ok(api)
    }

    /// The item itself; `None` if it belongs to another crate.
    pub(crate) fn item(&self, id: Id) -> Option<&'j Value> {
        self.json["index"].get(id.to_string())
    }

    /// The kind of an item and what rustdoc says of it.
    pub(crate) fn inner(&self, id: Id) -> Option<(&'j str, &'j Value)> {
        let inner = self.item(id)?["inner"].as_object()?;
        inner.iter().next().map(|(kind, value)| (kind.as_str(), value))
    }

    /// The shortest public path of an item of this crate.
    pub(crate) fn path(&self, id: Id) -> Option<&str> {
        self.paths.get(&id)?.first().map(String::as_str)
    }

    /// Crate and full path of an item, of this crate or another one.
    pub(crate) fn origin(&self, id: Id) -> Option<(&'j str, Vec<&'j str>)> {
        let summary = self.summaries.get(&id)?;
        let path: Vec<&str> = summary["path"].as_array()?.iter().filter_map(Value::as_str).collect();
        Some((*path.first()?, path))
    }

    /// Whether an item belongs to this crate.
    pub(crate) fn is_own(&self, id: Id) -> bool {
        self.item(id).is_some() || self.summaries.get(&id).is_some_and(|summary| summary["crate_id"] == 0)
    }

    fn walk(&mut self, module: Id, path: &str, above: &mut Vec<Id>) -> Result<(), Box<dyn Error>> {
        if above.contains(&module) {
            return Ok(());
        }
        above.push(module);
        let (kind, inner) = self.inner(module).ok_or("a module is missing")?;
        let members = match kind {
            "module" => &inner["items"],
            "enum" => &inner["variants"],
            other => return Err(format!("{path}::* exports everything of a {other}, which this program does not know").into()),
        };
        for member in members.as_array().into_iter().flatten().filter_map(Value::as_u64) {
            let Some((kind, inner)) = self.inner(member) else { continue };
            if kind != "use" {
                let name = self.item(member).and_then(|item| item["name"].as_str()).unwrap_or_default();
                self.add(member, &joined(path, name), above)?;
                continue;
            }
            let name = inner["name"].as_str().unwrap_or_default();
            let target = inner["id"]
                .as_u64()
                .ok_or_else(|| format!("{path}::{name} exports what is not there"))?;
            match (self.item(target).is_some(), inner["is_glob"] == true) {
                (true, true) => self.walk(target, path, above)?,
                (true, false) => self.add(target, &joined(path, name), above)?,
                (false, _) => self.foreign.push((joined(path, name), target)),
            }
        }
        above.pop();
        Ok(())
    }

    fn add(&mut self, id: Id, path: &str, above: &mut Vec<Id>) -> Result<(), Box<dyn Error>> {
        match self.inner(id).map(|(kind, _)| kind) {
            Some("impl") | None => return Ok(()),
            Some("module") => self.walk(id, path, above)?,
            Some(_) => {}
        }
        self.paths.entry(id).or_default().push(path.to_owned());
        Ok(())
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}::{name}")
    }
}

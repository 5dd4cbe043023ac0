//! The public API as lines of text, with its figures.

use std::{collections::BTreeMap, error::Error, fs, io, path::Path};

use serde_json::Value;

use crate::{
    foreign::{self, Place},
    items::{Api, Id},
    render::{Renderer, list},
    shareable,
};

const HEAD: &str = "\
# The public API, with all features but kerberos: one line per item, by its shortest path.
# Written by `.ci/public-api accept`. Read every changed line as a change of what other people's programs are built on.
";

/// What is counted as a public item, in the order in which it is told.
const COUNTED: [(&str, &str); 9] = [
    ("module", "modules"),
    ("struct", "structs"),
    ("enum", "enums"),
    ("union", "unions"),
    ("trait", "traits"),
    ("function", "functions"),
    ("constant", "constants"),
    ("static", "statics"),
    ("type_alias", "type aliases"),
];

/// What is told of the public API.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) golden: String,
    pub(crate) shareable: String,
    /// What may not be named, one complaint each.
    pub(crate) foreign: Vec<String>,
    pub(crate) figures: String,
    pub(crate) second_paths: Vec<String>,
}

impl Report {
    pub(crate) fn of(api: &Api<'_>) -> Result<Self, Box<dyn Error>> {
        let mut lines = Lines::new(api);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut second_paths = Vec::new();
        for (id, paths) in &api.paths {
            let Some((kind, inner)) = api.inner(*id) else { continue };
            *counts.entry(kind).or_default() += 1;
            let [path, others @ ..] = &paths[..] else { continue };
            lines.item(*id, path, kind, inner)?;
            for other in others {
                let line = format!("use {other} = {path}");
                lines.add(other, line.clone(), Place::Signature);
                second_paths.push(line);
            }
        }
        for (path, id) in &api.foreign {
            let origin = api.origin(*id).map(|(_, full)| full.join("::")).unwrap_or_default();
            lines.renderer_names(*id);
            lines.add(path, format!("use {path} = ::{origin}"), Place::Signature);
        }
        let told: Vec<String> = COUNTED
            .iter()
            .filter_map(|(kind, name)| Some(format!("{} {name}", counts.get(kind)?)))
            .collect();
        let all: usize = COUNTED.iter().filter_map(|(kind, _)| counts.get(kind)).sum();
        second_paths.sort();
        let mut texts: Vec<(String, String)> = lines.lines;
        texts.sort();
        texts.dedup();
        let texts: Vec<String> = texts.into_iter().map(|(_, line)| line).collect();
        Ok(Self {
            golden: format!("{HEAD}{}\n", texts.join("\n")),
            shareable: shareable::test(api),
            foreign: lines.foreign,
            figures: format!("{all} public items: {}; {} second paths", told.join(", "), second_paths.len()),
            second_paths,
        })
    }
}

/// Compares a file with what it must be, and says how to accept a difference.
pub(crate) fn is_as_accepted(file: &Path, wanted: &str) -> io::Result<bool> {
    let accepted = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    if accepted == wanted {
        return Ok(true);
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (accepted.lines().collect(), wanted.lines().collect());
    eprintln!("public API: {} is not up to date:", file.display());
    old.iter().filter(|line| !new.contains(line)).for_each(|line| eprintln!("- {line}"));
    new.iter().filter(|line| !old.contains(line)).for_each(|line| eprintln!("+ {line}"));
    eprintln!("If every changed line was meant: .ci/public-api accept, and commit the file with the change.");
    Ok(false)
}

/// The lines so far, each with the path that it is sorted by.
#[derive(Debug)]
struct Lines<'a> {
    api: &'a Api<'a>,
    renderer: Renderer<'a>,
    lines: Vec<(String, String)>,
    foreign: Vec<String>,
    extra: Vec<Id>,
}

impl<'a> Lines<'a> {
    fn new(api: &'a Api<'a>) -> Self {
        Self {
            api,
            renderer: Renderer::new(api, ""),
            lines: Vec::new(),
            foreign: Vec::new(),
            extra: Vec::new(),
        }
    }

    fn renderer_names(&mut self, id: Id) {
        self.extra.push(id);
    }

    fn add(&mut self, path: &str, line: String, place: Place) {
        let mut named = self.renderer.take_named();
        named.append(&mut self.extra);
        self.foreign.extend(foreign::refusals(self.api, &named, place, &line));
        self.lines.push((path.to_owned(), line));
    }

    fn item(&mut self, id: Id, path: &str, kind: &str, inner: &'a Value) -> Result<(), Box<dyn Error>> {
        let marks = self.marks(id);
        let generics = self.renderer.parameters(&inner["generics"], false);
        let bounds = self.renderer.predicates(&inner["generics"], false);
        let line = match kind {
            "module" => format!("mod {path}"),
            "struct" | "union" => {
                let hidden = if inner["kind"]["plain"]["has_stripped_fields"] == true {
                    " { .. }"
                } else {
                    ""
                };
                format!("{kind} {path}{generics}{bounds}{hidden}{marks}")
            }
            "enum" => format!("enum {path}{generics}{bounds}{marks}"),
            "function" => format!("{}{marks}", self.renderer.function(path, inner)),
            "constant" => format!("const {path}: {}", self.renderer.ty(&inner["type"])),
            "static" => format!("static {path}: {}", self.renderer.ty(&inner["type"])),
            "type_alias" => format!("type {path}{generics} = {}", self.renderer.ty(&inner["type"])),
            "trait" => {
                let above = self.renderer.bounds(&inner["bounds"]);
                let colon = if above.is_empty() { "" } else { ": " };
                format!("trait {path}{generics}{colon}{above}{bounds}")
            }
            "variant" => return Ok(()),
            "macro" | "proc_macro" => format!("macro {path}"),
            other => return Err(format!("{path} is a {other}, which this program does not know").into()),
        };
        self.add(path, line, Place::Signature);
        match kind {
            "struct" | "union" => self.fields(path, inner),
            "enum" => list(&inner["variants"])
                .filter_map(Value::as_u64)
                .for_each(|id| self.variant(path, id)),
            "trait" => {
                self.members(path, &inner["items"], "");
                let blocks = list(&inner["implementations"]).filter_map(Value::as_u64);
                let blocks = blocks.filter_map(|id| Some(self.api.inner(id)?.1));
                let blocks: Vec<&Value> = blocks
                    .filter(|block| !block["for"]["resolved_path"]["id"].as_u64().is_some_and(|id| self.api.is_own(id)))
                    .collect();
                blocks.into_iter().for_each(|block| self.implementation_elsewhere(path, block));
            }
            _ => {}
        }
        self.implementations(id, path, inner);
        Ok(())
    }

    fn marks(&self, id: Id) -> String {
        let attributes = self.api.item(id).map_or(&Value::Null, |item| &item["attrs"]);
        let is_open = list(attributes).any(|attribute| attribute == "non_exhaustive");
        let is_deprecated = self.api.item(id).is_some_and(|item| !item["deprecation"].is_null());
        format!(
            "{}{}",
            if is_open { " #[non_exhaustive]" } else { "" },
            if is_deprecated { " #[deprecated]" } else { "" }
        )
    }

    fn fields(&mut self, path: &str, inner: &Value) {
        let kind = &inner["kind"];
        let fields = kind["plain"]["fields"].as_array().or_else(|| kind["tuple"].as_array());
        for id in fields.into_iter().flatten().filter_map(Value::as_u64) {
            let Some((_, ty)) = self.api.inner(id) else { continue };
            let name = self.api.item(id).and_then(|item| item["name"].as_str()).unwrap_or_default();
            let line = format!("field {path}::{name}: {}", self.renderer.ty(ty));
            self.add(&format!("{path}::{name}"), line, Place::Signature);
        }
    }

    fn variant(&mut self, path: &str, id: Id) {
        let Some((_, inner)) = self.api.inner(id) else { return };
        let name = self.api.item(id).and_then(|item| item["name"].as_str()).unwrap_or_default();
        let kind = &inner["kind"];
        let types = |ids: &Value| -> Vec<(String, String)> {
            let fields = list(ids).filter_map(Value::as_u64).filter_map(|id| {
                let name = self.api.item(id)?["name"].as_str().unwrap_or_default().to_owned();
                Some((name, self.renderer.ty(self.api.inner(id)?.1)))
            });
            fields.collect()
        };
        let content = if kind["tuple"].is_array() {
            let types: Vec<String> = types(&kind["tuple"]).into_iter().map(|(_, ty)| ty).collect();
            format!("({})", types.join(", "))
        } else if kind["struct"].is_object() {
            let fields = types(&kind["struct"]["fields"]).into_iter();
            let fields: Vec<String> = fields.map(|(name, ty)| format!("{name}: {ty}")).collect();
            format!(" {{ {} }}", fields.join(", "))
        } else {
            String::new()
        };
        let line = format!("variant {path}::{name}{content}{}", self.marks(id));
        self.add(&format!("{path}::{name}"), line, Place::Signature);
    }

    /// Functions, constants and types of a trait or of an `impl` block.
    fn members(&mut self, path: &str, members: &Value, bounds: &str) {
        for id in list(members).filter_map(Value::as_u64) {
            let (Some((kind, inner)), Some(item)) = (self.api.inner(id), self.api.item(id)) else {
                continue;
            };
            let name = item["name"].as_str().unwrap_or_default();
            let member = format!("{path}::{name}");
            let line = match kind {
                "function" => self.renderer.function(&member, inner),
                "assoc_const" => format!("const {member}: {}", self.renderer.ty(&inner["type"])),
                "assoc_type" => format!("type {member}: {}", self.renderer.bounds(&inner["bounds"])),
                other => format!("{other} {member}"),
            };
            let provided = if kind == "function" && inner["has_body"] == true && item["visibility"] == "default" {
                " { .. }"
            } else {
                ""
            };
            let line = format!("{line}{bounds}{provided}{}", self.marks(id));
            self.add(&member, line, Place::Signature);
        }
    }

    /// A type's own functions, and one line with the traits that it implements. rustdoc also lists those that only name
    /// the type, as `From<Own> for Uuid`.
    fn implementations(&mut self, id: Id, path: &str, inner: &Value) {
        let (mut traits, mut elsewhere) = (Vec::new(), Vec::new());
        for block in list(&inner["impls"]).filter_map(Value::as_u64) {
            let Some((_, block)) = self.api.inner(block) else { continue };
            if block["is_synthetic"] == true || !block["blanket_impl"].is_null() {
                continue;
            }
            let implementer = block["for"]["resolved_path"]["id"].as_u64();
            if implementer != Some(id) {
                if !implementer.is_some_and(|id| self.api.is_own(id)) {
                    elsewhere.push(block);
                }
                continue;
            }
            let parameters = self.renderer.parameters(&block["generics"], false);
            let bounds = self.renderer.predicates(&block["generics"], false);
            if block["trait"].is_null() {
                // The bounds of the block hold for each of its functions.
                let bounds = if parameters.contains(':') || !bounds.is_empty() {
                    format!(" (in impl{parameters}{bounds})")
                } else {
                    String::new()
                };
                self.members(path, &block["items"], &bounds);
                continue;
            }
            let name = self.renderer.trait_path(&block["trait"]);
            if name == "StructuralPartialEq" {
                continue;
            }
            let negative = if block["is_negative"] == true { "!" } else { "" };
            let parameters = if parameters.contains(':') {
                format!(" for {parameters}")
            } else {
                String::new()
            };
            traits.push(format!("{negative}{name}{parameters}{bounds}"));
        }
        traits.sort();
        if !traits.is_empty() {
            self.add(
                &format!("{path}: "),
                format!("impl {path}: {}", traits.join(", ")),
                Place::Implemented,
            );
        }
        self.renderer.take_named();
        elsewhere.into_iter().for_each(|block| self.implementation_elsewhere(path, block));
    }

    /// What a type of another crate implements.
    fn implementation_elsewhere(&mut self, path: &str, block: &Value) {
        let parameters = self.renderer.parameters(&block["generics"], false);
        let bounds = self.renderer.predicates(&block["generics"], false);
        let (name, implementer) = (self.renderer.trait_path(&block["trait"]), self.renderer.ty(&block["for"]));
        let line = format!("impl{parameters} {name} for {implementer}{bounds}");
        self.add(&format!("{path}: "), line, Place::Implemented);
    }
}

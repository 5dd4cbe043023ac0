//! Types, bounds and signatures as text.

use std::cell::RefCell;

use serde_json::Value;

use crate::items::{Api, Id};

/// Writes types, and remembers which other items they name.
#[derive(Debug)]
pub(crate) struct Renderer<'a> {
    api: &'a Api<'a>,
    /// What stands before a path of this crate: nothing in the text for people, the crate's name in code.
    prefix: &'static str,
    named: RefCell<Vec<Id>>,
}

impl<'a> Renderer<'a> {
    pub(crate) const fn new(api: &'a Api<'a>, prefix: &'static str) -> Self {
        Self {
            api,
            prefix,
            named: RefCell::new(Vec::new()),
        }
    }

    /// Which items have been named since the last call.
    pub(crate) fn take_named(&self) -> Vec<Id> {
        self.named.take()
    }

    /// A function as in source code, with this path in the place of its name.
    pub(crate) fn function(&self, path: &str, function: &Value) -> String {
        let (header, signature) = (&function["header"], &function["sig"]);
        let awaited = awaited(&signature["output"]);
        let mut words = String::new();
        for (key, word) in [("is_const", "const "), ("is_unsafe", "unsafe "), ("is_async", "async ")] {
            if header[key] == true || (key == "is_async" && awaited.is_some()) {
                words += word;
            }
        }
        let inputs = list(&signature["inputs"]).map(|input| self.input(&input[0], &input[1]));
        let inputs = inputs.collect::<Vec<_>>().join(", ");
        let output = match awaited.unwrap_or_else(|| &signature["output"]) {
            Value::Null => String::new(),
            unit if unit["tuple"].as_array().is_some_and(Vec::is_empty) => String::new(),
            output => format!(" -> {}", self.ty(output)),
        };
        let generics = self.parameters(&function["generics"], awaited.is_some());
        let bounds = self.predicates(&function["generics"], awaited.is_some());
        format!("{words}fn {path}{generics}({inputs}){output}{bounds}")
    }

    fn input(&self, name: &Value, ty: &Value) -> String {
        let name = name.as_str().unwrap_or_default();
        if name != "self" {
            return format!("{}: {}", name.trim_start_matches('_'), self.ty(ty));
        }
        match self.ty(ty).as_str() {
            "Self" => "self".to_owned(),
            "&Self" => "&self".to_owned(),
            "&mut Self" => "&mut self".to_owned(),
            other => format!("self: {other}"),
        }
    }

    /// `<'a, T: Bound>`, or nothing. The lifetimes that `async_trait` makes are left out with `is_desugared`.
    pub(crate) fn parameters(&self, generics: &Value, is_desugared: bool) -> String {
        let written: Vec<String> = list(&generics["params"])
            .filter(|parameter| !(is_desugared && is_made_by_async_trait(&parameter["name"])))
            .filter_map(|parameter| self.parameter(parameter))
            .collect();
        if written.is_empty() {
            String::new()
        } else {
            format!("<{}>", written.join(", "))
        }
    }

    fn parameter(&self, parameter: &Value) -> Option<String> {
        let name = parameter["name"].as_str()?;
        let kind = &parameter["kind"];
        if let Some(lifetime) = kind.get("lifetime") {
            let outlives: Vec<&str> = list(&lifetime["outlives"]).filter_map(Value::as_str).collect();
            return Some(with_bounds(name, &outlives.join(" + ")));
        }
        if let Some(constant) = kind.get("const") {
            return Some(format!("const {name}: {}", self.ty(&constant["type"])));
        }
        // What `impl Trait` stands for is written there.
        let ty = kind.get("type").filter(|ty| ty["is_synthetic"] != true)?;
        Some(with_bounds(name, &self.bounds(&ty["bounds"])))
    }

    /// ` where ..`, or nothing.
    pub(crate) fn predicates(&self, generics: &Value, is_desugared: bool) -> String {
        let written: Vec<String> = list(&generics["where_predicates"])
            .filter(|predicate| !(is_desugared && predicate.to_string().contains("'async_trait")))
            .map(|predicate| self.predicate(predicate))
            .collect();
        if written.is_empty() {
            String::new()
        } else {
            format!(" where {}", written.join(", "))
        }
    }

    fn predicate(&self, predicate: &Value) -> String {
        if let Some(bound) = predicate.get("bound_predicate") {
            return with_bounds(&self.ty(&bound["type"]), &self.bounds(&bound["bounds"]));
        }
        if let Some(lifetime) = predicate.get("lifetime_predicate") {
            let outlives: Vec<&str> = list(&lifetime["outlives"]).filter_map(Value::as_str).collect();
            return with_bounds(lifetime["lifetime"].as_str().unwrap_or_default(), &outlives.join(" + "));
        }
        format!("{predicate}")
    }

    /// Bounds, with a plus between them.
    pub(crate) fn bounds(&self, bounds: &Value) -> String {
        let written = list(bounds).map(|bound| {
            if let Some(lifetime) = bound["outlives"].as_str() {
                return lifetime.to_owned();
            }
            let Some(bound) = bound.get("trait_bound") else {
                return bound.to_string();
            };
            let question = if bound["modifier"] == "maybe" { "?" } else { "" };
            format!("{}{question}{}", self.binder(bound), self.trait_path(&bound["trait"]))
        });
        written.collect::<Vec<_>>().join(" + ")
    }

    fn binder(&self, bound: &Value) -> String {
        let parameters = self.parameters(&json_params(&bound["generic_params"]), false);
        if parameters.is_empty() {
            parameters
        } else {
            format!("for{parameters} ")
        }
    }

    /// A trait with its arguments.
    pub(crate) fn trait_path(&self, path: &Value) -> String {
        format!("{}{}", self.name(path), self.arguments(&path["args"]))
    }

    /// A type.
    pub(crate) fn ty(&self, ty: &Value) -> String {
        let Some((kind, inner)) = ty.as_object().and_then(|ty| ty.iter().next()) else {
            return ty.as_str().map_or_else(|| ty.to_string(), str::to_owned);
        };
        match kind.as_str() {
            "resolved_path" => self.trait_path(inner),
            "generic" | "primitive" => inner.as_str().unwrap_or_default().to_owned(),
            "borrowed_ref" => self.reference(inner),
            "slice" => format!("[{}]", self.ty(inner)),
            "array" => format!("[{}; {}]", self.ty(&inner["type"]), inner["len"].as_str().unwrap_or_default()),
            "tuple" => {
                let types: Vec<String> = list(inner).map(|ty| self.ty(ty)).collect();
                format!("({})", types.join(", "))
            }
            "impl_trait" => format!("impl {}", self.bounds(inner)),
            "dyn_trait" => self.dyn_trait(inner),
            "qualified_path" => self.qualified(inner),
            "function_pointer" => {
                let inputs: Vec<String> = list(&inner["sig"]["inputs"]).map(|input| self.ty(&input[1])).collect();
                format!("fn({}) -> {}", inputs.join(", "), self.ty(&inner["sig"]["output"]))
            }
            // Shown as it is, so that a difference is seen in any case.
            _ => format!("{kind} {inner}"),
        }
    }

    fn reference(&self, inner: &Value) -> String {
        let lifetime = inner["lifetime"]
            .as_str()
            .filter(|name| *name != "'_" && !name.starts_with("'life"));
        let lifetime = lifetime.map_or_else(String::new, |name| format!("{name} "));
        let mutable = if inner["is_mutable"] == true { "mut " } else { "" };
        let target = self.ty(&inner["type"]);
        if target.starts_with("dyn ") && target.contains(" + ") {
            format!("&{lifetime}{mutable}({target})")
        } else {
            format!("&{lifetime}{mutable}{target}")
        }
    }

    fn dyn_trait(&self, inner: &Value) -> String {
        let mut parts: Vec<String> = list(&inner["traits"])
            .map(|bound| format!("{}{}", self.binder(bound), self.trait_path(&bound["trait"])))
            .collect();
        parts.extend(inner["lifetime"].as_str().map(str::to_owned));
        format!("dyn {}", parts.join(" + "))
    }

    fn qualified(&self, inner: &Value) -> String {
        let own = self.ty(&inner["self_type"]);
        let name = inner["name"].as_str().unwrap_or_default();
        let arguments = self.arguments(&inner["args"]);
        match inner["trait"]["path"].as_str() {
            None | Some("") => format!("{own}::{name}{arguments}"),
            Some(_) => format!("<{own} as {}>::{name}{arguments}", self.trait_path(&inner["trait"])),
        }
    }

    fn arguments(&self, arguments: &Value) -> String {
        if let Some(call) = arguments.get("parenthesized") {
            let inputs: Vec<String> = list(&call["inputs"]).map(|ty| self.ty(ty)).collect();
            let output = Some(&call["output"]).filter(|output| !output.is_null());
            let output = output.map_or_else(String::new, |output| format!(" -> {}", self.ty(output)));
            return format!("({}){output}", inputs.join(", "));
        }
        let Some(angle) = arguments.get("angle_bracketed") else {
            return String::new();
        };
        let written = list(&angle["args"]).map(|argument| {
            let Some((kind, inner)) = argument.as_object().and_then(|argument| argument.iter().next()) else {
                return argument.as_str().unwrap_or_default().to_owned();
            };
            match kind.as_str() {
                "type" => self.ty(inner),
                "lifetime" => inner.as_str().unwrap_or_default().to_owned(),
                "const" => inner["expr"].as_str().unwrap_or_default().to_owned(),
                _ => inner.to_string(),
            }
        });
        let constraints = list(&angle["constraints"]).map(|constraint| {
            let name = constraint["name"].as_str().unwrap_or_default();
            match constraint["binding"].get("equality") {
                Some(equality) => format!("{name} = {}", self.ty(equality.get("type").unwrap_or(equality))),
                None => format!("{name}: {}", self.bounds(&constraint["binding"]["constraint"])),
            }
        });
        let written: Vec<String> = written.chain(constraints).collect();
        if written.is_empty() {
            String::new()
        } else {
            format!("<{}>", written.join(", "))
        }
    }

    /// This crate's items by their public path, the standard library's by name, all others with their crate's name.
    fn name(&self, path: &Value) -> String {
        let written = path["path"].as_str().unwrap_or_default();
        let Some(id) = path["id"].as_u64() else { return written.to_owned() };
        self.named.borrow_mut().push(id);
        if let Some(public) = self.api.path(id) {
            return format!("{}{public}", self.prefix);
        }
        let Some((origin, full)) = self.api.origin(id) else {
            return written.to_owned();
        };
        let last = full.last().copied().unwrap_or_default();
        match origin {
            "std" | "core" | "alloc" if last == "Error" => format!("std::{}", full.get(1..).unwrap_or_default().join("::")),
            "std" | "core" | "alloc" => last.to_owned(),
            _ if self.api.is_own(id) => format!("(private) {last}"),
            _ => format!("::{origin}::{last}"),
        }
    }
}

/// What a future that `async_trait` has put into a box gives.
fn awaited(output: &Value) -> Option<&Value> {
    let pinned = &output["resolved_path"];
    if !pinned["path"].as_str()?.ends_with("Pin") {
        return None;
    }
    let boxed = &pinned["args"]["angle_bracketed"]["args"][0]["type"]["resolved_path"]["args"];
    let future = &boxed["angle_bracketed"]["args"][0]["type"]["dyn_trait"];
    if future["lifetime"] != "'async_trait" {
        return None;
    }
    let constraint = &future["traits"][0]["trait"]["args"]["angle_bracketed"]["constraints"][0];
    constraint["binding"]["equality"].get("type")
}

fn is_made_by_async_trait(name: &Value) -> bool {
    name.as_str()
        .is_some_and(|name| name.starts_with("'life") || name == "'async_trait")
}

fn json_params(parameters: &Value) -> Value {
    serde_json::json!({ "params": parameters })
}

fn with_bounds(name: &str, bounds: &str) -> String {
    if bounds.is_empty() {
        name.to_owned()
    } else {
        format!("{name}: {bounds}")
    }
}

pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

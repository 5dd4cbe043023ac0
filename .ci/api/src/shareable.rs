//! A test, as source code, that every public type can be shared between threads.

use crate::{
    items::{Api, Id},
    render::{Renderer, list},
};

/// Types that cannot be shared, and why. A type that needs to be here is worth a second thought.
const EXCEPTIONS: [(&str, &str); 1] = [(
    "Diagnostic",
    "a trait without Send and Sync, as std::error::Error: who shares one writes dyn Diagnostic + Send + Sync",
)];

const HEAD: &str = "\
//! Every public type can be shared between threads. Written by `.ci/public-api accept`; not to be changed by hand.

#![allow(dead_code, reason = \"what is generic is compiled, not called\")]

use super::is_shareable;

/// Compiled, and that is the test.
pub(crate) fn every_public_type() {
";

/// The whole file.
pub(crate) fn test(api: &Api<'_>) -> String {
    let renderer = Renderer::new(api, "cmg_onboarding::");
    let mut lines: Vec<(String, String)> = api.paths.keys().filter_map(|id| line(api, &renderer, *id)).collect();
    lines.sort();
    let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    format!("{HEAD}{}}}\n", lines.concat())
}

fn line(api: &Api<'_>, renderer: &Renderer<'_>, id: Id) -> Option<(String, String)> {
    let (kind, inner) = api.inner(id)?;
    let path = api.path(id)?;
    if let Some((_, reason)) = EXCEPTIONS.iter().find(|(name, _)| *name == path) {
        return Some((path.to_owned(), format!("    // {path}: {reason}\n")));
    }
    let full = format!("cmg_onboarding::{path}");
    let code = match kind {
        "struct" | "enum" | "union" => generic(renderer, inner, &full),
        "trait" if inner["is_dyn_compatible"] == true => format!("    is_shareable::<std::sync::Arc<dyn {full}>>();\n"),
        _ => return None,
    };
    Some((path.to_owned(), code))
}

/// The check of one type: with `'static` for each lifetime, and for each type that can be shared itself.
fn generic(renderer: &Renderer<'_>, inner: &serde_json::Value, full: &str) -> String {
    let mut arguments = Vec::new();
    let mut parameters = Vec::new();
    for parameter in list(&inner["generics"]["params"]) {
        let name = parameter["name"].as_str().unwrap_or_default();
        if let Some(ty) = parameter["kind"].get("type") {
            let bounds = renderer.bounds(&ty["bounds"]);
            let separator = if bounds.is_empty() { "" } else { " + " };
            parameters.push(format!("{name}: {bounds}{separator}Send + Sync + 'static"));
            arguments.push(name.to_owned());
        } else {
            arguments.push("'static".to_owned());
        }
    }
    let arguments = if arguments.is_empty() {
        String::new()
    } else {
        format!("<{}>", arguments.join(", "))
    };
    let check = format!("is_shareable::<{full}{arguments}>();");
    if parameters.is_empty() {
        return format!("    {check}\n");
    }
    let bounds = renderer.predicates(&inner["generics"], false);
    let name = full.rsplit("::").next().unwrap_or_default().to_lowercase();
    format!("    fn {name}<{}>(){bounds} {{\n        {check}\n    }}\n", parameters.join(", "))
}

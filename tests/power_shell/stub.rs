//! The stub module, held to the table of documented cmdlets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tree_sitter::Node;

use super::script::{is_of_the_module, of_kind, parse, text};

const STUB: &str = include_str!("stub/ConfigurationManager.psm1");

/// What `SupportsShouldProcess` brings.
const BY_SHOULD_PROCESS: [&str; 2] = ["Confirm", "WhatIf"];

/// Parameters that exclude each other, by the sets of the reference. A set has one of them.
const SETS: [(&str, &[&str]); 3] = [
    ("Import-CMAADClientApplication", &["ServerApp", "TenantId"]),
    ("Remove-CMAzureService", &["Id", "InputObject", "Name"]),
    ("Set-CMCloudManagementAzureService", &["Id", "InputObject", "Name"]),
];

/// One cmdlet of the stub: its parameters, each with what is written before it.
type Parameters<'t> = BTreeMap<&'t str, &'t str>;

fn parameters<'t>(function: Node<'_>, source: &'t str) -> Parameters<'t> {
    let named = |parameter: Node<'_>| {
        let variable = of_kind(parameter, "variable").into_iter().find(|variable| {
            let name = text(*variable, source).to_lowercase();
            name != "$true" && name != "$false"
        });
        (text(variable.unwrap(), source).trim_start_matches('$'), text(parameter, source))
    };
    of_kind(function, "script_parameter").into_iter().map(named).collect()
}

fn functions() -> BTreeMap<&'static str, (Parameters<'static>, bool)> {
    let tree = parse(STUB);
    let mut found = BTreeMap::new();
    for function in of_kind(tree.root_node(), "function_statement") {
        let name = text(of_kind(function, "function_name")[0], STUB);
        if is_of_the_module(name) {
            let asks = text(function, STUB).contains("SupportsShouldProcess = $true");
            found.insert(name, (parameters(function, STUB), asks));
        }
    }
    found
}

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

#[test]
fn the_stub_has_the_documented_cmdlets_with_their_parameters() {
    let table: Value = serde_json::from_str(include_str!("../cmdlets.json")).unwrap();
    let functions = functions();
    let documented = table["cmdlets"].as_object().unwrap();
    assert_eq!(
        functions.keys().copied().collect::<BTreeSet<_>>(),
        documented.keys().map(String::as_str).collect()
    );
    for (name, (parameters, asks)) in &functions {
        let cmdlet = &documented[*name];
        let mut there: BTreeSet<&str> = parameters.keys().copied().collect();
        if *asks {
            there.extend(BY_SHOULD_PROCESS);
        }
        assert_eq!(there, names(&cmdlet["parameters"]), "{name}");
        let mandatory = |text: &str| text.contains("Mandatory = $true") && !text.contains("ParameterSetName");
        let required: BTreeSet<&str> = parameters
            .iter()
            .filter(|(_, text)| mandatory(text))
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(required, names(&cmdlet["required"]), "{name}");
    }
}

#[test]
fn parameters_that_exclude_each_other_are_in_sets_of_their_own() {
    let functions = functions();
    for (name, members) in SETS {
        let (parameters, _) = &functions[name];
        let in_sets: Vec<&str> = parameters
            .iter()
            .filter(|(_, text)| text.contains("Mandatory = $true, ParameterSetName"))
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(in_sets, members, "{name}");
    }
}

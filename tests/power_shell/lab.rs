//! The scripts of the lab kits, by their grammar: as the script that writes is checked.

use std::collections::{BTreeMap, BTreeSet};

use super::script::{all, analyzed, calls, documented, is_of_the_module, objections, of_kind, parse, text};

const PROBE: &str = include_str!("../../examples/lab/probe-site.ps1");
const THROWAWAY: &str = include_str!("../../examples/lab/probe-throwaway-site.ps1");
const BOTH: [(&str, &str); 2] = [("probe-site", PROBE), ("probe-throwaway-site", THROWAWAY)];

/// What Windows PowerShell 5.1 and PowerShell 7 on Windows both have, and the kits use.
const BUILT_IN: &[&str] = &[
    "ConvertTo-Json",
    "ForEach-Object",
    "Get-CimClass",
    "Get-Command",
    "Get-ExecutionPolicy",
    "Get-Member",
    "Get-Module",
    "Get-PSDrive",
    "Get-Variable",
    "Import-Module",
    "Invoke-CimMethod",
    "Join-Path",
    "New-CimSession",
    "New-CimSessionOption",
    "New-Object",
    "New-PSDrive",
    "Pop-Location",
    "Push-Location",
    "Read-Host",
    "Receive-Job",
    "Remove-CimSession",
    "Remove-Job",
    "Set-Content",
    "Set-Location",
    "Set-StrictMode",
    "Set-Variable",
    "Split-Path",
    "Start-Job",
    "Test-Path",
    "Wait-Job",
    "Where-Object",
    "Write-Host",
];

#[test]
fn the_kits_are_well_formed() {
    for (name, source) in BOTH {
        let tree = parse(source);
        let wrong: Vec<_> = all(tree.root_node())
            .into_iter()
            .filter(|node| node.is_error() || node.is_missing())
            .map(|node| format!("{name} {:?}: {}", node.start_position(), text(node, source)))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[test]
fn the_kits_call_documented_cmdlets_with_documented_parameters() {
    for (name, source) in BOTH {
        let calls = calls(&parse(source), source);
        assert!(calls.len() >= 8, "{name}: {calls:#?}");
        assert_eq!(objections(&calls, source).join("\n"), "", "{name}");
    }
}

#[test]
fn an_analyzer_has_nothing_to_say_of_the_kits() {
    for (name, source) in BOTH {
        assert_eq!(analyzed(source).join("\n"), "", "{name}");
    }
}

#[test]
fn everything_else_the_kits_call_is_their_own_or_built_in() {
    for (name, source) in BOTH {
        let tree = parse(source);
        let own: BTreeSet<_> = of_kind(tree.root_node(), "function_name")
            .into_iter()
            .map(|name| text(name, source))
            .collect();
        for command in of_kind(tree.root_node(), "command") {
            let Some(called) = command.child_by_field_name("command_name") else {
                continue;
            };
            let called = text(called, source);
            // A block that was given by its name.
            if called.starts_with('$') {
                continue;
            }
            let is_known = own.contains(called) || BUILT_IN.contains(&called) || is_of_the_module(called);
            assert!(is_known, "{name}: {called} at {:?}", command.start_position());
        }
    }
}

/// A misspelt name occurs once, and strict mode ends the script at it.
#[test]
fn every_variable_of_the_kits_is_set_and_read() {
    let automatic = [
        "$_",
        "$null",
        "$true",
        "$false",
        "$ExecutionContext",
        "$PSVersionTable",
        "$PSCmdlet",
    ];
    for (name, source) in BOTH {
        let mut reads: BTreeMap<String, usize> = BTreeMap::new();
        for variable in of_kind(parse(source).root_node(), "variable") {
            let plain = text(variable, source).replace(['{', '}'], "").to_lowercase();
            *reads.entry(plain).or_default() += 1;
        }
        let lonely: Vec<_> = reads
            .into_iter()
            .filter(|(name, count)| *count == 1 && !automatic.iter().any(|known| known.eq_ignore_ascii_case(name)))
            .map(|(name, _)| name)
            .filter(|name| !name.starts_with("$env:") && !name.ends_with("preference") && name != "$trouble")
            .collect();
        assert!(lonely.is_empty(), "{name}: {lonely:?}");
    }
}

#[test]
fn the_kits_keep_to_what_windows_powershell_understands_and_to_ascii() {
    for (name, source) in BOTH {
        assert!(source.is_ascii(), "{name}");
        for newer in ["??", "?.", " ? ", "&&", "||", "-Parallel", "-AsHashtable", "`u{", "@'", "@\""] {
            assert!(!source.contains(newer), "{name}: {newer}");
        }
    }
}

/// By the verbs of the module's cmdlets: whatever does not read is not called.
#[test]
fn the_probe_of_a_real_site_only_reads() {
    for call in calls(&parse(PROBE), PROBE) {
        let reads = call.cmdlet.starts_with("Get-CM") || call.cmdlet == "Invoke-CMWmiQuery";
        assert!(reads, "{}", call.cmdlet);
    }
    let writing: Vec<_> = documented().into_iter().filter(|name| !name.starts_with("Get-")).collect();
    assert!(writing.len() > 5, "{writing:?}");
    for method in ["Invoke-CimMethod", "Set-Content"] {
        assert_eq!(PROBE.matches(&format!("{method} -")).count(), 1, "{method}");
    }
    assert!(PROBE.contains("-MethodName 'GetSiteID'"));
    assert!(
        !PROBE.contains("SecretKey'") && !PROBE.contains(".SecretKey"),
        "the encrypted secret is not looked at"
    );
}

/// The file is shown, and a person answers, before it is written; a throw-away site is named before anything is written.
#[test]
fn a_person_is_asked_first() {
    for (name, source) in BOTH {
        let (shown, asked) = (
            source.find("Show-Text -Text $json").unwrap(),
            source.find("Write it to $path (y/n)").unwrap(),
        );
        let written = source.find("Set-Content").unwrap();
        assert!(shown < asked && asked < written, "{name}");
    }
    let (asked, connected) = (
        THROWAWAY.find("$typed -ne $SiteCode").unwrap(),
        THROWAWAY.rfind("Connect-Site").unwrap(),
    );
    assert!(asked < connected);
    assert!(THROWAWAY.contains("SupportsShouldProcess = $true, ConfirmImpact = 'High'"));
}

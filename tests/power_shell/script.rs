//! The script's text, by its grammar: everything it calls exists, with the parameters it is given.

use std::collections::{BTreeMap, BTreeSet};

use cmg_onboarding::site::power_shell::SCRIPT;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tree_sitter::{Node, Parser, Tree};

/// What Windows PowerShell 5.1 and PowerShell 7 both have, and the script uses.
const BUILT_IN: &[&str] = &[
    "Add-Content",
    "ConvertFrom-Json",
    "ConvertTo-Json",
    "ForEach-Object",
    "Get-Command",
    "Get-Content",
    "Get-FileHash",
    "Get-Module",
    "Get-PSDrive",
    "Import-Module",
    "Join-Path",
    "New-Object",
    "New-PSDrive",
    "Pop-Location",
    "Push-Location",
    "Read-Host",
    "Remove-PSDrive",
    "Resolve-Path",
    "Set-Content",
    "Set-Location",
    "Set-StrictMode",
    "Split-Path",
    "Test-Path",
    "Unprotect-CmsMessage",
    "Where-Object",
    "Write-Debug",
    "Write-Host",
];

/// Since version 2309; it asks for a sign-in.
const UPDATE: &str = "Set-UpdateServerApplication";

/// Variables that PowerShell sets itself.
const AUTOMATIC: &[&str] = &[
    "$_",
    "$null",
    "$true",
    "$false",
    "$input",
    "$env:SMS_ADMIN_UI_PATH",
    "$ErrorActionPreference",
    "$ConfirmPreference",
    "$ProgressPreference",
    "$WarningPreference",
];

/// One call of a cmdlet of the ConfigurationManager module.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) cmdlet: String,
    parameters: BTreeSet<String>,
}

pub(crate) fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    parser.parse(text, None).unwrap()
}

pub(crate) fn text<'t>(node: Node<'_>, source: &'t str) -> &'t str {
    &source[node.byte_range()]
}

/// Every node below and including this one.
pub(crate) fn all(node: Node<'_>) -> Vec<Node<'_>> {
    let mut found = vec![node];
    let mut next = 0;
    while let Some(node) = found.get(next).copied() {
        let mut cursor = node.walk();
        found.extend(node.children(&mut cursor));
        next += 1;
    }
    found
}

pub(crate) fn of_kind<'t>(node: Node<'t>, kind: &str) -> Vec<Node<'t>> {
    all(node).into_iter().filter(|node| node.kind() == kind).collect()
}

pub(crate) fn is_of_the_module(name: &str) -> bool {
    // The one cmdlet of the module without its prefix.
    name == UPDATE || name.split_once('-').is_some_and(|(_, noun)| noun.starts_with("CM"))
}

/// The keys that a function gives a hashtable, in its literal or one by one.
fn keys_of(table: &str, function: Node<'_>, source: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for assignment in of_kind(function, "assignment_expression") {
        let left = text(assignment.child(0).unwrap(), source);
        if left == format!("${table}") {
            for entry in of_kind(assignment, "key_expression") {
                keys.insert(text(entry, source).to_owned());
            }
        } else if let Some(key) = left.strip_prefix(&format!("${table}.")) {
            keys.insert(key.to_owned());
        }
    }
    keys
}

pub(crate) fn calls(tree: &Tree, source: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    for command in of_kind(tree.root_node(), "command") {
        let cmdlet = command.child_by_field_name("command_name").map(|name| text(name, source));
        let Some(cmdlet) = cmdlet.filter(|name| is_of_the_module(name)) else {
            continue;
        };
        let mut parameters = BTreeSet::new();
        let elements = command.child_by_field_name("command_elements");
        let mut cursor = command.walk();
        for element in elements
            .into_iter()
            .flat_map(|elements| elements.children(&mut cursor).collect::<Vec<_>>())
        {
            let said = text(element, source);
            if element.kind() == "command_parameter" {
                parameters.insert(said.trim_start_matches('-').to_owned());
            } else if let Some(table) = said.strip_prefix('@').filter(|table| !table.starts_with('(')) {
                let mut function = command;
                while function.kind() != "function_statement" {
                    function = function.parent().unwrap();
                }
                let keys = keys_of(table, function, source);
                assert!(!keys.is_empty(), "{cmdlet} is given @{table}, whose keys cannot be seen");
                parameters.extend(keys);
            }
        }
        calls.push(Call {
            cmdlet: cmdlet.to_owned(),
            parameters,
        });
    }
    calls
}

fn names(value: &Value) -> BTreeSet<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

/// The names of the documented cmdlets.
pub(crate) fn documented() -> Vec<String> {
    let table: Value = serde_json::from_str(include_str!("../cmdlets.json")).unwrap();
    table["cmdlets"].as_object().unwrap().keys().cloned().collect()
}

/// What is wrong with the calls, by the table of documented cmdlets.
pub(crate) fn objections(calls: &[Call], source: &str) -> Vec<String> {
    let table: Value = serde_json::from_str(include_str!("../cmdlets.json")).unwrap();
    let common = names(&table["common"]);
    let mut objections = Vec::new();
    for call in calls {
        let Some(cmdlet) = table["cmdlets"].get(&call.cmdlet) else {
            objections.push(format!("{} is not documented", call.cmdlet));
            continue;
        };
        let known = names(&cmdlet["parameters"]);
        for parameter in call.parameters.difference(&known).filter(|parameter| !common.contains(*parameter)) {
            objections.push(format!("{} has no parameter {parameter}", call.cmdlet));
        }
        for missing in names(&cmdlet["required"]).difference(&call.parameters) {
            objections.push(format!("{} needs {missing}", call.cmdlet));
        }
        let is_later = cmdlet["since"].as_str().is_some_and(|since| since > "2010");
        if is_later && !source.contains(&format!("Get-Command -Name '{}'", call.cmdlet)) {
            objections.push(format!("{} is not in every version, and nothing looks for it", call.cmdlet));
        }
    }
    objections
}

#[test]
fn the_script_is_well_formed() {
    for (name, source) in [("script", SCRIPT), ("stub", include_str!("stub/ConfigurationManager.psm1"))] {
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
fn every_cmdlet_it_calls_is_documented_with_the_parameters_it_is_given() {
    let calls = calls(&parse(SCRIPT), SCRIPT);
    assert!(calls.len() >= 15, "{calls:#?}");
    assert_eq!(objections(&calls, SCRIPT).join("\n"), "");
    let called: BTreeSet<_> = calls.iter().map(|call| call.cmdlet.as_str()).collect();
    for writer in [
        "Import-CMAADServerApplication",
        "Import-CMAADClientApplication",
        "New-CMCloudManagementAzureService",
        "Set-CMCloudManagementAzureService",
        "Remove-CMAzureService",
    ] {
        assert!(called.contains(writer), "{writer} is not called");
    }
}

#[test]
fn the_check_sees_wrong_cmdlets_and_parameters_however_they_are_given() {
    let wrong = "function Wrong {
        $settings = @{ Name = 'x'; Nmae = 'y' }
        $settings.Colour = 1
        New-CMCloudManagementAzureService @settings -Bogus 1
        Get-CMTelepathy
        Set-UpdateServerApplication
        Get-CMAADTenant -Id 'x'
    }";
    let objections = objections(&calls(&parse(wrong), wrong), wrong).join("\n");
    for expected in [
        "no parameter Nmae",
        "no parameter Colour",
        "no parameter Bogus",
        "needs ServerApp",
        "Get-CMTelepathy is not documented",
    ] {
        assert!(objections.contains(expected), "{expected} in {objections}");
    }
    for later in ["Get-CMAADTenant", UPDATE] {
        assert!(
            objections.contains(&format!("{later} is not in every version")),
            "{later} in {objections}"
        );
    }
}

#[test]
fn everything_else_it_calls_is_its_own_or_built_in() {
    let tree = parse(SCRIPT);
    let own: BTreeSet<_> = of_kind(tree.root_node(), "function_name")
        .into_iter()
        .map(|name| text(name, SCRIPT))
        .collect();
    for command in of_kind(tree.root_node(), "command") {
        let Some(name) = command.child_by_field_name("command_name") else {
            continue;
        };
        let name = text(name, SCRIPT);
        // The block that is the script's own scope.
        if name.starts_with('{') {
            continue;
        }
        let is_known = own.contains(name) || BUILT_IN.contains(&name) || is_of_the_module(name);
        assert!(is_known, "{name} at {:?}", command.start_position());
    }
}

#[test]
fn every_variable_it_reads_is_set_somewhere_in_reach() {
    let tree = parse(SCRIPT);
    let mut reads: BTreeMap<&str, usize> = BTreeMap::new();
    for variable in of_kind(tree.root_node(), "variable") {
        *reads.entry(text(variable, SCRIPT)).or_default() += 1;
    }
    // A name that occurs once is either never read or never set.
    let lonely: Vec<_> = reads
        .iter()
        .filter(|(name, count)| **count == 1 && !AUTOMATIC.contains(name))
        .map(|(name, _)| *name)
        // `-ErrorVariable trouble` sets it.
        .filter(|name| !name.starts_with('@') && *name != "$trouble")
        .collect();
    assert!(lonely.is_empty(), "{lonely:?}");
}

#[test]
fn it_keeps_to_what_windows_powershell_understands_and_to_ascii() {
    assert!(SCRIPT.is_ascii());
    for newer in ["??", "?.", " ? ", "&&", "||", "-Parallel", "-AsHashtable", "`u{"] {
        assert!(!SCRIPT.contains(newer), "{newer}");
    }
    assert!(!SCRIPT.contains("@'") && !SCRIPT.contains("@\""), "no text over several lines");
}

#[test]
fn it_never_touches_the_encrypted_secret_nor_gives_the_secret_to_a_cmdlet_as_text() {
    let lower = SCRIPT.to_lowercase();
    assert!(!lower.contains("convertto-securestring") && !lower.contains("asplaintext"));
    for node in of_kind(parse(SCRIPT).root_node(), "member_name") {
        assert_ne!(text(node, SCRIPT).to_lowercase(), "secretkey");
    }
    let reads_applications = |line: &&str| line.contains("SELECT") && line.contains("Application");
    assert_eq!(
        SCRIPT.lines().find(reads_applications),
        None,
        "applications are read by the cmdlet alone"
    );
}

/// The SHA-256 of the text without the line that holds it.
#[test]
fn its_revision_is_the_digest_of_its_own_text() {
    let line = SCRIPT.lines().find(|line| line.starts_with("$revision = ")).unwrap();
    let rest = SCRIPT.replacen(&format!("{line}\n"), "", 1);
    let digest: String = Sha256::digest(rest.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!SCRIPT.contains('\r'), "its line ends are one character");
    assert_eq!(line, format!("$revision = '{digest}'"));
}

/// Where each cmdlet that reads a site may stand: once each, behind what is known already.
#[test]
fn nothing_is_read_in_two_places() {
    let calls = calls(&parse(SCRIPT), SCRIPT);
    let reading = |call: &&Call| call.cmdlet.starts_with("Get-CM") || call.cmdlet == "Invoke-CMWmiQuery";
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for call in calls.iter().filter(reading) {
        *places.entry(call.cmdlet.as_str()).or_default() += 1;
    }
    // Eight calls in the look; one more reads a service by its id, if a list left its web apps out.
    let expected = [
        ("Get-CMAADApplication", 1),
        ("Get-CMAzureService", 2),
        ("Get-CMServiceConnectionPoint", 1),
        ("Get-CMSite", 1),
        ("Invoke-CMWmiQuery", 4),
    ];
    assert_eq!(places, BTreeMap::from(expected));
    for class in [
        "SMS_AzureEnvironments",
        "SMS_AAD_Tenant_Ex",
        "SMS_AAD_Discovery_Settings",
        "SMS_AzureService'",
    ] {
        assert_eq!(SCRIPT.matches(&format!("FROM {class}")).count(), 1, "{class}");
    }
    // From nothing: the look's eight calls less gateways and service connection point, four writes, and what each write changed: tenants and
    // applications, applications, services and discovery, discovery. In the console form one more, if it is asked for: the server
    // app's update changes applications.
    let forgotten = SCRIPT.matches("$known.Remove(").count();
    assert_eq!(forgotten, 7 + 1, "each write forgets what it changes and nothing else");
}

/// What PSScriptAnalyzer says of state-changing functions, plural nouns and positional parameters by its default rules.
pub(crate) fn analyzed(source: &str) -> Vec<String> {
    let tree = parse(source);
    let mut said = Vec::new();
    for name in of_kind(tree.root_node(), "function_name") {
        let name = text(name, source);
        let (verb, noun) = name.split_once('-').unwrap_or((name, ""));
        if ["New", "Set", "Remove", "Start", "Stop", "Restart", "Reset", "Update"].contains(&verb) {
            said.push(format!("{name} changes state and has no ShouldProcess"));
        }
        if noun.ends_with('s') && !noun.ends_with("ss") {
            said.push(format!("{name} has a plural noun"));
        }
    }
    for command in of_kind(tree.root_node(), "command") {
        let Some(name) = command.child_by_field_name("command_name").map(|name| text(name, source)) else {
            continue;
        };
        // The block of these two is given by position everywhere, and one that is called has no names to give.
        if ["Where-Object", "ForEach-Object"].contains(&name) || name.starts_with('{') {
            continue;
        }
        let Some(elements) = command.child_by_field_name("command_elements") else {
            continue;
        };
        let mut cursor = elements.walk();
        let mut has_parameter = false;
        for element in elements.children(&mut cursor) {
            match element.kind() {
                "command_argument_sep" => {}
                "command_parameter" => has_parameter = true,
                _ if text(element, source).starts_with('@') && !text(element, source).starts_with("@(") => has_parameter = false,
                _ if has_parameter => has_parameter = false,
                _ => said.push(format!("{name} is given {} by position", text(element, source))),
            }
        }
    }
    said
}

#[test]
fn an_analyzer_has_nothing_to_say() {
    assert_eq!(analyzed(SCRIPT).join("\n"), "");
    let wrong = "function Read-Rows { param($A) }\nfunction Stop-It { Read-Rows 'x'; Read-Rows -A 'x' 'y' }";
    let said = analyzed(wrong);
    assert_eq!(said.len(), 4, "{said:#?}");
}

#[test]
fn nothing_advises_to_delete_and_no_service_type_is_taken_for_cloud_management() {
    // Taking a group out of discovery is the parameter of a cmdlet, not advice.
    let lower = SCRIPT.to_lowercase().replace("$settings.deletegroupname", "");
    assert!(!lower.contains("delete"));
    let compared: Vec<_> = SCRIPT
        .lines()
        .filter(|line| line.contains("serviceType -eq") || line.contains("'ServiceType') -eq"))
        .collect();
    assert!(compared.is_empty(), "{compared:?}");
}

/// The text of one function.
fn function(name: &str) -> String {
    let tree = parse(SCRIPT);
    let found = of_kind(tree.root_node(), "function_statement").into_iter().find(|function| {
        let names = of_kind(*function, "function_name");
        names.first().is_some_and(|found| text(*found, SCRIPT) == name)
    });
    text(found.unwrap(), SCRIPT).to_owned()
}

#[test]
fn what_was_created_is_told_as_created_with_its_differences_beside_it() {
    assert!(function("Send-Progress").contains("$Action -eq 'unchanged') { $Action = 'differs' }"));
    assert!(function("Install-ServerApp").contains("-Action 'created' -Row $found.id -Differences"));
}

#[test]
fn a_query_for_gateways_that_fails_blocks() {
    let guard = function("Assert-NoGateway");
    assert!(guard.contains("$null -eq $gateways") && guard.contains("$null -eq $gateway.connection -and -not $IsStated"));
    assert!(function("Invoke-Removal").contains("Assert-NoGateway -Service $found[0] -IsStated $Removal.noGatewayStated"));
    assert!(function("Read-Gateway").contains("$known.gateway = $null"));
}

#[test]
fn what_a_row_does_not_tell_is_told_as_null() {
    for (reader, property) in [("Read-Number", "ID"), ("Read-Number", "TenantID"), ("Read-Flag", "IsClientApp")] {
        let read = format!("{reader} -Object $row -Name '{property}'");
        assert!(function("Read-Application").contains(&read), "{read}");
    }
    for reader in ["Read-Number", "Read-Flag"] {
        let text = function(reader);
        assert!(text.find("if ($null -eq $value) { return $null }").unwrap() < text.find("]$value").unwrap());
    }
    // Outside these two, a cast would make 0 or no of it.
    for cast in [
        "[long]$row.",
        "[bool]$row.",
        "[int]$row.",
        "[bool](Read-Value",
        "[long](Read-Value",
        "[int](Read-Value",
    ] {
        assert!(!SCRIPT.contains(cast), "{cast}");
    }
    assert!(
        function("Find-Application").contains("$null -eq $found[0].isClientApp"),
        "what is not told is no other kind"
    );
}

#[test]
fn a_removal_whose_applications_cannot_be_read_does_not_say_that_none_stay() {
    let removal = function("Invoke-Removal");
    let line = removal
        .lines()
        .find(|line| line.contains("$null -eq $found[0].webApplications"))
        .unwrap();
    assert!(line.contains("stay in the site; which ones they are cannot be told"), "{line}");
}

#[test]
fn discovery_whose_rows_do_not_tell_is_not_known() {
    let on = function("Test-SwitchedOn");
    let (yes, open) = (
        on.find("if ($full -or $delta) { return $true }").unwrap(),
        on.find("if ($null -eq $full -or $null -eq $delta) { return $null }").unwrap(),
    );
    assert!(
        yes < open && on.contains("'FullSyncEnabled'") && on.contains("'DeltaSyncEnabled'"),
        "{on}"
    );
    assert!(
        function("Read-Discovery").contains("(Test-SwitchedOn -Row $_) -ne $false"),
        "null stays among the rows"
    );
    let connection = function("ConvertTo-Connection");
    for unknown in ["$on.Count -lt $own.Count", "$ofAny.Count -gt 0", "$unnamed.Count -gt 0"] {
        let line = connection.lines().find(|line| line.contains(unknown)).unwrap();
        assert!(line.contains("{ $line.isDiscoveryKnown = $false }"), "{line}");
    }
    assert!(function("Test-Scope").contains("'DiscoveryScopeIds'") && function("Test-Scope").contains("'DiscoveryScopeNames'"));
}

#[test]
fn a_gateway_whose_number_was_never_set_may_use_any_connection() {
    let read = function("Read-Gateway");
    let (number, unset, told) = (
        read.find("$connection = Read-Number -Object $row -Name 'AzureCloudServiceId'")
            .unwrap(),
        read.find("if ($connection -eq 0) { $connection = $null }").unwrap(),
        read.find("connection = $connection }").unwrap(),
    );
    assert!(number < unset && unset < told, "{read}");
    assert_eq!(SCRIPT.matches("AzureCloudServiceId").count(), 1, "no other place reads it");
}

#[test]
fn names_of_connections_are_compared_with_their_case_as_in_a_plan() {
    assert!(function("Find-Service").contains("$_.name -ceq $Wanted.name"));
    assert!(function("Assert-OneConnection").contains("$_.name -cne $Wanted.name"));
    for operator in ["-eq", "-ne"] {
        assert!(!SCRIPT.contains(&format!(".name {operator} ")), "{operator} tells no case apart");
    }
    let guard = function("Assert-Name");
    assert!(
        guard.contains("$service.name -ine $Wanted.name") && guard.contains("Deny-Request"),
        "{guard}"
    );
    let install = function("Install-ServerApp");
    assert!(
        install.find("Assert-Name -Wanted $Wanted").unwrap() < install.find("Send-Progress").unwrap(),
        "before anything is written"
    );
}

#[test]
fn a_drive_that_leads_elsewhere_is_not_taken() {
    let connect = function("Connect-Site");
    assert!(connect.contains("$drive.Root -ne $Request.provider"));
    assert!(
        connect.contains("provider = Read-Value -Object $drive -Name 'Root'"),
        "it tells where the drive leads"
    );
}

#[test]
fn a_rename_and_what_is_switched_off_go_by_the_documented_parameters() {
    let connection = function("Install-Connection");
    assert!(connection.contains("$changes.NewName = $Wanted.name"));
    assert!(connection.find("Find-Former").unwrap() < connection.find("New-CMCloudManagementAzureService").unwrap());
    let discovery = function("Install-Discovery");
    for switch in [
        "$settings.EnableUserDiscovery = $false",
        "$settings.EnableGroupDiscovery = $false",
        "$settings.DeleteGroupName = $removed",
    ] {
        assert!(discovery.contains(switch), "{switch}");
    }
}

#[test]
fn the_service_connection_point_is_looked_at_before_a_run_and_not_in_it() {
    let reader = "Read-ServiceConnectionPoint";
    assert_eq!(SCRIPT.matches(reader).count(), 2, "its function, and the look");
    assert!(function("Send-Snapshot").contains(reader));
}

#[test]
fn groups_are_looked_up_by_name_in_the_console_form_only() {
    assert!(function("Install-Discovery").contains("$new.Count -gt 0 -and -not $state.resultFile"));
    assert_eq!(SCRIPT.matches("AddGroupName").count(), 1);
}

#[test]
fn the_server_app_is_updated_last_in_the_console_form_only_where_it_is_asked_for_and_possible() {
    assert_eq!(SCRIPT.matches("Set-UpdateServerApplication -").count(), 1);
    let update = function("Install-ReplyUrl");
    let (shown, there, called) = (
        update.find("$found.replyUrl -match").unwrap(),
        update.find("Get-Command -Name 'Set-UpdateServerApplication'").unwrap(),
        update.find("Set-UpdateServerApplication -TenantId $Wanted.tenantId").unwrap(),
    );
    assert!(shown < there && there < called);
    let run = function("Invoke-Onboarding");
    let asked = run.find("-Name 'updateServerApp') -and $state.resultFile").unwrap();
    assert!(
        run.find("Send-Line -Line (ConvertTo-Connection").unwrap() < asked,
        "everything else is done and told by then"
    );
    assert!(asked < run.find("Install-ReplyUrl -Wanted").unwrap());
    assert_eq!(SCRIPT.matches("Install-ReplyUrl").count(), 2, "its function, and the run");
}

/// PowerShell 7.3 and later show the arguments of methods to the antimalware engine.
#[test]
fn no_method_is_given_the_text_of_the_request() {
    let tree = parse(SCRIPT);
    for call in of_kind(tree.root_node(), "invokation_expression") {
        let call = text(call, SCRIPT);
        assert!(
            !call.contains("($text") && !call.contains("($Text,") || call.starts_with("[Console]::Out."),
            "{call}"
        );
    }
    assert!(function("Read-Secret").contains("$Text -notmatch") && !function("Read-Secret").contains(".Split("));
}

#[test]
fn a_hand_over_is_opened_only_whole_and_imported_only_after_a_person_said_yes() {
    let open = function("Open-Seal");
    let (digest, returned) = (open.find("(Get-Digest -Bytes").unwrap(), open.find("return $inside").unwrap());
    assert!(
        open.contains("cmg-onboarding hand-over sha256 ([0-9A-Fa-f]{64})") && digest < returned,
        "{open}"
    );
    let confirm = function("Confirm-HandOver");
    let (asked, request) = (confirm.find("Read-Host").unwrap(), confirm.find("operation = 'onboard'").unwrap());
    assert!(confirm.contains("-lt [datetime]::UtcNow") && confirm.contains("$answer -ne 'yes'") && asked < request);
    for shown in [
        "tenantId",
        "serverApp.clientId",
        "clientApp.clientId",
        "$Seal.digest",
        "serverApp.secretKeyExpiry",
        "-Value $wanted.name",
        "$HandOver.key",
        "-Value $wanted.description",
        "(Get-DiscoveryText -Wanted $wanted.users -IsOfGroup $false)",
        "(Get-DiscoveryText -Wanted $wanted.groups -IsOfGroup $true)",
    ] {
        assert!(confirm[..asked].contains(shown), "{shown}");
    }
    // The same words as on the page of the crate, which `hand_over` tests.
    let discovery = function("Get-DiscoveryText");
    for words in [
        "'left as it is'",
        "'switched off'",
        "'enabled'",
        "\"enabled: $names\"",
        "\"taken out: $removed\"",
        "\"full schedule $(",
        "\"changes every $(",
        "-join '; '",
    ] {
        assert!(discovery.contains(words), "{words} in {discovery}");
    }
    // It is read in strict mode, as any request.
    for read in SCRIPT.replace("$Request.", "$request.").split("$request.").skip(1) {
        let key: String = read.chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(confirm.contains(&format!("{key} = ")), "{key}");
    }
    let (confirmed, connected) = (SCRIPT.find("= Confirm-HandOver"), SCRIPT.find("= Connect-Site -Request"));
    assert!(confirmed.unwrap() < connected.unwrap());
}

#[test]
fn the_end_of_a_secret_that_is_typed_in_is_asked_for_before_the_import() {
    let install = function("Install-ServerApp");
    let asked = install.find("$app.secretKeyExpiry = Read-Expiry").unwrap();
    let (prompt, import) = (
        install.find("Read-Host").unwrap(),
        install.find("= Import-CMAADServerApplication").unwrap(),
    );
    assert!(prompt < asked && asked < install.find("$expiry =").unwrap() && asked < import);
    assert_eq!(
        SCRIPT.matches("Read-Expiry").count(),
        2,
        "no secret that comes with its end asks for it"
    );
    assert!(!function("Read-Expiry").contains("return"), "no day is taken that was not typed");
}

#[test]
fn its_preferences_stay_in_a_scope_of_its_own() {
    let block = SCRIPT.find("$code = & {").unwrap();
    for preference in ["Set-StrictMode", "$ErrorActionPreference =", "$WarningPreference ="] {
        assert!(SCRIPT.find(preference).unwrap() > block, "{preference}");
    }
    assert!(SCRIPT.ends_with("} $RequestFile @($input) $HandOverFile $SiteCode $Provider\nexit @($code)[-1]\n"));
}

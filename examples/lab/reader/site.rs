//! What a look at a real site says.

use std::collections::BTreeSet;

use cmg_onboarding::spec::Schedule;
use serde_json::Value;

use super::{Answer, Report, all, many, rows};

/// The properties that the crate reads, by class.
pub(crate) const PROPERTIES: [(&str, &[&str]); 7] = [
    ("SMS_Site", &["SiteCode", "Version", "ReportingSiteCode"]),
    ("SMS_AzureEnvironments", &["ID", "EnvironmentName"]),
    ("SMS_AAD_Tenant_Ex", &["ID", "TenantID", "Name", "Environment"]),
    (
        "SMS_AAD_Application_Ex",
        &[
            "ID",
            "ClientID",
            "Name",
            "TenantID",
            "IsClientApp",
            "IdentifierUri",
            "ReplyUrl",
            "SecretKeyExpiry",
            "SecretKeyCreationTime",
            "ApplicationCreationTime",
            "LastUpdateTime",
            "Source",
            "AssociatedAADApplications",
        ],
    ),
    (
        "SMS_Azure_CloudService",
        &["ID", "Name", "Description", "ServiceType", "AssociatedAADWebApplications"],
    ),
    (
        "SMS_AAD_Discovery_Settings",
        &[
            "ID",
            "CloudServiceId",
            "AgentType",
            "FullSyncEnabled",
            "DeltaSyncEnabled",
            "FullSyncSchedule",
            "DeltaSyncInterval",
            "DiscoveryScopeIds",
            "DiscoveryScopeNames",
            "LastFullSyncTime",
            "LastDeltaSyncTime",
        ],
    ),
    ("SMS_AzureService", &["Name", "AzureCloudServiceId"]),
];

pub(super) fn read(file: &Value, report: &mut Report) {
    drive(file, report);
    classes(file, report);
    environments(file, report);
    applications(file, report);
    services(file, report);
    discovery(file, report);
    service_connection_point(file, report);
    global_stop(file, report);
    tenant_cmdlet(file, report);
}

fn drive(file: &Value, report: &mut Report) {
    let drive = &file["drive"];
    let is_provider = drive["rootIsProvider"].as_bool();
    let seen = match (is_provider, drive["rootIsShortName"].as_bool()) {
        (Some(true), _) => "the drive's root is the provider's full name",
        (_, Some(true)) => "the drive's root is the provider's short name",
        _ => "the drive's root is something else",
    };
    report.check("driveRootIsProvider", is_provider, seen);
    let errors = many(&drive["importErrors"]);
    report.fact("importErrors", format!("importing the module made {} errors", errors.len()));
    if let Some([site]) = rows(&file["site"]).as_deref() {
        let reports = if site["reportsToAnother"] == true { "a child" } else { "the top" };
        report.fact(
            "hierarchy",
            format!("the site is {reports} of its hierarchy, version {}", text(&site["version"])),
        );
    }
    let is_guid = rows(&file["siteId"]).map(|rows| rows.iter().any(|row| row["isGuid"] == true));
    let seen = match is_guid {
        Some(true) => "SMS_Identification.GetSiteID tells a GUID",
        Some(false) => "SMS_Identification.GetSiteID tells no GUID",
        None => "SMS_Identification.GetSiteID could not be called",
    };
    report.add("siteId", if is_guid.is_some() { Answer::Fact } else { Answer::Unknown }, seen);
}

fn classes(file: &Value, report: &mut Report) {
    let classes = rows(&file["classes"]).unwrap_or_default();
    for (name, wanted) in PROPERTIES {
        let class = classes.iter().find(|class| class["name"] == name);
        let Some(class) = class else {
            report.check("classProperties", None, format!("{name} could not be read"));
            continue;
        };
        let there: BTreeSet<&str> = many(&class["properties"])
            .iter()
            .filter_map(|property| property["name"].as_str())
            .collect();
        let missing: Vec<&str> = wanted.iter().copied().filter(|property| !there.contains(property)).collect();
        let seen = match missing.as_slice() {
            [] => format!("{name} has what the crate reads"),
            missing => format!("{name} lacks {}", missing.join(", ")),
        };
        report.check("classProperties", Some(missing.is_empty()), seen);
        let lazy = with_qualifier(class, "lazy");
        if !lazy.is_empty() {
            report.fact("lazyProperties", format!("{name}: {}", lazy.join(", ")));
        }
        // The crate asks for no gateway by its key.
        if name != "SMS_AzureService" {
            let keys = with_qualifier(class, "key");
            let expected = if name == "SMS_Site" { "SiteCode" } else { "ID" };
            let holds = (!keys.is_empty()).then(|| keys == [expected]);
            report.check("keyIsId", holds, format!("the key of {name} is {}", keys.join(", ")));
        }
    }
}

fn with_qualifier(class: &Value, qualifier: &str) -> Vec<String> {
    let has = |property: &&&Value| {
        many(&property["qualifiers"])
            .iter()
            .any(|name| text(name).eq_ignore_ascii_case(qualifier))
    };
    many(&class["properties"])
        .iter()
        .filter(has)
        .map(|property| text(&property["name"]).to_owned())
        .collect()
}

fn environments(file: &Value, report: &mut Report) {
    let rows = rows(&file["environments"]).unwrap_or_default();
    let known = ["AzurePublicCloud", "AzureUSGovernmentCloud"];
    let names: Vec<&str> = rows.iter().map(|row| text(&row["name"])).collect();
    let holds = (!names.is_empty()).then(|| known.iter().all(|name| names.contains(name)));
    let told: Vec<String> = rows
        .iter()
        .map(|row| format!("{} is {}", text(&row["name"]), row["number"]))
        .collect();
    report.check("environmentNames", holds, told.join(", "));
}

fn applications(file: &Value, report: &mut Report) {
    let Some(apps) = rows(&file["applications"]) else {
        report.check("applications", None, "the applications could not be read");
        return;
    };
    let servers: Vec<&&Value> = apps.iter().filter(|app| app["isClientApp"] == false).collect();
    let dates: Vec<&Value> = apps
        .iter()
        .flat_map(|app| [&app["secretExpiry"], &app["secretCreated"], &app["created"]])
        .filter(|date| date.is_object())
        .collect();
    let unset: BTreeSet<&str> = dates.iter().filter_map(|date| date["unsetAs"].as_str()).collect();
    let forms: Vec<&str> = unset.iter().copied().collect();
    // The crate takes everything before 1981 for a date that was never set.
    let is_before = |form: &&str| {
        *form == "null"
            || form
                .get(..4)
                .and_then(|year| year.parse::<u16>().ok())
                .is_some_and(|year| year < 1981)
    };
    report.check(
        "unsetDates",
        all(&forms, is_before),
        format!("dates that were never set are {}", forms.join(", ")),
    );

    let expiries: Vec<&Value> = servers
        .iter()
        .map(|app| &app["secretExpiry"])
        .filter(|date| date["isSet"] != false)
        .collect();
    let is_date = all(&expiries, |date| date["type"] == "System.DateTime");
    let kinds: BTreeSet<&str> = expiries.iter().map(|date| text(&date["kind"])).collect();
    let midnights = expiries.iter().filter(|date| date["isMidnight"] == true).count();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    let seen = format!(
        "{} expiries of kind {}, {midnights} of them at midnight",
        expiries.len(),
        kinds.join(", ")
    );
    report.check("expiryIsDate", is_date, seen);

    let uris: Vec<&Value> = servers
        .iter()
        .map(|app| &app["identifierUri"])
        .filter(|uri| uri.is_object())
        .collect();
    let is_default = |uri: &&Value| uri["isDefault"] == true;
    let is_rewritten = |uri: &&Value| uri["isLowerCaseDefault"] == true;
    let has_capitals = |uri: &&Value| uri["hasCapitalsInHost"] == true;
    let kept = match (
        uris.iter().any(is_rewritten),
        uris.iter().any(|uri| is_default(uri) || has_capitals(uri)),
    ) {
        (true, _) => Some(false),
        (false, true) => Some(true),
        (false, false) => None,
    };
    report.check("uriIsKeptAsGiven", kept, format!("{} App ID URIs were seen", uris.len()));

    let rows_of_clients: BTreeSet<&str> = apps
        .iter()
        .filter(|app| app["isClientApp"] == true)
        .filter_map(|app| app["row"].as_str())
        .collect();
    let associated: Vec<&str> = servers
        .iter()
        .flat_map(|app| many(&app["associated"]))
        .filter_map(Value::as_str)
        .collect();
    let holds = all(&associated, |row| rows_of_clients.contains(row));
    report.check(
        "serverAppNamesItsClientApp",
        holds,
        format!("{} apps are associated with server apps", associated.len()),
    );
    let sources: BTreeSet<String> = apps.iter().map(|app| app["source"].to_string()).collect();
    report.fact(
        "source",
        format!("Source is {}", sources.into_iter().collect::<Vec<_>>().join(", ")),
    );
}

fn services(file: &Value, report: &mut Report) {
    let Some(services) = rows(&file["services"]) else {
        report.check("services", None, "the Azure services could not be read");
        return;
    };
    let read: Vec<&Value> = services.iter().map(|service| &service["webAppsById"]).collect();
    report.check(
        "webAppsAreReadByKey",
        all(&read, |apps| !apps.is_null()),
        format!("{} services were asked for by their ids", read.len()),
    );
    let is_lazy = services
        .iter()
        .filter(|service| many(&service["webAppsInList"]).is_empty() && !many(&service["webAppsById"]).is_empty());
    report.fact(
        "webAppsAreLazy",
        format!("the list left out the web apps of {} services", is_lazy.count()),
    );
    for service in &services {
        let apps = many(&service["webAppsById"]).len();
        report.fact(
            "serviceType",
            format!(
                "a service with {apps} web apps has ServiceType {} and AuthenticationType {}",
                service["serviceType"], service["authenticationType"]
            ),
        );
    }
    let Some(gateways) = rows(&file["gateways"]) else {
        report.check("gatewayNamesItsService", None, "the gateways could not be read");
        return;
    };
    let names = all(&gateways, |gateway| gateway["hasConnection"] == true);
    report.check("gatewayNamesItsService", names, format!("{} gateways were seen", gateways.len()));
    let used: Vec<&str> = gateways.iter().filter_map(|gateway| gateway["service"].as_str()).collect();
    let types: BTreeSet<String> = services
        .iter()
        .filter(|service| service["row"].as_str().is_some_and(|row| used.contains(&row)))
        .map(|service| service["serviceType"].to_string())
        .collect();
    let holds = (!types.is_empty()).then(|| types.len() == 1 && !types.contains("5"));
    let told = types.into_iter().collect::<Vec<_>>().join(", ");
    report.check(
        "gatewaysUseOneServiceType",
        holds,
        format!("services that gateways use have ServiceType {told}"),
    );
}

fn discovery(file: &Value, report: &mut Report) {
    let Some(settings) = rows(&file["discovery"]) else {
        report.check("discovery", None, "discovery could not be read");
        return;
    };
    let has_groups = |row: &&&Value| row["groups"].as_i64().is_some_and(|groups| groups > 0);
    let numbers = |rows: Vec<&&Value>| rows.iter().map(|row| row["agentType"].to_string()).collect::<BTreeSet<_>>();
    let (groups, users): (Vec<&&Value>, Vec<&&Value>) = settings.iter().partition(has_groups);
    let (groups, users) = (numbers(groups), numbers(users));
    // A row without groups may be group discovery before its first group.
    let holds = (!groups.is_empty()).then(|| groups.len() == 1 && users.difference(&groups).count() <= 1);
    let seen = format!("AgentType is {groups:?} with groups and {users:?} without");
    report.check("agentTypeTellsGroupDiscovery", holds, seen);
    let is_boolean = all(&settings, |row| {
        row["fullSyncEnabled"].is_boolean() && row["deltaSyncEnabled"].is_boolean()
    });
    report.check(
        "discoveryFlagsAreBoolean",
        is_boolean,
        format!("{} rows of discovery", settings.len()),
    );
    let schedules: Vec<&str> = settings
        .iter()
        .filter_map(|row| row["fullSyncSchedule"].as_str())
        .filter(|schedule| !schedule.is_empty())
        .collect();
    let is_readable = all(&schedules, |schedule| schedule.parse::<Schedule>().is_ok());
    report.check("scheduleIsOneToken", is_readable, schedules.join(", "));
    let intervals: Vec<String> = settings.iter().map(|row| row["deltaSyncInterval"].to_string()).collect();
    report.fact("deltaInterval", format!("DeltaSyncInterval is {}", intervals.join(", ")));
}

/// The crate takes 0 for online and 1 for offline, and anything else for unknown.
fn service_connection_point(file: &Value, report: &mut Report) {
    let points = rows(&file["serviceConnectionPoint"]).unwrap_or_default();
    let modes: Vec<Vec<&Value>> = points.iter().map(|point| many(&point["offlineModes"])).collect();
    let is_known = |modes: &Vec<&Value>| matches!(modes.as_slice(), [mode] if **mode == 0 || **mode == 1);
    let shown: Vec<String> = modes.iter().flatten().map(|mode| mode.to_string()).collect();
    report.check(
        "offlineModeIsOneNumber",
        all(&modes, is_known),
        format!("OfflineMode is {}", shown.join(", ")),
    );
}

fn global_stop(file: &Value, report: &mut Report) {
    let Some(cmdlets) = rows(&file["globalStop"]) else {
        report.check("cmdletsUnderGlobalStop", None, "the cmdlets could not be called");
        return;
    };
    let failing: Vec<&str> = cmdlets
        .iter()
        .filter(|row| !row["error"].is_null())
        .map(|row| text(&row["cmdlet"]))
        .collect();
    let seen = match failing.as_slice() {
        [] => "the reading cmdlets work if the session's preference is Stop".to_owned(),
        failing => format!("{} fail if the session's preference is Stop", failing.join(", ")),
    };
    report.check("cmdletsUnderGlobalStop", (!cmdlets.is_empty()).then_some(failing.is_empty()), seen);
}

fn tenant_cmdlet(file: &Value, report: &mut Report) {
    let members = rows(&file["tenantCmdlet"]).unwrap_or_default();
    let names: Vec<&str> = members.iter().map(|member| text(&member["name"])).collect();
    match names.as_slice() {
        [] => report.check("tenantCmdlet", None, "Get-CMAADTenant showed no tenant"),
        names => report.fact("tenantCmdlet", format!("Get-CMAADTenant has {}", names.join(", "))),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("nothing")
}

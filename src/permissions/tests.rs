use std::collections::BTreeSet;

use super::*;

const BOTH: [PermissionType; 2] = [PermissionType::Delegated, PermissionType::Application];

fn names(kind: PermissionType) -> BTreeSet<&'static str> {
    let sets = Use::ALL.into_iter().flat_map(|usage| usage.permissions(kind));
    sets.flat_map(|set| set.iter().copied()).collect()
}

#[test]
fn the_whole_job_takes_what_the_readme_says() {
    let needed = |kind| least(&Use::ALL[..8], kind);
    assert_eq!(
        needed(PermissionType::Delegated),
        [
            "Application.ReadWrite.All",
            "DelegatedPermissionGrant.ReadWrite.All",
            "AppRoleAssignment.ReadWrite.All"
        ]
    );
    assert_eq!(
        needed(PermissionType::Application),
        [
            "Application.ReadWrite.OwnedBy",
            "DelegatedPermissionGrant.ReadWrite.All",
            "AppRoleAssignment.ReadWrite.All",
            "Application.Read.All"
        ]
    );
}

#[test]
fn consenting_to_an_application_permission_takes_two_permissions() {
    let one = ["AppRoleAssignment.ReadWrite.All"];
    assert!(!Use::AssignRole.is_covered_by(PermissionType::Delegated, &one));
    assert_eq!(
        lacking(&[Use::AssignRole], PermissionType::Delegated, &one),
        ["Application.Read.All"]
    );
    let held = ["approleassignment.readwrite.all", "Directory.Read.All"];
    assert!(Use::AssignRole.is_covered_by(PermissionType::Delegated, &held));
}

#[test]
fn what_is_least_suffices_and_nothing_of_it_is_needless() {
    for kind in BOTH {
        for start in 0..Use::ALL.len() {
            for end in start + 1..=Use::ALL.len() {
                let uses: Vec<Use> = Use::ALL[start..end]
                    .iter()
                    .copied()
                    .filter(|usage| is_possible(*usage, kind))
                    .collect();
                let chosen = least(&uses, kind);
                let suffices = |held: &[&str]| uses.iter().all(|usage| usage.is_covered_by(kind, held));
                assert!(suffices(&chosen), "{uses:?}: {chosen:?}");
                for left_out in &chosen {
                    let others: Vec<&str> = chosen.iter().copied().filter(|name| name != left_out).collect();
                    assert!(!suffices(&others), "{uses:?}: {left_out} is needless");
                }
                assert!(lacking(&uses, kind, &chosen).is_empty());
            }
        }
    }
}

fn is_possible(usage: Use, kind: PermissionType) -> bool {
    usage.permissions(kind).iter().all(|set| !set.is_empty())
}

#[test]
fn a_check_needs_no_right_to_write() {
    for kind in BOTH {
        let reads: Vec<Use> = Use::ALL.into_iter().filter(|usage| !usage.is_write()).collect();
        assert!(least(&reads, kind).iter().all(|name| !name.contains("Write")), "{kind:?}");
    }
}

#[test]
fn a_permission_that_only_reads_covers_no_write() {
    for kind in BOTH {
        let reading: Vec<&str> = names(kind).into_iter().filter(|name| !name.contains("Write")).collect();
        for usage in Use::ALL.into_iter().filter(|usage| usage.is_write()) {
            assert!(!usage.is_covered_by(kind, &reading), "{usage:?}");
        }
    }
}

#[test]
fn owned_by_exists_for_applications_only_and_the_permission_without_an_id_nowhere() {
    assert!(names(PermissionType::Application).contains("Application.ReadWrite.OwnedBy"));
    assert!(!names(PermissionType::Delegated).contains("Application.ReadWrite.OwnedBy"));
    for kind in BOTH {
        assert!(!names(kind).contains("AppRegistration.Create"));
    }
}

#[test]
fn a_caller_who_needs_a_role_is_told_which() {
    for usage in Use::ALL {
        let requirement = usage.requirement();
        assert_eq!(requirement.usage, usage);
        assert_eq!(
            requirement.roles.is_empty(),
            requirement.without_role == WithoutRole::Everyone,
            "{usage:?}"
        );
        assert!(!requirement.source.is_empty());
    }
}

#[test]
fn the_table_is_data() {
    let row = serde_json::to_value(Use::AssignRole.requirement()).unwrap();
    assert_eq!(row["use"], "assignRole");
    assert_eq!(row["delegated"][0], serde_json::json!(["AppRoleAssignment.ReadWrite.All"]));
    assert_eq!(row["roles"][0], "privilegedRoleAdministrator");
}

#[test]
fn a_permission_type_has_a_word() {
    assert_eq!(BOTH.map(|kind| kind.to_string()), ["delegated", "application"]);
}

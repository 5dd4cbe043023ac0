//! A row as the service sends it: if no properties are selected, with the provider's own members around them.
//!
//! Source: public captures of other classes (MECM_Toolkit, "Administration Service - Examples"; the design notes of SMS_Collection's
//! and SMS_PackageStatus's rows). Whether selected rows keep `@odata.etag` is not captured; here they do not.

use serde_json::{Value, json};

use super::{classes::Class, kinds::Object, query::Query};

/// The machine that the emulated provider runs on.
const SERVER: &str = "EMULATOR";

pub(super) fn shown(class: &Class, query: &Query, row: Object) -> Object {
    if query.selects() {
        return query.selected(row);
    }
    let key = row.get(class.key).cloned().unwrap_or(Value::Null);
    let (plain, quoted) = match &key {
        Value::String(text) => (text.clone(), format!("\"{text}\"")),
        other => (other.to_string(), other.to_string()),
    };
    let site = row.get("SiteCode").and_then(Value::as_str).unwrap_or("P01");
    let namespace = format!("root\\sms\\site_{site}");
    let relative = format!("{}.{}={quoted}", class.name, class.key);
    let mut whole = Object::new();
    for (name, value) in [
        ("@odata.etag", json!(plain)),
        ("__LAZYPROPERTIES", json!(["__QUALIFIER_SECURITYVERBS"])),
        ("__QUALIFIER_SECURITYVERBS", Value::Null),
    ] {
        whole.insert(name.to_owned(), value);
    }
    whole.extend(row);
    for (name, value) in [
        ("__GENUS", json!(2)),
        ("__CLASS", json!(class.name)),
        ("__SUPERCLASS", json!("SMS_BaseClass")),
        ("__DYNASTY", json!("SMS_BaseClass")),
        ("__RELPATH", json!(relative)),
        // The verbs are counted among the properties.
        ("__PROPERTY_COUNT", json!(class.property_count() + 1)),
        ("__DERIVATION", json!(["SMS_BaseClass"])),
        ("__SERVER", json!(SERVER)),
        ("__NAMESPACE", json!(namespace)),
        ("__PATH", json!(format!("\\\\{SERVER}\\{namespace}:{relative}"))),
    ] {
        whole.insert(name.to_owned(), value);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_row_has_the_providers_own_members_and_a_selected_one_has_not() {
        let class = Class::named("SMS_AAD_Application_Ex").unwrap();
        let row = json!({"ID": 16_777_217, "Name": "Server", "SiteCode": "P01"})
            .as_object()
            .unwrap()
            .clone();
        let whole = shown(class, &Query::read("", class).unwrap(), row.clone());
        assert_eq!(whole["@odata.etag"], "16777217");
        assert_eq!(whole["__RELPATH"], "SMS_AAD_Application_Ex.ID=16777217");
        assert_eq!(
            whole["__PATH"],
            "\\\\EMULATOR\\root\\sms\\site_P01:SMS_AAD_Application_Ex.ID=16777217"
        );
        assert_eq!(whole["__PROPERTY_COUNT"], 16);
        let selected = shown(class, &Query::read("$select=ID", class).unwrap(), row);
        assert_eq!(json!(selected), json!({"ID": 16_777_217}));
        let class = Class::named("SMS_Site").unwrap();
        let site = json!({"SiteCode": "P01"}).as_object().unwrap().clone();
        let whole = shown(class, &Query::read("", class).unwrap(), site);
        assert_eq!(whole["__RELPATH"], "SMS_Site.SiteCode=\"P01\"");
    }
}

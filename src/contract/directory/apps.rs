//! App registrations: created once, found by each key, changed only as asked.

use super::{Checked, Suite, refused, shown, written};
use crate::{
    call::Call,
    contract::violation::Check,
    directory::{Application, ApplicationKey, ApplicationProperties, DeletedApplication, NewApplication, WebApplication},
    error::{
        DirectoryError,
        RefusalReason::{AlreadyExists, NotFound, UniqueNameInUse},
    },
    ids::ApplicationObjectId,
};

const APP: &str = "apps";

impl Suite<'_> {
    pub(super) async fn apps(self) -> Checked {
        let app = self.a_created_app_is_found_by_each_key().await?;
        self.an_app_is_found_by_its_mark(&app).await?;
        self.a_unique_name_is_given_once(&app).await?;
        self.an_update_changes_what_it_names_and_nothing_else(&app).await?;
        self.an_update_of_what_is_missing_is_refused().await
    }

    async fn a_created_app_is_found_by_each_key(self) -> Result<Application, super::ContractViolation> {
        let check = Check("a_created_app_is_found_by_each_key");
        let new = NewApplication::new(ApplicationProperties {
            web: Some(web(&["http://localhost"])),
            ..self.properties(APP)
        });
        let app = self.created(check, &new).await?;
        let is_created = |found: &Application| (found.object_id, found.app_id) == (app.object_id, app.app_id) && is_as_written(found, &new);
        check.holds(is_created(&app), "the app as it was to be created", &app)?;
        for key in [
            ApplicationKey::ApplicationId(app.app_id),
            ApplicationKey::UniqueName(self.name(APP)),
        ] {
            self.shown(check, &key, "the app that was created", is_created).await?;
        }
        // A URI may hold the app's id only when that is known.
        let uri = format!("api://{}", app.app_id);
        let change = ApplicationProperties {
            identifier_uris: Some(vec![uri.clone()]),
            ..ApplicationProperties::default()
        };
        let (directory, id) = (self.directory, app.object_id);
        written(check, "update_application", || {
            directory.update_application(Call::quiet(), id, &change)
        })
        .await?;
        let ask = || directory.application_with_uri(Call::quiet(), &uri);
        let is_it = |found: &Option<Application>| found.as_ref().is_some_and(|found| found.object_id == id);
        let found = shown(check, "application_with_uri", ask, is_it).await?;
        check.holds(is_it(&found), "the app with this App ID URI", &found)?;
        Ok(app)
    }

    /// By the beginning of its unique name or by its tag; whether an implementation offers that is its own choice.
    async fn an_app_is_found_by_its_mark(self, app: &Application) -> Checked {
        let check = Check("an_app_is_found_by_its_mark");
        let (directory, beginnings, nowhere) = (self.directory, [self.name(APP)], self.name("nowhere"));
        let ask = || directory.marked_applications(Call::quiet(), &beginnings, &nowhere);
        if let Err(DirectoryError::NotSupported(_)) = ask().await {
            return Ok(());
        }
        let is_listed = |found: &Vec<Application>| {
            let of_app = found
                .iter()
                .any(|found| found.object_id == app.object_id && found.app_id == app.app_id);
            of_app && found.iter().all(|found| begins(found, &beginnings[0]))
        };
        let found = shown(check, "marked_applications", ask, is_listed).await?;
        check.holds(is_listed(&found), "the app, and none of another name", &found)?;
        let tag = self.name("tag");
        let by_tag = || directory.marked_applications(Call::quiet(), &[], &tag);
        let found = by_tag()
            .await
            .map_err(check.failed("marked_applications, by a tag that no app has"))?;
        check.holds(found.is_empty(), "no app", &found)?;
        let tagged = NewApplication::new(ApplicationProperties {
            tags: Some(vec![tag.clone()]),
            ..self.properties("tagged")
        });
        let created = self.created(check, &tagged).await?;
        let is_it = |found: &Vec<Application>| matches!(&found[..], [found] if found.object_id == created.object_id);
        let found = shown(check, "marked_applications", by_tag, is_it).await?;
        check.holds(is_it(&found), "the app with the tag, and it alone", &found)?;
        let id = created.object_id;
        written(check, "delete_application", || directory.delete_application(Call::quiet(), id)).await?;
        let deleted = || directory.marked_deleted_applications(Call::quiet(), &[], &tag);
        if !matches!(deleted().await, Err(DirectoryError::NotSupported(_))) {
            let is_it = |found: &Vec<DeletedApplication>| matches!(&found[..], [found] if found.object_id == id);
            let found = shown(check, "marked_deleted_applications", deleted, is_it).await?;
            check.holds(is_it(&found), "the deleted app with the tag, and it alone", &found)?;
        }
        Ok(())
    }

    async fn a_unique_name_is_given_once(self, app: &Application) -> Checked {
        let check = Check("a_unique_name_is_given_once");
        let second = self
            .directory
            .create_application(Call::quiet(), &NewApplication::new(self.properties(APP)))
            .await;
        refused(check, second, &[UniqueNameInUse, AlreadyExists])?;
        let key = ApplicationKey::UniqueName(self.name(APP));
        let is_first = |found: &Application| found.object_id == app.object_id;
        self.shown(check, &key, "the first app", is_first).await.map(|_| ())
    }

    async fn an_update_changes_what_it_names_and_nothing_else(self, app: &Application) -> Checked {
        let check = Check("an_update_changes_what_it_names_and_nothing_else");
        let change = ApplicationProperties {
            display_name: Some(self.name("renamed")),
            ..ApplicationProperties::default()
        };
        let (directory, id, key) = (self.directory, app.object_id, ApplicationKey::ApplicationId(app.app_id));
        written(check, "update_application", || {
            directory.update_application(Call::quiet(), id, &change)
        })
        .await?;
        let is_renamed = |found: &Application| found.properties.display_name == change.display_name;
        let found = self.shown(check, &key, "the new name", is_renamed).await?;
        check.holds(
            has_redirects(&found, &["http://localhost"]),
            "the redirect URIs as they were",
            &found,
        )?;
        check.holds(
            found.properties.unique_name == Some(self.name(APP)),
            "the unique name as it was",
            &found,
        )?;
        let lists = ApplicationProperties {
            web: Some(web(&["https://one.invalid", "https://two.invalid"])),
            ..ApplicationProperties::default()
        };
        written(check, "update_application", || {
            directory.update_application(Call::quiet(), id, &lists)
        })
        .await?;
        let is_replaced = |found: &Application| has_redirects(found, &["https://one.invalid", "https://two.invalid"]);
        let found = self.shown(check, &key, "a list replaced as a whole", is_replaced).await?;
        check.holds(is_renamed(&found), "the name as it was", &found)
    }

    async fn an_update_of_what_is_missing_is_refused(self) -> Checked {
        let check = Check("an_update_of_what_is_missing_is_refused");
        let nowhere = ApplicationObjectId::new(uuid::Uuid::new_v4());
        let change = ApplicationProperties {
            display_name: Some(self.name("nowhere")),
            ..ApplicationProperties::default()
        };
        refused(
            check,
            self.directory.update_application(Call::quiet(), nowhere, &change).await,
            &[NotFound],
        )
    }
}

fn begins(app: &Application, with: &str) -> bool {
    app.properties.unique_name.as_deref().is_some_and(|name| name.starts_with(with))
}

fn web(uris: &[&str]) -> WebApplication {
    WebApplication {
        redirect_uris: Some(uris.iter().map(|uri| (*uri).to_owned()).collect()),
        ..WebApplication::default()
    }
}

fn is_as_written(found: &Application, new: &NewApplication) -> bool {
    let (found, written) = (&found.properties, &new.properties);
    found.display_name == written.display_name && found.unique_name == written.unique_name
}

/// In any order: a list of URIs has none.
fn has_redirects(found: &Application, uris: &[&str]) -> bool {
    let held = found
        .properties
        .web
        .as_ref()
        .and_then(|web| web.redirect_uris.as_deref())
        .unwrap_or_default();
    held.len() == uris.len() && uris.iter().all(|uri| held.iter().any(|held| held == uri))
}

//! Identifiers that are the same in every tenant.

pub(crate) mod well_known {
    use uuid::{Uuid, uuid};

    /// Microsoft Graph itself.
    pub(crate) const MICROSOFT_GRAPH: Uuid = uuid!("00000003-0000-0000-c000-000000000000");
    pub(crate) const GLOBAL_ADMINISTRATOR: Uuid = uuid!("62e90394-69f5-4237-9190-012177145e10");
    pub(crate) const PRIVILEGED_ROLE_ADMINISTRATOR: Uuid = uuid!("e8611ab8-c189-46e8-94e1-60213ab1f814");
    pub(crate) const APPLICATION_ADMINISTRATOR: Uuid = uuid!("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3");
    pub(crate) const CLOUD_APPLICATION_ADMINISTRATOR: Uuid = uuid!("158c047a-c907-4556-b7ef-446551a6b5f7");
    pub(crate) const APPLICATION_DEVELOPER: Uuid = uuid!("cf1c38e5-3621-4004-a7cb-879624dced7c");
    pub(crate) const GLOBAL_READER: Uuid = uuid!("f2ef992c-3afb-46b9-b7cf-a126ee74c451");

    /// The directory roles that bear on app registrations, by name.
    pub(crate) const DIRECTORY_ROLES: [(&str, Uuid); 6] = [
        ("Global Administrator", GLOBAL_ADMINISTRATOR),
        ("Privileged Role Administrator", PRIVILEGED_ROLE_ADMINISTRATOR),
        ("Application Administrator", APPLICATION_ADMINISTRATOR),
        ("Cloud Application Administrator", CLOUD_APPLICATION_ADMINISTRATOR),
        ("Application Developer", APPLICATION_DEVELOPER),
        ("Global Reader", GLOBAL_READER),
    ];
}

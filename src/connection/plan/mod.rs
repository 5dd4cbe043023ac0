//! What will be done: from specification and snapshot to changes. Pure data, made without a request.

pub(crate) mod decide;
pub(crate) mod decide_apps;
pub(crate) mod decide_site;
pub(crate) mod difference;
pub(crate) mod document;
pub(crate) mod own_secret;
pub(crate) mod planned;
pub(crate) mod registration;
pub(crate) mod work;

//! The session over HTTP, for many users at once.

mod answer;
mod drive;
mod events;
pub(crate) mod guard;
mod handlers;
mod live;
pub(crate) mod open_api;
mod page_files;
pub(crate) mod place;
mod read;
pub(crate) mod routes;
mod schemas;
pub(crate) mod service;
mod sign_in;
mod store;
mod table;
pub(crate) mod user;
mod work;

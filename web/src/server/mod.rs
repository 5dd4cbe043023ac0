//! The session over HTTP, for many users at once.
//!
//! `table` lists the addresses; `routes` makes the router of it and `open_api` the document. `handlers` is what each
//! address does, and `answer` reads bodies and writes answers. `service` has all sessions of all users, `place` says
//! where a user's sessions work, and `live` is one session while the service lives. `drive` and `work` carry jobs out,
//! which go on without the request that started them; `events` sends what happens, and `store` keeps sessions in a
//! folder.
//!
//! What it guarantees: `guard` lets only a caller speak to a service on the loopback interface that has the key.

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

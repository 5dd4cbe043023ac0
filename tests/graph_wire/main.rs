//! `GraphDirectory` against a scripted Microsoft Graph on the loopback interface.

mod faults;
mod formats;
mod secrecy;
mod support;

//! Writing to a site with the product's cmdlets: the script itself, every answer it can give, and the process it runs in.

mod bad_days;
mod process;
mod real;
mod script;
mod secrecy;
mod site;
mod support;

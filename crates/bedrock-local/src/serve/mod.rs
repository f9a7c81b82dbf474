//! HTTP on loopback: connections, requests in, bodies out.

pub(crate) mod body;
pub(crate) mod connection;
pub(crate) mod listen;
pub(crate) mod request;
pub(crate) mod service;
pub(crate) mod tls;

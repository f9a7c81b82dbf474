//! The function as its users meet it: the real binary, over real sockets, between Lambda's Runtime
//! API and a stand-in for Bedrock.

mod answers;
mod config;
mod contract;
mod errors;
mod http;
mod invalid;
mod keys;
mod log;
mod stage;

//! Lambda's Runtime API around one function process.

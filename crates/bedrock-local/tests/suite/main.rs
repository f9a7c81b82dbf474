//! The stand-in, called by the real SDK over real sockets.

mod converse;
mod support;

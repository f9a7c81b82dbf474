//! Amazon Bedrock Runtime on loopback.

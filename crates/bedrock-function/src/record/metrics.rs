//! Metrics that need no API call: CloudWatch reads them out of a log line in the embedded metric format
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).

use std::time::SystemTime;

use serde::Serialize;

use crate::config::Destination;

/// The metadata that makes a log line one of metrics: which of its members are values, and which dimensions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metrics {
    #[serde(rename = "_aws")]
    aws: Metadata,
    function_name: String,
    cold_starts: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<u8>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    timestamp: u64,
    cloud_watch_metrics: Vec<Directive>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: String,
    dimensions: Vec<Vec<&'static str>>,
    metrics: Vec<Definition>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: &'static str,
    unit: &'static str,
}

const fn metric(name: &'static str, unit: &'static str) -> Definition {
    Definition { name, unit }
}

/// Metrics of every invocation.
const ALWAYS: [Definition; 2] = [
    metric("coldStarts", "Count"),
    metric("overheadMs", "Milliseconds"),
];
/// Metrics of an invocation that asked a model.
const CALLED: [Definition; 1] = [metric("latencyMs", "Milliseconds")];
/// Metrics of a streamed answer.
const STREAMED: [Definition; 1] = [metric("firstTextMs", "Milliseconds")];
/// Metrics of an answer.
const ANSWERED: [Definition; 2] = [
    metric("inputTokens", "Count"),
    metric("outputTokens", "Count"),
];
/// Metrics of an answer whose price is known. They are also published by function alone, over all models: the daily
/// limit is compared with that sum. CloudWatch has no unit for money.
const PRICED: [Definition; 1] = [metric("costUsd", "None")];
/// Metrics of a failure. They are also published by its `outcome`.
const FAILED: [Definition; 1] = [metric("errors", "Count")];

/// Which members the log line of an invocation has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Members {
    /// It is the first of its process.
    pub(super) is_cold: bool,
    /// A model was asked: there are `modelId` and `latencyMs`.
    pub(super) is_called: bool,
    /// The answer is streamed: there is `firstTextMs`.
    pub(super) is_streamed: bool,
    /// It answered: there are `inputTokens` and `outputTokens`.
    pub(super) is_answered: bool,
    /// The price is known: there is `costUsd`.
    pub(super) is_priced: bool,
    /// The reply is an error.
    pub(super) is_failed: bool,
}

impl Metrics {
    /// The metadata for a line with these members, written at `time`.
    #[must_use]
    pub(super) fn new(destination: &Destination, members: Members, time: SystemTime) -> Self {
        let by_model = if members.is_called {
            vec!["functionName", "modelId"]
        } else {
            vec!["functionName"]
        };
        let by_outcome = by_model.iter().copied().chain(["outcome"]).collect();
        let parts: [(bool, &[Definition]); 5] = [
            (members.is_called, &CALLED),
            (members.is_streamed, &STREAMED),
            (members.is_answered, &ANSWERED),
            (members.is_priced, &PRICED),
            (members.is_failed, &FAILED),
        ];
        let present = parts
            .iter()
            .filter(|(is_present, _)| *is_present)
            .map(|(_, metrics)| *metrics);
        let metrics = ALWAYS.iter().chain(present.flatten()).copied().collect();
        let directive = |dimensions, metrics| Directive {
            namespace: destination.namespace.clone(),
            dimensions: vec![dimensions],
            metrics,
        };
        let mut directives = vec![directive(by_model, metrics)];
        if members.is_failed {
            directives.push(directive(by_outcome, FAILED.to_vec()));
        }
        if members.is_priced {
            directives.push(directive(vec!["functionName"], PRICED.to_vec()));
        }
        Self {
            aws: Metadata {
                timestamp: millis_since_epoch(time),
                cloud_watch_metrics: directives,
            },
            function_name: destination.function_name.clone(),
            cold_starts: members.is_cold.into(),
            errors: members.is_failed.then_some(1),
        }
    }
}

fn millis_since_epoch(time: SystemTime) -> u64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(members: Members) -> serde_json::Value {
        let destination = Destination {
            namespace: "Test".to_owned(),
            function_name: "f".to_owned(),
        };
        serde_json::to_value(Metrics::new(&destination, members, SystemTime::UNIX_EPOCH)).unwrap()
    }

    fn names(directive: &serde_json::Value) -> Vec<&str> {
        let metrics = directive["Metrics"].as_array().unwrap();
        metrics
            .iter()
            .map(|metric| metric["Name"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn a_refused_event_has_metrics_of_the_function_alone() {
        let metrics = metrics(Members {
            is_cold: true,
            is_called: false,
            is_streamed: false,
            is_answered: false,
            is_priced: false,
            is_failed: true,
        });
        let directives = metrics["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        assert_eq!(
            directives[0]["Dimensions"],
            serde_json::json!([["functionName"]])
        );
        assert_eq!(
            names(&directives[0]),
            ["coldStarts", "overheadMs", "errors"]
        );
        assert_eq!(
            directives[1]["Dimensions"],
            serde_json::json!([["functionName", "outcome"]])
        );
        assert_eq!(names(&directives[1]), ["errors"]);
        assert_eq!(metrics["coldStarts"], 1);
    }

    #[test]
    fn an_answer_has_tokens_price_and_time_by_model() {
        let metrics = metrics(Members {
            is_cold: false,
            is_called: true,
            is_streamed: false,
            is_answered: true,
            is_priced: true,
            is_failed: false,
        });
        let directives = metrics["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        assert_eq!(directives.len(), 2);
        assert_eq!(
            directives[0]["Dimensions"],
            serde_json::json!([["functionName", "modelId"]])
        );
        assert_eq!(
            names(&directives[0]),
            [
                "coldStarts",
                "overheadMs",
                "latencyMs",
                "inputTokens",
                "outputTokens",
                "costUsd"
            ]
        );
        assert!(metrics.get("errors").is_none());
    }

    #[test]
    fn the_price_of_an_answer_is_a_metric_of_the_function_alone_too() {
        let metrics = metrics(Members {
            is_cold: false,
            is_called: true,
            is_streamed: false,
            is_answered: true,
            is_priced: true,
            is_failed: true,
        });
        let directives = metrics["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        let alone: Vec<_> = directives
            .iter()
            .filter(|directive| directive["Dimensions"] == serde_json::json!([["functionName"]]))
            .map(names)
            .collect();
        assert_eq!(alone, [["costUsd"]]);
    }
}

//! One invocation and the check of its reply.

use lambda_local::{Function, Invocation, Outcome};
use serde::Deserialize;
use serde_json::json;

use super::{Violation, bedrock::Bedrock, case::Case};

/// One X-Ray trace for all invocations. `lambda_runtime` sets `_X_AMZN_TRACE_ID` for each of them, and glibc's `setenv` keeps every value
/// that a variable has ever had: with a trace for each invocation, as on Lambda, a process grows by 160 bytes at each (3 MB in 20,000),
/// which would hide what the function itself loses.
const TRACE_ID: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    status_code: u16,
    body: String,
}

/// A reply's body: an answer's or an error's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    text: Option<String>,
    code: Option<String>,
    request_id: Option<String>,
}

/// Invokes the function and checks that the reply is the one that the case must get.
pub(crate) async fn invoke(
    function: &Function,
    bedrock: &Bedrock,
    case: Case,
) -> Result<(), Violation> {
    let prompt = case.prompt();
    bedrock.expect(case, &prompt)?;
    let invocation = Invocation {
        request_id: Some(case.request_id()),
        trace_id: Some(TRACE_ID.to_owned()),
        ..Invocation::default()
    };
    let event = json!({"prompt": prompt}).to_string();
    let outcome = function.invoke_with(event, invocation).await;
    let requests = bedrock.take_requests(&prompt);
    check(case, &prompt, &outcome, requests).map_err(|problem| Violation::Reply {
        process: case.process,
        number: case.number,
        fault: case.fault.words,
        problem,
    })
}

/// What is wrong, in words that quote nothing of the reply but its code.
fn check(case: Case, prompt: &str, outcome: &Outcome, requests: u32) -> Result<(), String> {
    let payload = outcome
        .response()
        .ok_or_else(|| format!("there is no reply: {outcome}"))?;
    let malformed = |error| format!("the reply is not well formed: {error}");
    let reply: Reply = serde_json::from_slice(payload).map_err(malformed)?;
    let body: Body = serde_json::from_str(&reply.body).map_err(malformed)?;
    match (&body.text, &body.request_id) {
        (Some(text), _) if *text != Case::answer(prompt) => {
            return Err("the answer is that of another invocation, or not whole".to_owned());
        }
        (None, Some(id)) if *id != case.request_id() => {
            return Err("the error names another invocation's requestId".to_owned());
        }
        _ => {}
    }
    let (status, wanted) = (reply.status_code, case.fault.status_code);
    if status != wanted {
        let code = body.code.unwrap_or_default();
        return Err(format!(
            "statusCode is {status} instead of {wanted} (code: \"{code}\")"
        ));
    }
    let wanted = case.fault.requests;
    if requests != wanted {
        return Err(format!(
            "Bedrock got {requests} requests instead of {wanted}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bedrock_local::http::HeaderMap;

    use super::*;
    use crate::load::case::OF_MANY_PROCESSES;

    const CASE: Case = Case {
        process: 1,
        number: 2,
        fault: OF_MANY_PROCESSES[0],
    };

    fn replied(status_code: u16, body: serde_json::Value) -> Outcome {
        let reply = json!({"statusCode": status_code, "body": body.to_string()});
        Outcome::Response {
            body: reply.to_string().into(),
            headers: HeaderMap::new(),
        }
    }

    fn problem(outcome: &Outcome, requests: u32) -> Option<String> {
        check(CASE, &CASE.prompt(), outcome, requests).err()
    }

    fn throttled_as(request_id: &str) -> Outcome {
        replied(
            429,
            json!({"message": "m", "code": "ThrottlingException", "requestId": request_id}),
        )
    }

    #[test]
    fn the_right_reply_is_no_problem() {
        assert_eq!(problem(&throttled_as(&CASE.request_id()), 3), None);
    }

    #[test]
    fn each_wrong_reply_is_a_problem_of_its_own() {
        let answer = |text: &str| replied(200, json!({"text": text}));
        for (outcome, requests, words) in [
            (Outcome::TimedOut, 3, "no reply"),
            (answer("You said: something else"), 3, "another invocation"),
            (
                answer(&Case::answer(&CASE.prompt())),
                3,
                "200 instead of 429",
            ),
            (
                throttled_as("process-1-invocation-3"),
                3,
                "another invocation",
            ),
            (
                throttled_as(&CASE.request_id()),
                2,
                "2 requests instead of 3",
            ),
        ] {
            let problem = problem(&outcome, requests).unwrap();
            assert!(problem.contains(words), "{problem}");
        }
    }
}

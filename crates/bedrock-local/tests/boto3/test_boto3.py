"""bedrock-local, called by the real boto3 client.

BEDROCK_LOCAL_BIN names the built program.
"""

import json
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.eventstream import ChecksumMismatch
from botocore.exceptions import ClientError, EventStreamError
from urllib3.exceptions import ProtocolError

NOVA = "jp.amazon.nova-2-lite-v1:0"
TITAN = "amazon.titan-text-express-v1"
ARN = f"arn:aws:bedrock:ap-northeast-1:123456789012:inference-profile/{NOVA}"
KEY_ID = "BEDROCKLOCAL0000000"
SECRET = "bedrock-local-is-a-stand-in-and-no-secret"
TABLE = Path(__file__).parents[4] / "models.json"


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@contextmanager
def bedrock_local(*arguments):
    """The endpoint's URL of a program of its own, on a free port."""
    program = os.environ.get("BEDROCK_LOCAL_BIN")
    if not program:
        pytest.fail("BEDROCK_LOCAL_BIN is not set; build bedrock-local and give the path of the program")
    process = subprocess.Popen(
        [program, "--port", "0", *arguments], env={}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield json.loads(process.stdout.readline())["endpointUrl"]
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.fixture
def endpoint_url():
    with bedrock_local() as url:
        yield url


@pytest.fixture
def titan_endpoint_url(tmp_path):
    """A Bedrock that still serves Titan Text."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    row = next(row for row in table["models"] if row["id"] == TITAN)
    row["lifecycle"] |= {"status": "active", "endOfLife": None}
    path = tmp_path / "models.json"
    path.write_text(json.dumps(table), encoding="utf-8")
    with bedrock_local("--models", str(path)) as url:
        yield url


def client(endpoint_url, secret=SECRET, region="ap-northeast-1", token=None, verify=None, attempts=1):
    session = boto3.Session(KEY_ID, secret, token, region)
    config = Config(retries={"total_max_attempts": attempts, "mode": "standard"}, proxies={})
    return session.client("bedrock-runtime", endpoint_url=endpoint_url, config=config, verify=verify)


def converse(bedrock, model_id=NOVA, prompt="Hello", **more):
    return bedrock.converse(modelId=model_id, messages=[{"role": "user", "content": [{"text": prompt}]}], **more)


def stream(bedrock, model_id=NOVA, prompt="Hello", **more):
    """The events of a stream, as they come."""
    messages = [{"role": "user", "content": [{"text": prompt}]}]
    return bedrock.converse_stream(modelId=model_id, messages=messages, **more)["stream"]


def names(events):
    return [next(iter(event)) for event in events]


def text_of(events):
    return "".join(event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)


def until_error(events, error):
    """What came before the error, and the error."""
    seen = []
    with pytest.raises(error) as caught:
        seen.extend(events)
        pytest.fail("the stream ended without an error")
    return seen, caught.value


def refused(call):
    """Status, error type and message of a refusal."""
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def test_converse_answers_in_full(endpoint_url):
    answer = converse(client(endpoint_url), inferenceConfig={"maxTokens": 4096, "temperature": 0})
    assert answer["output"]["message"]["role"] == "assistant"
    assert "received 5 characters in 1 turn for " + NOVA in answer["output"]["message"]["content"][0]["text"]
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]
    assert usage["inputTokens"] == 2 and usage["totalTokens"] == 2 + usage["outputTokens"]
    assert answer["metrics"]["latencyMs"] >= 0
    assert answer["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize("prompt", ["Hello", "東京はどこ"])
def test_a_stream_has_what_the_whole_answer_has(endpoint_url, prompt):
    bedrock = client(endpoint_url)
    whole = converse(bedrock, prompt=prompt)
    events = list(stream(bedrock, prompt=prompt))
    deltas = len(events) - 4
    assert names(events) == [
        "messageStart", *["contentBlockDelta"] * deltas, "contentBlockStop", "messageStop", "metadata"
    ]
    assert deltas > 10 and text_of(events) == whole["output"]["message"]["content"][0]["text"]
    assert events[0]["messageStart"] == {"role": "assistant"}
    assert events[-2]["messageStop"] == {"stopReason": whole["stopReason"]}
    assert events[-1]["metadata"]["usage"] == whole["usage"]
    assert events[-1]["metadata"]["metrics"]["latencyMs"] >= 0


def test_a_stream_is_refused_before_it_begins(endpoint_url):
    status, code, _ = refused(lambda: stream(client(endpoint_url), model_id="amazon.nova-micro-v1:0"))
    assert (status, code) == (400, "ValidationException")
    status, code, _ = refused(lambda: stream(client(endpoint_url, secret="another")))
    assert (status, code) == (403, "InvalidSignatureException")


@pytest.mark.parametrize(
    "fault, deltas",
    [("stream-error-first", 0), ("stream-error", 2), ("stream-error-last", None)],
)
def test_an_exception_can_come_in_a_stream(fault, deltas):
    with bedrock_local("--fault", f"{fault}:ThrottlingException:1") as endpoint_url:
        bedrock = client(endpoint_url)
        seen, error = until_error(stream(bedrock), EventStreamError)
        whole = list(stream(bedrock))
    assert error.response["Error"]["Code"] == "throttlingException"
    assert "Too many requests" in error.response["Error"]["Message"]
    expected = names(whole).count("contentBlockDelta") if deltas is None else deltas
    assert names(seen).count("contentBlockDelta") == expected
    assert "messageStop" not in names(seen)


def test_a_wrong_checksum_is_noticed():
    with bedrock_local("--fault", "stream-malformed") as endpoint_url:
        seen, _ = until_error(stream(client(endpoint_url)), ChecksumMismatch)
    assert text_of(seen) == "This is "


def test_a_stream_can_stop_and_lack_its_metadata():
    with bedrock_local("--fault", "stream-stop:1", "--fault", "stream-no-metadata:1") as endpoint_url:
        bedrock = client(endpoint_url)
        assert names(stream(bedrock)) == ["messageStart", "contentBlockDelta", "contentBlockDelta"]
        assert names(stream(bedrock))[-2:] == ["contentBlockStop", "messageStop"]


@pytest.mark.parametrize("fault", ["stream-reset", "truncated"])
def test_a_connection_can_end_in_the_middle_of_a_stream(fault):
    with bedrock_local("--fault", fault) as endpoint_url:
        seen, _ = until_error(stream(client(endpoint_url)), (ConnectionError, ProtocolError))
    assert text_of(seen) == "This is "


def test_a_profiles_arn_and_a_session_token_are_signed_right(endpoint_url):
    answer = converse(client(endpoint_url, token="a token"), model_id=ARN)
    assert NOVA in answer["output"]["message"]["content"][0]["text"]


def test_titan_answers_in_its_own_shape(titan_endpoint_url):
    body = {
        "inputText": "こんにちは",
        "textGenerationConfig": {"maxTokenCount": 4096, "stopSequences": [], "temperature": 0, "topP": 1},
    }
    response = client(titan_endpoint_url).invoke_model(
        modelId=TITAN, contentType="application/json", accept="application/json", body=json.dumps(body)
    )
    answer = json.loads(response["body"].read())
    (result,) = answer["results"]
    assert answer["inputTextTokenCount"] == 5
    assert result["outputText"].startswith("\nこれはモデルの回答ではありません。")
    assert result["completionReason"] == "FINISH"


def test_a_retired_model_answers_404(endpoint_url):
    body = json.dumps({"inputText": "Hello"})
    status, code, message = refused(lambda: client(endpoint_url).invoke_model(modelId=TITAN, body=body))
    assert (status, code) == (404, "ResourceNotFoundException")
    assert message.startswith("This model version has reached the end of its life.")


def test_a_profile_is_required(endpoint_url):
    status, code, message = refused(lambda: converse(client(endpoint_url), model_id="amazon.nova-micro-v1:0"))
    assert (status, code) == (400, "ValidationException")
    assert "with on-demand throughput isn’t supported" in message


def test_a_blank_prompt_is_refused(endpoint_url):
    status, code, message = refused(lambda: converse(client(endpoint_url), prompt=" "))
    assert (status, code) == (400, "ValidationException")
    assert "messages.0.content.0 is blank" in message


def test_titan_refuses_too_many_tokens(titan_endpoint_url):
    body = json.dumps({"inputText": "Hello", "textGenerationConfig": {"maxTokenCount": 9000}})
    status, code, message = refused(lambda: client(titan_endpoint_url).invoke_model(modelId=TITAN, body=body))
    assert (status, code) == (400, "ValidationException")
    assert "maxTokenCount: 9000 is not less or equal to 8192" in message


def test_a_wrong_secret_is_refused(endpoint_url):
    status, code, _ = refused(lambda: converse(client(endpoint_url, secret="another")))
    assert (status, code) == (403, "InvalidSignatureException")


def test_another_region_is_refused(endpoint_url):
    status, code, message = refused(lambda: converse(client(endpoint_url, region="us-east-1")))
    assert (status, code) == (403, "InvalidSignatureException")
    assert "valid region" in message


def test_throttling_is_retried():
    with bedrock_local("--fault", "throttle:2") as endpoint_url:
        answer = converse(client(endpoint_url, attempts=3))
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2


def test_the_certificate_authority_is_enough_over_tls(tmp_path):
    authority = tmp_path / "ca.pem"
    with bedrock_local("--tls", "--write-ca", str(authority)) as endpoint_url:
        assert endpoint_url.startswith("https://localhost:")
        answer = converse(client(endpoint_url, verify=str(authority)))
    assert NOVA in answer["output"]["message"]["content"][0]["text"]


NATIVE = "jp.anthropic.claude-haiku-4-5-20251001-v1:0"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def text_format(schema):
    structure = {"jsonSchema": {"schema": json.dumps(schema), "name": "answer", "description": "A city."}}
    return {"textFormat": {"type": "json_schema", "structure": structure}}


def forced_tool(schema):
    tool = {"toolSpec": {"name": "answer", "description": "A city.", "inputSchema": {"json": schema}}}
    return {"tools": [tool], "toolChoice": {"tool": {"name": "answer"}}}


def test_a_schema_is_answered_as_text_and_as_the_input_of_a_tool(endpoint_url):
    bedrock = client(endpoint_url)
    closed = text_format(SCHEMA | {"additionalProperties": False})
    answer = converse(bedrock, model_id=NATIVE, outputConfig=closed)
    assert answer["output"]["message"]["content"] == [{"text": '{"city":"city"}'}]
    assert answer["stopReason"] == "end_turn"

    answer = converse(bedrock, toolConfig=forced_tool(SCHEMA))
    (block,) = answer["output"]["message"]["content"]
    assert block["toolUse"]["name"] == "answer"
    assert block["toolUse"]["input"] == {"city": "city"}
    assert answer["stopReason"] == "tool_use"


def test_a_streamed_schema_is_answered_in_deltas(endpoint_url):
    bedrock = client(endpoint_url)
    closed = text_format(SCHEMA | {"additionalProperties": False})
    events = list(stream(bedrock, model_id=NATIVE, outputConfig=closed))
    assert text_of(events) == '{"city":"city"}'

    events = list(stream(bedrock, toolConfig=forced_tool(SCHEMA)))
    assert events[1]["contentBlockStart"]["start"]["toolUse"]["name"] == "answer"
    deltas = [event["contentBlockDelta"]["delta"]["toolUse"]["input"] for event in events if "contentBlockDelta" in event]
    assert len(deltas) > 1
    assert json.loads("".join(deltas)) == {"city": "city"}
    assert names(events)[-3:] == ["contentBlockStop", "messageStop", "metadata"]
    assert events[-2]["messageStop"]["stopReason"] == "tool_use"


def test_a_schema_that_bedrock_refuses_is_refused(endpoint_url):
    bedrock = client(endpoint_url)
    status, code, message = refused(lambda: converse(bedrock, model_id=NATIVE, outputConfig=text_format(SCHEMA)))
    assert (status, code) == (400, "ValidationException")
    assert "'additionalProperties' must be explicitly set to false" in message
    _, _, message = refused(lambda: converse(bedrock, outputConfig=text_format(SCHEMA)))
    assert "doesn't support the outputConfig.textFormat field" in message


@pytest.mark.parametrize("tier", ["flex", "priority", "default"])
def test_an_answer_says_in_which_tier_it_was_served(endpoint_url, tier):
    bedrock = client(endpoint_url)
    asked = {"serviceTier": {"type": tier}}
    assert converse(bedrock, **asked)["serviceTier"] == {"type": tier}
    assert list(stream(bedrock, **asked))[-1]["metadata"]["serviceTier"] == {"type": tier}
    assert "serviceTier" not in converse(bedrock)
    assert "serviceTier" not in list(stream(bedrock))[-1]["metadata"]


@pytest.mark.parametrize(
    "model, tier, says",
    [
        (NATIVE, "flex", "service tier is not supported"),
        (NATIVE, "priority", "service tier is not supported"),
        (NOVA, "reserved", "Reservation not found."),
        (NOVA, "cheapest", "service tier provided is invalid"),
    ],
)
def test_a_tier_that_a_model_does_not_have_is_refused(endpoint_url, model, tier, says):
    bedrock = client(endpoint_url)
    for call in (converse, stream):
        status, code, message = refused(lambda: call(bedrock, model_id=model, serviceTier={"type": tier}))
        assert (status, code) == (400, "ValidationException")
        assert says in message
    assert converse(bedrock, model_id=model, serviceTier={"type": "default"})


def test_the_fault_schema_violates_it():
    with bedrock_local("--fault", "schema") as url:
        answer = converse(client(url), toolConfig=forced_tool(SCHEMA))
    assert answer["output"]["message"]["content"][0]["toolUse"]["input"] == {}

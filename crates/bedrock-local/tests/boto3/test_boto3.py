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
from botocore.exceptions import ClientError

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
    row["lifecycle"] = {"status": "active", "endOfLife": None, "endOfLifeNoSoonerThan": None}
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

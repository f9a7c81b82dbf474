"""The function's streamed answer, read by a real client of Server-Sent Events at a Function URL.

BEDROCK_LOCAL_BIN, LAMBDA_LOCAL_BIN and BEDROCK_FUNCTION_BIN name the built programs.
"""

import json
import os
import subprocess
import urllib.request
from contextlib import contextmanager

import pytest
import sseclient

MODEL = "jp.amazon.nova-2-lite-v1:0"
KEYS = {
    "AWS_ACCESS_KEY_ID": "BEDROCKLOCAL0000000",
    "AWS_SECRET_ACCESS_KEY": "bedrock-local-is-a-stand-in-and-no-secret",
}


@contextmanager
def started(variable, *arguments, stream):
    """A program, by the first line that it writes to that stream."""
    program = os.environ.get(variable)
    if not program:
        pytest.fail(f"{variable} is not set; build the program and give its path")
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: subprocess.PIPE}
    process = subprocess.Popen([program, *arguments], env={}, text=True, **pipes)
    try:
        yield getattr(process, stream).readline()
    finally:
        process.terminate()
        process.communicate(timeout=10)


@contextmanager
def function_url(*faults):
    with started("BEDROCK_LOCAL_BIN", "--port", "0", *faults, stream="stdout") as line:
        variables = {
            **KEYS,
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": json.loads(line)["endpointUrl"],
            "BEDROCK_MODEL_IDS": MODEL,
            "BEDROCK_STREAM": "1",
        }
        env = [part for item in variables.items() for part in ("--env", "=".join(item))]
        function = os.environ["BEDROCK_FUNCTION_BIN"]
        with started("LAMBDA_LOCAL_BIN", "--url-port", "0", *env, "--", function, stream="stderr") as line:
            yield line.split()[-1]


def events(url):
    body = json.dumps({"prompt": "東京について", "stream": True}).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, body)) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        return [(event.event, json.loads(event.data)) for event in sseclient.SSEClient(response).events()]


def test_a_client_of_server_sent_events_reads_each_text_and_the_end():
    with function_url() as url:
        *texts, (last, done) = events(url)
    assert len(texts) > 3 and {name for name, _ in texts} == {"text"}
    assert "の応答です。" in "".join(data["text"] for _, data in texts)
    assert last == "done"
    assert done["usage"]["outputTokens"] > 3


def test_a_client_of_server_sent_events_reads_the_error_that_broke_the_answer_off():
    with function_url("--fault", "stream-reset") as url:
        received = events(url)
    assert [name for name, _ in received] == ["text", "text", "error"]
    assert received[-1][1]["code"] == "ConnectionFailed"

"""lambda-local's Invoke API, called by the real boto3 client.

LAMBDA_LOCAL_BIN names the built program; the function is the fixture of its tests, built beside it.
"""

import base64
import json
import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

NAME = "ours"
PRELUDE_END = b"\0" * 8


@contextmanager
def client(*options, function=()):
    """A client of a program of its own, on a free port."""
    program = os.environ.get("LAMBDA_LOCAL_BIN")
    if not program:
        pytest.fail("LAMBDA_LOCAL_BIN is not set; build lambda-local and give the path of the program")
    fixture = Path(program).parent / "examples" / "fixture"
    command = [program, "--invoke-port", "0", "--function-name", NAME, *options, "--", str(fixture), *function]
    process = subprocess.Popen(command, env={}, stderr=subprocess.PIPE, text=True)
    try:
        url = process.stderr.readline().split()[-1]
        session = boto3.Session("AKIDEXAMPLE", "secret", None, "ap-northeast-1")
        config = Config(retries={"total_max_attempts": 1}, proxies={}, max_pool_connections=20)
        yield session.client("lambda", endpoint_url=url, config=config)
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.fixture(scope="module")
def ours():
    with client() as ours:
        yield ours


class Pace:
    """What the fixture waits for where its event names this address."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.connection = None

    def accept(self):
        if self.connection is None:
            self.connection, _ = self.listener.accept()

    def step(self):
        self.accept()
        self.connection.sendall(b".")


def invoke(ours, event, **arguments):
    return ours.invoke(FunctionName=NAME, Payload=json.dumps(event), **arguments)


def stream(ours, event):
    return ours.invoke_with_response_stream(FunctionName=NAME, Payload=json.dumps(event))["EventStream"]


def code_of(error):
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_the_payload_comes_back_with_the_version(ours):
    reply = invoke(ours, {"prompt": "AWS Lambdaとは何ですか？"})
    assert json.load(reply["Payload"]) == {"prompt": "AWS Lambdaとは何ですか？"}
    assert (reply["StatusCode"], reply["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in reply


def test_no_payload_is_an_empty_object(ours):
    assert json.load(ours.invoke(FunctionName=NAME)["Payload"]) == {}


def test_an_arn_names_the_function_and_the_context_and_the_id_reach_it(ours):
    names = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
    context = {"custom": {"a": "b"}, "client": dict.fromkeys(names, "x"), "env": {}}
    encoded = base64.b64encode(json.dumps(context).encode()).decode()
    arn = f"arn:aws:lambda:ap-northeast-1:123456789012:function:{NAME}"
    event = json.dumps({"do": "context"})
    reply = ours.invoke(FunctionName=arn, Qualifier="$LATEST", ClientContext=encoded, Payload=event)
    told = json.load(reply["Payload"])
    assert told["requestId"] == reply["ResponseMetadata"]["RequestId"]
    assert (told["arn"], told["custom"]) == (arn, {"a": "b"})


def test_an_error_of_the_function_is_a_success_of_the_call(ours):
    reply = invoke(ours, {"do": "fail"})
    assert (reply["StatusCode"], reply["FunctionError"]) == (200, "Unhandled")
    assert json.load(reply["Payload"])["errorMessage"] == "told to fail"


def test_a_function_that_ends_or_is_overdue_says_so(ours):
    reply = invoke(ours, {"do": "exit"})
    error = json.load(reply["Payload"])
    assert (reply["FunctionError"], error["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert error["errorMessage"].endswith("Error: Runtime exited with error: exit status: 7")
    with client("--timeout", "300ms") as hasty:
        reply = invoke(hasty, {"do": "hang"})
        assert reply["FunctionError"] == "Unhandled"
        error = json.load(reply["Payload"])
        assert error["errorType"] == "Sandbox.Timedout"
        assert error["errorMessage"].endswith("Error: Task timed out after 0.30 seconds")
        assert json.load(invoke(hasty, [2])["Payload"]) == [2]


def test_a_function_that_does_not_start_says_why():
    with client(function=["init-error"]) as broken:
        reply = invoke(broken, {})
        assert reply["FunctionError"] == "Unhandled"
        assert json.load(reply["Payload"])["errorType"] == "Fixture.Refused"


def test_an_event_is_taken_and_a_dry_run_does_nothing(ours):
    pace = Pace()
    event = {"do": "wait", "pace": pace.address}
    assert invoke(ours, event, InvocationType="DryRun")["StatusCode"] == 204
    assert invoke(ours, event, InvocationType="Event")["StatusCode"] == 202
    pace.step()


def test_another_function_or_version_is_not_found(ours):
    for name, qualifier in (("theirs", "$LATEST"), (NAME, "live")):
        with pytest.raises(ClientError) as error:
            ours.invoke(FunctionName=name, Qualifier=qualifier)
        assert code_of(error) == (404, "ResourceNotFoundException")
        assert f":function:{name}" in str(error.value)


def test_a_payload_that_is_too_large_or_no_json_is_refused(ours):
    with pytest.raises(ClientError) as error:
        invoke(ours, "x" * 6 * 1024 * 1024)
    assert code_of(error) == (413, "RequestEntityTooLargeException")
    with pytest.raises(ClientError) as error:
        ours.invoke(FunctionName=NAME, Payload=b"{")
    assert code_of(error) == (400, "InvalidRequestContentException")


def test_six_megabytes_of_an_answer_are_too_large(ours):
    for event in ({"do": "answer of", "bytes": 6_300_000}, {"do": "pour", "chunks": 100}):
        reply = invoke(ours, event)
        assert reply["FunctionError"] == "Unhandled"
        assert json.load(reply["Payload"])["errorType"] == "Function.ResponseSizeTooLarge"


def test_invocations_run_at_once_up_to_the_concurrency():
    with client("--concurrency", "4") as four, ThreadPoolExecutor(4) as threads:
        paces = [Pace() for _ in range(4)]
        running = [threads.submit(invoke, four, {"do": "wait", "pace": pace.address}) for pace in paces]
        for pace in paces:
            pace.accept()
        for call in (invoke, stream):
            with pytest.raises(ClientError) as error:
                call(four, {})
            assert code_of(error) == (429, "TooManyRequestsException")
            assert error.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        for pace in paces:
            pace.step()
        assert len({json.load(call.result()["Payload"]) for call in running}) == 4


def test_a_stream_comes_chunk_by_chunk(ours):
    pace = Pace()
    chunks = ["one ", "日本語 ", "three"]
    events = iter(stream(ours, {"do": "stream", "chunks": chunks, "pace": pace.address}))
    head = b""
    while not head.endswith(PRELUDE_END):
        head += next(events)["PayloadChunk"]["Payload"]
    assert json.loads(head.removesuffix(PRELUDE_END))["statusCode"] == 200
    for chunk in chunks:
        pace.step()
        assert next(events)["PayloadChunk"]["Payload"].decode() == chunk
    assert list(events) == [{"InvokeComplete": {}}]


def test_a_stream_that_breaks_off_ends_with_the_error(ours):
    pace = Pace()
    events = iter(stream(ours, {"do": "stream", "chunks": ["half"], "pace": pace.address, "then": "exit"}))
    pace.step()
    while not next(events)["PayloadChunk"]["Payload"].endswith(b"half"):
        pass
    pace.step()
    (last,) = list(events)
    assert last["InvokeComplete"]["ErrorCode"] == "Runtime.ExitError"
    assert "exit status: 7" in json.loads(last["InvokeComplete"]["ErrorDetails"])["errorMessage"]


def test_a_reply_that_is_not_streamed_is_one_chunk_and_an_error_is_the_end(ours):
    assert list(stream(ours, [1])) == [{"PayloadChunk": {"Payload": b"[1]"}}, {"InvokeComplete": {}}]
    (end,) = stream(ours, {"do": "fail"})
    assert json.loads(end["InvokeComplete"]["ErrorDetails"])["errorMessage"] == "told to fail"

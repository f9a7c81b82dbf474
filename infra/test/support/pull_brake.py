"""Runs a state machine's definition (standard input, after the function's name) in moto's interpreter, with an event as its input.

Prints the function's reserved concurrency before and after, and how the execution ended."""

import json
import sys
import time

import boto3
from moto import mock_aws

given = json.load(sys.stdin)
REGION = "ap-northeast-1"


def client(service):
    return boto3.client(service, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b")


def reserved(name):
    return client("lambda").get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")


def role_arn(name):
    return client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]


def ended(execution):
    """Waits in the interpreter's own clock: its thread ends within moments."""
    states = client("stepfunctions")
    while (state := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.05)
    return state["status"]


with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
    arn = role_arn("role")
    for name in given["functions"]:
        client("lambda").create_function(FunctionName=name, Role=arn, Runtime="provided.al2023", Handler="bootstrap", Code={"ZipFile": b"PK\x05\x06" + bytes(18)})
    before = {name: reserved(name) for name in given["functions"]}
    states = client("stepfunctions")
    machine = states.create_state_machine(name="brake", definition=given["definition"], roleArn=arn)["stateMachineArn"]
    status = ended(states.start_execution(stateMachineArn=machine, input=json.dumps(given["event"]))["executionArn"])
    print(json.dumps({"before": before, "after": {name: reserved(name) for name in given["functions"]}, "status": status}))

"""The loop that one writes for a file of prompts: boto3 and a pool of threads.

loop.py INPUT OUTPUT MODEL THREADS
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

source, target, model, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
client = boto3.client("bedrock-runtime", config=Config(max_pool_connections=threads))


def answered(line):
    row = json.loads(line)
    reply = client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": row["prompt"]}]}])
    return {"id": row["id"], "text": reply["output"]["message"]["content"][0]["text"]}


with open(source) as lines, open(target, "w") as answers, ThreadPoolExecutor(threads) as pool:
    for row in pool.map(answered, lines):
        answers.write(json.dumps(row) + "\n")

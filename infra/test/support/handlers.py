"""What CloudFormation calls for a resource of each type that is named: the permissions in AWS's own schemas, which cfn-lint ships."""

import json
import sys

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

REGION = "us-east-1"


def permissions(resource_type: str) -> "list[str]":
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource_type).schema["handlers"]
    return sorted({name for handler in ("create", "read", "update", "delete") for name in handlers.get(handler, {}).get("permissions", [])})


print(json.dumps({resource_type: permissions(resource_type) for resource_type in sys.argv[1:]}))

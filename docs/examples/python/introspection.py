"""Print a schema file as the introspection that sgqlc reads: `python introspection.py SCHEMA.graphql`."""

import json
import sys
from pathlib import Path

from graphql import build_schema, introspection_from_schema

print(json.dumps(introspection_from_schema(build_schema(Path(sys.argv[1]).read_text()))))

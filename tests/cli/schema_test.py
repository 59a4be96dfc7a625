#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Validates every JSON output over all samples against docs/schema, and the schemas against their own rules.

    schema_test.py MYWIRE SOURCE_FOLDER

The validator knows the part of JSON Schema 2020-12 that the schemas use and refuses any other keyword. It is stricter
than the standard: a key that its schema does not describe is an error here, while readers must bear new keys.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
ANNOTATIONS = {"$schema", "$defs", "title", "description"}
ASSERTIONS = {"$ref", "type", "enum", "const", "minimum", "maximum", "items", "properties", "required",
              "additionalProperties"}

# Command and format, and the schema of each of its objects.
OUTPUTS = [("summary", "json", "summary"), ("summary", "ndjson", "summary"), ("doctor", "json", "doctor"),
           ("connections", "json", "connections"),
           ("connections", "ndjson", "connection"), ("handshakes", "json", "handshakes"),
           ("handshakes", "ndjson", "handshakes"), ("commands", "json", "commands"),
           ("commands", "ndjson", "command"), ("digest", "json", "digest"), ("digest", "ndjson", "digest"),
           ("packets", "json", "packets"), ("packets", "ndjson", "packet")]


class Schemas:
    def __init__(self, folder):
        self.documents = {path.name: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
        self.errors = []

    def resolve(self, reference, name):
        document, _, pointer = reference.partition("#")
        name = document or name
        schema = self.documents[name]
        for key in filter(None, pointer.split("/")):
            schema = schema[key]
        return schema, name

    def has_type(self, value, wanted):
        for name in [wanted] if isinstance(wanted, str) else wanted:
            if name in ("integer", "number"):
                if isinstance(value, int if name == "integer" else (int, float)) and not isinstance(value, bool):
                    return True
            elif isinstance(value, TYPES[name]):
                return True
        return False

    def check(self, value, schema, name, path=""):
        """Appends to `errors` what of `value` is against `schema`, which is a part of document `name`."""
        if schema is False:
            self.errors.append(f"{path}: not in the schema")
            return
        if "$ref" in schema:
            target, target_name = self.resolve(schema["$ref"], name)
            self.check(value, target, target_name, path)
        if "type" in schema and not self.has_type(value, schema["type"]):
            self.errors.append(f"{path}: {value!r} is no {schema['type']}")
            return
        if "const" in schema and (value != schema["const"] or type(value) is not type(schema["const"])):
            self.errors.append(f"{path}: {value!r} is not {schema['const']!r}")
        if "enum" in schema and value not in schema["enum"]:
            self.errors.append(f"{path}: {value!r} is none of {schema['enum']}")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if value < schema.get("minimum", value) or value > schema.get("maximum", value):
                self.errors.append(f"{path}: {value} is out of range")
        if isinstance(value, list) and "items" in schema:
            for i, item in enumerate(value):
                self.check(item, schema["items"], name, f"{path}[{i}]")
        if isinstance(value, dict) and "$ref" not in schema:
            for key in schema.get("required", []):
                if key not in value:
                    self.errors.append(f"{path}.{key}: missing")
            for key, item in value.items():
                rule = schema.get("properties", {}).get(key, schema.get("additionalProperties", False))
                self.check(item, rule, name, f"{path}.{key}")

    def check_schema(self, schema, path):
        """The schema itself: known keywords only, a description for every key."""
        if not isinstance(schema, dict):
            return
        for keyword in schema.keys() - ANNOTATIONS - ASSERTIONS:
            self.errors.append(f"{path}: the validator does not know {keyword}")
        for key, part in schema.get("properties", {}).items():
            if not part.get("description"):
                self.errors.append(f"{path}.{key}: no description")
            self.check_schema(part, f"{path}.{key}")
        for key in schema.get("required", []):
            if key not in schema.get("properties", {}):
                self.errors.append(f"{path}.{key}: required, and not described")
        for keyword in ("items", "additionalProperties"):
            self.check_schema(schema.get(keyword), f"{path}.{keyword}")
        for key, part in schema.get("$defs", {}).items():
            self.check_schema(part, f"{path}.$defs.{key}")


def strict(text):
    """JSON without duplicate keys, NaN or infinities."""
    def pairs(items):
        keys = [k for k, _ in items]
        if len(keys) != len(set(keys)):
            raise ValueError(f"a key stands twice in {keys}")
        return dict(items)

    def constant(name):
        raise ValueError(f"{name} is not JSON")
    return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)


def outputs(mywire, root):
    """Every output: what it is, its bytes, its format, its schema."""
    for form in "json", "ndjson":
        done = subprocess.run([mywire, "fields", "-F", form], capture_output=True, timeout=60)
        yield f"fields -F {form}", done.stdout, form, "fields"
    for sample in sorted(root.glob("samples/*.pcap*")):
        for command, form, schema in OUTPUTS:
            options = ["-V", "--offsets", "--show-secrets"] if (command, form) == ("packets", "json") else []
            done = subprocess.run([mywire, command, "-F", form, *options, str(sample)], capture_output=True, timeout=60)
            yield f"{command} -F {form} {sample.name}", done.stdout, form, schema


    groups = sorted(root.glob("samples/*-auth-*.pcap*"))
    done = subprocess.run([mywire, "handshakes", "-F", "json", "--by", "user,auth_plugin", *groups], capture_output=True, timeout=60)
    yield "handshakes --by", done.stdout, "json", "handshakes"
    for command in "handshakes", "summary", "digest":
        with tempfile.TemporaryDirectory() as folder:
            for side, some in ("base", groups[:1]), ("new", groups):
                subprocess.run([mywire, command, "-o", f"json:{folder}/{side}", *some], capture_output=True, timeout=60)
            done = subprocess.run([mywire, "diff", "-F", "json", f"{folder}/base", f"{folder}/new"], capture_output=True, timeout=60)
            yield f"diff of {command}", done.stdout, "json", "diff"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    root = Path(sys.argv[2])
    schemas = Schemas(root / "docs/schema")
    passed = failed = 0

    def tell(what):
        nonlocal passed, failed
        passed, failed = passed + (not schemas.errors), failed + bool(schemas.errors)
        if schemas.errors:
            print(f"FAIL {what}")
        for error in schemas.errors[:20]:
            print(f"     {error}")
        schemas.errors.clear()

    for name, document in schemas.documents.items():
        schemas.check_schema(document, name)
        tell(f"docs/schema/{name}")
    for what, data, form, schema in outputs(sys.argv[1], root):
        try:
            text = data.decode()
            for value in [text] if form == "json" else text.splitlines():
                schemas.check(strict(value), schemas.documents[f"{schema}.json"], f"{schema}.json")
        except ValueError as error:
            schemas.errors.append(str(error))
        tell(what)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())

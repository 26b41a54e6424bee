#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""validate.py FILE…: check manifests against the schemas of Kubernetes, strictly, or, of other kinds, those in schemas.yaml.

Prints how many manifests of which kind were checked. Exit code 1 and what is wrong, when something is.
"""
import collections
import sys
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

VERSION = "1.37"


def check(manifest, ours):
    key = f'{manifest["apiVersion"]} {manifest["kind"]}'
    if key not in ours["kinds"]:
        kubernetes_validate.validate(manifest, VERSION, strict=True)
        return
    jsonschema.validate(manifest, {"definitions": ours["definitions"], **ours["kinds"][key]}, jsonschema.Draft7Validator)
    if manifest["kind"] == "Notebook":  # its pod is one of Kubernetes
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": manifest["spec"]["template"]["spec"]}
        kubernetes_validate.validate(pod, VERSION, strict=True)


def main():
    ours = yaml.safe_load((Path(__file__).parent / "schemas.yaml").read_text())
    counts = collections.Counter()
    wrong = False
    for name in sys.argv[1:]:
        for manifest in yaml.safe_load_all(Path(name).read_text()):
            try:
                check(manifest, ours)
                counts[manifest["kind"]] += 1
            except (jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
                wrong = True
                print(f"{name}: {manifest.get('kind')}: {error}", file=sys.stderr)
    print(" ".join(f"{kind}={count}" for kind, count in sorted(counts.items())))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

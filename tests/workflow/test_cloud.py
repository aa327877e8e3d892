"""The workflow with its results in a bucket: from one machine, from machines that share no disk, and on Kubernetes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import xarray as xr
from moto.server import ThreadedMotoServer
from obstore.store import S3Store
from zarr.storage import ObjectStore

from .conftest import Project, content

pytestmark = pytest.mark.cloud

KEY = "of-a-test"  # and of no worth
# A machine that has nothing but what is installed: a folder that a job finds empty, and nobody else knows. What it
# imported must have come with the job, for infoplane may be installed too.
MACHINE = """#!/usr/bin/env bash
set -euo pipefail
folder=$(mktemp --directory --tmpdir="$MACHINES")
cd "$folder"
export PYTHONPATH="$folder/workflow"
(bash "$1" >said 2>&1 && python -c "import infoplane, sys; sys.exit('$folder' not in infoplane.__file__)" \
    && echo success >ended || echo failed >ended) &
echo $! >process
echo "$folder"
"""
STATUS = """#!/usr/bin/env bash
cat "$1/ended" 2>/dev/null || echo running
"""


@dataclass(frozen=True)
class Bucket:
    """A bucket of an S3 server."""

    endpoint: str
    name: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """What puts the results of a workflow there."""
        return ("--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{self.name}/study")

    def store(self, prefix: str) -> S3Store:
        """What lies below a prefix."""
        return S3Store(
            self.name,
            prefix=f"study/{prefix}",
            endpoint=self.endpoint,
            region="us-east-1",
            access_key_id=KEY,
            secret_access_key=KEY,
            client_options={"allow_http": True},
        )

    def content(self, prefix: str) -> dict[str, bytes]:
        """The files below a prefix."""
        store = self.store(prefix)
        return {each["path"]: bytes(store.get(each["path"]).bytes()) for batch in store.list() for each in batch}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server of buckets on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SNAKEMAKE_STORAGE_S3_ENDPOINT_URL", f"http://{host}:{port}")
        patched.setenv("SNAKEMAKE_STORAGE_S3_ACCESS_KEY", KEY)
        patched.setenv("SNAKEMAKE_STORAGE_S3_SECRET_KEY", KEY)
        yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def on_disk(project: Project) -> Project:
    """One network with two figures, on a disk."""
    project.write(sweep=[], figures=["information_plane", "training"], animations=[])
    project.run()
    return project


@pytest.fixture(scope="module")
def bucket(on_disk: Project, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Bucket:
    """One with the results of the experiment, run on this machine."""
    made = Bucket(endpoint, "one-machine")
    on_disk.run("--directory", str(tmp_path_factory.mktemp("elsewhere")), *made.arguments)
    return made


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, ...]]:
    """Arguments that run every job on a machine of its own, which is stopped in the end."""
    commands = []
    for option, script in (("submit", MACHINE), ("status", STATUS)):
        (tmp_path / option).write_text(script)
        (tmp_path / option).chmod(0o755)
        commands += [f"--cluster-generic-{option}-cmd", str(tmp_path / option)]
    (tmp_path / "machines").mkdir()
    monkeypatch.setenv("MACHINES", str(tmp_path / "machines"))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    nothing_shared = ("--shared-fs-usage", "none", "--job-deploy-sources")
    yield ("--executor", "cluster-generic", "--jobs", "2", *nothing_shared, *commands)
    for machine in (tmp_path / "machines").iterdir():
        if not (machine / "ended").exists():
            subprocess.run(["pkill", "--parent", (machine / "process").read_text().strip()], check=False)


def results(project: Project) -> dict[str, bytes]:
    """What must not depend on where it is kept."""
    return content(project.results, "summary.zarr/**/c/**/*", "figures/*.csv", "runs/*/checkpoints/**/*.pt")


def test_results_in_a_bucket_are_those_on_a_disk(on_disk: Project, bucket: Bucket) -> None:
    assert results(on_disk).items() <= bucket.content("results/tiny").items()


def test_another_machine_goes_on_from_the_bucket(on_disk: Project, bucket: Bucket, tmp_path: Path) -> None:
    elsewhere = ("--directory", str(tmp_path), *bucket.arguments)
    assert on_disk.planned(*elsewhere) == {}
    bucket.store("results/tiny").delete("figures/training.csv")
    assert on_disk.planned(*elsewhere) == {"draw_training": 1}


def test_what_is_made_again_replaces_all_that_was_there(on_disk: Project, bucket: Bucket, tmp_path: Path) -> None:
    bucket.store("results/tiny").put("summary.zarr/of-before", b"")
    on_disk.run("--directory", str(tmp_path), *bucket.arguments, "--forcerun", "aggregate")
    assert "summary.zarr/of-before" not in bucket.content("results/tiny")


def test_a_summary_is_opened_where_it_is(on_disk: Project, bucket: Bucket) -> None:
    there = ObjectStore(bucket.store("results/tiny/summary.zarr"), read_only=True)
    with (
        xr.open_datatree(there, engine="zarr") as found,
        xr.open_datatree(on_disk.results / "summary.zarr", engine="zarr") as expected,
    ):
        xr.testing.assert_equal(found, expected)
        assert found.attrs["experiment"] == expected.attrs["experiment"]
        assert found.attrs["sources"]["stores"].keys() == expected.attrs["sources"]["stores"].keys()


def test_machines_that_share_no_disk(on_disk: Project, endpoint: str, machines: tuple[str, ...]) -> None:
    """They have what is installed, what git tracks of the project, and the bucket."""
    bucket = Bucket(endpoint, "many-machines")
    for command in (["init", "--quiet"], ["add", "Snakefile", "config.yaml", "envs", "profiles", "study", "workflow"]):
        subprocess.run(["git", *command], cwd=on_disk.folder, check=True)
    on_disk.run(*machines, *bucket.arguments)
    assert results(on_disk).items() <= bucket.content("results/tiny").items()


def test_kubernetes_is_planned(on_disk: Project, endpoint: str, tmp_path: Path) -> None:
    """As far as one comes without: the settings are taken, and every result goes to the bucket."""
    profile = ("--profile", "workflow/profiles/kubernetes", "--container-image", "infoplane")
    bucket = Bucket(endpoint, "planned")
    elsewhere = ("--directory", str(tmp_path), *profile, *bucket.arguments[2:])
    said = on_disk.run("--dry-run", *elsewhere)
    for output in ("checkpoints", "activations.zarr", "information/renyi.zarr"):
        assert f"s3://planned/study/results/tiny/runs/default.seeds-0/{output} (send to storage)" in said
    assert "output: results/" not in said
    on_disk.run("--lint", *profile, *bucket.arguments[2:])

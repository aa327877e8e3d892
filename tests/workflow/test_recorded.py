"""The workflow goes on from stores that a loop of one's own has recorded, and says what `infoplane.analyse` says."""

import json
import re
from pathlib import Path

import pytest
import torch
import xarray as xr
import yaml
from torch import nn

import infoplane
from infoplane.capture import Recorder

from .conftest import ROOT, Project, content

OWN = (ROOT / "docs" / "own.md").read_text()
(EXAMPLE,) = re.findall(r"<!-- tested: recorded\.yaml -->\n```yaml\n(.*?)```", OWN, flags=re.DOTALL)
STUDY = {**yaml.safe_load(EXAMPLE), "claims": ["yu2021.error_chain"]}


def record(path: Path, seed: int, *, rate: float = 1.0) -> None:
    """A loop of one's own: two looks at a tiny network, and one step between them."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))
    inputs, targets = torch.linspace(-1, 1, 96).reshape(24, 4).sin(), torch.arange(24) % 3
    with Recorder(model, seed=seed) as recorder:
        recorder.look(inputs, targets, epoch=0)
        nn.functional.cross_entropy(model(inputs), targets).backward()
        with torch.no_grad():
            for each in model.parameters():
                each -= rate * each.grad
        recorder.look(inputs, targets, epoch=1)
    recorder.save(path)


@pytest.mark.long
def test_what_is_recorded_is_measured_judged_and_shown(project: Project, tmp_path: Path) -> None:
    for seed in (2, 7):
        record(tmp_path / f"seed-{seed}.zarr", seed)
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(STUDY))
    own = str(tmp_path / "own.yaml")
    before = content(tmp_path, "seed-*.zarr/**/*")
    jobs = project.planned(experiment=own)
    assert (jobs["measure"], [stage for stage in ("prepare", "train", "capture") if stage in jobs]) == (2, [])
    project.run(experiment=own)
    assert content(tmp_path, "seed-*.zarr/**/*") == before

    results = project.folder / "results" / "own"
    found = xr.open_datatree(results / "summary.zarr", engine="zarr")
    expected = infoplane.analyse(
        [tmp_path / f"seed-{seed}.zarr" for seed in (2, 7)], estimators=STUDY["estimators"], controls=STUDY["controls"]
    )
    assert set(found.children) == set(expected.children) == {"information", "error_chain"}
    for group in found.children:
        xr.testing.assert_identical(
            found[group].to_dataset().load().drop_attrs(), expected[group].to_dataset().drop_attrs()
        )
    assert "training" not in found.attrs["experiment"]
    (verdict,) = json.loads((results / "claims.json").read_text())["claims"]
    assert verdict["effect"]["seeds"] == [2, 7]
    assert all((results / name).exists() for name in ("explorer.html", "figures/information_plane.svg"))
    assert project.planned(experiment=own) == {}

    record(tmp_path / "seed-7.zarr", 7, rate=0.5)
    record(tmp_path / "seed-9.zarr", 9)
    assert project.planned(experiment=own)["measure"] == 2
    (tmp_path / "seed-9.zarr/1/activation/c/0/0/0/0/0").write_bytes(b"")
    done = project.snakemake("--cores", "1", "--until", "measure", experiment=own)
    assert done.returncode != 0
    assert f"{tmp_path}/seed-9.zarr: 1/activation/c/0/0/0/0/0 is damaged. Record it again" in done.stderr

"""Files of a checkpoint: never read when damaged, never executed."""

import io
import logging
import re

import pytest
import torch

from infoplane import files
from infoplane.errors import StoreError
from infoplane.training import checkpoints


class Payload:
    """What a pickle runs when it is loaded: here, making a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def save(path, content):
    buffer = io.BytesIO()
    torch.save(content, buffer)
    files.write_checked(path, buffer.getvalue())


def state(value):
    return {"weights": {"w": torch.full((2,), float(value))}}


class TestLoad:
    def test_what_was_saved(self, tmp_path):
        checkpoints.save_weights(tmp_path, 42, state(7))
        found = checkpoints.load(tmp_path / "step-000000042.pt")
        assert found["weights"]["w"].tolist() == [7, 7]

    def test_a_payload_is_refused_and_not_executed(self, tmp_path):
        path, trap = tmp_path / "run" / "seed-0" / "step-000000000.pt", tmp_path / "trap"
        path.parent.mkdir(parents=True)
        save(path, {"weights": Payload(trap)})
        with pytest.raises(StoreError, match=rf"(?s){re.escape(str(path))}: refused by torch.load .*Delete .*/run and"):
            checkpoints.load(path)
        assert not trap.exists()
        torch.load(path, weights_only=False)["weights"].close()  # the trap is a real one
        assert trap.exists()

    @pytest.mark.parametrize("place", [0, 100, -1])
    def test_a_flipped_bit_is_found(self, tmp_path, place):
        checkpoints.save_weights(tmp_path, 3, state(1))
        path = tmp_path / "step-000000003.pt"
        content = bytearray(path.read_bytes())
        content[place] ^= 1
        path.write_bytes(content)
        with pytest.raises(StoreError, match=r"step-000000003.pt: damaged \(SHA-256 .* its rule train makes"):
            checkpoints.load(path)

    @pytest.mark.parametrize("suffix", ["", ".sha256"])
    def test_a_missing_file_is_named(self, tmp_path, suffix):
        checkpoints.save_weights(tmp_path, 3, state(1))
        (tmp_path / f"step-000000003.pt{suffix}").unlink()
        with pytest.raises(StoreError, match=r"step-000000003.pt: cannot be read with its checksum"):
            checkpoints.load(tmp_path / "step-000000003.pt")


class TestLatest:
    def test_none_where_nothing_is(self, tmp_path):
        assert checkpoints.latest(tmp_path, scheduled=[0, 5]) is None

    def test_two_states_are_kept(self, tmp_path):
        for step in (0, 5, 12, 100):
            checkpoints.save_state(tmp_path, step, state(step))
        assert sorted(path.name for path in tmp_path.glob("*.pt")) == [
            "step-000000012.state.pt",
            "step-000000100.state.pt",
        ]
        step, found = checkpoints.latest(tmp_path, scheduled=[])
        assert (step, found["weights"]["w"].tolist()) == (100, [100, 100])

    def test_a_state_counts_only_with_all_weights_before_it(self, tmp_path):
        for step in (5, 12):
            checkpoints.save_state(tmp_path, step, state(step))
        checkpoints.save_weights(tmp_path, 0, state(0))
        checkpoints.save_weights(tmp_path, 5, state(5))
        assert checkpoints.latest(tmp_path, scheduled=[0, 5, 10])[0] == 5
        assert checkpoints.latest(tmp_path, scheduled=[0, 5, 12])[0] == 12
        assert checkpoints.latest(tmp_path, scheduled=[0, 5, 13])[0] == 12
        assert checkpoints.latest(tmp_path, scheduled=[0, 3]) is None

    def test_damaged_files_are_named_and_removed(self, tmp_path, caplog):
        for step in (5, 12):
            checkpoints.save_weights(tmp_path, step, state(step))
            checkpoints.save_state(tmp_path, step, state(step))
        (tmp_path / "step-000000012.state.pt").write_bytes(b"half")
        with caplog.at_level(logging.WARNING):
            assert checkpoints.latest(tmp_path, scheduled=[5, 12])[0] == 5
        assert len(caplog.messages) == 1
        assert "step-000000012.state.pt: damaged" in caplog.messages[0]
        assert "training goes on from before it" in caplog.messages[0]
        assert not list(tmp_path.glob("step-000000012.state.pt*"))


def test_published_weights_outlive_their_source(tmp_path):
    """Links share the content; what is written to the source later replaces the name, not the content."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    checkpoints.save_weights(source, 1, state(1))
    checkpoints.save_weights(source, 2, state(2))
    checkpoints.publish(source, target, ["step-000000001.pt"])
    checkpoints.save_weights(source, 1, state(9))
    assert [path.name for path in sorted(target.iterdir())] == ["step-000000001.pt", "step-000000001.pt.sha256"]
    assert checkpoints.load(target / "step-000000001.pt")["weights"]["w"].tolist() == [1, 1]

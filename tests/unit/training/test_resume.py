"""Interrupted, never corrupted: whatever happens meanwhile, a run ends with the same bits."""

import itertools
import logging
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from infoplane import files, termination
from infoplane.training import run, statistics

KINDS = {
    "alone": ({"model": "lenet"}, 24),
    "adam": ({"model": "mlp", "optimiser": "adam", "learning_rate": 0.01}, 24),
    "batch normalisation and dropout": ({"model": {"factory": "normalised"}}, 24),
    "ensemble": ({"model": "mlp", "ensemble": True}, 12),
    "ensemble with dropout": ({"model": {"factory": "dropout"}, "ensemble": True}, 12),
}


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.unlink()  # the published file is a link to it
    path.write_bytes(content)


@pytest.fixture(params=KINDS)
def kind(request, recipe):
    """A recipe, and how many updates it takes: two networks, or one ensemble of two, for three epochs of four."""
    settings, updates = KINDS[request.param]
    return recipe(**settings), updates


class TestInterrupted:
    def test_once(self, kind, train, interrupt):
        """Between two checkpoints, and at one: where networks are trained one after another, that of the second."""
        made, total = kind
        undisturbed = train(made, "undisturbed").fingerprint()
        for updates in (3, total // 2 + 4):
            interrupt(made, f"interrupted-{updates}", updates)
            assert train(made, f"interrupted-{updates}").fingerprint() == undisturbed

    def test_again_and_again(self, kind, train, interrupt, monkeypatch):
        """After every fifth update, with a state every moment: no update is made twice."""
        monkeypatch.setattr(run, "_SECONDS_BETWEEN_STATES", -1)
        made, total = kind
        undisturbed = train(made, "undisturbed").fingerprint()
        for _ in range(total // 5):
            interrupt(made, "interrupted", 5)
        assert train(made, "interrupted").fingerprint() == undisturbed

    @pytest.mark.parametrize("written", [1, 2, 3, 4, 9, 14, 21])
    def test_while_a_file_is_written(self, recipe, train, monkeypatch, written):
        """Before the checksum or the content of weights or state, with half a file left where a kill would leave it."""
        made, write, left = recipe("mlp", seeds=(0,)), files.write, written

        def killed(path, content):
            nonlocal left
            left -= 1
            if left == 0:
                path.with_name(path.name + ".partial").write_bytes(content[: len(content) // 2])
                raise KeyboardInterrupt("killed")
            write(path, content)

        with monkeypatch.context() as patched:
            patched.setattr(files, "write", killed)
            with pytest.raises(KeyboardInterrupt, match="killed"):
                train(made, "interrupted")
        assert train(made, "interrupted").fingerprint() == train(made, "undisturbed").fingerprint()

    def test_a_finished_run_trains_nothing(self, recipe, train, steps):
        found = train(recipe()).fingerprint()
        steps.count = 0
        assert train(recipe()).fingerprint() == found
        assert steps.count == 0


class TestTerminated:
    """A scheduler asks, with SIGTERM, before it kills."""

    @pytest.fixture(autouse=True)
    def raised(self):
        before = signal.getsignal(signal.SIGTERM)
        termination.raises()
        yield
        signal.signal(signal.SIGTERM, before)

    @pytest.mark.parametrize("update", [2, 3, 12])
    def test_no_update_is_made_twice(self, kind, train, steps, update):
        """Asked at the second update, behind which a checkpoint is due, at the third, and at the very last of one."""
        made, total = kind
        undisturbed = train(made, "undisturbed").fingerprint()
        steps.count, steps.terminated = 0, update
        with pytest.raises(termination.Terminated):
            train(made, "terminated")
        assert steps.count == update
        steps.terminated = None
        assert train(made, "terminated").fingerprint() == undisturbed
        assert steps.count == total

    @pytest.mark.parametrize("measured", [1, 2])
    def test_what_is_measured_at_a_checkpoint_is_not_waited_for(self, kind, train, monkeypatch, caplog, measured):
        made, _ = kind
        caplog.set_level(logging.INFO)
        undisturbed = train(made, "undisturbed").fingerprint()
        norms, count = statistics.gradient_norms, itertools.count(1)

        def terminated(*arguments):
            if next(count) == measured:
                signal.raise_signal(signal.SIGTERM)
                pytest.fail("it went on")
            return norms(*arguments)

        monkeypatch.setattr(statistics, "gradient_norms", terminated)
        with pytest.raises(termination.Terminated):
            train(made, "terminated")
        assert "asked to end; it can go on from step" in caplog.text
        assert train(made, "terminated").fingerprint() == undisturbed

    def test_in_a_thread_training_ends_by_itself(self, recipe, train):
        """As signals reach the main thread only."""
        undisturbed = train(recipe("mlp"), "undisturbed").fingerprint()
        with ThreadPoolExecutor() as threads:
            assert threads.submit(train, recipe("mlp")).result().fingerprint() == undisturbed


class TestStatesBetweenCheckpoints:
    def test_they_change_nothing(self, kind, train, monkeypatch):
        made, _ = kind
        undisturbed = train(made, "undisturbed").fingerprint()
        monkeypatch.setattr(run, "_SECONDS_BETWEEN_STATES", -1)
        assert train(made, "watched").fingerprint() == undisturbed

    def test_training_goes_on_from_there(self, recipe, train, interrupt, steps, monkeypatch):
        """11 of 12 updates were made, the last checkpoint was at the 8th: one is left."""
        monkeypatch.setattr(run, "_SECONDS_BETWEEN_STATES", -1)
        made = recipe(seeds=(0,))
        interrupt(made, "interrupted", 11)
        train(made, "interrupted")
        assert steps.count == 1

    def test_without_them_training_goes_on_from_the_last_checkpoint(self, recipe, train, interrupt, steps):
        made = recipe(seeds=(0,))
        interrupt(made, "interrupted", 11)
        train(made, "interrupted")
        assert steps.count == 4


class TestLonger:
    def test_only_the_new_updates_are_made(self, kind, train, steps):
        """And the bits are those of a run that was to be so long from the beginning."""
        made, total = kind
        at_once = train(made, "at-once").fingerprint()
        shorter = type(made)(**{**vars(made), "epochs": (0, 0.5, 1)})
        train(shorter, "extended")
        steps.count = 0
        assert train(made, "extended").fingerprint() == at_once
        assert steps.count == total * 2 // 3

    def test_the_last_epoch_of_the_shorter_one_need_not_be_in_the_schedule(self, recipe, train, steps):
        """As with a logarithmic schedule, whose last epoch is a checkpoint whatever it is."""
        made = recipe(epochs=(0, 1, 3))
        at_once = train(made, "at-once").fingerprint()
        train(recipe(epochs=(0, 1, 2)), "extended")
        steps.count = 0
        assert train(made, "extended").fingerprint() == at_once
        assert steps.count == 8

    def test_a_denser_schedule_is_trained_anew(self, recipe, train, steps):
        made = recipe("mlp", epochs=(0, 0.5, 1))
        at_once = train(made, "at-once").fingerprint()
        train(recipe("mlp", epochs=(0, 1)), "denser")
        steps.count = 0
        assert train(made, "denser").fingerprint() == at_once
        assert steps.count == 8


class TestDamaged:
    """A file that is not what was written is named, removed, and made again."""

    @pytest.fixture
    def longer(self, recipe):
        return recipe("mlp", seeds=(0,))

    @pytest.fixture
    def shorter(self, recipe, train):
        return train(recipe("mlp", seeds=(0,), epochs=(0, 0.5, 1, 2)))

    @pytest.fixture
    def at_once(self, longer, train):
        return train(longer, "at-once").fingerprint()

    def test_the_newest_state(self, shorter, longer, at_once, train, steps, caplog):
        """Training goes on from the one before it, at epoch 1 instead of 2."""
        path = shorter.work / "seed-0" / "step-000000008.state.pt"
        damage(path)
        steps.count = 0
        with caplog.at_level(logging.WARNING):
            assert train(longer).fingerprint() == at_once
        assert [message.partition(" (")[0] for message in caplog.messages] == [f"{path}: damaged"]
        assert steps.count == 8

    def test_the_checksum_of_the_newest_state(self, shorter, longer, at_once, train, steps, caplog):
        files.checksum_path(shorter.work / "seed-0" / "step-000000008.state.pt").unlink()
        steps.count = 0
        with caplog.at_level(logging.WARNING):
            assert train(longer).fingerprint() == at_once
        assert "step-000000008.state.pt: cannot be read with its checksum" in caplog.text
        assert steps.count == 8

    def test_both_states(self, shorter, longer, at_once, train, steps, caplog):
        for step in (4, 8):
            damage(shorter.work / "seed-0" / f"step-{step:09d}.state.pt")
        steps.count = 0
        with caplog.at_level(logging.WARNING):
            assert train(longer).fingerprint() == at_once
        assert [record.message.count("damaged") for record in caplog.records] == [1, 1]
        assert steps.count == 12

    @pytest.mark.parametrize(("step", "updates"), [(0, 12), (4, 8), (8, 4)])
    def test_weights(self, shorter, longer, at_once, train, steps, caplog, step, updates):
        """No state behind them counts any more: those at epochs 1 and 2 are all there are."""
        path = shorter.work / "seed-0" / f"step-{step:09d}.pt"
        damage(path)
        steps.count = 0
        with caplog.at_level(logging.WARNING):
            assert train(longer).fingerprint() == at_once
        assert [message.partition(" (")[0] for message in caplog.messages] == [f"{path}: damaged"]
        assert steps.count == updates

    def test_weights_of_a_finished_run(self, longer, at_once, train, caplog):
        finished = train(longer)
        assert finished.fingerprint() == at_once
        damage(finished.work / "seed-0" / "step-000000002.pt")
        with caplog.at_level(logging.WARNING):
            assert train(longer).fingerprint() == at_once
        assert "step-000000002.pt: damaged" in caplog.text

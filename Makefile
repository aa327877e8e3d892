# make         set up, run what config.yaml asks for, write the report
# make test    set up, run the tests (at most ten minutes on two cores); make test-long runs those that take longer
#              (a quarter of an hour)
# make test-browser   pages in headless Chromium, which it installs by apt-get where there is none
# make test-faults    kills, a full disk, flipped bits, wrong files; make test-faults-long kills five times as often
# make test-slurm    the workflow on a Slurm, as root; brings one up if none is there (some ten minutes)
# make test-cloud    the workflow with its results in a bucket of a server on this machine, and planned for Kubernetes
# make lint    ruff, mypy, snakefmt, snakemake --lint
# make report  results/report.html: every figure with its caption, and how it was made
# make cost    docs/cost.md: run mnist_lenet from nothing, and write what every stage costs (some 15 minutes)
# make bench   our measures against straightforward implementations; see tests/benchmarks (some 20 minutes)
# make bench-scale    what planning, a job and gathering cost with 10 to 10,000 runs
# make reproduction   docs/reproduction: what each run of a paper's experiment under results/ shows, figure by figure
# make gallery results/gallery.html: every figure of every experiment under results/, with its settings
# make docs    the tables in README.md and docs/ that are generated from the code
# make clean   remove all results

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
PACKAGES := import sysconfig; print(sysconfig.get_path("purelib"))
SNAKEMAKE := $(BIN)/snakemake

.PHONY: all setup report test test-long test-browser test-faults test-faults-long test-slurm test-cloud browser lint cost bench \
	bench-scale reproduction gallery docs constraints clean

all: setup
	$(SNAKEMAKE) --quiet rules host
	@$(MAKE) --no-print-directory report
	@echo
	@echo "Figures:"; $(SNAKEMAKE) --quiet --summary 2>&1 | awk '$$1 ~ "/figures/.*[.]png$$" {print $$1}'
	@echo "Report: results/report.html"

setup: $(INSTALLED)

# Images of containers like to set this; every process would compile again whatever it imports of ours.
unexport PYTHONDONTWRITEBYTECODE

# A virtual environment with every package at the version that the project is tested with.
$(INSTALLED): pyproject.toml envs/constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[workflow,dev]' --constraint envs/constraints.txt
	@touch $@

# What submits to a scheduler, each in an environment on top of that one, since it delays every command of snakemake:
# Slurm's, where no controller answers, by ten seconds; those of clouds by three.
.venv/with-%/installed: $(INSTALLED)
	$(BIN)/python -m venv .venv/with-$*
	$(BIN)/python -c '$(PACKAGES)' > "$$(.venv/with-$*/bin/python -c '$(PACKAGES)')/base.pth"
	.venv/with-$*/bin/python -m pip install --quiet --editable '.[$*]' --constraint envs/constraints.txt
	@touch $@

report: setup
	$(SNAKEMAKE) --quiet rules host --report results/report.html

# One thread in each of two processes: more threads only get in each other's way. Tests of one file share what they
# set up, so they stay together; the longest files come first.
test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

# The tests of the explorer look at it in a real browser. Here and below a folder is named, since every process that tests
# reads all files that it may find tests in, which takes half a minute for all of them.
browser:
	command -v chromium chromedriver || (apt-get update && apt-get install --yes --no-install-recommends chromium chromium-driver)

test-browser: setup browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile tests/unit/explorer tests/unit/gallery -m browser

test-long: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder -m "long and not faults"

test-faults: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist load tests/workflow -m "faults and not long"

test-faults-long: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist load tests/workflow -m faults

test-slurm: .venv/with-slurm/installed
	OMP_NUM_THREADS=1 INFOPLANE_DEVICE=cpu tests/slurm/cluster with \
		.venv/with-slurm/bin/python -m pytest --numprocesses 3 --dist worksteal tests/workflow -m slurm

test-cloud: .venv/with-cloud/installed
	OMP_NUM_THREADS=1 .venv/with-cloud/bin/python -m pytest tests/workflow -m cloud

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(SNAKEMAKE) --lint

cost: setup
	$(BIN)/python docs/cost.py

bench: setup
	$(BIN)/python tests/benchmarks/bench.py

bench-scale: setup
	$(BIN)/python tests/benchmarks/scale.py

reproduction: setup
	$(BIN)/python docs/reproduction.py

gallery: setup
	$(BIN)/python -m infoplane.gallery

docs: setup
	$(BIN)/python docs/tables.py

# Newest versions of all packages but torch, whose pin lets pip take a CPU build; no lock file, which would name a host.
constraints: setup
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv lock --quiet --upgrade
	@echo "# Every package at the version the project is tested with; made by 'make constraints'." > envs/constraints.txt
	$(BIN)/uv export --quiet --frozen --no-hashes --no-annotate --no-header --no-emit-project --all-extras \
		>> envs/constraints.txt
	rm uv.lock

clean:
	find results -mindepth 1 -not -name README.md -delete

# What the experiments share. Each sets `runs`, names of what is scored, and says how OUT/scores/RUN.csv is made; `show`
# are the metrics of the table that `make` prints. A run NAME.sK is the K-th seed of NAME.
#   make             on real records in CFM_DATA      make -j 2        side by side
#   make smoke       on a few of cfm-synth, to see that every step runs
#   make clean       OUT=DIR: another place for what is made
# OUT/scores.csv: all figures, with intervals over subjects. OUT/report.html, where there is one: a page for people.
# Interrupted, the next `make` goes on; a file half made is not left.
SHELL := /bin/bash
.SHELLFLAGS := -e -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

tasks := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
root := $(abspath $(tasks)/../..)
CFM_BUILD ?= $(root)/build
CFM_DATA ?= $(root)/../shared/data
CFM_RUNS ?= $(root)/runs
OUT ?= $(CFM_RUNS)/$(notdir $(CURDIR))
SEED ?= 0
override CFM_DATA := $(abspath $(CFM_DATA))
export PATH := $(abspath $(CFM_BUILD))/bin:$(PATH)
# Programs with networks are there where the build has LibTorch.
networks := $(wildcard $(abspath $(CFM_BUILD))/bin/cfm-embed)

# The table; an experiment with several sets another name.
scores ?= $(OUT)/scores.csv

all: $(scores)
	@awk -v show='$(show)' -v only='$(only)' -f $(tasks)/summary.awk $<
	@$(if $(wildcard $(OUT)/report.html),echo 'report: $(OUT)/report.html')
smoke:
	@+$(MAKE) --no-print-directory SMOKE=1 OUT=$(OUT)-smoke all
clean:
	rm -rf $(OUT) $(OUT)-smoke
.PHONY: all smoke clean

$(OUT) $(OUT)/scores:
	mkdir -p $@
# $(data)/NAME: a folder of CFM_DATA, which must be there.
data := $(CFM_DATA)
$(data)/%:
	@echo '$(notdir $(CURDIR)): CFM_DATA: $@ is not there; make smoke needs none' >&2; exit 1
# The run, then the figures.
$(scores): $(tasks)/common.mk
	awk 'FNR == 1 { if (NR == 1) print "run," $$0; next } { run = FILENAME; sub(/.*\//, "", run); sub(/\.csv$$/, "", run); print run "," $$0 }' \
	  $(filter %.csv,$^) >$@

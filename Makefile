# specsweep: measure how much faster a method makes a reasoning model, and what
# it costs in accuracy, on the same samples.
#
#   make quickstart   install what is missing, build, run a real sweep
#   make test         everything: optimised, sanitized, layers, examples
#   make help         the rest

SANITIZE ?=
DEVELOPER ?=
CC ?= gcc

comma := ,
close := )
BUILD := build$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))
TESTS ?= *
PROGRAM := $(BUILD)/specsweep
TEST_PROGRAM := $(BUILD)/specsweep-tests

# ---- flags ------------------------------------------------------------------
# No -march=native and no -ffast-math: one binary, the instruction set is chosen
# when it starts, and sums are what the source says (-ffp-contract=off).

PKGS := yaml-0.1 gsl jansson libpcre2-8 libxxhash gmp mpfr libseccomp zlib \
        libcrypto
BLAS := $(shell pkg-config --exists openblas 2>/dev/null && echo openblas)
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) $(BLAS) 2>/dev/null)
PKG_LIBS = $(shell pkg-config --libs $(PKGS) $(BLAS) 2>/dev/null) -lcsv -lmpc

CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wpointer-arith -Wstrict-prototypes -Wvla
ifdef DEVELOPER
WARN += -Werror -Wshadow -Wwrite-strings -Wmissing-prototypes -Wundef \
        -Wformat=2 -Wold-style-definition
endif
override CPPFLAGS += -I. -D_GNU_SOURCE $(PKG_CFLAGS)
override CFLAGS += -std=c11 -ffp-contract=off -pthread $(WARN)
override LDFLAGS += -pthread
LDLIBS = $(PKG_LIBS) -lm
ifneq ($(SANITIZE),)
SANITIZE_FLAGS = -fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
                 -fno-sanitize-recover=undefined -Wno-format-truncation
override CFLAGS += $(SANITIZE_FLAGS)
override LDFLAGS += -fsanitize=$(SANITIZE)
endif

# Instruction-set flags on the ISA files only.
ARCH := $(shell $(CC) -dumpmachine | cut -d- -f1)
ISA_x86_64 := avx2 avx512
ISA_aarch64 := neon
ISA_FLAGS_avx2 := -mavx2 -mfma -mf16c
ISA_FLAGS_avx512 := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni \
                    -mavx2 -mfma -mf16c -mprefer-vector-width=512
ISA_FLAGS_neon :=

# ---- sources ----------------------------------------------------------------

ALL_C := $(wildcard engine/*/*.c harness/*.c harness/*/*.c)
ISA_ALL := avx2 avx512 neon
ISA_SKIP := $(filter-out $(ISA_$(ARCH)),$(ISA_ALL))
SRC := $(filter-out $(foreach i,$(ISA_SKIP),%_$(i).c),$(ALL_C))
LIB_SRC := $(filter-out harness/main.c,$(SRC))
TEST_SRC := $(wildcard tests/*.c)
obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

.DEFAULT_GOAL := all
all: $(PROGRAM)
objects: $(call obj,$(LIB_SRC))

$(PROGRAM): $(call obj,$(SRC))
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(TEST_PROGRAM): $(call obj,$(LIB_SRC) $(TEST_SRC))
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcriterion

# The kernels' tests alone, with libc and a stand-in for Criterion: for CPUs that
# are emulated (scripts/test_neon.sh).
KERNEL_TESTS := $(BUILD)/kernel-tests
KERNEL_SRC := $(filter-out %/hash.c %/rng.c %/kern_blas.c,$(filter engine/base/% \
                  engine/kernels/%,$(LIB_SRC))) \
              $(filter-out %_blas.c %_probe.c,$(wildcard tests/test_kern*.c)) \
              $(wildcard tests/helper_kernels.c) tests/test_pool.c \
              tests/neon/runner.c
$(KERNEL_TESTS): override CPPFLAGS += -Itests/neon
$(KERNEL_TESTS): $(call obj,$(KERNEL_SRC))
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -static -o $@ $^ -lm

# Simulations over the program's own functions: bench/NAME.c.
$(BUILD)/bench-%: $(BUILD)/bench/%.o $(call obj,$(LIB_SRC))
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

FUZZ_TARGET ?= none
$(BUILD)/$(FUZZ_TARGET): $(call obj,$(LIB_SRC) tests/helper_gguf.c) \
                         tests/fuzz/$(FUZZ_TARGET).c
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

SEEDS_SRC := $(filter engine/base/%,$(LIB_SRC)) tests/helper_gguf.c \
             tests/fuzz/write_seeds.c
$(BUILD)/write_seeds: $(call obj,$(SEEDS_SRC))
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Fuzzed parsers call no kernels but those that repack, and instrumenting the
# others takes minutes.
ifneq ($(findstring fuzzer,$(SANITIZE)),)
fuzzed_flags := $(SANITIZE_FLAGS)
$(BUILD)/engine/kernels/%.o: SANITIZE_FLAGS :=
$(BUILD)/engine/kernels/kern_pack.o $(BUILD)/engine/kernels/kern_format.o: \
    SANITIZE_FLAGS := $(fuzzed_flags)
endif

define isa_rule
$(BUILD)/%_$(1).o: %_$(1).c
	@mkdir -p $$(@D)
	$$(CC) $$(CPPFLAGS) $$(CFLAGS) $$(ISA_FLAGS_$(1)) -MMD -MP -c -o $$@ $$<
endef
$(foreach i,$(ISA_$(ARCH)),$(eval $(call isa_rule,$(i))))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)


# ---- packages ---------------------------------------------------------------

deps:
	@sh scripts/deps.sh

# ---- running ----------------------------------------------------------------

quickstart: deps
	@$(MAKE) --no-print-directory -s all
	$(PROGRAM) run configs/quickstart.yaml

# The experiments of configs/paper/ (under half an hour), then their tables and
# figures as results/paper/paper.pdf.
paper: deps
	@$(MAKE) --no-print-directory -s all
	@sh scripts/paper.sh $(PROGRAM)

# Fetch the benchmarks that may be fetched; NAMES='aime24 gsm8k': these alone.
datasets: $(PROGRAM)
	@sh scripts/fetch_datasets.sh $(PROGRAM) $(NAMES)

# ---- checking ---------------------------------------------------------------

# Seconds: what to run after every edit.
check: $(TEST_PROGRAM) check-layers
	$(TEST_PROGRAM) -j0 --filter '$(TESTS)/*'

# Everything. Each line below can be run alone.
test: deps
	@sh scripts/test.sh

# Dependencies run one way: base <- kernels <- model <- lm <- methods <- harness.
check-layers:
	@sh scripts/check_layers.sh

# Every header compiles alone (with its instruction set's flags, if any).
check-headers:
	@for h in $$(find engine harness -name '*.h'); do \
	    flags=; case $$h in \
	        $(foreach i,$(ISA_$(ARCH)),*_$(i).h$(close) flags='$(ISA_FLAGS_$(i))' ;;) \
	        $(foreach i,$(ISA_SKIP),*_$(i).h$(close) continue ;;) \
	    esac; \
	    printf '#include "%s"\n' $$h | \
	    $(CC) $(CPPFLAGS) $(CFLAGS) $$flags -x c -fsyntax-only - || exit 1; \
	done

check-functions:
	@sh scripts/check_functions.sh

bench: $(PROGRAM)
	@sh scripts/bench.sh $(PROGRAM)

# Against results/baseline; then, does the gate fire? make turns every failure
# into 2: the outcome is in build/gate/gate/verdict.json too.
gate: $(PROGRAM)
	@sh scripts/gate.sh $(PROGRAM) $(BUILD)/gate

# How often the gate is wrong, by resampling a real run (kept in build/).
bench-gate: $(PROGRAM) $(BUILD)/bench-gate_rates
	$(PROGRAM) run configs/gate-rates.yaml --results $(BUILD)/rates >/dev/null
	$(BUILD)/bench-gate_rates $(BUILD)/rates/gate-rates

# How often the intervals of the tables hold the truth, by simulation.
bench-stats: $(BUILD)/bench-coverage
	$(BUILD)/bench-coverage

# Do the golden numbers of the statistics come out of R again?
golden-r:
	@sh scripts/golden_r.sh

FORMAT_FILES := $(shell find engine harness tests -name '*.[ch]' 2>/dev/null)
format:
	clang-format -i $(FORMAT_FILES)

lint:
	cppcheck --quiet --std=c11 --enable=warning,portability \
	    --error-exitcode=1 --inline-suppr -I. engine harness

# libFuzzer (clang). FUZZ_SECONDS per target.
FUZZ_SECONDS ?= 30
fuzz:
	@FUZZ_SECONDS=$(FUZZ_SECONDS) sh scripts/fuzz.sh

clean:
	rm -rf build

help:
	@echo 'make quickstart     install what is missing, build, run a real sweep'
	@echo 'make test           every test (optimised, sanitized, examples)'
	@echo 'make                build $(PROGRAM)'
	@echo 'make check          the fast tests; TESTS=kernels for one module'
	@echo 'make paper          run configs/paper/, make results/paper/paper.pdf'
	@echo 'make datasets       fetch published benchmarks, verify, import'
	@echo 'make bench          speed of the shipped models on this machine'
	@echo 'make gate           against results/baseline: same tokens, still faster?'
	@echo 'make bench-gate     how often the gate is wrong'
	@echo 'make bench-stats    how often the intervals hold the truth'
	@echo 'make golden-r       compute the golden numbers in R again'
	@echo 'make fuzz           fuzz the parsers, FUZZ_SECONDS=30 each'
	@echo 'make format lint    clang-format; cppcheck'
	@echo 'make deps           check for the packages, install what is missing'
	@echo 'make clean          remove build/'
	@echo 'Variables: DEVELOPER=1 (warnings are errors), CC=clang,'
	@echo '           SANITIZE=address,undefined or SANITIZE=thread'

.PHONY: all objects deps quickstart paper datasets check test check-layers \
        check-headers check-functions bench gate bench-gate bench-stats golden-r \
        format lint fuzz clean help

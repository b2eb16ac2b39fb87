# SPDX-License-Identifier: GPL-2.0-only
# Tests that are C programs: unit tests (cmocka), fuzzers, tools of the other tests; and static analysis.

HOST_CC	:= gcc
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined
host_flags := -std=gnu11 -O1 -g $(filter-out -Werror,$(warnings)) $(defines) $(own) -I$(DEPS)/include/bpf
unit_names := $(patsubst loader/test/unit/%.c,%,$(wildcard loader/test/unit/test_*.c))
fuzz_names := $(patsubst loader/test/fuzz/%.c,%,$(wildcard loader/test/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 20
comma	:= ,

$(B)/host/%.o: %.c mk/test.mk | $(TABLES)
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CC) $(host_flags) $(SANITIZE) -MMD -MP -c -o $@ $<

# The sources of the kernel side that hold pure functions are added for the tests that need them.
$(B)/host/test_moddep: $(B)/host/loader/kernel/moddep.o
$(B)/host/test_timing: $(B)/host/loader/boot/timing.o
$(B)/host/test_ring: $(B)/host/loader/answer/ring.o
# The allocator is the test's: it can fail.
$(B)/host/test_memory: WRAP := $(addprefix -Wl$(comma)--wrap=,malloc calloc realloc free mmap munmap pthread_create)
$(B)/host/test_%: $(B)/host/loader/test/unit/test_%.o $(PURE:%.c=$(B)/host/%.o)
	$(call say,HOSTLD,$@)
	$(Q)$(HOST_CC) $(SANITIZE) $(WRAP) -o $@ $^ -lcmocka -lz -lsodium -lpthread

test-unit: $(unit_names:%=$(B)/host/%)
	$(Q)fail=0; for t in $^; do echo "== $$t"; $$t || fail=1; done; exit $$fail

$(B)/fuzz/obj/%.o: %.c mk/test.mk | $(TABLES)
	$(call say,FUZZCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -std=gnu11 -O1 -g -w $(defines) $(own) -fsanitize=fuzzer-no-link,address,undefined \
		-fno-sanitize-recover=undefined -MMD -MP -c -o $@ $<

$(B)/fuzz/fuzz_%: $(B)/fuzz/obj/loader/test/fuzz/fuzz_%.o $(PURE:%.c=$(B)/fuzz/obj/%.o)
	$(call say,FUZZLD,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^ -lz -lsodium

fuzz-build: $(fuzz_names:%=$(B)/fuzz/%)

# Each target: FUZZ_SECONDS from its seeds and what earlier runs have found; then what all of that covers.
fuzz: fuzz-build fuzz-seeds
	$(Q)for t in $(fuzz_names); do mkdir -p $(B)/fuzz/corpus/$$t; \
		echo "== $$t"; $(B)/fuzz/$$t -max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1 \
		-artifact_prefix=$(B)/fuzz/ $(B)/fuzz/corpus/$$t $(B)/fuzz/seeds/$$t > $(B)/fuzz/$$t.log 2>&1 || \
		{ tail -40 $(B)/fuzz/$$t.log; exit 1; }; grep stat::number_of_executed $(B)/fuzz/$$t.log; done
	$(Q)$(MAKE) --no-print-directory fuzz-coverage
	@echo "no crash, no hang"; echo "$(words $(fuzz_names)) passed, 0 failed"

fuzz-seeds: $(B)/bpfilter
	$(Q)loader/test/fuzz/make-seeds $(B)/bpfilter $(B)/fuzz/seeds

$(B)/fuzz/cov/%.o: %.c | $(TABLES)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -std=gnu11 -O1 -g -w $(defines) $(own) -fprofile-instr-generate -fcoverage-mapping \
		-fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(B)/fuzz/cover_%: $(B)/fuzz/cov/loader/test/fuzz/fuzz_%.o $(PURE:%.c=$(B)/fuzz/cov/%.o)
	$(Q)$(CLANG) -fsanitize=fuzzer -fprofile-instr-generate -fcoverage-mapping -o $@ $^ -lz -lsodium

# Lines that the inputs reach, by part: the parser, the compiler and validator, the evaluator.
fuzz-coverage: $(fuzz_names:fuzz_%=$(B)/fuzz/cover_%)
	$(Q)rm -f $(B)/fuzz/*.profraw
	$(Q)for t in $(fuzz_names:fuzz_%=%); do LLVM_PROFILE_FILE=$(B)/fuzz/$$t.profraw $(B)/fuzz/cover_$$t -runs=0 \
		$(B)/fuzz/corpus/fuzz_$$t $(B)/fuzz/seeds/fuzz_$$t > /dev/null 2>&1; done
	$(Q)llvm-profdata-14 merge -o $(B)/fuzz/all.profdata $(B)/fuzz/*.profraw
	$(Q)llvm-cov-14 export -summary-only -instr-profile=$(B)/fuzz/all.profdata \
		$(patsubst fuzz_%,-object $(B)/fuzz/cover_%,$(fuzz_names)) | loader/test/fuzz/coverage

# Guest programs of the boot tests are static; host programs are not.
$(B)/boot-tests/guest/%: boot-tests/guest/%.c $(wildcard boot-tests/guest/*.h)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(filter-out -Werror,$(CFLAGS)) $(defines) -I. $(foreign) -static -s -o $@ $<

$(B)/boot-tests/host/%: boot-tests/host/%.c $(wildcard boot-tests/host/*.h)
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CC) -std=gnu11 -O2 -g $(filter-out -Werror,$(warnings)) -D_GNU_SOURCE -I. -o $@ $<

boot-tools: $(patsubst boot-tests/%.c,$(B)/boot-tests/%,$(wildcard boot-tests/guest/*.c boot-tests/host/*.c))

lint: lint-width lint-cppcheck lint-tidy lint-analyzer

# What gcc sees along the paths through a function: leaks, double frees, NULL pointers.
lint-analyzer: $(filter-out loader/kernel/skeleton.c,$(SRCS)) | $(TABLES) $(EMBEDDED)
	$(call say,ANALYZE,loader)
	$(Q)for f in $(filter-out loader/kernel/skeleton.c,$(SRCS)); do gcc -fanalyzer -O1 -Werror $(defines) $(own) \
		-isystem $(DEPS)/include -std=gnu11 -c -o /dev/null $$f || exit 1; done

# 100 columns with tabs of 8, except strings, which are not broken so that they can be found.
lint-width:
	$(Q)! for f in $$(find bpf loader boot-tests -name '*.[ch]'); do expand -t8 $$f | \
		awk -v f=$$f 'length > 100 && !/"/ { print f ":" NR ": longer than 100 columns" }'; done | grep .

lint-cppcheck: | $(TABLES) $(EMBEDDED)
	$(call say,CPPCHECK,loader)
	$(Q)cppcheck --quiet --error-exitcode=1 --enable=warning,portability,performance --inline-suppr \
		--suppress=missingIncludeSystem --suppress=unknownMacro --std=c11 -D__x86_64__ $(defines) -I. -Iloader $(SRCS)

lint-tidy: | $(TABLES) $(EMBEDDED)
	$(call say,TIDY,loader)
	$(Q)printf '%s\n' $(SRCS) | xargs -P 2 -n 8 sh -c 'clang-tidy-14 --quiet "$$@" -- -std=gnu11 \
		-D_GNU_SOURCE -DBPFILTER_VERSION=__FILE__ $(own) $(foreign) 2>/dev/null' tidy

.PHONY: test-unit fuzz fuzz-build fuzz-seeds fuzz-coverage boot-tools lint lint-width lint-cppcheck lint-tidy lint-analyzer
-include $(shell find $(B)/host $(B)/fuzz -name '*.d' 2>/dev/null)

# Not under ASan, whose own system calls the filter would stop.
$(B)/host/sandbox: loader/test/sandbox.c loader/boot/sandbox.c loader/seccomp.c loader/error.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CC) -std=gnu11 -O1 -g $(filter-out -Werror,$(warnings)) $(defines) $(own) -o $@ $^ -lcmocka

$(B)/host/partition: $(B)/obj/loader/test/partition/open.o $(filter-out $(B)/obj/loader/main.o,$(OBJS))
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/host/foreign: loader/test/foreign.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CC) -std=gnu11 -O1 -g $(filter-out -Werror,$(warnings)) -isystem $(DEPS)/include -o $@ $^

$(B)/host/inject: loader/test/closed/inject.c
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CC) -std=gnu11 -O2 -g $(filter-out -Werror,$(warnings)) -o $@ $^

$(B)/host/printer: $(B)/host/loader/test/corpus/printer.o $(PURE:%.c=$(B)/host/%.o)
	$(call say,HOSTLD,$@)
	$(Q)$(HOST_CC) $(SANITIZE) -o $@ $^ -lz -lsodium -lpthread

# LOG's line for a packet: loader/test/answers/lines compares it with the kernel's.
$(B)/host/line: $(B)/host/loader/test/answers/line.o $(PURE:%.c=$(B)/host/%.o)
	$(call say,HOSTLD,$@)
	$(Q)$(HOST_CC) $(SANITIZE) -o $@ $^ -lz -lsodium -lpthread

# The evaluator in user space beside the kernel's; static, for the guest too.
simulate: $(B)/host/simulate $(B)/host/record.bpf.o

$(B)/host/record.bpf.o: loader/test/differential/record.bpf.c loader/test/differential/record.h
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(bpf_cc)

$(B)/host/simulate: loader/test/differential/simulate.c loader/test/differential/record.h $(PURE:%.c=$(B)/obj/%.o)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(filter-out -Werror,$(CFLAGS)) $(defines) $(own) $(foreign) -static -o $@ $(filter %.c %.o,$^) $(LIBS)

.PHONY: simulate

# The classifier against a loop over the rules: with sanitizers, and fast for large sets.
classifier_names := $(patsubst %.c,%,$(wildcard loader/test/classifier/*.c))

$(B)/host/classifier: $(classifier_names:%=$(B)/host/%.o) $(PURE:%.c=$(B)/host/%.o)
	$(call say,HOSTLD,$@)
	$(Q)$(HOST_CC) $(SANITIZE) -o $@ $^ -lz -lsodium -lpthread

$(B)/host/classifier-fast: $(classifier_names:%=$(B)/obj/%.o) $(PURE:%.c=$(B)/obj/%.o)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(LDFLAGS) -o $@ $^ $(LIBS)

# Not part of a test: tools of scripts/bench. flows*: packets; program: one program alone; spend: time and memory of a
# command; rate: with connection tracking and without.
bench_headers := $(wildcard loader/test/bench/*.h)
bench-tools: $(addprefix $(B)/host/,flows flows.bpf.o program spend)

$(B)/host/rate: loader/test/rate.c $(bench_headers)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(filter-out -Werror,$(CFLAGS)) $(foreign) -static -o $@ $< $(LIBS)

$(B)/host/flows.bpf.o: loader/test/bench/flows.bpf.c loader/test/bench/flows.h
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(bpf_cc)

$(addprefix $(B)/host/,flows program spend): $(B)/host/%: loader/test/bench/%.c $(bench_headers)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(filter-out -Werror,$(CFLAGS)) $(defines) $(foreign) -static -o $@ $< $(LIBS)

.PHONY: bench-tools

# For the tests of answers; feed: the companion without an evaluator, records written into its ring.
answer-tools: $(addprefix $(B)/host/,feed feed.bpf.o replay line nflog)

$(B)/host/feed.bpf.o: loader/test/answers/feed.bpf.c loader/test/answers/feed.h
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(bpf_cc)

$(B)/host/feed: loader/test/answers/feed.c loader/test/answers/feed.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(filter-out -Werror,$(CFLAGS)) $(defines) -I. $(foreign) -static -o $@ $< $(LIBS)

.PHONY: answer-tools

# Of loader/test/answers/nflog: what it is told on standard input goes out as the companion's NFLOG packets do.
$(B)/host/nflog: $(B)/host/loader/test/answers/nflog.o $(filter $(B)/host/loader/answer/nflog%,$(PURE:%.c=$(B)/host/%.o)) \
		$(B)/host/loader/error.o
	$(call say,HOSTLD,$@)
	$(Q)$(HOST_CC) $(SANITIZE) -o $@ $^

$(B)/host/replay: $(B)/host/loader/test/answers/replay.o $(PURE:%.c=$(B)/host/%.o)
	$(call say,HOSTLD,$@)
	$(Q)$(HOST_CC) $(SANITIZE) -o $@ $^ -lz -lsodium -lpthread

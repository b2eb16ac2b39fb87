# SPDX-License-Identifier: GPL-2.0-only
# make            build/bpfilter, static, with the BPF objects inside   (first: sudo scripts/deps)
# make KEY=F.pub  only rules signed with this key will do (bpfilter sign --new-key F)
# make V=1        show the commands
# make test-unit, fuzz, lint, install, deb, clean, distclean   (mk/install.mk: install-dracut and others)

VERSION	:= 0.1.0
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

# Of the command line only: a KEY that happens to be in the environment is none of ours.
ifneq ($(origin KEY),command line)
override KEY :=
endif

B	:= build
DEPS	:= $(B)/deps
GEN	:= $(B)/gen
PREFIX	?= /usr/local
ifeq ($(V),1)
Q	:=
say	=
else
Q	:= @
say	= @printf '  %-7s %s\n' '$(1)' '$(2)'
endif

CC_TARGET := musl-gcc
CLANG	:= clang-14
STRIP	:= llvm-strip-14
BPFTOOL	:= $(DEPS)/bin/bpftool

warnings := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
# PLANT=NAME builds a bug in that a test has to find; never into what is installed.
planted	:= $(PLANT:%=-DPLANT_%)
defines	:= -D_GNU_SOURCE -DBPFILTER_VERSION='"$(VERSION)"' $(planted)
own	:= -I. -Iloader -I$(B)
# The kernel's headers come last and without the C library's: musl has its own.
foreign	:= -isystem $(DEPS)/include -idirafter $(DEPS)/uapi
# Small, but for what a million rules go through.
optimize = $(if $(filter loader/rules/% loader/compile/% loader/buffer.c,$<),-O2,-Os)
CFLAGS	= -std=gnu11 $(optimize) -g0 $(warnings) -ffunction-sections -fdata-sections \
	   -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-ident -ffile-prefix-map=$(CURDIR)=.
LDFLAGS	:= -static -no-pie -Wl,--gc-sections -Wl,-s -Wl,--build-id=none
LIBS	:= -L$(DEPS)/lib -lbpf -lelf -lz -lsodium -lblkid

SRCS	:= $(sort $(filter-out loader/test/%,$(wildcard loader/*.c loader/*/*.c loader/*/*/*.c)))
OBJS	:= $(SRCS:%.c=$(B)/obj/%.o)
# Sources that need no kernel: unit tests and fuzzers build them for the host.
PURE	:= $(sort $(wildcard loader/rules/*.c loader/rules/ext/*.c loader/compile/*.c) \
	   $(wildcard loader/sign/*.c) loader/error.c loader/buffer.c loader/output.c \
	   $(addprefix loader/boot/,cmdline.c spec.c bootconfig.c smbios.c partspec.c))
PURE	+= $(addprefix loader/answer/,record.c checksum.c ratelimit.c settings.c $(notdir $(wildcard loader/answer/reject*.c)))

PURE	:= $(sort $(PURE) $(wildcard loader/answer/logtext*.c) loader/answer/kmsg.c)

PURE	:= $(sort $(PURE) $(wildcard loader/answer/nflog*.c))

# One for each capacity of bpf/image.h.
EVALUATORS := $(addprefix evaluator,0 1 2 3 4 5)
# The same with all groups of ops: for rule sets that need some.
EVALUATORS_X := $(addprefix evaluatorx,0 1 2 3 4 5)
BPF_OBJECTS := deny clock conntrack handover $(EVALUATORS) $(EVALUATORS_X)
TABLES	:= $(GEN)/protocols.h $(GEN)/services.h $(GEN)/key.h
EMBEDDED := $(BPF_OBJECTS:%=$(GEN)/%.lskel.h) $(BPF_OBJECTS:%=$(GEN)/%.elf.h)

all: $(B)/bpfilter

# What needs no compiler, and so no libraries.
installs_only := $(addprefix install-,man completion systemd etc initrd-files dracut initramfs-tools mkinitcpio)
ifneq ($(filter-out clean distclean uninstall $(installs_only),$(or $(MAKECMDGOALS),all)),)
ifeq ($(wildcard $(DEPS)/stamp),)
$(error libraries are missing: run "sudo scripts/deps" first)
endif
endif

$(B)/bpfilter: $(OBJS)
	$(call say,LD,$@)
	$(Q)$(CC_TARGET) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/obj/%.o: %.c Makefile | $(TABLES) $(EMBEDDED)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC_TARGET) $(CFLAGS) $(defines) $(own) $(foreign) -MMD -MP -c -o $@ $<

# BPF objects: the evaluator once for each capacity of an image.
bpf_cc = $(CLANG) -O2 -g -fno-strict-aliasing -target bpf -mcpu=v3 -Wall -Werror -I. $(foreign) $(planted) -fdebug-compilation-dir=. \
	 -MMD -MP -MT $@ -c -o $@ $<

$(B)/bpf/evaluatorx%.o: bpf/evaluator.bpf.c Makefile
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(bpf_cc) -DIMAGE_CAPACITY_INDEX=$* -DEVALUATOR_EXTENDED
	$(Q)$(STRIP) -g $@
	$(Q)scripts/mkslim $@

$(B)/bpf/evaluator%.o: bpf/evaluator.bpf.c Makefile
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(bpf_cc) -DIMAGE_CAPACITY_INDEX=$*
	$(Q)$(STRIP) -g $@
	$(Q)scripts/mkslim $@

$(B)/bpf/%.o: bpf/%.bpf.c Makefile
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(bpf_cc)
	$(Q)$(STRIP) -g $@
	$(Q)scripts/mkslim $@

# The light skeleton, and the same object for libbpf; of the larger evaluators the difference to the first.
base_of = $(if $(filter-out evaluator0,$(filter $(EVALUATORS),$*)),evaluator0 $(B)/bpf/evaluator0.$(1)) \
	  $(if $(filter-out evaluatorx0,$(filter $(EVALUATORS_X),$*)),evaluatorx0 $(B)/bpf/evaluatorx0.$(1))

$(B)/bpf/%.lskel.h: $(B)/bpf/%.o $(BPFTOOL)
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton -L $< name $*_bpf > $@ 2> $@.log || { cat $@.log; exit 1; }

$(GEN)/%.lskel.h: $(B)/bpf/%.lskel.h $(B)/bpf/evaluator0.lskel.h $(B)/bpf/evaluatorx0.lskel.h scripts/mkembedded
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)scripts/mkembedded skel $* $< $(call base_of,lskel.h) > $@

$(GEN)/%.elf.h: $(B)/bpf/%.o $(B)/bpf/evaluator0.o $(B)/bpf/evaluatorx0.o scripts/mkembedded
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)scripts/mkembedded elf $* $< $(call base_of,o) > $@

$(GEN)/protocols.h: scripts/mknames /etc/protocols
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)scripts/mknames protocols < /etc/protocols > $@

$(GEN)/services.h: scripts/mknames /etc/services
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)scripts/mknames services < /etc/services > $@

# Looked at each time, but made anew only for another key. "make install" and "make deb" keep the key that was built in:
# whoever installs does not say KEY= again.
ifneq ($(KEY)$(filter-out install install-% uninstall deb,$(or $(MAKECMDGOALS),all)),)
$(GEN)/key.h: FORCE
endif
$(GEN)/key.h: scripts/mkkey
	$(Q)mkdir -p $(@D)
	$(Q)scripts/mkkey $(if $(KEY),'$(KEY)') > $@.new
	$(Q)if cmp -s $@.new $@; then rm $@.new; else echo '  KEY     $(or $(KEY),none)'; mv $@.new $@; fi

# The sources that say the version are compiled again when it is another.
ifneq ($(file <$(GEN)/version),$(VERSION))
$(GEN)/version: FORCE
endif
$(GEN)/version:
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(VERSION)' > $@

$(patsubst %.c,$(B)/obj/%.o,$(shell grep -l BPFILTER_VERSION $(SRCS))): $(GEN)/version

include mk/test.mk
include mk/install.mk

clean:
	rm -rf $(B)/obj $(B)/bpf $(B)/gen $(B)/host $(B)/fuzz $(B)/boot-tests $(B)/bpfilter

distclean:
	rm -rf $(B)

.PHONY: all clean distclean FORCE
-include $(OBJS:.o=.d) $(wildcard $(B)/bpf/*.d)

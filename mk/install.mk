# SPDX-License-Identifier: GPL-2.0-only
# make install            helper, manual pages, completion, systemd unit, /etc/bpfilter/README
# make install-dracut, install-initramfs-tools, install-mkinitcpio    what puts the helper into an initrd
# make uninstall          all of that again; rules in /etc/bpfilter stay
# make deb                build/bpfilter_VERSION_amd64.deb
# Each folder can be named on the command line.

SBINDIR	?= $(PREFIX)/sbin
LIBDIR	?= $(PREFIX)/lib/bpfilter
MANDIR	?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
SYSTEMDUNITDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),$(PREFIX)/lib,/etc)/systemd/system
ETCDIR	?= /etc/bpfilter
# dracut looks in one place only; initramfs-tools and mkinitcpio have one for packages and one for the administrator.
packaged := $(filter /usr /usr/,$(PREFIX))
DRACUTDIR ?= /usr/lib/dracut
INITRAMFSDIR ?= $(if $(packaged),/usr/share,/etc)/initramfs-tools
MKINITCPIODIR ?= $(if $(packaged),/usr/lib,/etc)/initcpio

D	= $(DESTDIR)
dracut_module = $(DRACUTDIR)/modules.d/02bpfilter
pages	:= $(wildcard man/*.[1-9])
page_files = $(foreach p,$(pages),$(MANDIR)/man$(subst .,,$(suffix $(p)))/$(notdir $(p)))

# $(call put,MODE,SOURCE,TARGET): with the paths of this installation filled in.
define put
	$(Q)mkdir -p '$(dir $(D)$(3))'
	$(Q)sed -e 's|@SBINDIR@|$(SBINDIR)|g; s|@LIBDIR@|$(LIBDIR)|g; s|@START@|$(START)|g' $(2) > '$(D)$(3)'
	$(Q)chmod $(1) '$(D)$(3)'
endef

install: install-bin install-man install-completion install-systemd install-etc

install-bin: $(B)/bpfilter
	install -D -m 755 $(B)/bpfilter '$(D)$(SBINDIR)/bpfilter'
	ln -sf bpfilter '$(D)$(SBINDIR)/bpfilter-init'

install-man:
	$(Q)$(foreach p,$(pages),install -D -m 644 -t '$(D)$(MANDIR)/man$(subst .,,$(suffix $(p)))' $(p) &&) true
	ln -sf bpfilter.8 '$(D)$(MANDIR)/man8/bpfilter-init.8'

install-completion:
	install -D -m 644 completion/bpfilter '$(D)$(COMPLETIONDIR)/bpfilter'

install-systemd:
	$(call put,644,initrd/systemd/bpfilter.service,$(SYSTEMDUNITDIR)/bpfilter.service)
	$(call put,644,initrd/systemd/bpfilter-unfiltered.service,$(SYSTEMDUNITDIR)/bpfilter-unfiltered.service)

install-etc:
	install -D -m 644 initrd/README.etc '$(D)$(ETCDIR)/README'

install-initrd-files:
	$(call put,755,initrd/initrd-files,$(LIBDIR)/initrd-files)

install-dracut: START = /usr/lib/bpfilter/start
install-dracut: install-initrd-files
	$(call put,755,initrd/dracut/module-setup.sh,$(dracut_module)/module-setup.sh)
	$(call put,755,initrd/dracut/bpfilter-hook.sh,$(dracut_module)/bpfilter-hook.sh)
	$(call put,755,initrd/dracut/bpfilter-start.sh,$(dracut_module)/bpfilter-start.sh)
	$(call put,644,initrd/systemd/bpfilter-initrd.service,$(dracut_module)/bpfilter-initrd.service)

install-initramfs-tools: install-initrd-files
	$(call put,755,initrd/initramfs-tools/hook,$(INITRAMFSDIR)/hooks/bpfilter)
	$(call put,755,initrd/initramfs-tools/script,$(INITRAMFSDIR)/scripts/init-top/00-bpfilter)

# The image has the helper in /usr/bin, whatever this system calls it, and no modules.dep, which the helper would read.
install-mkinitcpio: START = /usr/bin/bpfilter start --initrd\nExecStartPre=-/usr/bin/modprobe -qab nf_conntrack nft_ct
install-mkinitcpio: install-initrd-files
	$(call put,644,initrd/mkinitcpio/install-bpfilter,$(MKINITCPIODIR)/install/bpfilter)
	$(call put,644,initrd/mkinitcpio/install-sd-bpfilter,$(MKINITCPIODIR)/install/sd-bpfilter)
	$(call put,644,initrd/mkinitcpio/hook,$(MKINITCPIODIR)/hooks/bpfilter)
	$(call put,644,initrd/systemd/bpfilter-initrd.service,$(LIBDIR)/bpfilter-initrd.service)

installed = $(SBINDIR)/bpfilter $(SBINDIR)/bpfilter-init $(page_files) $(MANDIR)/man8/bpfilter-init.8 \
	$(COMPLETIONDIR)/bpfilter $(addprefix $(SYSTEMDUNITDIR)/,bpfilter.service bpfilter-unfiltered.service) \
	$(ETCDIR)/README $(LIBDIR)/initrd-files $(LIBDIR)/bpfilter-initrd.service \
	$(addprefix $(dracut_module)/,module-setup.sh bpfilter-hook.sh bpfilter-start.sh bpfilter-initrd.service) \
	$(INITRAMFSDIR)/hooks/bpfilter $(INITRAMFSDIR)/scripts/init-top/00-bpfilter \
	$(addprefix $(MKINITCPIODIR)/,install/bpfilter install/sd-bpfilter hooks/bpfilter)

# Folders only if nothing of others is in them.
uninstall:
	$(Q)rm -f $(foreach f,$(installed),'$(D)$(f)')
	$(Q)rmdir '$(D)$(LIBDIR)' '$(D)$(dracut_module)' '$(D)$(ETCDIR)' 2>/dev/null || true
	@echo "What is in force stays so; initrds made before still have the helper. 'bpfilter off --yes' opens, but not"
	@echo "after this; make the initrds again. Rules in $(ETCDIR) are kept."

deb: $(B)/bpfilter
	$(Q)scripts/deb $(VERSION)

.PHONY: install install-bin install-man install-completion install-systemd install-etc install-initrd-files \
	install-dracut install-initramfs-tools install-mkinitcpio uninstall deb

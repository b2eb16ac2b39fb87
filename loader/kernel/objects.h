/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_OBJECTS_H
#define KERNEL_OBJECTS_H

#include "bpf/image.h"
#include "error.h"

/**
 * objects_check() - can this kernel answer what the ops of OPS_OBJECT in the image ask? An option
 * it was built without is an error; so are the rules to iptables. Loads br_netfilter if bridge
 * ports are asked for, as xt_physdev.c does; without that module packets have none, there too.
 */
int objects_check(const struct image_header *h, struct error *err);

#endif

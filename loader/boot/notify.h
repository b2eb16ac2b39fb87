/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BOOT_NOTIFY_H
#define BOOT_NOTIFY_H

/**
 * notify_status() - a line that "systemctl status" shows of the unit we are (sd_notify(3),
 * STATUS=). Without $NOTIFY_SOCKET nothing; that it cannot be sent changes nothing.
 */
void notify_status(const char *text);

#endif

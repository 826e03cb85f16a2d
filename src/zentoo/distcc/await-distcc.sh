#!/bin/sh
# Waits until a process listens on distcc's port 3632 (0E30); fails after 30 seconds.
tries=0
until grep -qi ':0E30 [0-9A-F]*:0000 0A ' /proc/net/tcp /proc/net/tcp6; do
  [ "$((tries += 1))" -gt 300 ] && exit 1
  sleep 0.1
done

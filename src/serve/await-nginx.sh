#!/bin/sh
# await-nginx FILE SECONDS: waits until nginx has written its process id to FILE, which it does when it listens. Fails after SECONDS.
waited=0
while [ ! -s "$1" ]; do
  [ "$waited" -lt $(($2 * 10)) ] || exit 1
  waited=$((waited + 1))
  sleep 0.1
done

#!/bin/sh
# Runs until its standard input ends, and copies its standard input to its standard output. Ignores the signals of terminate.sh
# and hang-up.sh.
trap '' TERM INT HUP
exec cat

#!/bin/bash
# shellcheck shell=bash
# This program is installed under several names. Under the name NAME it runs the command in the file `words/NAME`, beside the
# program's directory, and adds its own arguments to the command. Each word of the command ends with a zero byte. Every stage
# has bash, because Portage needs it.
mapfile -d '' -t words <"${0%/*}/../words/${0##*/}"
exec "${words[@]}" "$@"

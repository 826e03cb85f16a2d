#!/bin/sh
# make-conf-kind PATH: prints `directory` if PATH is a directory and no symbolic link.
[ -d "$1" ] && [ ! -L "$1" ] && echo directory

#!/bin/sh
# save-configuration DIRECTORY: copies /etc/portage to DIRECTORY.
saved=$1
mkdir -p "$saved" && rm -rf "$saved/portage" && cp -a /etc/portage "$saved/"

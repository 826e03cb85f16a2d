#!/bin/sh
# restore-configuration DIRECTORY: restores /etc/portage from the copy that save-configuration.sh made in DIRECTORY.
find /etc/portage -mindepth 1 -delete && cp -a "$1/portage/." /etc/portage/

#!/bin/sh
# clear-configuration DIRECTORY KEPT: makes DIRECTORY if it is missing, and removes everything in it but KEPT.
directory=$1 kept=$2
mkdir -p "$directory" && find "$directory" -mindepth 1 -maxdepth 1 ! -name "$kept" -exec rm -rf {} +

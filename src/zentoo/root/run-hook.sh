#!/bin/sh
# run-hook DIRECTORY HOOK: replaces itself by the program HOOK of DIRECTORY (exec), with DIRECTORY as its working directory.
cd "$1" && exec "./$2"

#!/bin/sh
# update-metadata REPOSITORY DIRECTORY STAMP-FILE STAMP: writes the metadata of each ebuild of REPOSITORY to DIRECTORY of Portage's cache, and
# removes that of ebuilds which are gone; egencache(1). Sources only ebuilds whose metadata is missing or out of date. If that succeeds,
# writes STAMP to STAMP-FILE. --tolerant: an ebuild that cannot be sourced has no metadata, and is no failure.
repository=$1 directory=$2 stamp_file=$3 stamp=$4
egencache --ignore-default-opts --update --external-cache-only --tolerant --repo="$repository" --jobs="$(nproc)" >/dev/null || exit
mkdir -p "$directory" "${stamp_file%/*}" && printf '%s\n' "$stamp" >"$stamp_file.new" && mv "$stamp_file.new" "$stamp_file"

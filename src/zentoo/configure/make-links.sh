#!/bin/sh
# make-links DIRECTORY [PATH TARGET]...: makes each PATH below DIRECTORY a symbolic link to TARGET.
cd "$1" || exit
shift
while [ "$#" -ge 2 ]; do
  case $1 in
    */*) mkdir -p "./${1%/*}" || exit ;;
  esac
  ln -sfn -- "$2" "./$1" || exit
  shift 2
done

#!/bin/sh
cp -a . /etc/portage

#!/usr/bin/env -S node --max-semi-space-size=2 --disable-warning=DEP0169
require('./run-bundle.js').runBundle('gentoo-builder');

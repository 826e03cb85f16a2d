#!/usr/bin/env node
import '../dist/gentoo-builder.js';

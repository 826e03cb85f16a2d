#!/usr/bin/env node
import '../dist/zentoo.js';

#!/usr/bin/env node
/** `dts`: the scheduler from the terminal. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { EXIT } from './exitCodes';
import { runProgram } from './program';
import { createTerminal } from './terminal';

const { version } = JSON.parse(readFileSync(path.join(__dirname, '../../package.json'), 'utf8')) as { version: string };

// A reader that has seen enough (`dts list | head`) is no failure.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? (process.exitCode ?? 0) : EXIT.internal);
  });

// Commander knows NO_COLOR, FORCE_COLOR and whether the output is a terminal.
const colours = new Command().configureOutput().getOutHasColors?.() ?? false;
const terminal = createTerminal({ stdout: process.stdout, stderr: process.stderr, colours });

void runProgram(process.argv.slice(2), { terminal, stdin: process.stdin, now: Date.now, pause }, version).then((code) => {
  process.exitCode = code;
});

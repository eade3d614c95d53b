// Runs a program to its end in the name of whoever ran us: signals are passed on once each, and it never outlives us, not even SIGKILL.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

// as in src/embedded/supervised-process.ts, which cannot be loaded before Node 24 is installed
const script = `
( (
  read -r goodbye <&3 && exit
  kill -s TERM $$
) >/dev/null 2>&1 & )
exec "$@" 3<&-`;
const sameSignalMs = 1_500;
const parentCheckMs = 500;

/** The exit code of the program; 128 + n when signal n ended it. */
export function runWatched(command, args) {
  // a session of its own: Ctrl-C reaches npm, us and it, and npm passes it on to us again, but it shall hear of it once
  const child = spawn('/bin/sh', ['-c', script, 'posthorn-watcher', command, ...args], {
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  });
  const pipe = child.stdio[3];
  pipe.on('error', () => undefined);
  pipe.resume();
  const stopListening = passSignals(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => pipe.end('\n'));
    child.once('close', (code, signal) => {
      stopListening();
      resolve(signal === null ? code : 128 + constants.signals[signal]);
    });
  });
}

function passSignals(child) {
  let last = 0;
  const pass = (signal) => {
    if (Date.now() - last < sameSignalMs) return;
    last = Date.now();
    child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, pass);
  // npm killed by SIGKILL tells nobody (the scripts of package.json say exec: no shell stands between npm and us)
  const parent = process.ppid;
  const check = setInterval(() => process.ppid !== parent && pass('SIGTERM'), parentCheckMs);
  return () => {
    clearInterval(check);
    for (const signal of signals) process.off(signal, pass);
  };
}

// Runs a program until it ends and passes signals on, each once.
// The program never outlives us, not even if we are killed by SIGKILL.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

// the same as in src/embedded/supervised-process.ts, which cannot be loaded before Node 24 is installed
const script = `
( (
  read -r goodbye <&3 && exit
  kill -s TERM $$
) >/dev/null 2>&1 & )
exec "$@" 3<&-`;
const sameSignalMs = 1_500;
const parentCheckMs = 500;

/** Resolves to the exit code of the program, or to 128 + n if signal n ended it. */
export function runWatched(command, args, env = process.env) {
  // its own session: Ctrl-C reaches npm and us, and npm passes it on to us again, but the program must get it once
  const child = spawn('/bin/sh', ['-c', script, 'posthorn-watcher', command, ...args], {
    detached: true,
    env,
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
  // if npm is killed by SIGKILL, no signal arrives (the scripts of package.json use exec, so npm is our parent)
  const parent = process.ppid;
  const check = setInterval(() => process.ppid !== parent && pass('SIGTERM'), parentCheckMs);
  return () => {
    clearInterval(check);
    for (const signal of signals) process.off(signal, pass);
  };
}

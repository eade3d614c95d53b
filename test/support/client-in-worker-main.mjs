// Runs the walk in a context that has only what workers have: the Web's interfaces, and nothing of Node. Started with
// --experimental-vm-modules in the folder of the project.
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createContext, SourceTextModule } from 'node:vm';

const { fetch, Headers, Request, Response, ReadableStream, URL, URLSearchParams, TextEncoder, TextDecoder } = globalThis;
const { AbortController, AbortSignal, crypto, performance, setTimeout, clearTimeout } = globalThis;
const web = { fetch, Headers, Request, Response, ReadableStream, URL, URLSearchParams, TextEncoder, TextDecoder };
const context = createContext({ ...web, AbortController, AbortSignal, crypto, performance, setTimeout, clearTimeout });

const entry = resolve('node_modules/@posthorn/client/dist/index.js');
const modules = new Map();

function load(path) {
  const module = modules.get(path) ?? new SourceTextModule(readFileSync(path, 'utf8'), { context, identifier: path });
  modules.set(path, module);
  return module;
}

const walk = load(resolve('walk.mjs'));
await walk.link((specifier, { identifier }) => load(specifier === '@posthorn/client' ? entry : join(dirname(identifier), specifier)));
await walk.evaluate();
process.stdout.write(await walk.namespace.walk(process.env.POSTHORN_URL, process.env.POSTHORN_API_KEY));
